"""With `steps=True` a timeline knows when each task was running, to the moment, in both ways of watching."""

import asyncio
import functools
import gc
import sys
import types
import weakref
from time import sleep as block

import numpy as np
import pytest

from support.watching_ways import MONITORING
from workshop import Timeline
from workshop.timeline.records import Records, TaskRecord
from workshop.timeline.views.text import describe, table

watched_both_ways = pytest.mark.usefixtures("way_of_watching")


def runs(*steps, factory=None):
    """Run a test as a task, on a loop with a task factory: of it, and of the tasks it makes, these are the steps."""

    def decorate(test):
        @watched_both_ways
        @functools.wraps(test)
        def run(clock, **options):
            async def main():
                asyncio.get_running_loop().set_task_factory(factory)
                async with Timeline(steps=True) as timeline:
                    await asyncio.wait([asyncio.create_task(test(clock, **options))])
                return [task.steps for task in timeline.tasks]

            assert clock.run(main()) == list(steps)

        return run

    return decorate


async def work(clock, *seconds, wait=1.0):
    """Block the loop for so long before, between and after waits."""
    for number, duration in enumerate(seconds):
        if number:
            await asyncio.sleep(wait)
        clock.block(duration)


# What counts as a step


@runs(((0, 0), (2, 2)))
async def test_a_sleeper_runs_for_no_time_at_its_begin_and_its_end(clock):
    await asyncio.sleep(2)


@runs(((0, 0.25), (1.25, 1.75), (2.75, 2.75), (3.75, 4.75)))
async def test_each_stretch_between_waits_is_a_step(clock):
    await work(clock, 0.25, 0.5, 0, 1)


@runs(
    ((0, 0), (3.25, 3.25)),
    ((0, 0.25), (1.25, 1.25)),
    ((0.25, 0.25), (1.25, 3.25)),
    ((0.25, 0.25), (3.25, 3.25)),  # was to wake at 1.75
)
async def test_while_one_task_blocks_every_other_stands_still(clock):
    await asyncio.gather(work(clock, 0.25, 0), work(clock, 0, 2), asyncio.sleep(1.5))


@runs(((0, 0.5),))
async def test_a_task_that_never_waits_has_one_step(clock):
    clock.block(0.5)


@runs(((0, 0.75), (1.75, 2.5), (3.5, 3.5)))
async def test_awaited_coroutines_run_inside_their_tasks_steps(clock):
    clock.block(0.25)
    await work(clock, 0.5, 0.25)
    clock.block(0.5)
    await asyncio.sleep(1)


@runs(((0, 0.5), (1.5, 1.5)))
async def test_an_await_that_need_not_wait_ends_no_step(clock):
    done = asyncio.get_running_loop().create_future()
    done.set_result(None)
    for awaitable in (work(clock, 0.25), done, work(clock, 0.25)):
        await awaitable
    await asyncio.sleep(1)


@runs(((0, 0), (1, 1.75), (2.75, 3.5)))
async def test_async_iteration_runs_inside_the_steps(clock):
    async def ticks():
        for _ in range(2):
            await asyncio.sleep(1)
            clock.block(0.25)
            yield

    async for _ in ticks():
        clock.block(0.5)


@runs(((0, 0.25), (1.25, 1.5), (2.5, 3), (4, 4.5)))
async def test_recursion(clock, levels=1):
    clock.block(0.25)
    await asyncio.sleep(1)
    if levels:
        await test_recursion.__wrapped__(clock, levels - 1)
        await asyncio.sleep(1)
    clock.block(0.5)


@types.coroutine
def once():
    yield


@runs(((0, 0), (3.5, 3.5)), ((0, 0), (0, 0.25), (1.25, 2), (3, 3.5)))
async def test_a_coroutine_that_began_elsewhere_and_is_awaited_inside_a_task_of_its_own_code(clock):
    @types.coroutine
    def going_on(begun):
        yield from begun

    async def pausing(another=None):
        await once()
        if another is not None:
            await going_on(another)
        clock.block(0.25)
        await asyncio.sleep(1)
        clock.block(0.5)

    begun = pausing()
    begun.send(None)
    await asyncio.create_task(pausing(begun))


@runs(
    ((0, 0.25), (1.25, 1.5), (3.25, 3.25)),
    ((1.5, 2), (3, 3.25)),
    ((2, 2.25), (3.25, 3.25)),
)
async def test_the_same_code_in_several_tasks_and_inside_another(clock):
    await work(clock, 0.25, 0.25)
    await asyncio.gather(work(clock, 0.5, 0.25), work(clock, 0.25, 0))


# Errors, which come from inside


async def failing(clock):
    await asyncio.sleep(1)
    clock.block(0.25)
    raise ValueError("burnt")


@runs(((0, 0), (1.25, 1.25)), ((0, 0), (1, 1.25)))
async def test_a_task_that_fails(clock):
    await asyncio.gather(failing(clock), return_exceptions=True)


@runs(((0, 0), (1.25, 2), (3, 3)), ((0, 0), (1, 1.25)))
async def test_a_task_that_waits_for_one_that_fails_and_goes_on(clock):
    async def inner():
        try:
            await asyncio.create_task(failing(clock))
        except ValueError:
            clock.block(0.5)

    await inner()
    clock.block(0.25)
    await asyncio.sleep(1)


def cancel_me_after(*moments):
    """Have the current task cancelled at these moments."""
    for seconds in moments:
        asyncio.get_running_loop().call_later(seconds, asyncio.current_task().cancel)


@runs(((0, 0.25), (2, 2)))
async def test_a_cancelled_task(clock):
    cancel_me_after(2)
    await work(clock, 0.25, 1, wait=4)


@runs(((0, 0), (0, 0)), ())
async def test_a_task_cancelled_before_it_begins_never_ran(clock):
    task = asyncio.create_task(work(clock, 1))
    task.cancel()
    await asyncio.wait([task])


@runs(((0, 0), (1, 1.5)))
async def test_a_clean_up_after_a_cancellation_is_a_step(clock):
    cancel_me_after(1)
    try:
        await asyncio.sleep(4)
    finally:
        clock.block(0.5)


@pytest.mark.parametrize("levels", [0, 1, 3])
@runs(((0, 0), (1, 1.25), (2.25, 2.75), (3.75, 4.5)))
async def test_a_clean_up_that_waits_deep_inside(clock, levels):
    """The error arrives in the innermost coroutine, and the task's own does not go on before that one has ended."""

    async def cleaning():
        try:
            await asyncio.sleep(4)
        finally:
            clock.block(0.25)
            await asyncio.sleep(1)
            clock.block(0.5)
            await work(clock, 0, 0.25)

    async def around(more):
        try:
            await (around(more - 1) if more else cleaning())
        finally:
            clock.block(0.5 / (levels + 1))

    cancel_me_after(1)
    await around(levels)


@pytest.mark.parametrize("caught_at", ["middle", "top"])
@runs(((0, 0), (1, 1.25), (2.25, 2.75)))
async def test_an_error_that_is_caught_further_out_by_code_that_waits(clock, caught_at):
    async def inner():
        try:
            await asyncio.sleep(4)
        finally:
            clock.block(0.25)

    async def middle():
        try:
            await inner()
        except asyncio.CancelledError:
            if caught_at == "top":
                raise
            await work(clock, 0, 0.5)

    cancel_me_after(1)
    try:
        await middle()
    except asyncio.CancelledError:
        await work(clock, 0, 0.5)


@runs(((0, 0), (0.75, 1), (1.75, 2), (6, 6)))
async def test_an_error_swallowed_deep_inside_again_and_again(clock):
    async def inner():
        for _ in range(3):
            try:
                await asyncio.sleep(4)
            except asyncio.CancelledError:
                clock.block(0.25)

    cancel_me_after(0.75, 1.75)
    await inner()


@runs(((0, 0.75), (1.75, 1.75)))
async def test_errors_inside_a_step_do_not_end_it(clock):
    def numbers():
        try:
            yield 1
        except ValueError:
            yield 2

    async def awaited():
        raise ValueError

    generator = numbers()
    next(generator)
    clock.block(0.25)
    generator.throw(ValueError())
    clock.block(0.25)
    try:
        await awaited()
    except ValueError:
        clock.block(0.25)
    await asyncio.sleep(1)


# Where timelines begin and end


@runs(((0, 0), (0.25, 0.25)), ((0, 0.25),))
async def test_a_task_that_waits_when_the_block_ends(clock):
    asyncio.create_task(work(clock, 0.25, 1, 1, wait=2))  # noqa: RUF006
    await asyncio.sleep(0)


@watched_both_ways
async def test_a_step_that_lasts_is_open_to_the_end(clock):
    seen = []

    async def looking(timeline):
        await work(clock, 0.25, 0.5)
        seen.extend(task.steps for task in timeline.tasks)
        clock.block(0.5)

    async with Timeline(steps=True) as timeline:
        await asyncio.create_task(looking(timeline))
    assert [task.steps for task in timeline.tasks] == [((0, 0.25), (1.25, 2.25))]
    assert seen == [((0, 0.25), (1.25, 1.75))]


@watched_both_ways
async def test_only_those_that_asked_get_steps(clock):
    async with Timeline() as around:
        before = asyncio.create_task(work(clock, 0, 0.25))
        await asyncio.sleep(0)
        async with Timeline(steps=True) as timeline:
            async with Timeline() as inside:
                await asyncio.create_task(work(clock, 0.25, 0.5))
            await asyncio.create_task(work(clock, 0.25))
        await before
        await asyncio.create_task(work(clock, 0.25, 0.5))
        async with Timeline(steps=True) as again:
            await asyncio.create_task(work(clock, 0.25, 0.5))
    assert [task.steps for task in around.tasks] == [()] * 5
    assert around.tasks.steps is inside.tasks.steps is None
    assert [task.steps for task in timeline.tasks] == [((0, 0.25), (1.25, 1.75)), ((1.75, 2),)]
    assert [task.steps for task in inside.tasks] == [()]
    assert [task.steps for task in again.tasks] == [((0, 0.25), (1.25, 1.75))]


@watched_both_ways
async def test_timelines_in_turns_keep_to_their_own(clock):
    async def one(first, second):
        async with Timeline(steps=True) as timeline:
            for _ in range(2):
                await asyncio.create_task(work(clock, first, second))
        return [task.steps for task in timeline.tasks]

    assert await asyncio.gather(one(0.25, 0), one(0, 0)) == [
        [((0, 0.25), (1.25, 1.25)), ((1.25, 1.5), (2.5, 2.5))],
        [((0.25, 0.25), (1.25, 1.25)), ((1.5, 1.5), (2.5, 2.5))],
    ]


@watched_both_ways
async def test_what_is_left_running_is_not_noted_any_more(clock):
    async with Timeline():
        async with Timeline(steps=True) as timeline:
            task = asyncio.create_task(work(clock, *[0] * 1_000))
            await asyncio.sleep(1.5)
            waits = timeline._scope.recorder.moments.waits
        noted = len(waits.times)
        await asyncio.sleep(100)
        task.cancel()
        await asyncio.wait([task])
    timeline, more = timeline, len(waits.times) - noted
    assert [task.steps for task in timeline.tasks] == [((0, 0), (1, 1))]
    assert more == 0


def readers_factory(loop, coro, **options):
    return asyncio.Task(coro, loop=loop, **options)


@runs(((0, 0.25), (1.25, 1.75)), factory=readers_factory)
async def test_tasks_of_another_factory(clock):
    await work(clock, 0.25, 0.5)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
@runs(((0, 1), (2, 2)), ((0.25, 0.75), (1.75, 2)), factory=getattr(asyncio, "eager_task_factory", None))
async def test_eager_tasks_run_inside_the_step_that_makes_them(clock):
    clock.block(0.25)
    child = asyncio.create_task(work(clock, 0.5, 0.25))
    clock.block(0.25)
    await child


@runs(((0, 0), (1.75, 1.75)), ((0, 0.25), (1.25, 1.75)))
async def test_a_coroutine_that_has_begun_outside_of_its_task(clock):
    async def pausing():
        await once()
        await work(clock, 0.25, 0.5)

    coroutine = pausing()
    coroutine.send(None)
    await asyncio.create_task(coroutine)


@pytest.mark.parametrize("wrong", [1, None, "yes"])
def test_steps_is_true_or_false(wrong):
    with pytest.raises(TypeError, match=r"steps is True or False, such as Timeline\(steps=True\)"):
        Timeline(steps=wrong)


# What is kept


class Thing:
    """An object of the reader's, whose end can be seen."""


@watched_both_ways
def test_nothing_of_the_readers_is_kept_alive():
    """Without the garbage collector, and with errors thrown deep inside."""
    alive = []

    async def inner(thing):
        alive.append(weakref.ref(thing))
        try:
            await asyncio.sleep(5)
        finally:
            await asyncio.sleep(0)

    async def outer(thing):
        await inner(thing)

    async def main():
        async with Timeline(steps=True) as timeline:
            tasks = [asyncio.create_task(outer(Thing())) for _ in range(3)]
            alive.extend(map(weakref.ref, tasks))
            await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            del task
            tasks.clear()
        await asyncio.sleep(0)
        return timeline, [reference() for reference in alive if reference() is not None]

    gc.collect()
    gc.disable()
    try:
        timeline, still_there = asyncio.run(main())
    finally:
        gc.enable()
    assert len(alive) == 6
    assert still_there == []
    assert [len(task.steps) for task in timeline.tasks] == [3] * 3


@pytest.mark.skipif(not MONITORING, reason="sys.monitoring is new in Python 3.12")
async def test_the_interpreter_reports_no_waits_once_nobody_wants_to_know(clock):
    from workshop.timeline.recording.recorder import monitor

    monitoring = sys.monitoring

    def reported():
        return monitoring.get_events(monitor._tool), monitoring.get_local_events(monitor._tool, work.__code__)

    async with Timeline():
        await asyncio.create_task(work(clock, 0, 0))
        before = reported()
        async with Timeline(steps=True):
            await asyncio.create_task(work(clock, 0, 0))
            during = reported()
        assert reported() == before != during
    assert not any(monitoring.get_local_events(tool, work.__code__) for tool in (3, 4, 5) if monitoring.get_tool(tool))


# What is shown


def records(*tasks, ended=10.0):
    """Return records of tasks, each given by its steps, and an outcome if it is not a result."""
    rows = []
    for number, task in enumerate(tasks):
        steps, outcome = task if isinstance(task, tuple) else (task, "result")
        end = None if outcome == "still running" else steps[-1][1]
        rows.append(TaskRecord(f"task({number})", 0, steps[0][0], end, end, outcome, tuple(steps)))
    return Records.of(rows, ended)


def many(count, outcomes=("result",)):
    """Return records of tasks of which each runs three times, for long enough to be seen."""
    chance = np.random.default_rng(1)
    tasks = []
    for number in range(count):
        begin, middle, end = chance.uniform(0, 2), chance.uniform(3, 5), chance.uniform(7, 9)
        lengths = chance.uniform(0.1, 1, 3)
        steps = [(time, time + length) for time, length in zip((begin, middle, end), lengths, strict=True)]
        tasks.append((steps, outcomes[number % len(outcomes)]))
    return records(*tasks)


def running(tasks):
    return sum(end - begin for task in tasks for begin, end in task.steps)


def test_without_steps_nothing_of_them_is_shown():
    plain = Records.of([TaskRecord("task(0)", 0, 0, 1, 1, "result")], 1.0)
    assert "running" not in table(plain)
    assert "step" not in describe("", plain)


def test_no_task_ran():
    async def main():
        async with Timeline(steps=True) as timeline:
            task = asyncio.create_task(asyncio.sleep(0))
            task.cancel()
            await asyncio.wait([task])
        return timeline, Timeline(steps=True)

    for timeline in asyncio.run(main()):
        assert "</svg>" in timeline._repr_mimebundle_()[0]["image/svg+xml"]
        assert "step" not in describe("", timeline.tasks)
    assert table(asyncio.run(main())[0].tasks).splitlines()[1].split()[-2:] == ["-", "cancelled"]


def test_the_table_says_for_how_long_each_task_ran():
    assert table(records([(0, 0.25), (2, 2.5)], ([(1, 1)], "still running"))) == (
        "name     created  started  finished  received  running  outcome\n"
        "task(0)     0.00     0.00      2.50      2.50     0.75  result\n"
        "task(1)     0.00     1.00         -         -     0.00  still running\n"
        "Still running when the block ended: task(1)."
    )


def test_the_description_tells_the_longest_step():
    brewing = records([(0, 0), (1, 1)], [(0, 0), (0.5, 0.9), (3, 3.2)])
    assert describe("", brewing).startswith("2 tasks over 10.00 seconds. Longest step: task(1) for 0.40 s. Finished:")
    sleeping = records([(0, 0.001), (1, 1)], [(0, 0), (0.5, 0.51)])
    assert describe("", sleeping).startswith("2 tasks over 10.00 seconds. Every step is short. Finished:")


def test_records_made_of_records_have_the_same_steps():
    tasks = many(5)
    assert list(Records.of(list(tasks), 10.0)) == list(tasks)
    assert tasks[-1].steps == tasks[4].steps != ()
    assert [len(task.steps) for task in tasks[1:3]] == [3, 3]


async def test_a_real_blocking_call_is_the_longest_step():
    async def brew():
        await asyncio.sleep(0)
        block(0.05)  # noqa: ASYNC251

    async with Timeline("Tea", steps=True) as timeline:
        await asyncio.gather(asyncio.sleep(0.01), brew())
    assert "Longest step: brew() for " in describe("", timeline.tasks)
    assert max(end - begin for begin, end in timeline.tasks[1].steps) >= 0.05
    assert timeline.tasks[0].finished >= 0.05
