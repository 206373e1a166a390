"""Experiments: one strategy, run over sleepers whose delays you choose, and what came of it in words.

The lab runs them at the press of a button (`panel`), and `experiment` runs one in a cell. Standard library only.
"""

import asyncio
from array import array
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heapreplace
from math import inf, isnan, nan
from random import Random
from time import perf_counter as clock
from typing import Any

from workshop.timeline.block import Timeline
from workshop.timeline.records import CANCELLED, EXCEPTION, RESULT, STILL_RUNNING, Records
from workshop.timeline.views.bundle import as_html
from workshop.timeline.views.live import LEAST, Display
from workshop.timeline.views.svg import FIRST, HIGHEST, LAST, Panel, picture

from . import strategies

INSTEAD = """await experiment(
    "as_completed", tasks=8, spread=2.0, failure=False, timeout=None
)"""
"""What to do where no lab can be shown."""

STRATEGIES: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
    "one after another": strategies.one_after_another,
    "gather": strategies.gather,
    "as_completed": strategies.as_completed,
    "TaskGroup": strategies.task_group,
    "window": strategies.window,
}

MOST_TASKS = 20
SPREAD, LONGEST_SPREAD = 2.0, 5.0
SHORTEST_DELAY = 0.2
"""Seconds."""
HIGHEST_OF_SEVERAL = 520
"""Units that a picture of several experiments is high at most: it stands beside its settings, and not on its own."""
SEED = 95
"""Of the order in which the delays stand. The same settings give the same delays, whatever the strategy."""
NAMES = "ABCDEFGHIJKLMNOPQRST"

BUSY = (
    "An experiment is running already, in a lab or a cell of this notebook. Wait until it has ended, or press Stop in "
    "that lab; then run this one."
)


class AlreadyRunningError(RuntimeError):
    """One experiment runs, and a second was to be started: they would disturb each other's times."""


async def sleeper(seconds: float, name: str) -> str:
    """Wait, and return a name: the work of most tasks of an experiment."""
    await asyncio.sleep(seconds)
    return name


async def failing_sleeper(seconds: float, name: str) -> str:
    """Wait, and raise."""
    await asyncio.sleep(seconds)
    raise ConnectionError(f"{name} gave no answer")


@dataclass(frozen=True)
class Settings:
    """What an experiment is to do. The arguments are those of `experiment`."""

    strategy: str
    tasks: int = 8
    spread: float = SPREAD
    failure: bool = False
    timeout: float | None = None
    window: int = 3

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            names = ", ".join(map(repr, STRATEGIES))
            raise ValueError(f"there is no strategy {self.strategy!r}: choose one of {names}")
        _check_count("tasks", self.tasks)
        _check_count("window", self.window)
        if not _is_number(self.spread):
            raise TypeError(f"spread is a number of seconds, such as spread=1.0, not {self.spread!r}")
        if not 0 <= self.spread <= LONGEST_SPREAD:
            raise ValueError(f"spread takes 0 to {LONGEST_SPREAD:g} seconds, not {self.spread!r}")
        if not isinstance(self.failure, bool):
            raise TypeError(f"failure is True or False, such as failure=True, not {self.failure!r}")
        if self.timeout is not None and not _is_number(self.timeout):
            raise TypeError(f"timeout is a number of seconds, such as timeout=0.5, or None, not {self.timeout!r}")
        if self.timeout is not None and not 0 < self.timeout < inf:
            raise ValueError(f"timeout is a number of seconds above 0, or None for no timeout, not {self.timeout!r}")

    def delays(self) -> list[float]:
        """Return the delay of each task in seconds: evenly spread, in a random order that is always the same.

        The middle delay stands in the middle of the order: the task that may fail is neither early nor late.
        """
        step = self.spread / max(self.tasks - 1, 1)
        delays = [round(SHORTEST_DELAY + step * index, 2) for index in range(self.tasks)]
        middle = delays.pop(self.tasks // 2)
        Random(SEED).shuffle(delays)
        delays.insert(self.tasks // 2, middle)
        return delays

    def calls(self) -> list[strategies.Call]:
        """Return the calls that a strategy is to run. If one fails, it is the one with the middle delay."""
        failing = self.tasks // 2 if self.failure else None
        return [
            partial(failing_sleeper if index == failing else sleeper, delay, NAMES[index])
            for index, delay in enumerate(self.delays())
        ]

    def latest(self) -> float:
        """Return when the last of the tasks that get started would end if nobody stopped it, in seconds."""
        delays = self.delays()
        at_a_time = {"one after another": 1, "window": self.window}.get(self.strategy, self.tasks)
        free, ends = [0.0] * at_a_time, []
        until = inf if self.timeout is None else self.timeout
        for task, delay in enumerate(delays):
            if free[0] >= until:
                break
            ends.append(free[0] + delay)
            heapreplace(free, ends[-1])
            if self.failure and task == self.tasks // 2:
                until = min(until, ends[-1])
        return max(ends)

    def words(self) -> str:
        """Return the settings but for the strategy, as one phrase."""
        delays = sorted(self.delays())
        parts = [f"{self.tasks} task{'s' * (self.tasks > 1)}", f"delays {delays[0]:.2f} to {delays[-1]:.2f} s"]
        if self.failure:
            parts.append("one fails")
        if self.timeout is not None:
            parts.append(f"timeout {self.timeout:g} s")
        return ", ".join(parts)

    def strategy_words(self) -> str:
        """Return the strategy's name, with the size of the window if it has one."""
        return f"window of {self.window}" if self.strategy == "window" else self.strategy


@dataclass(frozen=True, repr=False)
class Report:
    """What came of an experiment. Printed, it says so in words.

    Attributes:
        settings: what was to be done.
        first: when the first result was received, in seconds since the beginning; None if none was.
        total: how long the strategy took, in seconds.
        received: how many results were received.
        failed: of how many tasks an exception was received.
        lost: how many tasks had a result that the strategy never took.
        still_running: how many tasks ran on when the strategy ended. They are cancelled afterwards.
        cancelled: how many were cancelled before the strategy ended, or by a stop.
        never_started: how many were not started at all.
        raised: the exception that the strategy ended with, in words; "" if none.
        stopped: whether it was stopped before its end.
        timeline: the timeline of the tasks.
    """

    settings: Settings
    first: float | None
    total: float
    received: int
    failed: int
    lost: int
    still_running: int
    cancelled: int
    never_started: int
    raised: str
    stopped: bool
    timeline: Timeline

    @property
    def left(self) -> str:
        """What the strategy left, in words."""
        counts = {
            "finished, but nobody received the result": self.lost,
            "still running": self.still_running,
            "cancelled": self.cancelled,
            "never started": self.never_started,
        }
        return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing"

    def sentences(self) -> Iterator[str]:
        """Yield what came of it, one fact a line."""
        yield f"{self.settings.strategy_words()}: {self.settings.words()}"
        if self.stopped:
            yield f"Stopped after {self.total:.2f} s; what was still running was cancelled"
        yield "First result received: " + ("never" if self.first is None else f"at {self.first:.2f} s")
        if not self.stopped:
            yield f"Total: {self.total:.2f} s"
        failed = f", and {self.failed} exception{'s' * (self.failed > 1)}" if self.failed else ""
        yield f"Results received: {self.received} of {self.settings.tasks}{failed}"
        yield f"Left: {self.left}"
        if self.still_running:
            yield f"Cancelled after that, so that nothing runs on unseen: {self.still_running}"
        if not self.stopped:
            yield f"Raised: {self.raised or 'nothing'}"

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    __repr__ = __str__


class OnOneAxis(Display):
    """Shows an experiment with a row for every task, on a time axis that is known from the beginning.

    Args:
        settings: what is done.
        before: earlier experiments, as their pictures had them. They stand below it, on the same axis.
        number: the experiment's number, to be told by; 0 for none.

    Attributes:
        panel: the experiment as the last frame has it, without the line below its title; None before that.
    """

    def __init__(self, settings: Settings, before: Sequence[Panel] = (), number: int = 0) -> None:
        super().__init__()
        self.panel: Panel | None = None
        self._settings, self._before = settings, before
        self._title = f"{number}. " * bool(number) + settings.strategy_words()
        calls = settings.calls()
        self._names = [f"{call.func.__name__}({', '.join(map(repr, call.args))})" for call in calls]  # as the tasks'
        self._delays = [call.args[0] for call in calls]
        self._end = max([LEAST, settings.latest(), *(end for panel in before for end in panel.expected.values())])

    def frame(self, panel: Panel, alt: str, words: str) -> dict[str, str]:
        """Return a frame, by MIME type.

        Tasks that have not started are empty rows, and of those that were cancelled the rest is shown, too.
        """
        records = _with_empty_rows(panel.records, self._names)
        ends = [begun + delay for begun, delay in zip(records.started, self._delays, strict=True)]
        expected = {task: end for task, end in enumerate(ends) if not isnan(end)}
        status = panel.status
        if records.over:
            received = sum(map(_is_received, records.outcomes, records.received))
            status = f"{self._settings.words()} · results received: {received} of {len(records)}"
            never = [name for name, end in zip(NAMES, ends, strict=False) if isnan(end)]
            alt += f" Never started: {', '.join(never)}." * bool(never)
        if self._before:
            alt += f" Below it, on the same time axis: {', '.join(before.title for before in self._before)}."
        shown = Panel(self._title, records, panel.deadline, status, expected=expected)
        highest = HIGHEST_OF_SEVERAL if self._before else HIGHEST
        svg = picture([shown, *self._before], {FIRST: "first result", LAST: "last"}, self._end, highest)
        if records.over:
            self.panel = shown._replace(status="")
        return {"text/plain": words, "text/html": as_html(svg, alt)}


def _with_empty_rows(records: Records, names: Sequence[str]) -> Records:
    """Return the records of an experiment with a row for each name, empty if its task has not started."""
    missing = len(names) - len(records)
    nothing = array("d", [nan]) * missing
    times = [column + nothing for column in (records.created, records.started, records.finished, records.received)]
    outcomes = records.outcomes + bytes([CANCELLED]) * missing
    for task, begun in enumerate(times[1]):
        if outcomes[task] == CANCELLED and isnan(begun):
            for column in times:
                column[task] = nan
    return Records(names, *times, outcomes, records.ended, over=records.over)


def _is_received(outcome: int, taken: float) -> bool:
    """Tell whether a task had a result, and the strategy took it."""
    return outcome == RESULT and not isnan(taken)


class Run:
    """One run of an experiment.

    Args:
        settings: what to do.

    Attributes:
        report: what came of it; None before the end. It is there after a stop, too.
    """

    current: "Run | None" = None
    """The one that is under way in this process, if any."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.report: Report | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @classmethod
    def is_under_way(cls) -> bool:
        """Tell whether a run is under way. One whose event loop was closed under it is not."""
        return cls.current is not None and not cls.current._loop.is_closed()

    async def perform(self, display: OnOneAxis | None = None) -> Report:
        """Run the strategy, and end what it leaves running.

        Args:
            display: where to show it; None for below the cell that runs.

        Raises:
            AlreadyRunningError: if a run is under way.
            CancelledError: if it is stopped. Its tasks have ended then, and there is a report.
        """
        if Run.is_under_way():
            raise AlreadyRunningError(BUSY)
        self._loop, Run.current = asyncio.get_running_loop(), self
        try:
            return await self._perform(display or OnOneAxis(self.settings))
        finally:
            Run.current = None

    async def _perform(self, display: OnOneAxis) -> Report:
        settings = self.settings
        strategy = STRATEGIES[settings.strategy]
        if settings.strategy == "window":
            strategy = partial(strategy, size=settings.window)
        title = f"{settings.strategy_words()}: {settings.words()}"
        timeline = Timeline(title, live=display, deadline=settings.timeout)
        raised, stopped, left = "", True, []
        began = ended = clock()
        try:
            async with timeline:
                began = clock()
                try:
                    await strategy(settings.calls(), lambda result: None, settings.timeout)
                    stopped = False
                except Exception as error:
                    raised, stopped = in_words(error), False
                finally:
                    ended = clock()
                    if not stopped:
                        left = timeline.unfinished()
        finally:
            await _end(left)
            self.report = _report(settings, ended - began, raised, stopped, timeline)
        return self.report


async def experiment(
    strategy: str,
    *,
    tasks: int = 8,
    spread: float = SPREAD,
    failure: bool = False,
    timeout: float | None = None,  # noqa: ASYNC109 (handed on to the strategy)
    window: int = 3,
) -> Report:
    """Run one experiment of the lab in a cell, and watch its tasks.

    The same settings give the same delays whatever the strategy, so that strategies can be compared.

    Args:
        strategy: ``'one after another'``, ``'gather'``, ``'as_completed'``, ``'TaskGroup'`` or ``'window'``.
        tasks: how many sleepers to run, 1 to 20.
        spread: how much longer the longest sleeps than the shortest, in seconds, 0 to 5. The shortest sleeps 0.2 s.
        failure: whether the sleeper with the middle delay raises a ConnectionError at its end.
        timeout: seconds for all sleepers together, or None.
        window: how many run at the same time at most; of use to the strategy ``'window'`` only.

    Returns:
        A report, which says in words when the first result was received, the total, and what was left. An exception
        that the strategy raised is told there.

    Raises:
        TypeError, ValueError: if an argument is not as said here. Nothing has run then.
        AlreadyRunningError: if an experiment is under way in a lab.
    """
    return await Run(Settings(strategy, tasks, spread, failure, timeout, window)).perform()


def in_words(error: BaseException) -> str:
    """Return an exception in one line, an exception group with what is in it."""
    if isinstance(error, BaseExceptionGroup):
        return f"{type(error).__name__} of {', '.join(map(in_words, error.exceptions))}"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


async def _end(tasks: list[asyncio.Task]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _report(settings: Settings, total: float, raised: str, stopped: bool, timeline: Timeline) -> Report:
    """Return what came of an experiment: all but the total as its timeline has it, like the picture."""
    records: Records = timeline.tasks
    outcomes = list(records.outcomes)
    times = [taken for outcome, taken in zip(outcomes, records.received, strict=True) if _is_received(outcome, taken)]
    not_begun = sum(
        outcome == CANCELLED and isnan(started) for outcome, started in zip(outcomes, records.started, strict=True)
    )
    return Report(
        settings,
        first=min(times, default=None),
        total=total,
        received=len(times),
        failed=sum(
            outcome == EXCEPTION and not isnan(taken) for outcome, taken in zip(outcomes, records.received, strict=True)
        ),
        lost=outcomes.count(RESULT) - len(times),
        still_running=outcomes.count(STILL_RUNNING),
        cancelled=outcomes.count(CANCELLED) - not_begun,
        never_started=settings.tasks - len(records) + not_begun,
        raised=raised,
        stopped=stopped,
        timeline=timeline,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_count(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is a whole number, such as {name}=3, not {value!r}")
    if not 1 <= value <= MOST_TASKS:
        raise ValueError(f"{name} takes 1 to {MOST_TASKS}, not {value!r}")
