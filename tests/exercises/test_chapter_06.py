"""The checks and predictions of chapter 06, task timelines: right answers pass, wrong ones are told the idea."""

# ruff: noqa: N805 (answers of readers, in classes that are only groups)

import asyncio
import contextlib  # noqa: F401 (as the next, for answers that are given as text)
import heapq
import operator
import time  # noqa: F401
from collections import Counter
from functools import partial, reduce
from itertools import accumulate

import anyio
import pytest
from answers import members, other_callables, right, wrong

from support.jumping_loop import WorkingClock
from support.steps_of_answers import started  # noqa: F401
from workshop import Timeline
from workshop.demos import patients
from workshop.exercises import predictions
from workshop.timeline.records import Records, TaskRecord


def changes_of(tasks):
    changes = [(task.started, +1) for task in tasks if task.started is not None]
    return changes + [(task.finished, -1) for task in tasks if None not in (task.started, task.finished)]


def most(changes):
    return max(accumulate(change for _, change in sorted(changes)), default=0)


# ---- right answers


class Right61:
    def accumulates(tasks):
        return most(changes_of(tasks))

    def sweeps(tasks):
        most = now = 0
        for _, change in sorted(changes_of(tasks)):
            now += change
            most = max(most, now)
        return most

    def counts_at_each_start(tasks):
        def under_way(moment):
            began = [task for task in tasks if task.started is not None and task.started <= moment]
            return sum(task.finished is None or task.finished > moment for task in began)

        return max((under_way(task.started) for task in tasks if task.started is not None), default=0)

    def keeps_a_heap_of_ends(tasks):
        ends, most = [], 0
        for task in sorted((task for task in tasks if task.started is not None), key=lambda task: task.started):
            while ends and ends[0] <= task.started:
                heapq.heappop(ends)
            heapq.heappush(ends, float("inf") if task.finished is None else task.finished)
            most = max(most, len(ends))
        return most

    def sums_up_the_changes_of_each_moment(tasks):
        changes = Counter()
        for moment, change in changes_of(tasks):
            changes[moment] += change
        return max(0, *accumulate(changes[moment] for moment in sorted(changes)), 0)

    def gives_an_integer_that_is_no_int(tasks):
        numpy = pytest.importorskip("numpy")
        changes = [change for _, change in sorted(changes_of(tasks))]
        return numpy.max(numpy.cumsum([0, *changes]))

    async def is_asynchronous(tasks):
        return Right61.sweeps(tasks)


class Right62:
    async def gathers(fetch, names):
        gate = asyncio.Semaphore(3)

        async def line_about(name):
            async with gate:
                text = await fetch(name)
                await asyncio.sleep(0.1)
            return f"{name}: {text}"

        return await asyncio.gather(*map(line_about, names))

    async def has_three_workers_on_a_queue(fetch, names):
        queue, lines = asyncio.Queue(), []
        for name in names:
            queue.put_nowait(name)

        async def worker():
            while not queue.empty():
                name = queue.get_nowait()
                lines.append(f"{name}: {await fetch(name)}")
                await asyncio.sleep(0.1)

        await asyncio.gather(*(worker() for _ in range(3)))
        return tuple(lines)

    async def has_workers_that_are_cancelled(fetch, names):
        queue, lines = asyncio.Queue(), []

        async def worker():
            while True:
                name = await queue.get()
                lines.append(f"{name}: {await fetch(name)}")
                await asyncio.sleep(0.1)
                queue.task_done()

        workers = [asyncio.create_task(worker()) for _ in range(3)]
        for name in names:
            queue.put_nowait(name)
        await queue.join()
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        return lines

    async def takes_three_at_a_time(fetch, names):
        lines = []
        for first in range(0, len(names), 3):
            three = names[first : first + 3]
            lines += [
                f"{name}: {text}" for name, text in zip(three, await asyncio.gather(*map(fetch, three)), strict=True)
            ]
            await asyncio.sleep(0.1)
        return lines

    async def opens_the_gate_later(fetch, names):
        gate = asyncio.Semaphore(3)

        async def line_about(name):
            await gate.acquire()
            text = await fetch(name)
            asyncio.get_running_loop().call_later(0.1, gate.release)
            return f"{name}: {text}"

        return await asyncio.gather(*map(line_about, names))

    async def limits_by_anyio(fetch, names):
        limiter, lines = anyio.CapacityLimiter(3), []

        async def line_about(name):
            async with limiter:
                lines.append(f"{name}: {await fetch(name)}")
                await anyio.sleep(0.1)

        async with anyio.create_task_group() as group:
            for name in names:
                group.start_soon(line_about, name)
        return lines


class Counts:
    def __call__(self, tasks):
        return Right61.sweeps(tasks)


PAUSE, GATHER = "await asyncio.sleep(0.1)", "return await asyncio.gather(*map(line_about, names))"

RIGHT = [
    *right("6.1", [*members(Right61), *other_callables(Right61.sweeps)[:2], Counts()]),
    *right("6.2", [*members(Right62), *other_callables(Right62.gathers)]),
    *right("6.2", [
        {PAUSE: "await asyncio.to_thread(time.sleep, 0.1)"},
        {GATHER: "return [await line for line in asyncio.as_completed([*map(line_about, names)])]"},
        {GATHER: "return [await task for task in started(map(line_about, names))]"},
        {GATHER: "done, _ = await asyncio.wait(started(map(line_about, names)))\n"
                 "return [task.result() for task in done]"},
        {GATHER: "async with asyncio.TaskGroup() as group:\n"
                 "    tasks = [group.create_task(line_about(name)) for name in names]\n"
                 "return [task.result() for task in tasks]"},
    ], Right62.gathers),
]  # fmt: skip


@pytest.mark.parametrize(("number", "answer"), RIGHT)
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer).startswith("✓")


def test_an_async_def_is_told_that_a_plain_one_would_do(judge):
    assert "A plain `def` would do" in judge("6.1", Right61.is_asynchronous)
    assert "plain" not in judge("6.1", Right61.sweeps)


# ---- wrong answers


class Wrong61:
    def trusts_the_order_of_the_records(tasks):
        most, running = 0, []
        for task in tasks:
            if task.started is None:
                continue
            running = [end for end in running if end > task.started]
            running.append(float("inf") if task.finished is None else task.finished)
            most = max(most, len(running))
        return most


class Wrong62:
    async def leaves_the_pause_to_a_task(fetch, names):
        gate = asyncio.Semaphore(3)

        async def pause():
            await asyncio.sleep(0.1)
            gate.release()

        async def line_about(name):
            await gate.acquire()
            text = await fetch(name)
            asyncio.create_task(pause())  # noqa: RUF006
            return f"{name}: {text}"

        return await asyncio.gather(*map(line_about, names))

    def is_plain(fetch, names):
        return [f"{name}: news from {name}" for name in names]


OVERLAP = "for three tasks of which two overlap"
OPEN_END = "for a task that still runs (its `finished` is None) and one that begins later"
NEVER_STARTED = "for a task that never started (its `started` is None) and one that did"
BLOCKS = "It is still ill. Your code blocks the event loop"
ONE_CALL = "the server had one call at a time, and your function took 1."
TOO_MANY = "got too many calls: it takes 3 at a time, and wants a pause of 0.1 s after each"
A_LIST = "A list of 6 lines such as 'Bern: news from Bern' was expected, not "

ZERO = "2 was expected. A task that started at 0.0 has started: ask `is not None`."

STARTS = "[(task.started, +1) for task in tasks if task.started is not None]"
ENDS = "[(task.finished, -1) for task in tasks if task.finished is not None]"
ENDS_OF_STARTED = "[(task.finished, -1) for task in tasks if task.started and task.finished]"
FROM_ZERO = f"most([(task.started, +1) for task in tasks if task.started] + {ENDS_OF_STARTED})"
EACH = "return [await asyncio.create_task(line_about(name)) for name in names]"

WRONG = [
    *wrong("6.1", Right61.accumulates, [
        (f"return {FROM_ZERO}", f"returned 1 {OVERLAP}: {ZERO}"),
        ({"def": "async def", "most(changes_of(tasks))": FROM_ZERO}, f"returned 1 {OVERLAP}: {ZERO}"),
        (f"return max(1, most({STARTS} + {ENDS})) if tasks else 0",
         "returned 1 for a task that was cancelled before it started, and two that overlap: 2 was expected"),
        ("changes = sorted(changes_of(tasks), key=lambda change: (change[0], -change[1]))\n"
         "return max(accumulate(change for _, change in changes), default=0)",
         "at the moment at which the other ends: 1 was expected"),
        ("return max(accumulate(change for _, change in changes_of(tasks)), default=0)",
         f"returned 3 {OVERLAP}: 2 was expected"),
        (Wrong61.trusts_the_order_of_the_records, "for tasks that are not sorted by their start: 3 was expected"),
        ("return len(tasks)", f"returned 3 {OVERLAP}"),
        ("return most([(task.started, +1) for task in tasks] + [(task.finished, -1) for task in tasks])",
         f"'NoneType' and 'float', {OPEN_END}"),
        ("return most([(task.started or 0, +1) for task in tasks] + [(task.finished or 0, -1) for task in tasks])",
         f"returned 1 {OPEN_END}"),
        ("return most(changes_of([task for task in tasks if task.finished is not None]))",
         f"returned 1 {OPEN_END}: 2 was expected"),
        (f"return most([(task.started or 0.0, +1) for task in tasks] + {ENDS})",
         f"returned 2 {NEVER_STARTED}: 1 was expected"),
        (f"return most({STARTS} + {ENDS})", "returned 0 for a task that was cancelled before it started"),
        (f"return most([(task.created, +1) for task in tasks] + {ENDS})", f"returned 3 {OVERLAP}"),
        (f"return most({STARTS} + [(task.received, -1) for task in tasks if task.received is not None])",
         "at the moment at which the other ends: 1 was expected"),
        ("return max(accumulate(change for _, change in sorted(changes_of(tasks))))", ", for no tasks at all"),
        ("return sum(change for _, change in changes_of(tasks))", f"returned 0 {OVERLAP}"),
        ("return list(accumulate(change for _, change in sorted(changes_of(tasks))))",
         "[1, 2, 1, 0, 1, 0], for three tasks of which two overlap: a whole number"),
        ("return accumulate(change for _, change in sorted(changes_of(tasks)))", "returned an iterator"),
        ({"return": "yield"}, "returned an iterator"),
        ("return float(most(changes_of(tasks)))", "returned 2.0, for three tasks of which two overlap: a whole number"),
        ("return most(changes_of(tasks)) > 1", "returned True, for three tasks of which two overlap: a whole number"),
        ("most(changes_of(tasks))", "returned None, for three tasks of which two overlap: is there a `return`?"),
        ("tasks.sort()", "'Records' object has no attribute 'sort'"),
        ("return Right61.is_asynchronous(tasks)", "returned an awaitable"),
        ({"(tasks):": "():"}, "Keep the parameters that the exercise gives"),
        ({"def": "async def", "return": "return await"}, "what stands behind it here is an ordinary value"),
        ("return max(accumulate(change for _, change in sorted(changes_of(tasks)))) if tasks else 0",
         "for tasks that never started, and no others"),
    ]),
    *wrong("6.2", Right62.gathers, [
        ("return [line for line in await Right62.gathers(fetch, names) if not line.endswith(': ')]",
         "returned ['Rome: news from Rome']: a line about each"),
        ("with contextlib.suppress(asyncio.CancelledError): return await Right62.gathers(fetch, names)\nreturn []",
         "and returned []: a CancelledError has to go its way"),
        ({"Semaphore(3)": "Semaphore(1)", PAUSE: "time.sleep(0.1)", GATHER: EACH}, BLOCKS),
        ({"Semaphore(3)": "Semaphore(1)", GATHER: EACH}, ONE_CALL),
        ({"Semaphore(3)": "Semaphore(1)", PAUSE: "time.sleep(0.1)"}, BLOCKS),
        ({PAUSE: "time.sleep(0.1)", GATHER: EACH}, BLOCKS),
        ({PAUSE: "time.sleep(0.1)"}, BLOCKS),
        ({GATHER: EACH}, ONE_CALL),
        ({"Semaphore(3)": "Semaphore(1)"}, ONE_CALL),
        ({"Semaphore(3)": "Semaphore(2)"}, "2 calls at a time, where it takes 3"),
        ({"Semaphore(3)": "Semaphore(4)"}, TOO_MANY),
        ({"asyncio.Semaphore(3)": "contextlib.nullcontext()"}, TOO_MANY),
        ({"async with gate": "async with asyncio.Semaphore(3)"}, TOO_MANY),
        ({f"    {PAUSE}": PAUSE}, TOO_MANY),
        ({PAUSE: "pass"}, TOO_MANY),
        ({"0.1": "0.01"}, TOO_MANY),
        ({PAUSE: "asyncio.sleep(0.1)"}, "`sleep(...)` was called but never awaited"),
        ({PAUSE: "asyncio.to_thread(time.sleep, 0.1)"}, "`to_thread(...)` was called but never awaited"),
        (Wrong62.leaves_the_pause_to_a_task, "The result is right, but `pause` still ran"),
        ({"gate =": "one_pause = asyncio.Lock()\ngate =", PAUSE: "async with one_pause: await asyncio.sleep(0.15)"},
         "where about 0.4 s is possible. Draw it: who waits for whom?"),
        ({"await fetch": "fetch"}, "`fetch(...)` was called but never awaited"),
        ({GATHER: "return (await line_about(name) for name in names)"},
         "You returned a generator, and nothing in it has run"),
        ({GATHER: "for name in names: yield await line_about(name)"},
         "an asynchronous generator: its body contains `yield`"),
        ({"return await": "return"}, "You returned an awaitable: put `await` before it"),
        ({GATHER: "tasks = started(map(line_about, names))\nawait asyncio.wait(tasks)\nreturn tasks"},
         "Your list holds awaitables"),
        ({GATHER: "return [*map(line_about, names)]"}, "`line_about(...)` was called but never awaited"),
        ("return dict(zip(names, await Right62.gathers(fetch, names), strict=True))", f"{A_LIST}{{'Rome'"),
        ("return ', '.join(await Right62.gathers(fetch, names))", f"{A_LIST}'Rome: news"),
        ("return [line.partition(': ')[2] for line in await Right62.gathers(fetch, names)]",
         f"{A_LIST}['news from Rome'"),
        ("return [tuple(line.split(': ')) for line in await Right62.gathers(fetch, names)]", f"{A_LIST}[('Rome'"),
        ("await Right62.gathers(fetch, names)", "returned None: is there a `return`?"),
        ("return await Right62.gathers(fetch, names[1:])", f"{A_LIST}['Oslo: news"),
        (Wrong62.is_plain, "Only a function made with `async def` can be awaited"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("number", "answer", "words"), WRONG)
def test_wrong_answers_are_told_the_idea(told, number, answer, words):
    assert ("started at 0.0" in told(number, answer, words)) == (ZERO in words)


# ---- whatever is handed over


def test_the_result_in_place_of_the_function(judge):
    assert judge("6.1", 2).endswith("of type int, and no function. Hand over the name of your function.\n")


@pytest.mark.parametrize("answer", [len, max, operator.itemgetter(9), partial(reduce, operator.add)])
def test_other_callables_are_run(judge, answer):
    line = judge("6.1", answer)
    assert line.startswith("✗")
    assert "async def" not in line


# ---- predictions


async def _timeline_of(coroutine, steps=True):
    async with Timeline("a patient", steps=steps) as timeline:
        await coroutine
    return timeline.tasks


@pytest.mark.parametrize(
    ("number", "patient", "fits", "did"),
    [
        ("6.1", patients.first, "c", "all tasks were created together, and finished one after another"),
        ("6.2", patients.second, "a", "call('C') ran for 1.2"),
        ("6.3", patients.third, "b", "each task was created when the one before had finished"),
    ],
)
def test_each_patient_has_its_own_illness_and_no_other(number, patient, fits, did):
    tasks = WorkingClock().run(_timeline_of(patient()))
    known = predictions.PREDICTIONS[number]
    assert known.usual == fits
    verdict, words = known.verdict(tasks)
    assert verdict == fits
    assert did in words
    longest = tasks.steps.longest()[1]
    one_by_one = all(
        end <= created for end, created in zip(list(tasks.finished), list(tasks.created)[1:], strict=False)
    )
    ends_apart = max(tasks.finished) - min(tasks.finished) > 0.3
    together = max(tasks.created) - min(tasks.created) < 0.02
    assert (longest > 0.25) == (fits == "a")
    assert one_by_one == (fits == "b")
    assert (together and ends_apart) == (fits == "c")


@pytest.mark.parametrize("patient", [patients.first, patients.second, patients.third])
def test_each_patient_makes_five_calls_and_leaves_nothing(patient):
    async def treated():
        before = asyncio.all_tasks()
        tasks = await _timeline_of(patient())
        assert asyncio.all_tasks() == before
        return tasks

    tasks = WorkingClock().run(treated())
    assert [task.name for task in tasks] == [f"call({name!r})" for name in "ABCDE"]
    assert {task.outcome for task in tasks} == {"result"}


def test_a_healthy_run_fits_no_illness():
    async def healthy():
        await asyncio.gather(*(asyncio.sleep(0.1) for _ in range(5)))

    fits, did = predictions.PREDICTIONS["6.1"].verdict(WorkingClock().run(_timeline_of(healthy())))
    assert fits is None
    assert "no task ran for long" in did


def _told(capfd, number, *observed):
    predictions.compare(number, *observed)
    out, err = capfd.readouterr()
    assert err == ""
    return " ".join(out.split())


def test_what_is_no_timeline_with_steps_is_told(capfd):
    without_steps = WorkingClock().run(_timeline_of(patients.first(), steps=False))
    for observed in (without_steps, Records(), None, 42, [TaskRecord("A", 0, 0, 1, 1, "result")]):
        assert "expects the tasks of a timeline with steps=True" in _told(capfd, "6.1", observed)


@pytest.mark.parametrize(
    ("number", "patient"), [("6.1", patients.first), ("6.2", patients.second), ("6.3", patients.third)]
)
def test_a_wrong_guess_is_told_what_is_not_in_the_picture_and_what_is(capfd, number, patient):
    tasks = WorkingClock().run(_timeline_of(patient()))
    usual = predictions.PREDICTIONS[number].usual
    right = predictions.PREDICTIONS[number].answers[usual]
    for letter in "abc":
        predictions.predict(number, letter)
        said = _told(capfd, number, tasks)
        assert f"That is answer {usual}" in said
        assert right in said
        assert (f"You said {letter}." in said) == (letter != usual)
