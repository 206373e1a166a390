"""Predictions and exercises of chapter 06, plotting task timelines."""

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine, Iterator
from math import inf
from numbers import Integral
from typing import Any

from workshop.timeline.records import Records, TaskRecord

from .. import runner
from ..checks import (
    BLOCKS,
    NOTHING_YET,
    WrongError,
    attempt,
    exercise,
    expect,
    expect_all_awaited,
    expect_nothing_left,
    seconds,
    shown,
    texts_of,
)
from ..predictions import Verdict, prediction
from ..questions import question
from ..runner import is_empty
from ..slow_calls import attempt_cancelled

LONG_STEP = 0.2
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
    return None, "in your run, no task ran for long without a wait, and the bars are no staircase"


BLOCKING = (
    "A dark stretch is a task that runs without a wait, and as long as it does, nobody else's code runs: all bars go "
    "on, and nothing happens in them."
)
SEQUENTIAL = (
    "The bars are a staircase: none begins before the one before has ended. Somebody awaits each task before the next "
    "is created."
)
BOTTLENECK = (
    "All bars begin together, so nobody waits with creating them; and there is no long dark stretch, so nobody "
    "blocks. Yet they end one after another, in equal steps: they queue for something that only one can have at a time."
)


NOT_BLOCKING = "A call that blocks the event loop shows as a long dark stretch, and there is none in this picture. "
NOT_SEQUENTIAL = (
    "If each call were awaited before the next is started, no bar would begin before the one above it ends. "
)
NOT_BOTTLENECK = "At a bottleneck all bars begin together, and end one after another, in equal steps. "


def _predict_illness(number: str, right: str) -> None:
    """Register a prediction whose choices are the three illnesses.

    Args:
        number: the prediction's number.
        right: the letter of the illness that the lesson's code has.
    """
    why = {"a": BLOCKING, "b": SEQUENTIAL, "c": BOTTLENECK}[right]
    why_not = {"a": NOT_BLOCKING, "b": NOT_SEQUENTIAL, "c": NOT_BOTTLENECK}
    answers = {letter: why if letter == right else text + why for letter, text in why_not.items()}
    prediction(number, usual=right, observes="the tasks of a timeline with steps=True", **answers)(_illness)


_predict_illness("6.1", "c")
_predict_illness("6.2", "a")
_predict_illness("6.3", "b")


Times = tuple[float | None, float | None]
"""When a task started and finished, in seconds; None for what did not happen."""

MOST_AT_A_TIME: list[tuple[str, list[Times], int]] = [
    ("for three tasks of which two overlap", [(0.0, 0.4), (0.1, 0.2), (0.5, 0.6)], 2),
    ("for tasks that are not sorted by their start", [(0.5, 0.6), (0.0, 0.3), (0.2, 0.55), (0.25, 0.4)], 3),
    ("for two tasks of which one begins at the moment at which the other ends", [(0.0, 0.2), (0.2, 0.4)], 1),
    ("for a task that still runs (its `finished` is None) and one that begins later", [(0.0, None), (0.5, 0.7)], 2),
    ("for a task that never started (its `started` is None) and one that did", [(None, None), (0.0, 0.2)], 1),
    (
        "for a task that was cancelled before it started (`started` is None, `finished` is not) and one that ran",
        [(None, 0.05), (0.1, 0.3)],
        1,
    ),
    ("for a task that was cancelled before it started, and two that overlap", [(None, 0.0), (0.0, 0.2), (0.1, 0.3)], 2),
    ("for no tasks at all", [], 0),
    ("for tasks that never started, and no others", [(None, None), (None, 0.1)], 0),
]
"""Cases for exercise 6.1: in words, when each task started and finished, and how many ran at a time."""


def _records(times: list[Times], created: float = 0.0) -> Records:
    """Return records as a timeline has them. All tasks are created first, and received a while after they finish.

    Args:
        times: when each task started and finished, in seconds from their creation.
        created: when all tasks were created, in seconds.
    """
    records = []
    for name, (started, finished) in zip("ABCD", times, strict=False):
        started, finished = (None if moment is None else created + moment for moment in (started, finished))
        received, outcome = (None, "still running") if finished is None else (finished + 0.1, "result")
        records.append(TaskRecord(name, created, started, finished, received, outcome))
    return Records.of(records, ended=created + 1.0)


@exercise("6.1")
async def most_at_a_time(answer: Any) -> str:
    """Check the exercise: how many tasks of a timeline were running at the same time, at most."""
    plain = _is_plain_function(answer)
    runnable = _as_async(answer) if plain else answer
    for case, times, most in MOST_AT_A_TIME:
        outcome = await attempt(runnable, _records(times), when=case)
        (result,) = outcome.result if plain else (outcome.result,)
        if result is None:
            expect(not is_empty(answer), NOTHING_YET)
            raise WrongError(f"Your function returned None, {case}: is there a `return`?")
        expect(
            not isinstance(result, Iterator),
            f"Your function returned an iterator, {case}, and nothing went through it: a whole number was expected.",
        )
        expect(
            not inspect.isawaitable(result),
            f"Your function returned an awaitable, {case}, and nobody awaited it: a whole number was expected.",
        )
        expect(
            isinstance(result, Integral) and not isinstance(result, bool),
            f"Your function returned {shown(result)}, {case}: a whole number was expected.",
        )
        if result != most:
            hint = " A task that started at 0.0 has started: ask `is not None`."
            later = await runner.run(runnable, _records(times, created=1.0))
            only_at_zero = later.result == ((most,) if plain else most)
            raise WrongError(
                f"Your function returned {result} {case}: {most} was expected.{hint if only_at_zero else ''}"
            )
    advice = "" if plain else " A plain `def` would do: nothing in it waits."
    return f"You count right, back-to-back tasks and open ends included.{advice}"


def _is_plain_function(answer: Any) -> bool:
    is_async = inspect.iscoroutinefunction(answer) or inspect.isasyncgenfunction(answer)
    return callable(answer) and not inspect.isclass(answer) and not is_async


def _as_async(answer: Callable) -> Callable[[Records], Coroutine[Any, Any, tuple[Any]]]:
    """Return a plain function as one that can be awaited and gives its result as the one item of a tuple.

    In a tuple, the result is this check's to judge: what `attempt` says of results is advice on awaiting.
    """

    @functools.wraps(answer)
    async def wrapped(records: Records) -> tuple[Any]:
        return (answer(records),)

    return wrapped


class _Server:
    """A server that takes so many calls at a time, and wants a moment after each before another takes its place.

    It keeps answering when it gets too many, and notes that: so one run shows all that is wrong with an answer.

    Args:
        silent: a name of which there is no news.
    """

    MOST, DURATION, PAUSE = 3, 0.1, 0.08

    def __init__(self, silent: str = "") -> None:
        self._silent = silent
        self.most = 0
        self.overrun = False
        self._under_way = 0
        self._taken_until: list[float] = []

    async def fetch(self, name: str) -> str:
        loop = asyncio.get_running_loop()
        place = len(self._taken_until)
        self.overrun |= sum(until > loop.time() for until in self._taken_until) >= self.MOST
        self._taken_until.append(inf)
        self._under_way += 1
        self.most = max(self.most, self._under_way)
        try:
            await asyncio.sleep(self.DURATION)
        finally:
            self._under_way -= 1
            self._taken_until[place] = loop.time() + self.PAUSE
        return "" if name == self._silent else f"news from {name}"


@exercise("6.2")
async def cured_report(answer: Any) -> str:
    """Check the exercise: a report that has none of the three illnesses any more."""
    server, names = _Server(), ["Rome", "Oslo", "Bern", "Lima", "Kyiv", "Bonn"]
    outcome = await attempt(answer, server.fetch, names)
    expect_all_awaited(outcome)
    _expect_lines(outcome.result, sorted(f"{name}: news from {name}" for name in names))
    expect(not outcome.blocked, f"It is still ill. {BLOCKS}", timing=True)
    expect(
        not server.overrun,
        f"The server got too many calls: it takes {server.MOST} at a time, and wants a pause of 0.1 s after each, "
        "before another takes its place.",
        timing=True,
    )
    expect(
        server.most > 1,
        f"It is still ill: the server had one call at a time, and your function took {seconds(outcome.elapsed)}. Two "
        "illnesses look like that. Draw it: do the bars begin one after another, or only end so?",
        timing=True,
    )
    expect(
        server.most == server.MOST,
        f"It is better, but not well: the server had {server.most} calls at a time, where it takes {server.MOST}, "
        f"and your function took {seconds(outcome.elapsed)}, where about 0.4 s is possible.",
        timing=True,
    )
    expect(
        outcome.elapsed < 0.7,
        f"It is better, but not well: your function took {seconds(outcome.elapsed)}, where about 0.4 s is possible. "
        "Draw it: who waits for whom?",
        timing=True,
    )
    expect_nothing_left(outcome)
    silent = await attempt(answer, _Server(silent="Oslo").fetch, ["Rome", "Oslo"], when="for two other names")
    expect(
        isinstance(silent.result, list | tuple) and len(silent.result) == 2,
        f"Of Oslo there was no news, '', and your function returned {shown(silent.result)}: a line about each name was "
        "expected.",
    )
    await attempt_cancelled(answer, _Server().fetch, names, after=0.05)
    return f"Cured: {seconds(outcome.elapsed)} in place of 1.20 s, and never more than {server.MOST} calls at a time."


def _expect_lines(result: Any, expected: list[str]) -> None:
    """Go on if an answer returned the lines, in any order."""
    no_lines = f"A list of {len(expected)} lines such as {expected[0]!r} was expected, not {shown(result)}."
    texts = texts_of(result, no_lines, "Your list holds awaitables: a task's result is what `await` gives.")
    expect(all(isinstance(line, str) for line in result) and sorted(texts) == expected, no_lines)


question(
    "6A",
    about="prediction 6.1",
    asks="Four equal calls: their bars begin together, and end after 1, 2, 3 and 4 s. Nothing is dark. What is it?",
    a="A call that blocks",
    b="Each is awaited before the next is made",
    c="A bottleneck",
    right="c",
    why="They are all made at the beginning, and nobody works for long: they queue for something that one can have at "
    "a time.",
)
question(
    "6B",
    about="prediction 6.3",
    asks="Each bar begins where the one above ends, with nothing before it. What do you look for in the code?",
    a="An `await` in the loop that makes the tasks",
    b="A semaphore",
    c="A `time.sleep`",
    right="a",
    why="Nothing before a bar: the task was not made earlier. Behind a semaphore, or beside a call that blocks, it "
    "would have been.",
)
question(
    "6C",
    about="prediction 6.2",
    asks="In one of five bars, two seconds are dark. What happens in the others meanwhile?",
    a="They go on as usual",
    b="Nothing: none of them gets a turn",
    c="They are cancelled",
    right="b",
    why="Dark is running, and only one task runs at a time. The bars of the others go on, and nobody's code does.",
)
