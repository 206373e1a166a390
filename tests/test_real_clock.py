"""One pass on the real clock, as a reader has it: what the stored outputs say must hold there too."""

import asyncio
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from clock.kernel import kernel_environment
from kernels import async_kernel_manager
from newer_python import faults_without_comparison, outputs_instead, shows_more_than_stored
from notebook_tools import Notebook, notebook_paths, sanitized

pytestmark = pytest.mark.slow(50)

PATHS = [path for path in notebook_paths() if Notebook(path).clock == "test"]
"""Notebooks that declare the real clock are run on it by nbval already."""
CELL_TIMEOUT = 120
AT_ONCE = 4
"""Notebooks that run at the same time: they mostly wait."""

TOO_EARLY, TOO_LATE = 0.02, 0.5
"""Seconds by which a real time may differ from the stored one: rounding, and a machine under load."""

NUMBER = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.]*\d)")


def text_of(cell: dict) -> str:
    """Return what a cell prints and displays as text, without values that belong to one machine."""
    texts = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.get("outputs", [])]
    return sanitized("".join(text if isinstance(text, str) else "".join(text) for text in texts))


def shape(text: str) -> str:
    """Return a text with its times masked and its columns closed up: what must be the same on every machine."""
    return " ".join(NUMBER.sub("#", text).split())


def times(text: str) -> list[float]:
    """Return the times in a text, in their order."""
    return [float(number) for number in NUMBER.findall(text)]


def differences(stored: str, real: str) -> list[str]:
    """Return in what a real run differs from the stored text by more than it may."""
    if shape(stored) != shape(real):
        return [f"the stored text is\n{stored}\nand the real run gave\n{real}"]
    return [
        f"the stored time is {then} and the real run took {now}"
        for then, now in zip(times(stored), times(real), strict=True)
        if not then - TOO_EARLY <= now <= then + TOO_LATE
    ]


@pytest.fixture(scope="module")
def real_runs(tmp_path_factory) -> dict[Path, nbformat.NotebookNode]:
    """All notebooks after a run on the real clock."""
    environment = kernel_environment(tmp_path_factory.mktemp("kernels"), clock="real")
    return asyncio.run(_run_all(environment))


async def _run_all(environment: dict[str, str]) -> dict[Path, nbformat.NotebookNode]:
    slots = asyncio.Semaphore(AT_ONCE)

    async def run(path: Path) -> nbformat.NotebookNode:
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = []
        client = NotebookClient(
            notebook,
            km=async_kernel_manager(),
            timeout=CELL_TIMEOUT,
            allow_errors=True,
            resources={"metadata": {"path": str(path.parent)}},
        )
        async with slots:
            await client.async_execute(env=environment, cleanup_kc=True)
        return notebook

    return dict(zip(PATHS, await asyncio.gather(*map(run, PATHS)), strict=True))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_the_stored_outputs_hold_on_the_real_clock(real_runs, path):
    stored, real = Notebook(path), Notebook(path, real_runs[path])
    faults = []
    for before, after in zip(stored.code_cells, real.code_cells, strict=True):
        if shows_more_than_stored(before.data["metadata"]):
            found = list(faults_without_comparison(after.outputs, before.tags))
        else:
            expected = {"outputs": outputs_instead(before.data["metadata"]) or before.outputs}
            found = differences(text_of(expected), text_of(after.data))
        if any(output.get("name") == "stderr" for output in after.outputs):
            found.append(f"stderr: {after.text}")
        if any(output["output_type"] == "error" for output in after.outputs) != ("raises-exception" in after.tags):
            found.append(f"errors: {[o.get('evalue') for o in after.outputs]}, tags: {after.tags}")
        faults += [f"cell {after.index}: {fault}" for fault in found]
    assert faults == []


STORED = "B 1.00 s\nA   4.00 s\n"


@pytest.mark.parametrize("real", [STORED, "B 1.01 s\nA 4.31 s\n", "B 1.00 s\nA 3.99 s\n", "B 1.0 s\nA  4.003 s\n"])
def test_a_real_run_a_little_later_is_right(real):
    assert differences(STORED, real) == []


@pytest.mark.parametrize(
    "real", ["A 4.00 s\nB 1.00 s\n", "B 1.00 s\nA 7.00 s\n", "B 0.90 s\nA 4.00 s\n", "B 1.00 s\n", "B 1.00 s\nA none"]
)
def test_a_real_run_that_differs_is_found(real):
    assert differences(STORED, real)
