"""Predictions and exercises of chapter 05, the restaurant."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Any

from workshop.exercises.checks import exercise, expect, seconds, shown
from workshop.exercises.predictions import Prediction, Verdict, prediction


def _ready(moment: float) -> Verdict:
    did = f"in your run Dan's toast was ready at {seconds(moment)}"
    return _nearest({"a": 0.6, "b": 1.1, "c": 1.5}, moment), did


def _picked_up(moment: float) -> Verdict:
    did = f"in your run the second dish was picked up at {seconds(moment)}"
    if moment >= 0.17:  # however late a busy computer is
        return ("b" if moment < 1 else None), did
    return _nearest({"a": 0.12, "c": 0.14}, moment), did


def _nearest(times: Mapping[str, float], moment: float) -> str | None:
    """Return the letter whose time is the nearest, if it is near enough to be meant."""
    letter = min(times, key=lambda letter: abs(times[letter] - moment))
    return letter if abs(times[letter] - moment) < 0.1 else None


def _served_late_guest(served: list[str]) -> Verdict:
    did = f"your loop served {' and '.join(served)}"
    if "Gus" not in served:
        return "a", did
    return ("b" if served.index("Gus") < served.index("Ada") else "c"), did


prediction(
    "5.1",
    Prediction(
        answers={
            "a": "That would hold with an oven for everybody. Here two ovens are taken when Dan orders, by the roast "
            "and the pizza, and what is short does not help as long as it can't begin.",
            "b": "When Ben's pizza comes out, at 0.9 s, Cleo's quiche goes in: it was ordered before the toast. Only "
            "after the quiche, at 1.3 s, is there an oven for Dan.",
            "c": "Both ovens are taken, by the roast and the pizza. Ben's pizza comes out at 0.9 s, then Cleo's quiche "
            "goes in, which was ordered earlier, and at 1.3 s Dan's toast.",
        },
        usual="c",
        observes="the moment at which Dan's toast was ready",
        verdict=_ready,
    ),
)
prediction(
    "5.2",
    Prediction(
        answers={
            "a": "It is ready at 0.12 s, but the waiter is at the first table until 0.20 s. as_completed can't "
            "interrupt your code: it delivers when your loop asks for the next result.",
            "b": "The waiter picks up the first dish at 0.10 s, and is at its table until 0.20 s. as_completed "
            "delivers when your loop asks for the next result.",
            "c": "Nobody waits for all three: that would be gather. The waiter picks up the first dish at 0.10 s, is "
            "at its table until 0.20 s, and then asks for the next.",
        },
        usual="b",
        observes="the moment at which the second dish was picked up",
        verdict=_picked_up,
    ),
)
prediction(
    "5.3",
    Prediction(
        answers={
            "a": "as_completed goes through the list once, when the loop begins. What is added to the list later is a "
            "task like any other and runs, but this loop knows nothing of it.",
            "b": "His quiche is ready before Ada's roast, but the loop does not know of it: as_completed goes through "
            "the list once, when the loop begins.",
            "c": "A loop over the list itself would meet the new order at its end. as_completed goes through the list "
            "once, when the loop begins, and never looks at it again.",
        },
        usual="a",
        observes="the tables that were served, in their order",
        verdict=_served_late_guest,
    ),
)

BAKING = {"toast": 0.2, "quiche": 0.4, "pizza": 0.8, "roast": 1.6}
"""How long each dish is in the oven, in seconds, as on the chapter's menu."""
AS_IT_WAS = {
    "ovens": 2,
    "carrying": 0.2,
    "dishes": ["roast", "pizza", "roast", "pizza", "quiche", "toast", "quiche", "toast", "quiche", "toast"],
}
"""The kitchen before the reader changes it."""
MOST_OVENS, FASTEST_WAITER, AIM = 3, 0.1, 1.3


@exercise("5.1")
async def better_kitchen(answer: Any) -> str:
    """Check the exercise: a kitchen in which the guests wait less, and the change that mattered most."""
    kitchen = _kitchen(answer)
    changed = [name for name in AS_IT_WAS if kitchen[name] != AS_IT_WAS[name]]
    expect(changed, "This is the kitchen as it was. Change the ovens, the waiter's time, or the order of the dishes.")
    alone = [{**AS_IT_WAS, name: kitchen[name]} for name in changed]
    before, now, *each = await asyncio.gather(*(_average_wait(**settings) for settings in (AS_IT_WAS, kitchen, *alone)))
    gains = {name: before - wait for name, wait in zip(changed, each, strict=True)}
    told = ", ".join(f"{name} {seconds(gain)}" for name, gain in gains.items())
    expect(
        now < AIM,
        f"The guests wait {seconds(now)} on average, and less than {seconds(AIM)} is asked for. What your changes "
        f"gain, each alone: {told}. What do the dishes wait for, an oven or the waiter? And who waits for a long dish "
        "that goes in first?",
    )
    mattered = answer.get("mattered")
    expect(
        isinstance(mattered, str) and mattered in AS_IT_WAS,
        f"The guests wait {seconds(now)} on average: well done. Now say under 'mattered' which change gains most "
        "when it is made alone: 'ovens', 'carrying' or 'dishes'.",
    )
    expect(mattered in changed, f"You did not change {mattered!r}, so it can't be what mattered.")
    expect(
        gains[mattered] == max(gains.values()),
        f"The guests wait {seconds(now)} on average, but {mattered!r} is not what mattered most: alone it gains "
        f"{seconds(gains[mattered])}, and another of your changes gains more. Run banquet with one change at a time.",
    )
    return f"The guests wait {seconds(now)} in place of {seconds(before)}. What each change gains alone: {told}."


def _kitchen(answer: Any) -> dict[str, Any]:
    """Return the settings that an answer makes, if they are allowed."""
    expect(
        isinstance(answer, Mapping) and set(AS_IT_WAS) <= set(answer),
        "The answer is a dictionary with the keys 'ovens', 'carrying', 'dishes' and 'mattered', such as my_kitchen.",
    )
    ovens, carrying, dishes = (answer[name] for name in AS_IT_WAS)
    expect(
        isinstance(ovens, int) and not isinstance(ovens, bool) and 1 <= ovens <= MOST_OVENS,
        f"The kitchen has room for 1 to {MOST_OVENS} ovens, not {shown(ovens)}.",
    )
    expect(
        isinstance(carrying, int | float) and not isinstance(carrying, bool) and FASTEST_WAITER <= carrying <= 5,
        f"The waiter takes {FASTEST_WAITER} s for a dish or more, not {shown(carrying)}.",
    )
    dishes = list(dishes) if isinstance(dishes, list | tuple) else []
    right = all(isinstance(dish, str) for dish in dishes) and sorted(dishes) == sorted(AS_IT_WAS["dishes"])
    expect(right, "The dishes are a list of the same ten, in any order.")
    return {"ovens": ovens, "carrying": carrying, "dishes": dishes}


async def _average_wait(ovens: int, carrying: float, dishes: list[str]) -> float:
    """Serve the dishes as completed; return how long the guests waited on average, in seconds."""
    served, began, free_ovens = [], perf_counter(), asyncio.Semaphore(ovens)

    async def bake(dish: str) -> None:
        async with free_ovens:
            await asyncio.sleep(BAKING[dish])

    tasks = [asyncio.create_task(bake(dish)) for dish in dishes]
    try:
        for next_result in asyncio.as_completed(tasks):
            await next_result
            await asyncio.sleep(carrying)
            served.append(perf_counter() - began)
    finally:
        await _stop(tasks)
    return sum(served) / len(served)


async def _stop(tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and wait until they have stopped."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _dish(delay: float, name: str) -> str:
    await asyncio.sleep(delay)
    return name


def _two_dishes() -> list[asyncio.Task[str]]:
    return [asyncio.create_task(_dish(0.15, "long")), asyncio.create_task(_dish(0.05, "short"))]


async def _ovens_overlap() -> bool:
    tasks, began = _two_dishes(), perf_counter()
    for next_result in asyncio.as_completed(tasks):
        await next_result
    return perf_counter() - began < 0.2


async def _short_first() -> bool:
    tasks = _two_dishes()
    served = [await next_result for next_result in asyncio.as_completed(tasks)]
    return served == ["short", "long"]


async def _late_guest_served() -> bool:
    tasks, served = _two_dishes(), []
    for next_result in asyncio.as_completed(tasks):
        served.append(await next_result)
        if len(tasks) == 2:
            tasks.append(asyncio.create_task(_dish(0.05, "late")))
    await _stop(tasks)
    return "late" in served


async def _comes_with_ticket() -> bool:
    tasks, mine = _two_dishes(), []
    for next_result in asyncio.as_completed(tasks):
        mine.append(next_result in tasks)
        await next_result
    return all(mine)


async def _busy_waiter_picks_up() -> bool:
    began, picked_up = perf_counter(), []
    for next_result in asyncio.as_completed(_two_dishes()):
        await next_result
        picked_up.append(perf_counter() - began)
        await asyncio.sleep(0.2)
    return picked_up[1] < 0.2


async def _goes_on_after_burnt() -> bool:
    async def burnt() -> str:
        await asyncio.sleep(0.1)
        raise RuntimeError

    tasks, served = [*_two_dishes(), asyncio.create_task(burnt())], []
    try:
        for next_result in asyncio.as_completed(tasks):
            served.append(await next_result)
    except RuntimeError:
        await _stop(tasks)
    return "long" in served


async def _ovens_stay_on() -> bool:
    tasks = _two_dishes()
    for next_result in asyncio.as_completed(tasks):
        await next_result
        break
    await asyncio.wait(tasks)
    return not tasks[0].cancelled()


async def _notices_cancelled() -> bool:
    tasks, noticed = _two_dishes(), False
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
    "While one dish is in the oven, others can be, too.": (_ovens_overlap, "The story"),
    "A short dish ordered last may be served first.": (_short_first, "An evening, as completed"),
    "Guests who order while the waiter goes round are served on the same round.": (
        _late_guest_served,
        "A guest comes in late",
    ),
    "Each dish comes with a ticket that says whose it is.": (_comes_with_ticket, "The plate without a ticket"),
    "A dish is picked up when it is ready, even if the waiter is busy.": (_busy_waiter_picks_up, "The waiter is busy"),
    "After a burnt dish the waiter goes on by himself.": (_goes_on_after_burnt, "The burnt dish"),
    "When the waiter goes home early, the ovens stay on.": (_ovens_stay_on, "Closing time"),
    "The waiter notices when an order has been cancelled.": (_notices_cancelled, "The cancelled order"),
}
"""Each sentence of exercise 5.2, the experiment that tells whether it holds, and the section that shows it."""


@exercise("5.2")
async def where_the_analogy_breaks(answer: Any) -> str:
    """Check the exercise: which sentences about a restaurant hold for as_completed, each tried out here and now."""
    expect(isinstance(answer, Mapping), "The answer is a dictionary of sentences and True or False, such as analogy.")
    missing = [sentence for sentence in ANALOGY if sentence not in answer]
    expect(not missing, f"This sentence is missing, or was changed: “{missing[0] if missing else ''}”")
    open_ones = [sentence for sentence in ANALOGY if not isinstance(answer[sentence], bool)]
    expect(
        not open_ones,
        f"{len(open_ones)} of {len(ANALOGY)} sentences have no answer yet: write True or False for each.",
    )
    found = await asyncio.gather(*(experiment() for experiment, _ in ANALOGY.values()))
    wrong = [sentence for sentence, holds in zip(ANALOGY, found, strict=True) if answer[sentence] is not holds]
    expect(
        not wrong,
        f"{len(ANALOGY) - len(wrong)} of {len(ANALOGY)} are right. Look again at “{ANALOGY[wrong[0]][1]}” above: "
        "what did your run show there?"
        if wrong
        else "",
    )
    return f"All {len(ANALOGY)} are right: each was tried out just now, and {sum(found)} of them hold."
