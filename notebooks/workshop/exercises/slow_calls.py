"""Calls that checks hand to the reader's answers, and what is expected to have become of them."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from workshop.exercises.checks import expect, expect_nothing_left
from workshop.exercises.runner import Outcome


class SlowCalls:
    """Calls that take their time, may fail, and need a moment to stop when they are cancelled.

    Args:
        delays: for each name how long its call takes, in seconds.
        failing: the names of the calls that fail.

    Attributes:
        begun: the names of the calls in the order in which they began.
        finished: the names of those that came to their end, failed or not, but not cancelled.
    """

    CLEANING = 0.05
    """Seconds that a cancelled call needs to stop."""

    def __init__(self, delays: dict[str, float], failing: tuple[str, ...] = ()) -> None:
        self.delays = delays
        self.failing = failing
        self.begun: list[str] = []
        self.finished: list[str] = []

    def coroutines(self) -> list[Coroutine[Any, Any, str]]:
        """Return the calls, none of which has begun."""
        return [self._call(name) for name in self.delays]

    async def _call(self, name: str) -> str:
        self.begun.append(name)
        try:
            await asyncio.sleep(self.delays[name])
        except asyncio.CancelledError:
            await asyncio.sleep(self.CLEANING)
            raise
        self.finished.append(name)
        if name in self.failing:
            raise ConnectionError(f"no answer from {name}")
        return name

    def expect_all_begun(self) -> None:
        """Go on if each call was started."""
        missing = [name for name in self.delays if name not in self.begun]
        expect(
            not missing,
            f"Of the {len(self.delays)} calls, {', '.join(missing)} never began: start all of them, for example as "
            "tasks, before you wait for the first.",
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
