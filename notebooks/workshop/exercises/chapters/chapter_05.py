"""Predictions and exercises of chapter 05, the restaurant."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from fractions import Fraction
from heapq import heapreplace
from numbers import Integral, Real
from typing import Any

from ..checks import WrongError, exercise, expect, seconds, shown
from ..predictions import Verdict, prediction
from ..questions import question


def _nearest(times: Mapping[str, float], moment: float) -> str | None:
    """Return the letter whose time is the nearest, if it is near enough to be meant."""
    letter = min(times, key=lambda letter: abs(times[letter] - moment))
    return letter if -0.05 < moment - times[letter] < 0.15 else None  # a busy computer is late, never early


@prediction(
    "5.1",
    usual="c",
    observes="the moment at which Dan's toast was ready",
    a="That would hold with an oven for everybody. Here both ovens are taken when Dan orders, by the roast and the "
    "pizza, and what is short does not help as long as it can't begin.",
    b="When Ben's pizza comes out, at 1.8 s, Cleo's quiche goes in: it was ordered before the toast. Only after the "
    "quiche, at 2.6 s, is there an oven for Dan.",
    c="Both ovens are taken, by the roast and the pizza. Ben's pizza comes out at 1.8 s, then Cleo's quiche goes in, "
    "which was ordered earlier, and at 2.6 s Dan's toast.",
)
def _ready(moment: float) -> Verdict:
    did = f"in your run Dan's toast was ready at {seconds(moment)}"
    return _nearest({"a": 1.2, "b": 2.2, "c": 3.0}, moment), did


@prediction(
    "5.2",
    usual="b",
    observes="the moment at which the second dish was picked up",
    a="It is ready at 0.6 s, but the waiter is at the first table until 1.0 s. as_completed can't interrupt your "
    "code: it delivers when your loop asks for the next result.",
    b="The waiter picks up the first dish at 0.5 s, and is at its table until 1.0 s. as_completed delivers when your "
    "loop asks for the next result.",
    c="Nobody waits for all three: that would be gather. The waiter picks up the first dish at 0.5 s, is at its table "
    "until 1.0 s, and then asks for the next.",
)
def _picked_up(moment: float) -> Verdict:
    did = f"in your run the second dish was picked up at {seconds(moment)}"
    if moment >= 0.9:  # however late a busy computer is
        return ("b" if moment < 5 else None), did
    return _nearest({"a": 0.6, "c": 0.7}, moment), did


@prediction(
    "5.3",
    usual="a",
    observes="the tables that were served, in their order",
    a="as_completed goes through the list once, when the loop begins. What is added to the list later is a task like "
    "any other and runs, but this loop knows nothing of it.",
    b="His quiche is ready before Ada's roast, but the loop does not know of it: as_completed goes through the list "
    "once, when the loop begins.",
    c="A loop over the list itself would meet the new order at its end. as_completed goes through the list once, when "
    "the loop begins, and never looks at it again.",
)
def _served_late_guest(served: list[str]) -> Verdict:
    did = f"your loop served {' and '.join(served)}"
    if "Gus" not in served:
        return "a", did
    if "Ada" not in served:
        return None, did
    return ("b" if served.index("Gus") < served.index("Ada") else "c"), did


BAKING = {"toast": 0.2, "quiche": 0.4, "pizza": 0.8, "roast": 1.6}
"""How long each dish is in the oven, in seconds: half as long as on the chapter's menu."""
AS_IT_WAS = {
    "ovens": 2,
    "carrying": 0.2,
    "dishes": ["roast", "pizza", "roast", "pizza", "quiche", "toast", "quiche", "toast", "quiche", "toast"],
}
"""The kitchen before the reader changes it."""
MOST_OVENS, FASTEST_WAITER, SLOWEST_WAITER, AIM = 3, 0.1, 5, 1.3


@exercise("5.1")
async def better_kitchen(answer: Any) -> str:
    """Check the exercise: a kitchen in which the guests wait less, and the change that mattered most."""
    kitchen, mattered = _kitchen(answer)
    changed = [name for name in AS_IT_WAS if kitchen[name] != AS_IT_WAS[name]]
    expect(changed, "This is the kitchen as it was. Change the ovens, the waiter's time, or the order of the dishes.")
    before, now = average_wait(**AS_IT_WAS), average_wait(**kitchen)
    gains = {name: before - average_wait(**{**AS_IT_WAS, name: kitchen[name]}) for name in changed}
    gains = {name: round(gain, 2) + 0.0 for name, gain in gains.items()}  # as they are told; + 0.0 turns -0.0 into 0.0
    told = ", ".join(f"{name} {seconds(gain)}" for name, gain in gains.items())
    expect(
        now < AIM,
        f"The guests wait {seconds(now)} on average, and less than {seconds(AIM)} is asked for. What each change "
        f"gains alone: {told}. {_what_is_left(kitchen, gains)}",
    )
    waits = f"The guests wait {seconds(now)} on average"
    expect(
        mattered not in ("", None),
        f"{waits}: well done. Now say under 'mattered' which change gains most when it is made alone: 'ovens', "
        "'carrying' or 'dishes'.",
    )
    expect(
        isinstance(mattered, str) and mattered in AS_IT_WAS,
        f"{waits}: well done. But under 'mattered' stands {shown(mattered)}, and 'ovens', 'carrying' or 'dishes' was "
        "expected.",
    )
    expect(mattered in changed, f"You did not change {mattered!r}, so it can't be what mattered.")
    expect(
        gains[mattered] == max(gains.values()),
        f"{waits}, but {mattered!r} is not what mattered most: alone it gains {seconds(gains[mattered])}, and another "
        "of your changes gains more. Run banquet with one change at a time.",
    )
    return f"The guests wait {seconds(now)} in place of {seconds(before)}. What each change gains alone: {told}."


def _what_is_left(kitchen: Mapping[str, Any], gains: Mapping[str, float]) -> str:
    """Return a question that leads to what a kitchen could still gain by."""
    if gains.get("dishes", 0) > 0:
        if kitchen["ovens"] < MOST_OVENS:
            return "What does a dish wait for, before it bakes?"
        if kitchen["carrying"] > FASTEST_WAITER:
            return "What does a dish wait for, when it is ready?"
    return "Who waits, when a long dish goes in first?"


def _kitchen(answer: Any) -> tuple[dict[str, Any], Any]:
    """Return the settings that an answer makes, if they are allowed, and what it says that mattered."""
    read = _read(answer, [*AS_IT_WAS, "mattered"])
    expect(
        set(AS_IT_WAS) <= set(read),
        "The answer is a dictionary with the keys 'ovens', 'carrying', 'dishes' and 'mattered', such as my_kitchen.",
    )
    ovens, carrying, dishes = (read[name] for name in AS_IT_WAS)
    expect(
        isinstance(ovens, Integral) and not isinstance(ovens, bool) and 1 <= ovens <= MOST_OVENS,
        f"The ovens are a whole number from 1 to {MOST_OVENS}, not {shown(ovens)}.",
    )
    fastest = Fraction(str(FASTEST_WAITER))  # 0.1 as a float is a bit more than a tenth
    expect(
        isinstance(carrying, Real) and not isinstance(carrying, bool) and fastest <= carrying <= SLOWEST_WAITER,
        f"The waiter takes from {FASTEST_WAITER} to {SLOWEST_WAITER} s for a dish, not {shown(carrying)}.",
    )
    expect(
        dishes is not None,
        "The dishes are None. `party.sort()` gives None, since it sorts the list itself; `sorted(party)` gives a list.",
    )
    expect(isinstance(dishes, list | tuple), f"The dishes are a list of the same ten, not {shown(dishes)}.")
    right = all(isinstance(dish, str) for dish in dishes) and Counter(dishes) == Counter(AS_IT_WAS["dishes"])
    expect(right, f"The dishes are the same ten as in party, in any order: {_counted(AS_IT_WAS['dishes'])}.")
    return {"ovens": int(ovens), "carrying": float(carrying), "dishes": list(dishes)}, read.get("mattered")


def _counted(dishes: Iterable[str]) -> str:
    return ", ".join(f"{dish} ({number})" for dish, number in Counter(dishes).items())


def _read(answer: Any, keys: Iterable[str]) -> dict[str, Any]:
    """Return what an answer has under these keys; nothing if it is no dictionary, or one that can't be read."""
    try:
        return {key: answer[key] for key in keys if key in answer} if isinstance(answer, Mapping) else {}
    except Exception:
        return {}


def average_wait(ovens: int, carrying: float, dishes: Sequence[str]) -> float:
    """Return how long guests wait on average whose dishes are served as completed, in seconds.

    It is calculated, not waited for: exact on the busiest computer.

    Args:
        ovens: how many dishes can bake at the same time.
        carrying: how many seconds the waiter takes for each dish.
        dishes: what is baked, in the order in which it goes to the kitchen; all is ordered when the evening begins.
    """
    free_from, ready = [0.0] * ovens, []
    for dish in dishes:
        ready.append(free_from[0] + BAKING[dish])  # the oven that is free first; heapreplace keeps it in front
        heapreplace(free_from, ready[-1])
    now = waited = 0.0
    for moment in sorted(ready):
        now = max(now, moment) + carrying
        waited += now
    return waited / len(dishes)


# The sentences of exercise 5.2 are tried out without a clock, so that a busy computer can't change what comes out:
# how long something takes is told in turns of the event loop.

SHORT, LONG, AT_A_TABLE = 10, 30, 90
"""Turns of the loop that the short and the long dish take in the oven, and the waiter at a table."""


async def _turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def _dish(turns: int, name: str) -> str:
    await _turns(turns)
    return name


@asynccontextmanager
async def _baking(*dishes: Coroutine[Any, Any, Any]) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """Give the tasks of these dishes to the block, and stop those that still run when it ends.

    Without arguments, there are two: a long dish, and a short one ordered after it.
    """
    dishes = dishes or (_dish(LONG, "long"), _dish(SHORT, "short"))
    tasks = [asyncio.create_task(dish) for dish in dishes]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _ovens_overlap() -> bool:
    baking, most = set(), 0

    async def bake(name: str) -> None:
        nonlocal most
        baking.add(name)
        most = max(most, len(baking))
        await _turns(SHORT)
        baking.remove(name)

    async with _baking(bake("one"), bake("other")) as tasks:
        for next_result in asyncio.as_completed(tasks):
            await next_result
    return most == 2


async def _short_first() -> bool:
    async with _baking() as tasks:
        served = [await next_result for next_result in asyncio.as_completed(tasks)]
    return served == ["short", "long"]


async def _late_guest_served() -> bool:
    served = []
    async with _baking() as tasks:
        for next_result in asyncio.as_completed(tasks):
            served.append(await next_result)
            if len(tasks) == 2:
                tasks.append(asyncio.create_task(_dish(SHORT, "late")))
    return "late" in served


async def _comes_with_ticket() -> bool:
    tickets = []
    async with _baking() as tasks:
        for next_result in asyncio.as_completed(tasks):
            tickets.append(next_result in tasks)
            await next_result
    return all(tickets)


async def _busy_waiter_picks_up() -> bool:
    picked_up, left_on_the_pass = set(), set()
    async with _baking() as tasks:
        for next_result in asyncio.as_completed(tasks):
            picked_up.add(await next_result)
            await _turns(AT_A_TABLE)
            left_on_the_pass |= {task.result() for task in tasks if task.done()} - picked_up
    return not left_on_the_pass


async def _goes_on_after_burnt() -> bool:
    async def burnt() -> str:
        await _turns(SHORT)
        raise RuntimeError

    served = []
    async with _baking(_dish(LONG, "long"), burnt()) as tasks:
        try:
            for next_result in asyncio.as_completed(tasks):
                served.append(await next_result)
        except RuntimeError:
            pass
    return "long" in served


async def _ovens_stay_on() -> bool:
    async with _baking() as tasks:
        for next_result in asyncio.as_completed(tasks):
            await next_result
            break
        await asyncio.wait(tasks)
        return not tasks[0].cancelled()


async def _notices_cancelled() -> bool:
    noticed = False
    async with _baking() as tasks:
        tasks[0].cancel()
        for next_result in asyncio.as_completed(tasks):
            try:
                await next_result
            except asyncio.CancelledError:
                if asyncio.current_task().cancelling():
                    raise
                noticed = True
    return noticed


Experiment = Callable[[], Awaitable[bool]]
ANALOGY: dict[str, tuple[Experiment, str]] = {
    "While one dish is in the oven, others can be, too.": (_ovens_overlap, "The same evening with gather"),
    "A short dish ordered last may be served first.": (_short_first, "An evening, as completed"),
    "Guests who come in late are served on the same round.": (_late_guest_served, "A guest comes in late"),
    "Each dish comes with a ticket that says whose it is.": (_comes_with_ticket, "The plate without a ticket"),
    "A ready dish is picked up at once, even by a busy waiter.": (_busy_waiter_picks_up, "The waiter is busy"),
    "After a burnt dish the waiter goes on by himself.": (_goes_on_after_burnt, "The burnt dish"),
    "When the waiter goes home early, the ovens stay on.": (_ovens_stay_on, "Closing time"),
    "The waiter notices when an order has been cancelled.": (_notices_cancelled, "The cancelled order"),
}
"""Each sentence of exercise 5.2, the experiment that tells whether it holds, and the section that shows it."""


@exercise("5.2")
async def where_the_analogy_breaks(answer: Any) -> str:
    """Check the exercise: which sentences about a restaurant hold for as_completed, each tried out here and now."""
    expect(isinstance(answer, Mapping), "The answer is a dictionary of sentences and True or False, such as analogy.")
    read = _read(answer, ANALOGY)
    for sentence in ANALOGY:
        expect(sentence in read, f"This sentence is missing, or was changed: “{sentence}”")
    open_ones = [sentence for sentence in ANALOGY if read[sentence] is None]
    expect(
        not open_ones, f"{len(open_ones)} of {len(ANALOGY)} sentences have no answer yet: write True or False for each."
    )
    for sentence, holds in read.items():
        expect(
            isinstance(holds, bool),
            f"The answer to “{sentence}” is {shown(holds)}: write True or False, without quotes.",
        )
    found = {sentence: await experiment() for sentence, (experiment, _) in ANALOGY.items()}
    wrong = [sentence for sentence in ANALOGY if read[sentence] is not found[sentence]]
    if wrong:
        raise WrongError(
            f"{len(ANALOGY) - len(wrong)} of {len(ANALOGY)} are right. Look again at “{ANALOGY[wrong[0]][1]}” above: "
            "what did your run show there?"
        )
    return f"All {len(ANALOGY)} are right: each was tried out just now, and {sum(found.values())} of them hold."


question(
    "5A",
    about="prediction 5.2",
    asks="Results are ready at 1 and 2 s. Your loop works on each for 3 s. When does it get the second?",
    a="At 2 s",
    b="At 4 s",
    c="At 6 s",
    right="b",
    why="as_completed delivers when your loop asks for the next result: here after the work on the first, at 1 + 3 s.",
)
question(
    "5B",
    about="prediction 5.1",
    asks="Calls of 3, 3 and 1 s begin in this order, and a semaphore lets two run. When is the last one done?",
    a="At 1 s",
    b="At 3 s",
    c="At 4 s",
    right="c",
    why="It is short, but it can't begin before one of the others has ended, at 3 s.",
)
question(
    "5C",
    about="prediction 5.3",
    asks="In a loop over `asyncio.as_completed(tasks)` you append a new task to `tasks`. What becomes of it?",
    a="It runs, and the loop doesn't give it",
    b="It runs, and the loop gives it last",
    c="It never runs",
    right="a",
    why="It is a task like any other. But as_completed has read the list once, at its beginning.",
)
