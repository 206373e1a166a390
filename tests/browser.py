"""Notebooks in JupyterLab in a real browser, as readers have them.

Tests look at a notebook's model, which is what JupyterLab would save, and not at the page. They wait for conditions,
never for a time.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

import notebook_guards
from lab_server import Server
from notebook_tools import Notebook

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Programs that will do, as they are called on PATH."""

NOT_FOUND = (
    "the browser tests need Chromium or Google Chrome, and none was found on PATH. Install one, for example by "
    "`apt install chromium`, or let Playwright bring its own: `python -m playwright install chromium`"
)

QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)

HARMLESS: tuple[str, ...] = ()
"""Errors in the page's console that say nothing about the workshop, each by words that no other error has."""

OPENED_WITHIN, HAPPENS_WITHIN, RUN_WITHIN = 120, 30, 300
"""Seconds to wait for a notebook with its kernel, for an answer to a click, and for all cells of a notebook."""

VIEWPORT = {"width": 1280, "height": 900}

STOP_BUTTON = ".jp-NotebookPanel-toolbar [data-jp-item-name='interrupt'] jp-button"
"""CSS selector of the button in a notebook's toolbar that interrupts the kernel."""

READY = """
    panel?.context?.isReady && panel.sessionContext.isReady && panel.sessionContext.session?.kernel?.status === 'idle'
"""

WAIT = """() => {
    const dialog = document.querySelector('.jp-Dialog');
    if (dialog) return {dialog: dialog.innerText};
    const panel = window.jupyterapp?.shell.currentWidget;
    return (%s) ? {} : false;
}"""

EXECUTE = """command => {
    window.commandEnded = undefined;
    window.jupyterapp.commands.execute(command).then(
        () => { window.commandEnded = 'well'; },
        error => { window.commandEnded = String(error); },
    );
}"""

RULES: list[notebook_guards.Guard] = [
    notebook_guards.execution_counts,
    notebook_guards.errors,
    notebook_guards.stderr,
    notebook_guards.usage_errors,
    notebook_guards.pictures_in_words,
]
"""What must hold of a notebook after Run All."""


class NoBrowserError(Exception):
    """There is no browser that the tests can drive; the message says what to install."""


class NotebookPage:
    """A notebook that is open in the browser, with its kernel.

    Attributes:
        page: Playwright's page.
        name: the notebook's file name.
        errors: what the page's console reported as errors, but for harmless ones.
        elsewhere: the addresses, other than the server's, that the page has asked for something.
    """

    def __init__(self, page: Page, server: Server, name: str) -> None:
        self.page, self.name = page, name
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        self._server = server
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._note_request)

    def open(self) -> None:
        """Open the notebook, and wait until its kernel is ready."""
        self.page.goto(self._server.address_of(self.name), timeout=OPENED_WITHIN * 1000)
        self.wait_until(READY, "the notebook's kernel is ready", OPENED_WITHIN)

    def wait_until(self, condition: str, what: str, seconds: float = HAPPENS_WITHIN) -> None:
        """Wait for a condition.

        Args:
            condition: in JavaScript; in it, ``panel`` is the notebook's widget.
            what: the condition in words, for the error.
            seconds: how long to wait at most.

        Raises:
            AssertionError: it has not come true, or a dialog has opened.
        """
        try:
            found = self.page.wait_for_function(WAIT % condition, timeout=seconds * 1000).json_value()
        except NotInTime:
            log = self._server.log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
            reports = "\n".join([*self.errors, *log])
            raise AssertionError(
                f"not true after {seconds} s: {what}. The page and the server said:\n{reports}"
            ) from None
        if "dialog" in found:
            raise AssertionError(f"while waiting until {what}, JupyterLab opened a dialog:\n{found['dialog']}")

    def start(self, command: str) -> None:
        """Begin a command of JupyterLab, such as ``notebook:run-all-cells``; `wait_for_end` waits for its end."""
        self.page.evaluate(EXECUTE, command)

    def wait_for_end(self, seconds: float = HAPPENS_WITHIN) -> None:
        """Wait until the command that was begun last has ended.

        Raises:
            AssertionError: it has not ended in time, or could not be carried out.
        """
        self.wait_until("window.commandEnded", "the command has ended", seconds)
        ended = self.page.evaluate("window.commandEnded")
        assert ended == "well", f"JupyterLab could not carry out the command: {ended}"

    def execute(self, command: str, seconds: float = HAPPENS_WITHIN) -> None:
        """Carry out a command of JupyterLab, to its end."""
        self.start(command)
        self.wait_for_end(seconds)

    def start_all(self) -> None:
        """Clear all outputs, as the chapters ask their readers to, and begin to run all cells."""
        self.execute("notebook:clear-all-cell-outputs")
        cleared = self.notebook().code_cells
        assert not any(cell.outputs or cell.data["execution_count"] for cell in cleared), "the outputs were not cleared"
        self.start("notebook:run-all-cells")

    def run_all(self) -> None:
        """Clear all outputs, and run all cells to the end."""
        self.start_all()
        self.wait_for_end(RUN_WITHIN)

    def start_cell(self, index: int) -> None:
        """Begin to run one cell; `wait_for_end` waits for its end.

        Args:
            index: its place in the notebook, from 0.
        """
        self.page.evaluate("index => { jupyterapp.shell.currentWidget.content.activeCellIndex = index; }", index)
        self.start("notebook:run-cell")

    def run_cell(self, index: int) -> None:
        """Run one cell, to its end."""
        self.start_cell(index)
        self.wait_for_end()

    def notebook(self) -> Notebook:
        """Return the notebook as it stands in the model, outputs included."""
        model = self.page.evaluate("() => jupyterapp.shell.currentWidget.content.model.toJSON()")
        return Notebook(Path(self.name), model)

    def kernel(self) -> str:
        """Return the id of the kernel: another one after a restart."""
        return self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.id")

    def click(self, selector: str) -> None:
        """Click with the mouse on the one visible element that a CSS selector finds."""
        self.page.locator(selector).locator("visible=true").click(timeout=HAPPENS_WITHIN * 1000)

    def wait_for_text(self, selector: str, text: str, seconds: float = HAPPENS_WITHIN) -> None:
        """Wait until an element that a CSS selector finds holds a text."""
        self.page.locator(selector).filter(has_text=text).first.wait_for(timeout=seconds * 1000)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in HARMLESS):
            self.errors.append(f"{message.text} ({message.location['url']})")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self._server.url, "data:", "blob:")):
            self.elsewhere.append(request.url)


@contextmanager
def opened(browser: Browser, server: Server, name: str) -> Iterator[NotebookPage]:
    """Open a notebook in the browser; on leaving, close it and end its kernel.

    Args:
        browser: the browser.
        server: JupyterLab.
        name: the notebook's file name in the server's folder.
    """
    page = browser.new_page(viewport=VIEWPORT)
    try:
        notebook = NotebookPage(page, server, name)
        notebook.open()
        yield notebook
    finally:
        page.close()
        server.end_kernels()


@dataclass(frozen=True)
class RanAll:
    """What Run All made of a notebook.

    Attributes:
        notebook: the notebook as JupyterLab holds it then.
        errors, elsewhere: as in `NotebookPage`.
    """

    notebook: Notebook
    errors: list[str]
    elsewhere: list[str]


def run_all_of(browser: Browser, server: Server, names: Sequence[str]) -> dict[str, RanAll | Exception]:
    """Open several notebooks, run them beside each other, and close them.

    Args:
        browser: the browser.
        server: JupyterLab.
        names: the notebooks' file names in the server's folder.

    Returns:
        For each name what came of it, or the exception that ended it.
    """
    pages: dict[str, NotebookPage] = {}
    ran: dict[str, RanAll | Exception] = {}
    try:
        for name in names:
            pages[name] = NotebookPage(browser.new_page(viewport=VIEWPORT), server, name)
            try:
                pages[name].open()
                pages[name].start_all()
            except Exception as error:
                ran[name] = error
        for name in pages.keys() - ran.keys():
            page = pages[name]
            try:
                page.wait_for_end(RUN_WITHIN)
                ran[name] = RanAll(page.notebook(), page.errors, page.elsewhere)
            except Exception as error:
                ran[name] = error
    finally:
        for page in pages.values():
            page.page.close()
        server.end_kernels()
    return ran


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start a headless Chromium, and end it on leaving.

    Raises:
        NoBrowserError: there is none.
    """
    expect.set_options(timeout=HAPPENS_WITHIN * 1000)
    with sync_playwright() as playwright:
        options = {
            "executable_path": program(playwright.chromium.executable_path),
            "chromium_sandbox": _sandboxed(),
            "args": QUIET,
        }
        browser = playwright.chromium.launch(**options)
        try:
            yield browser
        finally:
            browser.close()


def program(own: str) -> str:
    """Return the path of the browser to use: Playwright's own where it is installed, else one that is on PATH.

    Args:
        own: where Playwright's own would be.

    Raises:
        NoBrowserError: there is none.
    """
    found = own if Path(own).exists() else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise NoBrowserError(NOT_FOUND)
    return found


def _sandboxed() -> bool:
    """Tell whether Chromium's sandbox can be used: not by root, and often not in the containers that CI runs in."""
    return not (in_ci() or getattr(os, "geteuid", lambda: None)() == 0)


def in_ci() -> bool:
    """Tell whether this is an automated check of a change (continuous integration), where nothing may be left out."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def faults(notebook: Notebook) -> list[str]:
    """Return what is wrong with a notebook after Run All, with what its cells complained about.

    Args:
        notebook: what JupyterLab holds.
    """
    found = [fault for rule in RULES for fault in rule(notebook)]
    return found and found + complaints(notebook)


def complaints(notebook: Notebook) -> list[str]:
    """Return what the cells wrote to stderr, and the errors in which they ended."""
    found = []
    for cell in notebook.code_cells:
        for output in cell.outputs:
            if output.get("name") == "stderr":
                found.append(f"cell {cell.index} wrote: {''.join(output['text'])}")
            elif output["output_type"] == "error" and "raises-exception" not in cell.tags:
                found.append(f"cell {cell.index} raised {output['ename']}: {output['evalue']}")
    return found
