"""The instrument: it records what the tasks of unmodified code really do, and shows it as a picture or a table.

It stands alone: copied anywhere, it works, and imports nothing else of the workshop. From outside, import `Timeline`,
`side_by_side`, `replay` and `described` from here, what a timeline knows from `records`, and how it is shown from
`views`; what records is in `recording`. `python -m` with this package's name records a whole script (`__main__`).
"""

from .block import Timeline, replay, side_by_side
from .views.described import described

__all__ = ["Timeline", "described", "replay", "side_by_side"]
