"""Puts the test clock in the place of Python's functions that tell the time or wait."""

import math
import select
import socket
import threading
import time
import types
from collections.abc import Callable
from concurrent.futures import Future, _base
from concurrent.futures import thread as thread_module

from .driver import Driver
from .outside import Outside
from .pool_threads import real_condition_wait
from .virtual_time import EPOCH, START, Clock


def replace_time_functions(clock: Clock, driver: Driver) -> None:
    """Replace `time.time`, `time.monotonic`, `time.perf_counter`, their `_ns` twins, and `time.sleep`."""
    for name, offset in (("time", EPOCH - START), ("monotonic", 0.0), ("perf_counter", 0.0)):
        now, now_ns = _readers(clock, offset, getattr(time, name), getattr(time, name + "_ns"))
        setattr(time, name, now)
        setattr(time, name + "_ns", now_ns)
    time.sleep = driver.sleep


def _readers(
    clock: Clock, offset: float, real: Callable[[], float], real_ns: Callable[[], int]
) -> tuple[Callable[[], float], Callable[[], int]]:
    """Return a function that tells the clock's time in seconds, and one in whole nanoseconds.

    Args:
        clock: the clock.
        offset: what is added to its time, in seconds.
        real, real_ns: what threads that are not on this clock read instead.
    """

    def now() -> float:
        return offset + clock.read() if clock.applies() else real()

    def now_ns() -> int:
        # to the microsecond: a float with the seconds since 1970 holds no more
        return round((offset + clock.read()) * 1e6) * 1000 if clock.applies() else real_ns()

    return now, now_ns


def replace_blocking_calls(clock: Clock, driver: Driver) -> None:
    """Let the main thread's waits for futures and threads move the clock, and report waits for locks that time out."""

    def waiting(original):
        def wait(future, timeout=None):
            if clock.blocks_cell() and not future.done():
                timeout = None if driver.block(future.done, timeout) else 0
            return original(future, timeout)

        return wait

    overdue = False

    class Event(threading.Event):
        def wait(self, timeout=None):
            nonlocal overdue
            if not clock.blocks_cell():
                return super().wait(timeout)
            overdue = timeout == 0
            return driver.block(self.is_set, timeout)

    # as_completed gives up when more than its time is over, and asks until then. On this clock its time is over exactly
    # when a wait ends: so it is told a little more when it has asked for a wait of no time.
    def monotonic():
        nonlocal overdue
        if not (overdue and clock.blocks_cell()):
            return time.monotonic()
        overdue = False
        return math.nextafter(time.monotonic(), math.inf)

    def join(thread, timeout=None, original=threading.Thread.join):
        blocks = clock.blocks_cell() and thread not in thread_module._threads_queues
        if blocks and not driver.block(lambda: not thread.is_alive(), timeout):
            return
        original(thread, timeout)

    def condition_wait(condition, timeout=None):
        notified = real_condition_wait(condition, timeout)
        if not notified and timeout is not None and timeout > 0 and clock.applies():
            clock.report("a wait for a lock, event or queue timed out, on the real clock")
        return notified

    Future.result, Future.exception = waiting(Future.result), waiting(Future.exception)
    # concurrent.futures.wait and as_completed make their events from this module's `threading`, and read its `time`
    _base.threading = types.SimpleNamespace(**{**vars(threading), "Event": Event})
    _base.time = types.SimpleNamespace(**{**vars(time), "monotonic": monotonic})
    threading.Thread.join = join
    threading.Condition.wait = condition_wait


def replace_reading(clock: Clock, driver: Driver, outside: Outside) -> None:
    """Let blocking sockets that are connected to the cell's own loop wait for data on the clock."""

    def has_data(end: socket.socket) -> bool:
        return bool(select.select([end], [], [], 0)[0])

    def waiting(receive):
        def wait(end, *arguments):
            on_clock = clock.applies() and clock.in_cell and outside.waits_on_clock(end)
            if on_clock and not driver.wait(lambda: has_data(end), end.gettimeout()):
                raise TimeoutError("timed out")
            return receive(end, *arguments)

        return wait

    for name in ("recv", "recv_into"):
        setattr(socket.socket, name, waiting(getattr(socket.socket, name)))
