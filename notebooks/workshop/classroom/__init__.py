"""For whoever prepares a class: whether a computer is ready, and how the workshop gets there without a network.

`preflight` is for the first cell of chapter 00; `check_laptop.py` and `offline_archive.py` are run as scripts.
"""

from .preflight import preflight

__all__ = ["preflight"]
