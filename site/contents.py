"""The notebooks as they are read in a browser.

A cell that Python in a browser can't run stands there as text, with what it shows on a computer: it carries a tag that
says what it needs. So does a whole chapter that says so in its metadata: ``"workshop": {"needs": "processes"}``. Where
other words are true in a browser, the cell's metadata hold them: ``"in-browser": [["old", "new"], ...]``.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

KERNEL = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}

NEEDS = {
    "asyncio-loop": "asyncio's own event loop, and the one in a browser is another",
    "internet": "connections to other computers, and Python in a browser makes none of its own",
    "matplotlib": "matplotlib, which this copy of the workshop does not bring along",
    "processes": "processes, and a browser has none to give",
    "sockets": "sockets, and Python in a browser has none",
    "threads": "threads, and Python in a browser has only one",
}
"""What cells need that are tagged ``needs-...``, in words."""

BROUGHT_BY_NETWORK = {"matplotlib"}
"""What can be had where there is a network."""

ANSI = re.compile(r"\x1b\[[0-9;]*m")

ASKS = re.compile(r"^(?:await )?(?:check|predict|recall)\(", re.MULTILINE)
"""A line that asks for an answer. As text it can take none, and what it shows is about that."""

LINKED_FILE = re.compile(r"\]\((workshop/[^)#]+)\)")
"""A link to a file of the helper package, which else is no file that a reader in a browser can open."""

TOO_OLD = re.compile(r"This needs Python 3\.\d+ or later\.\s*")
"""What a cell shows on a Python that is too old for it."""


def write_contents(notebooks: Path, folder: Path, vendored: bool) -> list[str]:
    """Write the notebooks, their pictures, and the files that they link to.

    Args:
        notebooks: where they are.
        folder: where to.
        vendored: whether nothing is to be loaded from a network.

    Returns:
        For each notebook, a sentence about what of it is to be read only, if anything.
    """
    folder.mkdir(parents=True)
    shutil.copytree(notebooks / "images", folder / "images")
    absent = NEEDS.keys() if vendored else NEEDS.keys() - BROUGHT_BY_NETWORK
    told = []
    for path in sorted(notebooks.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        needs = for_browser(notebook, absent)
        if vendored:
            without_links(notebook["cells"][0])
        text = json.dumps(notebook, ensure_ascii=False, indent=1)
        (folder / path.name).write_text(text, encoding="utf-8")
        for linked in LINKED_FILE.findall(text):
            (folder / linked).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(notebooks / linked, folder / linked)
        if needs:
            told.append(f"{path.name}: {len(needs)} cells can be read only: they need {', '.join(sorted(set(needs)))}")
    return told


def for_browser(notebook: dict[str, Any], absent: set[str]) -> list[str]:
    """Change a notebook so that what can't be run is text.

    Args:
        notebook: its JSON.
        absent: keys of `NEEDS` that can't be had.

    Returns:
        What is needed and can't be had, once for each cell that is text now.

    Raises:
        KeyError: a cell needs something of which `NEEDS` does not know.
        ValueError: words that are to be replaced are not there.
    """
    notebook["metadata"]["kernelspec"] = KERNEL
    all_of_it = notebook["metadata"].get("workshop", {}).get("needs")
    needs = []
    for place, cell in enumerate(notebook["cells"]):
        cell["source"] = joined(cell["source"])
        for old, new in cell["metadata"].get("in-browser", []):
            if old not in cell["source"]:
                raise ValueError(f"a cell is to have other words in a browser, but has not {old!r}")
            cell["source"] = cell["source"].replace(old, new)
        if cell["cell_type"] != "code":
            continue
        for output in cell["outputs"]:
            join_lines(output)
            join_lines(output.get("data", {}))
        mine = [tag[6:] for tag in cell["metadata"].get("tags", []) if re.fullmatch(r"needs-(?!python-)[\w-]+", tag)]
        if unknown := set(mine) - NEEDS.keys():
            raise KeyError(f"a cell needs {unknown}: say in site/contents.py what that is")
        lacking = [all_of_it] if all_of_it else sorted(absent & set(mine))
        if lacking:
            needs += lacking[:1]
            why = "" if all_of_it else f"*This cell needs {NEEDS[lacking[0]]}. On a computer it runs:*\n\n"
            notebook["cells"][place] = as_text(cell, why)
    if all_of_it:
        opening = (
            f"> *In a browser this chapter is for reading: it needs {all_of_it}, which Python can't have there. Below "
            "each piece of code stands what it shows on a computer, if anything. Only on one where the workshop is "
            "installed, or on Binder, can you run it, and answer what it asks.*"
        )
        notebook["cells"].insert(1, {"cell_type": "markdown", "id": "for-reading", "metadata": {}, "source": opening})
    return needs


def without_links(cell: dict[str, Any]) -> None:
    """Leave out the last lines of a notebook's first cell: these links lead into the network."""
    cell["source"] = cell["source"].rpartition("\n\n")[0]


def join_lines(texts: dict[str, Any]) -> None:
    """Make one text of each list of lines, but for a traceback: JupyterLite would put commas between them."""
    for kind, text in texts.items():
        if isinstance(text, list) and kind != "traceback":
            texts[kind] = joined(text)


def as_text(cell: dict[str, Any], why: str) -> dict[str, Any]:
    """Return a Markdown cell that shows a code cell and its stored outputs, folded where these are."""
    code = f"```python\n{cell['source']}\n```"
    hidden = cell["metadata"].get("jupyter", {})
    if hidden.get("source_hidden"):
        code = f"<details><summary>The solution</summary>\n\n{code}\n\n</details>"
    parts = [f"{why}{code}"]
    outputs = [] if ASKS.search(cell["source"]) else [*filter(None, map(shown, cell["outputs"]))]
    if outputs and hidden.get("outputs_hidden"):
        parts += ["<details><summary>What an earlier run gave</summary>", *outputs[1:], "</details>"]
    elif outputs:
        parts += ["*It shows:*", *outputs]
    if newer := cell["metadata"].get("newer-python"):
        releases = " and ".join(newer["from"])
        parts += [f"*From Python {releases} on it shows:*", shown({"text": newer["prints"]})]
    return {"cell_type": "markdown", "id": cell["id"], "metadata": {}, "source": "\n\n".join(parts)}


def shown(output: dict[str, Any]) -> str:
    """Return a stored output as Markdown, if it says anything."""
    data = output.get("data", {})
    if "text/html" in data:
        return joined(data["text/html"])
    text = joined(output.get("text") or data.get("text/plain") or output.get("traceback", []))
    return f"```text\n{ANSI.sub('', text).rstrip()}\n```" if text and not TOO_OLD.fullmatch(text) else ""


def joined(text: str | list[str]) -> str:
    """Return a text that may be stored as a list of its lines."""
    return text if isinstance(text, str) else "".join(text)
