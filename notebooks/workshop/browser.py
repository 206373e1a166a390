"""Makes Python in a browser do what the lessons say that Python does. Imported there alone; standard library only.

In JupyterLite the kernel is Pyodide: CPython, but for the event loop. Its `WebLoop` gets its turns from the browser. A
lesson would be wrong where that loop does otherwise than asyncio's own, so this is put back, as seen with Pyodide
314.0.6 (Python 3.14.2; https://github.com/pyodide/pyodide/blob/main/src/py/pyodide/webloop.py):

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
"""

import asyncio
import sys
import time
import warnings
from asyncio import BaseEventLoop
from asyncio.base_events import _format_handle
from asyncio.constants import DEBUG_STACK_DEPTH
from asyncio.log import logger
from collections.abc import Callable
from contextvars import Context
from types import ModuleType
from typing import Any, NoReturn

from pyodide import ffi, webloop
from pyodide_js import loadPackage

FROM_ASYNCIO = (
    "create_future",
    "create_task",
    "run_until_complete",
    "_check_running",
    "call_exception_handler",
    "default_exception_handler",
)
"""Methods that are right in asyncio's own loops."""

LACKING = {"_closed": False, "slow_callback_duration": 0.1}
"""What asyncio's loops have, as it is in a new one."""


def install(pyodide_loops: ModuleType) -> None:
    """Put back what differs.

    Args:
        pyodide_loops: the module `pyodide.webloop`.
    """
    loop = pyodide_loops.WebLoop
    for name, value in LACKING.items():
        setattr(loop, name, value)
    for name in FROM_ASYNCIO:
        setattr(loop, name, getattr(BaseEventLoop, name))
    loop.call_later = _better(loop.call_later)
    loop.run_in_executor = _no_thread
    time.sleep, asyncio.run = pyodide_loops._orig_sleep, pyodide_loops._orig_run
    if not hasattr(time, "thread_time"):
        time.thread_time = time.process_time  # that of the one thread
    # tqdm wants a thread that redraws a bar which has stood still, and does without where there is none.
    warnings.filterwarnings("ignore", "tqdm:disabling monitor support")


def _better(call_later: Callable[..., asyncio.Handle]) -> Callable[..., asyncio.Handle]:
    """Return a method that takes moments which have passed, and calls back by `_call`."""

    def better_call_later(
        loop: asyncio.AbstractEventLoop,
        delay: float,
        callback: Callable[..., Any],
        *arguments: Any,
        context: Context | None = None,
    ) -> asyncio.Handle:
        return call_later(loop, max(delay, 0), _call, [(loop, callback, arguments)], context=context)

    return better_call_later


def _call(waiting: list[tuple[asyncio.AbstractEventLoop, Callable[..., Any], tuple[Any, ...]]]) -> None:
    """Call back, and forget: else a task that failed is held by the frames in its own traceback, and not reported.

    In debug mode coroutines note where they are made meanwhile, and a callback that takes long is logged.
    """
    loop, callback, arguments = waiting.pop()
    try:
        if not loop.get_debug():
            callback(*arguments)
            return
        began, depth = loop.time(), sys.get_coroutine_origin_tracking_depth()
        sys.set_coroutine_origin_tracking_depth(DEBUG_STACK_DEPTH)
        try:
            callback(*arguments)
        finally:
            sys.set_coroutine_origin_tracking_depth(depth)
        took = loop.time() - began
        if took >= loop.slow_callback_duration:
            handle = _format_handle(asyncio.Handle(callback, arguments, loop))
            logger.warning("Executing %s took %.3f seconds", handle, took)
    finally:
        callback = arguments = None


def _no_thread(
    loop: asyncio.AbstractEventLoop, executor: object, function: Callable[..., Any], *arguments: Any
) -> NoReturn:
    raise RuntimeError("can't start new thread: Python in a browser has only one")


def load(package: str) -> None:
    """Load a package that no cell names, where a browser lets Python wait for it."""
    if ffi.can_run_sync():
        ffi.run_sync(loadPackage(package))


install(webloop)
