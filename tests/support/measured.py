"""Cells that draw what was measured, or what chance decides: no two runs give the same picture.

Such a cell carries the tag ``measured``. Its picture is not compared, but that there is one is, and so are the words
beside it and its alt text. They say what holds on every machine, and the rest as ``(here: VALUE)``.

A replay is compared as all else on the Python that stores it. On others its page and picture are not: before Python
3.12 nothing is known of the block's own code, and where libraries wait is their business.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

TAG = "measured"
MASK = "a measured picture"
KINDS = ("image/png", "image/svg+xml")
IMAGE = re.compile(r"(?<=;base64,)[A-Za-z0-9+/=\s]+(?=\")")
PAGE = re.compile(r"(?<= srcdoc=')[^']*(?=')|(?<=--tall:)[0-9]+px")


def is_replay(outputs: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether outputs hold a replay, whose lines and turns differ between Pythons."""
    return any("replay-page" in "".join(output.get("data", {}).get("text/html", "")) for output in outputs)


def is_measured(tags: Iterable[str]) -> bool:
    """Return whether a cell with these tags draws what was measured."""
    return TAG in tags


def without_pictures(outputs: Iterable[dict]) -> list[dict]:
    """Return outputs with a word in place of each picture, of each one inside an HTML image, and of a replay's page.

    Args:
        outputs: a cell's outputs, which are left as they are.
    """
    return [
        output | {"data": {kind: _masked(kind, value) for kind, value in output["data"].items()}}
        if "data" in output
        else output
        for output in outputs
    ]


def _masked(kind: str, value: str | list[str]) -> str | list[str]:
    if kind in KINDS:
        return MASK
    if kind == "text/html":
        return PAGE.sub(MASK, IMAGE.sub(MASK, value if isinstance(value, str) else "".join(value)))
    return value
