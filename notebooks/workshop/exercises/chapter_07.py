"""Predictions and exercises of chapter 07, fetching many addresses."""

import inspect
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from workshop.exercises.checks import BLOCKS, attempt, exercise, expect, expect_nothing_left, seconds, shown
from workshop.exercises.predictions import Prediction, Verdict, prediction

REQUESTS, AIOHTTPS_LIMIT = 150, 100


def _connections(number: int) -> Verdict:
    did = f"in your run, the server saw {number} connection{'s' * (number != 1)}"
    return {1: "a", AIOHTTPS_LIMIT: "b", REQUESTS: "c"}.get(number), did


def _not_found(happened: Any) -> Verdict:
    if happened is None:
        return "b", "in your run, the response was None"
    if isinstance(happened, BaseException):
        return "a", f"in your run, {type(happened).__name__} was raised"
    return "c", f"in your run, there was a response, with status {happened.status}"


def _whose_timeout(received: list[Any], hung_until: float | None) -> Verdict:
    did = f"in your run, {len(received)} answer{'s were' if len(received) != 1 else ' was'} received"
    if hung_until is None:
        return None, did
    did += f", and the call to /hang ended after {seconds(hung_until)}"
    if not received:
        return ("a" if hung_until < 2 else None), did
    return ("b" if hung_until > 2 else "c"), did


prediction(
    "7.1",
    Prediction(
        answers={
            "a": "A connection carries one request at a time. For one connection, 149 requests would have to wait; "
            "aiohttp opens others for them, up to 100.",
            "b": "A connection carries one request at a time, so as many are needed as requests are under way. "
            "aiohttp opens up to 100, and the other 50 requests use them again.",
            "c": "That is what a session each gives. One session opens up to 100 connections, and the other 50 "
            "requests use them again.",
        },
        usual="b",
        observes="the server's count of connections",
        verdict=_connections,
    ),
)
prediction(
    "7.2",
    Prediction(
        answers={
            "a": "The server answered, and that is all aiohttp asks for. It raises when there is no answer; a bad "
            "status becomes an exception only by raise_for_status().",
            "b": "There is always a response when the server answered, with a status to look at.",
            "c": "The server answered, and that is all aiohttp asks for. Look at the status, or call "
            "raise_for_status().",
        },
        usual="c",
        observes="the response, or the exception",
        verdict=_not_found,
    ),
)
prediction(
    "7.3",
    Prediction(
        answers={
            "a": "The TimeoutError of one call, after its 0.2 s, came out of your `await` and ended the loop. What is "
            "printed is wrong: nowhere near 5 seconds have passed.",
            "b": "The call to /hang has a limit of its own, 0.2 s. Its TimeoutError comes out of your `await`, and "
            "ends the loop long before the photos arrive.",
            "c": "For that, somebody would have to catch the TimeoutError of that one call inside the loop. Here it "
            "ends the loop.",
        },
        usual="a",
        observes="the list of what was received, and when the call to /hang ended",
        verdict=_whose_timeout,
    ),
)

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

    async def call(*arguments: int) -> Any:
        return answer(*arguments)

    plain = inspect.isfunction(answer) and not inspect.iscoroutinefunction(answer)
    for completed, total, percent in PERCENT:
        case = f"for {completed} of {total}"
        outcome = await attempt(call if plain else answer, completed, total, when=case)
        expect(isinstance(outcome.result, str), f"A line of text was expected {case}, not {shown(outcome.result)}.")
        found = re.fullmatch(r"\s*Progress: (-?\d+)%\s*", outcome.result)
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


MOST, SECONDS, DELAY = 4, 2.5, 0.1
NOT_THERE, NEVER = "/status/404", "/hang"


@exercise("7.2")
async def polite_crawler(answer: Any) -> str:
    """Check the exercise: a crawler that keeps to the limit, tries again, tells progress, and ends in time."""
    from workshop.api import demo_api

    items = [f"/items/{number}" for number in range(1, 13)]
    paths = [*items[:5], NOT_THERE, *items[5:]]
    reports: list[tuple[Any, Any]] = []
    async with demo_api(DELAY, failures=0.25, limit=MOST, seed=5) as api:
        outcome = await attempt(answer, api.url, paths, MOST, SECONDS * 2, lambda *report: reports.append(report))
    expect(not outcome.blocked, BLOCKS)
    asked = Counter(request.path for request in api.requests)
    missing = [path for path in paths if not asked[path]]
    expect(not missing, f"The server was never asked for {', '.join(missing)}.")
    refused = sum(request.status == 429 for request in api.requests)
    expect(
        not refused,
        f"The server turned {refused} requests away, since there were more than {MOST} at a time: where is the limit?",
    )
    expect(
        api.connections <= MOST + _cut_connections(api),
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
    expect(
        not lost,
        f"{', '.join(lost)} failed, and another attempt would have succeeded: try again, up to four times.",
    )
    expect(
        reports and all(len(report) == 2 for report in reports),
        "Nothing was reported: call report(completed, total) whenever an address is done with.",
    )
    expect(
        reports == [(number, len(paths)) for number in range(1, len(paths) + 1)],
        f"The reports were {shown(reports)}: (1, {len(paths)}), (2, {len(paths)}) and so on were expected, one for "
        "each address that is done with, failed or not.",
    )
    expect_nothing_left(outcome)
    await _expect_in_time(answer)
    return f"Polite, persistent and in time: {len(api.requests)} requests, {api.connections} connections."


def _cut_connections(api: Any) -> int:
    """Return how many connections had to be replaced, since the server or the client gave them up."""
    return sum(request.status is None or request.status >= 500 for request in api.requests)


def _error(answer: Any) -> Any:
    return getattr(answer, "error", None)


def _expect_answers(answers: Any, paths: list[str]) -> None:
    """Go on if there is an answer for each path."""
    expect(
        isinstance(answers, Mapping),
        f"A dictionary was expected, with an Answer for each path, not {shown(answers)}.",
    )
    missing = [path for path in paths if path not in answers]
    expect(not missing, f"There is no Answer for {', '.join(missing)}: every path gets one, whatever became of it.")
    strange = [path for path in paths if not hasattr(answers[path], "error")]
    expect(not strange, f"For {', '.join(strange)} there is something else than an Answer.")


async def _expect_in_time(answer: Any) -> None:
    """Go on if a crawl ends in time though one address never answers, and leaves nothing running."""
    from workshop.api import demo_api

    paths, limit = [NEVER, "/items/1", "/items/2"], 0.4
    async with demo_api(DELAY) as api:
        outcome = await attempt(answer, api.url, paths, 2, limit, lambda *report: None, when="when an address hangs")
    expect(
        outcome.elapsed < limit + 0.4,
        f"{NEVER} never answers, there were {seconds(limit)}, and your function took {seconds(outcome.elapsed)}.",
    )
    _expect_answers(outcome.result, paths)
    expect(
        _error(outcome.result[NEVER]) and not _error(outcome.result["/items/1"]),
        f"What arrived in time should be there, and {NEVER} should have an `error`.",
    )
    expect_nothing_left(outcome)
