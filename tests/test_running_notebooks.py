"""How notebooks are run: on which clock, with pictures compared, and how `refresh.py` stores outputs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import refresh
from clock.kernel import no_test_clock_here
from notebook_samples import PICTURE, code, markdown
from notebook_tools import ROOT

needs_test_clock = pytest.mark.skipif(no_test_clock_here() is not None, reason="the test clock cannot be used here")
needs_refresh_python = pytest.mark.skipif(
    sys.version_info[:2] != refresh.STORED_PYTHON, reason="outputs are stored from another Python"
)

WHICH_CLOCK = "import time\nprint(type(time.monotonic).__name__)"
SHOW_PICTURE = f"display({{'image/png': {PICTURE!r}}}, raw=True, metadata={{'image/png': {{'alt': 'one dot'}}}})"


def printed(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


def shown(picture, alt):
    return {"output_type": "display_data", "data": {"image/png": picture}, "metadata": {"image/png": {"alt": alt}}}


def write(path: Path, *cells: dict, **metadata: object) -> Path:
    """Write a notebook with these cells."""
    for number, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{number}"
        if cell["cell_type"] == "code":
            cell.setdefault("execution_count", number)
    notebook = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


@pytest.fixture
def project(tmp_path) -> Path:
    """A project with this one's settings and no notebooks."""
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "notebooks").mkdir()
    return tmp_path


def run_pytest(project: Path, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pytest", "notebooks", "-p", "no:cacheprovider", "-rA", "--color=no", *options]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, encoding="utf-8", check=False)


@needs_test_clock
def test_notebooks_run_on_the_clock_that_they_declare(project):
    write(project / "notebooks" / "test.ipynb", code(WHICH_CLOCK, printed("function\n")))
    real = printed("builtin_function_or_method\n")
    write(project / "notebooks" / "real.ipynb", code(WHICH_CLOCK, real), workshop={"clock": "real"})
    run = run_pytest(project)
    assert run.returncode == 0, run.stdout
    assert "2 passed" in run.stdout


@needs_test_clock
def test_pictures_and_their_words_are_compared(project):
    other = PICTURE.replace("Nk", "Nl")
    cells = [shown(PICTURE, "one dot"), shown(other, "one dot"), shown(PICTURE, "two dots")]
    write(project / "notebooks" / "test.ipynb", *(code(SHOW_PICTURE, output) for output in cells))
    run = run_pytest(project)
    assert "1 passed" in run.stdout and "2 failed" in run.stdout, run.stdout
    assert "PASSED notebooks/test.ipynb::Cell 0" in run.stdout


def test_without_a_test_clock_notebooks_run_lax_and_one_line_says_so(project):
    (project / "elsewhere.py").write_text(
        "import sys\n"
        "sys.path.append('tests')\n"
        "from clock import kernel\n"
        "kernel.no_test_clock_here = lambda: 'there is none on this system'\n",
        encoding="utf-8",
    )
    write(project / "notebooks" / "test.ipynb", code(WHICH_CLOCK, printed("something else\n")), code("1 / 0"))
    run = run_pytest(project, "-p", "elsewhere")
    assert "1 passed" in run.stdout and "1 failed" in run.stdout, run.stdout
    said = [line for line in run.stdout.splitlines() if "there is none on this system" in line]
    assert said == [
        "The notebooks ran on the real clock, their outputs were not compared: there is none on this system."
    ]


NEWER = {
    "print('shown')": "passed",
    "import subprocess, sys; _ = subprocess.run([sys.executable, '-c', '']); print('asked')": "passed",
    "print('This needs Python 3.10 or later.')": "new enough, and it said: This needs Python 3.10",
    "print('shown'); import sys; print('careful', file=sys.stderr)": "it wrote to stderr: careful",
    "_ = 'nothing'": "it showed nothing",
    "print('shown'); 1 / 0": "ZeroDivisionError",
}
"""What a cell does on a newer Python than that of the stored outputs, and what comes of it."""


@needs_test_clock
def test_on_a_newer_python_than_stored_a_tagged_cell_must_only_go_well(project):
    (project / "elsewhere.py").write_text(
        "import sys\nsys.path.append('tests')\nimport newer_python\nnewer_python.STORED_PYTHON = (3, 9)\n",
        encoding="utf-8",
    )
    words = printed("This needs Python 3.10 or later.\n")
    cells = [code(source, words, tags=["needs-python-3.10"]) for source in NEWER]
    write(project / "notebooks" / "test.ipynb", *cells, code("print('shown')", words))
    run = run_pytest(project, "-p", "elsewhere")
    for number, comes_of_it in enumerate(NEWER.values()):
        mark = "PASSED" if comes_of_it == "passed" else "FAILED"
        assert f"{mark} notebooks/test.ipynb::Cell {number}" in run.stdout, run.stdout
        assert comes_of_it in run.stdout
    assert f"FAILED notebooks/test.ipynb::Cell {len(NEWER)}" in run.stdout, "without the tag, outputs are compared"


@needs_refresh_python
@needs_test_clock
def test_refresh_stores_outputs_and_a_second_run_changes_no_byte(tmp_path, capsys):
    path = write(
        tmp_path / "good.ipynb",
        markdown("# A title"),
        code("import asyncio, os, time\nprint('one'); print(f'(here: {os.getpid()})', flush=True); print('two')"),
        code("start = time.monotonic(); await asyncio.sleep(4); time.monotonic() - start", collapsed=False),
        code("asyncio.run(None)", tags=["raises-exception"]),
        kernelspec={"name": "my-venv", "display_name": "mine"},
    )
    assert refresh.main([str(path)]) == 0
    first = path.read_bytes()
    notebook = json.loads(first)
    cells = notebook["cells"]
    assert [cell["id"] for cell in cells] == ["cell-1", "cell-2", "cell-3", "cell-4"]
    assert [cell.get("execution_count") for cell in cells] == [None, 1, 2, 3]
    assert cells[2]["outputs"][0]["data"] == {"text/plain": ["4.0"]}
    assert cells[2]["metadata"] == {}
    assert len(cells[1]["outputs"]) == 1
    assert str(sys.prefix) not in first.decode() and str(sys.base_prefix) not in first.decode()
    assert notebook["metadata"]["kernelspec"] == refresh.KERNELSPEC
    assert notebook["metadata"]["language_info"]["version"] == "3.13"
    assert first.endswith(b"}\n")
    assert refresh.main([str(path)]) == 0
    assert path.read_bytes() == first
    assert capsys.readouterr().out == "good.ipynb: refreshed\ngood.ipynb: unchanged\n"


BAD_CELLS = {
    "an error": (code("1 / 0"), "raises ZeroDivisionError: division by zero"),
    "a warning": (code("import warnings\nwarnings.warn('careful')"), "writes to stderr"),
    "a tag too many": (code("1 / 1", tags=["raises-exception"]), "has the tag `raises-exception` and does not raise"),
}


@needs_refresh_python
@needs_test_clock
@pytest.mark.parametrize("what", BAD_CELLS)
def test_refresh_writes_nothing_when_a_cell_fails(tmp_path, capsys, what):
    cell, message = BAD_CELLS[what]
    path = write(tmp_path / "bad.ipynb", code("1"), cell)
    before = path.read_bytes()
    assert refresh.main([str(path)]) == 1
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["bad.ipynb"]
    said = capsys.readouterr().err
    assert said.startswith(f"bad.ipynb: cell 1, which begins with `{cell['source'].splitlines()[0]}`, {message}")


@needs_test_clock
def test_a_newer_python_stores_what_is_printed_otherwise_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(refresh, "STORED_PYTHON", (3, 9))
    old = {"from": ["3.99"], "prints": "kept\n"}
    path = write(
        tmp_path / "two.ipynb",
        code("print('new')", printed("stored\n"), **{"newer-python": {"from": ["3.10"], "prints": "?\n"}}),
        code("print('new')", printed("stored\n"), **{"newer-python": old}),
    )
    assert refresh.main([str(path)]) == 0
    first, second = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert first["metadata"]["newer-python"] == {"from": ["3.10"], "prints": "new\n"}
    assert second["metadata"]["newer-python"] == old
    assert [cell["outputs"][0]["text"] for cell in (first, second)] == [["stored\n"], ["stored\n"]]


@needs_test_clock
def test_a_text_for_this_python_is_compared(project):
    metadata = {"newer-python": {"from": ["3.10"], "prints": "new\n"}}
    wrong = {"newer-python": {"from": ["3.10"], "prints": "stored\n"}}
    cells = [code("print('new')", printed("stored\n"), **each) for each in (metadata, wrong)]
    write(project / "notebooks" / "test.ipynb", *cells)
    run = run_pytest(project)
    assert "PASSED notebooks/test.ipynb::Cell 0" in run.stdout and "FAILED notebooks/test.ipynb::Cell 1" in run.stdout


def test_refresh_says_which_python_it_needs(monkeypatch, capsys):
    monkeypatch.setattr(refresh, "STORED_PYTHON", (3, 99))
    assert refresh.main([]) == 1
    assert "Run it with Python 3.99" in capsys.readouterr().err
