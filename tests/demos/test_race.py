"""The race of chapter 00: alive, on an axis that stands still, with the calls of chapter 02."""

import asyncio
import base64
import re
from xml.etree import ElementTree as ET

import pytest

from support.notebook_tools import NOTEBOOKS, Notebook
from timeline.test_svg import SVG, boxes, marks, scale
from workshop.demos import race as module
from workshop.demos.race import DELAYS, race, start_calls


async def gather():
    await asyncio.gather(*start_calls())


async def as_completed():
    for next_result in asyncio.as_completed(start_calls()):
        await next_result


@pytest.fixture
def frames(monkeypatch):
    """What is shown, in place of showing it."""

    class Kept(module.Display):
        def __init__(self):
            self.live = True

        def show(self, data, *, last):
            shown.append((data, last))

    shown = []
    monkeypatch.setattr(module, "Display", Kept)
    return shown


def svg(data):
    """Return the parsed picture of a frame."""
    return ET.fromstring(base64.b64decode(re.search('base64,([^"]*)"', data["text/html"])[1]))


def test_the_calls_are_those_of_chapter_02():
    cells = Notebook(next(NOTEBOOKS.glob("02_*.ipynb"))).code_cells
    assert "".join(f"{name:8}{delay:.2f} s\n" for name, delay in DELAYS.items()) in [cell.text for cell in cells]


async def test_the_race_is_alive_and_its_axis_and_rows_stand_still(clock, frames):
    await race(gather, as_completed)
    assert len(frames) > 100
    assert [last for _, last in frames] == [False] * (len(frames) - 1) + [True]
    some = [svg(data) for data, _ in frames[::10] + frames[-1:]]
    assert len({scale(root) for root in some}) == 1
    rows = {tuple(text.get("y") for text in root.iter(f"{SVG}text") if text.text in DELAYS) for root in some}
    assert [len(places) for places in rows] == [10]
    halfway = svg(frames[len(frames) // 2][0])
    assert len(marks(halfway, "received")) == 2
    assert frames[len(frames) // 2][0]["text/plain"] == (
        "gather: 0 of 5 results received\nas_completed: 2 of 5 results received"
    )


async def test_its_last_frame_says_in_words_what_holds_on_every_machine(clock, frames):
    await race(gather, as_completed)
    said = frames[-1][0]["text/plain"]
    assert re.sub(r" \(here: [^)]*\)", "", said) == (
        "gather: the first result came together with the last\nas_completed: the first result came long before the last"
    )
    assert re.findall(r"\d+\.\d+", said) == ["4.75", "1.53", "4.75"]
    assert all(line in frames[-1][0]["text/html"] for line in said.splitlines())
    last = svg(frames[-1][0])
    assert len(boxes(last, "result")) == len(marks(last, "received")) == 10


async def test_where_nothing_is_live_one_frame_is_shown(clock, frames, monkeypatch):
    monkeypatch.setattr(module.Display, "live", False, raising=False)
    await race(gather)
    assert [last for *_, last in frames[-1:]] == [True]


async def test_what_a_way_raises_arrives_and_the_others_stop(clock, frames):
    async def broken():
        await asyncio.sleep(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await race(broken, gather)
    assert not any(last for _, last in frames)
    await asyncio.sleep(0.1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_way_that_receives_nothing_is_told_so(clock, frames):
    async def wait():
        await asyncio.wait(start_calls())

    await race(wait)
    assert frames[-1][0]["text/plain"] == "wait: 0 of 5 results received"
