"""Cells that need a newer Python than some readers have.

Such a cell carries the tag ``needs-python-3.13`` and tells readers with an older one so in words, in place of what it
shows. Its stored output is that of the newer Python.
"""

import re
import sys
from collections.abc import Iterable

TAG = re.compile(r"needs-python-(\d+)\.(\d+)")


def missing_python(tags: Iterable[str], running: tuple[int, int] = sys.version_info[:2]) -> str | None:
    """Return the version that a cell with these tags needs, as text, if the running Python is older.

    Args:
        tags: the tags of the cell.
        running: the version of the running Python.
    """
    for tag in tags:
        if (needed := TAG.fullmatch(tag)) and running < (int(needed[1]), int(needed[2])):
            return f"{needed[1]}.{needed[2]}"
    return None


def words_instead(version: str) -> list[dict]:
    """Return the outputs that such a cell has on an older Python.

    Args:
        version: the version that the cell needs.
    """
    return [{"output_type": "stream", "name": "stdout", "text": f"This needs Python {version} or later.\n"}]
