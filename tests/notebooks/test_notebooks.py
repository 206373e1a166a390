"""What is asked of the stored notebooks beside their outputs being right; and that each rule finds what it forbids."""

import base64
from pathlib import Path

import pytest

from support import notebook_guards as guards
from support.notebook_samples import changed, code, error, good_notebook, markdown, picture, printed
from support.notebook_tools import NOTEBOOKS, ROOT, Notebook, notebook_paths, sanitized
from workshop.exercises.predictions import PREDICTIONS, Prediction

PATHS = notebook_paths()
NAMES = [path.name for path in PATHS]
TEXTS = [path for pattern in ("*.md", "notebooks/**/*.md", "tests/**/*.md") for path in sorted(ROOT.glob(pattern))]


@pytest.fixture(params=PATHS, ids=NAMES, scope="module")
def notebook(request) -> Notebook:
    return Notebook(request.param)


# The notebooks of the workshop


def test_notebooks_are_numbered_from_00_without_gaps():
    assert list(guards.numbering(PATHS)) == []


def test_nothing_else_lies_beside_the_notebooks():
    allowed = {"workshop", ".ipynb_checkpoints", "__pycache__"}
    allowed |= {"my_reports"}  # where chapter 06 saves a picture
    assert {p.name for p in NOTEBOOKS.iterdir() if p.is_dir()} <= allowed | {"data", "images"}
    assert [p.name for p in NOTEBOOKS.rglob("Untitled*")] == []


@pytest.mark.parametrize("guard", guards.GUARDS, ids=lambda guard: guard.__name__)
def test_notebook_keeps_the_rule(notebook, guard):
    assert list(guard(notebook)) == []


def test_notebook_leads_to_its_neighbours(notebook):
    assert list(guards.neighbours(notebook, NAMES)) == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_text_has_no_broken_link_and_no_picture_without_words(path):
    text = path.read_text(encoding="utf-8")
    assert [*guards.broken_links(text, path), *guards.images_in_words(text)] == []


# The rules themselves


@pytest.fixture
def shelf(tmp_path, monkeypatch) -> Path:
    """Where the sample notebook, 01_b.ipynb, stands between two others."""
    monkeypatch.setitem(
        PREDICTIONS, "t.1", Prediction({"a": "no", "b": "yes"}, "b", "a name", lambda name: (name, name))
    )
    for name in ("00_a.ipynb", "02_c.ipynb"):
        (tmp_path / name).write_text(
            '{"cells": [{"cell_type": "markdown", "source": "## What you\'ll do"}]}', encoding="utf-8"
        )
    (tmp_path / "picture.png").touch()
    (tmp_path / "high.svg").write_text('<svg width="820" height="439"/>', encoding="utf-8")
    return tmp_path


def faults(guard, shelf: Path, data: dict) -> list[str]:
    return list(guard(Notebook(shelf / "01_b.ipynb", data)))


def neighbours(notebook: Notebook):
    return guards.neighbours(notebook, ["00_a.ipynb", "01_b.ipynb", "02_c.ipynb"])


@pytest.mark.parametrize("guard", [*guards.GUARDS, neighbours], ids=lambda guard: guard.__name__)
def test_a_good_notebook_has_no_fault(shelf, guard):
    assert faults(guard, shelf, good_notebook()) == []


def source(index, old, new):
    return lambda notebook, cells: cells[index].update(source=cells[index]["source"].replace(old, new))


def output(index, *outputs):
    return lambda notebook, cells: cells[index].update(outputs=list(outputs))


def metadata(index, **entries):
    return lambda notebook, cells: cells[index].update(metadata=entries)


def append(cell):
    return lambda notebook, cells: cells.append(cell)


def measured():
    output = picture("Two lines; one is steeper.")
    output["data"]["text/plain"] = "one: slope 1\ntwo: slope 2"
    return {"metadata": {"tags": ["measured"]}, "outputs": [output]}


def drawing(attributes):
    svg = base64.b64encode(f"<svg {attributes}></svg>".encode()).decode()
    return f'<img alt="Two bars." src="data:image/svg+xml;base64,{svg}">'


def html(text):
    return {"output_type": "display_data", "data": {"text/html": [text]}, "metadata": {}}


NEEDS_314 = "This needs Python 3.14 or later.\n"
PREDICT, FIGURE, COMPARE, RAISES, STUB, FIRST_CHECK, SOLUTION, LAST_CHECK, NEXT = 6, 7, 8, 9, 11, 12, 13, 14, 16

BAD = {
    "a cell not run": (guards.execution_counts, lambda n, c: c[FIGURE].update(execution_count=None)),
    "cells run out of order": (guards.execution_counts, lambda n, c: c[FIGURE].update(execution_count=9)),
    "an untagged error": (guards.errors, output(FIGURE, error())),
    "a tagged cell without error": (guards.errors, output(RAISES)),
    "two errors": (guards.errors, output(RAISES, error(), error())),
    "a warning": (guards.stderr, output(FIGURE, printed("Warning", name="stderr"))),
    "a path of a machine": (guards.machine_paths, output(FIGURE, printed("File /home/me/x.py"))),
    "a path of a machine in colour": (guards.machine_paths, output(FIGURE, printed("\x1b[32m/usr/lib/x.py\x1b[0m"))),
    "a comment against comparison": (guards.escapes_from_comparison, source(FIGURE, "f", "# NBVAL_IGNORE_OUTPUT\nf")),
    "a tag against comparison": (guards.escapes_from_comparison, metadata(FIGURE, tags=["nbval-skip"])),
    "words about a newer Python without tag": (guards.newer_python, output(FIGURE, printed(NEEDS_314))),
    "another text than these words": (guards.newer_python, metadata(FIGURE, tags=["needs-python-3.14"])),
    "more than these words": (
        guards.newer_python,
        lambda n, c: c[FIGURE].update(
            metadata={"tags": ["needs-python-3.14"]}, outputs=[printed(NEEDS_314), printed("A")]
        ),
    ),
    "words where the stored Python is new enough": (
        guards.newer_python,
        lambda n, c: c[FIGURE].update(
            metadata={"tags": ["needs-python-3.13"]}, outputs=[printed(NEEDS_314.replace("3.14", "3.13"))]
        ),
    ),
    "other words from a Python on that is older": (
        guards.newer_python,
        metadata(FIGURE, **{"newer-python": {"from": ["3.12"], "prints": "A\n"}}),
    ),
    "other words that are the same": (
        guards.newer_python,
        lambda n, c: c[FIGURE].update(
            metadata={"newer-python": {"from": ["3.14"], "prints": "A\n"}}, outputs=[printed("A\n")]
        ),
    ),
    "other words beside a picture without a table": (
        guards.newer_python,
        metadata(FIGURE, **{"newer-python": {"from": ["3.14"], "prints": "A\n"}}),
    ),
    "another kernel": (guards.kernelspec, lambda n, c: n["metadata"]["kernelspec"].update(name="venv")),
    "no kernel": (guards.kernelspec, lambda n, c: n["metadata"].pop("kernelspec")),
    "a patch version": (guards.kernelspec, lambda n, c: n["metadata"]["language_info"].update(version="3.13.0")),
    "an old format": (guards.file_format, lambda n, c: n.update(nbformat_minor=4)),
    "a missing id": (guards.file_format, lambda n, c: c[3].pop("id")),
    "equal ids": (guards.file_format, lambda n, c: c[3].update(id="cell-4")),
    "a time of running": (guards.file_format, metadata(FIGURE, execution={"iopub.execute_input": "now"})),
    "a print excused": (
        guards.measured_pictures,
        lambda n, c: c[FIGURE].update(metadata={"tags": ["measured"]}, outputs=[printed("a\nb\n")]),
    ),
    "a print beside the picture excused": (
        guards.measured_pictures,
        lambda n, c: (c[FIGURE].update(measured()), c[FIGURE]["outputs"].append(printed("1"))),
    ),
    "a measured picture without words": (guards.measured_pictures, metadata(FIGURE, tags=["measured"])),
    "text before the title": (guards.heading_order, lambda n, c: c.insert(0, markdown("Hello"))),
    "two titles": (guards.heading_order, append(markdown("# Another title"))),
    "a level skipped": (guards.heading_order, append(markdown("#### Deep"))),
    "a part missing": (guards.anatomy, source(2, "## What you'll learn", "What you'll learn")),
    "parts in another order": (guards.anatomy, lambda n, c: c.insert(1, c.pop(2))),
    "curly apostrophes": (guards.anatomy, source(1, "'", "\N{RIGHT SINGLE QUOTATION MARK}")),
    "no body": (guards.anatomy, source(4, "## Sleepers", "Sleepers")),
    "no minutes": (guards.anatomy, source(3, "10 minutes", "Some time")),
    "no summary": (guards.anatomy, source(15, "## Summary", "### Summary")),
    "something after the end": (guards.anatomy, append(markdown("## More"))),
    "a picture output without words": (guards.pictures_in_words, output(FIGURE, picture(None))),
    "a picture output with empty words": (guards.pictures_in_words, output(FIGURE, picture(" "))),
    "a picture output with its repr": (guards.pictures_in_words, output(FIGURE, picture("<Figure size 6x4>"))),
    "a Markdown picture without words": (guards.pictures_in_words, source(4, "![two bars]", "![]")),
    "an HTML picture without words": (guards.pictures_in_words, append(markdown('<img src="picture.png">'))),
    "an HTML output without words": (guards.pictures_in_words, output(FIGURE, html('<img src="data:," alt="">'))),
    "a high picture": (guards.drawings, output(FIGURE, html(drawing('width="820" height="439"')))),
    "a high picture in a file": (guards.drawings, source(4, "picture.png", "high.svg")),
    "a high picture in points": (guards.drawings, output(FIGURE, html(drawing('width="600pt" height="330"')))),
    "an image of very many tasks": (guards.drawings, output(FIGURE, html(drawing('href="data:image/png;"')))),
    "a link to no file": (guards.links, source(3, "00_a", "00_gone")),
    "a picture of no file": (guards.links, source(4, "picture.png", "gone.png")),
    "an HTML link to no file": (guards.links, append(markdown('<a href="gone.md">x</a>'))),
    "a link to no heading here": (guards.links, source(NEXT, "#Sleepers", "#Keepers")),
    "a link to no heading elsewhere": (guards.links, source(3, "What-you'll-do", "What-you-do")),
    "no link on": (neighbours, source(NEXT, "02_c.ipynb", "picture.png")),
    "no link back": (neighbours, source(NEXT, "00_a.ipynb", "picture.png")),
    "a link too far": (neighbours, append(markdown("[far](03_d.ipynb)"))),
    "a long cell": (guards.cell_lengths, source(FIGURE, "figure", "figure\n" * 16)),
    "a long line": (guards.cell_lengths, source(FIGURE, "figure", "figure" + " + 1" * 17)),
    "many longish cells": (
        guards.cell_lengths,
        lambda n, c: [cell.update(source="x\n" * 6) for cell in c if cell["cell_type"] == "code"],
    ),
    "a stub without TODO": (guards.exercises, source(STUB, "# TODO", "")),
    "a stub without check": (guards.exercises, append(code("# TODO"))),
    "a check without solution": (guards.exercises, source(LAST_CHECK, "check", "print")),
    "a stub that passes": (guards.exercises, output(FIRST_CHECK, printed("✓"))),
    "a solution that fails": (guards.exercises, output(LAST_CHECK, printed("✗"))),
    "a check that says nothing": (guards.exercises, output(LAST_CHECK)),
    "a solution in view": (guards.exercises, metadata(SOLUTION)),
    "a solution collapsed only here": (guards.collapsed_cells, metadata(SOLUTION, tags=["hide-cell"])),
    "a solution collapsed only there": (guards.collapsed_cells, metadata(SOLUTION, jupyter={"source_hidden": True})),
    "a guess not compared": (guards.predictions, source(COMPARE, "compare", "print")),
    "a guess compared too early": (guards.predictions, lambda n, c: c.insert(5, c.pop(COMPARE))),
    "a comparison without guess": (guards.predictions, append(code('compare("t.2", 1)'))),
    "an unknown prediction": (guards.predictions, source(PREDICT, "t.1", "t.9")),
    "an answer open": (guards.hidden_answers, lambda n, c: c[COMPARE]["metadata"].clear()),
    "an answer in the line that is shown of it": (guards.hidden_answers, lambda n, c: c[COMPARE]["outputs"].pop(0)),
    "a question folded": (
        guards.hidden_answers,
        lambda n, c: c[PREDICT]["metadata"].update(jupyter={"outputs_hidden": True}),
    ),
    "a chore": (guards.hidden_answers, source(0, "# A title", "# A title\n\nClear the outputs first.")),
    "a choice missing": (guards.predictions, source(5, "- **b)** B", "")),
    "a choice too many": (guards.predictions, source(5, "- **b)** B", "- **b)** B\n- **c)** C")),
    "no question before the guess": (guards.predictions, lambda n, c: c.insert(PREDICT, code("pass"))),
}


@pytest.mark.parametrize("live", [False, True])
def test_a_measured_picture_with_words_has_no_fault(shelf, live):
    cell = measured()
    if live:  # the last frame of a live view is an HTML image alone
        data = cell["outputs"][0]["data"]
        cell["outputs"][0]["data"] = {"text/plain": data["text/plain"], "text/html": drawing('width="820"')}
    good = changed(lambda n, c: c[FIGURE].update(cell))
    assert faults(guards.measured_pictures, shelf, good) == []


@pytest.mark.parametrize("what", BAD)
def test_a_bad_notebook_is_found(shelf, what):
    guard, change = BAD[what]
    assert faults(guard, shelf, changed(change))


@pytest.mark.parametrize(
    "names", [[], ["01_b.ipynb"], ["00_a.ipynb", "02_c.ipynb"], ["00_a.ipynb", "Untitled.ipynb"], ["0_a.ipynb"]]
)
def test_a_bad_list_of_notebooks_is_found(names):
    assert list(guards.numbering([Path(name) for name in names]))


def test_a_good_list_of_notebooks_has_no_fault():
    assert list(guards.numbering([Path("00_start_here.ipynb"), Path("01_sleepers.ipynb")])) == []


def test_broken_links_in_texts_are_found(tmp_path):
    here, there = tmp_path / "here.md", tmp_path / "there.md"
    there.write_text("# What you'll see\n\n```\n# no heading\n```\n", encoding="utf-8")
    (tmp_path / "there(1).md").touch()
    good = "[a](there.md) [b](there.md#what-youll-see) [c](https://example.org/x.md) [![pic](there.md)](there.md)"
    assert list(guards.broken_links(f"{good} [e](there(1).md)", here)) == []
    for bad in (
        "[a](gone.md)",
        "[e](there(2).md)",
        "[b](there.md#no-heading)",
        "![c](gone.png)",
        "[![pic](there.md)](gone.md)",
        "[d]: gone",
    ):
        assert list(guards.broken_links(bad, here)), bad


# The sanitizer


def test_values_of_this_machine_are_not_compared_and_all_else_is():
    values = {"text": "a (here: 1.87), b (here: 2.5 GB)\n", "data": {"text/plain": ["(here: 3.13.0)"]}, "count": 3}
    masked = {"text": "a (here: VALUE), b (here: VALUE)\n", "data": {"text/plain": ["(here: VALUE)"]}, "count": 3}
    assert sanitized(values) == masked
    for mark in ('"', "&quot;"):
        numbered = f"{mark}name{mark}:{mark}Cell In[17]{mark},{mark}first{mark}:1"
        assert sanitized(numbered) == numbered.replace("17", "N")
    others = ["Elapsed: 4.00 s", "(there: 3.13.0)", "(here 3.13.0)", "here: 3", "(here: not\nclosed)"]
    others += ["Cell In[3], line 1", '{"name":"retries.py","first":12,']
    assert sanitized(others) == others
