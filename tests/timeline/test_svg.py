"""Pictures are right at every size: painted time is recorded time, and all that is written can be read."""

import os
import random
import re
import subprocess
import sys
import zlib
from array import array
from base64 import b64decode
from itertools import combinations
from math import nan
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from clock.kernel import kernel_environment
from support.kernels import running_kernel
from support.places import NOTEBOOKS
from workshop.timeline.records import CANCELLED, EXCEPTION, OUTCOMES, RESULT, STILL_RUNNING, Records, Steps, TaskRecord
from workshop.timeline.views import raster, styles, svg
from workshop.timeline.views.styles import PAUSED, READY, RUNNING, RUNS, RUNS_IN_STEPS, WAITING
from workshop.timeline.views.svg import HIGHEST, WIDTH, Panel, picture

NUMBER = re.compile(r"[\d.,]+( s)?")
SVG = "{http://www.w3.org/2000/svg}"
ODD_NAMES = [
    "$x^2$",
    "🍕",
    "a\nb",
    "",
    "W" * 300,
    "\ud800",
    "<b>&amp;</b>",
    "日本" * 20,
    "\x00",
    "]]>",
    "</text></svg>",
    "'\"",
]


def records(*rows, ended):
    return Records.of([TaskRecord(*row) for row in rows], ended)


EVERY_KIND = records(
    ("sleeper(4, 'A')", 0, 0, None, None, "still running"),
    ("ok(1)", 0.25, 0.5, 1, 2.5, "result"),
    ("bad(1)", 0, 0.5, 1.5, 1.5, "exception"),
    ("slow(9)", 0, 0, 2, None, "cancelled"),
    ("never(1)", 2, None, None, None, "still running"),
    ("cancelled early", 1, None, 2, None, "cancelled"),
    ended=3.0,
)
IN_STEPS = records(
    *(
        (f"cook('{outcome}!')", 0, 0, end, end and 9, outcome, ((0, 1), (1.5, 1.5), (3, 4)))
        for outcome, end in zip(OUTCOMES, (None, 4, 4, 4), strict=True)
    ),
    ended=9.0,
)


def many(count, outcomes=("result",), wait=0.0, received_after=0.0, steps=0):
    chance = random.Random(1)
    rows = []
    for i in range(count):
        end = wait + chance.uniform(0.2, 9.0)
        times = sorted([wait, *(chance.uniform(wait, end) for _ in range(2 * steps - 1))][: 2 * steps])
        ran = tuple(zip(times[::2], times[1::2], strict=True))
        rows.append((f"task({i})", 0, wait, end, end + received_after, chance.choice(outcomes), ran))
    return records(*rows, ended=10.0)


def drawn(*panels):
    return ET.fromstring(picture([panel if isinstance(panel, Panel) else Panel("", panel) for panel in panels]))


def boxes(root, kind):
    """Return left, top, width and height of all shapes of a kind, in units."""
    path = next((path.get("d") for path in root.iter(f"{SVG}path") if path.get("class") == kind), "")
    number = r"(-?[\d.]+)"
    bar = re.findall(rf"M{number} {number}h{number}(?:v{number}|l{number} {number}l-[\d.]+ [\d.]+)h", path)
    return [(float(x), float(y), float(w), float(h or 2 * float(half))) for x, y, w, h, _, half in bar]


def marks(root, kind):
    path = next((path.get("d") for path in root.iter(f"{SVG}path") if path.get("class") == kind), "")
    return [tuple(map(float, move)) for move in re.findall(r"M([\d.]+) ([\d.]+)", path)]


def texts(root):
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def scale(root):
    """Return the unit of the time axis: units a second, and where it begins."""
    ticks = [(float(t.get("x")), t.text) for t in root.iter(f"{SVG}text") if NUMBER.fullmatch(t.text or "")]
    (left, _), *_, (right, last) = ticks
    return (right - left) / float(last.removesuffix(" s").replace(",", "")), left


# Each task's bar


@pytest.mark.parametrize("count", [1, 3, 12, 60, 150, 250])
def test_bars_cover_the_recorded_time(count):
    tasks = many(count, OUTCOMES[1:], wait=0.5, received_after=0.25)
    root = drawn(tasks)
    unit, left = scale(root)
    keys = 3 if count > 12 else 0  # samples below
    drawn_bars = [box for kind in ("result", "exception", "failed-thin", "cancelled") for box in boxes(root, kind)]
    drawn_bars = [box for box in drawn_bars if box[3] != 14]
    assert len(drawn_bars) == count, keys
    assert sum(width for _, _, width, _ in drawn_bars) / unit == pytest.approx(
        sum(task.finished - task.started for task in tasks), rel=0.01
    )
    for x, _, width, _ in drawn_bars:
        assert x == pytest.approx(left + 0.5 * unit, abs=0.6)
        assert any(abs(x + width - left - task.finished * unit) < 0.7 for task in tasks)


def test_each_bar_stands_in_the_row_of_its_name():
    tasks = many(12)
    root = drawn(tasks)
    names = {text.text: float(text.get("y")) for text in root.iter(f"{SVG}text")}
    for number, (task, (_, y, width, height)) in enumerate(zip(tasks, boxes(root, "result"), strict=True)):
        assert width / scale(root)[0] == pytest.approx(task.finished, rel=0.01)
        assert y < names[f"task {number}"] < y + height


def test_what_stands_where():
    root = drawn(EVERY_KIND)
    unit, left = scale(root)

    def time(x):
        return pytest.approx((x - left) / unit, abs=0.02)

    ((x, _, width, _),) = boxes(root, "still-running")
    assert (time(x), time(x + width)) == (0, 3)
    ((x, _, width, height),) = boxes(root, "ready")
    assert (time(x), time(x + width)) == (1, 2.5)
    assert height < boxes(root, "result")[0][3]
    assert [time(x) for x, _ in marks(root, "received")] == [2.5, 1.5]
    assert [time(x + 3) for x, _ in marks(root, "cap")] == [2, 2]
    assert len(marks(root, "cross")) == 1
    assert [time(x) for x, _ in marks(root, "waits")] == [0.25, 0, 2, 1]
    assert marks(root, "ghost") == marks(root, "now") == marks(root, "deadline") == []


def test_where_the_end_of_a_cancelled_task_is_known_there_is_a_ghost():
    root = drawn(Panel("", EVERY_KIND, expected={3: 2.75, 1: 2.9}))
    ((x, _),) = marks(root, "ghost")
    assert x == pytest.approx(scale(root)[1] + 2 * scale(root)[0] + 5, abs=0.1)


def test_what_a_task_tried_stands_in_the_place_of_its_bar():
    tasks = records(("a", 0, 0, 3, 3, "result"), ("b", 0, 0.5, 2, None, "exception"), ended=3.0)
    tried = {0: [(0, 1, EXCEPTION), (1.5, 3, RESULT)], 1: [(0.5, 0.5, EXCEPTION), (1, 2, EXCEPTION)]}
    root = drawn(Panel("", tasks, attempts=tried))
    unit, left = scale(root)

    def bars(kind):
        spans = [(x - left, x - left + width) for x, _, width, height in boxes(root, kind) if height != 14]
        return [(round(begin / unit, 1), round(end / unit, 1)) for begin, end in spans]

    assert bars("exception") == [(0, 1), (0.5, 0.5), (1, 2)]
    assert bars("waiting") == [(1, 1.5), (0.5, 1)]
    assert bars("result") == [(1.5, 3)]
    assert len(marks(root, "cross")) == 3 and len(marks(root, "received")) == 1


@pytest.mark.parametrize("deadline", [0.75, 1.0, 1.25, 1.7])
def test_a_label_keeps_off_the_line_of_the_deadline(deadline):
    root = drawn(Panel("", records(("a", 0, 2, 3, 3, "result"), ended=3.0), deadline))
    ((line, _),) = marks(root, "deadline")
    (label,) = [text for text in root.iter(f"{SVG}text") if text.text == "waits to start"]
    assert abs(float(label.get("x")) - line) > svg._width(label.text, svg.LABEL) / 2


def test_what_never_started_is_an_empty_row():
    root = drawn(records(("a", 0, 0, 1, 1, "result"), ("b", nan, None, None, None, "cancelled"), ended=2.0))
    assert {"a", "b", "First result after 1.00 s, 1 never started"} <= set(texts(root))
    assert len(boxes(root, "result")) == 1
    assert boxes(root, "cancelled") == marks(root, "cap") == marks(root, "waits") == []


def test_waits_that_may_be_noise_are_not_drawn():
    noisy = records(("a", 0, 0.009, 0.02, 0.029, "result"), ended=0.03)
    short = records(("a", 0, 0.5, 99, 99.5, "result"), ended=100.0)
    for tasks in (noisy, short):
        root = drawn(tasks)
        assert not boxes(root, "ready") and not marks(root, "waits")


def test_panels_share_the_time_axis_and_have_their_deadlines():
    root = drawn(Panel("a", many(2), 1), Panel("b", many(2), 4.5), Panel("c", many(1)))
    unit, left = scale(root)
    assert [pytest.approx((x - left) / unit, abs=0.01) for x, _ in marks(root, "deadline")] == [1, 4.5]
    assert [text for text in texts(root) if text.startswith("deadline")] == ["deadline 1 s", "deadline 4.5 s"]
    assert len({x for x, *_ in boxes(root, "result")}) == 1


def test_the_time_axis_reaches_a_late_deadline_and_what_was_received_after_the_block():
    for panel in (Panel("", many(1), 70), Panel("", records(("a", 0, 0, 1, 70, "result"), ended=2.0))):
        unit, left = scale(drawn(panel))
        assert unit * 70 + left < WIDTH


@pytest.mark.parametrize("count", [1, 12, 250])
def test_a_deadline_is_a_dashed_line_over_all_rows(count):
    root = drawn(Panel("", many(count), 2.5))
    (line,) = (path for path in root.iter(f"{SVG}path") if path.get("class") == "deadline")
    top, bottom = map(float, re.fullmatch(r"M[\d.]+ ([\d.]+)V([\d.]+)", line.get("d")).groups())
    rows = [(y, y + height) for _, y, _, height in boxes(root, "result")[:count]]
    assert top < min(rows)[0] and max(rows)[1] < bottom
    assert line.get("stroke-dasharray")


def test_an_axis_that_is_known_beforehand_stands_still():
    def axis(now, over=False):
        tasks = records(("a", 0, 0, None, None, "still running"), ended=now)
        tasks.over = over
        return scale(ET.fromstring(picture([Panel("", tasks)], end=5.0)))

    assert axis(0.02) == axis(2.5) == axis(4.99) == axis(4.75, over=True) != axis(6.0)


def test_notes_stand_at_the_right_of_their_rows():
    notes = {0: "TimeoutError", 3: "no error, " * 4}
    root = drawn(Panel("", EVERY_KIND, notes=notes))
    found = {text.text: text for text in root.iter(f"{SVG}text")}
    rows = [float(found[name].get("y")) for name in ("sleeper(4, 'A')", "slow(9)")]
    assert [float(found[note].get("y")) for note in notes.values()] == pytest.approx(rows, abs=1)
    left = min(float(found[note].get("x")) for note in notes.values())
    _title, *others = extents(root)
    assert all(box[0] >= left or box[2] < left for box in others)
    unit, zero = scale(root)
    assert zero + 3 * unit < left


# Steps


@pytest.mark.parametrize("count", [1, 3, 12, 60, 250])
def test_the_dark_area_is_the_time_for_which_tasks_ran(count):
    tasks = many(count, OUTCOMES[1:], steps=3)
    root = drawn(tasks)
    dark = [box for box in boxes(root, "running") if box[3] != 14]
    running = sum(end - begin for task in tasks for begin, end in task.steps)
    assert sum(width for _, _, width, _ in dark) / scale(root)[0] == pytest.approx(running, rel=0.02)


def test_the_shortest_steps_stay_visible_and_very_many_take_few_characters():
    burst = tuple((2 + n / 1e6, 2 + n / 1e6 + 1e-7) for n in range(100))
    steps = ((0, 0), *burst, (5, 5.000001), (7, 8), (9, 9))
    root = drawn(records(("a", 0, 0, 9, 9, "result", steps), ended=9.0))
    assert [width for _, _, width, _ in boxes(root, "running")] == [2, 2, 2, pytest.approx(scale(root)[0], abs=0.1), 2]
    ends = max(x + width for x, _, width, _ in boxes(root, "waiting"))
    assert all(x + width <= ends for x, _, width, _ in boxes(root, "running"))
    close = tuple((n / 4000, n / 4000 + 0.0001) for n in range(4000))
    root = drawn(records(("a", 0, 0, 1, 1, "result", close), ended=1.0))
    dark = boxes(root, "running")
    assert sum(width for _, _, width, _ in dark) / scale(root)[0] == pytest.approx(0.4, rel=0.1)
    assert len(dark) < WIDTH


# Very many tasks


def seen(tasks, numpy, monkeypatch, height=100, width=90):
    """Return the shares of each kind, and the painted pixels."""
    if not numpy:
        monkeypatch.setattr(raster, "numpy_or_none", lambda: None)
    address, looks = raster.image(tasks, 10.0, width, height)
    return looks, pixels_of(address, width, height)


def pixels_of(address, width, height):
    """Return red, green and blue of each pixel of an image, given as a data URL."""
    data = b64decode(address.removeprefix("data:image/png;base64,"))
    assert data[16:24] == width.to_bytes(4, "big") + height.to_bytes(4, "big")
    raw = zlib.decompress(data[data.index(b"IDAT") + 4 : -16])
    return np.frombuffer(raw, np.uint8).reshape(height, 1 + 3 * width)[:, 1:].reshape(height, width, 3)


@pytest.mark.parametrize("numpy", [True, False], ids=["numpy", "plain"])
@pytest.mark.parametrize(("count", "steps"), [(101, 0), (300, 0), (521, 2), (9_999, 0)])
def test_coverage_is_exact_for_every_kind(monkeypatch, numpy, count, steps):
    tasks = many(count, OUTCOMES[1:], wait=0.5, received_after=0.25, steps=steps)
    if numpy:
        kinds = raster.columns(tasks).items()
        shares = {look: raster.coverage(bars, 10.0, count, 90, 100).ravel() for look, bars in kinds}
    else:
        shares = {look: np.array(share) for look, share in raster.plain_coverage(tasks, 10.0, 90, 100).items()}
    looks = RUNS_IN_STEPS if steps else RUNS
    expected = {WAITING: 0.5 * count, READY: 0.25 * count}
    for task in tasks:
        running = sum(end - begin for begin, end in task.steps)
        look = looks[OUTCOMES.index(task.outcome)]
        expected[look] = expected.get(look, 0.0) + task.finished - task.started - running
        if steps:
            expected[RUNNING] = expected.get(RUNNING, 0.0) + running
    seconds = 10.0 / 90 * count / 100
    assert {look: share.sum() * seconds for look, share in shares.items()} == pytest.approx(expected, rel=1e-6)
    total = sum(shares.values())
    assert total.min() > -1e-9 and total.max() < 1 + 1e-9


def test_both_ways_paint_the_same_pixels_and_they_are_the_shares(monkeypatch):
    for tasks in (many(400, OUTCOMES[1:], 0.5, 0.25), many(150, OUTCOMES[1:], 0.5, 0.25, steps=2)):
        looks, pixels = seen(tasks, True, monkeypatch)
        expected = np.full(pixels.shape, 255.0)
        for look, bars in raster.columns(tasks).items():
            share = raster.coverage(bars, 10.0, len(tasks), 90, 100)
            expected -= share[..., None] * (255 - np.frombuffer(look.light, np.uint8))
        assert np.abs(pixels - expected).max() <= 0.51
        with monkeypatch.context() as without:
            plain_looks, plain = seen(tasks, False, without)
        assert set(plain_looks) == set(looks)
        assert np.abs(plain.astype(int) - pixels).max() <= 1


def test_of_a_few_bars_by_hand():
    bars = np.array([0, 1, 2]), np.array([0.0, 0.5, 2.0]), np.array([4.0, 1.75, 2.0])
    assert raster.coverage(bars, 4.0, 3, 4, 3) == pytest.approx(
        np.array([[1, 1, 1, 1], [0.5, 0.75, 0, 0], [0, 0, 0, 0]])
    )


def test_their_image_lies_on_the_time_axis_of_the_picture():
    tasks = many(600)
    root = drawn(Panel("", tasks, 20))
    (image,) = root.iter(f"{SVG}image")
    x, width, height = (int(image.get(place)) for place in ("x", "width", "height"))
    unit, left = scale(root)
    painted = np.flatnonzero((pixels_of(image.get("href"), width, height) < 255).any(axis=(0, 2)))
    assert (x, painted[0]) == (left, 0)
    assert painted[-1] == pytest.approx(max(tasks.finished) * unit, abs=1)


def test_without_numpy_too_many_tasks_are_said_to_be(monkeypatch):
    monkeypatch.setattr(raster, "numpy_or_none", lambda: None)
    assert "To draw 10,001 tasks takes numpy, which is not installed." in texts(drawn(many(10_001)))


def test_numpy_is_asked_for_only_by_very_many_tasks():
    program = (
        "import sys; from workshop.timeline.records import Records, TaskRecord\n"
        "from workshop.timeline.views.svg import picture, Panel\n"
        "def shown(n): picture([Panel('', Records.of([TaskRecord('a', 0, 0, 1, 1, 'result')] * n, 1.0))])\n"
        "shown(200); print({'numpy', 'matplotlib'} & set(sys.modules)); shown(1000); print('matplotlib' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=NOTEBOOKS, capture_output=True, encoding="utf-8"
    )
    assert ran.stdout.split("\n")[:2] == ["set()", "False"], ran.stderr


# What is written


def extents(root):
    """Return left, top, right and bottom of every text, as wide as it is in a wide font."""
    for text in root.iter(f"{SVG}text"):
        words, size = "".join(text.itertext()), int(text.get("font-size"))
        x, y, wide = float(text.get("x")), float(text.get("y")), svg._width(words, size)
        left = x - wide * {"middle": 0.5, "end": 1}.get(text.get("text-anchor"), 0)
        if words:
            yield left, y - 0.75 * size, left + wide, y + 0.2 * size


TITLED = [("One <\\frac{", None), ("the other 🍕 " * 40, None)]
WITH_DEADLINES = [("", 0.01), ("late " * 40, 9.99), ("", None)]


@pytest.mark.parametrize("count", [0, 1, 5, 30, 300, 3_000])
@pytest.mark.parametrize("titles", [[("", None)], TITLED, WITH_DEADLINES], ids=["alone", "titled", "deadlines"])
@pytest.mark.parametrize("names", [["sleeper(4, 'A')"], ODD_NAMES], ids=["usual", "odd"])
@pytest.mark.parametrize("over", [True, False])
def test_everything_fits_and_nothing_lies_on_something_else(count, names, titles, over):
    tasks = many(count, OUTCOMES[1:], wait=0.5, received_after=0.25)
    tasks.names[:], tasks.over = [names[i % len(names)] for i in range(count)], over
    root = drawn(*(Panel(title, tasks, deadline, "1.00 s · 1 of 3 finished") for title, deadline in titles))
    height = float(root.get("height"))
    assert root.get("width") == str(WIDTH)
    assert root[0].attrib.items() >= {"width": str(WIDTH), "height": root.get("height"), "fill": "#FFFFFF"}.items()
    assert height <= HIGHEST
    written = list(extents(root))
    for left, top, right, bottom in written:
        assert left >= 0 and top >= 0 and right <= WIDTH and bottom <= height
    for (l1, t1, r1, b1), (l2, t2, r2, b2) in combinations(written, 2):
        assert l1 >= r2 or l2 >= r1 or t1 >= b2 or t2 >= b1
    tags = {"svg", "rect", "text", "tspan", "path", "image"}
    assert {element.tag for element in root.iter()} <= {SVG + tag for tag in tags}


def test_numbers_on_an_axis_have_one_unit_and_one_number_of_decimals():
    for end in (0.0004, 0.03, 0.7, 1.0, 4.75, 59.0, 12_345.0):
        root = drawn(records(("a", 0, 0, end, end, "result"), ended=end))
        numbers = list(filter(NUMBER.fullmatch, texts(root)))
        assert numbers[-1].endswith(" s") and not any("s" in number for number in numbers[:-1])
        assert len({len(number.removesuffix(" s").partition(".")[2]) for number in numbers}) == 1
        assert 3 <= len(numbers) <= 11


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["fetch('news')", "fetch('shares')"], ["news", "shares"]),
        (["sleeper(4, 'A')", "sleeper(1, 'B')"], ["A", "B"]),
        (["get(<Session>, '/1', n=2)", "get(<Session>, '/2', n=2)"], ["/1", "/2"]),
        (["sleeper(1)", "sleeper(2)"], ["sleeper 1", "sleeper 2"]),
        (["fetch('A')", "bake('A')", "main()"], ["fetch A", "bake A", "main"]),
        (["fetch('A')", "Task-3"], ["A", "Task-3"]),
        (["dish(0.1, 'toast')", "forgotten(0.2, 'pizza')"], ["toast", "pizza"]),
        (["fetch('A')", "A"], ["fetch('A')", "A"]),
        (["f(1)", "f('1')"], ["f(1)", "f('1')"]),
        (["f('a', 1)", "f('a', 2)"], ["f('a', 1)", "f('a', 2)"]),
        (["f(g(1))", "f(g(2))", "f(", ")("], ["f(g(1))", "f(g(2))", "f(", ")("]),
    ],
)
def test_names_are_as_short_as_can_be(names, short):
    assert list(svg.shortened(tuple(names))) == short


@pytest.mark.parametrize(
    ("title", "tasks", "said"),
    [
        ("gather", records(("a", 0, 0, 1, 4.75, "result"), ended=4.75), "gather: first result after 4.75 s"),
        ("", many(2), "First result after 1.38 s, last after 2.44 s"),
        ("What?", records(("a", 0, 0, 1, None, "result"), ended=1.0), "What? No result received"),
        ("all", EVERY_KIND, "all: first result after 2.50 s, 1 failed, 2 cancelled, 2 still running"),
        ("none", Records(ended=1.0), "none"),
    ],
)
def test_the_title_says_what_the_data_tell(title, tasks, said):
    assert texts(drawn(Panel(title, tasks)))[0] == said


def test_the_program_that_holds_the_tasks_is_no_result():
    program, *rest = (("main()", 0, 0, 9, 9, "result"), ("a", 0, 0, 1, 2, "result"), ("b", 0, 0, 1, 3, "result"))
    shown = records(program, *rest, ended=9.0)
    shown.steps = Steps(array("l", [0] * 4), array("d"), array("d"), you=0)
    assert texts(drawn(Panel("main", shown)))[0] == "main: first result after 2.00 s, last after 3.00 s"
    alone = records(program, ended=9.0)
    alone.steps = Steps(array("l", [0] * 2), array("d"), array("d"), you=0)
    assert texts(drawn(Panel("main", alone)))[0] == "main"


@pytest.mark.parametrize(("tasks", "key"), [(EVERY_KIND, []), (IN_STEPS, ["failed"])], ids=["plain", "steps"])
def test_the_first_of_each_kind_is_labelled_and_a_key_says_the_rest(tasks, key):
    looks = {*RUNS.values(), READY, styles.RECEIVED, *([PAUSED, RUNNING] if tasks.steps else [WAITING])}
    looks -= {RUNS[RESULT]} if tasks.steps else set()
    shown = texts(drawn(tasks))
    assert all(shown.count(look.words) == 1 for look in looks), shown
    assert all(word in shown for word in key)


def test_while_nobody_has_a_result_its_label_needs_no_key():
    def label_and_height(now):
        tasks = records(("a", 0, 0, 1, None, "result"), ended=now)
        root = ET.fromstring(picture([Panel("", tasks)], end=5.0))
        ((left, _, width, _),) = boxes(root, "ready")
        (label,) = (text for text in root.iter(f"{SVG}text") if text.text == READY.words)
        return float(label.get("x")) - left, width, root.get("height")

    (beside, narrow, height), (inside, wide, same_height) = map(label_and_height, (1.25, 3.5))
    assert 0 < inside < wide and beside > narrow
    assert height == same_height


def test_very_many_tasks_are_explained_by_a_key_and_other_words_may_be_chosen():
    tasks = many(3000, OUTCOMES[1:], wait=0.5, received_after=0.25)
    assert set(texts(drawn(tasks))) >= {"waits to start", "working", "failed", "cancelled", READY.words}
    assert "at work" in picture([Panel("", tasks)], {"working": "at work"})


# Colours


def luminance(color):
    light = [part / 255 for part in bytes.fromhex(color[1:])]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in light]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2], np.array(linear)


def contrast(one, other):
    low, high = sorted((luminance(one)[0], luminance(other)[0]))
    return (high + 0.05) / (low + 0.05)


def as_deuteranope(color):
    """Return a colour in CIELAB as somebody sees it who lacks the middle cones (Machado and others, 2009)."""
    simulation = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = (np.array(to_xyz) @ np.clip(np.array(simulation) @ luminance(color)[1], 0, 1)) / (0.9505, 1, 1.089)
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_colours_are_told_apart_by_deuteranopes_and_in_grey():
    image = [(look.many or look.fill) for look in (*RUNS.values(), READY, WAITING)]
    for one, other in combinations(image, 2):
        assert np.linalg.norm(as_deuteranope(one) - as_deuteranope(other)) > 15, (one, other)
    beside = [(RUNS[RESULT], READY), (PAUSED, RUNNING), (READY, RUNNING), (RUNS[RESULT], RUNS[CANCELLED])]
    for one, other in beside:
        assert contrast(one.fill, other.fill) > 1.7
    for outcome in (RESULT, STILL_RUNNING, EXCEPTION):
        assert contrast(RUNS[outcome].fill, RUNS[outcome].ink) > 4.5
    for look in (READY, RUNS[CANCELLED], PAUSED, RUNNING):
        assert contrast(look.fill, look.ink) > 4.5
    assert contrast("#FFFFFF", styles.GREY) > 4.5 and contrast("#FFFFFF", styles.DEADLINE) > 4.5


def test_no_state_is_told_by_colour_alone():
    root = drawn(EVERY_KIND)
    assert marks(root, "cap") and marks(root, "cross")
    found = {path.get("class"): path for path in root.iter(f"{SVG}path")}
    arrow, failed = found["still-running"], found["exception"]
    assert "l9 " in arrow.get("d") and failed.get("stroke") != failed.get("fill")
    assert boxes(root, "ready")[0][3] < boxes(root, "result")[0][3]


# The same everywhere


def test_no_panel_is_an_error_that_says_so():
    with pytest.raises(ValueError, match="expected at least one"):
        picture([])


def test_the_same_records_give_the_same_characters_whatever_the_hash_seed():
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]; from timeline.test_svg import *\n"
        "print(ascii(picture([Panel('a', EVERY_KIND), Panel('', IN_STEPS, 3)])))"
    )
    command = [sys.executable, "-c", program, str(NOTEBOOKS.parent / "tests"), str(NOTEBOOKS)]
    runs = [
        subprocess.run(
            command, capture_output=True, encoding="utf-8", check=True, env=os.environ | {"PYTHONHASHSEED": seed}
        )
        for seed in "12"
    ]
    assert runs[0].stdout == runs[1].stdout != ""


def test_all_times_zero():
    for count in (1, 1000):
        assert drawn(records(*[("a", 0, 0, 0, 0, "result")] * count, ended=0.0)) is not None


# What a kernel needs for it


SHOW_TEN = """
import asyncio, psutil, sys
from IPython.display import display
before = psutil.Process().memory_info().rss
from workshop import Timeline
for number in range(10):
    async with Timeline(f"block {number}") as timeline:
        await asyncio.gather(*(asyncio.sleep(0.01 * wait) for wait in range(8)))
    display(timeline)
print({"matplotlib", "numpy"} & sys.modules.keys() or "neither", psutil.Process().memory_info().rss - before)
"""


def test_a_kernel_that_has_shown_timelines_stays_small(tmp_path):
    """matplotlib alone would take 45 MB; the kernel itself takes 55."""
    environment = kernel_environment(tmp_path, clock="real") | {"PYTHONPATH": str(NOTEBOOKS)}
    with running_kernel(environment, tmp_path / "log") as kernel:
        ran = kernel.run(SHOW_TEN)
    imported, _, more = ran.stdout.strip().rpartition(" ")
    assert (imported, ran.error) == ("neither", None)
    assert int(more) < 10_000_000
