"""The time that a cell sees: a number that stands still until somebody advances it."""

import threading
import time

real_monotonic, real_sleep = time.monotonic, time.sleep

START = 1000.0
"""What `time.monotonic()` and `time.perf_counter()` say at first: whole, so that differences come out exact."""

EPOCH = 1_767_225_600.0
"""What `time.time()` says at first: 1 January 2026, UTC."""

READS_PER_TURN, CREEP = 100_000, 1e-4
"""Code that reads the clock so often within one turn of the event loop waits for it to move; every further read
then moves it by 0.1 ms, since such a loop would else never end. (The count is the same in every run.)"""

TIMERS_PER_MOMENT, MOMENT = 100, 1e-9
"""Code that so often sets a timer for this very moment waits for the clock to move; every further one then moves it by
a nanosecond. So does aiolimiter, where rounding leaves it a trillionth of a second to wait."""


class Clock:
    """The time of one kernel, in seconds.

    Attributes:
        now: the time.
        in_cell: whether a cell runs. Between cells the time stands still and the kernel's own code sleeps in real time.
    """

    def __init__(self) -> None:
        self.now = START
        self.in_cell = False
        self._main_thread = threading.get_ident()
        self._pool_thread = threading.local()
        self._reads = self._timers = 0
        self._faults: dict[str, None] = {}

    def in_main_thread(self) -> bool:
        """Return whether the caller is the thread that runs the cells."""
        return threading.get_ident() == self._main_thread

    def blocks_cell(self) -> bool:
        """Return whether a blocking call made now would hold up the code of a cell."""
        return self.in_cell and self.in_main_thread()

    def applies(self) -> bool:
        """Return whether the calling thread lives on this clock: the main thread and pool threads at work.

        The kernel's own threads, which talk to the browser, keep the real clock.
        """
        return self.in_main_thread() or self.turn is not None

    @property
    def turn(self) -> int | None:
        """The number of the piece of work that the calling pool thread is busy with; None for all other threads."""
        return getattr(self._pool_thread, "turn", None)

    @turn.setter
    def turn(self, number: int | None) -> None:
        self._pool_thread.turn = number

    def read(self) -> float:
        """Return the time for code that asks for it."""
        self._reads += 1
        if self._reads > READS_PER_TURN:
            self.advance(self.now + CREEP)
        return self.now

    def next_turn(self) -> None:
        """Forget how often the clock was read: the event loop has begun its next turn."""
        self._reads = 0

    def timer_was_due(self) -> None:
        """Note that the event loop had nothing else to do than a timer for this very moment."""
        self._timers += 1
        if self._timers > TIMERS_PER_MOMENT:
            self.now += MOMENT

    def advance(self, when: float) -> None:
        """Move the time on to `when`; it never goes back."""
        self.now = max(self.now, when)
        self._timers = 0

    def report(self, fault: str) -> None:
        """Note that the time of the running cell is not exact, and why. Outside of cells nothing is noted."""
        if self.in_cell:
            self._faults[fault] = None

    def take_faults(self) -> list[str]:
        """Return what was reported since the last call, each fault once."""
        faults, self._faults = sorted(self._faults), {}
        return faults
