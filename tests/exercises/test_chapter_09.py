"""The check and the predictions of chapter 09, scale: right answers pass, wrong ones are told the idea."""

# ruff: noqa: ASYNC251, B904, N805 (answers of readers, in classes that are only groups)

import asyncio
import contextlib
import sys
import time
from functools import partial
from itertools import islice

import anyio
import pytest
from test_checks import ANYTHING, Endless

from support.steps_of_answers import stop
from workshop.exercises import predictions, runner


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


RIGHT = [getattr(Right, name) for name in vars(Right) if name[0].islower()]


class Window:
    def __call__(self, function, items, limit):
        return Right.refills_before_it_yields(function, items, limit)


@pytest.mark.parametrize("answer", [partial(Right.refills_before_it_yields), Window(), lambda *a: Window()(*a)])
def test_other_callables_that_give_a_generator_pass(judge, answer):
    assert judge("9.1", answer).startswith("✓")


@pytest.mark.parametrize("answer", RIGHT, ids=lambda answer: answer.__name__)
def test_right_answers_pass(judge, answer):
    assert judge("9.1", answer).startswith("✓")


# ---- wrong answers


class Wrong:
    async def ends_with_the_first_none(function, items, limit):
        async with contextlib.aclosing(Right.refills_before_it_yields(function, items, limit)) as results:
            while (result := await anext(results, None)) is not None:
                yield result

    async def hands_on_one_kind_of_exception(function, items, limit):
        try:
            async with contextlib.aclosing(Right.refills_before_it_yields(function, items, limit)) as results:
                async for result in results:
                    yield result
        except LookupError:
            pass

    async def takes_a_call_that_is_late_for_its_own(function, items, limit):
        items = iter(items)
        pending, done = start(function, items, limit), set()
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                for task in done:
                    try:
                        yield task.result()
                    except TimeoutError:
                        continue
        finally:
            await stop(done | pending)

    async def returns_a_list(function, items, limit):
        results = []
        async for result in Right.refills_before_it_yields(function, items, limit):
            results.append(result)
        return results

    def a_plain_generator(function, items, limit):
        for item in items:
            yield function(item)

    async def one_after_another(function, items, limit):
        for item in items:
            yield await function(item)

    async def no_limit(function, items, limit):
        for next_result in asyncio.as_completed([asyncio.create_task(function(item)) for item in items]):
            yield await next_result

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

    async def one_too_many(function, items, limit):
        async for result in Right.refills_before_it_yields(function, items, limit + 1):
            yield result

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

    async def collects_and_sorts(function, items, limit):
        results = [result async for result in Right.refills_before_it_yields(function, items, limit)]
        for result in sorted(results):
            yield result

    async def never_refills(function, items, limit):
        items = iter(items)
        async for result in Right.refills_before_it_yields(function, islice(items, limit), limit):
            yield result

    async def refills_one_for_each_round(function, items, limit):
        items = list(items)
        async for result in Right.refills_before_it_yields(function, items, limit):
            yield result

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

    async def waits_for_an_empty_set(function, items, limit):
        items = iter(items)
        pending = start(function, items, limit)
        try:
            while True:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                for task in done:
                    yield task.result()
        finally:
            await stop(pending)

    async def yields_tasks(function, items, limit):
        items = iter(items)
        pending = start(function, items, limit)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=FIRST)
            pending |= start(function, items, len(done))
            for task in done:
                yield task

    async def runs_ahead_of_its_caller(function, items, limit):
        items, results = iter(items), asyncio.Queue()

        async def worker():
            for item in items:
                try:
                    results.put_nowait((await function(item), None))
                except Exception as error:
                    results.put_nowait((None, error))

        async def all_workers():
            await asyncio.gather(*workers)
            results.put_nowait(None)

        workers = [asyncio.create_task(worker()) for _ in range(limit)]
        end = asyncio.create_task(all_workers())
        try:
            while (received := await results.get()) is not None:
                if received[1]:
                    raise received[1]
                yield received[0]
        finally:
            await stop([end, *workers])

    async def no_clean_up(function, items, limit):
        items = iter(items)
        pending = start(function, items, limit)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=FIRST)
            pending |= start(function, items, len(done))
            for task in done:
                yield task.result()

    async def cancels_without_waiting(function, items, limit):
        items = iter(items)
        pending = start(function, items, limit)
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                for task in done:
                    yield task.result()
        finally:
            for task in pending:
                task.cancel()

    async def cleans_up_only_after_errors(function, items, limit):
        items = iter(items)
        pending = start(function, items, limit)
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                for task in done:
                    yield task.result()
        except Exception:
            await stop(pending)
            raise

    async def cleans_up_unless_cancelled(function, items, limit):
        items = iter(items)
        pending, done = start(function, items, limit), set()
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                for task in done:
                    yield task.result()
        except (Exception, GeneratorExit):
            await stop(done | pending)
            raise

    async def guards_the_yield_only(function, items, limit):
        items = iter(items)
        pending = start(function, items, limit)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=FIRST)
            pending |= start(function, items, len(done))
            for task in done:
                try:
                    yield task.result()
                except BaseException:
                    await stop(done | pending)
                    raise

    async def swallows_the_cancellation(function, items, limit):
        items = iter(items)
        pending, done = start(function, items, limit), set()
        try:
            while pending:
                try:
                    done, pending = await asyncio.wait(pending, return_when=FIRST)
                except asyncio.CancelledError:
                    break
                pending |= start(function, items, len(done))
                for task in done:
                    yield task.result()
        finally:
            await stop(done | pending)

    async def waits_in_place_of_cancelling(function, items, limit):
        items = iter(items)
        pending, done = start(function, items, limit), set()
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                for task in done:
                    yield task.result()
        finally:
            await asyncio.gather(*done, *pending, return_exceptions=True)

    async def is_told_of_the_cancelled_ones(function, items, limit):
        items = iter(items)
        pending, done = start(function, items, limit), set()
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                for task in done:
                    yield task.result()
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending)

    async def waits_for_an_empty_set_at_the_end(function, items, limit):
        items = iter(items)
        pending, done = start(function, items, limit), set()
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                for task in done:
                    yield task.result()
        finally:
            for task in pending:
                task.cancel()
            await asyncio.wait(pending)

    async def fills_one_place_a_round(function, items, limit):
        items = iter(items)
        pending, done = start(function, items, limit), set()
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, 1)
                for task in done:
                    yield task.result()
        finally:
            await stop(done | pending)

    async def begins_the_list_anew(function, items, limit):
        pending, done = start(function, items, limit), set()
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                for task in done:
                    yield task.result()
        finally:
            await stop(done | pending)

    async def loses_what_is_false(function, items, limit):
        async with contextlib.aclosing(Right.refills_before_it_yields(function, items, limit)) as results:
            async for result in results:
                if result:
                    yield result

    async def cleans_up_only_when_closed(function, items, limit):
        items = iter(items)
        pending = start(function, items, limit)
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                for task in done:
                    yield task.result()
        except GeneratorExit:
            await stop(pending)
            raise

    async def goes_on_when_closed(function, items, limit):
        items = iter(items)
        pending = start(function, items, limit)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=FIRST)
            pending |= start(function, items, len(done))
            for task in done:
                with contextlib.suppress(BaseException):
                    yield task.result()

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

    async def swallows_errors(function, items, limit):
        items = iter(items)
        pending = start(function, items, limit)
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                for task in done:
                    if task.exception() is None:
                        yield task.result()
        finally:
            await stop(pending)

    async def yields_errors(function, items, limit):
        items = iter(items)
        pending = start(function, items, limit)
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=FIRST)
                pending |= start(function, items, len(done))
                for task in done:
                    yield task.exception() or task.result()
        finally:
            await stop(pending)

    async def raises_a_group(function, items, limit):
        try:
            async with contextlib.aclosing(Right.refills_before_it_yields(function, items, limit)) as results:
                async for result in results:
                    yield result
        except ConnectionError as error:
            raise ExceptionGroup("some failed", [error])

    async def raises_something_else(function, items, limit):
        try:
            async with contextlib.aclosing(Right.refills_before_it_yields(function, items, limit)) as results:
                async for result in results:
                    yield result
        except ConnectionError:
            raise LookupError("failed")

    async def closes_only_the_outer_of_two(function, items, limit):
        async for result in Right.refills_before_it_yields(function, items, limit):
            yield result

    async def blocks(function, items, limit):
        time.sleep(0.2)
        async for result in Right.refills_before_it_yields(function, items, limit):
            yield result

    async def yields_nothing(function, items, limit):
        async for _ in Right.refills_before_it_yields(function, items, limit):
            pass
        return
        yield

    async def yields_twice(function, items, limit):
        async for result in Right.refills_before_it_yields(function, items, limit):
            yield result
            yield result

    async def calls_with_a_list(function, items, limit):
        yield await function([*items])

    def returns_a_list_of_coroutines(function, items, limit):
        return [function(item) for item in items]


STILL_RAN = "closed the generator, and 3 calls still ran: closing raises GeneratorExit at your `yield`"
GROUPS = "start another call as soon as *one* has ended. Places stay empty if you wait for a whole group"

WRONG = [
    (Wrong.ends_with_the_first_none, "and your generator yielded [0, '']: what counts as false is a result, too"),
    (Wrong.hands_on_one_kind_of_exception, "your caller got to know nothing of it"),
    (Wrong.takes_a_call_that_is_late_for_its_own, "your caller got to know nothing of it"),
    (Wrong.returns_a_list, "Your function contains no `yield`"),
    (Wrong.a_plain_generator, "Your function is a plain generator"),
    (Wrong.one_after_another, "never more than 1 call was running"),
    (Wrong.no_limit, "With a limit of 2, 5 calls were running at the same time"),
    (Wrong.a_semaphore, "your code had read 400 items when it yielded the first result"),
    (Wrong.one_too_many, "With a limit of 2, 3 calls were running at the same time"),
    (Wrong.groups, GROUPS),
    (Wrong.yields_in_the_order_of_input, "start another call as soon as *one* has ended"),
    (Wrong.collects_and_sorts, "The calls ended in the order Oslo, Bern, Lima, Kyiv, Rome, and your generator yielded"),
    (Wrong.never_refills, "your code made them for Rome, Oslo: one for each item was expected"),
    (Wrong.refills_one_for_each_round, "your code had read 400 items when it yielded the first result"),
    (Wrong.wants_an_iterator, "`iter(items)` makes an iterator of either"),
    (Wrong.waits_for_an_empty_set, "go on only while some are pending"),
    (Wrong.yields_tasks, "Your generator yields awaitables"),
    (Wrong.runs_ahead_of_its_caller, "a limit of 3 holds for results that wait for the caller, too"),
    (Wrong.no_clean_up, STILL_RAN),
    (Wrong.cancels_without_waiting, "closed the generator, and 2 calls still ran"),  # the third had not begun
    (Wrong.cleans_up_only_after_errors, STILL_RAN),
    (Wrong.cleans_up_only_when_closed, "A call failed, its exception came out of the generator, and 2 others still"),
    (Wrong.cleans_up_unless_cancelled, "cancelled while it waited for a result, and 3 calls still ran"),
    (Wrong.guards_the_yield_only, "cancelled while it waited for a result, and 3 calls still ran"),
    (Wrong.swallows_the_cancellation, "went on as if nothing had happened"),
    (Wrong.waits_in_place_of_cancelling, "cancel them first, then wait"),
    (Wrong.is_told_of_the_cancelled_ones, "`gather(*tasks, return_exceptions=True)` waits for all of them"),
    (Wrong.waits_for_an_empty_set_at_the_end, "look before you wait under `finally`, too"),
    (Wrong.fills_one_place_a_round, "your code started only 1 in their place: fill every place that is free"),
    (Wrong.begins_the_list_anew, "yielded more results than there are items"),
    (Wrong.loses_what_is_false, "For the list [0, 1] and a limit of 3, your generator yielded [1]"),
    (Wrong.goes_on_when_closed, "nothing may be yielded after it"),
    (Wrong.yields_under_finally, "clean up under `finally`, without a `yield` there"),
    (
        Wrong.a_task_group_around_the_yield,
        "up to Python 3.14 a task group around the `yield` makes an error of it"
        if sys.version_info < (3, 15)
        else "your caller got an ExceptionGroup, which a task group makes",
    ),
    (Wrong.swallows_errors, "your caller got to know nothing of it"),
    (Wrong.yields_errors, "your caller got to know nothing of it"),
    (Wrong.raises_a_group, "your caller got an ExceptionGroup"),
    (Wrong.raises_something_else, "your caller got LookupError('failed')"),
    (Wrong.closes_only_the_outer_of_two, "closed the generator, and"),
    (Wrong.blocks, "Your code blocks the event loop"),
    (Wrong.yields_nothing, "your generator yielded nothing"),
    (Wrong.yields_twice, "your generator yielded Oslo, Oslo, Bern, Bern"),
    (Wrong.calls_with_a_list, "TypeError"),
    (Wrong.returns_a_list_of_coroutines, "which `async for` cannot loop over"),
]


@pytest.mark.parametrize(("answer", "words"), WRONG, ids=[answer.__name__ for answer, _ in WRONG])
def test_wrong_answers_are_told_the_idea(judge, answer, words):
    line = judge("9.1", answer)
    assert line.startswith("✗")
    assert words in line
    assert "confused the check" not in line


def test_each_wrong_answer_is_tried():
    tried = {answer for answer, _ in WRONG}
    assert tried == {answer for name, answer in vars(Wrong).items() if not name.startswith("__")}


NO_YIELD = "Your function contains no `yield`"
OTHERWISE = {
    "generator": "your code made them for none",
    "plain_function": "",  # to return a constant counts as an empty body, in some versions of Python
    "<lambda>": "",
    "no_parameters": "",
    "docstring": "Nothing here yet",
    "dots": "Nothing here yet",
    "todo": "Nothing here yet",
}


@pytest.mark.parametrize(("answer", "words"), ANYTHING, ids=[getattr(a, "__name__", str(a)) for a, _ in ANYTHING])
def test_survives(judge, answer, words):
    if callable(answer) and not isinstance(answer, type):
        words = OTHERWISE.get(answer.__name__, NO_YIELD)
    line = judge("9.1", answer)
    assert line.startswith("✗")
    assert words in line
    assert "confused the check" not in line


def test_a_generator_in_place_of_the_function(judge):
    assert "without parentheses" in judge("9.1", Right.refills_before_it_yields(None, [], 1))


def test_a_coroutine_in_place_of_the_function(judge):
    assert "without parentheses" in judge("9.1", Endless.waits())


async def other_parameters(function, items):
    yield await function(items[0])


def test_other_parameters(judge):
    assert "Keep the parameters that the exercise gives: fetch, items, limit" in judge("9.1", other_parameters)


async def waits_for_ever(function, items, limit):
    await asyncio.Event().wait()
    yield 1


async def never_ends(function, items, limit):
    while True:
        yield 1


def test_an_endless_wait_is_ended(judge, monkeypatch):
    monkeypatch.setattr(runner, "WAIT_LIMIT", 0.5)
    assert "still waited after 0.5 s" in judge("9.1", waits_for_ever)


@pytest.mark.skipif(not hasattr(runner.signal, "setitimer"), reason="there is no alarm here")
def test_an_endless_yield_is_ended(judge, monkeypatch):
    monkeypatch.setattr(runner, "BLOCK_LIMIT", 0.3)
    assert "a loop that never ends" in judge("9.1", never_ends)


# ---- predictions


@pytest.mark.parametrize(
    ("number", "observed", "fits"),
    [
        ("9.1", (10_000,), "a"),
        ("9.1", (100,), "b"),
        ("9.1", (1,), "c"),
        ("9.1", (101,), None),
        ("9.2", (0.2, 0.2), "c"),
        ("9.2", (0.2, 0.4), "c"),
        ("9.2", (0.2, 2.0), "b"),
        ("9.2", (1.2, 120.0), "a"),
        ("9.2", (1.0, 0.1), None),
        ("9.3", (8.6,), "b"),
        ("9.3", (11.1,), "b"),
        ("9.3", (3.1,), "a"),
        ("9.3", (26.9,), "c"),
        ("9.3", (1.0,), None),
        ("9.3", (100.0,), None),
    ],
)
def test_the_verdict_follows_from_what_was_observed(number, observed, fits):
    letter, did = predictions.PREDICTIONS[number].verdict(*observed)
    assert letter == fits
    assert not did.endswith(".")


def test_what_the_run_did_is_told_in_words_that_do_not_depend_on_the_machine():
    verdict = predictions.PREDICTIONS["9.3"].verdict
    did = "by the slope of your curve, 3,000 calls take about 9 times as long as 1,000"
    assert verdict(8.5) == verdict(9.4) == ("b", did)
    assert "100.00 times as long" in verdict(100.0)[1]
    verdict = predictions.PREDICTIONS["9.2"].verdict
    assert verdict(0.2, 0.2) == verdict(0.2, 0.3)
    assert verdict(0.2, 0.2)[1] == "in your run, 100,000 calls took about as much memory as 1,000"
