"""Calls that checks hand to the reader's answers, and what is expected to have become of them."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

from . import runner
from .checks import attempt, expect, expect_nothing_left, seconds, shown
from .runner import Outcome


class Calls:
    """Calls that note who runs beside whom, and need a moment to stop when they are cancelled.

    Attributes:
        begun: the names of the calls in the order in which they began.
        running: the names of those that are under way.
        most_running: the most calls that were under way at the same time.
        begun_by_the_end_of: by its name, how many calls had begun when a call ended, in whatever way.
        cancelled: the names of those that were cancelled.
    """

    CLEANING = 0.05
    """Seconds that a cancelled call needs to stop."""

    def __init__(self) -> None:
        self.begun: list[Any] = []
        self.running: list[Any] = []
        self.most_running = 0
        self.begun_by_the_end_of: dict[Any, int] = {}
        self.cancelled: list[Any] = []

    async def take(self, name: Any, time: float) -> None:
        """Be under way for so many seconds."""
        self.begun.append(name)
        self.running.append(name)
        self.most_running = max(self.most_running, len(self.running))
        try:
            await asyncio.sleep(time)
        except asyncio.CancelledError:
            self.cancelled.append(name)
            await asyncio.sleep(self.CLEANING)
            raise
        finally:
            self.running.remove(name)
            self.begun_by_the_end_of[name] = len(self.begun)


class SlowCalls(Calls):
    """Calls that take their time, and may fail.

    Args:
        delays: for each name how long its call takes, in seconds.
        failing: the names of the calls that fail, each with a ConnectionError; or what each of them raises, by name.
        results: what the calls give that give something else than their name.

    Attributes:
        finished: the names of those that came to their end, failed or not, but not cancelled.
    """

    def __init__(
        self,
        delays: Mapping[str, float],
        failing: Iterable[str] | Mapping[str, type[Exception]] = (),
        results: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.delays = delays
        self.failing = failing if isinstance(failing, Mapping) else dict.fromkeys(failing, ConnectionError)
        self.results = {name: name for name in delays} | dict(results or {})
        self.finished: list[str] = []

    def coroutines(self) -> list[Coroutine[Any, Any, Any]]:
        """Return the calls, none of which has begun."""
        return [self._call(name) for name in self.delays]

    async def _call(self, name: str) -> Any:
        await self.take(name, self.delays[name])
        self.finished.append(name)
        if name in self.failing:
            raise self.failing[name](f"no answer from {name}")
        return self.results[name]

    def expect_all_begun(self) -> None:
        """Go on if each call was started."""
        missing = [name for name in self.delays if name not in self.begun]
        expect(
            not missing,
            f"Of the {len(self.delays)} calls, {', '.join(missing)} never began: start all of them, for example as "
            "tasks, before you wait for the first.",
            timing=True,
        )


def expect_all_stopped(outcome: Outcome) -> None:
    """Go on if nothing runs any more.

    Args:
        outcome: what an otherwise right answer did.

    Raises:
        WrongError: if something still ran when the answer returned.
    """
    number = len(outcome.left_behind)
    expect(
        not number,
        f"The result is right, but when your function returned, {number} task{'s' * (number != 1)} still ran: cancel "
        "each of them, and then wait until it has stopped.",
    )
    expect_nothing_left(outcome)


STOPS_LATE = 1.0
"""Seconds after which a cancelled answer that has not ended counts as one that goes on."""


async def attempt_cancelled(
    answer: Any, *arguments: Any, after: float, linger: float = 0.0, slowness: float = 1.0
) -> Outcome:
    """Run an answer, cancel it while it waits, and go on if the cancellation went its way.

    Args:
        answer: the reader's function, one that has been right so far.
        arguments: what it is called with.
        after: seconds from the call to the cancellation.
        linger: seconds to wait afterwards, for what an exercise lets run on: a thread, or a timer of the event loop.
        slowness: how many times as long as elsewhere it may take to end, on a computer that is busy.

    Returns:
        The outcome; what the answer left running is for the check to judge, unless `linger` is given.

    Raises:
        WrongError: if the answer did anything else than to end with the CancelledError.
    """

    async def cancel() -> str:
        running = asyncio.ensure_future(answer(*arguments))
        await asyncio.wait({running}, timeout=after)
        if not running.cancel():  # it has ended already: how, other runs have judged
            await asyncio.gather(running, return_exceptions=True)
            return ""
        await asyncio.wait({running}, timeout=STOPS_LATE * slowness)
        await asyncio.sleep(linger)
        if not running.done():
            return "waited on"
        if running.cancelled():
            return ""
        error = running.exception()
        return f"returned {shown(running.result())}" if error is None else f"raised {shown(error)}"

    outcome = await attempt(cancel, within=runner.WAIT_LIMIT * slowness)
    expect(
        not outcome.result,
        f"Your function was cancelled after {seconds(after)}, as a stop button does it, and {outcome.result}: a "
        "CancelledError has to go its way. What keeps it back is an `except` that catches more than `Exception`, or a "
        "`return` under `finally`.",
    )
    return outcome
