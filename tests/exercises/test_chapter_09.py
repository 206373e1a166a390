"""The check of chapter 09, scale: right answers pass, wrong ones are told the idea."""

# ruff: noqa: N805 (answers of readers, in classes that are only groups)

import asyncio
import contextlib
import signal
import sys
import time  # noqa: F401 (for answers that are given as text)
from itertools import islice

import anyio
import pytest
from answers import changed, members, other_callables, right, wrong

from support.steps_of_answers import stop

pytestmark = pytest.mark.slow(10)


def start(function, items, number):
    return {asyncio.create_task(function(item)) for item in islice(items, number)}


FIRST = asyncio.FIRST_COMPLETED


# ---- right answers


class Right:
    async def refills_before_it_yields(function, items, limit):
        items = iter(items)
        pending, done = start(function, items, limit), set()
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                for task in done:
                    yield task.result()
        finally:
            await stop(done | pending)

    async def refills_after_it_yields(function, items, limit):
        items = iter(items)
        pending = start(function, items, limit)
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                for task in done:
                    yield await task
                pending |= start(function, items, limit - len(pending))
        finally:
            await stop(pending)

    async def keeps_a_set_of_its_own(function, items, limit):
        running = set()
        try:
            for item in items:
                running.add(asyncio.create_task(function(item)))
                if len(running) < limit:
                    continue
                done, running = await asyncio.wait(running, return_when=FIRST)
                for task in done:
                    yield task.result()
            while running:
                done, running = await asyncio.wait(running, return_when=FIRST)
                for task in done:
                    yield task.result()
        finally:
            await stop(running)

    async def workers_and_a_narrow_queue(function, items, limit):
        items, results = iter(items), asyncio.Queue(1)

        async def worker():
            for item in items:
                try:
                    await results.put((await function(item), None))
                except Exception as error:
                    await results.put((None, error))

        async def all_workers():
            await asyncio.gather(*workers)
            await results.put(None)

        workers = [asyncio.create_task(worker()) for _ in range(limit)]
        end = asyncio.create_task(all_workers())
        try:
            while (received := await results.get()) is not None:
                result, error = received
                if error:
                    raise error
                yield result
        finally:
            await stop([end, *workers])

    async def a_narrow_stream_of_anyio(function, items, limit):
        items = iter(items)

        async def worker(results):
            async with results:
                for item in items:
                    task = asyncio.create_task(function(item))
                    try:
                        await asyncio.wait([task])
                        await results.send(task)
                    finally:
                        await stop([task])

        results, received = anyio.create_memory_object_stream(0)
        workers = [asyncio.create_task(worker(results.clone())) for _ in range(limit)]
        results.close()
        try:
            async with received:
                async for task in received:
                    yield task.result()
        finally:
            await stop(workers)

    class AnIteratorOfItsOwn:
        """Not a generator: a class with the methods of an asynchronous iterator."""

        def __init__(self, function, items, limit):
            self.results = Right.refills_before_it_yields(function, items, limit)

        def __aiter__(self):
            return self

        async def __anext__(self):
            return await anext(self.results)

        async def aclose(self):
            await self.results.aclose()

    def a_plain_function_that_returns_one(function, items, limit):
        return Right.AnIteratorOfItsOwn(function, items, limit)


class Window:
    def __call__(self, function, items, limit):
        return Right.refills_before_it_yields(function, items, limit)


RIGHT = [
    *(answer for answer in members(Right) if not isinstance(answer, type)),
    *other_callables(Right.refills_before_it_yields)[:2],
    Window(),
]


@pytest.mark.parametrize(("number", "answer"), right("9.1", RIGHT))
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer).startswith("✓")


# ---- wrong answers


class Wrong:
    def a_plain_generator(function, items, limit):
        for item in items:
            yield function(item)

    async def ends_with_the_first_none(function, items, limit):
        async with contextlib.aclosing(Right.refills_before_it_yields(function, items, limit)) as results:
            while (result := await anext(results, None)) is not None:
                yield result

    async def a_semaphore(function, items, limit):
        slots = asyncio.Semaphore(limit)

        async def one(item):
            async with slots:
                return await function(item)

        tasks = [asyncio.create_task(one(item)) for item in items]
        try:
            for next_result in asyncio.as_completed(tasks):
                yield await next_result
        finally:
            await stop(tasks)

    async def groups(function, items, limit):
        items = iter(items)
        while group := start(function, items, limit):
            try:
                for next_result in asyncio.as_completed(group):
                    yield await next_result
            finally:
                await stop(group)

    async def yields_in_the_order_of_input(function, items, limit):
        items = iter(items)
        tasks = [asyncio.create_task(function(item)) for item in islice(items, limit)]
        try:
            while tasks:
                yield await tasks.pop(0)
                tasks += start(function, items, 1)
        finally:
            await stop(tasks)

    async def wants_an_iterator(function, items, limit):
        pending = {asyncio.create_task(function(next(items))) for _ in range(limit)}
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                for task in done:
                    yield task.result()
                pending |= start(function, items, limit - len(pending))
        finally:
            await stop(pending)

    async def yields_under_finally(function, items, limit):
        items = iter(items)
        pending = start(function, items, limit)
        done = set()
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                while done:
                    yield done.pop().result()
        finally:
            results = await asyncio.gather(*pending, return_exceptions=True)
            for result in results:
                yield result

    async def a_task_group_around_the_yield(function, items, limit):
        items = iter(items)
        async with asyncio.TaskGroup() as group:
            pending = {group.create_task(function(item)) for item in islice(items, limit)}
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= {group.create_task(function(item)) for item in islice(items, len(done))}
                for task in done:
                    yield task.result()

    async def hides_one_kind_of_failure(function, items, limit):
        try:
            async with contextlib.aclosing(Right.refills_before_it_yields(function, items, limit)) as results:
                async for result in results:
                    yield result
        except LookupError:
            pass


STILL_RAN = "closed the generator, and 3 calls still ran: closing raises GeneratorExit at your `yield`"
GROUPS = "start another call as soon as *one* has ended. Places stay empty if you wait for a whole group"
NOTHING_OF_IT = "your caller got to know nothing of it"

STOP, RESULT, FINALLY = "await stop(done | pending)", "yield task.result()", "finally:"
WAIT = "done, pending = await asyncio.wait(pending, return_when=FIRST)"
EACH = "async for result in Right.refills_before_it_yields(function, items, limit):"
CANCEL = "for task in pending: task.cancel()"

WRONG = wrong("9.1", Right.refills_before_it_yields, [
    (Wrong.ends_with_the_first_none, "and your generator yielded [0, '']: what counts as false is a result, too"),
    (Wrong.hides_one_kind_of_failure, NOTHING_OF_IT),
    ({RESULT: f"try: {RESULT}\nexcept TimeoutError: continue"}, NOTHING_OF_IT),
    ("return [result async for result in Right.refills_before_it_yields(function, items, limit)]",
     "Your function contains no `yield`"),
    (Wrong.a_plain_generator, "Your function is a plain generator"),
    ("for item in items: yield await function(item)", "never more than 1 call was running"),
    ("for each in asyncio.as_completed([asyncio.create_task(function(item)) for item in items]): yield await each",
     "With a limit of 2, 5 calls were running at the same time"),
    (Wrong.a_semaphore, "your code had read 400 items when it yielded the first result"),
    ({"items, limit), set()": "items, limit + 1), set()"}, "With a limit of 2, 3 calls were running at the same time"),
    (Wrong.groups, GROUPS),
    (Wrong.yields_in_the_order_of_input, "start another call as soon as *one* has ended"),
    (f"for result in sorted([result {EACH[:-1]}]): yield result",
     "The calls ended in the order Oslo, Bern, Lima, Kyiv, Rome, and your generator yielded"),
    ({"iter(items)": "islice(items, limit)"}, "your code made them for Rome, Oslo: one for each item was expected"),
    ({"iter(items)": "iter(list(items))"}, "your code had read 400 items when it yielded the first result"),
    (Wrong.wants_an_iterator, "`iter(items)` makes an iterator of either"),
    ({"while pending": "while True"}, "go on only while some are pending"),
    ({RESULT: "yield task"}, "Your generator yields awaitables"),
    (changed(Right.workers_and_a_narrow_queue, {"Queue(1)": "Queue()"}),
     "a limit of 3 holds for results that wait for the caller, too"),
    ({STOP: "pass"}, STILL_RAN),
    ({STOP: CANCEL}, "closed the generator, and 2 calls still ran"),  # the third had not begun
    ({FINALLY: "except Exception:", STOP: f"{STOP}; raise"}, STILL_RAN),
    ({FINALLY: "except GeneratorExit:", STOP: f"{STOP}; raise"},
     "A call failed, its exception came out of the generator, and 2 others still"),
    ({FINALLY: "except (Exception, GeneratorExit):", STOP: f"{STOP}; raise"},
     "cancelled while it waited for a result, and 3 calls still ran"),
    ({STOP: "pass", RESULT: f"try: {RESULT}\nexcept BaseException: {STOP}; raise"},
     "cancelled while it waited for a result, and 3 calls still ran"),
    ({WAIT: f"try: {WAIT}\nexcept asyncio.CancelledError: break"}, "went on as if nothing had happened"),
    ({STOP: "await asyncio.gather(*done, *pending, return_exceptions=True)"}, "cancel them first, then wait"),
    ({STOP: f"{CANCEL}\nawait asyncio.gather(*pending)"},
     "`gather(*tasks, return_exceptions=True)` waits for all of them"),
    ({STOP: f"{CANCEL}\nawait asyncio.wait(pending)"}, "look before you wait under `finally`, too"),
    ({"len(done)": "1"}, "your code started only 1 in their place: fill every place that is free"),
    ({"iter(items)": "items"}, "yielded more results than there are items"),
    (changed(Wrong.hides_one_kind_of_failure, {"yield result": "if result: yield result"}),
     "For the list [0, 1] and a limit of 3, your generator yielded [1]"),
    ({STOP: "pass", RESULT: f"with contextlib.suppress(BaseException): {RESULT}"}, "nothing may be yielded after it"),
    (Wrong.yields_under_finally, "clean up under `finally`, without a `yield` there"),
    (Wrong.a_task_group_around_the_yield,
     "up to Python 3.14 a task group around the `yield` makes an error of it" if sys.version_info < (3, 15) else
     "your caller got an ExceptionGroup, which a task group makes"),
    ({RESULT: f"if task.exception() is None: {RESULT}"}, NOTHING_OF_IT),
    ({RESULT: "yield task.exception() or task.result()"}, NOTHING_OF_IT),
    (changed(Wrong.hides_one_kind_of_failure,
             {"LookupError": "ConnectionError as error", "pass": "raise ExceptionGroup('some failed', [error])"}),
     "your caller got an ExceptionGroup"),
    (changed(Wrong.hides_one_kind_of_failure,
             {"LookupError": "ConnectionError", "pass": "raise LookupError('failed')"}),
     "your caller got LookupError('failed')"),
    (f"{EACH} yield result", "closed the generator, and"),
    (f"time.sleep(0.2)\n{EACH} yield result", "Your code blocks the event loop"),
    (f"{EACH} pass\nreturn\nyield", "your generator yielded nothing"),
    (f"{EACH} yield result; yield result", "your generator yielded Oslo, Oslo, Bern, Bern"),
    ("yield await function([*items])", "TypeError"),
    (lambda function, items, limit: [function(item) for item in items], "which `async for` cannot loop over"),
])  # fmt: skip


@pytest.mark.parametrize(("number", "answer", "words"), WRONG)
def test_wrong_answers_are_told_the_idea(told, number, answer, words):
    told(number, answer, words)


def test_a_generator_in_place_of_the_function(told):
    told("9.1", Right.refills_before_it_yields(None, [], 1), "without parentheses")


async def other_parameters(function, items):
    yield await function(items[0])


def test_other_parameters(told):
    told("9.1", other_parameters, "Keep the parameters that the exercise gives: fetch, items, limit")


async def waits_for_ever(function, items, limit):
    await asyncio.Event().wait()
    yield 1


async def never_ends(function, items, limit):
    while True:
        yield 1


def test_an_endless_wait_is_ended(told, short_limits):
    told("9.1", waits_for_ever, "still waited after 0.5 s")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no alarm here")
def test_an_endless_yield_is_ended(told, short_limits):
    told("9.1", never_ends, "a loop that never ends")
