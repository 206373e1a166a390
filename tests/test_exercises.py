"""Each exercise's check accepts right answers, names what is behind the usual wrong ones, and survives anything."""

# ruff: noqa: ASYNC251, N805, SIM105 (answers of readers: they block, and the classes that hold them are only groups)

import asyncio
import gc
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from workshop.exercises import check, runner

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
HAS_ALARM = hasattr(signal, "setitimer")


def unwrapped(out):
    """Return what was printed with each message in one line."""
    return out.replace("\n  ", " ")


@pytest.fixture
def judge(capfd):
    """Return a function that checks an answer and returns the line that was printed."""

    def judge(number, answer):
        async def cell():
            before = asyncio.all_tasks()
            assert await check(number, answer) is None
            assert asyncio.all_tasks() == before, "something was left running"

        asyncio.run(cell())
        out, err = capfd.readouterr()
        assert err == ""
        out = unwrapped(out)
        assert out.count("\n") == 1, out
        assert out[:2] in ("✓ ", "✗ ")
        assert out[2:].startswith(f"{number} ")
        assert "Traceback" not in out
        assert not any(stops in out.replace("...", "") for stops in ("..", "…."))
        assert "at once" not in out
        return out

    return judge


@pytest.fixture
def short_limits(monkeypatch):
    monkeypatch.setattr(runner, "WAIT_LIMIT", 0.5)
    monkeypatch.setattr(runner, "BLOCK_LIMIT", 0.4)
    monkeypatch.setattr(runner, "CANCEL_WAIT", 0.05)


# ---- right answers


class Right:
    async def wait_and_add(a, b):
        await asyncio.sleep(0.1)
        return a + b

    async def timed(awaitable):
        began = time.perf_counter()
        result = await awaitable
        return result, time.perf_counter() - began

    async def timed_in_a_list(awaitable):
        loop = asyncio.get_running_loop()
        began = loop.time()
        return [await asyncio.create_task(awaitable), loop.time() - began]

    async def order_with_as_completed(naps):
        async def one(seconds, name):
            await asyncio.sleep(seconds)
            return name

        return [await next_one for next_one in asyncio.as_completed([one(*nap) for nap in naps])]

    async def order_with_a_list_that_grows(naps):
        woken = []

        async def one(seconds, name):
            await asyncio.sleep(seconds)
            woken.append(name)

        await asyncio.gather(*(one(*nap) for nap in naps))
        return woken

    async def order_with_a_task_group(naps):
        woken = []

        async def one(seconds, name):
            await asyncio.sleep(seconds)
            woken.append(name)

        async with asyncio.TaskGroup() as group:
            for nap in naps:
                group.create_task(one(*nap))
        return woken

    async def in_order_with_tasks(coroutines, on_result):
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        for next_one in asyncio.as_completed(tasks):
            on_result(await next_one)
        return [await task for task in tasks]

    async def in_order_with_gather(coroutines, on_result):
        async def one(coroutine):
            result = await coroutine
            on_result(result)
            return result

        return await asyncio.gather(*map(one, coroutines))

    async def collect_one_at_a_time(coroutines, process):
        return [await process(await next_one) for next_one in asyncio.as_completed(coroutines)]

    async def collect_concurrently(coroutines, process):
        async def one(coroutine):
            return await process(await coroutine)

        return await asyncio.gather(*map(one, coroutines))


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("0.1", Right.wait_and_add),
        ("1.1", Right.timed),
        ("1.1", Right.timed_in_a_list),
        ("1.2", Right.order_with_as_completed),
        ("1.2", Right.order_with_a_list_that_grows),
        ("1.2", Right.order_with_a_task_group),
        ("2.1", Right.in_order_with_tasks),
        ("2.1", Right.in_order_with_gather),
        ("2.2", Right.collect_one_at_a_time),
        ("2.2", Right.collect_concurrently),
    ],
)
def test_right_answers_pass(judge, number, answer):
    began = time.perf_counter()
    assert judge(number, answer).startswith(f"✓ {number} ")
    assert time.perf_counter() - began < 3  # 1.5 s on an idle machine


# ---- wrong answers: (answer, words of the line)


async def sleeper(seconds, name):
    await asyncio.sleep(seconds)
    return name


class Wrong01:
    async def forgets_await(a, b):
        asyncio.sleep(0.1)
        return a + b

    async def blocks(a, b):
        time.sleep(0.1)
        return a + b

    async def does_not_wait(a, b):
        return a + b

    async def waits_a_second(a, b):
        await asyncio.sleep(1)
        return a + b

    def is_not_async(a, b):
        time.sleep(0.1)
        return a + b

    async def returns_none(a, b):
        await asyncio.sleep(0.1)
        a + b

    async def subtracts(a, b):
        await asyncio.sleep(0.1)
        return a - b

    async def knows_the_answer(a, b):
        await asyncio.sleep(0.1)
        return 3

    async def uses_asyncio_run(a, b):
        asyncio.run(asyncio.sleep(0.1))
        return a + b

    async def leaves_a_task(a, b):
        asyncio.create_task(asyncio.sleep(30))  # noqa: RUF006
        await asyncio.sleep(0.1)
        return a + b

    async def loses_an_error(a, b):
        async def fails():
            raise ValueError("lost")

        asyncio.create_task(fails())  # noqa: RUF006
        await asyncio.sleep(0.1)
        return a + b

    async def awaits_a_number(a, b):
        await asyncio.sleep(0.1)
        return await (a + b)


class Wrong11:
    async def does_not_await(awaitable):
        began = time.perf_counter()
        return awaitable, time.perf_counter() - began

    async def drops_it(awaitable):
        return "tea", 0.2

    async def returns_seconds_only(awaitable):
        began = time.perf_counter()
        await awaitable
        return time.perf_counter() - began

    async def returns_result_only(awaitable):
        return await awaitable

    async def swaps(awaitable):
        result, seconds = await Right.timed(awaitable)
        return seconds, result

    async def makes_a_task_only(awaitable):
        began = time.perf_counter()
        return asyncio.create_task(awaitable), time.perf_counter() - began

    async def sleeps_in_its_place(awaitable):
        time.sleep(0.2)
        return "tea", 0.2

    async def runs_it_twice(awaitable):
        began = time.perf_counter()
        await awaitable
        seconds = time.perf_counter() - began
        return await awaitable, seconds

    async def starts_the_clock_late(awaitable):
        result = await awaitable
        began = time.perf_counter()
        return result, time.perf_counter() - began

    async def counts_milliseconds(awaitable):
        result, seconds = await Right.timed(awaitable)
        return result, seconds * 1000

    async def knows_the_time(awaitable):
        return await awaitable, 0.2


class Wrong12:
    async def naps_in_turn(naps):
        for seconds, _ in naps:
            await asyncio.sleep(seconds)
        return [name for _, name in sorted(naps)]

    async def only_sorts(naps):
        return [name for _, name in sorted(naps)]

    async def forgets_await(naps):
        for seconds, _ in naps:
            asyncio.sleep(seconds)
        return [name for _, name in sorted(naps)]

    async def gathers(naps):
        async def one(seconds, name):
            await asyncio.sleep(seconds)
            return name

        return await asyncio.gather(*(one(*nap) for nap in naps))

    async def blocks(naps):
        async def one(seconds, name):
            time.sleep(seconds)
            return name

        return [await next_one for next_one in asyncio.as_completed([one(*nap) for nap in naps])]

    async def misses_one(naps):
        return (await Right.order_with_as_completed(naps))[:-1]

    async def returns_the_naps(naps):
        names = await Right.order_with_as_completed(naps)
        return [nap for name in names for nap in naps if nap[1] == name]

    async def fails_when_empty(naps):
        assert naps
        return await Right.order_with_as_completed(naps)

    async def keeps_awaitables(naps):
        async def one(seconds, name):
            await asyncio.sleep(seconds)
            return name

        await asyncio.sleep(0.3)
        return [one(*nap) for nap in naps]

    async def keeps_what_as_completed_gives(naps):
        return list(asyncio.as_completed([sleeper(*nap) for nap in naps]))

    async def pastes_the_opening(naps):
        return [await next_one for next_one in asyncio.as_completed([sleeper(1.2, "A"), sleeper(0.1, "B")])]

    async def loops_without_await(naps):
        return [str(next_one) for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps])]

    async def returns_in_the_loop(naps):
        for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps]):
            return await next_one

    async def returns_a_list_in_the_loop(naps):
        for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps]):
            return [await next_one]

    async def returns_the_iterator(naps):
        return asyncio.as_completed([sleeper(*nap) for nap in naps])

    async def returns_a_generator(naps):
        return (await next_one for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps]))

    async def sleeps_the_longest_and_sorts(naps):
        await asyncio.sleep(max((seconds for seconds, _ in naps), default=0))
        return [name for _, name in sorted(naps)]

    async def leaves_before_the_last(naps):
        names = []
        for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps]):
            names.append(await next_one)
            if len(names) == len(naps) - 1:
                return names


class Misuse12:
    async def passes_the_pair(naps):
        return [await next_one for next_one in asyncio.as_completed([sleeper(nap) for nap in naps])]

    async def passes_too_many(naps):
        return [await next_one for next_one in asyncio.as_completed(*[sleeper(*nap) for nap in naps])]

    async def gives_one_only(naps):
        for nap in naps:
            for next_one in asyncio.as_completed(sleeper(*nap)):
                await next_one

    async def gives_the_pairs(naps):
        return [await next_one for next_one in asyncio.as_completed(naps)]

    async def unpacks_too_early(naps):
        for seconds, name in asyncio.as_completed([sleeper(*nap) for nap in naps]):
            print(seconds, name)

    async def makes_one_task_of_all(naps):
        return await asyncio.create_task([sleeper(*nap) for nap in naps])

    async def forgets_to_call(naps):
        return await asyncio.create_task(sleeper)

    async def looks_them_up(naps):
        sleepers = {sleeper(seconds, name): name for seconds, name in naps}
        return [sleepers[next_one] for next_one in asyncio.as_completed(list(sleepers))]

    async def asks_too_early(naps):
        tasks = [asyncio.create_task(sleeper(*nap)) for nap in naps]
        return [task.result() for task in tasks]

    async def forgets_to_wait(naps):
        tasks = [asyncio.create_task(sleeper(*nap)) for nap in naps]
        asyncio.wait(tasks)
        return [task.result() for task in tasks]

    async def iterates_asynchronously(naps):
        return [await next_one async for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps])]

    async def gives_a_generator(naps):
        return [await next_one for next_one in asyncio.as_completed(sleeper(*nap) for nap in naps)]


class Wrong21:
    async def forgets_await_and_asks_the_tasks(coroutines, on_result):
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        for next_one in asyncio.as_completed(tasks):
            on_result(next_one)
        return [task.result() for task in tasks]

    async def sorts(coroutines, on_result):
        return sorted(await Right.in_order_with_gather(coroutines, on_result))

    async def returns_in_the_loop(coroutines, on_result):
        results = []
        for next_one in asyncio.as_completed(coroutines):
            results.append(await next_one)
            on_result(results[-1])
            return results

    async def gathers_first(coroutines, on_result):
        results = await asyncio.gather(*coroutines)
        for result in results:
            on_result(result)
        return results

    async def returns_completion_order(coroutines, on_result):
        results = []
        for next_one in asyncio.as_completed(coroutines):
            results.append(await next_one)
            on_result(results[-1])
        return results

    async def awaits_in_turn(coroutines, on_result):
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        for task in tasks:
            on_result(await task)
        return [task.result() for task in tasks]

    async def runs_one_by_one(coroutines, on_result):
        results = []
        for coroutine in coroutines:
            results.append(await coroutine)
            on_result(results[-1])
        return results

    async def never_calls(coroutines, on_result):
        return await asyncio.gather(*coroutines)

    async def calls_twice(coroutines, on_result):
        results = await Right.in_order_with_tasks(coroutines, on_result)
        for result in results:
            on_result(result)
        return results

    async def awaits_the_callback(coroutines, on_result):
        for next_one in asyncio.as_completed(coroutines):
            await on_result(await next_one)

    async def hands_over_awaitables(coroutines, on_result):
        for next_one in asyncio.as_completed(coroutines):
            on_result(next_one)
            await next_one
        return []

    async def returns_tasks(coroutines, on_result):
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        await Right.in_order_with_tasks([asyncio.wait_for(task, 5) for task in tasks], on_result)
        return tasks

    async def forgets_return(coroutines, on_result):
        await Right.in_order_with_tasks(coroutines, on_result)


class Wrong22:
    async def processes_what_as_completed_gives(coroutines, process):
        return [await process(next_one) for next_one in asyncio.as_completed(coroutines)]

    async def processes_the_coroutines(coroutines, process):
        return [await process(coroutine) for coroutine in coroutines]

    async def processes_the_list(coroutines, process):
        return [await process(await asyncio.gather(*coroutines))]

    async def collects_first(coroutines, process):
        results = [await next_one for next_one in asyncio.as_completed(coroutines)]
        return [await process(result) for result in results]

    async def returns_in_the_loop(coroutines, process):
        for next_one in asyncio.as_completed(coroutines):
            return await process(await next_one)

    async def returns_a_generator(coroutines, process):
        return (await process(await next_one) for next_one in asyncio.as_completed(coroutines))

    async def returns_a_map(coroutines, process):
        return map(process, coroutines)

    async def leaves_its_own_tasks(coroutines, process):
        async def one(coroutine):
            return await process(await coroutine)

        return [asyncio.create_task(one(coroutine)) for coroutine in coroutines]

    async def gathers_first(coroutines, process):
        return [await process(result) for result in await asyncio.gather(*coroutines)]

    async def gathers_twice(coroutines, process):
        return await asyncio.gather(*map(process, await asyncio.gather(*coroutines)))

    async def runs_one_by_one(coroutines, process):
        return [await process(await coroutine) for coroutine in coroutines]

    async def awaits_in_turn(coroutines, process):
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        return [await process(await task) for task in tasks]

    async def forgets_to_await_process(coroutines, process):
        return [process(await next_one) for next_one in asyncio.as_completed(coroutines)]

    async def forgets_return(coroutines, process):
        await Right.collect_one_at_a_time(coroutines, process)

    async def returns_raw_results(coroutines, process):
        results = []
        for next_one in asyncio.as_completed(coroutines):
            results.append(await next_one)
            await process(results[-1])
        return results

    async def leaves_processing(coroutines, process):
        tasks = []
        for next_one in asyncio.as_completed(coroutines):
            tasks.append(asyncio.create_task(process(await next_one)))
        return tasks


WRONG = [
    ("0.1", Wrong01.forgets_await, "not awaited"),
    ("0.1", Wrong01.blocks, "blocks the event loop"),
    ("0.1", Wrong01.does_not_wait, "let it wait 0.1 s"),
    ("0.1", Wrong01.waits_a_second, "0.1 s was asked for"),
    ("0.1", Wrong01.is_not_async, "async def"),
    ("0.1", Wrong01.returns_none, "returned None"),
    ("0.1", Wrong01.subtracts, "returned -1, and 3 was expected"),
    ("0.1", Wrong01.knows_the_answer, "not with fixed numbers"),
    ("0.1", Wrong01.uses_asyncio_run, "`await` is enough here"),
    ("0.1", Wrong01.leaves_a_task, "`sleep` still ran"),
    ("0.1", Wrong01.loses_an_error, "ValueError: lost, and your code never looked"),
    ("0.1", Wrong01.awaits_a_number, "ordinary value"),
    ("1.1", Wrong11.does_not_await, "only `await` runs it"),
    ("1.1", Wrong11.drops_it, "nobody awaited it"),
    ("1.1", Wrong11.returns_seconds_only, "the seconds alone"),
    ("1.1", Wrong11.returns_result_only, "the result alone"),
    ("1.1", Wrong11.swaps, "wrong way round"),
    ("1.1", Wrong11.makes_a_task_only, "before it had ended"),
    ("1.1", Wrong11.sleeps_in_its_place, "blocks the event loop"),
    ("1.1", Wrong11.runs_it_twice, "awaited once only"),
    ("1.1", Wrong11.starts_the_clock_late, "right before the `await`"),
    ("1.1", Wrong11.counts_milliseconds, "in seconds"),
    ("1.1", Wrong11.knows_the_time, "not fixed values"),
    ("1.2", Wrong12.naps_in_turn, "one after another"),
    ("1.2", Wrong12.only_sorts, "nobody slept: let the sleeps happen"),
    ("1.2", Wrong12.forgets_await, "not awaited"),
    ("1.2", Wrong12.gathers, "order of the input"),
    ("1.2", Wrong12.blocks, "blocks the event loop"),
    ("1.2", Wrong12.misses_one, "There were 3 sleepers"),
    ("1.2", Wrong12.returns_the_naps, "only the names"),
    ("1.2", Wrong12.fails_when_empty, "for an empty list"),
    ("1.2", Wrong12.keeps_awaitables, "Your list holds awaitables"),
    ("1.2", Wrong12.keeps_what_as_completed_gives, "Your list holds awaitables"),
    ("1.2", Wrong12.pastes_the_opening, "the longest sleep is 0.30 s: do you use `naps`?"),
    ("1.2", Wrong12.loops_without_await, "What as_completed gives was never awaited"),
    ("1.2", Wrong12.returns_in_the_loop, "is `return` inside the loop?"),
    ("1.2", Wrong12.returns_a_list_in_the_loop, "is `return` inside the loop?"),
    ("1.2", Wrong12.returns_the_iterator, "the iterator itself"),
    ("1.2", Wrong12.returns_a_generator, "nothing in it has run"),
    ("1.2", Wrong12.sleeps_the_longest_and_sorts, "you started no tasks"),
    ("1.2", Wrong12.leaves_before_the_last, "return when all have woken"),
    ("1.2", Misuse12.passes_the_pair, "too few arguments"),
    ("1.2", Misuse12.passes_too_many, "more arguments than it takes"),
    ("1.2", Misuse12.gives_one_only, "not a single one"),
    ("1.2", Misuse12.gives_the_pairs, "got something else"),
    ("1.2", Misuse12.unpacks_too_early, "must be awaited first"),
    ("1.2", Misuse12.makes_one_task_of_all, "one coroutine, not a list"),
    ("1.2", Misuse12.forgets_to_call, "what calling an `async def` function gives"),
    ("1.2", Misuse12.looks_them_up, "objects of its own"),
    ("1.2", Misuse12.asks_too_early, "Result is not set. The task isn't done"),
    ("1.2", Misuse12.forgets_to_wait, "`wait(...)` was called but never awaited"),
    ("2.1", Wrong21.forgets_await_and_asks_the_tasks, "handed a coroutine, not its result"),
    ("2.1", Wrong21.sorts, "sorted by name"),
    ("2.1", Wrong21.returns_in_the_loop, "is `return` inside the loop?"),
    ("2.1", Wrong21.gathers_first, "when all results were there"),
    ("2.1", Wrong21.returns_completion_order, "your list has the order of completion"),
    ("2.1", Wrong21.awaits_in_turn, "awaiting the tasks in turn"),
    ("2.1", Wrong21.runs_one_by_one, "one after another"),
    ("2.1", Wrong21.never_calls, "`on_result` was never called"),
    ("2.1", Wrong21.calls_twice, "called 8 times for 4 results"),
    ("2.1", Wrong21.awaits_the_callback, "ordinary value"),
    ("2.1", Wrong21.hands_over_awaitables, "handed a coroutine, not its result"),
    ("2.1", Wrong21.returns_tasks, "a task is not its result"),
    ("2.1", Wrong21.forgets_return, "returned None"),
    ("2.2", Wrong22.processes_what_as_completed_gives, "handed a coroutine, not its result"),
    ("2.2", Wrong22.processes_the_coroutines, "handed a coroutine, not its result"),
    ("2.2", Wrong22.processes_the_list, "hand it each result just as it arrived"),
    ("2.2", Wrong22.collects_first, "inside the loop over as_completed"),
    ("2.2", Wrong22.returns_in_the_loop, "is `return` inside the loop?"),
    ("2.2", Wrong22.returns_a_generator, "nothing in it has run"),
    ("2.2", Wrong22.returns_a_map, "the iterator itself"),
    ("2.2", Wrong22.leaves_its_own_tasks, "processing still went on"),
    ("2.2", Wrong22.gathers_first, "when all results were there"),
    ("2.2", Wrong22.gathers_twice, "when all results were there"),
    ("2.2", Wrong22.runs_one_by_one, "one after another"),
    ("2.2", Wrong22.awaits_in_turn, "awaiting the tasks in turn"),
    ("2.2", Wrong22.forgets_to_await_process, "called but not awaited"),
    ("2.2", Wrong22.forgets_return, "returned None"),
    ("2.2", Wrong22.returns_raw_results, "what `process` makes of them"),
    ("2.2", Wrong22.leaves_processing, "processing still went on"),
]


@pytest.mark.parametrize(
    ("number", "answer", "words"),
    WRONG,
    ids=[f"{number}-{getattr(answer, '__name__', 'answer')}" for number, answer, _ in WRONG],
)
def test_wrong_answers_are_told_the_idea(judge, number, answer, words):
    line = judge(number, answer)
    assert line.startswith(f"✗ {number} ")
    assert words in line


@pytest.mark.parametrize(
    ("answer", "since", "idea"),
    [
        (Misuse12.iterates_asynchronously, (3, 13), "`async for` over as_completed needs Python 3.13"),
        (Misuse12.gives_a_generator, (3, 12), "Up to Python 3.11, as_completed takes a list"),
    ],
)
def test_what_an_older_python_lacks_is_told(judge, answer, since, idea):
    if sys.version_info < since:
        assert idea in judge("1.2", answer)
    else:
        assert judge("1.2", answer).startswith("✓")


def test_a_coroutine_in_place_of_the_function(judge):
    assert "without parentheses" in judge("0.1", Right.wait_and_add(1, 2))


# ---- anything at all, in any exercise


class Anything:
    async def docstring(*arguments):
        """Describe the task."""

    async def dots(*arguments): ...

    async def todo(*arguments):
        # TODO: your code
        pass

    async def not_implemented(*arguments):
        raise NotImplementedError

    async def raises(*arguments):
        raise ValueError("something\nbroke")

    async def raises_with_a_bad_message(*arguments):
        class NastyError(Exception):
            def __str__(self):
                raise RuntimeError

        raise NastyError

    async def no_parameters():
        return 1

    async def group_fails(*arguments):
        async def fails():
            raise LookupError("inside")

        async with asyncio.TaskGroup() as group:
            group.create_task(fails())

    async def sys_exit(*arguments):
        sys.exit(3)

    async def keyboard_interrupt(*arguments):
        raise KeyboardInterrupt

    async def exit_in_a_task(*arguments):
        await asyncio.create_task(Anything.sys_exit())

    async def exit_in_a_forgotten_task(*arguments):
        asyncio.create_task(Anything.sys_exit())  # noqa: RUF006
        await asyncio.sleep(0.01)

    async def cancels_itself(*arguments):
        asyncio.current_task().cancel()
        await asyncio.sleep(1)

    async def generator(*arguments):
        yield 1

    def plain_function(*arguments):
        return 1

    async def returns_something_odd(*arguments):
        class Odd:
            def __eq__(self, other):
                raise ArithmeticError

            __hash__ = None

            def __repr__(self):
                raise ArithmeticError

        return Odd()


ANYTHING = [
    (None, "None, and no function"),
    (..., "..., and no function"),
    (42, "of type int"),
    ("await", "of type str"),
    (int, "the class int"),
    (lambda *arguments: 1, "async def"),
    (Anything.docstring, "Nothing here yet"),
    (Anything.dots, "Nothing here yet"),
    (Anything.todo, "Nothing here yet"),
    (Anything.not_implemented, "Nothing here yet"),
    (Anything.raises, "ValueError: something broke"),
    (Anything.raises_with_a_bad_message, "NastyError"),
    (Anything.no_parameters, "keep the parameters"),
    (Anything.group_fails, "LookupError: inside"),
    (Anything.sys_exit, "SystemExit: 3"),
    (Anything.keyboard_interrupt, "KeyboardInterrupt"),
    (Anything.exit_in_a_task, "SystemExit: 3"),
    (Anything.exit_in_a_forgotten_task, "SystemExit: 3, and your code never looked"),
    (Anything.cancels_itself, "cancelled"),
    (Anything.generator, "yield"),
    (Anything.plain_function, "async def"),
    (Anything.returns_something_odd, ""),
]


@pytest.mark.parametrize("number", ["0.1", "1.1", "1.2", "2.1", "2.2"])
@pytest.mark.parametrize(("answer", "words"), ANYTHING, ids=[getattr(a, "__name__", str(a)) for a, _ in ANYTHING])
def test_survives(judge, number, answer, words):
    line = judge(number, answer)
    assert line.startswith(f"✗ {number} ")
    assert words.lower() in line.lower()


# ---- answers that do not end


class Endless:
    async def waits(*arguments):
        await asyncio.Event().wait()

    async def awaits_a_hanging_task(*arguments):
        await asyncio.create_task(Endless.waits())

    async def refuses_to_end(*arguments):
        for _ in range(3):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                pass

    async def spins(*arguments):
        while True:
            pass

    async def spins_and_swallows(*arguments):
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                pass

    async def sleeps(*arguments):
        time.sleep(1000)

    async def spins_in_a_task(*arguments):
        await asyncio.gather(asyncio.sleep(0.01), Endless.spins())

    async def spins_when_cancelled(*arguments):
        try:
            await asyncio.sleep(60)
        finally:
            while True:
                pass

    def plain_and_sleeps(*arguments):
        time.sleep(1000)


@pytest.mark.parametrize("answer", [Endless.waits, Endless.awaits_a_hanging_task, Endless.refuses_to_end])
def test_an_endless_wait_is_ended(judge, short_limits, answer):
    line = judge("0.1", answer)
    assert "still waited after 0.5 s" in line
    assert "takes seconds" in line


@pytest.mark.skipif(not HAS_ALARM, reason="only Unix can interrupt code that blocks")
@pytest.mark.parametrize(
    "answer",
    [
        Endless.spins,
        Endless.spins_and_swallows,
        Endless.sleeps,
        Endless.spins_in_a_task,
        Endless.spins_when_cancelled,
    ],
)
def test_an_endless_block_is_interrupted(judge, short_limits, answer):
    assert "kept the event loop from turning" in judge("0.1", answer)


@pytest.mark.skipif(not HAS_ALARM, reason="only Unix can interrupt code that blocks")
def test_an_endless_plain_function_is_interrupted(judge, short_limits):
    assert judge("0.1", Endless.plain_and_sleeps).startswith("✗ 0.1 ")


def test_a_task_that_would_not_end_is_told_of(short_limits, capfd):
    async def cell():
        stubborn = []

        async def refuses():
            while not leave.is_set():
                try:
                    await leave.wait()
                except asyncio.CancelledError:
                    pass

        async def answer(a, b):
            stubborn.append(asyncio.create_task(refuses()))
            await asyncio.sleep(0.1)
            return a + b

        leave = asyncio.Event()
        await check("0.1", answer)
        leave.set()
        await asyncio.wait(stubborn)

    asyncio.run(cell())
    out, err = capfd.readouterr()
    out = unwrapped(out)
    assert "`refuses` still ran when your function returned, and would not be cancelled" in out
    assert err == ""


# ---- what a check leaves as it was


def test_a_forgotten_await_is_told_in_the_repr(capfd):
    forgotten = check("0.1", Right.wait_and_add)
    assert repr(forgotten) == 'This check has not run yet. Put await in front of it: await check("0.1", ...)'
    del forgotten
    check("0.1", Right.wait_and_add(1, 2))
    gc.collect()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("number", ["9.9", 1.1, None])
def test_an_unknown_number(capsys, number):
    asyncio.run(check(number, Right.timed)._run())
    assert "expected one of 0.1, 1.1, 1.2, 2.1, 2.2" in capsys.readouterr().out


def test_the_stop_button_stops_a_check_and_its_answer(capfd):
    ended = []

    async def answer(a, b):
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("answer")

    async def cell():
        await check("0.1", answer)

    async def kernel():
        task = asyncio.create_task(cell())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert asyncio.get_running_loop().get_task_factory() is None

    asyncio.run(kernel())
    assert ended == ["answer"]
    assert capfd.readouterr() == ("", "")


def test_settings_of_the_loop_are_kept(capsys):
    seen = []

    def factory(loop, coro, **options):
        seen.append(coro.__name__)
        return asyncio.Task(coro, loop=loop, **options)

    def handler(loop, context):
        seen.append(context["message"])

    async def cell():
        loop = asyncio.get_running_loop()
        loop.set_task_factory(factory)
        loop.set_exception_handler(handler)
        await check("1.2", Right.order_with_as_completed)
        assert loop.get_task_factory() is factory
        assert loop.get_exception_handler() is handler

    filters = list(warnings.filters)
    asyncio.run(cell())
    assert "one" in seen
    assert warnings.filters == filters
    assert capsys.readouterr().out.startswith("✓ 1.2 ")


@pytest.mark.skipif(not HAS_ALARM, reason="only Unix has interval timers")
def test_the_alarm_of_somebody_else_is_kept(capsys):
    def handler(signum, frame): ...

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 60)
    try:
        asyncio.run(check("0.1", Right.wait_and_add)._run())
        assert signal.getsignal(signal.SIGALRM) is handler
        assert 50 < signal.getitimer(signal.ITIMER_REAL)[0] < 60
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_tasks_and_warnings_of_others_are_left_alone(capsys):
    async def cell():
        async def mine():
            await asyncio.sleep(0.2)
            return "mine"

        async def answer(a, b):
            warnings.warn("take care", UserWarning, stacklevel=1)
            return await Right.wait_and_add(a, b)

        task = asyncio.create_task(mine())
        await check("0.1", answer)
        assert await task == "mine"

    with pytest.warns(UserWarning, match="take care") as shown:
        asyncio.run(cell())
    assert len(shown) == 3  # the answer is called three times
    assert capsys.readouterr().out.startswith("✓ 0.1 ")


def test_eager_tasks(capsys):
    if sys.version_info < (3, 12):
        pytest.skip("eager tasks came with Python 3.12")

    async def cell():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        await check("2.1", Right.in_order_with_tasks)

    asyncio.run(cell())
    assert capsys.readouterr().out.startswith("✓ 2.1 ")


def test_two_checks_at_once(capsys):
    async def cell():
        await asyncio.gather(check("0.1", Right.wait_and_add), check("0.1", Wrong01.forgets_await))
        assert asyncio.get_running_loop().get_task_factory() is None

    asyncio.run(cell())
    assert [line[0] for line in unwrapped(capsys.readouterr().out).splitlines()] == ["✗", "✓"]


# ---- a script of its own, where nothing is caught by the tests' machinery

SCRIPT = """
import asyncio, gc, sys
from workshop.exercises import check

async def forgets(*arguments):
    asyncio.sleep(1)
    return arguments

async def leaves(*arguments):
    async def fails():
        raise ValueError
    asyncio.create_task(fails())
    asyncio.create_task(asyncio.sleep(60))
    asyncio.get_running_loop().create_future().set_exception(KeyError("lost"))
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0.01)
    return arguments

async def exits(*arguments):
    asyncio.create_task(leaves())
    sys.exit(1)

async def runs(*arguments):
    asyncio.run(leaves())

async def main():
    for answer in (forgets, leaves, exits, runs, leaves(), None):
        for number in ("0.1", "1.1", "1.2", "2.1", "2.2"):
            await check(number, answer)
            check(number, answer)

asyncio.run(main())
assert gc.get_freeze_count() == 0
gc.collect()  # what would be reported late is reported now
print(sorted(name for name in ("numpy", "matplotlib", "IPython") if name in sys.modules))
"""


def test_nothing_arrives_on_stderr():
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", SCRIPT], cwd=NOTEBOOKS, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    *lines, imported = unwrapped(done.stdout).splitlines()
    assert imported == "[]", "checks must run in a browser's Python and in a hurry: standard library only"
    assert len(lines) == 30
    assert all(line.startswith("✗ ") for line in lines)
    assert done.returncode == 0
