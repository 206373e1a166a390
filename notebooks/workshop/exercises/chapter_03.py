"""Predictions and exercises of chapter 03, what it yields."""

import asyncio
import inspect
import time
from collections.abc import Coroutine
from typing import Any

from workshop.exercises.checks import BLOCKS, WrongError, attempt, exercise, expect, expect_nothing_left, seconds, shown
from workshop.exercises.predictions import Prediction, Verdict, prediction


def _first_of_the_list(result: Any) -> Verdict:
    if isinstance(result, TypeError):
        return "b", "your run raised TypeError"
    did = f"your run got {shown(result)}"
    if result == "A":
        return "a", f"{did}: the first of the list"
    if result == "B":
        return "c", f"{did}: the first to finish"
    return None, f"{did}, where 'A' or 'B' was expected"


def _rounds(results: list[Any]) -> Verdict:
    number = len(results)
    did = f"your loop went {number} round{'s' * (number != 1)}"
    return {1: "b", 2: "a"}.get(number), did


prediction(
    "3.1",
    Prediction(
        answers={
            "a": "The list holds no sleepers. It holds coroutines that as_completed made, and the first that you await "
            "gives the first result that is ready, whichever sleeper it comes from.",
            "b": "list() takes anything that a `for` loop takes. What it makes of as_completed has the right length, "
            "and nothing in it belongs to one of your sleepers.",
            "c": "Each thing in the list stands for the next result, whichever that is. None belongs to one of your "
            "sleepers, so its position tells nothing.",
        },
        usual="c",
        observes="the result that you awaited",
        verdict=_first_of_the_list,
    ),
)
prediction(
    "3.2",
    Prediction(
        answers={
            "a": "That is what gather does. as_completed puts what it is given into a set, and in a set the same task "
            "stands only once.",
            "b": "as_completed puts what it is given into a set, and in a set the same task stands only once.",
            "c": "Nobody complains. as_completed puts what it is given into a set, and in a set the same task stands "
            "only once.",
        },
        usual="b",
        observes="the list of results, one for each round",
        verdict=_rounds,
    ),
)


class _Kitchen:
    """Dishes that take different times, one of which may burn.

    Args:
        dishes: for each key how long its dish takes, in seconds.
        burnt: the key of the dish that burns, or None.
    """

    def __init__(self, dishes: dict[Any, float], burnt: Any = None) -> None:
        self.dishes = dishes
        self.burnt = burnt
        self.in_order = sorted(dishes, key=dishes.__getitem__)
        self.longest, self.total = max(dishes.values()), sum(dishes.values())

    def work(self) -> dict[Any, Coroutine[Any, Any, str]]:
        return {key: self._cook(key) for key in self.dishes}

    async def _cook(self, key: Any) -> str:
        await asyncio.sleep(self.dishes[key])
        if key == self.burnt:
            raise ValueError(f"{key} burnt")
        return f"{key} is ready"

    def expect_outcome(self, key: Any, outcome: Any) -> None:
        """Go on if this is what the dish of this key ended with."""
        if key == self.burnt:
            expect(
                isinstance(outcome, ValueError),
                f"The coroutine of {key!r} raised ValueError, and your function gave {shown(outcome)} for it: "
                "the exception itself was expected.",
            )
            return
        expect(
            not inspect.isawaitable(outcome),
            f"For {key!r} your function gave an awaitable: await it, and give its result.",
        )
        expect(
            outcome == f"{key} is ready",
            f"The result of {key!r} is '{key} is ready', and your function gave {shown(outcome)}: what as_completed "
            "gives comes in the order of completion, so its position does not tell whose it is. "
            "Let each coroutine bring its key along.",
        )


LUNCH = _Kitchen({"roast": 0.3, "soup": 0.1, "cake": 0.2}, burnt="soup")
DINNER = _Kitchen({4: 0.05, 1: 0.2, 2: 0.15, 3: 0.1})


async def _attempt(answer: Any, *arguments: Any) -> Any:
    """Run an answer as `attempt` does, and name the idea where one failure ended it."""
    try:
        return await attempt(answer, *arguments)
    except WrongError as wrong:
        if "burnt" in str(wrong):
            raise WrongError(
                "One of the coroutines raised ValueError, and that ended your function: the other results were lost. "
                "Catch the exception where you still know whose it is."
            ) from None
        raise


@exercise("3.1")
async def pairs(answer: Any) -> str:
    """Check the exercise: an asynchronous generator of ``(key, result or exception)`` in the order of completion."""
    if not inspect.isasyncgenfunction(answer):
        await _attempt(answer, LUNCH.work())
        raise WrongError(
            "Your function gives everything at its end, with `return`. Give each pair as soon as it is there, with "
            "`yield`: that makes an `async def` function an asynchronous generator."
        )
    for kitchen in (LUNCH, DINNER):
        await _one_meal(answer, kitchen)
    return "Each pair comes as soon as it is there, and a failure is a pair like any other."


async def _one_meal(answer: Any, kitchen: _Kitchen) -> None:
    moments = []

    async def collect() -> list[Any]:
        began, got = time.perf_counter(), []
        async for pair in answer(kitchen.work()):
            moments.append(time.perf_counter() - began)
            got.append(pair)
        return got

    outcome = await _attempt(collect)
    got = outcome.result
    expect(got, "Your function yields nothing.")
    expect(not outcome.blocked, BLOCKS)
    expect(
        all(isinstance(pair, tuple) and len(pair) == 2 for pair in got),
        f"Your function yields {shown(got[0])}: a pair was expected, (key, result or exception).",
    )
    keys = [key for key, _ in got]
    expect(
        len(keys) == len(kitchen.dishes) and set(keys) == set(kitchen.dishes),
        f"The keys were {', '.join(map(repr, kitchen.dishes))}, and your pairs have {', '.join(map(shown, keys))}: "
        "each key was expected once.",
    )
    for key, what in got:
        kitchen.expect_outcome(key, what)
    expect(
        outcome.elapsed < (kitchen.longest + kitchen.total) / 2,
        f"All took {seconds(outcome.elapsed)}, about the sum of the times, {seconds(kitchen.total)}: "
        "they came one after another. Start all of them before you wait for the first.",
    )
    expect(
        keys == kitchen.in_order,
        f"They finished in the order {', '.join(map(repr, kitchen.in_order))}, and your pairs came as "
        f"{', '.join(map(repr, keys))}.",
    )
    expect(
        moments[0] < kitchen.longest * 0.75,
        f"The first pair came after {seconds(moments[0])}, when all had finished: yield each as soon as it is there.",
    )
    expect_nothing_left(outcome)


@exercise("3.2")
async def sort_out(answer: Any) -> str:
    """Check the exercise: one dictionary of results and one of exceptions."""
    for kitchen in (LUNCH, DINNER):
        outcome = await _attempt(answer, kitchen.work())
        expect(not outcome.blocked, BLOCKS)
        result = outcome.result
        expect(
            isinstance(result, tuple | list) and len(result) == 2 and all(isinstance(part, dict) for part in result),
            f"Your function returned {shown(result)}: a pair of dictionaries was expected, `return results, errors`.",
        )
        results, errors = result
        good = set(kitchen.dishes) - {kitchen.burnt}
        expect(
            set(results) == good and set(errors) == set(kitchen.dishes) - good,
            f"The keys of your results are {shown(sorted(results, key=str))}, those of your errors "
            f"{shown(sorted(errors, key=str))}; expected were {shown(sorted(good, key=str))} and "
            f"{shown(sorted(set(kitchen.dishes) - good, key=str))}.",
        )
        for key, what in {**results, **errors}.items():
            kitchen.expect_outcome(key, what)
        expect(
            outcome.elapsed < (kitchen.longest + kitchen.total) / 2,
            f"All took {seconds(outcome.elapsed)}, about the sum of the times, {seconds(kitchen.total)}: "
            "they came one after another.",
        )
        expect_nothing_left(outcome)
    return "Every result and every exception is where its key says."
