"""Cells whose output depends on the reader's Python: each Python has its own, and says which one it needs."""

import pytest

from support.newer_python import (
    faults_without_comparison,
    has_change,
    needed_python,
    outputs_instead,
    shows_more_than_stored,
    words_instead,
)
from support.notebook_samples import picture, printed
from support.notebook_tools import Notebook, notebook_paths

CODE_CELLS = [(path, cell) for path in notebook_paths() for cell in Notebook(path).code_cells]
NEEDY = [(path, cell) for path, cell in CODE_CELLS if "version_info" in cell.source]
TAGS = ["needs-python-3.14"]


@pytest.mark.parametrize(
    ("tags", "running", "words", "more"),
    [
        (["needs-python-3.13"], (3, 12), "This needs Python 3.13 or later.\n", False),
        (["needs-python-3.13"], (3, 13), None, False),
        (["needs-python-3.13"], (3, 14), None, False),
        (["needs-python-3.14"], (3, 12), None, False),
        (["needs-python-3.14"], (3, 13), None, False),
        (["needs-python-3.14"], (3, 14), None, True),
        (["needs-python-3.14"], (3, 15), None, True),
        (["hide-cell"], (3, 11), None, False),
        ([], (3, 14), None, False),
    ],
)
def test_what_is_expected_on_which_python(tags, running, words, more):
    assert outputs_instead({"tags": tags}, running) == (words and [printed(words)])
    assert shows_more_than_stored({"tags": tags}, running) == more


GIVEN_BACK = ["3.14.9", "3.15.1"]


@pytest.mark.parametrize(
    ("releases", "without", "with_it"),
    [
        (GIVEN_BACK, ["3.11.7", "3.13.18", "3.14.0", "3.14.8", "3.15.0"], ["3.14.9", "3.14.10", "3.15.1", "3.16.0"]),
        (["3.14"], ["3.13.18"], ["3.14.0", "3.15.2", "4.0.0"]),
        (["3.15"], ["3.14.10"], ["3.15.0"]),
    ],
)
def test_which_python_has_a_change(releases, without, with_it):
    def number(version):
        return tuple(map(int, version.split(".")))

    assert [version for version in [*without, *with_it] if has_change(releases, number(version))] == with_it


def test_another_text_is_expected_on_a_python_that_has_the_change():
    metadata = {"newer-python": {"from": GIVEN_BACK, "prints": "all\n"}}
    assert outputs_instead(metadata, (3, 14, 8)) is None
    assert outputs_instead(metadata, (3, 14, 9)) == [printed("all\n")]
    assert not shows_more_than_stored(metadata, (3, 14, 9))


def test_a_cell_that_needs_a_newer_python_may_have_its_text_too():
    metadata = {"tags": ["needs-python-3.15"], "newer-python": {"from": ["3.15"], "prints": "all\n"}}
    assert outputs_instead(metadata, (3, 14, 9)) is None
    assert outputs_instead(metadata, (3, 15, 0)) == [printed("all\n")]
    assert not shows_more_than_stored(metadata, (3, 15, 0))


def test_a_word_of_the_test_clock_beside_what_is_shown_is_no_fault_and_a_word_of_anybody_else_is():
    shown, inexact = printed("└── (T) A\n"), "test clock: times are not exact, since a process was started\n"
    assert list(faults_without_comparison([shown, printed(inexact, "stderr")], TAGS)) == []
    assert list(faults_without_comparison([picture("Two bars; A ends first.")], TAGS)) == []
    [fault] = faults_without_comparison([shown, printed(inexact + "ResourceWarning: x\n", "stderr")], TAGS)
    assert "ResourceWarning: x" in fault


@pytest.mark.parametrize(("path", "cell"), NEEDY, ids=lambda value: getattr(value, "name", ""))
def test_a_cell_that_looks_at_the_version_has_the_tag_and_the_words(path, cell):
    needed = needed_python(cell.tags)
    assert needed, f"{path.name}, cell {cell.index}: tag it needs-python-3.NN"
    assert f"version_info >= {needed}" in cell.source
    assert words_instead(needed).strip() in cell.source
