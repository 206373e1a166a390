"""Who had the next turn: for predictions that ask which line runs next, read from what a timeline recorded."""

from collections.abc import Sequence
from typing import NamedTuple

from workshop.timeline.records import STILL_RUNNING, Line, Records
from workshop.timeline.views.replay import YOU, Turn, turns


class NextTurn(NamedTuple):
    """What followed when the first task of a run had ended.

    Attributes:
        ended: the name of that task.
        name: the name of the task that had the next turn; "you" for the code of the block itself, "" for nobody.
        first: whether that was its first turn.
        line: the text of the line at which it went on; "" if that is not known.
    """

    ended: str
    name: str
    first: bool
    line: str

    @property
    def told(self) -> str:
        """Who went on, and where, in words."""
        if self.name in ("", YOU):
            return "your own code went on" if self.name else "nobody had another turn"
        return f"{self.name} {'began' if self.first else 'went on'}" + (f" at `{self.line}`" if self.line else "")


def after_first_end(records: Records) -> NextTurn:
    """Return who had the next turn when the first task had ended.

    Before Python 3.12 the turns of the block itself are not recorded. But when a new task runs next, somebody has made
    it, and nobody else had a turn.

    Args:
        records: those of a timeline with steps, in which a task has ended.

    Raises:
        ValueError: if the timeline was not asked to note steps, or no task has ended in it.
    """
    every = turns(records)
    ends = [turn.task >= 0 and turn.last and records.outcomes[turn.task] != STILL_RUNNING for turn in every]
    if True not in ends:
        raise ValueError("no task has ended in this timeline")
    place = ends.index(True)
    ended, rest = every[place].task, every[place + 1 :]
    if not rest:
        return NextTurn(records.names[ended], "", False, "")
    turn = rest[0]
    made_since = turn.first and records.created[turn.task] >= records.finished[ended] > records.created[ended]
    if turn.task < 0 or made_since:
        return NextTurn(records.names[ended], YOU, False, "")
    return NextTurn(records.names[ended], records.names[turn.task], turn.first, _text(records, turn.came.inner))


def _text(records: Records, line: Line | None) -> str:
    """Return the text of a line, without the spaces around it."""
    for source in records.steps.sources if line else ():
        if source.file == line.file and 0 <= line.number - source.first < len(source.lines):
            return source.lines[line.number - source.first].strip()
    return ""


def quoted(records: Records, line: Line | None) -> str:
    """Return the text of a line as it is quoted in a sentence, between backticks."""
    return f"`{_text(records, line)}`" if _text(records, line) else "a line that is not known"


def last_turn(every: Sequence[Turn], task: int) -> int:
    """Return the position of a task's last turn.

    Args:
        every: the turns of a timeline, in their order.
        task: the task's index.

    Raises:
        ValueError: if the task had no turn.
    """
    return max(number for number, turn in enumerate(every) if turn.task == task)
