"""Connects an asyncio event loop to the driver.

In each of its turns a loop asks its selector to wait for sockets, at most until the next timer is due. That is the one
place where a loop waits, and so the one place to put a driver in: the selector is wrapped in one that doesn't wait.
"""

import heapq
import itertools
from asyncio import BaseEventLoop, events
from selectors import BaseSelector

from .driver import NEVER, Driver
from .outside import Outside
from .virtual_time import Clock, real_monotonic

LOOPBACK_GRACE = 0.002
"""Real seconds left to data on a loopback connection to arrive, before time may jump."""

POLL = 0.05
"""Real seconds between two looks at what is waited for in real time."""


class Timer(events.TimerHandle):
    """A timer that comes after all earlier timers with the same deadline; asyncio's come in any order."""

    __slots__ = ("_number",)
    _numbers = itertools.count()

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self._number = next(self._numbers)

    def __lt__(self, other: events.TimerHandle) -> bool:
        return (self._when, self._number) < (other._when, getattr(other, "_number", -1))


class DrivenSelector:
    """Stands in for a loop's selector, and lets the driver decide instead of waiting."""

    def __init__(self, loop: BaseEventLoop, selector: BaseSelector, clock: Clock, driver: Driver, outside: Outside):
        self._loop, self._selector, self._clock, self._driver, self._outside = loop, selector, clock, driver, outside

    def __getattr__(self, name: str) -> object:
        return getattr(self._selector, name)

    def select(self, timeout: float | None = None) -> list:
        """Return the sockets that are ready, after letting time pass if there is none.

        Args:
            timeout: seconds until the loop's next timer; None if it has none.
        """
        self._clock.next_turn()
        ready = self._selector.select(0)
        if ready or (timeout is not None and timeout <= 0):
            if not (ready or self._loop._ready):
                self._clock.timer_was_due()
            return ready
        if not self._clock.in_cell:
            return self._selector.select(timeout)
        if any(True for _ in self._outside.watched_files()) and (ready := self._selector.select(LOOPBACK_GRACE)):
            return ready
        deadline = self._deadline(timeout)
        step, since = self._driver.step(deadline, lambda: self._selector.select(0)), real_monotonic()
        if step.is_progress:
            return []  # the loop comes again at once, and then finds what is ready
        ready = self._selector.select(POLL if timeout is None else min(POLL, timeout))
        self._driver.waited(step, deadline, since)
        return ready

    def _deadline(self, timeout: float | None) -> float:
        """Return when the loop's wait ends; the next timer's own deadline if that is it, free of rounding errors."""
        deadline = NEVER if timeout is None else self._clock.now + timeout
        if self._loop._scheduled and abs(self._loop._scheduled[0]._when - deadline) < 1e-6:
            return self._loop._scheduled[0]._when
        return deadline


def drive(loop: BaseEventLoop, clock: Clock, driver: Driver, outside: Outside) -> None:
    """Put a loop on the clock. All other loops of the process stay on the real one."""
    shift = clock.now - loop.time()
    for handle in loop._scheduled:
        handle._when += shift

    def call_at(when, callback, *args, context=None):
        loop._check_closed()
        timer = Timer(when, callback, args, loop, context)
        heapq.heappush(loop._scheduled, timer)
        timer._scheduled = True
        return timer

    def time_of_other_loops(other: BaseEventLoop) -> float:
        if other is loop:
            return clock.read()
        if clock.applies():
            clock.report("a second event loop ran, on the real clock")
        return real_monotonic()

    # Only for this one loop: other loops of the kernel, in threads of its own, must not notice anything.
    loop._selector = DrivenSelector(loop, loop._selector, clock, driver, outside)
    loop.call_at = call_at
    BaseEventLoop.time = time_of_other_loops
