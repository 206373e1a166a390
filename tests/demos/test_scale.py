"""What ways of running calls cost is counted and measured rightly, and told in words that hold on every machine."""

import asyncio
import contextlib
import tracemalloc
from collections import defaultdict
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from support.notebook_tools import Notebook, joined
from support.places import NOTEBOOKS
from support.steps_of_answers import stop
from timeline.test_svg import SVG
from workshop.demos import scale
from workshop.demos.chart import Chart
from workshop.demos.scale import Counts, Curve, Service


async def all_of_them(fetch, items, limit, handle):
    for next_result in asyncio.as_completed([asyncio.create_task(fetch(item)) for item in items]):
        handle(await next_result)


async def one_by_one(fetch, items, limit, handle):
    for item in items:
        handle(await fetch(item))


async def workers(fetch, items, limit, handle):
    items = iter(items)

    async def worker():
        for item in items:
            handle(await fetch(item))

    await asyncio.gather(*(worker() for _ in range(limit)))


async def forgets_the_last(fetch, items, limit, handle):
    await one_by_one(fetch, list(items)[:-1], limit, handle)


async def takes_two_megabytes(fetch, items, limit, handle):
    taken = bytearray(2_000_000)
    await one_by_one(fetch, items, limit, handle)
    del taken


async def sorts_pairs(fetch, items, limit, handle):
    """Work that grows with the square of the number of items."""
    await one_by_one(fetch, items, limit, handle)
    for _ in items:
        sum(range(60 * len(items)))


# The service


async def test_the_service_answers_when_all_have_asked():
    service = Service()
    results = await asyncio.gather(*map(service.fetch, "abc"))
    assert (results, service.most_running) == (["a", "b", "c"], 3)


async def test_the_service_can_answer_one_at_a_time_the_oldest_first():
    service, rounds = Service(answers=1), []
    pending = set()
    for item in "abc":
        pending.add(asyncio.create_task(service.fetch(item)))
        await asyncio.sleep(0)
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        rounds.append([task.result() for task in done])
    assert rounds == [["a"], ["b"], ["c"]]


async def test_the_service_passes_over_cancelled_calls_and_stops_when_nobody_waits():
    loop = asyncio.get_running_loop()
    service = Service(answers=1)
    tasks = [asyncio.create_task(service.fetch(item)) for item in "abc"]
    await asyncio.sleep(0)
    tasks[0].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == ["b", "c"]
    for _ in range(2 * scale.QUIET_TURNS):
        await asyncio.sleep(0)
    turns = 0
    tick = service._tick

    def counted(loop):
        nonlocal turns
        turns += 1
        tick(loop)

    service._tick = counted
    for _ in range(5):
        await asyncio.sleep(0)
    assert turns == 0
    assert await service.fetch("again") == "again"
    assert turns and loop.is_running()


# Counting


@pytest.mark.parametrize(
    ("way", "counts"),
    [
        (all_of_them, Counts(running=50, tasks=50, read=50)),
        (one_by_one, Counts(running=1, tasks=0, read=1)),
        (workers, Counts(running=7, tasks=7, read=7)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_counted(way, counts):
    assert asyncio.run(scale.count(way, 50, limit=7)) == counts


async def test_tasks_that_others_start_meanwhile_do_not_count():
    others = [asyncio.create_task(asyncio.sleep(60))]

    async def busy_kernel():
        while True:
            others.append(asyncio.create_task(asyncio.sleep(60)))
            await asyncio.sleep(0)

    others.append(asyncio.create_task(busy_kernel()))
    counts = await scale.count(all_of_them, 10)
    assert len(others) > 3
    await stop(others)
    assert counts.tasks == 10


async def test_counting_leaves_the_loop_as_it_was():
    loop = asyncio.get_running_loop()
    with contextlib.suppress(RuntimeError):
        await scale.count(forgets_the_last, 5)
    assert loop.get_task_factory() is None


@pytest.mark.parametrize("measure", [scale.count, scale.measure_time, scale.measure_memory, scale.measure_tasks])
def test_a_way_that_loses_results_is_told_so(measure):
    numbers = 5 if measure is scale.count else [5]
    with pytest.raises(RuntimeError, match=r"forgets the last handled 4 results of 5 calls: a way must await fetch"):
        asyncio.run(measure(forgets_the_last, numbers))
    assert not tracemalloc.is_tracing()


# Measuring


def test_time_is_that_of_one_run(monkeypatch, capsys):
    """On a clock that moves by 0.03 s with each call."""
    now = 0.0
    turns = []

    async def way(fetch, items, limit, handle):
        nonlocal now
        turns.append(len(items))
        for item in items:
            now += 0.03
            handle(item)

    monkeypatch.setattr(scale.time, "process_time", lambda: now)
    curve = asyncio.run(scale.measure_time(way, [1, 2, 10, 20]))
    assert curve.name == "way"
    assert curve.numbers == [1, 2, 10, 20]
    assert curve.values == pytest.approx([0.03, 0.06, 0.3, 0.6])
    few = [1, 1, 2]  # one call is made again until there is something to measure
    assert turns == [*few, 10, 20, *few, 10, *few], "what has taken long is not tried again"
    assert capsys.readouterr().out.split() == ["way", "20", "calls", "(here:", "0.60", "s)"]


def test_a_busy_moment_spoils_no_number(monkeypatch):
    """While the fourth to the sixth run are made, everything takes three times as long."""
    now, runs = 0.0, 0

    async def way(fetch, items, limit, handle):
        nonlocal now, runs
        runs += 1
        now += 0.052 * len(items) * (3 if 4 <= runs <= 6 else 1)
        for item in items:
            handle(item)

    monkeypatch.setattr(scale.time, "process_time", lambda: now)
    assert asyncio.run(scale.measure_time(way, [1, 2, 3])).values == pytest.approx([0.052, 0.104, 0.156])


def test_memory_is_the_most_that_was_in_use():
    curve = asyncio.run(scale.measure_memory(takes_two_megabytes, [1, 2]))
    assert curve.values == pytest.approx([2.0, 2.0], rel=0.05)
    assert not tracemalloc.is_tracing()


def test_somebody_elses_tracing_goes_on():
    tracemalloc.start()
    try:
        curve = asyncio.run(scale.measure_memory(takes_two_megabytes, [1]))
        assert curve.values == pytest.approx([2.0], rel=0.05)
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


def test_tasks_are_counted_for_each_number():
    curve = asyncio.run(scale.measure_tasks(workers, [3, 10, 20], limit=7))
    assert curve == Curve("workers", [3, 10, 20], [3, 7, 7])  # workers without an item have gone home


def test_work_that_grows_with_the_square_is_seen_as_such():
    numbers = [100, 300, 1_000]
    assert asyncio.run(scale.measure_time(sorts_pairs, numbers)).growth == "grows about with the square of N"


# Curves and claims


def power(exponent, numbers=(100, 1_000, 10_000, 100_000)):
    return Curve(f"power {exponent}", numbers, [0.001 * number**exponent for number in numbers])


@pytest.mark.parametrize("exponent", [0, 0.5, 1, 1.1, 2])
def test_the_exponent_is_the_slope_on_log_axes(exponent):
    assert power(exponent).exponent == pytest.approx(exponent)


def test_the_first_point_has_no_say_in_the_exponent():
    assert Curve("a", [1, 10, 100, 1_000], [77, 10, 100, 1_000]).exponent == pytest.approx(1)


@pytest.mark.parametrize(
    ("exponent", "words"),
    [
        (0, "stays about the same"),
        (0.2, "stays about the same"),
        (0.8, "grows about in proportion to N"),
        (1.3, "grows about in proportion to N"),
        (1.7, "grows about with the square of N"),
        (2.2, "grows about with the square of N"),
        (0.5, "grows as no simple power of N would: the exponent is 0.50"),
        (1.5, "grows as no simple power of N would: the exponent is 1.50"),
        (3, "grows as no simple power of N would: the exponent is 3.00"),
        (-1, "grows as no simple power of N would: the exponent is -1.00"),
    ],
)
def test_growth_is_claimed_within_margins_only(exponent, words):
    assert power(exponent).growth == words


def test_a_claim_says_whether_it_holds():
    more, less = Curve("a", [1, 9], [1, 50]), Curve("b", [1, 9], [1, 2])
    assert scale.at_least(10, more, less) == "9 calls: a at least 10 × b (here: 25.0)"
    assert scale.at_least(30, more, less) == "9 calls: a less than 30 × b (here: 25.0)"


@pytest.mark.parametrize("swapped", [False, True])
def test_costs_are_compared_for_the_most_calls_that_both_were_measured_for(swapped):
    curves = [Curve("a", [1, 9], [1, 4]), Curve("b", [1, 9, 1_000], [1, 2, 2_000])]
    first, second = reversed(curves) if swapped else curves
    words = "b less than 1 × a (here: 0.5)" if swapped else "a at least 1 × b (here: 2.0)"
    assert scale.at_least(1, first, second) == f"9 calls: {words}"


def test_costs_of_different_numbers_are_not_compared():
    with pytest.raises(ValueError, match="'a' was measured for 1, 9 calls, and 'b' for 2, 1,000"):
        scale.at_least(2, Curve("a", [1, 9], [1, 5]), Curve("b", [2, 1_000], [1, 5]))


# The chart


def test_the_words_of_a_chart_hold_on_every_machine_but_for_marked_values():
    chart = Chart("seconds", [power(1.1), power(0)])
    assert str(chart).splitlines() == [
        "N calls, seconds:",
        "power 1.1  grows about in proportion to N (here: exponent 1.10), seen from 100 to 100,000",
        "power 0    stays about the same (here: exponent 0.00), seen from 100 to 100,000",
    ]
    data, metadata = chart._repr_mimebundle_()
    assert data["text/plain"] == str(chart)
    alt = metadata["image/svg+xml"]["alt"]
    assert alt == (
        "Chart with two log axes, the number of calls N across and seconds upwards. "
        "power 1.1 grows about in proportion to N; power 0 stays about the same."
    )
    assert f'alt="{alt}"' in data["text/html"]
    assert data["image/svg+xml"] == chart.svg()


def paths(chart, kind):
    """Return the points of each path of a kind, and its other attributes."""
    found = [path for path in ET.fromstring(chart.svg()).iter(f"{SVG}path") if path.get("class") == kind]
    return [
        ([tuple(map(float, point.split())) for point in path.attrib.pop("d")[1:].split("L")], path.attrib)
        for path in found
    ]


def slope(points):
    (x0, y0), *_, (x1, y1) = points
    return (y0 - y1) / (x1 - x0)


def test_both_axes_are_logarithmic_and_every_point_is_drawn():
    curves = [power(1), power(2, (100, 300, 1_000))]
    chart = Chart("seconds", curves)
    (one, one_look), (two, two_look) = paths(chart, "curve")
    assert [len(one), len(two)] == [len(curve.numbers) for curve in curves]
    assert slope(two) / slope(one) == pytest.approx(2, rel=0.02)
    assert one_look["stroke-dasharray"] != two_look["stroke-dasharray"], "curves are told apart without colour"
    words = [text.text for text in ET.fromstring(chart.svg()).iter(f"{SVG}text")]
    assert {"1,000", "power 1 (slope 1.0)", "power 2 (slope 2.0)"} <= set(words)


def test_a_way_looks_the_same_in_every_chart():
    ways = [Curve(name, [1, 10, 100], [1, 10, 100]) for name in ("sliding window", "another", "all of them")]
    looks = {way.name: look for way, (_, look) in zip(ways, paths(Chart("s", ways), "curve"), strict=True)}
    for way in ways:
        ((_, look),) = paths(Chart("s", [way]), "curve")
        assert look == looks[way.name]


def test_each_way_has_one_colour_of_its_own_in_all_charts_of_chapter_09():
    colors = defaultdict(set)
    outputs = [output for cell in Notebook(NOTEBOOKS / "09_scale.ipynb").code_cells for output in cell.outputs]
    charts = [
        joined(data["image/svg+xml"]) for output in outputs if "image/svg+xml" in (data := output.get("data", {}))
    ]
    for chart in charts:
        for text in ET.fromstring(chart).iter(f"{SVG}text"):
            if "(slope" in text.text:
                colors[text.text.partition(" (")[0]].add(text.get("fill"))
    assert (len(charts), len(colors)) == (4, 7)
    assert all(len(of_way) == 1 for of_way in colors.values()) and len(set.union(*colors.values())) == 7, colors


@pytest.mark.parametrize(("steepest", "lines"), [(0, 1), (1.2, 1), (2, 2)])
def test_lines_of_known_slope_have_that_slope(steepest, lines):
    chart = Chart("seconds", [power(steepest)])
    slopes = [slope(points) for points, _ in paths(chart, "slope")]
    ((points, _),) = paths(chart, "curve")
    assert len(slopes) == lines
    if steepest:
        unit = slope(points) / steepest
        assert slopes == pytest.approx([unit, 2 * unit][:lines], rel=0.02)


def test_all_that_is_written_in_a_chart_can_be_read():
    curves = [
        Curve(f"a way with a long name {n}", [100, 1_000, 9_000], [1, 2, value])
        for n, value in enumerate([1, 1, 1, 2, 3, 90])
    ]
    texts = ET.fromstring(Chart("seconds", curves).svg()).iter(f"{SVG}text")
    ends = sorted(float(text.get("y")) for text in texts if "slope" in text.text)
    assert len(ends) == 6
    assert all(lower - upper >= 16 for upper, lower in pairwise(ends))
    assert ends[0] > 0 and ends[-1] < 360


@pytest.mark.parametrize(
    ("curves", "words"),
    [
        ([], "1 to 7 curves, and got 0"),
        ([power(1)] * 8, "1 to 7 curves, and got 8"),
        ([Curve("nothing", [1, 2], [0, 1])], "a value of 'nothing' is not"),
    ],
)
def test_what_cannot_be_drawn_is_refused(curves, words):
    with pytest.raises(ValueError, match=words):
        Chart("seconds", curves)
