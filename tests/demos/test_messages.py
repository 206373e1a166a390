"""What a block provokes is printed, each message in the same words in every run; and chapter 13 does it for each."""

import asyncio
import logging
import re
import sys
import warnings
from itertools import pairwise

import pytest

from support.newer_python import KEY
from support.notebook_tools import NOTEBOOKS, Notebook
from workshop.demos.messages import asyncio_log, provoke

CHAPTER = Notebook(NOTEBOOKS / "13_what_does_this_message_mean.ipynb")


async def call(seconds=0.1):
    await asyncio.sleep(seconds)


async def burn():
    raise ValueError("soup burnt\nagain")


class Pot:
    """What is shown of it differs from run to run."""


@pytest.fixture(autouse=True)
def keep_frozen(monkeypatch):
    """Leave aside for the tests to come what conftest has set aside."""
    monkeypatch.setattr("gc.unfreeze", lambda: None)


def settings():
    return logging.getLogger().handlers, sys.unraisablehook, warnings.showwarning, warnings.filters[:]


async def test_an_exception_is_printed_and_goes_no_further(capsys):
    async with provoke():
        raise KeyError("soup")
    async with provoke():
        raise TimeoutError
    assert capsys.readouterr().out == "KeyError: 'soup'\nTimeoutError\n"


async def test_of_several_lines_the_first_is_printed_and_each_exception_of_a_group(capsys):
    async with provoke():
        raise ExceptionGroup("two", [ValueError("soup burnt\nagain"), ExceptionGroup("one", [OSError("no pot")])])
    assert capsys.readouterr().out.splitlines() == [
        "ExceptionGroup: two (2 sub-exceptions)",
        "  ValueError: soup burnt",
        "  ExceptionGroup: one (1 sub-exception)",
        "    OSError: no pot",
    ]


async def test_what_an_exception_leaves_unawaited_is_not_printed_then_nor_later(capsys):
    with warnings.catch_warnings(record=True) as warned:
        async with provoke():
            call().soup  # noqa: B018 (the exception holds on to the coroutine)
        async with provoke(), asyncio.TaskGroup() as group:
            group.create_task(burn())
            await call().soup
        async with provoke():
            {}[call()]
    assert "never awaited" not in capsys.readouterr().out
    assert [str(warning.message) for warning in warned] == []


async def test_warnings_and_what_is_logged_are_printed_once_each(capsys):
    async with provoke():
        for _ in range(2):
            call()
            asyncio.create_task(burn())  # noqa: RUF006 (nobody is to hold it)
            logging.getLogger("kitchen").error("no pot")
            logging.getLogger("kitchen").info("all is well")
        warnings.warn("too hot", ResourceWarning, stacklevel=1)  # Python does not show these
    assert capsys.readouterr().out.splitlines() == [
        "RuntimeWarning: coroutine 'call' was never awaited",
        "no pot",
        "Task exception was never retrieved",
        "  ValueError: soup burnt",
    ]


async def test_what_can_not_be_raised_is_printed(capsys):
    class Lid:
        def __del__(self):
            raise ValueError("it slips")

    async with provoke():
        Lid()
    out = capsys.readouterr().out
    assert out.startswith("Exception ignored")
    assert out.endswith("  ValueError: it slips\n")


async def test_what_was_set_aside_from_garbage_collection_is_so_no_more(monkeypatch):
    counted = []
    monkeypatch.setattr("gc.freeze", lambda: counted.append(1))
    monkeypatch.setattr("gc.unfreeze", lambda: counted.append(-1))
    async with provoke():
        raise ValueError
    with pytest.raises(SystemExit):
        async with provoke():
            raise SystemExit
    assert counted == [1, -1, 1, -1]


async def test_a_block_without_a_message_prints_nothing(capsys):
    async with provoke():
        await call(0)
    assert capsys.readouterr().out == ""


async def test_tasks_of_the_block_have_ended_after_it(clock, capsys):
    began = asyncio.get_running_loop().time()
    async with provoke():
        task = asyncio.create_task(call(0.5))
        raise ValueError("soup burnt")
    assert task.done()
    assert asyncio.get_running_loop().time() - began == pytest.approx(0.5)
    async with provoke():
        task = asyncio.create_task(call(5))
    assert not task.done()
    await task


async def test_a_cancelled_task_is_a_message_and_to_be_cancelled_is_none(capsys):
    async with provoke():
        task = asyncio.create_task(call())
        task.cancel()
        await task
    assert capsys.readouterr().out == "CancelledError\n"

    async def block():
        async with provoke():
            await call(5)

    before = settings()
    task = asyncio.create_task(block())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert capsys.readouterr().out == ""
    assert settings() == before


async def test_all_is_set_as_before(capsys):
    before = settings()
    async with provoke():
        raise ValueError
    assert settings() == before


async def test_what_differs_from_run_to_run_is_left_out(capsys):
    loop = asyncio.get_running_loop()
    for thing in [Pot(), loop.create_future(), asyncio.current_task(), asyncio.Queue(), call, {Pot(): [Pot()]}, Pot]:
        async with provoke():
            raise ValueError(thing)
    async with provoke():
        raise OSError("('127.0.0.1', 43521), http://127.0.0.1:43521/users, http://127.0.0.1:1/, 2 <= 3")
    async with provoke():
        raise TypeError("no such name. Did you mean: 'soup'?")
    async with provoke():
        loop.call_soon(lambda: 1 / 0)
    assert capsys.readouterr().out.splitlines() == [
        "ValueError: <test_messages.Pot object ...>",
        "ValueError: <Future pending>",
        "ValueError: <Task pending ...>",
        "ValueError: <Queue ...>",
        "ValueError: <function call ...>",
        "ValueError: {<test_messages.Pot object ...>: [<test_messages.Pot object ...>]}",
        "ValueError: <class 'test_messages.Pot'>",
        "OSError: ('127.0.0.1', ...), http://127.0.0.1:.../users, http://127.0.0.1:1/, 2 <= 3",
        "TypeError: no such name",
        "Exception in callback test_what_differs_from_run_to_run_is_left_out.<lambda>()",
        "  ZeroDivisionError: division by zero",
    ]


SLOW = "Executing <Task {} result=None created at /x/tasks.py:7> took 0.200 seconds"


@pytest.mark.parametrize(
    ("task", "shown"),
    [
        ("pending name='C' coro=<call() running at /a b/c.py:5> wait_for=<Future pending>",
         "<Task pending name='C' coro=<call() running at c.py:5 ...>"),
        (r"pending name='Task-12' coro=<a.<locals>.b() running at C:\a\c.py:41> cb=[gather() at C:\x\tasks.py:3]",
         "<Task pending name='Task-...' coro=<a.<locals>.b() running at c.py:41 ...>"),
        ("finished name='C' coro=<call() done, defined at <cell 1a>:1>",
         "<Task finished name='C' coro=<call() done, defined at <cell 1a>:1 ...>"),
    ],
)  # fmt: skip
def test_of_a_task_that_asyncio_logs_the_place_is_printed(capsys, task, shown):
    log = logging.getLogger("asyncio")
    before = log.handlers, log.propagate
    with asyncio_log():
        log.warning(SLOW.format(task))
        log.info("all is well")
    assert capsys.readouterr().out == f"Executing {shown} took 0.200 seconds\n"
    assert (log.handlers, log.propagate) == before


# The chapter


def messages():
    """Yield each message of the chapter, as its heading has it, with the text and the code cell below."""
    for cell, below in pairwise(CHAPTER.cells):
        if cell.is_markdown and (found := re.search(r"^### `(.+)`$(.+)", cell.source, re.MULTILINE | re.DOTALL)):
            yield found[1], found[2], below


MESSAGES = list(messages())
HEADINGS = [message for message, _, _ in MESSAGES]


def test_there_are_messages_and_each_is_there_once():
    assert len(HEADINGS) >= 40
    assert [text.strip("`") for level, text in CHAPTER.headings() if level == 3] == HEADINGS
    assert len(set(HEADINGS)) == len(HEADINGS)


@pytest.mark.parametrize(("message", "text", "cell"), MESSAGES, ids=HEADINGS)
def test_a_heading_has_the_words_that_its_cell_provokes_and_a_chapter_explains_it(message, text, cell):
    """Three dots stand for anything."""
    assert re.search(r" See \[[^]]+\]\(\d\d_\w+\.ipynb", text)
    words = ".+".join(map(re.escape, message.split("...")))
    assert "provoke()" in cell.source
    assert re.search(words, cell.text + cell.data["metadata"].get(KEY, {}).get("prints", ""))


def test_all_messages_are_listed_in_their_order():
    [listed] = [cell.source for cell in CHAPTER.markdown_cells if cell.source.startswith("## All messages")]
    texts = re.findall(r"^- \[(.+)\]\(#", listed, re.MULTILINE)
    assert [text.replace("\\_", "_") for text in texts] == HEADINGS
