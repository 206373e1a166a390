"""The restaurant of chapter 05: the slip that goes with an order, and the picture of an evening."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, nan
from numbers import Real
from typing import Any

from workshop.timeline.records import RESULT, STILL_RUNNING, Records
from workshop.timeline.views import svg
from workshop.timeline.views.bundle import picture_with_words
from workshop.timeline.views.styles import READY, RECEIVED, RUNS, WAITING
from workshop.timeline.views.text import LONGEST_NAME, MOST_DESCRIBED, in_columns, one_line, rows_of

WORDS = {
    WAITING.words: "waits for an oven",
    RUNS[RESULT].words: "in the oven",
    RUNS[STILL_RUNNING].words: "still in the oven",
    READY.words: "ready, not yet served",
    RECEIVED.words: "served",
    svg.FIRST: "first dish after",
    svg.NONE: "no dish served",
}
"""The words of a timeline's picture, and what is said in a restaurant."""


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
        picked_up: when the waiter took it from the pass.
        comes: when the guest is going to order, in seconds since the evening began.
    """

    table: str
    dish: str
    ordered: float | None = None
    in_oven: float | None = None
    ready: float | None = None
    served: float | None = None
    picked_up: float | None = None
    comes: float = 0.0

    @property
    def wait(self) -> float:
        """Seconds from the order to the dish on the table.

        Raises:
            ValueError: if the dish was not served, or not ordered.
        """
        if self.ordered is None or self.served is None:
            raise ValueError(f"{self.table}'s {self.dish} has no wait yet: it was not ordered and served")
        return self.served - self.ordered


MOMENTS = ("ordered", "in_oven", "ready", "served")
"""What the table and the picture tell of: what has been picked up is in the waiter's hands, and not yet served."""


class Service:
    """The picture of one evening, or of several on one time axis; made by `draw_service`.

    Args:
        evenings: the slips of each evening, under its title.
    """

    def __init__(self, evenings: Mapping[str, Sequence[Slip]]) -> None:
        self.evenings = evenings

    def __str__(self) -> str:
        return "\n\n".join(f"{name_of(title)}\n{table(slips)}" for title, slips in self.evenings.items())

    def __repr__(self) -> str:
        return f"<service of {' and '.join(map(name_of, self.evenings))}>"

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, str], dict[str, Any]]:
        panels = [svg.Panel(title, records_of(slips)) for title, slips in self.evenings.items()]
        alt = " ".join(f"{name_of(title)}: {described(slips)}" for title, slips in self.evenings.items())
        return picture_with_words(svg.picture(panels, WORDS), alt, str(self))


def draw_service(evenings: Mapping[str, Sequence[Slip]]) -> Service:
    """Show what became of the orders: when each waited, was in an oven, stood on the pass, and was served.

    It is the picture of a timeline, with the words of a restaurant.

    Args:
        evenings: the slips of each evening, under its title, the topmost first.

    Returns:
        An object that shows itself as the last line of a cell, or by ``print`` as tables.

    Raises:
        TypeError: if the evenings are no dictionary of lists of slips, or a time is no number.
        ValueError: if an evening has no slip, a slip no time of ordering, or its times
            are infinite, negative, or not in order.
    """
    return Service(checked(evenings))


def checked(evenings: Mapping[str, Sequence[Slip]]) -> dict[str, list[Slip]]:
    """Return evenings that can be drawn, or raise the errors of `draw_service`."""
    if not isinstance(evenings, Mapping) or not evenings:
        raise TypeError("draw_service takes evenings by their titles, such as {'Monday': slips}")
    kept = {}
    for title, slips in evenings.items():
        if not isinstance(title, str):
            raise TypeError(f"the title of an evening is text, such as 'Monday', not {title!r}")
        orders = list(slips) if isinstance(slips, Iterable) else None
        if orders is None or not all(isinstance(slip, Slip) for slip in orders):
            raise TypeError(f"an evening is a list of slips, such as [Slip('Ada', 'roast')]; that of {title!r} is not")
        if not orders:
            raise ValueError(f"the evening of {title!r} has no slips: there is nothing to draw")
        for slip in orders:
            _check(slip)
        kept[title] = orders
    return kept


def _check(slip: Slip) -> None:
    """Raise an error if a slip can't be drawn."""
    if slip.ordered is None:
        raise ValueError(f"{slip.table}'s slip has no time of ordering: let the kitchen do its work first")
    noted = [(moment.replace("_", " "), getattr(slip, moment)) for moment in (*MOMENTS[:-1], "picked_up", "served")]
    noted = [(moment, time) for moment, time in noted if time is not None]
    for moment, time in noted:
        if not isinstance(time, Real):
            raise TypeError(f"on {slip.table}'s slip, {moment!r} is a number of seconds or None, not {time!r}")
        if not 0 <= time < inf:
            raise ValueError(f"on {slip.table}'s slip, {moment!r} is a moment after the evening began, not {time!r}")
    for (before, earlier), (after, later) in pairwise(noted):
        if later < earlier:
            raise ValueError(
                f"on {slip.table}'s slip, {after!r} is {later:.2f} s, and {before!r}, which comes before it, is "
                f"{earlier:.2f} s: was `start` set again while the evening was going on?"
            )


def name_of(name: object) -> str:
    """Return a reader's name of a table, a dish or an evening, in one line that is not too long."""
    return one_line(str(name), LONGEST_NAME)


def records_of(slips: Sequence[Slip], now: float | None = None) -> Records:
    """Return slips as a timeline's records: ordered is created, in an oven is running, served is received.

    Args:
        slips: the slips. Without `now`, all have been ordered.
        now: while the evening goes on, the present, in seconds since it began.
    """
    columns = [array("d", (nan if time is None else time for time in _times(slips, moment))) for moment in MOMENTS]
    return Records(
        [f"{slip.table}: {slip.dish}" for slip in slips],
        *columns,
        bytearray(STILL_RUNNING if slip.ready is None else RESULT for slip in slips),
        max(time for moment in MOMENTS for time in _times(slips, moment) if time is not None) if now is None else now,
        over=now is None,
    )


def _times(slips: Sequence[Slip], moment: str) -> Iterator[float | None]:
    return (getattr(slip, moment) for slip in slips)


def table(slips: Sequence[Slip]) -> str:
    """Return the slips as a table. Of more than 40 slips the first 20 and the last 20 are shown."""
    rows = [["table", "dish", *(moment.replace("_", " ") for moment in MOMENTS)]]
    for slip in map(slips.__getitem__, rows_of(len(slips))):
        times = (getattr(slip, moment) for moment in MOMENTS)
        rows.append(
            [name_of(slip.table), name_of(slip.dish), *("-" if time is None else f"{time:.2f}" for time in times)]
        )
    return "\n".join(in_columns(rows, len(slips), as_text=(0, 1)))


def described(slips: Sequence[Slip]) -> str:
    """Return the alt text of one evening: what became of each order; of many orders, the first and the last."""
    in_order = sorted(slips, key=lambda slip: (slip.served is None, slip.served))
    if len(slips) <= MOST_DESCRIBED:
        return "; ".join(map(_story, in_order)) + "."
    served = [slip for slip in in_order if slip.served is not None]
    parts = [f"{len(slips)} orders, {len(served)} served"]
    if served:
        parts.append(f"the first: {_story(served[0])}")
        parts.append(f"the last: {_story(served[-1])}")
    return "; ".join(parts) + "."


def _story(slip: Slip) -> str:
    """Return what became of one order."""
    ready = "not ready" if slip.ready is None else f"ready {slip.ready:.2f}"
    served = "not served" if slip.served is None else f"served {slip.served:.2f}"
    return f"{name_of(slip.table)} ordered at {slip.ordered:.2f} s, {ready}, {served}"
