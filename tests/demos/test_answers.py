"""The picture of chapter 12's answers is the log of the models."""

from xml.etree import ElementTree as ET

import pytest

from timeline.test_svg import boxes, marks, texts
from workshop.demo_server.language_model import Call
from workshop.demos.answers import draw_answers

CALLS = [
    Call("finch", "Why?", 2.0, 2.25, 2.75, 1, 12, "cut short"),
    Call("heron", "Why?", 2.5, 3.0, 4.0, 1, 10, "complete"),
    Call("albatross", "Why?", 2.0, 3.0, 3.5, 1, 3),
]


def test_the_words_tell_each_answer():
    assert str(draw_answers("three", CALLS)).splitlines() == [
        "three",
        "answer      asked  first word  last word  words  credits",
        "finch      0.00 s      0.25 s     0.75 s     12       13",
        "heron      0.50 s      1.00 s     2.00 s     10       42",
        "albatross  0.00 s      1.00 s     1.50 s      3       65",
    ]
    assert draw_answers("three", CALLS).alt == (
        "three. A bar for each answer, pale until its first word. "
        "finch: first word after 0.25 s, the last after 0.75 s; heron: first word after 0.50 s, the last after "
        "1.50 s; albatross: first word after 1.00 s, broken off."
    )


def test_the_picture_has_a_dark_stretch_from_first_word_to_last_and_a_mark_for_each_whole_answer():
    data, metadata = draw_answers("three", CALLS)._repr_mimebundle_()
    root = ET.fromstring(data["image/svg+xml"])
    assert len(data["image/svg+xml"]) < 6_000
    assert metadata["image/svg+xml"]["alt"].startswith("three.")
    height = max(box[3] for box in boxes(root, "running"))
    rows = [box for box in boxes(root, "running") if box[3] == height]
    assert [round(box[2] / rows[0][2], 1) for box in rows] == [1, 2, 1]
    assert len(marks(root, "received")) == 2
    assert {"no word yet", "words arrive", "whole", "finch", "heron", "albatross"} <= set(texts(root))


def test_answers_of_one_model_are_told_apart_by_their_prompts():
    calls = [Call("heron", prompt, 0.0, 1.0, 2.0, 1, 1, "complete") for prompt in ("What?", "Why?")]
    assert repr(draw_answers("two", calls)) == "<answers: What?, Why?>"
    many = draw_answers("many", calls * 4)
    assert many.alt.endswith("the last after 2.00 s; and 2 more.")


@pytest.mark.parametrize("calls", [[], [Call("heron", "Why?", 0.0)]])
def test_what_has_not_begun_is_told(calls):
    with pytest.raises(ValueError, match="there is nothing to draw yet"):
        draw_answers("none", calls)
