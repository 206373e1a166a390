"""What is noted of the tasks on one event loop while they run. Standard library only.

Columns of numbers and plain values, in which each task has its *place*: a timeline of a hundred thousand tasks costs
little time and memory, and keeps no task, coroutine or result alive.
"""

from array import array
from math import isnan, nan
from time import perf_counter as clock

from .naming import Call, Names
from .records import EXCEPTION, RESULT, STILL_RUNNING, Records

UNKNOWN = array("d", [nan] * 256)
"""What columns grow by: moments that have not come yet."""


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
    """

    __slots__ = ("arguments", "calls", "created", "finished", "names", "outcomes", "received", "started")

    def __init__(self) -> None:
        self.created = array("d")
        self.started = array("d")
        self.finished = array("d")
        self.received = array("d")
        self.calls: list[Call | str] = []
        self.arguments: list[object] = []
        self.names: dict[int, str] = {}
        self.outcomes: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.calls)

    def make_room(self) -> None:
        """Lengthen the columns of moments to come."""
        for column in (self.started, self.finished, self.received):
            column.extend(UNKNOWN)

    def drop(self, place: int) -> None:
        """Forget a task that could not be made, if it is the last."""
        if place == len(self.calls) - 1:
            call = self.calls.pop()
            if isinstance(call, Call):
                del self.arguments[len(self.arguments) - len(call.arguments) :]
            self.created.pop()
            self.started[place] = self.finished[place] = self.received[place] = nan
            self.names.pop(place, None)
            self.outcomes.pop(place, None)

    def rename(self, place: int, name: str) -> None:
        """Note the name that a task is given."""
        self.names[place] = name

    def ended(self, place: int, outcome: int) -> None:
        """Note that a task's code ends now, and how."""
        self.finished[place] = clock()
        if outcome != RESULT:
            self.outcomes[place] = outcome

    def taken(self, place: int) -> None:
        """Note that somebody takes the outcome of a finished task; the first time counts."""
        if isnan(self.finished[place]):  # none of its code ran: the coroutine had ended before
            self.ended(place, EXCEPTION)
        if isnan(self.received[place]):
            self.received[place] = clock()


class Snapshot:
    """A copy of the moments of some tasks, quickly made, and turned into records when somebody looks.

    Args:
        began: when the timeline began, on `time.perf_counter`.
        ended: when the copy is made, on the same clock.
    """

    def __init__(self, began: float, ended: float) -> None:
        self._began = began
        self._ended = ended
        self._columns = [array("d") for _ in range(4)]
        self._calls: list[Call | str] = []
        self._arguments: list[object] = []
        self._names: dict[int, str] = {}
        self._outcomes: dict[int, int] = {}

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
        theirs = (moments.created, moments.started, moments.finished, moments.received)
        for mine, column in zip(self._columns, theirs, strict=True):
            mine.extend(column[tasks])
        self._calls += moments.calls[tasks]
        self._arguments += moments.arguments[arguments]
        for mine, theirs in ((self._names, moments.names), (self._outcomes, moments.outcomes)):
            if theirs:
                mine.update((task + shift, theirs[task]) for task in range(tasks.start, tasks.stop) if task in theirs)

    def records(self) -> Records:
        """Return the records, with times in seconds since the timeline began."""
        created, started, finished, received = (
            array("d", [time - self._began for time in column]) for column in self._columns
        )
        outcomes = bytearray(STILL_RUNNING if isnan(time) else RESULT for time in finished)
        for task, outcome in self._outcomes.items():
            outcomes[task] = outcome
        names = Names(self._calls, self._arguments, self._names)
        return Records(names, created, started, finished, received, outcomes, self._ended - self._began)
