"""The picture of timelines as SVG, still and live: sharp at every zoom, and made in about a millisecond.

It knows only the records. The same records give the same characters on every machine: numbers are rounded, and no font
is asked for its widths. Standard library only; numpy helps with very many tasks.
"""

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape
from itertools import compress, count
from math import ceil, inf, isnan
from textwrap import wrap
from typing import NamedTuple
from unicodedata import east_asian_width

from ..records import CANCELLED, EXCEPTION, RESULT, STILL_RUNNING, Records
from . import raster
from .styles import DEADLINE, GREY, GRID, INK, PAUSED, READY, RECEIVED, RUNNING, RUNS, RUNS_IN_STEPS, WAITING, Look
from .text import NO_TASK, decimals_for, one_line

WIDTH = 820
HIGHEST = 438
"""Units that a picture is high at most: 390 pixels where a laptop's screen leaves 729 for its width."""
PADDING = 16
ROW, LEAST = 28, 14
"""Height of a task's row while there is room, and of a panel's rows in any case."""
FONT = "DejaVu Sans, Segoe UI, Helvetica, Arial, sans-serif"
TITLE, NAME, LABEL = 17, 14, 13
TITLE_LINE, LINE, FOOT, GAP = 24, 20, 26, 14
LONGEST_NAME, LONGEST_TITLE = 28, 96
SHORTEST = 8
"""Units up to which a wait before or after a bar is not drawn."""
HAIRLINE = 2
"""Units that a step is wide at least. Of steps closer together than that, the first to the last count as one."""
TICKS = 74
"""Least units from one tick of the time axis to the next."""
AFTER = 84
"""Units kept free after the last moment for what is said there."""
MARK = 8
"""Half of a mark's width while there is room for it."""
POP = 0.3
"""Seconds for which a mark of receiving is larger than usual, while time goes on."""
FIRST, LAST, NONE = "first result after", "last after", "no result received"
NEVER = "never started"


class Panel(NamedTuple):
    """One timeline of a picture.

    Attributes:
        title: what stands above it; may be "". What the records tell is added to it.
        records: its records, or the first of them. One that is cancelled, and was not even created, is an empty row: it
            never started.
        deadline: a moment to mark, in seconds since the timeline began, or None.
        status: a line below the title, or "".
        more: how many tasks more there are than records.
        expected: by the index of a cancelled task the moment, in seconds, when it would have ended, if that is known.
        attempts: by the index of a task what it tried, to be drawn in place of its bar: begin, end, and an outcome of
            each attempt. Between them the bar is pale.
        notes: by the index of a task some words that stand at the right end of its row.
    """

    title: str
    records: Records
    deadline: float | None = None
    status: str = ""
    more: int = 0
    expected: Mapping[int, float] = {}
    attempts: Mapping[int, Sequence[tuple[float, float, int]]] = {}
    notes: Mapping[int, str] = {}


class Layout(NamedTuple):
    """Where things are in a picture, in units.

    Attributes:
        width, height: of the picture.
        left: where the moment 0 is.
        scale: the units of a second.
        rows: for each panel, how far from the top its rows begin and how high each is.
    """

    width: float
    height: float
    left: float
    scale: float
    rows: tuple[tuple[float, float], ...]


def picture(
    panels: Sequence[Panel], words: Mapping[str, str] | None = None, end: float = 0.0, highest: int = HIGHEST
) -> str:
    """Return timelines as an SVG document, one above the other on one time axis, each with a row for each task.

    Args:
        panels: the timelines, the topmost first.
        words: other words for those that stand in pictures.
        end: the moment up to which the axis goes at least, in seconds: an axis that is known beforehand stands still.
        highest: units that the picture is high at most.

    Raises:
        ValueError: if there is no panel.
    """
    return drawn(panels, words, end, highest)[0]


def drawn(
    panels: Sequence[Panel], words: Mapping[str, str] | None = None, end: float = 0.0, highest: int = HIGHEST
) -> tuple[str, Layout]:
    """Return the same picture, and where in it things are."""
    if not panels:
        raise ValueError("there is nothing to draw: expected at least one panel")
    lines = int(any(len(panel.records) > HIGHEST for panel in panels))  # an image always needs some words below
    while True:
        drawing = _Drawing(panels, words or {}, lines, end, highest)
        if (needed := drawing.key()) <= lines:
            return drawing.document(), drawing.layout()
        lines = needed  # for what could not be said beside a bar there has to be room below


class _Drawing:
    """A picture that is being drawn.

    Args:
        panels: the timelines.
        words: other words for those that stand in pictures.
        lines: how many lines to keep free for the key: the kinds of bars that are not labelled where they stand.
        end: the moment up to which the axis goes at least, in seconds.
        highest: units that the picture is high at most.
    """

    def __init__(self, panels: Sequence[Panel], words: Mapping[str, str], lines: int, end: float, highest: int) -> None:
        self.words = words
        self.paths: defaultdict[str, list[str]] = defaultdict(list)
        self.texts: list[str] = []
        self.images: list[str] = []
        self.labelled: dict[Look, bool] = {}
        self.rim = 1.5
        """How thick the white rim of a mark of receiving is, in units."""
        self.end = max(end, *map(_end, panels)) or 1.0
        places = decimals_for(max(end, *(panel.records.ended for panel in panels)))
        titles = [_title(panel, words, places) for panel in panels]
        tops = [
            TITLE_LINE * len(title) + LINE * (bool(panel.status) + (panel.deadline is not None)) + 6
            for panel, title in zip(panels, titles, strict=True)
        ]
        more = sum(panel.more for panel in panels)
        room = highest - 2 * PADDING - FOOT - LINE * (lines + bool(more)) - sum(tops) - GAP * (len(panels) - 1)
        heights = _shared([len(panel.records) for panel in panels], room)
        names = [_names(panel.records.names, height) for panel, height in zip(panels, heights, strict=True)]
        self.left = (
            PADDING + 12 + ceil(max((_width(name, NAME) for some in names for name in some.values()), default=0))
        )
        notes = (PADDING + _width(note, LABEL) for panel in panels for note in panel.notes.values())
        self.right = WIDTH - ceil(max(notes, default=0))
        self.across = self.right - (AFTER if self.right == WIDTH else LINE) - self.left
        self.scale = self.across / self.end
        self.rows: list[tuple[float, float]] = []
        y = PADDING
        for panel, title, top, some, height in zip(panels, titles, tops, names, heights, strict=True):
            self._head(panel, title, y)
            self._ticks(y + top, y + top + height, written=panel is panels[-1])
            self._rows(panel, some, y + top, height)
            self.rows.append((y + top, height / max(len(panel.records), 1)))
            y += top + height + GAP
        self.bottom = y - GAP + FOOT
        if more:
            self.bottom += LINE
            self.text(PADDING, self.bottom - 5, f"… and {more:,} more task{'s' * (more > 1)} not drawn", GREY)

    def x(self, time: float) -> float:
        """Return how many units from the left a moment is drawn."""
        return self.left + time * self.scale

    def text(self, x: float, y: float, words: str, fill: str = INK, size: int = LABEL, more: str = "") -> None:
        """Write some words."""
        place = f'x="{_n(x)}" y="{_n(y)}"'
        self.texts.append(f'<text {place} fill="{fill}" font-size="{size}"{more}>{escape(words)}</text>')

    def label(self, look: Look, x: float, room: float, y: float, fill: str, more: str = "") -> bool:
        """Label the first of its kind if there is room, and return whether it is labelled now."""
        words = self.words.get(look.words, look.words)
        if not self.labelled.setdefault(look, False) and _width(words, LABEL) <= room:
            self.labelled[look] = True
            self.text(x, y + 4.7, words, fill, LABEL, more)
            return True
        return False

    def _head(self, panel: Panel, title: list[tuple[str, str]], y: float) -> None:
        """Write what stands above a panel's rows."""
        for bold, plain in title:
            spans = f'<tspan font-weight="bold">{escape(bold)}</tspan>{escape(plain)}'
            self.texts.append(f'<text x="{PADDING}" y="{_n(y + 15)}" font-size="{TITLE}" fill="{INK}">{spans}</text>')
            y += TITLE_LINE
        if panel.status:
            self.text(PADDING, y + 12, panel.status, GREY, NAME)
            y += LINE
        if panel.deadline is not None:
            x = self.x(panel.deadline)
            anchor = ' text-anchor="end"' if x > WIDTH / 2 else ""
            self.text(x, y + 14, f"deadline {panel.deadline:g} s", DEADLINE, more=anchor)

    def _ticks(self, top: float, bottom: float, written: bool) -> None:
        """Draw the grid and, if they are to be `written`, the numbers of the time axis, with one number of decimals."""
        steps = ((leading * 10.0**zeros, max(0, -zeros)) for zeros in count(-6) for leading in (1, 2, 5))
        step, places = next(step for step in steps if step[0] * self.scale >= TICKS)
        most = int(self.end / step + 1e-9)
        for number in range(most + 1):
            x = self.x(number * step)
            self.paths["grid"].append(f"M{_n(x)} {_n(top)}V{_n(bottom)}")
            if written:
                words = f"{number * step:,.{places}f}{' s' * (number == most)}"
                self.text(x, bottom + 20, words, GREY, NAME, ' text-anchor="middle"')

    def _rows(self, panel: Panel, names: Mapping[int, str], top: float, height: float) -> None:
        """Draw the rows of a timeline."""
        records, tasks = panel.records, len(panel.records)
        row = height / max(tasks, 1)
        for task, name in names.items():
            self.text(self.left - 10, top + (task + 0.5) * row + 5, name, INK, NAME, ' text-anchor="end"')
        for task, note in panel.notes.items():
            self.text(self.right, top + (task + 0.5) * row + 4.7, note)
        if not tasks and records.over:
            self.text(WIDTH / 2, top + height / 2 + 5, NO_TASK, GREY, NAME, ' text-anchor="middle"')
        elif tasks > height:
            self._image(records, top, round(height))
        else:
            for task in range(tasks):
                line = inf if panel.deadline is None else self.x(panel.deadline)
                tried = panel.attempts.get(task, ())
                _Row(self, records, top + (task + 0.5) * row, row, line).draw(task, panel.expected.get(task), tried)
        for moment, kind in ((None if records.over else records.ended, "now"), (panel.deadline, "deadline")):
            if moment is not None:
                self.paths[kind].append(f"M{_n(self.x(moment))} {_n(top - 4)}V{_n(top + height)}")

    def _image(self, records: Records, top: float, height: int) -> None:
        """Show very many tasks as an image."""
        found = raster.image(records, self.end, self.across, height)
        if found is None:
            words = f"To draw {len(records):,} tasks takes numpy, which is not installed."
            self.text(self.left + self.across / 2, top + height / 2, words, GREY, NAME, ' text-anchor="middle"')
            return
        address, looks = found
        place = f'x="{self.left}" y="{_n(top)}" width="{self.across}" height="{height}"'
        self.images.append(f'<image {place} preserveAspectRatio="none" href="{address}"/>')
        for look in looks:
            self.labelled.setdefault(look._replace(fill=look.many) if look.many else look, False)

    def bar(self, look: Look, start: float, stop: float, middle: float, half: float, arrow: float = 0.0) -> None:
        """Draw a bar, or the line of a task that waits to start; with an arrow's head of some length if it goes on."""
        if look is WAITING:
            thick = min(2, 0.8 * half)
            self.paths["waits"].append(f"M{_n(start)} {_n(middle - thick / 2)}H{_n(stop)}v{_n(thick)}H{_n(start)}z")
            return
        across, down = _n(stop - start), _n(2 * half)
        tip = f"l{_n(arrow)} {_n(half)}l-{_n(arrow)} {_n(half)}" if arrow else f"v{down}"
        self.paths[KINDS[look]].append(f"M{_n(start)} {_n(middle - half)}h{across}{tip}h-{across}z")

    def mark(self, outcome: int, x: float, middle: float, half: float, size: float) -> None:
        """Draw the mark of how a task ended: a cap over its bar's end, or a cross."""
        if outcome == CANCELLED:
            self.paths["cap"].append(f"M{_n(x - 3)} {_n(middle - half)}h6v{_n(2 * half)}h-6z")
        elif outcome == EXCEPTION:
            arm = f"l{_n(2 * size)} {_n(2 * size)}m0 -{_n(2 * size)}l-{_n(2 * size)} {_n(2 * size)}"
            self.paths["cross"].append(f"M{_n(x - size)} {_n(middle - size)}{arm}")

    def diamond(self, x: float, middle: float, size: float) -> None:
        """Draw the mark of receiving."""
        s = _n(size)
        self.rim = min(self.rim, 0.2 * size)
        self.paths["received"].append(f"M{_n(x)} {_n(middle - size)}l{s} {s}l-{s} {s}l-{s} -{s}z")

    def key(self) -> int:
        """Say below the picture what could not be said beside a bar, and return how many lines that takes."""
        x, lines = float(WIDTH), 0
        for look in [look for look, labelled in self.labelled.items() if not labelled]:
            words = self.words.get(look.words, look.words)
            if x + 40 + _width(words, LABEL) > WIDTH - PADDING:
                x, lines = PADDING, lines + 1
            y = self.bottom + LINE * lines - 5
            if look in KINDS:
                outcome = next((outcome for outcome in RUNS if RUNS[outcome] is look), RESULT)
                self.bar(look, x, x + 28, y, 7, 6.0 * (outcome == STILL_RUNNING))
                self.mark(outcome, x + 28, y, 9, 5)
            elif look is RECEIVED:
                self.diamond(x + 14, y, MARK)
            else:
                self.images.append(f'<rect x="{_n(x)}" y="{_n(y - 7)}" width="28" height="14" fill="{look.fill}"/>')
            self.text(x + 40, y + 4.7, words)
            x += 64 + _width(words, LABEL)
        self.bottom += LINE * lines
        return lines

    def layout(self) -> Layout:
        """Return where things are."""
        return Layout(WIDTH, self.bottom + PADDING, self.left, self.scale, tuple(self.rows))

    def document(self) -> str:
        """Return the picture."""
        paths = [
            f'<path class="{kind}" d="{"".join(self.paths[kind])}" {look.format(_n(self.rim))}/>'
            for kind, look in PATHS.items()
            if self.paths[kind]
        ]
        over = [path for path in paths if path.startswith(MARKS)]
        below = [path for path in paths if path not in over]
        return card(self.bottom + PADDING, [*self.images, *below, *self.texts, *over])


class _Row:
    """The row of a task.

    Args:
        drawing: the picture.
        records: the records of its timeline.
        middle: how many units from the top the row's middle is.
        row: how high rows are.
        line: how many units from the left the line of the deadline is; infinity if there is none.
    """

    def __init__(self, drawing: _Drawing, records: Records, middle: float, row: float, line: float) -> None:
        self.drawing, self.records, self.middle, self.row, self.line = drawing, records, middle, row, line
        self.half = (row - min(8, 0.28 * row)) / 2
        self.size = min(MARK, 0.3 * row)

    def draw(self, task: int, expected: float | None, attempts: Sequence[tuple[float, float, int]]) -> None:
        """Draw everything in the row but the name.

        Args:
            task: the task's index.
            expected: when a cancelled task would have ended, if that is known.
            attempts: what it tried, if that is known.
        """
        drawing, records, middle, half, size = self.drawing, self.records, self.middle, self.half, self.size
        outcome, x = records.outcomes[task], drawing.x
        created, begun, stopped, taken = raster.moments(records, task)
        begin, stop = x(begun), x(stopped)
        if self._long(created, begun):
            drawing.bar(WAITING, x(created), begin, middle, half)
            words = ' text-anchor="middle" stroke="#FFFFFF" stroke-width="6" paint-order="stroke"'
            left, right = x(created), begin
            if left < self.line < right:  # keep off the deadline, on the longer side of it
                left, right = (left, self.line) if self.line - left > right - self.line else (self.line, right)
            self._label(WAITING, (left + right) / 2, right - left - 24, more=words)
        if isnan(records.started[task]) and isnan(records.finished[task]):
            return
        running = outcome == STILL_RUNNING
        look = RUNS[outcome] if records.steps is None else RUNS_IN_STEPS[outcome]
        thin = look is RUNS[EXCEPTION] and self.row < OUTLINED
        if not attempts:
            end = max(stop, begin + 1)
            drawing.bar(FAILED_THIN if thin else look, begin, end, middle, half, min(9, half) * running)
        received = None if isnan(records.received[task]) else x(records.received[task])
        near = received is not None and received - stop < 2.2 * size
        at = stop  # the cross stands beside the mark of receiving
        if outcome == EXCEPTION and near:
            at += -2.1 * size if stop - begin > 4 * size else 2.1 * size
        drawing.mark(outcome, at, middle, half + min(3, 0.1 * self.row), 0.8 * size)
        if expected is not None and outcome == CANCELLED and self._long(stopped, expected):
            box = f"M{_n(stop + 5)} {_n(middle - half + 1)}H{_n(x(expected))}v{_n(2 * half - 2)}H{_n(stop + 5)}z"
            drawing.paths["ghost"].append(box)
        free = stop - size * (outcome == EXCEPTION) * (3.5 if near else 1.5) - size * near - 6 * (outcome == CANCELLED)
        if attempts:
            self._attempts(attempts, free)
        elif records.steps is None:
            self._label(look, begin + 9, free - begin - 14)
        else:
            self._steps(task, begin, stop, free)
        after = max(stop + min(9, half) * running, at + size)
        if not isnan(records.finished[task]) and self._long(stopped, taken) and not attempts:
            drawing.bar(READY, stop, x(taken), middle, 0.8 * half)
            room = x(taken) - stop - 22 if self.row >= 20 else -1.0
            self._label(READY, stop + 8 + size * (outcome == EXCEPTION), room)
            after = max(after, x(taken))
            if received is None and self._label(READY, after + 6, drawing.right - PADDING / 2 - after - 6, after=True):
                return
        if received is not None:
            age = 1.0 if records.over else (records.ended - records.received[task]) / POP
            drawing.diamond(received, middle, size * (2 - min(age, 1)))
            after = max(after, received + size)
            if self._label(RECEIVED, after + 6, drawing.right - PADDING / 2 - after - 6):
                return
        if outcome != RESULT:
            self._label(RUNS[outcome], after + 6, drawing.right - PADDING / 2 - after - 6, after=True)

    def _label(self, look: Look, x: float, room: float, more: str = "", after: bool = False) -> bool:
        """Say beside or in a bar what it is, if it is the first of its kind and there is room."""
        fill = look.ink if not after else INK if look is not RUNS[EXCEPTION] else look.ink
        return self.drawing.label(look, x, room if self.row >= 17 else -1.0, self.middle, fill, more)

    def _long(self, start: float, stop: float) -> bool:
        """Return whether a wait is more than noise."""
        return stop - start > raster.NOISE and (stop - start) * self.drawing.scale > SHORTEST

    def _attempts(self, attempts: Sequence[tuple[float, float, int]], free: float) -> None:
        """Draw what a task tried, and pale what lies between; the mark of the last attempt's end is the task's own."""
        drawing, cross = self.drawing, 0.8 * self.size
        edge = drawing.x(attempts[0][0])
        for begin, stop, outcome in ((*map(drawing.x, attempt[:2]), attempt[2]) for attempt in attempts):
            if begin - edge > HAIRLINE:
                drawing.bar(PAUSED, edge, begin, self.middle, self.half)
                drawing.mark(EXCEPTION, edge, self.middle, self.half, cross)
                self._label(PAUSED, edge + 2 * cross, begin - edge - 3 * cross)
            edge = max(stop, begin + 1)
            drawing.bar(RUNS[outcome], begin, edge, self.middle, self.half)
            self._label(RUNS[outcome], begin + 9, min(free, edge - 2 * cross) - begin - 14)

    def _steps(self, task: int, begin: float, stop: float, free: float) -> None:
        """Draw when a task was running, over its bar."""
        edge = begin
        for start, length in self._stretches(task, stop):
            if start - edge > HAIRLINE:
                self._label(PAUSED, edge + 7, min(start, free) - edge - 10)
            self.drawing.bar(RUNNING, start, start + length, self.middle, self.half)
            self._label(RUNNING, start + 7, min(start + length, free) - start - 10)
            edge = start + length
        if stop - edge > HAIRLINE:
            self._label(PAUSED, edge + 7, free - edge - 10)

    def _stretches(self, task: int, stop: float) -> Iterator[tuple[float, float]]:
        """Yield where a task's steps begin and how wide they are, in units.

        What begins within one unit of a longer stretch is drawn as one, so that very many steps take few characters.
        """
        groups: list[list[tuple[float, float]]] = []
        for step in self.records.steps.of(task):
            start, end = map(self.drawing.x, step)
            if groups and start - groups[-1][-1][1] < HAIRLINE:
                groups[-1].append((start, end))
            else:
                groups.append([(start, end)])
        for group in groups:
            start, last = group[0][0], group[-1][1]
            if last - start < HAIRLINE:
                last = max(min(start + HAIRLINE, stop), last)
                yield min(last - HAIRLINE, start), HAIRLINE
                continue
            widths: dict[int, list[float]] = {}
            for start, end in group:
                widths.setdefault(int(start), [start, 0.0])[1] += end - start
            yield from ((start, length) for start, length in widths.values())


KINDS = {
    WAITING: "waits",
    RUNS[RESULT]: "result",
    RUNS[STILL_RUNNING]: "still-running",
    RUNS[CANCELLED]: "cancelled",
    PAUSED: "waiting",
    RUNS[EXCEPTION]: "exception",
    READY: "ready",
    RUNNING: "running",
}
"""The classes of bars, in the order in which they are drawn."""
FAILED_THIN = RUNS[EXCEPTION]._replace(fill=RUNS[EXCEPTION].many)
KINDS[FAILED_THIN] = "failed-thin"
OUTLINED = 8
"""From this height of a row on, bars of failed tasks have an outline."""
NO_FILL = 'fill="none" stroke'
PATHS = (
    {"grid": f'{NO_FILL}="{GRID}"'}
    | {kind: f'fill="{look.fill}"' for look, kind in KINDS.items()}
    | {
        "exception": f'fill="#FFFFFF" stroke="{RUNS[EXCEPTION].ink}" stroke-width="2"',
        "ghost": f'{NO_FILL}="{GREY}" stroke-dasharray="2 3"',
        "now": f'{NO_FILL}="{GREY}"',
        "deadline": f'{NO_FILL}="{DEADLINE}" stroke-width="2" stroke-dasharray="7 4"',
        "cap": f'fill="{INK}"',
        "cross": f'{NO_FILL}="{RUNS[EXCEPTION].ink}" stroke-width="3.5"',
        "received": f'fill="{RECEIVED.fill}" stroke="#FFFFFF" stroke-width="{{}}"',
    }
)
"""How each class is drawn, in order."""
MARKS = tuple(f'<path class="{kind}"' for kind in ("cap", "cross", "received"))
"""These are drawn over words."""


def card(height: float, parts: Iterable[str], more: str = "") -> str:
    """Return an SVG document: a white card with round corners, as wide as every picture, and parts on it.

    Args:
        height: its height, in units.
        parts: the elements that stand on the card.
        more: further attributes for all of them, each with a space before it.
    """
    size, box = f'width="{WIDTH}" height="{_n(height)}"', f"0 0 {WIDTH} {_n(height)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="{box}" font-family="{FONT}"{more}>'
        f'<rect {size} rx="8" fill="#FFFFFF"/>{"".join(parts)}</svg>'
    )


def _n(number: float) -> str:
    """Return a number with one decimal at most."""
    return f"{number:.1f}".removesuffix(".0")


def _end(panel: Panel) -> float:
    """Return the last moment that a panel shows."""
    return max([raster.last_moment(panel.records, panel.deadline), *panel.expected.values()])


def _shared(tasks: list[int], room: float) -> list[float]:
    """Return the height of each panel's rows, given how many tasks they have and the height of all together."""
    heights = [ROW * max(number, 1.5) for number in tasks]
    for position, panel in enumerate(sorted(range(len(tasks)), key=heights.__getitem__)):
        heights[panel] = float(int(max(min(heights[panel], room / (len(tasks) - position)), LEAST)))
        room -= heights[panel]
    return heights


def _title(panel: Panel, words: Mapping[str, str], places: int) -> list[tuple[str, str]]:
    """Return the lines of a panel's title, in bold, and what the records tell, in a line with it if there is room."""
    bold = wrap(one_line(panel.title, LONGEST_TITLE), 64)
    message = _message(panel.records, words, places)
    alone = message[:1].upper() + message[1:]
    if bold and message:
        after = f" {alone}" if bold[-1][-1] in ".:?!" else f": {message}"
        if 1.1 * _width(bold[-1], TITLE) + _width(after, TITLE) <= WIDTH - 2 * PADDING:
            return [*((line, "") for line in bold[:-1]), (bold[-1], after)]
    return [(line, "") for line in bold] + [("", alone)] * bool(message)


def _message(records: Records, words: Mapping[str, str], places: int) -> str:
    """Return what a timeline that is over shows: when results were received, and what became of other tasks.

    Args:
        records: its records.
        words: other words for those that stand in pictures.
        places: how many decimals times have.
    """
    outcomes, received = records.outcomes, records.received
    if records.steps is not None and (you := records.steps.you) is not None:  # what holds the tasks is none of them
        outcomes, received = outcomes[:you] + outcomes[you + 1 :], received[:you] + received[you + 1 :]
    if not records.over or not outcomes:
        return ""
    never = len(records) - raster.extent(records.created)[0] if CANCELLED in outcomes else 0
    if (results := outcomes.count(RESULT)) < len(outcomes):
        received = array("d", compress(received, map(RESULT.__eq__, outcomes)))
    number, first, last = raster.extent(received)
    parts = (
        [f"{words.get(FIRST, FIRST)} {first:.{places}f} s"] if number else [words.get(NONE, NONE)] if results else []
    )
    if number > 1:
        parts.append(f"{words.get(LAST, LAST)} {last:.{places}f} s")
    for outcome in (EXCEPTION, CANCELLED, STILL_RUNNING):
        if others := outcomes.count(outcome) - never * (outcome == CANCELLED):
            parts.append(f"{others:,} {words.get(RUNS[outcome].words, RUNS[outcome].words)}")
    if never:
        parts.append(f"{never:,} {NEVER}")
    return ", ".join(parts)


ARGUMENT = r"""(?:\w+=)?(?P<Q>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,'"()\[\]{}]+)"""
ONE = re.compile(ARGUMENT)
PLAIN = ARGUMENT.replace("?P<Q>", "?:")
CALL = re.compile(rf"([\w.]+)\(((?:{PLAIN}(?:, {PLAIN})*)?)\)")


def _names(names: Sequence[str], height: float) -> dict[int, str]:
    """Return by their indices the names that are written where all rows together have a height, as short as can be."""
    tasks = len(names)
    steps = (leading * 10**zeros for zeros in count() for leading in (1, 2, 5))
    every = next(step for step in steps if step * height >= 15 * tasks or step >= tasks)
    shown = range(0, tasks, every)
    if tasks <= HIGHEST:
        short = shortened(tuple(names))
        return {task: one_line(short[task], LONGEST_NAME) for task in shown}
    short = shortened(tuple(names[task] for task in shown))
    return {task: one_line(name, LONGEST_NAME) for task, name in zip(shown, short, strict=True)}


@lru_cache(64)
def shortened(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names without quotes and parentheses where they are calls, and one argument tells them apart."""
    found = [CALL.fullmatch(name) if len(name) < 200 else None for name in names]
    calls = [(match[1], [argument[1] for argument in ONE.finditer(match[2])]) for match in found if match]
    if len({len(arguments) for _, arguments in calls}) == 1:
        for column in zip(*(arguments for _, arguments in calls), strict=True):
            quoted = [argument[1:-1] for argument in column if argument[0] in "'\"" and len(argument) > 2]
            if len(set(quoted)) == len(calls):
                return _replaced(names, found, quoted)
    if all(len(arguments) <= 1 for _, arguments in calls):
        return _replaced(
            names, found, [" ".join([function, *arguments]).replace("'", "") for function, arguments in calls]
        )
    return names


def _replaced(names: tuple[str, ...], found: list[re.Match | None], short: list[str]) -> tuple[str, ...]:
    """Return names, the short ones in the place of those that were found, if they still tell the tasks apart."""
    rest = iter(short)
    result = tuple(next(rest) if match else name for name, match in zip(names, found, strict=True))
    return result if len(set(result)) == len(set(names)) else names


@lru_cache(4096)
def _width(text: str, size: int) -> float:
    """Return about how many units wide a text is, in a wide font."""
    return size * sum(map(_width_of, text))


def _width_of(character: str) -> float:
    if east_asian_width(character) in "WF" or character in "mwMW@%…—":
        return 1.0
    if character in " .,:;'|!()[]/\\fijlrtI-·":
        return 0.41
    return 0.73 if character.isupper() else 0.64
