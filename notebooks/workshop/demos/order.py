"""The picture of chapter 08's queue: who stood where in the list, and who came in when."""

from collections.abc import Sequence
from typing import Any

from workshop.timeline.views.bundle import picture_with_words
from workshop.timeline.views.styles import GREY, INK
from workshop.timeline.views.svg import LABEL, NAME, TITLE, card

LEFT, RIGHT, TOP, BOTTOM, HEIGHT = 130, 780, 72, 168, 200
"""Where the places of the first and the last are, in units; and how high the picture is."""
RADIUS = 14
KEPT, MOVED = "#2A74AD", "#C04A00"


class Order:
    """The picture of an order; made by `draw_order`.

    Args:
        came_in: numbers from 0 on, in the order in which they came in.
    """

    def __init__(self, came_in: Sequence[int]) -> None:
        self.came_in = came_in

    def __str__(self) -> str:
        return f"in the list  {_row(range(len(self.came_in)))}\ncame in      (here: {_row(self.came_in)})"

    def __repr__(self) -> str:
        return f"<order of {len(self.came_in)}>"

    @property
    def moved(self) -> int:
        """How many came in at another place than theirs."""
        return sum(place != who for place, who in enumerate(self.came_in))

    @property
    def alt(self) -> str:
        """What the picture shows, in words that don't tell which order it was."""
        lines = "lines from each to itself cross" if self.moved else "straight lines lead from each to itself"
        return f"{len(self.came_in)} numbers as in the list, and below as they came in; {lines}."

    def svg(self) -> str:
        """Draw the picture."""
        number = len(self.came_in)
        across = (RIGHT - LEFT) / max(number - 1, 1)
        title = f"{self.moved} of {number} came in out of turn" if self.moved else "All came in in turn"
        parts = [
            f'<text x="16" y="31" font-size="{TITLE}" font-weight="bold" fill="{INK}">{title}</text>',
        ]
        for y, words in ((TOP, "in the list"), (BOTTOM, "came in")):
            parts.append(f'<text x="16" y="{y + 5}" font-size="{LABEL}" fill="{GREY}">{words}</text>')
        for place, who in enumerate(self.came_in):
            above, below = LEFT + who * across, LEFT + place * across
            color = KEPT if place == who else MOVED
            line = f"M{above:.1f} {TOP + RADIUS}L{below:.1f} {BOTTOM - RADIUS}"
            parts.append(f'<path d="{line}" stroke="{color}" stroke-width="2"/>')
            for x, y in ((above, TOP), (below, BOTTOM)):
                parts.append(
                    f'<circle cx="{x:.1f}" cy="{y}" r="{RADIUS}" fill="#FFFFFF" stroke="{color}" stroke-width="2"/>'
                    f'<text x="{x:.1f}" y="{y + 5}" text-anchor="middle" fill="{INK}">{who}</text>'
                )
        return card(HEIGHT, parts, f' font-size="{NAME}"')

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, str], dict[str, Any]]:
        return picture_with_words(self.svg(), self.alt, str(self))


def draw_order(came_in: Sequence[int]) -> Order:
    """Show who changed places between a list and the order in which its members came in.

    Args:
        came_in: the numbers of the list's places, from 0 on, in the order in which they came in.

    Returns:
        An object that shows itself as the last line of a cell; ``print`` gives the words.

    Raises:
        ValueError: if some place of the list is missing, or comes twice.
    """
    if not came_in or sorted(came_in) != list(range(len(came_in))):
        raise ValueError(f"each number from 0 on is to come in once, and these did: {came_in}")
    return Order(list(came_in))


def _row(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers))
