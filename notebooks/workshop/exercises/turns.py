"""What a recorded run answers to the question which line runs next. Standard library only."""

from workshop.timeline.records import Line, Records
from workshop.timeline.views.replay import Turn, turns


def last_turn(records: Records, task: int) -> int:
    """Return the position of a task's last turn among all turns, in their order.

    Args:
        records: those of a timeline that was recorded with ``steps=True``.
        task: the task's index.

    Raises:
        ValueError: if the task had no turn, or steps were not recorded.
    """
    return max(number for number, turn in enumerate(turns(records)) if turn.task == task)


def turn_after(records: Records, task: int) -> Turn:
    """Return the turn that came after a task's last one, whoever had it; the arguments are those of `last_turn`.

    Raises:
        IndexError: if there was none.
        ValueError: as in `last_turn`.
    """
    return turns(records)[last_turn(records, task) + 1]


def quoted(records: Records, line: Line | None) -> str:
    """Return the text of a line as it is quoted in a sentence, between backticks."""
    for source in records.steps.sources:
        if line and source.file == line.file and 0 <= line.number - source.first < len(source.lines):
            return f"`{source.lines[line.number - source.first].strip()}`"
    return "a line that is not known"
