"""What a timeline says in words: the table, and the description of its picture. Standard library only."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from math import isnan

from ..records import CANCELLED, EXCEPTION, OUTCOMES, RESULT, STILL_RUNNING, Records

NO_TASK = "No task was started in this block."
WHY_NO_TASK = "What you await directly runs in the task around it, and run_in_executor makes a future, not a task."
NOT_OVER = "The block has not ended."
HEADINGS = ("name", "created", "started", "finished", "received", "outcome")
RUNNING = "running"
"""Heading of the column before the last, in the tables of timelines that know when their tasks ran."""
LONGEST_NAME = 32
LONGEST_DESCRIPTION = 400
MOST_ROWS = 40
MOST_IN_SENTENCE = 5
MOST_DESCRIBED = 6
SAME_TIME = 0.01
"""Two moments closer than this share of the whole timeline look the same in a picture."""
ROUNDING = 1e-6
"""Seconds by which moments that are equal may differ after they were added and subtracted."""


def one_line(text: str, longest: int) -> str:
    """Return a text that takes one line of at most `longest` characters.

    Line ends and other unprintable characters are escaped as `repr` does; what is cut off is replaced by "…".

    Args:
        text: any text, such as a name that a reader chose.
        longest: the most characters to return.
    """
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def table(records: Records, deadline: float | None = None) -> str:
    """Return the records as a table, with lines in words for the tasks unfinished at the deadline and at the end.

    Times are seconds since the timeline began; "-" stands for what did not happen. If it was noted when the tasks ran,
    a column more says for how many seconds each did. Of more than 40 tasks the first 20 and the last 20 are shown.

    Args:
        records: the records of one timeline.
        deadline: a moment, in seconds since the timeline began, or None.
    """
    if not records:
        return "\n".join(_nothing(records))
    decimals = decimals_for(_span(records))
    headings = HEADINGS if records.steps is None else (*HEADINGS[:-1], RUNNING, HEADINGS[-1])
    rows = [headings, *(_row(records, index, decimals) for index in rows_of(len(records)))]
    lines = in_columns(rows, len(records), as_text=(0, len(headings) - 1))
    if deadline is not None:
        lines.append(_at_deadline(records, deadline, LONGEST_NAME, MOST_IN_SENTENCE))
    running = records.outcomes.count(STILL_RUNNING)
    if running:
        first = islice(_with_outcome(records, STILL_RUNNING), MOST_IN_SENTENCE)
        names = _listed([one_line(records.names[index], LONGEST_NAME) for index in first], running)
        lines.append(f"Still running when the block ended: {names}." if records.over else f"Still running: {names}.")
    if not records.over:
        lines.append(NOT_OVER)
    if records.missed:
        lines.append(records.missed)
    return "\n".join(lines)


def rows_of(count: int) -> list[int]:
    """Return which of so many rows a table shows: all, or of more than 40 the first 20 and the last 20."""
    rows = range(count)
    return [*rows] if count <= MOST_ROWS else [*rows[: MOST_ROWS // 2], *rows[-MOST_ROWS // 2 :]]


def in_columns(rows: Sequence[Sequence[str]], count: int, as_text: Sequence[int]) -> list[str]:
    """Return the lines of a table.

    Args:
        rows: the headings, and those rows that `rows_of` has chosen.
        count: of how many rows these are. That some are left out is said between them.
        as_text: the columns that begin at the left; the others hold numbers, and end at the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = [str.ljust if column in as_text else str.rjust for column in range(len(widths))]
    lines = ["  ".join(side(cell, width) for side, cell, width in zip(sides, row, widths, strict=True)) for row in rows]
    if count > MOST_ROWS:
        lines.insert(1 + MOST_ROWS // 2, f"… {count - MOST_ROWS} more …")
    return [line.rstrip() for line in lines]


def describe(title: str, records: Records, deadline: float | None = None) -> str:
    """Return the alt text of a timeline's picture: what a sighted reader sees in it, in at most 400 characters.

    Args:
        title: the picture's title, or "".
        records: the records of one timeline.
        deadline: a moment that the picture shows, in seconds since the timeline began, or None.
    """
    heading = one_line(title, 60) + ": " if title else ""
    if not records:
        return heading + " ".join(_nothing(records))
    for longest_name in (LONGEST_NAME, LONGEST_NAME // 2):
        words = heading + " ".join(_sentences(records, deadline, longest_name))
        if len(words) <= LONGEST_DESCRIPTION:
            return words
    return one_line(words, LONGEST_DESCRIPTION)


def _nothing(records: Records) -> Iterator[str]:
    """Yield the sentences of a timeline without tasks, which may have missed some."""
    yield NO_TASK if not records.missed else "No task was seen in this block."
    if not records.over:
        yield NOT_OVER
    yield records.missed or WHY_NO_TASK


def _span(records: Records) -> float:
    """Return the last moment of the timeline, in seconds since it began."""
    moments = chain((records.ended,), records.finished, records.received)
    return max(time for time in moments if not isnan(time))


def decimals_for(span: float) -> int:
    """Return how many decimals tell moments of a timeline apart that lasted `span` seconds."""
    return 2 if span >= 1 else 3 if span >= 0.1 else 4


def _row(records: Records, index: int, decimals: int) -> tuple[str, ...]:
    columns = (records.created, records.started, records.finished, records.received)
    times = ["-" if isnan(column[index]) else f"{column[index]:.{decimals}f}" for column in columns]
    if records.steps is not None:
        times.append("-" if isnan(records.started[index]) else f"{records.steps.seconds(index):.{decimals}f}")
    return one_line(records.names[index], LONGEST_NAME), *times, OUTCOMES[records.outcomes[index]]


def _with_outcome(records: Records, outcome: int) -> Iterator[int]:
    return (index for index, found in enumerate(records.outcomes) if found == outcome)


def _listed(names: list[str], total: int) -> str:
    """Return some of `total` names as an enumeration that says how many more there are."""
    more = total - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _at_deadline(records: Records, deadline: float, longest_name: int, most: int) -> str:
    """Return a sentence that says which tasks were unfinished at the deadline, and names so many of them at most.

    A task that finishes at that very moment was unfinished: so it is for one that the deadline cancels.
    """
    moment = deadline - ROUNDING
    if records.ended < moment and not records.over:
        return f"The deadline, {deadline:g} s, is still to come."
    if records.ended < moment:
        return f"The block ended before the deadline, {deadline:g} s."
    unfinished = [
        index
        for index, (created, finished) in enumerate(zip(records.created, records.finished, strict=True))
        if created < moment and not finished < moment
    ]
    if not unfinished:
        return f"Unfinished at the deadline, {deadline:g} s: none."
    names = [one_line(records.names[index], longest_name) for index in unfinished[:most]]
    words = _listed(names, len(unfinished)) if names else f"{len(unfinished)} of {len(records)} tasks"
    return f"Unfinished at the deadline, {deadline:g} s: {words}."


def _sentences(records: Records, deadline: float | None, longest_name: int) -> Iterator[str]:
    span = _span(records)
    decimals = decimals_for(span)

    def moments(column: list[tuple[float, int]], with_outcome: bool = False) -> str:
        return ", ".join(
            f"{one_line(records.names[index], longest_name)} at {time:.{decimals}f} s"
            + (f" ({OUTCOMES[records.outcomes[index]]})" if with_outcome and records.outcomes[index] != RESULT else "")
            for time, index in column
        )

    count = len(records)
    yield f"{count} task{'s' * (count > 1)} over {span:.{decimals}f} seconds."
    if deadline is not None:
        yield _at_deadline(records, deadline, longest_name, MOST_DESCRIBED if count <= MOST_DESCRIBED else 0)
    if records.steps is not None and records.steps.begins:
        index, seconds = records.steps.longest()
        if seconds > SAME_TIME * span:
            yield f"Longest step: {one_line(records.names[index], longest_name)} for {seconds:.{decimals}f} s."
        else:
            yield "Every step is short."

    finished = sorted((time, index) for index, time in enumerate(records.finished) if not isnan(time))
    parts = []
    if not finished:
        parts.append("Finished: none")
    elif len(finished) <= MOST_DESCRIBED:
        parts.append(f"Finished: {moments(finished, with_outcome=True)}")
    else:
        parts.append(f"Finished: the first {moments(finished[:1])}, the last {moments(finished[-1:])}")
        if failed := records.outcomes.count(EXCEPTION):
            parts.append(f"{failed} with an exception")
        if cancelled := records.outcomes.count(CANCELLED):
            parts.append(f"{cancelled} cancelled")
    if running := records.outcomes.count(STILL_RUNNING):
        still_running = "still running when the block ended" if records.over else "still running"
        if count <= MOST_DESCRIBED:
            names = [one_line(records.names[index], longest_name) for index in _with_outcome(records, STILL_RUNNING)]
            parts.append(f"{still_running}: {_listed(names, running)}")
        else:
            parts.append(f"{running} {still_running}")
    yield "; ".join(parts) + "."
    if not records.over:
        yield NOT_OVER
    if records.missed:
        yield records.missed

    received = sorted((time, index) for index, time in enumerate(records.received) if not isnan(time))
    if not received:
        if finished:
            yield "Received: none."
        return
    some = f"{len(received)} of {len(finished)}, " if len(received) < len(finished) else ""
    first, last = received[0][0], received[-1][0]
    if all(time - records.finished[index] <= SAME_TIME * span for time, index in received):
        yield f"Received: {some}{'each as soon as' if len(received) > 1 else 'as soon as'} it finished."
    elif len(received) > 1 and last - first <= SAME_TIME * span:
        yield f"Received: {some}all at once at {last:.{decimals}f} s."
    elif len(received) <= MOST_DESCRIBED:
        yield f"Received: {moments(received)}."
    else:
        yield f"Received: {some}between {first:.{decimals}f} and {last:.{decimals}f} s."
