"""What is noted of the tasks on one event loop while they run. Standard library only.

Columns of numbers and plain values, in which each task has its *place*: a timeline of a hundred thousand tasks costs
little time and memory, and keeps no task, coroutine or result alive.
"""

from array import array
from asyncio import Future
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, chain
from math import isnan, nan
from time import perf_counter as clock
from types import FrameType
from typing import Any

from ..records import CANCELLED, EXCEPTION, RESULT, STILL_RUNNING, Records, Steps
from .naming import Call, Names

AWAITS_UNSEEN = 'Where "received" says "-", an await may be missing: a task factory makes tasks that hide it.'
CREATE_TASK_REPLACED = "The loop's create_task was replaced inside the block: no task made since then is seen."

UNKNOWN = array("d", [nan] * 256)
"""What columns grow by: moments that have not come yet."""


class Waits:
    """When tasks stopped to wait and when they went on, one moment after another. Of each task they alternate.

    A task's first step begins when the task starts, and its last one ends when it finishes: `Moments` has these.

    Args:
        room: for how many tasks there is room at first.

    Attributes:
        times: the moments, readings of `time.perf_counter` in seconds.
        tasks: by moment, the place of the task.
        waiting: by task, whether it waits.
        nested: the tasks that, inside their own code, have run code of recorded tasks once more, as recursion does.
        thrown: by the place of a task into whose await an error was thrown, the frames between the one where it arrived
            and the task's own.
        open: whether somebody wants to know more.
    """

    __slots__ = ("nested", "open", "tasks", "thrown", "times", "waiting")

    def __init__(self, room: int) -> None:
        self.times = array("d")
        self.tasks = array("I")
        self.waiting = bytearray(room)
        self.nested: set[int] = set()
        self.thrown: dict[int, list[FrameType]] = {}
        self.open = True

    def begins(self, place: int) -> None:
        """Note that a task's step ends, and that it waits from now on."""
        if self.open and not self.waiting[place]:
            self.waiting[place] = True
            self.tasks.append(place)
            self.times.append(clock())

    def ends(self, place: int) -> None:
        """Note that a task that waited goes on."""
        if self.open and self.waiting[place]:
            self.waiting[place] = False
            self.tasks.append(place)
            self.times.append(clock())

    def drop(self, place: int) -> None:
        """Forget a task that could not be made."""
        self.waiting[place] = False
        while self.tasks and self.tasks[-1] == place:
            self.tasks.pop()
            self.times.pop()


@dataclass(eq=False, slots=True)
class Moments:
    """The moments, names and outcomes of tasks, in the order in which the tasks were made.

    Attributes:
        created: by task, a reading of `time.perf_counter`, in seconds.
        started, finished, received: the same, not a number while unknown; these columns are longer than there are
            tasks, so that there is room for the next.
        calls: for each task the call it is named after, or its name.
        arguments: one after another, what is kept of the arguments of the tasks that are named after calls.
        names: by task, names given after the task was made.
        outcomes: by task, those that are neither a plain result nor unknown, as indices into `records.OUTCOMES`.
        unseen: the tasks of which an ``await`` may not be seen.
        waits: when tasks waited, or None while nobody wants to know.
    """

    created: array = field(default_factory=partial(array, "d"))
    started: array = field(default_factory=partial(array, "d"))
    finished: array = field(default_factory=partial(array, "d"))
    received: array = field(default_factory=partial(array, "d"))
    calls: list[Call | str] = field(default_factory=list)
    arguments: list[object] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    outcomes: dict[int, int] = field(default_factory=dict)
    unseen: set[int] = field(default_factory=set)
    waits: Waits | None = None

    def __len__(self) -> int:
        return len(self.calls)

    def make_room(self) -> None:
        """Lengthen the columns of moments to come."""
        for column in (self.started, self.finished, self.received):
            column.extend(UNKNOWN)
        if self.waits is not None:
            self.waits.waiting.extend(bytes(len(UNKNOWN)))

    def drop(self, place: int) -> None:
        """Forget a task that could not be made, if it is the last."""
        if place == len(self.calls) - 1:
            call = self.calls.pop()
            if isinstance(call, Call):
                del self.arguments[len(self.arguments) - len(call.labels) :]
            self.created.pop()
            self.started[place] = self.finished[place] = self.received[place] = nan
            self.names.pop(place, None)
            self.outcomes.pop(place, None)
            if self.waits is not None:
                self.waits.drop(place)

    def note_waits(self) -> None:
        """Begin to note when tasks wait."""
        self.waits = Waits(len(self.started))

    def forget_waits(self) -> None:
        """Note no more when tasks wait, not even of tasks that go on."""
        self.waits.open = False
        self.waits.thrown.clear()
        self.waits = None

    def ended(self, place: int, outcome: int) -> None:
        """Note that a task's code ends now, and how."""
        self.finished[place] = clock()
        if outcome != RESULT:
            self.outcomes[place] = outcome

    def taken(self, place: int, task: Future[Any]) -> None:
        """Note that somebody takes the outcome of a finished task; the first time counts."""
        if isnan(self.received[place]):
            self.received[place] = clock()
            if isnan(self.finished[place]):
                self.missed(place, task)

    def missed(self, place: int, task: Future[Any]) -> None:
        """Note how a task ended of which nobody saw when."""
        outcome = RESULT if task._exception is None else EXCEPTION
        self.outcomes[place] = CANCELLED if task.cancelled() else outcome


class Snapshot:
    """A copy of the moments of some tasks, quickly made, and turned into records when somebody looks.

    Args:
        began: when the timeline began, on `time.perf_counter`.
        ended: when the copy is made, on the same clock.
        waits: when tasks waited, if the timeline wants to know.
        first: the first of these moments that is of interest.

    Attributes:
        over: whether the block has been left.
        passed_by: whether the loop may make tasks that nobody notes: its ``create_task`` was replaced.
    """

    def __init__(self, began: float, ended: float, waits: Waits | None = None, first: int = 0) -> None:
        self._began = began
        self._ended = ended
        self._columns = [array("d") for _ in range(4)]
        self._calls: list[Call | str] = []
        self._arguments: list[object] = []
        self._names: dict[int, str] = {}
        self._outcomes: dict[int, int] = {}
        self._unseen: list[int] = []
        self.over = self.passed_by = False
        self._places: list[range] = []  # of the tasks, run by run
        self._waits = None if waits is None else (waits.tasks[first:], waits.times[first:])

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, moments: Moments, tasks: slice, arguments: slice) -> None:
        """Copy the moments of a run of tasks.

        Args:
            moments: where they are noted.
            tasks: which of the tasks, by position.
            arguments: which of the kept arguments are theirs.
        """
        shift = len(self._calls) - tasks.start
        self._places.append(range(tasks.start, tasks.stop))
        theirs = (moments.created, moments.started, moments.finished, moments.received)
        for mine, column in zip(self._columns, theirs, strict=True):
            mine.extend(column[tasks])
        self._calls += moments.calls[tasks]
        self._arguments += moments.arguments[arguments]
        for mine, theirs in ((self._names, moments.names), (self._outcomes, moments.outcomes)):
            if theirs:
                mine.update((task + shift, theirs[task]) for task in range(tasks.start, tasks.stop) if task in theirs)

        self._unseen += [task + shift for task in moments.unseen if tasks.start <= task < tasks.stop]

    def records(self) -> Records:
        """Return the records, with times in seconds since the timeline began."""
        created, started, finished, received = (
            array("d", [time - self._began for time in column]) for column in self._columns
        )
        outcomes = bytearray(
            STILL_RUNNING if isnan(end) and isnan(receipt) else RESULT  # what was received had ended
            for end, receipt in zip(finished, received, strict=True)
        )
        for task, outcome in self._outcomes.items():
            outcomes[task] = outcome
        names = Names(self._calls, self._arguments, self._names)
        steps = None if self._waits is None else self._steps(started, finished)
        missed = ""
        if self.passed_by and not self._calls:
            missed = CREATE_TASK_REPLACED
        elif any(isnan(received[task]) and not isnan(finished[task]) for task in self._unseen):
            missed = AWAITS_UNSEEN
        ended = self._ended - self._began
        return Records(names, created, started, finished, received, outcomes, ended, steps, self.over, missed)

    def _steps(self, started: array, finished: array) -> Steps:
        """Return when the tasks ran, given when they started and finished, in seconds since the timeline began."""
        # The waits of all tasks are sorted into one column, task after task, as one deals cards onto piles.
        index_of = {place: index for index, place in enumerate(chain.from_iterable(self._places))}
        count = [0] * len(started)
        owners = [index_of.get(place, -1) for place in self._waits[0]]
        for index in owners:
            if index >= 0:
                count[index] += 1
        ends = list(accumulate(count, initial=0))
        free = ends[:]
        changes = array("d", bytes(8 * ends[-1]))
        for index, time in zip(owners, self._waits[1], strict=True):
            if index >= 0:
                changes[free[index]] = time - self._began
                free[index] += 1

        firsts, times = array("l", [0]), array("d")
        for index, start in enumerate(started):
            if not isnan(start):
                times.append(start)
                times.extend(changes[ends[index] : ends[index + 1]])
                if len(times) % 2:  # it runs: to its finish, or still
                    end = finished[index]
                    times.append(self._ended - self._began if isnan(end) else end)
            firsts.append(len(times) // 2)
        return Steps(firsts, times[::2], times[1::2])
