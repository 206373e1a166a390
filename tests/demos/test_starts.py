"""The picture of chapter 11's starts is the server's log, and its counts are those of the busiest moments."""

import re
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from timeline.test_svg import texts
from workshop.demos.starts import LEFT, RIGHT, draw_starts, most_in_a_second
from workshop.timeline.views.svg import HIGHEST


def log(*moments, lasts=0.25, away=()):
    """Return requests that arrive at these moments; those of some places are turned away at once."""
    return [
        SimpleNamespace(
            arrived=moment, finished=moment + lasts * (place not in away), status=429 if place in away else 200
        )
        for place, moment in enumerate(moments)
    ]


def points(svg, kind):
    """Return where the marks of a kind are."""
    found = re.search(rf'class="{kind}" d="([^"]*)"', svg)
    return [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)", found[1])] if found else []


@pytest.mark.parametrize(
    ("moments", "most"),
    [
        ([], 0),
        ([5.0], 1),
        ([5.0, 5.0, 5.0], 3),
        ([0.0, 0.5, 1.0, 1.5, 2.0], 2),
        ([0.0, 0.125, 0.99, 1.0, 1.01], 4),
        ([0.0, 0.999], 1),  # a second apart, but for what a machine adds
        ([0.0, 2.0, 2.25, 2.5, 2.75, 3.0], 4),
    ],
)
def test_the_busiest_second_is_wherever_it_begins_and_ends_before_its_end(moments, most):
    assert most_in_a_second(log(*moments)) == most


def test_the_words_tell_what_the_picture_shows():
    logs = {"gate": log(3.0, 3.0, 3.5, lasts=0.5), "none": log(1.0, 1.0, 1.0, 4.0, away=[2])}
    data, metadata = draw_starts(logs, per_second=2)._repr_mimebundle_()
    assert data["text/plain"].splitlines() == [
        "gate: 3 starts, the last at 0.50 s, 3 in the busiest second, 2 at a time",
        "none: 4 starts, the last at 3.00 s, 3 in the busiest second, 2 at a time, 1 turned away",
    ]
    alt = metadata["image/svg+xml"]["alt"]
    assert alt.startswith(
        "Dots for the starts of calls against time, each a step higher than the one before, and a line"
    )
    assert all(line in alt for line in data["text/plain"].splitlines())
    words = texts(ET.fromstring(data["image/svg+xml"]))
    assert {"2 a second", "turned away", "0 s", "1 s", "2 s", "3 s"} <= set(words)
    assert any("2 at a time, 1 turned away" in line for line in words)


def test_each_start_is_a_dot_a_step_higher_than_the_last_and_who_was_turned_away_a_cross():
    svg = draw_starts({"one": log(7.0, 7.0, 8.0, 9.0, away=[2])}).svg()
    dots, crosses = points(svg, "starts"), points(svg, "away")
    xs, ys = zip(*sorted(dots + crosses), strict=True)
    second = (RIGHT - LEFT) / 2
    assert xs == pytest.approx([LEFT, LEFT, LEFT + second, RIGHT], abs=0.1)
    assert crosses[0][0] == pytest.approx(LEFT + second, abs=0.1)
    steps = [before - after for before, after in zip(sorted(ys)[::-1], sorted(ys)[::-1][1:], strict=False)]
    assert steps == pytest.approx([steps[0]] * 3, abs=0.2)
    assert steps[0] > 10
    assert "allowed" not in svg


def test_a_call_each_half_second_lies_on_the_line_of_two_a_second():
    svg = draw_starts({"one": log(*(place / 2 for place in range(8)))}, per_second=2).svg()
    [(x, y, across, up)] = re.findall(r'class="allowed" d="M([\d.]+) ([\d.]+)l([\d.]+) -([\d.]+)"', svg)
    slope = float(up) / float(across)
    step = float(up) / 8
    for right, down in points(svg, "starts"):
        assert float(y) - down == pytest.approx(slope * (right - float(x)) + step, abs=0.3)


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("per_second", [None, 1])
def test_however_many_logs_there_are_the_picture_fits_a_screen(number, per_second):
    svg = draw_starts({f"log {place}": log(0.0, 0.1) for place in range(number)}, per_second).svg()
    root = ET.fromstring(svg)
    assert float(root.get("height")) <= HIGHEST
    assert all(LEFT - 1 <= x <= RIGHT + 1 for x, _ in points(svg, "starts"))


def test_a_title_is_text():
    assert "a &lt; b:" in draw_starts({"a < b": log(0.0)}).svg()


@pytest.mark.parametrize("requests", [[], [SimpleNamespace(arrived=0.0, finished=None, status=None)]])
def test_a_log_that_is_not_over_is_told(requests):
    with pytest.raises(ValueError, match="the log of 'one' is empty or goes on"):
        draw_starts({"one": requests})


@pytest.mark.parametrize("number", [0, 6])
def test_no_logs_and_too_many_are_told(number):
    with pytest.raises(ValueError, match=f"shows 1 to 5 logs, and got {number}"):
        draw_starts({f"log {place}": log(0.0) for place in range(number)})
