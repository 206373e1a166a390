"""In a browser, each notebook that is to run there runs to its end and shows what is stored; and nothing leaves it."""

import re

import pytest
from lite import Site
from playwright.sync_api import Browser

from support.browser import run_all_of
from support.notebook_tools import Cell, Notebook, joined, notebook_paths
from support.real_times import faults_of
from workshop.exercises.say import IN_A_CARD

PYTHON = (3, 14, 2)
"""The Python in the browser."""

AT_ONCE = 4
"""Notebooks that run at the same time: they mostly wait."""

MOST_RUNS = 3
"""As on the real clock of a kernel: what differs in each of so many runs is wrong."""


SHOWN_ONLY_HERE = {
    r"^preflight\(\)": "in your browser",
    r"^lab\(\)": "The lab is a panel of widgets.",
    r"^recall\(": "Press a button",
    r'^Chart\("seconds': "grows",
    r"^print\(scale.at_least\(.*(by_name|one_by_one)": "×",
    r'^compare\("9.3"': "as long as",
}
"""For lines like these, words that their cells show here: there are buttons, nothing is installed, and how long Python
took is the time that passed, whatever else the computer did meanwhile."""


NAMES = [path.name for path in notebook_paths() if "needs" not in Notebook(path).data["metadata"].get("workshop", {})]
"""The notebooks of the site that have something to run."""

LONGEST_FIRST = ["09_scale.ipynb", *(name for name in NAMES[::-1] if name != "09_scale.ipynb")]
"""In this order they are run: 09 works for as long as the others mostly wait."""


def as_on_the_page(cell: Cell) -> Cell:
    """Return a cell as JupyterLab has it when all is done, whatever came when.

    What it printed comes before what it showed: a live view, shown from the first moment, is stored at its end. And of
    a line that was written over with carriage returns, the last text is left.
    """
    outputs = [dict(output) for output in cell.outputs]
    for output in outputs:
        if output["output_type"] == "stream":
            output["text"] = re.sub(r"[^\n]*\r(?!\n)", "", joined(output["text"]))
        elif "data" in output:
            words = joined(output["data"].get("text/plain", "")).replace(IN_A_CARD, "")
            output["data"] = output["data"] | {"text/plain": words}
    return Cell(
        cell.index, cell.data | {"outputs": sorted(outputs, key=lambda output: output["output_type"] != "stream")}
    )


def faults(ran: Notebook | Exception) -> dict[str, list[str]]:
    """Return, by its source, in what each cell differs from the stored one."""
    if isinstance(ran, Exception):
        raise ran
    [path] = (path for path in notebook_paths() if path.name == ran.path.name)
    stored = {cell.data["id"]: as_on_the_page(cell) for cell in Notebook(path).code_cells}
    found = {}
    for cell in ran.code_cells:
        before, after = stored[cell.data["id"]], as_on_the_page(cell)
        other = [
            line
            for line, words in SHOWN_ONLY_HERE.items()
            if re.search(line, cell.source, re.MULTILINE) and words in after.text
        ]
        if other:
            before = Cell(before.index, before.data | {"outputs": after.outputs})
        found[cell.source] = faults_of(before, after, PYTHON)
    return {source: here for source, here in found.items() if here}


@pytest.fixture(scope="module")
def lab(site, chromium):
    """The page in which all notebooks are run."""
    return Site(chromium, site[0], LONGEST_FIRST[0])


def test_a_link_opens_its_notebook(lab):
    assert lab.page.evaluate("jupyterapp.shell.currentWidget.context.path") == lab.linked.name
    assert lab.page.locator(".jp-Dialog").count() == 0


@pytest.fixture(scope="module")
def first_runs(lab):
    """All notebooks after they were run."""
    return run_all_of(lab, LONGEST_FIRST, AT_ONCE)


def run_alone(chromium: Browser, address: str, name: str) -> Notebook:
    """Run a notebook that a reader opens who has never been here."""
    page = Site(chromium, address, name).linked
    page.run_all()
    ran = page.notebook()
    page.page.close()
    return ran


@pytest.mark.parametrize("name", NAMES)
def test_the_notebook_runs_to_its_end_and_shows_what_is_stored(first_runs, site, chromium, name):
    wrong = faults(first_runs.notebooks[name])
    for _ in range(MOST_RUNS - 1):
        if not wrong:
            break
        again = faults(run_alone(chromium, site[0], name))
        wrong = {cell: again[cell] for cell in wrong.keys() & again.keys()}
    assert wrong == {}


def test_the_page_reports_no_error(first_runs):
    assert first_runs.errors == []


def test_nothing_is_asked_for_elsewhere(first_runs, elsewhere):
    assert first_runs.elsewhere == []
    assert elsewhere[1] == []
