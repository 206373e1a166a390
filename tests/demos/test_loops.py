"""The table of loops tells what a way does, whatever that is."""

import asyncio
import sys
from xml.etree import ElementTree as ET

import pytest

from workshop.demos import loops


async def lazy(calls, limit, seen):
    """Receive one call after another, in their order, and cancel the one that takes too long."""
    for call in calls:
        seen.append(call)
        await asyncio.wait_for(call, limit)
        if limit is None:
            break


async def leaves_alone(calls, limit, seen):
    """Ask for all calls, and wait for none."""
    seen.append([*calls])


@pytest.fixture
def table(clock):
    """Return an empty table for ways that run on a clock which jumps over waits."""
    return loops.Table()


async def test_each_way_is_told_as_it_is(table):
    for way in (lazy, leaves_alone, loops.anyio_block, loops.task_group):
        await table.add(way, loops.start_task)
    assert table.rows == [
        ("lazy", "yours", "TimeoutError", "cancelled", "waited for", "no"),
        ("leaves alone", "its own", "nothing", "left running", "left running", "yes"),
        ("anyio block", "its own", "TimeoutError", "cancelled", "cancelled", "yes"),
        ("task group", "nothing", "TimeoutError", "cancelled", "waited for", "-"),
    ]


async def test_a_loop_of_asyncio_cancels_nothing(table):
    await table.add(loops.asyncio_for, loops.start_task)
    assert table.rows == [("asyncio for", "its own", "TimeoutError", "left running", "left running", "yes")]


@pytest.mark.skipif(sys.version_info < (3, 13), reason="as_completed has no `async for` before Python 3.13")
async def test_the_newer_loop_of_asyncio_yields_what_is_yours(table):
    await table.add(loops.asyncio_async_for, loops.start_task)
    assert table.rows == [("asyncio async for", "yours", "TimeoutError", "left running", "left running", "yes")]


async def test_a_table_is_shown_as_text_and_as_html_and_names_are_text(table, monkeypatch):
    monkeypatch.setattr(lazy, "__name__", "<b>")
    await table.add(lazy, loops.start_task)
    headings, row = repr(table).splitlines()
    assert row.split() == ["<b>", "yours", "TimeoutError", "cancelled", "waited", "for", "no"]
    assert [headings.index(word) for word in ("yields", "takes")] == [row.index(word) for word in ("yours", "no")]
    lines = ET.fromstring(table._repr_html_()).iter("tr")
    assert [["".join(cell.itertext()) for cell in line] for line in lines] == [list(loops.COLUMNS), list(table.rows[0])]
