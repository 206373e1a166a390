"""`python -m workshop.timeline my_script.py` runs a script as Python does, and writes the page beside it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest

from support.places import NOTEBOOKS
from workshop.timeline.records import NEXT

pytestmark = pytest.mark.slow(15)

TIMELINE = NOTEBOOKS / "workshop" / "timeline"

SLEEPERS = """\
import asyncio

async def sleeper(seconds, name):
    await asyncio.sleep(seconds)
    return name

async def main():
    sleepers = [sleeper(0.8, "A"), sleeper(0.2, "B"), sleeper(0.4, "C")]
    for name in await asyncio.gather(*sleepers):
        print(name)

asyncio.run(main())
"""

APIS = """\
import asyncio
import random
import sys

chance = random.Random(int(sys.argv[1]))

async def fetch(number, delay):
    await asyncio.sleep(delay)
    return f"API {number}"

async def main():
    delays = chance.sample([0.1, 0.4, 0.7, 1, 1.3], 5)
    tasks = [asyncio.create_task(fetch(n, delay)) for n, delay in enumerate(delays)]
    for next_result in asyncio.as_completed(tasks):
        result = await next_result
        print("just received:", result)

asyncio.run(main())
sys.exit(int(sys.stdin.readline()))
"""

TIMEOUT = """\
import asyncio

async def serve(reader, writer):
    path = await reader.readline()
    await asyncio.sleep(0 if b"fast" in path else 30)
    writer.write(path)
    writer.close()

async def fetch(port, path):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(path + b"\\n")
    answer = await reader.read()
    writer.close()
    return answer.decode().strip()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    tasks = [asyncio.create_task(fetch(port, path)) for path in (b"fast", b"slow")]
    for next_result in asyncio.as_completed(tasks, timeout=2):
        print(await next_result)

asyncio.run(main())
"""


def run(folder: Path, *command: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess:
    """Run Python in a folder, which finds `timeline` alone, and nothing that is installed."""
    variables = os.environ | {"PYTHONPATH": str(folder / "alone"), "PYTHONIOENCODING": "utf-8"} | environment
    return subprocess.run(
        [sys.executable, "-S", *command],
        cwd=folder,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        env=variables,
    )


@pytest.fixture
def folder(tmp_path):
    """A folder with a copy of `timeline`, found under its own name."""
    shutil.copytree(TIMELINE, tmp_path / "alone" / "timeline", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def both_ways(folder: Path, source: str, *arguments: str, stdin: str = "") -> tuple[subprocess.CompletedProcess, str]:
    """Run a script bare and recorded: but for the one line on stderr the two are the same.

    Returns:
        The bare run, and the line.
    """
    script = folder / "my_script.py"
    script.write_text(source, encoding="utf-8")
    bare = run(folder, script.name, *arguments, stdin=stdin)
    recorded = run(folder, "-m", "timeline", script.name, *arguments, stdin=stdin)
    assert (recorded.returncode, recorded.stdout) == (bare.returncode, bare.stdout)
    *before, rest = re.split(r"(^(?:Step through|No event loop)[^\n]*\n)", recorded.stderr, flags=re.MULTILINE)
    assert before[0] + rest == bare.stderr
    return bare, before[1]


def page_of(folder: Path) -> list[dict]:
    """Return what the page knows of each run."""
    page = (folder / "my_script.replay.html").read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def pictures_of(folder: Path) -> list[str]:
    """Return the picture of each run."""
    page = (folder / "my_script.replay.html").read_text(encoding="utf-8")
    return [b64decode(data).decode() for data in re.findall(r'base64,([^"]*)', page)]


def told(run: dict) -> list[str]:
    """Return the turns of a run in words: who goes on at which line, and where that ends."""
    numbers = [source["first"] + number for source in run["sources"] for number in range(len(source["lines"]))]

    def line(row: int) -> str:
        return str(numbers[row]) if row >= 0 else "-"

    return [
        f"{run['lanes'][lane]['letter']} {line(came)}>{line(stop)}" for lane, _, _, _, came, _, stop, *_ in run["turns"]
    ]


def expected(*turns: str) -> list[str]:
    """Return turns, without the line at which a task ends where that can't be known."""
    if sys.version_info >= (3, 12):
        return list(turns)
    last = {turn.partition(" ")[0]: number for number, turn in enumerate(turns)}
    return [turn.partition(">")[0] + ">-" if number in last.values() else turn for number, turn in enumerate(turns)]


def test_three_sleepers(folder):
    bare, line = both_ways(folder, SLEEPERS)
    assert bare.stdout == "A\nB\nC\n"
    path = re.fullmatch(r"Step through what ran: open (.*) in a browser\.\n", line)[1]
    assert Path(path).samefile(folder / "my_script.replay.html")
    [run] = page_of(folder)
    assert run["title"] == "my_script.py: main()"
    assert told(run) == expected(
        *("you 7>9", "A 3>4", "B 3>4", "C 3>4"),
        *("B 4>5", "C 4>5", "A 4>5", "you 9>9"),
    )
    assert run["printed"] == [[7, "A\nB\nC\n"]]
    [picture] = pictures_of(folder)
    assert ">you: main()<" in picture and "last after" in picture
    assert [lane["name"] for lane in run["lanes"]][1:] == [
        "sleeper(0.8, 'A')",
        "sleeper(0.2, 'B')",
        "sleeper(0.4, 'C')",
    ]


def test_five_apis_at_random_delays(folder):
    bare, _ = both_ways(folder, APIS, "7", stdin="3\n")
    assert bare.returncode == 3
    [run] = page_of(folder)
    order = [int(number) for number in re.findall(r"API (\d)", bare.stdout)]
    ends = [run["lanes"][turn[0]]["name"] for turn in run["turns"] if turn[7]]
    assert [int(name[len("fetch(")]) for name in ends[:-1]] == order != sorted(order)
    assert [text for _, text in run["printed"]] == [f"just received: API {number}\n" for number in order]
    assert told(run)[:2] == ["you 11>15", "A 7>8"]
    known = [1, 2, 3, 4, 5] if sys.version_info >= (3, 13) else []
    assert run["turns"][0][8] == [NEXT, *known], "for the next of these the program waits"


def test_fetching_with_a_timeout(folder):
    bare, _ = both_ways(folder, TIMEOUT)
    assert bare.returncode == 1
    assert bare.stdout == "fast\n"
    assert bare.stderr.splitlines()[-1] == "TimeoutError"
    [run] = page_of(folder)
    lanes = {lane["name"].partition("(")[0] + lane["outcome"]: lane for lane in run["lanes"]}
    assert lanes.keys() >= {"mainexception", "fetchresult", "fetchcancelled"}
    assert "you 21>21" in told(run)


def test_several_runs_and_what_is_left_over(folder):
    source = """\
import asyncio
async def left():
    try:
        await asyncio.sleep(30)
    finally:
        await asyncio.sleep(0)
        print("tidied")
async def main():
    task = asyncio.create_task(left())
    await asyncio.sleep(0)
asyncio.run(main())
with asyncio.Runner() as runner:
    runner.run(main())
    print(runner.run(asyncio.sleep(0, "second")))
loop = asyncio.new_event_loop()
loop.run_until_complete(asyncio.sleep(0))
loop.close()
"""
    both_ways(folder, source)
    first, second, third = page_of(folder)
    assert first["title"] == "run 1, my_script.py: main()"
    assert [lane["outcome"] for lane in first["lanes"]] == ["result", "cancelled"]
    assert first["printed"] == [[len(first["turns"]) - 1, "tidied\n"]]
    assert [lane["name"] for lane in second["lanes"]] == ["main()", "left()", "sleep(0, 'second')"]
    assert [lane["name"] for lane in third["lanes"]] == ["sleep(0)"]
    said = [re.search("</tspan>(.*?)</text>", picture)[1] for picture in pictures_of(folder)]
    assert said[0] == ": 1 cancelled" and said[2] == "", "the program itself is no result"


SCRIPTS = {
    "exit": """\
import sys
sys.exit("a message")
""",
    "syntax": "x = (",
    "warning": """\
import asyncio
async def forgotten(): ...
async def main():
    forgotten()
asyncio.run(main())
""",
    "hook": """\
import sys
sys.excepthook = lambda kind, error, traceback: print(kind, traceback.tb_lineno, traceback.tb_frame.f_code.co_name)
1 / 0
""",
    "group": """\
import asyncio
async def bad():
    1 / 0
async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(bad())
asyncio.run(main())
""",
    "main": """\
'''About it'''
import atexit, pickle, sys
atexit.register(print, "bye")
class K: ...
print(type(pickle.loads(pickle.dumps(K()))))
print(sorted(globals()), __name__, __file__, __doc__, __spec__, __package__, type(__loader__))
print(sys.argv, sys.path[0], vars(sys.modules["__main__"]) is globals(), input())
""",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_notices_nothing(folder, name):
    both_ways(folder, SCRIPTS[name], "one", "two words", stdin="typed\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_ctrl_c(folder):
    source = """\
import asyncio, os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # else ignored where the tests run in the background
async def main():
    try:
        asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGINT)
        await asyncio.sleep(30)
    finally:
        print("tidied")
asyncio.run(main())
"""
    bare, _ = both_ways(folder, source)
    assert (bare.returncode, bare.stdout) == (-signal.SIGINT, "tidied\n")
    [run] = page_of(folder)
    assert run["lanes"][0]["outcome"] == "cancelled"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_process_writes_no_page_of_its_own(folder):
    source = """\
import asyncio, os
async def main(): ...
if os.fork() == 0:
    print("child", flush=True)
else:
    os.wait()
    asyncio.run(main())
"""
    both_ways(folder, source)
    assert len(page_of(folder)) == 1


def test_how_it_is_called_is_said(folder):
    nothing, missing = run(folder, "-m", "timeline"), run(folder, "-m", "timeline", "missing.py")
    assert (nothing.returncode, nothing.stderr) == (2, "usage: python -m timeline my_script.py [arguments]\n")
    assert missing.returncode == 2
    assert "can't open file" in missing.stderr and "No such file" in missing.stderr
    bare = run(folder, "missing.py")
    assert bare.returncode == 2
    assert bare.stderr.partition(": ")[2] == missing.stderr.partition(": ")[2]


def test_a_page_that_cannot_be_written_changes_nothing_else(folder):
    script = folder / "my_script.py"
    script.write_text(SLEEPERS, encoding="utf-8")
    (folder / "my_script.replay.html").mkdir()
    ran = run(folder, "-m", "timeline", script.name)
    assert (ran.returncode, ran.stdout) == (0, "A\nB\nC\n")
    assert ran.stderr.startswith("The page could not be written: ")


def test_within_the_workshop_it_has_its_full_name(folder):
    (folder / "my_script.py").write_text(SLEEPERS, encoding="utf-8")
    command = [sys.executable, "-m", "workshop.timeline", str(folder / "my_script.py")]
    ran = subprocess.run(command, cwd=NOTEBOOKS, capture_output=True, encoding="utf-8", timeout=120)
    assert (ran.returncode, ran.stdout) == (0, "A\nB\nC\n")
    assert told(page_of(folder)[0])[0] == "you 7>9"
