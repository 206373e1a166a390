"""Helpers of the workshop on asyncio results: what the lessons import."""

from .described import described
from .exercises import check, compare, predict
from .experiments import experiment
from .labs import lab
from .preflight import preflight
from .timeline import Timeline, side_by_side

__all__ = [
    "Timeline",
    "check",
    "compare",
    "described",
    "experiment",
    "lab",
    "predict",
    "preflight",
    "side_by_side",
]
