"""Measures what ways of running many calls cost, from a hundred calls to a hundred thousand. Standard library only.

A *way* is a function such as ``async def way(fetch, items, limit, handle)``. It awaits ``fetch(item)`` for each item,
at most `limit` of them at a time, and calls ``handle(result)`` with each result.
"""

import asyncio
import gc
import time
import tracemalloc
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import log
from statistics import linear_regression
from typing import Any

from workshop.timeline.recording.recorder import Recorder

Way = Callable[[Callable[[Any], Awaitable[Any]], Sequence[Any], int, Callable[[Any], object]], Awaitable[object]]

LIMIT = 100
"""Calls at a time, where nothing else is said."""
QUIET_TURNS = 6
"""Turns of the event loop without a new call, after which the service answers: enough for a library to start a call
when another has ended."""
SHORTEST = 0.05
"""Seconds of processor time that are measured at least: on Windows that clock moves in steps of 0.016 s."""
LONG = 0.5
"""Seconds after which a time is not measured again. Shorter ones are measured up to `TRIES` times, and the least
counts: what else the computer does can only add to them."""
TRIES = 3

KNOWN_GROWTH = (
    (-0.25, 0.25, "stays about the same"),
    (0.7, 1.35, "grows about in proportion to N"),
    (1.6, 2.4, "grows about with the square of N"),
)
"""For some exponents: the least and the greatest measured one that is taken for it, and what it means."""


class Service:
    """Stands for a server somewhere else: a call waits until it is answered, and the waiting itself costs nothing.

    The service answers when all is quiet, that is when no new call has come for some turns of the event loop. So
    whoever may run calls beside each other gets to do so, and a run takes as long as asyncio and the way have work.
    What is counted does not depend on the machine's speed.

    Args:
        answers: how many calls are answered each time it is quiet, the oldest first; None for all that wait.
        before_answers: called each time before calls are answered.

    Attributes:
        most_running: the most calls that waited for their answers at the same time.
    """

    def __init__(self, answers: int | None = None, before_answers: Callable[[], object] = lambda: None) -> None:
        self.most_running = 0
        self._answers = answers
        self._before_answers = before_answers
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._running = 0
        self._quiet = 0
        self._is_ticking = False

    async def fetch(self, item: Any) -> Any:
        """Wait for the service, and return the item."""
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        self._waiting.append(answer)
        self._running += 1
        self.most_running = max(self.most_running, self._running)
        self._quiet = 0
        if not self._is_ticking:
            self._is_ticking = True
            loop.call_soon(self._tick, loop)
        try:
            await answer
        finally:
            self._running -= 1
        return item

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look once a turn whether it is time to answer."""
        self._quiet += 1
        if self._quiet > QUIET_TURNS:
            self._before_answers()
            self._answer()
            self._quiet = 0
        if self._waiting:
            loop.call_soon(self._tick, loop)
        else:
            self._is_ticking = False

    def _answer(self) -> None:
        left = self._answers or len(self._waiting)
        while self._waiting and left:
            answer = self._waiting.popleft()
            if not answer.done():  # else the call was cancelled
                answer.set_result(None)
                left -= 1


class Items:
    """The numbers from 0 on, as an input that notes how far it has been read.

    Args:
        number: how many there are.

    Attributes:
        read: how many have been read.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self.read = 0

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[int]:
        for item in range(self._number):
            self.read += 1
            yield item


@dataclass(frozen=True)
class Counts:
    """What there was of each kind, in one run of a way.

    Attributes:
        running: the most calls that were running at the same time.
        tasks: how many of the tasks that the way had started were alive when the first call was answered.
        read: how many items had been read when the first result was handled.
    """

    running: int
    tasks: int
    read: int


async def count(way: Way, number: int, limit: int = LIMIT) -> Counts:
    """Run a way, and count.

    Args:
        way: the way.
        number: how many calls it makes.
        limit: how many of them at a time.

    Raises:
        RuntimeError: it did not handle all results.
    """
    tasks, read = None, 0
    recorder = Recorder.on(asyncio.get_running_loop())  # a kernel has tasks of its own on this loop
    scope = recorder.open()

    def count_tasks() -> None:
        nonlocal tasks
        if tasks is None:
            finished, _, cancelled = recorder.ends_so_far(scope)
            tasks = recorder.tasks_so_far(scope) - finished - cancelled

    def note(result: Any) -> None:
        nonlocal read
        read = read or items.read

    service, items = Service(before_answers=count_tasks), Items(number)
    try:
        await _run(way, service, items, limit, note)
    finally:
        recorder.close(scope)
    return Counts(service.most_running, tasks or 0, read)


@dataclass(frozen=True)
class Curve:
    """How a cost grows with the number of calls.

    Attributes:
        name: what was measured, in words.
        numbers: the numbers of calls, in ascending order.
        values: the cost for each of them.
    """

    name: str
    numbers: Sequence[int]
    values: Sequence[float]

    @property
    def exponent(self) -> float:
        """The slope of the curve on log axes: the cost grows as the number of calls to this power.

        It is that of the straight line closest to all points but the first, where other costs still count.
        """
        return linear_regression(*(list(map(log, column[1:])) for column in (self.numbers, self.values))).slope

    @property
    def growth(self) -> str:
        """The exponent in words, as far as it can be told from measurements."""
        for least, greatest, words in KNOWN_GROWTH:
            if least <= self.exponent <= greatest:
                return words
        return f"grows as no simple power of N would: the exponent is {self.exponent:.2f}"


def at_least(times: float, more: Curve, less: Curve) -> str:
    """Return in words whether one cost is so many times another, at the greatest number of calls that both know.

    Args:
        times: the claim.
        more: the curve that should be higher.
        less: the curve that it is compared with.

    Raises:
        ValueError: the two costs were measured for no number of calls in common.
    """
    costs = [dict(zip(curve.numbers, curve.values, strict=True)) for curve in (more, less)]
    number = max(costs[0].keys() & costs[1].keys(), default=None)
    if number is None:
        theirs = [", ".join(f"{number:,}" for number in curve.numbers) for curve in (more, less)]
        raise ValueError(
            f"only costs of equally many calls can be compared: {more.name!r} was measured for {theirs[0]} calls, and "
            f"{less.name!r} for {theirs[1]}"
        )
    ratio = costs[0][number] / costs[1][number]
    claim = f"at least {times:g} ×" if ratio >= times else f"less than {times:g} ×"
    return f"{number:,} calls: {more.name} {claim} {less.name} (here: {ratio:.1f})"


async def measure_time(way: Way, numbers: Sequence[int], *, limit: int = LIMIT, answers: int | None = None) -> Curve:
    """Measure the processor time of a way for several numbers of calls, and print how long the last one took.

    Args:
        way: the way.
        numbers: the numbers of calls, in ascending order.
        limit: how many calls it may run at a time.
        answers: how many calls the service answers at a time; None for all that wait.

    Returns:
        The seconds a run takes.

    Raises:
        RuntimeError: the way did not handle all results.
    """
    tries: list[list[float]] = [[] for _ in numbers]
    for _ in range(TRIES):  # round by round, so that a moment in which the computer is busy spoils one try of a number
        gc.collect()
        for number, times in zip(numbers, tries, strict=True):
            if sum(times) < LONG:
                times.append(await _seconds(way, number, limit, answers))
    values = [min(times) for times in tries]
    print(f"{_name(way):22} {numbers[-1]:7,} calls (here: {values[-1]:.2f} s)")
    return Curve(_name(way), numbers, values)


async def _seconds(way: Way, number: int, limit: int, answers: int | None) -> float:
    """Return the processor time of one run, from as many runs as it takes to measure it."""
    runs, began = 0, time.process_time()
    while (spent := time.process_time() - began) < SHORTEST:
        await _run(way, Service(answers), Items(number), limit)
        runs += 1
    return spent / runs


async def measure_tasks(way: Way, numbers: Sequence[int], *, limit: int = LIMIT) -> Curve:
    """Count the tasks that a way has alive, for several numbers of calls.

    Returns:
        The tasks that were alive when the first call was answered.

    Arguments and exceptions are those of `measure_time`.
    """
    return Curve(_name(way), numbers, [(await count(way, number, limit)).tasks for number in numbers])


async def measure_memory(way: Way, numbers: Sequence[int], *, limit: int = LIMIT) -> Curve:
    """Measure the most memory that a way takes for several numbers of calls, and print it for the last one.

    Python's own `tracemalloc` counts, which makes all run several times slower.

    Returns:
        The megabytes that were in use at the worst moment of a run, beyond those before it.

    Arguments and exceptions are those of `measure_time`.
    """
    values = []
    for number in numbers:
        gc.collect()
        with _traced():
            before, _ = tracemalloc.get_traced_memory()
            await _run(way, Service(), Items(number), limit)
            _, most = tracemalloc.get_traced_memory()
        values.append((most - before) / 1e6)
    print(f"{_name(way):22} {numbers[-1]:7,} calls (here: {values[-1]:.1f} MB)")
    return Curve(_name(way), numbers, values)


@contextmanager
def _traced() -> Iterator[None]:
    """Let tracemalloc count from here on; if somebody uses it already, leave it to them."""
    is_theirs = tracemalloc.is_tracing()
    (tracemalloc.reset_peak if is_theirs else tracemalloc.start)()
    try:
        yield
    finally:
        if not is_theirs:
            tracemalloc.stop()


async def _run(
    way: Way, service: Service, items: Items, limit: int, note: Callable[[Any], object] = lambda result: None
) -> None:
    handled = 0

    def handle(result: Any) -> None:
        nonlocal handled
        handled += 1
        note(result)

    await way(service.fetch, items, limit, handle)
    if handled != len(items):
        raise RuntimeError(
            f"{_name(way)} handled {handled:,} results of {len(items):,} calls: "
            "a way must await fetch(item) for each item, and call handle(result) with each result"
        )


def _name(way: Way) -> str:
    return way.__name__.replace("_", " ")
