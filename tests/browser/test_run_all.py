"""JupyterLab in a real browser runs each notebook from top to bottom; and what it exports is whole."""

import re

import pytest
from nbconvert import HTMLExporter

from support.browser import faults, run_all_of
from support.notebook_tools import Notebook, notebook_paths, sanitized

pytestmark = pytest.mark.slow(120)

PATHS = notebook_paths()

AT_ONCE = 5
"""Notebooks that run at the same time: they mostly wait."""


@pytest.fixture(scope="module")
def ran(jupyterlab):
    """What Run All made of each notebook."""
    return run_all_of(jupyterlab, [path.name for path in reversed(PATHS)], AT_ONCE)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_run_all_runs_every_cell_and_nothing_complains(ran, path):
    notebook = ran.notebooks[path.name]
    if isinstance(notebook, Exception):
        raise notebook
    stored = Notebook(path)
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in stored.cells]
    assert faults(notebook) == []
    if path.name.startswith("09_"):  # what is counted is not disturbed by requests to run the cells that follow
        texts, expected = (
            [sanitized(cell.text) for cell in each.cells if "recall(" not in cell.source] for each in (notebook, stored)
        )
        assert texts == expected  # (where there are buttons, `recall` does not say how to answer without)


def test_run_all_leaves_no_error_in_the_page(ran):
    assert ran.errors == []


def test_the_notebooks_fetch_nothing_from_the_internet_as_readme_says(ran):
    assert ran.elsewhere == []


# Exported


NARROW = {"width": 700, "height": 990}
"""Pixels of a printed page, margins left out, and of a narrow window."""

CUT = """() => {
    const boxes = [...document.querySelectorAll('.jp-OutputArea-output, .jp-RenderedMarkdown, .jp-CodeMirrorEditor')];
    const inner = boxes.flatMap(box => [box, ...box.querySelectorAll('img, pre, table, div')]);
    const wide = inner.filter(box => box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).display !== 'inline'
        || box.getBoundingClientRect().right > innerWidth);
    const gone = boxes.filter(box => !box.offsetHeight);
    const unseen = [...document.querySelectorAll('.jp-OutputArea-output img')].filter(image => !image.naturalWidth);
    return [...wide, ...gone, ...unseen].map(box => box.alt || box.innerText.slice(0, 80));
}"""


@pytest.fixture(scope="module")
def narrow_page(chromium):
    """An empty page, as narrow as paper."""
    page = chromium.new_page(viewport=NARROW)
    page.route(re.compile("^http"), lambda route: route.abort())  # of scripts for formulas: there are none
    page.emulate_media(media="print")
    yield page
    page.close()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_printed_and_exported_notebooks_are_whole(narrow_page, path):
    html, _ = HTMLExporter().from_filename(str(path))
    narrow_page.set_content(html)
    outputs = [output for cell in Notebook(path).code_cells for output in cell.data["outputs"]]
    assert narrow_page.locator(".jp-OutputArea-child").count() == len(outputs)
    assert narrow_page.evaluate(CUT) == []
