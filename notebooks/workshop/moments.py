"""What is noted of the tasks on one event loop while they run. Standard library only.

Flat columns of numbers and plain values, in which each task has its *place*: a timeline of a hundred thousand tasks
costs little time and memory, and keeps no task, coroutine or result alive.
"""

from array import array
from math import isnan, nan
from time import perf_counter as clock

from .naming import Call, Names
from .records import RESULT, STILL_RUNNING, Records

CREATED, STARTED, FINISHED, RECEIVED = range(4)
"""Where each moment of a task stands, counted from the task's place in `Moments.times`."""

UNKNOWN = array("d", [nan] * 4)


class Moments:
    """The moments, names and outcomes of tasks, in the order in which the tasks were made.

    Attributes:
        times: readings of `time.perf_counter`, in seconds, four a task; a task's place is the index of its first.
        calls: for each task the call it is named after, or its name.
        arguments: one after another, what is kept of the arguments of the tasks that are named after calls.
        names: by task, names given after the task was made.
        outcomes: by task, those that are neither a plain result nor unknown, as indices into `records.OUTCOMES`.
    """

    __slots__ = ("arguments", "calls", "names", "outcomes", "times")

    def __init__(self) -> None:
        self.times = array("d")
        self.calls: list[Call | str] = []
        self.arguments: list[object] = []
        self.names: dict[int, str] = {}
        self.outcomes: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.calls)

    def drop(self, place: int) -> None:
        """Forget a task that could not be made, if it is the last."""
        if place == len(self.times) - len(UNKNOWN):
            call = self.calls.pop()
            if isinstance(call, Call):
                del self.arguments[len(self.arguments) - len(call.arguments) :]
            del self.times[place:]

    def rename(self, place: int, name: str) -> None:
        """Note the name that a task is given."""
        self.names[place // 4] = name

    def ended(self, place: int, outcome: int) -> None:
        """Note that a task's code ends now, and how."""
        self.times[place + FINISHED] = clock()
        if outcome != RESULT:
            self.outcomes[place // 4] = outcome

    def taken(self, place: int) -> None:
        """Note that somebody takes the outcome of a finished task; the first time counts."""
        if isnan(self.times[place + RECEIVED]):
            self.times[place + RECEIVED] = clock()


class Snapshot:
    """A copy of the moments of some tasks, quickly made, and turned into records when somebody looks.

    Args:
        began: when the timeline began, on `time.perf_counter`.
        ended: when the copy is made, on the same clock.
    """

    def __init__(self, began: float, ended: float) -> None:
        self._began = began
        self._ended = ended
        self._times = array("d")
        self._calls: list[Call | str] = []
        self._arguments: list[object] = []
        self._names: dict[int, str] = {}
        self._outcomes: dict[int, int] = {}

    def add(self, moments: Moments, tasks: slice, arguments: slice) -> None:
        """Copy the moments of a run of tasks.

        Args:
            moments: where they are noted.
            tasks: which of the tasks, by position.
            arguments: which of the kept arguments are theirs.
        """
        shift = len(self._calls) - tasks.start
        self._times += moments.times[4 * tasks.start : 4 * tasks.stop]
        self._calls += moments.calls[tasks]
        self._arguments += moments.arguments[arguments]
        for mine, theirs in ((self._names, moments.names), (self._outcomes, moments.outcomes)):
            mine.update((task + shift, what) for task, what in theirs.items() if tasks.start <= task < tasks.stop)

    def records(self) -> Records:
        """Return the records, with times in seconds since the timeline began."""
        created, started, finished, received = (
            array("d", [time - self._began for time in self._times[moment::4]])
            for moment in (CREATED, STARTED, FINISHED, RECEIVED)
        )
        outcomes = bytearray(STILL_RUNNING if isnan(time) else RESULT for time in finished)
        for task, outcome in self._outcomes.items():
            outcomes[task] = outcome
        names = Names(self._calls, self._arguments, self._names)
        return Records(names, created, started, finished, received, outcomes, self._ended - self._began)
