"""Shows readers what their code did, when a check found it wrong about order or time. Standard library only.

While an answer is judged, nothing is recorded: it is to be quick, and to meet the loop and the tasks that it always
does. So a check that is not passed for such a reason is run once more, with every attempt recorded in steps, and the
last of them is shown. A check tries an answer several times in any case; what it prints now has been seen before.
"""

import asyncio
import contextlib
import inspect
import sys
from collections.abc import Awaitable, Iterator
from contextvars import ContextVar
from typing import Any

from workshop.timeline.recording.log import Snapshot
from workshop.timeline.recording.recorder import Recorder
from workshop.timeline.views.replay import in_notebook

NAME = "your function"
TITLE = "what your function did"

_now: ContextVar["Attempts | None"] = ContextVar("attempts that are recorded", default=None)


class Attempts:
    """The attempts of a check that is run once more. The last one is kept."""

    def __init__(self) -> None:
        self._last: Snapshot | None = None

    @classmethod
    def now(cls) -> "Attempts | None":
        """Return where attempts are recorded now; None while nobody wants to see them."""
        return _now.get()

    @contextlib.contextmanager
    def recorded(self) -> Iterator[None]:
        """Record the attempts that are made in this block."""
        token = _now.set(self)
        try:
            yield
        finally:
            _now.reset(token)

    async def record(self, given: Awaitable[Any]) -> Any:
        """Await what an answer gave when it was called, and return the result. A coroutine becomes a task for that.

        Args:
            given: what the answer gave.
        """
        self._last = None
        if not inspect.iscoroutine(given):  # a task or a future, which runs already
            return await given
        recorder = Recorder.on(asyncio.get_running_loop())
        with contextlib.redirect_stdout(_Unheard(sys.stdout)):
            scope = recorder.open(steps=True)
            try:
                scope.place = recorder.moments.waits.you = len(recorder.moments)  # the task that comes next
                return await asyncio.create_task(given, name=NAME)
            finally:
                self._last = recorder.close(scope)

    def replay(self) -> str:
        """Return the last attempt as HTML, to be stepped through; nothing if no line of the reader's ran in it."""
        records = self._last and self._last.records()
        return in_notebook([(TITLE, records)]) if records and records.steps.sources else ""


class RecordableTask(asyncio.Task):
    """A task that tells a recorder when its outcome is taken: asyncio's own class lets nothing be added to a task."""


class _Unheard:
    """Stands before a stream, and keeps from it what answers write that are recorded.

    Args:
        stream: the stream.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(text) if Attempts.now() is None else len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
