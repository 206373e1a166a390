"""A small notebook that keeps every rule, from which tests make bad ones."""

import copy
from collections.abc import Callable

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


def error() -> dict:
    """Return the output of a cell that raised."""
    return {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["ValueError: no"]}


def good_notebook() -> dict:
    """Return a notebook in which no guard finds a fault, when it stands between 00_a.ipynb and 02_c.ipynb."""
    cells = [
        markdown("# A title"),
        markdown("## What you'll do\n\nTry it."),
        markdown("## What you'll learn\n\n- Something"),
        markdown("## What you'll need\n\n10 minutes, and [the start](00_a.ipynb#What-you'll-do)."),
        markdown("## Sleepers\n\n![two bars](picture.png)\n\n```python\n# not a heading\n```"),
        markdown("What comes first?\n\n- **a)** A\n- **b)** B"),
        code('predict("t.1", "a")', printed("t.1: your answer is a.")),
        code("figure", picture("Two bars; A ends first.")),
        code('compare("t.1", "B")', printed("t.1: b")),
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
