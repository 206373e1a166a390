"""The checks of chapters 00 to 03: right answers pass, and wrong ones are told the idea."""

# ruff: noqa: N805 (answers of readers, in classes that are only groups)

import asyncio
import concurrent.futures
import contextlib
import sys
import time
from datetime import timedelta  # noqa: F401 (as the next three, for answers that are given as text)
from decimal import Decimal  # noqa: F401
from fractions import Fraction  # noqa: F401

import anyio
import numpy  # noqa: F401
import pytest
from answers import Called, Odd, changed, members, other_callables, right, wrong  # noqa: F401

from support.steps_of_answers import started
from workshop.exercises.chapters.chapter_03 import FALSE_MEAL

pytestmark = pytest.mark.slow(35)

# ---- right answers


async def sleeper(seconds, name):
    await asyncio.sleep(seconds)
    return name


class Right01:
    async def wait_and_add(a, b):
        await asyncio.sleep(0.1)
        return a + b

    async def adds_what_a_future_brings(a, b):
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_later(0.1, future.set_result, a + b)
        return await future

    async def waits_with_a_limit(a, b):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.1)
        return sum([a, b])

    def returns_a_coroutine(a, b):
        return Right01.wait_and_add(a, b)


class Right11:
    async def timed(awaitable):
        began = time.perf_counter()
        result = await awaitable
        return result, time.perf_counter() - began

    async def in_a_list(awaitable):
        loop = asyncio.get_running_loop()
        began = loop.time()
        return [await asyncio.ensure_future(awaitable), loop.time() - began]

    async def under_finally(awaitable):
        began = time.perf_counter()
        try:
            result = await awaitable
        finally:
            seconds = time.perf_counter() - began
        return result, seconds

    async def with_a_limit(awaitable):
        began = time.time()
        async with asyncio.timeout(60):
            return await awaitable, time.time() - began

    async def by_gather(awaitable):
        began = time.monotonic()
        (result,) = await asyncio.gather(awaitable)
        return result, time.monotonic() - began

    async def by_wait(awaitable):
        began, task = time.monotonic(), asyncio.ensure_future(awaitable)
        await asyncio.wait([task])
        return task.result(), time.monotonic() - began


class ExecutorOnTheLoopsClock(concurrent.futures.Executor):
    """Stands in for threads that sleep: what the event loop sees of them, without a real wait."""

    def submit(self, seconds, name):
        future = concurrent.futures.Future()
        asyncio.get_running_loop().call_later(seconds, lambda: future.cancelled() or future.set_result(name))
        return future


class Right12:
    async def by_as_completed(naps):
        return [await next_one for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps])]

    async def a_list_that_grows(naps):
        woken = []

        async def one(seconds, name):
            await asyncio.sleep(seconds)
            woken.append(name)

        await asyncio.gather(*(one(*nap) for nap in naps))
        return woken

    async def a_task_group(naps):
        woken = []

        async def one(seconds, name):
            await asyncio.sleep(seconds)
            woken.append(name)

        async with asyncio.TaskGroup() as group:
            for nap in naps:
                group.create_task(one(*nap))
        return woken

    async def an_executor(naps):
        loop, executor = asyncio.get_running_loop(), ExecutorOnTheLoopsClock()
        futures = [loop.run_in_executor(executor, *nap) for nap in naps]
        return [await next_one for next_one in asyncio.as_completed(futures)]

    async def timers(naps):
        woken = []
        for seconds, name in naps:
            asyncio.get_running_loop().call_later(seconds, woken.append, name)
        await asyncio.sleep(max((seconds for seconds, _ in naps), default=0) + 0.01)
        return woken

    async def wait(naps):
        pending, woken = {asyncio.create_task(sleeper(*nap)) for nap in naps}, []
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            woken += [task.result() for task in done]
        return tuple(woken)

    async def a_queue(naps):
        queue = asyncio.Queue()

        async def one(seconds, name):
            await asyncio.sleep(seconds)
            await queue.put(name)

        tasks = [asyncio.create_task(one(*nap)) for nap in naps]
        return [await queue.get() for _ in tasks]

    async def an_asynchronous_comprehension(naps):
        async def woken():
            for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps]):
                yield await next_one

        return [name async for name in woken()]

    async def anyios_group(naps):
        woken = []

        async def one(seconds, name):
            await anyio.sleep(seconds)
            woken.append(name)

        async with anyio.create_task_group() as group:
            for nap in naps:
                group.start_soon(one, *nap)
        return woken


class Right21:
    async def tasks_and_as_completed(coroutines, on_result):
        tasks = started(coroutines)
        for next_one in asyncio.as_completed(tasks):
            on_result(await next_one)
        return [await task for task in tasks]

    async def gather(coroutines, on_result):
        async def one(coroutine):
            result = await coroutine
            on_result(result)
            return result

        return await asyncio.gather(*map(one, coroutines))

    async def a_task_group(coroutines, on_result):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
            for next_one in asyncio.as_completed(tasks):
                on_result(await next_one)
        return [task.result() for task in tasks]

    async def wait(coroutines, on_result):
        tasks = pending = started(coroutines)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                on_result(task.result())
        return [task.result() for task in tasks]

    async def callbacks(coroutines, on_result):
        tasks = started(coroutines)
        for task in tasks:
            task.add_done_callback(lambda task: task.cancelled() or on_result(task.result()))
        return await asyncio.gather(*tasks)

    async def places(coroutines, on_result):
        results = [None] * len(coroutines)

        async def one(place, coroutine):
            return place, await coroutine

        for next_one in asyncio.as_completed([one(*pair) for pair in enumerate(coroutines)]):
            place, results[place] = await next_one
            on_result(results[place])
        return results

    async def anyios_group(coroutines, on_result):
        results = {}

        async def one(place, coroutine):
            results[place] = await coroutine
            on_result(results[place])

        async with anyio.create_task_group() as group:
            for pair in enumerate(coroutines):
                group.start_soon(one, *pair)
        return [results[place] for place in sorted(results)]


class Right22:
    async def one_at_a_time(coroutines, process):
        return [await process(await next_one) for next_one in asyncio.as_completed(coroutines)]

    async def a_task_group(coroutines, process):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(process(await next_one)) for next_one in asyncio.as_completed(coroutines)]
        return [task.result() for task in tasks]

    async def concurrently(coroutines, process):
        async def one(coroutine):
            return await process(await coroutine)

        return await asyncio.gather(*map(one, coroutines))

    async def tasks(coroutines, process):
        tasks = [asyncio.create_task(process(await next_one)) for next_one in asyncio.as_completed(coroutines)]
        return [await task for task in tasks]


def with_key_or(*kinds):
    """Return a coroutine function that gives a key, and a coroutine's result or its exception of these kinds."""

    async def one(key, coroutine):
        try:
            return key, await coroutine
        except kinds as error:
            return key, error

    return one


with_key_or_error = with_key_or(Exception)


class Right31:
    async def pairs(work):
        for next_result in asyncio.as_completed([with_key_or_error(*item) for item in work.items()]):
            yield await next_result

    async def of_tasks_and_in_lists(work):
        tasks = [asyncio.create_task(with_key_or_error(*item)) for item in work.items()]
        for next_result in asyncio.as_completed(tasks):
            yield [*await next_result]

    async def a_queue(work):
        queue = asyncio.Queue()

        async def one(key, coroutine):
            queue.put_nowait(await with_key_or_error(key, coroutine))

        async with asyncio.TaskGroup() as group:
            for item in work.items():
                group.create_task(one(*item))
            for _ in work:
                yield await queue.get()

    async def wait(work):
        keys = {asyncio.create_task(coroutine): key for key, coroutine in work.items()}
        pending = set(keys)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield keys[task], task.exception() or task.result()

    def those_of_another(work):
        return Right31.pairs(work)

    async def a_task_group(work):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(with_key_or_error(*item)) for item in work.items()]
            for next_result in asyncio.as_completed(tasks):
                yield await next_result

    async def a_stream_of_anyio(work):
        send, receive = anyio.create_memory_object_stream(len(work))

        async def one(key, coroutine):
            send.send_nowait(await with_key_or_error(key, coroutine))

        async with send, receive, anyio.create_task_group() as group:
            for item in work.items():
                group.start_soon(one, *item)
            for _ in work:
                yield await receive.receive()

    class AnIterator:
        def __init__(self, work):
            self.rounds = iter(asyncio.as_completed([with_key_or_error(*item) for item in work.items()]))

        def __aiter__(self):
            return self

        async def __anext__(self):
            for next_result in self.rounds:
                return await next_result
            raise StopAsyncIteration

    def an_iterator(work):
        return Right31.AnIterator(work)


class CalledPairs(Called):
    async def __call__(self, work):
        async for pair in Right31.pairs(work):
            yield pair


class Right32:
    async def sort_out(work):
        results, errors = {}, {}
        async for key, outcome in Right31.pairs(work):
            (errors if isinstance(outcome, Exception) else results)[key] = outcome
        return results, errors

    async def gather(work):
        outcomes = await asyncio.gather(*work.values(), return_exceptions=True)
        both = list(zip(work, outcomes, strict=True))
        return (
            {key: what for key, what in reversed(both) if not isinstance(what, Exception)},
            {key: what for key, what in both if isinstance(what, Exception)},
        )


TIMED = "time.perf_counter() - began"

RIGHT = [
    *right("0.1", [*members(Right01), *other_callables(Right01.wait_and_add)]),
    *right("0.1", [{"asyncio.sleep(": "asyncio.to_thread(time.sleep, "}, {"asyncio": "anyio"}], Right01.wait_and_add),
    *right("1.1", [*members(Right11), *other_callables(Right11.timed)]),
    *right("1.1", [{TIMED: f"{kind}({TIMED})"} for kind in ("Fraction", "Decimal", "numpy.float32")], Right11.timed),
    *right("1.2", [*members(Right12), *other_callables(Right12.by_as_completed)]),
    *right("2.1", [*members(Right21), *other_callables(Right21.tasks_and_as_completed)]),
    *right("2.2", [*members(Right22), *other_callables(Right22.one_at_a_time)]),
    *right("3.1", [*members(Right31), *other_callables(Right31.pairs)[:2], CalledPairs(None)]),
    *right("3.2", [*members(Right32), *other_callables(Right32.sort_out)]),
]  # fmt: skip


@pytest.mark.parametrize(("number", "answer"), RIGHT)
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer).startswith("✓")


# ---- wrong answers


async def fails():
    raise ValueError("lost")


async def blocking(seconds, name):
    time.sleep(seconds)  # noqa: ASYNC251
    return name


class Wrong12:
    async def leaves_before_the_last(naps):
        names = []
        for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps]):
            names.append(await next_one)
            if len(names) == len(naps) - 1:
                return names

    async def catches_everything(naps):
        woken = []
        for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps]):
            with contextlib.suppress(BaseException):
                woken.append(await next_one)
        return woken


class Wrong22:
    async def replaces_what_is_none(coroutines, process):
        async def one(coroutine):
            result = await coroutine
            done = await process(result)
            return result if done is None else done

        return await asyncio.gather(*map(one, coroutines))

    async def catches_everything(coroutines, process):
        processed = []
        for next_one in asyncio.as_completed(coroutines):
            with contextlib.suppress(BaseException):
                processed.append(await process(await next_one))
        return processed


class Wrong31:
    async def passes_over_a_cancelled_call(work):
        for next_result in asyncio.as_completed([with_key_or_error(*item) for item in work.items()]):
            try:
                pair = await next_result
            except asyncio.CancelledError:
                if asyncio.current_task().cancelling():
                    raise
                continue
            yield pair

    def yields_without_async(work):
        yield from work.items()


async def not_solved(work):
    """Yield nothing yet."""


class Wrong32:
    async def keeps_tasks(work):
        tasks = {key: asyncio.create_task(coroutine) for key, coroutine in work.items()}
        await asyncio.wait(tasks.values())
        soup = {key: tasks.pop(key) for key in list(tasks) if key == "soup"}
        return tasks, soup


CANCELLED_AFTER = "Your function was cancelled after 0.05 s, as a stop button does it, and "
ODD_NAPS = "(0.05, 'Pia')], with an empty name, and one twice: "
FALSE_RESULTS = "Names went well, but not the results 0"
IN_THE_LOOP = "is there a `return` or a `break` inside the loop?"

SLEEPERS = "[sleeper(*nap) for nap in naps]"
EACH_SLEEPER = f"for next_one in asyncio.as_completed({SLEEPERS}):"
EACH_CALL = "for next_one in asyncio.as_completed(coroutines):"
EACH_PAIR = "async for key, outcome in Right31.pairs(work):"
TASKS = "tasks = [asyncio.create_task(with_key_or_error(*item)) for item in work.items()]"

WRONG = [
    *wrong("0.1", Right01.wait_and_add, [
        ({"await ": ""}, "not awaited"),
        ({"await asyncio": "time"}, "blocks the event loop"),
        ("return a + b", "let it wait 0.1 s"),
        ({"0.1": "1"}, "0.1 s was asked for"),
        ({"async def": "def", "await asyncio": "time"}, "async def"),
        ({"return ": ""}, "returned None"),
        ({"a + b": "a - b"}, "returned -1, and 3 was expected"),
        ({"a + b": "3"}, "not with fixed numbers"),
        ({"await asyncio.sleep(0.1)": "asyncio.run(asyncio.sleep(0.1))"}, "`await` is enough here"),
        ({"await": "asyncio.create_task(asyncio.sleep(30))\nawait"}, "`sleep` still ran"),
        ({"await": "asyncio.create_task(fails())\nawait"}, "ValueError: lost, and your code never looked"),
        ({"a + b": "await (a + b)"}, "ordinary value"),
        ({"0.1": "a / 10"}, "wait_and_add(20, 22) returned after 2.00 s: 0.1 s was asked for"),
        ({"a + b": "a + b or None"}, "Your function returned None, for wait_and_add(7, -7)"),
        ({"await": "time.sleep(0.1 * (a < 0))\nawait"}, "blocks the event loop"),
        ({"await": "with contextlib.suppress(BaseException): await"},
         f"{CANCELLED_AFTER}returned 3: a CancelledError has to go its way"),
        ("try: await asyncio.sleep(0.1)\nexcept asyncio.CancelledError: await asyncio.sleep(60)\nreturn a + b",
         f"{CANCELLED_AFTER}waited on: a CancelledError has to go its way"),
    ]),
    *wrong("1.1", Right11.timed, [
        ({"await awaitable": "await asyncio.create_task(awaitable)"},
         "may be a task, and then it raised TypeError: `create_task` takes coroutines only"),
        ({"result = await awaitable": "async with asyncio.TaskGroup() as group: task = group.create_task(awaitable)",
          "return result": "return task.result()"},
         "and then it raised TypeError: `create_task` takes coroutines only"),
        ({"return result": "return result if result or result is None else 'nothing'"},
         "with the result 0, your function returned ('nothing', 0.0"),
        ({"return": "if result is None: await asyncio.Event().wait()\nreturn"},
         "5 s, for an awaitable whose result is None, and was cancelled"),
        ({"result =": "try: result =", "return": "except Exception as error: result = error\nreturn"},
         "raised SpiltError, and your function returned (SpiltError('all over the"),
        ({"result =": "result = None\nwith contextlib.suppress(Exception): result ="},
         "raised SpiltError, and your function returned (None, 0.0"),
        ("try: return await Right11.timed(awaitable)\nexcept Exception: raise RuntimeError('not timed') from None",
         "raised SpiltError, and your function raised RuntimeError: not timed"),
        ({"result =": "try: result =", "return": "except asyncio.CancelledError as error: result = error\nreturn"},
         f"{CANCELLED_AFTER}returned (CancelledError("),
        ({TIMED: f"timedelta(seconds={TIMED})"}, "The second of your pair is datetime.timedelta("),
        ({TIMED: f"f'{{{TIMED}:.2f}}'"}, "The second of your pair is '0.20': seconds were expected"),
        ({"await ": ""}, "only `await` runs it"),
        ("return 'tea', 0.2", "nobody awaited it"),
        ({"return result,": "return"}, "the seconds alone"),
        ("return await awaitable", "the result alone"),
        ({f"result, {TIMED}": f"{TIMED}, result"}, "wrong way round"),
        ({"await awaitable": "asyncio.create_task(awaitable)"}, "before it had ended"),
        ("time.sleep(0.2); return 'tea', 0.2", "blocks the event loop"),
        ({"return result": "return await awaitable"}, "awaited once only: keep its result in a variable"),
        ("async def one(): return await awaitable\nreturn await asyncio.gather(one(), one())", "make a task of each"),
        ({TIMED: "began - time.perf_counter()"}, "later minus earlier"),
        ({TIMED: f"round({TIMED})"}, "and don't round"),
        ({TIMED: "float('nan')"}, "return the difference in seconds."),
        ("return awaitable", "You returned an awaitable: put `await` before it"),
        ({"await awaitable": "await awaitable()"}, "It was called already: no parentheses behind it"),
        (f"result = await awaitable; began = time.perf_counter(); return result, {TIMED}", "right before the `await`"),
        ({TIMED: f"1000 * ({TIMED})"}, "in seconds, not milliseconds"),
        ({TIMED: "0.2"}, "not fixed values"),
    ]),
    *wrong("1.2", Right12.by_as_completed, [
        ("for seconds, _ in naps: await asyncio.sleep(seconds)\nreturn [name for _, name in sorted(naps)]",
         "one after another"),
        ("return [name for _, name in sorted(naps)]", "nobody slept: let the sleeps happen"),
        ("for seconds, _ in naps: asyncio.sleep(seconds)\nreturn [name for _, name in sorted(naps)]", "not awaited"),
        ("return await asyncio.gather(*(sleeper(*nap) for nap in naps))",
         "order of the input, as from awaiting one task after another"),
        ({"sleeper": "blocking"}, "blocks the event loop"),
        ("return (await Right12.by_as_completed(naps))[:-1]", "There were 3 sleepers"),
        ("return [nap for name in await Right12.by_as_completed(naps) for nap in naps if nap[1] == name]",
         "only the names"),
        ({"return": "assert naps\nreturn"}, "for an empty list"),
        (f"await asyncio.sleep(0.3); return {SLEEPERS}", "Your list holds awaitables"),
        (f"return list(asyncio.as_completed({SLEEPERS}))", "Your list holds awaitables"),
        ({SLEEPERS: "[sleeper(1.2, 'A'), sleeper(0.1, 'B')]"}, "the longest sleep is 0.30 s: do you use `naps`?"),
        ({"await next_one": "str(next_one)"}, "What as_completed gives was never awaited"),
        (f"{EACH_SLEEPER} return await next_one", IN_THE_LOOP),
        (f"{EACH_SLEEPER} return [await next_one]", IN_THE_LOOP),
        (f"names = []\n{EACH_SLEEPER} names.append(await next_one); break\nreturn names", IN_THE_LOOP),
        (f"order = ['B', 'C', 'A']\n{EACH_SLEEPER} order.append(await next_one)\nreturn order",
         "come from a list outside your function: make a new one inside it"),
        (f"return asyncio.as_completed({SLEEPERS})", "the iterator itself"),
        (f"return (await next_one for next_one in asyncio.as_completed({SLEEPERS}))", "nothing in it has run"),
        ("await asyncio.sleep(max((seconds for seconds, _ in naps), default=0)); return [name for _, name in "
         "sorted(naps)]",
         "you started no tasks"),
        (Wrong12.leaves_before_the_last, "return when all have woken"),
        ("return [name for name in await Right12.by_as_completed(naps) if name]",
         f"{ODD_NAPS}There were 4 sleepers, and your list is ['Pia', 'Ivy', 'Ivy']"),
        ({"in naps": "in naps if nap[0]"}, f"{ODD_NAPS}There were 4 sleepers, and your list is ['Pia', 'Ivy',"),
        ({SLEEPERS: "{nap[1]: asyncio.create_task(sleeper(*nap)) for nap in naps}.values()"},
         f"{ODD_NAPS}Your function took 0.15 s, and the longest sleep is 0.25 s"),
        ("return await Right12.by_as_completed(naps) if naps else 0",
         "For an empty list your function returned 0: expected []"),
        (Wrong12.catches_everything, f"{CANCELLED_AFTER}returned ["),
        ({"*nap": "nap"}, "too few arguments"),
        ({"as_completed([": "as_completed(*["}, "more arguments than it takes"),
        ({SLEEPERS: "sleeper(*naps[0])"}, "not a single one"),
        ({SLEEPERS: "naps"}, "got something else"),
        ({"sleeper(": "await sleeper("}, "it already gives results, one after another: leave it out there"),
        (f"return await asyncio.as_completed({SLEEPERS})", "loop over it with `for`, and await what it gives"),
        (f"return await started({SLEEPERS})", "await each of them, or `await asyncio.gather(*tasks)`"),
        ("return [await sleeper for _ in naps]", "call it, with parentheses"),
        ("return await asyncio.create_task(sleeper(*naps[0])).result", "call it, with parentheses"),
        (f"return list(asyncio.gather(*{SLEEPERS}))", "`asyncio.gather(...)` needs `await` in front"),
        ({"[await next_one for next_one": "[name for seconds, name"}, "must be awaited first"),
        (f"return await asyncio.create_task({SLEEPERS})", "one coroutine, not a list"),
        ("return await asyncio.create_task(sleeper)", "what calling an `async def` function gives"),
        ("sleepers = {sleeper(*nap): nap[1] for nap in naps}; return [sleepers[next_one] for next_one in "
         "asyncio.as_completed(list(sleepers))]",
         "objects of its own"),
        (f"return [task.result() for task in started({SLEEPERS})]", "Result is not set. The task isn't done"),
        (f"tasks = started({SLEEPERS}); asyncio.wait(tasks); return [task.result() for task in tasks]",
         "`wait(...)` was called but never awaited"),
    ]),
    *wrong("2.1", Right21.tasks_and_as_completed, [
        ({"await next_one": "next_one", "await task": "task.result()"}, "handed a coroutine, not its result"),
        ("return sorted(await Right21.gather(coroutines, on_result))", "sorted by name"),
        (f"{EACH_CALL} on_result(result := await next_one); return [result]", IN_THE_LOOP),
        ("results = await asyncio.gather(*coroutines)\nfor result in results: on_result(result)\nreturn results",
         "when all results were there"),
        ({"(await next_one)": "(await next_one)\nawait asyncio.wait(tasks)"},
         "`on_result` was called for Bern as it arrived, but for Oslo only when all results were there: what "
         "else do you wait for inside the loop?"),
        ({"next_one in asyncio.as_completed(tasks)": "number, next_one in enumerate(asyncio.as_completed(tasks))",
          "(await next_one)": "(await next_one)\nif number: await asyncio.gather(*tasks)"},
         "for Oslo as it arrived, but for Cork only when all"),
        (f"results = []\n{EACH_CALL} results.append(await next_one); on_result(results[-1]); break\nreturn results",
         IN_THE_LOOP),
        ({"[await task for task in tasks]": "asyncio.gather(*tasks)"},
         "You returned an awaitable: put `await` before it"),
        (f"{EACH_CALL} on_result(await next_one)\nreturn await asyncio.gather(*coroutines)",
         "make a task of each, and hand the tasks to everything"),
        (f"results = []\n{EACH_CALL} results.append(await next_one); on_result(results[-1])\nreturn results",
         "your list has the order of completion"),
        ({"next_one in asyncio.as_completed(tasks)": "task in tasks", "await next_one": "await task"},
         "awaiting the tasks in turn"),
        ("results = []\n"
         "for coroutine in coroutines: results.append(await coroutine); on_result(results[-1])\n"
         "return results",
         "one after another"),
        ("return await asyncio.gather(*coroutines)", "`on_result` was never called"),
        ({"return": "for task in tasks: on_result(task.result())\nreturn"}, "called 8 times for 4 results"),
        ({"on_result(await": "await on_result(await"}, "ordinary value"),
        (f"{EACH_CALL} on_result(next_one); await next_one\nreturn []", "handed a coroutine, not its result"),
        ({"[await task for task in tasks]": "tasks"}, "a task is not its result"),
        ({"return ": ""}, "returned None"),
        ({"on_result(await next_one)": "if result := await next_one: on_result(result)"},
         f"{FALSE_RESULTS}, '', None, False, which are results like any other"),
        ("return [result for result in await Right21.gather(coroutines, on_result) if result is not None]",
         "Your list is [0, '', False]: the results in input order are [0,"),
        ({"for next_one": "arrived = []\nfor next_one",
          "on_result(await next_one)": "arrived.append(await next_one); on_result(arrived[-1])",
          "await task": "arrived[arrived.index(task.result())]"},
         f"{FALSE_RESULTS}, '', None, False, which are results like any other"),
        ({"on_result(await next_one)": "try: on_result(await next_one)\nexcept BaseException: return []"},
         f"{CANCELLED_AFTER}returned []: a CancelledError has to go its way"),
    ]),
    *wrong("2.2", Right22.one_at_a_time, [
        ({"(await next_one)": "(result)", "(coroutines)]": "(coroutines) if (result := await next_one)]"},
         f"{FALSE_RESULTS}, '', None, which are results like any other, though"),
        ("return [done for done in await Right22.one_at_a_time(coroutines, process) if done]",
         "`process` returns False, None, 0, which are results like any other, though"),
        (Wrong22.replaces_what_is_none, "`process` returns False, None, 0, which are results like any other"),
        (Wrong22.catches_everything, f"{CANCELLED_AFTER}returned ["),
        ({"(await next_one)": "(next_one)"}, "handed a coroutine, not its result"),
        ("return [await process(coroutine) for coroutine in coroutines]", "handed a coroutine, not its result"),
        ("return [await process(await asyncio.gather(*coroutines))]", "hand it each result just as it arrived"),
        ("results = [await next_one for next_one in asyncio.as_completed(coroutines)]; return [await "
         "process(result) for result in results]",
         "inside the loop over as_completed"),
        (f"{EACH_CALL} return await process(await next_one)", IN_THE_LOOP),
        ("return (await process(await next_one) for next_one in asyncio.as_completed(coroutines))",
         "nothing in it has run"),
        ("return map(process, coroutines)", "the iterator itself"),
        ("async def one(coroutine): return await process(await coroutine)\nreturn started(map(one, coroutines))",
         "processing still went on"),
        ("return [await process(result) for result in await asyncio.gather(*coroutines)]",
         "when all results were there"),
        ("return await asyncio.gather(*map(process, await asyncio.gather(*coroutines)))",
         "when all results were there"),
        ("return [await process(await coroutine) for coroutine in coroutines]", "one after another"),
        ("return [await process(await task) for task in started(coroutines)]", "awaiting the tasks in turn"),
        ({"await process": "process"}, "called but not awaited"),
        ({"return ": ""}, "returned None"),
        (f"results = []\n{EACH_CALL} results.append(await next_one); await process(results[-1])\nreturn results",
         "what `process` makes of them"),
        ("return [asyncio.create_task(process(await next_one)) for next_one in asyncio.as_completed(coroutines)]",
         "processing still went on"),
        ("tasks, done = started(coroutines), []\n"
         "for next_one in asyncio.as_completed(tasks): done.append(await process(await next_one)); await "
         "asyncio.wait(tasks)\n"
         "return done",
         "for Bern as it arrived, but for Oslo only when all results were there"),
        ("return await asyncio.gather(*[process(await next_one) for next_one in asyncio.as_completed(coroutines)])",
         "that only makes a coroutine, and the `gather` behind the loop begins it"),
        ("return [await process(result) for result in asyncio.gather(*started(coroutines))]",
         "`asyncio.gather(...)` needs `await` in front"),
    ]),
    *wrong("3.1", Right31.pairs, [
        ({"with_key_or_error": "with_key_or(ValueError, OSError)"},
         "failed with BurntError, and nothing caught it: your function is ready for"),
        ({"with_key_or_error": "with_key_or(BaseException)"},
         "'rolls' was cancelled, and your function gave its CancelledError as a"),
        ({"with_key_or_error": "with_key_or(BaseException)",
          "yield await next_result":
              "key, outcome = await next_result\n"
              "yield key, None if isinstance(outcome, asyncio.CancelledError) else outcome"},
         "the pairs of 'rolls', 'stew', and ended as if nothing had"),
        (Wrong31.passes_over_a_cancelled_call, "your function went on: it gave the pairs of 'stew', and ended"),
        ({"yield await next_result":
              "try: pair = await next_result\n"
              "except asyncio.CancelledError: return\n"
              "yield pair"},
         f"{CANCELLED_AFTER}returned []: a CancelledError has to go its way"),
        (f"{EACH_PAIR}\n    if outcome: yield key, outcome",
         "The keys were 0, '', None, 'fig', 'oat', and your pairs have 'oat': each"),
        (f"{EACH_PAIR}\n    if key: yield key, outcome",
         f"{FALSE_MEAL}: The keys were 0, '', None, 'fig', 'oat', and your pairs have"),
        (f"{EACH_PAIR} yield key, outcome or None", "Under None your function gave None"),
        ({"with_key_or_error": "with_key_or(ValueError)"},
         "failed with OSError, and nothing caught it: your function is ready for"),
        ({"with_key_or_error": "with_key_or(ValueError)", "yield": "with contextlib.suppress(OSError): yield"},
         "'rice' raised OSError, and your function yields no pair for it"),
        ({"async def": "def", "yield await": "yield"},
         "`async def` function with a `yield` gives can be looped over with `async for`"),
        ("for key, next_result in zip(work, asyncio.as_completed(work.values()), strict=True): yield key, await "
         "next_result",
         "Catch the exception where you still know whose it is"),
        ("for key, next_result in zip(work, asyncio.as_completed(work.values()), strict=True): yield await "
         "with_key_or(ValueError)(key, next_result)",
         "its position does not tell whose it is"),
        ({"with_key_or_error": "with_key_or()"}, "that ended your function: the other results were lost"),
        ("async with asyncio.TaskGroup() as group: tasks = [group.create_task(with_key_or()(*item)) for item in "
         "work.items()]\n"
         "for task in tasks: yield task.result()",
         "that ended your function: the other results were lost"),
        ({"with_key_or_error": "with_key_or()", "yield": "with contextlib.suppress(ValueError): yield"},
         "yields no pair for it"),
        (f"{EACH_PAIR} yield key, str(outcome)", "gave 'soup burnt' for it: the exception itself was expected"),
        (f"{EACH_PAIR} yield key, None if isinstance(outcome, Exception) else outcome",
         "gave None for it: the exception itself was expected"),
        ("for item in work.items(): yield await with_key_or_error(*item)", "they came one after another"),
        ("tasks = [with_key_or_error(*item) for item in work.items()]\nfor task in tasks: yield await task",
         "Start all of them before you wait for the first"),
        (f"{TASKS}\nfor task in tasks: yield await task", "nor the tasks in turn"),
        (f"{TASKS}\nfor task in (tasks[1], tasks[0], tasks[2]) if len(tasks) == 3 else tasks: yield await task",
         "your pairs came as 'soup', 'roast', 'cake'"),
        ("for pair in zip(work, await asyncio.gather(*work.values(), return_exceptions=True), strict=True): "
         "yield pair",
         "The first pair came only when all had finished"),
        ("for pair in [pair async for pair in Right31.pairs(work)]: yield pair", "not all of them in the end"),
        (f"{TASKS}\n"
         "for next_result in asyncio.as_completed(tasks): yield await next_result; await asyncio.wait(tasks)",
         "but that of 'cake' only when all had finished"),
        ("return [pair async for pair in Right31.pairs(work)]", "Give each pair as soon as it is there, with `yield`"),
        ("return await asyncio.gather(*(with_key_or()(*item) for item in work.items()))",
         "Catch the exception where you still know whose it is"),
        ("return Right31.pairs(work)", "put the `yield` into this function"),
        (f"{EACH_PAIR} pass", "is there a `yield`?"),
        (f"{EACH_PAIR} yield outcome", "a pair was expected, (key, result or exception)"),
        (f"{EACH_PAIR} yield key", "yields 'soup': a pair was expected"),
        ({"yield await": "yield"}, "await what as_completed gives, and yield its result"),
        ("for key, coroutine in work.items(): yield key, asyncio.create_task(coroutine)",
         "For 'roast' your function gave an awaitable: await it"),
        ("for item in work.items(): yield item", "For 'roast' your function gave an awaitable: await it"),
        ("keys = {asyncio.create_task(coroutine): key for key, coroutine in work.items()}\n"
         "for next_result in asyncio.as_completed(keys): yield keys[next_result], await next_result",
         "objects of its own"),
        (Wrong31.yields_without_async, "async def"),
        (f"{EACH_PAIR} yield key, outcome; return", IN_THE_LOOP),
        (f"{EACH_PAIR} yield key, outcome; break", IN_THE_LOOP),
        (f"{EACH_PAIR} yield outcome, key", "wrong way round. First the key"),
        (f"{EACH_PAIR} yield key, outcome; yield key, outcome", "more pairs: each key was expected once"),
        ("while True: yield 1", "yields 1: a pair was expected"),
        ("for key in (): yield key", "yields nothing"),
        (f"{EACH_PAIR} yield [key], outcome", "each key was expected once"),
        (f"{EACH_PAIR} yield key, Odd()", "and your function gave <Odd>"),
        (f"{EACH_PAIR} yield Odd(), outcome", "your pairs have <Odd>"),
        ("for key in work: yield key, ValueError('soup burnt') if key == 'soup' else f'{key} is ready'",
         "The coroutine of 'roast' has not run to its end"),
        (f"{EACH_PAIR} yield key, outcome; time.sleep(0.1)", "blocks the event loop"),
        (f"asyncio.create_task(asyncio.sleep(60))\n{EACH_PAIR} yield key, outcome", "`sleep` still ran"),
        ({"pairs(work)": "pairs()"}, "Keep the parameters"),
        ("raise NotImplementedError\nyield", "Nothing here yet"),
    ]),
    *wrong("3.2", Right32.sort_out, [
        ({"errors if isinstance(outcome, Exception) else results":
              "results if outcome and not isinstance(outcome, Exception) else errors"},
         "The keys of your results are ['oat'], those of your errors ["),
        ({"Exception": "ValueError | OSError | LookupError"}, "The exception of 'ham' stands among your results"),
        ({"return results": "return {key: result for key, result in results.items() if result is not None}"},
         "The keys of your results are ['', 'fig', 'oat', None], those of your errors []"),
        ({"return results": "return {key: result for key, result in results.items() if key}"},
         "The keys of your results are ['fig', 'oat'], those of your errors []"),
        ("with contextlib.suppress(asyncio.CancelledError): return await Right32.sort_out(work)\nreturn {}, {}",
         f"{CANCELLED_AFTER}returned ({{}}, {{}}): a CancelledError"),
        ({"async for key, outcome in Right31.pairs(work)":
              "for key, outcome in await asyncio.gather(*(with_key_or(ValueError)(*item) for item in work.items()))"},
         "failed with OSError, and nothing caught it: your function is ready for"),
        ({"Exception": "ValueError"}, "The exception of 'rice' stands among your results"),
        ({"Right31.pairs": "not_solved"},
         "a `yield`? Chapter 13 has more on such messages. (Solve 3.1 first, or use `pairs_solution`.)"),
        ("return dict(Right31.pairs(work)), {}", "object is not iterable. Loop over it with `async for`."),
        ("return dict(zip(work, await asyncio.gather(*work.values()), strict=True)), {}",
         "that ended your function: the other results were lost"),
        ("await asyncio.wait(started(work.values()))", "A task of yours ended with ValueError: soup burnt"),
        ("return dict(zip(work, await asyncio.gather(*work.values(), return_exceptions=True), strict=True)), {}",
         "it belongs to the errors"),
        ({"return results, errors": "return errors, results"}, "the wrong way round"),
        ({"return results, errors": "return list(results.items()), list(errors.items())"},
         "a pair of dictionaries was expected"),
        ({"return results, errors": "return results | errors"}, "a pair of dictionaries was expected"),
        ({"return results, errors": "return results, {}"},
         "those of your errors []; expected were ['cake', 'roast'] and ['soup']"),
        ({"return results, errors": "return results, {key: str(error) for key, error in errors.items()}"},
         "the exception itself was expected"),
        ({"async for key, outcome in Right31.pairs(work)": "for key, coroutine in work.items()",
          "(errors": "_, outcome = await with_key_or_error(key, coroutine)\n(errors"},
         "they came one after another"),
        (Wrong32.keeps_tasks, "For 'roast' your function gave an awaitable"),
        ({"async for key, outcome in Right31.pairs(work)":
              "for key, next_result in zip(work, asyncio.as_completed(work.values()), strict=True)",
          "(errors": "_, outcome = await with_key_or_error(key, next_result)\n(errors"},
         "its position does not tell whose it is"),
        ({"return results": "return dict(zip(results, reversed(results.values()), strict=True))"},
         "its position does not tell whose it is"),
        ("return {(1, 2): 3, None: 4}, {'soup': ValueError()}", "The keys of your results are"),
        ({"return results": "return {key: Odd() for key in results}"}, "and your function gave <Odd>"),
        ("return {key: f'{key} is ready' for key in work if key != 'soup'}, {key: ValueError('soup burnt') for "
         "key in work if key == 'soup'}",
         "The coroutine of 'roast' has not run to its end"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("number", "answer", "words"), WRONG)
def test_wrong_answers_are_told_the_idea(told, number, answer, words):
    told(number, answer, words)


@pytest.mark.parametrize(
    ("change", "since", "idea"),
    [
        ({"for next_one": "async for next_one"}, (3, 13), "`async for` over as_completed needs Python 3.13"),
        ({SLEEPERS: SLEEPERS[1:-1]}, (3, 12), "Up to Python 3.11, as_completed takes a list"),
    ],
)
def test_what_an_older_python_lacks_is_told(judge, change, since, idea):
    line = judge("1.2", changed(Right12.by_as_completed, change))
    assert idea in line if sys.version_info < since else line.startswith("✓")


class AsyncFor:
    async def over_tasks(work):
        keys = {asyncio.create_task(coroutine): key for key, coroutine in work.items()}
        async for task in asyncio.as_completed(keys):
            yield keys[task], task.exception() or task.result()


@pytest.mark.parametrize(
    ("answer", "told_since_313"),
    [
        (AsyncFor.over_tasks, "✓"),
        (changed(AsyncFor.over_tasks, {"asyncio.create_task(coroutine)": "coroutine"}), "make the tasks yourself"),
    ],
)
def test_async_for_over_as_completed(judge, answer, told_since_313):
    idea = told_since_313 if sys.version_info >= (3, 13) else "`async for` over as_completed needs Python 3.13"
    assert idea in judge("3.1", answer)
