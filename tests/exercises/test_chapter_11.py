"""The check of chapter 11, calls per second: right answers pass, wrong ones are told the idea."""

# ruff: noqa: ASYNC110, E501, F821, N805 (answers of readers, in classes that are only groups; the chapter's tools)

import asyncio
import contextlib
import time

import anyio
import pytest
from aiolimiter import AsyncLimiter
from answers import changed, members, other_callables, right, wrong

from support.notebook_tools import Notebook, notebook_paths
from support.steps_of_answers import started, stop

pytestmark = pytest.mark.slow(10)


def perf_counter():
    """Read the clock on which the test runs, as the chapter's cells do."""
    return time.perf_counter()


[NOTEBOOK] = [path for path in notebook_paths() if path.name.startswith("11_")]
for source in (cell.source for cell in Notebook(NOTEBOOK).code_cells):
    if source.startswith(("class Pace", "def pause")):
        exec(source.partition("\n\n\nasync def")[0], globals())


# ---- right answers


class Right:
    async def a_place_then_a_turn_then_the_call(fetch, items, at_a_time, per_second, handle):
        gate, pace = asyncio.Semaphore(at_a_time), Pace(per_second)

        async def one(item):
            while True:
                async with gate:
                    await pace.turn()
                    result, seconds = await fetch(item)
                if not seconds:
                    return handle(item, result)
                pause(pace, seconds)

        async with asyncio.TaskGroup() as group:
            for item in items:
                group.create_task(one(item))

    async def as_completed_and_cancelling(fetch, items, at_a_time, per_second, handle):
        gate, pace = asyncio.Semaphore(at_a_time), Pace(per_second)

        async def one(item):
            async with gate:
                await pace.turn()
                result, seconds = await fetch(item)
                while seconds > 0:
                    pause(pace, seconds)
                    await pace.turn()
                    result, seconds = await fetch(item)
                return item, result

        tasks = started(map(one, items))
        try:
            for next_result in asyncio.as_completed(tasks):
                handle(*await next_result)
        finally:
            await stop(tasks)

    async def aiolimiter_and_an_open_door(fetch, items, at_a_time, per_second, handle):
        limiter, gate, reopens = AsyncLimiter(1, 1 / per_second), asyncio.Semaphore(at_a_time), 0

        async def one(item):
            nonlocal reopens
            seconds = 1
            while seconds:
                async with gate:
                    await limiter.acquire()
                    while (closed := reopens - time.monotonic()) > 0:
                        await asyncio.sleep(closed)
                        await limiter.acquire()
                    result, seconds = await fetch(item)
                reopens = max(reopens, time.monotonic() + seconds)
            handle(item, result)

        async with asyncio.TaskGroup() as group:
            [group.create_task(one(item)) for item in items]

    async def workers_on_a_list(fetch, items, at_a_time, per_second, handle):
        waiting, pace = list(items), Pace(per_second)

        async def worker():
            while waiting:
                item = waiting.pop(0)
                await pace.turn()
                result, seconds = await fetch(item)
                if seconds:
                    pause(pace, seconds)
                    waiting.append(item)
                else:
                    handle(item, result)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_a_time):
                group.create_task(worker())

    async def one_that_sends_out(fetch, items, at_a_time, per_second, handle):
        """A single task begins all calls, so nobody else need know of the pause."""
        waiting, running, opens = list(items), {}, 0
        try:
            while waiting or running:
                wait = opens - perf_counter()
                if not waiting or len(running) == at_a_time or wait > 0:
                    limit = wait if waiting and len(running) < at_a_time else None
                    if not running:
                        await asyncio.sleep(max(0, limit))
                        continue
                    done, _ = await asyncio.wait(running, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        item, (result, seconds) = running.pop(task), await task
                        if seconds:
                            opens = max(opens, perf_counter() + seconds)
                            waiting.append(item)
                        else:
                            handle(item, result)
                else:
                    item = waiting.pop(0)
                    running[asyncio.create_task(fetch(item))] = item
                    opens = perf_counter() + 1 / per_second
        finally:
            await stop(running)

    async def anyio_and_a_lock_that_is_kept(fetch, items, at_a_time, per_second, handle):
        limiter, door, opens = anyio.CapacityLimiter(at_a_time), anyio.Lock(), 0

        async def turn():
            nonlocal opens
            async with door:
                while anyio.current_time() < opens:
                    await anyio.sleep(opens - anyio.current_time())
                opens = anyio.current_time() + 1 / per_second

        async def one(item):
            nonlocal opens
            async with limiter:
                await turn()
                result, seconds = await fetch(item)
                while seconds:
                    opens = max(opens, anyio.current_time() + seconds)
                    await turn()
                    result, seconds = await fetch(item)
            handle(item, result)

        async with anyio.create_task_group() as group:
            for item in items:
                group.start_soon(one, item)


LIKE = Right.a_place_then_a_turn_then_the_call
RIGHT = [
    *members(Right),
    *other_callables(LIKE),
    {"not seconds": "seconds == 0"},
    {"in items": "in reversed(items)"},
    {"handle(item, result)": "handle(item, result) or 1"},
]


@pytest.mark.parametrize(("number", "answer"), right("11.1", RIGHT, LIKE))
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer).startswith("✓")


# ---- wrong answers


class Wrong:
    async def one_after_another(fetch, items, at_a_time, per_second, handle):
        for item in items:
            seconds = 1
            while seconds:
                result, seconds = await fetch(item)
                await asyncio.sleep(max(seconds, 1 / per_second))
            handle(item, result)

    async def each_waits_for_itself(fetch, items, at_a_time, per_second, handle):
        gate, pace = asyncio.Semaphore(at_a_time), Pace(per_second)

        async def one(item):
            while True:
                async with gate:
                    await pace.turn()
                    result, seconds = await fetch(item)
                if not seconds:
                    return handle(item, result)
                await asyncio.sleep(seconds)

        async with asyncio.TaskGroup() as group:
            [group.create_task(one(item)) for item in items]

    async def turns_are_given_out_beforehand(fetch, items, at_a_time, per_second, handle):
        """A turn is a moment that is reserved; who has one knows nothing of a pause that comes later."""
        gate, next_start = asyncio.Semaphore(at_a_time), 0

        async def one(item):
            nonlocal next_start
            while True:
                async with gate:
                    now = perf_counter()
                    start = max(now, next_start)
                    next_start = start + 1 / per_second
                    await asyncio.sleep(start - now)
                    result, seconds = await fetch(item)
                if not seconds:
                    return handle(item, result)
                next_start = max(next_start, perf_counter() + seconds)

        async with asyncio.TaskGroup() as group:
            [group.create_task(one(item)) for item in items]

    async def all_wait_for_the_door_and_rush_in(fetch, items, at_a_time, per_second, handle):
        gate, pace, opens = asyncio.Semaphore(at_a_time), Pace(per_second), 0

        async def one(item):
            nonlocal opens
            while True:
                async with gate:
                    await pace.turn()
                    while (closed := opens - perf_counter()) > 0:
                        await asyncio.sleep(closed)
                    result, seconds = await fetch(item)
                if not seconds:
                    return handle(item, result)
                opens = max(opens, perf_counter() + seconds)

        async with asyncio.TaskGroup() as group:
            [group.create_task(one(item)) for item in items]

    async def makes_calls_again_without_a_place(fetch, items, at_a_time, per_second, handle):
        gate, pace = asyncio.Semaphore(at_a_time), Pace(per_second)

        async def one(item):
            async with gate:
                await pace.turn()
                result, seconds = await fetch(item)
            while seconds:
                pause(pace, seconds)
                await pace.turn()
                result, seconds = await fetch(item)
            handle(item, result)

        async with asyncio.TaskGroup() as group:
            [group.create_task(one(item)) for item in items]

    async def workers_until_an_item_counts_as_false(fetch, items, at_a_time, per_second, handle):
        waiting, pace = list(items), Pace(per_second)

        async def worker():
            while item := waiting and waiting.pop(0):
                seconds = 1
                while seconds:
                    await pace.turn()
                    result, seconds = await fetch(item)
                    pause(pace, seconds)
                handle(item, result)

        async with asyncio.TaskGroup() as group:
            [group.create_task(worker()) for _ in range(at_a_time)]

    async def lets_out_what_the_first_attempt_raises(fetch, items, at_a_time, per_second, handle):
        made = set()

        async def again(item):
            with contextlib.suppress(Exception if item in made else ()):
                made.add(item)
                return await fetch(item)
            return None, 0

        await LIKE(again, items, at_a_time, per_second, handle)

    async def gathers(fetch, items, at_a_time, per_second, handle):
        gate, pace = asyncio.Semaphore(at_a_time), Pace(per_second)

        async def one(item):
            async with gate:
                await pace.turn()
                result, seconds = await fetch(item)
            if not seconds:
                return handle(item, result)
            pause(pace, seconds)
            return await one(item)

        await asyncio.gather(*map(one, items))

    async def waits_for_all(fetch, items, at_a_time, per_second, handle):
        tasks = [asyncio.create_task(LIKE(fetch, items, at_a_time, per_second, handle))] * bool(items)
        done, _ = await asyncio.wait(tasks)
        await done.pop()

    async def handles_all_in_the_end(fetch, items, at_a_time, per_second, handle):
        results = []
        await LIKE(fetch, items, at_a_time, per_second, lambda *one: results.append(one))
        for one in results:
            handle(*one)


TURN, GATE, PAUSE = "await pace.turn()", "async with gate:", "pause(pace, seconds)"

WRONG = wrong("11.1", LIKE, [
    (Wrong.one_after_another, "in your run there were 1 at most: a call need not wait for the answer"),
    ({TURN: "pass"}, "A semaphore does not look at the clock"),
    ({GATE: "async with contextlib.nullcontext():"}, "4 calls were running at the same time. A rate is no limit for that"),
    ({"Pace(per_second)": "AsyncLimiter(per_second, 1)", TURN: "await pace.acquire()", PAUSE: "pass"},
     "`AsyncLimiter(1, 1 / per_second)` has room for one"),
    ({"Pace(per_second)": "AsyncLimiter(1, 1 / per_second)", TURN: "await pace.acquire()",
      PAUSE: "await asyncio.sleep(seconds)"}, "0.50 s, and 0.08 s later the call for C began"),
    ({TURN: "pass", GATE: f"{TURN}\n{GATE}"}, "take the turn last, when you have a place"),
    (Wrong.each_waits_for_itself, "Until the wait is over nobody is to call"),
    (Wrong.turns_are_given_out_beforehand, "not even who has had a turn before"),
    (Wrong.all_wait_for_the_door_and_rush_in, "When a pause is over, too, they begin one after the other"),
    ({PAUSE: "pace.next_start = perf_counter() + seconds"}, "0.15 s later the call for C began. Until the wait is over nobody is to call, not even who has had a turn before. Another call had been turned away for less, meanwhile: the longest wait counts."),
    ({PAUSE: "pass"}, "The call for B was turned away for 0.50 s, and 0.08 s later the call for C began"),
    ({"await fetch(item)": "await fetch(item)\nif seconds: result, seconds = await fetch(item)"},
     "and 0.00 s later this very call began"),
    ({"if not seconds:": "if True:"}, "was turned away, and not made again until it had a result"),
    ({"while True:": "for _ in range(2):"}, "The call for B was turned away, and not made again"),
    ({"while True:": "for _ in range(6):"}, "The call for A was turned away, and not made again"),
    (Wrong.makes_calls_again_without_a_place, "2 calls were running at the same time. A call that is made again needs"),
    ({"Pace(per_second)": "Pace(8)"}, "At 10 a second yours were far enough apart: make the limiter inside your function"),
    ({"in items": "in dict.fromkeys(items)"}, "you handled [0, '', 'A']: an item may be anything, and be there twice"),
    ({"one(item))": "one(item), name=item)", "handle(item,": "handle(asyncio.current_task().get_name(),"},
     "you handled ['0', '', 'A', '0']: an item may be anything"),
    (Wrong.workers_until_an_item_counts_as_false, "you handled []: an item may be anything"),
    (Wrong.lets_out_what_the_first_attempt_raises, "raised LookupError, and your caller got to know nothing"),
    ({"not seconds": "result"}, "your function did not end. These are results, too"),
    ({"return handle(item, result)": "return result and handle(item, result)"}, "what counts as false is a result, too"),
    ({"return handle(item, result)": "return"}, "Nothing was handled"),
    ({"return handle(item, result)": "return handle(item, item * 2)"}, "For A the result is 'A', and you called handle"),
    ({"return handle(item, result)": "return [handle(item, result), handle(item, result)]"}, "you called handle 16 times"),
    (Wrong.handles_all_in_the_end, "was there, and handled only later"),
    ({"in items": "in items[1:]"}, "your code called fetch for B, C, D, E, F, G, H"),
    ({"Semaphore(at_a_time)": "Semaphore(2)"}, "in your run there were 2 at most"),
    ({"Pace(per_second)": "Pace(per_second / 2)"}, "begin a call as soon as both limits let you"),
    ({PAUSE: f"{PAUSE}\ntime.sleep(0.2)"}, "blocks the event loop"),
    (Wrong.gathers, "A call failed, its exception came out of your function, and 3 tasks of yours still ran"),
    ("try: await LIKE(fetch, items, at_a_time, per_second, handle)\nexcept* Exception: pass",
     "your caller got to know nothing of it"),
    ("try: await LIKE(fetch, items, at_a_time, per_second, handle)\nexcept BaseException as error: raise ValueError",
     "ValueError() came out of your function"),
    ("try: await LIKE(fetch, items, at_a_time, per_second, handle)\nexcept asyncio.CancelledError: pass",
     "a CancelledError has to go its way"),
    ("await asyncio.wait([asyncio.create_task(LIKE(fetch, items, at_a_time, per_second, handle))])", "your caller got to"),
    ("asyncio.create_task(LIKE(fetch, items, at_a_time, per_second, handle))", "still ran: wait until all of them have"),
    ("LIKE(fetch, items, at_a_time, per_second, handle)", "was called but never awaited"),
    ("await asyncio.gather(*map(fetch, items))", "8 calls were running at the same time"),
    ({"in items": "in [next(iter(items)), *items[1:]]"}, "StopIteration"),
    ({PAUSE: "pause(pace, 4 * seconds)"}, "in all: when the wait is over, go on"),
    ({"return handle(item, result)": "return item == 'A' and handle(item, result)"},
     "The result of B, C, D, E, F, G, H was never handled"),
    (changed(Right.as_completed_and_cancelling, {"finally:": "except Exception:", "stop(tasks)": "stop(tasks); raise"}),
     "Your function was cancelled, and 4 tasks of yours still ran"),
    (Wrong.waits_for_all, "For an empty list there is nothing to wait for"),
    ("await asyncio.wait([asyncio.create_task(LIKE(fetch, items, at_a_time, per_second, None))])",
     "A task of yours ended with TypeError: 'NoneType' object is not callable"),
    ("return 1", "your code called fetch for none of them"),
])  # fmt: skip


@pytest.mark.parametrize(("number", "answer", "words"), WRONG)
def test_wrong_answers_are_told_the_idea(told, number, answer, words):
    told(number, answer, words)
