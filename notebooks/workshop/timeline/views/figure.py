"""The matplotlib picture of a timeline. It runs no task, and knows only the records.

Up to one task for two rows of pixels every task gets a bar. Of more tasks the exact share of each pixel that their
bars cover is painted: bars thinner than that would be rounded to pixels, most of them away.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from functools import cache
from io import BytesIO
from itertools import count
from math import ceil
from textwrap import fill
from typing import Any, NamedTuple

import matplotlib.style
import numpy as np
from matplotlib.artist import Artist, allow_rasterization
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import Formatter, FuncFormatter, Locator, NullLocator
from matplotlib.transforms import ScaledTranslation

from ..records import CANCELLED, EXCEPTION, RESULT, STILL_RUNNING, Records
from .styles import DEADLINE, INK, READY, RUNS, WAITING, Look
from .text import NO_TASK, one_line

FONT = "DejaVu Sans"
FONT_SIZE = 13
TITLE_SIZE = 15
LONGEST_LABEL = 28
LONGEST_TITLE = 96
TITLE_LINE = 48
MARKER_SIZE = 10

WIDTH = 9.0
DPI = 100
ROW = 0.4
"""Height in inches of a task's row while there is room for it."""
HIGHEST_ALONE, HIGHEST_AMONG_OTHERS = 5.2, 3.6
"""Most inches a panel's rows take, in a picture of its own and above or below other panels."""
RIGHT, AXIS_HEIGHT, LEGEND_LINE_HEIGHT, TITLE_LINE_HEIGHT, DEADLINE_HEIGHT = 0.2, 0.68, 0.275, 0.27, 0.27
"""Inches that are kept for what stands around the rows."""
LEGEND_COLUMN = 2.4
"""Least width in inches of a column of the legend."""
BLOCK = 1 << 14
"""Bars that are added to a coverage image at a time: few enough to stay in the processor's cache."""
SHORTEST = 3
"""Pixels from which on a task's waits before and after its bar are told apart from the bar's edge and the marker."""
ROOMY = 14
"""From this row height in pixels on, bars have outlines and hatches."""
ROOMY_HALF, THIN_HALF = 0.32, 0.4
"""Half the height of a task's bar in rows, from that row height on and below."""
HAIRLINE = 2
"""Pixels that a step is wide at least, where every task has a bar. Of steps closer together than that, the first to
the last count as one."""


RUNNING = Look("running", "#0B2E4F", "#0B2E4F")
"""Of a timeline that knows when its tasks ran: the stretches between their waits, dark on the light bars below."""
RUNS_IN_STEPS = {
    RESULT: Look("waiting, then a result", "#C3DDF0", "#1F5F91"),
    EXCEPTION: RUNS[EXCEPTION]._replace(words="waiting, then an exception", fill="#FBDCC5"),
    CANCELLED: RUNS[CANCELLED]._replace(words="waiting, then cancelled", fill="#E6E6E6"),
    STILL_RUNNING: RUNS[STILL_RUNNING]._replace(words="waiting, still not done"),
}
RECEIVED = Line2D(
    [], [], linestyle="none", marker="D", markersize=9, markerfacecolor=INK, markeredgecolor="white", label="received"
)


class Panel(NamedTuple):
    """One timeline of a picture.

    Attributes:
        title: what stands above it; may be "".
        records: its records.
        deadline: a moment to mark, in seconds since the timeline began, or None.
    """

    title: str
    records: Records
    deadline: float | None = None


def draw(ax: Axes, records: Records, deadline: float | None = None, title: str = "") -> Axes:
    """Draw a timeline into axes, one row a task, the first task on top, with a legend below.

    Args:
        ax: the axes to draw into. If they leave the numbers of the time axis to others below them, its label too.
        records: the records of one timeline.
        deadline: a moment to mark, in seconds since the timeline began, or None.
        title: the axes' new title; if "", they keep what they have.

    Returns:
        The same axes.
    """
    with _defaults():
        kinds = _draw_tasks(ax, records, _end(records, deadline))
        if deadline is not None:
            _draw_deadline(ax, deadline)
        if title:
            _entitle(ax, _wrapped(title))
        with_numbers = ax.xaxis.get_tick_params()["labelbottom"]
        if not with_numbers:
            ax.set_xlabel("")
        if kinds:
            _add_legend(ax, kinds, lines_above=3.5 if with_numbers else 0.8)
    return ax


def figure_size(records: Records) -> tuple[float, float]:
    """Return the width and height, in inches, of a figure that has room for one timeline as `draw` draws it."""
    return WIDTH, min(ROW * max(len(records), 1.5), HIGHEST_ALONE) + AXIS_HEIGHT + 4 * LEGEND_LINE_HEIGHT + 0.7


def picture(panels: Sequence[Panel | tuple[str, Records]]) -> Figure:
    """Return a figure of timelines, one above the other on one time axis, with one legend for all.

    Args:
        panels: of each timeline the title, the records and, if it has one, the deadline.

    Raises:
        ValueError: if there is no panel.
    """
    if not panels:
        raise ValueError("there is nothing to draw: expected at least one pair of a title and records")
    panels = [Panel(*panel) for panel in panels]
    highest = HIGHEST_ALONE if len(panels) == 1 else HIGHEST_AMONG_OTHERS
    heights = [min(ROW * max(len(records), 1.5), highest) for _, records, _ in panels]
    titles = [_wrapped(title) for title, _, _ in panels]
    title_heights = [
        0.13 + TITLE_LINE_HEIGHT * len(title.splitlines()) + DEADLINE_HEIGHT * (panel.deadline is not None)
        for title, panel in zip(titles, panels, strict=True)
    ]
    end = max(_end(records, deadline) for _, records, deadline in panels)
    with _defaults():
        figure = Figure(figsize=(WIDTH, sum(heights) + sum(title_heights)), dpi=DPI, facecolor="white")
        renderer = FigureCanvasAgg(figure).get_renderer()
        kinds = set()
        left = 0.0
        axes = []
        for (_, records, deadline), height, title in zip(panels, heights, titles, strict=True):
            ax = figure.add_axes((0, 0, 1 - RIGHT / WIDTH, height / figure.get_figheight()))
            axes.append(ax)
            kinds |= _draw_tasks(ax, records, end)
            if deadline is not None:
                _draw_deadline(ax, deadline)
            _entitle(ax, title)
            if names := ax.yaxis.get_tightbbox(renderer):
                left = max(left, -names.x0 / DPI)
        left += 0.05
        for ax in axes[:-1]:
            ax.tick_params(labelbottom=False)
            ax.set_xlabel("")
        legend = _legend(kinds, WIDTH)
        legend_lines = ceil(len(legend["handles"]) / legend["ncols"])
        if legend_lines:
            figure.legend(loc="lower left", borderaxespad=0.3, **legend)

        bottom = AXIS_HEIGHT + LEGEND_LINE_HEIGHT * legend_lines
        total = bottom + sum(heights) + sum(title_heights)
        figure.set_figheight(total)
        for ax, height, title_height in reversed(list(zip(axes, heights, title_heights, strict=True))):
            ax.set_position((left / WIDTH, bottom / total, (WIDTH - left - RIGHT) / WIDTH, height / total))
            bottom += height + title_height
        for ax in axes[1:]:
            ax.sharex(axes[0])
    return figure


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG file; the same figure gives the same bytes.

    Args:
        figure: what `picture` returned, or any figure.
    """
    file = BytesIO()
    with _defaults():
        figure.savefig(file, format="png", dpi="figure", metadata={"Software": None}, pil_kwargs={"compress_level": 1})
    return file.getvalue()


def coverage(
    rows: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    width: int,
    height: int,
    thickness: float = 1.0,
) -> np.ndarray:
    """Return the share of each pixel that is covered by horizontal bars, exact but for rounding.

    Args:
        rows: the middle of each bar.
        start: where each bar begins; one that begins or ends at NaN covers nothing.
        end: where each bar ends.
        xlim: what the left and right edges of the image stand for.
        ylim: what the lower and upper edges of the image stand for.
        width: pixels in a row.
        height: rows of pixels.
        thickness: how high each bar is; rows are 1 high.

    Returns:
        An array of `height` rows, from top to bottom, and `width` columns.
    """
    left, right = xlim
    bottom, top = ylim
    across, down = width / (right - left), height / (bottom - top)
    steps = np.zeros((height, width + 2))  # where coverage rises and falls along each row
    for first in range(0, len(rows), BLOCK):
        block = slice(first, first + BLOCK)
        upper = (rows[block] - np.copysign(0.5 * thickness, down) - top) * down
        _add_steps(steps, (start[block] - left) * across, (end[block] - left) * across, upper, thickness * abs(down))
    return steps.cumsum(axis=1)[:, :width]


def _add_steps(steps: np.ndarray, start: np.ndarray, end: np.ndarray, top: np.ndarray, thickness: float) -> None:
    """Add bars to the steps by which coverage rises and falls along each row of pixels.

    Args:
        steps: one row for each row of pixels, with two columns more than there are pixels.
        start: where each bar begins, in pixels from the left.
        end: where each bar ends.
        top: where each bar's upper edge is, in pixels from the top.
        thickness: how high each bar is, in pixels.
    """
    height, columns = steps.shape
    bottom = np.minimum(top + thickness, height)
    top = np.maximum(top, 0.0)
    start, end = np.clip(start, 0.0, columns - 2), np.clip(end, 0.0, columns - 2)
    visible = (end > start) & (bottom > top)
    if not visible.all():
        start, end, top, bottom = start[visible], end[visible], top[visible], bottom[visible]
    steps = steps.reshape(-1)
    while len(top):  # a bar that lies across several rows is added row by row
        row = top.astype(np.intp)
        share = np.minimum(bottom, row + 1.0) - top
        for x, weight in ((start, share), (end, -share)):
            column = x.astype(np.intp)
            cell = row * columns + column
            right = weight * (x - column)
            np.add.at(steps, cell, weight - right)
            np.add.at(steps, cell + 1, right)
        across = bottom - row > 1 + 1e-9
        start, end, top, bottom = start[across], end[across], row[across] + 1.0, bottom[across]


class AxesImage(Artist):
    """An image that fills its axes, made for whatever pixels they have when they are drawn."""

    @allow_rasterization
    def draw(self, renderer: RendererBase) -> None:
        """Paint the image over the whole of the axes."""
        if not self.get_visible():
            return
        scale = renderer.get_image_magnification()
        box = self.axes.bbox
        image = self.image(round(box.width * scale), round(box.height * scale))
        context = renderer.new_gc()
        context.set_clip_rectangle(box)
        renderer.draw_image(context, round(box.x0), round(box.y0), image[::-1])
        context.restore()
        self.stale = False

    def image(self, width: int, height: int) -> np.ndarray:
        """Return the image of the axes as it is for so many pixels, in rows from top to bottom of RGBA bytes."""
        raise NotImplementedError


class CoverageImage(AxesImage):
    """Bars of many tasks, painted for whatever pixels the axes have when they are drawn."""

    def __init__(self, bars: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray]]) -> None:
        """Keep what is to be painted.

        Args:
            bars: for each kind of bar its colour, and of each bar the row and the times of start and end.
        """
        super().__init__()
        self.bars = bars
        self._painted: tuple[Any, np.ndarray] | None = None

    def image(self, width: int, height: int) -> np.ndarray:
        """Return the image of the axes as it is for so many pixels, in rows from top to bottom of RGBA bytes."""
        wanted = width, height, *self.axes.get_xlim(), *self.axes.get_ylim()
        if self._painted is None or self._painted[0] != wanted:
            planes = [np.full((height, width), 255.5) for _ in "RGB"]  # half a step more: cut off when made bytes
            for color, share in self.shares(width, height):
                for plane, light in zip(planes, to_rgb(color), strict=True):
                    plane -= share * (255 * (1 - light))
            image = np.full((height, width, 4), 255, np.uint8)
            for channel, plane in enumerate(planes):
                image[..., channel] = plane
            self._painted = wanted, image
        return self._painted[1]

    def shares(self, width: int, height: int) -> Iterable[tuple[str, np.ndarray]]:
        """Yield each kind's colour and the share of each pixel that its bars cover."""
        for color, rows, start, end in self.bars:
            yield color, coverage(rows, start, end, self.axes.get_xlim(), self.axes.get_ylim(), width, height)


class StepsImage(AxesImage):
    """The steps of tasks, painted dark over their bars, for whatever pixels the axes have when they are drawn."""

    def __init__(self, steps: "_Steps", half: float) -> None:
        """Keep what is to be painted.

        Args:
            steps: the steps.
            half: half a bar's height; rows are 1 high.
        """
        super().__init__()
        self.steps = steps
        self.half = half
        self.set_zorder(2)  # over bars, under marks

    def image(self, width: int, height: int) -> np.ndarray:
        """Return the image of the axes as it is for so many pixels, in rows from top to bottom of RGBA bytes."""
        share = self.share(width, height)
        image = np.empty((*share.shape, 4), np.uint8)
        image[..., :3] = np.multiply(to_rgb(RUNNING.fill), 255).round()
        image[..., 3] = (255 * share).round()
        return image

    def share(self, width: int, height: int) -> np.ndarray:
        """Return how much of each pixel is painted, in an image of the axes of so many pixels."""
        xlim, ylim = self.axes.get_xlim(), self.axes.get_ylim()
        bars = self.steps.at_least(HAIRLINE * abs(xlim[1] - xlim[0]) / width)
        return np.clip(coverage(*bars, xlim, ylim, width, height, 2 * self.half), 0, 1)


class _Steps(NamedTuple):
    """The steps of a timeline's tasks, in columns, one task after another."""

    tasks: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    stops: np.ndarray
    """Of each step's task, when its bar ends."""

    @classmethod
    def of(cls, records: Records, stops: np.ndarray) -> "_Steps":
        """Return the steps of a timeline whose bars end at `stops`."""
        steps = records.steps
        tasks = np.repeat(np.arange(len(records)), np.diff(np.array(steps.firsts)))
        return cls(tasks, np.array(steps.begins), np.array(steps.ends), stops[tasks])

    def at_least(self, seconds: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return rows, begins and ends of the steps, the short and lonely ones made that long."""
        if not len(self.tasks):
            return self.tasks, self.begins, self.ends
        first = np.ones(len(self.tasks), bool)  # of a group of steps that are close together
        first[1:] = (self.tasks[1:] != self.tasks[:-1]) | (self.begins[1:] - self.ends[:-1] >= seconds)
        starts = np.flatnonzero(first)
        lasts = np.append(starts[1:], len(first)) - 1
        short = self.ends[lasts] - self.begins[starts] < seconds
        exact = ~np.repeat(short, lasts - starts + 1)
        line = starts[short]
        end = np.maximum(np.minimum(self.begins[line] + seconds, self.stops[line]), self.ends[lasts[short]])
        begin = np.minimum(end - seconds, self.begins[line])
        return (
            np.append(self.tasks[exact], self.tasks[line]),
            np.append(self.begins[exact], begin),
            np.append(self.ends[exact], end),
        )

    def waits(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return rows, begins and ends of what the bars show between the steps."""
        ends = self.stops.copy()
        same = self.tasks[1:] == self.tasks[:-1]
        ends[:-1][same] = self.begins[1:][same]
        return self.tasks, self.ends, ends


class _NameLocator(Locator):
    """Puts a tick at every task, or at every so many that their names don't overlap at the axes' present height."""

    def __init__(self, tasks: int) -> None:
        self.tasks = tasks

    def __call__(self) -> np.ndarray:
        bottom, top = sorted(self.axis.get_view_interval())
        row = self.axis.axes.bbox.height / (top - bottom)
        line = FONT_SIZE * self.axis.axes.figure.dpi / 72
        steps = (leading * 10**zeros for zeros in count() for leading in (1, 2, 5))
        enough = 1.35 if row >= 1.35 * line else 2
        step = next(step for step in steps if step * row >= enough * line or step >= self.tasks)
        return np.array([task for task in range(0, self.tasks, step) if bottom <= task <= top], float)

    def tick_values(self, vmin: float, vmax: float) -> np.ndarray:
        return self()


class _NameFormatter(Formatter):
    """Labels each tick with its task's name, as plain text."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def __call__(self, x: float, pos: int | None = None) -> str:
        task = round(x)
        return _drawable(one_line(self.names[task], LONGEST_LABEL)) if 0 <= task < len(self.names) else ""

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        for tick in self.axis.get_major_ticks(len(values)):
            tick.label1.set(parse_math=False, usetex=False, fontfamily=FONT)
        return [self(value) for value in values]


def _defaults() -> AbstractContextManager[None]:
    """Set aside the reader's own styles, so that a picture looks the same everywhere."""
    return matplotlib.style.context("default")


@cache
def _characters() -> frozenset[int]:
    """Return the characters that the font can draw."""
    return frozenset(get_font(fontManager.findfont(FontProperties(family=FONT))).get_charmap())


def _drawable(text: str) -> str:
    """Return a text in which "□" stands for every character that the font lacks."""
    return "".join(c if c == "\n" or ord(c) in _characters() else "□" for c in text)


def _end(records: Records, deadline: float | None) -> float:
    """Return the last moment that a picture shows, in seconds since the timeline began."""
    moments = [records.ended, deadline or 0.0]
    for column in (records.finished, records.received):
        if column:
            moments.append(np.fmax.reduce(np.frombuffer(column)))
    return float(np.fmax.reduce(moments))


def _limits(end: float) -> tuple[float, float]:
    """Return the limits of a time axis that ends at `end`, with room for markers at both ends."""
    length = end if end > 0 else 1.0
    return -0.015 * length, 1.03 * length


def _draw_tasks(ax: Axes, records: Records, end: float) -> set[Any]:
    """Draw everything but the legend, and return the kinds of marks that were used.

    Args:
        ax: the axes to draw into.
        records: the records of one timeline.
        end: the last moment that the time axis shows, in seconds.
    """
    tasks = len(records)
    _dress(ax, records.names, end)
    if not tasks:
        ax.text(
            0.5,
            0.5,
            NO_TASK,
            transform=ax.transAxes,
            ha="center",
            va="center",
            fontsize=FONT_SIZE,
            fontfamily=FONT,
            color=INK,
        )
        return set()
    times = (records.created, records.started, records.finished, records.received)
    created, started, finished, received = (np.frombuffer(column) for column in times)
    outcomes = np.frombuffer(records.outcomes, np.uint8)
    never_started, unfinished = np.isnan(started), np.isnan(finished)
    # A result or an exception that nobody took is ready to the end.
    taken = np.where(np.isnan(received) & (outcomes != CANCELLED), records.ended, received)
    stopped = np.where(unfinished, records.ended, finished)
    begun = np.where(never_started, stopped, started)
    height = ax.bbox.height
    pixel = end / max(ax.bbox.width, 1)
    rows = np.arange(tasks, dtype=float)

    as_image = tasks > height / 2
    shortest = pixel / 2 if as_image else SHORTEST * pixel
    bars = {}
    for look, start, stop in ((WAITING, created, begun), (READY, finished, taken)):
        visible = stop - start > shortest
        if visible.any():
            bars[look] = (rows, start, stop) if as_image else (rows[visible], start[visible], stop[visible])
    # A task that never started has no bar, but an end if it was cancelled.
    has_bar = ~(never_started & unfinished)
    steps = None if records.steps is None else _Steps.of(records, stopped)
    running = steps is not None and len(steps.tasks) > 0
    for outcome, look in (RUNS if steps is None else RUNS_IN_STEPS).items():
        chosen = (outcomes == outcome) & has_bar
        if as_image and steps is not None:
            chosen = chosen[steps.tasks]  # the bars are what lies between the steps
            if chosen.any():
                bars[look] = tuple(column[chosen] for column in steps.waits())
        elif chosen.all():
            bars[look] = rows, begun, stopped
        elif chosen.any():
            bars[look] = rows[chosen], begun[chosen], stopped[chosen]

    if as_image:
        if running:
            bars[RUNNING] = steps.tasks, steps.begins, steps.ends
        ax.add_artist(CoverageImage([(look.fill, *bar) for look, bar in bars.items()]))
        ax.set_axisbelow(False)
        return set(bars)
    for look, bar in bars.items():
        _draw_bars(ax, look, *bar, height / tasks, pixel)
    kinds = set(bars)
    if running:
        ax.add_artist(StepsImage(steps, ROOMY_HALF if height / tasks >= ROOMY else THIN_HALF))
        kinds.add(RUNNING)
    taken = ~np.isnan(received)
    if taken.any():
        _mark(ax, RECEIVED, rows[taken], received[taken], height / tasks)
        kinds.add(RECEIVED)
    return kinds


def _dress(ax: Axes, names: Sequence[str], end: float) -> None:
    """Set everything about the axes that is not a task: limits, ticks, labels, grid and background."""
    ax.set_facecolor("white")
    ax.set_xlim(*_limits(end))
    ax.set_ylim(max(len(names), 1) - 0.5, -0.5)
    ax.set_xlabel("seconds", fontsize=FONT_SIZE, fontfamily=FONT)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda time, _: f"{time:g}" if time else "0"))
    ax.yaxis.set_major_locator(_NameLocator(len(names)))
    ax.yaxis.set_major_formatter(_NameFormatter(names))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.tick_params(labelsize=FONT_SIZE, labelfontfamily=FONT)
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "top", "right"]].set_visible(False)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color="#808080", alpha=0.3, linewidth=0.8, linestyle="-")
    ax.set_axisbelow(True)


def _draw_deadline(ax: Axes, deadline: float) -> None:
    """Draw a line across all rows at a moment, in seconds, with its label above the axes and below their title."""
    ax.axvline(deadline, color="white", linewidth=4.5 * 72 / DPI, zorder=2.4)  # over bars, under marks
    ax.axvline(deadline, color=DEADLINE, linewidth=2.5 * 72 / DPI, dashes=(3.6, 1.6), zorder=2.5)
    above = ax.secondary_xaxis("top")  # matplotlib puts titles above its labels
    above.set_ticks([deadline], [f"deadline {deadline:g} s"])
    above.tick_params(length=0, pad=3, labelsize=FONT_SIZE, labelfontfamily=FONT, labelcolor=DEADLINE)
    above.spines["top"].set_visible(False)
    left, right = ax.get_xlim()
    (label,) = above.get_xticklabels()
    label.set_horizontalalignment("left" if deadline < (left + right) / 2 else "right")


def _draw_bars(
    ax: Axes, look: Look, rows: np.ndarray, start: np.ndarray, stop: np.ndarray, row_height: float, pixel: float
) -> None:
    """Draw all bars of one kind.

    Args:
        ax: the axes to draw into.
        look: the kind of bar.
        rows: each bar's row.
        start: when each bar begins, in seconds.
        stop: when each bar ends.
        row_height: pixels from one row to the next.
        pixel: seconds that one pixel stands for.
    """
    if look is WAITING:
        lines = np.stack([np.column_stack((start, rows)), np.column_stack((stop, rows))], axis=1)
        width = min(2.0, 0.2 * row_height)
        ax.add_collection(LineCollection(lines, colors=look.edge, linewidths=width, capstyle="butt"), autolim=False)
        return
    roomy = row_height >= ROOMY
    half = (0.13 if roomy else 0.25) if look is READY else (ROOMY_HALF if roomy else THIN_HALF)
    corners = np.empty((len(rows), 4, 2))  # right top, left top, left bottom, right bottom
    corners[:, 1:3, 0], corners[:, ::3, 0] = start[:, None], stop[:, None]
    corners[:, :2, 1], corners[:, 2:, 1] = rows[:, None] - half, rows[:, None] + half
    still_running = look in (RUNS[STILL_RUNNING], RUNS_IN_STEPS[STILL_RUNNING])
    # Thin bars are not snapped to pixels: their heights would come out unequal.
    boxes = PolyCollection(
        corners,
        facecolors=look.fill,
        edgecolors=look.edge if roomy and not still_running else "none",
        hatch=look.hatch if roomy else None,
        snap=None if roomy else False,
    )
    ax.add_collection(boxes, autolim=False)
    if still_running and roomy:
        ax.add_collection(LineCollection(corners, colors=look.edge, linewidths=1.2, linestyles="--"), autolim=False)
    if look.marker:
        marker = _marker(look)
        if still_running:
            _mark(ax, marker, rows, stop, row_height)
            return
        # The mark stands in the bar's end, or after a bar too short for it, and so beside the mark of receiving.
        inside = stop - start > 2 * MARKER_SIZE * ax.figure.dpi / 72 * pixel
        _mark(ax, marker, rows[inside], stop[inside], row_height, aside=-1)
        _mark(ax, marker, rows[~inside], stop[~inside], row_height, aside=1)


def _marker(look: Look) -> Line2D:
    """Return the mark of how a task ended."""
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=look.marker,
        markersize=MARKER_SIZE,
        markerfacecolor=look.marker_color,
        markeredgecolor="white",
    )


def _mark(ax: Axes, like: Line2D, rows: np.ndarray, times: np.ndarray, row_height: float, aside: int = 0) -> None:
    """Put a mark in each row at its time, or beside it: to the left for -1, to the right for 1."""
    size = max(3.5, min(like.get_markersize(), 0.45 * row_height * 72 / ax.figure.dpi))
    beside = ScaledTranslation(aside * 0.85 * size / 72, 0, ax.figure.dpi_scale_trans)
    marks = Line2D(times, rows, transform=ax.transData + beside, zorder=3)
    marks.set(
        linestyle="none",
        marker=like.get_marker(),
        markersize=size,
        markeredgewidth=0.8 if size > 6 else 0.3,
        markerfacecolor=like.get_markerfacecolor(),
        markeredgecolor=like.get_markeredgecolor(),
    )
    ax.add_artist(marks)


def _wrapped(title: str) -> str:
    """Return a title in lines that are short enough, and only of characters that the font has."""
    return _drawable(fill(one_line(title, LONGEST_TITLE), TITLE_LINE))


def _entitle(ax: Axes, title: str) -> None:
    """Give axes a title, as plain text."""
    ax.set_title(
        title, loc="left", fontsize=TITLE_SIZE, fontfamily=FONT, fontweight="bold", color=INK, parse_math=False
    )


def _add_legend(ax: Axes, kinds: set[Any], lines_above: float) -> None:
    """Put a legend below axes, so many lines of text below, and with as many columns as fit."""
    below = ScaledTranslation(0, -lines_above * FONT_SIZE / 72, ax.figure.dpi_scale_trans)
    options = _legend(kinds, ax.bbox.width / ax.figure.dpi)
    # Where names stick out of the figure, a layout will make the axes narrower.
    names = ax.yaxis.get_tightbbox()
    room = ax.bbox.width + min(0.0, names.x0 if names else 0.0)
    for columns in range(options["ncols"], 0, -1):
        options["ncols"] = columns
        legend = ax.legend(
            loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=ax.transAxes + below, borderaxespad=0, **options
        )
        if legend.get_window_extent().width <= room:
            break


def _legend(kinds: set[Any], width: float) -> dict[str, Any]:
    """Return the arguments of a legend for the kinds of marks that a picture has, about so many inches wide."""
    handles, labels = [], []
    for look in (WAITING, *RUNS.values(), RUNNING, *RUNS_IN_STEPS.values(), READY):
        if look in kinds:
            if look is WAITING:
                sample = Line2D([], [], color=look.edge, linewidth=2)
            else:
                sample = Patch(facecolor=look.fill, edgecolor=look.edge, hatch=look.hatch)
            handles.append((sample, _marker(look)) if look.marker else sample)
            labels.append(look.words)
    if RECEIVED in kinds:
        handles.append(RECEIVED)
        labels.append(RECEIVED.get_label())
    columns = max(1, int(width / LEGEND_COLUMN))
    if kinds & set(RUNS_IN_STEPS.values()):
        columns = min(columns, 2)  # their words are longer
    return {
        "handles": handles,
        "labels": labels,
        "ncols": 2 if len(handles) == 4 else columns,
        "prop": FontProperties(family=FONT, size=FONT_SIZE),
        "labelcolor": INK,
        "facecolor": "white",
        "framealpha": 1.0,
        "edgecolor": "none",
    }
