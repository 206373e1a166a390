"""Who had the next turn is told from what ran, on each Python and in both ways of watching."""

import asyncio

import pytest

from workshop import Timeline
from workshop.exercises.next_turn import NextTurn, after_first_end

pytestmark = pytest.mark.usefixtures("way_of_watching")


async def sleeper(seconds: float, name: str) -> str:
    await asyncio.sleep(seconds)
    return name


async def blocking(name: str) -> str:
    return name


async def work(result: str) -> None:
    await asyncio.sleep(0.5)


async def test_tasks_that_never_wait_run_before_whoever_waits_for_the_first(clock):
    async with Timeline(steps=True) as timeline:
        tasks = [asyncio.create_task(blocking(name)) for name in "ABC"]
        for next_result in asyncio.as_completed(tasks):
            await next_result
    line = "async def blocking(name: str) -> str:"
    assert after_first_end(timeline.tasks) == NextTurn("blocking('A')", "blocking('B')", True, line)


async def test_gather_lets_the_second_answer_come_next(clock):
    async with Timeline(steps=True) as timeline:
        for result in await asyncio.gather(sleeper(2, "A"), sleeper(1, "B")):
            await asyncio.create_task(work(result))
    line = "await asyncio.sleep(seconds)"
    assert after_first_end(timeline.tasks) == NextTurn("sleeper(1, 'B')", "sleeper(2, 'A')", False, line)


async def test_as_completed_lets_whoever_waits_work_on_the_first(clock):
    async with Timeline(steps=True) as timeline:
        tasks = [asyncio.create_task(sleeper(2, "A")), asyncio.create_task(sleeper(1, "B"))]
        for next_result in asyncio.as_completed(tasks):
            await asyncio.create_task(work(await next_result))
    assert after_first_end(timeline.tasks) == NextTurn("sleeper(1, 'B')", "you", False, "")


async def test_what_has_no_answer_is_an_error(clock):
    async with Timeline(steps=True) as timeline:
        task = asyncio.create_task(sleeper(1, "A"))
        await asyncio.sleep(0.5)
    with pytest.raises(ValueError, match="no task has ended"):
        after_first_end(timeline.tasks)
    await task
    async with Timeline() as plain:
        await asyncio.create_task(sleeper(1, "A"))
    with pytest.raises(ValueError, match=r"Timeline\(steps=True\)"):
        after_first_end(plain.tasks)
