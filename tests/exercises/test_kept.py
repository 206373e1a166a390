"""What a reader has done is kept: over restarts, by several kernels at a time, and whatever happens to the file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.places import NOTEBOOKS, ROOT
from workshop import check, compare, predict, progress
from workshop.exercises import kept, predictions
from workshop.exercises.places import places

RIGHT, WRONG, WRONG_FIRST = kept.RIGHT, kept.WRONG, kept.WRONG_FIRST


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Begin with a kernel that knows nothing."""
    monkeypatch.setattr(kept, "_unwritten", {})
    monkeypatch.setattr(kept, "_refused", [])
    monkeypatch.setattr(predictions, "_kept", {})


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Where the file is kept for this test."""
    monkeypatch.setenv(kept.SWITCH, str(tmp_path / "readers" / "own"))
    return tmp_path / "readers" / "own"


def printed(capsys) -> str:
    out, err = capsys.readouterr()
    assert err == ""
    return out.replace("\n  ", " ")


# The file


@pytest.mark.parametrize(
    ("went", "state"),
    [
        ([True], RIGHT),
        ([False], WRONG),
        ([False, False], WRONG),
        ([False, True], WRONG_FIRST),
        ([False, True, False], WRONG_FIRST),
        ([True, False], RIGHT),
    ],
)
def test_one_word_is_kept_of_how_it_went(folder, went, state):
    for right in went:
        kept.note("prediction 1.1", right)
    assert kept.states() == {"prediction 1.1": state}
    assert json.loads((folder / "progress.json").read_bytes()) == {"version": 1, "done": {"prediction 1.1": state}}
    assert [path.name for path in folder.iterdir()] == ["progress.json"]


WRITER = """
import sys
from workshop.exercises import kept
for number in range(40):
    kept.note(f"exercise {sys.argv[1]}.{number}", number % 2 == 0)
"""


def test_two_kernels_write_at_the_same_time_and_a_third_knows_it(folder, capsys):
    kept.note("prediction 1.1", True)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, name], cwd=NOTEBOOKS) for name in "12"]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    states = kept.states()
    assert len(states) == 81
    assert states["exercise 1.38"] == states["exercise 2.38"] == RIGHT
    assert states["exercise 1.39"] == WRONG
    assert printed(capsys) == ""


BROKEN = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[]",
    b"7",
    b'{"version": 1}',
    b'{"version": 1, "done": {"exercise 1.1": "perhaps"}}',
    b'{"version": 1, "done": ["exercise 1.1"]}',
    b'{"version": "1", "done": {}}',
    b"[" * 100_000,
    b'{"version": 2, "done": {"exercise 1.1": "right"}, "more": []}',
]


@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
def test_a_file_that_cannot_be_read_is_set_aside_with_one_message(folder, capsys, content):
    folder.mkdir(parents=True)
    (folder / "progress.json").write_bytes(content)
    kept.note("exercise 1.2", True)
    message = printed(capsys)
    assert message.count("\n") == 1
    assert ("was written by a newer version" in message) == (b'"version": 2' in content)
    assert str(folder / "progress-1.json").replace("\n", "") in message
    assert (folder / "progress-1.json").read_bytes() == content
    assert kept.states() == {"exercise 1.2": RIGHT}
    (folder / "progress.json").write_bytes(content)
    assert kept.states() == {}
    assert (folder / "progress-2.json").read_bytes() == content, "nothing is lost"


def assert_told_once_and_remembered(capsys):
    kept.note("exercise 1.1", False)
    kept.note("exercise 1.1", True)
    kept.note("exercise 1.2", True)
    assert kept.states() == {"exercise 1.1": WRONG_FIRST, "exercise 1.2": RIGHT}
    message = printed(capsys)
    assert message.startswith("What you do can't be written down: ")
    assert message.count("\n") == 1


def test_where_no_folder_can_be_made_it_says_so_once_and_goes_on(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv(kept.SWITCH, str(tmp_path / "file" / "own"))
    assert_told_once_and_remembered(capsys)


def refuses(*arguments, **options):
    raise PermissionError(13, "Permission denied")


def test_in_a_folder_that_is_read_only_it_says_so_once_and_goes_on(folder, monkeypatch, capsys):
    kept.note("exercise 1.3", True)
    before = (folder / "progress.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(kept, "PAUSE", 0)
        patch.setattr(os, "open", refuses)
        patch.setattr(Path, "write_text", refuses)
        kept.note("exercise 1.1", False)
        kept.note("exercise 1.1", True)
        assert kept.states() == {"exercise 1.3": RIGHT, "exercise 1.1": WRONG_FIRST}
        assert printed(capsys).count("can't be written down") == 1
        progress()
        assert "what is kept (here: in this kernel only)" in printed(capsys)
    assert (folder / "progress.json").read_bytes() == before


def test_whoever_is_interrupted_leaves_the_old_file(folder, monkeypatch, capsys):
    kept.note("exercise 1.1", True)
    before = (folder / "progress.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(kept, "PAUSE", 0)
        patch.setattr(Path, "replace", refuses)
        kept.note("exercise 1.2", True)
    assert (folder / "progress.json").read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["progress.json"]


def test_a_lock_that_was_left_behind_does_not_lock_forever(folder, monkeypatch):
    monkeypatch.setattr(kept, "PAUSE", 0)
    folder.mkdir(parents=True)
    (folder / "progress.lock").touch()
    kept.note("exercise 1.1", True)
    assert [path.name for path in folder.iterdir()] == ["progress.json"]


def test_one_call_deletes_all_and_nothing_else(folder, capsys):
    kept.note("exercise 1.1", True)
    (folder / "progress.json").write_bytes(b"{")
    kept.note("exercise 1.2", True)
    (folder / "mine.json").touch()
    printed(capsys)
    progress(forget=True)
    assert printed(capsys) == "What was kept of what you have done is deleted.\n"
    assert [path.name for path in folder.iterdir()] == ["mine.json"]
    assert kept.states() == {}
    (folder / "mine.json").unlink()
    kept.note("exercise 1.1", True)
    progress(forget=True)
    assert not folder.exists()
    printed(capsys)
    progress(forget=True)
    assert printed(capsys) == "Nothing was kept, so nothing is deleted.\n"


def test_what_cannot_be_deleted_is_told(folder, monkeypatch, capsys):
    kept.note("exercise 1.1", True)
    monkeypatch.setattr(kept, "PAUSE", 0)
    monkeypatch.setattr(Path, "unlink", refuses)
    progress(forget=True)
    assert printed(capsys).startswith("It could not be deleted: [Errno 13]")


def test_tests_touch_no_file_of_the_user(monkeypatch):
    assert kept.place() is None
    kept.note("exercise 1.1", True)
    assert kept.states() == {"exercise 1.1": RIGHT}
    monkeypatch.delenv(kept.SWITCH)
    own = kept.place()
    assert own.is_absolute()
    assert own.name == "asyncio-results-workshop"
    assert ROOT not in own.parents


def test_in_a_browser_the_file_stands_beside_the_notebooks_if_they_are_kept(monkeypatch, tmp_path):
    monkeypatch.delenv(kept.SWITCH)
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(kept, "NOTEBOOKS", tmp_path)
    assert kept.place() == tmp_path / kept.FOLDER
    monkeypatch.setattr(kept, "NOTEBOOKS", tmp_path / "not there")
    assert kept.place() is None


# What is noted


def test_a_check_notes_what_was_wrong_and_then_right(judge):
    async def wrong(a, b):
        return a + b

    async def right(a, b):
        import asyncio

        await asyncio.sleep(0.1)
        return a + b

    assert judge("0.1", wrong).startswith("✗")
    assert kept.states() == {"exercise 0.1": WRONG}
    assert judge("0.1", right).startswith("✓")
    assert kept.states() == {"exercise 0.1": WRONG_FIRST}


STUB = "async def wait_and_add(a, b):\n    ...  # TODO\n"


@pytest.mark.parametrize(
    ("cells", "states"),
    [
        ([STUB], {}),
        ([STUB, "wait_and_add(1, 2)", STUB], {}),
        ([STUB, STUB.replace("...", "return a + b")], {"exercise 0.1": WRONG}),
        ([STUB.replace("# TODO", "")], {"exercise 0.1": WRONG}),
        ([], {"exercise 0.1": WRONG}),
    ],
)
def test_what_the_lesson_gave_is_not_noted_as_wrong(judge, monkeypatch, cells, states):
    async def answer(a, b):
        return a + b

    monkeypatch.setattr(sys.modules["__main__"], "wait_and_add", answer, raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "In", ["", *cells, "await check(...)"], raising=False)
    assert judge("0.1", answer).startswith("✗")
    assert kept.states() == states


def test_nothing_is_not_wrong(judge):
    async def wait_and_add(a, b): ...

    async def not_written(a, b):
        raise NotImplementedError

    for answer in (wait_and_add, not_written):
        assert "Nothing here yet" in judge("0.1", answer)
    assert kept.states() == {}


async def test_the_lessons_own_solution_is_not_the_readers(monkeypatch, capsys):
    async def answer(a, b):
        import asyncio

        await asyncio.sleep(0.1)
        return a + b

    monkeypatch.setattr(sys.modules["__main__"], "wait_and_add_solution", answer, raising=False)
    await check("0.1", answer)
    await check("no such exercise", answer)
    assert "✓ 0.1" in printed(capsys)
    assert kept.states() == {}


@pytest.mark.parametrize(
    ("guess", "observed", "states"),
    [
        ("a", ["B", "C", "A"], {"prediction 1.1": RIGHT}),
        ("b", ["B", "C", "A"], {"prediction 1.1": WRONG}),
        ("", ["B", "C", "A"], {}),
        ("b", ["A", "B", "C"], {}),
        ("a", [], {}),
        ("a", None, {}),
    ],
)
def test_compare_notes_a_guess_that_the_lessons_own_code_has_answered(guess, observed, states):
    predict("1.1", guess)
    compare("1.1", observed)
    assert kept.states() == states


# How it is shown


def test_nothing_done_yet(capsys):
    progress()
    assert printed(capsys) == (
        "Your progress: nothing done yet.\n"
        "Guess and try, and it will be told here.\n"
        "`progress(forget=True)` deletes what is kept (here: in this kernel only).\n"
        "Go on: Start here\n"
    )


def test_what_is_done_is_counted_by_chapter_and_the_next_open_one_is_named(folder, capsys):
    for what, right in (
        ("prediction 0.1", True),
        ("prediction 1.1", True),
        ("prediction 1.2", False),
        ("prediction 1.3", False),
        ("exercise 1.1", False),
        ("exercise 1.2", False),
        ("exercise 1.2", True),
        ("question 1A", False),
        ("exercise 99.1", True),
    ):
        kept.note(what, right)
    progress()
    title, first, second, not_begun, where, link = printed(capsys).splitlines()
    assert title == f"Your progress: 5 of {len(places())} done."
    assert first == "00 Start here: 1 of 1 prediction, 0 of 1 exercise"
    assert second == "01 Sleepers: 3 of 4 predictions (1.2, 1.3 wrong first), 1 of 2 exercises (1.2 wrong first)"
    assert not_begun.startswith("Not begun: 02, 03, 04")
    assert where == f"`progress(forget=True)` deletes what is kept (here: {folder})."
    assert link == "Go on: gather versus as_completed"


def test_where_all_behind_is_done_the_first_open_one_is_next(capsys):
    *others, last = places()
    kept.note(last, True)
    progress()
    assert "Go on: Start here\n" in printed(capsys)
    for what in others:
        kept.note(what, True)
    progress()
    out = printed(capsys)
    assert out.startswith(f"Your progress: {len(others) + 1} of {len(others) + 1} done.\n")
    assert "Go on" not in out and "Not begun" not in out


def test_the_card_says_the_same_and_holds_the_link(notebook):
    kept.note("prediction 1.1", True)
    progress()
    [shown] = notebook
    assert "<b>Your progress: 1 of " in shown["text/html"]
    link = places()["prediction 1.2"].link("").target
    assert f'<a href="{link}">Go on: prediction 1.2, in Sleepers</a>' in shown["text/html"]
    assert shown["text/plain"].endswith("\nGo on: prediction 1.2, in Sleepers")


def test_a_tried_exercise_alone_is_nothing_done(capsys):
    kept.note("exercise 1.1", False)
    progress()
    out = printed(capsys)
    assert out.startswith("Your progress: nothing done yet.\n01 Sleepers: 0 of 4 predictions, 0 of 2 exercises\n")


def test_without_notebooks_there_is_nothing_to_count(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("workshop.exercises.places.NOTEBOOKS", tmp_path)
    kept.note("prediction 1.1", True)
    progress()
    assert printed(capsys).startswith("Your progress: nothing done yet.\n")
