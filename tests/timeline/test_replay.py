"""The page of a replay, and what is saved of a timeline; `tests/browser` steps through it."""

import asyncio
import html
import io
import json
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from itertools import pairwise

import pytest

from workshop import Timeline, replay
from workshop.timeline.views import replay as view


async def cook(seconds: float, dish: str) -> str:
    for _ in range(2):
        await asyncio.sleep(seconds)
    print(dish)
    return dish


async def evening(steps: bool = True) -> Timeline:
    async with Timeline("Evening", steps=steps) as timeline:
        await asyncio.gather(cook(0.5, "soup"), cook(0.25, "tea"))
    return timeline


def data_of(page: str) -> list[dict]:
    """Return the data in a page."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


async def many(tasks: int, work: Callable) -> Timeline:
    """Return a timeline of many tasks, of which nothing is seen."""
    with redirect_stdout(io.StringIO()):
        async with Timeline("many", steps=True) as timeline:
            await asyncio.gather(*map(work, range(tasks)))
    return timeline


# Saved


async def test_a_saved_page_is_all_in_one_file(clock, tmp_path):
    timeline = await evening()
    path = timeline.save(tmp_path / "run.html")
    page = path.read_text(encoding="utf-8")
    assert page == view.page([("Evening", timeline.tasks)])
    assert not re.search(r'(?:src|href)="(?!data:)|@import|url\(', page)
    assert "<table" not in page and timeline.tasks.names[0] in html.unescape(page)
    [run] = data_of(page)
    assert [lane["name"] for lane in run["lanes"]][-2:] == ["cook(0.5, 'soup')", "cook(0.25, 'tea')"]
    assert "".join(text for _, text in run["printed"]) == "tea\nsoup\n"


async def test_a_saved_picture_is_the_one_of_the_notebook(clock, tmp_path):
    timeline = await evening()
    saved = timeline.save(str(tmp_path / "run.svg")).read_text(encoding="utf-8")
    assert saved == timeline._repr_mimebundle_()[0]["image/svg+xml"]


async def test_saved_json_says_all_and_is_a_trace(clock, tmp_path):
    timeline = await evening()
    saved = json.loads(timeline.save(tmp_path / "run.json").read_text(encoding="utf-8"))
    known, events = saved["timeline"], saved["traceEvents"]
    assert [known["title"], known["ended"], known["over"]] == ["Evening", 1.0, True]
    soup, tea = known["tasks"]
    assert [soup["name"], soup["created"], soup["finished"], soup["received"]] == ["cook(0.5, 'soup')", 0, 1, 1]
    assert [(step["begin"], step["end"]) for step in tea["steps"]] == list(timeline.tasks[1].steps)
    assert tea["steps"][0]["line"] == timeline.tasks[1].lines[0]._asdict()
    assert "".join(text for _, text in known["printed"]) == "tea\nsoup\n"
    assert any("async def cook(seconds: float, dish: str) -> str:" in source["lines"] for source in known["sources"])

    names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    assert list(names.values())[-2:] == ["cook(0.5, 'soup')", "cook(0.25, 'tea')"]
    for thread in names:
        stretches = [event for event in events if event["ph"] == "X" and event["tid"] == thread]
        for event, following in pairwise(stretches):
            assert event["ts"] + event["dur"] == following["ts"], "they follow each other, so viewers can show them"
        assert {event["pid"] for event in stretches} == {1}
    assert {event["name"] for event in events if event["tid"] == 1 and event["ph"] == "X"} == {
        "runs",
        f"waits at line {timeline.tasks[0].lines[0].number}",
    }
    assert [event["ts"] for event in events if event["name"] == "received"] == [1e6, 1e6]


async def test_a_timeline_without_steps_is_saved_as_picture_and_as_json(clock, tmp_path):
    timeline = await evening(steps=False)
    saved = json.loads(timeline.save(tmp_path / "run.json").read_text(encoding="utf-8"))
    assert [task["steps"] for task in saved["timeline"]["tasks"]] == [[], []]
    assert [event["dur"] for event in saved["traceEvents"] if event["ph"] == "X"] == [1e6, 0.5e6]
    timeline.save(tmp_path / "run.svg")
    with pytest.raises(ValueError, match=r"Timeline\(steps=True\)"):
        timeline.save(tmp_path / "run.html")
    with pytest.raises(ValueError, match=r"Timeline\(steps=True\)"):
        replay(timeline)


@pytest.mark.parametrize("name", ["run", "run.png", "run.html.gz"])
async def test_other_kinds_of_files_are_refused(clock, tmp_path, name):
    timeline = await evening()
    with pytest.raises(ValueError, match=r"save writes .html, .svg or .json, such as save\('run.html'\)"):
        timeline.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [None, "timeline", []])
def test_what_is_no_timeline_is_refused(wrong):
    with pytest.raises(TypeError, match=r"replay takes a timeline, such as replay\(timeline\)"):
        replay(wrong)


def test_it_takes_a_timeline_at_least():
    with pytest.raises(TypeError, match=r"replay takes a timeline, such as replay\(timeline\)"):
        replay()


async def test_a_start_is_a_number(clock):
    with pytest.raises(TypeError, match="start takes a number"):
        replay(await evening(), start="later")


async def test_lines_have_room_for_as_many_markers_as_stand_at_one_at_a_time(clock):
    async def gutter(program: Callable, tasks: int) -> int:
        async with Timeline(steps=True) as timeline:
            await program([cook(0.25, "tea") for _ in range(tasks)])
        return data_of(view.page([("", timeline.tasks)]))[0]["gutter"]

    async def one_by_one(coroutines: list) -> None:
        for coroutine in coroutines:
            await asyncio.create_task(coroutine)

    async def together(coroutines: list) -> None:
        await asyncio.gather(*coroutines)

    with redirect_stdout(io.StringIO()):
        apart, *close = [await gutter(one_by_one, 4), *[await gutter(together, tasks) for tasks in (3, 4, 12)]]
    assert apart < close[0] == 78
    assert close == sorted(close), "the last says how many more there are"


async def test_inside_the_block_what_is_known_so_far_is_shown(clock, tmp_path):
    async with Timeline(steps=True) as timeline:
        await asyncio.create_task(cook(0.25, "tea"))
        [run] = data_of(timeline.save(tmp_path / "run.html").read_text(encoding="utf-8"))
    assert [turn[1] for turn in run["turns"] if turn[0] == len(run["lanes"]) - 1] == [0, 0.25, 0.5]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the block's own code is seen from Python 3.12 on")
async def test_results_that_are_there_before_your_turn_are_taken_in_it(clock):
    async def instant() -> None: ...

    async with Timeline(steps=True) as timeline:
        tasks = [asyncio.create_task(instant()) for _ in range(3)]
        for next_result in asyncio.as_completed(tasks):
            await next_result
    [run] = data_of(view.page([("", timeline.tasks)]))
    assert [lane.get("taken") for lane in run["lanes"]] == [None, 4, 4, 4]
    assert [turn[0] for turn in run["turns"]] == [0, 1, 2, 3, 0]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the block's own code is seen from Python 3.12 on")
async def test_what_a_clock_tells_once_is_one_time_in_the_page(clock):
    async with Timeline(steps=True) as timeline:
        for _ in range(3):
            await asyncio.sleep(0.1)
            task = asyncio.create_task(asyncio.sleep(1))
            task.cancel()
            await asyncio.wait([task])
    [run] = data_of(view.page([("", timeline.tasks)]))
    ends = [turn[2] for turn in run["turns"]]
    assert all(lane["created"] in ends and lane["finished"] in ends for lane in run["lanes"] if lane["letter"] != "you")


# In a notebook


def parts_of(shown: str) -> tuple[str, str]:
    """Return the page in what a notebook shows, and what stands beside it."""
    document, still = re.fullmatch(
        r'<style>[^<]*</style><div class="replay" style="--tall:\d+px"><iframe class="replay-page" title="[^"]*" '
        r"sandbox=\"allow-scripts\" onload=\"[^\"]*\" srcdoc='([^']*)'></iframe>"
        r'<div class="replay-still">(.*)</div></div>',
        shown,
        re.DOTALL,
    ).groups()
    return html.unescape(document), still


async def test_where_no_scripts_run_there_are_the_picture_and_the_table(clock):
    timeline = await evening()
    shown = replay(timeline)
    data = shown._repr_mimebundle_()
    assert data["text/plain"] == str(shown) == str(timeline)
    document, still = parts_of(data["text/html"])
    assert 'alt="Evening: 2 tasks' in still and "<pre>name" in still
    page = view.page([("Evening", timeline.tasks)])
    assert still in page and document == page.replace(still, ""), "they are not stored a second time"


async def test_each_replay_of_a_notebook_has_its_own_height(clock):
    few, dozen = await evening(), await many(12, lambda number: asyncio.sleep(number))
    few, dozen, both = (replay(*shown)._repr_mimebundle_()["text/html"] for shown in ([few], [dozen], [few, dozen]))
    styles = {re.match(r"<style>.*?</style>", shown)[0] for shown in (few, dozen, both)}
    assert len(styles) == 1, "they share what is said of all"
    few, dozen, both = (int(re.search(r"--tall:(\d+)px", shown)[1]) for shown in (few, dozen, both))
    assert few < dozen == both


async def test_several_runs_are_on_one_time_axis(clock):
    short = await evening()
    async with Timeline("Long", steps=True) as long:
        await asyncio.create_task(cook(2, "roast"))
    shown = replay(short, long)
    document, still = parts_of(shown._repr_mimebundle_()["text/html"])
    runs = data_of(document)
    assert [run["title"] for run in runs] == ["Evening", "Long"]
    ends = [run["picture"]["left"] + 4 * run["picture"]["scale"] for run in runs]
    assert ends[0] == pytest.approx(ends[1])
    assert [still.count(tag) for tag in ("<img", "<pre>")] == [2, 2]
    assert str(shown) == f"{short}\n\n{long}"
    assert repr(shown) == "<replay of <Timeline 'Evening': 2 tasks>, <Timeline 'Long': 1 tasks>>"


async def test_a_notebook_stores_a_replay_of_five_tasks_in_few_characters(clock):
    timeline = await many(5, lambda number: cook(0.25 + number, f"dish {number}"))
    assert len(json.dumps(replay(timeline)._repr_mimebundle_()["text/html"])) <= 28_000


async def test_nothing_of_a_readers_can_end_the_script_that_holds_it(clock):
    evil = "</script><!--<script>\u2028\ud800&amp;"
    async with Timeline(evil, steps=True) as timeline:
        asyncio.create_task(asyncio.sleep(0), name=evil)  # noqa: RUF006
        with redirect_stdout(io.StringIO()):
            print(evil)
    page = view.page([(evil, timeline.tasks)])
    text = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1]
    assert not set("<>&\u2028") & set(text)
    assert page.count("<script") == page.count("</script>") == 2
    page.encode("utf-8")


# Very many turns


async def test_of_very_many_turns_a_page_shows_some_and_says_so(clock):
    timeline = await many(5_000, lambda number: cook(0.25, f"dish {number}"))
    page = view.page([("many", timeline.tasks)])
    assert len(page) < 2_000_000
    [run] = data_of(page)
    assert len(run["turns"]) <= view.MOST_TURNS and len(run["lanes"]) <= view.MOST_LANES
    assert [note for note in run["notes"] if "of 5,000 tasks" in note]
    own = [turn for turn in run["turns"] if turn[0] == 7]
    assert [bool(turn[7]) for turn in own] == [False, False, True], "the tasks that it shows are shown to their end"


async def test_it_can_begin_later(clock):
    async def work(number: int) -> None:
        for _ in range(50):
            await asyncio.sleep(0.25)

    timeline = await many(100, work)
    [run] = data_of(view.page([("many", timeline.tasks)], start=10))
    assert run["turns"][0][1] == 10
    assert all(lane["before"] for lane in run["lanes"][-100:])
    assert "from 10.00 s on" in run["notes"][-1]


async def test_a_page_of_a_long_print_ends_it(clock, monkeypatch):
    monkeypatch.setattr(view, "MOST_PRINTED", 7)
    timeline = await evening()
    [run] = data_of(view.page([("", timeline.tasks)]))
    assert "".join(text for _, text in run["printed"]) == "tea\nsou\n…"


@pytest.mark.parametrize(
    ("names", "letters"),
    [
        (["cook(1, 'A')", "cook(2, 'B')"], ["A", "B"]),
        (["cook('soup')", "cook('tea')"], ["A", "B"]),
        (["A", "A"], ["A", "B"]),
        (["<", "b"], ["A", "B"]),
        ([], []),
    ],
)
def test_tasks_go_by_their_own_letters_where_they_have_some(names, letters):
    assert view.letters_of(names) == letters


def test_letters_never_end():
    assert [view.letter(number) for number in (0, 25, 26, 27, 701, 702)] == ["A", "Z", "AA", "AB", "ZZ", "AAA"]
