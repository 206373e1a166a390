"""What a test can ask about processes and sockets that something started and ought to have ended."""

import gc

import psutil


def child_processes() -> list[psutil.Process]:
    """Return the processes that were started from this one, directly or not, and still run.

    Left out is the tracker of multiprocessing, which by design lives as long as the process that it watches.
    """
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in " ".join(process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            pass
    return found


def open_sockets() -> list:
    """Return the connections of this process, and where it listens, without those that only wait to be forgotten."""
    gc.collect()
    return [each for each in psutil.Process().net_connections("inet") if each.status not in ("NONE", "TIME_WAIT")]
