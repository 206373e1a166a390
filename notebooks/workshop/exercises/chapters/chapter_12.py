"""Predictions and exercises of chapter 12, many calls to a model."""

from collections.abc import Mapping
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
    shown,
)
from ..predictions import Verdict, prediction
from ..runner import Outcome
from ..slow_calls import Calls, attempt_cancelled

BUDGET = 300
"""Credits of the lesson's own run."""


@prediction(
    "12.1",
    usual="b",
    observes="what the cancelled answer cost, and what a whole one costs",
    a="You never got its price, which comes last. But the model had read your prompt and written some words by then, "
    "and the server puts them on the bill.",
    b="The model has read your prompt and written some words. Cancelling closes the connection: the server sees that, "
    "and writes no more.",
    c="That is what it would have come to without `stop`. Cancelling closes the connection: the server sees that, and "
    "writes no more.",
)
def _price_of_the_cancelled(cancelled: int, whole: int) -> Verdict:
    did = f"in your run, the cancelled answer cost {cancelled} credits, and a whole one costs {whole}"
    if cancelled <= 0:
        return "a", did
    return ("b" if cancelled < whole else "c" if cancelled == whole else None), did


@prediction(
    "12.2",
    usual="c",
    observes="what the received answers cost, and the server's bill",
    a="An answer tells its price when it is whole, and then it has been spent: the loop can only stop too late. And "
    "beside it others are under way.",
    b="That would be so with one call at a time. Here others were under way beside the last answer, and their words "
    "are charged, though nobody receives them any more.",
    c="The loop counts answers that it has received. Others were under way beside the last of them, and their words "
    "are charged, though nobody receives them any more.",
)
def _bill_of_a_budget(spent: int, bill: int) -> Verdict:
    did = f"in your run, the answers that you received cost {spent} credits, and the bill was "
    if bill <= BUDGET:
        return "a", f"{did}no higher than {BUDGET}"
    if bill == spent:
        return "b", f"{did}as high"
    return ("c" if bill > spent else None), f"{did}{'higher' if bill > spent else 'lower'}"


DEAREST, PRICE = 30, 10
"""Credits that a call of the check costs at most, and that it does cost, where nothing else is said."""
AMPLE = 10_000
"""Credits that are enough for anything."""


class _PaidCalls(Calls):
    """Calls to a model, which note what they cost, and when more is at stake than there is.

    Args:
        budget: credits that there are.
        delays: by its prompt, the seconds that a call takes.
        prices: by its prompt, the credits that an answer costs.
        failing: by its prompt, what a call raises. It costs `dearest`.
        texts: by its prompt, what an answer says that does not say its prompt in capitals.
        dearest: credits that a call costs at most.

    Attributes:
        overdrawn: what had been spent, and how many calls were under way, when first they might have cost too much.
    """

    def __init__(
        self,
        budget: int,
        delays: Mapping[str, float],
        prices: Mapping[str, int] | None = None,
        failing: Mapping[str, type[Exception]] | None = None,
        texts: Mapping[str, str] | None = None,
        dearest: int = DEAREST,
    ) -> None:
        super().__init__()
        self.budget = budget
        self._delays = delays
        self._prices = dict.fromkeys(delays, PRICE) | dict(prices or {})
        self.dearest = dearest
        self.failing = failing or {}
        self._texts = {prompt: prompt.upper() for prompt in delays} | dict(texts or {})
        self.spent = 0
        self.overdrawn: tuple[int, int] | None = None

    @property
    def prompts(self) -> list[str]:
        return list(self._delays)

    @property
    def answers(self) -> dict[str, str]:
        """What a right answer returns."""
        return {prompt: self._texts[prompt] for prompt in self.begun if prompt not in self.failing}

    async def ask(self, prompt: str) -> tuple[str, int]:
        running = len(self.running) + 1
        if self.overdrawn is None and self.spent + self.dearest * running > self.budget:
            self.overdrawn = self.spent, running
        await self.take(prompt, self._delays[prompt])
        if prompt in self.failing:
            self.spent += self.dearest
            raise self.failing[prompt](f"no answer to {prompt}")
        self.spent += self._prices[prompt]
        return self._texts[prompt], self._prices[prompt]


IDEAS_BEHIND_ENDS = {
    "no answer to": "A call failed, and ended your function: catch the exception of each call by itself, count what it "
    "may have cost, and go on.",
    "by a task that it awaits, or by itself": CANCELLED,
    "not enough values to unpack|too many values to unpack|cannot unpack": "`await ask(prompt)` gives two things, a "
    "text and its price: `text, price = await ask(prompt)`.",
}
"""Part of a message, and what is said in its place."""


@exercise("12.1")
async def never_above_the_budget(answer: Any) -> str:
    """Check the exercise: many calls, of which no more are under way than the budget could pay for."""
    await _many_at_a_time(answer)
    await _short_of_credits(answer)
    for error, budget in ((ConnectionError, AMPLE), (TimeoutError, 100), (LookupError, 100)):
        await _one_fails(answer, error, budget)
    await _counts_as_false(answer)
    await _nothing_to_ask(answer)
    await _caller_is_cancelled(answer, AMPLE, 2, "calls were under way")
    await _caller_is_cancelled(answer, 2 * DEAREST, 3, "it waited for credits")
    return "As many as the budget allows, never more, and nothing is left running."


async def _attempt(answer: Any, calls: _PaidCalls, most: int, when: str) -> Outcome:
    """Run an answer, and judge what goes for each case."""
    with explaining(IDEAS_BEHIND_ENDS):
        outcome = await attempt(answer, calls.budget, calls.prompts, calls.ask, calls.dearest, most, when=when)
    expect(not outcome.blocked, BLOCKS, timing=True)
    expect_all_awaited(outcome)
    expect(
        calls.most_running <= most,
        f"No more than {most} calls may run at a time, and {calls.most_running} did, {when}.",
        timing=True,
    )
    spent, running = calls.overdrawn or (0, 0)
    expect(
        not calls.overdrawn,
        f"Of {calls.budget} credits, {spent} were spent, and {running} call{'s were' if running > 1 else ' was'} under "
        f"way, each of which may cost {calls.dearest}: that may come to {spent + calls.dearest * running}. Begin a "
        "call only if there is enough for it *and* for all others under way, at their dearest"
        + ("; and count as much for a call that failed." if calls.failing else "."),
        timing=True,
    )
    left = len(outcome.left_behind)
    expect(
        not left,
        f"When your function returned, {left} task{'s' * (left != 1)} still ran, {when}: what you have begun will be "
        "paid for, so wait for it.",
        timing=True,
    )
    expect(
        not calls.cancelled,
        f"Your function cancelled the call for {', '.join(calls.cancelled)}, {when}: what a model has written by then "
        "is paid for in vain. Begin only what you can pay for, and wait for it.",
        timing=True,
    )
    return outcome


def _expect_answers(outcome: Outcome, calls: _PaidCalls, when: str) -> None:
    """Go on if an answer has returned what the calls gave that it made, and left nothing running."""
    told = outcome.result
    expect(
        isinstance(told, Mapping), f"A dictionary was expected, with a text for each prompt, and it is {shown(told)}."
    )
    expect_nothing_left(outcome)
    expected = calls.answers
    missing = [prompt for prompt in expected if prompt not in told]
    expect(not missing, f"Your dictionary lacks what was answered to {', '.join(map(repr, missing))}, {when}.")
    strange = [prompt for prompt in told if prompt not in expected]
    expect(
        not strange,
        f"Your dictionary has {shown(strange[0]) if strange else ''}, {when}, to which there was no answer: only what "
        "was answered belongs there.",
    )
    wrong = [prompt for prompt in expected if shown(told[prompt]) != shown(expected[prompt])]
    expect(
        not wrong,
        f"The answer to {wrong and wrong[0]!r} is {wrong and expected[wrong[0]]!r}, and your dictionary has "
        f"{wrong and shown(told[wrong[0]])}: does each answer stay with its prompt?",
    )


def _expect_in_order(calls: _PaidCalls, idea: str) -> None:
    """Go on if the calls began in the order of the prompts."""
    expect(
        calls.begun == calls.prompts[: len(calls.begun)],
        f"The prompts are {', '.join(calls.prompts)}, and your calls began with {', '.join(calls.begun)}: keep to the "
        f"order, and ask once for each. {idea}",
        timing=True,
    )


async def _many_at_a_time(answer: Any) -> None:
    when = "with credits enough for all"
    calls = _PaidCalls(AMPLE, {"long": 0.6, "b": 0.1, "c": 0.1, "d": 0.1, "e": 0.1})
    outcome = await _attempt(answer, calls, 2, when)
    expect(calls.begun, f"`ask` was never called, {when}.")
    _expect_in_order(
        calls,
        "as_completed starts coroutines in any order; tasks start in the order in which you make them.",
    )
    expect(
        len(calls.begun) == len(calls.prompts),
        f"There were credits enough for all {len(calls.prompts)} prompts, and you asked for {', '.join(calls.begun)} "
        "only.",
    )
    expect(
        calls.most_running == 2,
        "Two calls may run at a time, and with credits enough for all, never more than one did: begin another while "
        "the first is under way.",
        timing=True,
    )
    expect(
        calls.begun_by_the_end_of["long"] == len(calls.prompts),
        "Two calls may run at a time. Beside a long one there was time for four short ones, one after the other, and "
        f"you began only {calls.begun_by_the_end_of['long'] - 1} before the long one ended: begin another as soon as "
        "*one* has ended.",
        timing=True,
    )
    _expect_answers(outcome, calls, when)


async def _short_of_credits(answer: Any) -> None:
    """100 credits, of which each call takes 10 or so and may take 30: three at a time at first, and seven in all.

    The first takes long. Two end together beside it, and then there is enough for one at a time, twice.
    """
    when = "with credits for some of the prompts"
    delays = {f"p{number}": 0.1 for number in range(12)} | {"p0": 1.0}
    calls = _PaidCalls(100, delays, prices={"p1": 5, "p2": 25})
    outcome = await _attempt(answer, calls, 4, when)
    _expect_in_order(
        calls, "When there are credits again, whoever came first goes first: let those who wait stand in line."
    )
    expect(
        calls.most_running == 3,
        f"There were 100 credits, and a call may cost {DEAREST}: three fit beside one another at first, and you had "
        f"{calls.most_running} under way at the most.",
        timing=True,
    )
    _expect_spent(calls)
    beside = calls.begun_by_the_end_of["p0"] - 1
    expect(
        beside == 4,
        f"Of 100 credits, there was enough for 4 short calls beside a long one, and you began {beside} before the long "
        "one ended: look whether there is enough for another as soon as *one* has ended.",
        timing=True,
    )
    _expect_answers(outcome, calls, when)


def _expect_spent(calls: _PaidCalls) -> None:
    """Go on if what was left in the end was not enough for another call."""
    left = calls.budget - calls.spent
    expect(
        left < calls.dearest or len(calls.begun) == len(calls.prompts),
        f"In the end, {left} of {calls.budget} credits were left, and there was more to ask: a call costs "
        f"{calls.dearest} at the most. What an answer did not cost is free again when it has come, so wait for that "
        "before you give up.",
        timing=True,
    )


async def _one_fails(answer: Any, error: type[Exception], budget: int) -> None:
    when = f"when a call raises {error.__name__}"
    calls = _PaidCalls(budget, {f"p{number}": 0.1 + 0.03 * number for number in range(9)}, failing={"p0": error})
    outcome = await _attempt(answer, calls, 2, when)
    _expect_spent(calls)
    _expect_answers(outcome, calls, when)


async def _counts_as_false(answer: Any) -> None:
    when = "for empty answers that cost nothing"
    delays = {"": 0.1, "b": 0.1, "c": 0.1}
    nothing, empty = dict.fromkeys(delays, 0), dict.fromkeys(delays, "")
    calls = _PaidCalls(20, delays, prices=nothing, texts=empty, dearest=20)
    outcome = await _attempt(answer, calls, 3, when)
    expect(
        calls.begun,
        "There were 20 credits, a call might cost 20, and `ask` was never called. Did you count with `dearest`? And "
        "the first prompt was empty: that is a prompt, too.",
    )
    _expect_spent(calls)
    _expect_answers(outcome, calls, when)


async def _nothing_to_ask(answer: Any) -> None:
    for budget, delays, when in (
        (AMPLE, {}, "for an empty list of prompts"),
        (DEAREST - 1, {"a": 0.1}, "with credits for none of the prompts"),
    ):
        calls = _PaidCalls(budget, delays)
        outcome = await _attempt(answer, calls, 2, when)
        _expect_answers(outcome, calls, when)


async def _caller_is_cancelled(answer: Any, budget: int, most: int, when: str) -> None:
    calls = _PaidCalls(budget, {"quick": 0.1, "slow": 2.0, "slower": 2.5})
    outcome = await attempt_cancelled(answer, budget, calls.prompts, calls.ask, DEAREST, most, after=0.3)
    number = max(len(calls.running), len(outcome.left_behind))
    expect(
        not number,
        f"Your function was cancelled while {when}, and {number} {'calls' if number > 1 else 'call'} still ran "
        "afterwards, at your expense: cancel what is under way under `finally`, and wait until it has stopped.",
    )
