"""Threads of a `ThreadPoolExecutor` on the test clock: one at a time, in the order of their deadlines.

The operating system may run threads in any order. Here a thread that takes up a piece of work *parks* at once, and
parks again whenever it sleeps. The driver lets the first one in line go on when everything else waits. So at any moment
either the main thread or one pool thread runs, and each run comes out the same.
"""

import itertools
import threading
import weakref
from asyncio import AbstractEventLoop
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import thread as thread_module
from dataclasses import dataclass, field

from .virtual_time import Clock, real_monotonic

real_condition_wait = threading.Condition.wait


@dataclass(order=True)
class Parked:
    """A pool thread that waits for its turn: ordered by deadline, then by the order in which the work was submitted.

    It may go on before its deadline when `come` says that what it waits for has come.
    """

    deadline: float
    turn: int
    come: Callable[[], object] = field(compare=False, default=lambda: False)
    go: threading.Event = field(compare=False, default_factory=threading.Event)


class PoolThreads:
    """The pool threads of one kernel.

    Attributes:
        changed: notified whenever a thread parks or ends; also guards all attributes.
        patience: real seconds that a pool thread may be at work, or the main thread be stuck, before this is reported.
            (On a machine under load it takes seconds to draw a picture.)
    """

    patience = 60.0

    def __init__(self, clock: Clock, loop: AbstractEventLoop) -> None:
        self._clock, self._loop = clock, loop
        self.changed = threading.Condition()
        self._turns = itertools.count()
        self._parked: list[Parked] = []
        self._at_work: Parked | None = None
        self._since = 0.0
        self._unfinished: weakref.WeakKeyDictionary[ThreadPoolExecutor, set[Future]] = weakref.WeakKeyDictionary()
        self._begun: weakref.WeakKeyDictionary[ThreadPoolExecutor, int] = weakref.WeakKeyDictionary()

    # What the driver asks; it holds `changed` meanwhile.

    def busy(self) -> bool:
        """Return whether a thread is at work, or is just about to take up work that waits for it."""
        return self._at_work is not None or any(
            min(len(futures), pool._max_workers) > self._begun.get(pool, 0)
            for pool, futures in self._unfinished.items()
        )

    def busy_for(self) -> float:
        """Return for how many real seconds the thread at work has been so."""
        return real_monotonic() - self._since

    def release_next(self, until: float) -> bool:
        """Let the first thread in line go on, if it may before `until`; return whether there was one.

        Those for which something has come go first: that needs no time.
        """
        come = [parked for parked in self._parked if parked.come()]
        first = min(come or self._parked, default=None)
        if first is None or not (come or first.deadline <= until):
            return False
        self._parked.remove(first)
        self._at_work = first
        if not come:
            self._clock.advance(first.deadline)
        self._since = real_monotonic()
        first.go.set()
        return True

    # What pool threads do.

    def wait(self, come: Callable[[], object], seconds: float) -> None:
        """Park the calling pool thread until something has come, or the clock has moved on by `seconds`."""
        with self.changed:
            parked = self._park(seconds, come)
        self._wait_for_turn(parked)

    def _park(self, seconds: float, come: Callable[[], object] = lambda: False) -> Parked:
        """Stand in line; the caller holds `changed`."""
        parked = Parked(self._clock.now + seconds, self._clock.turn, come)
        self._parked.append(parked)
        self._leave()
        return parked

    def _wait_for_turn(self, parked: Parked) -> None:
        while not parked.go.wait(max(parked.deadline - self._clock.now, 0) + self.patience):
            if self._wake_alone(parked):
                return

    def _wake_alone(self, parked: Parked) -> bool:
        """Let a thread go on although the driver doesn't answer: the main thread waits in a way that it can't see."""
        with self.changed:
            if parked.go.is_set() or not (self._clock.in_cell or thread_module._shutdown):
                return False
            self._parked.remove(parked)
            self._clock.advance(parked.deadline)
            self._clock.report("a pool thread slept while the main thread was blocked")
            return True

    def _leave(self) -> None:
        if self._at_work is not None and self._at_work.turn == self._clock.turn:
            self._at_work = None
        self.changed.notify_all()
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(int)  # does nothing, but ends the loop's wait

    # How pools take part.

    def submitted(self, pool: ThreadPoolExecutor, future: Future) -> int:
        """Enter a piece of work, and return its number in the order of submission."""
        futures = self._unfinished.setdefault(pool, set())
        futures.add(future)
        future.add_done_callback(lambda done: futures.discard(done) if done.cancelled() else None)
        self._since = real_monotonic()
        return next(self._turns)

    def work(self, pool: ThreadPoolExecutor, future: Future, turn: int, run: Callable[[], None]) -> None:
        """Do a piece of work in the calling pool thread, when it is its turn."""
        self._clock.turn = turn
        with self.changed:
            self._begun[pool] = self._begun.get(pool, 0) + 1
            parked = self._park(0)  # in one step with the line above: in between, the clock might be moved on
        try:
            self._wait_for_turn(parked)
            run()
        finally:
            with self.changed:
                self._begun[pool] -= 1
                self._unfinished[pool].discard(future)
                self._leave()
            self._clock.turn = None

    def all_done(self, pool: ThreadPoolExecutor) -> bool:
        """Return whether nothing submitted to this pool is unfinished."""
        return not self._unfinished.get(pool)

    def adopt_pools(self, block_until: Callable[[Callable[[], bool]], object]) -> None:
        """Make every `ThreadPoolExecutor` of this process take part.

        Args:
            block_until: what the main thread calls to wait until a function says True.
        """
        clock, threads = self._clock, self
        submit, shutdown = ThreadPoolExecutor.submit, ThreadPoolExecutor.shutdown
        init_item, run_item = thread_module._WorkItem.__init__, thread_module._WorkItem.run
        submitting = threading.local()

        def submit_noting_pool(pool, fn, /, *args, **kwargs):
            submitting.pool = pool if clock.applies() else None
            try:
                return submit(pool, fn, *args, **kwargs)
            finally:
                submitting.pool = None

        def init_item_with_turn(item, future, *args, **kwargs):
            init_item(item, future, *args, **kwargs)
            pool = getattr(submitting, "pool", None)
            item.on_test_clock = (pool, threads.submitted(pool, future)) if pool is not None else None

        def run_item_in_turn(item, *args):
            entered = getattr(item, "on_test_clock", None)
            if entered is None or item.future.cancelled():
                return run_item(item, *args)
            pool, turn = entered
            return threads.work(pool, item.future, turn, lambda: run_item(item, *args))

        def shutdown_when_done(pool, wait=True, **kwargs):
            if wait and clock.blocks_cell():
                shutdown(pool, wait=False, **kwargs)
                block_until(lambda: threads.all_done(pool))
            shutdown(pool, wait=wait, **kwargs)

        ThreadPoolExecutor.submit, ThreadPoolExecutor.shutdown = submit_noting_pool, shutdown_when_done
        thread_module._WorkItem.__init__, thread_module._WorkItem.run = init_item_with_turn, run_item_in_turn
