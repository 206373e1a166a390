"""Predictions and exercises of chapter 07, fetching many addresses."""

import asyncio
import functools
import inspect
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..checks import (
    BLOCKS,
    CANCELLED,
    NOTHING_YET,
    attempt,
    exercise,
    expect,
    expect_nothing_left,
    explaining,
    seconds,
    shown,
)
from ..predictions import Verdict, prediction
from ..questions import question
from ..runner import Outcome, is_empty
from ..slow_calls import attempt_cancelled

REQUESTS, AIOHTTPS_LIMIT = 150, 100


@prediction(
    "7.1",
    usual="b",
    observes="the server's count of connections",
    a="A connection carries one request at a time. For one connection, 149 requests would have to wait; aiohttp opens "
    "others for them, up to 100.",
    b="A connection carries one request at a time, so as many are needed as requests are under way. aiohttp opens up "
    "to 100, and the other 50 requests use them again.",
    c="That is what a session each gives. One session opens up to 100 connections, and the other 50 requests use them "
    "again.",
)
def _connections(number: int) -> Verdict:
    did = f"in your run, the server saw {number} connection{'s' * (number != 1)}"
    return {1: "a", AIOHTTPS_LIMIT: "b", REQUESTS: "c"}.get(number), did


@prediction(
    "7.2",
    usual="c",
    observes="the response, or the exception",
    a="The server answered, and that is all aiohttp asks for. It raises when there is no answer; a bad status becomes "
    "an exception only by raise_for_status().",
    b="There is always a response when the server answered, with a status to look at.",
    c="The server answered, and that is all aiohttp asks for. Look at the status, or call raise_for_status().",
)
def _not_found(happened: Any) -> Verdict:
    if happened is None:
        return "b", "in your run, the response was None"
    if isinstance(happened, BaseException):
        return "a", f"in your run, {type(happened).__name__} was raised"
    return "c", f"in your run, there was a response, with status {happened.status}"


@prediction(
    "7.3",
    usual="a",
    observes="the list of what was received, and when the call to /hang ended",
    a="The TimeoutError of one call, after its 1 s, came out of your `await` and ended the loop. What is printed is "
    "wrong: nowhere near 5 seconds have passed.",
    b="The call to /hang has a limit of its own, 1 s. Its TimeoutError comes out of your `await`, and ends the loop "
    "long before the photos arrive.",
    c="For that, somebody would have to catch the TimeoutError of that one call inside the loop. Here it ends the "
    "loop.",
)
def _whose_timeout(received: list[Any], hung_until: float | None) -> Verdict:
    did = f"in your run, {len(received)} answer{'s were' if len(received) != 1 else ' was'} received"
    if hung_until is None:
        return None, did
    did += f", and the call to /hang ended after {seconds(hung_until)}"
    if not received:
        return ("a" if hung_until < 2 else None), did
    return ("b" if hung_until > 2 else "c"), did


PERCENT = [
    (0, 40, 0),
    (10, 40, 25),
    (40, 40, 100),
    (1, 3, 33),
    (125, 250, 50),
    (250, 250, 100),
    (249, 250, 99),
    (999, 1000, 99),
]
"""How much is completed, of how many, and the percentage to be told."""


@exercise("7.1")
async def honest_percent(answer: Any) -> str:
    """Check the exercise: a line of progress that is right for any number, and says 100% only at the end."""
    expect(not is_empty(answer), NOTHING_YET)
    expect(
        not inspect.isgeneratorfunction(answer),
        "Your function contains `yield`, so calling it gives a generator, and no text: use `return`.",
    )
    for completed, total, percent in PERCENT:
        case = f"for {completed} of {total}"
        outcome = await attempt(_awaitable(answer), completed, total, when=case)
        expect(
            not inspect.iscoroutinefunction(answer),
            "Your function is made with `async def`: calling it gives a coroutine, and no text. A plain `def` is "
            "enough here, since nothing in it waits.",
        )
        expect(isinstance(outcome.result, str), f"A line of text was expected {case}, not {shown(outcome.result)}.")
        found = re.fullmatch(r"\s*Progress:\s+(-?\d+)\s?%\s*", outcome.result)
        expect(
            found,
            f"Your function returned {shown(outcome.result)} {case}: a line such as 'Progress: 25%' was expected, "
            "without decimals.",
        )
        told = int(found[1])
        expect(
            told != 100 or percent == 100,
            f"Your line says 100% {case}. Rounding up is no lie, except at the end: round down.",
        )
        expect(
            abs(told - percent) <= 1 and (percent not in (0, 100) or told == percent),
            f"Your line says {told}% {case}, and {percent}% is right: what is done, divided by what there is to do.",
        )
    return "Right for 40, for 250, and for the last step."


def _awaitable(answer: Any) -> Any:
    """Return a plain function as one that can be awaited, and all else as it is."""
    if not callable(answer) or isinstance(answer, type) or inspect.iscoroutinefunction(answer):
        return answer

    @functools.wraps(answer)
    async def call(*arguments: int) -> Any:
        return answer(*arguments)

    return call


MOST, SECONDS, DELAY, SLOW = 4, 5.0, 0.1, 0.3
NOT_THERE = "/status/404"
FAILURES, SEED = 0.3, 455
"""With these, some requests end with status 500, a cut connection or garbage, and never three for one path."""

NAMED = 3
"""So many paths are named in a message, at most."""

NEVER, NEVER_LATER = "/hang", "/hang?later"
LIMIT, GRACE = 0.85, 0.4
"""Seconds for the crawl in which two addresses never answer, and how much later its end may be. Not a time at which a
call of the lesson reaches its own limit, 0.5 s after its start: in that moment, aiohttp 3.14.5 may miss a cancel."""
EARLY = 0.02
"""Seconds by which a timer may end too early, by the loop's own clock: on Windows that ticks every 0.016 s."""

INSIDE = (
    "Catch what may go wrong with one call inside its coroutine, and make a record of it: an Answer with an `error`."
)

LATE = (
    "your function still waited long after that: when the time is up, cancel what still runs. If you did: a call with "
    "a limit of its own needs a shorter one, since in the moment in which that strikes, aiohttp may miss a cancel."
)

RAISED = "^(Your code raised|A task of yours ended with)"
IDEAS_BEHIND_ENDS = {
    f"{RAISED} TimeoutError": "Your function raised TimeoutError: when the time is up, or a call takes too long, "
    "return an Answer for each path all the same.",
    f"{RAISED} ClientResponseError": f"The status of one answer ended everything, as ClientResponseError. {INSIDE}",
    f"{RAISED} ClientPayloadError": f"A cut connection ended everything, as ClientPayloadError. {INSIDE}",
    f"{RAISED} ContentTypeError": f"An answer that is not JSON ended everything, as ContentTypeError. {INSIDE}",
    f"{RAISED} JSONDecodeError": f"An answer that is not JSON ended everything, as JSONDecodeError, a ValueError. "
    f"{INSIDE}",
    f"{RAISED} CancelledError|^Your code was cancelled": CANCELLED,
    f"{RAISED} RuntimeError: Session is closed": "Your session was closed while calls still needed it: stay in its "
    "`async with` block until all tasks have ended.",
}
"""What is said in place of a message."""


@exercise("7.2")
async def polite_crawler(answer: Any) -> str:
    """Check the exercise: a crawler that keeps to the limit, tries again, tells progress, and ends in time."""
    from workshop.demo_server.server import demo_api

    items = [f"/items/{number}" for number in range(1, 13)]
    paths = [*items[:5], NOT_THERE, *items[5:]]
    reports: list[tuple[Any, Any]] = []
    done_before: list[int] = []

    def report(completed: int, total: int) -> None:
        done_before.append(len({request.path for request in api.requests if request.finished is not None}))
        reports.append((completed, total))

    delays = dict.fromkeys(paths, DELAY) | {items[0]: SLOW}
    async with demo_api(delays, failures=FAILURES, limit=MOST, seed=SEED) as api:
        outcome = await _attempt(answer, api.url, paths, MOST, SECONDS, report)
    expect(not outcome.blocked, BLOCKS, timing=True)
    asked = Counter(request.path for request in api.requests)
    missing = [path for path in paths if not asked[path]]
    expect(not missing, f"The server was never asked for {_some_of(missing)}.")
    refused = sum(request.status == 429 for request in api.requests)
    expect(
        not refused,
        f"The server turned {refused} request{'s' * (refused != 1)} away, since there were more than {MOST} at a "
        "time: where is the limit?",
    )
    expect(
        api.connections <= MOST + _replaced_connections(api),
        f"There were {api.connections} connections for {len(api.requests)} requests: share one session.",
    )
    expect(
        asked[NOT_THERE] == 1,
        f"{NOT_THERE} was asked for {asked[NOT_THERE]} times. It is not there, and will not be there next time.",
    )
    answers = outcome.result
    _expect_answers(answers, paths)
    expect(_error(answers[NOT_THERE]), f"{NOT_THERE} is not there: its Answer should have an `error`.")
    lost = [path for path in items if _error(answers[path])]
    expect(not lost, f"{_some_of(lost)} failed, and another attempt would have succeeded: try again, up to four times.")
    _expect_data(answers, items)
    expect(reports, "Nothing was reported: call report(completed, total) whenever an address is done with.")
    expect(
        reports == [(number, len(paths)) for number in range(1, len(paths) + 1)],
        f"The reports were {shown(reports)}: (1, {len(paths)}), (2, {len(paths)}) and so on were expected, one for "
        "each address that is done with, failed or not.",
    )
    expect(
        done_before[0] <= MOST,
        f"Before your first report, {done_before[0]} addresses had been answered. Report each when it is done, "
        "whichever it is: somebody is looking at the screen.",
        timing=True,
    )
    _expect_nothing_left(outcome, "before you return, cancel what still runs, and wait until it has stopped")
    await _expect_in_time(answer)
    async with demo_api(delays) as idle:
        await attempt_cancelled(answer, idle.url, paths, MOST, SECONDS, lambda completed, total: None, after=DELAY / 2)
    return f"Polite, persistent and in time: {len(api.requests)} requests, {api.connections} connections."


async def _attempt(answer: Any, *arguments: Any, when: str = "") -> Outcome:
    """Run an answer; if an exception ends it, tell the idea behind that."""
    too_late = {"^Your code still waited": f"There were {seconds(LIMIT)}, and {when}, {LATE}"} if when else {}
    with explaining(IDEAS_BEHIND_ENDS | too_late):
        return await attempt(answer, *arguments, when=when)


def _replaced_connections(api: Any) -> int:
    """Return how many connections may have been replaced: after a cut, or when a client left an error unread."""
    return sum(request.status is None or request.status >= 400 for request in api.requests)


def _error(answer: Any) -> Any:
    return getattr(answer, "error", None)


def _some_of(paths: list[str]) -> str:
    """Return the first paths, and how many more there are."""
    more = len(paths) - NAMED
    return ", ".join(paths[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _expect_answers(answers: Any, paths: list[str]) -> None:
    """Go on if there is an answer for each path, and it is the one for this path."""
    expect(
        isinstance(answers, Mapping), f"A dictionary was expected, with an Answer for each path, not {shown(answers)}."
    )
    missing = [path for path in paths if path not in answers]
    expect(not missing, f"There is no Answer for {_some_of(missing)}: every path gets one, whatever became of it.")
    strange = [path for path in paths if not hasattr(answers[path], "error")]
    expect(
        not strange,
        f"For {_some_of(strange)} your dictionary holds something else than an Answer: "
        + (shown(answers[strange[0]]) if strange else "")
        + ".",
    )
    for path in paths:
        told = getattr(answers[path], "path", path)
        expect(
            shown(told) == shown(path),
            f"Your dictionary has for {path} the Answer for {shown(told)}: as_completed gives results in the order of "
            "their arrival, and each Answer tells its path.",
        )


def _expect_data(answers: Mapping[str, Any], items: list[str]) -> None:
    """Go on if the answers hold the items that were asked for."""
    for path in items:
        data = getattr(answers[path], "data", None)
        number = data.get("id") if isinstance(data, dict) else None
        expect(
            shown(number) == path.removeprefix("/items/"),
            f"The Answer for {path} has no `error`, so its `data` should be that item, and it is {shown(data)}.",
        )


def _expect_nothing_left(outcome: Outcome, cure: str) -> None:
    """Go on if the answer left neither a task nor a session; else say of a task how it is ended."""
    expect_nothing_left(outcome, cure)
    expect(
        not outcome.unclosed,
        "The result is right, but your session was never closed: open it with `async with`, which closes it.",
    )


async def _expect_in_time(answer: Any) -> None:
    """Go on if a crawl ends in time though two addresses never answer, gives the others, and leaves nothing running.

    The last item comes after the half second that a call may take in the lesson, so that a call's TimeoutError, taken
    for the end of the time, shows. The second address that never answers begins late: a limit for each call is none
    for all.
    """
    from workshop.demo_server.server import demo_api

    items = ["/items/1", "/items/2", "/items/3"]
    paths = [NEVER, *items, NEVER_LATER]
    reports: list[tuple[Any, Any]] = []
    in_time: list[bool] = []
    clock = asyncio.get_running_loop().time

    def report(completed: int, total: int) -> None:
        reports.append((completed, total))
        in_time.append(clock() < time_is_up)

    async with demo_api(2 * DELAY) as api:
        time_is_up = clock() + LIMIT - EARLY
        outcome = await _attempt(answer, api.url, paths, 2, LIMIT, report, when=f"when {NEVER} never answers")
    expect(
        outcome.elapsed < LIMIT + GRACE,
        f"{NEVER} never answers, there were {seconds(LIMIT)}, and your function took {seconds(outcome.elapsed)}.",
        timing=True,
    )
    _expect_answers(outcome.result, paths)
    expect(_error(outcome.result[NEVER]), f"{NEVER} never answers, so its Answer should have an `error`.")
    lost = [path for path in items if _error(outcome.result[path])]
    expect(
        not lost or outcome.elapsed > LIMIT - DELAY,
        f"Your function ended after {seconds(outcome.elapsed)} of {seconds(LIMIT)}, without {', '.join(lost)}: one "
        f"call, to {NEVER}, took too long, and its TimeoutError was taken for the end of the time. {INSIDE}",
    )
    expect(
        not lost,
        f"There was time for {', '.join(lost)}, and yet there is only an `error`: {NEVER} never answers, and the "
        "others should neither wait for it nor be given up with it.",
    )
    _expect_data(outcome.result, items)
    done_with = max(len(items), sum(in_time))  # more, if a call gave up before the time was up
    expected = [(number, len(paths)) for number in range(1, done_with + 1)]
    expect(
        reports == expected,
        f"When {NEVER} never answers, the reports were {shown(reports)}, and {shown(expected)} were expected: an "
        "address that did not come in time is not done with, so report nothing for it.",
    )
    _expect_nothing_left(outcome, "when the time is up, cancel the rest, and wait until they have stopped")


question(
    "7A",
    about="prediction 7.2",
    asks="A server answers with status 500. What does aiohttp's `session.get` do, if you have set nothing?",
    a="It raises an exception",
    b="It tries again",
    c="It gives you the response",
    right="c",
    why="The server answered, and that is all it asks for. Look at the status, or call `raise_for_status()`.",
)
question(
    "7B",
    about="prediction 7.3",
    asks="Your loop has `timeout=5`, and ends with a TimeoutError after 1 s. Where does it come from?",
    a="From one call, whose own limit was 1 s",
    b="From the loop: no time was left",
    c="From the server",
    right="a",
    why="An exception of one call comes out of your `await`, and ends the loop. A TimeoutError may come from either: "
    "catch that of a call inside its coroutine.",
)
question(
    "7C",
    about="prediction 7.1",
    asks="One aiohttp session sends 300 requests at the same time. How many connections does it open at most?",
    a="1",
    b="100",
    c="300",
    right="b",
    why="A connection carries one request at a time, and a session opens 100 at most. The other requests wait for one, "
    "and a time limit around the call counts that, too.",
)
