"""Ways to have a progress bar for calls, tried out under the same conditions; chapter 07.

A *way* is a function such as ``async def way(calls, seen, **options)``. It receives the results of calls, lets a bar
of tqdm's move meanwhile, hands the options on to it, and appends to `seen`, for each result in the order in which it
got them, a pair: what it was handed, and the result.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from tqdm.asyncio import tqdm

from . import table

Way = Callable[..., Awaitable[object]]

CALLS = ((0.3, "A"), (0.1, "B"))
"""Seconds and results of the calls."""
LIMIT = 0.2
"""Seconds after which a way is stopped in one of the trials."""
COLUMNS = ("", "bar", "order", "you get", "a generator", "exceptions", "time is up")


async def as_completed(calls: Any, seen: list[Any], **options: Any) -> None:
    """Receive results by tqdm's own `as_completed`, in a plain `for`."""
    for next_result in tqdm.as_completed(calls, **options):
        seen.append((next_result, await next_result))


async def gather(calls: Iterable[Any], seen: list[Any], **options: Any) -> None:
    """Receive all results together from tqdm's own `gather`."""
    seen += [(result, result) for result in await tqdm.gather(*calls, **options)]


async def async_for(calls: Any, seen: list[Any], **options: Any) -> None:
    """Receive tasks from asyncio's `as_completed` in a bar, by `async for`, which Python has there from 3.13 on."""
    rounds = asyncio.as_completed(calls)
    async for task in tqdm(rounds, total=len(calls), **options):
        seen.append((task, await task))


class Table(table.Table):
    """What ways do under the same conditions, a row for each."""

    def __init__(self) -> None:
        super().__init__(COLUMNS)

    async def add(self, way: Way) -> None:
        """Try out a way, and add its row.

        Args:
            way: the way.
        """
        calls, seen, bar = _started(), [], io.StringIO()
        await way(calls, seen, file=bar, bar_format="{n} of {total}")
        handed, result = seen[0]
        yields = "results" if handed is result else "your tasks" if handed in calls else "awaitables"
        order = "as given" if [result for _, result in seen] == [name for _, name in CALLS] else "as completed"
        row = (bar.getvalue().rpartition("\r")[2].strip(), order, yields)
        row += (await _of_a_generator(way), await _with_exceptions(way), await _at_the_limit(way))
        self.rows.append((way.__name__.replace("_", " "), *row))


def _started() -> list[asyncio.Task[str]]:
    return [asyncio.create_task(asyncio.sleep(seconds, name)) for seconds, name in CALLS]


async def _of_a_generator(way: Way) -> str:
    """Return what becomes of calls that a way is given by a generator, or what it raises."""
    calls, seen = _started(), []
    try:
        await way((call for call in calls), seen, file=io.StringIO())
    except TypeError as error:
        return type(error).__name__
    finally:
        await asyncio.wait(calls)
    return "taken" if len(seen) == len(CALLS) else "lost"


async def _with_exceptions(way: Way) -> str:
    """Return whether a way can be told to return exceptions in place of results, or what it raises then."""

    async def failing() -> None:
        raise ConnectionError("no answer")

    calls, seen = [*_started(), asyncio.create_task(failing())], []
    try:
        await way(calls, seen, return_exceptions=True, file=io.StringIO())
    except Exception as error:  # whatever it is, it is told
        return type(error).__name__
    finally:
        await asyncio.gather(*calls, return_exceptions=True)
    return "kept" if any(isinstance(result, ConnectionError) for _, result in seen) else "lost"


async def _at_the_limit(way: Way) -> str:
    """Return what has become of the first call, when a time limit around a way has ended it."""
    calls = _started()
    try:
        async with asyncio.timeout(LIMIT):
            await way(calls, [], file=io.StringIO())
    except TimeoutError:
        pass
    for _ in range(3):  # a task that was asked to stop has a turn in which it does
        await asyncio.sleep(0)
    state = "A is cancelled" if calls[0].cancelled() else "A is done" if calls[0].done() else "A runs on"
    await asyncio.wait(calls)
    return state
