"""Predictions and the exercise of chapter 10, beyond one loop."""

import asyncio
import inspect
import os
import threading
import time
from typing import Any

from .. import runner
from ..checks import WrongError, attempt, exercise, expect, expect_all_awaited, explaining, seconds, shown, texts_of
from ..predictions import Verdict, prediction
from ..questions import question
from ..slow_calls import attempt_cancelled


@prediction(
    "10.1",
    usual="a",
    observes="the list of the calls that had finished",
    a="`break` leaves the loop, and cancels nothing. Then the end of the `with` block waits for every call that was "
    "handed to the pool, for D too, which had not even begun.",
    b="`break` leaves the loop, and cancels nothing. But the block has an end, too: there the pool waits for every "
    "call that was handed to it.",
    c="That is what you get with `pool.shutdown(cancel_futures=True)`. Without it, the end of the block waits for "
    "every call that was handed to the pool, for those that have not begun as well.",
)
def _left_the_pool(finished: list[str]) -> Verdict:
    names = sorted(finished)
    did = f"when your block had been left, {', '.join(names) or 'nothing'} had finished"
    return {("A", "B", "C", "D"): "a", ("B",): "b", ("A", "B", "C"): "c"}.get(tuple(names)), did


@prediction(
    "10.2",
    usual="c",
    observes="the list of what the loop received",
    a="A process pool would do that. Dask still knows what B was: it starts another process, and calls the function "
    "again.",
    b="The loop doesn't wait for the process, it waits for the result. Dask knows which call the lost process had "
    "under way, starts another process, and calls the function again.",
    c="Dask knows which call the lost process had under way, starts another process, and calls the function again. So "
    "a function may run twice: it should do no harm the second time.",
)
def _killed_in_the_middle(received: list[str]) -> Verdict:
    names = [name for name in received if name in ("A", "B")]
    did = f"your loop received {' and '.join(names) or 'nothing'}"
    if len(received) > len(names):
        return "a", f"{did}, and an exception"
    return {("A",): "b", ("A", "B"): "c"}.get(tuple(names)), did


TOO_LONG = 1.0
"""Seconds by which an answer may be late on a busy computer."""
BLOCKED_BY_MISTAKE = 0.5
"""Seconds without a turn of the loop from which on it is not just the computer that is busy."""
PATIENCE = 1.0
"""Seconds that the news of a cancellation gets to reach the cluster."""
QUICK = 0.05
"""Seconds that a call of next to nothing takes on the cluster, at the most, where the computer is not busy."""
SLOWEST = 5.0
"""How many times as long the check's cases last at the most, where it is."""

IDEAS_BEHIND_ENDS = {
    "^Your code raised TimeoutError": "Your function raised TimeoutError. Catch it around the loop, and return what "
    "had arrived by then.",
    "^Your code raised FutureCancelledError": "Your function raised FutureCancelledError: it awaited a future that it "
    "had cancelled. Cancel only when the loop is over, and return what had arrived before that.",
    "object list can't be used in 'await'|'list' object can't be awaited": "`client.map` gives a list of futures, and "
    "a list is not awaited: loop over `as_completed` of it.",
    "__aiter__": "`async for` goes over `dask.distributed.as_completed(futures, ...)` itself: not over a list, and not "
    "over its `batches()`.",
    "attached to a different loop": "Use the client that your function is given, and no other.",
    "^Your code kept the event loop": "Your code kept the event loop from turning, and this loop is what brings Dask's "
    "results to you: so nothing ever comes. Look for a plain `for` over Dask's `as_completed` (it is `async for`, not "
    "`for`), for a `time.sleep`, or for a call of the function itself, which belongs on the cluster.",
}
"""What is said in place of a message."""


City = tuple[Any, float, str]
"""What a call returns, how many seconds it takes, and the call that has to end before."""

LONGEST_WAIT = 1.5
"""Seconds that a call waits for another one, at most: an answer may have them called one after another."""

_ended: dict[str, threading.Event] = {}


def call(city: City) -> Any:
    """Take a city's time, and return its name: what the check has called on its cluster, in one process there."""
    name, delay, after = city
    if after:
        _ended.setdefault(after, threading.Event()).wait(LONGEST_WAIT)
    time.sleep(delay)
    _ended.setdefault(name, threading.Event()).set()
    return name


@exercise("10.1")
async def collect_within(answer: Any) -> str:
    """Check the exercise: what arrives from a cluster within a time limit, and nothing left to be begun there."""
    expect(
        not runner.is_empty(answer), "Nothing here yet: write the body of the function, run its cell, then this one."
    )
    expect(
        not inspect.isasyncgenfunction(answer),
        "Your function contains `yield`, which makes it an asynchronous generator. Here a list is asked for, with "
        "`return`.",
    )
    if not callable(answer) or isinstance(answer, type):
        await attempt(answer)  # says what it is in place of a function, before a cluster is started for it
    from workshop.demos.cluster import ClusterError, small_cluster  # this brings Dask, which takes a second

    try:
        async with small_cluster(workers=1, threads=2) as client:
            process = await client.run(os.getpid)
            try:
                slowness = await _slowness(client)
                await _in_full(answer, client, slowness)
                await _results_that_count_as_false(answer, client, slowness)
                # towards the end: what it has under way keeps the worker busy
                slowness = await _slowness(client)
                await _in_part(answer, client, slowness)
                cities = [("Riga", 0.1, "")]
                await attempt_cancelled(answer, 4.0, client, call, cities, after=0.05, slowness=slowness)
            except WrongError:
                _expect_still_open(client)
                expect(
                    await client.run(os.getpid) == process,
                    "The worker of the check's cluster ended in the middle, so nothing is known of your answer. Run "
                    "this cell again. (If your function calls `client.restart()`: that ends it, for everybody.)",
                )
                raise
    except ClusterError as error:
        raise WrongError(f"The check could not run your answer. {error}") from None
    return "You get what arrived in time, and nothing waits on the cluster."


def _expect_still_open(client: Any) -> None:
    """Go on if an answer has left the client and its cluster to its caller."""
    expect(
        client.status == "running" and client.cluster.status.name == "running",
        "Your function closed the client or its cluster. Whoever called it still needs both: cancel only the futures.",
    )


async def _in_full(answer: Any, client: Any, slowness: float) -> None:
    """Let all calls arrive in time; and if that takes long, others once more: the computer may have stood still."""
    for first, second, third, limit in (("Oslo", "Kyiv", "Rome", 4.0), ("Ghent", "Turin", "Lyon", 8.0)):
        limit *= slowness
        cities = [(third, 0.3, second), (first, 0.2, ""), (second, 0.2, first)]
        outcome = await _attempt(answer, limit, client, cities, slowness)
        if outcome.elapsed < limit * 0.75:
            break
    expect(
        outcome.result != [third, first, second],
        f"They should arrive in the order {first}, {second}, {third}, and your list has that of the inputs. Hand all "
        "calls to the client first; then take each result when it is ready, and not in the order of the list.",
    )
    _expect_results(outcome.result, [first, second, third], limit)
    expect(
        outcome.elapsed < limit * 0.75,
        f"The last result was there after about 0.7 s, and your function took {seconds(outcome.elapsed)}: "
        "the limit is the most to wait, not the least.",
    )


async def _results_that_count_as_false(answer: Any, client: Any, slowness: float) -> None:
    outcome = await _attempt(answer, 4.0 * slowness, client, [(None, 0.0, ""), ("", 0.0, ""), (0, 0.0, "")], slowness)
    names = _names(outcome.result)
    expect(
        sorted(names) == sorted(_names([None, "", 0])),
        f"Three calls gave None, '' and 0, and your function returned {shown(outcome.result)}: what counts as false is "
        "a result, too.",
    )


async def _slowness(client: Any) -> float:
    """Return how many times as long as elsewhere things take on this computer now: from 1 to `SLOWEST`."""
    began = time.perf_counter()
    for number in range(3):
        await client.submit(abs, number, pure=False)
    return min(max((time.perf_counter() - began) / 3 / QUICK, 1.0), SLOWEST)


async def _in_part(answer: Any, client: Any, slowness: float) -> None:
    """Let two calls arrive, two be under way when the time is over, and two not have begun."""
    early = [("Bonn", 0.2, "Cork"), ("Cork", 0.0, "")]
    late = [("Lima", 2.2 * slowness, ""), ("Bern", 2.3 * slowness, "")]
    cities = [*early, *late, ("Graz", 0.1, ""), ("Riga", 0.1, "")]
    still_wanted = -1

    async def look() -> None:
        nonlocal still_wanted
        still_wanted = await _still_wanted(client)

    limit = 1.0 * slowness
    outcome = await _attempt(answer, limit, client, cities, slowness, look)
    _expect_results(outcome.result, ["Cork", "Bonn"], limit)
    expect(
        "_cancel" not in outcome.never_awaited,
        "`cancel(...)` was called but never awaited: with an asynchronous client it only makes a coroutine, and "
        "nothing is cancelled.",
    )
    expect(
        outcome.elapsed < limit + TOO_LONG * slowness,
        f"With a limit of {seconds(limit)}, your function took {seconds(outcome.elapsed)}: a call that is under way "
        "cannot be stopped, so cancel the futures, and then don't wait for them.",
    )
    expect(
        not still_wanted,
        f"The result is right, but on the cluster {still_wanted} calls still run or wait for their turn. A time limit "
        "ends your waiting, and not their work: cancel the futures.",
    )
    expect_all_awaited(outcome)


async def _attempt(
    answer: Any, limit: float, client: Any, cities: list[City], slowness: float, look: Any = None
) -> runner.Outcome:
    """Run an answer as `attempt` does, and name the idea where it ended in a way of this chapter's."""
    when, within = f"with a limit of {seconds(limit)}", limit + runner.WAIT_LIMIT * slowness
    with explaining(IDEAS_BEHIND_ENDS):
        outcome = await attempt(answer, limit, client, call, cities, when=when, look=look, within=within)
    _expect_still_open(client)
    expect(outcome.longest_block < BLOCKED_BY_MISTAKE, IDEAS_BEHIND_ENDS["^Your code kept the event loop"])
    return outcome


def _names(result: Any) -> list[str]:
    """Return the items of a list or tuple as text."""
    return texts_of(
        result,
        f"Your function returned {shown(result)}: a list was expected.",
        "Your list holds awaitables: a future of Dask is awaited for its result, and so is `future.result()`.",
    )


def _expect_results(result: Any, expected: list[str], limit: float) -> None:
    """Go on if an answer returned what was expected, in this order."""
    names = _names(result)
    expect(
        names,
        f"With a limit of {seconds(limit)}, the results {shown(expected)} arrive in time, and your list is empty: "
        "put each result into it as it arrives. `gather` and `wait` give all results or none.",
    )
    expect(
        sorted(names) == sorted(expected),
        f"With a limit of {seconds(limit)}, the results {shown(expected)} arrive in time, and your function returned "
        f"{shown(names)}.",
    )
    expect(names == expected, f"They arrived in the order {', '.join(expected)}, and your list is {', '.join(names)}.")


async def _still_wanted(client: Any) -> int:
    """Return how many calls the scheduler still wants done, once the news of a cancellation has had time to arrive."""
    tasks = client.cluster.scheduler.tasks
    for _ in range(int(PATIENCE / 0.05)):
        if not tasks:
            break
        await asyncio.sleep(0.05)
    return sum(task.state != "memory" for task in tasks.values())


question(
    "10A",
    about="prediction 10.1",
    asks="In a `with ThreadPoolExecutor()` block you `break` out of the loop. When does the program leave the block?",
    a="Immediately",
    b="When the calls that have begun are done",
    c="When all calls are done",
    right="c",
    why="The end of the block waits for every call that was handed to the pool, unless `shutdown(cancel_futures=True)` "
    "drops those that have not begun.",
)
question(
    "10B",
    about="prediction 10.2",
    asks="Workers of a Dask cluster may die while a function of yours runs there. What is asked of the function?",
    a="That it does no harm when it runs twice",
    b="That it catches the error",
    c="That it is asynchronous",
    right="a",
    why="Dask knows which call was lost, and makes it once more on another worker.",
)
question(
    "10C",
    about="exercise 10.1",
    asks="A call already runs in a pool's thread. What does its `future.cancel()` do?",
    a="It stops the call",
    b="Nothing: it returns False",
    c="It raises a CancelledError in the call",
    right="b",
    why="What runs in a thread or on a worker can't be stopped from outside. What has not begun can.",
)
