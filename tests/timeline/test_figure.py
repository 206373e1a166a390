"""A timeline in a matplotlib figure of the reader's own: right, labelled, and in the reader's style."""

from io import BytesIO

import matplotlib.style
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from timeline.test_svg import EVERY_KIND, IN_STEPS, many
from workshop.timeline.records import OUTCOMES, Records
from workshop.timeline.views import styles
from workshop.timeline.views.figure import draw

pytestmark = pytest.mark.filterwarnings("error")


def drawn(tasks, *more):
    ax = Figure(layout="constrained").subplots()
    assert draw(ax, tasks, *more) is ax
    ax.figure.savefig(BytesIO(), format="png")
    return ax


def bars(ax, look):
    """Return row, start and end of each bar of a kind."""
    found = [bars for bars in ax.collections if isinstance(bars, PolyCollection) and bars.get_label() == look.words]
    corners = [path.vertices[:4] for bar in found for path in bar.get_paths()]
    return [(corner[:, 1].mean(), corner[:, 0].min(), corner[:, 0].max()) for corner in corners]


def test_bars_and_marks_stand_where_the_times_say():
    ax = drawn(EVERY_KIND, 2.5, "A $title$")
    assert bars(ax, styles.RUNS[1]) == [pytest.approx((1, 0.5, 1))]
    assert bars(ax, styles.READY) == [pytest.approx((1, 1, 2.5))]
    assert [row for row, *_ in bars(ax, styles.WAITING)] == pytest.approx([1, 2, 4, 5])
    marked = {line.get_marker(): list(line.get_xdata()) for line in ax.lines}
    assert (marked["X"], marked["|"], marked[">"]) == ([1.5], [2.0, 2.0], [3.0, 3.0])
    assert [label.get_text() for label in ax.get_yticklabels()] == EVERY_KIND.names
    assert ax.get_title(loc="left") == "A $title$"
    assert ax.get_xlabel() == "seconds"
    words = ax.get_legend_handles_labels()[1]
    assert {"working", "failed", "cancelled", "still running", "received", "deadline 2.5 s"} <= set(words)
    assert ax.get_legend() is None


def test_steps_are_dark():
    assert len(bars(drawn(IN_STEPS), styles.RUNNING)) == 12


def test_the_style_is_the_readers():
    with matplotlib.style.context(["dark_background", {"font.size": 20}]):
        before = dict(matplotlib.rcParams)
        ax = drawn(many(3))
        assert ax.xaxis.label.get_fontsize() == 20
        assert ax.get_facecolor()[:3] == (0, 0, 0)
        assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("count", [0, 1, 60, 3_000])
def test_any_number_of_tasks_can_be_drawn(count):
    ax = drawn(many(count, OUTCOMES[1:], 0.5, 0.25) if count else Records(ended=1.0))
    assert len(ax.images) == (count == 3_000)
    assert ax.get_ylim() == (max(count, 1) - 0.5, -0.5)
    assert ax.get_xlim()[1] > 1


def test_axes_that_leave_their_numbers_to_others_get_no_label():
    upper, lower = Figure().subplots(2, 1, sharex=True)
    draw(upper, EVERY_KIND)
    draw(lower, EVERY_KIND)
    assert (upper.get_xlabel(), lower.get_xlabel()) == ("", "seconds")
