"""The colours, shapes and words by which pictures of timelines tell kinds of bars apart. Standard library only."""

from typing import NamedTuple

from ..records import CANCELLED, EXCEPTION, RESULT, STILL_RUNNING

INK = "#222222"
DEADLINE = "#B3261E"


class Look(NamedTuple):
    """How one kind of bar looks, and the words for it in the legend."""

    words: str
    fill: str
    edge: str
    hatch: str = ""
    marker: str = ""
    marker_color: str = INK


WAITING = Look("waits to start", "#D9D9D9", "#8A8A8A")
READY = Look("ready, not yet received", "#FBE3A4", "#B07D00", "....")
RUNS = {
    RESULT: Look("from start to result", "#3B87C0", "#1F5F91"),
    EXCEPTION: Look("from start to exception", "#E68A4F", "#8F3B00", "xx", "X", "#6B1D00"),
    CANCELLED: Look("from start to cancellation", "#C4C4C4", "#6E6E6E", "//", "s", "#4A4A4A"),
    STILL_RUNNING: Look("still running at the end", "#D3E7F5", "#1F5F91", "", ">", "#1F5F91"),
}
