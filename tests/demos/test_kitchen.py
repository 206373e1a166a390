"""The scene of chapter 05's restaurant: where everything is at a moment, while an evening goes on and afterwards."""

import asyncio
import html
import re
from base64 import b64decode
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from demos.test_restaurant import HOSTILE
from timeline.test_svg import SVG, texts
from workshop.demos import kitchen
from workshop.demos.kitchen import draw_moment, place_of
from workshop.demos.restaurant import Slip
from workshop.timeline.block import Timeline
from workshop.timeline.views.svg import HIGHEST, WIDTH

ADA = Slip("Ada", "roast", 0.0, 0.0, 1.5, 2.0, picked_up=1.75)
EVENING = [
    ADA,
    Slip("Ben", "pizza", 0.25, 0.25, 1.0, 1.5, picked_up=1.0),
    Slip("Cleo", "quiche", 0.5, 1.0),
    Slip("Dan", "toast", 0.75),
    Slip("Eve", "pizza", 2.0),
]


def pictured(data):
    """Return the picture in a bundle, parsed, and its alt text."""
    alt, address = re.match(r'<img alt="([^"]*)" src="data:image/svg\+xml;base64,([^"]*)"', data["text/html"]).groups()
    return ET.fromstring(b64decode(address)), html.unescape(alt)


def moment(evenings, now, ovens=2):
    """Return the picture of a moment, and its alt text."""
    data, metadata = draw_moment(evenings, now, ovens)._repr_mimebundle_()
    root, alt = pictured(data)
    assert metadata["image/svg+xml"]["alt"] == alt
    return root, alt


def shapes(root, kind):
    return [shape for shape in root.iter() if shape.get("class") == kind]


@pytest.mark.parametrize(
    ("now", "place"),
    [(0.0, "oven"), (1.4, "oven"), (1.5, "pass"), (1.74, "pass"), (1.75, "waiter"), (1.9, "waiter"), (2.0, "served")],
)
def test_a_dish_goes_from_the_oven_to_its_table(now, place):
    assert place_of(ADA, now) == place


def test_what_is_not_noted_has_not_happened():
    slip = Slip("Ada", "roast")
    assert [place_of(replace(slip, **times), 9.0) for times in (
        {}, {"ordered": 1}, {"ordered": 1, "in_oven": 2}, {"ordered": 1, "in_oven": 2, "ready": 3},
        {"ordered": 1, "in_oven": 2, "ready": 3, "served": 4},
    )] == ["", "waits", "oven", "pass", "served"]  # fmt: skip


def test_the_scene_shows_and_tells_where_everything_is():
    root, alt = moment({"Monday": EVENING}, 1.25)
    assert alt == (
        "Monday, at 1.2 s: waits for an oven: Dan: toast; in the ovens: Ada: roast, Cleo: quiche; "
        "ready, on the pass: nothing; the waiter carries Ben: pizza; served: nothing."
    )
    assert texts(root) == [
        *("Monday: 1.2 s", "waits for an oven", "Dan: toast", "in the ovens", "Ada: roast", "Cleo: quiche"),
        *("ready, on the pass", "the waiter", "Ben: pizza", "served"),
    ]
    assert [len(shapes(root, kind)) for kind in ("waits", "oven", "free", "pass", "carried")] == [1, 2, 0, 0, 1]


def test_free_ovens_are_seen_and_a_waiter_without_a_dish_waits():
    root, alt = moment({"Monday": [ADA]}, 1.5, ovens=3)
    assert [len(shapes(root, kind)) for kind in ("oven", "free", "pass", "carried")] == [0, 3, 1, 0]
    assert "the waiter waits" in alt and "waits" in texts(root)


def test_dishes_stand_in_the_order_in_which_they_came():
    late, early = (Slip(name, "toast", 0, 0, ready, ready + 1, picked_up=ready) for name, ready in (("A", 3), ("B", 2)))
    assert "served: B: toast, A: toast." in moment({"Monday": [late, early]}, 9.0)[1]


def test_two_evenings_fit_where_a_laptop_shows_a_picture():
    six = [*EVENING, Slip("Finn", "quiche", 0.0)]
    root, alt = moment({"Monday": six, "Tuesday": six}, 1.0)
    assert float(root.get("height")) <= HIGHEST
    assert alt.count("the waiter carries Ben: pizza") == 2


def test_of_many_dishes_some_are_counted():
    root, _ = moment({"Monday": [Slip(n, "toast", 0.0) for n in range(50)]}, 1.0)
    assert len(shapes(root, "waits")) == kitchen.MOST
    assert "and 44 more" in texts(root)
    lowest = max(float(text.get("y")) for text in root.iter(f"{SVG}text"))
    assert lowest < float(root.get("height")) <= HIGHEST


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:20])
def test_names_are_text_never_markup(name):
    root, alt = moment({str(name): [replace(ADA, table=name, dish=name)]}, 1.0)
    assert {element.tag for element in root.iter()} == {
        f"{SVG}{tag}" for tag in ("svg", "rect", "text", "path", "circle")
    }
    assert alt.isprintable()
    assert all(text.isprintable() for text in texts(root))


@pytest.mark.parametrize("now", ["4.0", None, True])
def test_a_moment_is_a_number(now):
    with pytest.raises(TypeError, match="a moment is a number of seconds since the evening began"):
        draw_moment({"Monday": EVENING}, now)


def test_evenings_are_as_for_their_picture():
    with pytest.raises(ValueError, match="the evening of 'Monday' has no slips"):
        draw_moment({"Monday": []}, 1.0)
    with pytest.raises(ValueError, match=r"'served' is 1\.00 s, and 'picked up'"):
        draw_moment({"Monday": [replace(ADA, ready=0.5, picked_up=1.75, served=1.0)]}, 1.0)


# While it goes on


class Frames(kitchen.Scene):
    """Keeps what a notebook would be shown."""

    def __init__(self, *scene):
        super().__init__(*scene)
        self.live, self.frames = True, []

    def show(self, data, *, last):
        self.frames.append(data)


def watched(clock, slips, stop=False):
    """Run a short evening with one waiter; return the frames."""
    display, began = Frames("Monday", slips, 2), clock.now

    async def cook(slip):
        slip.ordered = slip.in_oven = clock.now - began
        await asyncio.sleep(1)
        slip.ready = clock.now - began

    async def main():
        async with Timeline("Monday", live=display):
            for slip in slips:
                await asyncio.create_task(cook(slip))
                slip.picked_up = clock.now - began
                await asyncio.sleep(0.5)
                slip.served = clock.now - began
                if stop:
                    raise KeyError("enough")

    if stop:
        with pytest.raises(KeyError, match="enough"):
            clock.run(main())
    else:
        clock.run(main())
    return display.frames


def test_while_an_evening_goes_on_the_scene_and_the_slips_follow(clock):
    *frames, last = watched(clock, [Slip("Ada", "roast"), Slip("Ben", "toast")])
    alts = [pictured(frame)[1].partition("in the ovens: ")[2] for frame in frames]
    assert [alt for alt, before in zip(alts, ["", *alts], strict=False) if alt != before] == [
        "nothing; ready, on the pass: nothing; the waiter waits; served: nothing.",
        "Ada: roast; ready, on the pass: nothing; the waiter waits; served: nothing.",
        "nothing; ready, on the pass: nothing; the waiter carries Ada: roast; served: nothing.",
        "Ben: toast; ready, on the pass: nothing; the waiter waits; served: Ada: roast.",
        "nothing; ready, on the pass: nothing; the waiter carries Ben: toast; served: Ada: roast.",
    ]
    pictures = [pictured(frame)[0] for frame in (*frames, last)]
    assert {(root.get("width"), float(root.get("height")) <= HIGHEST) for root in pictures} == {(str(WIDTH), True)}
    assert (
        len(
            {
                tuple(t.get("x") for t in root.iter(f"{SVG}text") if t.get("text-anchor") == "middle")
                for root in pictures
            }
        )
        == 1
    )
    root, alt = pictured(last)
    assert "the slips: first dish after 1.50 s, last after 3.00 s" in texts(root)
    assert alt.endswith(
        "served: Ada: roast, Ben: toast. The slips: Ada ordered at 0.00 s, ready 1.00, served 1.50; "
        "Ben ordered at 1.50 s, ready 2.50, served 3.00."
    )
    assert last["text/plain"].splitlines() == [
        "Monday",
        "table  dish   ordered  in oven  ready  served",
        "Ada    roast     0.00     0.00   1.00    1.50",
        "Ben    toast     1.50     1.50   2.50    3.00",
    ]


def test_an_evening_that_is_broken_off_is_shown_as_far_as_it_went(clock):
    *_, last = watched(clock, [Slip("Ada", "roast"), Slip("Ben", "toast")], stop=True)
    assert pictured(last)[1].endswith("served: Ada: roast. The slips: Ada ordered at 0.00 s, ready 1.00, served 1.50.")
    assert last["text/plain"].splitlines()[-1].split() == ["Ben", "toast", "-", "-", "-", "-"]


def test_the_scene_is_what_goes_behind_async_with():
    timeline = kitchen.watch_service("Monday", [Slip("Ada", "roast")], ovens=3)
    assert isinstance(timeline, Timeline) and timeline.title == "Monday"
