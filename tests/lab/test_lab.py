"""The lab runs what it says, tells truly what came of it, and leaves nothing running."""

import asyncio
import gc
import inspect
import re
import sys
import threading
from base64 import b64decode
from html import unescape
from itertools import pairwise
from xml.etree import ElementTree as ET

import IPython.display
import pytest

from clock.kernel import kernel_environment
from support.kernels import running_kernel
from support.places import NOTEBOOKS
from support.scripts import run_script
from timeline.test_svg import SVG, boxes, marks, scale, texts
from workshop import experiment, lab
from workshop.lab import experiments, strategies
from workshop.lab import panel as lab_panel
from workshop.lab.experiments import STRATEGIES, AlreadyRunningError, Run, Settings
from workshop.lab.panel import Explorer

NAMES = list(STRATEGIES)


@pytest.fixture(autouse=True)
def nothing_runs_yet():
    yield
    assert Run.current is None
    assert Explorer._running is None


def sleepers():
    """Return the tasks of experiments that are not done."""
    return [task for task in asyncio.all_tasks() if "sleeper" in repr(task.get_coro())]


# Settings


@pytest.mark.parametrize("tasks", range(1, 21))
def test_delays_are_the_same_each_time_and_apart(tasks):
    delays = Settings("gather", tasks, 1.0).delays()
    assert delays == Settings("as_completed", tasks, 1.0, failure=True, timeout=2).delays()
    assert len(delays) == tasks and min(delays) == 0.2 and max(delays) == (1.2 if tasks > 1 else 0.2)
    in_order = sorted(delays)
    assert all(late - early >= 0.05 - 1e-9 for early, late in pairwise(in_order))
    assert delays[tasks // 2] == in_order[tasks // 2]
    if tasks > 2:
        assert delays != in_order


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"strategy": "gater"}, ValueError, "no strategy 'gater': choose one of 'one after another', 'gather', "),
        ({"tasks": 0}, ValueError, "tasks takes 1 to 20, not 0"),
        ({"tasks": 21}, ValueError, "tasks takes 1 to 20, not 21"),
        ({"tasks": 2.0}, TypeError, "tasks is a whole number, such as tasks=3, not 2.0"),
        ({"window": True}, TypeError, "window is a whole number"),
        ({"spread": "1"}, TypeError, "spread is a number of seconds, such as spread=1.0, not '1'"),
        ({"spread": -0.1}, ValueError, "spread takes 0 to 5 seconds, not -0.1"),
        ({"spread": float("nan")}, ValueError, "spread takes 0 to 5 seconds, not nan"),
        ({"failure": 1}, TypeError, "failure is True or False, such as failure=True, not 1"),
        ({"timeout": "none"}, TypeError, "timeout is a number of seconds, such as timeout=0.5, or None, not 'none'"),
        ({"timeout": 0}, ValueError, "timeout is a number of seconds above 0, or None for no timeout, not 0"),
    ],
)
def test_wrong_settings_are_refused_before_anything_runs(change, error, says):
    with pytest.raises(error, match=f".*{re.escape(says)}"):
        asyncio.run(experiment(**{"strategy": "gather"} | change))


def test_strategies_are_short_enough_to_be_read():
    for function in (getattr(strategies, name) for name in ("one_after_another", "gather", "as_completed")):
        assert inspect.iscoroutinefunction(function)
    for function in STRATEGIES.values():
        assert len(inspect.getsource(function).splitlines()) <= 15


# What each strategy does with A .95, B .2, C .7, D 1.2 and E .45 seconds; window of 2

GONE = "ConnectionError: C gave no answer"
LOST = "2 finished, but nobody received the result"
UNDISTURBED = {  # first, total, received, left, raised
    "one after another": (0.95, 3.5, 5, "nothing", ""),
    "gather": (1.2, 1.2, 5, "nothing", ""),
    "as_completed": (0.2, 1.2, 5, "nothing", ""),
    "TaskGroup": (1.2, 1.2, 5, "nothing", ""),
    "window": (0.2, 2.1, 5, "nothing", ""),
}
FAILURE = {
    "one after another": (0.95, 1.85, 2, "2 never started", GONE),
    "gather": (None, 0.7, 0, f"{LOST}, 2 still running", GONE),
    "as_completed": (0.2, 0.7, 2, "2 still running", GONE),
    "TaskGroup": (None, 0.7, 0, f"{LOST}, 2 cancelled", f"ExceptionGroup of {GONE}"),
    "window": (0.2, 0.9, 1, "1 still running, 2 never started", GONE),
}
TIMEOUT = {
    "one after another": (None, 0.5, 0, "1 cancelled, 4 never started", "TimeoutError"),
    "gather": (None, 0.5, 0, f"{LOST}, 3 cancelled", "TimeoutError"),
    "as_completed": (0.2, 0.5, 2, "3 still running", "TimeoutError"),
    "TaskGroup": (None, 0.5, 0, f"{LOST}, 3 cancelled", "TimeoutError"),
    "window": (0.2, 0.5, 1, "2 still running, 2 never started", "TimeoutError"),
}


def performed(clock, strategy, **settings):
    """Run an experiment, and return its report and what was still running after it."""

    async def main():
        return await experiment(strategy, tasks=5, spread=1.0, window=2, **settings), sleepers()

    return clock.run(main())


@pytest.mark.parametrize(
    ("change", "expected"), [({}, UNDISTURBED), ({"failure": True}, FAILURE), ({"timeout": 0.5}, TIMEOUT)]
)
@pytest.mark.parametrize("strategy", NAMES)
def test_what_comes_of_it(clock, strategy, change, expected):
    report, after = performed(clock, strategy, **change)
    first, total, *others = expected[strategy]
    assert (report.first, report.total) == (pytest.approx(first), pytest.approx(total))
    assert [report.received, report.left, report.raised] == others
    assert (report.stopped, after) == (False, [])


@pytest.mark.parametrize("strategy", NAMES)
@pytest.mark.parametrize("change", [{}, {"failure": True}, {"timeout": 0.5}, {"failure": True, "timeout": 0.8}])
def test_every_task_is_accounted_for(clock, strategy, change):
    report, _ = performed(clock, strategy, **change)
    failed = [task.outcome for task in report.timeline.tasks].count("exception")
    accounted = report.received + report.lost + report.still_running + report.cancelled + report.never_started
    assert accounted + failed == 5


def test_a_report_says_it_in_words(clock):
    report, _ = performed(clock, "window", failure=True, timeout=2)
    assert str(report) == repr(report)
    assert str(report).splitlines() == [
        "window of 2: 5 tasks, delays 0.20 to 1.20 s, one fails, timeout 2 s",
        "First result received: at 0.20 s",
        "Total: 0.90 s",
        "Results received: 1 of 5, and 1 exception",
        "Left: 1 still running, 2 never started",
        "Cancelled after that, so that nothing runs on unseen: 1",
        "Raised: ConnectionError: C gave no answer",
    ]


async def test_two_at_the_same_time_are_refused(clock):
    first = asyncio.create_task(experiment("gather"))
    await asyncio.sleep(0.1)
    with pytest.raises(AlreadyRunningError, match="running already"):
        await experiment("gather")
    assert (await first).received == 8
    assert (await experiment("gather", tasks=1)).received == 1


@pytest.mark.parametrize("strategy", NAMES)
async def test_a_cancelled_experiment_ends_its_tasks_and_makes_room_for_the_next(clock, strategy):
    run = Run(Settings(strategy, 5, 1.0, window=2))
    task = asyncio.create_task(run.perform())
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sleepers() == []
    assert run.report.stopped and run.report.still_running == 0 and run.report.cancelled > 0
    assert str(run.report).splitlines()[1] == "Stopped after 0.50 s; what was still running was cancelled"
    assert "Raised" not in str(run.report)
    assert not Run.is_under_way()


async def test_tasks_that_had_no_time_to_begin_were_never_started(clock):
    run = Run(Settings("gather", 5))
    task = asyncio.create_task(run.perform())
    asyncio.get_running_loop().call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    report = run.report
    assert len(report.timeline.tasks) == 5
    assert report.left == "5 never started"


@pytest.fixture
def slow_to_end(monkeypatch):
    """Give experiments sleepers that take a quarter of a second to end when they are cancelled."""

    async def tidy_sleeper(seconds, name):
        try:
            await asyncio.sleep(seconds)
        finally:
            await asyncio.sleep(0.25)

    monkeypatch.setattr(experiments, "sleeper", tidy_sleeper)


def test_what_takes_time_to_end_is_waited_for(clock, slow_to_end):
    report, after = performed(clock, "as_completed", timeout=0.5)
    assert (report.total, report.left) == (pytest.approx(0.5), "4 still running")
    assert after == []


def test_a_run_whose_loop_was_closed_under_it_blocks_nobody(clock, monkeypatch):
    run = Run(Settings("gather"))
    run._loop = asyncio.SelectorEventLoop()
    run._loop.close()
    monkeypatch.setattr(Run, "current", run)
    report, _ = performed(clock, "gather")
    assert report.received == 5


# The panel


def words(html):
    """Return the text of a piece of HTML."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html.value))).strip()


def runs(panel):
    """Return what is said of the last runs, a text for each, the newest first."""
    texts = re.findall(r"<p [^>]*>(.*?)</p>", panel.report.value + panel.earlier.value)
    return [unescape(re.sub(r"<[^>]*>", "", text)) for text in texts]


def picture(panel):
    """Return the picture that a panel shows."""
    return ET.fromstring(b64decode(re.search(r"base64,([^\"]+)", panel.picture.value)[1]))


async def until(condition):
    """Wait until something holds: 20 seconds at most, which on the jumping clock take no time."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 (nobody would set an event)
            await asyncio.sleep(1 / 64)


def says(panel, status):
    return lambda: words(panel.status) == status


async def run(panel):
    """Click on Run, and wait for the end."""
    panel.run_button.click()
    await until(says(panel, "Running"))
    await until(says(panel, "Ended"))


def small(panel, strategy="as_completed", **settings):
    """Choose five tasks, delays up to 1.2 s and a window of two, and what else is given."""
    panel.tasks.value, panel.spread.value, panel.window.value, panel.strategy.value = 5, 1.0, 2, strategy
    for name, value in settings.items():
        getattr(panel, name).value = value
    return panel


async def test_controls_have_descriptions_and_stable_classes(clock):
    panel = Explorer()
    controls = [panel.strategy, panel.window, panel.timeout, panel.tasks, panel.spread, panel.failure]
    assert all(control.description for control in (*controls, panel.run_button, panel.stop_button))
    names = ["strategy", "window", "timeout", "tasks", "spread", "failure", "run", "stop"]
    names += ["status", "picture", "report", "earlier"]
    parts = [*controls, panel.run_button, panel.stop_button, panel.status, panel.picture, panel.report, panel.earlier]
    assert [part._dom_classes for part in parts] == [(f"lab-{name}",) for name in names]
    assert panel._dom_classes == ("lab",)
    assert 'role="status"' in panel.status.value
    assert (panel.run_button.disabled, panel.stop_button.disabled) == (False, True)


async def test_the_window_can_be_changed_where_it_matters(clock):
    panel = Explorer()
    seen = {}
    for panel.strategy.value in NAMES:
        seen[panel.strategy.value] = panel.window.disabled
    assert seen == {name: name != "window" for name in NAMES}


@pytest.mark.parametrize("strategy", NAMES)
async def test_a_click_runs_what_was_chosen(clock, strategy):
    panel = small(Explorer(), strategy, failure=True)
    frames = []
    panel.picture.observe(lambda change: frames.append(change["new"]), "value")
    panel.run_button.click()
    await until(says(panel, "Running"))
    assert (panel.run_button.disabled, panel.stop_button.disabled) == (True, False)
    assert all(control.disabled for control in panel._settings)
    await until(says(panel, "Ended"))
    assert sleepers() == []
    assert (panel.run_button.disabled, panel.stop_button.disabled) == (False, True)
    assert panel.window.disabled == (strategy != "window")
    _, total, received, left, raised = FAILURE[strategy]
    assert len(frames) > 10
    assert all(re.match('<img alt="[^"]+" src="data:image/svg', frame) for frame in frames)
    (said,) = runs(panel)
    name = panel._run.settings.strategy_words()
    assert said.startswith(f"1. {name}: 5 tasks, delays 0.20 to 1.20 s, one fails. First ")
    assert f"Total: {total:.2f} s. Results received: {received} of 5, and 1 exception. Left: {left}. " in said
    assert said.endswith(f"Raised: {raised}.")


@pytest.mark.parametrize("strategy", NAMES)
@pytest.mark.parametrize(
    ("settings", "stop"),
    [({}, None), ({"failure": True}, None), ({"timeout": 0.5}, None), ({}, 0.5), ({"failure": True}, 0.6)],
)
async def test_the_picture_counts_what_the_report_counts(clock, strategy, settings, stop):
    panel = small(Explorer(), strategy, **settings)
    panel.run_button.click()
    if stop:
        await asyncio.sleep(stop)
        panel.stop_button.click()
    await until(says(panel, "Stopped" if stop else "Ended"))
    report, drawn = panel._run.report, picture(panel)
    title = texts(drawn)[0]
    assert any(text.endswith(f" · results received: {report.received} of 5") for text in texts(drawn))
    counts = {"still running": report.still_running, "cancelled": report.cancelled}
    counts |= {"never started": report.never_started}
    for what, count in counts.items():
        assert (f" {count} {what}" in title) == (count > 0)
    first = f"first result {report.first:.2f} s" if report.received else "no result received"
    assert (first in title) == (report.received + report.lost > 0)
    assert len(boxes(drawn, "cancelled")) >= report.cancelled
    assert len(marks(drawn, "received")) >= report.received + report.failed


async def test_a_timeout_can_be_chosen_and_taken_back(clock):
    panel = small(Explorer(), timeout=0.5)
    await run(panel)
    panel.timeout.value = dict(panel.timeout.options)["none"]
    assert panel.timeout.label == "none"
    panel.run_button.click()
    await until(lambda: len(runs(panel)) == 2)
    undisturbed, limited = runs(panel)
    assert "Results received: 2 of 5. Left: 3 still running. " in limited and limited.endswith("Raised: TimeoutError.")
    assert undisturbed.endswith("Results received: 5 of 5. Left: nothing. Raised: nothing.")


async def test_the_last_three_runs_stay_in_words_and_in_the_picture(clock):
    panel = small(Explorer())
    for number, panel.strategy.value in enumerate(NAMES, 1):
        await run(panel)
        assert [said.split(".")[0] for said in runs(panel)] == [f"{n}" for n in range(number, 0, -1)][:3]
    titles = [text for text in texts(picture(panel)) if re.match(r"\d\. ", text)]
    assert [title.partition(":")[0] for title in titles] == ["5. window of 2", "4. TaskGroup", "3. as_completed"]
    alt = panel.picture.value.partition("src=")[0]
    assert "Below it, on the same time axis: 4. TaskGroup, 3. as_completed." in alt


@pytest.mark.parametrize("settings", [{}, {"failure": True}, {"timeout": 0.5}])
async def test_the_runs_share_an_axis_that_is_known_when_a_run_begins(clock, settings):
    """The fourth run takes as long as the first, which is no longer shown."""
    panel, axes = small(Explorer(), **settings), []
    panel.picture.observe(lambda change: axes[-1].append(axis(picture(panel))), "value")
    for panel.strategy.value in ("one after another", "gather", "TaskGroup", "window"):
        axes.append([])
        await run(panel)
    assert all(len(frames) > 10 for frames in axes)
    assert [len(set(frames)) for frames in axes] == [1, 1, 1, 1]
    if not settings:
        assert axes[0][0] == axes[1][0] == axes[2][0] != axes[3][0]


def axis(root):
    """Return where the numbers of a time axis stand, with the numbers."""
    ticks = [text for text in root.iter(f"{SVG}text") if text.get("text-anchor") == "middle"]
    return tuple((text.text, text.get("x")) for text in ticks if re.fullmatch(r"[\d.]+( s)?", text.text))


async def test_rows_stand_still_and_stay_empty_where_nothing_started(clock):
    panel, names = small(Explorer(), "one after another", timeout=1.0), []
    panel.picture.observe(lambda change: names.append([t for t in texts(picture(panel)) if t in "ABCDE"]), "value")
    await run(panel)
    assert set(map(tuple, names)) == {tuple("ABCDE")}
    drawn = picture(panel)
    rows = {round(y) for kind in ("result", "cancelled") for _, y, *_ in boxes(drawn, kind)}
    assert len(rows) == 2
    assert "Never started: C, D, E." in panel.picture.value
    assert any("1 cancelled, 3 never started" in text for text in texts(drawn))


@pytest.mark.parametrize(("strategy", "cancelled"), [("gather", 3), ("one after another", 1), ("as_completed", 0)])
async def test_a_ghost_shows_what_a_cancelled_task_would_have_taken(clock, strategy, cancelled):
    panel = small(Explorer(), strategy, timeout=0.5)
    await run(panel)
    drawn = picture(panel)
    assert len(marks(drawn, "ghost")) == len(marks(drawn, "cap")) == cancelled
    if strategy == "gather":
        path = next(path.get("d") for path in drawn.iter(f"{SVG}path") if path.get("class") == "ghost")
        unit, left = scale(drawn)
        ends = [(float(end) - left) / unit for end in re.findall(r"H([\d.]+)v", path)]
        assert ends == pytest.approx([0.95, 0.7, 1.2], abs=0.01)  # of A, C and D


@pytest.mark.parametrize("strategy", NAMES)
async def test_stop(clock, strategy):
    panel = small(Explorer(), strategy)
    panel.run_button.click()
    await asyncio.sleep(0.5)
    assert sleepers()
    asked = clock.now
    panel.stop_button.click()
    panel.stop_button.click()
    await until(says(panel, "Stopped"))
    assert clock.now - asked < 1
    assert sleepers() == []
    assert (panel.run_button.disabled, panel.stop_button.disabled) == (False, True)
    assert "Stopped after 0.50 s; what was still running was cancelled" in words(panel.report)
    assert "(cancelled)" in panel.picture.value
    assert "still running" not in panel.picture.value.partition("src=")[0]


async def test_a_second_click_on_stop_does_not_cut_the_wait_for_the_tasks_short(clock, slow_to_end):
    panel = small(Explorer())
    panel.run_button.click()
    await asyncio.sleep(0.125)
    panel.stop_button.click()
    await asyncio.sleep(0.125)
    assert says(panel, "Stopping")() and panel.stop_button.disabled
    panel.stop_button.click()
    await until(says(panel, "Stopped"))
    assert sleepers() == []
    assert "Left: 5 cancelled" in words(panel.report)


async def test_stop_before_the_run_has_begun(clock):
    panel = small(Explorer())
    panel.run_button.click()
    panel.stop_button.click()
    await until(says(panel, "Stopped"))
    assert not panel.run_button.disabled
    await run(panel)


async def test_stop_while_nothing_runs_does_nothing(clock):
    panel = small(Explorer())
    before = panel.status.value
    panel.stop_button.click()
    await asyncio.sleep(0.1)
    assert panel.status.value == before


async def test_a_double_click_runs_once(clock):
    panel = small(Explorer())
    panel.run_button.click()
    panel.run_button.click()
    await until(says(panel, "Running"))
    await asyncio.sleep(0.1)
    assert len(sleepers()) == 5
    panel.run_button.click()
    await asyncio.sleep(0.05)
    assert len(sleepers()) == 5
    await until(says(panel, "Ended"))
    await asyncio.sleep(2)
    assert len(runs(panel)) == 1


@pytest.mark.parametrize("apart", [0, 0.125])
async def test_a_second_panel_says_that_one_is_running(clock, apart):
    one, two = small(Explorer()), small(Explorer())
    one.run_button.click()
    if apart:
        await asyncio.sleep(apart)
    two.run_button.click()
    await until(says(two, experiments.BUSY))
    assert not two.run_button.disabled and two.stop_button.disabled
    await until(says(one, "Ended"))
    assert "Results received: 5 of 5" in words(one.report)
    assert two.report.value == ""
    two.run_button.click()
    await until(says(two, "Ended"))


async def test_a_panel_waits_for_an_experiment_in_a_cell_and_the_other_way_round(clock):
    panel = small(Explorer())
    await run(panel)
    cell = asyncio.create_task(experiment("gather"))
    await asyncio.sleep(0.1)
    panel.run_button.click()
    await until(says(panel, experiments.BUSY))
    assert "Results received: 5 of 5" in words(panel.report)
    await cell
    panel.run_button.click()
    await until(says(panel, "Running"))
    await asyncio.sleep(0.1)
    with pytest.raises(AlreadyRunningError):
        await experiment("gather")
    await until(says(panel, "Ended"))


async def test_a_cell_that_was_faster_than_the_click_goes_first(clock):
    panel = small(Explorer())
    cell = asyncio.create_task(experiment("gather"))
    panel._start()  # before the cell's task begins, which a click would come after
    await until(says(panel, experiments.BUSY))
    assert not panel.run_button.disabled
    assert (await cell).received == 8
    assert panel.report.value == ""


def test_clicks_may_come_from_another_thread():
    async def main():
        panel = small(Explorer(), spread=0.2)
        await asyncio.to_thread(panel.run_button.click)
        await until(says(panel, "Running"))
        assert panel._task.get_loop() is asyncio.get_running_loop()
        clicking = threading.Thread(target=panel.stop_button.click)
        clicking.start()
        await until(says(panel, "Stopped"))
        clicking.join()
        assert sleepers() == []

    asyncio.run(main(), debug=True)  # which notices what is asked of the loop in another thread


async def test_an_error_of_the_labs_own_is_shown(clock, monkeypatch):
    async def broken(*arguments):
        raise ZeroDivisionError("<broken>")

    panel = small(Explorer())
    monkeypatch.setattr(Run, "_perform", broken)
    panel.run_button.click()
    await until(lambda: "failed" in words(panel.status))
    assert "ZeroDivisionError: <broken>" in words(panel.report)
    assert "<broken>" not in panel.report.value
    monkeypatch.undo()
    assert not panel.run_button.disabled
    await run(panel)


@pytest.mark.parametrize(("where", "what"), [(lab_panel, "Settings"), (Explorer, "_show_report")])
async def test_an_error_before_or_after_a_run_is_shown(clock, monkeypatch, where, what):
    def broken(*arguments):
        raise ZeroDivisionError("broken")

    panel = small(Explorer())
    monkeypatch.setattr(where, what, broken)
    panel.run_button.click()
    await until(lambda: "failed" in words(panel.status))
    assert "ZeroDivisionError: broken" in words(panel.report)
    assert not panel.run_button.disabled
    assert sleepers() == []


async def test_an_error_of_the_view_is_said_and_the_run_goes_on(clock, monkeypatch):
    def broken(*arguments):
        raise ZeroDivisionError("cannot draw")

    panel = small(Explorer())
    monkeypatch.setattr(experiments, "picture", broken)
    panel.run_button.click()
    said = "The live view stopped, your code did not: ZeroDivisionError: cannot draw"
    await until(says(panel, f"Running. {said}"))
    await until(says(panel, f"Ended. {said}"))
    assert "Results received: 5 of 5" in words(panel.report)
    monkeypatch.undo()
    await run(panel)


@pytest.mark.parametrize("strategy", NAMES)
def test_nothing_is_left_for_asyncio_to_complain_about(clock, strategy, caplog):
    for change in ({"failure": True}, {"timeout": 0.5}):
        performed(clock, strategy, **change)
    gc.collect()
    assert caplog.messages == []


# lab()


@pytest.fixture
def shown(monkeypatch):
    """Let lab() find a notebook; return the list of what is displayed there."""
    displayed = []
    monkeypatch.setattr(sys.modules[lab.__module__], "Display", lambda: type("Notebook", (), {"live": True}))
    monkeypatch.setattr(IPython.display, "display", displayed.append)
    return displayed


async def test_lab_shows_a_panel(clock, shown, capsys):
    assert lab() is None
    (panel,) = shown
    assert isinstance(panel, Explorer)
    assert capsys.readouterr() == ("", "")


async def test_to_run_the_cell_again_stops_what_the_old_lab_runs(clock, shown):
    lab()
    old = small(shown[0])
    old.run_button.click()
    await asyncio.sleep(0.5)
    lab()
    await until(says(old, "Stopped, since lab() was run again"))
    assert sleepers() == []
    new = small(shown[1])
    new.run_button.click()
    await until(says(new, "Ended"))
    assert len(runs(new)) == len(runs(old)) == 1


async def test_it_stops_the_right_one_of_two_labs(clock, shown):
    one, two = small(Explorer()), small(Explorer())
    one.run_button.click()
    two.run_button.click()
    await until(says(two, experiments.BUSY))
    await asyncio.sleep(0.1)
    lab()
    await until(says(one, "Stopped, since lab() was run again"))
    assert says(two, experiments.BUSY)()


async def test_where_no_widget_can_be_shown_the_panel_has_words(clock):
    data = Explorer()._repr_mimebundle_()
    assert set(data) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert data["text/plain"].endswith(f"do the same in a cell:\n{experiments.INSTEAD}")


def test_what_is_said_instead_can_be_run(clock):
    assert experiments.INSTEAD.startswith("await experiment(")
    report = clock.run(eval(experiments.INSTEAD.removeprefix("await "), {"experiment": experiment}))
    assert (report.received, report.settings) == (8, Settings("as_completed"))


def test_without_ipywidgets_it_says_what_to_do(shown, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    lab()
    out, _ = capsys.readouterr()
    assert out == (
        "The lab needs ipywidgets, and ipywidgets is not installed: run %pip install ipywidgets in a cell of its own "
        f"and restart the kernel, or do the same in a cell:\n{experiments.INSTEAD}\n"
    )
    assert shown == []


SCRIPT = """
import sys
for name in ("IPython", "ipywidgets", "matplotlib", "numpy"):
    sys.modules[name] = None
import asyncio
from workshop import experiment, lab

lab()
print(asyncio.run(experiment("as_completed", tasks=3, spread=0.2, timeout=0.25)).received)
"""
IN_WORDS = f"The lab is shown in a running notebook. Without it, do this in a cell:\n{experiments.INSTEAD}\n"


def test_a_script_needs_the_standard_library_only():
    assert run_script(SCRIPT) == f"{IN_WORDS}1\n"


def test_under_the_tests_switch_a_notebook_gets_the_same_words(tmp_path):
    environment = kernel_environment(tmp_path, clock="real") | {"PYTHONPATH": str(NOTEBOOKS)}
    with running_kernel(environment, tmp_path / "log") as kernel:
        ran = kernel.run("from workshop import lab\nlab()")
        imported = kernel.run("import sys; print('ipywidgets' in sys.modules)").stdout
    assert (ran.stdout, ran.stderr, ran.error) == (IN_WORDS, "", None)
    assert imported == "False\n"
