"""Reading the project's notebooks: plain JSON and small helpers. (Importing nbformat takes two seconds.)"""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from support.places import NOTEBOOKS, ROOT

SANITIZE = ROOT / "tests" / "sanitize.cfg"


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        index: its place in the notebook, from 0.
        data: the cell as it is stored.
    """

    index: int
    data: dict

    @property
    def source(self) -> str:
        """The text of the cell."""
        return joined(self.data.get("source", ""))

    @property
    def is_code(self) -> bool:
        """Whether it is a code cell."""
        return self.data["cell_type"] == "code"

    @property
    def is_markdown(self) -> bool:
        """Whether it is a Markdown cell."""
        return self.data["cell_type"] == "markdown"

    @property
    def tags(self) -> list[str]:
        """The tags of the cell."""
        return self.data["metadata"].get("tags", [])

    @property
    def outputs(self) -> list[dict]:
        """The stored outputs, without the note before folded ones."""
        return without_note(self.data.get("outputs", []))

    @property
    def text(self) -> str:
        """All that the stored outputs say as plain text, in their order."""
        return text_of(self.outputs)


class Notebook:
    """A notebook as it is stored.

    Attributes:
        path: where it is, or would be.
        data: its JSON.
    """

    def __init__(self, path: Path, data: dict | None = None) -> None:
        self.path = path
        self.data = json.loads(path.read_text(encoding="utf-8")) if data is None else data
        self.cells = [Cell(index, cell) for index, cell in enumerate(self.data["cells"])]

    @property
    def code_cells(self) -> list[Cell]:
        """The code cells."""
        return [cell for cell in self.cells if cell.is_code]

    @property
    def markdown_cells(self) -> list[Cell]:
        """The Markdown cells."""
        return [cell for cell in self.cells if cell.is_markdown]

    @property
    def clock(self) -> str:
        """The clock that the notebook is tested on: ``'test'``, or ``'real'`` by its own declaration."""
        return self.data["metadata"].get("workshop", {}).get("clock", "test")

    def headings(self) -> list[tuple[int, str]]:
        """Return level and text of each heading, in order."""
        return [heading for cell in self.markdown_cells for heading in markdown_headings(cell.source)]


def notebook_paths(directory: Path = NOTEBOOKS) -> list[Path]:
    """Return the notebooks of the workshop, in reading order."""
    return sorted(directory.glob("*.ipynb"))


def markdown_headings(text: str) -> Iterator[tuple[int, str]]:
    """Yield level and text of each heading; lines in code blocks are none."""
    for line in without_code_blocks(text).splitlines():
        if match := re.match(r"(#{1,6})\s+(.*?)\s*$", line):
            yield len(match[1]), match[2]


def without_code_blocks(text: str) -> str:
    """Return Markdown text without its fenced code blocks."""
    return re.sub(r"^(```|~~~).*?^\1[^\n]*$", "", text, flags=re.MULTILINE | re.DOTALL)


def sanitize_patterns() -> list[tuple[str, str]]:
    """Return the pairs of pattern and replacement that nbval applies before it compares, read as nbval reads them."""
    return re.findall(r"^regex: (.*)$\n^replace: (.*)$", SANITIZE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def sanitized(value: object) -> object:
    """Return a text, or a structure of lists and dicts that holds texts, with machine-dependent values replaced."""
    if isinstance(value, str):
        for pattern, replacement in sanitize_patterns():
            value = re.sub(pattern, replacement, value)
        return value
    if isinstance(value, list):
        return [sanitized(item) for item in value]
    if isinstance(value, dict):
        return {key: sanitized(item) for key, item in value.items()}
    return value


NOTE = {
    "output_type": "display_data",
    "data": {"text/plain": "What an earlier run gave:"},
    "metadata": {"workshop": "note"},
}
"""What is stored before folded outputs: JupyterLab shows the first line of what it folds."""


def has_note(outputs: list[dict]) -> bool:
    """Return whether the note that is stored before folded outputs stands before these."""
    return bool(outputs) and outputs[0].get("metadata") == NOTE["metadata"]


def without_note(outputs: list[dict]) -> list[dict]:
    """Return outputs without the note that is stored before folded ones."""
    return outputs[1:] if has_note(outputs) else outputs


def numbers_in(function: str, source: str) -> list[str]:
    """Return the numbers that a cell hands to `predict`, `compare` or `check`.

    Args:
        function: the name of the function.
        source: the text of the cell.
    """
    return re.findall(rf"\b{function}\(\s*[\"']([^\"']+)[\"']", source)


def giveaways(sources: Iterable[str]) -> set[int]:
    """Return the places of the cells whose outputs tell what a prediction asks: from behind it up to its comparison.

    Args:
        sources: the texts of the code cells, with an empty text for each cell of another kind.
    """
    asked: dict[str, int] = {}
    found: set[int] = set()
    for place, source in enumerate(sources):
        asked |= dict.fromkeys(numbers_in("predict", source), place)
        for number in numbers_in("compare", source):
            found.update(range(asked.get(number, place) + 1, place + 1))
    return found - set(asked.values())


def names_from(sources: Iterable[str]) -> dict[str, object]:
    """Run cells, each up to its first `async with`, and return all names that are defined then.

    Args:
        sources: the texts of the cells: imports and definitions, behind which some use what they define.
    """
    names: dict[str, object] = {}
    for source in sources:
        cell = compile(source, "a cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        cell.body = list(takewhile(lambda statement: not isinstance(statement, ast.AsyncWith), cell.body))
        exec(compile(cell, "a cell", "exec"), names)
    return names


def text_of(outputs: Iterable[dict]) -> str:
    """Return all that outputs say as plain text, in their order."""
    return "".join(joined(output.get("text") or output.get("data", {}).get("text/plain", "")) for output in outputs)


def joined(text: str | list[str]) -> str:
    """Return a text that may be stored as a list of its lines."""
    return text if isinstance(text, str) else "".join(text)
