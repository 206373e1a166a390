"""Shows a timeline while its block runs, and ends the block's tasks when it is interrupted. Standard library only.

The view ticks by timers of the event loop and not by a task, so that nothing is recorded and no task's number changes.
"""

import asyncio
import logging
import os
import sys
from asyncio import AbstractEventLoop, TimerHandle
from contextvars import Context, copy_context
from math import isnan
from time import perf_counter as clock
from typing import Any

from ..recording.recorder import Scope
from ..records import CANCELLED, Records
from .bundle import as_html
from .svg import LONGEST_TITLE, Panel, picture
from .text import NO_TASK, describe, one_line, table

MOST_ROWS = 40
"""Of more tasks the first ones are drawn while they run; the others are counted."""

FASTEST, SLOWEST = 30, 2
"""Frames a second."""

SHARE = 10
"""After a frame, the tasks have the loop for at least so many times as long as the frame took."""

LEAST = 1.0
"""Seconds up to which the time axis goes from the beginning. What lasts longer presses it together little by little."""

MOST_COUNTED = 2_000
"""Of more tasks, those that have finished are not counted at each frame."""

PATIENCE = 0.5
"""Seconds that the tasks of an interrupted block have to end. Stubborn ones stay, and are said to be still running."""

SWITCH = "WORKSHOP_LIVE"
"""The environment variable that tests set to "0": then only the last frame is shown."""

log = logging.getLogger(__name__)


class Display:
    """The place in a notebook where the frames are shown, one after another. A subclass may show them elsewhere.

    Attributes:
        live: whether frames can take the place of earlier ones. If not, the last frame only is shown, and in a plain
            script not even that.
    """

    def __init__(self) -> None:
        self._ipython = sys.modules.get("IPython")  # where it runs, it has been imported
        shell = self._ipython.get_ipython() if self._ipython else None
        self._shown_at_all = shell is not None
        self.live = hasattr(shell, "kernel") and os.environ.get(SWITCH) != "0"
        self._handle: Any = None

    def frame(self, panel: Panel, alt: str, words: str) -> dict[str, str]:
        """Return a frame, by MIME type. A subclass that knows more may draw more, and knows where the axis ends.

        Args:
            panel: the timeline as it is now.
            alt: what a sighted reader sees in it.
            words: what is shown where there are no pictures.
        """
        return {"text/plain": words, "text/html": as_html(picture([panel], end=LEAST), alt)}

    def show(self, data: dict[str, str], *, last: bool) -> None:
        """Show a frame, in the place of the one before.

        Args:
            data: the frame, by MIME type.
            last: whether it is the last one.
        """
        if not (self.live or (last and self._shown_at_all)):
            return
        display = self._ipython.display.display
        if self._handle is not None:
            self._handle.update(data, raw=True)
        elif self.live:
            self._handle = display(data, raw=True, display_id=True)
        else:
            display(data, raw=True)

    def complain(self, words: str) -> None:
        """Tell the reader what went wrong with the view.

        Args:
            words: what went wrong, in a sentence.
        """
        log.warning("%s", words)


class LiveView:
    """The view of one block.

    Args:
        title: the timeline's title, or "".
        deadline: a moment to draw a line at, in seconds since the timeline began, or None.
        fps: frames a second, at most; from `SLOWEST` to `FASTEST`.
        display: where to show the frames; None for below the cell that runs.
    """

    def __init__(self, title: str, deadline: float | None, fps: float, display: Display | None = None) -> None:
        self._title = title
        self._deadline = deadline
        self._interval = 1 / fps
        self._given = display
        self._display = display or Display()
        self._loop: AbstractEventLoop | None = None
        self._context: Context | None = None
        self._scope: Scope | None = None
        self._timer: TimerHandle | None = None
        self._failed = False

    def open(self, loop: AbstractEventLoop) -> None:
        """Show the first frame, before the timeline begins."""
        self._display = self._given or Display()
        self._loop, self._context = loop, copy_context()  # what displaying may start is not the block's
        self._failed = False
        if self._display.live:
            self._show_so_far()

    def start(self, scope: Scope) -> None:
        """Begin to tick.

        Args:
            scope: what to show.
        """
        self._scope = scope
        if self._display.live:
            self._set_timer(self._interval)

    async def end_tasks(self) -> None:
        """Cancel the block's tasks, and wait until they have ended; but not for ever."""
        until = self._loop.time() + PATIENCE
        while tasks := self._scope.recorder.unfinished(self._scope):  # some may start others when they are cancelled
            left = until - self._loop.time()
            if left <= 0:
                break
            for task in tasks:
                if not task.cancelling():  # asked a second time, it would be disturbed while it tidies up
                    task.cancel()
            await asyncio.wait(tasks, timeout=left)

    def close(self, records: Records) -> None:
        """End the ticking, and show the last frame.

        Args:
            records: what the block's tasks did.
        """
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._scope = None
        try:
            self._display.show(self._last_frame(records), last=True)
        except Exception as error:
            self._note(error)

    def _set_timer(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._tick, context=self._context)

    def _tick(self) -> None:
        """Show a frame, and set the timer for the next."""
        began = clock()
        if not self._failed:
            self._show_so_far()
        took = clock() - began
        self._set_timer(min(max(self._interval - took, SHARE * took), 1 / SLOWEST))

    def _show_so_far(self) -> None:
        """Show a frame; an error ends the showing, and the reader's code goes on."""
        try:
            self._display.show(self._frame(), last=False)
        except Exception as error:
            self._note(error)

    def _note(self, error: Exception) -> None:
        if not self._failed:
            self._display.complain(f"The live view stopped, your code did not: {type(error).__name__}: {error}")
        self._failed = True

    def _frame(self) -> dict[str, str]:
        """Return the present state, by MIME type. What it costs is bounded, however many tasks there are."""
        if self._scope is None:
            tasks, rows, ends = 0, Records(over=False), (0, 0)
        else:
            scope, recorder = self._scope, self._scope.recorder
            tasks = recorder.tasks_so_far(scope)
            ends = recorder.ends_so_far(scope)[:2] if tasks <= MOST_COUNTED else None
            rows = recorder.so_far(scope, MOST_ROWS).records()
        status = _status(rows, tasks, ends)
        if self._deadline is not None:
            left = self._deadline - rows.ended
            status += f" · {left:.2f} s to the deadline" if left > 0 else " · deadline passed"
        words = f"{one_line(self._title, LONGEST_TITLE)}: {status}" if self._title else status
        panel = Panel(self._title, rows, self._deadline, status, tasks - len(rows))
        return self._display.frame(panel, words, words)

    def _last_frame(self, records: Records) -> dict[str, str]:
        ends = (
            sum(
                not isnan(time) and outcome != CANCELLED for time, outcome in zip(column, records.outcomes, strict=True)
            )
            for column in (records.finished, records.received)
        )
        panel = Panel(self._title, records, self._deadline, _status(records, len(records), tuple(ends)))
        words = table(records, self._deadline)
        if self._title:
            words = f"{self._title}\n{words}"
        return self._display.frame(panel, describe(self._title, records, self._deadline), words)


def _status(records: Records, tasks: int, ends: tuple[int, int] | None) -> str:
    """Return how far a timeline is, or how it ended.

    Args:
        records: its records, or the first of them.
        tasks: how many tasks there are.
        ends: how many tasks have finished, but for those that were cancelled, and of how many of these the outcome was
            taken; None if there are too many to count at each frame.
    """
    seconds = f"{records.ended:.2f} s"
    if not tasks:
        return f"{seconds} · {NO_TASK if records.over else 'no task yet'}"
    if ends is None:
        return f"{seconds} · {tasks:,} tasks"
    return f"{seconds} · {ends[0]:,} of {tasks:,} finished · {ends[1]:,} received"


def stopped(error: BaseException | None) -> bool:
    """Tell whether a block is left because it was stopped: by Jupyter's stop button, Ctrl-C, or a timeout around it.

    Args:
        error: what the block is left with, or None. A cancellation counts only if it is meant for the current task, and
            was not merely found in another that was awaited.
    """
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    return isinstance(error, KeyboardInterrupt)
