"""Draws a timeline into axes of matplotlib, in matplotlib's habits, for figures of a reader's own.

Styles are the reader's, and so is the legend: everything has a label, and ``ax.legend()`` shows them.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from ..records import CANCELLED, EXCEPTION, STILL_RUNNING, Records
from . import raster
from .styles import DEADLINE, INK, READY, RECEIVED, RUNS, WAITING
from .text import one_line

MOST_NAMES = 40
LONGEST_NAME = 28
HALF = {WAITING: 0.04, READY: 0.24}
"""Half of a bar's height, where it is not `USUAL`; rows are 1 high."""
USUAL = 0.32
MARKERS = {EXCEPTION: "X", CANCELLED: "|", STILL_RUNNING: ">"}


def draw(ax: Axes, records: Records, deadline: float | None = None, title: str = "") -> Axes:
    """Draw a timeline into axes, one row a task, the first task on top.

    Args:
        ax: the axes to draw into.
        records: the records of one timeline.
        deadline: a moment to mark, in seconds since the timeline began, or None.
        title: the axes' new title; if "", they keep what they have.

    Returns:
        The same axes.
    """
    tasks = len(records)
    end = raster.last_moment(records, deadline)
    if tasks > ax.bbox.height:
        pixels, _ = raster.pixels(records, end, round(ax.bbox.width), round(ax.bbox.height))
        ax.imshow(pixels, extent=(0, end, tasks - 0.5, -0.5), aspect="auto", interpolation="nearest")
    else:
        for look, bars in raster.columns(records).items() if tasks else ():
            _draw_bars(ax, look, *bars)
        _mark(ax, records)
    ax.set_xlim(-0.015 * (end or 1.0), 1.03 * (end or 1.0))
    ax.set_ylim(max(tasks, 1) - 0.5, -0.5)
    if tasks <= MOST_NAMES:
        names = [one_line(name, LONGEST_NAME) for name in records.names]
        ax.set_yticks(range(tasks), names, parse_math=False)
    if ax.xaxis.get_tick_params()["labelbottom"]:  # else the numbers stand below other axes
        ax.set_xlabel("seconds")
    if deadline is not None:
        ax.axvline(deadline, color=DEADLINE, linestyle="--", label=f"deadline {deadline:g} s")
    if title:
        ax.set_title(one_line(title, 96), loc="left", parse_math=False)
    return ax


def _draw_bars(ax: Axes, look: raster.Look, rows: np.ndarray, start: np.ndarray, stop: np.ndarray) -> None:
    """Draw all bars of one kind."""
    half = HALF.get(look, USUAL)
    corners = np.empty((len(rows), 4, 2))  # right top, left top, left bottom, right bottom
    corners[:, 1:3, 0], corners[:, ::3, 0] = start[:, None], stop[:, None]
    corners[:, :2, 1], corners[:, 2:, 1] = rows[:, None] - half, rows[:, None] + half
    edge = look.ink if look is RUNS[EXCEPTION] else "none"
    ax.add_collection(PolyCollection(corners, facecolors=look.fill, edgecolors=edge, label=look.words), autolim=False)


def _mark(ax: Axes, records: Records) -> None:
    """Mark the ends of tasks that gave no result, and where outcomes were received."""
    outcomes, rows = np.frombuffer(records.outcomes, np.uint8), np.arange(len(records))
    finished = np.nan_to_num(np.array(records.finished), nan=records.ended)
    for outcome, marker in MARKERS.items():
        found = outcomes == outcome
        if found.any():
            color = RUNS[outcome].ink if outcome == EXCEPTION else INK
            ax.plot(finished[found], rows[found], marker, color=color, markersize=9, markeredgewidth=2)
    received = np.array(records.received)
    if not np.isnan(received).all():
        ax.plot(received, rows, "D", color=INK, markeredgecolor="white", label=RECEIVED.words)
