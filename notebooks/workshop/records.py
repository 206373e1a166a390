"""What a timeline knows about its tasks when the block is over.

The records are kept in columns, one number after another, since a timeline may hold a hundred thousand tasks;
readers see them as a sequence of `TaskRecord`. Standard library only.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import overload

STILL_RUNNING, RESULT, EXCEPTION, CANCELLED = range(4)
OUTCOMES = ("still running", "result", "exception", "cancelled")


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One task's story. Times are seconds since the timeline began, or None for what did not happen in it.

    Attributes:
        name: the name the task was given, or else the call that made it, such as ``sleeper(4, 'A')``.
        created: when the task was made.
        started: when its code began to run.
        finished: when its code ended, in whichever way.
        received: when somebody first took its outcome, by ``await task``, ``task.result()`` or ``task.exception()``.
        outcome: ``'result'``, ``'exception'``, ``'cancelled'`` or ``'still running'``.
    """

    name: str
    created: float
    started: float | None
    finished: float | None
    received: float | None
    outcome: str


class Records(Sequence[TaskRecord]):
    """The records of a timeline, in the order in which the tasks were created.

    Attributes:
        names: one name a task.
        created, started, finished, received: one time a task, in seconds since the timeline began;
            NaN for what did not happen.
        outcomes: one byte a task, an index into `OUTCOMES`.
        ended: when the block was left, in seconds since the timeline began; bars of tasks that
            still ran end there.
    """

    def __init__(
        self,
        names: list[str] | None = None,
        created: array | None = None,
        started: array | None = None,
        finished: array | None = None,
        received: array | None = None,
        outcomes: bytearray | None = None,
        ended: float = 0.0,
    ) -> None:
        self.names = [] if names is None else names
        self.created = array("d") if created is None else created
        self.started = array("d") if started is None else started
        self.finished = array("d") if finished is None else finished
        self.received = array("d") if received is None else received
        self.outcomes = bytearray() if outcomes is None else outcomes
        self.ended = ended

    @classmethod
    def of(cls, records: Sequence[TaskRecord], ended: float) -> "Records":
        """Return the same records in columns.

        Args:
            records: the records, in any sequence.
            ended: when the block was left, in seconds since the timeline began.
        """

        def column(moment: str) -> array:
            times = (getattr(record, moment) for record in records)
            return array("d", (nan if time is None else time for time in times))

        return cls(
            [record.name for record in records],
            *(column(moment) for moment in ("created", "started", "finished", "received")),
            bytearray(OUTCOMES.index(record.outcome) for record in records),
            ended,
        )

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> TaskRecord: ...
    @overload
    def __getitem__(self, index: slice) -> list[TaskRecord]: ...
    def __getitem__(self, index: int | slice) -> TaskRecord | list[TaskRecord]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return TaskRecord(
            self.names[index],
            self.created[index],
            *(
                None if isnan(column[index]) else column[index]
                for column in (self.started, self.finished, self.received)
            ),
            OUTCOMES[self.outcomes[index]],
        )

    def __repr__(self) -> str:
        return f"<{len(self)} task records>"
