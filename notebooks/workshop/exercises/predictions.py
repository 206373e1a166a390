"""Predictions: the reader's guess before a demo, held after it against what the reader's own run did.

The questions and their choices stand in the notebooks; here stands what is answered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .say import say, shown

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


def predict(number: str, answer: str) -> None:
    """Keep the reader's guess until `compare`; prints one message.

    Args:
        number: the prediction's number, such as ``"1.1"``.
        answer: a letter; an empty text or a question mark for no guess.
    """
    known = _known(number)
    if known is None:
        return
    _kept.pop(number, None)
    letters = _choices(known)
    if not isinstance(answer, str):
        say(f"{number}: the answer is a letter in quotes, {letters}, as in predict({number!r}, 'a').")
        return
    letter = answer.strip().lower()
    if letter in ("", "?"):
        say(f"{number}: no answer yet. Write {letters} between the quotes and run this cell again, or just read on.")
    elif letter not in known.answers:
        say(f"{number}: {shown(answer)} is none of the answers. Write {letters} between the quotes.")
    else:
        _kept[number] = letter
        say(f"{number}: your answer is {letter}. Now run on and see.")


def compare(number: str, *observed: Any) -> None:
    """Tell what the reader's run did, which answer that is, and what is to be said of the reader's guess.

    Args:
        number: the prediction's number, such as ``"1.1"``.
        observed: what the run did; which values, the prediction says.
    """
    known = _known(number)
    if known is None:
        return
    try:
        fits, did = known.verdict(*observed)
    except Exception:
        say(f"{number}: compare could not use what it was given. It expects {known.observes}.")
        return
    guess = _kept.get(number)
    if fits is None:
        say(f"{number}: {did}. That fits none of the answers: has the code been changed? Run it as it was, to see.")
    elif fits != known.usual:
        say(f"{number}: {did}. That is answer {fits}. The lesson's own code leads to answer {known.usual}:")
        say(known.answers[known.usual])
    else:
        say(f"{number}: {did}. That is answer {fits}" + (", as you said." if guess == fits else "."))
        if guess not in (None, fits):
            say(f"You said {guess}. {known.answers[guess]}")
        else:
            say(known.answers[fits])


def _known(number: Any) -> Prediction | None:
    if isinstance(number, str) and number in PREDICTIONS:
        return PREDICTIONS[number]
    say(f"{number}: there is no prediction of this number. Expected one of {', '.join(PREDICTIONS)}, in quotes.")
    return None


def _choices(known: Prediction) -> str:
    *most, last = known.answers
    return f"{', '.join(most)} or {last}"
