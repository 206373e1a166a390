"""Cells whose output depends on the reader's Python.

Outputs are stored from one Python. What a cell shows on another one is compared as strictly, in one of two ways:

- A cell that *needs* a newer Python than some readers have carries the tag ``needs-python-3.NN``. On an older one it
  says so in words, in place of what it shows. Where the Python of the stored outputs is too old itself, the words are
  what is stored.
- A cell that any Python can run, and that prints something else on a newer one, has that in its metadata:
  ``"newer-python": {"from": ["3.14.9", "3.15.1"], "prints": "..."}``. Under ``from`` stands one release for each line
  of releases that got the change; later lines have it from the beginning. ``refresh.py`` writes the text, when a Python
  that has the change runs it. It does the same for a cell with the tag. Of a card, the words are compared.

A tagged cell without that text shows what differs from run to run, such as paths. On a newer Python it must show
something else than the words, without an error and without anything on stderr.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from support.notebook_tools import text_of

TAG = re.compile(r"needs-python-(\d+)\.(\d+)")
KEY = "newer-python"

STORED_PYTHON = (3, 13)
"""The Python whose outputs are stored: the one of Binder and of the newest pictures."""

Version = tuple[int, ...]
RUNNING: Version = sys.version_info[:3]


def needed_python(tags: Iterable[str]) -> Version | None:
    """Return the Python that a cell with these tags needs, if any."""
    found = (TAG.fullmatch(tag) for tag in tags)
    return next(((int(needed[1]), int(needed[2])) for needed in found if needed), None)


def words_instead(version: Version) -> str:
    """Return what a cell prints on an older Python than it needs."""
    return f"This needs Python {version[0]}.{version[1]} or later.\n"


def has_change(releases: Iterable[str], running: Version = RUNNING) -> bool:
    """Return whether a Python has a change.

    Args:
        releases: the first release with the change, of each line of releases that got it, such as ``"3.14.9"``.
        running: the version of the Python.
    """
    first = [tuple(map(int, release.split("."))) for release in releases]
    return running[:2] > max(first)[:2] or any(running[:2] == one[:2] and running >= one for one in first)


def prints_otherwise(metadata: Mapping[str, Any], running: Version = RUNNING) -> bool:
    """Return whether a cell prints what stands in its metadata, on this Python.

    Args:
        metadata: the metadata of the cell.
        running: the version of the running Python.
    """
    return KEY in metadata and has_change(metadata[KEY]["from"], running)


def outputs_instead(metadata: Mapping[str, Any], running: Version = RUNNING) -> list[dict] | None:
    """Return the outputs to expect in place of the stored ones, if there are such for the running Python.

    Args:
        metadata: the metadata of the cell.
        running: the version of the running Python.
    """
    needed = needed_python(metadata.get("tags", []))
    if needed and running < needed <= STORED_PYTHON:
        return [{"output_type": "stream", "name": "stdout", "text": words_instead(needed)}]
    if prints_otherwise(metadata, running):
        return [{"output_type": "stream", "name": "stdout", "text": metadata[KEY]["prints"]}]
    return None


def in_words(outputs: Iterable[dict]) -> list[dict]:
    """Return what outputs say as text, as one output; errors and what is on stderr stay as they are.

    Args:
        outputs: a cell's outputs.
    """
    words, others = [], []
    for output in outputs:
        complains = output["output_type"] == "error" or output.get("name") == "stderr"
        (others if complains else words).append(output)
    return [{"output_type": "stream", "name": "stdout", "text": text_of(words)}, *others]


def shows_more_than_stored(metadata: Mapping[str, Any], running: Version = RUNNING) -> bool:
    """Return whether the running Python shows something with which no text can be compared.

    Args:
        metadata: the metadata of the cell.
        running: the version of the running Python.
    """
    needed = needed_python(metadata.get("tags", []))
    return needed is not None and STORED_PYTHON < needed <= running and KEY not in metadata


def faults_without_comparison(outputs: Iterable[dict], tags: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with the outputs of a cell that shows more than is stored.

    The test clock may say on stderr that it was not exact: no output of the cell is compared.

    Args:
        outputs: the cell's outputs.
        tags: the tags of the cell.
    """
    shown = ""
    for output in outputs:
        lines = text_of([output]).splitlines()
        if output["output_type"] == "error":
            yield f"it raised {output['ename']}: {output['evalue']}"
        elif output.get("name") == "stderr":
            yield from (f"it wrote to stderr: {line}" for line in lines if not line.startswith("test clock:"))
        else:
            shown += "".join(lines)
    if not shown.strip():
        yield "it showed nothing"
    elif shown.strip() == words_instead(needed_python(tags)).strip():
        yield f"this Python is new enough, and it said: {shown.strip()}"
