"""Code inside a timeline notices nothing, other watchers of the interpreter neither, and nothing is kept alive."""

import asyncio
import contextlib
import contextvars
import gc
import inspect
import logging
import sys
import traceback
import tracemalloc
import weakref
from pathlib import Path

import pytest

from support.watching_ways import MONITORING
from workshop import Timeline

only_with_monitoring = pytest.mark.skipif(not MONITORING, reason="sys.monitoring is new in Python 3.12")


async def sleeper(seconds, name):
    await asyncio.sleep(seconds)
    return name


async def failing(seconds):
    await asyncio.sleep(seconds)
    raise ValueError("burnt", 5)


# Scenarios: each says in plain values all that the code inside can see. They are run bare and recorded.


async def results_and_order():
    seen = [await next_result for next_result in asyncio.as_completed([sleeper(s, s) for s in (0.5, 0.25, 1)])]
    seen += await asyncio.gather(*(sleeper(1 - s, s) for s in (0.5, 0.25, 1)))
    return seen


async def exceptions():
    seen = []
    task = asyncio.create_task(failing(0))
    for _ in range(2):
        try:
            await task
        except ValueError as error:
            seen += [type(error), error.args, error is task.exception(), error.__context__, error.__cause__]
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(failing(0), name="f")
            others = [group.create_task(sleeper(s, s)) for s in (0, 1)]
    except ExceptionGroup as errors:
        seen += [str(errors), [repr(error) for error in errors.exceptions]]
    return [*seen, [other.cancelled() for other in others]]


async def cancellation():
    seen = []

    async def stubborn():
        for _ in range(2):
            try:
                await asyncio.sleep(5)
            except asyncio.CancelledError as error:
                seen.append((asyncio.current_task().cancelling(), error.args))
        return asyncio.current_task().uncancel()

    task = asyncio.create_task(stubborn())
    for message in ("first", "second"):
        await asyncio.sleep(0.25)
        seen.append(task.cancel(message))
    seen += [await task, task.cancelling(), task.cancelled(), task.cancel()]
    never = asyncio.create_task(sleeper(1, "never"))
    never.cancel("at once")
    try:
        await never
    except asyncio.CancelledError as error:
        seen += [error.args, never.cancelled(), never.done()]
    try:
        await asyncio.wait_for(asyncio.create_task(sleeper(1, "late")), 0.5)
    except TimeoutError as error:
        seen += [type(error.__cause__)]
    return seen


async def names_and_looks():
    seen = []

    async def introspective():
        task = asyncio.current_task()
        return [
            type(task).__name__,
            type(task).__qualname__,
            type(task).__module__,
            type(task).__doc__,
            isinstance(task, asyncio.Task),
            task.get_coro().__qualname__,
            task.get_coro().cr_running,
            sys._getframe() is task.get_coro().cr_frame,
            task in asyncio.all_tasks(),
        ]

    first, second = asyncio.create_task(sleeper(0, "A")), asyncio.create_task(sleeper(0, "B"))
    numbers = [task.get_name().removeprefix("Task-") for task in (first, second)]
    # with a task factory, Python 3.13.0 calls every task "None"
    seen.append(int(numbers[1]) - int(numbers[0]) if numbers[0].isdigit() else numbers)
    first.set_name("first")
    coroutine = sleeper(0, "C")
    third = asyncio.create_task(coroutine, name=3)
    seen += [first.get_name(), third.get_name(), third.get_coro() is coroutine, repr(third)]
    seen.append([frame.f_code.co_name for frame in third.get_stack()])
    seen += await asyncio.create_task(introspective())
    await asyncio.wait([first, second, third])
    return [*seen, repr(third), third.get_coro() is coroutine]


async def context_variables():
    variable = contextvars.ContextVar("variable", default="unset")
    seen = []

    async def setting(value):
        seen.append(variable.get())
        variable.set(value)
        await asyncio.sleep(0)
        seen.append(variable.get())

    variable.set("outside")
    await asyncio.gather(setting("A"), setting("B"))
    other = contextvars.Context()
    await asyncio.create_task(setting("C"), context=other)
    return [*seen, variable.get(), other[variable], len(other)]


async def ways_to_end():
    async def returning_a_task():
        return asyncio.current_task()

    async def stopping():
        raise StopIteration("no")

    task = asyncio.create_task(returning_a_task())
    seen = [await task is task]
    (error,) = await asyncio.gather(stopping(), return_exceptions=True)
    return [*seen, type(error), str(error), type(error.__cause__)]


async def awaiting_itself():
    async def narcissist():
        await asyncio.current_task()

    (error,) = await asyncio.gather(narcissist(), return_exceptions=True)
    return [type(error), str(error).partition(" name=")[0]]


async def arguments_let_go():
    class Big:
        pass

    async def letting_go(big):
        reference = weakref.ref(big)
        del big
        await asyncio.sleep(0)
        return reference() is None

    return await asyncio.create_task(letting_go(Big()))


def frames_of(error):
    """Return where a traceback leads through, from its beginning to its end."""
    frames = traceback.extract_tb(error.__traceback__)
    return [type(error), *((frame.filename, frame.name, frame.lineno) for frame in frames)]


async def tracebacks():
    async def deeper(task):
        return await task

    async def awaiting_late(task):
        await asyncio.wait([task])
        return await task

    async def caught(awaitable):
        try:
            await awaitable
        except (ValueError, asyncio.CancelledError) as error:
            return frames_of(error)

    def answer(ask):
        try:
            ask()
        except (asyncio.InvalidStateError, asyncio.CancelledError) as error:
            return frames_of(error)

    tasks = [asyncio.create_task(failing(0)) for _ in range(4)]
    ways = (tasks[0], tasks[0], deeper(tasks[1]), awaiting_late(tasks[2]), asyncio.gather(failing(0)))
    seen = [await caught(awaitable) for awaitable in ways]
    seen.append(frames_of(tasks[3].exception()))
    never = asyncio.create_task(sleeper(1, "never"))
    waiting = asyncio.create_task(sleeper(1, "waiting"))
    await asyncio.sleep(0)
    never_begun = asyncio.create_task(sleeper(1, "never begun"))
    for task in (never, waiting, never_begun):
        task.cancel()
        seen += [answer(task.result), answer(task.exception), await caught(task)]
        seen += [answer(task.result), answer(task.exception)]
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(failing(0))
    except ExceptionGroup as errors:
        seen.append(frames_of(errors.exceptions[0]))
    assert None not in seen
    return seen


async def refused(*arguments, **options):
    """Return what a loop says to such a task, and how many tasks it leaves."""
    seen, before = [], asyncio.all_tasks()
    try:
        await asyncio.get_running_loop().create_task(*arguments, **options)
    except (TypeError, ValueError) as error:
        # asyncio's own frames are not there where its work was done here
        seen += [type(error), str(error)]
        seen += [frame for frame in frames_of(error)[1:] if "asyncio" not in Path(frame[0]).parts]
    left_behind = asyncio.all_tasks() - before
    for task in left_behind:
        task.cancel()
    for coroutine in filter(asyncio.iscoroutine, arguments):
        coroutine.close()
    await asyncio.sleep(0.25)
    return [*seen, len(left_behind)]


async def refusals():
    seen = [await refused(), await refused(None), await refused(sleeper, name="a function")]
    return [*seen, await refused(sleeper(0, "A"), unknown=1), await asyncio.create_task(sleeper(0, "accepted"))]


async def a_name_that_raises():
    class Nameless:
        def __str__(self):
            raise ValueError("no name")

    seen = await refused(sleeper(0, "A"), name=Nameless())
    task = asyncio.create_task(sleeper(0, "B"))
    try:
        task.set_name(Nameless())
    except ValueError as error:
        seen += frames_of(error)
    return [*seen, await task]


async def names_that_are_objects():
    class Counting:
        asked = 0

        def __str__(self):
            self.asked += 1
            return f"asked {self.asked}"

    seen, name = [], Counting()
    for create_task in (asyncio.create_task, asyncio.get_running_loop().create_task):
        task = create_task(sleeper(0, "A"), name=name)
        seen += [task.get_name(), name.asked]
        task.set_name(name)
        seen += [task.get_name(), name.asked]
        await task
    return seen


async def what_the_loop_says():
    loop = asyncio.get_running_loop()
    factory, create_task = loop.get_task_factory(), loop.create_task
    seen = [factory, loop._task_factory, getattr(factory, "__code__", None), type(loop)]
    seen += [create_task.__name__, create_task.__qualname__, create_task.__doc__, create_task.__self__ is loop]
    seen += [inspect.signature(create_task), repr(create_task).partition(" of ")[0], loop.create_task == create_task]

    def another(loop, coro, **options):
        made.append(coro.__qualname__)
        seen.append(loop.get_task_factory() is another)
        return asyncio.Task(coro, loop=loop, **options)

    made = []
    loop.set_task_factory(another)
    seen += [loop.get_task_factory() is another, await asyncio.create_task(sleeper(0, "A")), made]
    loop.set_task_factory(None)
    seen += [loop.get_task_factory(), await asyncio.create_task(sleeper(0, "B"))]
    loop.set_task_factory(factory)
    with pytest.raises(TypeError) as refused:
        loop.set_task_factory("none")
    return [*seen, str(refused.value), loop.get_task_factory(), await asyncio.create_task(sleeper(0, "C"))]


async def eagerness():
    seen = []

    async def telling(name):
        seen.append((name, "begins", type(asyncio.current_task()).__name__, asyncio.current_task().get_coro().__name__))
        await asyncio.sleep(0)
        seen.append((name, "ends"))

    async def immediate(name):
        seen.append((name, "runs"))
        raise ValueError(name)

    loop = asyncio.get_running_loop()
    ways = [{}, {"name": "named"}, {"eager_start": True}, {"eager_start": False}, {"eager_start": None}]
    for options in ways:
        coroutines = [telling(str(options)), immediate(str(options))]
        try:
            tasks = [loop.create_task(coroutine, **options) for coroutine in coroutines]
        except TypeError as error:
            seen += [type(error), str(error)]
            for coroutine in coroutines:
                coroutine.close()
        else:
            seen += ["made", [task.done() for task in tasks]]
            seen += map(str, await asyncio.gather(*tasks, return_exceptions=True))
    return seen


def plain_factory(loop, coro, **options):
    return asyncio.Task(coro, loop=loop, **options)


class ReadersTask(asyncio.Task):
    pass


def readers_factory(loop, coro, **options):
    return ReadersTask(coro, loop=loop, **options)


FACTORIES = [None, plain_factory, readers_factory]
if sys.version_info >= (3, 12):
    FACTORIES.append(asyncio.eager_task_factory)


def name_of(parameter):
    return getattr(parameter, "__name__", str(parameter))


SCENARIOS = [
    results_and_order,
    exceptions,
    cancellation,
    names_and_looks,
    context_variables,
    ways_to_end,
    awaiting_itself,
    arguments_let_go,
    tracebacks,
    refusals,
    a_name_that_raises,
    names_that_are_objects,
    what_the_loop_says,
    eagerness,
]


def bare_and_recorded(scenario, factory=None, steps=False):
    """Return a scenario on a loop with a task factory, without a timeline and inside one that sees tasks."""

    async def bare():
        asyncio.get_running_loop().set_task_factory(factory)
        return await scenario()

    async def recorded():
        asyncio.get_running_loop().set_task_factory(factory)
        async with Timeline(steps=steps) as timeline:
            seen = await scenario()
        assert len(timeline.tasks) > 0
        return seen

    return bare(), recorded()


@pytest.mark.parametrize("steps", [False, True], ids=["", "steps"])
@pytest.mark.parametrize(
    ("factory", "debug"), [(None, True), *((factory, False) for factory in FACTORIES)], ids=name_of
)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=name_of)
def test_code_inside_sees_what_it_would_see_outside(clock, caplog, way_of_watching, scenario, factory, debug, steps):
    bare, recorded = bare_and_recorded(scenario, factory, steps)
    # "error" is set for all tests, and so any warning here is one
    assert clock.run(recorded, debug=debug) == clock.run(bare, debug=debug)
    assert caplog.messages == [] or scenario is a_name_that_raises  # which leaves a task behind


async def test_after_the_block_the_context_is_as_before(way_of_watching):
    before = list(contextvars.copy_context())
    async with Timeline():
        await asyncio.create_task(sleeper(0, "A"))
    before, after = before, list(contextvars.copy_context())
    assert before == after


@pytest.mark.parametrize("debug", [False, True])
def test_debug_mode_may_be_switched_while_recording(way_of_watching, debug):
    async def main():
        async with Timeline() as timeline:
            asyncio.get_running_loop().set_debug(not debug)
            await asyncio.create_task(sleeper(0, "A"))
        return timeline

    assert len(asyncio.run(main(), debug=debug).tasks) == 1


def test_an_exception_that_nobody_retrieved_is_logged_as_ever(caplog, way_of_watching):
    async def unheard():
        task = asyncio.create_task(failing(0), name="unheard")
        await asyncio.wait([task])
        del task

    logged = []
    for main in bare_and_recorded(unheard):
        asyncio.run(main)
        logged.append([(e.name, e.levelno, e.message, frames_of(e.exc_info[1])) for e in caplog.records])
        caplog.clear()
    assert logged[0] == logged[1]
    assert [message.partition("\n")[0] for _, _, message, _ in logged[0]] == ["Task exception was never retrieved"]


def test_a_coroutine_that_never_ran_is_warned_of_as_ever(way_of_watching):
    async def recorded():
        async with Timeline():
            sleeper(1, "forgotten")

    with pytest.warns(RuntimeWarning, match="coroutine 'sleeper' was never awaited"):
        asyncio.run(recorded())


def test_slow_tasks_are_told_of_in_debug_mode_as_ever(clock, caplog, way_of_watching):
    async def slow():
        clock.block(2)

    async def one_is_slow():
        await asyncio.create_task(slow(), name="the slow one")

    with caplog.at_level(logging.WARNING):
        for main in bare_and_recorded(one_is_slow):
            clock.run(main, debug=True)
    bare, recorded = [message for message in caplog.messages if "the slow one" in message]
    assert bare == recorded


# Others who watch


def recorded_tasks():
    async def main():
        async with Timeline() as timeline:
            await asyncio.gather(sleeper(0, "A"), failing(0), return_exceptions=True)
        return timeline

    return [(task.name, task.outcome) for task in asyncio.run(main()).tasks]


EXPECTED = [("sleeper(0, 'A')", "result"), ("failing(0)", "exception")]


@only_with_monitoring
async def test_the_ids_of_debugger_and_coverage_stay_free_and_the_timelines_is_given_back():
    def tools():
        return [sys.monitoring.get_tool(tool) for tool in range(6)]

    before = tools()
    async with Timeline():
        during = tools()
    assert during != before == tools()
    for tool in (sys.monitoring.DEBUGGER_ID, sys.monitoring.COVERAGE_ID):
        assert during[tool] == before[tool]


@only_with_monitoring
async def test_after_the_block_the_interpreter_reports_nothing_more():
    from workshop.timeline.recording import monitoring

    calls = []
    async with Timeline():
        await asyncio.create_task(sleeper(0, "A"))
    sys.setprofile(lambda frame, event, _: calls.append(frame.f_code))
    try:
        await asyncio.create_task(sleeper(0, "B"))
    finally:
        sys.setprofile(None)
    assert any(code is sleeper.__code__ for code in calls)
    assert not any(code.co_filename == monitoring.__file__ for code in calls)


@only_with_monitoring
def test_other_tools_keep_getting_their_reports():
    monitoring, reports = sys.monitoring, []
    tool = next(tool for tool in (0, 1, 2) if monitoring.get_tool(tool) is None)
    local, everywhere = monitoring.events.PY_RETURN, monitoring.events.PY_UNWIND
    monitoring.use_tool_id(tool, "another")
    try:
        monitoring.register_callback(tool, local, lambda code, *_: reports.append((code.co_name, "return")))
        monitoring.register_callback(tool, everywhere, lambda code, *_: reports.append((code.co_name, "unwind")))
        monitoring.set_local_events(tool, sleeper.__code__, local)
        monitoring.set_events(tool, everywhere)
        for _ in range(2):
            reports.clear()
            assert recorded_tasks() == EXPECTED
            assert reports.count(("sleeper", "return")) == 1
            assert reports.count(("failing", "unwind")) == 1
    finally:
        monitoring.set_events(tool, 0)
        monitoring.set_local_events(tool, sleeper.__code__, 0)
        monitoring.free_tool_id(tool)


def test_a_traced_program_is_recorded_all_the_same():
    lines = []

    def trace(frame, event, argument):
        if frame.f_code is sleeper.__code__:
            lines.append(event)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        records = recorded_tasks()
    finally:
        sys.settrace(before)
    assert records == EXPECTED
    assert {"call", "line", "return"} <= set(lines)


# What is kept


class Thing:
    """An object of the reader's, whose end can be seen."""


class BurntError(Exception):
    """An exception of the reader's, whose end can be seen."""


def burnt():
    error = BurntError()
    watched.append(weakref.ref(error))
    return error


async def holding(thing, fails=False):
    inner = Thing()
    watched.append(weakref.ref(inner))
    await asyncio.sleep(0)
    if fails:
        raise burnt()
    result = Thing()
    watched.append(weakref.ref(result))
    return result


watched = []


async def many_endings():
    """Make tasks that end in all ways, and note weak references to all that belongs to them."""
    watched.clear()
    things = [Thing() for _ in range(5)]
    coroutines = [holding(things[0]), holding(things[1], fails=True), holding(things[2]), holding(thing=things[3])]
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    watched.extend(map(weakref.ref, (*things, *coroutines, *tasks)))
    del coroutines, things
    tasks[2].cancel()
    await asyncio.wait(tasks)
    assert type(tasks[0].result()) is Thing
    with contextlib.suppress(BurntError):
        tasks[1].result()
    with contextlib.suppress(BurntError):
        await tasks[1]
    with contextlib.suppress(asyncio.CancelledError):
        await tasks[2]
    await tasks[3]
    asked_only = asyncio.create_task(holding(Thing(), fails=True))
    await asyncio.wait([asked_only])
    with contextlib.suppress(BurntError):
        asked_only.result()
    group = asyncio.gather(holding(Thing()), holding(Thing(), fails=True), return_exceptions=True)
    await group
    slow = asyncio.create_task(asyncio.sleep(5))
    watched.append(weakref.ref(slow))
    await asyncio.sleep(0)
    slow.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await slow
    await asyncio.sleep(0)
    tasks.clear()  # the errors' tracebacks hold this frame
    del slow, group, asked_only


def still_alive(main):
    gc.collect()
    gc.disable()
    try:
        kept = asyncio.run(main)
        assert len(watched) > 20
        return kept, [reference() for reference in watched if reference() is not None]
    finally:
        gc.enable()


@pytest.mark.parametrize("steps", [False, True], ids=["", "steps"])
@pytest.mark.parametrize("factory", FACTORIES, ids=name_of)
def test_after_the_block_nothing_of_the_readers_is_kept_alive(way_of_watching, factory, steps):
    """Without the garbage collector, as it is without a timeline."""

    async def recorded():
        asyncio.get_running_loop().set_task_factory(factory)
        async with Timeline(steps=steps) as timeline:
            await many_endings()
        return timeline

    assert still_alive(many_endings()) == (None, [])
    timeline, alive = still_alive(recorded())
    assert alive == []
    assert [task.outcome for task in timeline.tasks].count("exception") == 3


def memory_per_task(count, steps=False):
    """Return how many bytes a timeline keeps of each of many tasks with two arguments, after its block."""

    async def main():
        timeline = Timeline(steps=steps)
        names = [f"name {number}" for number in range(count)]
        delays = [number / 2**40 for number in range(count)]
        await asyncio.gather(*map(sleeper, delays, names))  # asyncio's own tables grow to their size
        await asyncio.sleep(0)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        async with timeline:
            await asyncio.gather(*map(sleeper, delays, names))
        await asyncio.sleep(0)  # the step that gather woke holds all its tasks
        gc.collect()
        return timeline, (tracemalloc.get_traced_memory()[0] - before) / count

    tracemalloc.start()
    try:
        timeline, memory = asyncio.run(main())
    finally:
        tracemalloc.stop()
    assert len(timeline.tasks) == count
    return memory


@pytest.mark.parametrize("count", [1_000, 10_000])
def test_a_task_costs_little_memory_however_many_there_are(way_of_watching, count):
    # 60 bytes on all Pythons; up to 110 more are there at times for asyncio's own table of all tasks
    assert 32 <= memory_per_task(count) <= 250


def test_a_step_costs_little_memory(way_of_watching):
    assert 56 <= memory_per_task(1_000, steps=True) <= 330  # 24 more a wait


def test_work_at_the_end_grows_with_the_tasks_and_not_with_their_square(way_of_watching):
    """Two timelines on one loop that take turns; counted are the steps of the package's own code."""

    def steps_for(count):
        steps = 0

        def trace(frame, event, argument):
            nonlocal steps
            steps += 1
            return trace if "workshop" in frame.f_code.co_filename else None

        async def one():
            async with Timeline() as timeline:
                for number in range(count):
                    await asyncio.create_task(sleeper(0, "A"), name=f"task {number}")
                before = sys.gettrace()
                sys.settrace(trace)
            sys.settrace(before)
            assert len(timeline.tasks) == count

        async def main():
            async with Timeline():
                await asyncio.gather(one(), one())

        asyncio.run(main())
        return steps

    assert steps_for(400) < 3 * steps_for(200)
