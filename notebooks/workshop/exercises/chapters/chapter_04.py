"""Predictions and exercises of chapter 04, timeouts."""

from collections.abc import Awaitable, Callable
from typing import Any

from workshop.timeline.records import Records
from workshop.timeline.views.replay import turns

from .. import runner
from ..checks import (
    BLOCKS,
    CANCELLED,
    WrongError,
    attempt,
    exercise,
    expect,
    expect_nothing_left,
    explaining,
    seconds,
    shown,
    telling,
    texts_of,
)
from ..next_turn import last_turn, quoted
from ..predictions import Verdict, prediction
from ..questions import question
from ..runner import Outcome
from ..slow_calls import SlowCalls, attempt_cancelled, expect_all_stopped


@prediction(
    "4.1",
    usual="b",
    observes="the outcome of A in the timeline",
    a="The time limit is yours, not A's. It ends your waiting; as_completed cancels nothing, and A runs on without "
    "anybody who waits for it.",
    b="The time limit ends your waiting and nothing else. as_completed cancels nothing, and A runs on without anybody "
    "who waits for it.",
    c="The TimeoutError is raised in your code, at your `await`. A gets to know nothing of it, and runs on.",
)
def _after_the_timeout(outcome: str) -> Verdict:
    did = f"the timeline of your run says of A: {outcome}"
    return {"cancelled": "a", "still running": "b", "exception": "c"}.get(outcome), did


@prediction(
    "4.2",
    usual="b",
    observes="the tasks of the timeline, with their steps",
    a="That is where A is told, but not yet. `cancel` only asks. The event loop runs one task at a time, and it is "
    "your turn until your next `await`.",
    b="`cancel` only asks. The event loop runs one task at a time, and it is your turn until your next `await`, that "
    "of the `gather`. Then A goes on where it waits, with a CancelledError.",
    c="A never gets there: where it waits, a CancelledError is raised when its turn comes. And it is your turn until "
    "your next `await`.",
)
def _after_cancelling(records: Records) -> Verdict:
    every = turns(records)
    told = last_turn(every, 0)
    asked = next(turn for turn, _, text in records.steps.printed if text.startswith("now wait"))
    line = quoted(records, every[told].came.inner)
    if asked < told:
        return "b", f"in your run, `print` was next, and then A went on at {line}"
    did = f"in your run, A went on at {line}, before `print` was called"
    return {"cancelled": "a", "result": "c"}.get(records[0].outcome), did


@prediction(
    "4.3",
    usual="c",
    observes="how many times TimeoutError was caught",
    a="The time is up once, but you are told so in each round that has nothing to give. `except` inside the loop lets "
    "it go on to the next round, and there are as many rounds as tasks.",
    b="Each round that has nothing to give raises a TimeoutError of its own, and here all three have nothing.",
    c="The loop has as many rounds as there are tasks, and `except` inside it lets it go on. When the time is over, "
    "each round that has nothing to give raises a TimeoutError of its own.",
)
def _timeouts_in_the_loop(number: int) -> Verdict:
    did = f"your loop met {number} TimeoutError{'s' * (number != 1)}"
    return {1: "a", 2: "b", 3: "c"}.get(number), did


IDEAS_BEHIND_ENDS = {
    "^Your code raised TimeoutError": "Your function raised TimeoutError. Catch it around the loop, and return what "
    "had arrived by then.",
    "^Your code raised ConnectionError": "The first call failed, and its exception ended your function. A failed call "
    "is no good answer: catch the exception inside the loop, and wait for the next.",
    "^Your code was cancelled": CANCELLED,
}
"""What is said in place of a message."""


async def _attempt(answer: Any, *arguments: Any, when: str = "") -> Outcome:
    """Run an answer as `attempt` does, and name the idea where an exception of this chapter ended it."""
    with explaining(IDEAS_BEHIND_ENDS):
        return await attempt(answer, *arguments, when=when)


@exercise("4.1")
async def collect_within(answer: Any) -> str:
    """Check the exercise: the results that arrive within a time limit, and nothing left running."""
    await _collect(answer, 0.3, {"Rome": 0.9, "Oslo": 0.1, "Bern": 0.2, "Lima": 0.7}, ["Oslo", "Bern"])
    in_order = ["Oslo", "Lima", "Rome", "Kyiv", "Bern"]  # so many that a set has another order, all but always
    await _collect(answer, 0.9, {"Bern": 0.25, "Kyiv": 0.2, "Oslo": 0.05, "Rome": 0.15, "Lima": 0.1}, in_order)
    await _collect(answer, 0.1, {"Rome": 0.8, "Lima": 0.7}, [])
    falsy = {"Rome": 0, "Oslo": "", "Bern": None, "Lima": False}
    with telling(f"Names went well, but not the results {shown([*falsy.values()])[1:-1]}"):
        delays = {"Rome": 0.15, "Oslo": 0.1, "Bern": 0.05, "Lima": 0.7}
        await _collect(answer, 0.3, delays, ["Bern", "Oslo", "Rome"], falsy)
    await _expect_stopped_when_cancelled(answer, 0.5, SlowCalls({"Rome": 0.4, "Oslo": 0.3}).coroutines())
    return "You get what arrived in time, and leave nothing running."


async def _collect(
    answer: Any, limit: float, delays: dict[str, float], expected: list[str], results: dict[str, Any] | None = None
) -> None:
    calls = SlowCalls(delays, results=results)
    outcome = await _attempt(answer, limit, calls.coroutines(), when=f"with a limit of {seconds(limit)}")
    expect(not outcome.blocked, BLOCKS, timing=True)
    result = outcome.result
    texts_of(
        result,
        f"Your function returned {shown(result)}: a list of results was expected.",
        "Your list holds awaitables: await what as_completed gives, and collect the results.",
    )
    calls.expect_all_begun()
    _expect_time(limit, max(delays.values()), outcome.elapsed)
    wanted = [calls.results[name] for name in expected]
    arrive = f"With a limit of {seconds(limit)}, the results {shown(wanted)} arrive in time"
    expect(
        result or not wanted,
        f"{arrive}, and your list is empty: put each result into it as it arrives. `gather` gives all results or none.",
    )
    got, in_order = [list(map(shown, values)) for values in (result, wanted)]  # as text: a reader's objects may raise
    expect(sorted(got) == sorted(in_order), f"{arrive}, and your function returned {shown(result)}.")
    expect(
        got == in_order, f"They arrived in the order {shown(wanted)}, and your list is {shown(result)}.", timing=True
    )
    expect_all_stopped(outcome)


def _expect_time(limit: float, longest: float, elapsed: float) -> None:
    """Go on if an answer took as long as it had to.

    Args:
        limit: the time limit it got, in seconds.
        longest: how long the slowest call takes, in seconds.
        elapsed: how long the answer took, in seconds.
    """
    if longest > limit:
        expect(
            elapsed < min(limit + SlowCalls.CLEANING + 0.2, longest),
            f"With a limit of {seconds(limit)}, your function took {seconds(elapsed)}: when the time is over, "
            "cancel what still runs, and don't wait for its results.",
            timing=True,
        )
    else:
        expect(
            elapsed < limit * 0.75,
            f"The last result was there after {seconds(longest)}, and your function took {seconds(elapsed)}: "
            "the limit is the most to wait, not the least.",
            timing=True,
        )


async def _expect_stopped_when_cancelled(answer: Any, *arguments: Any) -> None:
    """Go on if an otherwise right answer that is cancelled while it waits leaves nothing running."""
    outcome = await attempt_cancelled(answer, *arguments, after=0.05)
    number = len(outcome.left_behind)
    expect(
        not number,
        f"Your function was cancelled after 0.05 s, as a stop button does it, and when it had ended, {number} "
        f"task{'s' * (number != 1)} still ran: stop the calls however your function ends.",
    )


@exercise("4.2")
async def first_good(answer: Any) -> str:
    """Check the exercise: the first result that is no failure, the rest cancelled."""
    calls = SlowCalls({"Rome": 0.9, "Oslo": 0.2, "Bern": 0.1, "Lima": 0.6}, failing=("Bern",))
    outcome = await _attempt_with_a_failure(answer, calls)
    _expect_first(outcome, calls, "Oslo")
    await _expect_any_failure_is_passed_over(answer)
    for result in (0, None):
        calls = SlowCalls({"Rome": 0.9, "Oslo": 0.1, "Lima": 0.6}, results={"Oslo": result})
        with telling(f"A name went well, but not the result {shown(result)}, which is one like any other"):
            outcome = await _attempt(_boxed(answer), calls.coroutines())
            outcome.result = outcome.result[0]
            _expect_first(outcome, calls, "Oslo")
    await _expect_lookup_error(answer)
    calls = SlowCalls({"Rome": 0.9, "Oslo": 0.2, "Bern": 0.01, "Lima": 0.6}, failing=("Bern",))
    await _expect_stopped_when_cancelled(answer, calls.coroutines())
    return "The first good answer wins, and the others have stopped."


def _expect_first(outcome: Outcome, calls: SlowCalls, name: str) -> None:
    """Go on if an answer returned the result of this call when it came, and stopped the others."""
    expect(not outcome.blocked, BLOCKS, timing=True)
    calls.expect_all_begun()
    expect(
        shown(outcome.result) == shown(calls.results[name]),
        f"The first call that does not fail is that to {name}, and your function returned {shown(outcome.result)}.",
        timing=shown(outcome.result) in map(shown, calls.results.values()),
    )
    expect(
        outcome.elapsed < calls.delays[name] + 0.3,
        f"The good answer was there after {seconds(calls.delays[name])}, and your function took "
        f"{seconds(outcome.elapsed)}: cancel the others, don't wait for their results.",
        timing=True,
    )
    expect_all_stopped(outcome)


class OverloadedError(Exception):
    """What no answer can know by name."""


async def _expect_any_failure_is_passed_over(answer: Any) -> None:
    """Go on if an answer that passes over a ConnectionError does so with other exceptions, and with several."""
    failing = {"Oslo": ValueError, "Bern": LookupError, "Kyiv": OverloadedError}
    calls = SlowCalls({"Rome": 0.2, "Oslo": 0.05, "Bern": 0.15, "Kyiv": 0.1, "Lima": 0.9}, failing)
    ideas = {
        f"^Your code raised {error.__name__}: no answer from {name}": f"The call to {name} failed with "
        f"{error.__name__}, and that ended your function: it is ready for ConnectionError, and a call may fail with "
        "any `Exception`."
        for name, error in failing.items()
    }
    with explaining(ideas | IDEAS_BEHIND_ENDS):
        outcome = await attempt(answer, calls.coroutines(), when="when three calls had failed, and Rome's had not")
    _expect_first(outcome, calls, "Rome")


def _boxed(answer: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[list[Any]]]:
    """Return a function that returns what the answer does in a list, since None from an answer means: no `return`."""

    async def boxed(*arguments: Any) -> list[Any]:
        return [await answer(*arguments)]

    return boxed


async def _expect_lookup_error(answer: Any) -> None:
    """Go on if an answer raises LookupError, or a kind of it, when all calls fail."""
    raised: list[BaseException] = []

    async def note(*arguments: Any) -> Any:
        try:
            return await answer(*arguments)
        except BaseException as error:
            raised.append(error)
            raise

    calls = SlowCalls({"Rome": 0.1, "Oslo": 0.05}, failing={"Rome": ConnectionError, "Oslo": ValueError})
    outcome = await runner.run(note, calls.coroutines())
    expect(
        not outcome.timed_out,
        f"When every call had failed, with ConnectionError and ValueError, your function still waited after "
        f"{runner.WAIT_LIMIT:g} s: count the failures, whatever they are, and raise LookupError after the last.",
    )
    instead = "When every call fails, your function should raise LookupError; it "
    expect(raised, f"{instead}returned {shown(outcome.result)}.")
    expect(
        not isinstance(raised[0], BaseExceptionGroup),
        f"{instead}raised {shown(raised[0])}, which `except LookupError` does not catch: a task group wraps what is "
        "raised inside its block.",
    )
    expect(isinstance(raised[0], LookupError), f"{instead}raised {outcome.error}.")
    expect_nothing_left(outcome)


async def _attempt_with_a_failure(answer: Any, calls: SlowCalls) -> Outcome:
    """Run an answer as `_attempt` does, with calls of which that to Bern fails before that to Oslo succeeds.

    Which exception ended the answer does not tell what went wrong: that depends on what had arrived by then.
    """
    try:
        return await attempt(answer, calls.coroutines())
    except WrongError as wrong:
        message = str(wrong)
        has_answer, all_ended = "Oslo" in calls.finished, len(calls.finished) == len(calls.delays)
        expect(
            not message.startswith("Your code raised ConnectionError") or not has_answer or all_ended,
            "The good answer was there, and then your function raised ConnectionError: that of the call that had "
            "failed before. Awaiting that task raises it again, and so does `gather(*tasks)`; "
            "`gather(*tasks, return_exceptions=True)` waits for all, and raises nothing.",
        )
        if message.startswith("Your code raised LookupError") and "Bern" in calls.finished:
            expect(
                has_answer,
                "Your function raised LookupError, but only the call to Bern had failed; Oslo's answer was still to "
                "come. Raise it after the loop, when all have failed.",
            )
            raise WrongError("Your function raised LookupError, but Oslo's answer had arrived: return it.") from None
        with explaining(IDEAS_BEHIND_ENDS):
            raise


question(
    "4A",
    about="prediction 4.1",
    asks="A loop over as_completed ends with a TimeoutError at 1 s. What does a task of 2 s do at 1.5 s?",
    a="Nothing: it is cancelled",
    b="Nothing: it has raised the TimeoutError",
    c="It runs on",
    right="c",
    why="The limit ends your waiting, and nothing else. Whoever wants the tasks to end as well cancels them.",
)
question(
    "4B",
    about="prediction 4.2",
    asks="A task sleeps. You call `task.cancel()`, and in the next line `task.done()`. What does that say?",
    a="True",
    b="False",
    c="It raises a CancelledError",
    right="b",
    why="`cancel` only asks. The task is told when it has a turn, which is not before your next `await`. So cancel, "
    "and then wait.",
)
question(
    "4C",
    about="prediction 4.3",
    asks="When the time is up, 2 of 5 results are there. `except TimeoutError` stands inside the loop. How many come?",
    a="1 TimeoutError",
    b="3 TimeoutErrors",
    c="5 TimeoutErrors",
    right="b",
    why="Five tasks are five rounds, and each that has nothing to give raises its own. Catch that of a limit for all "
    "around the loop.",
)
