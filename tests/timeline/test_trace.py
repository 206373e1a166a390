"""What is saved as JSON keeps to the trace event format, as a reader takes it that forgives nothing."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from workshop import Timeline

METADATA = {"process_name": {"name": str}, "thread_name": {"name": str}, "thread_sort_index": {"sort_index": int}}
"""The kinds of metadata, each with its arguments."""

FIELDS = {
    "X": {"name": str, "pid": int, "tid": int, "ts": float, "dur": float, "args": dict},
    "i": {"name": str, "pid": int, "tid": int, "ts": float, "s": str, "args": dict},
    "M": {"name": str, "pid": int, "tid": int, "args": dict},
}
"""The phases of events, each with its fields."""


class FormatError(Exception):
    """A document is not in the trace event format."""


def must(truth: object, *what: object) -> None:
    """Refuse a document if something is not true of it."""
    if not truth:
        raise FormatError(*what)


def read_trace(text: str) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """Return the stretches of each thread, by the numbers of process and thread.

    Viewers read times as whole nanoseconds, and show the stretches of a thread only if each lies inside or beside every
    other one.

    Raises:
        FormatError: if the document does not keep to the format, or has in it what this reader does not know.
    """
    text.encode("ascii")
    document = json.loads(text, parse_constant=lambda name: must(False, name), object_pairs_hook=_without_repetition)
    must(document["displayTimeUnit"] in ("ms", "ns"))
    names: dict[tuple[str, int, int], str] = {}
    stretches, marked = defaultdict(list), set()
    for event in document["traceEvents"]:
        fields = FIELDS.get(event.get("ph"))
        must(fields is not None and event.keys() == {"ph", *fields}, event)
        for field, kind in fields.items():
            kinds = (int, float) if kind is float else kind
            must(isinstance(event[field], kinds) and not isinstance(event[field], bool), field, event)
        for time in (event.get("ts", 0), event.get("dur", 0)):
            must(time >= 0 and float(time * 1000).is_integer(), time, event)
        must(min(event["pid"], event["tid"]) >= 0, event)
        thread = event["pid"], event["tid"]
        if event["ph"] == "X":
            stretches[thread].append(event)
        elif event["ph"] == "i":
            must(event["s"] in ("g", "p", "t"), event)
            marked |= {thread} if event["s"] == "t" else set()
        else:
            arguments = METADATA[event["name"]]
            must(event["args"].keys() == arguments.keys(), event)
            must(all(type(event["args"][name]) is kind for name, kind in arguments.items()), event)
            must((event["name"], *thread) not in names, "said twice", event)
            names[event["name"], *thread] = event["args"].get("name", "")
    for process, thread in stretches.keys() | marked:
        must(("thread_name", process, thread) in names, "a thread without a name", thread)
        must(("process_name", process, 0) in names, "a process without a name", process)
    for events in stretches.values():
        _must_nest(events)
    return {thread: stretches[thread] for thread in sorted(stretches)}


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    must(len(dict(pairs)) == len(pairs), "a key that is there twice", pairs)
    return dict(pairs)


def _must_nest(events: list[dict[str, Any]]) -> None:
    """Refuse stretches of a thread of which one begins inside another and ends outside."""
    ends: list[float] = []
    for event in sorted(events, key=lambda event: (event["ts"], -event["dur"])):
        while ends and ends[-1] <= event["ts"]:
            ends.pop()
        end = event["ts"] + event["dur"]
        must(not ends or end <= ends[-1], "it overlaps another", event)
        ends.append(end)


async def cook(seconds: float) -> None:
    for _ in range(2):
        await asyncio.sleep(seconds)


async def fails() -> None:
    await asyncio.sleep(1 / 3)
    print('</script>"\u2028')
    raise ValueError


async def left_over(timeline: Timeline) -> None:
    """Run tasks of each outcome, and one that runs on."""
    async with timeline:
        tasks = [asyncio.create_task(cook(0.1 / 3), name="\ud800\u2028<b>"), asyncio.create_task(fails())]
        tasks += [asyncio.create_task(cook(9)) for _ in range(3)]
        await asyncio.sleep(0.7)
        tasks[2].cancel()
        await asyncio.wait(tasks[:3])
        await asyncio.gather(*tasks[:3], return_exceptions=True)
        late = asyncio.create_task(cook(1))
    for task in (*tasks, late):
        task.cancel()


async def nothing(timeline: Timeline) -> None:
    async with timeline:
        pass


@pytest.mark.parametrize("steps", [True, False])
@pytest.mark.parametrize("program", [left_over, nothing])
async def test_a_saved_timeline_keeps_to_the_format(clock, tmp_path, capsys, program, steps):
    timeline = Timeline("evening", steps=steps)
    await program(timeline)
    threads = read_trace(timeline.save(tmp_path / "run.json").read_text(encoding="utf-8"))
    ran = {number: records for number, records in enumerate(timeline.tasks, start=1) if records.started is not None}
    assert {thread for _, thread in threads if thread} == ran.keys()
    for number, record in ran.items():
        events = threads[1, number]
        end = timeline.tasks.ended if record.finished is None else record.finished
        assert events[-1]["ts"] + events[-1]["dur"] == pytest.approx(end * 1e6, abs=0.1)
        assert sum(event["name"] == "runs" for event in events) == max(len(record.steps), 1)


async def test_times_of_a_real_clock_keep_to_it(tmp_path):
    timeline = Timeline(steps=True)
    async with timeline:
        await asyncio.gather(*(cook(0) for _ in range(50)))
        so_far = timeline.save(tmp_path / "so far.json")
    for path in (so_far, timeline.save(tmp_path / "run.json")):
        assert len([thread for thread in read_trace(path.read_text(encoding="utf-8")) if thread[1]]) == 50


def twice(event: dict[str, Any], events: list[dict[str, Any]]) -> None:
    events.append(event | {"ts": event["ts"] + event["dur"] / 2})


WRONG: list[tuple[str, Callable[[dict[str, Any], list[dict[str, Any]]], object]]] = [
    ("X", lambda event, events: event.pop("dur")),
    ("X", lambda event, events: event.update(dur=-1)),
    ("X", lambda event, events: event.update(ts="0")),
    ("X", lambda event, events: event.update(ts=0.0001)),
    ("X", lambda event, events: event.update(ts=float("nan"))),
    ("X", lambda event, events: event.update(ph="B")),
    ("X", lambda event, events: event.update(tid=True)),
    ("X", lambda event, events: event.update(tid=99)),
    ("X", lambda event, events: event.update(color="red")),
    ("X", twice),
    ("i", lambda event, events: event.update(s="x")),
    ("M", lambda event, events: event.update(args={})),
    ("M", lambda event, events: events.append(event)),
    ("M", lambda event, events: events.remove(event)),
]


@pytest.mark.parametrize(("phase", "spoil"), WRONG)
async def test_the_reader_forgives_nothing(clock, tmp_path, phase, spoil):
    timeline = Timeline(steps=True)
    async with timeline:
        await asyncio.create_task(cook(1))
    document = json.loads(timeline.save(tmp_path / "run.json").read_text(encoding="utf-8"))
    read_trace(json.dumps(document))
    spoilt = ("waits at", "received", "thread_name")
    [*_, event] = (
        event for event in document["traceEvents"] if event["ph"] == phase and event["name"].startswith(spoilt)
    )
    spoil(event, document["traceEvents"])
    with pytest.raises(FormatError):
        read_trace(json.dumps(document))
