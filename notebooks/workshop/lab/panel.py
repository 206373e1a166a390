"""The lab's panel, made of ipywidgets: settings, a Run and a Stop button, and the last runs in words and in a picture.

A click may arrive in another thread than the event loop's, depending on the version of ipykernel. So all that it does
is to ask the loop to begin or to stop.
"""

import asyncio
import traceback
from collections import deque
from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as widgets

from workshop.timeline.views.svg import Panel

from .experiments import (
    BUSY,
    INSTEAD,
    LONGEST_SPREAD,
    MOST_TASKS,
    SPREAD,
    STRATEGIES,
    AlreadyRunningError,
    OnOneAxis,
    Run,
    Settings,
)

KEPT = 3
"""So many of the last runs are shown."""

NO_TIMEOUT = 0.0
"""In the choice of timeouts; None would be a choice without a label there."""
TIMEOUTS = (0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0)
"""Seconds that the panel offers."""

STYLE = {"description_width": "7em"}
LEFT, RIGHT, WIDEST = "20em", "34em", "48em"
"""How wide the settings and the picture beside them are at least, and the picture at most: so it is not too high. On a
page that is too narrow for both it stands below them."""
DENSE = 'style="line-height: 1.4; margin: 4px 0"'


class Picture(OnOneAxis):
    """Shows the frames of a live view in a widget, and complaints about the view in words.

    Args:
        settings, before, number: as for `OnOneAxis`.
        html: the widget.
        complain: what to do with a complaint.
    """

    def __init__(self, *experiment: Any, html: widgets.HTML, complain: Callable[[str], None]) -> None:
        super().__init__(*experiment)
        self.live = True
        self._html = html
        self.complain = complain

    def show(self, data: dict[str, str], *, last: bool) -> None:
        """Show a frame, in the place of the one before.

        Args:
            data: the frame, by MIME type.
            last: whether it is the last one.
        """
        self._html.value = data["text/html"]


class Explorer(widgets.VBox):
    """The panel. Make it in a notebook's cell: its runs belong to the event loop that runs there.

    Attributes:
        strategy, window, tasks, spread, failure, timeout: the settings' widgets.
        run_button, stop_button: what begins and ends a run.
        status, picture, report, earlier: the widgets that tell what happens, and what came of this run and of those
            before.

    Raises:
        RuntimeError: if no event loop runs.
    """

    _running: "Explorer | None" = None
    """The panel that has a run under way."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task | None = None
        self._run: Run | None = None
        self._why_stopped = self._complaint = ""
        self._picture: Picture | None = None
        self._number = 0
        self._reports: deque[str] = deque(maxlen=KEPT)
        self._panels: deque[Panel] = deque(maxlen=KEPT - 1)

        self.strategy = widgets.Dropdown(options=list(STRATEGIES), value="as_completed", description="Strategy")
        self.window = widgets.IntSlider(3, 1, MOST_TASKS, description="Window size")
        self.tasks = widgets.IntSlider(8, 1, MOST_TASKS, description="Tasks")
        self.spread = widgets.FloatSlider(SPREAD, min=0, max=LONGEST_SPREAD, step=0.1, description="Spread (s)")
        self.failure = widgets.Checkbox(False, description="One task fails", indent=True)
        choices = [("none", NO_TIMEOUT), *((f"{seconds:g} seconds", seconds) for seconds in TIMEOUTS)]
        self.timeout = widgets.Dropdown(options=choices, description="Timeout")
        self._settings = (self.strategy, self.window, self.tasks, self.spread, self.failure, self.timeout)
        for widget in self._settings:
            widget.style = STYLE
            widget.layout.width = "auto"
        self.run_button = widgets.Button(description="Run", icon="play", tooltip="Run the experiment")
        self.stop_button = widgets.Button(description="Stop", icon="stop", tooltip="Stop the experiment")
        self.status, self.picture, self.report, self.earlier = (widgets.HTML() for _ in range(4))

        self.run_button.on_click(lambda button: self._ask(self._start))
        self.stop_button.on_click(lambda button: self._ask(self._stop))
        self.strategy.observe(lambda change: self._enable(), "value")
        for name in ("strategy", "window", "tasks", "spread", "failure", "timeout", "run_button", "stop_button"):
            getattr(self, name).add_class(f"lab-{name.removesuffix('_button')}")
        for name in ("status", "picture", "report", "earlier"):
            getattr(self, name).add_class(f"lab-{name}")
        self._say("Ready: choose, then press Run")
        self._enable()

        buttons = widgets.HBox([self.run_button, self.stop_button])
        order = (self.strategy, self.window, self.tasks, self.spread, self.failure, self.timeout, buttons)
        settings = widgets.VBox([*order, self.status, self.report], layout=widgets.Layout(flex=f"1 1 {LEFT}"))
        self.picture.layout.flex, self.picture.layout.max_width = f"4 1 {RIGHT}", WIDEST
        both = widgets.HBox([settings, self.picture], layout=widgets.Layout(flex_flow="row wrap"))
        super().__init__([both, self.earlier])
        self.add_class("lab")

    @classmethod
    def stop_running(cls, why: str) -> None:
        """Stop the run that any panel has under way.

        Args:
            why: what that panel says then.
        """
        if cls._one_runs():
            explorer = cls._running
            explorer._ask(lambda: explorer._stop(why))

    @classmethod
    def _one_runs(cls) -> bool:
        """Tell whether a panel has a run under way. One whose event loop was closed under it has not."""
        return cls._running is not None and not cls._running._loop.is_closed()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Return what shows the panel, and words for where widgets can't be shown."""
        data = super()._repr_mimebundle_(**options)
        if data is not None:
            data["text/plain"] = f"The lab is a panel of widgets. Where you see none, do the same in a cell:\n{INSTEAD}"
        return data

    def _ask(self, what: Callable[[], None]) -> None:
        """Have the event loop do something soon, and show in the panel if it fails."""

        def do() -> None:
            try:
                what()
            except Exception as error:
                self._show_fault(error)

        self._loop.call_soon_threadsafe(do)

    def _start(self) -> None:
        if self._task is not None:  # the second click of a double click
            return
        if Run.is_under_way() or Explorer._one_runs():
            self._say(BUSY)
            return
        strategy, window, tasks, spread, failure, timeout = (widget.value for widget in self._settings)
        settings = Settings(strategy, tasks, spread, failure, timeout or None, window)
        if self._picture is not None and self._picture.panel is not None:
            self._panels.appendleft(self._picture.panel)
        self._run, self._why_stopped, self._complaint = Run(settings), "Stopped", ""
        self._picture = Picture(
            settings, tuple(self._panels), self._number + 1, html=self.picture, complain=self._complain
        )
        self._task = self._loop.create_task(self._run.perform(self._picture))
        self._task.add_done_callback(lambda task: self._ended())
        Explorer._running = self
        self._enable()
        self._say("Running")

    def _stop(self, why: str = "Stopped") -> None:
        if self._task is not None and not self._task.cancelling():
            self._why_stopped = why
            self._task.cancel()
            self._enable()
            self._say("Stopping")

    def _ended(self) -> None:
        """Show what came of the run."""
        task, self._task, Explorer._running = self._task, None, None
        self._enable()
        try:
            if self._run.report is not None:
                self._show_report()
            if task.cancelled():
                self._say(self._why_stopped)
            elif isinstance(error := task.exception(), AlreadyRunningError):  # a cell was faster
                self._say(str(error))
            elif error is not None:
                self._show_fault(error)
            else:
                self._say("Ended")
        except Exception as error:
            self._show_fault(error)

    def _enable(self) -> None:
        """Let each control be used when it has a use."""
        runs = self._task is not None
        for widget in self._settings:
            widget.disabled = runs
        self.window.disabled = runs or self.strategy.value != "window"
        self.run_button.disabled = runs
        self.stop_button.disabled = not runs or self._task.cancelling() > 0

    def _say(self, words: str) -> None:
        if self._complaint:
            words = f"{words}. {self._complaint}"
        self.status.value = f'<div role="status" {DENSE}><b>{escape(words)}</b></div>'

    def _complain(self, words: str) -> None:
        """Say what went wrong with the view, now and at the end of the run."""
        self._complaint = words
        self._say("Running")

    def _show_fault(self, error: BaseException) -> None:
        self._say("The lab itself failed: this is a fault in it, not in your settings")
        trace = "".join(traceback.format_exception(error))
        self.report.value = f"<pre>{escape(trace)}</pre>"

    def _show_report(self) -> None:
        """Show what came of the last runs, the newest on top."""
        self._number += 1
        heading, *facts = map(escape, self._run.report.sentences())
        self._reports.appendleft(f"<b>{self._number}. {heading}.</b> {'. '.join(facts)}.")
        self.report.value, *earlier = (f"<p {DENSE}>{words}</p>" for words in self._reports)
        self.earlier.value = "".join(earlier)
