"""The image of more tasks than there are rows of pixels: of each pixel, the share that bars cover is painted exactly.

Bars thinner than a pixel would be rounded to pixels, most of them away. With numpy a million tasks take a tenth of a
second; without it, the same is done in plain Python for up to `MOST_WITHOUT_NUMPY` tasks.
"""

import base64
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import isnan
from struct import pack
from typing import TYPE_CHECKING, Any

from ..records import CANCELLED, Records
from .styles import READY, RUNNING, RUNS, RUNS_IN_STEPS, WAITING, Look

if TYPE_CHECKING:
    import numpy as np

MOST_WITHOUT_NUMPY = 10_000
NOISE = 0.01
"""Seconds up to which a wait is not drawn: it may be the machine's."""
BLOCK = 1 << 16
"""Bars that are added at a time: few enough to stay in the processor's cache."""

Bars = tuple[Any, Any, Any]
"""Of bars the rows, and the times of start and end, each in a sequence or an array."""


def numpy_or_none() -> Any:
    """Return numpy if it is installed."""
    try:
        import numpy as np
    except ImportError:
        return None
    return np


def extent(column: Sequence[float]) -> tuple[int, float, float]:
    """Return how many numbers a column has besides NaN, the least of them, and the greatest; 0 where there is none."""
    if len(column) > MOST_WITHOUT_NUMPY and (np := numpy_or_none()):
        numbers = np.frombuffer(column)
        there = int(np.count_nonzero(numbers == numbers))
        return (there, float(np.fmin.reduce(numbers)), float(np.fmax.reduce(numbers))) if there else (0, 0.0, 0.0)
    numbers = [number for number in column if number == number]
    return len(numbers), min(numbers, default=0.0), max(numbers, default=0.0)


def last_moment(records: Records, deadline: float | None) -> float:
    """Return the last moment that a picture of a timeline shows, in seconds."""
    latest = (extent(column)[2] for column in (records.finished, records.received))
    return max(records.ended, deadline or 0.0, *latest)


def image(records: Records, end: float, width: int, height: int) -> tuple[str, list[Look]] | None:
    """Return the image of a timeline as a data URL, with the kinds of bars in it; None where it would take too long.

    Args:
        records: the records of one timeline, at least one task for each row of pixels.
        end: the moment at the image's right edge, in seconds; its left edge is when the timeline began.
        width: pixels in a row.
        height: rows of pixels.
    """
    if np := numpy_or_none():
        colors, looks = pixels(records, end, width, height)
        rows = np.insert(colors.reshape(height, 3 * width), 0, 0, axis=1).tobytes()
    elif len(records) <= MOST_WITHOUT_NUMPY:
        looks = plain_coverage(records, end, width, height)
        inks = [([255 - light for light in look.light], share) for look, share in looks.items()]
        rows = b"".join(
            b"\0"
            + bytes(
                int(255.5 - sum(ink[channel] * share[cell] for ink, share in inks))
                for cell in range(first, first + width)
                for channel in range(3)
            )
            for first in range(0, height * width, width)
        )
    else:
        return None
    return f"data:image/png;base64,{base64.b64encode(png(rows, width, height)).decode('ascii')}", list(looks)


def pixels(records: Records, end: float, width: int, height: int) -> "tuple[np.ndarray, list[Look]]":
    """Return the image of a timeline as red, green and blue of each pixel, with the kinds of bars in it, by numpy."""
    import numpy as np

    shares = {look: coverage(bars, end, len(records), width, height) for look, bars in columns(records).items()}
    image = np.empty((height, width, 3), np.uint8)
    for channel in range(3):
        plane = np.full((height, width), 255.5)  # half a step more: cut off when made bytes
        for look, share in shares.items():
            plane -= share * (255 - look.light[channel])
        image[..., channel] = plane
    return image, list(shares)


def png(rows: bytes, width: int, height: int) -> bytes:
    """Return rows of pixels, a zero and then red, green and blue bytes in each, as a PNG file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    header = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def columns(records: Records) -> dict[Look, Bars]:
    """Return all bars of each kind, in arrays of numpy."""
    import numpy as np

    times = (records.created, records.started, records.finished, records.received)
    created, started, finished, received = (np.frombuffer(column) for column in times)
    outcomes = np.frombuffer(records.outcomes, np.uint8)
    stopped = np.where(np.isnan(finished), records.ended, finished)
    begun = np.where(np.isnan(started), stopped, started)
    taken = np.where(np.isnan(received) & (outcomes != CANCELLED), records.ended, received)
    rows = np.arange(len(records))
    bars = {}

    def keep(look: Look, which: "np.ndarray", *bar: "np.ndarray") -> None:
        if which.any():
            bars[look] = bar if which.all() else tuple(column[which] for column in bar)

    for look, start, stop in ((WAITING, created, begun), (READY, finished, taken)):
        keep(look, stop - start > NOISE, rows, start, stop)
    if records.steps is not None:
        tasks = np.repeat(rows, np.diff(np.array(records.steps.firsts)))
        begins, ends = np.array(records.steps.begins), np.array(records.steps.ends)
        outcomes, following = outcomes[tasks], np.append(begins[1:], 0.0)
        last = np.append(tasks[1:] != tasks[:-1], True)[: len(tasks)]
        rows, begun, stopped = tasks, ends, np.where(last, stopped[tasks], following[: len(tasks)])
        keep(RUNNING, ends >= begins, tasks, begins, ends)
    looks = RUNS if records.steps is None else RUNS_IN_STEPS
    for look in dict.fromkeys(looks.values()):
        chosen = np.isin(outcomes, [outcome for outcome in looks if looks[outcome] is look])
        keep(look, chosen & (stopped > begun), rows, begun, stopped)
    return bars


def coverage(bars: Bars, end: float, tasks: int, width: int, height: int) -> "np.ndarray":
    """Return the share of each pixel that bars cover, exact but for rounding.

    Args:
        bars: the bars, the rows in ascending order.
        end: the moment at the right edge, in seconds; the left one is 0.
        tasks: how many rows share the height; at least as many as there are rows of pixels.
        width: pixels in a row.
        height: rows of pixels.

    Returns:
        An array of `height` rows, from top to bottom, and `width` columns.
    """
    import numpy as np

    steps = np.zeros((height + 1) * (width + 2))  # where coverage rises and falls along each row
    thick = height / tasks
    for first in range(0, len(bars[0]), BLOCK):
        rows, start, stop = (column[first : first + BLOCK] for column in bars)
        top = rows * thick
        row = top.astype(np.intp)
        below = np.maximum(top + thick - row - 1, 0.0)  # what of a bar lies in the next row of pixels
        crossing = np.flatnonzero(below > 0)
        offset = int(row[0]) * (width + 2)
        size = (int(row[-1]) + 2) * (width + 2) - offset
        cells = row * (width + 2) - offset
        for time, sign in ((start, 1.0), (stop, -1.0)):
            x = np.clip(time * (width / end), 0.0, width)
            column = x.astype(np.intp)
            cell = cells + column
            part = x - column
            weight = (thick - below) * sign
            late = weight * part
            found = np.bincount(cell, weight - late, size)
            if late.any():
                found[1:] += np.bincount(cell, late, size)[:-1]
            cell, part, weight = cell[crossing] + width + 2, part[crossing], below[crossing] * sign
            found += np.bincount(cell, weight * (1 - part), size)
            found[1:] += np.bincount(cell, weight * part, size)[:-1]
            steps[offset : offset + size] += found[: len(steps) - offset]
    return steps.reshape(height + 1, width + 2)[:height].cumsum(axis=1)[:, :width]


def plain_coverage(records: Records, end: float, width: int, height: int) -> dict[Look, list[float]]:
    """Return the same of each kind of bar without numpy, one row of pixels after another in one list."""
    thick, steps = height / len(records), {}
    for look, task, start, stop in plain_bars(records):
        sums = steps.setdefault(look, [0.0] * ((height + 1) * (width + 1)))
        top = task * thick
        row = int(top)
        below = max(top + thick - row - 1, 0.0)
        for time, sign in ((start, 1.0), (stop, -1.0)):
            x = min(max(time * (width / end), 0.0), float(width))
            column = min(int(x), width - 1)
            for cell, weight in ((row, thick - below), (row + 1, below)):
                cell = cell * (width + 1) + column
                sums[cell] += sign * weight * (1 - x + column)
                sums[cell + 1] += sign * weight * (x - column)
    order = (WAITING, READY, RUNNING, *RUNS_IN_STEPS.values(), *RUNS.values())
    return {
        look: [
            share
            for first in range(0, height * (width + 1), width + 1)
            for share in accumulate(steps[look][first : first + width])
        ]
        for look in dict.fromkeys(order)
        if look in steps
    }


def plain_bars(records: Records) -> Iterator[tuple[Look, int, float, float]]:
    """Yield the kind, the row, and the times of start and end of each bar."""
    looks = RUNS if records.steps is None else RUNS_IN_STEPS
    for task, outcome in enumerate(records.outcomes):
        created, begun, stopped, taken = moments(records, task)
        if begun - created > NOISE:
            yield WAITING, task, created, begun
        if taken - stopped > NOISE:
            yield READY, task, stopped, taken
        for begin, finish in () if records.steps is None else records.steps.of(task):
            yield RUNNING, task, begin, finish
            if begin > begun:
                yield looks[outcome], task, begun, begin
            begun = finish
        if stopped > begun:
            yield looks[outcome], task, begun, stopped


def moments(records: Records, task: int) -> tuple[float, float, float, float]:
    """Return when a task was created, when its bar begins and ends, and when it was taken or else until when it waits.

    What did not happen until the block was left is put to its end; a cancelled task waits for nobody.
    """
    started, finished, received = records.started[task], records.finished[task], records.received[task]
    stopped = records.ended if isnan(finished) else finished
    begun = stopped if isnan(started) else started
    if isnan(received):
        received = stopped if records.outcomes[task] == CANCELLED else records.ended
    return records.created[task], begun, stopped, received
