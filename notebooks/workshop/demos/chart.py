"""Draws how costs grow, on two log axes, where a power of N is a straight line. It measures nothing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workshop.timeline.views.bundle import picture_with_words
from workshop.timeline.views.styles import INK

from .scale import Curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONT_SIZE = 13
WIDTH, HEIGHT, DPI = 9.0, 4.6, 100
STYLES = [
    ("#0072B2", "o", "-"),
    ("#D55E00", "s", "--"),
    ("#009E73", "^", "-."),
    ("#882255", "D", ":"),
    ("#6E6E6E", "v", (0, (6, 2))),
    ("#B07D00", "P", (0, (3, 1, 1, 1, 1, 1))),
]
"""Colour, marker and line of the first curve, the second, and so on: each tells the curves apart by itself."""
SLOPES = {1: "like N", 2: "like N²"}
"""The powers of N to which thin lines are drawn for comparison, the second only if a curve is as steep."""
STEEP = 1.5


class Chart:
    """Curves of one kind on log axes. As the last line of a cell it shows its picture; ``print`` gives the words.

    Args:
        what: what was measured, with its unit, such as ``"megabytes"``.
        curves: one to six curves.

    Raises:
        ValueError: there are no curves, or more than six, or a value is not above 0, which log axes cannot show.
    """

    def __init__(self, what: str, curves: Sequence[Curve]) -> None:
        if not 1 <= len(curves) <= len(STYLES):
            raise ValueError(f"a chart shows 1 to {len(STYLES)} curves, and got {len(curves)}")
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

    def figure(self) -> "Figure":
        """Draw the chart with matplotlib."""
        from matplotlib import style
        from matplotlib.figure import Figure

        with style.context("default"):
            figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white", layout="constrained")
            ax = figure.add_subplot(xscale="log", yscale="log")
            for curve, (color, marker, line) in zip(self.curves, STYLES, strict=False):
                label = f"{curve.name}\n(slope {curve.exponent:z.1f})"
                look = {"color": color, "marker": marker, "linestyle": line, "markersize": 8, "linewidth": 2}
                ax.plot(curve.numbers, curve.values, label=label, **look)
            self._draw_slopes(ax)
            ax.set_xlabel("calls N", fontsize=FONT_SIZE)
            ax.set_ylabel(self.what, fontsize=FONT_SIZE)
            ax.tick_params(labelsize=FONT_SIZE)
            ax.grid(color="#DDDDDD")
            ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=FONT_SIZE - 1.5, frameon=False)
        return figure

    def _draw_slopes(self, ax: Any) -> None:
        """Draw thin lines of known slope through the lower left corner, and leave the axes as the curves need them."""
        (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
        steepest = max(curve.exponent for curve in self.curves)
        for power, words in SLOPES.items():
            if power > 1 and steepest < STEEP:
                continue
            end = min(right, left * (top / bottom) ** (1 / power))
            height = bottom * (end / left) ** power
            ax.plot([left, end], [bottom, height], color="#8A8A8A", linewidth=1, zorder=1)
            at_x = left * (end / left) ** 0.86
            ax.annotate(
                words,
                (at_x, bottom * (at_x / left) ** power),
                xytext=(4, -4),
                textcoords="offset points",
                ha="left",
                va="top",
                color=INK,
                fontsize=FONT_SIZE - 3,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )
        ax.set_xlim(left, right)
        ax.set_ylim(bottom, top)

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, str], dict[str, Any]]:
        from workshop.timeline.views.figure import png

        return picture_with_words(png(self.figure()), self.alt, str(self))
