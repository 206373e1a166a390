"""Each exercise's check survives anything, ends what does not end, and leaves all as it was."""

import asyncio
import contextlib
import gc
import signal
import subprocess
import sys
import warnings

import pytest
from answers import ANYTHING, Anything, Endless, members, name_of
from test_chapters_00_to_03 import Right01, Right12, Right21

from support.places import NOTEBOOKS
from workshop.exercises import check
from workshop.exercises.checks import CHECKS

pytestmark = pytest.mark.slow(20)

HAS_ALARM = hasattr(signal, "setitimer")

NUMBERS = [number for number in CHECKS if not number.startswith(("5.", "10."))]
"""The exercises that ask for a function, but for that of the cluster."""

# ---- anything at all, in any exercise

CONSTANT = dict.fromkeys(["<lambda>", "plain_function", "no_parameters"], "")
"""To return a constant counts as an empty body, in some versions of Python."""
NO_YIELD = {name_of(answer): "Your function contains no `yield`" for answer in members(Anything)}
EMPTY = dict.fromkeys(["docstring", "dots", "todo"], "Nothing here yet")

OTHERWISE = {
    "6.1": {
        "<lambda>": "returned 1",
        "plain_function": "returned 1 for three tasks of which two overlap",
        "returns_something_odd": "returned <Odd>",
    },
    "7.1": {**CONSTANT, "generator": "You returned a generator", "returns_something_odd": "A plain `def` is enough"},
    "9.1": {**NO_YIELD, **EMPTY, **CONSTANT, "generator": "your code made them for none"},
}
"""What is said where a plain function is asked for, or an asynchronous generator."""


@pytest.mark.usefixtures("sockets")
@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(("answer", "words"), ANYTHING, ids=[name_of(answer) for answer, _ in ANYTHING])
def test_survives(told, number, answer, words):
    line = told(number, answer, OTHERWISE.get(number, {}).get(name_of(answer), words))
    assert number not in ("6.1", "7.1") or "Only a function made with `async def`" not in line


@pytest.mark.parametrize("number", NUMBERS)
def test_a_coroutine_in_place_of_the_function(told, number):
    told(number, Right01.wait_and_add(1, 2), "without parentheses")


# ---- answers that do not end


@pytest.mark.parametrize("number", [number for number in NUMBERS if number not in ("7.1", "9.1")])  # they don't await
def test_an_endless_wait_is_ended(told, short_limits, number):
    told(number, Endless.waits, "still waited after 0.5 s")


@pytest.mark.parametrize("answer", [Endless.awaits_a_hanging_task, Endless.refuses_to_end])
def test_an_endless_wait_is_ended_wherever_it_is(told, short_limits, answer):
    assert "takes seconds" in told("0.1", answer, "still waited after 0.5 s")


@pytest.mark.skipif(not HAS_ALARM, reason="only Unix can interrupt code that blocks")
@pytest.mark.parametrize(
    ("number", "answer"),
    [
        *(("0.1", answer) for answer in members(Endless) if answer.__name__.startswith(("spins", "sleeps"))),
        *((number, answer) for number in ("6.1", "6.2") for answer in (Endless.spins, Endless.plain_and_spins)),
    ],
)
def test_an_endless_block_is_interrupted(told, short_limits, number, answer):
    message = told(number, answer, "Your code kept the event loop from turning for over 0.4 s")
    assert ("and was stopped" in message) == (answer is not Endless.sleeps)  # over which these tests' clock jumps


@pytest.mark.skipif(not HAS_ALARM, reason="only Unix can interrupt code that blocks")
def test_an_endless_plain_function_is_interrupted(told, short_limits):
    told("0.1", Endless.plain_and_spins, "")


async def test_a_task_that_would_not_end_is_told_of(short_limits, capfd):
    stubborn = []

    async def refuses():
        while not leave.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await leave.wait()

    async def answer(a, b):
        stubborn.append(asyncio.create_task(refuses()))
        await asyncio.sleep(0.1)
        return a + b

    leave = asyncio.Event()
    await check("0.1", answer)
    leave.set()
    await asyncio.wait(stubborn)
    out, err = capfd.readouterr()
    assert "`refuses` still ran when your function returned, and would not be cancelled" in out.replace("\n  ", " ")
    assert err == ""


# ---- what a check leaves as it was


def test_a_forgotten_await_is_told_in_the_repr(capfd):
    forgotten = check("0.1", Right01.wait_and_add)
    assert repr(forgotten) == 'This check has not run yet. Put await in front of it: await check("0.1", ...)'
    del forgotten
    check("0.1", Right01.wait_and_add(1, 2))
    gc.collect()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("number", ["9.9", 1.1, None])
def test_an_unknown_number(capsys, number):
    asyncio.run(check(number, Right01.wait_and_add)._run())
    assert "expected one of 0.1, 1.1, 1.2, 2.1, 2.2, 3.1, 3.2" in capsys.readouterr().out.replace("\n  ", " ")


@pytest.mark.parametrize("looks_around", [lambda: None, asyncio.all_tasks])
async def test_the_stop_button_stops_a_check_and_its_answer(capfd, looks_around):
    ended = []

    async def answer(a, b):
        looks_around()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("answer")

    cell = asyncio.create_task(check("0.1", answer)._run())
    await asyncio.sleep(0.05)
    cell.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cell
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert asyncio.get_running_loop().get_task_factory() is None
    assert ended == ["answer"]
    assert capfd.readouterr() == ("", "")


async def test_settings_of_the_loop_are_kept(capsys):
    seen = []

    def factory(loop, coro, **options):
        seen.append(coro.__name__)
        return asyncio.Task(coro, loop=loop, **options)

    def handler(loop, context):
        seen.append(context["message"])

    filters = list(warnings.filters)
    loop = asyncio.get_running_loop()
    loop.set_task_factory(factory)
    loop.set_exception_handler(handler)
    await check("1.2", Right12.by_as_completed)
    assert loop.get_task_factory() is factory
    assert loop.get_exception_handler() is handler
    assert "sleeper" in seen
    assert warnings.filters == filters
    assert capsys.readouterr().out.startswith("✓ 1.2 ")


@pytest.mark.skipif(not HAS_ALARM, reason="only Unix has interval timers")
def test_the_alarm_of_somebody_else_is_kept(capsys):
    def handler(signum, frame): ...

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 60)
    try:
        asyncio.run(check("0.1", Right01.wait_and_add)._run())
        assert signal.getsignal(signal.SIGALRM) is handler
        assert 50 < signal.getitimer(signal.ITIMER_REAL)[0] < 60
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


async def test_tasks_and_warnings_of_others_are_left_alone(capsys):
    calls = []
    with pytest.warns(UserWarning, match="take care") as shown:

        async def mine():
            await asyncio.sleep(0.2)
            return "mine"

        async def answer(a, b):
            calls.append((a, b))
            warnings.warn("take care", UserWarning, stacklevel=1)
            return await Right01.wait_and_add(a, b)

        task = asyncio.create_task(mine())
        await check("0.1", answer)
        assert await task == "mine"
    assert len(shown) == len(calls) > 0
    assert capsys.readouterr().out.startswith("✓ 0.1 ")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
async def test_eager_tasks(capsys):
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    await check("2.1", Right21.tasks_and_as_completed)
    assert capsys.readouterr().out.startswith("✓ 2.1 ")


async def test_two_checks_at_once(capsys):
    await asyncio.gather(check("0.1", Right01.wait_and_add), check("0.1", Anything.raises))
    assert asyncio.get_running_loop().get_task_factory() is None
    assert [line[0] for line in capsys.readouterr().out.replace("\n  ", " ").splitlines()] == ["✗", "✓"]


# ---- a script of its own, where nothing is caught by the tests' machinery

SCRIPT = """
import asyncio, gc, sys
from workshop.exercises import check

async def forgets(*arguments):
    asyncio.sleep(1)
    return arguments

async def leaves(*arguments):
    async def fails():
        raise ValueError
    asyncio.create_task(fails())
    asyncio.create_task(asyncio.sleep(60))
    asyncio.get_running_loop().create_future().set_exception(KeyError("lost"))
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0.01)
    return arguments

async def exits(*arguments):
    asyncio.create_task(leaves())
    sys.exit(1)

async def runs(*arguments):
    asyncio.run(leaves())

async def main():
    for answer in (forgets, leaves, exits, runs, leaves(), None):
        for number in ("0.1", "1.1", "1.2", "2.1", "2.2", "3.1", "3.2"):
            await check(number, answer)
            check(number, answer)

asyncio.run(main())
assert gc.get_freeze_count() == 0
gc.collect()  # what would be reported late is reported now
print(sorted(name for name in ("numpy", "matplotlib", "IPython") if name in sys.modules))
"""


def test_nothing_arrives_on_stderr():
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", SCRIPT], cwd=NOTEBOOKS, capture_output=True, encoding="utf-8", timeout=60
    )
    assert done.stderr == ""
    *lines, imported = done.stdout.replace("\n  ", " ").splitlines()
    assert imported == "[]", "checks must run in a browser's Python and in a hurry: standard library only"
    assert len(lines) == 42
    assert all(line.startswith("✗ ") for line in lines)
    assert done.returncode == 0
