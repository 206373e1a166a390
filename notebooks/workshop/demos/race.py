"""The race of chapter 00: several ways to wait for the same five calls, at the same time and alive. Standard library.

The calls are those that chapter 02 makes in its own cells.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

from workshop.timeline import Timeline
from workshop.timeline.records import Records
from workshop.timeline.views import svg
from workshop.timeline.views.bundle import as_html
from workshop.timeline.views.live import FASTEST, Display
from workshop.timeline.views.raster import extent

LONGEST = 5.0
"""Seconds that a call takes at most."""
_chance = random.Random(48)
DELAYS = {name: _chance.uniform(1, LONGEST) for name in ("weather", "news", "shares", "sports", "traffic")}
"""How many seconds each call takes."""


async def call(name: str) -> str:
    """Take as long as the call of this name does, and return the name."""
    await asyncio.sleep(DELAYS[name])
    return name


def start_calls() -> list[asyncio.Task[str]]:
    """Start the five calls, and return their tasks."""
    return [asyncio.create_task(call(name)) for name in DELAYS]


async def race(*ways: Callable[[], Awaitable[object]]) -> None:
    """Wait in several ways at the same time, and show on one time axis what each has received, while it happens.

    Args:
        ways: coroutine functions without arguments, the topmost first. Their names stand above their timelines.

    Raises:
        Exception: what a way raises.
    """
    timelines = [Timeline(way.__name__) for way in ways]

    async def run(way: Callable[[], Awaitable[object]], timeline: Timeline) -> None:
        async with timeline:
            await way()

    display = Display()
    runs = [asyncio.create_task(run(way, timeline)) for way, timeline in zip(ways, timelines, strict=True)]
    all_runs = asyncio.gather(*runs)
    try:
        while not (await asyncio.wait([all_runs], timeout=1 / FASTEST if display.live else None))[0]:
            display.show(_frame(timelines), last=False)
        await all_runs
        display.show(_frame(timelines), last=True)
    finally:
        for task in runs:
            task.cancel()


def _frame(timelines: Sequence[Timeline]) -> dict[str, str]:
    """Return the present state, by MIME type, in words that are the same on every machine when all is over."""
    found = [(timeline.title, timeline.tasks) for timeline in timelines]
    lines = [f"{title}: {_result(records)}" for title, records in found]
    panels = [
        svg.Panel(title if records.over else line, records) for (title, records), line in zip(found, lines, strict=True)
    ]
    alt = "Timelines above one another, with a bar for each call. " + " ".join(f"{line}." for line in lines)
    return {"text/plain": "\n".join(lines), "text/html": as_html(svg.picture(panels, end=LONGEST), alt)}


def _result(records: Records) -> str:
    """Return how a way has done, or how far it is."""
    number, first, last = extent(records.received)
    if not records.over or not number:
        return f"{number} of {len(records)} results received"
    if first > 0.9 * last:
        return f"the first result came together with the last (here: after {last:.2f} s)"
    sooner = "long before" if first < last / 2 else "before"
    return f"the first result came {sooner} the last (here: after {first:.2f} s and {last:.2f} s)"
