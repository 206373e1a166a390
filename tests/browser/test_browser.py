"""In a real browser: live views, the stop button, predictions, replays and the lab, as readers have them."""

import asyncio
import base64
import contextlib
import re
import shutil
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from playwright.sync_api import LocatorAssertions, expect

from support import browser
from support.browser import OPENED_WITHIN, READY, STOP_BUTTON, NoBrowserError, NotebookPage, faults, without_browser
from support.notebook_guards import KERNELSPEC
from support.notebook_samples import changed, error, printed
from support.notebook_tools import ROOT, Notebook
from workshop import Timeline, replay
from workshop.exercises.attempts import Attempts

pytestmark = pytest.mark.slow(80)

# Live views


SLEEPERS = """
import asyncio
from workshop import Timeline

async def sleeper(seconds, name):
    await asyncio.sleep(seconds)
    return name
"""
LIVE = """
async with Timeline("Live", live=True) as timeline:
    tasks = [asyncio.create_task(sleeper({0}, "A")), asyncio.create_task(sleeper({1}, "B"))]
    await asyncio.gather(*tasks)
"""
REPORT = "print([record.outcome for record in timeline.tasks], [task.done() for task in tasks])"
SHOWN = ".jp-OutputArea-output img[src^='data:image/svg+xml']"


@pytest.fixture
def live_notebook(server):
    """Write a notebook with a live cell whose two tasks sleep so many seconds; return its name."""

    def write(*seconds: float) -> str:
        name = "live_" + "_".join(map(str, seconds)).replace(".", "") + ".ipynb"
        cells = [new_code_cell(source.strip()) for source in (SLEEPERS, LIVE.format(*seconds), REPORT)]
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC}), server.root / name)
        return name

    return write


def wait_for_frames(page: NotebookPage, count: int) -> None:
    """Wait until so many different frames of a live view have been seen."""
    page.page.locator(SHOWN).wait_for()
    for _ in range(count):
        seen = page.page.locator(SHOWN).get_attribute("src")
        page.wait_until(f'document.querySelector("{SHOWN}")?.src !== "{seen}"', "there is another frame")


def frame(output: dict) -> tuple[str, list[str]]:
    """Return a frame's alt text, and the texts that its picture holds."""
    html = "".join(output["data"]["text/html"])
    alt, data = re.search(r'<img alt="([^"]*)" src="data:image/svg\+xml;base64,([^"]*)"', html).groups()
    svg = ElementTree.fromstring(base64.b64decode(data))
    return unescape(alt), ["".join(text.itertext()) for text in svg.iter("{http://www.w3.org/2000/svg}text")]


def assert_over(output: dict, words: str, count: str) -> None:
    """Assert that a frame is the last one of a block with two tasks, which says so in these words."""
    alt, texts = frame(output)
    assert alt.startswith("Live: 2 tasks over ") and words in alt, alt
    assert any(count in text for text in texts), texts


def test_the_stop_button_ends_a_live_cell_and_its_tasks(opened, live_notebook):
    with opened(live_notebook(300, 400)) as page:
        kernel = page.kernel()
        page.run_cell(0)
        page.start_cell(1)
        wait_for_frames(page, 5)
        clicked = time.monotonic()
        page.click(STOP_BUTTON)
        page.wait_for_end()
        print(f"from the click on the stop button to the end of the cell: {time.monotonic() - clicked:.2f} s")
        page.run_cell(2)
        assert page.kernel() == kernel
        _, live, report = page.notebook().cells
    last_frame, stopped = live.outputs
    assert stopped["ename"] == "CancelledError"
    assert report.text == "['cancelled', 'cancelled'] [True, True]\n"
    assert report.data["execution_count"] == 3
    assert_over(last_frame, "(cancelled). Received: none.", "0 of 2 finished")
    assert page.errors == []


WAITING = (
    "await asyncio.Event().wait()",
    "await asyncio.sleep(600)",
    "for next_result in asyncio.as_completed([sleeper(600, 'A'), sleeper(700, 'B')]):\n    print(await next_result)",
)


def test_the_stop_button_ends_cells_that_only_wait(opened, server):
    waiting = [f"print('wait {number}')\n{source}" for number, source in enumerate(WAITING, start=1)]
    cells = [new_code_cell(source.strip()) for source in (SLEEPERS, *waiting)]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC}), server.root / "waiting.ipynb")
    with opened("waiting.ipynb") as page:
        kernel = page.kernel()
        page.run_cell(0)
        for number, source in enumerate(WAITING, start=1):
            page.start_cell(number)
            page.wait_for_text(".jp-OutputArea-output", f"wait {number}")
            clicked = time.monotonic()
            page.click(STOP_BUTTON)
            page.wait_for_end()
            print(f"from the click on the stop button to the end: {time.monotonic() - clicked:.2f} s, {source!r}")
        assert page.kernel() == kernel
        _, *stopped = page.notebook().cells
    assert [cell.outputs[-1]["ename"] for cell in stopped] == ["CancelledError"] * len(WAITING)
    assert page.errors == []


def test_the_last_frame_of_a_live_view_is_saved_and_shown_again(opened, live_notebook, server):
    name = live_notebook(0.3, 0.6)
    with opened(name) as page:
        page.run_all()
        page.execute("docmanager:save")
        notebook = page.notebook()
    assert faults(notebook) == []
    saved = Notebook(server.root / name)
    [last_frame] = saved.cells[1].outputs
    assert_over(last_frame, "Received: all at once at 0.6", "2 of 2 finished")
    with opened(name) as page:
        shown = page.page.locator(SHOWN)
        shown.wait_for()
        assert (shown.get_attribute("alt"), page.errors) == (frame(last_frame)[0], [])


# Predictions


def test_answers_are_folded_until_their_cells_run_and_guesses_are_buttons_and_kept(opened):
    with opened("01_sleepers.ipynb") as page:

        def folded():
            return {
                c.index
                for c in page.notebook().code_cells
                if c.data["metadata"].get("jupyter", {}).get("outputs_hidden")
            }

        cells = page.notebook().cells
        places = {cell.source: cell.index for cell in cells}
        answer, question = places['compare("1.1", order)'], places['predict("1.1")']
        demo = answer - 1
        assert {demo, answer} <= folded()
        for cell in cells[:demo]:
            if cell.is_code and cell.index != question:
                page.run_cell(cell.index)
        page.run_cell(question)
        prediction = page.page.locator(".prediction", has_text="Prediction 1.1")
        prediction.locator("button", has_text="b").click()
        page.wait_for_text(".prediction", "your answer is b")
        page.run_cell(demo)
        page.run_cell(answer)
        assert not {demo, answer} & folded()
        said = page.notebook().cells[answer].text
        assert "You said b." in said
        assert page.errors == []
    with opened("02_gather_versus_as_completed.ipynb") as page:  # in another kernel, which asks about it first
        [cell] = [cell.index for cell in page.notebook().cells if cell.source.endswith('recall("01")')]
        page.run_cell(cell)
        page.page.locator(".prediction").first.locator("button", has_text="b").click()
        page.wait_for_text(".jp-OutputArea-output", "Question 1C: b is right")
        page.page.get_by_role("link", name="In chapter 01: Three sleepers").click()
        there = NotebookPage(page.lab, "01_sleepers.ipynb")
        there.wait_until(READY, "the link has opened the chapter", OPENED_WITHIN)
        expect(page.page.locator("strong", has_text="In which order do you get their names?")).to_be_in_viewport()
        assert page.errors == []


# Replay


KITCHEN = """\
import asyncio

async def cook(seconds, dish):
    await asyncio.sleep(seconds)
    print(dish)
    return dish

async def evening(timeline, names):
    async with timeline:
        dishes = [asyncio.create_task(cook(*each), name=name) for *each, name in names]
        for dish in await asyncio.gather(*dishes):
            print("served", dish)
"""
DISHES = [(2, "soup", "A"), (0.5, "tea", "B"), (1, "toast", "C")]
TOLD = [
    "0.00 s: you start at line 9 and wait at line 11 for A, B and C.",
    "0.00 s: A starts at line 3 and waits at line 4; you wait at line 11 for A, B and C.",
    "0.00 s: B starts at line 3 and waits at line 4; the loop waits for A, and you wait at line 11 for A, B and C.",
    "0.00 s: C starts at line 3 and waits at line 4; the loop waits for A and B, "
    "and you wait at line 11 for A, B and C.",
    "0.50 s: B goes on at line 4 and returns; the loop waits for A and C, and you wait at line 11 for A and C.",
    "1.00 s: C goes on at line 4 and returns; the loop waits for A, and you wait at line 11 for A.",
    "2.00 s: A goes on at line 4 and returns; you wait at line 11 for your turn.",
    "2.00 s: you go on at line 11 with the results of A, B and C, and leave the block.",
    "2.00 s: the block is over.",
]
"""What a screen reader says, turn by turn."""


def run_beside(clock, main) -> None:
    """Run a coroutine on the jumping clock, in another thread: Playwright has a loop of its own in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(clock.run, main).result()


def saved_page(clock, folder: Path, title: str, dishes: list, source: str = KITCHEN) -> Path:
    """Return the page of an evening, on the jumping clock, of code that stands in a file of its own."""
    path, space = folder / "kitchen.py", {}
    path.write_text(source, encoding="utf-8")
    exec(compile(source, path, "exec"), space)
    timeline = Timeline(title, steps=True)
    run_beside(clock, space["evening"](timeline, dishes))
    return timeline.save(folder / "run.html")


@contextlib.contextmanager
def alone(chromium, path: Path, **options):
    """Open a file in a page of its own, in which no script may fail."""
    page, errors = chromium.new_page(**options), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or errors.append(request.url))
    page.goto(path.as_uri())
    yield page
    page.close()
    assert errors == []


monitored = pytest.mark.skipif(sys.version_info < (3, 12), reason="the block's own code is seen from Python 3.12 on")


@monitored
def test_a_saved_replay_is_stepped_through_by_keys_mouse_and_slider(chromium, clock, tmp_path, capsys):
    with alone(chromium, saved_page(clock, tmp_path, "gather", DISHES)) as page:
        status, slider = page.locator("#status"), page.locator("#slider")
        for number, words in enumerate(TOLD):
            expect(status).to_have_text(words)
            expect(slider).to_have_attribute("aria-valuetext", words)
            expect(page.locator(".line.now")).to_have_count(int(number < len(TOLD) - 1))
            page.keyboard.press("ArrowRight")
        expect(page.locator("#printed")).to_have_text("tea toast soup served soup served tea served toast")
        page.keyboard.press("Home")
        expect(status).to_have_text(TOLD[0])
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft")
        expect(status).to_have_text(TOLD[-2])
        page.click("#back")
        page.click("#back")
        expect(status).to_have_text(TOLD[-4])
        assert page.locator(".line.now .code").inner_text() == "    await asyncio.sleep(seconds)"
        assert page.locator(".line.now .mark").all_inner_texts() == ["C", "A"]
        assert page.locator(".line.now .runs").all_inner_texts() == ["C"]
        assert page.locator(".line:not(.now) .mark.waits").all_inner_texts() == ["you"]
        assert page.locator("#printed").inner_text() == "tea\ntoast\n"
        assert page.locator("#tasks .ready .state").all_inner_texts() == ["returned; nobody has its result yet"]
        slider.fill("4")
        expect(status).to_have_text(TOLD[4])
        picture = page.locator("#picture").bounding_box()
        page.mouse.click(picture["x"] + 0.999 * picture["width"], picture["y"] + 0.5 * picture["height"])
        expect(status).to_have_text(TOLD[-1])


NEXT_KITCHEN = """\
import asyncio

async def cook(seconds, dish):
    await asyncio.sleep(seconds)
    return dish

async def serve(dish):
    for course in "first", "second":
        print("served", dish, course, "- and this is a line that is by far too long for the room that there is for it")
        await asyncio.sleep(0.2)

async def evening(timeline, names):
    async with timeline:
        dishes = [asyncio.create_task(cook(*each), name=name) for *each, name in names]
        for next_dish in asyncio.as_completed(dishes):
            await serve(await next_dish)
"""
FIRST, NEXT = ("A, B or C", "A or C") if sys.version_info >= (3, 13) else ["the next result"] * 2
TOLD_NEXT = [
    f"0.00 s: you start at line 13 and wait at line 16 for {FIRST}.",
    f"0.00 s: A starts at line 3 and waits at line 4; you wait at line 16 for {FIRST}.",
    f"0.00 s: B starts at line 3 and waits at line 4; the loop waits for A, and you wait at line 16 for {FIRST}.",
    f"0.00 s: C starts at line 3 and waits at line 4; the loop waits for A and B, and you wait at line 16 for {FIRST}.",
    "0.50 s: B goes on at line 4 and returns; the loop waits for A and C, and you wait at line 16 for "
    + ("your turn." if FIRST != NEXT else "the next result."),
    "0.50 s: you go on at line 16 with the result of B, and wait at line 10; the loop waits for A and C.",
    "0.70 s: you go on at line 10 and wait at line 10 again; the loop waits for A and C.",
    f"0.90 s: you go on at line 10 and wait at line 16 for {NEXT}; the loop waits for A and C.",
]


@monitored
def test_a_saved_replay_of_next_results_on_a_small_screen(chromium, clock, tmp_path, capsys):
    path = saved_page(clock, tmp_path, "as_completed", DISHES, NEXT_KITCHEN)
    with alone(chromium, path, viewport={"width": 1000, "height": 560}) as page:
        marks = page.locator("#tasks .mark")
        borders = "marks => marks.map(mark => getComputedStyle(mark).borderColor)"
        expect(page.locator(".tab")).to_have_text(["", "A", "B", "C"])
        assert len(set(marks.evaluate_all(borders)[1:])) == 1, "none has begun"
        ready = marks.evaluate_all(borders)[1]
        for words in TOLD_NEXT:
            expect(page.locator("#status")).to_have_text(words)
            page.keyboard.press("ArrowRight")
        page.keyboard.press("End")
        assert not {ready} & set(marks.evaluate_all(borders)), "what is over looks otherwise"
        printed = page.locator("#printed").evaluate("box => [box.scrollHeight, box.clientHeight, box.scrollTop]")
        assert printed[0] > printed[1] and printed[2] == pytest.approx(printed[0] - printed[1], abs=1)

        page.keyboard.press("Home")
        for _ in range(6):
            page.keyboard.press("ArrowRight")
        assert page.locator(".mark.outer").evaluate("mark => getComputedStyle(mark).borderStyle") == "dotted"
        page.locator("#source").evaluate("box => { box.scrollLeft = 9999; }")
        box, line, number = (page.locator(each).bounding_box() for each in ("#source", ".line.now", ".now .number"))
        assert box["x"] <= number["x"] < box["x"] + 120, "the numbers of lines stay"
        assert line["x"] + line["width"] == pytest.approx(box["x"] + box["width"], abs=12), "all of the line is marked"
        assert line["width"] > box["width"]


@monitored
def test_a_saved_replay_plays_and_pauses_and_can_be_touched(chromium, clock, tmp_path, capsys):
    path = saved_page(clock, tmp_path, "gather", DISHES)
    with alone(chromium, path, has_touch=True, reduced_motion="reduce", viewport={"width": 700, "height": 900}) as page:
        status, play = page.locator("#status"), page.locator("#play")
        assert page.locator("#cursor").evaluate("cursor => getComputedStyle(cursor).transitionDuration") == "0s"
        page.locator("#forward").tap()
        expect(status).to_have_text(TOLD[1])
        page.clock.install()
        page.keyboard.press(" ")
        assert play.get_attribute("aria-pressed") == "true"
        page.clock.run_for(3_000)
        page.keyboard.press(" ")
        assert play.get_attribute("aria-pressed") == "false"
        paused = status.inner_text()
        assert paused in TOLD[2:6]
        page.clock.run_for(30_000)
        assert status.inner_text() == paused
        page.locator("#last").tap()
        page.locator("#first").tap()
        play.tap()
        page.clock.run_for(30_000)
        assert status.inner_text() == TOLD[-1]
        assert play.get_attribute("aria-pressed") == "false"
        assert page.evaluate("document.documentElement.scrollWidth") <= 700


def recorded(clock, inside) -> Timeline:
    """Return a timeline around a coroutine, on the jumping clock."""
    timeline = Timeline(steps=True)

    async def main() -> None:
        async with timeline:
            await inside

    run_beside(clock, main())
    return timeline


async def sleepers(tasks: int) -> None:
    await asyncio.gather(*(asyncio.sleep(number) for number in range(tasks)))


@pytest.mark.parametrize("tasks", [1, 5, 13])
def test_a_page_has_the_height_in_a_notebook_that_its_tasks_need(chromium, clock, tmp_path, tasks):
    timeline = recorded(clock, sleepers(tasks))
    tall = int(re.search(r"--tall:(\d+)px", replay(timeline)._repr_mimebundle_()["text/html"])[1])
    with alone(chromium, timeline.save(tmp_path / "run.html"), viewport={"width": 950, "height": tall}) as page:
        assert page.evaluate("document.documentElement.scrollHeight") == tall, "nothing is cut"
        hidden = page.locator("#tasks").evaluate("tasks => tasks.scrollHeight - tasks.clientHeight")
        assert hidden == 0 or tall == 700, "a list of tasks scrolls only where it would be higher than a screen"


async def leaves_one_running() -> None:
    asyncio.create_task(asyncio.sleep(9))  # noqa: RUF006
    await asyncio.sleep(0.25)


@monitored
def test_only_a_block_is_said_to_be_over(chromium, clock, tmp_path):
    attempts, so_far = Attempts(), Timeline(steps=True)

    async def main() -> None:
        with attempts.recorded():
            await attempts.record(leaves_one_running())
        async with so_far:
            await asyncio.sleep(0.25)
            so_far.save(tmp_path / "so far.html")

    run_beside(clock, main())
    shown = re.search(r"srcdoc='([^']*)'", attempts.replay())[1]
    (tmp_path / "offer.html").write_text(unescape(shown), encoding="utf-8")
    for name, words in (("offer", "the end; A still runs."), ("so far", "the end; you still run.")):
        with alone(chromium, tmp_path / f"{name}.html") as page:
            page.keyboard.press("End")
            expect(page.locator("#status")).to_have_text(re.compile(rf"^0\.250? s: {words}$"))


VS_CODE = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src https: http: data:; font-src https:; connect-src https:; child-src https: data:"
)
"""What outputs may do in VS Code, at its strictest: with its setting `notebook.experimental.enableCsp`."""


def test_a_replay_in_pages_as_other_programs_make_them(chromium, clock):
    html = replay(recorded(clock, sleepers(2)))._repr_mimebundle_()["text/html"]
    page = chromium.new_page()
    page.set_content(f'<meta http-equiv="Content-Security-Policy" content="{VS_CODE}"><div id="output"></div>')
    page.evaluate("html => { document.getElementById('output').innerHTML = html; }", html)
    shows_replay(page.frame_locator(".replay-page"))
    # Google Colab has each output in a frame of another origin.
    page.set_content('<iframe id="cell" sandbox="allow-scripts" style="width: 900px; height: 600px"></iframe>')
    page.evaluate("html => { document.getElementById('cell').srcdoc = html; }", html)
    shows_replay(page.frame_locator("#cell").frame_locator(".replay-page"))
    page.close()


def shows_replay(frame) -> None:
    frame.locator("#forward").click()
    expect(frame.locator("#count")).to_have_text(re.compile("^turn 2 of"))
    assert frame.locator("#picture img").evaluate("picture => picture.naturalWidth") > 0


HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 2'>",
    '"><svg onload="window.hacked = 3">',
    "<!--<script>",
    "]]>&lt;script&gt;\u2028alert(1)//",
]
EVIL_KITCHEN = KITCHEN.replace(
    "    print(dish)\n", '    print(dish)  # </script><img src=x onerror="window.hacked = 4"> \u2028 <!--<script>\n'
)


def test_what_readers_name_and_print_is_text(chromium, clock, tmp_path, capsys):
    dishes = [(1, words, words) for words in HOSTILE]
    path = saved_page(clock, tmp_path, HOSTILE[0] + HOSTILE[2], dishes, EVIL_KITCHEN)
    with alone(chromium, path) as page:
        page.keyboard.press("End")
        page.wait_for_timeout(200)
        assert page.evaluate("window.hacked") is None
        printed = page.locator("#printed").text_content()
        assert all(words + "\n" in printed for words in HOSTILE)
        names = page.locator("#tasks .name").all_text_contents()
        assert names[-5:-1] == HOSTILE[:-1]
        assert "onerror" in page.locator("#source").text_content()
        assert page.locator("#replay img").count() == 1


REPLAY = [
    "import asyncio\nfrom workshop import Timeline, replay",
    "async def sleeper(seconds, name):\n    await asyncio.sleep(seconds)\n    return name",
    "async with Timeline('</iframe><script>1</script>', steps=True) as timeline:\n"
    "    for next_result in asyncio.as_completed([sleeper(0.3, 'A'), sleeper(0.1, 'B')]):\n"
    "        print(await next_result)",
    "async with Timeline('again', steps=True) as again:\n    await asyncio.create_task(sleeper(0.1, 'C'))",
    "replay(timeline, again)",
]


@monitored
def test_a_replay_in_jupyterlab(opened, server):
    cells = [new_code_cell(source) for source in REPLAY]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC}), server.root / "replay.ipynb")
    with opened("replay.ipynb") as page:
        page.run_all()
        frame = page.page.frame_locator("iframe.replay-page")
        status = frame.locator("#status")
        frame.locator("#forward").click()
        expect(status).to_have_text(re.compile(r"^0\.\d+ s: [AB] starts at line 1 of sleeper and waits at line 2 of"))
        frame.locator("#slider").press("ArrowRight")
        expect(status).to_have_text(re.compile("the loop waits for [AB], and you wait at line 3"))
        frame.locator("#slider").press("End")
        frame.locator("#slider").press("ArrowLeft")
        expect(status).to_have_text(re.compile("you go on at line 3 with the result of A, and leave the block.$"))
        frame.locator("#first").click()
        frame.locator("#play").click()
        expect(status).to_have_text(re.compile(r"the block is over\.$"))
        picture = frame.locator("#picture img")
        expect(picture).to_have_attribute("alt", re.compile("2 tasks over"))
        assert picture.evaluate("picture => picture.naturalWidth") > 0, "it is sent from beside the page"
        frame.locator("#runs").select_option(label="again")
        expect(picture).to_have_attribute("alt", re.compile("^again: 1 task over"))
        expect(frame.locator("#tasks .name")).to_have_text(["the block itself", "sleeper(0.1, 'C')"])
        assert not page.page.locator(".replay-still").is_visible()
        assert page.errors == []


def test_a_replay_that_nobody_trusts_is_a_picture_and_a_table(opened, server, clock):
    timeline = Timeline("gather", steps=True)

    async def main():
        async with timeline:
            await asyncio.gather(asyncio.sleep(1), asyncio.sleep(2))

    run_beside(clock, main())
    html = replay(timeline)._repr_mimebundle_()["text/html"]
    cell = new_code_cell("replay(timeline)")
    cell.outputs = [new_output("display_data", {"text/html": html})]
    nbformat.write(new_notebook(cells=[cell], metadata={"kernelspec": KERNELSPEC}), server.root / "untrusted.ipynb")
    with opened("untrusted.ipynb") as page:
        expect(page.page.locator(".jp-OutputArea-output img")).to_be_visible()
        expect(page.page.locator(".jp-OutputArea-output pre")).to_contain_text("sleep(2)")
        assert page.page.locator(".jp-OutputArea-output iframe").count() == 0
        assert page.errors == []


# The lab of chapter 06

LAB = "06_plotting_task_timelines.ipynb"
RUN, STOP = ".lab-run", ".lab-stop"


@pytest.fixture
def lab(opened):
    """Chapter 06, opened, with its lab on show."""
    with opened(LAB) as page:
        sources = [cell.source for cell in page.notebook().cells]
        [cell] = [index for index, source in enumerate(sources) if source.endswith("lab()")]
        page.run_cell(cell)
        page.wait_for_text(".lab-status", "Ready")
        yield page
        assert page.errors == []
        assert page.elsewhere == []


def choose(page: NotebookPage, name: str, label: str) -> None:
    """Choose from one of the lab's lists."""
    page.page.locator(f".lab-{name} select").select_option(label=label)


def drag_to_end(page: NotebookPage, name: str) -> None:
    """Drag the handle of one of the lab's sliders to the right end with the mouse."""
    slider = page.page.locator(f".lab-{name} .noUi-target")
    slider.scroll_into_view_if_needed()
    box, handle = slider.bounding_box(), page.page.locator(f".lab-{name} .noUi-handle").bounding_box()
    page.page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] + 20, handle["y"] + handle["height"] / 2, steps=5)
    page.page.mouse.up()


def soon(page: NotebookPage, selector: str) -> LocatorAssertions:
    """Return what asserts that something holds of an element, or comes to do so: widgets change one after another."""
    return expect(page.page.locator(selector))


def runs(page: NotebookPage) -> list[str]:
    """Return what the lab says of the last runs, a text for each, the newest first."""
    return [" ".join(run.split()) for run in page.page.locator(".lab-report p, .lab-earlier p").all_inner_texts()]


def test_the_lab_runs_what_was_chosen_by_mouse(lab):
    lab.click(RUN)
    lab.wait_for_text(".lab-status", "Ended")
    choose(lab, "strategy", "gather")
    choose(lab, "timeout", "0.5 seconds")
    lab.click(".lab-failure input")
    drag_to_end(lab, "tasks")
    lab.click(RUN)
    lab.wait_for_text(".lab-report", "gather")
    soon(lab, ".lab-picture img").to_have_attribute("alt", re.compile("^gather: 20 tasks.* axis: 1. as_completed.$"))
    newest, oldest = runs(lab)
    assert newest.startswith("2. gather: 20 tasks") and "received: 0 of 20" in newest
    assert oldest.startswith("1. as_completed: 8 tasks") and oldest.endswith("8 of 8. Left: nothing. Raised: nothing.")


def test_the_lab_is_stopped_by_mouse_and_not_started_twice(lab):
    for slider in ("tasks", "spread"):
        drag_to_end(lab, slider)
    choose(lab, "strategy", "one after another")  # that takes 54 s
    lab.page.locator(RUN).dblclick()
    lab.wait_for_text(".lab-status", "Running")
    soon(lab, RUN).to_be_disabled()
    seen = lab.page.locator(".lab-picture img").get_attribute("src")
    lab.wait_until(f'document.querySelector(".lab-picture img").src !== "{seen}"', "there is another frame")
    clicked = time.monotonic()
    lab.click(STOP)
    lab.wait_for_text(".lab-status", "Stopped")
    print(f"from the click on the lab's stop button to its end: {time.monotonic() - clicked:.2f} s")
    soon(lab, RUN).to_be_enabled()
    soon(lab, STOP).to_be_disabled()
    [stopped] = runs(lab)
    assert "Stopped after" in stopped and "cancelled" in stopped


# The checks themselves


def test_what_went_wrong_in_a_cell_is_said_with_what_it_complained_about():
    outputs = [printed("careful", "stderr"), error()]
    ran = Notebook(Path("01_b.ipynb"), changed(lambda notebook, cells: cells[6].update(outputs=outputs)))
    assert faults(ran) == [
        "cell 6 stores 1 errors instead of 0",
        "cell 6 stores output from stderr",
        "cell 6 wrote: careful",
        "cell 6 raised ValueError: no",
    ]


def test_what_goes_wrong_in_the_page_is_noticed(opened, live_notebook):
    with socket.create_server(("127.0.0.1", 0)) as another, opened(live_notebook(0.1, 0.2)) as page:
        elsewhere = f"http://127.0.0.1:{another.getsockname()[1]}/"
        with page.page.expect_console_message():
            page.page.evaluate("() => console.error('careful')")
        with page.page.expect_event("pageerror"):
            page.page.evaluate("() => { setTimeout(() => { throw Error('not handled'); }); }")
        with page.page.expect_request(elsewhere):
            page.page.evaluate("address => { new Image().src = address; }", elsewhere)
        with pytest.raises(AssertionError, match=r"could not carry out the command: .*no-such-command"):
            page.execute("no-such-command")
        with pytest.raises(AssertionError, match=r"(?s)opened a dialog:.*restart the kernel"):
            page.execute("notebook:restart-kernel")
    assert [text.split(" (")[0] for text in page.errors] == ["careful", "not handled"]
    assert page.elsewhere == [elsewhere]


@pytest.mark.parametrize(("ci", "outcome"), [(None, pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_without_a_browser_tests_are_skipped_but_fail_in_ci(monkeypatch, ci, outcome):
    monkeypatch.delenv("CI", raising=False)
    if ci:
        monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="none was found"):
        without_browser(NoBrowserError(browser.NOT_FOUND))


def test_playwrights_own_browser_comes_first_then_those_on_path_then_installed_ones(monkeypatch, tmp_path):
    own, on_path, installed = (tmp_path / name for name in ("own", "google-chrome", "chrome.exe"))
    monkeypatch.setattr(shutil, "which", lambda name: str(on_path) if name == on_path.name else None)
    monkeypatch.setattr(browser, "INSTALLED", (r"$NOWHERE\chrome.exe", str(tmp_path / "$NAME")))
    monkeypatch.setenv("NAME", installed.name)
    with pytest.raises(NoBrowserError, match="none was found"):
        browser.program(str(own))
    for found in (installed, on_path, own):
        found.touch()
        assert browser.program(str(own)) == str(found)


def test_ci_looks_for_the_same_browsers_as_the_tests():
    assert f"for name in {' '.join(browser.NAMES)}; do" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
