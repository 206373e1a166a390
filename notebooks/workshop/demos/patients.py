"""Three patients for chapter 06: each makes five calls of 0.4 s, and each takes longer than it should.

Read their timelines before their code.
"""

# ruff: noqa: ASYNC251 (that is what one of them suffers from)

import asyncio
import time

NAMES = ["A", "B", "C", "D", "E"]


async def first() -> None:
    """Make five calls of 0.4 s."""
    gate = asyncio.Semaphore(1)

    async def call(name: str) -> str:
        async with gate:
            await asyncio.sleep(0.4)
        return name

    await asyncio.gather(*(call(name) for name in NAMES))


async def second() -> None:
    """Make five calls of 0.4 s."""

    async def call(name: str) -> str:
        await asyncio.sleep(0.2)
        if name == "C":
            time.sleep(1.2)
        await asyncio.sleep(0.2)
        return name

    await asyncio.gather(*(call(name) for name in NAMES))


async def third() -> None:
    """Make five calls of 0.4 s."""

    async def call(name: str) -> str:
        await asyncio.sleep(0.4)
        return name

    for name in NAMES:
        await asyncio.create_task(call(name))
