"""Predictions and exercises of chapter 08, the pitfalls clinic."""

import asyncio
import inspect
import sys
import time
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from math import inf
from typing import Any

from workshop.timeline.records import Records
from workshop.timeline.views.replay import turns

from ..checks import (
    BLOCKS,
    CANCELLED,
    WrongError,
    attempt,
    exercise,
    expect,
    expect_all_awaited,
    expect_nothing_left,
    explaining,
    seconds,
    shown,
    texts_of,
)
from ..next_turn import last_turn, quoted
from ..predictions import Verdict, prediction
from ..questions import question
from ..runner import Outcome
from ..slow_calls import SlowCalls, attempt_cancelled, expect_all_stopped


@prediction(
    "8.1",
    usual="b",
    observes="the list of the calls that were paid",
    a="`return` in the loop ends your waiting, and nothing else. The other two calls run on to their end, and each of "
    "them costs.",
    b="`return` and `break` end your waiting, and nothing else. The other two calls ran to their end, and nobody "
    "wanted their results.",
    c="The first call was awaited to its end, so at least that one is paid. And nobody stopped the others: they ran to "
    "their end.",
)
def _paid(bill: Sequence[str]) -> Verdict:
    did = f"in your run, {len(bill)} call{'s were' if len(bill) != 1 else ' was'} paid"
    return {1: "a", 3: "b", 0: "c"}.get(len(bill)), did


@prediction(
    "8.2",
    usual="c",
    observes="the numbers of the visitors in the order in which they came in",
    a="as_completed puts coroutines into a set before it makes tasks of them, and a set has an order of its own. Here "
    "it goes by where the coroutines happen to lie in memory.",
    b="There is no rule like that. as_completed puts coroutines into a set before it makes tasks of them, and a set "
    "has an order of its own.",
    c="as_completed puts coroutines into a set before it makes tasks of them. A set's order goes by where its members "
    "happen to lie in memory: any order is possible, the list's too.",
)
def _order_of_beginning(begun: Sequence[int]) -> Verdict:
    expected = list(range(len(begun)))
    if len(begun) < 2:
        return None, f"in your run, {len(begun)} visitors came in"
    if list(begun) == expected:
        return "a", "in your run, they came in in the order of the list"
    if list(begun) == expected[::-1]:
        return "b", "in your run, the last came in first"
    return "c", "in your run, they came in in another order"


@prediction(
    "8.3",
    usual="a",
    observes="the tasks of the timeline, with their steps",
    a="A task group stands for all or nothing: when one of its tasks fails, it cancels the others, and the code in its "
    "block too. C is told first. Your `except` never gets to see the ValueError.",
    b="So it would be without the group. But a task group stands for all or nothing: when one of its tasks fails, it "
    "cancels the others, and the code in its block too. C is told first.",
    c="That is where B's ValueError arrives in the end, in a group. Before that, the task group cancels its other "
    "tasks and the code in its block, and waits until all have stopped.",
)
def _group_with_try(records: Records) -> Verdict:
    every = turns(records)
    turn = every[last_turn(every, 1) + 1]
    who = "your own code" if turn.task < 0 else records.names[turn.task]
    did = f"in your run, when B had failed, {who} went on at {quoted(records, turn.came.inner)}"
    if turn.task == 2 and records[2].outcome == "cancelled":
        return "a", did
    if turn.task < 0 and turn.came.inner:
        return ("b" if turn.came.inner.function == "receive" else "c"), did
    return None, did


ROUNDS_ARE_GIVEN_BACK = sys.version_info >= (3, 15, 1) or (3, 14, 9) <= sys.version_info < (3, 15)
"""Whether a round of as_completed whose await is cancelled comes again (gh-158004 in Python's list of changes)."""


@prediction(
    "8.4",
    usual="a" if ROUNDS_ARE_GIVEN_BACK else "c",
    observes="the list of what was received",
    a="So it is from Python 3.14.9 and 3.15.1 on: a round that ends with “nothing yet” is given back. Before, there "
    "are three rounds, one for each task, and such a round is gone.",
    b="Count the rounds of the older Pythons: there are three. The first ends with “nothing yet” at 0.6 s, the second "
    "gives A at 1.0 s, the third ends with “nothing yet” at 1.6 s. From 3.14.9 and 3.15.1 on, those two are given "
    "back, and all three results arrive.",
    c="So it is up to Python 3.14.8, and in 3.15.0: there are three rounds, one for each task, and two of them end "
    "with “nothing yet”. From 3.14.9 and 3.15.1 on, these are given back.",
)
def _received_of_three(received: Sequence[str]) -> Verdict:
    number = len(received)
    return {3: "a", 2: "b", 1: "c"}.get(number), f"in your run, {number} of 3 results arrived"


@prediction(
    "8.5",
    usual="a",
    observes="the list of what was received",
    a="The time limit is for the tasks, and all of them were done at 1.4 s. Results that are ready are delivered, "
    "however late you ask for them.",
    b="The second is asked for at 2 s, and is ready. Even the third, asked for at 3 s, is delivered: the time "
    "limit is for the tasks, and they were done in time.",
    c="The third is asked for at 3 s, after the limit, but it has been ready since 1.4 s. The time limit is for "
    "the tasks, not for you.",
)
def _slow_and_late(received: Sequence[str]) -> Verdict:
    number = len(received)
    return {3: "a", 1: "b", 2: "c"}.get(number), f"in your run, {number} of 3 results arrived"


@prediction(
    "8.6",
    usual="b",
    observes="the moment of the first result, or None",
    a="`work` does not await, so the loop is busy until it is done: first with one worker, then with the next. When "
    "your loop gets its turn, all three are done.",
    b="`work` does not await. So the loop runs one worker after another, 2 + 0.5 + 1 s, and gets to nothing else "
    "before: not to your code, not to the clock of the time limit.",
    c="For that, the event loop would have to look at the clock at 0.75 s. It is busy with the workers until 3.5 s, "
    "and then all results are there.",
)
def _first_of_blocking(moment: float | None) -> Verdict:
    if moment is None:
        return "c", "in your run, the time was up before any result"
    did = f"in your run, the first result was received at {seconds(moment)}"
    return ("a" if moment < 1.5 else "b" if 3 < moment < 10 else None), did


@prediction(
    "8.7",
    usual="c",
    observes="the exception, or None",
    a="asyncio's own as_completed can be used so, from Python 3.13 on. tqdm's is a generator for a plain `for`, on "
    "every Python.",
    b="A missing bar would be the smaller evil. tqdm's as_completed is a generator for a plain `for`, and `async for` "
    "refuses it.",
    c="tqdm's as_completed is a generator for a plain `for`, on every Python. Only asyncio's own knows `async for`, "
    "from 3.13 on.",
)
def _tqdm_in_async_for(error: BaseException | None) -> Verdict:
    did = f"your run ended with {type(error).__name__}" if error else "your run ended without an error"
    return ("a" if error is None else "c" if isinstance(error, TypeError) else None), did


@prediction(
    "8.8",
    usual="b",
    observes="the list of the names of those that still waited",
    a="The door's task is gone. The event loop refers to its tasks weakly only, so that alone keeps none of them. The "
    "nap is held by the loop's timer, the other by `bell`; nobody held this one.",
    b="The nap is held by the loop's timer, which is to wake it, and the other by `bell`: a future knows who waits "
    "for it. The door's was held by nobody, and the event loop's own references are weak.",
    c="The nap is still there, though no variable of yours holds it: the loop's timer does, which is to wake it.",
)
def _not_vanished(left: Sequence[str]) -> Verdict:
    did = f"in your run, {' and '.join(left) or 'nobody'} still waited"
    return {("bell", "door", "nap"): "a", ("bell", "nap"): "b", ("bell",): "c"}.get(tuple(sorted(left))), did


@prediction(
    "8.9",
    usual="a",
    observes="the tasks of the timeline",
    a="`shield` keeps your cancellation away from what you wait for, and nothing else. The CancelledError is raised "
    "at your `await`, as ever.",
    b="`shield` does not keep the CancelledError away from *you*. It keeps your cancellation away from what you wait "
    "for: that task runs on.",
    c="So it is without `shield`: who is cancelled while it awaits a task cancels that one, too. `shield` keeps this "
    "from the task.",
)
def _shielded(records: Records) -> Verdict:
    outcomes = tuple(task.outcome for task in records)
    fits = {("result", "cancelled"): "a", ("result", "result"): "b", ("cancelled", "cancelled"): "c"}
    return fits.get(outcomes), f"in your run, the outcomes were {' and '.join(outcomes) or 'none'}"


IDEAS_BEHIND_ENDS = {
    "Your code was cancelled": CANCELLED,
    "Your code raised ConnectionError: no answer from B": "B's ConnectionError ended your function. Where a task "
    "fails, its task group cancels everything, and a `try` inside the block comes too late: catch the exception inside "
    "the coroutine, so that the task does not fail.",
    "Your code raised ConnectionError: no answer from C": "C's ConnectionError ended your function. Catch it where you "
    "await what as_completed gives, and go on with the next.",
    "_Bar' object": "The bar that your function gets can do one thing, `bar.update()`, and your code asked for more.",
    "'float' object is not callable": "Something that was called already can't be called again: hand over the function "
    "itself, and its arguments behind it, as in `to_thread(function, argument)`.",
    "ickle|Can't get local object": "That function can't be sent to another process. A thread is enough here.",
}
"""What is said in place of a message."""


async def _attempt(answer: Any, *arguments: Any, when: str = "") -> Outcome:
    """Run an answer as `attempt` does, and name the idea where an exception of this chapter ended it."""
    with explaining(IDEAS_BEHIND_ENDS):
        return await attempt(answer, *arguments, when=when)


class _TimedCalls(SlowCalls):
    """Slow calls that look at the clock.

    Attributes:
        began: when the first of them began.
        ended: when those ended that came to their end.
    """

    def __init__(self, delays: Mapping[str, float], failing: Iterable[str] = ()) -> None:
        super().__init__(delays, failing)
        self.began = inf
        self.ended: list[float] = []

    async def _call(self, name: str) -> Any:
        self.began = min(self.began, time.perf_counter())
        try:
            return await super()._call(name)
        finally:
            if name in self.finished:
                self.ended.append(time.perf_counter())


def _odd_calls(failing: Mapping[str, type[Exception]] | None = None) -> SlowCalls:
    """Return calls whose results count as false, but for one. They end in the order A, B, C, D."""
    return SlowCalls({"C": 0.15, "A": 0.05, "D": 0.2, "B": 0.1}, failing or {}, {"A": 0, "B": "", "C": None})


async def _expect_odd_results(
    answer: Any, *others: Any, expected: Sequence[Any] = (0, "", None, "D"), failing: Any = None
) -> None:
    """Go on if an answer that is right for texts is so for results that count as false, too.

    Args:
        answer: the reader's function.
        others: what it is called with, behind the calls.
        expected: what it is to return.
        failing: what the calls raise that fail, by name.
    """
    calls = _odd_calls(failing)
    outcome = await _attempt(answer, calls.coroutines(), *others, when="for other calls")
    expect(
        _names(outcome.result) == _names(expected),
        f"Other calls give 0, '', None and 'D'{', the last of which fails' if failing else ''}: {shown(expected)} was "
        f"expected, and your function returned {shown(outcome.result)}. What counts as false is a result, too.",
    )


def _names(result: Any) -> list[str]:
    """Return the items of a list or tuple as text."""
    return texts_of(
        result,
        f"A list was expected, and your function returned {shown(result)}.",
        "Your function returned a list of awaitables: await what as_completed gives, and collect the results.",
    )


@exercise("8.1")
async def first_answer(answer: Any) -> str:
    """Check the exercise: the first answer, and no other call paid."""
    calls = SlowCalls({"Rome": 0.5, "Oslo": 0.1, "Bern": 0.3})
    outcome = await _attempt(answer, calls.coroutines())
    expect(not outcome.blocked, BLOCKS, timing=True)
    calls.expect_all_begun()
    expect(
        isinstance(outcome.result, str) and outcome.result == "Oslo",
        f"The first answer is Oslo's, and your function returned {shown(outcome.result)}.",
        timing=shown(outcome.result) in map(shown, calls.delays),
    )
    expect(
        calls.finished == ["Oslo"],
        f"{len(calls.finished)} calls came to their end and are to be paid. Stop the others when you have the first "
        "answer.",
        timing=True,
    )
    expect_all_stopped(outcome)
    falsy = await _attempt(answer, _odd_calls().coroutines(), when="for a first answer of 0")
    expect(
        shown(falsy.result) == "0",
        f"For other calls the first answer is 0, and your function returned {shown(falsy.result)}: what counts as "
        "false is an answer, too.",
    )
    outcome = await attempt_cancelled(answer, _odd_calls().coroutines(), after=0.02)
    number = len(outcome.left_behind)
    expect(
        not number,
        f"Your function was cancelled while it waited, and {number} of its calls still ran, to be paid by nobody "
        "knows whom. CancelledError is raised at your `await`: clean up under `finally`, which is reached then, too.",
    )
    return "One answer, one call to pay, and the others have stopped."


@exercise("8.2")
async def in_order(answer: Any) -> str:
    """Check the exercise: visitors come in in the order of the list, and leave when they are done."""
    names = [f"visitor {number}" for number in range(12)]
    visit = {name: 0.05 + 0.05 * (number * 5 % 12) for number, name in enumerate(names)}
    calls = SlowCalls(visit)
    outcome = await _attempt(answer, calls.coroutines())
    expect(not outcome.blocked, BLOCKS, timing=True)
    calls.expect_all_begun()
    results = _names(outcome.result)
    expect(
        calls.finished != names,
        "Each visitor had to wait until the one before had left: start all of them, then wait.",
        timing=True,
    )
    expect(
        sorted(results) == sorted(names),
        f"The results of all {len(names)} visitors were expected, and your function returned {shown(results)}.",
    )
    expect(
        results == sorted(names, key=visit.get),
        "All came in, but your list is not in the order in which they were done. as_completed is right for that part.",
        timing=True,
    )
    expect(
        calls.begun == names,
        "They came in in another order than that of the list. Who makes the tasks, and from what? A list has an order, "
        "and a set has none.",
        timing=True,
    )
    expect_nothing_left(outcome)
    await _expect_odd_results(answer)
    await attempt_cancelled(answer, _odd_calls().coroutines(), after=0.02)
    return "They come in in the order of the list, and leave when they are done."


@exercise("8.3")
async def post(answer: Any) -> str:
    """Check the exercise: every letter in the order of arrival, lost ones marked as such."""
    calls = SlowCalls({"A": 0.1, "B": 0.2, "C": 0.3, "D": 0.05}, failing=("B",))
    outcome = await _attempt(answer, calls.coroutines())
    expect(not outcome.blocked, BLOCKS, timing=True)
    calls.expect_all_begun()
    results = _names(outcome.result)
    expect(
        "C" in calls.finished or outcome.left_behind,
        "C was cancelled when B failed: that is what a task group does. Catch the exception where the group can't see "
        "it, inside the coroutine that the group runs.",
    )
    expect(
        "C" in calls.finished,
        "Your function returned before C arrived. B's failure is not the end: go on with the next.",
    )
    expect(
        calls.finished == ["D", "A", "B", "C"],
        f"The letters came one after another, in the order {', '.join(calls.finished)}: start all, then wait.",
        timing=True,
    )
    expected = ["D", "A", "lost", "C"]
    expect(
        sorted(results) == sorted(expected), f"Expected was {expected}, and your function returned {shown(results)}."
    )
    expect(
        results == expected,
        f"All are there, but they arrive in the order {', '.join(expected)}, and your list is {shown(results)}. gather "
        "gives the order of its arguments, as_completed that of arrival.",
        timing=True,
    )
    expect_nothing_left(outcome)
    await _expect_odd_results(answer, expected=(0, "", None, "lost"), failing={"D": ConnectionResetError})
    await _two_are_lost(answer)
    await attempt_cancelled(answer, _odd_calls().coroutines(), after=0.02)
    return "One letter is lost, and the others arrive."


async def _two_are_lost(answer: Any) -> None:
    calls = SlowCalls({"A": 0.15, "B": 0.05, "C": 0.1}, failing=("A", "B"))
    outcome = await _attempt(answer, calls.coroutines(), when="when two letters are lost")
    expect(
        _names(outcome.result) == ["lost", "C", "lost"],
        f"When B is lost, C arrives, and A is lost, your function returned {shown(outcome.result)}: each letter has "
        "its own end.",
    )


class _OneRoundEach:
    """`asyncio.as_completed` as it is in Python 3.13: it has as many rounds as tasks, and gives none of them back."""

    given_to = asyncio.as_completed

    def __init__(self, fs: Iterable[Awaitable], *, timeout: float | None = None) -> None:
        fs = fs if inspect.isawaitable(fs) else list(fs)
        self._rounds = _OneRoundEach.given_to(fs, timeout=timeout)
        self._left = len(set(fs))

    def _take(self, end: type[Exception]) -> None:
        if not self._left:
            raise end
        self._left -= 1

    def __iter__(self) -> Iterator[Awaitable]:
        return self

    def __next__(self) -> Awaitable:
        self._take(StopIteration)
        return next(self._rounds)

    def __aiter__(self) -> "_OneRoundEach":
        return self

    async def __anext__(self) -> Any:
        self._take(StopAsyncIteration)
        return await anext(self._rounds)


@contextmanager
def _no_round_given_back() -> Iterator[None]:
    """Let as_completed count its rounds as older Pythons do, for which the answer is to be right as well."""
    usual = asyncio.as_completed
    if sys.version_info >= (3, 14):
        asyncio.as_completed = _OneRoundEach
    try:
        yield
    finally:
        asyncio.as_completed = usual


@exercise("8.4")
async def with_sign_of_life(answer: Any) -> str:
    """Check the exercise: every result, and a sign of life while there is none."""
    calls, signs = _TimedCalls({"A": 0.2, "B": 0.7, "C": 0.25}), []
    with _no_round_given_back():
        outcome = await _attempt(answer, calls.coroutines(), lambda: signs.append(time.perf_counter()))
    expect(not outcome.blocked, BLOCKS, timing=True)
    calls.expect_all_begun()
    results = _names(outcome.result)
    expect(
        set(results) <= set(calls.delays),
        f"Only the results belong into the list, A, B and C, and your function returned {shown(results)}.",
    )
    missing = [name for name in "ACB" if name not in results]
    cancelled = [name for name in "ACB" if name not in calls.finished and not outcome.left_behind]
    expect(
        not cancelled,
        f"{', '.join(cancelled)} never arrived: cancelled before the end. `wait_for` cancels what it waits for when "
        "the time is over. Which function leaves it running, and can wait for it again?",
    )
    expect(
        not missing,
        f"{', '.join(missing)} never arrived. A round that ends with “nothing yet” is a round gone: up to "
        "Python 3.14.8, as_completed has as many rounds as tasks. Which function can wait again for the same tasks?",
    )
    expect(results == ["A", "C", "B"], f"They finish in the order A, C, B; your list is {shown(results)}.", timing=True)
    expect_nothing_left(outcome)
    _expect_signs([max(0.0, sign - calls.began) for sign in signs], [end - calls.began for end in calls.ended])
    await _expect_odd_results(answer, lambda: None)
    await attempt_cancelled(answer, _odd_calls().coroutines(), lambda: None, after=0.02)
    return "All three arrive, with signs of life between them."


TOO_QUIET = 0.18
"""Seconds without a result and without a sign of life that are too long, even on a busy computer."""


def _expect_signs(signs: list[float], ends: list[float]) -> None:
    """Go on if there is a sign of life after each 0.06 s without a result, or a bit later, and no more of them.

    Args:
        signs: when they were given, in seconds from the beginning.
        ends: when the calls ended, in the same way.
    """
    expect(
        not signs or signs[0] > 0.05,
        f"Your first sign of life came after {seconds(sum(signs[:1]))}: let 0.06 s pass without a result.",
        timing=True,
    )
    heard = sorted([0.0, *ends, *(sign for sign in signs if sign < ends[-1])])
    longest, since = max((later - earlier, earlier) for earlier, later in pairwise(heard))
    expect(
        longest < TOO_QUIET,
        f"All results arrive, but where is the sign of life? From {seconds(since)} on nothing was heard for "
        f"{seconds(longest)}. Call it whenever 0.06 s have passed without a result: before A, at 0.20 s, and again "
        "and again before B, at 0.70 s.",
        timing=True,
    )
    expect(
        5 < len(signs) < 20,
        f"Your function gave {len(signs)} signs of life in 0.7 s: one after each 0.06 s without a result is right.",
        timing=True,
    )


@exercise("8.5")
async def served_in_time(answer: Any) -> str:
    """Check the exercise: slow service, done at the same time."""
    calls = SlowCalls({"D": 0.3, "B": 0.15, "A": 0.1, "C": 0.2})
    kitchen = _Service(calls)
    outcome = await _attempt(answer, calls.coroutines(), kitchen.serve)
    expect(not outcome.blocked, BLOCKS, timing=True)
    expect_all_awaited(outcome)
    calls.expect_all_begun()
    missing = [name for name in "ABCD" if name not in kitchen.served]
    expect(
        not missing,
        f"Not served to the end when your function returned: {', '.join(missing)}. Await every service that you begin.",
    )
    results = _names(outcome.result)
    expect(
        kitchen.most > 1,
        f"Your function took {seconds(outcome.elapsed)}: the services wait for one another. D is ready at 0.30 s, and "
        "0.2 s later everything can be over. Whose task should the service be part of?",
        timing=True,
    )
    expect(
        kitchen.ready["A"] < len(calls.delays),
        "A was ready at 0.10 s, and its service began when all four were ready: don't wait for the others before you "
        "serve.",
        timing=True,
    )
    expect(
        results == list("ABCD"),
        f"Expected was the list ['A', 'B', 'C', 'D'], the order of service; your function returned {shown(results)}.",
        timing=sorted(results) == sorted("ABCD"),
    )
    expect_nothing_left(outcome)
    await _expect_odd_results(answer, kitchen.serve)
    expect(
        {"0", "", "None"} <= set(kitchen.served),
        "Other calls give 0, '', None and 'D', and not all of them were served. What counts as false is a result, too.",
    )
    await attempt_cancelled(answer, _odd_calls().coroutines(), kitchen.serve, after=0.1)
    return f"All four are served after {seconds(outcome.elapsed)}; one after another it would take 0.90 s."


class _Service:
    """Serves results, each for 0.2 s.

    Args:
        calls: where the results come from.

    Attributes:
        ready: for each result, as text, how many calls had ended when its service began.
        served: the results that were served to the end, as text.
        most: how many services there were at the same time, at most.
    """

    def __init__(self, calls: SlowCalls) -> None:
        self.ready: dict[str, int] = {}
        self.served: list[str] = []
        self.most = 0
        self._calls = calls

    async def serve(self, result: Any) -> None:
        if inspect.isawaitable(result):
            raise TypeError(f"serve takes a result, such as 'A', not {type(result).__name__}")
        [name] = _names([result])
        self.ready[name] = len(self._calls.finished)
        self.most = max(self.most, len(self.ready) - len(self.served))
        await asyncio.sleep(0.2)
        self.served.append(name)


@exercise("8.6")
async def without_blocking(answer: Any) -> str:
    """Check the exercise: blocking work that does not block the loop."""
    done, under_way, most = [], set(), 0

    def work(amount: float) -> float:
        nonlocal most
        under_way.add(amount)
        most = max(most, len(under_way))
        time.sleep(amount)
        under_way.discard(amount)
        done.append(amount)
        return amount

    amounts = [0.0, 0.5, 0.1, 0.3]
    outcome = await _attempt(answer, work, amounts)
    expect_all_awaited(outcome)
    expect(
        not outcome.blocked,
        "The event loop still stood still. `work` can't be made to await: it has to run somewhere else, in a thread. "
        "Which function of asyncio does that?",
        timing=True,
    )
    expect(sorted(done) == sorted(amounts), f"`work` should run once for each amount, and ran for {shown(done)}.")
    expect(
        most > 1,
        f"The loop is free now, but your function took {seconds(outcome.elapsed)}, the sum: one thread after another. "
        "Start all, then wait.",
        timing=True,
    )
    expect(
        _names(outcome.result) == list(map(str, sorted(amounts))),
        f"Expected were the results as they come, {sorted(amounts)}, and your function returned "
        f"{shown(outcome.result)}.",
    )
    expect_nothing_left(outcome)
    await attempt_cancelled(answer, work, [0.2], after=0.05, linger=0.2)
    return f"The loop stays free, and the work takes {seconds(outcome.elapsed)} in place of 0.90 s."


class _Bar:
    """Stands for a progress bar.

    Args:
        calls: what it is for.

    Attributes:
        moves: for each of its moves the time, and how many calls had ended.
    """

    def __init__(self, calls: SlowCalls) -> None:
        self.most = len(calls.delays)
        self.moves: list[tuple[float, int]] = []
        self._calls = calls

    def update(self, n: float = 1) -> None:
        if n != 1:
            raise ValueError(f"each call that ends moves the bar by 1, not by {n!r}")
        if len(self.moves) == self.most:
            raise ValueError(f"the bar is full: there are {self.most} calls, and it was moved once more")
        self.moves.append((time.perf_counter(), len(self._calls.finished)))


@exercise("8.7")
async def honest_bar(answer: Any) -> str:
    """Check the exercise: a bar that moves whenever a call ends, also when it fails."""
    calls = _TimedCalls({"A": 0.4, "B": 0.1, "C": 0.3, "D": 0.2}, failing=("C",))
    bar = _Bar(calls)
    outcome = await _attempt(answer, calls.coroutines(), bar)
    expect(not outcome.blocked, BLOCKS, timing=True)
    calls.expect_all_begun()
    expect(bar.moves, "The bar was never moved: call bar.update() whenever a call ends.")
    expect(
        len(bar.moves) == bar.most,
        f"The bar ends at {len(bar.moves)} of {bar.most}. A call that fails has ended, too: move the bar in both "
        "cases, after the `try` statement or under `finally`.",
    )
    expect(
        all(ended >= number for number, (_, ended) in enumerate(bar.moves, start=1)),
        "The bar moves too early: it is to show how many calls have ended, so await first, then move it by one.",
        timing=True,
    )
    expect(
        all(moved - ended < 0.08 for (moved, _), ended in zip(bar.moves, calls.ended, strict=True)),
        "The bar is full in the end, but it did not move when the calls ended: it should move at 0.10, 0.20, 0.30 and "
        "0.40 s, one step each.",
        timing=True,
    )
    results = _names(outcome.result)
    expect(
        results == ["B", "D", "A"],
        f"Expected were the results that arrived, ['B', 'D', 'A'], and your function returned {shown(results)}.",
    )
    expect_nothing_left(outcome)
    await _expect_odd_results(answer, _Bar(calls), expected=(0, "", None), failing={"D": ConnectionResetError})
    await attempt_cancelled(answer, _odd_calls().coroutines(), _Bar(calls), after=0.02)
    return "The bar moves when a call ends, and it ends full."


WAITED = (
    "Your function waited for its calls. It is to start them, see to it that they are held and looked after, and to "
    "return without waiting, while they run on."
)
"""What is said of an answer to 8.8 that ends later than the first call."""
CALLED_EARLY = (
    "You asked a task for its exception while it ran. Hand over the function itself, as in `add_done_callback(ended)`, "
    "and do not call it: that is done for you at the task's end."
)
PLAIN = "What was called at a task's end only made a coroutine, and nobody awaits that: write a plain `def`."


@exercise("8.8")
async def in_background(answer: Any) -> str:
    """Check the exercise: tasks that are held as long as they run, and whose exceptions somebody sees."""
    calls = SlowCalls(
        {"D": 0.2, "C": 0.15, "A": 0.05, "B": 0.1, "E": 0.25},
        {"A": ConnectionError, "B": asyncio.CancelledError, "D": LookupError},
        {"C": 0},
    )
    background = _Background(calls)
    with explaining({"no answer from": WAITED, "InvalidStateError": CALLED_EARLY}):
        try:
            outcome = await attempt(
                answer, calls.coroutines(), background.kept, background.report, look=background.look_at_them
            )
        except WrongError as wrong:
            expect(not (calls.begun and "by a task that it awaits" in str(wrong)), WAITED)
            raise
    expect(not outcome.blocked, BLOCKS, timing=True)
    expect(not background.ended_before, WAITED)
    with explaining({"such a set only grows": PLAIN} if outcome.never_awaited else {}):
        background.expect_all_held(len(outcome.left_behind))
    calls.expect_all_begun()
    background.expect_all_reported(outcome.task_errors)
    expect(
        shown(outcome.result) == str(len(calls.delays)),
        f"{len(calls.delays)} calls were started: that number was expected, and your function returned "
        f"{shown(outcome.result)}.",
    )
    expect_all_awaited(outcome)
    return "Held as long as they run, and no longer; and each failure is seen."


class _Background:
    """Calls that run on when the function which started them has returned, and what becomes of them.

    Args:
        calls: the calls.

    Attributes:
        kept: the set that is to hold their tasks. An earlier task is in it, which still runs.
        ended_before: the calls that had ended when the function returned.
        held: what the function put into the set.
    """

    def __init__(self, calls: SlowCalls) -> None:
        self._calls = calls
        self._earlier = asyncio.get_running_loop().create_future()
        self.kept: set[Any] = {self._earlier}
        self.ended_before: list[str] = []
        self.held: set[Any] = set()
        self._lost: set[Any] = set()
        self._stale: set[Any] = set()
        self._reports: list[tuple[Any, int]] = []

    def report(self, error: Any) -> None:
        self._reports.append((error, len(self._calls.finished)))

    async def look_at_them(self) -> None:
        """Wait until all that is held has ended, and note whether it was held too short or too long."""
        self.ended_before = self._calls.finished[:]
        self.held = self.kept - {self._earlier}
        pending = set(filter(asyncio.isfuture, self.held))
        while pending:
            done, pending = await asyncio.wait(pending, timeout=1, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                break
            for _ in range(3):  # until what was to be called at its end has been
                await asyncio.sleep(0)
            self._stale |= done & self.kept
            self._lost |= {task for task in pending if not task.done()} - self.kept

    def expect_all_held(self, running: int) -> None:
        """Go on if every task was held as long as it ran, and no longer.

        Args:
            running: how many tasks still ran when the function returned.
        """
        tasks = list(filter(asyncio.isfuture, self.held))
        expect(
            self.held,
            f"Your function returned, {running} of its tasks run on, and `kept` has none of them: nobody holds them, "
            "and such a task may vanish. Put each task into `kept`.",
        )
        expect(
            len(tasks) == len(self.held),
            f"`kept` holds {shown(next(iter(self.held - set(tasks)), None))}, and that is no task: put in what "
            "`asyncio.create_task` returns.",
        )
        expect(
            len(tasks) >= len(self._calls.delays),
            f"{len(self._calls.delays)} calls run on, and `kept` holds {len(tasks)} of your tasks: put in one for each "
            "call.",
        )
        expect(
            self._earlier in self.kept,
            "A task of somebody else's was in `kept`, and still ran, and now it is no longer there: take out only "
            "what has ended.",
        )
        expect(
            not (self._lost and self._stale),
            "A call had ended, and another's task was taken out of `kept`. The function that is called at a task's end "
            "gets that very task: use it, and not the loop's variable.",
        )
        expect(not self._lost, "You let go of a task that still ran: take it out of `kept` when it has ended.")
        expect(
            not self._stale,
            "A call had ended, and its task was still in `kept`: such a set only grows. Whom can you ask to be called "
            "when a task ends?",
        )

    def expect_all_reported(self, problems: list[str]) -> None:
        """Go on if each failure was reported when it happened, and nothing else.

        Args:
            problems: what was raised and not seen.
        """
        errors = [error for error, _ in self._reports]
        odd = [error for error in errors if not isinstance(error, BaseException)]
        expect(
            not odd,
            f"`report` was called with {shown(odd and odd[0])}: it takes an exception, and only a call that failed "
            "has one.",
        )
        expect(
            not any(isinstance(error, asyncio.CancelledError) for error in errors),
            "`report` was called with a CancelledError: B was cancelled, and that is no failure.",
        )
        expect(
            not any(problem.startswith("CancelledError") for problem in problems),
            "B was cancelled, and your code met a CancelledError when it asked for its exception: ask "
            "`task.cancelled()` first.",
        )
        unseen = [name for name in ("A", "D") if f"no answer from {name}" not in map(str, errors)]
        expect(
            not unseen,
            f"{' and '.join(unseen)} failed, and `report` was not called. `create_task` raises nothing: the exception "
            "is there when the task has ended. Who looks at it then?",
        )
        expect(len(errors) == 2, f"Two calls failed, A and D, and `report` was called {len(errors)} times.")
        expect(
            self._reports[0][1] < len(self._calls.delays),
            "Both failures were reported, but only when all calls had ended: report each when it happens.",
            timing=True,
        )


question(
    "8A",
    about="prediction 8.1",
    asks="You leave a loop over as_completed with `break`, while two tasks still run. What becomes of them?",
    a="They are cancelled",
    b="They run to their end",
    c="They stop at their next `await`",
    right="b",
    why="`break` ends your waiting, and nothing else. Cancel them under `finally`, and wait until they have stopped.",
)
question(
    "8B",
    about="prediction 8.3",
    asks="One of three tasks of a task group raises. What becomes of the other two?",
    a="They are cancelled",
    b="They run to their end, then the group raises",
    c="They run on behind the group",
    right="a",
    why="A task group stands for all or nothing. A failure that you expect is to be caught inside the coroutine.",
)
question(
    "8C",
    about="prediction 8.6",
    asks="A task awaits `asyncio.to_thread(work)`, and `work` has begun. You cancel the task. What becomes of `work`?",
    a="It is stopped",
    b="A CancelledError is raised in it",
    c="It runs to its end",
    right="c",
    why="You stop waiting for it, and no more: a thread can't be stopped from outside.",
)
question(
    "8D",
    about="prediction 8.5",
    asks="Results are ready at 1 and 2 s. The loop has `timeout=2.5`, and works 2 s on each. Do you get both?",
    a="Yes",
    b="No: you ask for the second at 3 s",
    c="No: the loop ends at 2.5 s",
    right="a",
    why="The limit is for the tasks, and both were done in time. What is ready is given to you, however late you ask.",
)


question(
    "8E",
    about="prediction 8.8",
    asks="You start a task and keep it nowhere. It waits for a future that nobody else has. What becomes of it?",
    a="It waits until its future is set",
    b="It is cancelled at the next `await`",
    c="It may be freed as garbage",
    right="c",
    why="The event loop refers to its tasks weakly only. The task and its future hold only each other, so both can go. "
    "Keep your tasks in a variable.",
)
question(
    "8F",
    about="prediction 8.9",
    asks="You await `asyncio.shield(task)`, and are cancelled. Who gets the CancelledError?",
    a="You, and the task runs on",
    b="The task, and you wait on",
    c="Nobody",
    right="a",
    why="`shield` keeps your cancellation from the task. It does not protect whoever waits for it.",
)
question(
    "8G",
    about="prediction 8.2",
    asks="as_completed gets ten coroutines in a list. In which order do they begin?",
    a="In that of the list",
    b="In the reverse order",
    c="In any",
    right="c",
    why="as_completed puts them into a set before it makes tasks of them. To have them begin in the order of the list, "
    "make the tasks yourself.",
)
question(
    "8H",
    about="prediction 8.4",
    asks="In the loop stands `await asyncio.wait_for(next_result, 0.5)`, and the time is up. What is cancelled?",
    a="The slowest task",
    b="This round, and no task",
    c="Nothing",
    right="b",
    why="wait_for cancels what it was given, and that is the round. The tasks run on; but up to Python 3.14.8, and in "
    "3.15.0, there is now one round too few for their results.",
)
question(
    "8I",
    about="prediction 8.7",
    asks="Which loop does tqdm's own `tqdm.as_completed(tasks)` go with?",
    a="A plain `for`",
    b="`async for`",
    c="Either of them",
    right="a",
    why="It is a generator that gives awaitables, on every Python. `async for` goes with asyncio's own, from 3.13 on.",
)
