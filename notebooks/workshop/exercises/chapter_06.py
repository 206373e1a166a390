"""Predictions and exercises of chapter 06, plotting task timelines."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from workshop.exercises.checks import BLOCKS, attempt, exercise, expect, expect_nothing_left, seconds, shown
from workshop.exercises.predictions import Prediction, Verdict, prediction
from workshop.records import Records, TaskRecord

LONG_STEP = 0.08
"""A task that runs for longer than that without a wait, in seconds, holds up the others for all to see."""
SAME_MOMENT = 0.05


def _illness(records: Records) -> Verdict:
    """Tell from a timeline with steps what it suffers from."""
    task, longest = records.steps.longest()
    if longest > LONG_STEP:
        return "a", f"in your run, {records.names[task]} ran for {seconds(longest)} without a wait"
    created, finished = list(records.created), list(records.finished)
    if len(created) > 1 and all(later >= earlier for earlier, later in zip(finished, created[1:], strict=False)):
        return "b", "in your run, each task was created when the one before had finished"
    if max(created) - min(created) < SAME_MOMENT < max(finished) - min(finished):
        return "c", "in your run, all tasks were created together, and finished one after another"
    return None, "in your run, the tasks began and finished together"


BLOCKING = (
    "A dark stretch is a task that runs without a wait, and as long as it does, nobody else's code runs: all bars go "
    "on, and nothing happens in them."
)
SEQUENTIAL = (
    "The bars are a staircase: none begins before the one before has ended. Somebody awaits each task before the next "
    "is created."
)
BOTTLENECK = (
    "All bars begin together, so nobody waits with creating them; and nothing is dark, so nobody blocks. Yet they end "
    "one after another, in equal steps: they queue for something that only one can have at a time."
)


NOT_BLOCKING = "A call that blocks the event loop shows as a long dark stretch, and there is none in this picture. "
NOT_SEQUENTIAL = (
    "If each call were awaited before the next is started, no bar would begin before the one above it ends. "
)
NOT_BOTTLENECK = "At a bottleneck all bars begin together, and end one after another, in equal steps. "


def _illness_prediction(right: str) -> Prediction:
    """Return a prediction whose choices are the three illnesses.

    Args:
        right: the letter of the illness that the lesson's code has.
    """
    why = {"a": BLOCKING, "b": SEQUENTIAL, "c": BOTTLENECK}[right]
    why_not = {"a": NOT_BLOCKING, "b": NOT_SEQUENTIAL, "c": NOT_BOTTLENECK}
    return Prediction(
        answers={letter: why if letter == right else text + why for letter, text in why_not.items()},
        usual=right,
        observes="the tasks of a timeline with steps=True",
        verdict=_illness,
    )


prediction("6.1", _illness_prediction("c"))
prediction("6.2", _illness_prediction("a"))
prediction("6.3", _illness_prediction("b"))


def _record(name: str, started: float | None, finished: float | None) -> TaskRecord:
    outcome = "still running" if finished is None else "result"
    return TaskRecord(name, started or 0.0, started, finished, finished, outcome)


MOST_AT_A_TIME: list[tuple[str, list[tuple[float | None, float | None]], int]] = [
    ("for three tasks of which two overlap", [(0.0, 0.4), (0.1, 0.2), (0.5, 0.6)], 2),
    ("for tasks that are not sorted by their start", [(0.5, 0.6), (0.0, 0.3), (0.2, 0.55), (0.25, 0.4)], 3),
    (
        "for two tasks of which one begins at the moment at which the other ends",
        [(0.0, 0.2), (0.2, 0.4)],
        1,
    ),
    ("for a task that still runs (its `finished` is None) and one that begins later", [(0.0, None), (0.5, 0.7)], 2),
    ("for a task that never started (its `started` is None) and one that did", [(None, None), (0.0, 0.2)], 1),
    ("for no tasks at all", [], 0),
]
"""Cases for exercise 6.1: in words, when each task started and finished, and how many ran at a time."""


@exercise("6.1")
async def most_at_a_time(answer: Any) -> str:
    """Check the exercise: how many tasks of a timeline were running at the same time, at most."""
    for case, times, most in MOST_AT_A_TIME:
        records = [_record(name, *moments) for name, moments in zip("ABCD", times, strict=False)]
        outcome = await attempt(_as_async(answer), records, when=case)
        result = outcome.result
        expect(
            isinstance(result, int) and not isinstance(result, bool),
            f"Your function returned {shown(result)} {case}: a whole number was expected.",
        )
        expect(result == most, f"Your function returned {result} {case}. {most} was expected.")
    return "You count right, back-to-back tasks and open ends included."


def _as_async(answer: Any) -> Any:
    """Return a plain function as one that can be awaited, since that is what is run; anything else as it is."""
    if not inspect.isfunction(answer) or inspect.iscoroutinefunction(answer) or inspect.isasyncgenfunction(answer):
        return answer

    async def wrapped(records: list[TaskRecord]) -> Any:
        return answer(records)

    return wrapped


class _Server:
    """A server that takes so many calls at a time, and needs a moment after each."""

    MOST, DURATION, BREATH = 3, 0.1, 0.08

    def __init__(self) -> None:
        self.busy = 0
        self.most_busy = 0
        self.asked: list[str] = []
        self.refused = False

    async def fetch(self, name: str) -> str:
        self.asked.append(name)
        if self.busy == self.MOST:
            self.refused = True
            raise ConnectionError("too many calls, or a pause that is too short")
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        try:
            await asyncio.sleep(self.DURATION)
        finally:
            asyncio.get_running_loop().call_later(self.BREATH, self._free)
        return f"news from {name}"

    def _free(self) -> None:
        self.busy -= 1


Report = Callable[[Callable[[str], Any], list[str]], Any]


@exercise("6.2")
async def cured_report(answer: Any) -> str:
    """Check the exercise: a report that has none of the three illnesses any more."""
    server, names = _Server(), ["Rome", "Oslo", "Bern", "Lima", "Kyiv", "Bonn"]
    outcome = await attempt(answer, server.fetch, names)
    expect(
        not server.refused,
        f"The server refused a call: it takes {server.MOST} at a time, and wants a pause of 0.1 s after each, before "
        "the next one may take its place.",
    )
    expected = sorted(f"{name}: news from {name}" for name in names)
    result = outcome.result
    lines = sorted(map(str, result)) if isinstance(result, list | tuple) else None
    expect(lines == expected, f"A list of lines such as {expected[0]!r} was expected, not {shown(result)}.")
    expect(not outcome.blocked, f"It is still ill. {BLOCKS}")
    expect(
        server.most_busy > 1,
        f"It is still ill: the server had one call at a time, and your function took {seconds(outcome.elapsed)}. Two "
        "illnesses look like that. Draw it: do the bars begin one after another, or only end so?",
    )
    expect(
        server.most_busy == server.MOST and outcome.elapsed < 0.7,
        f"It is better, but not well: the server had {server.most_busy} calls at a time, where it takes {server.MOST}, "
        f"and your function took {seconds(outcome.elapsed)}, where about 0.4 s is possible.",
    )
    expect_nothing_left(outcome)
    return f"Cured: {seconds(outcome.elapsed)} in place of 1.20 s, and never more than {server.MOST} calls at a time."
