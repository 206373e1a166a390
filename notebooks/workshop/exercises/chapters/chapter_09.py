"""Predictions and exercises of chapter 09, scale."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from .. import runner
from ..checks import (
    BLOCKS,
    CANCELLED,
    NOTHING_YET,
    WrongError,
    attempt,
    exercise,
    expect,
    expect_all_awaited,
    expect_nothing_left,
    explaining,
    shown,
    texts_of,
)
from ..predictions import Verdict, prediction
from ..questions import question
from ..runner import Outcome
from ..slow_calls import Calls


def _nearest(ratio: float, ranges: dict[str, tuple[float, float]]) -> str | None:
    """Return the letter of the range that a ratio lies in, if any."""
    return next((letter for letter, (least, most) in ranges.items() if least <= ratio < most), None)


@prediction(
    "9.1",
    usual="a",
    observes="the number of tasks that were alive",
    a="A semaphore stands inside each task. It makes tasks wait, and does not keep them from being made: 100 run, and "
    "9,900 stand in line.",
    b="100 is how many calls *run* at a time. The tasks around them have all been made before, one for each item, and "
    "9,900 of them stand in line at the semaphore.",
    c="The loop receives one result after another, but as_completed needs all tasks before it begins: 10,000 have been "
    "made by then, 9,900 of them in line at the semaphore.",
)
def _tasks_behind_the_semaphore(tasks: int) -> Verdict:
    return {10_000: "a", 100: "b", 1: "c"}.get(tasks), f"in your run {tasks:,} tasks were alive"


@prediction(
    "9.2",
    usual="c",
    observes="the memory that 300 calls took, and that of 30,000 calls",
    a="That holds for ways that make a task for each item. The window never has more than 100 tasks, and forgets each "
    "when it is done, so its memory does not depend on the number of calls.",
    b="The window never has more than 100 tasks, and forgets each when it is done. Its memory depends on the width of "
    "the window, and not at all on the number of calls.",
    c="The window never has more than 100 tasks, and forgets each when it is done. What counts is the width of the "
    "window, not the number of calls.",
)
def _memory_of_the_window(few: float, many: float) -> Verdict:
    ratio = many / few
    fits = _nearest(ratio, {"a": (30, 300), "b": (3, 30), "c": (0.3, 3)})
    took = {"a": "about a hundred times as much", "b": "about ten times as much", "c": "about as much"}
    return fits, f"in your run, 30,000 calls took {took.get(fits, f'{ratio:.2f} times as much')} memory as 300"


@prediction(
    "9.3",
    usual="b",
    observes="how many times as long three times the calls take",
    a="That would be so if each round took equally long. But each round looks at all tasks that are still pending, so "
    "with three times as many tasks there are three times as many rounds, each three times as long.",
    b="Three times as many rounds, and each of them looks at three times as many pending tasks: three times three.",
    c="The work does grow faster than the number of calls: three times as many rounds, each of which looks at three "
    "times as many pending tasks. That is three times three; nothing brings in a third three.",
)
def _time_of_the_quadratic_loop(ratio: float) -> Verdict:
    fits = _nearest(ratio, {"a": (1.5, 5.5), "b": (5.5, 16), "c": (16, 60)})
    took = {"a": "about 3 times", "b": "about 9 times", "c": "about 27 times"}
    long = took.get(fits, f"{ratio:.2f} times")
    return fits, f"by the slope of your curve, 3,000 calls take {long} as long as 1,000"


MOST = 400
"""Items of the long input: far more than a lazy answer reads."""


class _Calls(Calls):
    """Calls, and their input, which notes how far it has been read.

    Args:
        delays: what gives the seconds that the call for an item takes.
        failing: what the calls for some items raise.
        results: what the calls for some items give, in place of the item.
    """

    def __init__(
        self,
        delays: Callable[[Any], float],
        failing: Mapping[Any, type[Exception]] | None = None,
        results: Mapping[Any, Any] | None = None,
    ) -> None:
        super().__init__()
        self._delays = delays
        self._failing = failing or {}
        self._results = results or {}
        self.read = 0
        self.completed = 0

    def items(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.read += 1
            yield item

    async def call(self, item: Any) -> Any:
        await self.take(item, self._delays(item))
        self.completed += 1
        if item in self._failing:
            raise self._failing[item](f"no answer for {item}")
        return self._results.get(item, item)


IDEAS_BEHIND_ENDS = {
    "'list' object is not an iterator": "The input may be a list as well as a generator: `iter(items)` makes an "
    "iterator of either.",
    "generator ignored GeneratorExit": "When your caller closes the generator, GeneratorExit is raised at your "
    "`yield`, and nothing may be yielded after it: clean up under `finally`, without a `yield` there.",
    "GeneratorExit": "When your caller closes the generator, GeneratorExit is raised at your `yield`, and up to Python "
    "3.14 a task group around the `yield` makes an error of it. Cancel the tasks yourself, under `finally`.",
    "Set of Tasks/Futures is empty": "`asyncio.wait` wants at least one task: go on only while some are pending, and "
    "look before you wait under `finally`, too.",
    "by a task that it awaits, or by itself": CANCELLED,
    "StopIteration": "Your code asked for another item when there was none left: `next(items, None)` or `islice` ends "
    "quietly.",
}
"""Part of an error in the reader's code, and the idea behind it."""


async def _expect_generator_function(answer: Any) -> None:
    """Go on if the answer is a function, and calling it can give something to loop over with `async for`."""
    expect(
        not inspect.isasyncgen(answer),
        "The answer is a generator: it was called already. Hand over the function itself, without parentheses behind "
        "its name.",
    )
    if not callable(answer) or isinstance(answer, type):
        await attempt(answer)  # says what it is in place of a function
    expect(not runner.is_empty(answer), NOTHING_YET)
    expect(
        not inspect.iscoroutinefunction(answer),
        "Your function contains no `yield`, so it gives its caller nothing before it ends. With `yield result` an "
        "`async def` function becomes an asynchronous generator, which hands out one result after another.",
    )
    expect(
        not inspect.isgeneratorfunction(answer),
        "Your function is a plain generator: it starts with `def`. One that awaits starts with `async def`.",
    )
    try:
        inspect.signature(answer).bind("fetch", "items", 1)
    except TypeError:
        raise WrongError("Keep the parameters that the exercise gives: fetch, items, limit.") from None
    except ValueError:
        pass  # some functions do not tell their parameters


async def _attempt(answer: Any, consume: Callable[[AsyncIterator[Any]], Any], *arguments: Any, when: str) -> Outcome:
    """Call the answer, run code that uses what it gives, and name the idea where an exception ended that.

    Args:
        answer: the reader's function.
        consume: a coroutine function that loops over what the answer gives.
        arguments: what the answer is called with.
        when: the case, for the messages.
    """
    refused: list[WrongError] = []

    async def use() -> Any:
        results = answer(*arguments)
        if hasattr(results, "__aiter__"):
            return await consume(results)
        if inspect.iscoroutine(results):
            results.close()
        refused.append(
            WrongError(
                f"Your function gives {shown(results)}, which `async for` cannot loop over: an `async def` function "
                "with `yield` was expected."
            )
        )
        return refused

    with explaining(IDEAS_BEHIND_ENDS):
        outcome = await attempt(use, when=when)
    if refused:
        raise refused[0]
    return outcome


async def _collect(results: AsyncIterator[Any]) -> list[Any]:
    return [result async for result in results]


async def _close(results: Any) -> None:
    if hasattr(results, "aclose"):
        await results.aclose()


@exercise("9.1")
async def window(answer: Any) -> str:
    """Check the exercise: a sliding window as an asynchronous generator."""
    await _expect_generator_function(answer)
    await _all_results_in_order(answer)
    await _few_items(answer)
    await _every_place_is_filled(answer)
    await _not_ahead_of_its_caller(answer)
    await _closed_early(answer)
    await _results_that_count_as_false(answer)
    for error in (ConnectionError, TimeoutError, LookupError):
        await _one_fails(answer, error)
    await _caller_is_cancelled(answer)
    return "Your window is never too wide, reads no further than it must, and leaves nothing running."


async def _all_results_in_order(answer: Any) -> None:
    delays = {"Rome": 0.5, "Oslo": 0.05, "Bern": 0.1, "Lima": 0.1, "Kyiv": 0.1}
    in_order = ["Oslo", "Bern", "Lima", "Kyiv", "Rome"]  # two at a time: beside Rome, one after the other
    calls = _Calls(delays.__getitem__)

    outcome = await _attempt(answer, _collect, calls.call, calls.items(delays), 2, when="with a limit of 2")
    expect(not outcome.blocked, BLOCKS, timing=True)
    names = texts_of(outcome.result, "", "Your generator yields awaitables: await them, and yield their results.")
    expect(
        sorted(calls.begun) == sorted(delays),
        f"There were calls to make for {', '.join(delays)}, and your code made them for "
        f"{', '.join(map(str, calls.begun)) or 'none'}: one for each item was expected.",
    )
    expect(
        calls.most_running <= 2,
        f"With a limit of 2, {calls.most_running} calls were running at the same time: start another only when one "
        "has ended.",
        timing=True,
    )
    expect(
        calls.most_running == 2,
        "With a limit of 2, never more than 1 call was running: start so many before you wait for the first.",
        timing=True,
    )
    expect(
        sorted(names) == sorted(in_order),
        f"The results are {', '.join(in_order)}, and your generator yielded {', '.join(names) or 'nothing'}.",
    )
    expect(
        calls.begun_by_the_end_of["Rome"] == len(delays),
        "With a limit of 2, four short calls fit in beside a long one, and in your run only "
        f"{calls.begun_by_the_end_of['Rome'] - 1} began before it ended: start another call as soon as *one* has "
        "ended. Places stay empty if you wait for a whole group, or for the calls in the order of the input.",
        timing=True,
    )
    expect(
        names == in_order,
        f"The calls ended in the order {', '.join(in_order)}, and your generator yielded {', '.join(names)}.",
        timing=True,
    )
    expect_nothing_left(outcome)


async def _few_items(answer: Any) -> None:
    for items in ([], [0, 1], [3, 3, 3, 3]):
        calls = _Calls(lambda item: 0.05 * item)
        outcome = await _attempt(
            answer, partial(_collect_a_few, len(items)), calls.call, list(items), 3, when=f"for the list {items}"
        )
        expect(
            len(outcome.result) <= len(items),
            f"For the list {items}, your generator yielded more results than there are items: each `islice` or `for` "
            "over a list begins at its first item again. `iter(items)` makes an iterator, which knows how far it is.",
        )
        expect(
            outcome.result == items,
            f"For the list {items} and a limit of 3, your generator yielded {shown(outcome.result)}: one result for "
            "each item was expected.",
        )
        expect_nothing_left(outcome)


async def _collect_a_few(number: int, results: AsyncIterator[Any]) -> list[Any]:
    """Collect so many results, and one more if there is one."""
    collected = []
    async for result in results:
        collected.append(result)
        if len(collected) > number:
            await _close(results)
            break
    return collected


async def _every_place_is_filled(answer: Any) -> None:
    calls = _Calls(lambda item: 0.1)
    items = list(range(7))
    outcome = await _attempt(
        answer, _collect, calls.call, calls.items(items), 3, when="when several calls end at the same time"
    )
    number = calls.begun_by_the_end_of.get(3, 3) - 3
    expect(
        number >= 3,
        f"Three calls ended at the same time, with more items to come, and your code started only {number} in their "
        "place: fill every place that is free.",
        timing=True,
    )
    expect(
        sorted(outcome.result) == items,
        f"Of {len(items)} calls, some of which end at the same time, your generator yielded {len(outcome.result)} "
        f"results: {shown(outcome.result)}.",
    )
    expect_nothing_left(outcome)


async def _not_ahead_of_its_caller(answer: Any) -> None:
    limit = 3
    calls = _Calls(lambda item: 0.01)
    first: list[int] = []
    while_busy: list[int] = []

    async def consume(results: AsyncIterator[Any]) -> int:
        async for _ in results:
            first.append(calls.read)
            await asyncio.sleep(0.2)  # the caller has something to do
            while_busy.append(calls.read)
            break
        await _close(results)
        return len(first)

    outcome = await _attempt(answer, consume, calls.call, calls.items(range(MOST)), limit, when="for a long input")
    expect(
        not first or first[0] <= 3 * limit,
        f"With a limit of {limit}, your code had read {first and first[0]} items when it yielded the first result: "
        "read an item only when there is room for its call, since the input may be endless. "
        "A list or a task of every item takes it all in.",
    )
    expect(
        while_busy[0] <= 3 * limit,
        f"While your caller was busy with the first result, your code went on, and had read {while_busy[0]} items "
        f"by the end: a limit of {limit} holds for results that wait for the caller, too.",
    )
    _expect_stopped(outcome)


async def _closed_early(answer: Any) -> None:
    calls = _Calls(lambda item: 0.05 * item)
    running: list[Any] = []
    completed: list[int] = []

    items = [1, 20, 20.5, 21, 21.5]

    async def consume(results: AsyncIterator[Any]) -> int:
        async for _ in results:
            break
        completed.append(calls.completed)
        await _close(results)
        completed.append(calls.completed)
        running.extend(calls.running)
        return 1

    outcome = await _attempt(answer, consume, calls.call, calls.items(items), 3, when="when the caller leaves early")
    _expect_stopped(outcome, len(running))
    before, after = completed
    expect(
        after == before,
        "Your caller took one result and closed the generator, and had to wait until calls that nobody needs any more "
        "had run to their end: cancel them first, then wait.",
        timing=True,
    )


async def _results_that_count_as_false(answer: Any) -> None:
    odd = {"A": 0, "B": "", "C": None, "D": False}
    calls = _Calls({"A": 0.1, "B": 0.2, "C": 0.3, "D": 0.4}.__getitem__, results=odd)
    outcome = await _attempt(answer, _collect, calls.call, list("DABC"), 4, when="for results that count as false")
    expect(
        shown(outcome.result) == shown(list(odd.values())),
        f"The calls gave {shown(list(odd.values()))}, and your generator yielded {shown(outcome.result)}: what counts "
        "as false is a result, too.",
    )


async def _one_fails(answer: Any, error: type[Exception]) -> None:
    calls = _Calls(lambda item: 0.05 * item, failing={4: error})
    received: list[Any] = []
    ends: list[BaseException] = []
    running: list[Any] = []

    items = [1, 4, 20, 20.5, 21]

    async def consume(results: AsyncIterator[Any]) -> int:
        try:
            async for result in results:
                received.append(result)
        except Exception as end:
            ends.append(end)
        running.extend(calls.running)
        return 1

    outcome = await _attempt(answer, consume, calls.call, calls.items(items), 3, when="when a call fails")
    expect(
        ends, "A call failed, and your caller got to know nothing of it: let its exception come out of the generator."
    )
    expect(
        not isinstance(ends[0], BaseExceptionGroup),
        "A call failed, and your caller got an ExceptionGroup, which a task group makes: let the exception of the "
        "call itself come out of the generator.",
    )
    expect(
        isinstance(ends[0], error),
        f"A call failed with {error.__name__}, and your caller got {shown(ends[0])}: let the exception of the call "
        "come out of the generator.",
    )
    expect(
        received == [1],
        f"One result came before the failure, and your generator yielded {len(received)}: {shown(received)}.",
    )
    expect(
        not running and not outcome.left_behind,
        f"A call failed, its exception came out of the generator, and {len(running) or len(outcome.left_behind)} "
        "others still ran: cancel them under `finally`, and wait until they have stopped.",
    )
    expect_nothing_left(outcome)


async def _caller_is_cancelled(answer: Any) -> None:
    calls = _Calls(lambda item: 0.05 * item)
    running: list[Any] = []

    async def consume(results: AsyncIterator[Any]) -> str:
        caller = asyncio.create_task(_collect(results))
        await asyncio.sleep(0.15)
        caller.cancel()
        await asyncio.wait({caller}, timeout=0.5)
        running.extend(calls.running)
        return "cancelled" if caller.cancelled() else "went on"

    items = [1, 20, 20.5, 21, 21.5]
    outcome = await _attempt(
        answer, consume, calls.call, calls.items(items), 3, when="when the caller is cancelled while it waits"
    )
    expect(
        outcome.result == "cancelled",
        "Your caller was cancelled while it waited for a result, and went on as if nothing had happened: let the "
        "CancelledError come out of the generator.",
    )
    number = max(len(running), len(outcome.left_behind))
    expect(
        not number,
        f"Your caller was cancelled while it waited for a result, and {number} call{'s' * (number != 1)} still ran: "
        "CancelledError is raised at your `await`, so clean up under `finally`, which is reached then, too.",
    )
    expect_nothing_left(outcome)


def _expect_stopped(outcome: Outcome, running: int = 0) -> None:
    """Go on if nothing ran any more when the generator had been closed."""
    number = max(running, len(outcome.left_behind))
    expect(
        not number,
        f"Your caller took one result and closed the generator, and {number} "
        f"call{'s' * (number != 1)} still ran: closing raises GeneratorExit at your `yield`, so cancel what runs under "
        "`finally`, and wait until it has stopped.",
    )
    expect_all_awaited(outcome)
    expect_nothing_left(outcome)


question(
    "9A",
    about="prediction 9.1",
    asks="as_completed gets 1,000 coroutines, and in each stands a semaphore of 10. How many tasks does it make?",
    a="10 at the beginning, then one after another",
    b="1,000 at the beginning",
    c="10 in all",
    right="b",
    why="The semaphore stands inside each task, and lets it wait. It doesn't keep tasks from being made.",
)
question(
    "9B",
    about="prediction 9.2",
    asks="A window of 10 calls goes over 1,000,000 items. How many tasks are there at most?",
    a="10",
    b="1,000,000",
    c="More and more, as results come in",
    right="a",
    why="It reads the next item when a call is done, and forgets that call. So its memory goes by its width, and not "
    "by the input.",
)
question(
    "9C",
    about="prediction 9.3",
    asks="A loop awaits `wait(pending, return_when=FIRST_COMPLETED)` until all are done. Four times the tasks take",
    a="4 times as long",
    b="16 times as long",
    c="64 times as long",
    right="b",
    why="There are four times as many rounds, and each looks at four times as many pending tasks.",
)
