"""How notebooks are run where there is no test clock, and how `refresh.py` stores outputs."""

import json
import sys

import pytest

import refresh
from clock.kernel import no_test_clock_here
from support.notebook_samples import PICTURE, code, copied_project, markdown, printed, run_pytest, write

pytestmark = pytest.mark.slow(15)

needs_test_clock = pytest.mark.skipif(no_test_clock_here() is not None, reason="the test clock cannot be used here")
needs_refresh_python = pytest.mark.skipif(
    sys.version_info[:2] != refresh.STORED_PYTHON, reason="outputs are stored from another Python"
)


def test_without_a_test_clock_notebooks_run_lax_and_one_line_says_so(tmp_path):
    project = copied_project(tmp_path)
    (project / "elsewhere.py").write_text(
        "import sys\n"
        "sys.path.append('tests')\n"
        "from clock import kernel\n"
        "kernel.no_test_clock_here = lambda: 'there is none on this system'\n",
        encoding="utf-8",
    )
    write(project / "notebooks" / "test.ipynb", code("print('something')", printed("something else\n")), code("1 / 0"))
    run = run_pytest(project, "-p", "elsewhere")
    assert "1 passed" in run.stdout and "1 failed" in run.stdout, run.stdout
    said = [line for line in run.stdout.splitlines() if "there is none on this system" in line]
    assert said == [
        "The notebooks ran on the real clock, their outputs were not compared: there is none on this system."
    ]


@needs_refresh_python
@needs_test_clock
def test_refresh_stores_outputs_and_a_second_run_changes_no_byte(tmp_path, capsys):
    path = write(
        tmp_path / "good.ipynb",
        markdown("# A title"),
        code("import asyncio, os, time\nprint('one'); print(f'(here: {os.getpid()})', flush=True); print('two')"),
        code("start = time.monotonic(); await asyncio.sleep(4); time.monotonic() - start", collapsed=False),
        code("asyncio.run(None)", tags=["raises-exception"]),
        code("import ipywidgets; ipywidgets.HTML('seen')"),
        kernelspec={"name": "my-venv", "display_name": "mine"},
    )
    assert refresh.main([str(path)]) == 0
    first = path.read_bytes()
    notebook = json.loads(first)
    cells = notebook["cells"]
    assert [cell["id"] for cell in cells] == ["cell-1", "cell-2", "cell-3", "cell-4", "cell-5"]
    assert [cell.get("execution_count") for cell in cells] == [None, 1, 2, 3, 4]
    assert cells[2]["outputs"][0]["data"] == {"text/plain": ["4.0"]}
    assert cells[2]["metadata"] == {}
    assert len(cells[1]["outputs"]) == 1
    assert cells[4]["outputs"][0]["data"] == {"text/plain": ["HTML(value='seen')"]}
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


@needs_refresh_python
@needs_test_clock
def test_a_measured_picture_is_stored_anew_only_when_the_words_change(tmp_path):
    def output(picture, words):
        return {"output_type": "display_data", "data": {"image/png": picture, "text/plain": words}, "metadata": {}}

    source = f"display({output(PICTURE, 'slope 1 (here: 1.04)')['data']!r}, raw=True)"
    stored = PICTURE.replace("Nk", "Nl")
    for words, kept in (("slope 1 (here: 0.9)", stored), ("slope 0", PICTURE)):
        cell = code(source, output(stored, words), tags=["measured"])
        path = write(tmp_path / "real.ipynb", cell, workshop={"clock": "real"})
        assert refresh.main([str(path)]) == 0
        [cell] = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert cell["outputs"][0]["data"]["image/png"].strip() == kept


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


def test_refresh_says_which_python_it_needs(monkeypatch, capsys):
    monkeypatch.setattr(refresh, "STORED_PYTHON", (3, 99))
    assert refresh.main([]) == 1
    assert "Run it with Python 3.99" in capsys.readouterr().err
