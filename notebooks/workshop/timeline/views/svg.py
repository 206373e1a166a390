"""A timeline as an SVG picture, made in about a millisecond, for showing it while it grows. Standard library only.

Like `figure`, whose looks it shares, it knows only the records. matplotlib would take fifty times as long, and hold up
the very tasks that are shown.
"""

import base64
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from itertools import count
from math import isnan
from textwrap import wrap
from typing import NamedTuple
from unicodedata import east_asian_width

from ..records import CANCELLED, STILL_RUNNING, Records
from .styles import DEADLINE, INK, READY, RUNS, WAITING, Look
from .text import NO_TASK, one_line

MOST_ROWS = 40
"""Of more tasks the first ones are drawn; the others are counted."""

WIDTH = 900
ROW, LOWEST_ROW, HIGHEST_ROWS = 40, 14, 520
"""Pixels that a task's row takes while there is room, that it takes at least, and that all rows may take."""
FONT_SIZE, TITLE_SIZE, LINE = 16, 20, 24
LONGEST_LABEL, LONGEST_TITLE, TITLE_LINE = 28, 96, 72
RIGHT = 24
LEGEND_COLUMN = 290
ROOMY = 14
"""From this row height on, bars have hatches."""
SHORTEST = 3
"""Pixels from which on a wait before or after a bar is drawn."""
MARKER = 7
"""Half of a marker's width, in pixels, where there is room for it."""
POP = 0.3
"""Seconds for which a mark of receiving is larger than usual."""


class Progress(NamedTuple):
    """How far a timeline is, or how it ended.

    Attributes:
        records: its first tasks, at most `MOST_ROWS`; their ``ended`` is the present moment.
        tasks: how many tasks there are.
        finished: how many of them have finished, but for those that were cancelled; None if there are too many to count
            at each frame.
        received: of how many of these the outcome was taken; None in the same case.
        over: whether the block has been left.
    """

    records: Records
    tasks: int
    finished: int | None
    received: int | None
    over: bool

    def __str__(self) -> str:
        seconds = f"{self.records.ended:.2f} s"
        if not self.tasks:
            return f"{seconds} · {NO_TASK if self.over else 'no task yet'}"
        if self.finished is None:
            return f"{seconds} · {self.tasks:,} tasks"
        return f"{seconds} · {self.finished:,} of {self.tasks:,} finished · {self.received:,} received"


def picture(title: str, progress: Progress, deadline: float | None = None) -> str:
    """Return a timeline as an SVG document, one row a task, the first task on top, with a legend below.

    Args:
        title: the picture's title, or "".
        progress: what to draw.
        deadline: the moment, in seconds since the timeline began, at which a vertical line is drawn; None for no line.
    """
    records, over = progress.records, progress.over
    rows = len(records)
    left = max([_width_of(_label(name)) for name in records.names], default=0) + 16
    row = max(min(ROW, HIGHEST_ROWS / max(rows, 1)), LOWEST_ROW)
    titles = wrap(one_line(title, LONGEST_TITLE), TITLE_LINE)
    top = 8 + 28 * len(titles) + LINE + (LINE if deadline is not None else 4)
    bottom = top + row * max(rows, 1)
    axis = _Axis(records.ended, deadline, over, left)
    drawing = _Rows(records, axis, top, row, over)
    bars = list(drawing.elements())
    more = progress.tasks - rows
    y = bottom + 20 + FONT_SIZE
    ending = list(_legend(drawing.kinds, y + LINE + (LINE if more else 0), over))
    height = y + LINE * (1 + bool(more)) + LINE * -(-len(drawing.kinds) // 3)

    size = f'width="{WIDTH}" height="{height:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {WIDTH} {height:.0f}"'
        f' font-family="DejaVu Sans, Verdana, sans-serif" font-size="{FONT_SIZE}" fill="{INK}">',
        _patterns(drawing.kinds),
        f'<rect {size} fill="white"/>',
    ]
    for number, line in enumerate(titles):
        parts.append(_text(8, 26 + 28 * number, line, f'font-size="{TITLE_SIZE}" font-weight="bold"'))
    parts.append(_text(8, 8 + 28 * len(titles) + FONT_SIZE, str(progress) + _remaining(progress, deadline)))
    parts += axis.elements(top, bottom)
    parts += bars
    if not over:
        x = axis.x(records.ended)
        parts.append(f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}" stroke="{INK}" stroke-opacity=".4"/>')
    if deadline is not None:
        x = axis.x(deadline)
        line = f'd="M{x:.1f} {top - 6:.1f}V{bottom:.1f}"'
        parts.append(f'<path {line} stroke="white" stroke-width="4.5"/>')
        parts.append(f'<path {line} stroke="{DEADLINE}" stroke-width="2.5" stroke-dasharray="9 4"/>')
        where = "end" if x > WIDTH / 2 else "start"
        words = f"deadline {deadline:g} s"
        parts.append(_text(x, top - 10, words, f'text-anchor="{where}" fill="{DEADLINE}"'))
    parts += drawing.marks
    if more:
        parts.append(_text(8, y + LINE, f"… and {more:,} more task{'s' * (more > 1)} not drawn"))
    return "".join([*parts, *ending, "</svg>"])


def as_html(svg: str, alt: str) -> str:
    """Return HTML that shows an SVG document as an image: so it is shown in notebooks that are not trusted, too.

    Args:
        svg: the document.
        alt: the image's alt text.
    """
    data = base64.b64encode(svg.encode()).decode("ascii")
    return f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}" style="max-width: 100%">'


class _Axis:
    """The time axis: what lies where.

    Args:
        now: the present moment, or the last one, in seconds.
        deadline: a moment that the axis shows, too.
        over: whether time goes on. While it does, the axis ends at a round number beyond, so that it seldom changes.
        left: pixels kept free for names.
    """

    def __init__(self, now: float, deadline: float | None, over: bool, left: float) -> None:
        end = max(now, deadline or 0.0)
        if not over:
            steps = (leading * 10.0**zeros for zeros in count() for leading in (1, 1.5, 2, 3, 4, 5, 6, 8))
            end = next(step for step in steps if step >= end * 1.02)
        self.end = end or 1.0
        self._left = left + 0.015 * (WIDTH - left - RIGHT)
        self.scale = (WIDTH - RIGHT - self._left) / (1.015 * self.end)

    def x(self, time: float) -> float:
        """Return how many pixels from the left a moment is drawn."""
        return self._left + time * self.scale

    def elements(self, top: float, bottom: float) -> Iterator[str]:
        """Yield the axis' line, its grid and its numbers."""
        steps = (leading * 10.0**zeros for zeros in count(-6) for leading in (1, 2, 5))
        step = next(step for step in steps if step * self.scale >= 80)
        for number in range(int(self.end / step + 1e-9) + 1):
            x = self.x(number * step)
            yield f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}" stroke="#808080" stroke-opacity=".3"/>'
            yield _text(x, bottom + 20, f"{number * step:g}", 'text-anchor="middle"')
        yield f'<path d="M{self._left:.1f} {bottom:.1f}H{WIDTH - RIGHT}" stroke="{INK}"/>'
        yield _text((self._left + WIDTH) / 2, bottom + 38, "seconds", 'text-anchor="middle"')


class _Rows:
    """The tasks' rows.

    Args:
        records: the tasks.
        axis: the time axis.
        top: where the first row begins, in pixels.
        row: how high each row is.
        over: whether the block has been left.

    Attributes:
        kinds: the looks that are in use once all elements were yielded, and "received".
        marks: the marks, likewise; they come after all bars and lines.
    """

    def __init__(self, records: Records, axis: _Axis, top: float, row: float, over: bool) -> None:
        self._records, self._axis, self._top, self._row, self._over = records, axis, top, row, over
        self._marker = min(MARKER, 0.3 * row)
        self.kinds: set[Look | str] = set()
        self.marks: list[str] = []

    def elements(self) -> Iterator[str]:
        """Yield the names and the bars."""
        records = self._records
        size = min(FONT_SIZE, 0.8 * self._row)
        label_end = self._axis.x(0) - 8
        for index, name in enumerate(records.names):
            middle = self._top + (index + 0.5) * self._row
            yield _text(label_end, middle + 0.35 * size, _label(name), f'text-anchor="end" font-size="{size:.4g}"')
            yield from self._task(
                middle,
                records.outcomes[index],
                records.created[index],
                records.started[index],
                records.finished[index],
                records.received[index],
            )

    def _task(
        self, middle: float, outcome: int, created: float, started: float, finished: float, received: float
    ) -> Iterator[str]:
        """Yield the bars of one task, and keep its marks."""
        now, x = self._records.ended, self._axis.x
        stopped = now if isnan(finished) else finished
        begun = stopped if isnan(started) else started
        if (begun - created) * self._axis.scale > SHORTEST:
            self.kinds.add(WAITING)
            line = f"M{x(created):.1f} {middle:.1f}H{x(begun):.1f}"
            yield f'<path d="{line}" stroke="{WAITING.edge}" stroke-width="2.5"/>'
        look = RUNS[outcome]
        never_began = isnan(started) and isnan(finished)
        if not never_began:
            self.kinds.add(look)
            yield from self._bar(look, 0.32, middle, begun, stopped)
        taken = now if isnan(received) and outcome != CANCELLED else received
        if not isnan(finished) and (taken - finished) * self._axis.scale > SHORTEST:
            self.kinds.add(READY)
            yield from self._bar(READY, 0.13, middle, finished, taken)
        if look.marker and not never_began and (self._over or outcome != STILL_RUNNING):
            self.marks.append(self._end_mark(look, middle, begun, stopped))
        if not isnan(received):
            self.kinds.add("received")
            age = (now - received) / POP
            larger = 0.0 if self._over or age >= 1 else 1 - age
            self.marks.append(_mark("D", x(received), middle, self._marker * (1 + larger), INK))

    def _bar(self, look: Look, half: float, middle: float, start: float, stop: float) -> Iterator[str]:
        x, y = self._axis.x(start), middle - half * self._row
        box = f'x="{x:.1f}" y="{y:.1f}" width="{self._axis.x(stop) - x:.1f}" height="{2 * half * self._row:.1f}"'
        dashes = ' stroke-dasharray="5 3"' if look is RUNS[STILL_RUNNING] else ""
        yield f'<rect {box} fill="{look.fill}" stroke="{look.edge}"{dashes}/>'
        if look.hatch and self._row >= ROOMY:
            yield f'<rect {box} fill="url(#{_pattern_name(look)})"/>'

    def _end_mark(self, look: Look, middle: float, start: float, stop: float) -> str:
        """Return the mark of how a task ended: in the bar's end, or after a bar that is too short for it."""
        x = self._axis.x(stop)
        if look is not RUNS[STILL_RUNNING]:
            beside = 1.7 * self._marker
            x += -beside if (stop - start) * self._axis.scale > 4 * self._marker else beside
        return _mark(look.marker, x, middle, self._marker, look.marker_color)


def _remaining(progress: Progress, deadline: float | None) -> str:
    """Return how far the deadline is, in words, while it is of interest."""
    if deadline is None or progress.over:
        return ""
    left = deadline - progress.records.ended
    return f" · {left:.2f} s to the deadline" if left > 0 else " · deadline passed"


def _legend(kinds: set[Look | str], y: float, over: bool) -> Iterator[str]:
    """Yield a legend of the kinds that a picture has, three in a line."""
    used = [look for look in (WAITING, *RUNS.values(), READY, "received") if look in kinds]
    for number, look in enumerate(used):
        x, middle = 8 + LEGEND_COLUMN * (number % 3), y + LINE * (number // 3) - 6
        if look == "received":
            words = "received"
            yield _mark("D", x + 16, middle, MARKER, INK)
        elif look is WAITING:
            words = look.words
            yield f'<path d="M{x} {middle:.1f}h32" stroke="{look.edge}" stroke-width="2.5"/>'
        else:
            running = look is RUNS[STILL_RUNNING]
            words = "still running" if running and not over else look.words
            box = f'x="{x}" y="{middle - 7:.1f}" width="32" height="14"'
            dashes = ' stroke-dasharray="5 3"' if running else ""
            yield f'<rect {box} fill="{look.fill}" stroke="{look.edge}"{dashes}/>'
            if look.hatch:
                yield f'<rect {box} fill="url(#{_pattern_name(look)})"/>'
            if look.marker and (over or not running):
                yield _mark(look.marker, x + 16, middle, 6, look.marker_color)
        yield _text(x + 42, middle + 6, words)


HATCHES = {"....": "M2 2h2v2h-2z", "xx": "M0 0L8 8M8 0L0 8", "//": "M-2 2L2 -2M0 8L8 0M6 10L10 6"}


def _pattern_name(look: Look) -> str:
    return f"hatch{list(HATCHES).index(look.hatch)}"


def _patterns(kinds: set[Look | str]) -> str:
    """Return the definitions of the hatches in use."""
    return "".join(
        f'<pattern id="{_pattern_name(look)}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<path d="{HATCHES[look.hatch]}" stroke="{look.edge}" fill="{look.edge}"/></pattern>'
        for look in (*RUNS.values(), READY)
        if look.hatch and look in kinds
    )


MARKS = {
    "D": ((0, -1), (1, 0), (0, 1), (-1, 0)),
    "s": ((-0.7, -0.7), (0.7, -0.7), (0.7, 0.7), (-0.7, 0.7)),
    ">": ((-0.8, -0.8), (0.8, 0), (-0.8, 0.8)),
    "X": (
        *((-0.4, -0.9), (0, -0.5), (0.4, -0.9), (0.9, -0.4), (0.5, 0), (0.9, 0.4)),
        *((0.4, 0.9), (0, 0.5), (-0.4, 0.9), (-0.9, 0.4), (-0.5, 0), (-0.9, -0.4)),
    ),
}
"""The corners of each marker, in halves of its width."""


def _mark(marker: str, x: float, y: float, half: float, color: str) -> str:
    corners = " ".join(f"{x + half * across:.1f},{y + half * down:.1f}" for across, down in MARKS[marker])
    return f'<polygon class="{_CLASSES[marker]}" points="{corners}" fill="{color}" stroke="white"/>'


_CLASSES = {"D": "received", "s": "cancelled", ">": "running", "X": "exception"}


@lru_cache(1024)
def _label(name: str) -> str:
    return one_line(name, LONGEST_LABEL)


@lru_cache(1024)
def _width_of(text: str) -> float:
    """Return about how many pixels wide a text is."""
    return FONT_SIZE * sum(1.0 if east_asian_width(c) in "WF" else 0.63 for c in text)


def _text(x: float, y: float, words: str, attributes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(words)}</text>'
