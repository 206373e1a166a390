"""Draws how costs grow, on two log axes, where a power of N is a straight line. It measures nothing."""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any

from workshop.timeline.views.bundle import picture_with_words
from workshop.timeline.views.styles import GREY, GRID, INK
from workshop.timeline.views.svg import LABEL, NAME, TITLE, card

from .scale import Curve

HEIGHT = 400
LEFT, RIGHT, TOP, BOTTOM = 90, 560, 52, 340
"""Where the axes end, in units."""
LOOKS = {
    "all of them": ("#0072B2", "m-5 0l5 -5l5 5l-5 5z", ""),
    "with semaphore": ("#C04A00", "m-5 -5h10v10h-10z", "8 4"),
    "sliding window": ("#007A5A", "m-6 5l6 -10l6 10z", "8 3 2 3"),
    "workers on a queue": ("#882255", "m-6 -5l6 10l6 -10z", "2 3"),
    "with aiometer": ("#5A5F63", "m-2 -6h4v4h4v4h-4v4h-4v-4h-4v-4h4z", "12 4"),
    "with aiostream": ("#8A6400", "m-6 -3h12v6h-12z", "5 2"),
    "wait over all": ("#1E1E1E", "m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", "14 3 2 3 2 3"),
}
"""Colour, marker and dashes of each way of chapter 09, wherever it is drawn: each tells the curves apart by itself. A
curve of another name takes a look that is left."""
SLOPES = {1: "like N", 2: "like N²"}
"""The powers of N to which thin lines are drawn for comparison, the second only if a curve is as steep."""
STEEP = 1.5
HALO = ' stroke="#FFFFFF" stroke-width="4" paint-order="stroke"'
"""Keeps lines away from letters."""


class Chart:
    """Curves of one kind on log axes. As the last line of a cell it shows its picture; ``print`` gives the words.

    Args:
        what: what was measured, with its unit, such as ``"megabytes"``.
        curves: one to seven curves.

    Raises:
        ValueError: there are no curves, or more than seven, or a value is not above 0, which log axes cannot show.
    """

    def __init__(self, what: str, curves: Sequence[Curve]) -> None:
        if not 1 <= len(curves) <= len(LOOKS):
            raise ValueError(f"a chart shows 1 to {len(LOOKS)} curves, and got {len(curves)}")
        for curve in curves:
            if min(curve.values) <= 0:
                raise ValueError(f"log axes show values above 0 only, and a value of {curve.name!r} is not")
        self.what = what
        self.curves = list(curves)

    def __str__(self) -> str:
        width = max(len(curve.name) for curve in self.curves)
        lines = [
            f"{curve.name:{width}}  {curve.growth} (here: exponent {curve.exponent:z.2f}), "
            f"seen from {curve.numbers[0]:,} to {curve.numbers[-1]:,}"
            for curve in self.curves
        ]
        return "\n".join([f"N calls, {self.what}:", *lines])

    def __repr__(self) -> str:
        return f"<Chart of {self.what}: {len(self.curves)} curves>"

    @property
    def alt(self) -> str:
        """What the picture shows, in words that are the same on every machine."""
        curves = "; ".join(f"{curve.name} {curve.growth}" for curve in self.curves)
        return f"Chart with two log axes, the number of calls N across and {self.what} upwards. {curves}."

    def svg(self) -> str:
        """Draw the chart."""
        numbers = [number for curve in self.curves for number in curve.numbers]
        values = [value for curve in self.curves for value in curve.values]
        left, right = log10(min(numbers)), log10(max(numbers))
        low, high = floor(log10(min(values))), ceil(log10(max(values)))
        high += high == low
        across, down = (RIGHT - LEFT) / (right - left or 1), (BOTTOM - TOP) / (high - low)

        def at(number: float, value: float) -> str:
            return f"{LEFT + (log10(number) - left) * across:.1f} {BOTTOM - (log10(value) - low) * down:.1f}"

        parts = [text(16, 31, self.what, INK, f' font-size="{TITLE}" font-weight="bold"')]
        for zeros in range(low, high + 1):
            y = BOTTOM - (zeros - low) * down
            parts.append(f'<path d="M{LEFT} {y:.1f}H{RIGHT}" stroke="{GRID}"/>')
            parts.append(text(LEFT - 10, y + 5, f"{10.0**zeros:,.{max(0, -zeros)}f}", GREY, ' text-anchor="end"'))
        for zeros in range(ceil(left - 1e-9), floor(right + 1e-9) + 1):
            x = LEFT + (zeros - left) * across
            parts.append(f'<path d="M{x:.1f} {TOP}V{BOTTOM}" stroke="{GRID}"/>')
            parts.append(text(x, BOTTOM + 22, f"{10**zeros:,}", GREY, ' text-anchor="middle"'))
        parts.append(text((LEFT + RIGHT) / 2, BOTTOM + 44, "calls N", GREY, ' text-anchor="middle"'))
        parts += self._slopes(10**left, 10.0**low, (RIGHT - LEFT) / across, (BOTTOM - TOP) / down, at)
        ends = []
        for curve, (color, marker, dashes) in zip(self.curves, self._looks(), strict=True):
            points = [at(*point) for point in zip(curve.numbers, curve.values, strict=True)]
            line = f'fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="{dashes}"'
            parts.append(f'<path class="curve" d="M{"L".join(points)}" {line}/>')
            parts.append(
                f'<path class="points" d="{"".join(f"M{point}{marker}" for point in points)}" fill="{color}"/>'
            )
            ends.append((float(points[-1].split()[1]), points[-1], curve, color))
        early = [end for end in ends if end[2].numbers[-1] < max(numbers)]
        highest = float(BOTTOM)
        for y, point, curve, color in sorted(early, key=lambda end: -end[0]):  # named where they end
            highest, x = min(highest - 20, y - 8), float(point.split()[0])
            rises = curve.exponent > 0.5  # then there is room on its left
            parts.append(text(x + 10, highest, _name(curve), color, HALO + ' text-anchor="end"' * rises))
        ends = [end for end in ends if end not in early]
        lowest = TOP - 20.0
        for y, point, curve, color in self._apart(sorted(ends, key=lambda end: end[0])):
            lowest = max(lowest + 20, y)
            parts.append(f'<path d="M{point}L{RIGHT + 14} {lowest:.1f}" stroke="{color}" stroke-width="0.7"/>')
            parts.append(text(RIGHT + 18, lowest + 5, _name(curve), color))
        return card(HEIGHT, parts, f' font-size="{NAME}"')

    def _looks(self) -> list[tuple[str, str, str]]:
        """Return the look of each curve."""
        names = [curve.name for curve in self.curves]
        left = [look for known, look in LOOKS.items() if known not in names]
        return [LOOKS.get(name) or left.pop() for name in names]

    def _apart(self, ends: list[tuple[float, str, Curve, str]]) -> list[tuple[float, str, Curve, str]]:
        """Return the ends of the curves, those moved up that would have no room below them."""
        most = [BOTTOM - 20.0 * (len(ends) - 1 - place) for place in range(len(ends))]
        return [(min(end[0], highest), *end[1:]) for end, highest in zip(ends, most, strict=True)]

    def _slopes(self, left: float, low: float, across: float, down: float, at: Any) -> list[str]:
        """Return thin lines of known slope through the lower left corner.

        Args:
            left: the number of calls at the left edge.
            low: the value at the lower edge.
            across: how many powers of ten the chart is wide.
            down: how many it is high.
            at: returns where a number and a value are drawn.
        """
        parts = []
        for power, words in SLOPES.items():
            if power == 1 or max(curve.exponent for curve in self.curves) >= STEEP:
                length = min(across, down / power)
                end = at(left * 10**length, low * 10 ** (power * length))
                parts.append(f'<path class="slope" d="M{at(left, low)}L{end}" stroke="#9AA0A6"/>')
                x, y = map(float, at(left * 10 ** (0.86 * length), low * 10 ** (0.86 * power * length)).split())
                parts.append(text(x + 6, y + 16, words, GREY, f' font-size="{LABEL}"{HALO}'))
        return parts

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, str], dict[str, Any]]:
        return picture_with_words(self.svg(), self.alt, str(self))


def _name(curve: Curve) -> str:
    """Return what stands beside a curve's end."""
    return f"{curve.name} (slope {curve.exponent:z.1f})"


def text(x: float, y: float, words: str, fill: str, more: str = "") -> str:
    """Return words as an SVG element.

    Args:
        x: where they begin, in units.
        y: where their line is.
        words: the words.
        fill: their colour.
        more: further attributes, each with a space before it.
    """
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}"{more}>{escape(words)}</text>'
