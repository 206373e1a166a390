"""Where predictions and exercises stand: read from the notebooks. Standard library only."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .say import Link

NOTEBOOKS = Path("/drive") if sys.platform == "emscripten" else Path(__file__).resolve().parents[2]
"""Their folder. In a browser the package is installed elsewhere, and this is the folder that the browser keeps."""

KINDS = {"predict": "prediction", "check": "exercise"}
"""What the calls in a notebook stand for."""


@dataclass(frozen=True)
class Place:
    """Where a prediction is asked for, or an exercise is checked.

    Attributes:
        what: such as ``"prediction 1.1"``.
        file: the notebook's name.
        title: the notebook's title.
        heading: the heading above.
        cell: the id of the cell with the question or the task, the last text above; empty if it has none.
    """

    what: str
    file: str
    title: str
    heading: str
    cell: str

    @property
    def chapter(self) -> str:
        """The chapter's number, such as ``"01"``."""
        return self.file[:2]

    def link(self, words: str) -> Link:
        """Return a link to the cell from a notebook beside it.

        JupyterLab goes to a cell in a notebook that it has still to open, and not to a heading there.

        Args:
            words: what the link says.
        """
        return Link(words, f"{self.file}#cell-id={self.cell}" if self.cell else self.file)


def places() -> dict[str, Place]:
    """Return the place of each prediction and exercise, by what it is, in the order of the chapters.

    Copies that a reader has made of notebooks, and notebooks that can't be read, are left out.
    """
    found: dict[str, Place] = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if re.fullmatch(r"\d\d_[a-z0-9_]+\.ipynb", path.name):
            for place in _places_in(path):
                found.setdefault(place.what, place)
    return found


def _places_in(path: Path) -> Iterator[Place]:
    try:
        cells = [
            (cell["cell_type"], "".join(cell["source"]), cell.get("id", ""))
            for cell in json.loads(path.read_bytes())["cells"]
        ]
    except (OSError, ValueError, LookupError, TypeError):
        return
    title = heading = text_above = ""
    for kind, source, name in cells:
        if kind == "markdown":
            text_above = name
            text = re.sub(r"^(```|~~~).*?^\1[^\n]*$", "", source, flags=re.MULTILINE | re.DOTALL)
            for heading in re.findall(r"^#{1,6}\s+(.+?)\s*$", text, re.MULTILINE):
                title = title or heading
        elif kind == "code":
            for function, number in re.findall(r"\b(predict|check)\(\s*[\"']([^\"']+)[\"']", source):
                yield Place(f"{KINDS[function]} {number}", path.name, title, heading, text_above)
