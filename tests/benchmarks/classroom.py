"""A classroom on one machine: `python tests/benchmarks/classroom.py` runs a chapter in forty kernels at the same time.

Each kernel runs the notebook from its first cell to its last, on the real clock. No kernel is given its first cell
before all have started, so that all are at work together. Prints what each kernel takes of memory, the slowest finish
and how many failed. Memory is read when a kernel has run its last cell: on Linux as PSS, which counts what processes
share once, among them in equal parts; elsewhere as RSS, which counts it for each of them. The exit code is 1 if any
kernel failed.
"""

import argparse
import asyncio
import platform
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import nbformat
import psutil
from measuring import machine
from nbclient import NotebookClient

sys.path.insert(0, str(Path(__file__).parents[1]))

from clock.kernel import kernel_environment
from support.kernels import async_kernel_manager

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
STARTING_AT_ONCE = 4
"""Kernels that start at the same time; more of them only get into each other's way."""
CELL_TIMEOUT = 300
"""Seconds that one cell may take while all the others run."""


@dataclass
class Seat:
    """What came of one kernel.

    Attributes:
        seconds: from the first cell to the last; None if it failed.
        memory: bytes of its process after the last cell; None if it failed.
        problem: what went wrong, in one line.
    """

    seconds: float | None = None
    memory: int | None = None
    problem: str | None = None


class Classroom:
    """Runs one notebook in many kernels at a time.

    Args:
        path: the notebook.
        kernels: how many.
        environment: the environment variables of each kernel's process.
    """

    def __init__(self, path: Path, kernels: int, environment: dict[str, str]) -> None:
        self._path = path
        self._environment = environment
        self._starting = asyncio.Semaphore(STARTING_AT_ONCE)
        self._still_to_start = kernels
        self._all_started = asyncio.Event()
        self._at_work = 0
        self.most_at_work = 0
        self.seats = [Seat() for _ in range(kernels)]

    async def run(self) -> None:
        """Run the notebook in all kernels; what came of it stands in `seats` then."""
        await asyncio.gather(*map(self._sit, self.seats))

    async def _sit(self, seat: Seat) -> None:
        notebook = nbformat.read(self._path, as_version=4)
        client = NotebookClient(
            notebook,
            km=async_kernel_manager(),
            timeout=CELL_TIMEOUT,
            startup_timeout=CELL_TIMEOUT,
            resources={"metadata": {"path": str(self._path.parent)}},
        )
        try:
            async with AsyncExitStack() as stack:
                await self._start(client, stack)
                await self._work(client, seat)
        except Exception as problem:
            seat.problem = (str(problem).strip() or repr(problem)).splitlines()[-1]

    async def _start(self, client: NotebookClient, stack: AsyncExitStack) -> None:
        """Start a kernel that ends with the stack, and wait until all others have started, or failed to."""
        try:
            async with self._starting:
                client.reset_execution_trackers()
                await stack.enter_async_context(client.async_setup_kernel(env=self._environment, cleanup_kc=True))
        finally:
            self._still_to_start -= 1
            if not self._still_to_start:
                self._all_started.set()
        await self._all_started.wait()

    async def _work(self, client: NotebookClient, seat: Seat) -> None:
        self._at_work += 1
        self.most_at_work = max(self.most_at_work, self._at_work)
        try:
            began = time.perf_counter()
            for index, cell in enumerate(client.nb.cells):
                await client.async_execute_cell(cell, index)
            seat.seconds = time.perf_counter() - began
            seat.memory = memory_of(client.km.provisioner.pid)
        finally:
            self._at_work -= 1


def memory_of(process: int) -> int:
    """Return the memory of a process and of those that it has started, in bytes; see the top of this file."""
    parent = psutil.Process(process)
    found = [one.memory_full_info() for one in [parent, *parent.children(recursive=True)]]
    return sum(getattr(one, "pss", one.rss) for one in found)


def report(classroom: Classroom, path: Path) -> int:
    """Print what came of a classroom; return how many kernels failed."""
    done = [seat for seat in classroom.seats if seat.problem is None]
    failed = [seat for seat in classroom.seats if seat.problem is not None]
    kind = "PSS" if sys.platform == "linux" else "RSS"
    print(f"{machine()}, Python {platform.python_version()}, {path.name}")
    print(f"kernels                       {len(classroom.seats)}, of which {classroom.most_at_work} at work together")
    if done:
        memory = [seat.memory / 1e6 for seat in done]
        seconds = [seat.seconds for seat in done]
        print(f"memory per kernel ({kind})       {median(memory):.0f} MB, the most {max(memory):.0f} MB")
        print(f"memory of all ({kind})           {sum(memory) / 1e3:.1f} GB")
        print(f"from first cell to last       {median(seconds):.1f} s, the slowest {max(seconds):.1f} s")
    print(f"failed                        {len(failed)}")
    for problem in sorted({seat.problem for seat in failed}):
        print(f"  {problem}")
    return len(failed)


def main() -> int:
    """Run the classroom that the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(description="Run a notebook in many kernels at the same time.")
    parser.add_argument("--kernels", type=int, default=40, help="default: %(default)s")
    parser.add_argument("--notebook", type=Path, default=NOTEBOOKS / "01_sleepers.ipynb", help="default: chapter 01")
    asked = parser.parse_args()
    if asked.kernels < 1:
        parser.error("--kernels must be 1 or more")
    if not asked.notebook.is_file():
        parser.error(f"there is no notebook {asked.notebook}")
    with tempfile.TemporaryDirectory() as settings:
        environment = kernel_environment(Path(settings), clock="real")
        classroom = Classroom(asked.notebook.resolve(), asked.kernels, environment)
        asyncio.run(classroom.run())
    return 1 if report(classroom, asked.notebook) else 0


if __name__ == "__main__":
    sys.exit(main())
