"""The picture of chapter 11: when calls began, as a server's own log tells it."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from html import escape
from itertools import accumulate
from math import ceil
from typing import Any

from workshop.timeline.records import EXCEPTION, RESULT
from workshop.timeline.views.bundle import picture_with_words
from workshop.timeline.views.styles import GREY, GRID, INK, RUNS
from workshop.timeline.views.svg import HIGHEST, LABEL, NAME, card

from .chart import text
from .requests import expect_ended

SECOND = 0.975
"""Seconds that count as one: two starts that are a second apart are not in the same one, and no machine is exact."""
LEFT, RIGHT = 28, 720
"""Where the axis begins and ends, in units: behind it there is room for words."""
TOP, HEAD, GAP, FOOT = 8, 26, 12, 34
"""Units above the first strip, for a strip's title, below a strip, and for the axis."""
LEAST, MOST = 30, 120
"""Units that the dots of a strip take at least, and at most."""
TICKS = 10
"""So many ticks the axis has, about."""
DOT = 5
"""Units that a dot is wide."""
CROSS = "m-4 -4l8 8m0 -8l-8 8"


def most_in_a_second(requests: Sequence[Any]) -> int:
    """Return how many requests arrived in the busiest second.

    Args:
        requests: the log, ``api.requests``, in the order of arrival.
    """
    arrived = [request.arrived for request in requests]
    return max((bisect_left(arrived, begin + SECOND) - first for first, begin in enumerate(arrived)), default=0)


class Starts:
    """The picture of one log, or of several on one time axis; made by `draw_starts`.

    Args:
        logs: the logs, each under its title.
        per_second: the starts that are allowed in a second, or None.
    """

    def __init__(self, logs: Mapping[str, Sequence[Any]], per_second: float | None) -> None:
        self.logs = logs
        self.per_second = per_second

    def __str__(self) -> str:
        return "\n".join(f"{title}: {_in_words(log)}" for title, log in self.logs.items())

    def __repr__(self) -> str:
        return f"<starts: {', '.join(self.logs)}>"

    @property
    def alt(self) -> str:
        """What the picture shows, in words."""
        line = f", and a line for {self.per_second:g} a second" if self.per_second else ""
        strips = ". ".join(f"{title}: {_in_words(log)}" for title, log in self.logs.items())
        return f"Dots for the starts of calls against time, each a step higher than the one before{line}. {strips}."

    def svg(self) -> str:
        """Draw the picture."""
        longest = max(map(len, self.logs.values()))
        allowed = longest / self.per_second if self.per_second else 0.0
        span = max(1.0, allowed, *(log[-1].arrived - log[0].arrived for log in self.logs.values()))
        across = (RIGHT - LEFT) / span
        high = min(MOST, (HIGHEST - TOP - FOOT) / len(self.logs) - HEAD - GAP)
        floors = [TOP + place * (HEAD + high + GAP) - GAP for place in range(1, len(self.logs) + 1)]
        parts = []
        for second in range(0, int(span) + 1, ceil(span / TICKS)):
            x = LEFT + second * across
            lines = "".join(f"M{x:.1f} {floor:.1f}v{-high:.1f}" for floor in floors)
            parts.append(f'<path d="{lines}" stroke="{GRID}"/>')
            words = f' font-size="{LABEL}" text-anchor="middle"'
            parts.append(text(x, floors[-1] + GAP + 20, f"{second} s", GREY, words))
        if self.per_second:
            lines = "".join(f"M{LEFT} {floor:.1f}l{allowed * across:.1f} {-high:.1f}" for floor in floors)
            parts.append(f'<path class="allowed" d="{lines}" stroke="#9AA0A6" stroke-dasharray="6 4"/>')
            x, words = LEFT + allowed * across + 8, f"{self.per_second:g} a second"
            parts.append(text(x, floors[0] - high + LABEL, words, GREY, f' font-size="{LABEL}"'))
        for floor, (title, log) in zip(floors, self.logs.items(), strict=True):
            words = f'<tspan font-weight="bold">{escape(title)}:</tspan> {_counts(log)}'
            parts.append(f'<text x="16" y="{floor - high - 9:.1f}" fill="{INK}">{words}</text>')
            parts += _marks(log, floor, across, high / longest)
        return card(floors[-1] + GAP + FOOT, parts, f' font-size="{NAME}"')

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, str], dict[str, Any]]:
        return picture_with_words(self.svg(), self.alt, str(self))


def draw_starts(logs: Mapping[str, Sequence[Any]], per_second: float | None = None) -> Starts:
    """Show when calls began, as a server saw it: a dot for each, one step higher than the last.

    So a rate is a slope, and many starts at the same moment are a pillar. Who was turned away gets a cross.

    Args:
        logs: the logs, ``api.requests``, each under its title, the topmost first.
        per_second: the starts that are allowed in a second, for a line of that slope; None for no line.

    Returns:
        An object that shows itself as the last line of a cell, or by ``print`` in words.

    Raises:
        ValueError: if there is no log or there are too many, if one is empty, or if a request has not ended: wait until
            the server's block has been left.
    """
    most = (HIGHEST - TOP - FOOT) // (HEAD + LEAST + GAP)
    if not 1 <= len(logs) <= most:
        raise ValueError(f"a picture shows 1 to {most} logs, and got {len(logs)}")
    expect_ended(logs)
    return Starts(dict(logs), per_second)


def _marks(log: Sequence[Any], floor: float, across: float, step: float) -> list[str]:
    """Return the dots of a log, and the crosses of those that were turned away.

    Args:
        log: the log.
        floor: where its strip ends, in units from the top.
        across: the units of a second.
        step: by how many units each start is higher than the last.
    """
    places: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    for number, request in enumerate(log, start=1):
        x = LEFT + (request.arrived - log[0].arrived) * across
        places[_is_turned_away(request)].append((x, floor - number * step))
    dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places[False])
    blue, red = RUNS[RESULT].fill, RUNS[EXCEPTION].ink
    parts = [f'<path class="starts" d="{dots}" stroke="{blue}" stroke-width="{DOT}" stroke-linecap="round"/>']
    if places[True]:
        crosses = "".join(f"M{x:.1f} {y:.1f}{CROSS}" for x, y in places[True])
        parts.append(f'<path class="away" d="{crosses}" fill="none" stroke="{red}" stroke-width="2"/>')
        x, y = places[True][0]
        parts.append(text(x + 10, y + 16, "turned away", red, f' font-size="{LABEL}"'))
    return parts


def _in_words(log: Sequence[Any]) -> str:
    """Return what is told of a log."""
    return f"{len(log)} starts, the last at {log[-1].arrived - log[0].arrived:.2f} s, {_counts(log)}"


def _counts(log: Sequence[Any]) -> str:
    """Return what is told of a log in the picture."""
    away = sum(map(_is_turned_away, log))
    counts = f"{most_in_a_second(log)} in the busiest second, {_most_at_a_time(log)} at a time"
    return counts + f", {away} turned away" * bool(away)


def _most_at_a_time(log: Sequence[Any]) -> int:
    """Return how many requests there were at the same time, at most; one that ends makes room for one that begins."""
    changes = sorted([(request.arrived, 1) for request in log] + [(request.finished, -1) for request in log])
    return max(accumulate(change for _, change in changes))


def _is_turned_away(request: Any) -> bool:
    return request.status == 429
