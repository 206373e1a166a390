"""How predictions and checks speak to the reader."""

import textwrap

WIDTH = 88
"""JupyterLab breaks longer lines anywhere, even within a word."""


def say(message: str) -> None:
    """Print a message as one paragraph; where it needs more than one line, the others are indented."""
    print(textwrap.fill(message, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False))
