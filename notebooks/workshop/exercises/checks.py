"""The checks of the exercises: what `await check(...)` does, and what the checks of all chapters share."""

import asyncio
import contextlib
import inspect
import re
import sys
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from typing import Any

from workshop.timeline.views.live import Display

from . import kept, runner
from .attempts import Attempts
from .ideas import idea_behind
from .runner import Outcome
from .say import shown, tell

Checker = Callable[[Any], Awaitable[str]]

CHECKS: dict[str, Checker] = {}
"""The check of each exercise, by its number. It returns a few words of praise or raises `WrongError`."""


class WrongError(Exception):
    """Raised by a check; the message tells the reader what was seen, and the idea behind it.

    Args:
        message: what the reader is told.
        timing: whether it is about order or time, so that a replay of the attempt shows it.
    """

    def __init__(self, message: str, timing: bool = False) -> None:
        super().__init__(message)
        self.timing = timing


def exercise(number: str) -> Callable[[Checker], Checker]:
    """Register the decorated function as the check of an exercise.

    Args:
        number: the exercise's number, such as ``"1.2"``.
    """

    def register(checker: Checker) -> Checker:
        CHECKS[number] = checker
        return checker

    return register


def expect(condition: Any, otherwise: str, timing: bool = False) -> None:
    """Go on if the condition holds.

    Args:
        condition: what a right answer fulfils.
        otherwise: what the reader is told if it does not hold; ends without a full stop only in code.
        timing: whether that is about order or time, so that a replay of the attempt shows it.

    Raises:
        WrongError: if the condition does not hold.
    """
    if not condition:
        raise WrongError(otherwise, timing)


CANCELLED = (
    "A CancelledError ended your function. Whoever awaits a cancelled task gets one: "
    "`gather(*tasks, return_exceptions=True)` waits for all of them, and raises nothing."
)
"""The idea behind an answer that was cancelled by a task that it awaits."""


@contextlib.contextmanager
def explaining(ideas: Mapping[str, str]) -> Iterator[None]:
    """Name the idea where a message only tells how an answer ended.

    Args:
        ideas: what is said in place of a message in which a regular expression is found; the first that fits counts.

    Raises:
        WrongError: with the idea, in place of a WrongError of the block whose message fits; any other as it is.
    """
    try:
        yield
    except WrongError as wrong:
        for pattern, idea in ideas.items():
            if re.search(pattern, str(wrong)):
                raise WrongError(idea, wrong.timing) from None
        raise


@contextlib.contextmanager
def telling(case: str) -> Iterator[None]:
    """Say before a message for which case an answer is wrong.

    Args:
        case: the case, in words that end before a colon.

    Raises:
        WrongError: with these words before its message, in place of a WrongError of the block.
    """
    try:
        yield
    except WrongError as wrong:
        raise WrongError(f"{case}: {wrong}", wrong.timing) from None


async def attempt(
    answer: Any, *arguments: Any, when: str = "", look: Callable[[], Awaitable[None]] | None = None, within: float = 0.0
) -> Outcome:
    """Run an answer, and stop with a clear message at whatever can go wrong in any exercise.

    Args:
        answer: the reader's function, or whatever stands in its place.
        arguments: what it is called with.
        when: the case, for the messages, such as ``"for an empty list"``.
        look: awaited when the answer has ended, before what it left running is cancelled.
        within: seconds the answer may take, where those of `runner.WAIT_LIMIT` are too few.

    Returns:
        The outcome of an answer that ended by itself and returned a value, neither None nor an awaitable;
        everything else about it is for the check to judge.

    Raises:
        WrongError: if the answer could not be run to its end, or returned no value.
    """
    outcome = await runner.run(answer, *arguments, look=look, within=within)
    case = f", {when}" if when else ""
    expect(not outcome.not_async, _not_async(outcome, answer))
    expect(not outcome.empty, NOTHING_YET)
    expect(
        not outcome.cancelled_others,
        f"Your code cancelled all tasks there are{case}. In a notebook these are the kernel's own, too, and the cell: "
        "cancel only tasks that you made, and keep them in a list for that.",
    )
    expect(
        not outcome.blocked_too_long,
        f"Your code kept the event loop from turning for over {runner.BLOCK_LIMIT:g} s{case}"
        f"{', and was stopped' if outcome.interrupted else ''}: look for a loop that never ends, or a `time.sleep` "
        "where `await asyncio.sleep` belongs.",
    )
    expect(
        not outcome.timed_out,
        f"Your code still waited after {within or runner.WAIT_LIMIT:g} s{case}, and was cancelled: "
        "what does it wait for, and will that ever happen? "
        + (KERNELS_TASKS if outcome.asked_for_all_tasks else "`asyncio.sleep` takes seconds."),
    )
    if outcome.error.startswith("InvalidStateError"):  # the result of a forgotten await may be missing
        expect_all_awaited(outcome)
    expect(not outcome.error, _error(outcome, answer, case))
    expect(
        outcome.iterator != "asynchronous generator",
        f"You returned a generator{case}, and nothing in it has run: collect the results in a list, and return that.",
    )
    expect(not outcome.iterator, f"You returned the iterator itself{case}: loop over it, and await what it gives.")
    expect(not inspect.isawaitable(outcome.result), f"You returned an awaitable{case}: put `await` before it.")
    if outcome.result is None:
        expect_all_awaited(outcome)
        expect(
            not outcome.task_errors,
            f"A task of yours ended with {_first(outcome.task_errors)}, and your code never looked at it. "
            f"{idea_behind(_first(outcome.task_errors))}".rstrip(),
        )
        expect(not outcome.blocked, BLOCKS, timing=True)
        raise WrongError(f"Your function returned None{case}: is there a `return`?")
    return outcome


MORE_ON_MESSAGES = "Chapter 13 has more on such messages."
"""What to say behind the idea of a message of Python's or of a library's."""

KERNELS_TASKS = "Among `asyncio.all_tasks()` are the kernel's own, which wait for this cell."
"""What to say of an answer that asked for all tasks, and then waited."""

NOTHING = "Nothing here yet"
"""How what is said of a stub begins."""

NOTHING_YET = f"{NOTHING}: write the body of the function, run its cell, then this one again."
"""What to say of a stub."""

BLOCKS = (
    "Your code blocks the event loop: as long as it does, no other task can run. "
    "`time.sleep`, or a long calculation, holds up everything; `await asyncio.sleep` holds up only its own task."
)
"""What to say of an answer that blocks the loop."""


def expect_all_awaited(outcome: Outcome) -> None:
    """Go on if the answer awaited each coroutine that it made.

    Args:
        outcome: what an answer did.

    Raises:
        WrongError: if a coroutine was never awaited.
    """
    name = _first(outcome.never_awaited)
    expect(
        name != "_wait_for_one",  # asyncio's name for what as_completed gives
        "What as_completed gives was never awaited: only `await` gives you the result.",
    )
    expect(
        not name,
        f"`{name}(...)` was called but never awaited: calling it only makes a coroutine. "
        "It runs when somebody awaits it, or makes a task of it.",
    )


def texts_of(result: Any, no_list: str, awaitables: str) -> list[str]:
    """Return the items of a list or tuple as text; what is no text, as it is shown.

    Args:
        result: what an answer returned.
        no_list: what is said if it is neither a list nor a tuple.
        awaitables: what is said if it holds awaitables.

    Raises:
        WrongError: if one of these is so.
    """
    expect(isinstance(result, list | tuple), no_list)
    expect(not any(map(inspect.isawaitable, result)), awaitables)
    return [item if isinstance(item, str) else shown(item) for item in result]


AWAIT_ALL = "await every task that you start"
"""What to do about a task that still runs, or whose exception nobody saw."""


def expect_nothing_left(outcome: Outcome, cure: str = AWAIT_ALL) -> None:
    """Go on if the answer left no task running and no exception unseen.

    Args:
        outcome: what an otherwise right answer did.
        cure: what to do about a task that still runs, for an exercise in which awaiting it is no cure.

    Raises:
        WrongError: if something was left.
    """
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(outcome.left_behind))
    refuse = ", and would not be cancelled" if outcome.stubborn else ""
    expect(
        not outcome.left_behind,
        f"The result is right, but {names} still ran when your function returned{refuse}: {cure}.",
    )
    expect(
        not outcome.task_errors,
        f"The result is right, but a task ended with {_first(outcome.task_errors)}, and your code never looked at it: "
        f"{AWAIT_ALL}.",
    )
    expect_all_awaited(outcome)


def seconds(value: float) -> str:
    """Return a time as lessons print it, such as ``0.40 s``."""
    return f"{value:.2f} s"


def _not_async(outcome: Outcome, answer: Any) -> str:
    if inspect.iscoroutine(answer):
        return f"The answer is {outcome.not_async}. Hand over the function itself, without parentheses behind its name."
    if outcome.not_async.startswith("a plain function"):
        return f"Your function is {outcome.not_async}. Only a function made with `async def` can be awaited."
    if outcome.not_async.startswith("an asynchronous generator"):
        return f"Your function is {outcome.not_async}. Here one result is asked for, with `return`."
    return f"The answer is {outcome.not_async}. Hand over the name of your function."


def _error(outcome: Outcome, answer: Any, case: str) -> str:
    if outcome.error.startswith("NotImplementedError"):
        return f"{NOTHING}: replace the NotImplementedError with your code."
    if outcome.error == "CancelledError":
        return f"Your code was cancelled{case}: by a task that it awaits, or by itself."
    if outcome.error.startswith(f"TypeError: {getattr(answer, '__qualname__', '')}() "):  # the check's own call
        idea = "Keep the parameters that the exercise gives."
    elif idea := idea_behind(outcome.error):
        idea += f" {MORE_ON_MESSAGES}"
    line = outcome.error_line and f", in {outcome.error_line}"
    return f"Your code raised {outcome.error}{case}{line}. {idea}".rstrip()


def _first(texts: list[str]) -> str:
    return texts[0] if texts else ""


SOLUTION = "_solution"
"""How the names of the lessons' own answers end."""

TRIES = 3
"""How often a check is tried that fails while the loop turns late: if it isn't the answer, it won't be each time."""


class Check:
    """One check of an answer. It runs when it is awaited: ``await check("1.1", answer)``."""

    def __init__(self, number: str, answer: Any) -> None:
        self.number, self.answer = number, answer
        if inspect.iscoroutine(answer):
            answer.close()  # a check that is not awaited either must not warn of it

    def __repr__(self) -> str:
        return f'This check has not run yet. Put await in front of it: await check("{self.number}", ...)'

    def __await__(self) -> Generator[Any, None, None]:
        return self._run().__await__()

    async def _run(self) -> None:
        mark, kind, title, replay = "✗", "not yet", f"✗ Exercise {self.number}: not yet", ""
        timing, right = False, None
        try:
            text = await self._judge()
        except WrongError as wrong:
            text, timing = str(wrong), wrong.timing
            if self.number in CHECKS and NOTHING not in text and not _is_as_given(self.answer):
                right = False
        except Exception as problem:
            text = f"This answer confused the check itself: {shown(problem, 120)}."
        else:
            right = True
            mark, kind, title = "✓", "right", f"✓ Exercise {self.number}: passed"
            if _is_solution(self.answer):
                right, kind, title = None, "neutral", f"✓ The solution of {self.number} passes the check, too"
        text = text.replace("….", "…")
        try:
            if timing and Display().live:
                replay = await self._replay()
        finally:  # whoever stops that wants to know what was wrong all the same
            tell(kind, title, [text], [f"{mark} {self.number} {text}"], replay)
        if right is not None:
            kept.note(f"exercise {self.number}", right)

    async def _replay(self) -> str:
        """Return as HTML what the answer does when it is checked once more; nothing if it is not wrong in this way."""
        attempts = Attempts()
        with attempts.recorded(), contextlib.suppress(Exception):
            try:
                await CHECKS[self.number](self.answer)
            except WrongError as wrong:
                return attempts.replay() if wrong.timing else ""
        return ""

    async def _judge(self) -> str:
        known = ", ".join(CHECKS)
        expect(self.number in CHECKS, f"There is no exercise of this number: expected one of {known}, in quotes.")
        for _ in range(TRIES - 1):
            runner.late_runs.set(late := [])
            try:
                return await CHECKS[self.number](self.answer)
            except WrongError:
                if not late or any(late):
                    raise
        return await CHECKS[self.number](self.answer)


def _is_solution(answer: Any) -> bool:
    """Return whether a notebook knows an answer by the name of a lesson's own."""
    known = list(vars(sys.modules["__main__"]).items())
    return any(value is answer and name.endswith(SOLUTION) for name, value in known)


def _is_as_given(answer: Any) -> bool:
    """Return whether an answer is what the lesson gave to be written or mended.

    Then there is a TODO in its cell, and no other version of this cell was run before.
    """
    main = vars(sys.modules["__main__"])
    names = "|".join(re.escape(name) for name, value in list(main.items()) if value is answer)
    defines = re.compile(rf"^(?:(?:async )?def (?:{names})\b|(?:{names}) *=)", re.MULTILINE)
    cells = [cell for cell in main.get("In", ()) if names and defines.search(cell)]
    return bool(cells) and cells[0] == cells[-1] and "# TODO" in cells[0]


def check(number: str, answer: Any) -> Check:
    """Check an answer; awaiting what this returns prints one line.

    Written ``await check("1.1", answer)``. The answer is run on the notebook's own event loop. Whatever it does, the
    line tells it; nothing is raised, and nothing left running.

    Args:
        number: the exercise's number, such as ``"1.1"``.
        answer: the reader's function, not called.

    Returns:
        An object to be awaited; awaiting it gives None.
    """
    return Check(number, answer)


async def sleeper(seconds: float, result: Any) -> Any:
    """Wait, then return the result: the awaitable that checks hand to answers.

    Args:
        seconds: how long to wait.
        result: what to return.
    """
    await asyncio.sleep(seconds)
    return result
