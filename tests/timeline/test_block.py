"""A timeline's records say what the tasks of unmodified code did, to the moment, in both ways of watching.

All times are exact: the loop jumps over its waits, and the package reads the same clock.
"""

import asyncio
import contextvars
import csv
import dataclasses
import functools
import sys
import threading
from operator import attrgetter

import pytest

from workshop import Timeline, side_by_side
from workshop.timeline.records import TaskRecord

pytestmark = pytest.mark.usefixtures("way_of_watching")


async def sleeper(seconds, name):
    await asyncio.sleep(seconds)
    return name


async def failing(seconds):
    await asyncio.sleep(seconds)
    raise ValueError("burnt")


async def burnt():
    raise ValueError


async def starting_another(seconds):
    await asyncio.sleep(seconds)
    await asyncio.create_task(sleeper(seconds, "late"))


def record(name, created, started, finished, received, outcome="result"):
    return TaskRecord(name, created, started, finished, received, outcome)


def recorded(clock, inside, factory=None):
    """Run an async function inside a timeline, on a loop with a task factory, and return the timeline."""

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_task_factory(factory)
        async with Timeline() as timeline:
            await inside()
        assert loop.get_task_factory() is factory
        return timeline

    return clock.run(main())


def leaves(*records, factory=None, in_any_order=False):
    """Run a test inside a timeline, on a loop with a task factory; these are then the records, as they were created.

    In any order: as_completed creates the tasks for its coroutines so. Then the expected are in the order of names.
    """

    def decorate(test):
        @functools.wraps(test)
        def run(clock, **options):
            found = list(recorded(clock, functools.partial(test, clock, **options), factory).tasks)
            assert (sorted(found, key=lambda record: record.name) if in_any_order else found) == list(records)

        return run

    return decorate


# What starts and what receives tasks


@leaves(
    record("sleeper(1, 'B')", 0, 0, 1, 1),
    record("sleeper(2, 'C')", 0, 0, 2, 2),
    record("sleeper(4, 'A')", 0, 0, 4, 4),
    in_any_order=True,
)
async def test_a_plain_as_completed_loop_receives_each_result_when_it_is_ready(clock):
    for next_result in asyncio.as_completed([sleeper(4, "A"), sleeper(1, "B"), sleeper(2, "C")]):
        await next_result


@leaves(record("sleeper(1, 'A')", 0, 0, 1, 1), record("sleeper(1.25, 'B')", 0, 0, 1.25, 2))
async def test_a_busy_reader_of_as_completed_receives_later(clock):
    tasks = [asyncio.create_task(sleeper(1, "A")), asyncio.create_task(sleeper(1.25, "B"))]
    for next_result in asyncio.as_completed(tasks):
        await next_result
        await asyncio.sleep(1)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="as_completed takes async for since Python 3.13")
@leaves(record("sleeper(1, 'B')", 0, 0, 1, 1.25), record("sleeper(2, 'A')", 0, 0, 2, 2.25), in_any_order=True)
async def test_async_for_over_as_completed_receives_where_the_task_is_awaited(clock):
    async for task in asyncio.as_completed([sleeper(2, "A"), sleeper(1, "B")]):
        await asyncio.sleep(0.25)
        await task


@leaves(
    record("sleeper(4, 'A')", 0, 0, 4, 4), record("sleeper(1, 'B')", 0, 0, 1, 4), record("sleeper(2, 'C')", 0, 0, 2, 4)
)
async def test_gather_receives_all_results_at_the_end(clock):
    await asyncio.gather(sleeper(4, "A"), sleeper(1, "B"), sleeper(2, "C"))


@leaves(record("sleeper(4, 'A')", 0, 0, None, None, "still running"), record("failing(1)", 0, 0, 1, 1, "exception"))
async def test_gather_receives_the_first_exception_at_once(clock):
    with pytest.raises(ValueError, match="burnt"):
        await asyncio.gather(sleeper(4, "A"), failing(1))


@leaves(record("sleeper(2, 'A')", 0, 0, 2, 2), record("failing(1)", 0, 0, 1, 2, "exception"))
async def test_gather_with_return_exceptions_receives_all_at_the_end(clock):
    results = await asyncio.gather(sleeper(2, "A"), failing(1), return_exceptions=True)
    assert results[0] == "A"
    assert repr(results[1]) == "ValueError('burnt')"


@leaves(record("sleeper(2, 'A')", 0, 0, 2, 3), record("sleeper(1, 'B')", 0, 0, 1, None))
async def test_results_of_a_task_group_are_received_when_they_are_asked_for(clock):
    async with asyncio.TaskGroup() as group:
        first = group.create_task(sleeper(2, "A"))
        group.create_task(sleeper(1, "B"))
    await asyncio.sleep(1)
    assert first.result() == "A"


@leaves(record("sleeper(4, 'A')", 0, 0, 1, None, "cancelled"), record("failing(1)", 0, 0, 1, 1, "exception"))
async def test_a_task_group_receives_an_exception_at_once_and_cancels_the_others(clock):
    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.TaskGroup() as group:
            group.create_task(sleeper(4, "A"))
            group.create_task(failing(1))
    assert [repr(error) for error in raised.value.exceptions] == ["ValueError('burnt')"]


@leaves(record("sleeper(2, 'A')", 0, 0, None, None, "still running"), record("sleeper(1, 'A')", 0, 0, 1, 1.5))
async def test_wait_receives_nothing_by_itself(clock):
    tasks = [asyncio.create_task(sleeper(seconds, "A")) for seconds in (2, 1)]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    assert done == {tasks[1]}
    await asyncio.sleep(0.5)
    assert tasks[1].result() == "A"


@leaves(record("sleeper(1, 'A')", 0, 0, 1, 1))
async def test_wait_for_receives_the_result_in_time(clock):
    assert await asyncio.wait_for(asyncio.create_task(sleeper(1, "A")), timeout=2) == "A"


def test_wait_for_cancels_what_takes_too_long(clock):
    async def inside():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.create_task(sleeper(3, "A")), timeout=2)

    (task,) = recorded(clock, inside).tasks
    assert (task.started, task.finished, task.outcome) == (0, 2, "cancelled")


@leaves(record("sleeper(3, 'A')", 0, 0, 2, None, "cancelled"), record("sleeper(1, 'B')", 0, 0, 1, None))
async def test_timeout_around_gather_cancels_its_tasks(clock):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await asyncio.gather(sleeper(3, "A"), sleeper(1, "B"))


@leaves(
    record("sleeper(1, 'B')", 0, 0, 1, 1),
    record("sleeper(3, 'A')", 0, 0, None, None, "still running"),
    in_any_order=True,
)
async def test_timeout_of_as_completed_leaves_tasks_running(clock):
    with pytest.raises(TimeoutError):
        for next_result in asyncio.as_completed([sleeper(3, "A"), sleeper(1, "B")], timeout=2):
            await next_result


@leaves(record("sleeper(1, 'A')", 0, 0, 1, 1))
async def test_a_shielded_task_is_received_through_its_shield(clock):
    assert await asyncio.shield(sleeper(1, "A")) == "A"


@leaves(record("sleeper(1, 'A')", 0, 0, 1, 1))
async def test_the_first_receipt_counts(clock):
    task = asyncio.create_task(sleeper(1, "A"))
    await task
    await asyncio.sleep(1)
    await task
    task.result()


@leaves(record("sleeper(1, 'A')", 0, 0, 1, None))
async def test_asking_too_early_receives_nothing(clock):
    task = asyncio.create_task(sleeper(1, "A"))
    for ask in (task.result, task.exception):
        with pytest.raises(asyncio.InvalidStateError):
            ask()
    await asyncio.wait([task])


@leaves(record("sleeper(2, 'A')", 0, 0, 2, None))
async def test_an_impatient_reader_who_was_cancelled_received_nothing(clock):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await asyncio.shield(asyncio.create_task(sleeper(2, "A")))
    await asyncio.sleep(2)


@leaves(record("parent()", 0, 0, 3, 3), record("sleeper(2, 'child')", 1, 1, 3, 3))
async def test_tasks_made_inside_tasks_are_recorded_too(clock):
    async def parent():
        await asyncio.sleep(1)
        return await asyncio.create_task(sleeper(2, "child"))

    await asyncio.create_task(parent())


@leaves(record("sleeper(1, 'A')", 1, 1, 2, 2))
async def test_tasks_made_by_callbacks_of_the_block_are_recorded_too(clock):
    tasks = []
    asyncio.get_running_loop().call_later(1, lambda: tasks.append(asyncio.create_task(sleeper(1, "A"))))
    await asyncio.sleep(1.5)
    await tasks[0]


# How tasks begin and end


@leaves(record("sleeper(1, 'A')", 0, 0.5, 1.5, 1.5))
async def test_a_task_starts_when_the_loop_is_free_not_when_it_is_made(clock):
    task = asyncio.create_task(sleeper(1, "A"))
    clock.block(0.5)
    await task


@leaves(record("blocking(4)", 0, 0, 4, 7), record("blocking(1)", 0, 4, 5, 7), record("blocking(2)", 0, 5, 7, 7))
async def test_blocking_tasks_finish_one_after_another_each_at_its_own_time(clock):
    async def blocking(seconds):
        clock.block(seconds)

    await asyncio.gather(blocking(4), blocking(1), blocking(2))


@leaves(record("sleeper(1, 'A')", 0, 0, 1.5, 1.5))
async def test_a_finish_is_noted_when_the_code_ends_and_not_when_the_loop_comes_round(clock):
    task = asyncio.create_task(sleeper(1, "A"))
    asyncio.get_running_loop().call_later(1, clock.block, 0.5)  # comes after the sleeper, in the same round
    await task


@leaves(record("burnt()", 0, 0, 0, 0, "exception"))
async def test_a_task_that_raises_an_exception_right_away(clock):
    with pytest.raises(ValueError):
        await asyncio.create_task(burnt())


@leaves(record("sleeper(1, 'A')", 0, None, 0, 0, "cancelled"))
async def test_a_task_cancelled_before_it_starts(clock):
    task = asyncio.create_task(sleeper(1, "A"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@leaves(record("sleeper(2, 'A')", 0, 0, 1, None, "cancelled"))
async def test_a_task_cancelled_while_it_waits(clock):
    task = asyncio.create_task(sleeper(2, "A"))
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.wait([task])


@leaves(record("stubborn()", 0, 0, 2, 2))
async def test_a_task_that_swallows_its_cancellation_returns_a_result(clock):
    async def stubborn():
        try:
            await asyncio.sleep(4)
        except asyncio.CancelledError:
            await asyncio.sleep(1)
        return "done"

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(1)
    task.cancel()
    assert await task == "done"


@leaves(record("giving_up()", 0, 0, 0, None, "cancelled"))
async def test_a_task_that_cancels_itself_and_returns_counts_as_cancelled(clock):
    async def giving_up():
        asyncio.current_task().cancel()

    task = asyncio.create_task(giving_up())
    await asyncio.wait([task])
    assert task.cancelled()


@leaves(record("complaining()", 0, 0, 1, 1, "exception"))
async def test_a_task_that_turns_its_cancellation_into_an_exception(clock):
    async def complaining():
        try:
            await asyncio.sleep(4)
        except asyncio.CancelledError:
            raise ValueError("not now") from None

    task = asyncio.create_task(complaining())
    await asyncio.sleep(1)
    task.cancel()
    assert str((await asyncio.gather(task, return_exceptions=True))[0]) == "not now"


@pytest.mark.parametrize("read_at_once", [True, False])
async def test_tasks_that_outlive_the_block_stay_open_in_its_records(clock, read_at_once):
    expected = [
        record("sleeper(2, 'A')", 0, 0, None, None, "still running"),
        record("failing(3)", 0, 0, None, None, "still running"),
        record("sleeper(0, 'not begun')", 1, None, None, None, "still running"),
    ]
    async with Timeline() as timeline:
        tasks = [asyncio.create_task(sleeper(2, "A")), asyncio.create_task(failing(3))]
        await asyncio.sleep(1)
        tasks.append(asyncio.create_task(sleeper(0, "not begun")))
    at_the_end = list(timeline.tasks) if read_at_once else expected
    await asyncio.gather(*tasks, return_exceptions=True)
    tasks[0].set_name("renamed")
    assert list(timeline.tasks) == at_the_end == expected
    assert timeline.tasks.ended == 1


@leaves(record("countdown(2)", 0, 0, 3, 3), record("countdown(0)", 0, 0, 1, 3))
async def test_the_same_function_awaited_inside_its_own_task(clock):
    async def countdown(number):
        await asyncio.sleep(1)
        if number:
            await countdown(number - 1)

    await asyncio.gather(countdown(2), countdown(0))


@leaves(record("attempt(1)", 0, 0, 3, 3))
async def test_the_same_function_failing_inside_its_own_task_which_goes_on(clock):
    async def attempt(number):
        await asyncio.sleep(1)
        if number == 0:
            raise ValueError
        try:
            await attempt(number - 1)
        except ValueError:
            await asyncio.sleep(1)

    await asyncio.create_task(attempt(1))


@leaves(record("two_steps()", 0, 0, 1, 1))
async def test_a_coroutine_that_has_begun_outside_of_its_task(clock):
    async def two_steps():
        await asyncio.sleep(0)
        await asyncio.sleep(1)
        return "done"

    coroutine = two_steps()
    coroutine.send(None)
    assert await asyncio.create_task(coroutine) == "done"


def test_a_coroutine_that_has_ended_already_fails_as_ever(clock):
    async def inside():
        coroutine = sleeper(0, "A")
        await coroutine
        with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
            await asyncio.create_task(coroutine)

    (task,) = recorded(clock, inside).tasks
    assert (task.finished, task.received, task.outcome) == (0, 0, "exception")


@pytest.mark.parametrize("wrong", [5, None, "sleeper", sleeper], ids=["number", "None", "text", "function"])
@leaves()
async def test_what_is_no_coroutine_is_not_recorded(clock, wrong):
    with pytest.raises(TypeError):
        await asyncio.create_task(wrong)


# Whose tasks


def test_nothing_started_nothing_recorded(clock):
    async def inside():
        await sleeper(1, "awaited, not a task")

    timeline = recorded(clock, inside)
    assert list(timeline.tasks) == []
    assert "run_in_executor makes a future" in str(timeline)


async def test_tasks_that_the_block_did_not_start_are_not_recorded(clock):
    outside = contextvars.copy_context()
    earlier = asyncio.create_task(starting_another(1))
    await asyncio.sleep(0)
    others = []
    async with Timeline() as timeline:
        asyncio.get_running_loop().call_soon(
            lambda: others.append(asyncio.create_task(sleeper(1, "of another context"))), context=outside
        )
        await sleeper(1, "awaited")
        await asyncio.create_task(sleeper(1, "mine"))
    later = asyncio.create_task(sleeper(0, "later"))
    await asyncio.gather(earlier, later, *others)
    assert len(others) == 1
    assert list(timeline.tasks) == [record("sleeper(1, 'mine')", 1, 1, 2, 2)]


async def test_what_is_started_in_a_block_inside_belongs_to_both(clock):
    async with Timeline("outer") as outer:
        await asyncio.create_task(sleeper(1, "before"))
        async with Timeline("inner") as inner:
            await asyncio.create_task(sleeper(1, "inside"))
        await asyncio.create_task(sleeper(1, "after"))
    assert list(outer.tasks) == [
        record("sleeper(1, 'before')", 0, 0, 1, 1),
        record("sleeper(1, 'inside')", 1, 1, 2, 2),
        record("sleeper(1, 'after')", 2, 2, 3, 3),
    ]
    assert list(inner.tasks) == [record("sleeper(1, 'inside')", 0, 0, 1, 1)]


async def test_a_task_of_a_block_inside_that_goes_on_after_it(clock):
    async with Timeline() as outer:
        async with Timeline() as inner:
            task = asyncio.create_task(starting_another(1))
        await task
    assert list(outer.tasks) == [record("starting_another(1)", 0, 0, 2, 2), record("sleeper(1, 'late')", 1, 1, 2, 2)]
    assert list(inner.tasks) == [record("starting_another(1)", 0, None, None, None, "still running")]


async def test_timelines_of_sibling_tasks_keep_to_their_own(clock):
    async def one(name, delay):
        await asyncio.sleep(delay)
        async with Timeline(name) as timeline:
            for _ in range(2):
                task = asyncio.create_task(sleeper(1, name), name=name)
                await task
                task.set_name(f"{name} done")
        return timeline

    async with Timeline() as outer:
        first, second = await asyncio.gather(one("A", 0), one("B", 0.5))
    for name, timeline in (("A done", first), ("B done", second)):
        assert list(timeline.tasks) == [record(name, 0, 0, 1, 1), record(name, 1, 1, 2, 2)]
    assert [task.name for task in outer.tasks[2:]] == ["A done", "B done", "A done", "B done"]


async def test_timelines_may_end_in_any_order(clock):
    first, second = Timeline(), Timeline()
    await first.__aenter__()
    await second.__aenter__()
    await asyncio.create_task(sleeper(1, "both"))
    await first.__aexit__(None, None, None)
    await asyncio.create_task(sleeper(1, "second only"))
    await second.__aexit__(None, None, None)
    assert "create_task" not in vars(asyncio.get_running_loop())
    await asyncio.create_task(sleeper(1, "neither"))
    assert [task.name for task in first.tasks] == ["sleeper(1, 'both')"]
    assert [task.name for task in second.tasks] == ["sleeper(1, 'both')", "sleeper(1, 'second only')"]


async def test_a_block_left_by_an_exception_has_its_records_and_the_loop_is_as_before(clock):
    timeline = Timeline()
    with pytest.raises(ValueError, match="burnt"):
        async with timeline:
            await asyncio.create_task(failing(1))
    assert "create_task" not in vars(asyncio.get_running_loop())
    assert list(timeline.tasks) == [record("failing(1)", 0, 0, 1, 1, "exception")]


def test_two_loops_in_two_threads_record_their_own():
    both_inside = threading.Barrier(2, timeout=30)
    timelines = {}

    async def main(name):
        async with Timeline(name) as timeline:
            both_inside.wait()
            await asyncio.gather(*(sleeper(0, name) for _ in range(100)))
            both_inside.wait()
        timelines[name] = timeline

    threads = [threading.Thread(target=asyncio.run, args=[main(name)]) for name in "AB"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in "AB":
        assert {(task.name, task.outcome) for task in timelines[name].tasks} == {(f"sleeper(0, '{name}')", "result")}
        assert len(timelines[name].tasks) == 100


async def test_a_loop_started_by_a_thread_of_the_block_is_not_recorded():
    async def other_loop():
        return await asyncio.create_task(sleeper(0, "A"))

    async with Timeline() as timeline:
        assert await asyncio.to_thread(asyncio.run, other_loop()) == "A"
        assert await asyncio.get_running_loop().run_in_executor(None, len, "a future, not a task") == 20
    assert list(timeline.tasks) == []


# Other task factories


class ReadersTask(asyncio.Task):
    """A task class of the reader's own."""

    result_of_my_method = "mine"

    def my_method(self):
        return self.result_of_my_method


def making_readers_tasks(loop, coro, **options):
    return ReadersTask(coro, loop=loop, **options)


def making_plain_tasks(loop, coro, **options):
    return asyncio.Task(coro, loop=loop, **options)


@pytest.mark.parametrize("factory", [making_readers_tasks, making_plain_tasks])
def test_tasks_of_another_factory_are_recorded(clock, factory):
    async def inside():
        for next_result in asyncio.as_completed([sleeper(2, "A"), sleeper(1, "B")]):
            await next_result
        await asyncio.gather(sleeper(1, "C"), sleeper(2, "D"))
        with pytest.raises(ValueError):
            await asyncio.gather(failing(1))

    assert sorted(recorded(clock, inside, factory).tasks, key=attrgetter("created", "name")) == [
        record("sleeper(1, 'B')", 0, 0, 1, 1),
        record("sleeper(2, 'A')", 0, 0, 2, 2),
        record("sleeper(1, 'C')", 2, 2, 3, 4),
        record("sleeper(2, 'D')", 2, 2, 4, 4),
        record("failing(1)", 4, 4, 5, 5, "exception"),
    ]


@leaves(record("sleeper(1, 'A')", 0, 0, 1, 2), factory=making_readers_tasks)
async def test_an_await_of_a_readers_own_task_is_a_receipt(clock):
    task = asyncio.create_task(sleeper(1, "A"))
    await asyncio.sleep(2)
    assert await task == "A"


@leaves(record("still mine", 0, 0, 1, None), factory=making_plain_tasks)
async def test_plain_tasks_of_another_factory_keep_their_coroutine_and_tell_their_names(clock):
    coroutine = sleeper(1, "A")
    task = asyncio.create_task(coroutine, name="mine")
    assert type(task) is asyncio.Task
    assert task.get_coro() is coroutine
    task.set_name("still mine")
    assert task.get_name() == "still mine"
    await asyncio.wait([task])


EAGER = getattr(asyncio, "eager_task_factory", None)
READERS_EAGER = EAGER and asyncio.create_eager_task_factory(ReadersTask)
needs_eager_tasks = pytest.mark.skipif(EAGER is None, reason="eager tasks are new in Python 3.12")


@needs_eager_tasks
@leaves(record("sleeper(1, 'A')", 0, 0, 1, 1), factory=EAGER)
async def test_eager_tasks_start_when_they_are_made(clock):
    task = asyncio.create_task(sleeper(1, "A"))
    clock.block(0.5)
    assert await task == "A"


@needs_eager_tasks
@leaves(record("cached()", 0, 0, 0, 1), factory=EAGER)
async def test_eager_tasks_may_end_when_they_are_made(clock):
    async def cached():
        return "known"

    task = asyncio.create_task(cached())
    assert task.done()
    await asyncio.sleep(1)
    assert task.result() == "known"


@needs_eager_tasks
@pytest.mark.parametrize("factory", [EAGER, READERS_EAGER], ids=["", "a reader's own"])
def test_gather_receives_eager_tasks_at_the_end(clock, factory):
    async def inside():
        await asyncio.gather(sleeper(2, "A"), sleeper(1, "B"))

    assert list(recorded(clock, inside, factory).tasks) == [
        record("sleeper(2, 'A')", 0, 0, 2, 2),
        record("sleeper(1, 'B')", 0, 0, 1, 2),
    ]


@needs_eager_tasks
@leaves(record("burnt()", 0, 0, 0, 0, "exception"), factory=EAGER)
async def test_eager_tasks_may_fail_when_they_are_made(clock):
    with pytest.raises(ValueError):
        await asyncio.create_task(burnt())


@needs_eager_tasks
@leaves(record("self-made", 0, 0, 1, 1), record("sleeper(1, 'child')", 0, 0, 1, 1), factory=EAGER)
async def test_eager_tasks_know_themselves_while_they_are_being_made(clock):
    async def introspective():
        task = asyncio.current_task()
        task.set_name("self-made")
        assert (type(task).__name__, task.get_name(), task.done()) == ("Task", "self-made", False)
        assert task.get_coro().__name__ == "introspective"
        with pytest.raises(asyncio.InvalidStateError):
            task.result()
        return await asyncio.create_task(sleeper(1, "child"))

    await asyncio.create_task(introspective())


async def test_tasks_of_a_factory_that_the_code_inside_sets_are_recorded_and_it_is_kept(clock):
    loop = asyncio.get_running_loop()
    async with Timeline() as timeline:
        await asyncio.create_task(sleeper(1, "A"))
        loop.set_task_factory(making_readers_tasks)
        task = asyncio.create_task(sleeper(1, "B"))
        assert task.my_method() == "mine"
        await task
    assert loop.get_task_factory() is making_readers_tasks
    assert list(timeline.tasks) == [
        record("sleeper(1, 'A')", 0, 0, 1, 1),
        record("sleeper(1, 'B')", 1, 1, 2, 2),
    ]


async def test_a_factory_that_passes_on_to_the_one_before_goes_on_working(clock):
    made = []
    loop = asyncio.get_running_loop()
    loop.set_task_factory(making_readers_tasks)
    async with Timeline() as timeline:
        before = loop.get_task_factory()

        def around(*arguments, **options):
            made.append(len(made))
            return before(*arguments, **options)

        loop.set_task_factory(around)
        await asyncio.create_task(sleeper(1, "A"))
    await asyncio.create_task(sleeper(1, "unrecorded"))
    async with Timeline() as later:
        await asyncio.gather(sleeper(1, "B"))
    assert loop.get_task_factory() is around
    assert len(made) == 3
    assert list(timeline.tasks) == [record("sleeper(1, 'A')", 0, 0, 1, 1)]
    assert list(later.tasks) == [record("sleeper(1, 'B')", 0, 0, 1, 1)]


async def test_a_create_task_that_wraps_the_timelines_is_kept_and_goes_on_working(clock):
    made = []
    loop = asyncio.get_running_loop()
    async with Timeline() as outer:
        around = loop.create_task

        @functools.wraps(around)
        def wrapper(*arguments, **options):
            made.append(len(made))
            return around(*arguments, **options)

        loop.create_task = wrapper
        await asyncio.create_task(sleeper(1, "A"))
        async with Timeline() as inner:
            await asyncio.create_task(sleeper(1, "B"))
    assert loop.create_task is wrapper
    await asyncio.create_task(sleeper(1, "unrecorded"))
    async with Timeline() as later:
        await asyncio.gather(sleeper(1, "C"))
    assert loop.create_task is wrapper
    assert len(made) == 4
    assert list(outer.tasks) == [record("sleeper(1, 'A')", 0, 0, 1, 1), record("sleeper(1, 'B')", 1, 1, 2, 2)]
    assert list(inner.tasks) == [record("sleeper(1, 'B')", 0, 0, 1, 1)]
    assert list(later.tasks) == [record("sleeper(1, 'C')", 0, 0, 1, 1)]


async def test_an_unknown_wrapper_around_the_timelines_create_task_and_a_block_inside(clock):
    loop = asyncio.get_running_loop()
    async with Timeline() as outer:
        await asyncio.create_task(sleeper(1, "A"))
        around = loop.create_task
        loop.create_task = lambda *arguments, **options: around(*arguments, **options)
        async with Timeline() as inner:
            await asyncio.create_task(sleeper(1, "B"))
            await asyncio.create_task(sleeper(1, "C"))
    assert list(inner.tasks) == [record("sleeper(1, 'B')", 0, 0, 1, 1), record("sleeper(1, 'C')", 1, 1, 2, 2)]
    assert [(task.finished, task.received, task.outcome) for task in outer.tasks] == [
        (1, 1, "result"),
        (2, 2, "result"),
        (3, 3, "result"),
    ]


async def test_the_timelines_create_task_put_back_after_its_block_does_no_harm(clock):
    loop = asyncio.get_running_loop()
    async with Timeline():
        left_behind = loop.create_task
    loop.create_task = left_behind
    await asyncio.create_task(sleeper(1, "unrecorded"))
    async with Timeline() as timeline:
        await asyncio.create_task(sleeper(1, "A"))
    assert list(timeline.tasks) == [record("sleeper(1, 'A')", 0, 0, 1, 1)]


def test_a_create_task_that_passes_the_timeline_by_is_told(clock):
    async def inside():
        loop = asyncio.get_running_loop()
        loop.create_task = functools.partial(making_plain_tasks, loop)
        await asyncio.create_task(sleeper(1, "A"))

    assert str(recorded(clock, inside)).splitlines() == [
        "No task was seen in this block.",
        "The loop's create_task was replaced inside the block: no task made since then is seen.",
    ]


@pytest.mark.parametrize("factory", [None, making_readers_tasks])
def test_a_loop_with_a_create_task_of_its_own(clock, factory, monkeypatch):
    def create_task(self, coro, **options):
        made.append(coro.__qualname__)
        return original(self, coro, **options)

    async def inside():
        for next_result in asyncio.as_completed([sleeper(2, "A"), sleeper(1, "B")]):
            await next_result
        task = asyncio.create_task(sleeper(1, "C"), name="named")
        await asyncio.sleep(2)
        await task

    made, original = [], asyncio.BaseEventLoop.create_task
    monkeypatch.setattr(asyncio.BaseEventLoop, "create_task", create_task)
    assert sorted(recorded(clock, inside, factory).tasks, key=attrgetter("name")) == [
        record("named", 2, 2, 3, 4),
        record("sleeper(1, 'B')", 0, 0, 1, 1),
        record("sleeper(2, 'A')", 0, 0, 2, 2),
    ]
    assert made.count("sleeper") == 3


class OutOfReach(asyncio.Task):
    """Refuses subclasses, and attributes that it does not know."""

    def __init_subclass__(cls, **options):
        raise TypeError("final")

    def __setattr__(self, name, value):
        if not hasattr(type(self), name):
            raise AttributeError(name)
        super().__setattr__(name, value)


class NoTask(asyncio.Future):
    """A future that takes the name which Python 3.13.0 gives to everything that a factory makes."""

    def set_name(self, name):
        self.name = name


def making_unreachable_tasks(loop, coro, **options):
    return OutOfReach(coro, loop=loop, **options)


def making_futures(loop, coro, **options):
    def done(task):
        future.set_result(task.result())

    future = NoTask(loop=loop)
    asyncio.Task(coro, loop=loop).add_done_callback(done)
    return future


HIDDEN = 'Where "received" says "-", an await may be missing: a task factory makes tasks that hide it.'


@pytest.mark.parametrize("factory", [making_plain_tasks, making_unreachable_tasks, making_futures])
def test_of_tasks_that_refuse_to_be_watched_what_can_be_seen_is_recorded_and_the_rest_said(clock, factory):
    async def inside():
        task = asyncio.get_running_loop().create_task(sleeper(1, "A"))
        await asyncio.sleep(2)
        assert await task == "A"

    timeline = recorded(clock, inside, factory)
    assert list(timeline.tasks) == [record("sleeper(1, 'A')", 0, 0, 1, None)]
    assert str(timeline).splitlines()[-1] == HIDDEN
    assert HIDDEN in timeline._repr_mimebundle_()[1]["image/svg+xml"]["alt"]


@pytest.mark.parametrize("factory", [making_plain_tasks, making_unreachable_tasks])
def test_nothing_is_said_where_nothing_was_missed(clock, factory):
    async def inside():
        await asyncio.gather(sleeper(1, "A"), sleeper(2, "B"))

    timeline = recorded(clock, inside, factory)
    assert [task.received for task in timeline.tasks] == [2, 2]
    assert HIDDEN not in str(timeline)


@leaves(record("sleeper(1, 'A')", 0, 0, 1, 1))
async def test_a_factory_that_fails_leaves_no_record(clock):
    def failing_late(loop, coro, **options):
        made.append(asyncio.Task(coro, loop=loop))
        raise ValueError("after making it")

    made, loop = [], asyncio.get_running_loop()
    loop.set_task_factory(failing_late)
    with pytest.raises(ValueError):
        made.append(asyncio.create_task(sleeper(3, "lost")))
    loop.set_task_factory(None)
    await asyncio.create_task(sleeper(1, "A"))
    await made[0]


@leaves(record("sleeper(1, 'made by str')", 0, 0, 1, None))
async def test_a_name_that_cannot_be_told_leaves_no_record(clock):
    class Nameless:
        def __str__(self):
            made.append(asyncio.create_task(sleeper(1, "made by str")))
            raise ValueError("no name")

    made, coroutine = [], sleeper(1, "A")
    with pytest.raises(ValueError, match="no name"):
        asyncio.get_running_loop().create_task(coroutine, name=Nameless())
    coroutine.close()
    await asyncio.sleep(2)


@leaves()
async def test_tasks_made_by_asyncios_class_itself_are_not_recorded(clock):
    await asyncio.Task(sleeper(1, "not asked of the loop"))


@leaves(
    record("parent()", 0, 0, 2, 2),
    record("sleeper(1, 'child')", 0, 0, 1, 1),
    record("sleeper(1, 'another')", 1, 1, 2, 2),
)
async def test_what_a_task_with_an_empty_context_starts_is_recorded(clock):
    async def parent():
        await asyncio.create_task(sleeper(1, "child"), context=contextvars.Context())
        await asyncio.create_task(sleeper(1, "another"))

    await asyncio.create_task(parent(), context=contextvars.Context())


async def test_a_coroutine_handed_over_by_a_thread_of_to_thread_is_recorded_one_of_an_executor_is_not():
    def hand_over(name):
        return asyncio.run_coroutine_threadsafe(sleeper(0, name), loop).result(timeout=30)

    loop = asyncio.get_running_loop()
    async with Timeline() as timeline:
        assert await asyncio.to_thread(hand_over, "A") == "A"
        assert await loop.run_in_executor(None, hand_over, "B") == "B"
    assert [task.name for task in timeline.tasks] == ["sleeper(0, 'A')"]


@leaves(record("sleeper(1, 'A')", 0, 0, 1, 1), record("sleeper(1, 'B')", 1, 1, 2, 2))
async def test_current_task_may_be_replaced_at_any_time(clock, monkeypatch):
    """As trio_asyncio does, whose loops asyncio's own function does not know."""
    original = asyncio.current_task
    await asyncio.create_task(sleeper(1, "A"))
    with monkeypatch.context() as replaced:
        replaced.setattr(asyncio, "current_task", lambda loop=None: original(loop))
        await asyncio.create_task(sleeper(1, "B"))


@pytest.mark.parametrize(("ending", "outcome"), [(asyncio.sleep, "result"), (failing, "exception")])
def test_an_end_that_nobody_saw_is_unknown_and_its_outcome_what_the_task_says(
    clock, monkeypatch, request, ending, outcome
):
    async def inside():
        task = asyncio.create_task(ending(1))
        with monkeypatch.context() as replaced:
            replaced.setattr(asyncio, "current_task", lambda loop=None: None)
            await asyncio.wait([task])
        await asyncio.sleep(1)
        await asyncio.gather(task, return_exceptions=True)

    (task,) = recorded(clock, inside).tasks
    seen = request.node.callspec.params["way_of_watching"] == "wrapped"
    assert (task.started, task.finished) == ((0, 1) if seen else (None, None))
    assert (task.received, task.outcome) == (2, outcome)


# The timeline itself


async def test_the_block_may_be_entered_again_and_then_holds_the_new_records(clock):
    timeline = Timeline()
    for name in "AB":
        async with timeline:
            await asyncio.create_task(sleeper(1, name))
        assert list(timeline.tasks) == [record(f"sleeper(1, '{name}')", 0, 0, 1, 1)]


async def test_inside_the_block_the_records_tell_how_far_the_tasks_are(clock):
    async with Timeline() as timeline:
        assert list(timeline.tasks) == []
        task = asyncio.create_task(sleeper(2, "A"))
        await asyncio.sleep(1)
        assert list(timeline.tasks) == [record("sleeper(2, 'A')", 0, 0, None, None, "still running")]
        assert timeline.tasks.ended == 1
        assert str(timeline).splitlines()[-2:] == ["Still running: sleeper(2, 'A').", "The block has not ended."]
        await task
        assert list(timeline.tasks) == [record("sleeper(2, 'A')", 0, 0, 2, 2)]
        assert str(timeline).splitlines()[-1] == "The block has not ended."
    assert "ended" not in str(timeline)


async def test_entering_a_timeline_twice_at_once_says_what_to_do(clock):
    async with Timeline() as timeline:
        with pytest.raises(RuntimeError, match=r"recording already: make another with Timeline\(\)"):
            async with timeline:
                pass
        await asyncio.create_task(sleeper(1, "A"))
    assert len(timeline.tasks) == 1


def test_a_plain_with_says_what_to_write():
    with pytest.raises(TypeError, match="async with Timeline"), Timeline():
        pass


@pytest.mark.parametrize("title", [None, 5, ["gather"]], ids=repr)
def test_a_title_that_is_not_text_is_refused(title):
    with pytest.raises(TypeError, match=f"title is text.*not {type(title).__name__}"):
        Timeline(title)


@pytest.mark.parametrize("wrong", [(), ("gather",), ([Timeline(), Timeline()],)], ids=repr)
def test_side_by_side_takes_timelines_only(wrong):
    with pytest.raises(TypeError, match=r"side_by_side\(first, second\)"):
        side_by_side(*wrong)


@pytest.fixture
def timeline(clock):
    async def main():
        async with Timeline("two sleepers") as timeline:
            await asyncio.gather(sleeper(2, "A"), sleeper(1, "B"))
        return timeline

    return clock.run(main())


def test_repr_is_short_and_str_is_the_table(timeline):
    assert repr(timeline) == "<Timeline 'two sleepers': 2 tasks>"
    assert str(timeline).splitlines()[0] == "two sleepers"
    assert str(timeline).splitlines()[2].split() == [*["sleeper(2,", "'A')", "0.00", "0.00", "2.00", "2.00"], "result"]
    assert repr(side_by_side(timeline, timeline)) == "<2 timelines side by side>"
    assert str(side_by_side(timeline, timeline)) == f"{timeline}\n\n{timeline}"


def test_a_timeline_shows_itself_as_a_picture_with_alt_text_and_a_table(timeline):
    for shown, panels in ((timeline, 1), (side_by_side(timeline, timeline), 2)):
        data, metadata = shown._repr_mimebundle_(include=None, exclude=None)
        assert set(data) == {"text/plain", "text/html", "image/svg+xml"}
        assert data["text/plain"] == str(shown)
        assert data["image/svg+xml"].count(">two sleepers</tspan>: first result after 2.00 s") == panels
        assert metadata["image/svg+xml"]["alt"].count("two sleepers: 2 tasks over 2.00 seconds.") == panels


def test_plot_draws_on_the_axes_it_is_given_or_on_new_ones(timeline):
    from matplotlib import pyplot as plt

    ax = plt.figure().subplots()
    assert timeline.plot(ax) is ax
    assert ax.get_title(loc="left") == "two sleepers"
    new = timeline.plot()
    assert new is not ax
    assert new.figure is not ax.figure
    plt.close("all")


def test_a_deadline_is_in_the_picture_the_table_and_the_alt_text(clock):
    from matplotlib import pyplot as plt

    async def main(deadline):
        async with Timeline(f"deadline {deadline}", deadline=deadline) as timeline:
            await asyncio.gather(sleeper(2, "A"), sleeper(1, "B"))
        return timeline

    one, other = clock.run(main(1.5)), clock.run(main(0.5))
    assert one.deadline == 1.5
    assert str(one).splitlines()[-1] == "Unfinished at the deadline, 1.5 s: sleeper(2, 'A')."
    data, metadata = side_by_side(one, other)._repr_mimebundle_()
    for words in (data["text/plain"], metadata["image/svg+xml"]["alt"]):
        assert "Unfinished at the deadline, 1.5 s: sleeper(2, 'A')." in words
        assert "Unfinished at the deadline, 0.5 s: sleeper(2, 'A'), sleeper(1, 'B')." in words
    with_line = one._repr_mimebundle_()[0]["image/svg+xml"]
    one.deadline = None
    assert one._repr_mimebundle_()[0]["image/svg+xml"] != with_line
    assert "deadline 0.5 s" in other.plot().get_legend_handles_labels()[1]
    plt.close("all")


def test_records_can_be_exported_by_the_standard_library(clock, tmp_path):
    async def main():
        async with Timeline(steps=True) as timeline:
            tasks = [asyncio.create_task(sleeper(1, "Ä")), asyncio.create_task(sleeper(9, "B"))]
            await tasks[0]
        tasks[1].cancel()
        return timeline

    columns = ["name", "created", "started", "finished", "received", "outcome"]
    with (tmp_path / "tasks.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(dataclasses.asdict(task) for task in clock.run(main()).tasks)
    assert (tmp_path / "tasks.csv").read_text(encoding="utf-8").splitlines() == [
        "name,created,started,finished,received,outcome",
        "\"sleeper(1, 'Ä')\",0.0,0.0,1.0,1.0,result",
        "\"sleeper(9, 'B')\",0.0,0.0,,,still running",
    ]


async def test_a_block_tells_which_of_its_tasks_are_not_done(clock):
    before = asyncio.create_task(sleeper(1, "before"))
    async with Timeline() as timeline:
        short, long = asyncio.create_task(sleeper(0.25, "short")), asyncio.create_task(sleeper(0.75, "long"))
        assert set(timeline.unfinished()) == {short, long}
        await short
        assert timeline.unfinished() == [long]
    with pytest.raises(RuntimeError, match="call it inside the `async with` block"):
        timeline.unfinished()
    await asyncio.gather(before, long)
