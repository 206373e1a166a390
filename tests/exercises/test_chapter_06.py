"""The checks and predictions of chapter 06, task timelines: right answers pass, wrong ones are told the idea."""

# ruff: noqa: ASYNC251, N805 (answers of readers, in classes that are only groups)

import asyncio
import heapq
import operator
import time
from collections import Counter
from functools import partial, reduce
from itertools import accumulate

import anyio
import pytest
from test_checks import ANYTHING, HAS_ALARM, Anything, Endless

from support.jumping_loop import WorkingClock
from workshop import Timeline
from workshop.demos import patients
from workshop.exercises import predictions, runner
from workshop.timeline.records import Records, TaskRecord


def changes_of(tasks):
    changes = [(task.started, +1) for task in tasks if task.started is not None]
    return changes + [(task.finished, -1) for task in tasks if None not in (task.started, task.finished)]


# ---- right answers


class Right61:
    def sweeps(tasks):
        most = now = 0
        for _, change in sorted(changes_of(tasks)):
            now += change
            most = max(most, now)
        return most

    def accumulates(tasks):
        return max(accumulate(change for _, change in sorted(changes_of(tasks))), default=0)

    def counts_at_each_start(tasks):
        def under_way(moment):
            began = [task for task in tasks if task.started is not None and task.started <= moment]
            return sum(task.finished is None or task.finished > moment for task in began)

        return max((under_way(task.started) for task in tasks if task.started is not None), default=0)

    def keeps_a_heap_of_ends(tasks):
        ends, most = [], 0
        for task in sorted((task for task in tasks if task.started is not None), key=lambda task: task.started):
            while ends and ends[0] <= task.started:
                heapq.heappop(ends)
            heapq.heappush(ends, float("inf") if task.finished is None else task.finished)
            most = max(most, len(ends))
        return most

    def sums_up_the_changes_of_each_moment(tasks):
        changes = Counter()
        for moment, change in changes_of(tasks):
            changes[moment] += change
        return max(0, *accumulate(changes[moment] for moment in sorted(changes)), 0)

    def gives_an_integer_that_is_no_int(tasks):
        numpy = pytest.importorskip("numpy")
        changes = [change for _, change in sorted(changes_of(tasks))]
        return numpy.max(numpy.cumsum([0, *changes]))

    async def is_asynchronous(tasks):
        return Right61.sweeps(tasks)


def lines_of(results):
    return [f"{name}: {text}" for name, text in results]


def polite(fetch, most=3):
    """Return a fetch that keeps to the server's rules."""
    gate = asyncio.Semaphore(most)

    async def line_about(name):
        async with gate:
            text = await fetch(name)
            await asyncio.sleep(0.1)
        return f"{name}: {text}"

    return line_about


class Right62:
    async def gathers(fetch, names):
        return await asyncio.gather(*map(polite(fetch), names))

    async def takes_as_completed(fetch, names):
        return [await next_result for next_result in asyncio.as_completed([*map(polite(fetch), names)])]

    async def opens_a_task_group(fetch, names):
        line_about = polite(fetch)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(line_about(name)) for name in names]
        return [task.result() for task in tasks]

    async def creates_all_tasks_and_awaits_each(fetch, names):
        line_about = polite(fetch)
        tasks = [asyncio.create_task(line_about(name)) for name in names]
        return [await task for task in tasks]

    async def waits(fetch, names):
        done, _ = await asyncio.wait([*map(asyncio.create_task, map(polite(fetch), names))])
        return [task.result() for task in done]

    async def has_three_workers_on_a_queue(fetch, names):
        queue, lines = asyncio.Queue(), []
        for name in names:
            queue.put_nowait(name)

        async def worker():
            while not queue.empty():
                name = queue.get_nowait()
                lines.append(f"{name}: {await fetch(name)}")
                await asyncio.sleep(0.1)

        await asyncio.gather(*(worker() for _ in range(3)))
        return tuple(lines)

    async def has_workers_that_are_cancelled(fetch, names):
        queue, lines = asyncio.Queue(), []

        async def worker():
            while True:
                name = await queue.get()
                lines.append(f"{name}: {await fetch(name)}")
                await asyncio.sleep(0.1)
                queue.task_done()

        workers = [asyncio.create_task(worker()) for _ in range(3)]
        for name in names:
            queue.put_nowait(name)
        await queue.join()
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        return lines

    async def takes_three_at_a_time(fetch, names):
        lines = []
        for first in range(0, len(names), 3):
            three = names[first : first + 3]
            lines += lines_of(zip(three, await asyncio.gather(*map(fetch, three)), strict=True))
            await asyncio.sleep(0.1)
        return lines

    async def opens_the_gate_later(fetch, names):
        gate = asyncio.Semaphore(3)

        async def line_about(name):
            await gate.acquire()
            text = await fetch(name)
            asyncio.get_running_loop().call_later(0.1, gate.release)
            return f"{name}: {text}"

        return await asyncio.gather(*map(line_about, names))

    async def limits_by_anyio(fetch, names):
        limiter, lines = anyio.CapacityLimiter(3), []

        async def line_about(name):
            async with limiter:
                lines.append(f"{name}: {await fetch(name)}")
                await anyio.sleep(0.1)

        async with anyio.create_task_group() as group:
            for name in names:
                group.start_soon(line_about, name)
        return lines

    async def pauses_in_a_thread(fetch, names):
        gate = asyncio.Semaphore(3)

        async def line_about(name):
            async with gate:
                text = await fetch(name)
                await asyncio.to_thread(time.sleep, 0.1)
            return f"{name}: {text}"

        return await asyncio.gather(*map(line_about, names))


def members(group):
    return [answer for name, answer in vars(group).items() if not name.startswith("__")]


def answers(number, group):
    return [pytest.param(number, answer, id=f"{number}-{answer.__name__}") for answer in members(group)]


@pytest.mark.parametrize(("number", "answer"), answers("6.1", Right61) + answers("6.2", Right62))
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer).startswith("✓")


def test_a_lambda_a_partial_and_an_object_with_call_pass(judge):
    class Counts:
        def __call__(self, tasks):
            return Right61.sweeps(tasks)

    for answer in (lambda tasks: Right61.sweeps(tasks), partial(Right61.sweeps), Counts()):
        assert judge("6.1", answer).startswith("✓")

    class Reports:
        async def __call__(self, fetch, names):
            return await Right62.gathers(fetch, names)

    for answer in (lambda fetch, names: Right62.gathers(fetch, names), partial(Right62.gathers), Reports()):
        assert judge("6.2", answer).startswith("✓")


def test_an_async_def_is_told_that_a_plain_one_would_do(judge):
    assert "A plain `def` would do" in judge("6.1", Right61.is_asynchronous)
    assert "plain" not in judge("6.1", Right61.sweeps)


# ---- wrong answers: (number, answer, words of the line)


class Wrong61:
    def takes_a_start_at_zero_for_none(tasks):
        changes = [(task.started, +1) for task in tasks if task.started]
        changes += [(task.finished, -1) for task in tasks if task.started and task.finished]
        return max(accumulate(change for _, change in sorted(changes)), default=0)

    async def takes_a_start_at_zero_for_none_asynchronously(tasks):
        return Wrong61.takes_a_start_at_zero_for_none(tasks)

    def ends_what_never_started_and_begins_with_one(tasks):
        if not tasks:
            return 0
        return max(1, Wrong61.ends_what_never_started(tasks))

    def overlaps_when_back_to_back(tasks):
        changes = sorted(changes_of(tasks), key=lambda change: (change[0], -change[1]))
        return max(accumulate(change for _, change in changes), default=0)

    def does_not_sort(tasks):
        return max(accumulate(change for _, change in changes_of(tasks)), default=0)

    def trusts_the_order_of_the_records(tasks):
        most, running = 0, []
        for task in tasks:
            if task.started is None:
                continue
            running = [end for end in running if end > task.started]
            running.append(float("inf") if task.finished is None else task.finished)
            most = max(most, len(running))
        return most

    def counts_all(tasks):
        return len(tasks)

    def is_not_ready_for_none(tasks):
        changes = [(task.started, +1) for task in tasks] + [(task.finished, -1) for task in tasks]
        return max(accumulate(change for _, change in sorted(changes)), default=0)

    def ends_open_ends_at_zero(tasks):
        changes = [(task.started or 0, +1) for task in tasks] + [(task.finished or 0, -1) for task in tasks]
        return max(accumulate(change for _, change in sorted(changes)), default=0)

    def leaves_out_what_still_runs(tasks):
        return Right61.sweeps([task for task in tasks if task.finished is not None])

    def starts_what_never_started(tasks):
        changes = [(task.started or 0.0, +1) for task in tasks]
        changes += [(task.finished, -1) for task in tasks if task.finished is not None]
        return max(accumulate(change for _, change in sorted(changes)), default=0)

    def ends_what_never_started(tasks):
        changes = [(task.started, +1) for task in tasks if task.started is not None]
        changes += [(task.finished, -1) for task in tasks if task.finished is not None]
        return max(accumulate(change for _, change in sorted(changes)), default=0)

    def begins_with_created(tasks):
        changes = [(task.created, +1) for task in tasks]
        changes += [(task.finished, -1) for task in tasks if task.finished is not None]
        return max(accumulate(change for _, change in sorted(changes)), default=0)

    def ends_with_received(tasks):
        changes = [(task.started, +1) for task in tasks if task.started is not None]
        changes += [(task.received, -1) for task in tasks if task.received is not None]
        return max(accumulate(change for _, change in sorted(changes)), default=0)

    def looks_only_whether_there_are_tasks(tasks):
        return max(accumulate(change for _, change in sorted(changes_of(tasks)))) if tasks else 0

    def fails_without_tasks(tasks):
        return max(accumulate(change for _, change in sorted(changes_of(tasks))))

    def gives_what_is_under_way_at_the_end(tasks):
        return sum(change for _, change in changes_of(tasks))

    def gives_the_curve(tasks):
        return list(accumulate(change for _, change in sorted(changes_of(tasks))))

    def gives_an_iterator(tasks):
        return accumulate(change for _, change in sorted(changes_of(tasks)))

    def yields(tasks):
        yield Right61.sweeps(tasks)

    def gives_a_float(tasks):
        return float(Right61.sweeps(tasks))

    def gives_a_bool(tasks):
        return Right61.sweeps(tasks) > 1

    def gives_none(tasks):
        Right61.sweeps(tasks)

    def prints(tasks):
        tasks.sort()

    def gives_a_coroutine(tasks):
        return Right61.is_asynchronous(tasks)

    def takes_nothing():
        return 2

    async def awaits_a_number(tasks):
        return await Right61.sweeps(tasks)


class Wrong62:
    async def leaves_out_whoever_has_no_news(fetch, names):
        return [line for line in await Right62.gathers(fetch, names) if not line.endswith(": ")]

    async def returns_what_it_has_when_cancelled(fetch, names):
        lines = []
        try:
            for next_result in asyncio.as_completed([*map(polite(fetch), names)]):
                lines.append(await next_result)
        except asyncio.CancelledError:
            pass
        return lines

    async def is_as_ill_as_before(fetch, names):
        gate = asyncio.Semaphore(1)

        async def line_about(name):
            async with gate:
                text = await fetch(name)
                time.sleep(0.1)
            return f"{name}: {text}"

        return [await asyncio.create_task(line_about(name)) for name in names]

    async def cures_only_the_blocking(fetch, names):
        return [await asyncio.create_task(polite(fetch, 1)(name)) for name in names]

    async def cures_only_the_sequential_await(fetch, names):
        return await asyncio.gather(*map(blocking(fetch, 1), names))

    async def cures_only_the_bottleneck(fetch, names):
        line_about = blocking(fetch, 3)
        return [await asyncio.create_task(line_about(name)) for name in names]

    async def still_blocks(fetch, names):
        return await asyncio.gather(*map(blocking(fetch, 3), names))

    async def still_awaits_each(fetch, names):
        line_about = polite(fetch)
        return [await asyncio.create_task(line_about(name)) for name in names]

    async def still_has_the_bottleneck(fetch, names):
        return await asyncio.gather(*map(polite(fetch, 1), names))

    async def lets_two_through(fetch, names):
        return await asyncio.gather(*map(polite(fetch, 2), names))

    async def lets_four_through(fetch, names):
        return await asyncio.gather(*map(polite(fetch, 4), names))

    async def has_no_gate(fetch, names):
        return lines_of(zip(names, await asyncio.gather(*map(fetch, names)), strict=True))

    async def has_a_gate_for_each_call(fetch, names):
        return await asyncio.gather(*(polite(fetch)(name) for name in names))

    async def pauses_outside_of_the_gate(fetch, names):
        gate = asyncio.Semaphore(3)

        async def line_about(name):
            async with gate:
                text = await fetch(name)
            await asyncio.sleep(0.1)
            return f"{name}: {text}"

        return await asyncio.gather(*map(line_about, names))

    async def drops_the_pause(fetch, names):
        gate = asyncio.Semaphore(3)

        async def line_about(name):
            async with gate:
                return f"{name}: {await fetch(name)}"

        return await asyncio.gather(*map(line_about, names))

    async def pauses_too_shortly(fetch, names):
        gate = asyncio.Semaphore(3)

        async def line_about(name):
            async with gate:
                text = await fetch(name)
                await asyncio.sleep(0.01)
            return f"{name}: {text}"

        return await asyncio.gather(*map(line_about, names))

    async def forgets_await_of_the_pause(fetch, names):
        gate = asyncio.Semaphore(3)

        async def line_about(name):
            async with gate:
                text = await fetch(name)
                asyncio.sleep(0.1)
            return f"{name}: {text}"

        return await asyncio.gather(*map(line_about, names))

    async def forgets_await_of_the_thread(fetch, names):
        gate = asyncio.Semaphore(3)

        async def line_about(name):
            async with gate:
                text = await fetch(name)
                asyncio.to_thread(time.sleep, 0.1)
            return f"{name}: {text}"

        return await asyncio.gather(*map(line_about, names))

    async def leaves_the_pause_to_a_task(fetch, names):
        gate = asyncio.Semaphore(3)

        async def pause():
            await asyncio.sleep(0.1)
            gate.release()

        async def line_about(name):
            await gate.acquire()
            text = await fetch(name)
            asyncio.create_task(pause())  # noqa: RUF006
            return f"{name}: {text}"

        return await asyncio.gather(*map(line_about, names))

    async def pauses_behind_a_lock(fetch, names):
        gate, one_pause = asyncio.Semaphore(3), asyncio.Lock()

        async def line_about(name):
            async with gate:
                text = await fetch(name)
                async with one_pause:
                    await asyncio.sleep(0.15)
            return f"{name}: {text}"

        return await asyncio.gather(*map(line_about, names))

    async def forgets_await_of_fetch(fetch, names):
        return [f"{name}: {fetch(name)}" for name in names]

    async def gives_a_generator(fetch, names):
        line_about = polite(fetch)
        return (await line_about(name) for name in names)

    async def yields(fetch, names):
        for name in names:
            yield await polite(fetch)(name)

    async def gives_the_gather(fetch, names):
        return asyncio.gather(*map(polite(fetch), names))

    async def gives_tasks(fetch, names):
        tasks = [*map(asyncio.create_task, map(polite(fetch), names))]
        await asyncio.wait(tasks)
        return tasks

    async def gives_coroutines(fetch, names):
        return [*map(polite(fetch), names)]

    async def gives_a_dict(fetch, names):
        return dict(zip(names, await Right62.gathers(fetch, names), strict=True))

    async def gives_one_text(fetch, names):
        return "\n".join(await Right62.gathers(fetch, names))

    async def gives_the_news_without_names(fetch, names):
        return [line.partition(": ")[2] for line in await Right62.gathers(fetch, names)]

    async def gives_pairs(fetch, names):
        return [tuple(line.split(": ")) for line in await Right62.gathers(fetch, names)]

    async def gives_none(fetch, names):
        await Right62.gathers(fetch, names)

    async def loses_one(fetch, names):
        return await Right62.gathers(fetch, names[1:])

    def is_plain(fetch, names):
        return [f"{name}: news from {name}" for name in names]


def blocking(fetch, most):
    """Return a fetch that pauses by time.sleep."""
    gate = asyncio.Semaphore(most)

    async def line_about(name):
        async with gate:
            text = await fetch(name)
            time.sleep(0.1)
        return f"{name}: {text}"

    return line_about


OVERLAP = "for three tasks of which two overlap"
OPEN_END = "for a task that still runs (its `finished` is None) and one that begins later"
NEVER_STARTED = "for a task that never started (its `started` is None) and one that did"
BLOCKS = "It is still ill. Your code blocks the event loop"
ONE_CALL = "the server had one call at a time, and your function took 1."
TOO_MANY = "got too many calls: it takes 3 at a time, and wants a pause of 0.1 s after each"
A_LIST = "A list of 6 lines such as 'Bern: news from Bern' was expected, not "

ZERO = "2 was expected. A task that started at 0.0 has started: ask `is not None`."

WRONG = [
    ("6.1", Wrong61.takes_a_start_at_zero_for_none, f"returned 1 {OVERLAP}: {ZERO}"),
    ("6.1", Wrong61.takes_a_start_at_zero_for_none_asynchronously, f"returned 1 {OVERLAP}: {ZERO}"),
    (
        "6.1",
        Wrong61.ends_what_never_started_and_begins_with_one,
        "returned 1 for a task that was cancelled before it started, and two that overlap: 2 was expected",
    ),
    ("6.1", Wrong61.overlaps_when_back_to_back, "at the moment at which the other ends: 1 was expected"),
    ("6.1", Wrong61.does_not_sort, f"returned 3 {OVERLAP}: 2 was expected"),
    ("6.1", Wrong61.trusts_the_order_of_the_records, "for tasks that are not sorted by their start: 3 was expected"),
    ("6.1", Wrong61.counts_all, f"returned 3 {OVERLAP}"),
    (
        "6.1",
        Wrong61.is_not_ready_for_none,
        f"'NoneType' and 'float', {OPEN_END}",
    ),
    ("6.1", Wrong61.ends_open_ends_at_zero, f"returned 1 {OPEN_END}"),
    ("6.1", Wrong61.leaves_out_what_still_runs, f"returned 1 {OPEN_END}: 2 was expected"),
    ("6.1", Wrong61.starts_what_never_started, f"returned 2 {NEVER_STARTED}: 1 was expected"),
    ("6.1", Wrong61.ends_what_never_started, "returned 0 for a task that was cancelled before it started"),
    ("6.1", Wrong61.begins_with_created, f"returned 3 {OVERLAP}"),
    ("6.1", Wrong61.ends_with_received, "at the moment at which the other ends: 1 was expected"),
    ("6.1", Wrong61.fails_without_tasks, ", for no tasks at all"),
    ("6.1", Wrong61.gives_what_is_under_way_at_the_end, f"returned 0 {OVERLAP}"),
    ("6.1", Wrong61.gives_the_curve, "[1, 2, 1, 0, 1, 0], for three tasks of which two overlap: a whole number"),
    ("6.1", Wrong61.gives_an_iterator, "returned an iterator"),
    ("6.1", Wrong61.yields, "returned an iterator"),
    ("6.1", Wrong61.gives_a_float, "returned 2.0, for three tasks of which two overlap: a whole number"),
    ("6.1", Wrong61.gives_a_bool, "returned True, for three tasks of which two overlap: a whole number"),
    ("6.1", Wrong61.gives_none, "returned None, for three tasks of which two overlap: is there a `return`?"),
    ("6.1", Wrong61.prints, "'Records' object has no attribute 'sort'"),
    ("6.1", Wrong61.gives_a_coroutine, "returned an awaitable"),
    ("6.1", Wrong61.takes_nothing, "Keep the parameters that the exercise gives"),
    ("6.1", Wrong61.awaits_a_number, "what stands behind it here is an ordinary value"),
    ("6.1", Wrong61.looks_only_whether_there_are_tasks, "for tasks that never started, and no others"),
    (
        "6.2",
        Wrong62.leaves_out_whoever_has_no_news,
        "returned ['Rome: news from Rome']: a line about each",
    ),
    ("6.2", Wrong62.returns_what_it_has_when_cancelled, "and returned []: a CancelledError has to go its way"),
    ("6.2", Wrong62.is_as_ill_as_before, BLOCKS),
    ("6.2", Wrong62.cures_only_the_blocking, ONE_CALL),
    ("6.2", Wrong62.cures_only_the_sequential_await, BLOCKS),
    ("6.2", Wrong62.cures_only_the_bottleneck, BLOCKS),
    ("6.2", Wrong62.still_blocks, BLOCKS),
    ("6.2", Wrong62.still_awaits_each, ONE_CALL),
    ("6.2", Wrong62.still_has_the_bottleneck, ONE_CALL),
    ("6.2", Wrong62.lets_two_through, "2 calls at a time, where it takes 3"),
    ("6.2", Wrong62.lets_four_through, TOO_MANY),
    ("6.2", Wrong62.has_no_gate, TOO_MANY),
    ("6.2", Wrong62.has_a_gate_for_each_call, TOO_MANY),
    ("6.2", Wrong62.pauses_outside_of_the_gate, TOO_MANY),
    ("6.2", Wrong62.drops_the_pause, TOO_MANY),
    ("6.2", Wrong62.pauses_too_shortly, TOO_MANY),
    ("6.2", Wrong62.forgets_await_of_the_pause, "`sleep(...)` was called but never awaited"),
    ("6.2", Wrong62.forgets_await_of_the_thread, "`to_thread(...)` was called but never awaited"),
    ("6.2", Wrong62.leaves_the_pause_to_a_task, "The result is right, but `pause` still ran"),
    ("6.2", Wrong62.pauses_behind_a_lock, "where about 0.4 s is possible. Draw it: who waits for whom?"),
    ("6.2", Wrong62.forgets_await_of_fetch, "`fetch(...)` was called but never awaited"),
    ("6.2", Wrong62.gives_a_generator, "You returned a generator, and nothing in it has run"),
    ("6.2", Wrong62.yields, "an asynchronous generator: its body contains `yield`"),
    ("6.2", Wrong62.gives_the_gather, "You returned an awaitable: put `await` before it"),
    ("6.2", Wrong62.gives_tasks, "Your list holds awaitables"),
    ("6.2", Wrong62.gives_coroutines, "`line_about(...)` was called but never awaited"),
    ("6.2", Wrong62.gives_a_dict, f"{A_LIST}{{'Rome'"),
    ("6.2", Wrong62.gives_one_text, f"{A_LIST}'Rome: news"),
    ("6.2", Wrong62.gives_the_news_without_names, f"{A_LIST}['news from Rome'"),
    ("6.2", Wrong62.gives_pairs, f"{A_LIST}[('Rome'"),
    ("6.2", Wrong62.gives_none, "returned None: is there a `return`?"),
    ("6.2", Wrong62.loses_one, f"{A_LIST}['Oslo: news"),
    ("6.2", Wrong62.is_plain, "Only a function made with `async def` can be awaited"),
]


@pytest.mark.parametrize(
    ("number", "answer", "words"), WRONG, ids=[f"{number}-{answer.__name__}" for number, answer, _ in WRONG]
)
def test_wrong_answers_are_told_the_idea(judge, number, answer, words):
    line = judge(number, answer)
    assert line.startswith("✗")
    assert words in line
    assert "confused the check" not in line
    assert ("started at 0.0" in line) == (ZERO in words)


@pytest.mark.parametrize("group", [Wrong61, Wrong62])
def test_each_wrong_answer_is_tried(group):
    assert {answer for _, answer, _ in WRONG} >= set(members(group))


# ---- anything, and answers that do not end

PLAIN_IS_RIGHT = {
    Anything.plain_function: f"returned 1 {OVERLAP}",
    Anything.returns_something_odd: "returned <Odd>",
}
"""What 6.1, which asks for a plain function, says of some of these."""


@pytest.mark.parametrize("number", ["6.1", "6.2"])
@pytest.mark.parametrize(("answer", "words"), ANYTHING, ids=[getattr(a, "__name__", str(a)) for a, _ in ANYTHING])
def test_survives(judge, number, answer, words):
    if number == "6.1":
        words = PLAIN_IS_RIGHT.get(answer, "returned 1" if words == "async def" else words)
    line = judge(number, answer)
    assert line.startswith("✗")
    assert words.lower() in line.lower()
    assert "confused the check" not in line
    if number == "6.1":
        assert "`async def`" not in line


@pytest.mark.parametrize("number", ["6.1", "6.2"])
def test_a_coroutine_in_place_of_the_function(judge, number):
    assert "without parentheses" in judge(number, Endless.waits())


def test_the_result_in_place_of_the_function(judge):
    assert judge("6.1", 2).endswith("of type int, and no function. Hand over the name of your function.\n")


@pytest.mark.parametrize("answer", [len, max, operator.itemgetter(9), partial(reduce, operator.add)])
def test_other_callables_are_run(judge, answer):
    line = judge("6.1", answer)
    assert line.startswith("✗")
    assert "async def" not in line


@pytest.mark.parametrize("number", ["6.1", "6.2"])
def test_an_endless_wait_is_ended(judge, monkeypatch, number):
    monkeypatch.setattr(runner, "WAIT_LIMIT", 0.5)
    assert "still waited after 0.5 s" in judge(number, Endless.waits)


def spins(*arguments):
    while True:
        pass


async def spins_in_a_coroutine(*arguments):
    spins()


@pytest.mark.skipif(not HAS_ALARM, reason="only Unix can interrupt code that blocks")
@pytest.mark.parametrize(
    ("number", "answer"), [("6.1", spins), ("6.1", spins_in_a_coroutine), ("6.2", spins), ("6.2", spins_in_a_coroutine)]
)
def test_an_endless_loop_is_ended(judge, monkeypatch, number, answer):
    monkeypatch.setattr(runner, "BLOCK_LIMIT", 0.4)
    assert "for over 0.4 s" in judge(number, answer)


# ---- predictions


async def _timeline_of(coroutine, steps=True):
    async with Timeline("a patient", steps=steps) as timeline:
        await coroutine
    return timeline.tasks


@pytest.mark.parametrize(
    ("number", "patient", "fits", "did"),
    [
        ("6.1", patients.first, "c", "all tasks were created together, and finished one after another"),
        ("6.2", patients.second, "a", "call('C') ran for 1.2"),
        ("6.3", patients.third, "b", "each task was created when the one before had finished"),
    ],
)
def test_each_patient_has_its_own_illness_and_no_other(number, patient, fits, did):
    tasks = WorkingClock().run(_timeline_of(patient()))
    known = predictions.PREDICTIONS[number]
    assert known.usual == fits
    verdict, words = known.verdict(tasks)
    assert verdict == fits
    assert did in words
    longest = tasks.steps.longest()[1]
    one_by_one = all(
        end <= created for end, created in zip(list(tasks.finished), list(tasks.created)[1:], strict=False)
    )
    ends_apart = max(tasks.finished) - min(tasks.finished) > 0.3
    together = max(tasks.created) - min(tasks.created) < 0.02
    assert (longest > 0.25) == (fits == "a")
    assert one_by_one == (fits == "b")
    assert (together and ends_apart) == (fits == "c")


@pytest.mark.parametrize("patient", [patients.first, patients.second, patients.third])
def test_each_patient_makes_five_calls_and_leaves_nothing(patient):
    async def treated():
        before = asyncio.all_tasks()
        tasks = await _timeline_of(patient())
        assert asyncio.all_tasks() == before
        return tasks

    tasks = WorkingClock().run(treated())
    assert [task.name for task in tasks] == [f"call({name!r})" for name in "ABCDE"]
    assert {task.outcome for task in tasks} == {"result"}


def test_a_healthy_run_fits_no_illness():
    async def healthy():
        await asyncio.gather(*(asyncio.sleep(0.1) for _ in range(5)))

    fits, did = predictions.PREDICTIONS["6.1"].verdict(WorkingClock().run(_timeline_of(healthy())))
    assert fits is None
    assert "no task ran for long" in did


def _told(capfd, number, *observed):
    predictions.compare(number, *observed)
    out, err = capfd.readouterr()
    assert err == ""
    return " ".join(out.split())


def test_what_is_no_timeline_with_steps_is_told(capfd):
    without_steps = WorkingClock().run(_timeline_of(patients.first(), steps=False))
    for observed in (without_steps, Records(), None, 42, [TaskRecord("A", 0, 0, 1, 1, "result")]):
        assert "expects the tasks of a timeline with steps=True" in _told(capfd, "6.1", observed)


@pytest.mark.parametrize(
    ("number", "patient"), [("6.1", patients.first), ("6.2", patients.second), ("6.3", patients.third)]
)
def test_a_wrong_guess_is_told_what_is_not_in_the_picture_and_what_is(capfd, number, patient):
    tasks = WorkingClock().run(_timeline_of(patient()))
    usual = predictions.PREDICTIONS[number].usual
    right = predictions.PREDICTIONS[number].answers[usual]
    for letter in "abc":
        predictions.predict(number, letter)
        said = _told(capfd, number, tasks)
        assert f"That is answer {usual}" in said
        assert right in said
        assert (f"You said {letter}." in said) == (letter != usual)
