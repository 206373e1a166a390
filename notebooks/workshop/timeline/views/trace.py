"""A timeline as JSON, for programs, and for Perfetto and Chrome's trace viewer. Standard library only.

The document has two parts.

``traceEvents`` is the `trace event format`__: a thread for each task, on which stretches of running and waiting follow
each other, in microseconds, with marks where an outcome was received and where something was printed.

``timeline`` is all that a timeline knows, in seconds since it began: its ``title``, when it ``ended`` and whether it is
``over``; its ``tasks``, each with the fields of `records.TaskRecord`, None as null, and for each of its ``steps`` the
``begin``, the ``end``, and the ``line`` where it stopped (``file``, ``number``, ``function``; or null); the ``block``,
with the ``steps`` of its own code, or null; what was ``printed``, each with its moment and its text; the ``sources``,
pieces of text with their ``file``, what readers call that (``name``), the number of the ``first`` line, and the
``lines``; and what was ``missed``, in words, or "".

__ https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from math import isnan
from typing import Any

from ..records import STILL_RUNNING, Line, Records, Steps

PROCESS = 1


def trace(title: str, records: Records) -> str:
    """Return a timeline as JSON.

    Args:
        title: its title, or "".
        records: its records.
    """
    steps = records.steps
    tasks = [_task(records, index) for index in range(len(records))]
    block = None if steps is None or steps.block is None else {"steps": _steps(steps.block, 0)}
    printed = [] if steps is None else [[time, text] for _, time, text in steps.printed]
    events = [_named("process_name", 0, title or "timeline")]
    if block is not None:
        events += _thread(0, "you", block["steps"], 0.0, None if records.over else records.ended)
    for index, task in enumerate(tasks):
        end = records.ended if records.outcomes[index] == STILL_RUNNING else None
        stretches = task["steps"] or _whole(records, index)
        events += _thread(index + 1, task["name"], stretches, task["created"], end)
        if task["received"] is not None:
            events.append(_mark("received", index + 1, task["received"], {"outcome": task["outcome"]}))
    events += [_mark("printed", 0, time, {"text": text}) for time, text in printed]
    known = {
        "title": title,
        "ended": records.ended,
        "over": records.over,
        "tasks": tasks,
        "block": block,
        "printed": printed,
        "sources": [] if steps is None else [source._asdict() for source in steps.sources],
        "missed": records.missed,
    }
    return json.dumps({"displayTimeUnit": "ms", "traceEvents": events, "timeline": known}, allow_nan=False)


def _task(records: Records, index: int) -> dict[str, Any]:
    """Return what is known of a task."""
    record = records[index]
    names = ("name", "created", "started", "finished", "received", "outcome")
    steps = [] if records.steps is None else _steps(records.steps, index)
    return {name: getattr(record, name) for name in names} | {"steps": steps}


def _steps(steps: Steps, task: int) -> list[dict[str, Any]]:
    """Return the steps of a task."""
    stops = steps.stops_of(task)
    lines: list[Line | None] = [stop.inner for stop in stops] or [None] * len(steps.of(task))
    return [
        {"begin": begin, "end": end, "line": line and line._asdict()}
        for (begin, end), line in zip(steps.of(task), lines, strict=True)
    ]


def _whole(records: Records, index: int) -> list[dict[str, Any]]:
    """Return a task that is known without its steps as if it had one."""
    begin, end = records.started[index], records.finished[index]
    if isnan(begin):
        return []
    return [{"begin": begin, "end": records.ended if isnan(end) else end, "line": None}]


def _thread(
    number: int, name: str, steps: list[dict[str, Any]], created: float, end: float | None
) -> Iterator[dict[str, Any]]:
    """Yield the events of a task: its name, its steps, and the waits before, between and after them."""
    yield _named("thread_name", number, name)
    yield {"ph": "M", "name": "thread_sort_index", "pid": PROCESS, "tid": number, "args": {"sort_index": number}}
    if steps and steps[0]["begin"] > created:
        yield _stretch("waits to start", number, created, steps[0]["begin"], None)
    for step, following in pairwise([*steps, None]):
        yield _stretch("runs", number, step["begin"], step["end"], step["line"])
        until = end if following is None else following["begin"]
        if until is not None and until > step["end"]:
            yield _stretch("waits", number, step["end"], until, step["line"])


def _named(kind: str, thread: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": kind, "pid": PROCESS, "tid": thread, "args": {"name": name}}


def _stretch(name: str, thread: int, begin: float, end: float, line: dict[str, Any] | None) -> dict[str, Any]:
    if line is not None and name == "waits":
        name += f" at line {line['number']}"
    times = {"ts": _microseconds(begin), "dur": _microseconds(end) - _microseconds(begin)}
    return {"ph": "X", "name": name, "pid": PROCESS, "tid": thread, **times, "args": {"line": line}}


def _mark(name: str, thread: int, time: float, more: dict[str, Any]) -> dict[str, Any]:
    scope = "p" if name == "printed" else "t"
    return {"ph": "i", "name": name, "pid": PROCESS, "tid": thread, "ts": _microseconds(time), "s": scope, "args": more}


def _microseconds(seconds: float) -> float:
    """Return a time in microseconds, rounded to an eighth: so what follows each other does so in whole nanoseconds."""
    return round(seconds * 8e6) / 8
