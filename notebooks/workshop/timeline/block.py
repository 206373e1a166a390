"""The instrument that the lessons use: a block that remembers what the tasks inside it did, and shows it."""

import asyncio
import os
import sys
from collections.abc import Sequence
from math import inf
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .recording.log import Snapshot
from .recording.recorder import Recorder, Scope
from .records import Records
from .views import replay as page
from .views import svg
from .views.bundle import picture_with_words
from .views.live import FASTEST, SLOWEST, Display, LiveView, stopped
from .views.text import describe, table
from .views.trace import trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Timeline:
    """Records the tasks that are started inside its block, whatever starts them.

    It is written around code as it stands::

        async with Timeline() as timeline:
            for next_result in asyncio.as_completed([sleeper(2, "A"), sleeper(1, "B")]):
                print(await next_result)
        timeline

    The code inside notices nothing. Leaving the block cancels nothing: tasks that still run
    then are said so, and drawn as open bars. As the last line of a cell a timeline shows its picture; ``print`` shows
    it as a table.

    Every task is seen that the event loop is asked for, with any task factory. Not seen are tasks that a library makes
    by calling ``asyncio.Task(…)`` itself, as aiohttp does for some of its own and anyio where tasks are eager; and
    what a thread of ``run_in_executor`` hands to the loop with ``run_coroutine_threadsafe``, since it knows of no
    block. A thread of ``asyncio.to_thread`` does.

    With ``live=True`` a notebook shows the tasks while they run. A block that is stopped then, by the stop button or
    by another cancellation, ends its tasks before it is left.

    Args:
        title: what the picture and the table are headed with.
        live: whether to show the tasks while they run. The last frame stays in the notebook. A `live.Display` in place
            of True says where to show them, and how.
        deadline: a moment, in seconds since the block began, at which pictures show a vertical line; the table and the
            alt text say which tasks were unfinished then. It stops nothing: that is the code's business.
        fps: how many frames a second the live view shows at most, from 2 to 30.
        steps: whether to note, too, when each task was running: the stretches between its waits. The bars are
            dark there, and light where the task waits. The lines at which tasks wait are noted with it, and what is
            printed: `replay` shows them.

    Raises:
        TypeError: if the title is not a string, `steps` neither True nor False, or a number not a number.
        ValueError: if the deadline or the number of frames is out of range.
    """

    def __init__(
        self,
        title: str = "",
        *,
        live: bool | Display = False,
        deadline: float | None = None,
        fps: float = FASTEST,
        steps: bool = False,
    ) -> None:
        if not isinstance(title, str):
            raise TypeError(f"a timeline's title is text, such as Timeline('gather'), not {type(title).__name__}")
        if deadline is not None and not 0 < _number("deadline", deadline) < inf:
            raise ValueError(f"a deadline is a number of seconds above 0, such as deadline=2.5, not {deadline!r}")
        if not SLOWEST <= _number("fps", fps) <= FASTEST:
            raise ValueError(f"fps takes {SLOWEST} to {FASTEST} frames a second, not {fps!r}")
        if not isinstance(steps, bool):
            raise TypeError(f"steps is True or False, such as Timeline(steps=True), not {steps!r}")
        self.title = title
        self.deadline = deadline
        self.steps = steps
        display = live if isinstance(live, Display) else None
        self._view = LiveView(title, deadline, fps, display) if live else None
        self._scope: Scope | None = None
        self._snapshot: Snapshot | None = None
        self._records = Records()

    async def __aenter__(self) -> "Timeline":
        if self._scope is not None:
            raise RuntimeError("this timeline is recording already: make another with Timeline() for a block inside")
        loop = asyncio.get_running_loop()
        if self._view is not None:
            self._view.open(loop)
        self._scope = Recorder.on(loop).open(self.steps, sys._getframe(1))
        if self._view is not None:
            self._view.start(self._scope)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if self._view is not None and stopped(error):
                await self._view.end_tasks()
        finally:
            scope, self._scope = self._scope, None
            self._snapshot = scope.recorder.close(scope)
            if self._view is not None:
                self._view.close(self.tasks)

    def __enter__(self) -> None:
        raise TypeError("write `async with Timeline() as timeline:`; a plain `with` can't watch an event loop")

    def __exit__(self, *exception: object) -> None: ...

    @property
    def tasks(self) -> Records:
        """The tasks' records, in the order in which the tasks were created; inside the block, as they are now."""
        if self._scope is not None:
            return self._scope.recorder.so_far(self._scope).records()
        if self._snapshot is not None:
            self._records, self._snapshot = self._snapshot.records(), None
        return self._records

    def unfinished(self) -> list[asyncio.Task]:
        """Return the tasks started inside the block that are not done: whoever leaves it now leaves them running.

        Raises:
            RuntimeError: if called outside the block, where nothing is recorded.
        """
        if self._scope is None:
            raise RuntimeError("unfinished() tells what runs now: call it inside the `async with` block")
        return self._scope.recorder.unfinished(self._scope)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the timeline with matplotlib, for a figure of your own. Everything has a label for ``ax.legend()``.

        Args:
            ax: the axes to draw on; new ones if None.

        Returns:
            The axes, to be changed further or saved: ``timeline.plot().figure.savefig("timeline.png")``.
        """
        from .views import figure

        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(layout="constrained")[1]
        return figure.draw(ax, self.tasks, self.deadline, self.title)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the timeline to a file, to keep it or to send it to somebody.

        Args:
            path: the file. What is written depends on how its name ends: ``.html`` is the page that `replay` shows,
                ``.svg`` the picture, ``.json`` all that is known, in a form that Perfetto and Chrome's trace viewer
                open, too (`views.trace` describes it).

        Returns:
            The path.

        Raises:
            ValueError: if the name ends in another way; or a page is asked for, and the timeline was recorded without
                ``steps=True``.
        """
        path = Path(path)
        if path.suffix == ".html":
            text = page.page([(self.title, self.tasks)])
        elif path.suffix == ".svg":
            text = svg.picture([svg.Panel(self.title, self.tasks, self.deadline)])
        elif path.suffix == ".json":
            text = trace(self.title, self.tasks)
        else:
            raise ValueError(f"save writes .html, .svg or .json, such as save('run.html'), not {path.name!r}")
        path.write_text(text, encoding="utf-8", newline="\n")
        return path

    def __str__(self) -> str:
        return as_text([self])

    def __repr__(self) -> str:
        title = f" {self.title!r}" if self.title else ""
        return f"<Timeline{title}: {len(self.tasks)} tasks>"

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, str], dict[str, Any]]:
        return as_picture([self])


class SideBySide:
    """Several timelines on one time axis; made by `side_by_side`.

    Args:
        timelines: the timelines, the topmost first.
    """

    def __init__(self, timelines: Sequence[Timeline]) -> None:
        self.timelines = timelines

    def __str__(self) -> str:
        return as_text(self.timelines)

    def __repr__(self) -> str:
        return f"<{len(self.timelines)} timelines side by side>"

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, str], dict[str, Any]]:
        return as_picture(self.timelines)


def side_by_side(*timelines: Timeline) -> SideBySide:
    """Show several timelines on one time axis, so that equal times stand above one another.

    Args:
        timelines: two or more timelines, the topmost first.

    Returns:
        An object that shows itself as the last line of a cell, or by ``print`` as tables.

    Raises:
        TypeError: if anything given is not a timeline.
    """
    for timeline in timelines:
        if not isinstance(timeline, Timeline):
            raise TypeError(f"side_by_side takes timelines, such as side_by_side(first, second), not {timeline!r}")
    if not timelines:
        raise TypeError("side_by_side takes two or more timelines, such as side_by_side(first, second)")
    return SideBySide(timelines)


class Replay:
    """Recorded runs, to be stepped through; made by `replay`.

    Args:
        timelines: the timelines.
        start: as in `replay`.
    """

    def __init__(self, timelines: Sequence[Timeline], start: float) -> None:
        self.timelines = timelines
        self.start = start

    def __str__(self) -> str:
        return as_text(self.timelines)

    def __repr__(self) -> str:
        return f"<replay of {', '.join(map(repr, self.timelines))}>"

    def _repr_mimebundle_(self, **options: object) -> dict[str, str]:
        runs = [(timeline.title, timeline.tasks) for timeline in self.timelines]
        return {"text/plain": str(self), "text/html": page.in_notebook(runs, self.start)}


def replay(*timelines: Timeline, start: float = 0.0) -> Replay:
    """Step through a recorded run: line by line, task by task, as the event loop gave them their turns.

    Args:
        timelines: one that was recorded with ``steps=True``, or several to choose from, on one time axis.
        start: of a run with thousands of turns, the moment in seconds from which on they are shown.

    Returns:
        An object that shows itself as the last line of a cell: the source with a marker for each task, full where it
        runs and hollow where it waits, the timeline with a cursor, and what had been printed by then.

    Raises:
        TypeError: if anything given is not a timeline, or the start not a number.
        ValueError: if one was recorded without steps.
    """
    for timeline in timelines:
        if not isinstance(timeline, Timeline):
            raise TypeError(f"replay takes a timeline, such as replay(timeline), not {timeline!r}")
        if not timeline.steps:
            raise ValueError(page.NO_STEPS)
    if not timelines:
        raise TypeError("replay takes a timeline, such as replay(timeline)")
    return Replay(timelines, _number("start", start))


def as_text(timelines: Sequence[Timeline]) -> str:
    """Return the tables of timelines, each under its title."""
    tables = []
    for timeline in timelines:
        title = f"{timeline.title}\n" if timeline.title else ""
        tables.append(title + table(timeline.tasks, timeline.deadline))
    return "\n\n".join(tables)


def as_picture(timelines: Sequence[Timeline]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return a picture of timelines with alt text, and their tables, as Jupyter's data and metadata."""
    panels = [svg.Panel(timeline.title, timeline.tasks, timeline.deadline) for timeline in timelines]
    alt = " ".join(describe(*panel[:3]) for panel in panels)
    return picture_with_words(svg.picture(panels), alt, as_text(timelines))


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} takes a number, such as {name}=10, not {value!r}")
    return value
