"""Predictions and exercises of chapter 00, start here."""

from typing import Any

from ..checks import BLOCKS, attempt, exercise, expect, expect_nothing_left, seconds, shown
from ..predictions import Verdict, prediction
from ..questions import question
from ..runner import Outcome
from ..slow_calls import attempt_cancelled


@prediction(
    "0.1",
    usual="b",
    observes="what asyncio.run raised or returned",
    a="In a script it runs greet and returns its answer. A notebook already runs an event loop, the one that runs your "
    "cells, and asyncio.run refuses to start another inside it.",
    b="A notebook already runs an event loop, the one that runs your cells. asyncio.run wants to start its own, "
    "refuses, and you write `await greet('Ada')` in its place.",
    c="It doesn't get that far: asyncio.run first looks whether a loop is running already, and raises immediately.",
)
def _run_in_a_cell(outcome: Any) -> Verdict:
    if isinstance(outcome, RuntimeError) and "running event loop" in str(outcome):
        return "b", f"asyncio.run raised RuntimeError: {outcome}"
    if isinstance(outcome, BaseException):
        return None, f"asyncio.run raised {type(outcome).__name__}, where a RuntimeError was expected"
    return "a", f"asyncio.run returned {shown(outcome)}, so something has changed it, such as nest_asyncio"


@exercise("0.1")
async def wait_and_add(answer: Any) -> str:
    """Check the exercise: wait 0.1 s without blocking, then return the sum of two arguments."""
    outcome = await attempt(answer, 1, 2)
    _expect_waited(outcome, "Your function")
    expect(outcome.result == 3, f"wait_and_add(1, 2) returned {shown(outcome.result)}, and 3 was expected.")
    for a, b in ((20, 22), (-1.5, 4), (7, -7)):
        call = f"wait_and_add({a}, {b})"
        other = await attempt(answer, a, b, when=f"for {call}")
        expect(
            other.result == a + b,
            f"wait_and_add(1, 2) is right, but {call} returned {shown(other.result)}: "
            "work with the arguments, not with fixed numbers.",
        )
        _expect_waited(other, call)
    expect_nothing_left(outcome)
    await attempt_cancelled(answer, 1, 2, after=0.05, linger=0.1)
    return "Your function waits without blocking, and adds."


def _expect_waited(outcome: Outcome, call: str) -> None:
    """Go on if a call waited for about 0.1 s, without blocking."""
    expect(not outcome.blocked, BLOCKS, timing=True)
    expect(
        "sleep" not in outcome.never_awaited,
        "`asyncio.sleep(...)` was called but not awaited: without `await` it only makes a coroutine, and nobody waits.",
    )
    took = f"{call} returned after {seconds(outcome.elapsed)}"
    expect(outcome.elapsed > 0.05, f"{took}: let it wait 0.1 s before it returns.", timing=True)
    expect(outcome.elapsed < 0.5, f"{took}: 0.1 s was asked for, and asyncio counts in seconds.", timing=True)


question(
    "0A",
    about="prediction 0.1",
    asks="A script ends with `asyncio.run(main())`. What do you write in a notebook cell?",
    a="The same",
    b="`await main()`",
    c="`main()`",
    right="b",
    why="The notebook's own event loop runs already, and asyncio.run refuses to start another beside it. `await` uses "
    "the one that runs.",
)
question(
    "0B",
    about="exercise 0.1",
    asks="`greet` is an `async def` function. After the line `greet('Ada')`, what of it has run?",
    a="All",
    b="All up to its first `await`",
    c="Nothing",
    right="c",
    why="The call only makes a coroutine. It begins when you await it.",
)
question(
    "0C",
    about="prediction 0.1",
    asks="A library's function `ask` calls `asyncio.run` itself. How do you call it in a notebook?",
    a="`await asyncio.to_thread(ask)`",
    b="`await ask()`",
    c="`asyncio.run(ask())`",
    right="a",
    why="In another thread no event loop runs yet, so `asyncio.run` may start one there. In a browser there is no "
    "other thread.",
)
