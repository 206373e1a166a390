"""Cells that need a newer Python than some readers have.

Such a cell carries the tag ``needs-python-3.NN`` and tells readers with an older one so in words, in place of what it
shows. Which of the two is stored depends on the Python that stored outputs are made with:

- Where that one is new enough, what the cell shows is stored and compared; older Pythons must print the words.
- Where it is not, the words are stored and compared. On a newer Python nothing is stored to compare with: there the
  cell must show something else than the words, without an error and without anything on stderr.
"""

import re
import sys
from collections.abc import Iterable, Iterator

TAG = re.compile(r"needs-python-(\d+)\.(\d+)")

STORED_PYTHON = (3, 13)
"""The Python whose outputs are stored: the one of Binder and of the newest pictures."""

Version = tuple[int, int]
RUNNING: Version = sys.version_info[:2]


def needed_python(tags: Iterable[str]) -> Version | None:
    """Return the Python that a cell with these tags needs, if any."""
    found = (TAG.fullmatch(tag) for tag in tags)
    return next(((int(needed[1]), int(needed[2])) for needed in found if needed), None)


def words_instead(version: Version) -> str:
    """Return what a cell prints on an older Python than it needs."""
    return f"This needs Python {version[0]}.{version[1]} or later.\n"


def outputs_instead(tags: Iterable[str], running: Version = RUNNING) -> list[dict] | None:
    """Return the outputs to expect in place of the stored ones, if the running Python cannot have those.

    Args:
        tags: the tags of the cell.
        running: the version of the running Python.
    """
    needed = needed_python(tags)
    if needed and running < needed <= STORED_PYTHON:
        return [{"output_type": "stream", "name": "stdout", "text": words_instead(needed)}]
    return None


def shows_more_than_stored(tags: Iterable[str], running: Version = RUNNING) -> bool:
    """Return whether the running Python can show what the one that made the stored outputs could not.

    Args:
        tags: the tags of the cell.
        running: the version of the running Python.
    """
    needed = needed_python(tags)
    return needed is not None and STORED_PYTHON < needed <= running


def faults_without_comparison(outputs: Iterable[dict], tags: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with the outputs of a cell that shows more than is stored.

    The test clock may say on stderr that it was not exact: no output of the cell is compared.

    Args:
        outputs: the cell's outputs.
        tags: the tags of the cell.
    """
    shown = ""
    for output in outputs:
        if output["output_type"] == "error":
            yield f"it raised {output['ename']}: {output['evalue']}"
        elif output.get("name") == "stderr":
            yield from (f"it wrote to stderr: {line}" for line in _lines(output) if not line.startswith("test clock:"))
        else:
            shown += "".join(_lines(output))
    if not shown.strip():
        yield "it showed nothing"
    elif shown.strip() == words_instead(needed_python(tags)).strip():
        yield f"this Python is new enough, and it said: {shown.strip()}"


def _lines(output: dict) -> list[str]:
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return (text if isinstance(text, str) else "".join(text)).splitlines()
