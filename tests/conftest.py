"""Fixtures of more than one test module."""

import asyncio
import gc
import inspect
from collections.abc import Iterator

import pytest

from support.jumping_loop import JumpingClock, put_workshop_on
from support.watching_ways import MONITORING, no_tool_id_left

TEST_SECONDS = 900
"""What a test on a usual event loop may take: much more than a busy computer needs."""


def pytest_collection_finish() -> None:
    """Have garbage collection pass over what pytest and the modules hold, which takes 60 ms each time.

    Many tests collect, to see whether anything is reported when it is freed. The checks of exercises also ask whether
    somebody has set objects aside, and to count them would take as long.
    """
    gc.collect()
    gc.freeze()
    count = gc.get_freeze_count()
    gc.get_freeze_count = lambda: count


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine function: on the loop of its fixture `clock`, or else on a usual one."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    fixtures = pyfuncitem.funcargs
    test = pyfuncitem.obj(**{name: fixtures[name] for name in inspect.signature(pyfuncitem.obj).parameters})

    async def leaving_no_task() -> None:
        async with asyncio.timeout(TEST_SECONDS):
            await test
        assert asyncio.all_tasks() == {asyncio.current_task()}

    if "clock" in fixtures:
        fixtures["clock"].run(test)
    else:
        asyncio.run(leaving_no_task())
    return True


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
