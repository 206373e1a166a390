"""The picture of chapter 08's queue shows who changed places, in words that hold for each order."""

import re
from xml.etree import ElementTree as ET

import pytest

from support.notebook_tools import sanitized
from workshop.demos.order import draw_order


def lines(order):
    """Return for each number the places from which and to which its line leads."""
    number = r"([\d.]+)"
    found = re.findall(rf'd="M{number} \d+L{number} \d+"', order.svg())
    places = sorted({float(x) for line in found for x in line})
    return {places.index(float(above)): places.index(float(below)) for above, below in found}


def test_a_line_leads_from_each_place_in_the_list_to_the_place_in_which_it_came_in():
    assert lines(draw_order([2, 0, 3, 1])) == {2: 0, 0: 1, 3: 2, 1: 3}
    assert "4 of 4 came in out of turn" in draw_order([2, 0, 3, 1]).svg()
    assert lines(draw_order(range(3))) == {0: 0, 1: 1, 2: 2}
    assert "All came in in turn" in draw_order(range(3)).svg()
    ET.fromstring(draw_order([0]).svg())


def test_the_words_say_the_order_and_are_the_same_but_for_it():
    data, metadata = draw_order([1, 0, 2])._repr_mimebundle_()
    assert data["text/plain"] == "in the list  0 1 2\ncame in      (here: 1 0 2)"
    alt = metadata["image/svg+xml"]["alt"]
    assert alt == "3 numbers as in the list, and below as they came in; lines from each to itself cross."
    one, other = draw_order([1, 0, 2]), draw_order([2, 1, 0])
    assert sanitized([str(one), one.alt]) == sanitized([str(other), other.alt])
    assert "straight" in draw_order(range(2)).alt


@pytest.mark.parametrize("came_in", [[], [0, 0], [1, 2], [0, 2]])
def test_who_is_missing_is_told(came_in):
    with pytest.raises(ValueError, match="each number from 0 on is to come in once"):
        draw_order(came_in)
