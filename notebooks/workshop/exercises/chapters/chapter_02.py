"""Predictions and exercises of chapter 02, gather versus as_completed."""

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from workshop.timeline.records import Records

from ..checks import (
    BLOCKS,
    WrongError,
    attempt,
    exercise,
    expect,
    expect_nothing_left,
    seconds,
    shown,
    telling,
    texts_of,
)
from ..next_turn import YOU, after_first_end
from ..predictions import Verdict, prediction
from ..questions import question
from ..runner import Outcome
from ..slow_calls import attempt_cancelled


def _totals(gather_total: float, as_completed_total: float) -> str:
    return f"your run took {seconds(gather_total)} with gather and {seconds(as_completed_total)} with as_completed"


@prediction(
    "2.1",
    usual="a",
    observes="the list of the input's names and the list of the results' names",
    a="gather puts each result in the place of its input, whichever is done first. So you can zip inputs and results.",
    b="The order in which they are ready is as_completed's. gather puts each result in the place of its input, "
    "whichever is done first.",
    c="The order is guaranteed: gather puts each result in the place of its input, in every run.",
)
def _order_of_gather(input_names: Sequence[str], result_names: Sequence[str]) -> Verdict:
    given, got = [str(name) for name in input_names], [str(name) for name in result_names]
    did = f"your run gave {', '.join(got) or 'nothing'}"
    if not given or sorted(given) != sorted(got):
        return None, f"{did}, where each of {', '.join(given) or 'some names'} was expected once"
    if got == given:
        return "a", f"{did}: the order of the input"
    return None, f"{did}, where the order of the input was expected: {', '.join(given)}"


@prediction(
    "2.2",
    usual="c",
    observes="gather's total and as_completed's total, in seconds",
    a="A first result that comes sooner makes no call faster: both ways start all calls at the same time, and both are "
    "done when the slowest is.",
    b="Handing results over one by one costs microseconds. Both ways start all calls at the same time, and both are "
    "done when the slowest is.",
    c="Both ways start all calls at the same time, and both are done when the slowest is. as_completed gives you the "
    "others while you wait for it.",
)
def _total_without_processing(gather_total: float, as_completed_total: float) -> Verdict:
    did, difference = _totals(gather_total, as_completed_total), as_completed_total - gather_total
    if min(gather_total, as_completed_total) < 0.05:
        return None, f"{did}, where calls that take some time were expected"
    if abs(difference) <= 0.2 + gather_total / 10:
        return "c", f"{did}: the same, as far as it matters"
    return ("b", f"{did}: longer") if difference > 0 else ("a", f"{did}: shorter")


@prediction(
    "2.3",
    usual="a",
    observes="gather's total and as_completed's total, in seconds",
    a="With gather all processing comes after the slowest answer: 2 s and three times 0.5 s. With as_completed the "
    "first two are processed during that wait, and only the last one's 0.5 s comes after it.",
    b="With gather you get nothing to process before 2 s, when the slowest answer is there; then come three times "
    "0.5 s.",
    c="With as_completed the first two answers are processed while the slowest is still on its way: that time is only "
    "spent waiting with gather.",
)
def _total_with_processing(gather_total: float, as_completed_total: float) -> Verdict:
    did, difference = _totals(gather_total, as_completed_total), gather_total - as_completed_total
    if min(gather_total, as_completed_total) < 0.05:
        return None, f"{did}, where about 3.50 s and 2.50 s were expected"
    if difference > gather_total / 10:
        return "a", f"{did}: processing filled the time of waiting"
    if difference < -gather_total / 10:
        return None, f"{did}, where as_completed was expected to be no slower"
    return ("c" if gather_total >= 3 else "b"), f"{did}: no difference to speak of"


@prediction(
    "2.4",
    usual="a",
    observes="the records of gather's timeline and of as_completed's, both recorded with steps=True",
    a="gather wakes your code when all three answers are there, so the second answer is the next to go on. "
    "as_completed wakes it for each answer, so the work on the first one begins.",
    b="With as_completed, yes. But gather has one list to give, and its first place can't be handed over before the "
    "last is filled: your code waits on, and the second answer is the next to go on.",
    c="With gather, yes. But as_completed wakes your code for each answer, and your own line goes on, with work to do, "
    "half a second before the second answer.",
)
def _after_the_first_answer(gathered: Records, as_ready: Records) -> Verdict:
    after_gathers, after_ready = map(after_first_end, (gathered, as_ready))
    told = f"{after_gathers.told} with gather, and {after_ready.told} with as_completed"
    did = f"in your run, after the first answer, {told}"
    if any(following.first or not following.name for following in (after_gathers, after_ready)):
        return None, did
    fits = {(False, True): "a", (True, True): "b", (False, False): "c"}
    return fits.get((after_gathers.name == YOU, after_ready.name == YOU)), did


class _Calls:
    """Calls of different length, and what an answer did with their results, in which order.

    Args:
        delays: for each name how long its call takes, in seconds.
        results: what each call gives; no two are the same object. Without it, each gives its name.
        processed: and what `process` makes of that.
    """

    def __init__(
        self, delays: dict[str, float], results: dict[str, Any] | None = None, processed: dict[str, Any] | None = None
    ) -> None:
        self.delays = delays
        self.names = list(delays)
        self.results = results or {name: name for name in delays}
        self.processed = processed or {name: f"{name}, processed" for name in delays}
        self.started: list[str] = []
        self.started_late: list[str] = []  # when another call had ended
        self.arrived: list[str] = []
        self.handed: list[Any] = []
        self.handed_awaitable = ""  # what kind of awaitable was handed over in place of its result
        self.arrived_before: list[int] = []  # how many results were there, for each that was handed over
        self.called_before: list[int] = []  # and for each call of process, which may be long before it runs
        self.began = time.perf_counter()
        self.arrived_at: dict[str, float] = {}  # seconds since then, as in the next
        self.handed_at: list[float] = []

    def coroutines(self) -> list[Coroutine]:
        return [self.call(name) for name in self.names]

    async def call(self, name: str) -> Any:
        """Wait as long as this call takes; readers meet the name in messages."""
        (self.started_late if self.arrived else self.started).append(name)
        await asyncio.sleep(self.delays[name])
        self.arrived.append(name)
        self.arrived_at[name] = self._now()
        return self.results[name]

    def _now(self) -> float:
        return time.perf_counter() - self.began

    def hand(self, result: Any) -> None:
        """Note that the answer passes on a result: to be used as the callback."""
        if inspect.isawaitable(result):  # not kept: nobody may ever await it
            self.handed_awaitable = "a coroutine" if inspect.iscoroutine(result) else "an awaitable"
            return
        self.handed.append(_whose(result, self.results))
        self.arrived_before.append(len(self.arrived))
        self.handed_at.append(self._now())

    def process(self, result: Any) -> Coroutine[Any, Any, Any]:
        """Note the call, and return a coroutine that processes a result in 0.1 s."""

        async def process() -> Any:
            self.hand(result)
            await asyncio.sleep(0.1)
            name = _whose(result, self.results)
            return self.processed[name] if isinstance(name, str) and name in self.processed else name

        self.called_before.append(len(self.arrived))
        return process()

    async def attempt(self, answer: Any, receiver: str, receive: Callable[[Any], Any]) -> Outcome:
        """Run the answer with the coroutines and a callback, and go on if it was handed results, and several."""
        try:
            outcome = await attempt(answer, self.coroutines(), receive)
        except WrongError as wrong:
            if "`asyncio.gather(...)` needs `await`" not in str(wrong):
                self._expect_no_awaitable(receiver)  # whatever went wrong later, this came first
            raise
        expect(not outcome.blocked, BLOCKS, timing=True)
        self._expect_no_awaitable(receiver)
        only_the_first = self.handed and self.handed == self.arrived[:1]
        expect(
            not only_the_first or receiver in outcome.left_behind,
            f"You returned when `{receiver}` had been called once, for the first result: "
            "is there a `return` or a `break` inside the loop?",
        )
        return outcome

    def _expect_no_awaitable(self, receiver: str) -> None:
        expect(
            not self.handed_awaitable,
            f"`{receiver}` was handed {self.handed_awaitable}, not its result: await it first.",
        )

    def expect_all_started_together(self) -> None:
        ran = len(self.started) + len(self.started_late)
        expect(
            ran == len(self.names),
            f"There were {len(self.names)} coroutines, and {ran} of them ran before your function returned: "
            "await each, or the task that you make of it.",
        )
        if self.started_late:
            raise WrongError(
                f"{self.started_late[0]} started only when {self.arrived[0]} had ended: they ran one after another. "
                "Start all of them before you wait for one.",
                timing=True,
            )

    def expect_handed_once(self, receiver: str) -> None:
        """Go on if each result, and nothing else, was handed over once."""
        expect(self.handed, f"`{receiver}` was never called: call it with each result, the moment it arrives.")
        strange = [value for value in self.handed if not isinstance(value, str) or value not in self.names]
        expect(
            not strange, f"`{receiver}` was handed {shown(strange[:1])[1:-1]}: hand it each result just as it arrived."
        )
        count = len(self.handed)
        expect(
            count == len(self.names) == len(set(self.handed)),
            f"`{receiver}` was called {count} times for {len(self.names)} results: once for each was expected.",
        )

    def expect_handed_on_arrival(self, receiver: str) -> None:
        """Go on if the results were handed over in the order of completion, each before the last had come."""
        everything = len(self.names)
        if self.arrived_before[0] == everything:
            expect(
                not self.called_before or self.called_before[0] == everything,
                f"`{receiver}` first *ran* after {seconds(self.handed_at[0])}. If you call it in the loop without "
                "`await` or `create_task`, that only makes a coroutine, and the `gather` behind the loop begins it.",
                timing=True,
            )
            raise WrongError(
                f"`{receiver}` was first called after {seconds(self.handed_at[0])}, when all results were there; "
                f"the first had arrived after {seconds(min(self.delays.values()))}. Don't collect everything first: "
                f"call `{receiver}` inside the loop over as_completed, and wait there for nothing else.",
                timing=True,
            )
        expect(
            self.handed == self.arrived,
            f"`{receiver}` was called in the order {', '.join(self.handed)}, and the results arrived in the order "
            f"{', '.join(self.arrived)}: awaiting the tasks in turn makes quick ones wait for slow ones.",
            timing=True,
        )
        for i in range(1, everything - 1):
            # a machine that halts for a moment also lets several results arrive together, but none waits long then
            waited = self.handed_at[i] - self.arrived_at[self.handed[i]]
            expect(
                self.arrived_before[i] < everything or waited < 0.05,
                f"`{receiver}` was called for {self.handed[i - 1]} as it arrived, but for {self.handed[i]} only when "
                "all results were there: what else do you wait for inside the loop?",
                timing=True,
            )


def _whose(value: Any, values: dict[str, Any]) -> Any:
    """Return the name under which a value stands, or the value itself if it is none of them."""
    for name, one in values.items():
        if value is one or (isinstance(value, str) and isinstance(one, str) and value == one):
            return name
    return value


HOLDS_AWAITABLES = (
    "Your list holds awaitables: a task is not its result. `await task` gives it, also when the task is done."
)
LIKE_ANY_OTHER = "which are results like any other, though `if` takes them for false"


@exercise("2.1")
async def in_order(answer: Any) -> str:
    """Check the exercise: report each result as it arrives, and return them in input order."""
    delays = {"Oslo": 0.2, "Bern": 0.1, "Rome": 0.4, "Cork": 0.3}
    await _report_in_order(answer, _Calls(delays))
    falsy = dict(zip(delays, (0, "", None, False), strict=True))
    with telling(f"Names went well, but not the results {shown([*falsy.values()])[1:-1]}, {LIKE_ANY_OTHER}"):
        await _report_in_order(answer, _Calls(delays, falsy))
    calls = _Calls(delays)
    await attempt_cancelled(answer, calls.coroutines(), calls.hand, after=0.05)
    return "Each result is reported as it arrives, and the list has the order of the input."


async def _report_in_order(answer: Any, calls: _Calls) -> None:
    outcome = await calls.attempt(answer, "on_result", calls.hand)
    calls.expect_all_started_together()
    calls.expect_handed_once("on_result")
    calls.expect_handed_on_arrival("on_result")
    texts_of(
        outcome.result,
        f"Your function returned {shown(outcome.result)}: the list of results was expected.",
        HOLDS_AWAITABLES,
    )
    got = [_whose(value, calls.results) for value in outcome.result]
    expect(
        got != calls.arrived,
        "`on_result` was called correctly, but your list has the order of completion. "
        "Which of the results belongs to which input? Something must remember the place of each.",
        timing=True,
    )
    expect(
        got != sorted(calls.names),
        "Your list is sorted by name, and that isn't the order of the input: something must remember each place.",
        timing=True,
    )
    expect(
        got == calls.names,
        f"Your list is {shown(outcome.result)}: the results in input order are {shown([*calls.results.values()])}.",
    )
    expect_nothing_left(outcome)


@exercise("2.2")
async def collect(answer: Any) -> str:
    """Check the exercise: process each result while the others still run."""
    delays = {"Oslo": 0.2, "Rome": 0.4, "Bern": 0.1}
    await _process_on_arrival(answer, _Calls(delays))
    falsy = {"Oslo": 0, "Rome": "", "Bern": None}
    with telling(f"Names went well, but not the results {shown([*falsy.values()])[1:-1]}, {LIKE_ANY_OTHER}"):
        await _process_on_arrival(answer, _Calls(delays, falsy))
    processed = {"Oslo": False, "Rome": None, "Bern": 0}
    made = f"Names went well, but not where `process` returns {shown([*processed.values()])[1:-1]}"
    with telling(f"{made}, {LIKE_ANY_OTHER}"):
        await _process_on_arrival(answer, _Calls(delays, processed=processed))
    calls = _Calls(delays)
    await attempt_cancelled(answer, calls.coroutines(), calls.process, after=0.05)
    return "Processing fills the time of waiting."


async def _process_on_arrival(answer: Any, calls: _Calls) -> None:
    outcome = await calls.attempt(answer, "process", calls.process)
    expect(
        not outcome.left_behind,
        "Your function returned while processing still went on: await every `process(...)`, or the task you made of "
        "it, before you return.",
    )
    expect(
        "process" not in outcome.never_awaited,
        "`process(result)` was called but not awaited: that only makes a coroutine, and nothing is processed.",
    )
    calls.expect_all_started_together()
    calls.expect_handed_once("process")
    calls.expect_handed_on_arrival("process")
    expect(
        isinstance(outcome.result, list | tuple | set),
        f"Your function returned {shown(outcome.result)}: the list of what `process` returned was expected.",
    )
    expect(not any(map(inspect.isawaitable, outcome.result)), HOLDS_AWAITABLES)
    expect(
        not any(_whose(value, calls.results) in calls.names for value in outcome.result),
        "Your list holds the results as they arrived: what `process` makes of them was asked for.",
    )
    got = [_whose(value, calls.processed) for value in outcome.result]
    expect(
        sorted(map(str, got)) == sorted(calls.names),
        f"Your list is {shown(outcome.result)}: {shown([*calls.processed.values()])} was expected, in any order.",
    )
    expect(
        outcome.elapsed < 0.9,
        f"All was done after {seconds(outcome.elapsed)}, and 0.50 s is enough: what is waited for too long?",
        timing=True,
    )
    expect_nothing_left(outcome)


question(
    "2A",
    about="prediction 2.2",
    asks="Calls of 1, 2 and 3 s, and nothing to do with the results. How long do gather and as_completed take in all?",
    a="3 s both",
    b="3 s and 1 s",
    c="6 s and 3 s",
    right="a",
    why="Both start all calls at the same time, and both end with the slowest. as_completed gives you the first "
    "result earlier, at 1 s.",
)
question(
    "2B",
    about="prediction 2.3",
    asks="Answers come at 1 and 2 s, and you work on each for 1 s, awaited. How long with gather, and as_completed?",
    a="4 s both",
    b="4 s and 3 s",
    c="3 s and 2 s",
    right="b",
    why="gather gives nothing to work on before 2 s, and both pieces of work come after it. With as_completed the "
    "first is done while the second answer is still on its way.",
)
question(
    "2C",
    about="prediction 2.1",
    asks="gather gets calls of 3, 1 and 2 s, in this order. In which order does its list hold their results?",
    a="3, 1, 2",
    b="1, 2, 3",
    c="In another order each time",
    right="a",
    why="gather puts each result into the place of its call, whichever is done first.",
)
question(
    "2D",
    about="prediction 2.4",
    asks="You await gather for calls of 1 and 2 s. When does your own code go on for the first time?",
    a="At 1 s",
    b="At 2 s",
    c="At 1 s and again at 2 s",
    right="b",
    why="gather has one list to give, and wakes you when it is full. as_completed would wake you at 1 s, too.",
)
