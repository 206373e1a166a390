"""The check of chapter 10, on its real cluster: right answers pass, wrong ones are told the idea."""

# ruff: noqa: N805 (answers of readers, in classes that are only groups)

import asyncio
import contextlib
import os
import signal
from functools import partial

import dask.distributed  # noqa: F401 (for an answer that is given as text)
import pytest
from answers import members, right, wrong
from dask.distributed import as_completed

from support.leftovers import child_processes
from workshop.demos import cluster

pytestmark = pytest.mark.slow(70)

HAS_ALARM = hasattr(signal, "setitimer")


@pytest.fixture
def judge(judge):
    """Return a function that checks an answer, and returns what was printed; no process may be left."""

    def judge_and_look(number, answer):
        line = judge(number, answer)
        assert child_processes() == []
        return line

    return judge_and_look


async def collect(seconds, futures):
    """Return what arrives in time, and leave the futures as they are."""
    results = []
    with contextlib.suppress(TimeoutError):
        async for future in as_completed(futures, timeout=seconds):
            results.append(await future)
    return results


class Right:
    async def finally_cancels(seconds, client, function, inputs):
        futures = client.map(function, inputs)
        try:
            return await collect(seconds, futures)
        finally:
            await client.cancel(futures)

    async def a_timeout_around_the_loop(seconds, client, function, inputs):
        futures, results = [client.submit(function, each) for each in inputs], []
        try:
            async with asyncio.timeout(seconds):
                async for _, result in as_completed(futures, with_results=True):
                    results.append(result)
        except TimeoutError:
            for future in futures:
                await future.cancel()
        return results

    async def as_completed_of_asyncio(seconds, client, function, inputs):
        futures, results = client.map(function, inputs), []
        try:
            for next_result in asyncio.as_completed(futures, timeout=seconds):
                results.append(await next_result)
        except TimeoutError:
            await client.cancel(futures)
        return tuple(results)

    def starts_it_without_being_asynchronous(seconds, client, function, inputs):
        return Right.finally_cancels(seconds, client, function, inputs)


class Wrong:
    async def closes_the_client_later(seconds, client, function, inputs):
        results = await collect(seconds, client.map(function, inputs))
        asyncio.create_task(client.close())  # noqa: RUF006
        return results

    async def loops_over_batches(seconds, client, function, inputs):
        async for batch in as_completed(client.map(function, inputs), timeout=seconds).batches():
            return list(batch)

    async def cancels_in_the_loop(seconds, client, function, inputs):
        futures, results = client.map(function, inputs), []
        async for future in as_completed(futures, timeout=seconds):
            await client.cancel(futures)
            results.append(await future)
        return results

    async def kills_the_worker(seconds, client, function, inputs):
        for process in (await client.run(os.getpid)).values():
            os.kill(process, signal.SIGTERM)
        await asyncio.sleep(0.5)
        return ["nothing"]


FUTURES = "client.map(function, inputs)"
EACH = f"async for future in as_completed({FUTURES}, timeout=seconds)"
COLLECT = f"results = await collect(seconds, {FUTURES})"
PLAIN_FOR = "`async for`, not `for`"
CLOSED = "Your function closed the client or its cluster"

WRONG = wrong("10.1", Right.finally_cancels, [
    ("return [result for result in await Right.finally_cancels(seconds, client, function, inputs) if result]",
     "your function returned []: what counts as false is a result, too"),
    ("with contextlib.suppress(asyncio.CancelledError):\n"
     "    return await Right.finally_cancels(seconds, client, function, inputs)\n"
     "return []",
     "and returned []: a CancelledError has to go its way"),
    ("'Return what arrives within the time.'", "Nothing here yet"),
    (lambda seconds, client, function, inputs: [], "it starts with `def`"),
    ({"await client.cancel(futures)": "pass"}, "4 calls still run or wait for their turn"),
    ({"await client.cancel": "client.cancel"}, "`cancel(...)` was called but never awaited"),
    (f"return [await future {EACH}]", "raised TimeoutError. Catch it around the loop"),
    (f"return [await future for future in as_completed({FUTURES})]", PLAIN_FOR),
    (f"return [future.result() async for future in as_completed({FUTURES})]", "Your list holds awaitables"),
    (f"return [future async for future in as_completed({FUTURES})]", "Your list holds awaitables"),
    (f"return await client.gather({FUTURES})", "in the order Oslo, Kyiv, Rome, and your list has that of the inputs"),
    (f"try: return [await future {EACH}]\nexcept TimeoutError: return []", "your list is empty"),
    ({"client.cancel(futures)": "dask.distributed.wait(futures)"}, "don't wait for them"),
    ({"await client.cancel": "await asyncio.sleep(seconds - 0.5)\nawait client.cancel"},
     "the limit is the most to wait"),
    (f"futures = {FUTURES}; await collect(seconds, futures); await client.cancel(futures)\n"
     "return [await future for future in futures]",
     "it awaited a future that it had cancelled"),
    ({"await client.cancel(futures)": "for future in futures: future.cancel()"},
     "`cancel(...)` was called but never awaited"),
    (f"{COLLECT}; await client.close(); return results", CLOSED),
    (Wrong.closes_the_client_later, CLOSED),
    (f"{COLLECT}; await client.cluster.close(); return results", CLOSED),
    ("return [await client.submit(function, each) for each in inputs]", "Hand all calls to the client first"),
    (Wrong.loops_over_batches, "not over its `batches()`"),
    (f"return await {FUTURES}", "`client.map` gives a list of futures, and a list is not awaited"),
    ("return [function(each) for each in inputs]", "which belongs on the cluster"),
    (Wrong.cancels_in_the_loop, "Cancel only when the loop is over"),
    (f"{EACH}: yield await future", "Your function contains `yield`"),
    (Wrong.kills_the_worker, "The worker of the check's cluster ended in the middle"),
])  # fmt: skip


@pytest.mark.parametrize(("number", "answer"), right("10.1", members(Right)))
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer) == "✓ 10.1 You get what arrived in time, and nothing waits on the cluster.\n"


@pytest.mark.parametrize(("number", "answer", "words"), WRONG)
def test_wrong_answers_are_told_the_idea(told, number, answer, words):
    if words == PLAIN_FOR and not HAS_ALARM:
        pytest.skip("without an alarm, a blocking answer can only be interrupted by the reader")
    told(number, answer, words)


def test_a_cluster_that_does_not_start_is_not_the_readers_fault(judge, monkeypatch):
    async def fail(*arguments):
        raise cluster.ClusterError("Dask could not start.")

    monkeypatch.setattr(cluster, "_start", fail)
    line = judge("10.1", Right.finally_cancels)
    assert line == "✗ 10.1 The check could not run your answer. Dask could not start.\n"


@pytest.mark.parametrize("answer", [None, 3, "text", partial(Right.finally_cancels)])
def test_the_check_survives_anything(judge, answer):
    assert judge("10.1", answer)[:2] == ("✓ " if callable(answer) else "✗ ")
