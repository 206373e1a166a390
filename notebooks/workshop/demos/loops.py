"""Loops over results, tried out under the same conditions: what they yield, and what becomes of the rest.

A *way* is a function such as ``async def way(calls, limit, seen)``. It receives the results of calls that have begun,
and appends what it is handed for each to `seen`. With a limit, in seconds, it goes on until all are done or the time is
up; with None it leaves after the first one.
"""

import asyncio
import concurrent.futures
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator
from typing import Any

import anyio
import dask.distributed

from . import table

Way = Callable[[Iterable[Any], float | None, list[Any]], Awaitable[object]]
Start = Callable[[float, str], Any]
"""Begins a call that takes so many seconds and returns a name: makes a task, or a future of either kind."""

LIMIT = 1.0
CALLS = ((1.5, "A"), (0.1, "B"))
"""Seconds and names of the calls of which a way has to receive the second one, and not the first, within `LIMIT`."""
MANY = 50
"""Calls that a way is given by a generator."""
COLUMNS = ("", "yields", "at the limit", "A is then", "leaving early, A is", "takes all first")


async def asyncio_for(calls: Iterable[Any], limit: float | None, seen: list[Any]) -> None:
    """Receive tasks by asyncio's plain `for`."""
    for next_result in asyncio.as_completed(calls, timeout=limit):
        seen.append(next_result)
        await next_result
        if limit is None:
            break


async def asyncio_async_for(calls: Iterable[Any], limit: float | None, seen: list[Any]) -> None:
    """Receive tasks by asyncio's `async for`, which Python has from 3.13 on."""
    await _take(asyncio.as_completed(calls, timeout=limit), limit, seen)


async def thread_pool(calls: Iterable[Any], limit: float | None, seen: list[Any]) -> None:
    """Receive a pool's futures, in a loop that blocks."""
    for future in concurrent.futures.as_completed(calls, timeout=limit):
        seen.append(future)
        if limit is None:
            break


async def dask_async_for(calls: Iterable[Any], limit: float | None, seen: list[Any]) -> None:
    """Receive a cluster's futures."""
    await _take(dask.distributed.as_completed(calls, timeout=limit), limit, seen)


async def anyio_block(calls: Iterable[Any], limit: float | None, seen: list[Any]) -> None:
    """Receive tasks within anyio's block, which gets its limit from one around it."""
    with anyio.fail_after(limit):
        async with anyio.as_completed(*calls) as handles:
            await _take(handles, limit, seen)


async def task_group(calls: Iterable[Any], limit: float | None, seen: list[Any]) -> None:
    """Wait for tasks within a task group, which has no loop over results, and no limit of its own either."""

    async def wait_until_done(call: Awaitable[Any]) -> None:
        await call

    async with asyncio.timeout(limit), asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(wait_until_done(call))


async def _take(results: AsyncIterable[Any], limit: float | None, seen: list[Any]) -> None:
    async for result in results:
        seen.append(result)
        if limit is None:
            break


def start_task(seconds: float, name: str) -> asyncio.Task[str]:
    """Begin a call that is a task."""
    return asyncio.create_task(asyncio.sleep(seconds, name))


class Table(table.Table):
    """What ways do under the same conditions, a row for each."""

    def __init__(self) -> None:
        super().__init__(COLUMNS)

    async def add(self, way: Way, start: Start) -> None:
        """Try out a way, and add its row: what it yields, and what becomes of call A when it has been left.

        Args:
            way: the way.
            start: begins each of its calls.
        """
        calls, seen, raised = [start(*call) for call in CALLS], [], "nothing"
        try:
            await way(calls, LIMIT, seen)
        except TimeoutError:
            raised = "TimeoutError"
        yields = "nothing" if not seen else "yours" if seen[0] in calls else "its own"
        at_the_limit = _state(calls[0])
        await _until_done(calls)
        calls = [start(*call) for call in CALLS]
        await way(calls, None, [])
        early = _state(calls[0])
        await _until_done(calls)
        name = way.__name__.replace("_", " ")
        self.rows.append((name, yields, raised, at_the_limit, early, await _takes_all_first(way, start)))


def _state(call: Any) -> str:
    """Return what has become of a call: tasks and both kinds of futures answer to the same questions."""
    if call.cancelled():
        return "cancelled"
    return "waited for" if call.done() else "left running"


async def _until_done(calls: Iterable[Any]) -> None:
    while not all(call.done() for call in calls):  # noqa: ASYNC110 (not all of them can be awaited)
        await asyncio.sleep(0.05)


async def _takes_all_first(way: Way, start: Start) -> str:
    """Return whether a way asks a generator for all calls before it hands out a result."""
    begun: list[Any] = []
    seen: list[Any] = []

    def one_by_one() -> Iterator[Any]:
        for _ in range(MANY):
            begun.append(start(0, "quick"))
            yield begun[-1]

    try:
        await way(one_by_one(), None, seen)
    except TypeError:  # asyncio's, up to Python 3.11, takes no generator
        return "yes"
    await _until_done(begun)
    return "-" if not seen else "yes" if len(begun) == MANY else "no"
