"""Connections in memory, for a browser, where no program can listen or connect.

In JupyterLite they join the demo API and aiohttp's own client in the kernel: no line of a lesson changes, and nothing
leaves it. Each end of a connection is a transport, as asyncio's loops make them of sockets. Nothing here depends on the
browser, so that it can be tested elsewhere; it is used there alone.
"""

import asyncio
import errno
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import copy_context
from itertools import count
from typing import Any, NoReturn

from aiohttp import ClientConnectorError, TCPConnector
from aiohttp.resolver import DefaultResolver

Address = tuple[str, int]

PIECE = 65_536
"""Bytes that arrive in one turn of the event loop, at most: who pauses within a long body doesn't get the rest yet."""

_listeners: dict[Address, "Listener"] = {}
_ports = count(40_001)


class End(asyncio.Transport):
    """One end of a connection.

    Args:
        protocol: whom it serves.
        own: its own address.
        peer: the other end's.

    Attributes:
        other: the other end.
    """

    other: "End"

    def __init__(self, protocol: asyncio.Protocol, own: Address, peer: Address) -> None:
        super().__init__({"sockname": own, "peername": peer})
        self._loop, self._context = asyncio.get_running_loop(), copy_context()
        self._protocol = protocol
        self._arrived: deque[bytes | None] = deque()  # None is the end
        self._paused = self._closing = self._lost = False

    def begin(self) -> None:
        """Have the protocol told that it is connected."""
        self._soon(self._protocol.connection_made, self)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return whom it serves."""
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let it serve another protocol."""
        self._protocol = protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send data to the other end. After `close` it is lost."""
        if not self._closing:
            for start in range(0, len(data), PIECE):
                self.other._soon(self.other._arrive, bytes(data[start : start + PIECE]))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Send several pieces of data as one."""
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        """Return that one direction can't be ended alone."""
        return False

    def get_write_buffer_size(self) -> int:
        """Return that nothing waits here: what is written waits at the other end."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing, since nothing waits here."""

    def is_reading(self) -> bool:
        """Return whether the protocol gets what arrives."""
        return not (self._paused or self._closing)

    def pause_reading(self) -> None:
        """Let what arrives wait."""
        self._paused = True

    def resume_reading(self) -> None:
        """Hand on what has arrived meanwhile, and what will."""
        self._paused = False
        self._soon(self._hand_on)

    def is_closing(self) -> bool:
        """Return whether the connection has ended, or will in a moment."""
        return self._closing

    def close(self) -> None:
        """End the connection, when the other end has got what was written."""
        if not self._closing:
            self._closing = True
            self.other._soon(self.other._arrive, None)
            self._soon(self._end)

    def abort(self) -> None:
        """End the connection at once."""
        if not self._lost:
            self._closing = True
            self.other._soon(self.other._end, ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)))
            self._soon(self._end)

    def _soon(self, function: Callable[..., None], *arguments: Any) -> None:
        self._loop.call_soon(function, *arguments, context=self._context)

    def _arrive(self, data: bytes | None) -> None:
        self._arrived.append(data)
        self._hand_on()

    def _hand_on(self) -> None:
        while self._arrived and self.is_reading():
            data = self._arrived.popleft()
            if data is not None:
                self._protocol.data_received(data)
            elif not self._protocol.eof_received():
                self.close()

    def _end(self, error: Exception | None = None) -> None:
        if not self._lost:
            self._lost = self._closing = True
            self._protocol.connection_lost(error)


class Listener(asyncio.AbstractServer):
    """What waits for connections.

    Args:
        accept: called for each new connection; returns the protocol that is to serve it.
        host: where it listens, such as ``"127.0.0.1"``.

    Attributes:
        address: where it listens: host and port.
        sockets: none, as it is in memory.
    """

    sockets = ()

    def __init__(self, accept: Callable[[], asyncio.BaseProtocol], host: str) -> None:
        self.address = host, next(_ports)
        self._accept = accept
        self._loop, self._context = asyncio.get_running_loop(), copy_context()

    async def start_serving(self) -> None:
        """Begin to listen."""
        _listeners[self.address] = self

    def is_serving(self) -> bool:
        """Return whether it listens."""
        return self.address in _listeners

    def close(self) -> None:
        """Listen no more. Connections that there are stay."""
        _listeners.pop(self.address, None)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the event loop on which it listens."""
        return self._loop

    def new_end(self, client: Address) -> End:
        """Return this side's end of a new connection, in the context in which the listener was made."""
        return self._context.copy().run(lambda: End(self._accept(), self.address, client))


async def connect(new_protocol: Callable[[], asyncio.Protocol], address: Address) -> tuple[End, asyncio.Protocol]:
    """Connect with a listener.

    Args:
        new_protocol: makes the client's protocol.
        address: where the listener is.

    Returns:
        This side's end of the connection, and the protocol.

    Raises:
        ConnectionRefusedError: nobody listens there.
    """
    await asyncio.sleep(0)
    if address not in _listeners:
        raise ConnectionRefusedError(errno.ECONNREFUSED, f"Connect call failed {address}")
    own = address[0], next(_ports)
    served = _listeners[address].new_end(own)
    protocol = new_protocol()
    end = End(protocol, own, address)
    end.other, served.other = served, end
    served.begin()
    end.begin()
    try:
        await asyncio.sleep(0)  # they are told now
    except BaseException:
        end.abort()
        raise
    return end, protocol


def connect_aiohttp() -> None:
    """Let aiohttp's client connect here, and nowhere else."""
    TCPConnector._wrap_create_connection = _connect_client
    DefaultResolver.resolve = _know_no_name


async def _know_no_name(resolver: DefaultResolver, *host: object, **options: object) -> NoReturn:
    """Stand in for the method that looks up a host's address: aiohttp raises what a name raises that nobody knows."""
    raise socket.gaierror(socket.EAI_NONAME, "Python in a browser connects to no other computer")


async def _connect_client(
    connector: TCPConnector,
    new_protocol: Callable[[], asyncio.Protocol],
    *,
    addr_infos: list[tuple[Any, ...]],
    req: Any,
    client_error: type[ClientConnectorError] = ClientConnectorError,
    **options: object,
) -> tuple[End, asyncio.Protocol]:
    """Stand in for the method that connects a socket, in aiohttp 3."""
    try:
        return await connect(new_protocol, addr_infos[0][-1][:2])
    except OSError as error:
        raise client_error(req.connection_key, error) from error
