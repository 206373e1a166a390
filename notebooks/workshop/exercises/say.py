"""How predictions and checks speak to the reader: in cards in a notebook, and elsewhere in the same words."""

import re
import sys
import textwrap
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

WIDTH = 88
"""Characters in a line of words: JupyterLab breaks longer lines anywhere, even within a word."""

NO_BREAK = re.compile(r" {2,}|(?<=[\s(\[{,=]['\"]) | (?=['\"](?:[\s.,:;?)\]}]|$))")
"""Blanks that a quotation needs: several, or one at its begin or end."""

IN_PLAIN_LETTERS = str.maketrans({"✓": "[right]", "✗": "[not yet]", "…": "...", "“": '"', "”": '"'})
"""What stands for the signs of these messages where they can't be written."""

COLOURS = {"right": "46, 125, 91", "not yet": "200, 71, 43", "otherwise": "47, 125, 184", "neutral": "140, 146, 152"}
"""Red, green and blue of each kind of card. The title says the same in words."""

CARD = (
    "border-left: 5px solid rgb({colour}); background: rgba({colour}, 0.12); padding: 8px 14px; margin: 4px 0; "
    "max-width: 46em; line-height: 1.5; white-space: pre-wrap"
)
"""The style of a card. It sets no colour of letters, which are dark on a light page and light on a dark one."""

FOLDED = (
    '<details style="margin: 4px 0"><summary style="cursor: pointer; padding: 4px 14px; width: max-content">'
    "See what your code did</summary>{}</details>"
)
"""What can be unfolded below a card."""

IN_A_CARD = "(Where this is a card, a replay of what your code did can be unfolded below it.)"
"""What is said of that in words."""


class Link(NamedTuple):
    """A link in the last line of a card.

    Attributes:
        words: what it says; what stands between backticks is code.
        target: where it leads, from the notebook that shows it.
    """

    words: str
    target: str


def tell(
    kind: str, title: str, text: Sequence[str], words: Sequence[str], replay: str = "", link: Link | None = None
) -> None:
    """Show a card in a notebook, or print it in words where there are no cards.

    Args:
        kind: what it means, one of `COLOURS`.
        title: the card's first line.
        text: its paragraphs; what stands between backticks is code.
        words: the paragraphs in words alone.
        replay: HTML to be folded away below the card: what the reader's code did.
        link: where to read on.
    """
    ipython = sys.modules.get("IPython")  # where it runs, it has been imported
    if ipython and ipython.get_ipython():
        ipython.display.display(formats(kind, title, text, words, replay, link), raw=True)
        return
    if link:
        words = [*words, link.words]
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    for message in words:
        try:
            message.encode(encoding)
        except UnicodeEncodeError:  # as code page 1252 can't write "✓"
            message = message.translate(IN_PLAIN_LETTERS).encode(encoding, "backslashreplace").decode(encoding)
        print(paragraph(message))


def formats(
    kind: str, title: str, text: Sequence[str], words: Sequence[str], replay: str = "", link: Link | None = None
) -> dict[str, str]:
    """Return what is told, by MIME type: as a card and in words; the arguments are those of `tell`."""
    html = card(kind, title, text, link)
    if replay:
        words, html = [*words, IN_A_CARD], html + FOLDED.format(replay)
    if link:
        words = [*words, link.words]
    return {"text/plain": "\n".join(map(paragraph, words)), "text/html": html}


def card(kind: str, title: str, text: Sequence[str], link: Link | None = None) -> str:
    """Return a card as HTML, in which all that is told is text and never markup; the arguments are those of `tell`."""
    lines = [f"<b>{escape(one_line(title))}</b>", *(in_html(one_line(line)) for line in text)]
    if link:
        lines.append(f'<a href="{escape(link.target)}">{in_html(link.words)}</a>')
    inside = "".join(f"<div>{line}</div>" for line in lines)
    return f'<div style="{CARD.format(colour=COLOURS[kind])}">{inside}</div>'


def in_html(text: str) -> str:
    """Return a text as HTML, with what stands between backticks set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def paragraph(message: str) -> str:
    """Return a message in lines that are not too long, all but the first of them indented. Blanks are kept."""
    message = NO_BREAK.sub(lambda blanks: "\0" * len(blanks[0]), one_line(message))
    lines = textwrap.fill(message, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return lines.replace("\0", " ")


def one_line(text: str) -> str:
    """Return a text without its line ends, and without the blanks around them; other blanks stay as they are."""
    return " ".join(line for line in map(str.strip, text.splitlines()) if line)


def shown(value: Any, length: int = 60) -> str:
    """Return a value as it is written in code, in one short line, whatever its repr does.

    Args:
        value: what is shown.
        length: the most characters; of a longer text the begin is shown, and "…".
    """
    try:
        text = one_line(repr(value))
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= length else text[: length - 1] + "…"
