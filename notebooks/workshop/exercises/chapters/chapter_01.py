"""Predictions and exercises of chapter 01, sleepers."""

import asyncio
import inspect
from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

from workshop.timeline.records import Records

from ..checks import (
    BLOCKS,
    attempt,
    exercise,
    expect,
    expect_all_awaited,
    expect_nothing_left,
    explaining,
    seconds,
    shown,
    sleeper,
    telling,
)
from ..next_turn import YOU, after_first_end
from ..predictions import Verdict, prediction
from ..questions import question
from ..runner import Outcome, run
from ..slow_calls import attempt_cancelled


@prediction(
    "1.1",
    usual="a",
    observes="the list of names in the order in which they were printed",
    a="All three sleep at the same time, so the shortest sleep ends first. Each await of what as_completed gives "
    "brings the next result, whichever sleeper it comes from.",
    b="The list says only which sleepers take part. All three sleep at the same time, and each await of what "
    "as_completed gives brings the next result, whichever sleeper it comes from.",
    c="Concurrent is not random: the lengths of the sleeps decide which ends first, and they are the same in every "
    "run. Only equal sleeps would leave the order open.",
)
def _order_of_printing(order: Sequence[str]) -> Verdict:
    order = [str(name) for name in order]
    did = f"your run printed {', '.join(order) or 'nothing'}"
    if order == ["B", "C", "A"]:
        return "a", f"{did}: the shortest sleep first"
    if order == ["A", "B", "C"]:
        return "b", f"{did}: the order of the list"
    return None, f"{did}, where B, C, A was expected of sleeps of 4, 1 and 2 s"


@prediction(
    "1.2",
    usual="c",
    observes="the elapsed time in seconds",
    a="4 s is what they take at the same time. But the `await` goes on only when that sleeper has ended, and only then "
    "is the next task made: a task alone makes nothing concurrent if you await it immediately.",
    b="Only the lengths of the sleeps decide, and they are the same in every run. The `await` goes on only when that "
    "sleeper has ended, and only then is the next task made: in every run the sum.",
    c="The `await` goes on only when that sleeper has ended, and only then is the next task made: 4 + 1 + 2 s. A task "
    "alone makes nothing concurrent if you await it immediately.",
)
def _one_after_another(elapsed: float) -> Verdict:
    did = f"your run took {seconds(elapsed)}"
    if 6.5 <= elapsed < 9:
        return "c", f"{did}: the sum of 4, 1 and 2 s"
    if 4.75 <= elapsed < 6.5:
        return "b", f"{did}: more than the longest sleep, and less than the sum"
    if 3.5 <= elapsed < 4.75:
        return "a", f"{did}: the longest sleep"
    return None, f"{did}, where about 7 s was expected"


@prediction(
    "1.3",
    usual="b",
    observes="the elapsed time in seconds",
    a="All three tasks are made before the first wait, but the event loop runs one at a time, and can switch only "
    "where a task waits at an `await`, or ends. `time.sleep` is neither: it holds up everybody.",
    b="The event loop runs one task at a time, and can switch only where a task waits at an `await`, or ends. "
    "`time.sleep` is neither, so each sleep holds up everybody, and the sleeps add up.",
    c="An error would be kind. Blocking calls are allowed in a coroutine, and asyncio warns of them only in its debug "
    "mode: everybody just waits longer.",
)
def _blocking_sleepers(elapsed: float | BaseException) -> Verdict:
    if isinstance(elapsed, BaseException):
        return "c", f"your run raised {type(elapsed).__name__}"
    did = f"your run took {seconds(elapsed)}"
    if 2.75 <= elapsed < 7:
        return "b", f"{did}: the sum of 2, 0.5 and 1 s"
    if 1.5 <= elapsed < 2.75:
        return "a", f"{did}: the longest sleep"
    return None, f"{did}, where about 3.5 s was expected"


@prediction(
    "1.4",
    usual="b",
    observes="the records of the timeline, which was recorded with steps=True",
    a="A's result is there, but a result does not interrupt anybody: your code is put at the end of the queue of those "
    "that can go on. B and C have stood there since the start.",
    b="B and C were ready to start before A's result was there, so they come first, and neither gives its turn away "
    "before it ends. Your code, which A's result has woken, comes after them.",
    c="B's half second is not over: it has not begun. B's code could not run while A's was running, so B has not even "
    "called time.sleep yet.",
)
def _after_the_first_blocking_sleeper(records: Records) -> Verdict:
    following = after_first_end(records)
    did = f"in your run, when {following.ended} had ended, {following.told}"
    if following.name == YOU:
        return "a", did
    return ("b" if following.first else "c" if following.name else None), did


@exercise("1.1")
async def timed(answer: Any) -> str:
    """Check the exercise: await what is given, and return ``(result, seconds)``."""
    outcome = await attempt(answer, sleeper(0.2, "tea"))
    result = outcome.result
    expect(not outcome.left_behind, "You started a task and returned before it had ended: await it, for its result.")
    expect(
        shown(result) != "'tea'",  # compared as text, since a reader's own object may raise when it is compared
        "You returned the result alone: return it together with the seconds, as in `return result, seconds`.",
    )
    expect(
        not isinstance(result, Real | Decimal),
        "You returned the seconds alone: the result of the awaitable would be lost to the caller. Return both.",
    )
    expect(
        isinstance(result, tuple | list) and len(result) == 2,
        f"Your function returned {shown(result)}, and a pair was expected: (result, seconds).",
    )
    value, duration = result
    expect(
        not inspect.isawaitable(value),
        "The first of the pair is still an awaitable, not its result: only `await` runs it and gives the result.",
    )
    expect(shown(duration) != "'tea'", "The two are the wrong way round: first the result, then the seconds.")
    expect(
        outcome.elapsed > 0.1,
        f"Your function was done after {seconds(outcome.elapsed)}, with an awaitable of 0.20 s: nobody awaited it.",
        timing=True,
    )
    expect(not outcome.blocked, BLOCKS, timing=True)
    expect(shown(value) == "'tea'", f"The awaitable's result was 'tea', and the first of your pair is {shown(value)}.")
    expect(
        isinstance(duration, Real | Decimal), f"The second of your pair is {shown(duration)}: seconds were expected."
    )
    duration = float(duration)
    expect(
        abs(duration - outcome.elapsed) < 0.1,
        f"The awaitable took {seconds(outcome.elapsed)}, and the second of your pair says {seconds(duration)}: "
        + _mistake_of_the_clock(duration, outcome.elapsed),
    )
    for drink in ("coffee", 0, None):
        other = await attempt(answer, sleeper(0.05, drink), when=f"for an awaitable whose result is {shown(drink)}")
        expect(
            _is_timed(other, drink),
            f"One awaitable is timed right, and for another, of 0.05 s and with the result {shown(drink)}, your "
            f"function returned {shown(other.result)}: return what you got and what you measured, not fixed values.",
        )
    await _expect_tasks_are_timed(answer)
    await _expect_failures_are_passed_on(answer)
    expect_nothing_left(outcome)
    await attempt_cancelled(answer, sleeper(0.2, "tea"), after=0.05)
    return "Your function awaits, measures, and returns both."


def _is_timed(outcome: Outcome, result: Any) -> bool:
    """Return whether an answer gave a pair of this result and the seconds that it took."""
    pair = outcome.result
    return (
        isinstance(pair, tuple | list)
        and len(pair) == 2
        and shown(pair[0]) == shown(result)
        and isinstance(pair[1], Real | Decimal)
        and abs(float(pair[1]) - outcome.elapsed) < 0.1
    )


MAKES_A_TASK = (
    "A coroutine is timed right, but what your function is given may be a task, and then it raised TypeError: "
    "`create_task` takes coroutines only, since a task runs already. Is a task of your own needed here?"
)


async def _expect_tasks_are_timed(answer: Any) -> None:
    """Go on if an answer that is right for coroutines is so for a task, too."""
    task = asyncio.create_task(sleeper(0.05, "juice"))
    try:
        with explaining({"a coroutine was expected": MAKES_A_TASK}):
            outcome = await attempt(answer, task, when="for an awaitable that is a task")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    expect(
        _is_timed(outcome, "juice"),
        f"A coroutine is timed right, and for a task with the result 'juice' your function returned "
        f"{shown(outcome.result)}.",
    )


class SpiltError(Exception):
    """What an awaitable raises that fails; readers meet the name in messages."""


async def _spill() -> None:
    await asyncio.sleep(0.05)
    raise SpiltError("all over the table")


async def _expect_failures_are_passed_on(answer: Any) -> None:
    """Go on if an answer raises what its awaitable raises."""
    outcome = await run(answer, _spill())
    expect(
        outcome.error.startswith("SpiltError"),
        "The awaitable raised SpiltError, and your function "
        + (f"raised {outcome.error}" if outcome.error else f"returned {shown(outcome.result)}")
        + ": whoever awaits it would not get to know that something failed. There is nothing to return then.",
    )


def _mistake_of_the_clock(duration: float, elapsed: float) -> str:
    """Return what to do about a wrong duration."""
    if duration < 0:
        return "subtract the earlier moment from the later one, later minus earlier."
    if 0.5 < duration / (1000 * elapsed) < 2:
        return "return the difference in seconds, not milliseconds."
    advice = "read the clock right before the `await` and right after it, and return the difference in seconds"
    return f"{advice}, and don't round." if duration % 1 == 0 else f"{advice}."


@exercise("1.2")
async def finishing_order(answer: Any) -> str:
    """Check the exercise: sleep all at the same time, and return the names as the sleeps end."""
    for naps in (
        [(0.3, "Ada"), (0.05, "Bo"), (0.15, "Cy")],
        [(0.1, "Joe"), (0.25, "Kim"), (0.05, "Lou"), (0.2, "Max"), (0.15, "Noa")],
    ):
        await _one_order(answer, naps)
    odd = [(0.25, "Ivy"), (0, ""), (0.15, "Ivy"), (0.05, "Pia")]
    with telling(f"Other naps went well, but not {odd}, with an empty name, and one twice"):
        await _one_order(answer, odd)
    empty = await attempt(answer, [], when="for an empty list")
    expect(
        isinstance(empty.result, list | tuple) and not empty.result,
        f"For an empty list your function returned {shown(empty.result)}: expected [].",
    )
    await attempt_cancelled(answer, [(0.1, "Ada"), (0.15, "Bo")], after=0.05, linger=0.1)
    return "All sleep at the same time, and the names come as the sleeps end."


class _Length(float):
    """The length of a nap, which notes when it is compared with another's: so an order is worked out."""

    compared: list[float]

    @classmethod
    def of(cls, nap: tuple[float, str], compared: list[float]) -> tuple["_Length", str]:
        """Return the nap with its length as one that notes what it is compared with."""
        length = cls(nap[0])
        length.compared = compared
        return length, nap[1]

    def __lt__(self, other: Any) -> bool:
        self._note(other)
        return super().__lt__(other)

    def __gt__(self, other: Any) -> bool:
        self._note(other)
        return super().__gt__(other)

    def _note(self, other: Any) -> None:
        if isinstance(other, _Length):
            self.compared.append(other)


async def _one_order(answer: Any, naps: list[tuple[float, str]]) -> None:
    compared: list[float] = []
    outcome = await attempt(answer, [_Length.of(nap, compared) for nap in naps])
    names, ended = [name for _, name in naps], [name for _, name in sorted(naps)]
    expect(not outcome.blocked, BLOCKS, timing=True)
    expect(
        "sleep" not in outcome.never_awaited,
        "`asyncio.sleep(...)` was called but not awaited: without `await` it only makes a coroutine, "
        "and nobody sleeps.",
    )
    got = list(outcome.result) if isinstance(outcome.result, list | tuple) else [outcome.result]
    expect(
        not any(inspect.isawaitable(name) for name in got),
        "Your list holds awaitables: await what as_completed gives, or the task that you made, to get the name.",
    )
    expect(
        len(got) != 1 or not isinstance(got[0], str) or got[0] not in names,
        "You returned after the first name: is there a `return` or a `break` inside the loop?",
    )
    expect_all_awaited(outcome)
    _expect_all_slept_together(outcome, [length for length, _ in naps])
    expect(
        outcome.tasks_started >= len(naps) or len(compared) < len(naps),  # n - 1 comparisons find the longest
        f"There were {len(naps)} sleepers, and you started {outcome.tasks_started or 'no'} "
        f"task{'s' * (outcome.tasks_started != 1)}: "
        "let each of them sleep, and note who wakes, rather than working the order out.",
    )
    expect(
        isinstance(outcome.result, list | tuple),
        f"Your function returned {shown(outcome.result)}: a list of names was expected.",
    )
    expect(
        all(isinstance(name, str) for name in got),
        f"Your list holds {shown(got[0] if got else None)}: only the names were asked for. "
        "What does each sleeper return?",
    )
    expect(
        not set(names) < set(got),
        "Names of other sleepers come from a list outside your function: make a new one inside it.",
    )
    expect(
        sorted(got) == sorted(names),
        f"There were {len(names)} sleepers, and your list is {shown(got)}: one name for each was expected.",
    )
    expect(
        got != names,
        "Your list has the order of the input, as from awaiting one task after another. "
        "What gives you the results in the order in which they become ready?",
        timing=True,
    )
    expect(got == ended, f"They woke in the order {shown(ended)}, and your list is {shown(got)}.", timing=True)
    expect_nothing_left(outcome)


def _expect_all_slept_together(outcome: Outcome, lengths: list[float]) -> None:
    """Go on if the time taken is that of sleepers that sleep at the same time."""
    longest, total = max(lengths), sum(lengths)
    took = f"Your function took {seconds(outcome.elapsed)}"
    expect(
        outcome.elapsed > min(lengths) / 2,
        f"{took}, so nobody slept: let the sleeps happen, and note who wakes, rather than working the order out.",
        timing=True,
    )
    expect(
        outcome.elapsed > longest - 0.04,
        f"{took}, and the longest sleep is {seconds(longest)}: return when all have woken.",
        timing=True,
    )
    expect(
        outcome.elapsed < 2 * total,
        f"{took}, and the longest sleep is {seconds(longest)}: do you use `naps`?",
        timing=True,
    )
    expect(
        outcome.elapsed < (longest + total) / 2,
        f"{took}, about the sum of the sleeps, {seconds(total)}: they came one after another. "
        "Start all of them before you wait for the first.",
        timing=True,
    )


question(
    "1A",
    about="prediction 1.2",
    asks="Sleepers of 3, 2 and 1 s. Each is made a task and awaited before the next is made. How long in all?",
    a="1 s",
    b="3 s",
    c="6 s",
    right="c",
    why="The second task is not made before the first has ended, so the sleeps add up. Make all three before you wait "
    "for one of them, and it takes 3 s.",
)
question(
    "1B",
    about="prediction 1.3",
    asks="B begins `await asyncio.sleep(1)`; then A begins, with `time.sleep(3)`. When does B go on?",
    a="At 1 s",
    b="At 3 s",
    c="At 4 s",
    right="b",
    why="B's second is over at 1 s, but as long as A blocks, the event loop can give nobody a turn.",
)
question(
    "1C",
    about="prediction 1.1",
    asks="as_completed gets sleepers of 3, 1 and 2 s, in this order. In which order do they come?",
    a="3, 1, 2",
    b="1, 2, 3",
    c="In another order each time",
    right="b",
    why="They sleep at the same time, and each `await` brings the next that is done. The order of the list says "
    "nothing, and chance neither.",
)
question(
    "1D",
    about="prediction 1.4",
    asks="Your code awaits A. A ends, and B has been ready to start for a while. Who has the next turn?",
    a="Your code",
    b="B",
    c="Whoever was made first",
    right="b",
    why="A result interrupts nobody. It puts your code at the end of the queue of those that can go on, and B stands "
    "there already.",
)
