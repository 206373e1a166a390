"""What is noted of the tasks on one event loop while they run. Standard library only.

Columns of numbers and plain values, in which each task has its *place*: a timeline of a hundred thousand tasks costs
little time and memory, and keeps no task, coroutine or result alive.
"""

import sys
from array import array
from asyncio import Future
from asyncio.tasks import _GatheringFuture
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, chain, pairwise
from math import isnan, nan
from time import perf_counter as clock
from types import FrameType
from typing import Any

from ..records import CANCELLED, EXCEPTION, NEXT, RESULT, STILL_RUNNING, Records, Source, Steps, Stop
from .lines import Place, Stops
from .naming import Call, Names

AWAITS_UNSEEN = 'Where "received" says "-", an await may be missing: a task factory makes tasks that hide it.'
CREATE_TASK_REPLACED = "The loop's create_task was replaced inside the block: no task made since then is seen."

MOST_FOR_NEXT = 20
"""Of more tasks it is not noted which they are, when the next of them is awaited: it would be again for each."""
ONLY_NEXT = (NEXT,)

UNKNOWN = array("d", [nan] * 256)
"""What columns grow by: moments that have not come yet."""


class Waits:
    """When tasks went on and when they stopped, one moment after another. Of each task the two alternate.

    The first moment of a task is its start, and the last one its end.

    Args:
        room: for how many tasks there is room at first.

    Attributes:
        times: the moments, readings of `time.perf_counter` in seconds.
        tasks: by moment, the place of the task.
        stops: for each moment at which a task stopped, the number of the stop.
        where: what these numbers mean.
        waiting: by task, whether it waits.
        inner: while a wait is on its way from the innermost coroutine to the task's own: what it passes up, by its id,
            and the first place in the reader's code that has passed it.
        nested: the tasks that, inside their own code, have run code of recorded tasks once more, as recursion does.
        thrown: by the place of a task into whose await an error was thrown, the frames between the one where it arrived
            and the task's own.
        you: the place of the task whose code is the latest block, or -1: of its waits it is noted what they are for.
        awaited: for which tasks it waits, by their places; by the moment after which it does so.
        next: while a wait for the next result is on its way there: what it passes up, by its id, and for which tasks.
        open: whether somebody wants to know more.
    """

    __slots__ = (
        *("awaited", "inner", "nested", "next", "open", "stops", "tasks"),
        *("thrown", "times", "waiting", "where", "you"),
    )

    def __init__(self, room: int) -> None:
        self.times = array("d")
        self.tasks = array("I")
        self.stops = array("I")
        self.where = Stops()
        self.waiting = bytearray(room)
        self.inner: tuple[int, Place] | None = None
        self.nested: set[int] = set()
        self.thrown: dict[int, list[FrameType]] = {}
        self.you = -1
        self.awaited: dict[int, tuple[int, ...]] = {}
        self.next: tuple[int, tuple[int, ...]] | None = None
        self.open = True

    def stop(self, place: int, time: float, own: Place | None, inner: Place | None = None) -> None:
        """Note that a task's step ends, at a moment and at a place in its own code and one in the code inside."""
        if self.open:
            self.tasks.append(place)
            self.times.append(time)
            self.stops.append(self.where.number(own, inner))

    def begins(self, place: int, own: Place | None, inner: Place | None = None) -> None:
        """Note that a task's step ends, and that it waits from now on."""
        if self.open and not self.waiting[place]:
            self.waiting[place] = True
            self.stop(place, clock(), own, inner)

    def ends(self, place: int) -> None:
        """Note that a task that waited goes on."""
        if self.waiting[place]:
            self.waiting[place] = False
            self.inner = None
            self.start(place, clock())

    def waits_for(self, value: object) -> None:
        """Note what the wait is for that has just begun: a task, or those that were gathered; if it can be seen."""
        if self.next is not None and self.next[0] == id(value):
            places = self.next[1]
        else:
            places = _places(value._children if type(value) is _GatheringFuture else (value,))
        self.next = None
        if places:
            self.awaited[len(self.times)] = places

    def waits_for_next(self, value: object, frame: FrameType) -> None:
        """Note of a wait on its way that it is for the next result, given where `asyncio.as_completed` waits."""
        tasks = getattr(frame.f_locals.get("self"), "_todo", ())  # which Python 3.12 does not tell
        places = _places(tasks) if len(tasks) <= MOST_FOR_NEXT else ()
        self.next = id(value), (NEXT, *sorted(places)) if len(places) == len(tasks) else ONLY_NEXT

    def passed_up(self, value: object) -> Place | None:
        """Return from which place in the reader's code comes what a wait passes up."""
        return self.inner[1] if self.inner is not None and self.inner[0] == id(value) else None

    def start(self, place: int, time: float) -> None:
        """Note that a task's step begins."""
        if self.open:
            self.tasks.append(place)
            self.times.append(time)

    def drop(self, place: int) -> None:
        """Forget a task that could not be made."""
        self.waiting[place] = False
        moments = 0
        while self.tasks and self.tasks[-1] == place:
            self.tasks.pop()
            self.times.pop()
            moments += 1
        del self.stops[len(self.stops) - moments // 2 :]


def _places(tasks: Iterable[object]) -> tuple[int, ...]:
    """Return the places of those tasks that are recorded."""
    return tuple(task._timeline_place for task in tasks if hasattr(type(task), "_timeline_moments"))


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

    def add(self, name: str) -> None:
        """Add something that is noted as a task is."""
        if len(self.calls) == len(self.started):
            self.make_room()
        self.calls.append(name)
        self.created.append(clock())

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
        waits: when tasks went on and stopped, if the timeline wants to know.
        first: the first of these moments that is of interest.

    Attributes:
        over: whether the block has been left.
        passed_by: whether the loop may make tasks that nobody notes: its ``create_task`` was replaced.
        block: the place of the task whose own code is the block, or None.
        opened, closed: the numbers of the stops at which the block begins and ends; 0 if they are not known.
        lines: what the stops are, and the text around them.
        printed: what was printed: after how many moments, when, and the text.
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
        self._waits = None if waits is None else (waits.tasks[:], waits.times[:], waits.stops[:])
        self._awaited = {} if waits is None else waits.awaited.copy()
        self._first = first
        self.block: int | None = None
        self.opened = self.closed = 0
        self.lines: tuple[Sequence[Stop], Sequence[Source]] = ((), ())
        self.printed: Sequence[tuple[int, float, str]] = ()

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
        index_of = {place: index for index, place in enumerate(chain.from_iterable(self._places))} | {NEXT: NEXT}
        ended = self._ended - self._began
        steps, block = _Dealt(), _Dealt()
        begun: dict[int, tuple[int, float]] = {}
        stops = iter(self._waits[2])

        def keep(place: int, begin: float, end: float, moment: int, last: int, stop: int) -> None:
            if (index := index_of.get(place)) is not None and not isnan(started[index]):
                steps.add(index, begin, end, moment, stop)
            elif place == self.block and last >= self._first:
                block.add(0, max(begin, 0.0), end, max(moment, self._first), stop)

        awaited = {}
        for moment, (place, time) in enumerate(zip(*self._waits[:2], strict=True)):
            if place in begun:
                first, begin = begun.pop(place)
                if place == self.block and moment + 1 in self._awaited:
                    tasks = [index_of.get(place) for place in self._awaited[moment + 1]]
                    known = tuple(task for task in tasks if task is not None)
                    awaited[max(first, self._first)] = ONLY_NEXT if None in tasks and NEXT in tasks else known
                keep(place, begin, time - self._began, first, moment, next(stops))
            else:
                begun[place] = moment, time - self._began
        for place, (moment, begin) in begun.items():  # they still run
            keep(place, begin, ended, moment, sys.maxsize, self.closed if place == self.block else 0)
        found = steps.on_piles(len(started))
        for index, (first, last) in enumerate(pairwise(found.firsts)):
            if first < last:
                found.begins[first] = started[index]
                if not isnan(finished[index]):
                    found.ends[last - 1] = finished[index]
        found.you, found.awaited = index_of.get(self.block), awaited
        found.block = block.on_piles(1) if block.owners else None
        found.places, found.sources = self.lines
        if found.block is not None:
            found.block.places, found.block.opened = found.places, self.opened
        begins = sorted(chain(found.order, found.block.order if found.block else ()))
        found.printed = [
            (bisect_left(begins, moment) - 1, time - self._began, text) for moment, time, text in self.printed
        ]
        return found


class _Dealt:
    """Steps of tasks, one after another in columns, to be dealt onto piles as one does with cards."""

    def __init__(self) -> None:
        self.owners = array("I")
        self.columns = array("d"), array("d"), array("I"), array("I")

    def add(self, owner: int, *step: float) -> None:
        """Add a step: its begin and end, its order and its stop."""
        self.owners.append(owner)
        for column, value in zip(self.columns, step, strict=True):
            column.append(value)

    def on_piles(self, owners: int) -> Steps:
        """Return the steps, sorted by the tasks they are of."""
        count = [0] * owners
        for owner in self.owners:
            count[owner] += 1
        firsts = array("l", accumulate(count, initial=0))
        free, columns = firsts[:], [array(column.typecode, column) for column in self.columns]
        for owner, *step in zip(self.owners, *self.columns, strict=True):
            for column, value in zip(columns, step, strict=True):
                column[free[owner]] = value
            free[owner] += 1
        return Steps(firsts, *columns)
