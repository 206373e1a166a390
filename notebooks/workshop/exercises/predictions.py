"""Predictions: the reader's guess before a demo, held after it against what the reader's own run did.

The questions and their choices stand in the notebooks; here stands what is answered.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workshop.timeline.views.live import Display

from . import kept
from .say import card, paragraph, shown, tell

Verdict = tuple[str | None, str]
"""The answer that a run fits, None if it fits none of them, and what the run did, in words without a full stop."""

Verdicts = Callable[..., Verdict]
"""Tells from what a run did, as `compare` is handed it, which answer it fits."""


@dataclass(frozen=True)
class Prediction:
    """What is answered to each guess.

    Attributes:
        answers: for each letter the feedback to that answer: why it is right, or the idea it misses.
        usual: the letter that the lesson's unchanged code leads to; says nothing about the reader's run.
        observes: what `compare` is handed, in words, for its error messages.
        verdict: tells from what the run did which answer it fits.
    """

    answers: dict[str, str]
    usual: str
    observes: str
    verdict: Verdicts


PREDICTIONS: dict[str, Prediction] = {}
"""All predictions, by number; each chapter's module adds its own."""

_kept: dict[str, str] = {}
_shown: dict[str, Any] = {}
"""The buttons of each prediction that were shown last."""


def prediction(number: str, *, usual: str, observes: str, **answers: str) -> Callable[[Verdicts], Verdicts]:
    """Register a prediction, whose verdict on a run the decorated function gives.

    Args:
        number: its number, such as ``"1.2"``.
        usual: the letter that the lesson's unchanged code leads to.
        observes: what `compare` is handed, in words.
        answers: for each letter the feedback to that answer.
    """

    def register(verdict: Verdicts) -> Verdicts:
        PREDICTIONS[number] = Prediction(answers, usual, observes, verdict)
        return verdict

    return register


def predict(number: str, answer: str | None = None) -> None:
    """Ask for the reader's guess, and keep it until `compare`.

    Without an answer it shows a button for each, or says how to answer where there are none. What was chosen before
    stays chosen.

    Args:
        number: the prediction's number, such as ``"1.1"``.
        answer: a letter; an empty text or a question mark to take back what was chosen.
    """
    known = _known(number)
    if known is None:
        return
    letters = _choices(known)
    if answer is None:
        if not _show_buttons(number, known):
            tell(*_answer(number, known))
        return
    _kept.pop(number, None)
    title = f"Prediction {number}"
    if not isinstance(answer, str):
        text = f"The answer is a letter in quotes, {letters}, as in `predict({number!r}, 'a')`."
        tell("not yet", title, [text], [f"{number}: {text}"])
        return
    letter = answer.strip().lower()
    if letter in known.answers:
        _kept[number] = letter
    elif letter not in ("", "?"):
        text = f"{shown(answer)} is none of the answers. Write {letters} between the quotes."
        tell("not yet", title, [text], [f"{number}: {text}"])
        return
    tell(*_answer(number, known))


def _answer(number: str, known: Prediction) -> tuple[str, str, list[str], list[str]]:
    """Return what is said to the answer that is kept, or that there is none: the arguments of `tell`."""
    if letter := _kept.get(number):
        title, text = f"your answer is {letter}", "Now run on and see."
    else:
        title = "no answer yet"
        first = next(iter(known.answers))
        text = (
            f"Write {_choices(known)} into the cell, as in `predict({number!r}, {first!r})`, and run it again, or just "
            "read on."
        )
    return "neutral", f"Prediction {number}: {title}", [text], [f"{number}: {title}. {text}"]


def choices_here() -> Any:
    """Return the class `Choices` of the buttons, or None where there can't be any."""
    if not Display().live:
        return None
    try:
        from .choices import Choices
    except ModuleNotFoundError:  # ipywidgets is not installed
        return None
    return Choices


def _show_buttons(number: str, known: Prediction) -> bool:
    """Show the buttons of a prediction, and return whether there can be any."""
    if (choices := choices_here()) is None:
        return False

    def said() -> str:
        if number in _kept:
            return card(*_answer(number, known)[:3])
        return card("neutral", f"Prediction {number}: no answer yet", ["Press a button, or just read on."])

    if number in _shown:
        _shown[number].close()
    words = paragraph(_answer(number, known)[3][0])
    _shown[number] = choices(
        list(known.answers), _kept.get(number), lambda letter: _kept.__setitem__(number, letter), said, words
    )
    sys.modules["IPython"].display.display(_shown[number])
    return True


def compare(number: str, *observed: Any) -> None:
    """Tell what the reader's run did, which answer that is, and what is to be said of the reader's guess.

    Args:
        number: the prediction's number, such as ``"1.1"``.
        observed: what the run did; which values, the prediction says.
    """
    known = _known(number)
    if known is None:
        return
    title = f"Prediction {number}: "
    try:
        fits, did = known.verdict(*observed)
    except Exception:
        text = f"compare could not use what it was given. It expects {known.observes}."
        tell("not yet", f"{title}nothing to compare", [f"`compare`{text[7:]}"], [f"{number}: {text}"])
        return
    guess = _kept.get(number)
    if fits is None:
        why = "That fits none of the answers: has the code been changed? Run it as it was, to see."
        tell("not yet", f"{title}none of the answers", [_sentence(did), why], [f"{number}: {did}. {why}"])
        return
    idea, ending, remark, quoted = known.answers[known.usual], ".", "", ""
    if fits != known.usual:
        kind, title = "otherwise", f"{title}your run says {fits}"
        remark = f" The lesson's own code leads to answer {known.usual}:"
    elif guess is None:
        kind, title = "neutral", f"{title}your run says {fits}, and you had chosen no answer"
        ending = ", and you had chosen none."
    elif guess == fits:
        kind, title = "right", f"{title}you said {fits}, and so says your run"
        ending = ", as you said."
    else:
        kind, title = "otherwise", f"{title}you said {guess}, and your run says {fits}"
        idea, quoted = known.answers[guess], f"You said {guess}. "
    words = f"{number}: {did}. That is answer {fits}{ending}{remark}"
    tell(kind, title, [f"{_sentence(did)}{remark}", idea], [words, quoted + idea])
    if guess is not None and fits == known.usual:  # of changed code, nobody had asked
        kept.note(f"prediction {number}", guess == fits)


def _sentence(did: str) -> str:
    """Return what a run did as a sentence; a name of code at its begin stays as it is."""
    first = did.partition(" ")[0]
    return f"{did[0].upper() if first.isalpha() else did[0]}{did[1:]}."


def _known(number: Any) -> Prediction | None:
    if isinstance(number, str) and number in PREDICTIONS:
        return PREDICTIONS[number]
    text = f"There is no prediction of this number. Expected one of {', '.join(PREDICTIONS)}, in quotes."
    tell("not yet", f"Prediction {shown(number)}", [text], [f"{number}: {text}"])
    return None


def _choices(known: Prediction) -> str:
    *most, last = known.answers
    return f"{', '.join(most)} or {last}"
