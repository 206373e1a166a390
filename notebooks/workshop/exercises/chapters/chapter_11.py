"""Predictions and exercises of chapter 11, calls per second."""

import asyncio
import functools
import inspect
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ..checks import (
    BLOCKS,
    CANCELLED,
    attempt,
    exercise,
    expect,
    expect_all_awaited,
    expect_nothing_left,
    explaining,
    seconds,
    shown,
)
from ..predictions import Verdict, prediction
from ..questions import question
from ..runner import Outcome, is_empty
from ..slow_calls import Calls, attempt_cancelled


@prediction(
    "11.1",
    usual="b",
    observes="the number of starts in the busiest second",
    a="Four is how many *run* at the same time. Each place is taken again as soon as its call has ended, five times a "
    "second.",
    b="Each place is taken again as soon as its call has ended, five times a second; and the quicker the server, the "
    "more often.",
    c="The semaphore does hold calls back: four run at a time. But each place is taken again as soon as its call has "
    "ended, five times a second.",
)
def _starts_behind_the_semaphore(most: int) -> Verdict:
    fits = {4: "a", 24: "c"}.get(most) or ("b" if 12 <= most <= 20 else None)
    return fits, f"in your run, {most} calls began in the busiest second"


@prediction(
    "11.2",
    usual="c",
    observes="how many calls were fine",
    a="No call waits so long for the *server*. But the limit is set around the wait for the turn, too, and the last "
    "turn comes 1.38 s after the first.",
    b="Eight turns come within the second, and a turn is only the beginning: the eighth comes at 0.88 s, its answer at "
    "1.08 s.",
    c="The clock of the time limit runs while a call waits for its turn. The seventh has its turn at 0.75 s and its "
    "answer at 0.95 s; all others are too late, though the server was never slow.",
)
def _fine_within_the_limit(fine: int) -> Verdict:
    did = f"in your run, {fine} call{'s were' if fine != 1 else ' was'} fine"
    return {12: "a", 8: "b"}.get(fine) or ("c" if 4 <= fine <= 7 else None), did


EARLY = 0.02
"""Seconds by which a timer may end too early, by the loop's own clock: on Windows that ticks every 0.016 s."""
SOON = 0.05
"""Seconds within which something comes at once."""


class _Service(Calls):
    """Calls that note when they begin and end, and may turn their caller away.

    Args:
        takes: by item, the seconds that its call takes.
        turns_away: by item, for how many seconds its first attempts are turned away.
        results: by item, what its call gives, where that is not the item itself.
        failing: by item, what its call raises.

    Attributes:
        starts: each call's item, and when it began.
        ended: by item, when its last call ended.
        turned_away: by whom, when, and for how many seconds.
        handled: what the answer handed to `handle`, and when.
    """

    def __init__(
        self,
        takes: Mapping[Any, float],
        turns_away: Mapping[str, Sequence[float]] | None = None,
        results: Mapping[str, Any] | None = None,
        failing: Mapping[str, type[Exception]] | None = None,
    ) -> None:
        super().__init__()
        self._takes = takes
        self._waits = {item: list(waits) for item, waits in (turns_away or {}).items()}
        self._results = results or {}
        self._failing = failing or {}
        self._now = asyncio.get_running_loop().time
        self.starts: list[tuple[str, float]] = []
        self.ended: dict[str, float] = {}
        self.turned_away: list[tuple[str, float, float]] = []
        self.handled: list[tuple[Any, Any, float]] = []

    async def fetch(self, item: Any) -> tuple[Any, float]:
        """Make a call, and return its result and 0; or None and for how many seconds it was turned away."""
        self.starts.append((item, self._now()))
        try:
            await self.take(item, self._takes[item])
        finally:
            self.ended[item] = self._now()
        if waits := self._waits.get(item):
            self.turned_away.append((item, self._now(), waits[0]))
            return None, waits.pop(0)
        if item in self._failing:
            raise self._failing[item](f"no answer for {item}")
        return self._results.get(item, item), 0

    def handle(self, item: Any, result: Any) -> None:
        """Take a result."""
        self.handled.append((item, result, self._now()))


IDEAS_BEHIND_ENDS = {
    "^Your code still waited after .*count as false": "The results were 0, '', None and False, and your function "
    "did not end. These are results, too: only seconds above 0 say that a call was turned away.",
    "by a task that it awaits, or by itself": CANCELLED,
    "Set of Tasks/Futures is empty": "For an empty list there is nothing to wait for, and `asyncio.wait` wants a task.",
}
"""What is said in place of a message."""


async def _attempt(answer: Any, *arguments: Any, when: str) -> Outcome:
    """Run an answer, which need not return anything, and name the idea where an exception ended it."""

    @functools.wraps(answer)
    def use(*arguments: Any) -> Any:
        returned = answer(*arguments)
        return _or_true(returned) if inspect.isawaitable(returned) else returned

    runnable = callable(answer) and not isinstance(answer, type) and not is_empty(answer)
    with explaining(IDEAS_BEHIND_ENDS):
        outcome = await attempt(use if runnable else answer, *arguments, when=when)
    expect(not outcome.blocked, BLOCKS, timing=True)
    expect_all_awaited(outcome)
    expect(
        not outcome.task_errors,
        f"A task of yours ended with {''.join(outcome.task_errors[:1])}, and your code never looked at it.",
    )
    expect(
        not outcome.left_behind,
        f"Your function returned, {when}, and calls of it still ran: wait until all of them have ended.",
    )
    return outcome


async def _or_true(awaitable: Awaitable[Any]) -> Any:
    """Await, and return True in place of None, which is for answers that should have returned something."""
    result = await awaitable
    return True if result is None else result


@exercise("11.1")
async def within_both_limits(answer: Any) -> str:
    """Check the exercise: calls within a number at a time and a rate, which stop for all when one is turned away."""
    await _both_limits(answer)
    await _one_is_turned_away(answer)
    await _one_is_turned_away_often(answer)
    await _no_items(answer)
    await _results_that_count_as_false(answer)
    await _odd_items(answer)
    for error in (ConnectionError, TimeoutError):
        await _one_fails(answer, error)
    await _one_fails(answer, LookupError, turns_away={"B": [0.1]})
    await _caller_is_cancelled(answer)
    return "Never too many at a time or in a second, and when one is turned away, all wait."


AT_A_TIME, PER_SECOND = 3, 10
TAKES = {"A": 0.5, "B": 0.42, "C": 0.34, "D": 0.05, "E": 0.4, "F": 0.1, "G": 0.05, "H": 0.05}
"""Seconds. The first three end nearly together, so three places become free then."""
NEEDED, SPARE = 1.0, 0.35
"""Seconds that all of them need: they begin at 0, 0.1, 0.2, 0.5, 0.6, 0.7, 0.8 and 0.9 s, and E ends last. And how many
more an answer may take."""


BURST = (
    "A semaphore does not look at the clock, and a limiter that lets a burst through is not enough here: "
    "`AsyncLimiter(1, 1 / per_second)` has room for one."
)
RUSHED_IN = (
    "Places became free together, and calls that had had their turn before rushed in: take the turn last, when you "
    "have a place."
)
RESUMED = "When a pause is over, too, they begin one after the other: whoever waited for its end still takes a turn."
OTHER_RATE = (
    f"At {PER_SECOND} a second yours were far enough apart: make the limiter inside your function, with its per_second."
)
"""The idea behind calls that begin too soon after one another: at first, later, after a pause, and at another rate."""
NO_SEMAPHORE = "A rate is no limit for that: it takes a semaphore, too."
NO_PLACE = "A call that is made again needs a place, too."
"""The idea behind calls that are too many at a time: at first, and after one was turned away."""


async def _both_limits(answer: Any) -> None:
    when = f"with at_a_time={AT_A_TIME} and per_second={PER_SECOND}"
    service = _Service(TAKES)
    outcome = await _attempt(answer, service.fetch, list(TAKES), AT_A_TIME, PER_SECOND, service.handle, when=when)
    items = sorted(service.begun)
    expect(
        items == sorted(TAKES),
        f"The items were {', '.join(TAKES)}, and your code called fetch for {', '.join(items) or 'none of them'}: one "
        "call for each was expected.",
    )
    _expect_few_at_a_time(service, AT_A_TIME, NO_SEMAPHORE)
    _expect_apart(service)
    expect(
        service.most_running == AT_A_TIME,
        f"{AT_A_TIME} calls may run at a time, and in your run there were {service.most_running} at most: a call need "
        "not wait for the answer of the one before.",
        timing=True,
    )
    expect(
        outcome.elapsed < NEEDED + SPARE,
        f"Within both limits all calls can be done after {seconds(NEEDED)}, and yours took {seconds(outcome.elapsed)}: "
        "begin a call as soon as both limits let you.",
        timing=True,
    )
    _expect_handled(service, {item: item for item in TAKES})
    expect_nothing_left(outcome)


def _expect_few_at_a_time(service: _Service, at_a_time: int, idea: str) -> None:
    expect(
        service.most_running <= at_a_time,
        f"With at_a_time={at_a_time}, {service.most_running} calls were running at the same time. {idea}",
        timing=True,
    )


def _expect_apart(service: _Service, per_second: float = PER_SECOND) -> None:
    """Go on if the calls began so far apart as the rate wants; else say what the first two that didn't tell."""
    apart = 1 / per_second
    starts = sorted(began for _, began in service.starts)
    pauses_end = [then + wait for _, then, wait in service.turned_away]
    for place, (one, other) in enumerate(pairwise(starts), start=1):
        idea = BURST if place < AT_A_TIME else RUSHED_IN
        if any(0 <= one - end < apart for end in pauses_end):
            idea = RESUMED
        if per_second != PER_SECOND:
            idea = OTHER_RATE
        expect(
            other - one >= apart - EARLY,
            f"At {per_second:g} a second, calls begin at least {seconds(apart)} apart, and two of yours began "
            f"{seconds(other - one)} apart. {idea}",
            timing=True,
        )


def _expect_handled(service: _Service, results: Mapping[str, Any]) -> None:
    """Go on if each result was handed on once, with its item, and at once."""
    expect(service.handled, "Nothing was handled: call handle(item, result) with each result.")
    handled = {item: result for item, result, _ in service.handled if isinstance(item, str)}
    missing = [item for item in results if item not in handled]
    expect(not missing, f"The result of {', '.join(missing)} was never handled: call handle(item, result) with each.")
    for item, result in results.items():
        expect(
            shown(handled[item]) == shown(result),
            f"For {item} the result is {shown(result)}, and you called handle with {shown(handled[item])}.",
        )
    expect(
        len(service.handled) == len(results),
        f"There were {len(results)} results, and you called handle {len(service.handled)} times: once for each.",
    )
    late = [item for item, _, moment in service.handled if moment > service.ended[item] + SOON]
    expect(
        not late,
        f"The result of {''.join(late[:1])} was there, and handled only later: call handle as soon as there is a "
        "result, whichever it is.",
        timing=True,
    )


AWAY_TAKES = {"Z": 0.4, "A": 0.17, "B": 0.02, "C": 0.05, "D": 0.05, "E": 0.05}
AWAY = {"A": [0.1], "B": [0.5, 0.3]}
"""B is turned away first, at 0.22 s, until 0.72 s; A at 0.27 s, until 0.37 s only. Z runs meanwhile, and there is a
place for C, which waits for its turn."""
AWAY_AT_A_TIME = 4
AWAY_SPARE = 3.0


async def _one_is_turned_away(answer: Any) -> None:
    service = _Service(AWAY_TAKES, AWAY)
    outcome = await _attempt(
        answer,
        service.fetch,
        list(AWAY_TAKES),
        AWAY_AT_A_TIME,
        PER_SECOND,
        service.handle,
        when="when calls are turned away",
    )
    _expect_not_given_up(service, AWAY)
    for item, then, wait in service.turned_away:
        _expect_pause(service, item, then, wait)
    _expect_few_at_a_time(service, AWAY_AT_A_TIME, NO_PLACE)
    _expect_apart(service)
    _expect_handled(service, {item: item for item in AWAY_TAKES})
    expect(
        outcome.elapsed < AWAY_SPARE,
        f"Calls were turned away, and yours took {seconds(outcome.elapsed)} in all: when the wait is over, go on.",
        timing=True,
    )
    expect_nothing_left(outcome)


async def _one_is_turned_away_often(answer: Any) -> None:
    """Check with one place, which B takes while A waits; A would be running beside it if it needed no place."""
    turns_away = {"A": [0.05] * 6}
    service = _Service({"A": 0.2, "B": 0.2}, turns_away)
    when = "when a call is turned away often"
    outcome = await _attempt(answer, service.fetch, ["A", "B"], 1, PER_SECOND, service.handle, when=when)
    _expect_not_given_up(service, turns_away)
    _expect_few_at_a_time(service, 1, NO_PLACE)
    _expect_handled(service, {"A": "A", "B": "B"})
    expect_nothing_left(outcome)


def _expect_not_given_up(service: _Service, turns_away: Mapping[str, Sequence[float]]) -> None:
    attempts = Counter(service.begun)
    given_up = [item for item, waits in turns_away.items() if attempts[item] <= len(waits)]
    expect(
        not given_up,
        f"The call for {''.join(given_up[:1])} was turned away, and not made again until it had a result: try again, "
        "as often as it takes.",
    )


def _expect_pause(service: _Service, item: str, then: float, wait: float) -> None:
    """Go on if no call began while the server was closed.

    Args:
        service: the service.
        item: whose call was turned away.
        then: when.
        wait: for how many seconds.
    """
    too_early = [
        (began, who)
        for who, began in service.starts
        if then + (0 if who == item else SOON / 2) < began < then + wait - EARLY
    ]
    began, who = min(too_early, default=(then, ""))
    ended = [end for _, moment, other in service.turned_away if then < (end := moment + other) < began + EARLY]
    meanwhile = " Another call had been turned away for less, meanwhile: the longest wait counts." if ended else ""
    expect(
        not who,
        f"The call for {item} was turned away for {seconds(wait)}, and {seconds(began - then)} later "
        f"{'this very call' if who == item else f'the call for {who}'} began. Until the wait is over nobody is to "
        f"call, not even who has had a turn before.{meanwhile}",
        timing=True,
    )


async def _no_items(answer: Any) -> None:
    service = _Service({})
    outcome = await _attempt(answer, service.fetch, [], AT_A_TIME, PER_SECOND, service.handle, when="for an empty list")
    expect_nothing_left(outcome)


async def _results_that_count_as_false(answer: Any) -> None:
    odd = {"A": 0, "B": "", "C": None, "D": False}
    service = _Service(dict.fromkeys(odd, 0.05), results=odd)
    await _attempt(
        answer,
        service.fetch,
        list(odd),
        AT_A_TIME,
        PER_SECOND,
        service.handle,
        when="for results that count as false",
    )
    handled = [(item, result) for item, result, _ in service.handled]
    expect(
        sorted(map(shown, handled)) == sorted(map(shown, odd.items())),
        f"The results were {shown(list(odd.items()))}, and you handled {shown(handled)}: what counts as false is a "
        "result, too.",
    )


async def _odd_items(answer: Any) -> None:
    """Check with items that count as false, are no strings, or are there twice; and at another rate."""
    items, per_second = [0, "", "A", 0], 4
    service = _Service(dict.fromkeys(items, 0.05))
    when = f"with the items {shown(items)}"
    await _attempt(answer, service.fetch, items, 2, per_second, service.handle, when=when)
    handled = [item for item, _, _ in service.handled]
    expect(
        sorted(map(shown, handled)) == sorted(map(shown, items)),
        f"The items were {shown(items)}, and you handled {shown(handled)}: an item may be anything, and be there "
        "twice. Fetch each, and hand it on as it is.",
    )
    _expect_apart(service, per_second)


async def _one_fails(
    answer: Any, error: type[Exception], turns_away: Mapping[str, Sequence[float]] | None = None
) -> None:
    service = _Service({"A": 0.05, "B": 0.1, "C": 3, "D": 3, "E": 3}, turns_away, failing={"B": error})
    ends: list[BaseException] = []

    async def use() -> bool:
        try:
            await answer(service.fetch, list("ABCDE"), 5, PER_SECOND, service.handle)
        except Exception as end:
            ends.append(end)
        return True

    with explaining(IDEAS_BEHIND_ENDS):
        outcome = await attempt(use, when="when a call fails")
    expect(
        ends and _is_from(ends[0], error),
        f"The call for B raised {error.__name__}, and "
        + (f"{shown(ends[0])} came out of your function" if ends else "your caller got to know nothing of it")
        + ": let it come out, by itself or in a task group's ExceptionGroup.",
    )
    _expect_stopped(service, outcome, "A call failed, its exception came out of your function")


def _is_from(end: BaseException, error: type[Exception]) -> bool:
    """Return whether an exception is of this kind, or a group of such."""
    if isinstance(end, BaseExceptionGroup):
        return all(_is_from(one, error) for one in end.exceptions)
    return isinstance(end, error)


async def _caller_is_cancelled(answer: Any) -> None:
    service = _Service({"A": 0.05, "B": 3, "C": 3, "D": 3, "E": 3})
    outcome = await attempt_cancelled(
        answer, service.fetch, list("ABCDE"), AT_A_TIME, PER_SECOND, service.handle, after=0.35
    )
    _expect_stopped(service, outcome, "Your function was cancelled")


def _expect_stopped(service: _Service, outcome: Outcome, what: str) -> None:
    number = len(outcome.left_behind)
    expect(
        not number,
        f"{what}, and {number} task{'s' * (number != 1)} of yours still ran: cancel them, and wait until they have "
        "stopped. A task group does both.",
    )
    expect_nothing_left(outcome)


question(
    "11A",
    about="prediction 11.1",
    asks="A semaphore of 5, around calls of 0.25 s each. How many calls begin in the first second?",
    a="5",
    b="20",
    c="As many as there are",
    right="b",
    why="A semaphore says how many run at a time, and each place is taken again as soon as its call has ended. For "
    "so many per second, let calls take turns.",
)
question(
    "11B",
    about="prediction 11.2",
    asks="6 calls of 0.25 s begin at 0, 0.5, 1 s and so on. Each has a limit of 1 s, set at 0 s. How many are in time?",
    a="6",
    b="3",
    c="2",
    right="c",
    why="The clock of the limit runs while a call waits for its turn. The third begins when the time is up. A limit "
    "for the answer begins behind the turn.",
)
question(
    "11C",
    about="prediction 11.1",
    asks="20 calls wait for an `aiolimiter.AsyncLimiter(4, 1)`. How many begin within the first second?",
    a="7",
    b="4",
    c="1",
    right="a",
    why="It is a leaky bucket with room for 4, which is empty at first: 4 begin at the same moment, and as it leaks, 3 "
    "more before the second is over. `AsyncLimiter(1, 1 / 4)` has no such burst.",
)
