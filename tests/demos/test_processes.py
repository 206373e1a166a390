"""Asking another Python for the tasks of a program: every answer is told, and no process is left."""

import asyncio
import os
import re
import sys
import time
from types import SimpleNamespace

import psutil
import pytest

from support.leftovers import child_processes
from support.newer_python import has_change
from support.notebook_tools import Notebook, notebook_paths
from workshop.demos import processes

SLEEPS_FOR_EVER = "import time; print('asked', flush=True); time.sleep(1000)"


def pretend(monkeypatch, version):
    """Let this Python pass for another version; for this one module only."""
    monkeypatch.setattr(processes, "sys", SimpleNamespace(version_info=version, executable=sys.executable))


@pytest.fixture
def newer(monkeypatch):
    """Let this Python pass for 3.14."""
    pretend(monkeypatch, (3, 14, 0))


@pytest.fixture
def answers(monkeypatch, newer):
    """Return a function that sets what the other Python runs in place of pstree.

    It returns a queue that gets the command and the process, when one is started.
    """
    started = asyncio.Queue()
    start = asyncio.create_subprocess_exec

    def set_code(code):
        async def stand_in(*command, **options):
            process = await start(sys.executable, "-c", code, **options)
            started.put_nowait((command, process))
            return process

        monkeypatch.setattr(asyncio, "create_subprocess_exec", stand_in)
        return started

    return set_code


PROGRAM = "the program"


def asked(program=PROGRAM):
    return asyncio.run(processes.task_tree(program))


def is_gone(pid):
    """Return whether there is no process of this number any more, not even one that nobody has reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def is_at_work(pid):
    """Return whether the process of this number runs; one that nobody has reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 13, 5)])
def test_on_an_older_python_there_are_words_and_no_process(monkeypatch, version):
    pretend(monkeypatch, version)
    monkeypatch.setattr(asyncio, "create_subprocess_exec", None)
    assert asked() == "This needs Python 3.14 or later."


def test_the_tree_is_returned(answers):
    started = answers("print('└── (T) A'); print('└── (T) B'); print()")
    assert asked() == "└── (T) A\n└── (T) B"
    command, process = started.get_nowait()
    assert command == (sys.executable, "-c", processes.ASK, PROGRAM)
    assert process.returncode == 0


def test_the_tree_is_read_in_any_locale(answers, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii:strict")
    monkeypatch.setenv("PYTHONUTF8", "0")
    answers("print('└── (T) Zoë')")
    assert asked() == "└── (T) Zoë"


def test_other_settings_reach_the_other_python(answers, monkeypatch):
    monkeypatch.setenv("WORKSHOP_TEST", "kept")
    answers("import os; print(os.environ['WORKSHOP_TEST'])")
    assert asked() == "kept"


@pytest.mark.parametrize(
    "said",
    [
        "PermissionError: [Errno 1] Operation not permitted",
        "Error: The specified process cannot be attached to due to insufficient permissions.",
        "See the documentation for details on required privileges.",
    ],
)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_no_permission_is_told_with_what_to_do(answers, said, stream):
    answers(f"import sys; print({said!r}, file=sys.{stream}); sys.exit(1)")
    assert asked() == processes.NOT_ALLOWED.format(python=sys.executable)


FAILED = "`python -m asyncio pstree` failed: "


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (r"import sys; sys.stdout.buffer.write(b'(T) A\r\n(T) B\r\n')", "(T) A\n(T) B"),  # line ends of Windows
        ("print('(T) permission')", "(T) permission"),  # in a tree it is no failure
        ("1 / 0", f"{FAILED}ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(3)", f"{FAILED}it said nothing"),
    ],
)
def test_what_is_said(answers, code, said):
    answers(code)
    assert asked() == said


def test_an_event_loop_that_starts_no_processes_is_told(monkeypatch, newer):
    async def cannot(*command, **options):
        raise NotImplementedError

    monkeypatch.setattr(asyncio, "create_subprocess_exec", cannot)
    said = asked()
    assert said.startswith("This event loop starts no processes")
    assert "python -m asyncio pstree" in said


@pytest.mark.skipif(sys.platform == "win32", reason="asks Unix whether a process is gone")
def test_no_answer_is_told_and_the_process_is_gone(answers, monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 0.2)
    started = answers(SLEEPS_FOR_EVER)
    began = time.perf_counter()
    assert asked() == "`python -m asyncio pstree` gave no answer within 0.2 s."
    assert time.perf_counter() - began < 10
    _, process = started.get_nowait()
    assert process.returncode is not None
    assert is_gone(process.pid)


@pytest.mark.skipif(sys.platform == "win32", reason="asks Unix whether a process is gone")
async def test_cancelled_in_the_middle_the_process_is_gone(answers):
    started = answers(SLEEPS_FOR_EVER)
    asking = asyncio.create_task(processes.task_tree(PROGRAM))
    _, process = await started.get()
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    assert process.returncode is not None
    assert is_gone(process.pid)


@pytest.mark.skipif(sys.platform == "win32", reason="asks Unix whether a process is gone")
async def test_cancelled_in_the_middle_the_program_is_gone_too(newer, tmp_path):
    path = tmp_path / "pid"
    program = (
        f"import os, time; open({str(path)!r}, 'w', encoding='ascii').write(str(os.getpid()) + '.'); time.sleep(1000)"
    )
    asking = asyncio.create_task(processes.task_tree(program))
    while not (path.exists() and path.read_text(encoding="ascii").endswith(".")):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.wait([asking])
    pid = int(path.read_text(encoding="ascii").rstrip("."))
    while is_at_work(pid):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_other_tasks_go_on_meanwhile(answers):
    answers("import time; time.sleep(0.3)")
    asking = asyncio.create_task(processes.task_tree(PROGRAM))
    turns = 0
    while not asking.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns > 1, "while it is asked, the loop stands still"


CHAPTER = Notebook(next(path for path in notebook_paths() if path.name.startswith("06")))
[SHOWN] = [cell.source.split("```")[1].strip() for cell in CHAPTER.markdown_cells if "(T) Task-1\n" in cell.source]


def program_of_the_chapter():
    [source] = [cell.source for cell in CHAPTER.code_cells if cell.source.startswith("program = ")]
    names = {}
    exec(source, names)
    return names["program"]


def without_places(tree):
    """Return a tree without the folders of the standard library and its lines, which differ from release to release."""
    return re.sub(r"(?:\S*/)?asyncio/(\w+\.py):\d+", r"\1", tree.replace("\\", "/"))


@pytest.mark.skipif(sys.version_info < (3, 14), reason="needs Python 3.14")
def test_python_says_of_the_program_of_the_chapter_what_stands_there():
    before = child_processes()
    said = asked(program_of_the_chapter())
    assert child_processes() == before
    if said == processes.NOT_ALLOWED.format(python=sys.executable):
        pytest.skip("not allowed here")
    if has_change(["3.14.8", "3.15.0"]):
        assert without_places(said) == without_places(SHOWN)
    else:
        assert "\n└── (T) A" in said


@pytest.mark.skipif(sys.version_info < (3, 14), reason="needs Python 3.14")
def test_a_program_that_fails_is_told():
    assert "failed" in asked("1 / 0")
