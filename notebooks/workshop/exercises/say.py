"""How predictions and checks speak to the reader."""

import re
import sys
import textwrap
from typing import Any

WIDTH = 88
"""JupyterLab breaks longer lines anywhere, even within a word."""

NO_BREAK = re.compile(r" {2,}|(?<=[\s(\[{,=]['\"]) | (?=['\"](?:[\s.,:;?)\]}]|$))")
"""Blanks that a quotation needs: several, or one at its begin or end."""

IN_PLAIN_LETTERS = str.maketrans({"✓": "[right]", "✗": "[not yet]", "…": "...", "“": '"', "”": '"'})
"""What stands for the signs of these messages where they can't be written."""


def say(message: str) -> None:
    """Print a message as one paragraph; where it needs more than one line, the others are indented.

    Blanks within a line are kept. What the output's encoding lacks, as code page 1252 does "✓", is said otherwise.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        message.encode(encoding)
    except UnicodeEncodeError:
        message = message.translate(IN_PLAIN_LETTERS).encode(encoding, "backslashreplace").decode(encoding)
    message = NO_BREAK.sub(lambda blanks: "\0" * len(blanks[0]), one_line(message))
    lines = textwrap.fill(message, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    print(lines.replace("\0", " "))


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
