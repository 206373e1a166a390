"""Fixtures of the tests of exercises: what a check prints."""

import asyncio
import contextlib
import gc
import logging
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from support.jumping_loop import WorkingClock
from workshop.exercises import check, runner
from workshop.timeline.views.live import SWITCH

IN_REAL_TIME = ("8.6", "10.1")
"""The exercises on threads, and on a cluster."""


class Reports(logging.Handler):
    """Keeps what the event loop reports, such as an exception that was never retrieved."""

    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


@contextlib.contextmanager
def nothing_reported() -> Iterator[None]:
    """Fail if the event loop reports anything: a notebook shows that on stderr, and pytest's own handler hides it.

    Garbage collection passes over what the checks before have imported: a look at it takes 5 ms, several times a check.
    """
    gc.freeze()
    reports = Reports()
    logger = logging.getLogger("asyncio")
    logger.addHandler(reports)
    try:
        yield
        gc.collect()
    finally:
        logger.removeHandler(reports)
    assert reports.messages == []


@pytest.fixture
def judge(capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that checks an answer and returns what was printed: one message, here in one line."""

    def judge(number, answer):
        run = asyncio.run if number in IN_REAL_TIME else WorkingClock().run

        async def cell():
            before = asyncio.all_tasks()
            assert await check(number, answer) is None
            assert asyncio.all_tasks() == before, "something was left running"

        with nothing_reported():
            run(cell())
        out, err = capfd.readouterr()
        assert err == ""
        out = out.replace("\n  ", " ")
        assert out.count("\n") == 1, out
        assert out.startswith((f"✓ {number} ", f"✗ {number} "))
        assert "Traceback" not in out
        assert "confused the check" not in out
        assert not any(stops in out.replace("...", "") for stops in ("..", "….", "?."))
        assert "at once" not in out
        return out

    return judge


@pytest.fixture
def told(judge: Callable[..., str]) -> Callable[..., str]:
    """Return a function that checks a wrong answer, wants these words to be told of it, and returns the message."""

    def told(number, answer, words):
        line = judge(number, answer)
        assert line.startswith("✗")
        assert words in line
        return line

    return told


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an answer neither wait nor block for long."""
    monkeypatch.setattr(runner, "WAIT_LIMIT", 0.5)
    monkeypatch.setattr(runner, "BLOCK_LIMIT", 0.4)
    monkeypatch.setattr(runner, "CANCEL_WAIT", 0.05)


@pytest.fixture
def sockets() -> Iterator[Callable[[], list[Any]]]:
    """Return a function that tells the internet sockets that this process has open; in the end, none is left."""

    def sockets():
        gc.collect()
        return [connection for connection in psutil.Process().net_connections("inet") if connection.status != "NONE"]

    before = sockets()
    yield sockets
    assert sockets() == before


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A notebook in which whatever is shown is kept."""
    from workshop.exercises import choices  # noqa: F401 (and IPython with it, before something else stands in its place)

    shown = []

    def display(data, **options):
        shown.append(data)
        return SimpleNamespace(update=display)

    ipython = SimpleNamespace(
        get_ipython=lambda: SimpleNamespace(kernel=None), display=SimpleNamespace(display=display)
    )
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setenv(SWITCH, "1")
    return shown
