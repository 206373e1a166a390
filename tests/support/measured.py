"""Cells that draw what was measured, or what chance decides: no two runs give the same picture.

Such a cell carries the tag ``measured``. Its picture is not compared, but that there is one is, and so are the words
beside it and its alt text. They say what holds on every machine, and the rest as ``(here: VALUE)``.
"""

import re
from collections.abc import Iterable

TAG = "measured"
MASK = "a measured picture"
KINDS = ("image/png", "image/svg+xml")
IMAGE = re.compile(r"(?<=;base64,)[A-Za-z0-9+/=\s]+(?=\")")


def is_measured(tags: Iterable[str]) -> bool:
    """Return whether a cell with these tags draws what was measured."""
    return TAG in tags


def without_pictures(outputs: Iterable[dict]) -> list[dict]:
    """Return outputs with a word in place of each picture, and of each one inside an HTML image.

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
        return IMAGE.sub(MASK, value if isinstance(value, str) else "".join(value))
    return value
