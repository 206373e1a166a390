"""Small notebooks for tests: cells, one that keeps every rule, from which bad ones are made, and how they are run."""

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from support.notebook_tools import NOTE, ROOT

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def markdown(source: str) -> dict:
    """Return a Markdown cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source: str, *outputs: dict, **metadata: object) -> dict:
    """Return a code cell."""
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": list(outputs)}


def printed(text: str, name: str = "stdout") -> dict:
    """Return an output that was printed."""
    return {"output_type": "stream", "name": name, "text": text}


def picture(alt: str | None) -> dict:
    """Return an output that is a picture."""
    metadata = {} if alt is None else {"image/png": {"alt": alt}}
    data = {"image/png": PICTURE, "text/plain": "<a picture>"}
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def error(name: str = "ValueError", words: str = "no") -> dict:
    """Return the output of a cell that raised."""
    return {"output_type": "error", "ename": name, "evalue": words, "traceback": [f"{name}: {words}"]}


def good_notebook() -> dict:
    """Return a notebook in which no guard finds a fault, when it stands between 00_a.ipynb and 02_c.ipynb."""
    cells = [
        markdown("# A title"),
        markdown("## What you'll do\n\nTry it."),
        markdown("## What you'll learn\n\n- Something"),
        markdown("## What you'll need\n\n10 minutes, and [the start](00_a.ipynb#What-you'll-do)."),
        markdown("## Sleepers\n\n![two bars](picture.png)\n\n```python\n# not a heading\n```"),
        markdown("What comes first?\n\n- **a)** A\n- **b)** B"),
        code('predict("t.1")', printed("t.1: no answer yet.")),
        code("figure", NOTE, picture("Two bars; A ends first."), jupyter={"outputs_hidden": True}),
        code('compare("t.1", "B")', NOTE, printed("t.1: b"), jupyter={"outputs_hidden": True}),
        code("1 / 0", error(), tags=["raises-exception"]),
        markdown("### Exercise t.1"),
        code("async def answer():\n    ...  # TODO"),
        code('await check("t.1", answer)', printed("✗ t.1: not yet")),
        code("async def answer():\n    return 1", tags=["hide-cell"], jupyter={"source_hidden": True}),
        code('await check("t.1", answer)', printed("✓ t.1: right")),
        markdown("## Summary\n\nThat was it."),
        markdown("## Next\n\n[Previous](00_a.ipynb) and [next](02_c.ipynb), see [above](#Sleepers)."),
    ]
    for index, cell in enumerate(cells):
        cell["id"] = f"cell-{index}"
    for count, cell in enumerate((cell for cell in cells if cell["cell_type"] == "code"), 1):
        cell["execution_count"] = count
    kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernelspec, "language_info": {"name": "python", "version": "3.13"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def changed(change: Callable[[dict, list[dict]], object]) -> dict:
    """Return the good notebook after a change.

    Args:
        change: gets the notebook and its cells and changes them in place.
    """
    notebook = copy.deepcopy(good_notebook())
    change(notebook, notebook["cells"])
    return notebook


def write(path: Path, *cells: dict, **metadata: object) -> Path:
    """Write a notebook with these cells."""
    for number, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{number}"
        if cell["cell_type"] == "code":
            cell.setdefault("execution_count", number)
    notebook = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def copied_project(folder: Path) -> Path:
    """Make a project with this one's settings and no notebooks, and return its folder."""
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__", "test_*"))
    (folder / "notebooks").mkdir()
    return folder


def run_pytest(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the notebooks of a project as the workshop's are run."""
    command = [sys.executable, "-m", "pytest", "notebooks", "-n0", "-p", "no:cacheprovider", "-rA", "--color=no"]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [*command, *options], cwd=project, env=environment, capture_output=True, encoding="utf-8", check=False
    )
