"""How fast timelines are drawn: `python tests/benchmarks/pictures.py` prints a table.

Each row is the median of paired runs, one after the other in one process: our picture, and what it is held against.
Processor time is counted, of making the SVG document, or of making the figure and rendering it to PNG. A hundred
thousand calls of `ax.barh` take minutes, so their time is ten times that of ten thousand unless `--full` asks for all.
"""

import argparse
import platform
import random
import sys
from array import array
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from statistics import median

from measuring import machine, seconds

sys.path.insert(0, str(Path(__file__).parents[2] / "notebooks"))

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from workshop.timeline.records import RESULT, Records
from workshop.timeline.views.svg import HIGHEST, WIDTH, Panel, picture


def workload(tasks: int, waiting: bool) -> Records:
    """Return records of tasks that last up to ten seconds, received at once or, `waiting`, within half a second."""
    chance = random.Random(1)
    started = array("d", (task / tasks * 0.5 for task in range(tasks)))
    finished = array("d", (start + chance.uniform(0.5, 9.0) for start in started))
    received = array("d", (finish + waiting * chance.uniform(0, 0.5) for finish in finished))
    created = array("d", bytes(8 * tasks)) if waiting else started
    names = [f"sleeper({task})" for task in range(tasks)]
    return Records(names, created, started, finished, received, bytearray([RESULT]) * tasks, 10.0)


def timeline(records: Records) -> Callable[[], object]:
    """Return a function that makes and renders our picture."""
    return lambda: picture([Panel("", records)])


def plain_figure(size: tuple[float, float], records: Records | None = None) -> Callable[[], object]:
    """Return a function that makes and renders a figure of this size in inches, empty or with one `barh` a task."""

    def draw() -> None:
        figure = Figure(figsize=size, dpi=100)
        FigureCanvasAgg(figure)
        ax = figure.subplots()
        if records is not None:
            for row, (start, finish) in enumerate(zip(records.started, records.finished, strict=True)):
                ax.barh(row, finish - start, left=start)
        figure.savefig(BytesIO(), format="png")

    return draw


def paired(ours: Callable[[], object], other: Callable[[], object], runs: int) -> tuple[float, float, float]:
    """Return the medians of our seconds, the other's seconds, and other divided by ours."""
    pairs = [(seconds(ours), seconds(other)) for _ in range(runs)]
    return (
        median(own for own, _ in pairs),
        median(other for _, other in pairs),
        median(other / own for own, other in pairs),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="draw all 100,000 bars with barh, which takes minutes")
    parser.add_argument("--runs", type=int, default=5, help="paired runs against an empty figure (default: 5)")
    parser.add_argument("--bar-runs", type=int, default=3, help="paired runs against barh (default: 3)")
    options = parser.parse_args()

    print(f"Python {platform.python_version()}, matplotlib {matplotlib.__version__}, {machine()}")
    print(f"{'tasks':>9}  {'against':<36}  {'ours, s':>8}  {'other, s':>8}  {'ratio':<20}  aim")
    size = WIDTH / 100, HIGHEST / 100
    timeline(workload(1000, False))()  # imports and caches
    plain_figure(size)()

    def row(tasks: int, against: str, ours: float, other: float, ratio: str, aim: str) -> None:
        print(f"{tasks:>9,}  {against:<36}  {ours:>8.3f}  {other:>8.3f}  {ratio:<20}  {aim}", flush=True)

    records = workload(10_000, False)
    ours, bars, faster = paired(timeline(records), plain_figure(size, records), options.bar_runs)
    row(10_000, "one barh per task", ours, bars, f"{faster:.0f} times faster", "150 times faster")

    records = workload(100_000, False)
    if options.full:
        ours, other, faster = paired(timeline(records), plain_figure(size, records), 1)
        row(100_000, "one barh per task", ours, other, f"{faster:.0f} times faster", "500 times faster")
    else:
        ours = median(seconds(timeline(records)) for _ in range(options.runs))
        row(
            100_000,
            "one barh per task, 10 times 10,000",
            ours,
            10 * bars,
            f"{10 * bars / ours:.0f} times faster",
            "500 times faster",
        )

    for tasks in (10_000, 100_000, 1_000_000):
        for waiting, words in (False, "empty figure"), (True, "empty figure; waiting drawn too"):
            records = workload(tasks, waiting)
            ours, other, faster = paired(timeline(records), plain_figure(size), options.runs)
            row(
                tasks,
                words,
                ours,
                other,
                f"{1 / faster:.1f} times as long",
                "at most 3 times" if tasks == 10**6 else "",
            )


if __name__ == "__main__":
    main()
