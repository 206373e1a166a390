"""A changed stored output must fail the run, in each cell and each picture; and an unchanged copy must pass.

All cells that can be changed are changed at once in copies of the notebooks, and exactly those must fail.
"""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest

from clock.kernel import no_test_clock_here
from measured import is_measured
from newer_python import KEY, outputs_instead, prints_otherwise, shows_more_than_stored
from notebook_tools import NOTEBOOKS, ROOT, Notebook, notebook_paths, sanitized

pytestmark = [
    pytest.mark.skipif(no_test_clock_here() is not None, reason="outputs are only compared on the test clock"),
    pytest.mark.skipif(not notebook_paths(), reason="there are no notebooks"),
]

Change = Callable[[], None]
"""Changes one stored output in place."""

MARK = "changed"
"""Added at the end: of a line that is written over and over, such as a progress bar, only the last state counts."""


def changes_of(cell: dict) -> list[Change]:
    """Return what can be changed in a code cell's stored outputs: the first of each kind of text, and every picture.

    Args:
        cell: the cell, which the returned functions change.
    """
    if prints_otherwise(cell["metadata"]):
        return [partial(_mark, cell["metadata"][KEY], "prints")]
    if not is_compared(cell):
        return []
    texts: dict[str, Change] = {}
    pictures: list[Change] = []
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            texts.setdefault("error", partial(_mark, output, "evalue"))
        elif output["output_type"] == "stream":
            texts.setdefault("stream", partial(_mark, output, "text"))
        for kind, value in output.get("data", {}).items():
            if kind == "image/png" and not is_measured(cell["metadata"].get("tags", [])):
                pictures.append(partial(_damage, output["data"], kind))
            elif kind.startswith(("text/", "image/svg")) and value:
                texts.setdefault(kind, partial(_mark, output["data"], kind))
            if "alt" in output["metadata"].get(kind, {}):
                texts.setdefault("alt", partial(_mark, output["metadata"][kind], "alt"))
    return [*texts.values(), *pictures]


def is_compared(cell: dict) -> bool:
    """Return whether a code cell's stored outputs are what is expected on this Python."""
    metadata = cell["metadata"]
    return outputs_instead(metadata) is None and not shows_more_than_stored(metadata)


def _mark(place: dict, key: str) -> None:
    place[key] = _joined(place[key]) + MARK


def _damage(place: dict, key: str) -> None:
    """Change one character in the middle of an encoded picture."""
    encoded = _joined(place[key])
    middle = len(encoded) // 2
    place[key] = encoded[:middle] + ("A" if encoded[middle] != "A" else "B") + encoded[middle + 1 :]


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def _code_cells(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _most_changes() -> int:
    return max((len(changes_of(cell)) for path in notebook_paths() for cell in _code_cells(_read(path))), default=0)


COPIES = range(_most_changes() + 1)
"""In copy number n each cell gets its n-th change, if it has so many. Copy number 0 is unchanged."""


def change_of(changes: list[Change], number: int, place: int, clock: str) -> Change | None:
    """Return the change that a cell gets in a copy, if any.

    A notebook that declares the real clock takes its time, so it is run in one copy only. There each cell gets one
    change, and its neighbours get others.

    Args:
        changes: what can be changed in the cell.
        number: the copy's number.
        place: the cell's place among the code cells of its notebook.
        clock: the clock that the notebook declares.
    """
    if clock == "real":
        return changes[place % len(changes)] if changes and number == 1 else None
    return changes[number - 1] if 0 < number <= len(changes) else None


CellName = tuple[str, str]
"""A notebook and a cell of it."""


def make_copy(project: Path, number: int) -> tuple[set[CellName], set[CellName]]:
    """Set up a copy of the project with changed notebooks; return the changed cells, and all cells of the copy.

    A notebook that declares the real clock is left out of copies in which none of it is changed.

    Args:
        project: where to put the copy.
        number: the copy's number.
    """
    (project / "notebooks").mkdir(parents=True)
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, project)
    (project / "tests").symlink_to(ROOT / "tests")
    for entry in NOTEBOOKS.iterdir():
        if entry.suffix != ".ipynb" and not entry.name.startswith("."):
            (project / "notebooks" / entry.name).symlink_to(entry)
    changed, cells = set(), set()
    for path in notebook_paths():
        notebook = _read(path)
        here = set()
        for place, cell in enumerate(_code_cells(notebook)):
            if change := change_of(changes_of(cell), number, place, Notebook(path, notebook).clock):
                change()
                here.add((path.name, f"Cell {place}"))
        if here or Notebook(path, notebook).clock == "test":
            (project / "notebooks" / path.name).write_text(json.dumps(notebook), encoding="utf-8")
            cells |= {(path.name, f"Cell {place}") for place, _ in enumerate(_code_cells(notebook))}
        changed |= here
    return changed, cells


def failed_and_passed(project: Path) -> tuple[set[CellName], set[CellName]]:
    """Run the notebooks of a copy as the project's own are run, and return the cells that failed and that passed."""
    report = project / "report.xml"
    command = [sys.executable, "-m", "pytest", "notebooks", "-q", "--tb=short", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, f"--junitxml={report}"], cwd=project, capture_output=True, encoding="utf-8", check=False
    )
    assert report.exists(), run.stdout + run.stderr
    outcomes: tuple[set, set] = (set(), set())
    for case in ElementTree.parse(report).iter("testcase"):
        notebook = case.get("classname").removesuffix(".ipynb").rpartition(".")[2] + ".ipynb"
        outcomes[len(case) == 0].add((notebook, case.get("name")))
    return outcomes


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Iterator[list[tuple[set, set, Future]]]:
    """For each copy the cells that are changed in it, all its cells, and those that failed and passed in its run."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        projects = [tmp_path_factory.mktemp("copy") / "project" for _ in COPIES]
        copies = [make_copy(project, number) for number, project in zip(COPIES, projects, strict=True)]
        yield [
            (changed, cells, pool.submit(failed_and_passed, project))
            for (changed, cells), project in zip(copies, projects, strict=True)
        ]


@pytest.mark.parametrize("number", COPIES)
def test_exactly_the_changed_cells_fail(runs, number):
    changed, cells, run = runs[number]
    failed, passed = run.result()
    assert bool(changed) == (number > 0)
    assert failed == changed
    assert passed == cells - changed


def test_every_output_is_changed_in_some_copy():
    for path in notebook_paths():
        for cell in _code_cells(_read(path)):
            if cell["outputs"] and is_compared(cell):
                before = sanitized(copy.deepcopy(cell["outputs"]))
                for change in changes_of(cell):
                    change()
                assert sanitized(cell["outputs"]) != before
