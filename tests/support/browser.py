"""Notebooks in JupyterLab in a real browser, as readers have them.

Tests look at a notebook's model, which is what JupyterLab would save, and not at the page. They wait for conditions,
never for a time.
"""

import contextlib
import os
import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Request, expect, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

from support import notebook_guards
from support.jupyterlab_server import Server
from support.notebook_tools import Notebook

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Programs that will do, as they are called on PATH."""

INSTALLED = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"$PROGRAMFILES\Google\Chrome\Application\chrome.exe",
    r"$LOCALAPPDATA\Google\Chrome\Application\chrome.exe",
    r"$LOCALAPPDATA\Chromium\Application\chrome.exe",
)
"""Where macOS and Windows install them."""

NOT_FOUND = (
    "the browser tests need Chromium or Google Chrome, and none was found. Install one, for example by "
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

HARMLESS = ("Could not restore the debugger state: Canceled future for debug_request message",)
"""Errors in the page's console that say nothing about the workshop, each by words that no other error has.

The one of the debugger comes where a slow machine ends a notebook's kernel before JupyterLab has asked it about
breakpoints.
"""

OPENED_WITHIN, HAPPENS_WITHIN, RUN_WITHIN = 180, 90, 600
"""Seconds to wait for a notebook with its kernel, for an answer to a click, and for all cells of a notebook, on a
machine under load."""

LOOK_AGAIN = 100
"""Milliseconds between two looks whether a condition has come true. (Playwright's own choice is 60 looks a second.)"""

VIEWPORT = {"width": 1280, "height": 900}

STOP_BUTTON = ".jp-NotebookPanel-toolbar [data-jp-item-name='interrupt'] jp-button"
"""CSS selector of the button in a notebook's toolbar that interrupts the kernel."""

READY = (
    "panel.context.isReady && panel.sessionContext.isReady && panel.sessionContext.session?.kernel?.status === 'idle'"
)

FIND = """name => [...window.jupyterapp?.shell.widgets('main') ?? []].find(widget => widget.context?.path === name)"""

WAIT = """name => {
    const dialog = document.querySelector('.jp-Dialog');
    if (dialog) return {dialog: dialog.innerText};
    const panel = (%s)(name);
    return panel && (%s) ? {} : false;
}"""

EXECUTE = """([name, command, options]) => {
    window.ended = {...window.ended, [name]: ''};
    window.jupyterapp.commands.execute(command, options).then(
        () => { window.ended[name] = 'well'; },
        error => { window.ended[name] = String(error); },
    );
}"""

RULES: list[notebook_guards.Guard] = [
    notebook_guards.execution_counts,
    notebook_guards.errors,
    notebook_guards.stderr,
    notebook_guards.pictures_in_words,
]
"""What must hold of a notebook after Run All."""


class NoBrowserError(Exception):
    """There is no browser that the tests can drive; the message says what to install."""


class Lab:
    """JupyterLab in the browser: one page, in which notebooks are opened as tabs. (To load the page is what is dear.)

    Attributes:
        page: Playwright's page.
        server: the server.
        errors: what the page's console has reported as errors since `close_notebooks`, but for harmless ones.
        elsewhere: the addresses, other than the server's, that the page has asked for something since then.
    """

    def __init__(self, browser: Browser, server: Server) -> None:
        self.page, self.server = browser.new_page(viewport=VIEWPORT), server
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._note_request)
        self.load()

    def load(self) -> None:
        """Load the page, without the tabs that were open in it."""
        self.page.goto(self.server.address, timeout=OPENED_WITHIN * 1000)
        self.page.wait_for_function("window.jupyterapp?.restored.then(() => true)", timeout=OPENED_WITHIN * 1000)

    def close_notebooks(self) -> None:
        """Close all tabs, dialogs and kernels, and begin new lists of errors and addresses."""
        if self.page.locator(".jp-Dialog").count():
            self.load()
        self.page.evaluate("() => { for (const tab of [...jupyterapp.shell.widgets('main')]) tab.dispose(); }")
        self.end_kernels()
        self.errors, self.elsewhere = [], []

    def end_kernels(self, notebook: str | None = None) -> None:
        """End the kernel of a notebook, or else all kernels, and return when they have ended."""
        self.server.end_kernels(notebook)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in HARMLESS):
            self.errors.append(f"{message.text} ({message.location['url']})")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self.elsewhere.append(request.url)


class NotebookPage:
    """A notebook that is open in JupyterLab, with its kernel.

    Attributes:
        lab: JupyterLab.
        page: Playwright's page.
        name: the notebook's file name.
        errors, elsewhere: those of JupyterLab, from the time when no notebook was open.
    """

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab, self.page, self.name = lab, lab.page, name
        self.errors, self.elsewhere = lab.errors, lab.elsewhere

    def open(self) -> None:
        """Open the notebook, and wait until its kernel is ready."""
        self._start("docmanager:open", path=self.name)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the notebook is there, and its kernel is ready."""
        self.wait_until(READY, "the notebook's kernel is ready", OPENED_WITHIN)

    def close(self) -> None:
        """Close the notebook and end its kernel; what is not saved is lost."""
        self.page.evaluate(f"name => ({FIND})(name).dispose()", self.name)
        self.lab.end_kernels(self.name)

    def wait_until(self, condition: str, what: str, seconds: float = HAPPENS_WITHIN) -> None:
        """Wait for a condition.

        Args:
            condition: in JavaScript; in it, ``panel`` is the notebook's widget, and ``name`` its name.
            what: the condition in words, for the error.
            seconds: how long to wait at most.

        Raises:
            AssertionError: it has not come true, or a dialog has opened.
        """
        try:
            found = self.page.wait_for_function(
                WAIT % (FIND, condition), arg=self.name, timeout=seconds * 1000, polling=LOOK_AGAIN
            ).json_value()
        except NotInTime:
            log = self.lab.server.log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
            reports = "\n".join([*self.lab.errors, *log])
            raise AssertionError(
                f"not true after {seconds} s: {what}. The page and the server said:\n{reports}"
            ) from None
        if "dialog" in found:
            raise AssertionError(f"while waiting until {what}, JupyterLab opened a dialog:\n{found['dialog']}")

    def show(self) -> None:
        """Bring the notebook's tab to the front, where commands find it."""
        self.page.evaluate(f"name => jupyterapp.shell.activateById(({FIND})(name).id)", self.name)
        self.wait_until("jupyterapp.shell.currentWidget === panel", "the notebook's tab is in front")

    def start(self, command: str) -> None:
        """Begin a command of JupyterLab, such as ``notebook:run-all-cells``; `wait_for_end` waits for its end."""
        self.show()
        self._start(command)

    def _start(self, command: str, **options: str) -> None:
        self.page.evaluate(EXECUTE, [self.name, command, options])

    def has_ended(self) -> bool:
        """Return whether the command that was begun last has ended."""
        return bool(self.page.evaluate("name => window.ended[name]", self.name))

    def wait_for_end(self, seconds: float = HAPPENS_WITHIN) -> None:
        """Wait until the command that was begun last has ended.

        Raises:
            AssertionError: it has not ended in time, or could not be carried out.
        """
        self.wait_until("window.ended[name]", "the command has ended", seconds)
        ended = self.page.evaluate("name => window.ended[name]", self.name)
        assert ended == "well", f"JupyterLab could not carry out the command: {ended}"

    def execute(self, command: str, seconds: float = HAPPENS_WITHIN) -> None:
        """Carry out a command of JupyterLab, to its end."""
        self.start(command)
        self.wait_for_end(seconds)

    def start_all(self) -> None:
        """Clear all outputs, so that what is there afterwards is new, and begin to run all cells."""
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
        self.show()
        self.page.evaluate("index => { jupyterapp.shell.currentWidget.content.activeCellIndex = index; }", index)
        self.start("notebook:run-cell")

    def run_cell(self, index: int) -> None:
        """Run one cell, to its end."""
        self.start_cell(index)
        self.wait_for_end()

    def notebook(self) -> Notebook:
        """Return the notebook as it stands in the model, outputs included."""
        model = self.page.evaluate(f"name => ({FIND})(name).content.model.toJSON()", self.name)
        return Notebook(Path(self.name), model)

    def kernel(self) -> str:
        """Return the id of the kernel: another one after a restart."""
        return self.page.evaluate(f"name => ({FIND})(name).sessionContext.session.kernel.id", self.name)

    def click(self, selector: str) -> None:
        """Click with the mouse on the one visible element that a CSS selector finds."""
        self.page.locator(selector).locator("visible=true").click(timeout=HAPPENS_WITHIN * 1000)

    def wait_for_text(self, selector: str, text: str, seconds: float = HAPPENS_WITHIN) -> None:
        """Wait until an element that a CSS selector finds holds a text."""
        self.page.locator(selector).filter(has_text=text).first.wait_for(timeout=seconds * 1000)


@contextmanager
def opened(lab: Lab, name: str) -> Iterator[NotebookPage]:
    """Open a notebook; on leaving, close it and end its kernel.

    Args:
        lab: JupyterLab, in which no other notebook is open.
        name: the notebook's file name in the server's folder.
    """
    try:
        notebook = NotebookPage(lab, name)
        notebook.open()
        yield notebook
    finally:
        lab.close_notebooks()


@dataclass(frozen=True)
class RanAll:
    """What Run All made of notebooks.

    Attributes:
        notebooks: for each name the notebook as JupyterLab holds it then, or the exception that ended it.
        errors, elsewhere: as in `Lab`.
    """

    notebooks: dict[str, Notebook | Exception]
    errors: list[str]
    elsewhere: list[str]


def run_all_of(lab: Lab, names: Iterable[str], at_once: int) -> RanAll:
    """Open notebooks, run them beside each other, and close them.

    Args:
        lab: JupyterLab.
        names: the notebooks' file names in the server's folder.
        at_once: how many may run at the same time.

    Returns:
        For each name what it holds then, or the exception that ended it.
    """
    ran: dict[str, Notebook | Exception] = {}
    waiting = deque(NotebookPage(lab, name) for name in names)
    running: list[NotebookPage] = []
    try:
        while waiting or running:
            try:
                if waiting and len(running) < at_once:
                    page = waiting.popleft()
                    page.open()
                    page.start_all()
                    running.append(page)
                else:
                    page = running.pop(_first_to_end(lab, running))
                    page.wait_for_end()
                    ran[page.name] = page.notebook()
                    page.close()
            except Exception as error:
                ran[page.name] = error
        return RanAll(ran, lab.errors, lab.elsewhere)
    finally:
        lab.close_notebooks()


def _first_to_end(lab: Lab, running: list[NotebookPage]) -> int:
    """Wait until the command of one of these notebooks has ended, and return its place; after a while, that of one."""
    names = [page.name for page in running]
    with contextlib.suppress(NotInTime):
        lab.page.wait_for_function(
            "names => names.some(name => window.ended[name])", arg=names, timeout=RUN_WITHIN * 1000, polling=LOOK_AGAIN
        )
    return next((place for place, page in enumerate(running) if page.has_ended()), 0)


@contextmanager
def running_browser(**options: object) -> Iterator[Browser]:
    """Start a headless Chromium, and end it on leaving.

    Args:
        options: further options of Playwright's `launch`.

    Raises:
        NoBrowserError: there is none.
    """
    expect.set_options(timeout=HAPPENS_WITHIN * 1000)
    with sync_playwright() as playwright:
        options |= {
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
    """Return the path of the browser to use: Playwright's own where it is installed, else one that is on PATH, or where
    macOS and Windows install Google Chrome.

    Args:
        own: where Playwright's own would be.

    Raises:
        NoBrowserError: there is none.
    """
    for found in filter(None, [own, *map(shutil.which, NAMES), *map(os.path.expandvars, INSTALLED)]):
        if Path(found).exists():
            return found
    raise NoBrowserError(NOT_FOUND)


def _sandboxed() -> bool:
    """Tell whether Chromium's sandbox can be used: not by root, and often not in the containers that CI runs in."""
    return not (in_ci() or getattr(os, "geteuid", lambda: None)() == 0)


def in_ci() -> bool:
    """Tell whether this is an automated check of a change (continuous integration), where nothing may be left out."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def without_browser(reason: NoBrowserError) -> None:
    """Skip the test; but fail where changes are checked, so that no change gets in untried."""
    (pytest.fail if in_ci() else pytest.skip)(str(reason))


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
