"""Predictions and exercises of the lessons: `predict`, `compare` and `check`.

Each chapter has a module of its own here, which registers that chapter's predictions and checks. Standard library only.
"""

from workshop.exercises import (  # noqa: F401 (each registers what it holds)
    chapter_00,
    chapter_01,
    chapter_02,
    chapter_03,
    chapter_04,
    chapter_05,
    chapter_06,
    chapter_07,
    chapter_08,
    chapter_09,
    chapter_10,
)
from workshop.exercises.checks import check
from workshop.exercises.predictions import compare, predict

__all__ = ["check", "compare", "predict"]
