"""What it costs to record: `python tests/benchmarks/recording.py` prints a table for each Python found.

The workload is unmodified code, `as_completed` over many tasks of `asyncio.sleep(0)`, which do nothing but begin and
end: nothing hides what recording adds. Each ratio is the median of paired runs, recorded and bare in turn, in one
process and one event loop. Processor time of the whole block is counted, its beginning and end included. Memory is
what a timeline keeps after its block, before anything is displayed.

For scale, the last rows run the same tasks under viztracer, where it is installed, and in asyncio's debug mode.
"""

import argparse
import asyncio
import gc
import json
import math
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from statistics import median
from time import process_time

from measuring import machine

sys.path.insert(0, str(Path(__file__).parents[2] / "notebooks"))

from workshop.timeline.block import Timeline

SIZES = (100, 1_000, 10_000, 100_000)
OLDEST = (3, 11)
AT_LEAST = 10_000
"""A measurement takes so many tasks or more: small blocks are repeated until they are as many."""


async def bare(tasks: int) -> None:
    """Run the workload."""
    for next_result in asyncio.as_completed([asyncio.sleep(0) for _ in range(tasks)]):
        await next_result


async def recorded(tasks: int, steps: bool = False) -> Timeline:
    """Run the workload in a timeline."""
    async with Timeline(steps=steps) as timeline:
        for next_result in asyncio.as_completed([asyncio.sleep(0) for _ in range(tasks)]):
            await next_result
    return timeline


async def in_steps(tasks: int) -> Timeline:
    """Run the workload in a timeline that notes when each task runs."""
    return await recorded(tasks, steps=True)


async def debugged(tasks: int) -> None:
    """Run the workload in asyncio's debug mode."""
    loop = asyncio.get_running_loop()
    loop.slow_callback_duration = math.inf  # no warnings
    loop.set_debug(True)
    await asyncio.sleep(0)  # the loop puts the mode into effect, or ends it, at its next turn
    try:
        await bare(tasks)
    finally:
        loop.set_debug(False)
        await asyncio.sleep(0)


async def traced(tasks: int) -> None:
    """Run the workload under viztracer, which has tasks as one of its interests."""
    from viztracer import VizTracer

    tracer = VizTracer(log_async=True, verbose=0)
    tracer.start()
    try:
        await bare(tasks)
    finally:
        tracer.stop()
        tracer.clear()


async def microseconds(workload: Callable[[int], Awaitable[object]], tasks: int) -> float:
    """Return how much processor time a task takes."""
    blocks = max(1, AT_LEAST // tasks)
    gc.collect()  # so that nobody pays for what the one before left behind
    began = process_time()
    for _ in range(blocks):
        await workload(tasks)
    return (process_time() - began) / (blocks * tasks) * 1e6


async def paired(workload: Callable[[int], Awaitable[object]], tasks: int, runs: int) -> dict[str, float]:
    """Return medians: the bare task's microseconds, the workload's, and the workload's divided by bare."""
    await workload(min(tasks, 1_000))  # caches
    bares, others = [], []
    for run in range(runs):
        order = [(bare, bares), (workload, others)]
        for which, times in order if run % 2 else reversed(order):
            times.append(await microseconds(which, tasks))
    ratios = [other / own for own, other in zip(bares, others, strict=True)]
    return {"bare": median(bares), "other": median(others), "ratio": median(ratios)}


async def bytes_kept(workload: Callable[[int], Awaitable[Timeline]], tasks: int) -> float:
    """Return how much memory a timeline keeps of each task after its block."""
    await workload(tasks)  # asyncio's set of all tasks keeps the size that it had
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    timeline = await workload(tasks)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del timeline
    return (after - before) / tasks


async def measure(quick: bool) -> Iterator[dict[str, object]]:
    """Yield the rows of this Python's table, each as soon as it is known."""
    for tasks in SIZES:
        runs = (3 if quick else 9) if tasks == max(SIZES) else (5 if quick else 15)
        for what, workload in (("Timeline", recorded), ("Timeline(steps=True)", in_steps)):
            kept = await bytes_kept(workload, tasks)
            yield {"tasks": tasks, "what": what, "bytes": kept, **await paired(workload, tasks, runs)}
    scale = {"viztracer with log_async": traced, "asyncio debug mode": debugged}
    for what, workload in scale.items():
        try:
            row = await paired(workload, AT_LEAST, 1 if quick else 3)
        except ImportError:
            row = {"missing": "not installed: pip install viztracer"}
        yield {"tasks": AT_LEAST, "what": what, **row}


async def print_rows(quick: bool) -> None:
    """Print this Python's rows as JSON, one a line."""
    async for row in measure(quick):
        print(json.dumps(row), flush=True)


def candidates() -> Iterator[str]:
    """Yield commands that may be a Python to measure: this one first, those on the path, those of pyenv."""
    yield sys.executable
    for minor in range(OLDEST[1], OLDEST[1] + 10):
        if found := shutil.which(f"python3.{minor}"):
            yield found
    yield from map(str, sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"), reverse=True))


def pythons() -> dict[str, str]:
    """Return commands by version, one a minor version: a command may be there and yet start nothing."""
    found: dict[tuple[int, int], tuple[str, str]] = {}
    question = "import platform, sys, asyncio; print(*sys.version_info[:2], platform.python_version())"
    for command in candidates():
        answer = subprocess.run([command, "-c", question], capture_output=True, encoding="utf-8", check=False)
        if answer.returncode == 0:
            major, minor, version = answer.stdout.split()
            if (int(major), int(minor)) >= OLDEST:
                found.setdefault((int(major), int(minor)), (version, command))
    return {version: command for _, (version, command) in sorted(found.items())}


def show(row: dict[str, object]) -> str:
    """Return a row of a table as text."""
    if "missing" in row:
        return f"{row['tasks']:>9,}  {row['what']}: {row['missing']}"
    kept = f"{row['bytes']:>13.0f}" if "bytes" in row else f"{'':>13}"
    return f"{row['tasks']:>9,}  {row['what']:<24}  {row['bare']:>12.2f}  {row['ratio']:>12.2f}  {kept}"


def main() -> None:
    """Measure on every Python found, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs: a minute, and rougher numbers")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # this Python only, as JSON
    options = parser.parse_args()
    if options.here:
        asyncio.run(print_rows(options.quick))
        return

    print(machine())
    for version, command in pythons().items():
        print(f"\nPython {version}")
        print(f"{'tasks':>9}  {'with':<24}  {'bare, us/task':>12}  {'to bare':>12}  {'kept, B/task':>13}", flush=True)
        arguments = [command, __file__, "--here", *(["--quick"] if options.quick else [])]
        times = {}
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, encoding="utf-8") as process:
            for line in process.stdout:
                row = json.loads(line)
                print(show(row), flush=True)
                if row["what"] == "Timeline":
                    times[row["tasks"]] = row
        if process.returncode:
            sys.exit(f"Python {version} failed; run it alone: {' '.join(arguments)}")
        for which, words in (("other", "recorded"), ("bare", "bare")):
            exponent = math.log(100 * times[100_000][which] / times[1_000][which], 100)
            print(f"from 1,000 to 100,000 tasks the time of {words} code grows as n^{exponent:.2f}")


if __name__ == "__main__":
    main()
