"""The table of bars tells what a way does, whatever that is."""

import asyncio
import sys

import pytest
from tqdm.asyncio import tqdm

from workshop.demos import bars


async def one_after_another(calls, seen, return_exceptions=False, **options):
    """Await calls in their order, stop the one that takes too long, and drop the exceptions that are to be kept."""
    for call in tqdm(calls, **options):
        try:
            seen.append((call, await call))
        except ConnectionError:
            if not return_exceptions:
                raise


async def asyncios_gather(calls, seen, return_exceptions=False, **options):
    """Move no bar, and count calls in a way that uses a generator up."""
    tqdm(total=len([*calls]), **options).close()
    seen += [(result, result) for result in await asyncio.gather(*calls, return_exceptions=return_exceptions)]


async def patient(calls, seen, **options):
    """Take no notice of a time limit."""
    calls = [*calls]
    while not all(call.done() for call in calls):
        try:
            await asyncio.wait(calls)
        except asyncio.CancelledError:
            continue
    await bars.as_completed(calls, seen, **options)


@pytest.fixture
def table(clock):
    """Return an empty table for ways that run on a clock which jumps over waits."""
    return bars.Table()


async def test_each_way_is_told_as_it_is(table):
    for way in (bars.as_completed, bars.gather, one_after_another, asyncios_gather):
        await table.add(way)
    assert table.rows == [
        ("as completed", "2 of 2", "as completed", "awaitables", "TypeError", "TqdmKeyError", "A runs on"),
        ("gather", "2 of 2", "as given", "results", "taken", "kept", "A runs on"),
        ("one after another", "2 of 2", "as given", "your tasks", "taken", "lost", "A is cancelled"),
        ("asyncios gather", "0 of 2", "as given", "results", "lost", "kept", "A is cancelled"),
    ]


async def test_a_way_that_takes_too_long_has_its_task_done(table):
    await table.add(patient)
    assert table.rows[0][-1] == "A is done"


@pytest.mark.skipif(sys.version_info < (3, 13), reason="as_completed has no `async for` before Python 3.13")
async def test_a_bar_around_asyncios_newer_loop_gives_your_own_tasks(table):
    await table.add(bars.async_for)
    assert table.rows == [
        ("async for", "2 of 2", "as completed", "your tasks", "TypeError", "TqdmKeyError", "A runs on")
    ]


async def test_no_call_is_left_behind(table):
    await table.add(bars.gather)
    assert asyncio.all_tasks() == {asyncio.current_task()}
