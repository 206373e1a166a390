"""The restaurant of chapter 05 at one moment: who waits, what is in the ovens and on the pass, and where the waiter is.

The scene is drawn from the slips: while an evening goes on, or afterwards for a moment of it.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape
from numbers import Real
from typing import Any

from workshop.timeline.block import Timeline
from workshop.timeline.records import RESULT
from workshop.timeline.views import svg
from workshop.timeline.views.bundle import as_html, picture_with_words
from workshop.timeline.views.live import Display
from workshop.timeline.views.styles import GREY, GRID, INK, READY, RUNS
from workshop.timeline.views.text import one_line

from .restaurant import WORDS, Slip, checked, described, name_of, records_of, table

LASTS = 6.0
"""Seconds that the time axis goes to at least, below a scene that is watched."""
PLACES = {
    "waits": (16, 148, "waits for an oven"),
    "oven": (176, 148, "in the ovens"),
    "pass": (336, 148, "ready, on the pass"),
    "waiter": (496, 160, "the waiter"),
    "served": (668, 136, "served"),
}
"""Where dishes can be, from left to right: the units where a place begins, how wide it is, and what stands above it."""
MOST = 6
"""So many dishes are shown in a place; of more, the others are counted."""
LONGEST = 14
"""Most characters of a dish with its table."""
LINE, HEAD, GAP = 22, 54, 10
"""Units that a dish takes from top to bottom, what stands above the dishes of an evening, and between two evenings."""
IN_OVEN = RUNS[RESULT]


def place_of(slip: Slip, now: float) -> str:
    """Return where a dish is at a moment: one of `PLACES`, or "" if it has not been ordered."""
    passed = [time is not None and time <= now for time in (slip.ordered, slip.in_oven, slip.ready)]
    if not all(passed):
        return ("", "waits", "oven")[passed.index(False)]
    if slip.served is not None and slip.served <= now:
        return "served"
    return "waiter" if slip.picked_up is not None and slip.picked_up <= now else "pass"


def _places(slips: Sequence[Slip], now: float) -> dict[str, list[str]]:
    """Return by each place the dishes that are there, named by their tables, in the order in which they came there."""
    found: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for slip in slips:
        if place := place_of(slip, now):
            since = {"waits": slip.ordered, "oven": slip.in_oven, "pass": slip.ready, "served": slip.served}
            found[place].append((since.get(place, 0.0), one_line(f"{slip.table}: {slip.dish}", LONGEST)))
    return {place: [dish for _, dish in sorted(found[place], key=lambda dish: dish[0])] for place in PLACES}


def _height(*dishes: int) -> int:
    """Return how many units an evening's scene is high that has room for so many dishes in a place, and a waiter."""
    most = max(3, *dishes)
    return HEAD + LINE * (min(most, MOST) + (most > MOST))


def scene(evenings: Mapping[str, Sequence[Slip]], now: float, ovens: int, below: str = "") -> str:
    """Return a restaurant at one moment of one evening or more, as an SVG document.

    Args:
        evenings: the slips of each evening, under its title, the topmost first.
        now: the moment, in seconds since the evening began.
        ovens: how many ovens there are.
        below: another SVG document to stand below it, while an evening goes on: then it is high enough for all moments.
    """
    parts, top = [], svg.PADDING
    for title, slips in evenings.items():
        places = _places(slips, now)
        parts.append(_text(16, top + 15, f"{name_of(title)}: {now:.1f} s", svg.TITLE, weight="bold"))
        for place, (x, width, words) in PLACES.items():
            parts.append(_text(x, top + 39, words, fill=GREY))
            parts.append(f'<path d="M{x} {top + 46}h{width - 12}" stroke="{GRID}" stroke-width="2"/>')
            parts += _place(place, x, width - 12, top + HEAD, places[place], ovens)
        top += _height(ovens, len(slips) if below else max(map(len, places.values()))) + GAP
    if below:
        parts.append(below.replace("<svg ", f'<svg y="{top}" ', 1))
        top += float(re.search(r'height="([\d.]+)"', below)[1])
    return svg.card(top, parts)


def _place(place: str, x: float, width: float, top: float, dishes: Sequence[str], ovens: int) -> list[str]:
    """Return the parts of a scene that show one place."""
    if place == "waiter":
        return _waiter(x, width, top, dishes)
    shown = dishes if len(dishes) <= MOST else dishes[:MOST]
    parts = [_dish(place, x, width, top + LINE * row, dish) for row, dish in enumerate(shown)]
    if place == "oven":
        parts += [_dish("free", x, width, top + LINE * row, "free") for row in range(len(shown), min(ovens, MOST))]
    if len(dishes) > MOST:
        parts.append(_text(x, top + LINE * MOST + 15, f"and {len(dishes) - MOST} more", svg.LABEL, GREY))
    return parts


def _dish(place: str, x: float, width: float, top: float, words: str) -> str:
    """Return a dish, in the shape and the colours of its place."""
    if place == "served":
        mark = f"M{x + 7} {top + 4:g}l7 7l-7 7l-7 -7z"
        return f'<path class="served" d="{mark}" fill="{INK}"/>{_text(x + 20, top + 15.7, words)}'
    fill, ink, line = {
        "waits": ("#FFFFFF", INK, f'stroke="{GREY}"'),
        "oven": (IN_OVEN.fill, IN_OVEN.ink, ""),
        "free": ("#FFFFFF", GREY, f'stroke="{GREY}" stroke-dasharray="2 3"'),
    }.get(place, (READY.fill, READY.ink, ""))
    box = f'x="{x + 0.5:g}" y="{top + 1.5:g}" width="{width - 1:g}" height="19"'
    return f'<rect class="{place}" {box} rx="3" fill="{fill}" {line}/>{_text(x + 8, top + 15.7, words, fill=ink)}'


def _waiter(x: float, width: float, top: float, dishes: Sequence[str]) -> list[str]:
    """Return the waiter, with the dish that is carried."""
    arm = "l14 -10" if dishes else "l9 12"
    body = f"M{x + 14} {top + 24}v22l-7 16m7 -16l7 16M{x + 14} {top + 30}l-9 12M{x + 14} {top + 30}{arm}"
    figure = (
        f'<circle cx="{x + 14}" cy="{top + 15}" r="7" fill="{INK}"/>'
        f'<path class="waiter" d="{body}" fill="none" stroke="{INK}" stroke-width="3" stroke-linecap="round"/>'
    )
    if not dishes:
        return [figure, _text(x + 34, top + 42, "waits", fill=GREY)]
    return [figure, _dish("carried", x + 28, width - 28, top, dishes[0])]


def _text(x: float, y: float, words: str, size: int = svg.LABEL, fill: str = INK, weight: str = "normal") -> str:
    bold = f' font-weight="{weight}"' * (weight != "normal")
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}"{bold}>{escape(words)}</text>'


def told(slips: Sequence[Slip], now: float) -> str:
    """Return the scene of one evening in words."""
    places = _places(slips, now)
    parts = [
        f"{words}: {', '.join(places[place]) or 'nothing'}"
        for place, (_, _, words) in PLACES.items()
        if place != "waiter"
    ]
    parts.insert(3, f"the waiter carries {places['waiter'][0]}" if places["waiter"] else "the waiter waits")
    return f"at {now:.1f} s: " + "; ".join(parts) + "."


class Moment:
    """The picture of a restaurant at one moment; made by `draw_moment`.

    Args:
        evenings: the slips of each evening, under its title.
        now: the moment, in seconds since the evening began.
        ovens: how many ovens there are.
    """

    def __init__(self, evenings: Mapping[str, Sequence[Slip]], now: float, ovens: int) -> None:
        self.evenings, self.now, self.ovens = evenings, now, ovens

    def __str__(self) -> str:
        return "\n".join(f"{name_of(title)}, {told(slips, self.now)}" for title, slips in self.evenings.items())

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, str], dict[str, Any]]:
        alt = str(self).replace("\n", " ")
        return picture_with_words(scene(self.evenings, self.now, self.ovens), alt, str(self))


def draw_moment(evenings: Mapping[str, Sequence[Slip]], now: float, ovens: int = 2) -> Moment:
    """Show where everything was at one moment of each evening: waiting, in an oven, on the pass, or on its table.

    Args:
        evenings: the slips of each evening, under its title, the topmost first.
        now: the moment, in seconds since the evening began.
        ovens: how many ovens there are.

    Returns:
        An object that shows itself as the last line of a cell, or by ``print`` in words.

    Raises:
        TypeError: if the moment is no number, or as for `draw_service`.
        ValueError: as for `draw_service`.
    """
    if isinstance(now, bool) or not isinstance(now, Real):
        raise TypeError(f"a moment is a number of seconds since the evening began, such as 4.0, not {now!r}")
    return Moment(checked(evenings), float(now), ovens)


class Scene(Display):
    """Shows an evening while it goes on: the scene, and below it the slips so far.

    Args:
        title: the evening's title.
        slips: its slips, on which others note what happens.
        ovens: how many ovens there are.
    """

    def __init__(self, title: str, slips: Sequence[Slip], ovens: int) -> None:
        super().__init__()
        self._title, self._slips, self._ovens = title, slips, ovens

    def frame(self, panel: svg.Panel, alt: str, words: str) -> dict[str, str]:
        """Return a frame, by MIME type."""
        now, over = panel.records.ended, panel.records.over
        slips = records_of(self._slips, now)
        slips.over = over
        room = svg.HIGHEST - svg.PADDING - _height(self._ovens, len(self._slips)) - GAP
        below = svg.picture([svg.Panel("the slips", slips)], WORDS, LASTS, room)
        alt = words = f"{name_of(self._title)}, {told(self._slips, now)}"
        if over:
            ordered = [slip for slip in self._slips if slip.ordered is not None]
            alt += f" The slips: {described(ordered)}" * bool(ordered)
            words = f"{name_of(self._title)}\n{table(self._slips)}"
        return {
            "text/plain": words,
            "text/html": as_html(scene({self._title: self._slips}, now, self._ovens, below), alt),
        }


def watch_service(title: str, slips: Sequence[Slip], ovens: int = 2) -> Timeline:
    """Show a restaurant while a block runs that sets `start` and lets the kitchen and the waiter work.

    Args:
        title: the evening's title.
        slips: the slips of the evening. What is noted on them is shown.
        ovens: how many ovens there are.

    Returns:
        What goes behind ``async with``: a live timeline, shown as a restaurant.
    """
    return Timeline(title, live=Scene(title, slips, ovens))
