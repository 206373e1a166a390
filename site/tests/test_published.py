"""The site as it is published: Pyodide comes from the content network, and what a reader does is kept."""

from pathlib import Path

import pytest
from lite import Site, run_code, set_source
from playwright.sync_api import Browser, Route

from build import build
from conftest import Files, serving
from packages import content_network, write_pyodide


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


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The site's address."""
    folder = tmp_path_factory.mktemp("published") / "site"
    build(folder, vendored=False)
    with serving(Files, directory=str(folder)) as (address, _):
        yield address


@pytest.fixture(scope="module")
def network(tmp_path_factory) -> Path:
    """What stands in for the content network: a folder with Pyodide."""
    folder = tmp_path_factory.mktemp("network")
    write_pyodide(folder)
    return folder


COMPILED_HERE = """import sys
from pathlib import Path

import workshop

specs = [module.__spec__ for module in sys.modules.values() if getattr(module, "__spec__", None)]
print([spec.name for spec in specs if spec.cached and spec.cached != spec.origin and not Path(spec.cached).exists()])
"""
"""Prints which modules were found as sources alone. (Of an archive's module the origin is what was found.)"""


def test_pyodide_comes_from_the_content_network_and_all_else_from_the_site(published, chromium, network):
    site = Published(chromium, published, "06_plotting_task_timelines.ipynb", network)
    assert "needs-matplotlib" in {tag for cell in site.linked.notebook().code_cells for tag in cell.tags}
    assert run_code(site.linked, COMPILED_HERE) == "[]\n"
    assert site.asked == {path.name for path in network.glob("pyodide.*")}
    site.page.close()


def test_an_edit_and_what_is_done_survive_a_reload(published, chromium, network):
    page = Published(chromium, published, "01_sleepers.ipynb", network).linked
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
