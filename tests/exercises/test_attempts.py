"""Where an answer is wrong about order or time, its card offers a replay of what it did; else nothing of it is seen."""

# ruff: noqa: ASYNC251, N805 (answers of readers, in a class that is only a group)

import asyncio
import html
import json
import re
import sys
import time
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from support.jumping_loop import WorkingClock
from workshop.exercises import check
from workshop.exercises.say import IN_A_CARD
from workshop.timeline.views.live import SWITCH


class Right:
    async def in_order(coroutines, on_result):
        tasks = [asyncio.create_task(each) for each in coroutines]
        for next_result in asyncio.as_completed(tasks):
            on_result(await next_result)
        return [task.result() for task in tasks]


class Wrong:
    async def blocks(a, b):
        time.sleep(0.1)
        return a + b

    async def one_after_another(naps):
        names = []
        for seconds, name in naps:
            await asyncio.sleep(seconds)
            names.append(name)
        return names

    async def in_turn(coroutines, on_result):
        tasks, results = [asyncio.create_task(each) for each in coroutines], []
        for task in tasks:
            results.append(await task)
            on_result(results[-1])
        return results

    async def too_late(seconds, coroutines):
        tasks = [asyncio.create_task(each) for each in coroutines]
        await asyncio.wait(tasks)
        return [task.result() for task in tasks][:2]

    async def forgets_one(coroutines, on_result):
        results = [await each for each in asyncio.as_completed(coroutines)]
        for result in results[1:]:
            on_result(result)
        return results

    async def leaves_them(coroutines):
        for next_result in asyncio.as_completed(coroutines):
            return await next_result


ABOUT_TIME = [
    ("0.1", Wrong.blocks, ""),
    ("1.2", Wrong.one_after_another, "await asyncio.sleep(seconds)"),
    ("2.1", Wrong.in_turn, "results.append(await task)"),
    ("4.1", Wrong.too_late, "await asyncio.wait(tasks)"),
]
"""The exercise, an answer that is wrong about order or time, and a line of it that waits."""


def run_check(number: str, answer: Any) -> None:
    WorkingClock().run(check(number, answer)._run())


def page_of(shown: str) -> str:
    """Return the page in a card's HTML."""
    return html.unescape(re.search(r"""srcdoc=(["'])(.*?)\1""", shown, re.DOTALL)[2])


def data_of(shown: str) -> dict[str, Any]:
    """Return what the page in a card's HTML shows."""
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page_of(shown), re.DOTALL)[1]
    [run] = json.loads(data)
    return run


def counted(answer: Callable) -> tuple[Callable, list[int]]:
    """Return an answer, and a list that gets an item whenever it is called."""
    calls = []

    async def called(*arguments):
        calls.append(1)
        print("called")
        return await answer(*arguments)

    return called, calls


@pytest.mark.parametrize(("number", "answer", "waits"), ABOUT_TIME, ids=[row[1].__name__ for row in ABOUT_TIME])
def test_an_answer_wrong_about_order_or_time_is_shown_in_its_own_lines(notebook, number, answer, waits):
    run_check(number, answer)
    [shown] = notebook
    assert shown["text/html"].count("<details") == 1
    assert "<details open" not in shown["text/html"]
    run = data_of(shown["text/html"])
    lines = [line.strip() for source in run["sources"] for line in source["lines"]]
    assert lines[0].startswith(f"async def {answer.__name__}(")
    assert (run["lanes"][0]["letter"], run["lanes"][0]["name"]) == ("you", "your function")
    assert run["notes"] == []
    if waits:
        assert lines.index(waits) in {turn[6] for turn in run["turns"] if turn[0] == 0}


def test_it_is_seen_whose_result_was_there_and_not_taken(notebook):
    run_check("2.1", Wrong.in_turn)
    table = html.unescape(re.search(r"<pre>(.*?)</pre>", notebook[0]["text/html"], re.DOTALL)[1])
    _, _, *calls = (re.split(r"  +", line) for line in table.splitlines())
    assert [call[0].rpartition("(")[2] for call in calls] == ["'Oslo')", "'Bern')", "'Rome')", "'Cork')"]
    finished, received = ([float(call[column]) for call in calls] for column in (3, 4))
    assert finished == pytest.approx([0.2, 0.1, 0.4, 0.3], abs=0.03)
    assert received == pytest.approx([0.2, 0.2, 0.4, 0.4], abs=0.03)


def test_in_words_it_is_one_line_more(notebook, monkeypatch):
    run_check("2.1", Wrong.in_turn)
    monkeypatch.setenv(SWITCH, "0")
    run_check("2.1", Wrong.in_turn)
    with_offer, without = (shown["text/plain"] for shown in notebook)
    assert with_offer == f"{without}\n{IN_A_CARD}"
    assert len(IN_A_CARD) <= 88


@pytest.mark.parametrize(
    ("number", "answer", "times"),
    [
        ("2.1", Right.in_order, 1),
        ("2.1", Wrong.forgets_one, 1),
        ("8.1", Wrong.leaves_them, 1),
        ("2.1", Wrong.in_turn, 2),
    ],
)
def test_only_what_it_is_offered_for_is_run_once_more_and_prints_nothing_then(
    notebook, judge, monkeypatch, capfd, number, answer, times
):
    answer, calls = counted(answer)
    monkeypatch.setenv(SWITCH, "0")
    run_check(number, answer)
    once = len(calls)
    calls.clear()
    monkeypatch.setenv(SWITCH, "1")
    capfd.readouterr()
    run_check(number, answer)
    assert len(calls) == times * once
    assert capfd.readouterr().out == "called\n" * once
    before, shown = (shown["text/html"] for shown in notebook)
    assert shown.startswith(before)
    assert (shown == before) == (times == 1)
    if times == 2:
        assert data_of(shown)["printed"] == [[0, "called\n"]]


def test_where_messages_are_printed_nothing_is_run_once_more(capsys):
    answer, calls = counted(Wrong.in_turn)
    run_check("2.1", answer)
    assert len(calls) == 1
    assert "See what your code did" not in capsys.readouterr().out


def test_an_answer_that_is_right_the_second_time_gets_no_offer(notebook):
    answers = [Wrong.in_turn]

    async def changes(coroutines, on_result):
        return await (answers.pop() if answers else Right.in_order)(coroutines, on_result)

    run_check("2.1", changes)
    assert "<details" not in notebook[0]["text/html"]


def test_without_a_line_of_the_readers_there_is_no_offer(notebook):
    run_check("0.1", lambda a, b: asyncio.sleep(0, a + b))
    assert "let it wait 0.1 s" in notebook[0]["text/html"]
    assert "<details" not in notebook[0]["text/html"]


def test_who_stops_it_is_told_what_was_wrong_all_the_same(notebook):
    async def main():
        runs = []

        async def answer(coroutines, on_result):
            runs.append(1)
            if len(runs) == 2:
                cell.cancel()
            return await Wrong.in_turn(coroutines, on_result)

        cell = asyncio.create_task(check("2.1", answer)._run())
        await asyncio.wait([cell])
        assert cell.cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    WorkingClock().run(main())
    [shown] = notebook
    assert "✗ 2.1 `on_result` was called in the order" in shown["text/plain"]
    assert "<details" not in shown["text/html"]


def test_the_loop_and_the_stream_are_as_before(notebook):
    before = sys.stdout

    async def main():
        loop = asyncio.get_running_loop()
        await check("2.1", Wrong.in_turn)
        assert "create_task" not in vars(loop)
        assert loop.get_task_factory() is None

    WorkingClock().run(main())
    assert sys.stdout is before
    assert "write" not in vars(sys.stdout)


EVIL = "</script></iframe></details>'\"><img src=x onerror=alert(1)><!--<script>"


class Tags(HTMLParser):
    """The tags of a document, each with its attributes."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_hostile_names_and_prints_stay_text(notebook):
    async def hostile(coroutines, on_result):
        tasks = [asyncio.create_task(each, name=EVIL) for each in coroutines]  # </script><img src=x onerror=alert(1)>
        print(EVIL)
        return [on_result(await task) for task in tasks]

    run_check("2.1", hostile)
    outside = Tags(notebook[0]["text/html"]).found
    inside = Tags(page_of(notebook[0]["text/html"])).found
    assert {tag for tag, _ in outside} == {"b", "code", "details", "div", "iframe", "img", "pre", "style", "summary"}
    assert [tag for tag, _ in inside].count("script") == 2
    for _, attributes in outside + inside:
        assert "onerror" not in attributes
        assert attributes.get("src") != "x"
    run = data_of(notebook[0]["text/html"])
    assert run["lanes"][1]["name"].startswith(EVIL[:40])
    assert run["printed"][0][1] == f"{EVIL}\n"
