"""What the benchmarks share: processor time, and words about the machine it was measured on. Standard library only."""

import contextlib
import gc
import os
import platform
from collections.abc import Callable
from pathlib import Path
from time import process_time


def seconds(function: Callable[[], object]) -> float:
    """Return how much processor time a call takes, which other programs disturb less than the time on the wall."""
    gc.collect()  # so that nobody pays for what the one before left behind
    began = process_time()
    function()
    return process_time() - began


def machine() -> str:
    """Return one line about the machine: its processor, cores, system, and how busy it is."""
    parts = [f"{processor()}, {os.cpu_count()} cores", platform.platform(terse=True)]
    if hasattr(os, "getloadavg"):
        parts.append(f"load {os.getloadavg()[0]:.1f}")
    return ", ".join(parts)


def processor() -> str:
    """Return the processor's name, as exactly as the system tells it."""
    with contextlib.suppress(OSError):  # Linux only
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
