"""An event loop that jumps over its waits, and clocks that agree with it.

`JumpingClock` is for tests of recorded times. Give the waits as binary fractions of a second (0.25, 0.5): then all
times come out exact. `WorkingClock` is for tests that run whatever a reader may write.
"""

import asyncio
import math
import selectors
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

real_perf_counter, real_sleep = time.perf_counter, time.sleep

LOOPBACK_GRACE = 0.002
"""Real seconds left to data on a loopback connection to arrive, before time may jump."""
TURNS_WITHIN, AWAITS_LOOP = 0.01, 2.0
"""Real seconds after which a loop turns while other threads are at work, and for which they wait for it at the most."""


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

    def wait(self, seconds: float | None, select: Callable[[float | None], list]) -> list:
        """Stand in for a loop's wait, when nothing is ready for it.

        Args:
            seconds: until the loop's next timer; None if it has none.
            select: waits so many real seconds for what the loop watches.

        Returns:
            What is ready then.
        """
        if seconds is None:
            raise RuntimeError("the loop waits for nothing that could happen: a test would hang here")
        self.now += seconds
        return []

    def run(self, main: Coroutine[Any, Any, Any], debug: bool | None = None) -> Any:
        """Run a coroutine on a new loop that lives on this clock, and return its result."""
        with asyncio.Runner(loop_factory=self._loop, debug=debug) as runner:
            return runner.run(main)

    def _loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.SelectorEventLoop(_JumpingSelector(self))
        loop.time = self.read
        return loop


class WorkingClock(JumpingClock):
    """A jumping clock on which code takes as long as the processor works for it.

    So code that polls, waits busily or calculates sees time go on, and whatever else the computer has to do changes
    nothing. While other threads are at work, the loop waits in real time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()
        self._threads = threading.active_count()
        self._seen = self.now

    def read(self) -> float:
        """Return the time; to threads other than the one that made the clock, the real one."""
        if threading.get_ident() != self._thread:
            return real_perf_counter()
        self._seen = self.now + time.thread_time()
        return self._seen

    def block(self, seconds: float) -> None:
        """Stand in for `time.sleep`, which in other threads lasts as long for the loop, however late that turns."""
        if threading.get_ident() != self._thread:
            until, at_last = self._seen + seconds, real_perf_counter() + seconds + AWAITS_LOOP
            real_sleep(seconds)
            while self._seen < until and real_perf_counter() < at_last:
                real_sleep(TURNS_WITHIN)
        elif seconds < 0:
            raise ValueError("sleep length must be non-negative")
        else:
            super().block(seconds)

    def wait(self, seconds: float | None, select: Callable[[float | None], list]) -> list:
        """Stand in for a loop's wait, as `JumpingClock.wait` does."""
        if threading.active_count() > self._threads:
            began = real_perf_counter()
            ready = select(TURNS_WITHIN if seconds is None else min(seconds, TURNS_WITHIN))
            self.now += real_perf_counter() - began
            return ready
        if ready := select(LOOPBACK_GRACE):
            return ready
        # in whole milliseconds, as epoll waits: timers that are closer together than that come in one turn of the loop
        return super().wait(seconds and math.ceil(seconds * 1000) / 1000, select)

    def run(self, main: Coroutine[Any, Any, Any], debug: bool | None = None) -> Any:
        """Run a coroutine on a new loop; meanwhile all code of this process reads this clock."""
        with pytest.MonkeyPatch.context() as patch:
            put_workshop_on(self, patch)
            for name in ("perf_counter", "monotonic", "time"):
                patch.setattr(time, name, self.read)
            patch.setattr(time, "sleep", self.block)
            patch.setattr("workshop.exercises.runner.getrusage", None)  # which does not see such a sleep
            return super().run(main, debug)


class _JumpingSelector(selectors.DefaultSelector):
    """Lets a clock decide where a loop would wait for its next timer."""

    def __init__(self, clock: JumpingClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        return self._clock.wait(timeout, super().select)


def put_workshop_on(clock: JumpingClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all modules of the package read this clock."""
    import workshop.timeline.block  # noqa: F401

    modules = [module for name, module in sys.modules.items() if name.startswith("workshop.")]
    names = [(module, name, value) for module in modules for name, value in vars(module).items()]
    readers = [(module, name) for module, name, value in names if value is real_perf_counter]
    assert readers, "no module of the package has time.perf_counter: how does it tell the time?"
    for module, name in readers:
        monkeypatch.setattr(module, name, clock.read)
