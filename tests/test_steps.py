"""With `steps=True` a timeline knows when each task was running, to the moment, in both ways of watching."""

import asyncio
import gc
import sys
import types
import weakref

import pytest

from jumping_loop import JumpingClock, put_workshop_on
from watching_ways import MONITORING, no_tool_id_left
from workshop import Timeline


@pytest.fixture(params=["monitored", "wrapped"])
def way_of_watching(request):
    if request.param == "wrapped":
        with no_tool_id_left():
            yield
    elif MONITORING:
        yield
    else:
        pytest.skip("sys.monitoring is new in Python 3.12")


@pytest.fixture
def clock(monkeypatch, way_of_watching):
    clock = JumpingClock()
    put_workshop_on(clock, monkeypatch)
    return clock


def steps_of(clock, inside):
    """Run an async function inside a timeline, and return the steps of its tasks, in the order of their creation."""

    async def main():
        async with Timeline(steps=True) as timeline:
            await inside()
        return timeline

    return [task.steps for task in clock.run(main()).tasks]


async def work(clock, *seconds, wait=1.0):
    """Block the loop for so long before, between and after waits."""
    for number, duration in enumerate(seconds):
        if number:
            await asyncio.sleep(wait)
        clock.block(duration)


async def alone(coroutine):
    await asyncio.create_task(coroutine)


# What counts as a step


def test_a_sleeper_runs_for_no_time_at_its_begin_and_its_end(clock):
    assert steps_of(clock, lambda: alone(asyncio.sleep(2))) == [((0, 0), (2, 2))]


def test_each_stretch_between_waits_is_a_step(clock):
    assert steps_of(clock, lambda: alone(work(clock, 0.25, 0.5, 0, 1))) == [
        ((0, 0.25), (1.25, 1.75), (2.75, 2.75), (3.75, 4.75))
    ]


def test_while_one_task_blocks_every_other_stands_still(clock):
    async def inside():
        await asyncio.gather(work(clock, 0.25, 0), work(clock, 0, 2), asyncio.sleep(1.5))

    assert steps_of(clock, inside) == [
        ((0, 0.25), (1.25, 1.25)),
        ((0.25, 0.25), (1.25, 3.25)),
        ((0.25, 0.25), (3.25, 3.25)),  # was to wake at 1.75
    ]


def test_a_task_that_never_waits_has_one_step(clock):
    assert steps_of(clock, lambda: alone(work(clock, 0.5))) == [((0, 0.5),)]


def test_awaited_coroutines_run_inside_their_tasks_steps(clock):
    async def outer():
        clock.block(0.25)
        await work(clock, 0.5, 0.25)
        clock.block(0.5)
        await asyncio.sleep(1)

    assert steps_of(clock, lambda: alone(outer())) == [((0, 0.75), (1.75, 2.5), (3.5, 3.5))]


def test_an_await_that_need_not_wait_ends_no_step(clock):
    async def immediate():
        clock.block(0.25)

    async def outer():
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        for awaitable in (immediate(), done, immediate()):
            await awaitable
        await asyncio.sleep(1)

    assert steps_of(clock, lambda: alone(outer())) == [((0, 0.5), (1.5, 1.5))]


def test_async_iteration_runs_inside_the_steps(clock):
    async def ticks():
        for _ in range(2):
            await asyncio.sleep(1)
            clock.block(0.25)
            yield

    async def outer():
        async for _ in ticks():
            clock.block(0.5)

    assert steps_of(clock, lambda: alone(outer())) == [((0, 0), (1, 1.75), (2.75, 3.5))]


def test_recursion(clock):
    async def down(levels):
        clock.block(0.25)
        await asyncio.sleep(1)
        if levels:
            await down(levels - 1)
            await asyncio.sleep(1)
        clock.block(0.5)

    assert steps_of(clock, lambda: alone(down(1))) == [((0, 0.25), (1.25, 1.5), (2.5, 3), (4, 4.5))]


def test_a_coroutine_that_began_elsewhere_and_is_awaited_inside_a_task_of_its_own_code(clock):
    @types.coroutine
    def once():
        yield

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

    async def inside():
        begun = pausing()
        begun.send(None)
        await alone(pausing(begun))

    assert steps_of(clock, inside) == [((0, 0), (0, 0.25), (1.25, 2), (3, 3.5))]


def test_the_same_code_in_several_tasks_and_inside_another(clock):
    async def outer():
        await work(clock, 0.25, 0.25)
        await asyncio.gather(work(clock, 0.5, 0.25), work(clock, 0.25, 0))

    assert steps_of(clock, lambda: alone(outer())) == [
        ((0, 0.25), (1.25, 1.5), (3.25, 3.25)),
        ((1.5, 2), (3, 3.25)),
        ((2, 2.25), (3.25, 3.25)),
    ]


# Errors, which come from inside


async def failing(clock):
    await asyncio.sleep(1)
    clock.block(0.25)
    raise ValueError("burnt")


def test_a_task_that_fails(clock):
    async def inside():
        await asyncio.gather(failing(clock), return_exceptions=True)

    assert steps_of(clock, inside) == [((0, 0), (1, 1.25))]


def test_a_task_that_waits_for_one_that_fails_and_goes_on(clock):
    async def inner():
        try:
            await asyncio.create_task(failing(clock))
        except ValueError:
            clock.block(0.5)

    async def outer():
        await inner()
        clock.block(0.25)
        await asyncio.sleep(1)

    assert steps_of(clock, lambda: alone(outer())) == [((0, 0), (1.25, 2), (3, 3)), ((0, 0), (1, 1.25))]


def cancelled_after(seconds, coroutine):
    async def inside():
        task = asyncio.create_task(coroutine)
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.wait([task])

    return inside


def test_a_cancelled_task(clock):
    assert steps_of(clock, cancelled_after(2, work(clock, 0.25, 1, wait=4))) == [((0, 0.25), (2, 2))]


def test_a_task_cancelled_before_it_begins_never_ran(clock):
    async def inside():
        task = asyncio.create_task(work(clock, 1))
        task.cancel()
        await asyncio.wait([task])

    assert steps_of(clock, inside) == [()]


def test_a_clean_up_after_a_cancellation_is_a_step(clock):
    async def stubborn():
        try:
            await asyncio.sleep(4)
        finally:
            clock.block(0.5)

    assert steps_of(clock, cancelled_after(1, stubborn())) == [((0, 0), (1, 1.5))]


@pytest.mark.parametrize("levels", [0, 1, 3])
def test_a_clean_up_that_waits_deep_inside(clock, levels):
    """The error arrives in the innermost coroutine, and the task's own does not go on before that one has ended."""

    async def cleaning():
        try:
            await asyncio.sleep(4)
        finally:
            clock.block(0.25)
            await asyncio.sleep(1)
            clock.block(0.5)
            await work(clock, 0, 0.25)

    async def around(levels):
        try:
            await (around(levels - 1) if levels else cleaning())
        finally:
            clock.block(0.125)

    expected = ((0, 0), (1, 1.25), (2.25, 2.75), (3.75, 4 + 0.125 * (levels + 1)))
    assert steps_of(clock, cancelled_after(1, around(levels))) == [expected]


@pytest.mark.parametrize("caught_at", ["middle", "top"])
def test_an_error_that_is_caught_further_out_by_code_that_waits(clock, caught_at):
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
            await asyncio.sleep(1)
            clock.block(0.5)

    async def top():
        try:
            await middle()
        except asyncio.CancelledError:
            await asyncio.sleep(1)
            clock.block(0.5)

    assert steps_of(clock, cancelled_after(1, top())) == [((0, 0), (1, 1.25), (2.25, 2.75))]


def test_an_error_swallowed_deep_inside_again_and_again(clock):
    async def inner():
        for _ in range(3):
            try:
                await asyncio.sleep(4)
            except asyncio.CancelledError:
                clock.block(0.25)

    async def outer():
        await inner()

    async def inside():
        task = asyncio.create_task(outer())
        for _ in range(2):
            await asyncio.sleep(0.75)
            task.cancel()
            await asyncio.sleep(0.25)
        await task

    assert steps_of(clock, inside) == [((0, 0), (0.75, 1), (1.75, 2), (6, 6))]


def test_errors_inside_a_step_do_not_end_it(clock):
    def numbers():
        try:
            yield 1
        except ValueError:
            yield 2

    async def awaited():
        raise ValueError

    async def outer():
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

    assert steps_of(clock, lambda: alone(outer())) == [((0, 0.75), (1.75, 1.75))]


# Where timelines begin and end


def test_a_task_that_waits_when_the_block_ends(clock):
    async def inside():
        asyncio.create_task(work(clock, 0.25, 1, 1, wait=2))
        await asyncio.sleep(0)

    assert steps_of(clock, inside) == [((0, 0.25),)]


def test_a_step_that_lasts_is_open_to_the_end(clock):
    seen = []

    async def looking(timeline):
        clock.block(0.25)
        await asyncio.sleep(1)
        clock.block(0.5)
        seen.extend(task.steps for task in timeline.tasks)
        clock.block(0.5)

    async def main():
        async with Timeline(steps=True) as timeline:
            await asyncio.create_task(looking(timeline))
        return timeline

    assert [task.steps for task in clock.run(main()).tasks] == [((0, 0.25), (1.25, 2.25))]
    assert seen == [((0, 0.25), (1.25, 1.75))]


def test_only_those_that_asked_get_steps(clock):
    async def main():
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
        return around, timeline, inside, again

    around, timeline, inside, again = clock.run(main())
    assert [task.steps for task in around.tasks] == [()] * 5
    assert around.tasks.steps is inside.tasks.steps is None
    assert [task.steps for task in timeline.tasks] == [((0, 0.25), (1.25, 1.75)), ((1.75, 2),)]
    assert [task.steps for task in inside.tasks] == [()]
    assert [task.steps for task in again.tasks] == [((0, 0.25), (1.25, 1.75))]


def test_timelines_in_turns_keep_to_their_own(clock):
    async def main():
        async def one(first, second):
            async with Timeline(steps=True) as timeline:
                for _ in range(2):
                    await asyncio.create_task(work(clock, first, second))
            return [task.steps for task in timeline.tasks]

        return await asyncio.gather(one(0.25, 0), one(0, 0))

    assert clock.run(main()) == [
        [((0, 0.25), (1.25, 1.25)), ((1.25, 1.5), (2.5, 2.5))],
        [((0.25, 0.25), (1.25, 1.25)), ((1.5, 1.5), (2.5, 2.5))],
    ]


def test_what_is_left_running_is_not_noted_any_more(clock):
    async def long():
        for _ in range(1_000):
            await asyncio.sleep(1)

    async def main():
        async with Timeline():
            async with Timeline(steps=True) as timeline:
                task = asyncio.create_task(long())
                await asyncio.sleep(1.5)
                waits = timeline._scope.recorder.moments.waits
            noted = len(waits.times)
            await asyncio.sleep(100)
            task.cancel()
            await asyncio.wait([task])
        return timeline, len(waits.times) - noted

    timeline, more = clock.run(main())
    assert [task.steps for task in timeline.tasks] == [((0, 0), (1, 1))]
    assert more == 0


def readers_factory(loop, coro, **options):
    return asyncio.Task(coro, loop=loop, **options)


def test_tasks_of_another_factory(clock):
    async def inside():
        await alone(work(clock, 0.25, 0.5))

    async def main():
        asyncio.get_running_loop().set_task_factory(readers_factory)
        async with Timeline(steps=True) as timeline:
            await inside()
        return [task.steps for task in timeline.tasks]

    assert clock.run(main()) == [((0, 0.25), (1.25, 1.75))]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
def test_eager_tasks_run_inside_the_step_that_makes_them(clock):
    async def parent():
        clock.block(0.25)
        child = asyncio.create_task(work(clock, 0.5, 0.25))
        clock.block(0.25)
        await child

    async def main():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        async with Timeline(steps=True) as timeline:
            await asyncio.create_task(parent())
        return [task.steps for task in timeline.tasks]

    assert clock.run(main()) == [((0, 1), (2, 2)), ((0.25, 0.75), (1.75, 2))]


def test_a_coroutine_that_has_begun_outside_of_its_task(clock):
    @types.coroutine
    def once():
        yield

    async def pausing():
        await once()
        clock.block(0.25)
        await asyncio.sleep(1)
        clock.block(0.5)

    async def inside():
        coroutine = pausing()
        coroutine.send(None)
        await alone(coroutine)

    assert steps_of(clock, inside) == [((0, 0.25), (1.25, 1.75))]


@pytest.mark.parametrize("wrong", [1, None, "yes"])
def test_steps_is_true_or_false(wrong):
    with pytest.raises(TypeError, match=r"steps is True or False, such as Timeline\(steps=True\)"):
        Timeline(steps=wrong)


# What is kept


class Thing:
    """An object of the reader's, whose end can be seen."""


def test_nothing_of_the_readers_is_kept_alive(way_of_watching):
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
def test_the_interpreter_reports_no_waits_once_nobody_wants_to_know():
    from workshop.recording import monitor

    monitoring = sys.monitoring

    def reported():
        return monitoring.get_events(monitor._tool), monitoring.get_local_events(monitor._tool, alone.__code__)

    async def main():
        async with Timeline():
            await asyncio.create_task(alone(asyncio.sleep(0)))
            before = reported()
            async with Timeline(steps=True):
                await asyncio.create_task(alone(asyncio.sleep(0)))
                during = reported()
            assert reported() == before != during

    asyncio.run(main())
    assert not any(monitoring.get_local_events(tool, alone.__code__) for tool in (3, 4, 5) if monitoring.get_tool(tool))
