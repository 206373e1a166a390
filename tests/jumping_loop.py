"""An event loop that jumps over its waits, and a clock that agrees with it, for tests of recorded times.

Give the waits as binary fractions of a second (0.25, 0.5): then all times come out exact.
"""

import asyncio
import selectors
import sys
import time
from collections.abc import Coroutine
from typing import Any

import pytest


class JumpingClock:
    """Time that stands still until somebody moves it on.

    Attributes:
        now: the time, in seconds.
    """

    def __init__(self) -> None:
        self.now = 1000.0

    def read(self) -> float:
        """Return the time."""
        return self.now

    def block(self, seconds: float) -> None:
        """Let time pass while no other task can run, as `time.sleep` does."""
        self.now += seconds

    def run(self, main: Coroutine[Any, Any, Any], debug: bool | None = None) -> Any:
        """Run a coroutine on a new loop that lives on this clock, and return its result."""
        with asyncio.Runner(loop_factory=self._loop, debug=debug) as runner:
            return runner.run(main)

    def _loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.SelectorEventLoop(_JumpingSelector(self))
        loop.time = self.read
        return loop


class _JumpingSelector(selectors.DefaultSelector):
    """Moves the clock on where a loop would wait for its next timer."""

    def __init__(self, clock: JumpingClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("the loop waits for nothing that could happen: a test would hang here")
        if not ready and timeout > 0:
            self._clock.now += timeout
        return ready


def put_workshop_on(clock: JumpingClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all modules of the package read this clock."""
    import workshop.timeline  # noqa: F401

    def reads_real_clock(value: object) -> bool:
        return value is time.perf_counter

    modules = [module for name, module in sys.modules.items() if name.startswith("workshop.")]
    patched = [(module, name) for module in modules for name, value in vars(module).items() if reads_real_clock(value)]
    assert patched, "no module of the package has time.perf_counter: how does it tell the time?"
    for module, name in patched:
        monkeypatch.setattr(module, name, clock.read)
