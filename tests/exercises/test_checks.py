"""Each exercise's check accepts right answers, names what is behind the usual wrong ones, and survives anything."""

# ruff: noqa: ASYNC251, N805, SIM105 (answers of readers: they block, and the classes that hold them are only groups)

import asyncio
import concurrent.futures
import contextlib
import functools
import gc
import logging
import signal
import subprocess
import sys
import time
import warnings
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import anyio
import numpy
import pytest

from support.jumping_loop import WorkingClock
from support.places import NOTEBOOKS
from workshop.exercises import check, runner
from workshop.exercises.chapters.chapter_03 import FALSE_MEAL

HAS_ALARM = hasattr(signal, "setitimer")


def unwrapped(out):
    """Return what was printed with each message in one line."""
    return out.replace("\n  ", " ")


class Reports(logging.Handler):
    """Keeps what the event loop reports, such as an exception that was never retrieved."""

    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


@contextlib.contextmanager
def nothing_reported():
    """Fail if the event loop reports anything: a notebook shows that on stderr, and pytest's own handler hides it."""
    reports = Reports()
    logger = logging.getLogger("asyncio")
    logger.addHandler(reports)
    try:
        yield
        gc.collect()
    finally:
        logger.removeHandler(reports)
    assert reports.messages == []


IN_REAL_TIME = ("8.6", "10.1")
"""The exercises on threads, and on a cluster."""


def judged(capfd, number, answer):
    """Check an answer, and return the line that was printed."""
    run = asyncio.run if number in IN_REAL_TIME else WorkingClock().run

    async def cell():
        before = asyncio.all_tasks()
        assert await check(number, answer) is None
        assert asyncio.all_tasks() == before, "something was left running"

    with nothing_reported():
        run(cell())
    out, err = capfd.readouterr()
    assert err == ""
    out = unwrapped(out)
    assert out.count("\n") == 1, out
    assert out[:2] in ("✓ ", "✗ ")
    assert out[2:].startswith(f"{number} ")
    assert "Traceback" not in out
    assert not any(stops in out.replace("...", "") for stops in ("..", "….", "?."))
    assert "at once" not in out
    return out


@pytest.fixture
def short_limits(monkeypatch):
    monkeypatch.setattr(runner, "WAIT_LIMIT", 0.5)
    monkeypatch.setattr(runner, "BLOCK_LIMIT", 0.4)
    monkeypatch.setattr(runner, "CANCEL_WAIT", 0.05)


# ---- right answers


class ExecutorOnTheLoopsClock(concurrent.futures.Executor):
    """Stands in for threads that sleep: what the event loop sees of them, without a real wait."""

    def submit(self, seconds, name):
        future = concurrent.futures.Future()
        asyncio.get_running_loop().call_later(seconds, lambda: future.cancelled() or future.set_result(name))
        return future


class Right:
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

    async def waits_in_a_thread(a, b):
        await asyncio.to_thread(time.sleep, 0.1)
        return a + b

    async def waits_with_anyio(a, b):
        await anyio.sleep(0.1)
        return a + b

    def returns_a_coroutine(a, b):
        return Right.wait_and_add(a, b)

    async def timed(awaitable):
        began = time.perf_counter()
        result = await awaitable
        return result, time.perf_counter() - began

    async def timed_in_a_list(awaitable):
        loop = asyncio.get_running_loop()
        began = loop.time()
        return [await asyncio.ensure_future(awaitable), loop.time() - began]

    async def timed_in_fractions(awaitable):
        result, seconds = await Right.timed(awaitable)
        return result, Fraction(seconds)

    async def timed_in_decimals(awaitable):
        result, seconds = await Right.timed(awaitable)
        return result, Decimal(seconds)

    async def timed_by_numpy(awaitable):
        result, seconds = await Right.timed(awaitable)
        return result, numpy.float32(seconds)

    async def timed_under_finally(awaitable):
        began = time.perf_counter()
        try:
            result = await awaitable
        finally:
            seconds = time.perf_counter() - began
        return result, seconds

    async def timed_with_a_limit(awaitable):
        began = time.time()
        async with asyncio.timeout(60):
            return await awaitable, time.time() - began

    async def timed_by_gather(awaitable):
        began = time.monotonic()
        (result,) = await asyncio.gather(awaitable)
        return result, time.monotonic() - began

    async def timed_by_wait(awaitable):
        began, task = time.monotonic(), asyncio.ensure_future(awaitable)
        await asyncio.wait([task])
        return task.result(), time.monotonic() - began

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

    async def order_with_an_executor(naps):
        loop, executor = asyncio.get_running_loop(), ExecutorOnTheLoopsClock()
        futures = [loop.run_in_executor(executor, *nap) for nap in naps]
        return [await next_one for next_one in asyncio.as_completed(futures)]

    async def order_with_timers(naps):
        woken = []
        for seconds, name in naps:
            asyncio.get_running_loop().call_later(seconds, woken.append, name)
        await asyncio.sleep(max((seconds for seconds, _ in naps), default=0) + 0.01)
        return woken

    async def order_with_wait(naps):
        pending, woken = {asyncio.create_task(sleeper(*nap)) for nap in naps}, []
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            woken += [task.result() for task in done]
        return tuple(woken)

    async def order_with_a_queue(naps):
        queue = asyncio.Queue()

        async def one(seconds, name):
            await asyncio.sleep(seconds)
            await queue.put(name)

        tasks = [asyncio.create_task(one(*nap)) for nap in naps]
        return [await queue.get() for _ in tasks]

    async def order_with_an_asynchronous_comprehension(naps):
        async def woken():
            for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps]):
                yield await next_one

        return [name async for name in woken()]

    async def order_with_anyio(naps):
        woken = []

        async def one(seconds, name):
            await anyio.sleep(seconds)
            woken.append(name)

        async with anyio.create_task_group() as group:
            for nap in naps:
                group.start_soon(one, *nap)
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

    async def in_order_with_a_task_group(coroutines, on_result):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
            for next_one in asyncio.as_completed(tasks):
                on_result(await next_one)
        return [task.result() for task in tasks]

    async def in_order_with_wait(coroutines, on_result):
        tasks = pending = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                on_result(task.result())
        return [task.result() for task in tasks]

    async def in_order_with_callbacks(coroutines, on_result):
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        for task in tasks:
            task.add_done_callback(lambda task: task.cancelled() or on_result(task.result()))
        return await asyncio.gather(*tasks)

    async def in_order_with_places(coroutines, on_result):
        results = [None] * len(coroutines)

        async def one(place, coroutine):
            return place, await coroutine

        for next_one in asyncio.as_completed([one(*pair) for pair in enumerate(coroutines)]):
            place, results[place] = await next_one
            on_result(results[place])
        return results

    async def in_order_with_anyio(coroutines, on_result):
        results = {}

        async def one(place, coroutine):
            results[place] = await coroutine
            on_result(results[place])

        async with anyio.create_task_group() as group:
            for pair in enumerate(coroutines):
                group.start_soon(one, *pair)
        return [results[place] for place in sorted(results)]

    async def collect_with_a_task_group(coroutines, process):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(process(await next_one)) for next_one in asyncio.as_completed(coroutines)]
        return [task.result() for task in tasks]

    async def collect_one_at_a_time(coroutines, process):
        return [await process(await next_one) for next_one in asyncio.as_completed(coroutines)]

    async def collect_concurrently(coroutines, process):
        async def one(coroutine):
            return await process(await coroutine)

        return await asyncio.gather(*map(one, coroutines))

    async def collect_with_tasks(coroutines, process):
        tasks = [asyncio.create_task(process(await next_one)) for next_one in asyncio.as_completed(coroutines)]
        return [await task for task in tasks]


async def with_key_or_error(key, coroutine):
    try:
        return key, await coroutine
    except Exception as error:
        return key, error


class Right3:
    async def pairs(work):
        tasks = [asyncio.create_task(with_key_or_error(key, coroutine)) for key, coroutine in work.items()]
        for next_result in asyncio.as_completed(tasks):
            yield await next_result

    async def pairs_of_coroutines(work):
        for next_result in asyncio.as_completed([with_key_or_error(*item) for item in work.items()]):
            key, outcome = await next_result
            yield [key, outcome]

    async def pairs_with_a_queue(work):
        queue = asyncio.Queue()

        async def one(key, coroutine):
            queue.put_nowait(await with_key_or_error(key, coroutine))

        async with asyncio.TaskGroup() as group:
            for item in work.items():
                group.create_task(one(*item))
            for _ in work:
                yield await queue.get()

    async def pairs_with_wait(work):
        keys = {asyncio.create_task(coroutine): key for key, coroutine in work.items()}
        pending = set(keys)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield keys[task], task.exception() or task.result()

    def pairs_of_another(work):
        return Right3.pairs(work)

    async def pairs_in_a_task_group(work):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(with_key_or_error(*item)) for item in work.items()]
            for next_result in asyncio.as_completed(tasks):
                yield await next_result

    async def pairs_of_anyio(work):
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

    def pairs_of_an_iterator(work):
        return Right3.AnIterator(work)

    async def sort_out(work):
        results, errors = {}, {}
        async for key, outcome in Right3.pairs(work):
            (errors if isinstance(outcome, Exception) else results)[key] = outcome
        return results, errors

    async def sort_out_with_gather(work):
        outcomes = await asyncio.gather(*work.values(), return_exceptions=True)
        both = list(zip(work, outcomes, strict=True))
        return (
            {key: what for key, what in reversed(both) if not isinstance(what, Exception)},
            {key: what for key, what in both if isinstance(what, Exception)},
        )


class Called:
    """An object with this method is as good an answer as a function."""

    async def __call__(self, *arguments):
        return await self.answer(*arguments)

    def __init__(self, answer):
        self.answer = answer


class CalledPairs(Called):
    async def __call__(self, work):
        async for pair in Right3.pairs(work):
            yield pair


class Needs313:
    async def pairs(work):
        keys = {asyncio.create_task(coroutine): key for key, coroutine in work.items()}
        async for task in asyncio.as_completed(keys):
            yield keys[task], task.exception() or task.result()

    async def forgets_create_task(work):
        keys = {coroutine: key for key, coroutine in work.items()}
        async for task in asyncio.as_completed(keys):
            yield keys[task], task.exception() or task.result()


RIGHT = {
    "0.1": [
        Right.wait_and_add,
        Right.adds_what_a_future_brings,
        Right.waits_with_a_limit,
        Right.waits_in_a_thread,
        Right.waits_with_anyio,
        Right.returns_a_coroutine,
    ],
    "1.1": [
        Right.timed,
        Right.timed_in_a_list,
        Right.timed_in_fractions,
        Right.timed_in_decimals,
        Right.timed_by_numpy,
        Right.timed_under_finally,
        Right.timed_with_a_limit,
        Right.timed_by_gather,
        Right.timed_by_wait,
    ],
    "1.2": [
        Right.order_with_as_completed,
        Right.order_with_a_list_that_grows,
        Right.order_with_a_task_group,
        Right.order_with_an_executor,
        Right.order_with_timers,
        Right.order_with_wait,
        Right.order_with_a_queue,
        Right.order_with_an_asynchronous_comprehension,
        Right.order_with_anyio,
    ],
    "2.1": [
        Right.in_order_with_tasks,
        Right.in_order_with_gather,
        Right.in_order_with_a_task_group,
        Right.in_order_with_wait,
        Right.in_order_with_callbacks,
        Right.in_order_with_places,
        Right.in_order_with_anyio,
    ],
    "2.2": [
        Right.collect_one_at_a_time,
        Right.collect_concurrently,
        Right.collect_with_tasks,
        Right.collect_with_a_task_group,
    ],
    "3.1": [
        Right3.pairs,
        Right3.pairs_of_coroutines,
        Right3.pairs_with_a_queue,
        Right3.pairs_with_wait,
        Right3.pairs_of_another,
        Right3.pairs_in_a_task_group,
        Right3.pairs_of_anyio,
        Right3.pairs_of_an_iterator,
        Right3.AnIterator,
        CalledPairs(None),
    ],
    "3.2": [Right3.sort_out, Right3.sort_out_with_gather],
}
for number, (answer, *_) in RIGHT.items():
    RIGHT[number].append(functools.partial(answer))
    if number != "3.1":
        RIGHT[number].append(Called(answer))


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        pytest.param(number, answer, id=f"{number}-{getattr(answer, '__name__', type(answer).__name__)}")
        for number, answers in RIGHT.items()
        for answer in answers
    ],
)
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer).startswith(f"✓ {number} ")


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

    async def sleeps_as_long_as_a_says(a, b):
        await asyncio.sleep(a / 10)
        return a + b

    async def takes_zero_for_nothing(a, b):
        await asyncio.sleep(0.1)
        return a + b or None

    async def blocks_for_small_numbers(a, b):
        (time.sleep if a < 0 else Wrong01.does_not_block)(0.1)
        await asyncio.sleep(0.1)
        return a + b

    def does_not_block(seconds):
        pass

    async def catches_everything(a, b):
        with contextlib.suppress(BaseException):
            await asyncio.sleep(0.1)
        return a + b

    async def sleeps_on_when_cancelled(a, b):
        try:
            await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            await asyncio.sleep(60)
        return a + b


class Wrong11:
    async def makes_a_task(awaitable):
        began = time.perf_counter()
        return await asyncio.create_task(awaitable), time.perf_counter() - began

    async def makes_a_task_in_a_group(awaitable):
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(awaitable)
        return task.result(), time.perf_counter() - began

    async def takes_zero_for_nothing(awaitable):
        result, seconds = await Right.timed(awaitable)
        return (result, seconds) if result or result is None else ("nothing", seconds)

    async def waits_for_something(awaitable):
        result, seconds = await Right.timed(awaitable)
        if result is None:
            await asyncio.Event().wait()
        return result, seconds

    async def returns_the_failure(awaitable):
        began = time.perf_counter()
        try:
            return await awaitable, time.perf_counter() - began
        except Exception as error:
            return error, time.perf_counter() - began

    async def swallows_the_failure(awaitable):
        began, result = time.perf_counter(), None
        with contextlib.suppress(Exception):
            result = await awaitable
        return result, time.perf_counter() - began

    async def raises_another_error(awaitable):
        try:
            return await Right.timed(awaitable)
        except Exception:
            raise RuntimeError("not timed") from None

    async def returns_its_cancellation(awaitable):
        began = time.perf_counter()
        try:
            return await awaitable, time.perf_counter() - began
        except asyncio.CancelledError as error:
            return error, time.perf_counter() - began

    async def returns_a_timedelta(awaitable):
        result, seconds = await Right.timed(awaitable)
        return result, timedelta(seconds=seconds)

    async def returns_text(awaitable):
        result, seconds = await Right.timed(awaitable)
        return result, f"{seconds:.2f}"

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

    async def subtracts_the_later(awaitable):
        result, seconds = await Right.timed(awaitable)
        return result, -seconds

    async def rounds(awaitable):
        result, seconds = await Right.timed(awaitable)
        return result, round(seconds)

    async def makes_not_a_number(awaitable):
        return await awaitable, float("nan")

    async def returns_the_awaitable(awaitable):
        return awaitable

    async def calls_the_coroutine(awaitable):
        return await awaitable()

    async def awaits_from_two_sides(awaitable):
        async def one():
            return await awaitable

        return await asyncio.gather(one(), one())

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

    async def breaks_in_the_loop(naps):
        names = []
        for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps]):
            names.append(await next_one)
            break
        return names

    async def uses_the_list_of_a_cell_above(naps):
        order = ["B", "C", "A"]
        for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps]):
            order.append(await next_one)
        return order

    async def leaves_before_the_last(naps):
        names = []
        for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps]):
            names.append(await next_one)
            if len(names) == len(naps) - 1:
                return names

    async def drops_an_empty_name(naps):
        return [name for name in await Right.order_with_as_completed(naps) if name]

    async def drops_a_sleeper_of_no_seconds(naps):
        return await Right.order_with_as_completed([nap for nap in naps if nap[0]])

    async def has_a_task_for_each_name(naps):
        tasks = {}
        for seconds, name in naps:
            tasks[name] = asyncio.create_task(sleeper(seconds, name))
        return [await next_one for next_one in asyncio.as_completed(tasks.values())]

    async def gives_nothing_for_nobody(naps):
        return await Right.order_with_as_completed(naps) if naps else 0

    async def catches_everything(naps):
        woken = []
        for next_one in asyncio.as_completed([sleeper(*nap) for nap in naps]):
            with contextlib.suppress(BaseException):
                woken.append(await next_one)
        return woken


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

    async def awaits_in_the_list(naps):
        return [await next_one for next_one in asyncio.as_completed([await sleeper(*nap) for nap in naps])]

    async def awaits_as_completed(naps):
        return await asyncio.as_completed([sleeper(*nap) for nap in naps])

    async def awaits_a_list(naps):
        return await [asyncio.create_task(sleeper(*nap)) for nap in naps]

    async def awaits_a_function(naps):
        return [await sleeper for _ in naps]

    async def awaits_a_method(naps):
        return await asyncio.create_task(sleeper(*naps[0])).result

    async def loops_over_gather(naps):
        return list(asyncio.gather(*(sleeper(*nap) for nap in naps)))

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

    async def waits_for_all_after_the_first(coroutines, on_result):
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        for next_one in asyncio.as_completed(tasks):
            on_result(await next_one)
            results = [await task for task in tasks]
        return results

    async def waits_for_all_after_the_second(coroutines, on_result):
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        for number, next_one in enumerate(asyncio.as_completed(tasks)):
            on_result(await next_one)
            if number:
                results = await asyncio.gather(*tasks)
        return results

    async def breaks_in_the_loop(coroutines, on_result):
        results = []
        for next_one in asyncio.as_completed(coroutines):
            results.append(await next_one)
            on_result(results[-1])
            break
        return results

    async def returns_gather(coroutines, on_result):
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        for next_one in asyncio.as_completed(tasks):
            on_result(await next_one)
        return asyncio.gather(*tasks)

    async def gathers_the_coroutines_again(coroutines, on_result):
        for next_one in asyncio.as_completed(coroutines):
            on_result(await next_one)
        return await asyncio.gather(*coroutines)

    async def returns_tasks(coroutines, on_result):
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        await Right.in_order_with_tasks([asyncio.wait_for(task, 5) for task in tasks], on_result)
        return tasks

    async def forgets_return(coroutines, on_result):
        await Right.in_order_with_tasks(coroutines, on_result)

    async def reports_what_is_true(coroutines, on_result):
        return await Right.in_order_with_tasks(coroutines, lambda result: result and on_result(result))

    async def waits_until_no_place_is_none(coroutines, on_result):
        results = [None] * len(coroutines)

        async def one(place, coroutine):
            results[place] = await coroutine
            on_result(results[place])

        tasks = [asyncio.create_task(one(*pair)) for pair in enumerate(coroutines)]
        await asyncio.wait(tasks)
        return [result for result in results if result is not None]

    async def looks_places_up_by_result(coroutines, on_result):
        tasks, arrived = [asyncio.create_task(coroutine) for coroutine in coroutines], []
        for next_one in asyncio.as_completed(tasks):
            arrived.append(await next_one)
            on_result(arrived[-1])
        return [arrived[arrived.index(task.result())] for task in tasks]

    async def catches_everything(coroutines, on_result):
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        for next_one in asyncio.as_completed(tasks):
            try:
                on_result(await next_one)
            except BaseException:
                return []
        return [await task for task in tasks]


class Wrong22:
    async def processes_what_is_true(coroutines, process):
        processed = []
        for next_one in asyncio.as_completed(coroutines):
            if result := await next_one:
                processed.append(await process(result))
        return processed

    async def keeps_what_is_true(coroutines, process):
        return [done for done in await Right.collect_one_at_a_time(coroutines, process) if done]

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

    async def waits_for_all_in_the_loop(coroutines, process):
        tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
        processed = []
        for next_one in asyncio.as_completed(tasks):
            processed.append(await process(await next_one))
            await asyncio.gather(*tasks)
        return processed

    async def gathers_the_processing(coroutines, process):
        out = []
        for next_one in asyncio.as_completed(coroutines):
            out.append(process(await next_one))
        return await asyncio.gather(*out)

    async def loops_over_gather(coroutines, process):
        return [await process(result) for result in asyncio.gather(*map(asyncio.create_task, coroutines))]

    async def leaves_processing(coroutines, process):
        tasks = []
        for next_one in asyncio.as_completed(coroutines):
            tasks.append(asyncio.create_task(process(await next_one)))
        return tasks


async def with_key(key, coroutine):
    return key, await coroutine


async def with_key_or_value_error(key, coroutine):
    try:
        return key, await coroutine
    except ValueError as error:
        return key, error


async def with_key_or_anything(key, coroutine):
    try:
        return key, await coroutine
    except BaseException as error:
        return key, error


class Wrong31:
    async def catches_two_kinds(work):
        async def one(key, coroutine):
            try:
                return key, await coroutine
            except (ValueError, OSError) as error:
                return key, error

        for next_result in asyncio.as_completed([one(*item) for item in work.items()]):
            yield await next_result

    async def catches_a_cancelled_call(work):
        for next_result in asyncio.as_completed([with_key_or_anything(*item) for item in work.items()]):
            yield await next_result

    async def gives_none_for_a_cancelled_call(work):
        async for key, outcome in Wrong31.catches_a_cancelled_call(work):
            yield key, None if isinstance(outcome, asyncio.CancelledError) else outcome

    async def passes_over_a_cancelled_call(work):
        for next_result in asyncio.as_completed([with_key_or_error(*item) for item in work.items()]):
            try:
                pair = await next_result
            except asyncio.CancelledError:
                if asyncio.current_task().cancelling():
                    raise
                continue
            yield pair

    async def ends_when_it_is_cancelled(work):
        for next_result in asyncio.as_completed([with_key_or_error(*item) for item in work.items()]):
            try:
                pair = await next_result
            except asyncio.CancelledError:
                return
            yield pair

    async def drops_false_results(work):
        async for key, outcome in Right3.pairs(work):
            if outcome:
                yield key, outcome

    async def drops_false_keys(work):
        async for key, outcome in Right3.pairs(work):
            if key:
                yield key, outcome

    async def gives_none_for_a_false_result(work):
        async for key, outcome in Right3.pairs(work):
            yield key, outcome or None

    async def catches_value_error_only(work):
        for next_result in asyncio.as_completed([with_key_or_value_error(*item) for item in work.items()]):
            yield await next_result

    async def swallows_the_other_failure(work):
        for next_result in asyncio.as_completed([with_key_or_value_error(*item) for item in work.items()]):
            with contextlib.suppress(OSError):
                yield await next_result

    def is_plain_with_yield(work):
        yield from asyncio.as_completed([with_key_or_error(*item) for item in work.items()])

    async def zips(work):
        for key, next_result in zip(work, asyncio.as_completed(work.values()), strict=True):
            yield key, await next_result

    async def zips_and_catches(work):
        for key, next_result in zip(work, asyncio.as_completed(work.values()), strict=True):
            try:
                yield key, await next_result
            except ValueError as error:
                yield key, error

    async def ends_with_a_failure(work):
        for next_result in asyncio.as_completed([with_key(*item) for item in work.items()]):
            yield await next_result

    async def ends_with_a_failure_in_a_group(work):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(with_key(*item)) for item in work.items()]
        for task in tasks:
            yield task.result()

    async def swallows_the_failure(work):
        for next_result in asyncio.as_completed([with_key(*item) for item in work.items()]):
            try:
                yield await next_result
            except ValueError:
                pass

    async def yields_the_message(work):
        async for key, outcome in Right3.pairs(work):
            yield key, str(outcome)

    async def yields_none_for_the_failure(work):
        async for key, outcome in Right3.pairs(work):
            yield key, None if isinstance(outcome, Exception) else outcome

    async def runs_one_by_one(work):
        for item in work.items():
            yield await with_key_or_error(*item)

    async def forgets_create_task(work):
        tasks = [with_key_or_error(*item) for item in work.items()]
        for task in tasks:
            yield await task

    async def awaits_in_turn(work):
        tasks = [asyncio.create_task(with_key_or_error(*item)) for item in work.items()]
        for task in tasks:
            yield await task

    async def awaits_all_but_the_first_in_turn(work):
        tasks = [asyncio.create_task(with_key_or_error(*item)) for item in work.items()]
        for task in (tasks[1], tasks[0], tasks[2]) if len(tasks) == 3 else tasks:
            yield await task

    async def gathers(work):
        outcomes = await asyncio.gather(*work.values(), return_exceptions=True)
        for pair in zip(work, outcomes, strict=True):
            yield pair

    async def collects_first(work):
        for pair in [pair async for pair in Right3.pairs(work)]:
            yield pair

    async def waits_for_all_after_the_first(work):
        tasks = [asyncio.create_task(with_key_or_error(*item)) for item in work.items()]
        for next_result in asyncio.as_completed(tasks):
            yield await next_result
            await asyncio.wait(tasks)

    async def returns_a_list(work):
        return [pair async for pair in Right3.pairs(work)]

    async def returns_gather(work):
        return await asyncio.gather(*(with_key(*item) for item in work.items()))

    async def returns_a_generator(work):
        return Right3.pairs(work)

    async def prints(work):
        async for _ in Right3.pairs(work):
            pass

    async def yields_results_only(work):
        async for _, outcome in Right3.pairs(work):
            yield outcome

    async def yields_keys_only(work):
        async for key, _ in Right3.pairs(work):
            yield key

    async def yields_what_as_completed_gives(work):
        for next_result in asyncio.as_completed([with_key_or_error(*item) for item in work.items()]):
            yield next_result

    async def yields_tasks(work):
        for key, coroutine in work.items():
            yield key, asyncio.create_task(coroutine)

    async def yields_coroutines(work):
        for item in work.items():
            yield item

    async def looks_it_up(work):
        keys = {asyncio.create_task(coroutine): key for key, coroutine in work.items()}
        for next_result in asyncio.as_completed(keys):
            yield keys[next_result], await next_result

    def yields_without_async(work):
        yield from work.items()

    async def returns_in_the_loop(work):
        async for pair in Right3.pairs(work):
            yield pair
            return

    async def breaks_in_the_loop(work):
        async for pair in Right3.pairs(work):
            yield pair
            break

    async def swaps(work):
        async for key, outcome in Right3.pairs(work):
            yield outcome, key

    async def yields_twice(work):
        async for pair in Right3.pairs(work):
            yield pair
            yield pair

    async def yields_for_ever(work):
        while True:
            yield 1

    async def yields_nothing(work):
        for key in ():
            yield key

    async def yields_odd_keys(work):
        async for key, outcome in Right3.pairs(work):
            yield [key], outcome

    async def yields_odd_things(work):
        async for key, _ in Right3.pairs(work):
            yield key, await Anything.returns_something_odd()

    async def yields_odd_things_as_keys(work):
        async for _, outcome in Right3.pairs(work):
            yield await Anything.returns_something_odd(), outcome

    async def makes_it_up(work):
        for key in work:
            yield key, ValueError("soup burnt") if key == "soup" else f"{key} is ready"

    async def blocks(work):
        async for pair in Right3.pairs(work):
            yield pair
            time.sleep(0.1)

    async def leaves_a_task(work):
        asyncio.create_task(asyncio.sleep(60))  # noqa: RUF006
        async for pair in Right3.pairs(work):
            yield pair

    async def takes_no_parameters():
        yield 1

    async def is_not_written(work):
        raise NotImplementedError
        yield


class Wrong32:
    async def takes_false_results_for_errors(work):
        results, errors = {}, {}
        async for key, outcome in Right3.pairs(work):
            (results if outcome and not isinstance(outcome, Exception) else errors)[key] = outcome
        return results, errors

    async def looks_for_three_kinds(work):
        results, errors = {}, {}
        async for key, outcome in Right3.pairs(work):
            (errors if isinstance(outcome, ValueError | OSError | LookupError) else results)[key] = outcome
        return results, errors

    async def drops_none(work):
        results, errors = await Right3.sort_out(work)
        return {key: result for key, result in results.items() if result is not None}, errors

    async def drops_false_keys(work):
        results, errors = await Right3.sort_out(work)
        return {key: result for key, result in results.items() if key}, errors

    async def returns_what_it_has_when_cancelled(work):
        results, errors = {}, {}
        with contextlib.suppress(asyncio.CancelledError):
            async for key, outcome in Right3.pairs(work):
                (errors if isinstance(outcome, Exception) else results)[key] = outcome
        return results, errors

    async def catches_value_error_only(work):
        results, errors = {}, {}

        async def one(key, coroutine):
            try:
                results[key] = await coroutine
            except ValueError as error:
                errors[key] = error

        await asyncio.gather(*(one(*item) for item in work.items()))
        return results, errors

    async def looks_for_value_errors_only(work):
        results, errors = {}, {}
        async for key, outcome in Right3.pairs(work):
            (errors if isinstance(outcome, ValueError) else results)[key] = outcome
        return results, errors

    async def uses_pairs_that_are_not_solved(work):
        async def pairs(work):
            """Yield nothing yet."""

        return [pair async for pair in pairs(work)]

    async def loops_with_a_plain_for(work):
        return dict(Right3.pairs(work)), {}

    async def ends_with_a_failure(work):
        return dict(zip(work, await asyncio.gather(*work.values()), strict=True)), {}

    async def loses_an_error_in_a_task(work):
        tasks = [asyncio.create_task(coroutine) for coroutine in work.values()]
        await asyncio.wait(tasks)

    async def puts_errors_into_the_results(work):
        return dict(zip(work, await asyncio.gather(*work.values(), return_exceptions=True), strict=True)), {}

    async def swaps(work):
        results, errors = await Right3.sort_out(work)
        return errors, results

    async def returns_lists(work):
        results, errors = await Right3.sort_out(work)
        return list(results.items()), list(errors.items())

    async def returns_one_dictionary(work):
        results, errors = await Right3.sort_out(work)
        return results | errors

    async def forgets_the_error(work):
        results, _ = await Right3.sort_out(work)
        return results, {}

    async def keeps_messages(work):
        results, errors = await Right3.sort_out(work)
        return results, {key: str(error) for key, error in errors.items()}

    async def runs_one_by_one(work):
        results, errors = {}, {}
        for key, coroutine in work.items():
            try:
                results[key] = await coroutine
            except ValueError as error:
                errors[key] = error
        return results, errors

    async def keeps_tasks(work):
        tasks = {key: asyncio.create_task(coroutine) for key, coroutine in work.items()}
        await asyncio.wait(tasks.values())
        soup = {key: tasks.pop(key) for key in list(tasks) if key == "soup"}
        return tasks, soup

    async def zips_with_as_completed(work):
        results, errors = {}, {}
        for key, next_result in zip(work, asyncio.as_completed(work.values()), strict=True):
            try:
                results[key] = await next_result
            except ValueError as error:
                errors[key] = error
        return results, errors

    async def mixes_up_the_results(work):
        results, errors = await Right3.sort_out(work)
        return dict(zip(results, reversed(results.values()), strict=True)), errors

    async def has_odd_keys(work):
        return {(1, 2): 3, None: 4}, {"soup": ValueError()}

    async def has_odd_values(work):
        results, errors = await Right3.sort_out(work)
        return {key: await Anything.returns_something_odd() for key in results}, errors

    async def makes_it_up(work):
        soup = {"soup": ValueError("soup burnt")} if "soup" in work else {}
        return {key: f"{key} is ready" for key in work if key != "soup"}, soup


CANCELLED_AFTER = "Your function was cancelled after 0.05 s, as ■ does it, and "
ODD_NAPS = "(0.05, 'Pia')], with an empty name, and one twice: "
FALSE_RESULTS = "Names went well, but not the results 0"

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
    ("0.1", Wrong01.sleeps_as_long_as_a_says, "wait_and_add(20, 22) returned after 2.00 s: 0.1 s was asked for"),
    ("0.1", Wrong01.takes_zero_for_nothing, "Your function returned None, for wait_and_add(7, -7)"),
    ("0.1", Wrong01.blocks_for_small_numbers, "blocks the event loop"),
    ("0.1", Wrong01.catches_everything, f"{CANCELLED_AFTER}returned 3: a CancelledError has to go its way"),
    ("0.1", Wrong01.sleeps_on_when_cancelled, f"{CANCELLED_AFTER}waited on: a CancelledError has to go its way"),
    ("1.1", Wrong11.makes_a_task, "may be a task, and then it raised TypeError: `create_task` takes coroutines only"),
    ("1.1", Wrong11.makes_a_task_in_a_group, "and then it raised TypeError: `create_task` takes coroutines only"),
    ("1.1", Wrong11.takes_zero_for_nothing, "with the result 0, your function returned ('nothing', 0.0"),
    ("1.1", Wrong11.waits_for_something, "5 s, for an awaitable whose result is None, and was cancelled"),
    ("1.1", Wrong11.returns_the_failure, "raised SpiltError, and your function returned (SpiltError('all over the"),
    ("1.1", Wrong11.swallows_the_failure, "raised SpiltError, and your function returned (None, 0.0"),
    ("1.1", Wrong11.raises_another_error, "raised SpiltError, and your function raised RuntimeError: not timed"),
    ("1.1", Wrong11.returns_its_cancellation, f"{CANCELLED_AFTER}returned (CancelledError("),
    ("1.1", Wrong11.returns_a_timedelta, "The second of your pair is datetime.timedelta("),
    ("1.1", Wrong11.returns_text, "The second of your pair is '0.20': seconds were expected"),
    ("1.1", Wrong11.does_not_await, "only `await` runs it"),
    ("1.1", Wrong11.drops_it, "nobody awaited it"),
    ("1.1", Wrong11.returns_seconds_only, "the seconds alone"),
    ("1.1", Wrong11.returns_result_only, "the result alone"),
    ("1.1", Wrong11.swaps, "wrong way round"),
    ("1.1", Wrong11.makes_a_task_only, "before it had ended"),
    ("1.1", Wrong11.sleeps_in_its_place, "blocks the event loop"),
    ("1.1", Wrong11.runs_it_twice, "awaited once only: keep its result in a variable"),
    ("1.1", Wrong11.awaits_from_two_sides, "make a task of each"),
    ("1.1", Wrong11.subtracts_the_later, "later minus earlier"),
    ("1.1", Wrong11.rounds, "and don't round"),
    ("1.1", Wrong11.makes_not_a_number, "return the difference in seconds."),
    ("1.1", Wrong11.returns_the_awaitable, "You returned an awaitable: put `await` before it"),
    ("1.1", Wrong11.calls_the_coroutine, "It was called already: no parentheses behind it"),
    ("1.1", Wrong11.starts_the_clock_late, "right before the `await`"),
    ("1.1", Wrong11.counts_milliseconds, "in seconds, not milliseconds"),
    ("1.1", Wrong11.knows_the_time, "not fixed values"),
    ("1.2", Wrong12.naps_in_turn, "one after another"),
    ("1.2", Wrong12.only_sorts, "nobody slept: let the sleeps happen"),
    ("1.2", Wrong12.forgets_await, "not awaited"),
    ("1.2", Wrong12.gathers, "order of the input, as from awaiting one task after another"),
    ("1.2", Wrong12.blocks, "blocks the event loop"),
    ("1.2", Wrong12.misses_one, "There were 3 sleepers"),
    ("1.2", Wrong12.returns_the_naps, "only the names"),
    ("1.2", Wrong12.fails_when_empty, "for an empty list"),
    ("1.2", Wrong12.keeps_awaitables, "Your list holds awaitables"),
    ("1.2", Wrong12.keeps_what_as_completed_gives, "Your list holds awaitables"),
    ("1.2", Wrong12.pastes_the_opening, "the longest sleep is 0.30 s: do you use `naps`?"),
    ("1.2", Wrong12.loops_without_await, "What as_completed gives was never awaited"),
    ("1.2", Wrong12.returns_in_the_loop, "is there a `return` or a `break` inside the loop?"),
    ("1.2", Wrong12.returns_a_list_in_the_loop, "is there a `return` or a `break` inside the loop?"),
    ("1.2", Wrong12.breaks_in_the_loop, "is there a `return` or a `break` inside the loop?"),
    ("1.2", Wrong12.uses_the_list_of_a_cell_above, "come from a list outside your function: make a new one inside it"),
    ("1.2", Wrong12.returns_the_iterator, "the iterator itself"),
    ("1.2", Wrong12.returns_a_generator, "nothing in it has run"),
    ("1.2", Wrong12.sleeps_the_longest_and_sorts, "you started no tasks"),
    ("1.2", Wrong12.leaves_before_the_last, "return when all have woken"),
    ("1.2", Wrong12.drops_an_empty_name, f"{ODD_NAPS}There were 4 sleepers, and your list is ['Pia', 'Ivy', 'Ivy']"),
    ("1.2", Wrong12.drops_a_sleeper_of_no_seconds, f"{ODD_NAPS}There were 4 sleepers, and your list is ['Pia', 'Ivy',"),
    ("1.2", Wrong12.has_a_task_for_each_name, f"{ODD_NAPS}Your function took 0.15 s, and the longest sleep is 0.25 s"),
    ("1.2", Wrong12.gives_nothing_for_nobody, "For an empty list your function returned 0: expected []"),
    ("1.2", Wrong12.catches_everything, f"{CANCELLED_AFTER}returned ["),
    ("1.2", Misuse12.passes_the_pair, "too few arguments"),
    ("1.2", Misuse12.passes_too_many, "more arguments than it takes"),
    ("1.2", Misuse12.gives_one_only, "not a single one"),
    ("1.2", Misuse12.gives_the_pairs, "got something else"),
    ("1.2", Misuse12.awaits_in_the_list, "it already gives results, one after another: leave it out there"),
    ("1.2", Misuse12.awaits_as_completed, "loop over it with `for`, and await what it gives"),
    ("1.2", Misuse12.awaits_a_list, "await each of them, or `await asyncio.gather(*tasks)`"),
    ("1.2", Misuse12.awaits_a_function, "call it, with parentheses"),
    ("1.2", Misuse12.awaits_a_method, "call it, with parentheses"),
    ("1.2", Misuse12.loops_over_gather, "`asyncio.gather(...)` needs `await` in front"),
    ("1.2", Misuse12.unpacks_too_early, "must be awaited first"),
    ("1.2", Misuse12.makes_one_task_of_all, "one coroutine, not a list"),
    ("1.2", Misuse12.forgets_to_call, "what calling an `async def` function gives"),
    ("1.2", Misuse12.looks_them_up, "objects of its own"),
    ("1.2", Misuse12.asks_too_early, "Result is not set. The task isn't done"),
    ("1.2", Misuse12.forgets_to_wait, "`wait(...)` was called but never awaited"),
    ("2.1", Wrong21.forgets_await_and_asks_the_tasks, "handed a coroutine, not its result"),
    ("2.1", Wrong21.sorts, "sorted by name"),
    ("2.1", Wrong21.returns_in_the_loop, "is there a `return` or a `break` inside the loop?"),
    ("2.1", Wrong21.gathers_first, "when all results were there"),
    (
        "2.1",
        Wrong21.waits_for_all_after_the_first,
        "`on_result` was called for Bern as it arrived, but for Oslo only when all results were there: "
        "what else do you wait for inside the loop?",
    ),
    ("2.1", Wrong21.waits_for_all_after_the_second, "for Oslo as it arrived, but for Cork only when all"),
    ("2.1", Wrong21.breaks_in_the_loop, "is there a `return` or a `break` inside the loop?"),
    ("2.1", Wrong21.returns_gather, "You returned an awaitable: put `await` before it"),
    ("2.1", Wrong21.gathers_the_coroutines_again, "make a task of each, and hand the tasks to everything"),
    ("2.1", Wrong21.returns_completion_order, "your list has the order of completion"),
    ("2.1", Wrong21.awaits_in_turn, "awaiting the tasks in turn"),
    ("2.1", Wrong21.runs_one_by_one, "one after another"),
    ("2.1", Wrong21.never_calls, "`on_result` was never called"),
    ("2.1", Wrong21.calls_twice, "called 8 times for 4 results"),
    ("2.1", Wrong21.awaits_the_callback, "ordinary value"),
    ("2.1", Wrong21.hands_over_awaitables, "handed a coroutine, not its result"),
    ("2.1", Wrong21.returns_tasks, "a task is not its result"),
    ("2.1", Wrong21.forgets_return, "returned None"),
    ("2.1", Wrong21.reports_what_is_true, f"{FALSE_RESULTS}, '', None, False, which are results like any other"),
    ("2.1", Wrong21.waits_until_no_place_is_none, "Your list is [0, '', False]: the results in input order are [0,"),
    ("2.1", Wrong21.looks_places_up_by_result, f"{FALSE_RESULTS}, '', None, False, which are results like any other"),
    ("2.1", Wrong21.catches_everything, f"{CANCELLED_AFTER}returned []: a CancelledError has to go its way"),
    ("2.2", Wrong22.processes_what_is_true, f"{FALSE_RESULTS}, '', None, which are results like any other, though"),
    ("2.2", Wrong22.keeps_what_is_true, "`process` returns False, None, 0, which are results like any other, though"),
    ("2.2", Wrong22.replaces_what_is_none, "`process` returns False, None, 0, which are results like any other"),
    ("2.2", Wrong22.catches_everything, f"{CANCELLED_AFTER}returned ["),
    ("2.2", Wrong22.processes_what_as_completed_gives, "handed a coroutine, not its result"),
    ("2.2", Wrong22.processes_the_coroutines, "handed a coroutine, not its result"),
    ("2.2", Wrong22.processes_the_list, "hand it each result just as it arrived"),
    ("2.2", Wrong22.collects_first, "inside the loop over as_completed"),
    ("2.2", Wrong22.returns_in_the_loop, "is there a `return` or a `break` inside the loop?"),
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
    ("2.2", Wrong22.waits_for_all_in_the_loop, "for Bern as it arrived, but for Oslo only when all results were there"),
    (
        "2.2",
        Wrong22.gathers_the_processing,
        "that only makes a coroutine, and the `gather` behind the loop begins it",
    ),
    ("2.2", Wrong22.loops_over_gather, "`asyncio.gather(...)` needs `await` in front"),
    (
        "3.1",
        Wrong31.catches_two_kinds,
        "failed with BurntError, and nothing caught it: your function is ready for",
    ),
    ("3.1", Wrong31.catches_a_cancelled_call, "'rolls' was cancelled, and your function gave its CancelledError as a"),
    ("3.1", Wrong31.gives_none_for_a_cancelled_call, "the pairs of 'rolls', 'stew', and ended as if nothing had"),
    (
        "3.1",
        Wrong31.passes_over_a_cancelled_call,
        "your function went on: it gave the pairs of 'stew', and ended",
    ),
    ("3.1", Wrong31.ends_when_it_is_cancelled, f"{CANCELLED_AFTER}returned []: a CancelledError has to go its way"),
    ("3.1", Wrong31.drops_false_results, "The keys were 0, '', None, 'fig', 'oat', and your pairs have 'oat': each"),
    ("3.1", Wrong31.drops_false_keys, f"{FALSE_MEAL}: The keys were 0, '', None, 'fig', 'oat', and your pairs have"),
    ("3.1", Wrong31.gives_none_for_a_false_result, "Under None your function gave None"),
    ("3.1", Wrong31.catches_value_error_only, "failed with OSError, and nothing caught it: your function is ready for"),
    ("3.1", Wrong31.swallows_the_other_failure, "'rice' raised OSError, and your function yields no pair for it"),
    (
        "3.1",
        Wrong31.is_plain_with_yield,
        "`async def` function with a `yield` gives can be looped over with `async for`",
    ),
    ("3.1", Wrong31.zips, "Catch the exception where you still know whose it is"),
    ("3.1", Wrong31.zips_and_catches, "its position does not tell whose it is"),
    ("3.1", Wrong31.ends_with_a_failure, "that ended your function: the other results were lost"),
    ("3.1", Wrong31.ends_with_a_failure_in_a_group, "that ended your function: the other results were lost"),
    ("3.1", Wrong31.swallows_the_failure, "yields no pair for it"),
    ("3.1", Wrong31.yields_the_message, "gave 'soup burnt' for it: the exception itself was expected"),
    ("3.1", Wrong31.yields_none_for_the_failure, "gave None for it: the exception itself was expected"),
    ("3.1", Wrong31.runs_one_by_one, "they came one after another"),
    ("3.1", Wrong31.forgets_create_task, "Start all of them before you wait for the first"),
    ("3.1", Wrong31.awaits_in_turn, "nor the tasks in turn"),
    ("3.1", Wrong31.awaits_all_but_the_first_in_turn, "your pairs came as 'soup', 'roast', 'cake'"),
    ("3.1", Wrong31.gathers, "The first pair came only when all had finished"),
    ("3.1", Wrong31.collects_first, "not all of them in the end"),
    ("3.1", Wrong31.waits_for_all_after_the_first, "but that of 'cake' only when all had finished"),
    ("3.1", Wrong31.returns_a_list, "Give each pair as soon as it is there, with `yield`"),
    ("3.1", Wrong31.returns_gather, "Catch the exception where you still know whose it is"),
    ("3.1", Wrong31.returns_a_generator, "put the `yield` into this function"),
    ("3.1", Wrong31.prints, "is there a `yield`?"),
    ("3.1", Wrong31.yields_results_only, "a pair was expected, (key, result or exception)"),
    ("3.1", Wrong31.yields_keys_only, "yields 'soup': a pair was expected"),
    ("3.1", Wrong31.yields_what_as_completed_gives, "await what as_completed gives, and yield its result"),
    ("3.1", Wrong31.yields_tasks, "For 'roast' your function gave an awaitable: await it"),
    ("3.1", Wrong31.yields_coroutines, "For 'roast' your function gave an awaitable: await it"),
    ("3.1", Wrong31.looks_it_up, "objects of its own"),
    ("3.1", Wrong31.yields_without_async, "async def"),
    ("3.1", Wrong31.returns_in_the_loop, "is there a `return` or a `break` inside the loop?"),
    ("3.1", Wrong31.breaks_in_the_loop, "is there a `return` or a `break` inside the loop?"),
    ("3.1", Wrong31.swaps, "wrong way round. First the key"),
    ("3.1", Wrong31.yields_twice, "more pairs: each key was expected once"),
    ("3.1", Wrong31.yields_for_ever, "yields 1: a pair was expected"),
    ("3.1", Wrong31.yields_nothing, "yields nothing"),
    ("3.1", Wrong31.yields_odd_keys, "each key was expected once"),
    ("3.1", Wrong31.yields_odd_things, "and your function gave <Odd>"),
    ("3.1", Wrong31.yields_odd_things_as_keys, "your pairs have <Odd>"),
    ("3.1", Wrong31.makes_it_up, "The coroutine of 'roast' has not run to its end"),
    ("3.1", Wrong31.blocks, "blocks the event loop"),
    ("3.1", Wrong31.leaves_a_task, "`sleep` still ran"),
    ("3.1", Wrong31.takes_no_parameters, "Keep the parameters"),
    ("3.1", Wrong31.is_not_written, "Nothing here yet"),
    ("3.2", Wrong32.takes_false_results_for_errors, "The keys of your results are ['oat'], those of your errors ["),
    ("3.2", Wrong32.looks_for_three_kinds, "The exception of 'ham' stands among your results"),
    ("3.2", Wrong32.drops_none, "The keys of your results are ['', 'fig', 'oat', None], those of your errors []"),
    ("3.2", Wrong32.drops_false_keys, "The keys of your results are ['fig', 'oat'], those of your errors []"),
    ("3.2", Wrong32.returns_what_it_has_when_cancelled, f"{CANCELLED_AFTER}returned ({{}}, {{}}): a CancelledError"),
    ("3.2", Wrong32.catches_value_error_only, "failed with OSError, and nothing caught it: your function is ready for"),
    ("3.2", Wrong32.looks_for_value_errors_only, "The exception of 'rice' stands among your results"),
    (
        "3.2",
        Wrong32.uses_pairs_that_are_not_solved,
        "and this is a coroutine: does the function contain a `yield`? (Solve 3.1 first, or use `pairs_solution`.)",
    ),
    ("3.2", Wrong32.loops_with_a_plain_for, "object is not iterable. Loop over it with `async for`."),
    ("3.2", Wrong32.ends_with_a_failure, "that ended your function: the other results were lost"),
    ("3.2", Wrong32.loses_an_error_in_a_task, "A task of yours ended with ValueError: soup burnt"),
    ("3.2", Wrong32.puts_errors_into_the_results, "it belongs to the errors"),
    ("3.2", Wrong32.swaps, "the wrong way round"),
    ("3.2", Wrong32.returns_lists, "a pair of dictionaries was expected"),
    ("3.2", Wrong32.returns_one_dictionary, "a pair of dictionaries was expected"),
    ("3.2", Wrong32.forgets_the_error, "those of your errors []; expected were ['cake', 'roast'] and ['soup']"),
    ("3.2", Wrong32.keeps_messages, "the exception itself was expected"),
    ("3.2", Wrong32.runs_one_by_one, "they came one after another"),
    ("3.2", Wrong32.keeps_tasks, "For 'roast' your function gave an awaitable"),
    ("3.2", Wrong32.zips_with_as_completed, "its position does not tell whose it is"),
    ("3.2", Wrong32.mixes_up_the_results, "its position does not tell whose it is"),
    ("3.2", Wrong32.has_odd_keys, "The keys of your results are"),
    ("3.2", Wrong32.has_odd_values, "and your function gave <Odd>"),
    ("3.2", Wrong32.makes_it_up, "The coroutine of 'roast' has not run to its end"),
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
    assert "confused the check" not in line


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


@pytest.mark.parametrize("answer", [Needs313.pairs, Needs313.forgets_create_task])
def test_async_for_over_as_completed(judge, answer):
    line = judge("3.1", answer)
    if sys.version_info < (3, 13):
        assert "`async for` over as_completed needs Python 3.13" in line
    elif answer is Needs313.pairs:
        assert line.startswith("✓")
    else:
        assert "as_completed makes a task of its own: make the tasks yourself" in line


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


@pytest.mark.parametrize("number", ["0.1", "1.1", "1.2", "2.1", "2.2", "3.1", "3.2"])
@pytest.mark.parametrize(("answer", "words"), ANYTHING, ids=[getattr(a, "__name__", str(a)) for a, _ in ANYTHING])
def test_survives(judge, number, answer, words):
    line = judge(number, answer)
    assert line.startswith(f"✗ {number} ")
    assert words.lower() in line.lower()
    assert "confused the check" not in line


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
    assert "expected one of 0.1, 1.1, 1.2, 2.1, 2.2, 3.1, 3.2" in unwrapped(capsys.readouterr().out)


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
    assert len(shown) == 5  # the answer is called five times
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
        for number in ("0.1", "1.1", "1.2", "2.1", "2.2", "3.1", "3.2"):
            await check(number, answer)
            check(number, answer)

asyncio.run(main())
assert gc.get_freeze_count() == 0
gc.collect()  # what would be reported late is reported now
print(sorted(name for name in ("numpy", "matplotlib", "IPython") if name in sys.modules))
"""


def test_nothing_arrives_on_stderr():
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", SCRIPT], cwd=NOTEBOOKS, capture_output=True, encoding="utf-8", timeout=60
    )
    assert done.stderr == ""
    *lines, imported = unwrapped(done.stdout).splitlines()
    assert imported == "[]", "checks must run in a browser's Python and in a hurry: standard library only"
    assert len(lines) == 42
    assert all(line.startswith("✗ ") for line in lines)
    assert done.returncode == 0
