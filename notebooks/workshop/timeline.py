"""The instrument that the lessons use: a block that remembers what the tasks inside it did, and shows it."""

import asyncio
import base64
import html
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .moments import Snapshot
from .recording import Recorder, Scope
from .records import Records
from .text import describe, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Timeline:
    """Records every task that is started inside its block, whatever starts it.

    It is written around code as it stands::

        async with Timeline() as timeline:
            for next_result in asyncio.as_completed([sleeper(2, "A"), sleeper(1, "B")]):
                print(await next_result)
        timeline

    The code inside notices nothing. Leaving the block cancels nothing: tasks that still run
    then are said so, and drawn as open bars. As the last line of a cell a timeline shows its picture; ``print`` shows
    it as a table.

    Args:
        title: what the picture and the table are headed with.
        steps: whether to note, too, when each task was running: the stretches between its waits. The bars are
            dark there, and light where the task waits.

    Raises:
        TypeError: if the title is not a string, or `steps` neither True nor False.
    """

    def __init__(self, title: str = "", steps: bool = False) -> None:
        if not isinstance(title, str):
            raise TypeError(f"a timeline's title is text, such as Timeline('gather'), not {type(title).__name__}")
        if not isinstance(steps, bool):
            raise TypeError(f"steps is True or False, such as Timeline(steps=True), not {steps!r}")
        self.title = title
        self.steps = steps
        self._scope: Scope | None = None
        self._snapshot: Snapshot | None = None
        self._records = Records()

    async def __aenter__(self) -> "Timeline":
        if self._scope is not None:
            raise RuntimeError("this timeline is recording already: make another with Timeline() for a block inside")
        self._scope = Recorder.on(asyncio.get_running_loop()).open(self.steps)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        scope, self._scope = self._scope, None
        self._snapshot = scope.recorder.close(scope)

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

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the timeline with matplotlib.

        Args:
            ax: the axes to draw on; new ones if None.

        Returns:
            The axes, to be changed further or saved: ``timeline.plot().figure.savefig("timeline.png")``.
        """
        from . import figure

        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(layout="constrained")[1]
        figure.draw(ax, self.tasks)
        if self.title:
            ax.set_title(self.title, loc="left")
        return ax

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


def as_text(timelines: Sequence[Timeline]) -> str:
    """Return the tables of timelines, each under its title."""
    return "\n\n".join(f"{t.title}\n{table(t.tasks)}" if t.title else table(t.tasks) for t in timelines)


def as_picture(timelines: Sequence[Timeline]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return a picture of timelines with alt text, and their tables, as Jupyter's data and metadata."""
    from . import figure

    panels = [(timeline.title, timeline.tasks) for timeline in timelines]
    image = base64.b64encode(figure.png(figure.picture(panels))).decode("ascii")
    alt = " ".join(describe(title, records) for title, records in panels)
    data = {
        "text/plain": as_text(timelines),
        "image/png": image,
        # JupyterLab shows this one: it does not pass on the alt text of a bare picture.
        "text/html": f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{image}" style="max-width: 100%">',
    }
    return data, {"image/png": {"alt": alt}}
