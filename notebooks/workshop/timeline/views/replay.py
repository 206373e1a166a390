"""The page on which a recorded run is stepped through: the reader's lines, the picture with a cursor, what was printed.

The page is one file that needs nothing else. All that a reader named or printed gets into it as data, and is shown as
text. Standard library only.
"""

import html
import json
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from heapq import nlargest
from math import isnan, nan
from pathlib import Path
from typing import Any, NamedTuple

from ..records import NEXT, OUTCOMES, RESULT, STILL_RUNNING, Line, Records, Steps, Stop
from .bundle import as_html
from .styles import INK
from .svg import HIGHEST, LONGEST_TITLE, Layout, Panel, drawn, shortened
from .text import decimals_for, describe, one_line, table

TEMPLATE = Path(__file__).with_suffix(".html")

MOST_TURNS = 3_000
"""Of more turns, a page shows so many."""
MOST_LANES = 400
"""Of more tasks, those that run in these turns, a page shows so many."""
MOST_PRINTED = 200_000
"""Characters that were printed; of more, the first."""
LONGEST_NAME = 60
MOST_MARKS = 3
"""At a line stand so many markers; of more, the last says how many there are."""
ROOM_FOR_PICTURE = 0.68
"""How large the picture is in a notebook, where a page is some 950 pixels wide; 1 is its own size."""
LEAST_ROW = 6
"""Units from which on a row of the picture gets the colour of its task at its edge."""
PLACES = 2

YOU = "you"
"""The name of the block's own code."""
COLORS = ("#2A74AD", "#B13317", "#2E7D4F", "#7B4FA3", "#9A5B00", "#00727A", "#B0276B", "#5A5F63")
"""Of markers, by task. White letters are readable on each."""

NO_STEPS = "replay shows turn by turn what ran: record it with Timeline(steps=True)"
NO_BLOCK = "The block's own code is not shown: to see where it waits takes Python 3.12 or later."

SEND = (
    "let all=this.nextElementSibling.querySelectorAll('img');"
    "this.contentWindow.postMessage({pictures:Array.from(all,i=&gt;[i.src,i.alt])},'*')"
)
"""Script that sends the pictures beside a page to it."""
STYLE_SPACES = re.compile(r";?\s*(})\s*|\s*([{;,])\s*|(?<=:)\s+")
QUOTES = re.compile(r'(?<==)"([\w-]+)"')
"""Those around an attribute's value that needs none."""
SCRIPT_SPACES = re.compile(r'("(?:[^"\\]|\\.)*"|/\(#.*?/g)|\s*([][{}(),;:?=<>+*|&-])\s*')
"""Spaces that mean nothing; none in text in quotes, nor in the script's regular expression."""

Run = tuple[str, Records]
"""A title and what was recorded."""


class Turn(NamedTuple):
    """One turn that the event loop gave to a task: from where it goes on to where it stops again.

    Attributes:
        task: the task's index; -1 for the block's own code.
        begin, end: in seconds since the timeline began.
        order: by which turns are put in order.
        came: where the task stopped before; for its first turn where its code begins.
        stop: where it stops now.
        first, last: whether it is the task's first turn, and its last.
    """

    task: int
    begin: float
    end: float
    order: int
    came: Stop
    stop: Stop
    first: bool
    last: bool


def turns(records: Records) -> list[Turn]:
    """Return all turns of a timeline, in their order.

    Raises:
        ValueError: if the timeline was not asked to note steps.
    """
    steps = records.steps
    if steps is None:
        raise ValueError(NO_STEPS)
    found = [turn for task in range(len(records)) for turn in _turns_of(steps, task, task)]
    if steps.block is not None:
        found += _turns_of(steps.block, 0, -1)
    return sorted(found, key=lambda turn: turn.order)


def _turns_of(steps: Steps, task: int, name: int) -> Iterator[Turn]:
    """Yield the turns of one task."""
    first, end = steps.firsts[task], steps.firsts[task + 1]
    came = steps.places[steps.opened] if steps.opened and steps.places else None
    for step in range(first, end):
        stop = steps.places[steps.stops[step]] if steps.places else Stop()
        if came is None:
            came = Stop(stop.begin, stop.begin, stop.begin)
        if stop.own is None and stop.begin is None:  # its own code has not moved
            stop = Stop(came.own, stop.inner or came.own, came.begin)
        times = steps.begins[step], steps.ends[step], steps.order[step]
        yield Turn(name, *times, came, stop, step == first, step == end - 1)
        came = stop


def with_block(records: Records) -> Records:
    """Return records with the block's own code as one more task, the first, if its steps are known.

    If it is among the tasks already, its name says so.
    """
    steps = records.steps
    if steps is not None and steps.you is not None:
        names = [*records.names]
        names[steps.you] = f"{YOU}: {names[steps.you]}"
        return replace(records, names=names)
    if steps is None or steps.block is None:
        return records
    block = steps.block
    begins, ends = block.begins + steps.begins, block.ends + steps.ends
    firsts = array("l", [0, *(first + len(block.begins) for first in steps.firsts)])

    def column(first: float, rest: array) -> array:
        return array("d", [first]) + rest

    return replace(
        records,
        names=[YOU, *records.names],
        created=column(0.0, records.created),
        started=column(0.0, records.started),
        finished=column(records.ended if records.over else nan, records.finished),
        received=column(nan, records.received),
        outcomes=bytearray([RESULT if records.over else STILL_RUNNING]) + records.outcomes,
        steps=Steps(firsts, begins, ends, you=0),
    )


def page(runs: Sequence[Run], start: float = 0.0) -> str:
    """Return the page, as a document.

    Args:
        runs: the runs to choose from, each with its title and records.
        start: the moment from which on it is shown, in seconds, where there are too many turns for one page.

    Raises:
        ValueError: if one of them was not asked to note steps.
    """
    return _document(runs, *_shown(runs, start))


def in_notebook(runs: Sequence[Run], start: float = 0.0) -> str:
    """Return HTML that shows the page in a notebook, and the still pictures and tables where no scripts run.

    Since notebooks keep what they show, the pictures are not in the page: they stand beside it, and are sent to it when
    it is there. All have the same time axis.

    Args:
        runs: as for `page`.
        start: as for `page`.
    """
    data, still = _shown(runs, start, max(records.ended for _, records in runs))
    document = _document(runs, data, "").replace("&", "&amp;").replace("'", "&#39;")
    tall = max(map(_tall, data))
    return (
        "<style>.replay{container-type:inline-size}.replay-page{width:100%;height:var(--tall);border:0;border-radius:8px}"
        "@container(max-width:760px){.replay-page{height:860px}}"
        ".replay-page~.replay-still{display:none}"
        "@media print,(scripting:none){.replay-page{display:none}.replay-page~.replay-still{display:block}}</style>"
        f'<div class="replay" style="--tall:{tall}px"><iframe class="replay-page" title="replay, to step through" '
        f'sandbox="allow-scripts" onload="{SEND}" srcdoc=\'{document}\'></iframe>'
        f'<div class="replay-still">{still}</div></div>'
    )


def _tall(run: dict[str, Any]) -> int:
    """Return how high the page of a run is to be in a notebook, in pixels.

    High enough for all that it shows, in a page of usual width; but no higher than a screen, and then boxes scroll.
    """
    lines = sum(len(source["lines"]) for source in run["sources"])
    picture = ROOM_FOR_PICTURE * run["picture"]["height"]
    return round(max(470, min(24 * lines + 330, 640), min(28 * len(run["lanes"]) + picture + 200, 700), picture + 390))


def _shown(runs: Sequence[Run], start: float, end: float = 0.0) -> tuple[list[dict[str, Any]], str]:
    """Return what the page shows of runs, and their still pictures and tables, with time axes up to `end` at least."""
    data, still = [], ""
    for title, records in runs:
        every = turns(records)
        svg, layout = drawn([Panel(title, with_block(records))], end=end)
        data.append(_data(title, records, every, start, layout))
        still += f"<div>{as_html(svg, describe(title, records))}<pre>{html.escape(table(records))}</pre></div>"
    return data, still


def _document(runs: Sequence[Run], data: list[dict[str, Any]], still: str) -> str:
    title = " · ".join(one_line(title, LONGEST_TITLE) for title, _ in runs if title)
    parts = {"TITLE": html.escape(title or "Replay"), "STILL": still, "DATA": _as_script_data(data)}
    return re.sub(r"@@(TITLE|STILL|DATA)@@", lambda match: parts[match[1]], _template())


@cache
def _template() -> str:
    """Return the template in few characters, since notebooks keep a page for each replay.

    It has no comments and no indentation, and is one line: so each statement of its script ends in a semicolon. Quotes
    become backquotes there: so no object's key stands in quotes alone.
    """
    text = TEMPLATE.read_text(encoding="utf-8")
    text = "".join(re.sub(r"(^|\s)// .*", "", line).strip() for line in text.splitlines())
    text = re.sub(r"(?<=<style>).*(?=</style>)", lambda style: STYLE_SPACES.sub(r"\1\2", style[0]), text)
    text = re.sub(r"(?<=<body>).*(?=<script type)", lambda body: QUOTES.sub(r"\1", body[0]), text)
    return re.sub(r"(?<=<script>).*(?=</script>)", lambda script: SCRIPT_SPACES.sub(_shorter, script[0]), text)


def _shorter(found: re.Match[str]) -> str:
    """Return what `SCRIPT_SPACES` has found without spaces, and text in quotes that need no backslash in JSON."""
    literal, sign = found.groups()
    return sign or (f"`{literal[1:-1]}`" if literal.startswith('"') and literal != '"use strict"' else literal)


def _as_script_data(data: object) -> str:
    """Return JSON that is inert inside a script element, whatever it holds."""
    text = json.dumps(data, separators=(",", ":"))  # in ASCII, so without U+2028, too
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


def _data(title: str, records: Records, every: Sequence[Turn], start: float, layout: Layout) -> dict[str, Any]:
    """Return what the page shows of one run."""
    steps = records.steps
    before, shown = _window(every, start)
    ran = {turn.task for turn in shown}
    whole = len(shown) == len(every)
    tasks = [task for task in range(len(records)) if whole or task in ran][:MOST_LANES]
    block = steps.block is not None
    lane_of = {task: lane for lane, task in enumerate([-1] * block + tasks)}
    shown = [turn for turn in shown if turn.task in lane_of]
    text = [(source, number) for source in steps.sources for number in range(len(source.lines))]
    rows = {(source.file, source.first + number): row for row, (source, number) in enumerate(text)}
    functions: dict[int, str] = {}

    def row(line: Line | None) -> int:
        found = -1 if line is None else rows.get(line[:2], -1)
        if found >= 0 and line.function:
            functions[found] = line.function
        return found

    def lane(task: int) -> dict[str, Any]:
        earlier, you = before.get(task), task < 0
        letter, color = marks.get(task, (YOU, INK))
        short = brief.get(task, "")
        known = {
            "block": you or None,
            "letter": letter,
            "short": "" if short == letter else one_line(short, LONGEST_NAME),
            "color": color,
            "row": task + block,
            "created": 0 if you else _rounded(records.created[task]),
            "finished": None if you else _rounded(records.finished[task]),
            "taken": None if you else _taken(shown, task, records.received[task], yours),
            "outcome": OUTCOMES[(RESULT if records.over else STILL_RUNNING) if you else records.outcomes[task]],
            "before": earlier and [row(earlier.stop.own), row(earlier.stop.inner), _ends(records, earlier)],
        }
        name = YOU if you else one_line(records.names[task], LONGEST_NAME)
        return {"name": name, **{key: value for key, value in known.items() if value not in (None, "")}}

    others = [task for task in tasks if task != steps.you]
    names = tuple(records.names[task] for task in others)
    brief = dict(zip(others, shortened(names), strict=True)) if len(names) <= HIGHEST else {}
    letters = letters_of(names)
    yours = {-1, steps.you}
    marks = {task: (letters[i], COLORS[i % len(COLORS)]) for i, task in enumerate(others)}
    notes = [records.missed] if records.missed else []
    if not block and steps.you is None:
        notes.append(NO_BLOCK)
    if not whole or len(tasks) < len(records):
        notes.append(
            f"Shown are {len(shown):,} of {len(every):,} turns and {len(tasks):,} of {len(records):,} tasks, "
            f"from {shown[0].begin if shown else start:.{PLACES}f} s on."
        )
    top, height = layout.rows[0]
    lanes = [lane(task) for task in lane_of]
    known = {NEXT: NEXT} | lane_of
    moves = [
        [
            lane_of[turn.task],
            _rounded(turn.begin),
            _rounded(turn.end),
            *(row(line) for line in (turn.came.own, turn.came.inner, turn.stop.own, turn.stop.inner)),
            int(_ends(records, turn)),
            [known[task] for task in steps.awaited.get(turn.order, ()) if task in known and turn.task in yours],
        ]
        for turn in shown
    ]
    return {
        "title": one_line(title, LONGEST_TITLE),
        "ended": records.ended,
        "places": decimals_for(max([records.ended, *(turn.end for turn in every)])),
        "lanes": lanes,
        "turns": moves,
        "sources": [{"name": source.name, "first": source.first, "lines": source.lines} for source in steps.sources],
        "gutter": _gutter(lanes, moves),
        "digits": max((len(str(source.first + len(source.lines))) for source in steps.sources), default=1),
        "names": functions,
        "ambiguous": len({number for _, number in rows}) < len(rows),
        "printed": _printed(every, shown, steps.printed),
        "notes": notes,
        "picture": {
            **{"width": layout.width, "height": layout.height, "left": layout.left, "scale": layout.scale},
            **{"top": top, "high": height * (len(records) + block), "row": height if height >= LEAST_ROW else 0},
        },
    }


def _gutter(lanes: Sequence[dict[str, Any]], moves: Sequence[list[Any]]) -> int:
    """Return how wide the markers are that stand at one line at a time, in pixels, where they are widest.

    Args:
        lanes: who has markers.
        moves: the turns, each with the numbers of its lane and of the lines where that comes from and stops.
    """
    room = [round(16 + 7.5 * len(lane["letter"])) for lane in lanes]
    guests: dict[int, set[int]] = {}
    places: list[set[int]] = [set() for _ in lanes]
    widest = 0

    def move(lane: int, *rows: int) -> None:
        nonlocal widest
        for row in places[lane]:
            guests[row].discard(lane)
        places[lane] = {*rows} - {-1}
        for row in places[lane]:
            guests.setdefault(row, set()).add(lane)
            more = len(guests[row]) - MOST_MARKS
            shown = nlargest(MOST_MARKS - (more > 0), map(room.__getitem__, guests[row]))
            widest = max(widest, sum(shown) + (5 + 8 * len(f"+{more + 1}") if more > 0 else 0))

    for index, lane in enumerate(lanes):
        own, inner, ended = lane.get("before", (-1, -1, True))
        move(index, *(() if ended else (own, inner)))
    for lane, _, _, came_own, came, stop_own, stop, ends, _ in moves:
        move(lane, came_own, came)
        move(lane, *(() if ends else (stop_own, stop)))
    return widest + 6


def _ends(records: Records, turn: Turn) -> bool:
    """Tell whether a task ends with a turn."""
    return turn.last and (records.over if turn.task < 0 else records.outcomes[turn.task] != STILL_RUNNING)


def _taken(shown: Sequence[Turn], task: int, received: float, yours: set[int]) -> int | None:
    """Return the position of the turn in which a task's outcome is taken, if it is: where several fit, one of yours."""
    if isnan(received):
        return None
    after = max((place for place, turn in enumerate(shown) if turn.task == task), default=-1) + 1
    possible = [place for place in range(after, len(shown)) if shown[place].end >= received]
    meant = (place for place in possible if shown[place].begin <= received and shown[place].task in yours)
    return next(meant, possible[0] if possible else len(shown))


def _window(every: Sequence[Turn], start: float) -> tuple[dict[int, Turn], list[Turn]]:
    """Return of the tasks the last turn before a moment, and the turns from then on that fit a page."""
    first = bisect_left(every, start, key=lambda turn: turn.begin) if len(every) > MOST_TURNS else 0
    tasks: set[int] = set()
    shown = []
    for turn in every[first:]:
        if turn.task in tasks or len(tasks) < MOST_LANES:
            tasks.add(turn.task)
            shown.append(turn)
            if len(shown) == MOST_TURNS:
                break
    return {turn.task: turn for turn in every[:first]}, shown


def _printed(
    every: Sequence[Turn], shown: Sequence[Turn], printed: Sequence[tuple[int, float, str]]
) -> list[list[Any]]:
    """Return what was printed, each piece with the position of the turn that it is shown with; -1 if before all."""
    found: list[list[Any]] = []
    room = MOST_PRINTED
    orders = [turn.order for turn in shown]
    for number, _, text in printed:
        at = bisect_right(orders, every[number].order) - 1 if 0 <= number < len(every) else -1
        if found and found[-1][0] == at:
            found[-1][1] += text[:room]
        elif room:
            found.append([at, text[:room]])
        if room and room < len(text):
            found.append([at, "\n…"])
        room = max(room - len(text), 0)
    return found


def letters_of(names: Sequence[str]) -> list[str]:
    """Return a short name for each task: its own if all have one, else letters from A on."""
    short = shortened(tuple(names)) if len(names) <= HIGHEST else ()
    if short and len(set(short)) == len(short) and all(0 < len(name) <= 2 and name.isalnum() for name in short):
        return list(short)
    return [letter(index) for index in range(len(names))]


def letter(index: int) -> str:
    """Return the letter for a task: A to Z, then AA, AB and so on."""
    rest, last = divmod(index, 26)
    return (letter(rest - 1) if rest else "") + chr(ord("A") + last)


def _rounded(time: float) -> float | None:
    """Return a time so that the page can compare it with others: a slow clock tells the same time several times."""
    return None if isnan(time) else round(time, 7)
