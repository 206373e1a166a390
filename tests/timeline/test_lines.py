"""With `steps=True` a timeline knows the line of each wait: turn by turn, of the tasks and of the block itself.

Each line that counts here ends in a comment, by which it is told: `a1` is the first line of `a` that waits.
"""

import asyncio
import linecache
import sys
import threading
import types
from collections.abc import Iterable

import pytest

from workshop import Timeline
from workshop.timeline.records import NEXT, Line
from workshop.timeline.views.replay import turns

pytestmark = pytest.mark.usefixtures("way_of_watching")


def mark(line: Line | None) -> str:
    """Return the comment of a line."""
    return "-" if line is None else linecache.getline(line.file, line.number).rpartition("# ")[2].strip()


def told(timeline: Timeline) -> list[str]:
    """Return all turns in words: who goes on where, and where that ends."""
    records = timeline.tasks
    names = [name.partition("(")[0].rpartition(".")[2] for name in records.names]
    words = []
    for turn in turns(records):
        stop = turn.stop
        if records.steps.block is None and turn.last and records[turn.task].finished is not None:
            stop = stop._replace(inner=None)  # of a wrapped task, nobody knows at which line it ended
        name = "you" if turn.task < 0 else names[turn.task]
        words.append(f"{name} {mark(turn.came.inner)}>{mark(stop.inner)}")
    return words


def assert_turns(timeline: Timeline, expected: str) -> None:
    """Assert all turns; those of the block itself only where it is watched."""
    lines = [line.strip() for line in expected.strip().splitlines()]
    if timeline.tasks.steps.block is None:
        ends = {}
        for number, line in enumerate(lines):
            ends[line.partition(" ")[0]] = number
        running = {task.name.partition("(")[0] for task in timeline.tasks if task.finished is None}
        for name, number in ends.items():
            if name not in running:
                lines[number] = lines[number].partition(">")[0] + ">-"
        lines = [line for line in lines if not line.startswith("you ")]
    assert told(timeline) == lines


async def a(*seconds):  # a
    for duration in seconds:
        await asyncio.sleep(duration)  # a1
    return "A"  # a2


async def b(*seconds):  # b
    for duration in seconds:
        await asyncio.sleep(duration)  # b1
    return "B"  # b2


async def c(*seconds):  # c
    for duration in seconds:
        await asyncio.sleep(duration)  # c1
    return "C"  # c2


# The twelve constructs


async def test_sleep(clock):
    async with Timeline(steps=True) as timeline:  # with
        task = asyncio.create_task(a(1, 2))
        await asyncio.sleep(0.5)  # y1
        await task  # y2
    assert_turns(
        timeline,
        """
        you with>y1
        a a>a1
        you y1>y2
        a a1>a1
        a a1>a2
        you y2>with
        """,
    )


async def test_gather_whose_first_result_comes_last(clock):
    async with Timeline(steps=True) as timeline:  # with
        for _ in await asyncio.gather(a(4), b(1), c(2)):  # y1
            pass
    assert_turns(
        timeline,
        """
        you with>y1
        a a>a1
        b b>b1
        c c>c1
        b b1>b2
        c c1>c2
        a a1>a2
        you y1>with
        """,
    )


async def test_as_completed_gives_each_at_once(clock):
    async with Timeline(steps=True) as timeline:  # with
        tasks = [asyncio.create_task(each) for each in (a(4), b(1), c(2))]
        for next_result in asyncio.as_completed(tasks):
            await next_result  # y1
    assert_turns(
        timeline,
        """
        you with>y1
        a a>a1
        b b>b1
        c c>c1
        b b1>b2
        you y1>y1
        c c1>c2
        you y1>y1
        a a1>a2
        you y1>with
        """,
    )


@pytest.mark.skipif(sys.version_info < (3, 13), reason="as_completed can be iterated asynchronously from 3.13 on")
async def test_as_completed_by_async_for(clock):
    async with Timeline(steps=True) as timeline:  # with
        tasks = [asyncio.create_task(each) for each in (a(2), b(1))]
        async for task in asyncio.as_completed(tasks):  # y1
            await task
            await asyncio.sleep(0.25)  # y2
    assert_turns(
        timeline,
        """
        you with>y1
        a a>a1
        b b>b1
        b b1>b2
        you y1>y2
        you y2>y1
        a a1>a2
        you y1>y2
        you y2>with
        """,
    )


async def failing():  # f
    await asyncio.sleep(1)  # f1
    raise ValueError  # f2


async def test_a_task_group_with_a_failure(clock):
    async with Timeline(steps=True) as timeline:  # with
        try:
            async with asyncio.TaskGroup() as group:  # y1
                group.create_task(a(4))
                group.create_task(failing())
                await asyncio.sleep(9)  # y2
        except ExceptionGroup:
            await asyncio.sleep(1)  # y3
    assert_turns(
        timeline,
        """
        you with>y2
        a a>a1
        failing f>f1
        failing f1>f2
        a a1>a1
        you y2>y1
        you y1>y3
        you y3>with
        """,
    )
    assert [task.outcome for task in timeline.tasks] == ["cancelled", "exception"]


async def patient():  # p
    try:
        async with asyncio.timeout(1):
            await nested(9)
    except TimeoutError:
        await asyncio.sleep(1)  # p1


async def nested(seconds):
    await deeper(seconds)


async def deeper(seconds):
    await asyncio.sleep(seconds)  # d1


async def test_wait_for_and_timeout(clock):
    async with Timeline(steps=True) as timeline:  # with
        task = asyncio.create_task(patient())
        try:
            await asyncio.wait_for(a(9), 0.5)  # y1
        except TimeoutError:
            await task  # y2
    expected = """
        you with>y1
        patient p>d1
        a a>a1
        you y1>y1
        a a1>a1
        you y1>y2
        patient d1>p1
        patient p1>p1
        you y2>with
        """
    if sys.version_info >= (3, 12):  # wait_for makes no task any more: what it waits for runs in the block's own
        expected = """
        you with>a1
        patient p>d1
        you a1>y2
        patient d1>p1
        patient p1>p1
        you y2>with
        """
    assert_turns(timeline, expected)


async def tidy():  # t
    try:
        await asyncio.sleep(9)  # t1
    finally:
        await deeper(1)


async def test_cancel_and_finally(clock):
    async with Timeline(steps=True) as timeline:  # with
        task = asyncio.create_task(tidy())
        await asyncio.sleep(1)  # y1
        task.cancel()
        await asyncio.wait([task])  # y2
    assert_turns(
        timeline,
        """
        you with>y1
        tidy t>t1
        you y1>y2
        tidy t1>d1
        tidy d1>t1
        you y2>with
        """,
    )


async def test_nested_awaits_and_the_own_line_of_each(clock):
    async def outer():  # o
        await nested(1)  # o1
        await deeper(1)  # o2

    async with Timeline(steps=True) as timeline:  # with
        await asyncio.create_task(outer())  # y1
    assert_turns(
        timeline,
        """
        you with>y1
        outer o>d1
        outer d1>d1
        outer d1>o2
        you y1>with
        """,
    )
    assert [mark(turn.stop.own) for turn in turns(timeline.tasks) if turn.task == 0][:2] == ["o1", "o2"]
    assert [line.function for line in timeline.tasks[0].lines[:2]] == ["deeper", "deeper"]


async def test_async_generators_and_comprehensions(clock):
    async def ticks():
        for number in range(2):
            await asyncio.sleep(1)  # g1
            yield number

    async def counting():  # n
        async for _ in ticks():
            await asyncio.sleep(0.25)  # n1
        return [number async for number in ticks()]  # n2

    async with Timeline(steps=True) as timeline:  # with
        await asyncio.create_task(counting())  # y1
        [await task for task in [asyncio.create_task(a(1))]]  # y2
    assert_turns(
        timeline,
        """
        you with>y1
        counting n>g1
        counting g1>n1
        counting n1>g1
        counting g1>n1
        counting n1>g1
        counting g1>g1
        counting g1>n2
        you y1>y2
        a a>a1
        a a1>a2
        you y2>with
        """,
    )


async def test_a_semaphore(clock):
    semaphore = asyncio.Semaphore(1)

    async def one():  # s
        async with semaphore:  # s1
            await asyncio.sleep(1)  # s2

    async def two():  # t
        async with semaphore:  # t1
            await asyncio.sleep(1)  # t2

    async with Timeline(steps=True) as timeline:  # with
        await asyncio.gather(one(), two())  # y1
    assert_turns(
        timeline,
        """
        you with>y1
        one s>s2
        two t>t1
        one s2>s1
        two t1>t2
        two t2>t1
        you y1>with
        """,
    )


async def test_a_queue(clock):
    queue = asyncio.Queue(1)

    async def giving():  # p
        for number in range(3):
            await queue.put(number)  # p1

    async def taking():  # q
        for _ in range(3):
            await queue.get()  # q1
            await asyncio.sleep(1)  # q2

    async with Timeline(steps=True) as timeline:  # with
        await asyncio.gather(giving(), taking())  # y1
    assert_turns(
        timeline,
        """
        you with>y1
        giving p>p1
        taking q>q2
        giving p1>p1
        taking q2>q2
        giving p1>for number in range(3):
        taking q2>q2
        taking q2>for _ in range(3):
        you y1>with
        """,
    )


async def test_to_thread():
    """On a usual loop: a thread takes real time. It ends after the task has begun to wait."""
    waits = threading.Event()

    def work():
        waits.wait()
        print("from the thread", end="")

    async def asking():  # k
        asyncio.get_running_loop().call_soon(waits.set)
        await asyncio.to_thread(work)  # k1

    async with Timeline(steps=True) as timeline:  # with
        await asyncio.create_task(asking())  # y1
    assert_turns(
        timeline,
        """
        you with>y1
        asking k>k1
        asking k1>k1
        you y1>with
        """,
    )
    assert [text for _, _, text in timeline.tasks.steps.printed] == ["from the thread", ""]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
async def test_eager_tasks_run_inside_the_turn_that_makes_them(clock):
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    async with Timeline(steps=True) as timeline:  # with
        task = asyncio.create_task(a(1))
        await b()
        await task  # y1
    expected = """
        you with>y1
        a a>a1
        a a1>-
        you y1>with
        """
    assert_turns(timeline, expected)
    you, eager, *_ = turns(timeline.tasks)
    if timeline.tasks.steps.block is not None:
        assert you.order < eager.order


# For whom the block waits


def waits_for(timeline: Timeline) -> list[tuple[int, ...]]:
    """Return for which tasks the block's own code waits after each of its turns."""
    steps = timeline.tasks.steps
    return [steps.awaited.get(turn.order, ()) for turn in turns(timeline.tasks) if turn.task == -1]


async def test_for_which_tasks_the_block_waits(clock):
    async with Timeline(steps=True) as timeline:
        task = asyncio.create_task(a(1))
        await asyncio.sleep(0)
        await task
        await asyncio.gather(b(1), nested(1))
    if timeline.tasks.steps.block is not None:
        assert waits_for(timeline) == [(), (0,), (1, 2), ()]


async def next_results(coroutines: list) -> None:
    for next_result in asyncio.as_completed(coroutines):
        await next_result


async def test_as_completed_is_a_wait_for_the_next_of_some(clock):
    outside = asyncio.create_task(c(1))
    async with Timeline(steps=True) as timeline:
        tasks = [asyncio.create_task(coroutine) for coroutine in (a(3), b(1), c(2))]
        for next_result in asyncio.as_completed(tasks):
            await next_result
            await asyncio.sleep(0)
        await next_results([*tasks, asyncio.create_task(a(1)), outside])
        await next_results([a(1) for _ in range(21)])
        await asyncio.sleep(1)
    if timeline.tasks.steps.block is None:
        return
    waits = [awaited for awaited in waits_for(timeline) if awaited]
    if sys.version_info >= (3, 13):
        assert waits[:3] == [(NEXT, 0, 1, 2), (NEXT, 0, 2), (NEXT, 0)]
    assert {awaited[0] for awaited in waits} == {NEXT}
    assert waits_for(timeline)[-2:] == [(), ()]
    assert (NEXT,) in waits, "who is outside, or one of very many, is not known"


@pytest.mark.skipif(sys.version_info < (3, 13), reason="as_completed can be iterated over so from Python 3.13 on")
async def test_so_it_is_by_async_for(clock):
    async with Timeline(steps=True) as timeline:
        async for _ in asyncio.as_completed([asyncio.create_task(a(1)), asyncio.create_task(b(2))]):
            pass
    if timeline.tasks.steps.block is not None:
        assert waits_for(timeline) == [(NEXT, 0, 1), (NEXT, 1), ()]


async def test_another_tasks_next_results_are_not_the_blocks(clock):
    async with Timeline(steps=True) as timeline:
        other = asyncio.create_task(next_results([a(1), b(2)]))
        for _ in range(30):
            await asyncio.sleep(0.1)
        await other
    if timeline.tasks.steps.block is not None:
        assert set(waits_for(timeline)) <= {(), (0,)}


# What is the reader's, and what a timeline keeps


async def test_a_task_of_a_librarys_code_has_no_line(clock):
    async with Timeline(steps=True) as timeline:  # with
        await asyncio.gather(asyncio.sleep(1), asyncio.sleep(2))  # y1
    assert [task.lines for task in timeline.tasks] == [(None, None)] * 2
    assert len(turns(timeline.tasks)) == (6 if timeline.tasks.steps.block else 4)


async def test_a_wait_deep_in_a_library_is_at_the_readers_line_that_called_it(clock):
    async def outer():  # o
        async with asyncio.timeout(9):
            await asyncio.wait([asyncio.create_task(a(1))])  # o1

    async with Timeline(steps=True) as timeline:
        await asyncio.create_task(outer())
    assert mark(timeline.tasks[0].lines[0]) == "o1"


async def test_code_that_a_generator_or_another_driver_runs_is_no_wait(clock):
    @types.coroutine
    def once():
        yield  # once

    async def driven():
        await once()

    async def driving():  # v
        coroutine = driven()
        coroutine.send(None)
        with pytest.raises(StopIteration):
            coroutine.send(None)
        assert list(n for n in range(3)) == [0, 1, 2]  # noqa: C400
        await asyncio.sleep(1)  # v1

    async with Timeline(steps=True) as timeline:  # with
        await asyncio.create_task(driving())  # y1
    assert_turns(
        timeline,
        """
        you with>y1
        driving v>v1
        driving v1>v1
        you y1>with
        """,
    )


async def test_a_block_inside_a_block(clock):
    async with Timeline(steps=True) as outer:  # outer
        await asyncio.sleep(1)  # y1
        async with Timeline(steps=True) as inner:  # inner
            await asyncio.create_task(a(1))  # y2
        await asyncio.sleep(1)  # y3
    assert_turns(
        inner,
        """
        you inner>y2
        a a>a1
        a a1>a2
        you y2>inner
        """,
    )
    assert_turns(
        outer,
        """
        you outer>y1
        you y1>y2
        a a>a1
        a a1>a2
        you y2>y3
        you y3>outer
        """,
    )


async def test_a_block_in_a_task_that_is_recorded_itself(clock):
    async def recording():  # r
        async with Timeline(steps=True) as timeline:  # inner
            await asyncio.create_task(a(1))  # r1
        await asyncio.sleep(1)  # r2
        return timeline

    async with Timeline(steps=True) as outer:  # outer
        inner = await asyncio.create_task(recording())  # y1
    assert_turns(
        outer,
        """
        you outer>y1
        recording r>r1
        a a>a1
        a a1>a2
        recording r1>r2
        recording r2>return timeline
        you y1>outer
        """,
    )
    if inner.tasks.steps.block is not None:
        assert [mark(stop.inner) for stop in inner.tasks.steps.block.stops_of(0)] == ["r1", "inner"]


async def test_a_block_that_is_cancelled_and_tidies_up(clock):
    async def block(timelines):
        async with Timeline(steps=True) as timeline:  # with
            timelines.append(timeline)
            try:
                await nested(9)
            finally:
                await deeper(1)

    timelines = []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await block(timelines)
    [timeline] = timelines
    if timeline.tasks.steps.block is not None:
        assert told(timeline) == ["you with>d1", "you d1>d1", "you d1>with"]


async def test_a_timeline_keeps_text_and_where_it_stands(clock):
    async with Timeline(steps=True) as timeline:
        await asyncio.gather(nested(1), nested(2))

    def reachable(value: object, seen: set[int]) -> Iterable[object]:
        if id(value) not in seen and not isinstance(value, type | types.ModuleType | types.FunctionType):
            seen.add(id(value))
            yield value
            for inner in (*vars(value).values(),) if hasattr(value, "__dict__") else ():
                yield from reachable(inner, seen)
            if isinstance(value, list | tuple | dict):
                for inner in value.values() if isinstance(value, dict) else value:
                    yield from reachable(inner, seen)

    steps = timeline.tasks.steps
    assert not any(isinstance(found, types.CodeType | types.FrameType) for found in reachable(steps.places, set()))
    text = [line for source in steps.sources for line in source.lines]
    assert {"async def nested(seconds):", "    await asyncio.sleep(seconds)  # d1"} <= set(text)
    assert "async def a(*seconds):  # a" not in text, "only what ran is kept"
    assert all(source.name == "test_lines.py" for source in steps.sources)


# What is printed


async def test_prints_belong_to_the_turn_that_prints(clock, capsys):
    async def saying(word, seconds):  # w
        print(word)
        await asyncio.sleep(seconds)
        print(word, "again")

    async with Timeline(steps=True) as timeline:
        print("begin")
        await asyncio.gather(saying("one", 2), saying("two", 1))
    print("after")
    every = turns(timeline.tasks)
    said = {}
    for number, time, text in timeline.tasks.steps.printed:
        task = every[number].task if number >= 0 else -1
        said.setdefault((task, time), []).append(text)
    if timeline.tasks.steps.block is not None:
        assert {key: "".join(words) for key, words in said.items()} == {
            (-1, 0): "begin\n",
            (0, 0): "one\n",
            (1, 0): "two\n",
            (1, 1): "two again\n",
            (0, 2): "one again\n",
        }
    assert capsys.readouterr().out == "begin\none\ntwo\ntwo again\none again\nafter\n"
    assert "write" not in vars(sys.stdout)


async def test_a_stream_is_itself_and_what_goes_elsewhere_is_not_heard(clock, tmp_path):
    import contextlib
    import io

    stream = sys.stdout
    async with Timeline(steps=True) as timeline:
        assert sys.stdout is stream
        with contextlib.redirect_stdout(io.StringIO()):
            print("nobody sees this")
        async with Timeline(steps=True) as inside:
            print("twice", end="")
    assert [text for _, _, text in timeline.tasks.steps.printed] == ["twice", ""]
    assert [text for _, _, text in inside.tasks.steps.printed] == ["twice", ""]
