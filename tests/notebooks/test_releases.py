"""What the chapters say of single releases of Python and of packages, seen by running it on the Python that is here."""

import asyncio
import gc
import subprocess
import sys

import pytest

from support.newer_python import has_change

NESTED = """
import asyncio, sys

async def limited():
    async with asyncio.timeout(60):
        pass

async def grouped():
    async with asyncio.TaskGroup():
        pass

async def outcome(attempt):
    try:
        await attempt
    except RuntimeError:
        return "fails"
    return "works"

async def visit(name, seconds):
    asyncio.run(asyncio.sleep(seconds))
    print(name, end=" ")

async def inner():
    print(asyncio.Task.__module__, asyncio.current_task() is not None)
    print(*[await outcome(a) for a in (limited(), asyncio.wait_for(asyncio.sleep(0), 60), grouped())])
    await asyncio.gather(visit("short", 0.01), visit("long", 0.1))

async def main():
    asyncio.run(inner())

__import__(sys.argv[1]).apply()
asyncio.run(main())
"""

SLOW_TASK = "asyncio.tasks True\nworks works works\nlong short "
FAST_TASK = "_asyncio True\nworks works works\nlong short "
NO_TASK = "asyncio.tasks False\nfails fails fails\nlong short "


@pytest.mark.parametrize(
    ("package", "until_3_13", "from_3_14"),
    [("nest_asyncio", SLOW_TASK, NO_TASK), ("nest_asyncio2", SLOW_TASK, FAST_TASK)],
)
def test_what_nested_loops_cost(package, until_3_13, from_3_14):
    command = [sys.executable, "-W", "ignore", "-c", NESTED, package]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert run.stdout == (from_3_14 if sys.version_info >= (3, 14) else until_3_13), run.stderr


async def sleeper(seconds, name):
    await asyncio.sleep(seconds)
    return name


def test_a_round_that_is_cancelled_is_given_back_by_newer_pythons():
    async def received():
        results = []
        for number, next_result in enumerate(asyncio.as_completed([sleeper(0, "A"), sleeper(0, "B")])):
            if number == 0:
                cancelled = asyncio.ensure_future(next_result)
                asyncio.get_running_loop().call_soon(cancelled.cancel)
                await asyncio.wait([cancelled])
            else:
                results.append(await next_result)
        return sorted(results)

    given_back = has_change(["3.14.9", "3.15.1"])
    assert len(asyncio.run(received())) == (2 if given_back else 1)


async def never():
    """Wait for something that nobody else knows of."""
    await asyncio.get_running_loop().create_future()


async def _complaints_after_break(*functions):
    """Loop over calls of these functions, which nobody else holds, and leave early."""
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context["message"]))
    for next_result in asyncio.as_completed([sleeper(0, "quick"), *(call() for call in functions)]):
        await next_result
        break
    next_result = None
    gc.collect()
    return complaints


def test_a_task_that_nobody_holds_may_be_lost():
    assert asyncio.run(_complaints_after_break(never)) == ["Task was destroyed but it is pending!"]


def test_a_task_that_sleeps_or_is_held_is_not_lost():
    async def both():
        task = asyncio.create_task(never())
        return await _complaints_after_break(lambda: task, lambda: sleeper(60, "slow")), task.done()

    assert asyncio.run(both()) == ([], False)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
def test_an_eager_task_begins_when_it_is_made():
    begun = []

    async def begin():
        begun.append(True)

    async def make():
        before = asyncio.create_task(begin()), list(begun)
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        eager = asyncio.create_task(begin()), list(begun)
        return before[1], eager[1]

    assert asyncio.run(make()) == ([], [True])


@pytest.mark.skipif(sys.version_info < (3, 14), reason="call graphs are new in Python 3.14")
def test_whether_a_task_awaited_through_as_completed_tells_who_waits():
    async def graph():
        task = asyncio.create_task(never())

        async def consumer():
            for next_result in asyncio.as_completed([task]):
                await next_result

        waiting = asyncio.create_task(consumer(), name="the consumer")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        told = asyncio.format_call_graph(task)
        waiting.cancel()
        task.cancel()
        return told

    assert ("the consumer" in asyncio.run(graph())) == has_change(["3.14.8", "3.15.0"])
