"""Predictions and exercises of the lessons: `predict`, `compare` and `check`.

Each chapter has a module of its own here, which registers that chapter's predictions and checks. Standard library only.
"""

from . import chapters  # noqa: F401 (each chapter registers what it holds)
from .checks import check
from .predictions import compare, predict

__all__ = ["check", "compare", "predict"]
