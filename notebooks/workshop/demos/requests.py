"""The picture of chapter 07: what a server was asked for, address by address, as its own log tells it."""

from array import array
from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

from workshop.timeline.records import EXCEPTION, RESULT, Records
from workshop.timeline.views import svg
from workshop.timeline.views.bundle import picture_with_words
from workshop.timeline.views.styles import PAUSED, RECEIVED, RUNS, WAITING
from workshop.timeline.views.text import MOST_DESCRIBED, in_columns, rows_of

WORDS = {
    WAITING.words: "not yet asked for",
    RUNS[RESULT].words: "served",
    PAUSED.words: "backs off",
    RECEIVED.words: "answered",
    svg.FIRST: "first answer after",
    svg.NONE: "no answer",
}
"""The words of a timeline's picture, and what is said of requests."""


class Requests:
    """The picture of one log, or of several on one time axis; made by `draw_requests`.

    Args:
        logs: by its title, for each address the requests for it.
    """

    def __init__(self, logs: Mapping[str, Mapping[str, Sequence[Any]]]) -> None:
        self.logs = logs

    def __str__(self) -> str:
        return "\n\n".join(f"{title}\n{_table(log)}" for title, log in self.logs.items())

    def __repr__(self) -> str:
        return f"<requests: {', '.join(self.logs)}>"

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, str], dict[str, Any]]:
        panels = [_panel(*titled) for titled in self.logs.items()]
        alt = " ".join(_described(*titled) for titled in self.logs.items())
        return picture_with_words(svg.picture(panels, WORDS), alt, str(self))


def draw_requests(logs: Mapping[str, Sequence[Any]]) -> Requests:
    """Show when a server was asked for each address, which requests failed, and when there was an answer.

    A line leads from the beginning to an address's first request, since all are taken to be wanted from the beginning:
    from the first request of all.

    Args:
        logs: the logs, ``api.requests``, each under its title, the topmost first.

    Returns:
        An object that shows itself as the last line of a cell, or by ``print`` as tables.

    Raises:
        ValueError: if a log is empty, or a request has not ended: wait until the server's block has been left.
    """
    expect_ended(logs)
    drawn = {}
    for title, log in logs.items():
        paths = sorted({request.path for request in log}, key=lambda path: (len(path), path))
        requests = {path: [request for request in log if request.path == path] for path in paths}
        began = min(request.arrived for request in log)
        drawn[f"{title}, {len(log)} request{'s' * (len(log) > 1)}"] = {
            path: [(request.arrived - began, request.finished - began, _ended(request)) for request in some]
            for path, some in requests.items()
        }
    return Requests(drawn)


def expect_ended(logs: Mapping[str, Sequence[Any]]) -> None:
    """Go on if logs, each under its title, can be drawn.

    Raises:
        ValueError: if one is empty, or holds a request that has not ended.
    """
    for title, log in logs.items():
        if not log or any(request.finished is None for request in log):
            raise ValueError(f"the log of {title!r} is empty or goes on: draw it when the server's block has been left")


def _ended(request: Any) -> str:
    """Return what became of a request: "" if it was answered well."""
    if request.status is None:
        return "cut"
    return f"status {request.status}" if request.status >= 400 else request.failure or ""


def _panel(title: str, log: Mapping[str, Sequence[tuple[float, float, str]]]) -> svg.Panel:
    attempts = [
        [(begin, end, EXCEPTION if ended else RESULT) for begin, end, ended in requests] for requests in log.values()
    ]
    ends = [requests[-1][1] for requests in attempts]
    outcomes = bytearray(requests[-1][2] for requests in attempts)
    records = Records(
        list(log),
        array("d", [0.0] * len(log)),
        array("d", (requests[0][0] for requests in attempts)),
        array("d", ends),
        array("d", (end if outcome == RESULT else nan for end, outcome in zip(ends, outcomes, strict=True))),
        outcomes,
        max(ends),
    )
    return svg.Panel(title, records, attempts=dict(enumerate(attempts)))


def _table(log: Mapping[str, Sequence[tuple[float, float, str]]]) -> str:
    paths = list(log)
    rows = [["address", "asked for at, and what became of it"]]
    rows += [[paths[row], _story(log[paths[row]])] for row in rows_of(len(paths))]
    return "\n".join(in_columns(rows, len(paths), as_text=(0, 1)))


def _story(requests: Sequence[tuple[float, float, str]]) -> str:
    """Return when an address was asked for, and what came of it."""
    return ", ".join(f"{begin:.2f} s: {ended or f'answered at {end:.2f} s'}" for begin, end, ended in requests)


def _described(title: str, log: Mapping[str, Sequence[tuple[float, float, str]]]) -> str:
    """Return the alt text of one log."""
    answered = sorted(requests[-1][1] for requests in log.values() if not requests[-1][2])
    failed = [ended for requests in log.values() for *_, ended in requests if ended]
    parts = [f"{title}, for {len(log)} addresses: {len(answered)} answered"]
    if answered:
        parts.append(f"the first after {answered[0]:.2f} s, the last after {answered[-1]:.2f} s")
    if failed:
        parts.append(f"{len(failed)} requests failed ({', '.join(sorted(set(failed)))})")
    if again := [path for path, requests in log.items() if len(requests) > 1]:
        parts.append(f"asked for more than once: {', '.join(again[:MOST_DESCRIBED])}")
    return "; ".join(parts) + "."
