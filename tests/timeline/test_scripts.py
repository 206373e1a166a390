"""A timeline works wherever an event loop runs: in a script, in a cell, and under nested loops."""

import pytest

from support.scripts import run_script


def output_of(source):
    """Run a script. Warnings are errors, but for one that is not ours: nest_asyncio uses what goes in Python 3.16."""
    going = [f"ignore:'asyncio:DeprecationWarning:{module}" for module in ("nest_asyncio", "nest_asyncio2")]
    return run_script(source, options=tuple(part for each in ("error", *going) for part in ("-W", each)))


SLEEPERS = """
import asyncio
from workshop.timeline.block import Timeline

async def sleeper(seconds, name):
    await asyncio.sleep(seconds)
    return name

async def main():
    async with Timeline() as timeline:
        for next_result in asyncio.as_completed([sleeper(0.2, "A"), sleeper(0, "B"), sleeper(0.1, "C")]):
            print(await next_result, end=" ")
        print(*await asyncio.gather(sleeper(0, "D"), sleeper(0, "E")), end=" ")
    assert "create_task" not in vars(asyncio.get_running_loop())
    return timeline

def report(timeline):
    print(*sorted(task.name for task in timeline.tasks), sep="; ")
    for task in timeline.tasks:
        assert task.outcome == "result"
        assert 0 <= task.created <= task.started <= task.finished <= task.received <= timeline.tasks.ended
"""
SLEEPERS_REPORT = "B C A D E " + "; ".join(
    ["sleeper(0, 'B')", "sleeper(0, 'D')", "sleeper(0, 'E')", "sleeper(0.1, 'C')", "sleeper(0.2, 'A')\n"]
)


def test_in_a_script():
    assert output_of(SLEEPERS + "report(asyncio.run(main()))") == SLEEPERS_REPORT


nesting = pytest.mark.parametrize("nest_asyncio", ["nest_asyncio", "nest_asyncio2"])


@nesting
def test_in_a_script_that_has_allowed_nested_loops(nest_asyncio):
    source = f"import {nest_asyncio}; {nest_asyncio}.apply(){SLEEPERS}report(asyncio.run(main()))"
    assert output_of(source) == SLEEPERS_REPORT


@nesting
def test_all_ends_of_tasks_in_a_script_that_has_allowed_nested_loops(nest_asyncio):
    source = f"""
import {nest_asyncio}; {nest_asyncio}.apply(){SLEEPERS}
async def failing():
    raise ValueError

async def giving_up():
    me.cancel()

async def endings():
    global me
    async with Timeline(steps=True) as timeline:
        tasks = [asyncio.create_task(work) for work in (failing(), giving_up(), sleeper(9, "late"), sleeper(9, "left"))]
        me = tasks[1]
        await asyncio.sleep(0)
        tasks[2].cancel()
        await asyncio.wait(tasks[:3])
        await asyncio.gather(*tasks[:3], return_exceptions=True)
        assert timeline.unfinished() == tasks[3:], timeline.unfinished()
    tasks[3].cancel()
    for task in timeline.tasks:
        print(task.name, task.outcome, [moment is not None for moment in (task.started, task.finished)], end="; ")
        assert len(task.steps) == (2 if "sleeper" in task.name and task.finished else 1), task
asyncio.run(endings())"""
    assert output_of(source) == (
        "failing() exception [True, True]; giving_up() cancelled [True, True]; "
        "sleeper(9, 'late') cancelled [True, True]; sleeper(9, 'left') still running [True, False]; "
    )


@nesting
def test_around_code_that_allows_nested_loops_and_runs_one(nest_asyncio):
    source = f"""{SLEEPERS}
async def nested():
    async with Timeline() as timeline:
        await asyncio.create_task(sleeper(0, "before"))
        import {nest_asyncio}
        {nest_asyncio}.apply()
        asyncio.run(sleeper(0, "nested"))
        await asyncio.create_task(sleeper(0, "after"))
    return timeline
report(asyncio.run(nested()))"""
    assert output_of(source) == "sleeper(0, 'after'); sleeper(0, 'before'); sleeper(0, 'nested')\n"


def test_in_a_cell():
    source = f"""{SLEEPERS}
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(user_ns=dict(globals()))
cell = shell.transform_cell("timeline = await main()")
result = asyncio.run(shell.run_cell_async(cell, transformed_cell=cell))
assert result.success, result.error_in_exec
report(shell.user_ns["timeline"])"""
    assert output_of(source) == SLEEPERS_REPORT


def test_recording_needs_the_standard_library_only():
    source = f"""{SLEEPERS}
import sys
timeline = asyncio.run(main())
str(timeline)
print(sorted(sys.modules.keys() & {{"matplotlib", "IPython", "numpy", "nest_asyncio", "ipykernel"}}))"""
    assert output_of(source) == "B C A D E []\n"
