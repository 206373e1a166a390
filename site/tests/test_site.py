"""In a browser, each notebook that is to run there runs to its end and shows what is stored; and nothing leaves it."""

import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Route

from build import build
from conftest import Files, serving
from packages import content_network
from support.browser import Lab, NotebookPage, run_all_of
from support.notebook_tools import Cell, Notebook, joined, notebook_paths
from support.real_times import faults_of
from workshop.exercises.say import IN_A_CARD

PYTHON = (3, 14, 2)
"""The Python in the browser."""

AT_ONCE = 3
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


class Site(Lab):
    """JupyterLite in the browser of a reader who has never been here, and follows a link to a notebook.

    All notebooks are opened in this one page, for all kernels in it share the compiled Python.
    """

    def __init__(self, browser: Browser, address: str, name: str) -> None:
        link = f"{address}lab/index.html?path={name}"
        super().__init__(browser, SimpleNamespace(url=address, address=link, log=Path(os.devnull)))
        self.page.add_style_tag(content=STANDS_STILL)
        self.linked = NotebookPage(self, name)
        self.linked.wait_until_ready()

    def end_kernels(self, notebook: str | None = None) -> None:
        self.page.evaluate(END_KERNELS, notebook)

    def _note_message(self, message: ConsoleMessage) -> None:
        if "status of 404" not in message.text:  # pictures are looked for elsewhere first, and found in the end
            super()._note_message(message)


class Published(Site):
    """The site as it is published, with Pyodide on the content network. That can't be reached here: a folder stands in.

    Attributes:
        asked: the files that the network was asked for.
    """

    def __init__(self, browser: Browser, address: str, name: str, network: Path) -> None:
        self.network = network
        self.asked: set[str] = set()
        super().__init__(browser, address, name)

    def load(self) -> None:
        self.page.context.route(f"{content_network()}/**", self._answer)
        super().load()

    def _answer(self, route: Route) -> None:
        file = route.request.url.rpartition("/")[2]
        self.asked.add(file)
        route.fulfill(path=self.network / file, headers={"access-control-allow-origin": "*"})


STANDS_STILL = ".jp-KernelStatus-spinner { animation: none !important; }"
"""A style: what turns while a kernel works would be drawn 60 times a second, a tenth of all that there is to do."""

END_KERNELS = """async notebook => {
    const sessions = jupyterapp.serviceManager.sessions;
    for (const {id, path} of [...sessions.running()]) {
        if ([null, path].includes(notebook)) await sessions.shutdown(id);
    }
}"""


def set_source(page: NotebookPage, index: int, source: str) -> None:
    """Write something else into a cell."""
    page.page.evaluate(
        "([i, source]) => jupyterapp.shell.currentWidget.content.model.cells.get(i).sharedModel.setSource(source)",
        [index, source],
    )


def run_code(page: NotebookPage, source: str) -> str:
    """Run something else in the first code cell, and return what it shows as text."""
    index = page.notebook().code_cells[0].index
    set_source(page, index, source)
    page.run_cell(index)
    return page.notebook().cells[index].text


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


def test_an_edit_and_what_is_done_survive_a_reload(site, chromium):
    page = Site(chromium, site[0], "01_sleepers.ipynb").linked
    set_source(page, 0, "# What I changed")
    run_code(page, "from workshop.exercises import kept\nkept.note('exercise 1.2', True)")
    page.execute("docmanager:save")
    page.page.reload()
    page.wait_until_ready()
    assert page.notebook().cells[0].source == "# What I changed"
    assert "1 of 2 exercises" in run_code(page, "from workshop import progress\nprogress()")
    page.page.get_by_role("link", name="Go on").click()
    page.page.wait_for_function(
        "jupyterapp.shell.currentWidget.context?.path === '02_gather_versus_as_completed.ipynb'"
    )


COMPILED_HERE = """import sys
from pathlib import Path

import workshop

specs = [module.__spec__ for module in sys.modules.values() if getattr(module, "__spec__", None)]
print([spec.name for spec in specs if spec.cached and spec.cached != spec.origin and not Path(spec.cached).exists()])
"""
"""Prints which modules were found as sources alone. (Of an archive's module the origin is what was found.)"""


def test_the_published_site_has_pyodide_from_the_content_network_and_all_else_of_its_own(folder, chromium, tmp_path):
    vendored = folder / "pyodide"
    build(tmp_path, vendored=False)
    with serving(Files, directory=str(tmp_path)) as (address, _):
        site = Published(chromium, address, "06_plotting_task_timelines.ipynb", vendored)
        assert "needs-matplotlib" in {tag for cell in site.linked.notebook().code_cells for tag in cell.tags}
        assert run_code(site.linked, COMPILED_HERE) == "[]\n"
        assert site.asked == {path.name for path in vendored.glob("pyodide.*")}
        site.page.close()
