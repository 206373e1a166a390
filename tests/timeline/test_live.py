"""The live view draws what happens, costs the tasks next to nothing, and lets a block be stopped."""

import asyncio
import base64
import contextlib
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise

import IPython
import pytest
from IPython.core.displaypub import DisplayPublisher
from jupyter_client.manager import KernelManager
from nbformat.v4 import new_code_cell, new_notebook
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager

import refresh
from clock.kernel import kernel_environment, no_test_clock_here
from support.places import NOTEBOOKS
from timeline.test_svg import SVG, boxes, marks, texts
from workshop import Timeline
from workshop.timeline.records import Records, TaskRecord
from workshop.timeline.views import live
from workshop.timeline.views.svg import Panel, picture


async def sleeper(seconds, name=None):
    await asyncio.sleep(seconds)
    return name


def vertical_lines(svg, kind):
    return [x for x, _ in marks(svg, kind)]


# Pictures


def drawn(*rows, now=2.0, over=False, title="", deadline=None, end=2.0):
    """Return the parsed picture of some records."""
    tasks = Records.of([TaskRecord(*row) for row in rows], now)
    tasks.over = over
    return ET.fromstring(picture([Panel(title, tasks, deadline)], end=end))


RUNS_ON = ("task", 0.0, 0.0, None, None, "still running")


def test_an_open_bar_grows_with_time_towards_the_line_of_now():
    early, late = (drawn(RUNS_ON, now=now) for now in (1.25, 1.375))
    ((left, _, narrow, _),), ((same_left, _, wide, _),) = (boxes(svg, "still-running") for svg in (early, late))
    assert left == same_left
    assert wide == pytest.approx(narrow * 1.1, rel=0.01)
    assert left + wide == pytest.approx(vertical_lines(late, "now")[0], abs=0.2)


def test_a_mark_of_receiving_pops_in():
    def size(now, over=False):
        svg = drawn(("A", 0, 0, 1, 1, "result"), now=now, over=over)
        path = next(path.get("d") for path in svg.iter(f"{SVG}path") if path.get("class") == "received")
        return float(re.search(r"l([\d.]+)", path)[1])

    assert size(1.0) > size(1.125) > size(1.5) == size(1.0, over=True)


def test_the_deadline_stands_still_and_the_present_comes_nearer():
    early, late, passed = (drawn(RUNS_ON, now=now, deadline=2.5) for now in (1, 2, 2.75))
    assert vertical_lines(early, "deadline") == vertical_lines(late, "deadline")
    assert vertical_lines(early, "now") < vertical_lines(late, "now") < vertical_lines(late, "deadline")
    assert vertical_lines(passed, "now") > vertical_lines(passed, "deadline")


def test_the_last_frame_has_no_line_of_now_and_the_same_look():
    running, over = drawn(RUNS_ON, title="a"), drawn(RUNS_ON, title="a", over=True)
    assert vertical_lines(over, "now") == [] != vertical_lines(running, "now")
    assert texts(running)[0] == "a"
    assert texts(over)[0] == "a: 1 still running"
    assert {path.get("class") for path in running.iter(f"{SVG}path")} == {
        *(path.get("class") for path in over.iter(f"{SVG}path")),
        "now",
    }


# Frames


class ReadingImages(HTMLParser):
    """Collects the images of a piece of HTML."""

    def __init__(self):
        super().__init__()
        self.images = []

    def handle_starttag(self, tag, attributes):
        assert tag == "img"
        self.images.append(dict(attributes))


def image(html):
    """Return the picture in a frame, parsed, and its alt text."""
    reader = ReadingImages()
    reader.feed(html)
    (image,) = reader.images
    kind, _, data = image["src"].partition(",")
    assert kind == "data:image/svg+xml;base64"
    return ET.fromstring(base64.b64decode(data)), image["alt"]


class Publisher(DisplayPublisher):
    """What stands between a kernel and its browser: it keeps the frames that are sent."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock
        self.sent = []

    def publish(self, data, metadata=None, *, transient=None, update=False, **options):
        self.sent.append((self.clock.now - 1000, update, data))

    @property
    def pictures(self):
        return [image(data["text/html"])[0] for _, _, data in self.sent]


@pytest.fixture
def notebook(clock, monkeypatch):
    """A kernel's shell as the package sees it; return what is published there."""

    class Shell:
        kernel = "here"
        display_pub = Publisher(clock)

    monkeypatch.delenv("WORKSHOP_LIVE", raising=False)
    monkeypatch.setattr(IPython, "get_ipython", Shell)
    monkeypatch.setattr("IPython.core.interactiveshell.InteractiveShell.instance", Shell)
    monkeypatch.setattr("IPython.core.interactiveshell.InteractiveShell.initialized", lambda: True)
    return Shell.display_pub


def test_frames_follow_what_happens(clock, notebook):
    async def main():
        async with Timeline("Three <sleepers>", live=True, deadline=1.5, fps=8) as timeline:
            for next_result in asyncio.as_completed([sleeper(1, "A"), sleeper(0.5, "B"), sleeper(2, "C")]):
                await next_result
        return timeline

    timeline = clock.run(main())
    assert [update for _, update, _ in notebook.sent] == [False] + [True] * (len(notebook.sent) - 1)
    finished = [len(boxes(svg, "result")) for svg in notebook.pictures]
    assert finished == sorted(finished) and set(finished) == {0, 1, 2, 3}
    received = [len(marks(svg, "received")) for svg in notebook.pictures]
    assert received == finished
    assert all(texts(svg)[0].startswith("Three <sleepers>") for svg in notebook.pictures)
    *frames, (at, _, last) = notebook.sent
    for moment, _, data in frames:
        left = f" · {1.5 - moment:.2f} s to the deadline" if moment < 1.5 else " · deadline passed"
        assert data["text/plain"].endswith(left) and texts(image(data["text/html"])[0])[1].endswith(left)
    svg, alt = image(last["text/html"])
    assert at == 2
    assert alt.startswith("Three <sleepers>: 3 tasks over 2.00 seconds.")
    assert last["text/plain"] == str(timeline)
    assert boxes(svg, "still-running") == []


@pytest.mark.parametrize("fps", [2, 8, 16, 30])
def test_there_are_no_more_frames_than_asked_for(clock, notebook, fps):
    async def main():
        async with Timeline(live=True, fps=fps):
            await asyncio.gather(*(sleeper(i / 64) for i in range(256)))

    clock.run(main())
    frames = len(notebook.sent) - 2  # the first and the last come besides
    assert 0.9 * fps * 255 / 64 - 1 <= frames <= fps * 255 / 64


def test_slow_frames_become_rare(clock, notebook, monkeypatch):
    """Drawing must leave the loop to the tasks."""
    tick = live.as_html
    monkeypatch.setattr(live, "as_html", lambda *frame: (clock.block(0.03125), tick(*frame))[1])

    async def main():
        async with Timeline(live=True):
            await asyncio.create_task(sleeper(8))

    clock.run(main())
    assert 8 * 2 <= len(notebook.sent) <= 2 + 8 / (10 * 0.03125)


def test_no_frame_comes_after_the_last(clock, notebook):
    async def main():
        async with Timeline(live=True):
            task = asyncio.create_task(sleeper(4))
            await asyncio.sleep(0.5)
        frames = len(notebook.sent)
        await task
        assert len(notebook.sent) == frames

    clock.run(main())
    assert len(boxes(notebook.pictures[-1], "still-running")) == 1


def test_the_view_is_not_in_the_records_and_takes_no_task_names(clock, notebook):
    async def numbers(options):
        async with Timeline(**options) as timeline:
            first = asyncio.create_task(sleeper(1))
            await first
            second = asyncio.create_task(sleeper(0))
            await second
        first, second = (int(task.get_name().rpartition("-")[2]) for task in (first, second))
        return second - first, list(timeline.tasks)

    assert clock.run(numbers({"live": True, "fps": 8})) == clock.run(numbers({}))


def test_a_frame_costs_the_same_however_many_tasks_there_are(clock, notebook):
    async def main():
        async with Timeline(live=True):
            await asyncio.gather(*(sleeper(0.25) for _ in range(live.MOST_COUNTED + 1)))

    clock.run(main())
    assert all(len(data["text/html"]) < 50_000 for _, _, data in notebook.sent)
    words = [data["text/plain"] for _, _, data in notebook.sent]
    assert any(re.search(r"\d s · 2,001 tasks$", text) for text in words)
    assert "… and 1,961 more tasks not drawn" in texts(notebook.pictures[-2])
    assert any("2,001 of 2,001 finished · 2,001 received" in text for text in texts(notebook.pictures[-1]))


def test_a_cancelled_task_is_neither_finished_nor_received(clock, notebook):
    async def main():
        async with Timeline(live=True, fps=8):
            await asyncio.create_task(sleeper(0.25))
            cancelled = asyncio.create_task(sleeper(9))
            await asyncio.sleep(0.25)
            cancelled.cancel()
            await asyncio.wait([cancelled])
            with contextlib.suppress(asyncio.CancelledError):
                await cancelled
            await asyncio.sleep(1)

    clock.run(main())
    seen = [data["text/plain"].rpartition(" s · ")[2] for _, _, data in notebook.sent[:-1]]
    assert list(dict.fromkeys(seen)) == [
        "no task yet",
        "0 of 1 finished · 0 received",
        "1 of 2 finished · 1 received",
    ]
    assert any("1 of 2 finished · 1 received" in text for text in texts(notebook.pictures[-1]))


def edges(svg):
    """Return where the first bar of a result ends in a picture, and where its axis has its last number."""
    (left, _, width, _), *_ = boxes(svg, "result")
    ticks = [text for text in svg.iter(f"{SVG}text") if text.get("text-anchor") == "middle"]
    return left + width, float(ticks[-1].get("x"))


def test_an_axis_whose_end_is_known_stands_still(clock, notebook):
    async def main():
        async with Timeline(live=True, deadline=4, fps=8):
            await asyncio.gather(sleeper(0.5), sleeper(4))

    clock.run(main())
    seen = [edges(svg) for svg in notebook.pictures if boxes(svg, "result")]
    assert len(seen) > 20
    assert len(set(seen[:-1])) == 1
    assert seen[-1][1] == seen[0][1]


def test_an_axis_whose_end_is_not_known_moves_little_by_little_and_not_at_its_end(clock, notebook):
    async def main():
        async with Timeline(live=True):
            await asyncio.create_task(sleeper(0.25))
            await asyncio.sleep(3.75)

    clock.run(main())
    seen = [edges(svg)[0] for svg in notebook.pictures if boxes(svg, "result")]
    assert len(set(seen[:20])) == 1  # within the first second
    assert all(0 <= before - after < 40 for before, after in pairwise(seen))
    assert seen[-1] == pytest.approx(seen[-2], abs=1)
    assert seen[0] - seen[-1] > 100


def test_two_views_at_once_are_two_outputs(clock, notebook):
    async def one(seconds):
        async with Timeline(str(seconds), live=True, fps=4):
            await asyncio.create_task(sleeper(seconds))

    async def main():
        await asyncio.gather(one(1), one(2))

    clock.run(main())
    assert [update for _, update, _ in notebook.sent].count(False) == 2


def test_frames_can_be_shown_elsewhere(clock, notebook, monkeypatch, caplog):
    class Elsewhere(live.Display):
        def __init__(self):
            self.live = True
            self.frames, self.complaints = [], []

        def show(self, data, *, last):
            self.frames.append(last)

        def complain(self, words):
            self.complaints.append(words)

    async def main():
        async with Timeline(live=elsewhere, fps=4):
            await asyncio.create_task(sleeper(1))

    elsewhere = Elsewhere()
    clock.run(main())
    assert notebook.sent == []
    assert len(elsewhere.frames) >= 4
    assert elsewhere.frames == [False] * (len(elsewhere.frames) - 1) + [True]
    assert elsewhere.complaints == []
    monkeypatch.setattr(elsewhere, "show", None)
    clock.run(main())
    assert elsewhere.complaints == [
        "The live view stopped, your code did not: TypeError: 'NoneType' object is not callable"
    ]
    assert caplog.messages == []


def test_a_block_entered_again_has_a_view_of_its_own(clock, notebook):
    async def main():
        timeline = Timeline(live=True, fps=4)
        for _ in range(2):
            async with timeline:
                await asyncio.create_task(sleeper(1))

    clock.run(main())
    assert [update for _, update, _ in notebook.sent].count(False) == 2


@pytest.mark.parametrize("fails", ["_frame", "_last_frame"])
def test_errors_of_drawing_do_not_reach_the_readers_code(clock, notebook, monkeypatch, caplog, fails):
    def broken(view, *records):
        raise ZeroDivisionError("cannot draw")

    monkeypatch.setattr(live.LiveView, fails, broken)

    async def main():
        async with Timeline(live=True) as timeline:
            assert await asyncio.create_task(sleeper(1, "A")) == "A"
        return timeline

    assert [task.outcome for task in clock.run(main()).tasks] == ["result"]
    assert caplog.messages == ["The live view stopped, your code did not: ZeroDivisionError: cannot draw"]
    assert len(notebook.sent) > 0  # the frames that could be drawn


def test_an_exception_of_the_readers_leaves_the_block_as_ever(clock, notebook):
    async def main():
        with pytest.raises(KeyError, match="mine"):
            async with Timeline(live=True):
                task = asyncio.create_task(sleeper(4, "A"))
                await asyncio.sleep(0.5)
                raise KeyError("mine")
        assert notebook.sent[-1][2]["text/plain"].endswith("Still running when the block ended: sleeper(4, 'A').")
        return await task

    assert clock.run(main()) == "A"


# Stopping


def others():
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def test_a_block_that_is_cancelled_ends_its_tasks(clock, notebook):
    left = []

    async def tidy():
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.125)
            left.append(clock.now)

    async def late_starter():
        try:
            await asyncio.sleep(30)
        finally:
            asyncio.create_task(sleeper(30))  # noqa: RUF006

    async def cell():
        async with Timeline(live=True, fps=8) as timeline:
            timelines.append(timeline)
            asyncio.create_task(sleeper(0.25))  # noqa: RUF006
            await asyncio.gather(tidy(), late_starter(), sleeper(30))

    async def main():
        stranger = asyncio.create_task(sleeper(60))
        running = asyncio.create_task(cell())
        await asyncio.sleep(1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert others() == [stranger]
        stranger.cancel()
        return clock.now

    timelines = []
    began = clock.now
    assert clock.run(main()) - began < 1.5
    assert left == [began + 1.125]
    outcomes = [task.outcome for task in timelines[0].tasks]
    assert outcomes == ["result", "cancelled", "cancelled", "cancelled", "cancelled"]
    assert len(boxes(notebook.pictures[-1], "cancelled")) >= 3
    assert boxes(notebook.pictures[-1], "still-running") == []


@pytest.mark.parametrize("where", ["notebook", "script"])
def test_keyboard_interrupt_ends_the_tasks_too(clock, request, where):
    if where == "notebook":
        request.getfixturevalue("notebook")

    async def main():
        try:
            async with Timeline(live=True):
                asyncio.create_task(sleeper(30))  # noqa: RUF006
                await asyncio.sleep(0.5)
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            return others()

    assert clock.run(main()) == []


def test_a_task_that_will_not_end_does_not_hold_the_block_up(clock, notebook):
    async def stubborn():
        for _ in range(8):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(1)

    async def cell():
        async with Timeline(live=True):
            asyncio.create_task(stubborn())  # noqa: RUF006
            await asyncio.sleep(30)

    async def main():
        running = asyncio.create_task(cell())
        await asyncio.sleep(0.5)
        running.cancel()
        stopped = clock.now
        await asyncio.wait([running])
        return clock.now - stopped

    assert clock.run(main()) <= 1
    assert "Still running when the block ended" in notebook.sent[-1][2]["text/plain"]


def test_stopping_twice_ends_the_wait_and_leaves_no_half_drawn_state(clock, notebook):
    async def slow_to_end():
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.25)

    async def cell():
        async with Timeline(live=True):
            await asyncio.create_task(slow_to_end())

    async def main():
        running = asyncio.create_task(cell())
        await asyncio.sleep(0.5)
        running.cancel()
        await asyncio.sleep(0.125)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        frames = len(notebook.sent)
        await asyncio.sleep(1)
        assert len(notebook.sent) == frames
        assert asyncio.get_running_loop().get_task_factory() is None

    clock.run(main())
    assert vertical_lines(notebook.pictures[-1], "now") == []


def test_a_cancellation_found_in_another_task_stops_nothing(clock, notebook):
    async def main():
        with pytest.raises(asyncio.CancelledError):
            async with Timeline(live=True):
                other, cancelled = asyncio.create_task(sleeper(1, "A")), asyncio.create_task(sleeper(1, "B"))
                await asyncio.sleep(0.5)
                cancelled.cancel()
                await cancelled
        return await other

    assert clock.run(main()) == "A"


def test_a_timeline_without_a_view_cancels_nothing(clock):
    async def cell():
        async with Timeline():
            tasks.append(asyncio.create_task(sleeper(2, "A")))
            await asyncio.sleep(30)

    async def main():
        running = asyncio.create_task(cell())
        await asyncio.sleep(1)
        running.cancel()
        await asyncio.wait([running])
        return await tasks[0]

    tasks = []
    assert clock.run(main()) == "A"


def test_a_block_thrown_away_stops_ticking(clock, notebook):
    async def cell():
        async with Timeline(live=True):
            await asyncio.get_running_loop().create_future()

    async def main():
        block = cell()
        block.send(None)
        block.close()
        frames = len(notebook.sent)
        await asyncio.sleep(1)
        assert len(notebook.sent) == frames

    clock.run(main())


# Where nothing can be shown live


def test_with_the_switch_off_the_last_frame_is_shown_once(clock, notebook, monkeypatch):
    monkeypatch.setenv("WORKSHOP_LIVE", "0")

    async def main():
        async with Timeline(live=True, deadline=2) as timeline:
            await asyncio.gather(sleeper(1, "A"), sleeper(2, "B"))
        return timeline

    def last_frame():
        clock.now = 1000.0
        timeline = clock.run(main())
        return notebook.sent[-1], timeline

    (_, update, data), timeline = last_frame()
    assert len(notebook.sent) == 1
    assert not update
    assert data["text/plain"] == str(timeline)
    monkeypatch.delenv("WORKSHOP_LIVE")
    assert last_frame()[0][2] == data  # the same as where it was shown live
    assert len(notebook.sent) > 10


def test_a_shell_in_a_terminal_shows_the_last_frame_once(clock, notebook, monkeypatch):
    monkeypatch.delattr(type(IPython.get_ipython()), "kernel")

    async def main():
        async with Timeline(live=True):
            await asyncio.create_task(sleeper(1))

    clock.run(main())
    assert len(notebook.sent) == 1


def test_in_a_script_it_needs_the_standard_library_only_and_shows_nothing():
    script = """
import asyncio, sys
from workshop.timeline.block import Timeline

async def main():
    async with Timeline(live=True, deadline=1, fps=10) as timeline:
        await asyncio.create_task(asyncio.sleep(0.2))
    return timeline

timeline = asyncio.run(main())
assert [task.outcome for task in timeline.tasks] == ["result"]
print(sorted(sys.modules.keys() & {"matplotlib", "IPython", "numpy", "nest_asyncio", "ipykernel"}))
"""
    environment = os.environ | {"PYTHONPATH": str(NOTEBOOKS)}
    command = [sys.executable, "-W", "error", "-c", script]
    ran = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=True)
    assert ran.stdout == "[]\n" and ran.stderr == ""


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"live": True, "deadline": 0}, ValueError, "above 0"),
        ({"deadline": -1}, ValueError, "above 0"),
        ({"deadline": float("nan")}, ValueError, "above 0"),
        ({"deadline": float("inf")}, ValueError, "above 0"),
        ({"deadline": "2"}, TypeError, "takes a number"),
        ({"deadline": True}, TypeError, "takes a number"),
        ({"fps": 1}, ValueError, "2 to 30"),
        ({"live": True, "fps": 60}, ValueError, "2 to 30"),
        ({"live": True, "fps": None}, TypeError, "takes a number"),
    ],
)
def test_wrong_options_are_refused_before_anything_starts(options, error, says):
    with pytest.raises(error, match=says):
        Timeline(**options)


# In a real kernel


SHOWN = """
import asyncio
from workshop import Timeline

async def sleeper(seconds):
    await asyncio.sleep(seconds)

async with Timeline(live=True, deadline=1.5):
    await asyncio.gather(sleeper(2), sleeper(1))
"""
INTERRUPTED = """
import asyncio
from workshop import Timeline

async def sleeper(seconds):
    await asyncio.sleep(seconds)

before = asyncio.all_tasks()
async with Timeline("Stopped", live=True) as timeline:
    await asyncio.gather(sleeper(300), sleeper(0.1))
"""
REPORT = """
print(timeline.tasks[0].outcome, timeline.tasks[1].outcome)
print([task for task in asyncio.all_tasks() - before if task is not asyncio.current_task() and 'sleeper' in repr(task)])
"""


@pytest.mark.skipif(no_test_clock_here() is not None, reason="the test clock cannot be used here")
def test_stored_outputs_hold_the_last_frame_and_come_out_the_same_each_time(tmp_path):
    def outputs():
        notebook = new_notebook(cells=[new_code_cell(SHOWN)])
        refresh.run(notebook, NOTEBOOKS, kernel_environment(tmp_path, clock="test"))
        return notebook.cells[0].outputs

    (output,) = first = outputs()
    assert output.output_type == "display_data"
    svg, alt = image(output.data["text/html"])
    assert alt == "2 tasks over 2.00 seconds. Unfinished at the deadline, 1.5 s: sleeper(2). " + (
        "Finished: sleeper(1) at 1.00 s, sleeper(2) at 2.00 s. Received: all at once at 2.00 s."
    )
    assert "deadline 1.5 s" in texts(svg)
    assert outputs() == first


@pytest.mark.skipif(os.name == "nt", reason="tests interrupt kernels by signals")
def test_the_stop_button_stops_a_live_cell(tmp_path):
    environment = kernel_environment(tmp_path, clock="real") | {"PYTHONPATH": str(NOTEBOOKS)}
    del environment["WORKSHOP_LIVE"]
    manager = KernelManager(kernel_name=CURRENT_ENV_KERNEL_NAME, kernel_spec_manager=NbvalKernelspecManager())
    manager.start_kernel(env=environment)
    client = manager.client()
    client.start_channels()
    frames, errors, printed = [], [], []
    interrupted = None

    def hear(message):
        nonlocal interrupted
        kind, content = message["msg_type"], message["content"]
        if kind in ("display_data", "update_display_data"):
            frames.append((kind, content["transient"]["display_id"], content["data"]["text/html"]))
            if len(frames) == 10:
                interrupted = time.monotonic()
                manager.interrupt_kernel()
        elif kind == "error":
            errors.append(content["ename"])
        elif kind == "stream":
            printed.append(content["text"])

    try:
        client.wait_for_ready(timeout=60)
        client.execute_interactive(INTERRUPTED, timeout=120, output_hook=hear, allow_stdin=False)
        stopped = time.monotonic()
        client.execute_interactive(REPORT, timeout=30, output_hook=hear, allow_stdin=False)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)

    print(f"from the interrupt to the end of the cell: {stopped - interrupted:.2f} s")
    assert errors == ["CancelledError"]
    assert "".join(printed) == "cancelled result\n[]\n"
    assert [kind for kind, _, _ in frames] == ["display_data"] + ["update_display_data"] * (len(frames) - 1)
    assert len({display_id for _, display_id, _ in frames}) == 1
    svg, alt = image(frames[-1][2])
    assert alt.startswith("Stopped: 2 tasks over ") and "(cancelled)" in alt
    assert len(boxes(svg, "cancelled")) == 1
    assert boxes(svg, "still-running") == []
