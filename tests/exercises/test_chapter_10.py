"""The check of chapter 10, on its real cluster: right answers pass, wrong ones are told the idea."""

# ruff: noqa: N805 (answers of readers, in classes that are only groups)

import asyncio
import contextlib
import os
import signal
from functools import partial

import dask.distributed
import pytest
from dask.distributed import as_completed
from test_checks import judged

from support.leftovers import child_processes
from workshop.demos import cluster
from workshop.exercises import runner

pytestmark = pytest.mark.slow(70)


@pytest.fixture
def judge(capfd):
    """Return a function that checks an answer, and returns the line that was printed; no process may be left."""

    def judge(answer):
        line = judged(capfd, "10.1", answer)
        assert child_processes() == []
        return line

    return judge


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
    async def leaves_out_what_is_false(seconds, client, function, inputs):
        return [result for result in await Right.finally_cancels(seconds, client, function, inputs) if result]

    async def takes_a_cancellation_for_the_deadline(seconds, client, function, inputs):
        futures, results = client.map(function, inputs), []
        try:
            async for future in as_completed(futures, timeout=seconds):
                results.append(await future)
        except (TimeoutError, asyncio.CancelledError):
            pass
        finally:
            await client.cancel(futures)
        return results

    async def stub(seconds, client, function, inputs):
        """Return what arrives within the time."""
        # TODO

    def plain_function(seconds, client, function, inputs):
        return []

    async def cancels_nothing(seconds, client, function, inputs):
        return await collect(seconds, client.map(function, inputs))

    async def forgets_to_await_cancel(seconds, client, function, inputs):
        futures = client.map(function, inputs)
        results = await collect(seconds, futures)
        client.cancel(futures)
        return results

    async def lets_the_timeout_out(seconds, client, function, inputs):
        return [await future async for future in as_completed(client.map(function, inputs), timeout=seconds)]

    async def plain_for(seconds, client, function, inputs):
        return [await future for future in as_completed(client.map(function, inputs))]

    async def forgets_to_await_the_result(seconds, client, function, inputs):
        futures = client.map(function, inputs)
        return [future.result() async for future in as_completed(futures)]

    async def returns_futures(seconds, client, function, inputs):
        futures = client.map(function, inputs)
        return [future async for future in as_completed(futures)]

    async def gathers(seconds, client, function, inputs):
        return await client.gather(client.map(function, inputs))

    async def all_or_nothing(seconds, client, function, inputs):
        futures = client.map(function, inputs)
        try:
            return [await future async for future in as_completed(futures, timeout=seconds)]
        except TimeoutError:
            return []

    async def waits_for_the_rest(seconds, client, function, inputs):
        futures = client.map(function, inputs)
        results = await collect(seconds, futures)
        await dask.distributed.wait(futures)
        return results

    async def sleeps_until_the_deadline(seconds, client, function, inputs):
        futures = client.map(function, inputs)
        results = await collect(seconds, futures)
        await asyncio.sleep(seconds - 0.5)
        await client.cancel(futures)
        return results

    async def awaits_what_it_cancelled(seconds, client, function, inputs):
        futures = client.map(function, inputs)
        await collect(seconds, futures)
        await client.cancel(futures)
        return [await future for future in futures]

    async def cancels_coroutine_by_coroutine(seconds, client, function, inputs):
        futures = client.map(function, inputs)
        try:
            return await collect(seconds, futures)
        finally:
            for future in futures:
                future.cancel()
            await asyncio.gather(*futures, return_exceptions=True)

    async def closes_the_client(seconds, client, function, inputs):
        results = await collect(seconds, client.map(function, inputs))
        await client.close()
        return results

    async def closes_the_client_later(seconds, client, function, inputs):
        results = await collect(seconds, client.map(function, inputs))
        asyncio.create_task(client.close())  # noqa: RUF006
        return results

    async def closes_the_cluster(seconds, client, function, inputs):
        results = await collect(seconds, client.map(function, inputs))
        await client.cluster.close()
        return results

    async def one_after_another(seconds, client, function, inputs):
        return [await client.submit(function, each) for each in inputs]

    async def loops_over_batches(seconds, client, function, inputs):
        async for batch in as_completed(client.map(function, inputs), timeout=seconds).batches():
            return list(batch)

    async def awaits_the_list(seconds, client, function, inputs):
        return await client.map(function, inputs)

    async def calls_the_function_itself(seconds, client, function, inputs):
        return [function(each) for each in inputs]

    async def cancels_in_the_loop(seconds, client, function, inputs):
        futures, results = client.map(function, inputs), []
        async for future in as_completed(futures, timeout=seconds):
            await client.cancel(futures)
            results.append(await future)
        return results

    async def yields(seconds, client, function, inputs):
        async for future in as_completed(client.map(function, inputs), timeout=seconds):
            yield await future

    async def kills_the_worker(seconds, client, function, inputs):
        for process in (await client.run(os.getpid)).values():
            os.kill(process, signal.SIGTERM)
        await asyncio.sleep(0.5)
        return ["nothing"]


NAMED = {
    "leaves_out_what_is_false": "your function returned []: what counts as false is a result, too",
    "takes_a_cancellation_for_the_deadline": "and returned []: a CancelledError has to go its way",
    "stub": "Nothing here yet",
    "plain_function": "it starts with `def`",
    "cancels_nothing": "4 calls still run or wait for their turn",
    "forgets_to_await_cancel": "`cancel(...)` was called but never awaited",
    "lets_the_timeout_out": "raised TimeoutError. Catch it around the loop",
    "plain_for": "`async for`, not `for`",
    "forgets_to_await_the_result": "Your list holds awaitables",
    "returns_futures": "Your list holds awaitables",
    "gathers": "in the order Oslo, Kyiv, Rome, and your list has that of the inputs",
    "all_or_nothing": "your list is empty",
    "waits_for_the_rest": "don't wait for them",
    "sleeps_until_the_deadline": "the limit is the most to wait",
    "awaits_what_it_cancelled": "it awaited a future that it had cancelled",
    "cancels_coroutine_by_coroutine": "`cancel(...)` was called but never awaited",
    "closes_the_client": "Your function closed the client or its cluster",
    "closes_the_client_later": "Your function closed the client or its cluster",
    "closes_the_cluster": "Your function closed the client or its cluster",
    "one_after_another": "Hand all calls to the client first",
    "loops_over_batches": "not over its `batches()`",
    "awaits_the_list": "`client.map` gives a list of futures, and a list is not awaited",
    "calls_the_function_itself": "which belongs on the cluster",
    "cancels_in_the_loop": "Cancel only when the loop is over",
    "yields": "Your function contains `yield`",
    "kills_the_worker": "The worker of the check's cluster ended in the middle",
}


def answers(group):
    return {name: answer for name, answer in vars(group).items() if not name.startswith("__")}


@pytest.mark.parametrize("answer", answers(Right).values(), ids=answers(Right))
def test_right_answers_pass(judge, answer):
    assert judge(answer) == "✓ 10.1 You get what arrived in time, and nothing waits on the cluster.\n"


@pytest.mark.parametrize("name", answers(Wrong))
def test_wrong_answers_are_told_the_idea(judge, name):
    if name == "plain_for" and not hasattr(runner.signal, "setitimer"):
        pytest.skip("without an alarm, a blocking answer can only be interrupted by the reader")
    line = judge(answers(Wrong)[name])
    assert line.startswith("✗ ")
    assert NAMED[name] in line


def test_a_cluster_that_does_not_start_is_not_the_readers_fault(judge, monkeypatch):
    async def fail(*arguments):
        raise cluster.ClusterError("Dask could not start.")

    monkeypatch.setattr(cluster, "_start", fail)
    assert judge(Right.finally_cancels) == "✗ 10.1 The check could not run your answer. Dask could not start.\n"


@pytest.mark.parametrize("answer", [None, 3, "text", partial(Right.finally_cancels)])
def test_the_check_survives_anything(judge, answer):
    assert judge(answer)[:2] == ("✓ " if callable(answer) else "✗ ")
