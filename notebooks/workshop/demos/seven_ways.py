"""The picture of chapter 04: the same task in several ways to stop waiting for it, and which of them stop it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workshop.timeline import Timeline
from workshop.timeline.records import CANCELLED, OUTCOMES, Records
from workshop.timeline.views import svg
from workshop.timeline.views.bundle import picture_with_words
from workshop.timeline.views.text import in_columns


class Ways:
    """One task in several ways; made by `draw_ways`.

    Args:
        timeline: what was recorded.
        raised: what the code that waited got, by the name of the way.
        needs: how many seconds the task takes if nobody stops it.
    """

    def __init__(self, timeline: Timeline, raised: Mapping[str, str], needs: float) -> None:
        self.title, self.deadline, tasks = timeline.title, timeline.deadline, timeline.tasks
        # who met a task's CancelledError is another story
        rows = [replace(task, received=None) for task in tasks if task.name in raised]
        self.records = Records.of(rows, tasks.ended)
        self.raised = [raised[name] for name in self.records.names]
        self.expected = {
            way: self.records.created[way] + needs
            for way, outcome in enumerate(self.records.outcomes)
            if outcome == CANCELLED
        }

    def __str__(self) -> str:
        outcomes = [OUTCOMES[outcome] for outcome in self.records.outcomes]
        rows = [("way", "you get", "the task"), *zip(self.records.names, self.raised, outcomes, strict=True)]
        return "\n".join([self.title, *in_columns(rows, len(outcomes), as_text=(0, 1, 2))])

    def __repr__(self) -> str:
        return f"<{len(self.records)} ways>"

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, str], dict[str, Any]]:
        notes = {way: f"you get {raised}" for way, raised in enumerate(self.raised)}
        panel = svg.Panel(self.title, self.records, self.deadline, expected=self.expected, notes=notes)
        ways = zip(self.records.names, self.records.outcomes, strict=True)
        alt = f"{self.title}: a bar for each way. " + ", ".join(f"{name} {OUTCOMES[outcome]}" for name, outcome in ways)
        return picture_with_words(svg.picture([panel]), f"{alt}.", str(self))


def draw_ways(timeline: Timeline, raised: Mapping[str, str], needs: float) -> Ways:
    """Show what became of a task in each of several ways that were tried at the same time, and what their code got.

    Args:
        timeline: the recorded trials. The task of each way bears the way's name, all others are left out.
        raised: what the code that waited got, in a word or two, by the name of the way.
        needs: how many seconds the task takes if nobody stops it.

    Returns:
        An object that shows itself as the last line of a cell, or by ``print`` as a table.

    Raises:
        ValueError: if the timeline has not exactly one task for each way.
    """
    found = sorted(task.name for task in timeline.tasks if task.name in raised)
    if found != sorted(raised):
        raise ValueError(f"the timeline should have one task for each of {sorted(raised)}, and has {found}")
    return Ways(timeline, raised, needs)
