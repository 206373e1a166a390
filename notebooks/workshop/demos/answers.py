"""The picture of chapter 12: when the words of a model's answers came, as the demo API's own log tells it."""

from collections.abc import Sequence
from typing import Any

from workshop.timeline.records import Records, TaskRecord
from workshop.timeline.views import svg
from workshop.timeline.views.bundle import picture_with_words
from workshop.timeline.views.styles import PAUSED, RECEIVED, RUNNING
from workshop.timeline.views.text import MOST_DESCRIBED, in_columns, rows_of

WORDS = {
    PAUSED.words: "no word yet",
    RUNNING.words: "words arrive",
    RECEIVED.words: "whole",
    svg.FIRST: "first answer whole after",
    svg.NONE: "no answer whole",
}
"""The words of a timeline's picture, and what is said of answers."""


class Answers:
    """The picture of some answers; made by `draw_answers`.

    Args:
        title: what stands above it.
        names: what each answer is called.
        calls: what the models did, in the log's own words.
    """

    def __init__(self, title: str, names: Sequence[str], calls: Sequence[Any]) -> None:
        self.title, self.names, self.calls = title, names, calls
        self._began = min(call.asked for call in calls)

    def __str__(self) -> str:
        rows = [("answer", "asked", "first word", "last word", "words", "credits")]
        for row in rows_of(len(self.calls)):
            call = self.calls[row]
            moments = (f"{moment:.2f} s" for moment in self._moments(call))
            rows.append((self.names[row], *moments, str(call.answer_tokens), str(call.price)))
        return "\n".join([self.title, *in_columns(rows, len(self.calls), as_text=(0,))])

    def __repr__(self) -> str:
        return f"<answers: {', '.join(self.names)}>"

    @property
    def alt(self) -> str:
        """What the picture shows, in words."""
        told = []
        for name, call in list(zip(self.names, self.calls, strict=True))[:MOST_DESCRIBED]:
            asked, first, last = self._moments(call)
            ending = f"the last after {last - asked:.2f} s" if call.finish else "broken off"
            told.append(f"{name}: first word after {first - asked:.2f} s, {ending}")
        if more := len(self.calls) - len(told):
            told.append(f"and {more} more")
        return f"{self.title}. A bar for each answer, pale until its first word. {'; '.join(told)}."

    def svg(self) -> str:
        """Draw the picture."""
        records = [self._record(*named) for named in zip(self.names, self.calls, strict=True)]
        ended = max(record.finished for record in records)
        return svg.picture([svg.Panel(self.title, Records.of(records, ended))], WORDS)

    def _record(self, name: str, call: Any) -> TaskRecord:
        """Return an answer as a task whose one step is the time from its first word to its last."""
        asked, first, last = self._moments(call)
        whole, outcome = (last, "result") if call.finish else (None, "cancelled")
        return TaskRecord(name, asked, asked, last, whole, outcome, ((first, last),))

    def _moments(self, call: Any) -> tuple[float, float, float]:
        return tuple(moment - self._began for moment in (call.asked, call.first_word, call.last_word))

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, str], dict[str, Any]]:
        return picture_with_words(self.svg(), self.alt, str(self))


def draw_answers(title: str, calls: Sequence[Any]) -> Answers:
    """Show when the first word of each answer came, and when the last.

    An answer is called by what tells it from the others: its model, or else its prompt.

    Args:
        title: what stands above the picture.
        calls: the log of the models, ``api.models.calls``, or some of it.

    Returns:
        An object that shows itself as the last line of a cell; ``print`` gives the words.

    Raises:
        ValueError: if there is no call, or one of which no word has come.
    """
    if not calls or any(call.first_word is None for call in calls):
        raise ValueError("there is nothing to draw yet: expected some calls, with a word of each at least")
    models = [call.model for call in calls]
    names = models if len(set(models)) == len(models) else [call.prompt for call in calls]
    return Answers(title, names, list(calls))
