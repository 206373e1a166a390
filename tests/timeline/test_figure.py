"""Pictures are right at every size: painted time is recorded time, and all that is written can be read."""

import random
import subprocess
import sys
from itertools import combinations, pairwise

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from support.places import NOTEBOOKS
from workshop.timeline.records import EXCEPTION, OUTCOMES, RESULT, STILL_RUNNING, Records, TaskRecord
from workshop.timeline.views import figure as module
from workshop.timeline.views.figure import CoverageImage, Panel, coverage, draw, figure_size, picture, png
from workshop.timeline.views.styles import DEADLINE

ODD_NAMES = [
    "$x^2$",
    "$",
    "\\$5",
    "🍕",
    "a\nb",
    "",
    "very long " * 30,
    "\ud800",
    "<b>&amp;</b>",
    "日本",
    "\x00",
    "e\u0301",
]

pytestmark = pytest.mark.filterwarnings("error")


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


def many(count, seed=1, outcomes=("result",), wait=0.0, received_after=0.0):
    chance = random.Random(seed)
    rows = []
    for i in range(count):
        finished = wait + chance.uniform(0.2, 9.0)
        rows.append((f"task({i})", 0, wait, finished, finished + received_after, chance.choice(outcomes)))
    return records(*rows, ended=10.0)


def painted(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(float)


def box(ax):
    """The axes' rows and columns of pixels."""
    height = ax.figure.bbox.height
    return (
        slice(round(height - ax.bbox.y1), round(height - ax.bbox.y0)),
        slice(round(ax.bbox.x0), round(ax.bbox.x1)),
    )


def coverage_image(ax):
    return next(child for child in ax.get_children() if isinstance(child, CoverageImage))


def deadline_labels(ax):
    """The texts above the axes, but for the title."""
    return [label for above in ax.child_axes for label in above.get_xticklabels() if label.get_text()]


def red(pixels):
    """Which pixels have the colour of deadlines."""
    return np.abs(pixels - 255 * np.array(to_rgb(DEADLINE))).max(axis=-1) < 60


def seconds_per_pixel(ax):
    left, right = ax.get_xlim()
    return (right - left) / ax.bbox.width


@pytest.mark.parametrize("count", [1, 3, 12])
def test_each_bar_is_as_long_as_its_task_ran(count):
    tasks = many(count)
    figure = picture([("", tasks)])
    ax = figure.axes[0]
    pixels = painted(figure)
    for row, task in enumerate(tasks):
        _, from_below = ax.transData.transform((0, row - 0.25))  # beside the marks, which stand in the middle
        line = pixels[round(figure.bbox.height - from_below), box(ax)[1]]
        filled = np.abs(line - 255 * np.array(to_rgb(module.RUNS[RESULT].fill))).max(axis=1) < 100
        filled &= line[:, 0] < 100  # and no grid
        assert filled.sum() * seconds_per_pixel(ax) == pytest.approx(task.finished, abs=3 * seconds_per_pixel(ax))


@pytest.mark.parametrize("count", [60, 150, 250])
def test_thin_bars_cover_the_recorded_time(count):
    tasks = many(count)
    figure = picture([("", tasks)])
    ax = figure.axes[0]
    for child in (*ax.get_children(), *ax.get_xgridlines()):
        child.set_visible(isinstance(child, PolyCollection))
    fill = np.array(to_rgb(module.RUNS[RESULT].fill))
    ink = ((255 - painted(figure)[box(ax)]) / (255 * (1 - fill))).mean(axis=2)
    bar_height = 0.8 * ax.bbox.height / count
    assert ink.sum() / bar_height * seconds_per_pixel(ax) == pytest.approx(sum(tasks.finished), rel=0.01)
    last = np.flatnonzero(ink.max(axis=0) > 0.05)[-1] * seconds_per_pixel(ax) + ax.get_xlim()[0]
    assert last == pytest.approx(max(tasks.finished), abs=2 * seconds_per_pixel(ax))


@pytest.mark.parametrize("count", [300, 521, 1000, 10_000, 54_321])
def test_coverage_is_exact_for_every_kind(count):
    tasks = many(count, outcomes=OUTCOMES[1:], wait=0.5, received_after=0.25)
    ax = picture([("", tasks)]).axes[0]
    width, height = round(ax.bbox.width), round(ax.bbox.height)
    shares = dict(coverage_image(ax).shares(width, height))
    left, right = ax.get_xlim()
    scale = (right - left) / width * count / height
    expected = {look.fill: 0.0 for look in module.RUNS.values()}
    for task in tasks:
        expected[module.RUNS[OUTCOMES.index(task.outcome)].fill] += task.finished - task.started
    del expected[module.RUNS[STILL_RUNNING].fill]
    expected[module.WAITING.fill] = 0.5 * count
    expected[module.READY.fill] = 0.25 * count
    assert {color: share.sum() * scale for color, share in shares.items()} == pytest.approx(expected, rel=1e-6)
    total = sum(shares.values())
    assert total.min() > -1e-9
    assert total.max() < 1 + 1e-9
    last = np.flatnonzero(total.max(axis=0) > 1e-9)[-1]
    assert last == int((max(tasks.received) - left) / (right - left) * width)


def test_coverage_of_a_few_bars_by_hand():
    rows, start, end = np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.5, np.nan]), np.array([4.0, 1.75, 2.0])
    assert coverage(rows, start, end, (0, 4), (2.5, -0.5), 4, 3) == pytest.approx(
        np.array([[1, 1, 1, 1], [0.5, 0.75, 0, 0], [0, 0, 0, 0]])
    )
    assert coverage(rows, start, end, (0, 4), (-0.5, 2.5), 4, 3) == pytest.approx(
        np.array([[0, 0, 0, 0], [0.5, 0.75, 0, 0], [1, 1, 1, 1]])
    )
    assert coverage(rows, start, end, (1, 3), (1.5, -0.5), 1, 1) == pytest.approx((1 + 0.375) / 2)


@pytest.mark.parametrize("dpi", [100, 73])
def test_the_coverage_image_is_what_the_picture_shows(dpi):
    tasks = many(2000, outcomes=OUTCOMES[1:], wait=0.5, received_after=0.25)
    figure = picture([("", tasks)])
    figure.set_dpi(dpi)
    ax = figure.axes[0]
    ax.grid(False)
    ax.spines["bottom"].set_visible(False)
    width, height = round(ax.bbox.width), round(ax.bbox.height)
    expected = coverage_image(ax).image(width, height)[..., :3]
    pixels = painted(figure)
    below, left = round(ax.bbox.y0), round(ax.bbox.x0)
    shown = pixels[len(pixels) - below - height : len(pixels) - below, left : left + width]
    # The axes end between pixels: what is cut off at their edges and the ticks below are left out of the comparison.
    assert np.array_equal(shown[1:-3, 1:-1], expected[1:-3, 1:-1])


def test_coverage_follows_the_limits_of_the_axes():
    ax = picture([("", many(2000))]).axes[0]
    ax.set_xlim(0, 0.1)
    ((_, share),) = coverage_image(ax).shares(50, 100)
    assert share == pytest.approx(np.ones((100, 50)))


ALONE = [("", None)]
TITLED = [("One $\\frac{", None), ("the other 🍕 " * 40, None)]
WITH_DEADLINES = [("", 0.01), ("late " * 40, 9.99), ("", None)]


@pytest.mark.parametrize("count", [0, 1, 5, 30, 300, 10_000])
@pytest.mark.parametrize(
    ("names", "titles"),
    [
        (["task"], ALONE),
        (["sleeper(4, 'A')"], TITLED),
        (["sleeper(4, 'A')"], WITH_DEADLINES),
        (ODD_NAMES, ALONE),
        (ODD_NAMES, WITH_DEADLINES),
    ],
    ids=["short alone", "usual titled", "usual with deadlines", "odd alone", "odd with deadlines"],
)
def test_everything_written_can_be_read(count, names, titles):
    tasks = many(count, outcomes=OUTCOMES[1:], wait=0.5, received_after=0.25)
    tasks.names[:] = [names[i % len(names)] for i in range(count)]
    figure = picture([Panel(title, tasks, deadline) for title, deadline in titles])
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()

    def extents(texts):
        return [text.get_window_extent(renderer) for text in texts if text.get_text()]

    written = []
    for ax in figure.axes:
        labels = extents(ax.get_yticklabels())
        assert all(lower.y1 <= upper.y0 for upper, lower in pairwise(labels))
        assert len(labels) >= min(count, 4) or names is ODD_NAMES
        written += labels
        if ax is figure.axes[-1]:
            left, right = ax.get_xlim()
            ticks = zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
            written += extents([ax.xaxis.label, *(label for at, label in ticks if left <= at <= right)])
        written += extents([text for text in ax.get_children() if isinstance(text, Text)])
        written += extents(deadline_labels(ax))
    assert sum(len(deadline_labels(ax)) for ax in figure.axes) == sum(deadline is not None for _, deadline in titles)
    written += [legend.get_window_extent(renderer) for legend in figure.legends]
    assert len(figure.legends) == (count > 0)
    for extent in written:
        assert extent.x0 >= 0 and extent.y0 >= 0
        assert extent.x1 <= figure.bbox.x1 and extent.y1 <= figure.bbox.y1
    assert not any(one.overlaps(other) for one, other in combinations(written, 2))
    for extent in written:
        inside = [ax for ax in figure.axes if extent.x0 > ax.bbox.x0 + 1 and extent.overlaps(ax.bbox)]
        assert not inside or count == 0


def test_names_are_text_and_never_markup():
    tasks = records(*((name, 0, 0, 1, 1, "result") for name in ODD_NAMES), ended=1.0)
    figure = picture([("", tasks)])
    png(figure)
    labels = figure.axes[0].get_yticklabels()
    assert [label.get_text() for label in labels] == [
        "$x^2$",
        "$",
        "\\$5",
        "□",
        "a\\nb",
        "",
        "very long very long very lo…",
        "\\ud800",
        "<b>&amp;</b>",
        "□□",
        "\\x00",
        "e\u0301",
    ]
    assert not any(label.get_parse_math() for label in labels)


def test_kinds_differ_by_shape_and_hatch_and_are_all_in_the_legend():
    figure = picture([("", EVERY_KIND)])
    ax = figure.axes[0]
    marks = {line.get_marker() for line in ax.get_children() if isinstance(line, Line2D) and len(line.get_xdata())}
    assert {"X", "s", ">", "D"} <= marks
    hatches = [bars.get_hatch() for bars in ax.collections if isinstance(bars, PolyCollection)]
    assert sorted(hatch or "" for hatch in hatches) == ["", "", "....", "//", "xx"]
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(words) == len(set(words)) == 7


def test_the_legend_names_only_what_is_there():
    tasks = records(("a", 0, 0, 1, 1, "result"), ended=1.0)
    (legend,) = picture([("", tasks)]).legends
    assert [text.get_text() for text in legend.get_texts()] == ["from start to result", "received"]


def test_a_task_that_still_runs_has_an_open_bar():
    figure = picture([("", records(("a", 0, 0.5, None, None, "still running"), ended=2.0))])
    ax = figure.axes[0]
    pixels = painted(figure)

    def darkest_near(time, part):
        x, top = ax.transData.transform((time, -part))
        _, bottom = ax.transData.transform((time, -0.15))
        height = figure.bbox.height
        return pixels[round(height - top) : round(height - bottom), round(x) - 2 : round(x) + 3].min()

    assert darkest_near(0.5, 0.28) < 100  # a left edge
    assert darkest_near(2.0, 0.28) > 170  # and no right one
    arrow = next(line for line in ax.get_children() if isinstance(line, Line2D) and line.get_marker() == ">")
    assert list(arrow.get_xdata()) == [2.0]


def test_a_task_that_never_started_has_only_a_line():
    figure = picture([("", records(("a", 0.5, None, None, None, "still running"), ended=2.0))])
    ax = figure.axes[0]
    (line,) = ax.collections
    assert np.array_equal(line.get_segments(), [[[0.5, 0], [2.0, 0]]])
    assert not any(isinstance(child, Line2D) for child in ax.get_children())


def test_panels_share_the_time_axis():
    figure = picture([("short", records(("a", 0, 0, 1, 1, "result"), ended=1.0)), ("long", many(5)), ("", many(900))])
    limits = {ax.get_xlim() for ax in figure.axes}
    assert len(limits) == 1
    assert len({(ax.bbox.x0, ax.bbox.x1) for ax in figure.axes}) == 1
    ((left, right),) = limits
    assert left <= 0
    assert right > 10
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["short", "long", ""]
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "", "seconds"]


@pytest.mark.parametrize("count", [1, 12, 60, 250, 3000])
def test_a_deadline_is_a_dashed_line_over_all_rows(count):
    tasks = many(count)
    figure = picture([Panel("title", tasks, 2.5)])
    (ax,) = figure.axes
    across = red(painted(figure)[box(ax)])
    along = across.any(axis=1)
    assert 0.5 < along.mean() < 0.9
    assert along[:8].any() and along[-8:].any()
    columns = np.flatnonzero(across.any(axis=0))
    at = ax.transData.transform((2.5, 0))[0] - ax.bbox.x0
    assert abs(columns - at).max() <= 3
    assert [label.get_text() for label in deadline_labels(ax)] == ["deadline 2.5 s"]


def test_each_panel_has_its_own_deadline_and_one_without_has_none():
    tasks = many(3)
    figure = picture([Panel("a", tasks, 1), Panel("b", tasks, 4), Panel("c", tasks)])
    pixels = painted(figure)
    found = [np.flatnonzero(red(pixels[box(ax)]).any(axis=0)) for ax in figure.axes]
    first, second = (figure.axes[0].get_xlim()[0] + found[i].mean() * seconds_per_pixel(figure.axes[0]) for i in (0, 1))
    assert (first, second) == pytest.approx((1, 4), abs=0.03)
    assert not len(found[2])
    assert [len(deadline_labels(ax)) for ax in figure.axes] == [1, 1, 0]


def test_the_bar_of_a_task_that_still_runs_crosses_the_deadline():
    tasks = records(("a", 0, 0, None, None, "still running"), ("b", 0, 0, 1, 1, "result"), ended=2.5)
    figure = picture([Panel("", tasks, 2.0)])
    (ax,) = figure.axes
    line = painted(figure)[round(figure.bbox.height - ax.transData.transform((0, -0.15))[1])]
    fill = 255 * np.array(to_rgb(module.RUNS[STILL_RUNNING].fill))
    for time in (1.95, 2.05):
        assert line[round(ax.transData.transform((time, 0))[0])] == pytest.approx(fill, abs=2)


def test_the_time_axis_reaches_the_deadline():
    short = records(("a", 0, 0, 1, 1, "result"), ended=1.0)
    (ax,) = picture([Panel("", short, 7.0)]).axes
    assert 7 < ax.get_xlim()[1] < 8
    assert 7 < draw(Figure().subplots(), short, 7.0).get_xlim()[1] < 8


def test_the_time_axis_reaches_the_last_moment_received_after_the_block():
    (ax,) = picture([("", records(("a", 0, 0, 1, 7, "result"), ended=2.0))]).axes
    assert 7 < ax.get_xlim()[1] < 8


def test_no_panel_is_an_error_that_says_so():
    with pytest.raises(ValueError, match="expected at least one"):
        picture([])


def test_the_same_records_give_the_same_bytes_in_every_style():
    panels = [("$ title", EVERY_KIND), ("many", many(2000))]
    expected = png(picture(panels))
    assert expected.startswith(b"\x89PNG")
    assert b"matplotlib" not in expected
    figure = picture(panels)
    assert png(figure) == png(figure) == expected
    with matplotlib.style.context(["dark_background", {"font.size": 40, "savefig.bbox": "tight", "lines.marker": "o"}]):
        before = dict(matplotlib.rcParams)
        assert png(picture(panels)) == expected
        assert dict(matplotlib.rcParams) == before


def test_pictures_fit_a_notebook_and_are_opaque_white():
    for count in (1, 30, 5000):
        figure = picture([("", many(count))])
        figure.canvas.draw()
        pixels = np.asarray(figure.canvas.buffer_rgba())
        assert pixels.shape[1] == 900
        assert pixels.shape[0] <= 700
        assert (pixels[..., 3] == 255).all()
        assert (pixels[0, 0] == 255).all()


@pytest.mark.parametrize("count", [0, 6, 3000])
@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_draw_takes_and_returns_axes(count, style):
    with matplotlib.style.context(style):
        figure = Figure()
        ax = figure.subplots()
        ax.set_title("mine")
        before = dict(matplotlib.rcParams)
        assert draw(ax, many(count, outcomes=OUTCOMES[1:])) is ax
        assert dict(matplotlib.rcParams) == before
        png(figure)
    assert ax.get_title() == "mine"
    assert (ax.get_legend() is None) == (count == 0)
    if count:
        legend = ax.get_legend().get_window_extent()
        assert legend.y1 < ax.xaxis.label.get_window_extent().y0


LONG_NAMES = [*EVERY_KIND[:3], TaskRecord("n" * 50, 0, 0, 1, 1, "result")]


@pytest.mark.parametrize(
    ("tasks", "deadline"),
    [
        (EVERY_KIND, None),
        (EVERY_KIND, 0.1),
        (EVERY_KIND, 2.9),
        (Records.of(LONG_NAMES, 3.0), 2.9),
        (many(3), 0.1),
        (many(3000), None),
        (many(3000), 2.9),
        (Records(ended=1.0), 0.1),
    ],
)
def test_what_is_drawn_on_axes_lies_inside_their_figure_and_apart(tasks, deadline):
    """Of a figure of the recommended size, of matplotlib's, and of one whose upper axes leave numbers to the lower."""
    recommended = Figure(figsize=figure_size(tasks), layout="constrained")
    usual = Figure(layout="constrained")
    shared = Figure(figsize=(9, 6), layout="constrained")
    for ax, alone in (
        (recommended.subplots(), True),
        (usual.subplots(), True),
        (shared.subplots(2, 1, sharex=True, height_ratios=[3, 1])[0], False),
    ):
        draw(ax, tasks, deadline, "A $title$ of some length")
        png(ax.figure)
        assert ax.get_xlabel() == ("seconds" if alone else "")
        parts = [text.get_window_extent() for text in (ax.xaxis.label, *deadline_labels(ax)) if text.get_text()]
        title = next(text for text in ax.get_children() if isinstance(text, Text) and text.get_text().startswith("A $"))
        assert not title.get_parse_math()
        parts.append(title.get_window_extent())
        if names := ax.yaxis.get_tightbbox():
            parts.append(names)
        if legend := ax.get_legend():
            parts.append(legend.get_window_extent())
            assert legend.get_window_extent().x1 <= ax.bbox.x1 + 1  # and so takes no width from the axes
        assert ax.figure is usual or ax.bbox.width > 0.6 * ax.figure.bbox.width
        for part in parts:
            assert part.x0 >= 0 and part.y0 >= 0
            assert part.x1 <= ax.figure.bbox.x1 and part.y1 <= ax.figure.bbox.y1
        assert not any(one.overlaps(other) for one, other in combinations(parts, 2))
        below = [other.get_tightbbox() for other in ax.figure.axes if other is not ax]
        assert not any(part.overlaps(other) for part in parts for other in below)


def test_exceptions_keep_their_colour_among_many_tasks():
    tasks = many(5000)
    tasks.outcomes[2500:] = bytes([EXCEPTION]) * 2500
    ax = picture([("", tasks)]).axes[0]
    image = coverage_image(ax).image(100, 100)
    at_start = 2  # the first column that is all after 0 s
    for row, outcome in (10, RESULT), (90, EXCEPTION):
        expected = 255 * np.array(to_rgb(module.RUNS[outcome].fill))
        assert image[row, at_start, :3] == pytest.approx(expected, abs=1)


def test_all_times_zero():
    png(picture([("", records(("a", 0, 0, 0, 0, "result"), ended=0.0))]))
    png(picture([("", records(*[("a", 0, 0, 0, 0, "result")] * 1000, ended=0.0))]))


def test_pyplot_is_left_alone():
    program = (
        "import sys; from workshop.timeline.views.figure import picture, png;"
        "from workshop.timeline.records import Records;"
        "png(picture([('', Records(ended=1.0))])); sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=NOTEBOOKS, check=True)
