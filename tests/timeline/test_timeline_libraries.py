"""Libraries notice nothing of a timeline around them, with eager tasks and without."""

import asyncio
import sys

import aiohttp
import anyio
import httpx
import pytest

from workshop import Timeline

EAGER = [None, asyncio.eager_task_factory] if sys.version_info >= (3, 12) else [None]


async def sleeper(seconds, name):
    await asyncio.sleep(seconds)
    return name


async def with_server(use):
    """Run a function on the address of a server that answers every request with "ok"."""

    async def answer(reader, writer):
        while await reader.readline() not in (b"\r\n", b""):
            pass
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        return await use(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")


# Each returns what it saw, and the name of a task that a timeline knows of it


async def anyio_groups():
    async def hanging(task_status=anyio.TASK_STATUS_IGNORED):
        with anyio.CancelScope() as scope:
            task_status.started(scope)
            await anyio.sleep_forever()

    async def failing():
        raise ValueError("burnt")

    seen = []
    async with anyio.create_task_group() as group:
        (await group.start(hanging)).cancel()
        group.start_soon(sleeper, 0, "in the group")
    with anyio.move_on_after(0.01) as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep_forever)
    seen.append(scope.cancelled_caught)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(failing)
            group.start_soon(anyio.sleep_forever)
    except ExceptionGroup as errors:
        seen.append(str(errors.exceptions[0]))
    seen.append(await anyio.to_thread.run_sync(anyio.from_thread.run, sleeper, 0, "from a thread"))
    async with anyio.as_completed(sleeper(0, "one"), sleeper(0, "another")) as handles:
        seen.append({handle.return_value async for handle in handles})
    return seen, None  # where tasks are eager, anyio makes its own


async def httpx_requests():
    async def fetch(client, address, number):
        return (await client.get(address)).text, number

    async def use(address):
        async with httpx.AsyncClient(trust_env=False) as client:
            return await asyncio.gather(*(fetch(client, address, number) for number in range(3)))

    return await with_server(use), "fetch(<AsyncClient>, "


async def aiohttp_requests():
    async def fetch(session, address):
        async with session.get(address) as response:
            return await response.text()

    async def use(address):
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            fetches = [fetch(session, address) for _ in range(3)]
            return [await next_result for next_result in asyncio.as_completed(fetches)]

    return await with_server(use), "fetch(<ClientSession>, "


@pytest.mark.parametrize("factory", EAGER, ids=["", "eager"][: len(EAGER)])
@pytest.mark.parametrize("library", [anyio_groups, httpx_requests, aiohttp_requests])
def test_a_library_works_inside_a_timeline(way_of_watching, library, factory):
    async def bare():
        asyncio.get_running_loop().set_task_factory(factory)
        return await library()

    async def recorded():
        asyncio.get_running_loop().set_task_factory(factory)
        async with Timeline() as timeline:
            seen = await library()
        return seen, timeline

    (seen, name), timeline = asyncio.run(recorded())
    assert (seen, name) == asyncio.run(bare())
    if name is not None:
        records = [task for task in timeline.tasks if task.name.startswith(name)]
        assert [task.outcome for task in records] == ["result"] * 3
        assert all(task.received >= task.finished >= task.started for task in records)
