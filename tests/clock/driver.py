"""What happens next, when all code that the clock sees waits."""

import enum
import math
from collections.abc import Callable

from .outside import Outside
from .pool_threads import PoolThreads, real_condition_wait
from .virtual_time import Clock, real_monotonic, real_sleep

NEVER = math.inf


class Step(enum.Enum):
    """What the driver decided."""

    READY = "what was waited for has come"
    RELEASED = "a pool thread may go on"
    JUMPED = "the clock jumped to the deadline"
    POOL_THREAD = "a pool thread is at work: wait for it"
    OUTSIDE = "something unseen is at work: wait in real time"
    IDLE = "there is no deadline and nothing to do"

    @property
    def is_progress(self) -> bool:
        """Whether there is nothing to wait for in real time."""
        return self in (Step.READY, Step.RELEASED, Step.JUMPED)


class Driver:
    """Moves the clock of one kernel."""

    def __init__(self, clock: Clock, threads: PoolThreads, outside: Outside) -> None:
        self._clock, self._threads, self._outside = clock, threads, outside
        self._fault = ""

    def step(self, deadline: float, ready: Callable[[], object]) -> Step:
        """Take the one step that is right now, in this order.

        Args:
            deadline: when the caller's wait ends, on the clock; `NEVER` if it has no end.
            ready: says whether what the caller waits for has come.
        """
        with self._threads.changed:
            if self._threads.busy():
                return Step.POOL_THREAD
            if ready():  # asked only now: a thread that has just ended may have made it so
                return Step.READY
            if fault := self._outside.at_work():
                self._fault = fault
                return Step.OUTSIDE
            if self._threads.release_next(deadline):
                return Step.RELEASED
            if deadline < NEVER:
                self._clock.advance(deadline)
                return Step.JUMPED
            return Step.IDLE

    def waited(self, step: Step, deadline: float, since: float) -> bool:
        """Account for a wait in real time, which began at `since` by the real clock; return whether it moved the clock.

        Waiting for a pool thread at work costs no time, since code takes no time on this clock. After `patience` it is
        taken for a wait that the clock cannot see. Then, as for all that is outside, time goes on at its real pace.
        """
        if step is Step.IDLE or (step is Step.POOL_THREAD and self._threads.busy_for() < self._threads.patience):
            return False
        at_work = f"a pool thread was at work for {self._threads.patience:g} s"
        self._clock.report(at_work if step is Step.POOL_THREAD else self._fault)
        self._clock.advance(min(deadline, self._clock.now + real_monotonic() - since))
        return True

    def block(self, done: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait in the main thread, as a blocking call does, while pool threads go on.

        Args:
            done: says whether what is waited for has come.
            timeout: seconds on the clock; None for no limit.

        Returns:
            Whether it has come.
        """
        deadline = NEVER if timeout is None else self._clock.now + max(timeout, 0)
        while not done():
            step, since = self.step(deadline, done), real_monotonic()
            if step is Step.JUMPED:
                real_sleep(1e-5)  # whoever waits gives up the processor: checks tell by that who blocks the loop
                break
            if step.is_progress:
                continue
            with self._threads.changed:
                real_condition_wait(self._threads.changed, 0.005)
            if self.waited(step, deadline, since) and self._clock.now >= deadline:
                break
        return done()

    def sleep(self, seconds: float) -> None:
        """Stand in for `time.sleep`."""
        if not self._clock.applies() or not self._clock.in_cell:
            real_sleep(seconds)
        elif seconds < 0:
            raise ValueError("sleep length must be non-negative")
        else:
            self.wait(lambda: False, seconds)

    def wait(self, come: Callable[[], bool], seconds: float) -> bool:
        """Wait until something has come, for so many seconds at most, in the main thread or in a pool thread at work.

        Args:
            come: says whether it has come.
            seconds: the limit, on the clock.

        Returns:
            Whether it has come.
        """
        if self._clock.in_main_thread():
            return self.block(come, seconds)
        self._threads.wait(come, seconds)
        return come()
