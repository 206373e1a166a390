"""The notebooks are changed for a browser as their cells ask, and in nothing else."""

import re

import pytest

from contents import LINKED_FILE, NEEDS, for_browser, write_contents
from support.notebook_samples import printed
from support.notebook_tools import NOTE, Notebook, joined, notebook_paths
from support.places import NOTEBOOKS

PNG = '<img alt="A curve" src="data:image/png;base64,AAAA">'


def code(source, tags=(), outputs=(), **metadata):
    metadata |= {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "id": "c", "metadata": metadata, "source": source, "outputs": list(outputs)}


def changed(*cells, absent=frozenset(NEEDS), **metadata):
    """Return the cells of a notebook as they are in a browser, and what they need."""
    notebook = {
        "metadata": metadata,
        "cells": [{"cell_type": "markdown", "metadata": {}, "source": ["# Title"]}, *cells],
    }
    needs = for_browser(notebook, absent)
    return notebook["cells"][1:], needs


def test_a_cell_that_cannot_run_is_text_with_what_it_shows():
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]},
        {"output_type": "display_data", "data": {"text/html": [PNG], "text/plain": "a curve"}},
        {"output_type": "error", "traceback": ["\x1b[31mValueError\x1b[0m: no"]},
    ]
    [cell], needs = changed(code(["a = 1\n", "a"], ["needs-threads"], outputs))
    assert (cell["cell_type"], cell["id"], needs) == ("markdown", "c", ["threads"])
    assert NEEDS["threads"] in cell["source"]
    assert cell["source"].endswith(
        f"```python\na = 1\na\n```\n\n*It shows:*\n\n```text\none\ntwo\n```\n\n{PNG}\n\n```text\nValueError: no\n```"
    )


def test_what_a_newer_python_shows_stands_there_as_well():
    output = {"output_type": "stream", "name": "stdout", "text": ["old\n"]}
    newer = {"from": ["3.14.9", "3.15.1"], "prints": "new\n"}
    [cell], _ = changed(code("a", ["needs-threads"], [output], **{"newer-python": newer}))
    assert cell["source"].endswith(
        "*It shows:*\n\n```text\nold\n```\n\n*From Python 3.14.9 and 3.15.1 on it shows:*\n\n```text\nnew\n```"
    )


def test_what_a_python_is_told_that_is_too_old_stands_nowhere():
    output = {"output_type": "stream", "name": "stdout", "text": ["This needs Python 3.14 or later.\n"]}
    [cell], _ = changed(code("a", ["needs-threads"], [output]))
    assert cell["source"].endswith("```python\na\n```")


def test_a_solution_that_cannot_run_stays_folded():
    [cell], _ = changed(code("a", ["needs-threads"], jupyter={"source_hidden": True}))
    assert re.search(r"<details>.*\n\n```python\na\n```\n\n</details>$", cell["source"])


def test_what_an_earlier_run_gave_stays_folded():
    [cell], _ = changed(code("a", ["needs-threads"], [NOTE, printed("one")], jupyter={"outputs_hidden": True}))
    assert cell["source"].endswith(
        "<details><summary>What an earlier run gave</summary>\n\n```text\none\n```\n\n</details>"
    )


@pytest.mark.parametrize("asks", ["predict('1.1')", "await check('1.1', a)", "import a\n\nrecall('00')"])
def test_what_cannot_be_answered_does_not_ask(asks):
    card = {"output_type": "display_data", "data": {"text/html": "<b>Write a, b or c</b>"}}
    [cell], _ = changed(code(asks, ["needs-threads"], [card]))
    assert cell["source"].endswith(f"```python\n{asks}\n```")


def test_lines_that_a_cell_shows_are_one_text():
    output = {"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]}
    shown = {"output_type": "display_data", "data": {"text/plain": ["one\n", "two\n"]}}
    [cell], _ = changed(code("a", outputs=[output, shown]))
    assert cell["outputs"] == [output | {"text": "one\ntwo\n"}, shown | {"data": {"text/plain": "one\ntwo\n"}}]


def test_what_can_be_had_is_run():
    cell = code("a", ["needs-matplotlib", "needs-python-3.14", "hide-cell"])
    assert changed(cell, absent=NEEDS.keys() - {"matplotlib"}) == ([cell], [])


def test_a_chapter_may_need_something_as_a_whole():
    [words, first, second], needs = changed(code("a"), code("b"), workshop={"needs": "processes"})
    assert "it needs processes" in words["source"]
    assert [cell["cell_type"] for cell in (first, second)] == ["markdown"] * 2
    assert first["source"] == "```python\na\n```"
    assert needs == ["processes"] * 2


def test_other_words_stand_where_the_cell_says_and_what_is_not_there_is_told():
    [cell], _ = changed(code(["a = 100\n", "b = 100"], **{"in-browser": [["a = 100", "a = 10"]]}))
    assert cell["source"] == "a = 10\nb = 100"
    with pytest.raises(ValueError, match="a = 1000"):
        changed(code("a = 100", **{"in-browser": [["a = 1000", "a = 10"]]}))


def test_an_unknown_need_is_told():
    with pytest.raises(KeyError, match="wings"):
        changed(code("a", ["needs-wings"]))


@pytest.mark.parametrize("vendored", [False, True])
def test_each_notebook_of_the_site_is_the_one_that_is_stored_but_for_that(vendored, tmp_path):
    told = write_contents(NOTEBOOKS, tmp_path / "there", vendored)
    assert any("matplotlib" in line for line in told) == vendored
    assert [path.name for path in notebook_paths(tmp_path / "there")] == [path.name for path in notebook_paths()]
    linked = {name for path in notebook_paths() for name in LINKED_FILE.findall(path.read_text(encoding="utf-8"))}
    assert linked
    for name in linked:
        assert (tmp_path / "there" / name).read_bytes() == (NOTEBOOKS / name).read_bytes()
    for path in notebook_paths():
        here, there = Notebook(path), Notebook(tmp_path / "there" / path.name)
        sources = {cell.data["id"]: cell.source for cell in there.cells}
        title, *others = here.cells
        assert sources[title.data["id"]] == (title.source.rpartition("\n\n")[0] if vendored else title.source)
        for cell in others:
            if cell.is_markdown and "in-browser" not in cell.data["metadata"]:
                assert sources[cell.data["id"]] == cell.source
            if cell.is_code and "in-browser" not in cell.data["metadata"]:
                assert cell.source in joined(sources[cell.data["id"]])
