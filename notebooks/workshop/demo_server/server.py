"""A small web server to fetch from, which answers as slowly and as badly as a lesson asks for.

It runs in the reader's own event loop and listens on this computer only: no internet is needed. It keeps a log, by
which a lesson can tell what a client really did.
"""

import asyncio
import contextlib
import math
import socket
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextvars import Context
from dataclasses import dataclass
from time import perf_counter as clock
from types import TracebackType
from typing import Any

from .behaviour import Behaviour
from .rate import SlidingWindow

try:
    from aiohttp import web
except ModuleNotFoundError as missing:
    advice = "the demo API needs aiohttp: run %pip install aiohttp in a cell of its own, then try again"
    raise ModuleNotFoundError(advice, name=missing.name) from missing

try:
    import resource
except ModuleNotFoundError:  # Windows has none, nor such a low limit
    resource = None

from . import language_model, memory, pages

IN_BROWSER = sys.platform == "emscripten"
if IN_BROWSER:
    memory.connect_aiohttp()

HOST = "127.0.0.1"
"""Where it listens: connections to this address never leave the computer, and none come from outside."""

BACKLOG = 1024
"""So many connections may be waiting to be accepted."""

OPEN_FILES = 1024
"""So many files the process may have open at least: a connection of a client and a server here is two of them."""

RETRY_AFTER = 1
"""Seconds after which a client may come again that was turned away since there were too many requests at a time."""

PATIENCE = 1.0
"""Seconds that requests have to end when the server stops. Ours end right away."""


@dataclass
class Request:
    """One request, in the server's log.

    Attributes:
        path: what was asked for, such as ``/items/17``.
        connection: the number of the connection that it came on; the first is 1.
        arrived: when it arrived, in seconds since the server began.
        finished: when the server was done with it, in the same seconds; None if it is not yet.
        status: the status of the whole answer, such as 200; None if there was none, since somebody cut the connection.
        failure: how the server let it fail, since it was asked to: by ``"500"``, ``"cut"`` or ``"garbage"``; or None.
    """

    path: str
    connection: int
    arrived: float
    finished: float | None = None
    status: int | None = None
    failure: str | None = None


class DemoApi:
    """The server; `demo_api` makes it, and its block runs it.

    Attributes:
        url: where it is, such as ``http://127.0.0.1:43521``; known inside the block and after it.
        requests: the log, in the order of arrival. When a client has its answer, the request is finished here; when a
            client gave up, it is finished a moment later, and at the latest when the block has been left.
        connections: how many connections were accepted.
        most_at_a_time: how many requests there were at a time, at most; those turned away count, too.
        models: the language models at ``/answers``, with a log of their own, ``models.calls``.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.most_at_a_time = 0
        self.models = language_model.LanguageModels(behaviour)
        self._behaviour = behaviour
        self._url: str | None = None
        self._began = 0.0
        self._server: web.Server | None = None
        self._listener: asyncio.AbstractServer | None = None
        self._stopping = False
        self._connection_numbers: dict[asyncio.BaseProtocol, int] = {}
        self._unfinished = 0
        self._served_now = 0
        self._attempts: Counter[str] = Counter()
        self._window = behaviour.rate and SlidingWindow(behaviour.rate, behaviour.per)

    @property
    def url(self) -> str:
        """Where the server is, such as ``http://127.0.0.1:43521``."""
        if self._url is None:
            raise RuntimeError("the demo API has no address before it runs: write `async with demo_api() as api:`")
        return self._url

    async def __aenter__(self) -> "DemoApi":
        if self._url is not None:
            raise RuntimeError("this demo API has run already: make another with demo_api()")
        _allow_open_files()
        try:
            await _in_empty_context(self._start)
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    def __enter__(self) -> None:
        raise TypeError("write `async with demo_api() as api:`; a plain `with` can't start a server")

    def __exit__(self, *exception: object) -> None: ...

    def __repr__(self) -> str:
        return f"<demo API, requests: {len(self.requests)}, connections: {self.connections}>"

    async def stop(self) -> None:
        """Stop the server, as its block does at the end. Open connections are cut, and new ones refused."""
        if self._listener is None or self._stopping:
            return
        self._stopping = True
        _accept_no_more(self._listener)
        try:
            for _ in range(2):  # what was accepted before becomes a connection, and is known to the server
                await asyncio.sleep(0)
        finally:
            self._listener.close()
            for connection in self._server.connections:
                if connection.transport is not None:
                    connection.transport.abort()
            await _in_empty_context(self._end)

    async def _start(self) -> None:
        self._server = web.Server(self._answer, handler_cancellation=True, access_log=None)
        # In two steps: if this task is cancelled in the second, `stop` can close what the first one made.
        self._listener, port = await _new_listener(self._accept)
        self._url = f"http://{HOST}:{port}"
        self._began = clock()
        await self._listener.start_serving()

    async def _end(self) -> None:
        """Wait until all connections, and the tasks that served them, have ended."""
        self._server.pre_shutdown()
        await self._server.shutdown(PATIENCE)
        self._connection_numbers.clear()

    def _accept(self) -> asyncio.BaseProtocol:
        """Count a new connection, and return what will serve it; or what cuts it, if the server stops.

        Raises:
            ConnectionAbortedError: the listener was closed after the connection had come. The usual event loop of
                Windows asks nevertheless, and lets the connection go when it meets an OSError.
        """
        if not self._listener.is_serving():
            raise ConnectionAbortedError("the demo API has stopped")
        if self._stopping:
            return _Refusal()
        self.connections += 1
        protocol = self._server()
        self._connection_numbers[protocol] = self.connections
        return protocol

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, and write it down in the log."""
        entry = Request(request.path, self._connection_numbers[request.protocol], clock() - self._began)
        self.requests.append(entry)
        self._unfinished += 1
        self.most_at_a_time = max(self.most_at_a_time, self._unfinished)
        try:
            response = await self._serve_or_turn_away(request, entry)
            entry.status = response.status
            return response
        finally:
            self._unfinished -= 1
            entry.finished = clock() - self._began

    async def _serve_or_turn_away(self, request: web.BaseRequest, entry: Request) -> web.StreamResponse:
        limit, rate, per = self._behaviour.limit, self._behaviour.rate, self._behaviour.per
        if limit is not None and self._served_now >= limit:
            return _turned_away(f"at most {limit} at a time", RETRY_AFTER)
        if self._window:
            if wait := self._window.wait(entry.arrived):
                return _turned_away(f"at most {rate} in {per:g} s", wait)
            self._window.add(entry.arrived)
        self._served_now += 1
        try:
            return await self._serve(request, entry)
        finally:
            self._served_now -= 1

    async def _serve(self, request: web.BaseRequest, entry: Request) -> web.StreamResponse:
        if request.path == language_model.PATH:
            return await self.models.answer(request, entry)
        path = request.path
        self._attempts[path] += 1
        entry.failure = self._behaviour.failure(path, self._attempts[path])
        await asyncio.sleep(self._behaviour.delay(path))
        match entry.failure:
            case "500":
                return pages.error(500, "something went wrong: another attempt may succeed")
            case "cut":
                return await pages.cut(request)
            case "garbage":
                return pages.garbage()
        return await pages.page(request)


def _turned_away(limit: str, wait: float) -> web.Response:
    """Return the answer to a request that is too many, and say in how many seconds, whole ones, there is room."""
    return pages.error(429, f"too many requests: {limit}", Retry_After=str(math.ceil(wait)))


class _Refusal(asyncio.Protocol):
    """Serves a connection that came too late: cuts it."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        transport.abort()


def demo_api(
    delay: float | Mapping[str, float] = 0.0,
    *,
    jitter: float = 0.0,
    failures: float = 0.0,
    limit: int | None = None,
    rate: int | None = None,
    per: float = 1.0,
    seed: int = 0,
) -> DemoApi:
    """Make a web server to fetch from; its block starts and stops it.

    Give a client its address, and ask for paths. The front page, ``/``, lists what there is::

        async with demo_api(delay=0.5) as api, aiohttp.ClientSession(api.url) as session:
            async with session.get("/photos") as response:
                photos = await response.json()

    The same arguments make the same delays and failures in each run.

    Args:
        delay: seconds before each answer; or, by path, the seconds before the answers there, and none elsewhere:
            ``delay={"/photos": 0.4, "/users": 0.1}``.
        jitter: seconds. To its delay each path adds a share of them, from nothing to all.
        failures: the share of requests that fail, from 0 to 1: with status 500, with a connection cut within the
            answer, or with a body that is not JSON. Another attempt for the same path may succeed.
        limit: so many requests are served at a time. Any above are turned away with status 429 and a header
            ``Retry-After``, in seconds. None for no limit.
        rate: so many requests are served in any stretch of `per` seconds. Any above are turned away in the same way;
            they don't count. None for no limit.
        per: the length of that stretch, in seconds.
        seed: another number makes other shares of jitter and other failures.

    Returns:
        The server, to be used in ``async with``. Leaving the block stops it, whatever is still going on.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if one is out of range.
    """
    return DemoApi(Behaviour(delay, jitter, failures, limit, rate, per, seed))


def _allow_open_files() -> None:
    """Raise the limit of open files to `OPEN_FILES` where it is lower, as usual on macOS; warn where it can't be."""
    if resource is None or IN_BROWSER:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= OPEN_FILES:
        return
    allowed = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < OPEN_FILES:
        warnings.warn(
            f"Your system lets this process have no more than {allowed} files open, and each connection of a lesson "
            f"takes two: with 100 connections it fails or hangs. Ask your administrator for {OPEN_FILES} "
            f"(`ulimit -Hn {OPEN_FILES}`).",
            RuntimeWarning,
            stacklevel=3,
        )


async def _new_listener(accept: Callable[[], asyncio.BaseProtocol]) -> tuple[asyncio.AbstractServer, int]:
    """Return what will wait for connections, and its port."""
    if IN_BROWSER:
        listener = memory.Listener(accept, HOST)
        return listener, listener.address[1]
    bound = socket.create_server((HOST, 0))
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(accept, sock=bound, backlog=BACKLOG, start_serving=False)
    return listener, bound.getsockname()[1]


def _accept_no_more(listener: asyncio.AbstractServer) -> None:
    """Stop accepting, a moment before the listener is closed, where that is possible.

    On Linux and macOS the event loop accepts a connection in two steps. If the listener is closed between them, the
    connection is neither served nor cut (seen with Python 3.13.0). The usual loop of Windows has no reader to be
    removed: it accepts until the listener is closed.
    """
    with contextlib.suppress(NotImplementedError):
        for listening in listener.sockets:
            listener.get_loop().remove_reader(listening.fileno())


async def _in_empty_context(function: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine function in a task that knows no context variables, nor do the tasks that come of it.

    By such a variable a `Timeline` knows its tasks. The server's are not the reader's, and so must not be among them.
    """
    await Context().run(asyncio.create_task, function())
