"""A small Dask cluster on the reader's own computer, for as long as a block lasts."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from dask.distributed import Client, LocalCluster


class ClusterError(RuntimeError):
    """A cluster could not be started; the message says why, and what to do."""


@asynccontextmanager
async def small_cluster(workers: int = 2, threads: int = 1) -> AsyncIterator[Client]:
    """Start a cluster of a few processes on this computer, and end it with the block, however that is left.

    It listens on 127.0.0.1 only and takes free ports, also for the pages about its state. When a worker's process dies,
    Dask starts another, and has what was lost with it called again. What Dask logs about that is kept out of the
    notebook: what a reader has to know arrives as an exception. At the end, a call that is under way gets four seconds
    (Dask's own limit), and is then ended together with its process.

    Args:
        workers: how many worker processes.
        threads: how many calls each of them runs at a time.

    Yields:
        An asynchronous client: what it returns is awaited. Its cluster is `client.cluster`.

    Raises:
        ClusterError: the processes could not be started. None of them is left.
    """
    starting = asyncio.create_task(_start(workers, threads))
    try:
        client = await asyncio.shield(starting)
    except asyncio.CancelledError:
        with suppress(ClusterError):  # a cluster that is stopped half-way through its start leaves processes behind
            await _stop(await starting)
        raise
    try:
        yield client
    finally:
        await _stop(client)


async def _start(workers: int, threads: int) -> Client:
    """Return a client with a cluster, both of which run."""
    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=threads,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",  # with None it takes port 8787, and warns if that is taken
        silence_logs=logging.CRITICAL,
        asynchronous=True,
    )
    try:
        await cluster
        return await Client(cluster, asynchronous=True)
    except Exception as error:
        await cluster.close()
        reason: BaseException = error
        while reason.__cause__:
            reason = reason.__cause__
        raise ClusterError(
            f"Dask could not start a cluster of {workers} processes on this computer ({type(reason).__name__}: "
            f"{reason}). Close other programs, restart the kernel, and run the cell again."
        ) from error


async def _stop(client: Client) -> None:
    """End a client and its cluster; what its workers still do ends with their processes."""
    try:
        await client.close()
    finally:
        await client.cluster.close()
