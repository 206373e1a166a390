"""What many answers to the exercises do: the first step of theirs, and the last."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


def started(coroutines: Iterable[Coroutine]) -> list[asyncio.Task[Any]]:
    """Return tasks of coroutines, in their order."""
    return [asyncio.create_task(coroutine) for coroutine in coroutines]


async def stop(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and wait until they have stopped."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
