"""The picture of chapter 05's restaurant: its words, whatever happens and whatever guests are called."""

import html
import itertools
import re
from xml.etree import ElementTree as ET

import pytest

from timeline.test_svg import SVG, boxes
from workshop.demos.restaurant import WORDS, Slip, draw_service
from workshop.timeline.records import RESULT, STILL_RUNNING
from workshop.timeline.views.styles import READY, RECEIVED, RUNS, WAITING
from workshop.timeline.views.text import LONGEST_NAME

LOOKS = [WAITING, READY, RECEIVED, RUNS[RESULT], RUNS[STILL_RUNNING]]
EVENING = [
    Slip("Ada", "roast", 0.0, 0.0, 1.6, 1.7),
    Slip("Ben", "pizza", 0.1, 0.1, 0.9, 1.0),
    Slip("Cleo", "quiche", 0.2, 0.9, 1.3),
    Slip("Dan", "toast", 0.4, 1.3),
    Slip("Eve", "pizza", 0.6),
]
HOSTILE = [
    "",
    " ",
    "$x^2$",
    "$",
    "<script>alert(1)</script>",
    '" onerror="alert(1)',
    "'&amp;'",
    "Ada\nBen",
    "\tA\x00\x1b[31m",
    "🍕 für 日本",
    "\ud800",
    "e\u0301",
    "\u202eadA",
    "very long " * 300,
    7,
    None,
]


def shown(evenings):
    """Return the texts and the picture that Jupyter gets: plain text, alt text, HTML, PNG."""
    data, metadata = draw_service(evenings)._repr_mimebundle_(include=None, exclude=None)
    assert set(data) == {"text/plain", "text/html", "image/svg+xml"}
    kind = "image/svg+xml"
    return data["text/plain"], metadata[kind]["alt"], data["text/html"], ET.fromstring(data[kind])


def said(evenings):
    """Return the words in a picture that are not of the reader."""
    *_, root = shown(evenings)
    words = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    return {word for word in words if word in {look.words for look in LOOKS} | set(WORDS.values())}


# ---- the slip


def test_a_wait_is_from_the_order_to_the_table():
    assert Slip("Ada", "roast", 0.5, 1.0, 2.0, 2.25).wait == 1.75
    assert Slip("Ada", "salad", 0.5, served=0.75).wait == 0.25


@pytest.mark.parametrize(
    "slip", [Slip("Ada", "roast"), Slip("Ada", "roast", 1.0, 1.0, 2.0), Slip("Ada", "roast", served=2)]
)
def test_without_order_or_service_there_is_no_wait(slip):
    with pytest.raises(ValueError, match="Ada's roast has no wait yet: it was not ordered and served"):
        _ = slip.wait


# ---- the table and the words


def test_the_table_has_a_line_for_each_order():
    assert str(draw_service({"Monday": EVENING})).splitlines() == [
        "Monday",
        "table  dish    ordered  in oven  ready  served",
        "Ada    roast      0.00     0.00   1.60    1.70",
        "Ben    pizza      0.10     0.10   0.90    1.00",
        "Cleo   quiche     0.20     0.90   1.30       -",
        "Dan    toast      0.40     1.30      -       -",
        "Eve    pizza      0.60        -      -       -",
    ]


def test_evenings_stand_one_below_the_other():
    service = draw_service({"Monday": EVENING[:1], "Tuesday": iter(EVENING[1:2])})
    monday, tuesday = str(service).split("\n\n")
    assert monday.startswith("Monday\ntable")
    assert tuesday.startswith("Tuesday\ntable")
    assert str(service).count("Ada") == str(service).count("Ben") == 1
    assert repr(service) == "<service of Monday and Tuesday>"


def test_the_alt_text_tells_each_order_in_the_order_of_service():
    text, alt, *_ = shown({"Monday": EVENING})
    assert text == str(draw_service({"Monday": EVENING}))
    assert alt == (
        "Monday: Ben ordered at 0.10 s, ready 0.90, served 1.00; Ada ordered at 0.00 s, ready 1.60, served 1.70; "
        "Cleo ordered at 0.20 s, ready 1.30, not served; Dan ordered at 0.40 s, not ready, not served; "
        "Eve ordered at 0.60 s, not ready, not served."
    )


def test_of_many_orders_the_words_show_the_first_and_the_last():
    orders = [Slip(f"table {n}", "toast", n, n, n + 1, n + 2 if n % 2 else None) for n in range(500)]
    text, alt, *_ = shown({"party": orders})
    lines = text.splitlines()
    assert len(lines) == 2 + 20 + 1 + 20
    assert lines[22] == "… 460 more …"
    assert [lines[2].split()[1], lines[21].split()[1], lines[23].split()[1], lines[-1].split()[1]] == [
        *("0", "19", "480", "499")
    ]
    assert alt == (
        "party: 500 orders, 250 served; the first: table 1 ordered at 1.00 s, ready 2.00, served 3.00; "
        "the last: table 499 ordered at 499.00 s, ready 500.00, served 501.00."
    )


def test_forty_orders_are_shown_in_full():
    text = str(draw_service({"party": [Slip(n, "toast", 0) for n in range(40)]}))
    assert len(text.splitlines()) == 42
    assert "…" not in text


def test_of_many_orders_none_may_be_served():
    _, alt, *_ = shown({"party": [Slip(n, "toast", 0, 0) for n in range(7)]})
    assert alt == "party: 7 orders, 0 served."


# ---- the picture


def moments():
    """Yield all ways in which an order may stand when the evening ends, with moments left out, too."""
    for in_oven, ready, served in itertools.product((None, 0.5), (None, 1.0), (None, 2.0)):
        yield Slip("Ada", "roast", 0.25, in_oven, ready, served)
    yield Slip("Ada", "roast", 0.25, 0.25, 0.25, 0.25)
    yield Slip("Ada", "roast", 0.25)


@pytest.mark.parametrize("slip", list(moments()), ids=repr)
@pytest.mark.parametrize("guests", [0, 1, 1000], ids=["alone", "with_another", "with_very_many"])
def test_every_word_of_the_picture_is_a_restaurants(slip, guests):
    evening = [slip] + [Slip("Ben", "pizza", 0.0, 0.5, 1.0, 3.0)] * guests
    assert said({"Monday": evening}) <= set(WORDS.values())


def test_the_picture_says_what_happened():
    words = [WORDS[look.words] for look in LOOKS]
    assert said({"Monday": EVENING}) == set(words)
    assert said({"Monday": EVENING[:1]}) == {"in the oven", "served", "ready, not yet served"}
    *_, root = shown({"Monday": EVENING})
    assert "".join(next(root.iter(f"{SVG}text")).itertext()) == (
        "Monday: first dish after 1.00 s, last after 1.70 s, 2 still in the oven"
    )


def test_an_evening_in_which_nothing_has_happened_yet():
    assert said({"Monday": [Slip("Ada", "roast", 0.0)]}) == set()
    assert said({"Monday": [Slip("Ada", "roast", 5.0)], "Tuesday": EVENING[:1]})


def test_the_same_evening_gives_the_same_picture():
    *_, picture = shown({"Monday": EVENING})
    *_, again = shown({"Monday": EVENING})
    *_, another = shown({"Monday": [Slip("Ada", "roast", 0.0, 0.0, 1.6, 1.8), *EVENING[1:]]})
    assert ET.tostring(picture) == ET.tostring(again) != ET.tostring(another)


def test_all_evenings_share_one_time_axis():
    def width_of_the_bar(evenings):
        *_, root = shown(evenings)
        return boxes(root, "result")[0][2]

    alone = width_of_the_bar({"Monday": [Slip("Ada", "toast", 0, 0, 1, 1)]})
    beside = width_of_the_bar(
        {"Monday": [Slip("Ada", "toast", 0, 0, 1, 1)], "Tuesday": [Slip("Ada", "toast", 0, served=4)]}
    )
    assert alone / beside == pytest.approx(4, rel=0.05)


# ---- odd names


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:20])
def test_names_are_text_never_markup_and_take_one_line(name):
    slip = Slip(name, name, 0.0, 0.5, 1.0, 2.0)
    text, alt, page, _ = shown({str(name): [slip]})
    lines = text.splitlines()
    assert len(lines) == 3
    assert all(character.isprintable() for line in lines for character in line)
    assert len(lines[0]) <= LONGEST_NAME
    assert len(lines[2]) < 110
    assert lines[2].endswith("0.00     0.50   1.00    2.00")
    assert len(alt) < 120
    assert alt.isprintable()
    assert re.fullmatch(r'<img alt="([^"<>]*)" src="data:image/svg\+xml;base64,[^"<>]*" style="[^"<>]*">', page)
    assert html.unescape(page.split('"')[1]) == alt
    assert len(repr(draw_service({str(name): [slip]}))) < 60
    page.encode()  # lone surrogates would stop Jupyter from sending it


# ---- errors


@pytest.mark.parametrize("wrong", [None, [], EVENING, {}, "Monday", 5], ids=lambda wrong: type(wrong).__name__)
def test_evenings_are_a_dictionary(wrong):
    with pytest.raises(TypeError, match=r"draw_service takes evenings by their titles, such as \{'Monday': slips\}"):
        draw_service(wrong)


@pytest.mark.parametrize(
    "wrong", [None, 5, "slips", EVENING[0], [None], [*EVENING, "toast"], {"Ada": "roast"}], ids=repr
)
def test_an_evening_is_a_list_of_slips(wrong):
    with pytest.raises(TypeError, match=r"such as \[Slip\('Ada', 'roast'\)\]; that of 'Tuesday' is not"):
        draw_service({"Monday": EVENING, "Tuesday": wrong})


def test_an_evening_has_slips():
    with pytest.raises(ValueError, match="the evening of 'Monday' has no slips: there is nothing to draw"):
        draw_service({"Monday": []})


def test_a_title_is_text():
    with pytest.raises(TypeError, match="the title of an evening is text, such as 'Monday', not 1"):
        draw_service({1: EVENING})


def test_a_slip_has_a_time_of_ordering():
    with pytest.raises(ValueError, match="Ada's slip has no time of ordering: let the kitchen do its work first"):
        draw_service({"Monday": [Slip("Ada", "roast")]})


@pytest.mark.parametrize("moment", ["ordered", "in_oven", "ready", "served"])
@pytest.mark.parametrize(
    ("time", "error"),
    [("soon", TypeError), ([1], TypeError), (1j, TypeError), *((float(t), ValueError) for t in ("nan", "inf", -1))],
    ids=repr,
)
def test_a_moment_is_a_number_of_seconds(moment, time, error):
    slip = Slip("Ada", "roast", 0.0)
    setattr(slip, moment, time)
    with pytest.raises(error, match=f"on Ada's slip, '{moment.replace('_', ' ')}' is .*, not "):
        draw_service({"Monday": [slip]})


def test_moments_are_in_order():
    with pytest.raises(
        ValueError, match=r"'ready' is 1\.00 s, and 'in oven', which comes before it, is 2\.00 s: was `st"
    ):
        draw_service({"Monday": [Slip("Ada", "roast", 0.0, 2.0, 1.0, 3.0)]})


# ---- the form that Jupyter shows
