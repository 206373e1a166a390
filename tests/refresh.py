"""Runs notebooks from a fresh kernel on the test clock and stores all their outputs.

    python tests/refresh.py [NOTEBOOK...]

Without arguments it refreshes all notebooks of the workshop. A second run changes no byte. Nothing is written for a
notebook in which a cell raises without the tag `raises-exception`, or in which anything arrives on stderr.

A newer Python than that of the stored outputs stores what cells print otherwise on it, and leaves the rest as it was:
see newer_python.py.
"""

import argparse
import copy
import os
import re
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode

from clock.kernel import kernel_environment, no_test_clock_here
from support.kernels import async_kernel_manager
from support.measured import is_measured, without_pictures
from support.newer_python import KEY, STORED_PYTHON, in_words, prints_otherwise
from support.notebook_tools import NOTE, giveaways, notebook_paths, sanitized, without_note

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CELL_TIMEOUT = 120
PASSING_METADATA = ("execution", "ExecuteTime", "collapsed", "scrolled")
"""Cell metadata that tools leave behind and that says nothing about the lesson."""
WIDGET = "application/vnd.jupyter.widget-view+json"
"""Names a widget of the kernel that ran the notebook; with the kernel it is gone, and its number differs each time."""


class RefreshError(Exception):
    """A notebook cannot be refreshed; the message says which cell, why, and what to do."""


def run(notebook: NotebookNode, directory: Path, environment: dict[str, str], *, timeout: int = CELL_TIMEOUT) -> None:
    """Run all cells in a fresh kernel, and put their outputs into the notebook.

    Args:
        notebook: the notebook, which is changed in place.
        directory: where the kernel runs.
        environment: the environment variables of the kernel's process.
        timeout: real seconds that a cell may take.

    Raises:
        RefreshError: a cell failed, wrote to stderr, or took too long.
    """
    client = NotebookClient(
        notebook,
        km=async_kernel_manager(),
        timeout=timeout,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(directory)}},
    )
    try:
        client.execute(env=environment, cleanup_kc=True)
    except (CellControlSignal, DeadKernelError) as error:
        raise RefreshError(_trouble(notebook) or _plain(str(error))) from None
    if trouble := _trouble(notebook):
        raise RefreshError(trouble)


def _trouble(notebook: NotebookNode) -> str | None:
    """Return which cell failed or wrote to stderr, and what it said; None if none did."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        where = f"cell {index}, which begins with `{cell.source.partition(chr(10))[0]}`,"
        may_raise = "raises-exception" in cell.metadata.get("tags", [])
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if errors and not may_raise:
            return f"{where} raises {errors[0].ename}: {_plain(errors[0].evalue)}"
        if may_raise and not errors and cell.execution_count:
            return f"{where} has the tag `raises-exception` and does not raise"
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                return f"{where} writes to stderr: {_plain(output.text).strip()}"
    return None


def refresh(path: Path, environment: dict[str, str]) -> bool:
    """Refresh one notebook.

    Args:
        path: the notebook.
        environment: the environment variables of the kernel's process.

    Returns:
        Whether the file has changed.

    Raises:
        RefreshError: the notebook did not run as it must; the file is untouched.
    """
    stored = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(stored, as_version=4)
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        raise RefreshError("it must be in format 4.5, where cells have ids; open it in JupyterLab and save it")
    newer = sys.version_info[:2] > STORED_PYTHON
    if newer and not any(prints_otherwise(cell.metadata) for cell in notebook.cells):
        return False
    fresh = copy.deepcopy(notebook)
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    run(fresh, path.parent, environment)
    _normalise(fresh)
    for cell, before in zip(fresh.cells, notebook.cells, strict=True):
        if newer and prints_otherwise(before.metadata):
            before.metadata[KEY]["prints"] = in_words(without_note(cell.outputs))[0]["text"]
        elif before.get("outputs") and _compared(cell, cell.outputs) == _compared(cell, before.outputs):
            cell.outputs = before.outputs
    text = nbformat.writes(notebook if newer else fresh)
    text = text if text.endswith("\n") else text + "\n"
    if text == stored:
        return False
    _write(path, text)
    return True


def _compared(cell: NotebookNode, outputs: list[NotebookNode]) -> object:
    """Return what of a cell's outputs is compared: all but values of this machine, and pictures of such values."""
    return sanitized(without_pictures(outputs) if is_measured(cell.metadata.get("tags", [])) else outputs)


def _normalise(notebook: NotebookNode) -> None:
    """Remove what differs from run to run or from machine to machine without saying anything to a reader."""
    notebook.metadata.kernelspec = nbformat.from_dict(KERNELSPEC)
    notebook.metadata.language_info.version = ".".join(map(str, STORED_PYTHON))
    hidden = giveaways([cell.source if cell.cell_type == "code" else "" for cell in notebook.cells])
    for index, cell in enumerate(notebook.cells):
        for key in PASSING_METADATA:
            cell.metadata.pop(key, None)
        jupyter = cell.metadata.setdefault("jupyter", {})
        jupyter.pop("outputs_hidden", None)
        if index in hidden and cell.get("outputs"):
            jupyter["outputs_hidden"] = True
            cell.outputs = [nbformat.from_dict(NOTE), *without_note(cell.outputs)]
        if not jupyter:
            del cell.metadata["jupyter"]
        if cell.cell_type == "code":
            cell.outputs = _merge_streams(cell.outputs)
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET, None)
                if output.output_type == "error":
                    output.traceback = [_short_paths(line) for line in output.traceback]


def _merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join neighbouring pieces of printed text: how they were cut is chance."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def _short_paths(text: str) -> str:
    """Shorten paths into Python's installation, which differ between machines."""
    for key in ("purelib", "platlib", "stdlib", "platstdlib"):
        for start in (sysconfig.get_path(key), os.path.realpath(sysconfig.get_path(key))):
            for shown in (start, start.replace(str(Path.home()), "~", 1)):
                text = text.replace(shown + os.sep, "")
    return text


def _plain(text: str) -> str:
    """Return text without the codes for colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole, so that an interruption leaves the old one."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Refresh the notebooks named on the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Run notebooks on the test clock and store their outputs.")
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="default: all of the workshop")
    paths = parser.parse_args(arguments).notebooks or notebook_paths()
    if sys.version_info[:2] < STORED_PYTHON:
        wanted, here = (".".join(map(str, version[:2])) for version in (STORED_PYTHON, sys.version_info))
        return _fail(f"Outputs are stored from Python {wanted}, and this is {here}. Run it with Python {wanted}.")
    if reason := no_test_clock_here():
        return _fail(f"Outputs can only be refreshed on the test clock, and {reason}.")
    if missing := [path for path in paths if not path.is_file()]:
        return _fail(f"There is no notebook {missing[0]}.")
    if not paths:
        return _fail("There is no notebook in notebooks/.")
    status = 0
    with tempfile.TemporaryDirectory(prefix="notebook-kernels-", ignore_cleanup_errors=True) as directory:
        for path in paths:
            clock = nbformat.read(path, as_version=4).metadata.get("workshop", {}).get("clock", "test")
            try:
                changed = refresh(path, kernel_environment(Path(directory), clock=clock))
            except RefreshError as error:
                status = _fail(f"{path.name}: {error}\n{path.name} is left as it was.")
            else:
                print(f"{path.name}: {'refreshed' if changed else 'unchanged'}")
    return status


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
