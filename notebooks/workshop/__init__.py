"""Helpers of the workshop on asyncio results: what the lessons import stands here.

Each folder beside this file is a part that can be understood without the others, and says what may be imported from it.
"""

import sys
from typing import TYPE_CHECKING

if sys.version_info < (3, 11):  # noqa: UP036 (who has an older one is to be told, in one sentence)
    raise ImportError(
        "The workshop needs Python 3.11 or later, and this is Python {}.{}.{}: install a newer one, and choose it as "
        "this notebook's kernel.".format(*sys.version_info[:3])
    )

if sys.platform == "emscripten":
    from . import browser  # before anything is asked of the event loop

from .classroom import preflight
from .exercises import check, compare, predict, progress, recall
from .lab import experiment, lab
from .stop_button import install as _install_stop_button
from .timeline import Timeline, described, replay, side_by_side

if TYPE_CHECKING:
    from .demo_server import demo_api

__all__ = [
    "Timeline",
    "check",
    "compare",
    "demo_api",
    "described",
    "experiment",
    "lab",
    "predict",
    "preflight",
    "progress",
    "recall",
    "replay",
    "side_by_side",
]


def __getattr__(name: str) -> object:
    """Import what needs aiohttp when a lesson asks for it: a browser's Python can import all the rest without."""
    if name == "demo_api":
        if sys.platform == "emscripten":
            browser.load("aiohttp")
        from .demo_server import demo_api

        return demo_api
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_install_stop_button()
