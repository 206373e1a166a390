"""What a timeline knows about its tasks when the block is over.

The records are kept in columns, one number after another, since a timeline may hold a hundred thousand tasks;
readers see them as a sequence of `TaskRecord`. Standard library only.
"""

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from math import isnan, nan
from operator import sub
from typing import NamedTuple, overload

STILL_RUNNING, RESULT, EXCEPTION, CANCELLED = range(4)
OUTCOMES = ("still running", "result", "exception", "cancelled")
NEXT = -2
"""Stands before the tasks of which the block's own code waits for the first to be done."""


class Line(NamedTuple):
    """A line of the reader's.

    Attributes:
        file: the file it is in, or the name that stands for a notebook's cell.
        number: counted from 1.
        function: the function it belongs to; "" outside of functions.
    """

    file: str
    number: int
    function: str


class Source(NamedTuple):
    """A piece of the reader's text.

    Attributes:
        file: as in `Line`.
        name: what a reader calls the file.
        first: the number of its first line.
        lines: the text.
    """

    file: str
    name: str
    first: int
    lines: tuple[str, ...]


class Stop(NamedTuple):
    """Where a step ends. What is None is not the reader's, or not known.

    Attributes:
        own: the line in the task's own coroutine function, or in the block itself.
        inner: the line in the innermost of the reader's functions; the same where the task's own awaits no other.
        begin: the line at which the task's own coroutine function begins.
    """

    own: Line | None = None
    inner: Line | None = None
    begin: Line | None = None


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
        steps: when its code ran, without the waits between: pairs of begin and end. Empty unless the timeline was
            asked to note steps.
        lines: for each step the line where it ended, in the innermost of the reader's functions.
    """

    name: str
    created: float
    started: float | None
    finished: float | None
    received: float | None
    outcome: str
    steps: tuple[tuple[float, float], ...] = field(default=(), repr=False)
    lines: tuple[Line | None, ...] = field(default=(), repr=False)


@dataclass(eq=False, slots=True)
class Steps:
    """The stretches of time in which the tasks of a timeline ran, in columns.

    Attributes:
        firsts: where the steps of each task begin in the other columns, and last of all how many there are.
        begins, ends: each step's times, in seconds since the timeline began; a task's steps stand in their order.
        order: by which the steps of all tasks are put in the order in which they began.
        stops: where each step ended, as an index into `places`.
        places: where steps ended.
        block: the steps of the block's own code, if they are known, as those of one task.
        opened: where the block's own code begins, as an index into `places`; 0 if that is not known.
        you: the index of the task that is the block's own code, if it is among the tasks.
        awaited: the tasks that the block's own code waits for after a step, where that is known, by the step's order.
            Where it waits for the next of them, `NEXT` comes first; alone if it is not known which they are.
        printed: what was printed: the number in `order` of the step that did, the moment, and the text.
        sources: the text that the lines of `places` stand in.
    """

    firsts: array
    begins: array
    ends: array
    order: array = field(default_factory=partial(array, "I"))
    stops: array = field(default_factory=partial(array, "I"))
    places: Sequence[Stop] = ()
    block: "Steps | None" = None
    opened: int = 0
    you: int | None = None
    awaited: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    printed: Sequence[tuple[int, float, str]] = ()
    sources: Sequence[Source] = ()

    def of(self, task: int) -> tuple[tuple[float, float], ...]:
        """Return the steps of one task, by its index: pairs of begin and end."""
        steps = slice(self.firsts[task], self.firsts[task + 1])
        return tuple(zip(self.begins[steps], self.ends[steps], strict=True))

    def stops_of(self, task: int) -> tuple[Stop, ...]:
        """Return where the steps of one task ended, by its index; nothing where lines were not noted."""
        stops = self.stops[self.firsts[task] : self.firsts[task + 1]]
        return tuple(self.places[stop] for stop in stops) if self.places else ()

    def seconds(self, task: int) -> float:
        """Return how long a task ran, all its steps together."""
        return sum(end - begin for begin, end in self.of(task))

    def longest(self) -> tuple[int, float]:
        """Return the index of the task that ran for longest without a wait, and for how many seconds. There is one."""
        seconds = list(map(sub, self.ends, self.begins))
        longest = max(seconds)
        return bisect_right(self.firsts, seconds.index(longest)) - 1, longest


@dataclass(eq=False, repr=False)
class Records(Sequence[TaskRecord]):
    """The records of a timeline, in the order in which the tasks were created.

    Attributes:
        names: one name a task.
        created, started, finished, received: one time a task, in seconds since the timeline began;
            NaN for what did not happen.
        outcomes: one byte a task, an index into `OUTCOMES`.
        ended: when the block was left, in seconds since the timeline began; bars of tasks that
            still ran end there.
        steps: when the tasks were running, or None if the timeline was not asked to note that.
        over: whether the block has been left.
        missed: a sentence about what could not be seen, or "".
    """

    names: Sequence[str] = field(default_factory=list)
    created: array = field(default_factory=partial(array, "d"))
    started: array = field(default_factory=partial(array, "d"))
    finished: array = field(default_factory=partial(array, "d"))
    received: array = field(default_factory=partial(array, "d"))
    outcomes: bytearray = field(default_factory=bytearray)
    ended: float = 0.0
    steps: Steps | None = None
    over: bool = True
    missed: str = ""

    @classmethod
    def of(cls, records: Sequence[TaskRecord], ended: float) -> "Records":
        """Return the same records in columns, with steps if any of them has some.

        Args:
            records: the records, in any sequence.
            ended: when the block was left, in seconds since the timeline began.
        """

        def column(moment: str) -> array:
            times = (getattr(record, moment) for record in records)
            return array("d", (nan if time is None else time for time in times))

        steps = [step for record in records for step in record.steps]
        firsts = array("l", accumulate((len(record.steps) for record in records), initial=0))
        return cls(
            [record.name for record in records],
            *(column(moment) for moment in ("created", "started", "finished", "received")),
            bytearray(OUTCOMES.index(record.outcome) for record in records),
            ended,
            Steps(firsts, *(array("d", times) for times in zip(*steps, strict=True))) if steps else None,
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
            () if self.steps is None else self.steps.of(range(len(self))[index]),
            () if self.steps is None else tuple(stop.inner for stop in self.steps.stops_of(range(len(self))[index])),
        )

    def __repr__(self) -> str:
        return f"<{len(self)} task records>"
