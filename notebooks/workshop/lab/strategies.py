"""The lab's strategies: five ways to run the same calls, each as one would write it. Standard library only.

All take the same arguments:

- ``calls``: functions without arguments. Each returns a new coroutine, so nothing runs before its strategy wants it.
- ``receive``: what is done with a result, as soon as the strategy has it.
- ``timeout``: seconds for all calls together, or None.

None of them tidies up more than its tools do by themselves: what a failure or a timeout leaves running is for you to
see.
"""

# ruff: noqa: ASYNC109 (where each tool takes its timeout is what the strategies differ in)

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from itertools import islice
from typing import Any

Call = Callable[[], Coroutine[Any, Any, str]]
Receive = Callable[[str], object]


async def one_after_another(calls: Sequence[Call], receive: Receive, timeout: float | None) -> None:
    """Wait for each call before the next one begins; each is made a task, since a timeline sees tasks only."""
    async with asyncio.timeout(timeout):
        for call in calls:
            receive(await asyncio.create_task(call()))


async def gather(calls: Sequence[Call], receive: Receive, timeout: float | None) -> None:
    """Start all calls, and get all results together."""
    async with asyncio.timeout(timeout):
        results = await asyncio.gather(*(call() for call in calls))
    for result in results:
        receive(result)


async def as_completed(calls: Sequence[Call], receive: Receive, timeout: float | None) -> None:
    """Start all calls, and get each result when it is ready."""
    tasks = [asyncio.create_task(call()) for call in calls]
    for next_result in asyncio.as_completed(tasks, timeout=timeout):
        receive(await next_result)


async def task_group(calls: Sequence[Call], receive: Receive, timeout: float | None) -> None:
    """Start all calls in a group, and take the results when all of the group is over."""
    async with asyncio.timeout(timeout):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call()) for call in calls]
    for task in tasks:
        receive(task.result())


async def window(calls: Sequence[Call], receive: Receive, timeout: float | None, size: int) -> None:
    """Keep at most `size` calls running: when one is done, receive its result and start the next."""
    waiting = iter(calls)
    async with asyncio.timeout(timeout):
        running = {asyncio.create_task(call()) for call in islice(waiting, size)}
        while running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                receive(task.result())
            running |= {asyncio.create_task(call()) for call in islice(waiting, len(done))}
