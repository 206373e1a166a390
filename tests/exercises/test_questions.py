"""Questions on the chapter before: a run shows each answer, and which are asked follows from what went wrong."""

import asyncio
import gc
import inspect
import json
import math
import random
import re
import threading
import time
from collections import Counter
from concurrent import futures
from contextlib import suppress
from itertools import takewhile

import aiohttp
import aiolimiter
import pytest
from tqdm.asyncio import tqdm

from support.notebook_tools import Notebook, notebook_paths, numbers_in
from workshop import Timeline, compare, demo_api, predict, recall
from workshop.exercises import kept, predictions, questions
from workshop.exercises.places import NOTEBOOKS, places
from workshop.exercises.predictions import PREDICTIONS
from workshop.exercises.questions import QUESTIONS

# The answers

RUNS = {}
"""For each question what returns the right choice, by running what is asked about, and whether it needs real time."""

NOT_RUN = {"10B"}
"""Shown in chapter 10 itself, where a worker of a cluster dies: prediction 10.2."""


def shows(number, real=False):
    def register(function):
        RUNS[number] = function, real
        return function

    return register


async def call(seconds, result=None):
    await asyncio.sleep(seconds)
    return result


def calls(*seconds):
    return [call(each, f"{each:g}") for each in seconds]


def tasks(*seconds):
    return [asyncio.create_task(each) for each in calls(*seconds)]


def now():
    return asyncio.get_running_loop().time() - 1000


async def end(*each):
    for task in each:
        task.cancel()
    await asyncio.gather(*each, return_exceptions=True)


@shows("0A")
async def in_a_cell(clock):
    coroutine = call(0, "done")
    with pytest.raises(RuntimeError, match="running event loop"):
        asyncio.run(coroutine)
    assert await coroutine == "done", "main() alone is a coroutine"
    return "`await main()`"


@shows("0B")
async def only_called(clock):
    ran = []

    async def greet():
        ran.append("before")
        await asyncio.sleep(0)

    coroutine = greet()
    coroutine.close()
    return ran or "Nothing"


@shows("0C", real=True)
async def a_library(clock):
    def ask():
        coroutine = call(0, "answer")
        try:
            return asyncio.run(coroutine)
        finally:
            coroutine.close()

    with pytest.raises(RuntimeError):
        ask()
    return await asyncio.to_thread(ask) == "answer" and "`await asyncio.to_thread(ask)`"


@shows("1A")
async def one_after_another(clock):
    for seconds in (3, 2, 1):
        await asyncio.create_task(call(seconds))
    return f"{now():g} s"


@shows("1B")
async def blocked(clock):
    async def b():
        await asyncio.sleep(1)
        return f"At {now():g} s"

    async def a():
        clock.block(3)

    goes_on, _ = await asyncio.gather(b(), a())
    return goes_on


@shows("1C")
async def as_completed_order(clock):
    return ", ".join([await each for each in asyncio.as_completed(calls(3, 1, 2))])


@shows("1D")
async def next_turn(clock):
    turns = []

    async def takes_a_turn(name):
        turns.append(name)

    a, b = (asyncio.create_task(takes_a_turn(name)) for name in "AB")
    await a
    turns.append("Your code")
    await b
    return turns[1]


async def totals(seconds, work):
    began = now()
    for _ in await asyncio.gather(*calls(*seconds)):
        await asyncio.sleep(work)
    with_gather, began = now() - began, now()
    for next_result in asyncio.as_completed(calls(*seconds)):
        await next_result
        await asyncio.sleep(work)
    return with_gather, now() - began


@shows("2A")
async def no_work(clock):
    gathered, as_completed = await totals((1, 2, 3), 0)
    return f"{gathered:g} s both" if gathered == as_completed else "not the same"


@shows("2B")
async def some_work(clock):
    return "{:g} s and {:g} s".format(*await totals((1, 2), 1))


@shows("2C")
async def gathers_order(clock):
    return ", ".join(await asyncio.gather(*calls(3, 1, 2)))


@shows("2D")
async def when_gather_wakes(clock):
    await asyncio.gather(*calls(1, 2))
    return f"At {now():g} s"


@shows("3A")
async def what_comes_first(clock):
    first, second = asyncio.as_completed([call(2, "`slow`"), call(1, "`quick`")])
    name = await first
    await second
    return f"That of {name}"


@shows("3B")
async def whose_result(clock):
    seconds = {"Ada": 3, "Bo": 1}

    async def with_name(name):
        return name, await call(seconds[name], name)

    named = {asyncio.create_task(call(each, name)): name for name, each in seconds.items()}
    looked_up = {named.get(each): await each for each in asyncio.as_completed(named)}
    zipped = {
        name: await each
        for name, each in zip(
            seconds, asyncio.as_completed([call(s, name) for name, s in seconds.items()]), strict=True
        )
    }
    brought = dict([await each for each in asyncio.as_completed([with_name(name) for name in seconds])])
    ways = dict(zip(QUESTIONS["3B"].choices.values(), (looked_up, zipped, brought), strict=True))
    [works] = [way for way, found in ways.items() if found == {name: name for name in seconds}]
    return works


@shows("3C")
async def twice(clock):
    return str(len([await each for each in asyncio.as_completed(tasks(1, 2, 3) * 2)]))


@shows("4A")
async def after_the_limit(clock):
    [task] = waiting = tasks(2)
    with pytest.raises(TimeoutError):
        for next_result in asyncio.as_completed(waiting, timeout=1):
            await next_result
    await asyncio.sleep(0.5)
    running = not task.done() and not task.cancelling()
    await task
    return running and "It runs on"


@shows("4B")
async def cancelled_or_done(clock):
    [task] = tasks(1)
    await asyncio.sleep(0)
    task.cancel()
    said = str(task.done())
    await end(task)
    return said


@shows("4C")
async def how_many_timeouts(clock):
    waiting, count = tasks(0.25, 0.5, 9, 9, 9), 0
    for next_result in asyncio.as_completed(waiting, timeout=1):
        try:
            await next_result
        except TimeoutError:
            count += 1
    await end(*waiting)
    return f"{count} TimeoutErrors"


@shows("5A")
async def busy(clock):
    got = []
    for next_result in asyncio.as_completed(calls(1, 2)):
        await next_result
        got.append(now())
        await asyncio.sleep(3)
    return f"At {got[1]:g} s"


@shows("5B")
async def behind_a_semaphore(clock):
    gate = asyncio.Semaphore(2)

    async def gated(seconds):
        async with gate:
            await asyncio.sleep(seconds)
        return now()

    return f"At {(await asyncio.gather(*map(gated, (3, 3, 1))))[-1]:g} s"


@shows("5C")
async def added(clock):
    waiting, got = tasks(1, 3), []
    for next_result in asyncio.as_completed(waiting):
        got.append(await next_result)
        if len(waiting) == 2:
            waiting += tasks(0.5)
    return got == ["1", "3"] and waiting[2].done() and "It runs, and the loop doesn't give it"


async def illness(main):
    """Return which illness a prediction of chapter 06 finds in a run."""
    async with Timeline(steps=True) as timeline:
        await main()
    return PREDICTIONS["6.1"].verdict(timeline.tasks)[0]


@shows("6A")
async def queue_for_one(clock):
    async def main():
        gate = asyncio.Semaphore(1)

        async def gated():
            async with gate:
                await asyncio.sleep(1)

        await asyncio.gather(*(gated() for _ in range(4)))

    return QUESTIONS["6A"].choices[await illness(main)]


@shows("6B")
async def staircase(clock):
    async def main():
        for seconds in (1, 2, 1):
            await asyncio.create_task(call(seconds))

    behind = {"b": "An `await` in the loop that makes the tasks", "c": "A semaphore", "a": "A `time.sleep`"}
    return behind[await illness(main)]


@shows("6C")
async def dark(clock):
    ticks = []

    async def other():
        while now() < 4:
            await asyncio.sleep(0.25)
            ticks.append(now())

    async def blocks():
        await asyncio.sleep(1)
        clock.block(2)

    async def main():
        await asyncio.gather(blocks(), *(other() for _ in range(4)))

    assert await illness(main) == "a"
    assert ticks
    return not any(1 < tick < 3 for tick in ticks) and "Nothing: none of them gets a turn"


@shows("7A", real=True)
async def status_500(clock):
    async with demo_api() as api, aiohttp.ClientSession(api.url) as session, session.get("/status/500") as response:
        return response.status == 500 and "It gives you the response"


@shows("7B")
async def whose_timeout(clock):
    async def limited():
        async with asyncio.timeout(1):
            await asyncio.sleep(9)

    waiting = [asyncio.create_task(limited()), *tasks(2)]
    with pytest.raises(TimeoutError):
        for next_result in asyncio.as_completed(waiting, timeout=5):
            await next_result
    at = now()
    await end(*waiting)
    return at == 1 and "From one call, whose own limit was 1 s"


@shows("7C")
async def connections(clock):
    async with aiohttp.TCPConnector() as connector:
        return str(connector.limit)


@shows("8A")
async def left_by_break(clock):
    waiting = tasks(1, 2, 3)
    for next_result in asyncio.as_completed(waiting):
        await next_result
        break
    await asyncio.sleep(5)
    return [task.result() for task in waiting] == ["1", "2", "3"] and "They run to their end"


@shows("8B")
async def task_group(clock):
    async def fails():
        await asyncio.sleep(1)
        raise ValueError

    with suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            others = [group.create_task(each) for each in calls(2, 3)]
            group.create_task(fails())
    return all(task.cancelled() for task in others) and now() == 1 and "They are cancelled"


@shows("8C", real=True)
async def cancelled_thread(clock):
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work():
        begun.set()
        go_on.wait()
        ended.set()

    task = asyncio.create_task(asyncio.to_thread(work))
    await asyncio.to_thread(begun.wait)
    await end(task)
    go_on.set()
    return await asyncio.to_thread(ended.wait, 60) and task.cancelled() and "It runs to its end"


@shows("8D")
async def late_and_in_time(clock):
    got = []
    for next_result in asyncio.as_completed(tasks(1, 2), timeout=2.5):
        got.append(await next_result)
        await asyncio.sleep(2)
    return got == ["1", "2"] and "Yes"


@shows("8E")
async def held_by_nobody(clock):
    ended = []

    async def ghost():
        try:
            await asyncio.get_running_loop().create_future()
        except GeneratorExit:
            ended.append("freed")
            raise

    reports = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reports.append(context["message"]))
    asyncio.create_task(ghost())  # noqa: RUF006 (that is what it is about)
    await asyncio.sleep(0.1)
    gc.collect()
    return ended and reports == ["Task was destroyed but it is pending!"] and "It may be freed as garbage"


@shows("8F")
async def shielded(clock):
    [task] = tasks(2)

    async def waits():
        await asyncio.shield(task)

    waiting = asyncio.create_task(waits())
    await asyncio.sleep(1)
    await end(waiting)
    return waiting.cancelled() and await task == "2" and "You, and the task runs on"


@shows("8G")
async def begin_in_any_order(clock):
    chance, orders = random.Random(1), set()

    async def visit(number, begun):
        begun.append(number)

    for _ in range(20):
        begun = []
        made = {number: visit(number, begun) for number in chance.sample(range(10), 10)}  # so they lie in memory
        for next_result in asyncio.as_completed([made[number] for number in range(10)]):
            await next_result
        orders.add(tuple(begun))
        if len(orders) > 2:
            return "In any"
    return orders


@shows("8H")
async def round_out_of_time(clock):
    waiting = tasks(1, 2)
    rounds = iter(asyncio.as_completed(waiting))
    first = next(rounds)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(first, 0.5)
    alive = not any(task.done() or task.cancelling() for task in waiting)
    await asyncio.gather(*waiting)
    return alive and inspect.getcoroutinestate(first) == "CORO_CLOSED" and "This round, and no task"


@shows("8I")
async def tqdms_own(clock):
    rounds = tqdm.as_completed(tasks(1, 2), disable=True)
    assert [await each for each in rounds] == ["1", "2"]
    return not hasattr(rounds, "__aiter__") and "A plain `for`"


@shows("9A")
async def tasks_behind_a_semaphore(clock):
    gate, alive = asyncio.Semaphore(10), []

    async def gated():
        alive.append(len(asyncio.all_tasks()) - 1)
        async with gate:
            await asyncio.sleep(1)

    for next_result in asyncio.as_completed([gated() for _ in range(1000)]):
        await next_result
    return f"{alive[0]:,} at the beginning"


@shows("9B")
async def window(clock):
    running, alive = set(), []
    for number in range(1000):
        running.add(asyncio.create_task(call(1 + number % 3)))
        alive.append(len(asyncio.all_tasks()) - 1)
        if len(running) == 10:
            _, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait(running)
    return str(max(alive))


@shows("9C")
async def quadratic(clock):
    async def looks(count):
        looked = 0

        class Counted(asyncio.Future):
            def add_done_callback(self, *arguments, **options):
                nonlocal looked
                looked += 1
                super().add_done_callback(*arguments, **options)

        pending = {Counted() for _ in range(count)}
        for moment, future in enumerate(pending, start=1):
            asyncio.get_running_loop().call_later(moment, future.set_result, None)
        while pending:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        return looked

    exponent = round(math.log(await looks(80) / await looks(20), 4))
    return f"{4**exponent} times as long"


@shows("10A", real=True)
async def left_pool(clock):
    done = []

    def work():
        time.sleep(0.01)
        done.append(1)

    with futures.ThreadPoolExecutor(1) as pool:
        for future in futures.as_completed([pool.submit(work) for _ in range(4)]):
            future.result()
            break
    return len(done) == 4 and "When all calls are done"


@shows("10C", real=True)
async def cancel_what_runs(clock):
    begun, go_on = threading.Event(), threading.Event()

    def work():
        begun.set()
        return go_on.wait(60)

    with futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        begun.wait()
        said = future.cancel()
        go_on.set()
    return future.result() and f"Nothing: it returns {said}"


@shows("11A")
async def starts_behind_a_semaphore(clock):
    gate, starts = asyncio.Semaphore(5), []

    async def gated():
        async with gate:
            starts.append(now())
            await asyncio.sleep(0.25)

    await asyncio.gather(*(gated() for _ in range(40)))
    return str(sum(start < 1 for start in starts))


@shows("11B")
async def limit_around_the_turn(clock):
    async def limited(turn):
        async with asyncio.timeout(1):
            await asyncio.sleep(turn)
            await asyncio.sleep(0.25)

    ends = await asyncio.gather(*(limited(number / 2) for number in range(6)), return_exceptions=True)
    return str(ends.count(None))


@shows("11C")
async def burst(clock):
    limiter, starts = aiolimiter.AsyncLimiter(4, 1), []

    async def limited():
        async with limiter:
            starts.append(now())

    await asyncio.gather(*(limited() for _ in range(20)))
    return str(sum(start < 1 for start in starts))


@pytest.mark.parametrize("number", QUESTIONS)
def test_a_run_shows_the_answer(clock, number):
    if number in NOT_RUN:
        return
    function, real = RUNS[number]
    known = QUESTIONS[number]
    assert (asyncio.run if real else clock.run)(function(clock)) == known.choices[known.right]


def test_each_question_is_short_has_three_choices_and_belongs_to_something_in_its_chapter():
    here = places()
    for number, known in QUESTIONS.items():
        assert re.fullmatch(r"\d+[A-Z]", number)
        assert list(known.choices) == ["a", "b", "c"]
        assert len(set(known.choices.values())) == 3
        assert known.right in known.choices
        assert len(known.asks) + sum(map(len, known.choices.values())) <= 240
        assert known.why.endswith(".")
        assert int(here[known.about].chapter) == int(number[:-1])


def test_each_prediction_has_a_question_with_its_idea():
    chapters = {questions._chapter(number) for number in QUESTIONS}
    asked = {known.about for known in QUESTIONS.values()}
    predictions_there = {number for number in PREDICTIONS if number.partition(".")[0].zfill(2) in chapters}
    assert predictions_there - {about.partition(" ")[2] for about in asked if about.startswith("prediction")} == set()


def test_the_right_answer_stands_in_every_place():
    assert min(Counter(known.right for known in QUESTIONS.values()).values()) >= len(QUESTIONS) / 6


# In the notebooks


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.name)
def test_a_chapter_begins_with_questions_on_the_one_before(path):
    notebook, chapter = Notebook(path), int(path.name[:2])
    asked = [(cell, number) for cell in notebook.code_cells for number in numbers_in("recall", cell.source)]
    predicts = any(numbers_in("predict", cell.source) for cell in notebook.code_cells)
    assert [number for _, number in asked] == ([f"{chapter - 1:02}"] if predicts and chapter else [])
    for cell, number in asked:
        *_, above = (text.source for text in notebook.markdown_cells if text.index < cell.index)
        assert above.startswith("## What you'll need")
        assert sum(questions._chapter(each) == number for each in QUESTIONS) >= 3
        assert len(json.dumps(cell.data["outputs"], ensure_ascii=False, indent=1)) < 2000


def test_places_are_where_the_notebooks_ask_and_their_links_lead_there():
    here = places()
    for function, kind in (("predict", "prediction"), ("check", "exercise")):
        found = {
            f"{kind} {number}": path.name
            for path in notebook_paths()
            for cell in Notebook(path).code_cells
            for number in numbers_in(function, cell.source)
        }
        assert {what: place.file for what, place in here.items() if what.startswith(kind)} == found
    for place in here.values():
        file, _, name = place.link("there").target.partition("#cell-id=")
        [above] = [cell for cell in Notebook(NOTEBOOKS / file).markdown_cells if cell.data["id"] == name]
        call = f'{"predict" if place.what.startswith("prediction") else "check"}("{place.what.split()[1]}"'
        below = Notebook(NOTEBOOKS / file).cells[above.index + 1 :]
        assert any(call in cell.source for cell in takewhile(lambda cell: cell.is_code, below))
    assert here["exercise 1.1"].heading == "Exercise 1.1: a stopwatch"
    assert next(place.title for place in here.values()) == "Start here"


def test_copies_and_broken_notebooks_are_left_out(monkeypatch, tmp_path):
    monkeypatch.setattr("workshop.exercises.places.NOTEBOOKS", tmp_path)
    cells = [
        {"cell_type": "markdown", "source": ["# A `title`\n", "```\n", "# no heading\n", "```\n"]},
        {"cell_type": "markdown", "source": "What?", "id": "asks"},
        {"cell_type": "code", "source": 'predict("1.1")'},
        {"cell_type": "code", "source": 'predict("1.1", "a")'},
    ]
    for name in ("01_a.ipynb", "01_a-Copy1.ipynb", "mine.ipynb"):
        (tmp_path / name).write_text(json.dumps({"cells": cells}), encoding="utf-8")
    for name, text in (("02_b.ipynb", "{"), ("03_c.ipynb", "[]"), ("04_d.ipynb", '{"cells": [{}]}')):
        (tmp_path / name).write_text(text, encoding="utf-8")
    [place] = places().values()
    assert (place.what, place.chapter, place.title) == ("prediction 1.1", "01", "A `title`")
    assert place.link("there") == ("there", "01_a.ipynb#cell-id=asks")


# Which are asked


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(kept, "_unwritten", {})
    monkeypatch.setattr(questions, "_asked", {})
    monkeypatch.setattr(predictions, "_kept", {})


def printed(capsys):
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines()), default=0) <= 88
    return out.replace("\n  ", " ")


def asked(capsys, chapter="01"):
    recall(chapter)
    return re.findall(r"^(\d+[A-Z]): ", printed(capsys), re.MULTILINE)


def test_a_fresh_reader_is_asked_the_first_two(capsys):
    recall("01")
    lines = printed(capsys).splitlines()
    assert lines == [
        "Before you begin, on chapter 01:",
        f"1A: {QUESTIONS['1A'].asks}",
        "a) 1 s",
        "b) 3 s",
        "c) 6 s",
        f"1B: {QUESTIONS['1B'].asks}",
        "a) At 1 s",
        "b) At 3 s",
        "c) At 4 s",
        "To answer, name a question and a letter, as in `recall('1A', 'a')`, or just read on.",
    ]


@pytest.mark.parametrize(
    ("noted", "first"),
    [
        ([("prediction 1.1", False)], ["1C", "1A"]),
        ([("prediction 1.1", False), ("prediction 1.1", True)], ["1C", "1A"]),
        ([("prediction 1.4", False), ("prediction 1.1", False)], ["1C", "1D"]),
        ([("prediction 1.1", True), ("prediction 2.1", False)], ["1A", "1B"]),
        ([("question 1A", True)], ["1B", "1C"]),
        ([("question 1A", True), ("question 1B", False)], ["1B", "1C"]),
        ([("question 1D", False), ("question 1D", True), ("question 1B", False)], ["1B", "1D"]),
        ([("prediction 1.2", False), ("question 1A", True)], ["1B", "1C"]),
        ([(f"question 1{letter}", True) for letter in "ABCD"], ["1A", "1B"]),
    ],
)
def test_what_was_wrong_is_asked_first_and_then_what_was_not_asked_yet(capsys, noted, first):
    for what, right in noted:
        kept.note(what, right)
    assert asked(capsys) == first


def test_in_one_kernel_the_same_are_asked(capsys):
    assert asked(capsys) == ["1A", "1B"]
    kept.note("prediction 1.1", False)
    assert asked(capsys) == ["1A", "1B"]
    assert asked(capsys, "03") == ["3A", "3B"]


def test_a_prediction_that_was_wrong_is_asked_about(capsys):
    predict("1.1", "b")
    compare("1.1", ["B", "C", "A"])
    printed(capsys)
    assert asked(capsys)[0] == "1C"


# What is said to an answer


def test_an_answer_is_kept_and_told_with_the_place(capsys):
    recall("1A", " A ")
    assert printed(capsys) == (
        f"Question 1A: you said a, and c is right. {QUESTIONS['1A'].why}\n"
        "In chapter 01: The same without as_completed\n"
    )
    assert kept.states() == {"question 1A": "wrong"}
    recall("1A", "c")
    assert printed(capsys).startswith("Question 1A: c is right. ")
    assert kept.states() == {"question 1A": "wrong first"}


@pytest.mark.parametrize("answer", ["d", "", 1, ["a"]])
def test_what_is_no_answer_gets_one_clear_line(capsys, answer):
    recall("1A", answer)
    assert re.fullmatch(r"1A: .* is none of the answers\. Write one of a, b, c in quotes, .*\n", printed(capsys))
    assert kept.states() == {}


@pytest.mark.parametrize("what", ["99", "1Z", "", 1, None, []])
def test_an_unknown_chapter(capsys, what):
    recall(what)
    assert "Expected one of the chapters 00, 01, 02" in printed(capsys)


def test_an_answer_needs_a_question(capsys):
    recall("01", "a")
    assert printed(capsys) == "Say to which question, as in `recall('1A', 'a')`.\n"
    recall("1B")
    assert printed(capsys).count("1B: ") == 1


def test_an_answer_by_a_click(notebook):
    recall("01")
    first, buttons, said, *_ = notebook
    assert "1A: Sleepers of 3, 2 and 1 s." in first["text/html"]
    assert buttons.buttons.options == ("a", "b", "c")
    assert "1A: no answer yet" in said["text/html"]
    assert kept.states() == {}
    buttons.buttons.value = "b"
    assert "Question 1A: you said b, and c is right" in notebook[-1]["text/html"]
    link = places()["prediction 1.2"].link("").target
    assert f'<a href="{link}">In chapter 01: ' in notebook[-1]["text/html"]
    buttons.buttons.value = "c"
    assert "Question 1A: c is right" in notebook[-1]["text/html"]
    assert kept.states() == {"question 1A": "wrong first"}
