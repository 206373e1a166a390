"""JupyterLite in the browser of a reader who has never been here."""

import os
from pathlib import Path
from types import SimpleNamespace

from playwright.sync_api import Browser, ConsoleMessage

from support.browser import Lab, NotebookPage

STANDS_STILL = ".jp-KernelStatus-spinner { animation: none !important; }"
"""A style: what turns while a kernel works would be drawn 60 times a second, a tenth of all that there is to do."""

END_KERNELS = """async notebook => {
    const sessions = jupyterapp.serviceManager.sessions;
    for (const {id, path} of [...sessions.running()]) {
        if ([null, path].includes(notebook)) await sessions.shutdown(id);
    }
}"""


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
