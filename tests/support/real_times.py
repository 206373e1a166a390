"""Compares what a notebook gave on the real clock with what is stored: the same words, and times a little above."""

import re

from support.newer_python import RUNNING, Version, faults_without_comparison, outputs_instead, shows_more_than_stored
from support.notebook_tools import Cell, sanitized, text_of

TOO_EARLY, TOO_LATE = 0.02, 1.0
"""Seconds by which a real time may differ from the stored one: rounding, and a machine under load."""

NUMBER = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.]*\d)")


def shape(text: str) -> str:
    """Return a text with its times masked and its columns closed up: what must be the same on every machine."""
    return " ".join(NUMBER.sub("#", text).split())


def times(text: str) -> list[float]:
    """Return the times in a text, in their order."""
    return [float(number) for number in NUMBER.findall(text)]


def differences(stored: str, real: str) -> list[str]:
    """Return in what a real run differs from the stored text by more than it may."""
    if shape(stored) != shape(real):
        return [f"the stored text is\n{stored}\nand the real run gave\n{real}"]
    return [
        f"the stored time is {then} and the real run took {now}"
        for then, now in zip(times(stored), times(real), strict=True)
        if not then - TOO_EARLY <= now <= then + TOO_LATE
    ]


def faults_of(stored: Cell, real: Cell, running: Version = RUNNING) -> list[str]:
    """Return in what a cell differs from the stored one, and of what it complained.

    Args:
        stored: the cell as it is stored.
        real: the same one after a real run.
        running: the version of the Python that ran it.
    """
    if shows_more_than_stored(stored.data["metadata"], running):
        found = list(faults_without_comparison(real.outputs, stored.tags))
    else:
        expected = text_of(outputs_instead(stored.data["metadata"], running) or stored.outputs)
        found = differences(*map(sanitized, (expected, real.text)))
    if any(output.get("name") == "stderr" for output in real.outputs):
        found.append(f"stderr: {real.text}")
    if any(output["output_type"] == "error" for output in real.outputs) != ("raises-exception" in real.tags):
        found.append(f"errors: {[o.get('evalue') for o in real.outputs]}, tags: {real.tags}")
    return found
