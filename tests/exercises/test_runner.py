"""The engine of the exercises: what it knows of an answer's run, and that nothing but the answer counts."""

# ruff: noqa: ASYNC110, ASYNC221, ASYNC251, N805, SIM105 (answers of readers: they block, and they poll)

import asyncio
import contextlib
import gc
import io
import linecache
import os
import signal
import subprocess
import sys
import time
import weakref
from asyncio import all_tasks as every_task

import pytest

from support.places import NOTEBOOKS
from workshop.exercises import check, compare, predict, runner
from workshop.exercises.say import WIDTH, one_line, paragraph, shown

pytestmark = pytest.mark.slow(12)

HAS_ALARM = hasattr(signal, "setitimer")


def ran(answer, *arguments):
    """Return what the runner tells of an answer that it ran in real time."""
    return asyncio.run(runner.run(answer, *arguments))


# ---- what is told when something is freed


class Bare:
    """Waits for one turn of the loop."""

    def __await__(self):
        yield


class Freed:
    """Each leaves something that raises when it is freed."""

    def generator():
        def one():
            try:
                yield 1
            finally:
                raise LookupError("at the end")

        next(one())

    def generator_that_goes_on():
        def one():
            try:
                yield 1
            except GeneratorExit:
                yield 2

        next(one())

    def coroutine():
        async def one():
            try:
                await Bare()
            finally:
                raise LookupError("at the end")

        one().send(None)

    def coroutine_that_goes_on():
        async def one():
            try:
                await Bare()
            finally:
                await Bare()

        one().send(None)

    def asynchronous_generator():
        async def one():
            try:
                yield 1
            except GeneratorExit:
                yield 2

        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(None, None)  # the loop would close it
        try:
            one().asend(None).send(None)
        except StopIteration:
            pass
        sys.set_asyncgen_hooks(*hooks)


@pytest.mark.parametrize(
    ("leave", "told"),
    [
        (Freed.generator, "LookupError: at the end"),
        (Freed.generator_that_goes_on, "RuntimeError: generator ignored GeneratorExit"),
        (Freed.coroutine, "LookupError: at the end"),
        (Freed.coroutine_that_goes_on, "RuntimeError: coroutine ignored GeneratorExit"),
        (Freed.asynchronous_generator, "RuntimeError: async generator ignored GeneratorExit"),
    ],
)
def test_what_is_raised_while_a_generator_is_freed_belongs_to_the_answer(monkeypatch, leave, told):
    async def answer():
        leave()
        return 1

    printed = []
    monkeypatch.setattr(sys, "unraisablehook", printed.append)
    assert ran(answer).task_errors == [told]
    assert printed == []


def test_what_is_raised_while_anything_else_is_freed_is_printed_as_usual(monkeypatch):
    class Thing:
        def __del__(self):
            raise LookupError("at the end")

    async def answer():
        Thing()
        return 1

    printed = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: printed.append(str(report.exc_value)))
    assert ran(answer).task_errors == []
    assert printed == ["at the end"]


async def test_a_run_keeps_nothing_of_what_was_never_awaited():
    given = []

    async def answer():
        tasks = [asyncio.create_task(asyncio.sleep(0)) for _ in range(3)]
        for next_one in asyncio.as_completed(tasks):
            given.append(weakref.ref(next_one))
        return [task.result() for task in tasks]  # raises, so that this frame belongs to an exception of a task

    outcome = await runner.run(answer)
    assert outcome.never_awaited == ["_wait_for_one"] * 3
    assert [reference() for reference in given] == [None] * 3


@pytest.mark.parametrize("error", [None, LookupError])
async def test_a_generator_that_only_the_collection_frees_is_closed_before_the_run_is_over(error):
    said = []

    async def answer():
        circle = []
        circle.append(numbers(circle))
        return await anext(circle[0])

    async def numbers(circle):
        try:
            yield len(circle)
        finally:
            await asyncio.sleep(0.01)
            said.append("closed")
            if error:
                raise error

    outcome = await runner.run(answer)
    assert said == ["closed"]
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert outcome.task_errors == (["LookupError"] if error else [])


@pytest.mark.skipif(sys.version_info < (3, 13), reason="older Pythons say nothing of it")
def test_a_step_of_a_generator_that_was_never_awaited_is_told_by_its_name():
    async def numbers():
        yield 1

    async def answer():
        anext(numbers())
        return 1

    assert ran(answer).never_awaited == ["numbers"]


# ---- who blocks


@pytest.mark.parametrize(
    ("what", "lasted", "worked", "waited", "counts"),
    [
        ("time.sleep", 0.1, 0.0001, True, 0.1),
        ("a calculation", 0.1, 0.1, False, 0.1),
        ("a calculation and then a sleep", 0.3, 0.1, True, 0.1),
        ("a calculation on a busy machine", 0.5, 0.1, False, 0.1),
        ("a step of a poll, put aside for others or for a pause, on Linux", 0.3, 0.0001, False, 0.0),
        ("a step that has to work, on a busy machine", 0.3, 0.04, True, 0.04),
        ("a first import, on a clock that stands still meanwhile", 0.0, 0.2, True, 0.0),
        ("a quick step", 0.0002, 0.0001, True, 0.0001),
    ],
)
def test_what_of_a_step_is_counted_as_blocking(what, lasted, worked, waited, counts):
    assert runner._block(lasted, worked, waited) == pytest.approx(counts, abs=0.002)


def test_where_nobody_counts_how_often_a_thread_waited_it_may_have_waited(monkeypatch):
    monkeypatch.setattr(runner, "getrusage", None)
    assert runner.times_waited() != runner.times_waited()


class Blocks:
    async def sleeps(*arguments):
        time.sleep(0.1)
        return 3

    async def sleeps_after_some_work(*arguments):
        sum(range(10_000))
        time.sleep(0.1)
        return 3

    async def sleeps_in_a_task(*arguments):
        return await asyncio.create_task(Blocks.sleeps())

    async def waits_for_a_process(*arguments):
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.1)"], check=True)
        return 3

    async def calculates(*arguments):
        began = time.thread_time()
        while time.thread_time() - began < 0.1:
            pass
        return 3


ALL_THAT_BLOCKS = [answer for name, answer in vars(Blocks).items() if not name.startswith("_")]


async def polls(*arguments):
    """Keep the processor busy, and yet let the loop turn all the time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + 0.5
    while loop.time() < end:
        await asyncio.sleep(0)
    return 3


@contextlib.contextmanager
def busy_machine():
    """Give each processor several loops to run beside the test."""
    loop_for_a_minute = "import time\nwhile time.process_time() < 60: pass"
    loops = [subprocess.Popen([sys.executable, "-c", loop_for_a_minute]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
        for loop in loops:
            loop.wait()


@pytest.mark.parametrize("answer", ALL_THAT_BLOCKS)
def test_what_blocks_is_told_in_real_time(answer):
    assert ran(answer).blocked


def test_beside_busy_loops_what_blocks_is_told_and_what_polls_is_not():
    with busy_machine():
        assert [ran(answer).blocked for answer in ALL_THAT_BLOCKS] == [True] * len(ALL_THAT_BLOCKS)
        if runner.times_waited() == runner.times_waited():  # else a poll is told by chance, and tried again
            assert not ran(polls).blocked


def test_what_blocks_the_first_time_only_is_not_told(judge):
    calls = []

    async def imports_something_slow(a, b):
        calls.append((a, b))
        if len(calls) == 1:
            time.sleep(0.5)
        await asyncio.sleep(0.1)
        return a + b

    assert judge("0.1", imports_something_slow).startswith("✓")
    assert len(calls) > 1


def test_what_blocks_each_time_is_told_after_the_last_try(judge):
    calls = []

    async def answer(a, b):
        calls.append((a, b))
        time.sleep(0.1)
        return a + b

    assert "blocks the event loop" in judge("0.1", answer)
    assert len(calls) == 3


def test_what_is_wrong_on_a_machine_that_is_late_is_tried_again(judge):
    calls = []

    async def waits_too_long_once(a, b):
        calls.append((a, b))
        if len(calls) == 1:
            time.sleep(0.06)  # too short to count as blocking
            await asyncio.sleep(0.4)
        await asyncio.sleep(0.1)
        return a + b

    assert judge("0.1", waits_too_long_once).startswith("✓")


@pytest.mark.skipif(not HAS_ALARM, reason="only Unix can interrupt code that blocks")
class TestTheAlarm:
    def test_one_ring_after_a_pause_interrupts_nothing(self):
        async def answer():
            os.kill(os.getpid(), signal.SIGALRM)
            return 3

        outcome = ran(answer)
        assert (outcome.result, outcome.error, outcome.interrupted) == (3, "", False)

    def test_what_was_interrupted_is_not_tried_again(self, judge, monkeypatch):
        monkeypatch.setattr(runner, "BLOCK_LIMIT", 0.2)
        calls = []

        async def answer(a, b):
            calls.append((a, b))
            while True:
                pass

        assert "kept the event loop from turning" in judge("0.1", answer)
        assert len(calls) == 1

    def test_an_import_is_not_interrupted(self, capfd, monkeypatch, tmp_path):
        (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(0.4)\nWHOLE = True\n", encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(runner, "BLOCK_LIMIT", 0.2)

        async def answer(a, b):
            import slow_to_import

            await asyncio.sleep(0.1)
            return (a + b) * slow_to_import.WHOLE

        try:
            asyncio.run(check("0.1", answer)._run())
        finally:
            sys.modules.pop("slow_to_import", None)
        assert capfd.readouterr().out.startswith("✓ 0.1 ")


def test_a_pause_of_the_machine_does_not_count_as_waiting(monkeypatch):
    monkeypatch.setattr(runner, "WAIT_LIMIT", 0.5)
    real, ahead = time.perf_counter, []
    monkeypatch.setattr(time, "perf_counter", lambda: real() + sum(ahead))

    async def answer():
        await asyncio.sleep(0.01)
        ahead.append(3600.0)
        await asyncio.sleep(0.1)
        return 3

    assert not ran(answer).timed_out


def test_nothing_of_the_collection_is_left_frozen():
    before = gc.get_freeze_count()
    ran(polls)
    assert gc.get_freeze_count() == before


# ---- tasks that are not the answer's


class Cancels:
    async def all_tasks(a, b):
        for task in asyncio.all_tasks():
            task.cancel()
        return a + b

    async def all_others(a, b):
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.1)
        return a + b

    async def all_and_waits(a, b):
        rest = [task for task in asyncio.tasks.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        return a + b

    async def all_by_a_name_of_its_own(a, b):
        for task in every_task():
            task.cancel()
        await asyncio.sleep(0.1)
        return a + b

    async def all_by_another_way_to_import_it(a, b):
        from asyncio import all_tasks

        for task in all_tasks(asyncio.get_running_loop()):
            task.cancel()
        await asyncio.sleep(0.1)
        return a + b


@pytest.mark.parametrize("answer", [answer for name, answer in vars(Cancels).items() if not name.startswith("_")])
def test_who_cancels_all_tasks_is_told_and_harms_none(judge, answer):
    before = asyncio.all_tasks, every_task
    assert "Your code cancelled all tasks there are. In a notebook these are the kernel's own" in judge("0.1", answer)
    assert (asyncio.all_tasks, every_task) == before


def test_who_waits_for_all_tasks_is_told_why_that_never_ends(judge, monkeypatch):
    monkeypatch.setattr(runner, "WAIT_LIMIT", 0.5)

    async def answer(a, b):
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    line = judge("0.1", answer)
    assert "still waited after 0.5 s" in line
    assert "Among `asyncio.all_tasks()` are the kernel's own, which wait for this cell." in line


def test_an_answer_gets_its_own_tasks_and_those_of_its_own_loops(judge):
    async def answer(a, b):
        task = asyncio.create_task(asyncio.sleep(0.1))
        assert {task, asyncio.current_task()} < asyncio.all_tasks()
        assert await asyncio.to_thread(asyncio.run, number_of_tasks()) == 1
        await task
        return a + b

    async def number_of_tasks():
        return len(asyncio.all_tasks())

    assert judge("0.1", answer).startswith("✓")


async def test_others_still_get_all_tasks_while_an_answer_runs():
    seen = []

    async def answer():
        asyncio.all_tasks()
        await asyncio.sleep(0.1)
        return 1

    async def looks():
        await asyncio.sleep(0.05)
        seen.append(asyncio.all_tasks())

    me, other = asyncio.current_task(), asyncio.create_task(looks())
    await runner.run(answer)
    await other
    assert {me, other} < seen[0]
    assert asyncio.all_tasks() == {me}


# ---- how it is said


class Table:
    def __repr__(self):
        return "a  b\n   1  2\r\n\n   3  4  "


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Progress:  25%", "'Progress:  25%'"),
        ("  25%", "'  25%'"),
        ("two\nlines", r"'two\nlines'"),
        ("\ttab", r"'\ttab'"),
        (Table(), "a  b 1  2 3  4"),
        (list(range(30)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,…"[:59] + "…"),
    ],
)
def test_values_are_shown_as_they_are_written(value, text):
    assert shown(value) == text
    assert len(shown(value)) <= 60


def test_an_error_message_keeps_its_blanks_but_no_line_ends():
    async def answer():
        raise ValueError("expected  'a  b'\n    not 'a b'\n")

    assert ran(answer).error == "ValueError: expected  'a  b' not 'a b'"


@pytest.mark.parametrize("quoted", ["'Progress:  25%'", "' 25%'", "'25% '", "'  25%  '", "[' a', 'b ']", '{"k": " v"}'])
def test_a_quotation_is_not_broken_where_a_blank_would_be_lost(quoted):
    for before in range(WIDTH):  # wherever the end of the line is
        out = paragraph(f"{'x' * before} returned {quoted}, and another line was expected.")
        assert quoted in out.replace("\n  ", " ")
        assert "\0" not in out
        assert max(map(len, out.splitlines())) <= max(WIDTH, before)


def test_the_line_of_a_cell_that_failed_is_named(judge, monkeypatch):
    lines = ["async def answer(a, b):\n", "    await asyncio.sleep(0.1)\n", "    return a + c  # oh\n"]
    monkeypatch.setitem(linecache.cache, "<cell>", (99, None, lines, "<cell>"))
    exec(compile("".join(lines), "<cell>", "exec"), names := {"asyncio": asyncio})
    assert "name 'c' is not defined, in line 3: `return a + c # oh`. " in judge("0.1", names["answer"]).replace(
        "  #", " #"
    )


def test_a_check_quotes_the_blanks_that_the_reader_wrote(judge):
    assert "'Progress   0%'" in judge("7.1", lambda completed, total: f"Progress {100 * completed // total:3d}%")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437", "utf-8"])
async def test_a_console_that_lacks_the_signs_gets_words(monkeypatch, encoding):
    async def right(a, b):
        await asyncio.sleep(0.1)
        return a + b

    async def odd(a, b):
        await asyncio.sleep(0.1)
        return f"Łódź {'…' * 60} {a + b}"

    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    await check("0.1", right)
    await check("0.1", odd)
    predict("1.1", "✓")
    predict("1.1", "a")
    compare("1.1", ["✓"])
    compare("1.1", ["A", "B", "C"])
    sys.stdout.flush()
    text = one_line(raw.getvalue().decode(encoding))
    assert ("✓ 0.1 ", "[right] 0.1 ")[encoding != "utf-8"] in text
    assert ("✗ 0.1 ", "[not yet] 0.1 ")[encoding != "utf-8"] in text
    assert "Łódź".encode(encoding, "backslashreplace").decode(encoding) in text


def test_a_script_prints_into_a_file_in_an_old_code_page(tmp_path):
    script = "import asyncio\nfrom workshop.exercises import check\nasyncio.run(check('0.1', None)._run())\n"
    with (tmp_path / "out.txt").open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=NOTEBOOKS,
            env=os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
            stdout=out,
            stderr=subprocess.PIPE,
        )
    assert done.stderr == b""
    assert (tmp_path / "out.txt").read_text(encoding="cp1252").startswith("[not yet] 0.1 The answer is None")
