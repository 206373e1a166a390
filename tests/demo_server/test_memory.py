"""Connections in memory do what sockets do, as far as the lessons see it."""

import ast
import asyncio
import io
from contextlib import redirect_stdout
from contextvars import ContextVar

import aiohttp
import pytest

from support.newer_python import outputs_instead
from support.notebook_tools import Notebook, notebook_paths, sanitized, text_of
from workshop import Timeline, demo_api
from workshop.demo_server import memory

[CHAPTER] = [path for path in notebook_paths() if path.name.startswith("07_")]


class Kept(asyncio.Protocol):
    """Keeps what happens to it.

    Args:
        pause: whether to stop reading after each piece.
    """

    def __init__(self, pause=False):
        self.happened, self.pause = [], pause

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.happened.append(data)
        if self.pause:
            self.transport.pause_reading()

    def eof_received(self):
        self.happened.append("the end")

    def connection_lost(self, error):
        self.happened.append(error)


async def connected(client, server):
    """Connect two protocols."""
    listener = memory.Listener(lambda: server, "127.0.0.1")
    await listener.start_serving()
    assert listener.is_serving()
    transport, protocol = await memory.connect(lambda: client, listener.address)
    listener.close()
    assert protocol is client
    assert transport is client.transport
    return client, server


async def turns(number=6):
    for _ in range(number):
        await asyncio.sleep(0)


async def test_what_is_written_arrives_in_order_and_in_pieces():
    client, server = await connected(Kept(), Kept())
    client.transport.write(b"first")
    client.transport.writelines([b"sec", bytearray(b"ond"), memoryview(b"!")])
    server.transport.write(bytes(memory.PIECE + 1))
    client.transport.write(b"")
    assert server.happened == [], "not before the loop turns"
    await turns()
    assert server.happened == [b"first", b"second!"]
    assert [len(piece) for piece in client.happened] == [memory.PIECE, 1]


async def test_both_ends_know_where_the_other_is():
    client, server = await connected(Kept(), Kept())
    ends = [client.transport, server.transport]
    assert [end.get_extra_info("peername") for end in ends] == [
        end.get_extra_info("sockname") for end in reversed(ends)
    ]
    assert ends[0].get_extra_info("socket") is None


async def test_who_does_not_read_gets_nothing_and_then_all():
    client, server = await connected(Kept(), Kept(pause=True))
    for piece in (b"1", b"2", b"3"):
        client.transport.write(piece)
    client.transport.close()
    await turns()
    assert server.happened == [b"1"]
    assert not server.transport.is_reading()
    server.transport.resume_reading()
    await turns()
    assert server.happened == [b"1", b"2"]
    server.pause = False
    server.transport.resume_reading()
    await turns()
    assert server.happened == [b"1", b"2", b"3", "the end", None]


async def test_closing_comes_after_what_was_written():
    client, server = await connected(Kept(), Kept())
    client.transport.write(b"last")
    client.transport.close()
    client.transport.close()
    client.transport.write(b"too late")
    server.transport.write(b"to nobody")
    assert client.transport.is_closing()
    await turns()
    assert server.happened == [b"last", "the end", None]
    assert client.happened == [None]


async def test_an_aborted_connection_is_reset():
    client, server = await connected(Kept(), Kept())
    server.transport.write(b"lost")
    server.transport.abort()
    server.transport.abort()
    await turns()
    assert server.happened == [None]
    data, error = client.happened
    assert (data, type(error)) == (b"lost", ConnectionResetError)


async def test_nobody_is_there_where_nobody_listens():
    listener = memory.Listener(Kept, "127.0.0.1")
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError, match="Connect call failed"):
            await memory.connect(Kept, listener.address)
        await listener.start_serving()
        listener.close()


async def test_who_gives_up_connecting_leaves_no_connection():
    server = Kept()
    listener = memory.Listener(lambda: server, "127.0.0.1")
    await listener.start_serving()
    connecting = asyncio.create_task(memory.connect(Kept, listener.address))
    await turns(2)
    connecting.cancel()
    await asyncio.wait([connecting])
    await turns()
    listener.close()
    assert connecting.cancelled()
    assert server.transport.is_closing() and len(server.happened) == 1


async def test_the_listeners_side_lives_in_its_own_context():
    whose = ContextVar("whose", default="nobody's")
    seen = []

    class Looks(Kept):
        def __init__(self):
            super().__init__()
            seen.append(whose.get())

        def connection_made(self, transport):
            super().connection_made(transport)
            seen.append(whose.get())

        def data_received(self, data):
            seen.append(whose.get())

    listener = memory.Listener(Looks, "127.0.0.1")
    await listener.start_serving()
    whose.set("the client's")
    transport, _ = await memory.connect(Kept, listener.address)
    transport.write(b"data")
    await turns()
    listener.close()
    assert seen == ["nobody's"] * 3


# aiohttp on it


async def test_a_server_that_is_gone_refuses(in_memory):
    async with demo_api() as gone:
        pass
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError, match="Connect call failed"):
            await session.get(gone.url)


async def test_who_asks_another_computer_is_told_that_there_is_no_way(in_memory):
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorDNSError, match="connects to no other computer"):
            await session.get("https://example.invalid/")


async def test_a_timeline_shows_the_readers_tasks_only(in_memory):
    async def fetch(session, path):
        async with session.get(path) as response:
            return await response.json()

    async with Timeline() as timeline, demo_api() as api:
        session = aiohttp.ClientSession(api.url)
        await asyncio.gather(fetch(session, "/items/1"), fetch(session, "/items/2"))
    await session.close()
    assert [task.name for task in timeline.tasks] == [f"fetch(<ClientSession>, '/items/{n}')" for n in (1, 2)]


async def test_chapter_07_prints_what_is_stored_and_no_line_of_it_is_changed(clock, in_memory):
    namespace, printed = {"display": lambda shown: None}, io.StringIO()
    for cell in Notebook(CHAPTER).code_cells:
        if "recall(" in cell.source or cell.source.startswith(("predict(", "compare(")):  # they ask a notebook's reader
            continue
        if any(tag.startswith("needs-") and not tag.startswith("needs-python") for tag in cell.tags):
            continue
        before = printed.tell()
        with redirect_stdout(printed):
            code = compile(cell.source, f"cell {cell.index}", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if (running := eval(code, namespace)) is not None:
                await running
        outputs = outputs_instead(cell.data["metadata"]) or cell.outputs
        words = [output for output in outputs if output["output_type"] == "stream" or "check(" in cell.source]
        printed_now = printed.getvalue()[before:]
        assert sanitized(printed_now).rstrip() == sanitized(text_of(words)).rstrip(), cell.source
