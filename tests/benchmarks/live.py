"""What the live view costs the tasks that it shows: `python tests/benchmarks/live.py` prints a table.

In a real kernel, the same sleepers run in a timeline without and with the live view, in turn. Of each pair the table
tells how much later each sleeper finished with the view, and for how long one frame held up the event loop.
"""

import argparse
import json
import platform
import sys
import tempfile
from pathlib import Path
from statistics import median

from measuring import machine
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

sys.path.insert(0, str(Path(__file__).parents[1]))

from clock.kernel import kernel_environment
from support.kernels import async_kernel_manager

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"

PREPARE = """
import asyncio, json, time
from workshop import Timeline
from workshop.timeline.views.live import LiveView

frames = []
tick = LiveView._tick

def measured(view):
    began = time.perf_counter()
    tick(view)
    frames.append(time.perf_counter() - began)

LiveView._tick = measured

async def sleeper(seconds):
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    return time.perf_counter() - began - seconds

async def lateness(live):
    async with Timeline("Sleepers", live=live, fps={fps}) as timeline:
        results = []
        for result in asyncio.as_completed([sleeper({seconds} * (n + 1) / {bars}) for n in range({bars})]):
            results.append(await result)
    return results

await asyncio.sleep(0.5)
"""
BARE = "print(json.dumps(await lateness(False)))"
LIVE = "frames.clear()\nlate = await lateness(True)\nprint(json.dumps([late, frames]))"


def printed(cell: dict) -> list:
    """Return what a cell printed as JSON."""
    return json.loads(next(output.text for output in cell.outputs if output.output_type == "stream"))


def measure(bars: int, seconds: float, fps: int, pairs: int) -> tuple[list[list[float]], list[float]]:
    """Return by pair how much later each sleeper finished with the view, and how long frames took, all in seconds."""
    prepare = PREPARE.format(bars=bars, seconds=seconds, fps=fps)
    notebook = new_notebook(cells=[new_code_cell(source) for source in [prepare, *[BARE, LIVE] * pairs]])
    client = NotebookClient(
        notebook,
        km=async_kernel_manager(),
        timeout=int(60 + 2 * seconds),
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    )
    with tempfile.TemporaryDirectory() as settings:
        client.execute(env=kernel_environment(Path(settings), clock="real") | {"WORKSHOP_LIVE": "1"}, cleanup_kc=True)
    shifts, frames = [], []
    for bare, live in zip(notebook.cells[1::2], notebook.cells[2::2], strict=True):
        late, took = printed(live)
        shifts.append([with_view - without for with_view, without in zip(late, printed(bare), strict=True)])
        frames += took
    return shifts, frames


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bars", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long the last sleeper sleeps (default: 4)")
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {machine()}")
    shifts, frames = measure(options.bars, options.seconds, options.fps, options.pairs)
    every = [shift for pair in shifts for shift in pair]
    rate = len(frames) / (options.pairs * options.seconds)
    print(f"{options.bars} sleepers, {options.seconds:g} s, {options.pairs} pairs, {rate:.1f} frames a second drawn")
    rows = [
        ("a sleeper finishes later with the view, median", median(every), ""),
        ("the same, the latest of all", max(every), "at most 5 ms"),
        ("one frame holds up the loop, median", median(frames), "under 2 ms"),
        ("the same, the longest", max(frames), ""),
    ]
    for words, value, aim in rows:
        print(f"{words:<50} {value * 1e3:>7.2f} ms  {aim}".rstrip())


if __name__ == "__main__":
    main()
