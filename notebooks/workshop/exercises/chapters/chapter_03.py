"""Predictions and exercises of chapter 03, what it yields."""

import asyncio
import contextlib
import functools
import inspect
import time
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from ..checks import (
    BLOCKS,
    WrongError,
    attempt,
    exercise,
    expect,
    expect_nothing_left,
    explaining,
    seconds,
    shown,
    telling,
)
from ..predictions import Verdict, prediction
from ..questions import question
from ..runner import Outcome, run
from ..slow_calls import attempt_cancelled


@prediction(
    "3.1",
    usual="c",
    observes="the result that you awaited",
    a="The list holds no sleepers. It holds coroutines that as_completed made, and the first that you await gives the "
    "first result that is ready, wherever it stands in the list and whichever sleeper it comes from.",
    b="The list is not sorted by completion either. What you await first gives the first result that is ready, "
    "wherever it stands in the list.",
    c="Each thing in the list stands for the next result, whichever that is. None belongs to one of your sleepers, so "
    "its position tells nothing.",
)
def _last_of_the_list(result: Any) -> Verdict:
    did = f"your run got {shown(result)}"
    if result == "C":
        return "a", f"{did}: the last of the list"
    if result == "A":
        return "b", f"{did}: the last to finish"
    if result == "B":
        return "c", f"{did}: the first to finish"
    return None, f"{did}, where 'A', 'B' or 'C' was expected"


@prediction(
    "3.2",
    usual="b",
    observes="the list of results, one for each round",
    a="That is what gather does. as_completed puts what it is given into a set, and in a set the same task stands only "
    "once.",
    b="as_completed puts what it is given into a set, and in a set the same task stands only once.",
    c="Nobody complains. as_completed puts what it is given into a set, and in a set the same task stands only once.",
)
def _rounds(results: list[Any]) -> Verdict:
    number = len(results)
    did = f"your loop went {number} round{'s' * (number != 1)}"
    if number in (1, 2):
        return ("b" if number == 1 else "a"), did
    return None, f"{did}, where one was expected"


class BurntError(Exception):
    """What no answer can know by name."""


class _Kitchen:
    """Dishes that take different times, one of which may burn.

    Args:
        dishes: for each key how long its dish takes, in seconds.
        burnt: the key of the dish that burns, or None.
        error: the type of the exception that it ends with then.
        results: what each dish gives; no two are the same object. Without it, each gives a few words.
    """

    def __init__(
        self,
        dishes: dict[Any, float],
        burnt: Any = None,
        error: type[BaseException] = ValueError,
        results: dict[Any, Any] | None = None,
    ) -> None:
        self.dishes = dishes
        self.burnt = burnt
        self.error = error
        self.results = results or {key: f"{key} is ready" for key in dishes}
        self.bad = set() if burnt is None else {burnt}
        self.good = set(dishes) - self.bad
        self.longest, self.total = max(dishes.values()), sum(dishes.values())
        self.finished_at: dict[Any, float] = {}  # by the clock, in the order of completion

    def work(self) -> dict[Any, Coroutine[Any, Any, Any]]:
        return {key: self.cook(key) for key in self.dishes}

    async def cook(self, key: Any) -> Any:
        """Take the time of this dish; readers meet the name in messages."""
        await asyncio.sleep(self.dishes[key])
        self.finished_at[key] = time.perf_counter()
        if key in self.bad:
            raise self.error(f"{key} burnt")
        return self.results[key]

    def expect_outcome(self, key: Any, outcome: Any) -> None:
        """Go on if this is what the dish of this key ended with."""
        expect(
            not inspect.isawaitable(outcome),
            f"For {key!r} your function gave an awaitable: await it, and give its result.",
        )
        if isinstance(outcome, self.error):
            whose = self.bad
        else:
            whose = {dish for dish, result in self.results.items() if self._is(result, outcome)}
        expect(
            not whose or key in whose,
            f"Under {key!r} your function gave {shown(outcome)}: what as_completed gives comes in the order of "
            "completion, so its position does not tell whose it is. Let each coroutine bring its key along.",
            timing=True,
        )
        if key in self.bad:
            expect(
                whose,
                f"The coroutine of {key!r} raised {self.error.__name__}, and your function gave {shown(outcome)} "
                "for it: the exception itself was expected.",
            )
        expect(whose, f"The result of {key!r} is {shown(self.results[key])}, and your function gave {shown(outcome)}.")

    @staticmethod
    def _is(result: Any, outcome: Any) -> bool:
        return result is outcome or (isinstance(result, str) and isinstance(outcome, str) and result == outcome)

    def expect_all_ran_at_the_same_time(self, outcome: Outcome) -> None:
        for key in self.dishes:
            expect(key in self.finished_at, f"The coroutine of {key!r} has not run to its end: await each of them.")
        expect(
            outcome.elapsed < (self.longest + self.total) / 2,
            f"All took {seconds(outcome.elapsed)}, about the sum of the times, {seconds(self.total)}: "
            "they came one after another. Start all of them before you wait for the first.",
            timing=True,
        )


def _meals() -> list[_Kitchen]:
    """Return the meals that an answer is tried with, none of them begun."""
    return [
        _Kitchen({"roast": 0.3, "soup": 0.1, "cake": 0.2}, burnt="soup"),
        _Kitchen({4: 0.05, 1: 0.2, 2: 0.15, 3: 0.1}),
        _Kitchen({"rice": 0.15, "fish": 0.05, "tart": 0.1}, burnt="rice", error=OSError),
        _Kitchen({"pie": 0.15, "ham": 0.05, "egg": 0.1}, burnt="ham", error=BurntError),
    ]


def _false_meal() -> _Kitchen:
    """Return a meal whose keys and results are false for `if`, all but the last."""
    return _Kitchen(
        {0: 0.05, "": 0.2, None: 0.1, "fig": 0.15, "oat": 0.25},
        results={0: None, "": 0, None: [], "fig": "", "oat": "oat is ready"},
    )


FALSE_MEAL = (
    "Other work went well, but not the keys 0, '' and None and the results None, 0, [] and '', which are keys and "
    "results like any other, though `if` takes them for false"
)


async def _attempt(answer: Any, kitchen: _Kitchen) -> Outcome:
    """Run an answer as `attempt` does, and name the idea where the failure of one dish ended it."""
    name = kitchen.error.__name__
    if name == "ValueError":  # else the answer was ready for that, at an earlier meal
        idea = (
            "One of the coroutines raised ValueError, and that ended your function: the other results were lost. "
            "Catch the exception where you still know whose it is."
        )
    else:
        idea = (
            f"One of the coroutines failed with {name}, and nothing caught it: your function is ready for other "
            "exceptions, and a coroutine may fail with any `Exception`."
        )
    with explaining({f"^Your code raised {name}: {kitchen.burnt} burnt": idea}):
        return await attempt(answer, kitchen.work())


@exercise("3.1")
async def pairs(answer: Any) -> str:
    """Check the exercise: an asynchronous generator of ``(key, result or exception)`` in the order of completion."""
    if not await _gives_something_to_loop_over(answer):
        await _tell_what_it_gives(answer)
    for kitchen in _meals():
        await _one_meal(answer, kitchen)
    with telling(FALSE_MEAL):
        await _one_meal(answer, _false_meal())
    await _expect_cancellation_goes_its_way(answer)
    return "Each pair comes as soon as it is there, and a failure is a pair like any other."


async def _gives_something_to_loop_over(answer: Any) -> bool:
    async def loops(work: dict) -> bool:
        return hasattr(answer(work), "__aiter__")

    return (await run(loops, _meals()[0].work())).result is True


async def _tell_what_it_gives(answer: Any) -> NoReturn:
    """Raise what is to be said of an answer that gives nothing to loop over with `async for`."""
    ideas = {
        "You returned a generator": "Your function returns an asynchronous generator, but `async def` without `yield` "
        "makes a coroutine of the call, and `async for` can't loop over that: put the `yield` into this function.",
        "a plain function": "Your function is a plain function: it starts with `def`. Only what an `async def` "
        "function with a `yield` gives can be looped over with `async for`.",
        "returned None": "Your function gives nothing: is there a `yield`?",
    }
    with explaining(ideas):
        await _attempt(answer, _meals()[0])
    raise WrongError(
        "Your function gives everything at its end, with `return`. Give each pair as soon as it is there, with "
        "`yield`: that makes an `async def` function an asynchronous generator."
    )


def _closing(iterator: Any) -> contextlib.AbstractAsyncContextManager[Any]:
    """Return a context that closes an asynchronous iterator which can be closed."""
    return contextlib.aclosing(iterator) if hasattr(iterator, "aclose") else contextlib.nullcontext(iterator)


def _collector(answer: Callable, limit: int, moments: list[float]) -> Callable:
    """Return a coroutine function that loops over the answer and returns what it yields, up to a limit."""

    @functools.wraps(answer)  # messages name the answer, not the collector
    async def collect(work: dict) -> list[Any]:
        got = []
        async with _closing(answer(work)) as generator:
            async for pair in generator:
                moments.append(time.perf_counter())
                got.append(pair)
                if len(got) == limit:
                    break
        return got

    return collect


async def _one_meal(answer: Callable, kitchen: _Kitchen) -> None:
    moments: list[float] = []
    outcome = await _attempt(_collector(answer, len(kitchen.dishes) + 1, moments), kitchen)
    got = outcome.result
    expect(not outcome.blocked, BLOCKS, timing=True)
    expect(got, "Your function yields nothing.")
    expect(
        not inspect.isawaitable(got[0]),
        "Your function yields an awaitable: await what as_completed gives, and yield its result.",
    )
    for pair in got:
        expect(
            isinstance(pair, tuple | list) and len(pair) == 2,
            f"Your function yields {shown(pair)}: a pair was expected, (key, result or exception).",
        )
    _expect_each_key_once(got, kitchen)
    for key, what in got:
        kitchen.expect_outcome(key, what)
    kitchen.expect_all_ran_at_the_same_time(outcome)
    _expect_each_on_completion([key for key, _ in got], moments, kitchen)
    expect_nothing_left(outcome)


async def _expect_cancellation_goes_its_way(answer: Callable) -> None:
    """Go on if neither a call that is cancelled nor a consumer who is makes a pair, or an end like any other."""
    await attempt_cancelled(_collector(answer, 9, []), _meals()[0].work(), after=0.05)
    kitchen = _Kitchen({"stew": 0.15, "rolls": 0.05}, burnt="rolls", error=asyncio.CancelledError)
    got, is_over = [], []

    async def collect(work: dict) -> None:
        async with _closing(answer(work)) as generator:
            async for pair in generator:
                got.append(pair)
        is_over.append(True)

    # cancelled in the end, since an answer with a queue may wait for a pair that nobody puts there: none is made up
    await attempt_cancelled(collect, kitchen.work(), after=0.4)
    expect(
        not any(isinstance(part, asyncio.CancelledError) for pair in got for part in pair),
        "The coroutine of 'rolls' was cancelled, and your function gave its CancelledError as a pair: a call that was "
        "cancelled has not failed, so this has to go its way. What do you catch, beside every `Exception`?",
    )
    expect(
        not (is_over and got),  # anyio's task groups give nothing any more, and end
        "The coroutine of 'rolls' was cancelled, and your function went on: it gave the pairs of "
        f"{_listed([key for key, _ in got])}, and ended as if nothing had happened. A CancelledError has to go its "
        "way.",
    )


def _expect_each_key_once(got: list[Any], kitchen: _Kitchen) -> None:
    known = list(kitchen.dishes)
    # a key that can't be hashed, or that raises when it is compared, is looked at by its type only
    keys = [key if key is None or isinstance(key, str | int) else shown(key) for key, _ in got]
    expect(
        keys != list(kitchen.finished_at)[:1],
        "Your function ended after the first pair: is there a `return` or a `break` inside the loop?",
    )
    expect(
        set(keys) != kitchen.good or len(keys) != len(kitchen.good) or not kitchen.bad,
        f"The coroutine of {kitchen.burnt!r} raised {kitchen.error.__name__}, and your function yields no pair for it: "
        "the key and the exception were expected.",
    )
    expect(
        any(key in known for key in keys) or not any(isinstance(what, str | int) and what in known for _, what in got),
        f"Your function yields {shown(tuple(got[0]))}: the two are the wrong way round. First the key.",
    )
    expect(
        len(keys) <= len(known),
        f"There were {len(known)} keys, and your function yields more pairs: each key was expected once.",
    )
    expect(
        len(keys) == len(known) and set(keys) == set(known),
        f"The keys were {_listed(known)}, and your pairs have {_listed([key for key, _ in got])}: "
        "each key was expected once.",
    )


def _expect_each_on_completion(keys: list[Any], moments: list[float], kitchen: _Kitchen) -> None:
    last = max(kitchen.finished_at.values())
    # a machine that halts for a moment also lets several results arrive together, but none waits long then
    late = [at >= last and at - kitchen.finished_at[key] > 0.04 for key, at in zip(keys, moments, strict=True)]
    expect(
        moments[0] < last or moments[0] - min(kitchen.finished_at.values()) < 0.04,
        "The first pair came only when all had finished: yield each as soon as it is there, not all of them in the "
        "end, nor the tasks in turn.",
        timing=True,
    )
    in_order = list(kitchen.finished_at)
    expect(
        keys == in_order,
        f"They finished in the order {_listed(in_order)}, and your pairs came as {_listed(keys)}: "
        "awaiting the tasks in turn makes quick ones wait for slow ones.",
        timing=True,
    )
    if any(late):
        raise WrongError(
            f"The pair of {keys[0]!r} came as soon as it was there, but that of {keys[late.index(True)]!r} only when "
            "all had finished: what else do you wait for inside the loop?",
            timing=True,
        )


def _listed(keys: list[Any]) -> str:
    return ", ".join(shown(key) for key in keys)


@exercise("3.2")
async def sort_out(answer: Any) -> str:
    """Check the exercise: one dictionary of results and one of exceptions."""
    for kitchen in _meals():
        await _one_meal_sorted_out(answer, kitchen)
    with telling(FALSE_MEAL):
        await _one_meal_sorted_out(answer, _false_meal())
    await attempt_cancelled(answer, _meals()[0].work(), after=0.05)
    return "Every result and every exception is where its key says."


async def _one_meal_sorted_out(answer: Any, kitchen: _Kitchen) -> None:
    outcome = await _attempt_with_pairs(answer, kitchen)
    expect(not outcome.blocked, BLOCKS, timing=True)
    result = outcome.result
    expect(
        isinstance(result, tuple | list) and len(result) == 2 and all(isinstance(part, dict) for part in result),
        f"Your function returned {shown(result)}: a pair of dictionaries was expected, `return results, errors`.",
    )
    results, errors = result
    for key, what in [*results.items(), *errors.items()]:
        if key in kitchen.dishes:
            kitchen.expect_outcome(key, what)
    _expect_keys(results, errors, kitchen)
    kitchen.expect_all_ran_at_the_same_time(outcome)
    expect_nothing_left(outcome)


async def _attempt_with_pairs(answer: Any, kitchen: _Kitchen) -> Outcome:
    """Run an answer as `_attempt` does, and point to exercise 3.1 where it uses a `pairs` that is not solved."""
    try:
        return await _attempt(answer, kitchen)
    except WrongError as wrong:
        expect("got coroutine" not in str(wrong), f"{wrong} (Solve 3.1 first, or use `pairs_solution`.)")
        raise


def _expect_keys(results: dict, errors: dict, kitchen: _Kitchen) -> None:
    good, bad = kitchen.good, kitchen.bad
    if bad:
        expect(
            set(results) != bad or set(errors) != good,
            "The two dictionaries are the wrong way round: first the results, then the exceptions.",
        )
        expect(
            not isinstance(results.get(kitchen.burnt), kitchen.error),
            f"The exception of {kitchen.burnt!r} stands among your results: it belongs to the errors. "
            "`isinstance(outcome, Exception)` tells them apart.",
        )
    expect(
        set(results) == good and set(errors) == bad,
        f"The keys of your results are {_keys(results)}, those of your errors {_keys(errors)}; "
        f"expected were {_keys(good)} and {_keys(bad)}.",
    )


def _keys(keys: Any) -> str:
    return f"[{', '.join(sorted(map(shown, keys)))}]"


question(
    "3A",
    about="prediction 3.1",
    asks="`first, second = asyncio.as_completed([slow, quick])`. You await `first` first. Whose result is it?",
    a="That of `slow`",
    b="That of `quick`",
    c="Of either, by chance",
    right="b",
    why="What you await first gives the first result that is ready. Neither of the two belongs to `slow` or `quick`.",
)
question(
    "3B",
    about="exercise 3.1",
    asks="In a plain `for` over as_completed you want to know whose result it is. What helps?",
    a="A dictionary that is asked for what the loop gives",
    b="`zip(names, as_completed(tasks))`",
    c="Coroutines that return their name, too",
    right="c",
    why="What a plain `for` gives is none of your tasks, and comes in the order of completion. A key that travels with "
    "its result needs neither.",
)
question(
    "3C",
    about="prediction 3.2",
    asks="A list holds each of three tasks twice. How many rounds does a loop over as_completed go?",
    a="3",
    b="6",
    c="None: that is an error",
    right="a",
    why="as_completed puts what it is given into a set, and there each task stands only once.",
)
