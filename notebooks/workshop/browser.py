"""Makes Python in a browser do what the lessons say that Python does. Imported there alone; standard library only.

In JupyterLite the kernel is Pyodide: CPython, but for the event loop. Its `WebLoop` gets its turns from the browser. A
lesson would be wrong where that loop does otherwise than asyncio's own, so this is put back, as seen with Pyodide
314.0.6 (Python 3.14.2; https://github.com/pyodide/pyodide/blob/main/src/py/pyodide/webloop.py):

- It asks the browser to call back each single time. That takes longer than most callbacks do, and browsers have orders
  of their own: after a task that has held up the loop, Firefox calls what is due at a time before what is ready, and
  Chromium the other way round. Here the browser gives the loop time, and its turns are asyncio's.
- It can make no task where there is a task factory, as a `Timeline` is one: it calls a function that asyncio no longer
  has. Nor does it pass on a name or a context. And it reports the exception of a task at once, which is no fault yet
  and may be asked for later; of one that nobody asks for it says nothing. What asyncio logs it prints. Its futures are
  of a class of their own.
- `time.sleep` lets other tasks run, `asyncio.run` and `run_until_complete` run inside the running loop. (Where the
  browser can switch stacks, Pyodide does so to please scripts.)
- A function for another thread is called in this one, and holds up the loop. There is no other thread: say so, as
  Python does where it can start none.
- Debug mode does nothing.
- A moment that has just passed is refused by `call_at`, and asyncio's timeouts may ask for such a one.
- Its clock stands still for up to a millisecond, and what is due at the same time asyncio calls in any order. Here the
  loop's clock tells no time twice, so that of two equal sleepers the one that began first wakes first.
"""

import asyncio
import importlib
import math
import sys
import sysconfig
import time
import warnings
from asyncio import BaseEventLoop
from asyncio.constants import DEBUG_STACK_DEPTH
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from heapq import heappop, heappush
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn
from urllib.parse import urljoin

from js import XMLHttpRequest
from pyodide import webloop
from pyodide_js import loadedPackages, lockfile, lockfileBaseUrl, unpackArchive

FROM_ASYNCIO = (
    "call_later",
    "create_future",
    "create_task",
    "run_until_complete",
    "_call_soon",
    "_check_callback",
    "_check_running",
    "_check_thread",
    "_run_once",
    "_timer_handle_cancelled",
    "call_exception_handler",
    "default_exception_handler",
)
"""Methods that are right in asyncio's own loops."""

AT_ONCE = 0.01
"""Seconds for which the loop turns, if there is something to call back, before the browser may do something else."""


def install(pyodide_loops: ModuleType) -> None:
    """Put back what differs.

    Args:
        pyodide_loops: the module `pyodide.webloop`.
    """
    loop = pyodide_loops.WebLoop
    turns = _Turns(loop.call_later)
    for name, value in _as_in_a_new_loop().items():
        setattr(loop, name, value)
    for name in FROM_ASYNCIO:
        setattr(loop, name, getattr(BaseEventLoop, name))
    for name in ("call_soon", "call_at"):
        setattr(loop, name, turns.seen_to(getattr(BaseEventLoop, name)))
    loop.time = _time
    loop.run_in_executor = _no_thread
    time.sleep, asyncio.run = pyodide_loops._orig_sleep, pyodide_loops._orig_run
    if not hasattr(time, "thread_time"):
        time.thread_time = time.process_time  # that of the one thread
    # tqdm wants a thread that redraws a bar which has stood still, and does without where there is none.
    warnings.filterwarnings("ignore", "tqdm:disabling monitor support")


def _as_in_a_new_loop() -> dict[str, Any]:
    """Return what asyncio's loops have, and those methods ask for; and `_time`'s last one. No selector has news."""
    return {
        "_clock_resolution": time.get_clock_info("monotonic").resolution,
        "_closed": False,
        "_last_time": 0.0,
        "_process_events": lambda loop, events: None,
        "_ready": deque(),
        "_scheduled": [],
        "_selector": SimpleNamespace(select=lambda timeout: []),
        "_stopping": False,
        "_thread_id": None,
        "_timer_cancelled_count": 0,
        "slow_callback_duration": 0.1,
    }


def _time(loop: asyncio.AbstractEventLoop) -> float:
    """Return the time in seconds, a little later than the last one that was told."""
    loop._last_time = max(time.monotonic(), math.nextafter(loop._last_time, math.inf))
    return loop._last_time


class _Turns:
    """The times that the browser has been asked to give the loop.

    Args:
        ask_browser: Pyodide's own `call_later`.
    """

    def __init__(self, ask_browser: Callable[..., asyncio.Handle]) -> None:
        self._ask_browser = ask_browser
        self._moments: list[float] = []

    def seen_to(self, method: Callable[..., asyncio.Handle]) -> Callable[..., asyncio.Handle]:
        """Return a method of asyncio's loops that also sees to it that what it is handed gets its turn."""

        def better_method(loop: BaseEventLoop, *arguments: Any, **options: Any) -> asyncio.Handle:
            handle = method(loop, *arguments, **options)
            if handle._source_traceback:
                del handle._source_traceback[-1]  # this function
            self._see_to_next(loop)
            return handle

        return better_method

    def _see_to_next(self, loop: BaseEventLoop) -> None:
        """Ask for time at the moment when something is due, unless there will be some then anyway."""
        if not (loop._ready or loop._scheduled):
            return
        moment = 0.0 if loop._ready else loop._scheduled[0].when()
        if not self._moments or moment < self._moments[0]:
            heappush(self._moments, moment)
            self._ask_browser(loop, max(moment - loop.time(), 0), self._turn, loop)

    def _turn(self, loop: BaseEventLoop) -> None:
        heappop(self._moments)
        self._see_to_next(loop)  # in which the others are called back while one waits, as `load` does
        until = loop.time() + AT_ONCE
        while True:
            sys.set_coroutine_origin_tracking_depth(DEBUG_STACK_DEPTH * loop.get_debug())
            with suppress(IndexError):  # there are no others any more
                loop._run_once()
            if not loop._ready or loop.time() >= until:
                break


def _no_thread(
    loop: asyncio.AbstractEventLoop, executor: object, function: Callable[..., Any], *arguments: Any
) -> NoReturn:
    raise RuntimeError("can't start new thread: Python in a browser has only one")


def load(package: str) -> None:
    """Load a package that no cell names, and what it needs, by requests that Python waits for.

    (For Pyodide's own way to load it could not wait in Safari, which can't switch stacks.)

    Raises:
        ImportError: a package could not be had.
    """
    needed = [package]
    for name in needed:
        if hasattr(loadedPackages, name):
            continue
        entry = getattr(lockfile.packages, name)
        needed += [other for other in entry.depends if other not in needed]
        request = XMLHttpRequest.new()
        request.open("GET", urljoin(lockfileBaseUrl, entry.file_name), False)
        request.responseType = "arraybuffer"
        request.send()
        if request.status != 200:
            raise ImportError(f"{entry.file_name} could not be loaded ({request.status} {request.statusText})")
        unpackArchive(request.response, "wheel", extractDir=sysconfig.get_path("purelib"))
        setattr(loadedPackages, name, "default channel")
    importlib.invalidate_caches()


install(webloop)
