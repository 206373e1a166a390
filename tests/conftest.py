"""Fixtures of more than one test module."""

import gc
from collections.abc import Iterator

import pytest

from support.jumping_loop import JumpingClock, put_workshop_on
from support.watching_ways import MONITORING, no_tool_id_left


def pytest_collection_finish() -> None:
    """Have garbage collection pass over what pytest and the modules hold, which takes 60 ms each time.

    Many tests collect, to see whether anything is reported when it is freed. The checks of exercises also ask whether
    somebody has set objects aside, and to count them would take as long.
    """
    gc.collect()
    gc.freeze()
    count = gc.get_freeze_count()
    gc.get_freeze_count = lambda: count


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> JumpingClock:
    """Let the helper package read a clock that jumps over the waits of a loop, which its `run` makes."""
    clock = JumpingClock()
    put_workshop_on(clock, monkeypatch)
    return clock


@pytest.fixture(params=["monitored", "wrapped"])
def way_of_watching(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run a test with the interpreter's own reports (3.12 and later), and with none to be had."""
    if request.param == "wrapped":
        with no_tool_id_left():
            yield
    elif MONITORING:
        yield
    else:
        pytest.skip("sys.monitoring is new in Python 3.12")
