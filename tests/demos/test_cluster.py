"""The small Dask cluster: it does its work, survives the death of a worker, and leaves nothing behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import dask
import dask.distributed
import psutil
import pytest
from dask.distributed import KilledWorker

from support.leftovers import child_processes
from workshop.demos import cluster as cluster_module
from workshop.demos.calls import count_primes, end_process
from workshop.demos.cluster import ClusterError, small_cluster

pytestmark = pytest.mark.slow(20)

PATIENCE = 120
"""Seconds after which a test gives up: much more than a busy computer needs."""


@pytest.fixture(autouse=True)
def no_process_is_left():
    yield
    assert child_processes() == []


def nap(seconds, name):
    time.sleep(seconds)
    return name, os.getpid()


async def kill_workers(client):
    for process in (await client.run(os.getpid)).values():
        os.kill(process, signal.SIGTERM)


async def test_calls_arrive_in_the_order_in_which_they_are_ready():
    async with small_cluster(workers=2) as client:
        b_has_come = dask.distributed.Event("B has come")

        def call(name):
            if name == "A":
                dask.distributed.Event("B has come").wait()
            return name

        received = []
        async for future in dask.distributed.as_completed(client.map(call, "AB")):
            received.append(await future)
            await b_has_come.set()
        assert received == ["B", "A"]
        assert len(child_processes()) == 2


async def test_it_listens_on_loopback_only():
    async with small_cluster(workers=1):
        processes = [psutil.Process(), *child_processes()]
        listening = [c.laddr for p in processes for c in p.net_connections() if c.status == psutil.CONN_LISTEN]
        assert len(listening) >= 4  # of the scheduler, of the worker and its nanny, and their pages
        assert {address.ip for address in listening} == {"127.0.0.1"}
        assert 8787 not in {address.port for address in listening}


async def test_a_worker_that_dies_in_the_middle_costs_no_result():
    async with small_cluster(workers=1) as client:
        futures = client.map(nap, [0.1, 1.5, 0.1], "ABC")
        received = {}
        async for future in dask.distributed.as_completed(futures):
            name, process = await future
            received[name] = process
            if name == "A":
                await kill_workers(client)
    assert list(received) == ["A", "B", "C"]
    assert received["B"] != received["A"]


async def test_a_call_that_kills_its_workers_is_given_up_with_a_clear_exception():
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        async with small_cluster(workers=1) as client:
            with pytest.raises(KilledWorker, match=r"end_process.* on 2 different workers.* died while running it"):
                await client.submit(end_process)
            assert await client.submit(count_primes, 10) == (10, 4)


async def test_a_block_may_end_while_a_dead_worker_is_being_replaced():
    async with small_cluster(workers=1) as client:
        await kill_workers(client)


async def test_a_block_that_fails_leaves_nothing():
    with pytest.raises(ZeroDivisionError):
        async with small_cluster(workers=2) as client:
            client.map(nap, [0.5, 0.5], "AB")
            raise ZeroDivisionError


async def test_a_block_that_is_cancelled_leaves_nothing():
    entered = asyncio.Event()

    async def block():
        async with small_cluster(workers=2) as client:
            futures = client.map(nap, [0.5, 0.5], "AB")
            entered.set()
            await asyncio.Event().wait()
            del futures

    task = asyncio.create_task(block())
    await entered.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert child_processes() == []


async def test_a_start_that_is_cancelled_leaves_nothing():
    async def block():
        async with small_cluster(workers=2):
            pytest.fail("it was cancelled before")

    task = asyncio.create_task(block())
    while not child_processes():  # noqa: ASYNC110 (a process cannot set an event)
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert child_processes() == []


async def test_a_cluster_that_cannot_start_says_why_and_leaves_nothing(monkeypatch):
    async def fail(*arguments, **options):
        assert len(child_processes()) == 2
        raise ConnectionError("cannot connect") from OSError("no route to it")

    monkeypatch.setattr(cluster_module, "Client", fail)
    with pytest.raises(
        ClusterError, match=r"a cluster of 2 processes .*\(OSError: no route to it\)\. Close other programs"
    ):
        async with small_cluster(workers=2):
            pytest.fail("there is no client")


SCRIPT = """\
import asyncio, os, signal, time
import dask.distributed
from workshop.demos.calls import end_process
from workshop.demos.cluster import small_cluster

async def main():
    async with small_cluster(workers=1) as client:
        futures = client.map(time.sleep, [0.1, 1])
        await futures[0]
        [process] = (await client.run(os.getpid)).values()
        os.kill(process, signal.SIGTERM)
        await futures[1]
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        async with small_cluster(workers=1) as client:
            print(repr(await client.submit(end_process).exception())[:12])
            under_way = client.submit(time.sleep, 1)
            await asyncio.sleep(0.5)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_what_dask_logs_is_kept_from_the_reader(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    assert run_python(str(script)) == ("KilledWorker\n", "")


def test_functions_for_other_processes_come_without_dask_and_pictures():
    source = (
        "import sys, workshop.demos.calls; print({'dask', 'distributed', 'matplotlib', 'IPython'} & sys.modules.keys())"
    )
    assert run_python("-c", source) == ("set()\n", "")


def run_python(*arguments: str) -> tuple[str, str]:
    """Run Python with these arguments and this process's import path; return what it printed, and its stderr."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE)
    return run.stdout, run.stderr


@pytest.mark.parametrize(("limit", "count"), [(0, 0), (2, 0), (3, 1), (10, 4), (100, 25), (1000, 168)])
def test_prime_numbers_are_counted(limit, count):
    assert count_primes(limit) == (limit, count)
