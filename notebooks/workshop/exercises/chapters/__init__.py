"""One module a chapter: its predictions, and the checks of its exercises. Importing them registers both."""

from . import (  # noqa: F401 (each registers what it holds)
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
    chapter_11,
    chapter_12,
)
