"""Predictions and exercises of chapter 04, timeouts."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from workshop.exercises import runner
from workshop.exercises.checks import BLOCKS, attempt, exercise, expect, expect_nothing_left, seconds, shown
from workshop.exercises.predictions import Prediction, Verdict, prediction


def _after_the_timeout(outcome: str) -> Verdict:
    did = f"the timeline of your run says of A: {outcome}"
    return {"cancelled": "a", "still running": "b", "exception": "c"}.get(outcome), did


def _timeouts_in_the_loop(number: int) -> Verdict:
    did = f"your loop met {number} TimeoutError{'s' * (number != 1)}"
    return {1: "a", 2: "b", 3: "c"}.get(number), did


prediction(
    "4.1",
    Prediction(
        answers={
            "a": "The time limit is yours, not A's. It ends your waiting; as_completed cancels nothing, and A runs on "
            "without anybody who waits for it.",
            "b": "The time limit ends your waiting and nothing else. as_completed cancels nothing, and A runs on "
            "without anybody who waits for it.",
            "c": "The TimeoutError is raised in your code, at your `await`. A gets to know nothing of it, and runs on.",
        },
        usual="b",
        observes="the outcome of A in the timeline",
        verdict=_after_the_timeout,
    ),
)
prediction(
    "4.2",
    Prediction(
        answers={
            "a": "The loop has as many rounds as there are tasks, and `except` inside it lets it go on. When the time "
            "is over, each round that has nothing to give raises a TimeoutError of its own.",
            "b": "Each round that has nothing to give raises a TimeoutError of its own, and here all three have "
            "nothing.",
            "c": "The loop has as many rounds as there are tasks, and `except` inside it lets it go on. When the time "
            "is over, each round that has nothing to give raises a TimeoutError of its own.",
        },
        usual="c",
        observes="how many times TimeoutError was caught",
        verdict=_timeouts_in_the_loop,
    ),
)


class _Calls:
    """Calls that take their time, may fail, and need a moment to stop when they are cancelled.

    Args:
        delays: for each name how long its call takes, in seconds.
        failing: the names of the calls that fail.
    """

    CLEANING = 0.05

    def __init__(self, delays: dict[str, float], failing: tuple[str, ...] = ()) -> None:
        self.delays = delays
        self.failing = failing
        self.ended: list[str] = []
        self.stopped: list[str] = []

    def coroutines(self) -> list[Coroutine[Any, Any, str]]:
        return [self._call(name) for name in self.delays]

    async def _call(self, name: str) -> str:
        try:
            await asyncio.sleep(self.delays[name])
        except asyncio.CancelledError:
            await asyncio.sleep(self.CLEANING)
            self.stopped.append(name)
            raise
        self.ended.append(name)
        if name in self.failing:
            raise ConnectionError(f"no answer from {name}")
        return name

    def expect_all_stopped(self, outcome: runner.Outcome) -> None:
        """Go on if nothing runs any more."""
        stopping = set(self.delays) - set(self.ended) - set(self.stopped)
        expect(
            not outcome.left_behind,
            f"The result is right, but when your function returned, {len(outcome.left_behind)} of "
            f"{len(self.delays)} calls still ran: cancel each of them, and then wait until it has stopped.",
        )
        expect(not stopping, f"The calls {', '.join(sorted(stopping))} never ran at all.")
        expect_nothing_left(outcome)


@exercise("4.1")
async def collect_within(answer: Any) -> str:
    """Check the exercise: the results that arrive within a time limit, and nothing left running."""
    await _collect(answer, 0.3, _Calls({"Rome": 0.9, "Oslo": 0.1, "Bern": 0.2, "Lima": 0.7}), ["Oslo", "Bern"])
    await _collect(answer, 0.9, _Calls({"Bern": 0.15, "Oslo": 0.05}), ["Oslo", "Bern"])
    await _collect(answer, 0.1, _Calls({"Rome": 0.8, "Lima": 0.7}), [])
    return "You get what arrived in time, and leave nothing running."


async def _collect(answer: Any, limit: float, calls: _Calls, expected: list[str]) -> None:
    outcome = await runner.run(answer, limit, calls.coroutines())
    expect(
        not outcome.error.startswith("TimeoutError"),
        "Your function raised TimeoutError. Catch it around the loop, and return what had arrived by then.",
    )
    if outcome.error or outcome.not_async or outcome.result is None:
        outcome = await attempt(answer, limit, calls.coroutines(), when=f"with a limit of {seconds(limit)}")
    expect(not outcome.blocked, BLOCKS)
    result = outcome.result
    expect(
        isinstance(result, list | tuple),
        f"Your function returned {shown(result)}: a list of results was expected.",
    )
    longest, slack = max(calls.delays.values()), _Calls.CLEANING + 0.2
    expect(
        longest <= limit or outcome.elapsed < min(limit + slack, longest),
        f"With a limit of {seconds(limit)}, your function took {seconds(outcome.elapsed)}: who waits longer than that?",
    )
    expect(
        longest > limit or outcome.elapsed < limit * 0.75,
        f"The last result was there after {seconds(longest)}, and your function took {seconds(outcome.elapsed)}: "
        "the limit is the most to wait, not the least.",
    )
    expect(
        sorted(map(str, result)) == sorted(expected),
        f"With a limit of {seconds(limit)}, the results {shown(expected)} arrive in time, and your function returned "
        f"{shown(list(result))}.",
    )
    expect(
        list(result) == expected,
        f"They arrived in the order {', '.join(expected)}, and your list is {', '.join(map(str, result))}.",
    )
    calls.expect_all_stopped(outcome)


@exercise("4.2")
async def first_good(answer: Any) -> str:
    """Check the exercise: the first result that is no failure, the rest cancelled."""
    calls = _Calls({"Rome": 0.9, "Oslo": 0.2, "Bern": 0.1, "Lima": 0.6}, failing=("Bern",))
    outcome = await runner.run(answer, calls.coroutines())
    expect(
        not outcome.error.startswith("ConnectionError"),
        "The first call failed, and its exception ended your function. A failed call is no good answer: catch the "
        "exception inside the loop, and wait for the next.",
    )
    if outcome.error or outcome.not_async or outcome.result is None:
        calls = _Calls(calls.delays, calls.failing)
        outcome = await attempt(answer, calls.coroutines())
    expect(not outcome.blocked, BLOCKS)
    expect(
        outcome.result == "Oslo",
        f"The first call that does not fail is that to Oslo, and your function returned {shown(outcome.result)}.",
    )
    expect(
        outcome.elapsed < 0.5,
        f"The good answer was there after 0.20 s, and your function took {seconds(outcome.elapsed)}: "
        "cancel the others, don't wait for their results.",
    )
    calls.expect_all_stopped(outcome)

    none = _Calls({"Rome": 0.1, "Oslo": 0.05}, failing=("Rome", "Oslo"))
    outcome = await runner.run(answer, none.coroutines())
    expect(
        outcome.error.startswith("LookupError"),
        "When every call fails, your function should raise LookupError; it "
        + (f"raised {outcome.error}" if outcome.error else f"returned {shown(outcome.result)}")
        + ".",
    )
    return "The first good answer wins, and the others have stopped."
