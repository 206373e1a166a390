"""The picture of chapter 04: one task in several ways, what stopped it, and what its waiter got."""

import asyncio
import contextlib
from xml.etree import ElementTree as ET

import pytest

from timeline.test_svg import boxes, marks, scale, texts
from workshop import Timeline
from workshop.demos.seven_ways import draw_ways


async def tried():
    """Return a timeline with one task that is cancelled and one that is left running, beside others."""

    async def task(seconds):
        await asyncio.sleep(seconds)

    async with Timeline("A needs 4 s", deadline=2) as timeline:
        stopped, left = (asyncio.create_task(task(4), name=name) for name in ("stops", "leaves"))
        other = asyncio.create_task(task(1))
        await asyncio.sleep(2)
        stopped.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await stopped  # who does this has received something, and the picture is not about that
        await other
        await asyncio.sleep(0.5)
    await left
    return timeline


async def test_each_way_is_a_row_with_what_its_waiter_got(clock):
    ways = draw_ways(await tried(), {"leaves": "no error", "stops": "TimeoutError"}, needs=4)
    assert str(ways).splitlines() == [
        "A needs 4 s",
        "way     you get       the task",
        "stops   TimeoutError  cancelled",
        "leaves  no error      still running",
    ]
    data, metadata = ways._repr_mimebundle_()
    assert data["text/plain"] == str(ways)
    assert metadata["image/svg+xml"]["alt"] == "A needs 4 s: a bar for each way. stops cancelled, leaves still running."
    root = ET.fromstring(data["image/svg+xml"])
    unit, zero = scale(root)
    ((_, _, cancelled, _),), ((_, _, running, _),) = (boxes(root, kind) for kind in ("cancelled", "still-running"))
    assert [cancelled / unit, running / unit] == pytest.approx([2, 2.5], abs=0.02)
    assert marks(root, "received") == []
    ((ghost, _),) = marks(root, "ghost")
    assert ghost == pytest.approx(zero + 2 * unit + 5, abs=0.1)
    assert {"stops", "leaves", "you get TimeoutError", "you get no error"} <= set(texts(root))


async def test_a_way_without_a_task_is_named(clock):
    with pytest.raises(ValueError, match="one task for each of \\['others', 'stops'\\], and has \\['stops'\\]"):
        draw_ways(await tried(), {"stops": "TimeoutError", "others": "no error"}, needs=4)
