"""Predictions and exercises of the lessons: `predict`, `compare` and `check`; and what a reader has done of them.

`recall` asks what a chapter begins with, and `progress` shows what is done, or deletes it. Each chapter has
a module of its own here, which registers that chapter's predictions, checks and questions. Standard library only, but
for the buttons, and for platformdirs, which knows where a program keeps its file.
"""

from . import chapters  # noqa: F401 (each chapter registers what it holds)
from .checks import check
from .predictions import compare, predict
from .questions import recall
from .so_far import progress

__all__ = ["check", "compare", "predict", "progress", "recall"]
