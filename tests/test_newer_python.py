"""Cells that need a newer Python say so in words on an older one, and only there."""

import pytest

from newer_python import missing_python, words_instead
from notebook_tools import Notebook, notebook_paths

CODE_CELLS = [(path, cell) for path in notebook_paths() for cell in Notebook(path).code_cells]
NEEDY = [(path, cell) for path, cell in CODE_CELLS if "version_info" in cell.source]


@pytest.mark.parametrize(
    ("tags", "running", "missing"),
    [
        (["needs-python-3.13"], (3, 12), "3.13"),
        (["needs-python-3.13"], (3, 13), None),
        (["needs-python-3.13"], (3, 14), None),
        (["hide-cell"], (3, 11), None),
        ([], (3, 11), None),
    ],
)
def test_what_is_missing(tags, running, missing):
    assert missing_python(tags, running) == missing


@pytest.mark.parametrize(("path", "cell"), NEEDY, ids=lambda value: getattr(value, "name", ""))
def test_a_cell_that_looks_at_the_version_has_the_tag_and_the_words(path, cell):
    needed = missing_python(cell.tags, (3, 0))
    assert needed, f"{path.name}, cell {cell.index}: tag it needs-python-3.NN"
    assert f"version_info >= ({needed.replace('.', ', ')})" in cell.source
    assert words_instead(needed)[0]["text"].strip() in cell.source
    assert cell.text != words_instead(needed)[0]["text"], "the stored output is that of the newer Python"
