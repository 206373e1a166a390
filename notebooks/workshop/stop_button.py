"""Lets Jupyter's stop button (■) end a cell at once, whatever the cell is doing. Standard library only.

In a cell that awaits, ipykernel's handler of the interrupt asks the event loop to cancel the cell. A loop that waits
does not hear it before it wakes by itself (https://github.com/ipython/ipykernel/issues/881), and one that is held up by
the reader's code does not hear it at all. Both are mended here when the interrupt comes, and only then: while a cell
runs, nothing ticks, and nothing is left on the loop.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def install() -> None:
    """Let the stop button end each cell from now on, the running one included. Outside a kernel it does nothing."""
    if hasattr(_shell(), "kernel"):
        _shell().events.register("pre_run_cell", _before_each_cell)
        _before_each_cell()


def _shell() -> Any:
    ipython = sys.modules.get("IPython")  # where it runs, it has been imported
    return ipython.get_ipython() if ipython else None


def _before_each_cell(info: Any = None) -> None:
    """Put a handler of the interrupt in front of ipykernel's, which takes both away when the cell has ended."""
    theirs = signal.getsignal(signal.SIGINT)
    if not callable(theirs) or theirs is signal.default_int_handler or isinstance(theirs, _Handler):
        return  # a cell without `await`, which Python itself interrupts; or done already
    try:
        loop = asyncio.get_running_loop()
        signal.signal(signal.SIGINT, _Handler(theirs, loop, _shell().user_ns))
        if sys.platform == "win32":
            # There nothing else lets an interrupt wake the loop. It asks for it itself when it is made, and any other
            # loop takes it away when it is closed.
            signal.set_wakeup_fd(loop._csock.fileno(), warn_on_full_buffer=False)
    except (RuntimeError, ValueError, AttributeError):
        pass  # no running loop, not the main thread, or a loop of another kind: then it stays as ipykernel made it


class _Handler:
    """Handles an interrupt of one cell.

    Args:
        theirs: ipykernel's handler.
        loop: the kernel's event loop, on which the cell runs.
        namespace: the global variables of the reader's code.
    """

    def __init__(
        self, theirs: Callable[[int, FrameType | None], Any], loop: asyncio.AbstractEventLoop, namespace: dict[str, Any]
    ) -> None:
        self._theirs, self._loop, self._namespace = theirs, loop, namespace
        self._cell = asyncio.current_task(loop)

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        """Have the cell cancelled, and wake the loop; interrupt the reader's code if it keeps the loop from turning.

        Args:
            signum: the signal's number.
            frame: where Python was when it came.

        Raises:
            KeyboardInterrupt: into the cell's own code.
            asyncio.CancelledError: into other code of the reader's. A KeyboardInterrupt there would end the kernel.
        """
        at_work = self._reader_is_at_work(frame)
        if at_work and self._cell is not None and asyncio.current_task(self._loop) is self._cell:
            raise KeyboardInterrupt
        self._theirs(signum, frame)
        self._loop.call_soon_threadsafe(int)  # a callback that does nothing, for the sake of waking
        if at_work:
            raise asyncio.CancelledError("stopped")

    def _reader_is_at_work(self, frame: FrameType | None) -> bool:
        """Tell whether the present turn of the loop, if there is one, runs code that was written in a cell."""
        while frame is not None and frame.f_code.co_name != "_run_once":  # a turn of asyncio's loop
            if frame.f_globals is self._namespace:
                return True
            frame = frame.f_back
        return False
