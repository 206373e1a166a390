"""What is at work that the test clock cannot see? While anything is, time may not jump."""

import socket
import sys
import threading
import weakref
from asyncio import BaseEventLoop
from collections.abc import Iterator
from concurrent.futures import thread as thread_module
from selectors import BaseSelector

from .virtual_time import Clock

HELPER_THREADS = ("tqdm", "ipykernel", "IPython", "zmq")
"""Modules whose threads only serve: they do nothing that a cell waits for."""

PROCESS_EVENTS = {"subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.posix_spawn"}
TCP_ESTABLISHED = 1


class Outside:
    """Looks at the threads, sockets and pipes of this process."""

    def __init__(self, loop: BaseEventLoop, selector: BaseSelector) -> None:
        self._loop, self._selector = loop, selector
        self._kernel_threads = set(threading.enumerate())
        self._blocking: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def watched_files(self) -> Iterator[int]:
        """Yield the numbers of the files that the loop watches for the reader's code.

        Left out are the loop's own self-pipe and the sockets on which the kernel talks to the browser.
        """
        for key in list(self._selector.get_map().values()):
            handle = next(filter(None, key.data or ()), None)
            owner = type(getattr(getattr(handle, "_callback", None), "__self__", None)).__module__
            if key.fd != self._loop._ssock.fileno() and not owner.startswith("tornado"):
                yield key.fd

    def connects_here(self, end: socket.socket, address: object) -> bool:
        """Return whether a blocking socket is about to be connected to the loop itself, and remember it if so.

        It needs a time limit of its own: then the clock knows how long it waits at most.
        """
        if here := bool(end.gettimeout()) and address in self._served():
            self._blocking.add(end)
        return here

    def waits_on_clock(self, end: socket.socket) -> bool:
        """Return whether it is such a socket."""
        return end in self._blocking

    def _served(self) -> set[object]:
        """Return the addresses at which the loop accepts connections."""
        return {_address(number) for number in self.watched_files()} - {None}

    def at_work(self) -> str | None:
        """Return what may be at work without the clock seeing it, in words; None if there is nothing."""
        if any(self._is_foreign(thread) for thread in threading.enumerate()):
            return "a thread outside of a ThreadPoolExecutor is alive"
        transports = self._loop._transports.items()
        open_files = {number for number, transport in list(transports) if not transport.is_closing()}
        open_files.update(end.fileno() for end in self._blocking if end.fileno() >= 0)
        connections = set()
        for number in open_files.union(self.watched_files()):
            try:
                connection = _connection(number)
            except OSError:
                return "a pipe or a process is open"
            if connection:
                connections.add(connection)
        # On loopback both ends belong to this very loop, and so nothing can arrive that the loop doesn't know of.
        unknown = {there for here, there in connections if (there, here) not in connections}
        if unknown and unknown - self._served():  # the loop has not accepted a connection yet while it is held up
            return "a socket is connected to another process or thread"
        return None

    def _is_foreign(self, thread: threading.Thread) -> bool:
        return not (
            thread in self._kernel_threads
            or thread in thread_module._threads_queues
            or type(thread).__module__.startswith(HELPER_THREADS)
        )


def _connection(number: int) -> tuple[object, object] | None:
    """Return the addresses of a socket's two ends; None if it isn't connected. Raise OSError if it is no socket."""
    end = socket.socket(fileno=number)
    try:
        can_tell = end.family != socket.AF_UNIX and hasattr(socket, "TCP_INFO")  # Linux
        if can_tell and end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != TCP_ESTABLISHED:
            return None
        return end.getsockname(), end.getpeername()
    except OSError:
        return None  # it listens, or sends datagrams
    finally:
        end.detach()


def _address(number: int) -> object:
    """Return at which address a socket accepts connections; None if it does not."""
    try:
        end = socket.socket(fileno=number)
    except OSError:
        return None
    try:
        return end.getsockname() if end.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) else None
    finally:
        end.detach()


def report_processes_and_blocking_sockets(clock: Clock, outside: Outside) -> None:
    """Report whatever a cell starts that runs beside the clock. (Python's audit hooks see it being started.)"""

    def watch(event: str, args: tuple) -> None:
        if event in PROCESS_EVENTS:
            clock.report("a process was started")
        elif event == "socket.connect" and clock.applies():
            end, address = args
            if end.gettimeout() != 0 and not outside.connects_here(end, address):
                clock.report("a blocking socket was connected")

    sys.addaudithook(watch)
