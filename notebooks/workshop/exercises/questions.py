"""Questions on the chapter before, with which a chapter begins: `recall`.

They are not the predictions once more, whose letter one remembers and whose code stands in another notebook. Each takes
the idea of one into another case, which fits into two lines, and is answered without a run.
"""

import sys
from dataclasses import dataclass
from typing import Any

from . import kept
from .places import places
from .predictions import choices_here
from .say import Link, formats, shown, tell

AT_A_TIME = 2
"""Questions that a chapter begins with."""


@dataclass(frozen=True)
class Question:
    """A question.

    Attributes:
        about: what has the same idea, such as ``"prediction 1.1"`` or ``"exercise 1.1"``.
        asks: the question.
        choices: for each letter the answer.
        right: the letter of the right one.
        why: what is said to each answer.
    """

    about: str
    asks: str
    choices: dict[str, str]
    right: str
    why: str


QUESTIONS: dict[str, Question] = {}
"""All questions, by number; each chapter's module adds its own. A chapter's first ones are asked of a fresh reader."""

_asked: dict[str, list[str]] = {}
"""The questions that were chosen for each chapter: in one kernel they stay the same."""


def question(number: str, *, about: str, asks: str, right: str, why: str, **choices: str) -> None:
    """Register a question.

    Args:
        number: its chapter and a letter, such as ``"1A"``.
        about: what has the same idea, such as ``"prediction 1.1"`` or ``"exercise 1.1"``.
        asks: the question.
        right: the letter of the right answer.
        why: why it is right.
        choices: for each letter the answer.
    """
    QUESTIONS[number] = Question(about, asks, choices, right, why)


def recall(what: str, answer: str | None = None) -> None:
    """Ask two questions on a chapter, or answer one.

    Asked is first what was answered wrong, here or as a prediction or an exercise of that chapter, and then what was
    not asked yet. Below each question there is a button for each answer; where there are no buttons, it says how to
    answer.

    Args:
        what: the chapter's number, such as ``"01"``, or that of a question, such as ``"1A"``.
        answer: a letter, for a question that is answered without buttons.
    """
    numbers = [what] if isinstance(what, str) and what in QUESTIONS else _chosen(what)
    if not numbers:
        chapters = ", ".join(dict.fromkeys(map(_chapter, QUESTIONS)))
        text = f"There are no questions on {shown(what)}. Expected one of the chapters {chapters}, in quotes."
        tell("not yet", "Nothing to recall", [text], [text])
    elif answer is None:
        _ask(numbers)
    elif len(numbers) > 1:
        text = f"Say to which question, as in `recall({numbers[0]!r}, 'a')`."
        tell("not yet", "An answer to which question?", [text], [text])
    else:
        _answer(numbers[0], answer)


def _chapter(number: str) -> str:
    return number[:-1].zfill(2)


def _chosen(chapter: Any) -> list[str]:
    """Return the questions for a chapter: what was wrong before what was not asked, and that before what was right."""
    if not isinstance(chapter, str):
        return []
    if chapter not in _asked:
        states = kept.states()

        def turn(number: str) -> int:
            if own := states.get(f"question {number}"):
                return {kept.WRONG: 0, kept.WRONG_FIRST: 1, kept.RIGHT: 3}[own]
            return 0 if states.get(QUESTIONS[number].about) in (kept.WRONG, kept.WRONG_FIRST) else 2

        numbers = [number for number in QUESTIONS if _chapter(number) == chapter]
        _asked[chapter] = sorted(numbers, key=turn)[:AT_A_TIME]
    return _asked[chapter]


def _ask(numbers: list[str]) -> None:
    """Show questions, with buttons where there can be any."""
    title = f"Before you begin, on chapter {_chapter(numbers[0])}"
    if choices := choices_here():
        for number in numbers:
            tell("neutral", title, _lines(number), [f"{title}:", *_lines(number)])
            _show_buttons(number, choices)
        return
    how = f"To answer, name a question and a letter, as in `recall({numbers[0]!r}, 'a')`, or just read on."
    lines = [line for number in numbers for line in _lines(number)]
    tell("neutral", title, [*lines, how], [f"{title}:", *lines, how])


def _show_buttons(number: str, choices: type) -> None:
    """Show a question's buttons, and below them, when one is pressed, what is said to that answer.

    It is said in an output of its own: in a widget, JupyterLab would not open the link as a tab.
    """
    display = sys.modules["IPython"].display.display
    no_answer = f"{number}: no answer yet"
    words = [f"{no_answer}. Press a button, or just read on."]

    def choose(letter: str) -> None:
        said.update(formats(*_judged(number, letter)), raw=True)

    display(choices(list(QUESTIONS[number].choices), None, choose, lambda: "", words[0]))
    said = display(
        formats("neutral", no_answer, ["Press a button, or just read on."], words), raw=True, display_id=True
    )


def _answer(number: str, answer: Any) -> None:
    letters = QUESTIONS[number].choices
    letter = answer.strip().lower() if isinstance(answer, str) else ""
    if letter in letters:
        tell(*_judged(number, letter))
        return
    how = f"Write one of {', '.join(letters)} in quotes, as in `recall({number!r}, 'a')`."
    text = f"{shown(answer)} is none of the answers. {how}"
    tell("not yet", f"Question {number}", [text], [f"{number}: {text}"])


def _lines(number: str) -> list[str]:
    known = QUESTIONS[number]
    return [f"{number}: {known.asks}", *(f"{letter}) {choice}" for letter, choice in known.choices.items())]


def _judged(number: str, letter: str) -> tuple[str, str, list[str], list[str], str, Link | None]:
    """Keep an answer, and return what is said to it: the arguments of `tell`."""
    known = QUESTIONS[number]
    kept.note(f"question {number}", letter == known.right)
    kind, title = "right", f"Question {number}: {letter} is right"
    if letter != known.right:
        kind, title = "otherwise", f"Question {number}: you said {letter}, and {known.right} is right"
    place = places().get(known.about)
    link = place.link(f"In chapter {place.chapter}: {place.heading}") if place else None
    return kind, title, [known.why], [f"{title}. {known.why}"], "", link
