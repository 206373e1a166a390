"""The colours and words by which pictures of timelines tell kinds of bars apart. Standard library only.

No kind is told by its colour alone: in pictures with a bar for each task it has a shape of its own, too.
"""

from typing import NamedTuple

from ..records import CANCELLED, EXCEPTION, RESULT, STILL_RUNNING

INK = "#1E1E1E"
GREY = "#5A5F63"
GRID = "#E3E6E8"
DEADLINE = "#B3261E"


class Look(NamedTuple):
    """How one kind of bar looks.

    Attributes:
        words: what stands beside the first of its kind.
        fill: its colour.
        ink: the colour of words inside it.
        many: its colour in an image of very many bars, if that is another one.
    """

    words: str
    fill: str
    ink: str = INK
    many: str = ""

    @property
    def light(self) -> bytes:
        """Red, green and blue of the colour among very many."""
        return bytes.fromhex((self.many or self.fill)[1:])


WAITING = Look("waits to start", "#8A8F94", GREY, "#D5D9DC")
READY = Look("ready, nobody has it yet", "#F2C14E", "#4A3600")
RUNS = {
    RESULT: Look("working", "#2A74AD", "#FFFFFF"),
    EXCEPTION: Look("failed", "#FFFFFF", "#B13317", "#7A1A06"),
    CANCELLED: Look("cancelled", "#A9CCE6"),
    STILL_RUNNING: Look("still running", "#2A74AD", "#FFFFFF", "#66A3D4"),
}
RUNNING = Look("running", "#0B2E4F", "#FFFFFF")
"""Of a timeline that knows when its tasks ran: the stretches between their waits, dark on the pale bars below."""
PAUSED = Look("waiting", "#C9DFF0")
RUNS_IN_STEPS = RUNS | {RESULT: PAUSED, STILL_RUNNING: PAUSED, CANCELLED: PAUSED}
RECEIVED = Look("received", INK)
