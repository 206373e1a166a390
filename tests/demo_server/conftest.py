"""The clock of tests in which a client and the server talk to each other, and the network in memory of a browser."""

import pytest
from aiohttp import TCPConnector
from aiohttp.resolver import DefaultResolver

from support.jumping_loop import WorkingClock
from workshop.demo_server import memory, server


@pytest.fixture
def clock() -> WorkingClock:
    """A clock that jumps over waits, but not over data that is on its way on a loopback connection."""
    return WorkingClock()


@pytest.fixture
def in_memory(monkeypatch) -> None:
    """Let the demo API and aiohttp's client meet in memory."""
    monkeypatch.setattr(TCPConnector, "_wrap_create_connection", TCPConnector._wrap_create_connection)
    monkeypatch.setattr(DefaultResolver, "resolve", DefaultResolver.resolve)
    monkeypatch.setattr(server, "IN_BROWSER", True)
    memory.connect_aiohttp()
