"""The restaurant of chapter 05: the slip that goes with an order, and the picture of an evening."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from math import nan
from typing import Any

from .mime import picture_with_words
from .records import RESULT, STILL_RUNNING, Records

LEGEND = {
    "waits to start": "ordered, waits for an oven",
    "from start to result": "in the oven",
    "still running at the end": "still in the oven",
    "ready, not yet received": "ready, not yet served",
    "received": "served",
}
"""The words of a timeline's legend, and what they are called in a restaurant."""


@dataclass
class Slip:
    """What is noted of one order. Times are seconds since the evening began; None for what has not happened.

    Attributes:
        table: who ordered.
        dish: what was ordered.
        ordered: when it was ordered.
        in_oven: when it came into an oven.
        ready: when it came out, onto the pass: the place where the waiter picks dishes up.
        served: when it stood on the table.
    """

    table: str
    dish: str
    ordered: float | None = None
    in_oven: float | None = None
    ready: float | None = None
    served: float | None = None

    @property
    def wait(self) -> float:
        """Seconds from the order to the dish on the table.

        Raises:
            ValueError: if the dish was not served, or not ordered.
        """
        if self.ordered is None or self.served is None:
            raise ValueError(f"{self.table}'s {self.dish} has no wait yet: it was not ordered and served")
        return self.served - self.ordered


MOMENTS = [field.name for field in fields(Slip)][2:]


class Service:
    """The picture of one evening, or of several on one time axis; made by `draw_service`.

    Args:
        evenings: the slips of each evening, under its title.
    """

    def __init__(self, evenings: Mapping[str, Sequence[Slip]]) -> None:
        self.evenings = evenings

    def __str__(self) -> str:
        return "\n\n".join(f"{title}\n{_table(slips)}" for title, slips in self.evenings.items())

    def __repr__(self) -> str:
        return f"<service of {' and '.join(self.evenings)}>"

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, str], dict[str, Any]]:
        from . import figure

        drawn = figure.picture([(title, _records(slips)) for title, slips in self.evenings.items()])
        for words in drawn.legends[0].get_texts():
            words.set_text(LEGEND[words.get_text()])
        alt = " ".join(f"{title}: {_described(slips)}" for title, slips in self.evenings.items())
        return picture_with_words(figure.png(drawn), alt, str(self))


def draw_service(evenings: Mapping[str, Sequence[Slip]]) -> Service:
    """Show what became of the orders: when each waited, was in an oven, stood on the pass, and was served.

    It is the picture of a timeline, with the words of a restaurant.

    Args:
        evenings: the slips of each evening, under its title, the topmost first.

    Returns:
        An object that shows itself as the last line of a cell, or by ``print`` as tables.

    Raises:
        TypeError: if the evenings are no dictionary of lists of slips.
        ValueError: if a slip has no time of ordering.
    """
    if not isinstance(evenings, Mapping) or not evenings:
        raise TypeError("draw_service takes evenings by their titles, such as {'Monday': slips}")
    evenings = {title: list(slips) for title, slips in evenings.items()}
    for title, slips in evenings.items():
        if not slips or not all(isinstance(slip, Slip) for slip in slips):
            raise TypeError(f"an evening is a list of slips, such as [Slip('Ada', 'roast')]; that of {title!r} is not")
        for slip in slips:
            if slip.ordered is None:
                raise ValueError(f"{slip.table}'s slip has no time of ordering: let the kitchen do its work first")
    return Service(evenings)


def _records(slips: Sequence[Slip]) -> Records:
    """Return slips as a timeline's records: ordered is created, in an oven is running, served is received."""
    columns = [array("d", (nan if time is None else time for time in _times(slips, moment))) for moment in MOMENTS]
    return Records(
        [f"{slip.table}: {slip.dish}" for slip in slips],
        *columns,
        bytearray(STILL_RUNNING if slip.ready is None else RESULT for slip in slips),
        max(time for moment in MOMENTS for time in _times(slips, moment) if time is not None),
    )


def _times(slips: Sequence[Slip], moment: str) -> Iterator[float | None]:
    return (getattr(slip, moment) for slip in slips)


def _table(slips: Sequence[Slip]) -> str:
    rows = [["table", "dish", *(moment.replace("_", " ") for moment in MOMENTS)]]
    for slip in slips:
        times = (getattr(slip, moment) for moment in MOMENTS)
        rows.append([slip.table, slip.dish, *("-" if time is None else f"{time:.2f}" for time in times)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([*map(str.ljust, row[:2], widths), *map(str.rjust, row[2:], widths[2:])]).rstrip() for row in rows
    )


def _described(slips: Sequence[Slip]) -> str:
    """Return the alt text of one evening: who waited how long, and how long dishes stood on the pass."""
    parts = []
    for slip in sorted(slips, key=lambda slip: (slip.served is None, slip.served)):
        ready = "not ready" if slip.ready is None else f"ready {slip.ready:.2f}"
        served = "not served" if slip.served is None else f"served {slip.served:.2f}"
        parts.append(f"{slip.table} ordered at {slip.ordered:.2f} s, {ready}, {served}")
    return "; ".join(parts) + "."
