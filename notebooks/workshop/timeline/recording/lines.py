"""Where tasks stop, in the reader's own code: in cells and files, not in libraries. Standard library only.

While tasks run, a stop is a number for places in code: code objects and offsets of instructions. When the block ends,
places become lines, and the text around them is read; after that no code object is needed.
"""

import asyncio
import gc
import inspect
import linecache
import os
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType, GeneratorType
from typing import Any

from ..records import Line, Source, Stop

Place = tuple[CodeType, int]
"""Some code, and the offset of an instruction in it, in bytes; `NOWHERE` if only the code is known."""

NOWHERE = 1
"""No instruction has an odd offset."""

PACKAGE = Path(__file__).parents[1]
OWN = PACKAGE.parent if PACKAGE.parent.name == "workshop" else PACKAGE
LIBRARIES = tuple(
    os.path.join(os.path.normcase(os.path.abspath(folder)), "")
    for folder in {
        str(OWN),
        os.path.dirname(os.__file__),
        *(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    }
)
INSTALLED = re.compile(r"[\\/](?:site|dist)-packages[\\/]")

NEAR = 3
"""Pieces of a file with at most so many lines between them are shown as one."""
LONGEST_LINE = 400
MOST_LINES = 3_000

AS_COMPLETED = asyncio.gather.__code__.co_filename, "_wait_for_one"
"""File and name of the code in asyncio that waits for the next result of `asyncio.as_completed`."""

WAITS = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE
"""The flags of code that can wait in a task."""


@cache
def is_readers(filename: str) -> bool:
    """Tell whether code is the reader's: neither Python's own, nor installed, nor this package's.

    Args:
        filename: what the code says it comes from; of a notebook's cell a name made up for it.
    """
    if filename.startswith("<"):
        return not filename.startswith("<frozen ")
    path = os.path.normcase(os.path.abspath(filename))
    return not (path.startswith(LIBRARIES) or INSTALLED.search(path))


def block_of(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame of the reader's, of this one and those around it, if it can wait."""
    while frame is not None and not is_readers(frame.f_code.co_filename):
        frame = frame.f_back
    return frame if frame is not None and frame.f_code.co_flags & WAITS else None


def places_of(coroutine: Any) -> tuple[Place | None, Place | None]:
    """Return where a coroutine that waits has stopped: in its own code, and innermost in the reader's."""
    own = inner = None
    for awaited, prefix, code in _chain(coroutine):
        if awaited is coroutine:
            own = code, NOWHERE
        if is_readers(code.co_filename):  # only then: a frame that was asked for stays an object
            frame = getattr(awaited, f"{prefix}_frame")
            inner = code, NOWHERE if frame is None else frame.f_lasti
            if awaited is coroutine:
                own = inner
    return own, inner


def as_completed_in(coroutine: Any) -> FrameType | None:
    """Return the frame in which a coroutine waits for the next result of `asyncio.as_completed`, or None."""
    found = (getattr(link, f"{prefix}_frame") for link, prefix, code in _chain(coroutine) if is_as_completed(code))
    return next(found, None)


def is_as_completed(code: CodeType) -> bool:
    """Tell whether code is that which waits for the next result of `asyncio.as_completed`."""
    return (code.co_filename, code.co_name) == AS_COMPLETED


def _chain(coroutine: Any) -> Iterator[tuple[Any, str, CodeType]]:
    """Yield what awaits each other, from a coroutine on inwards, with the prefix of its attributes and its code."""
    awaited = coroutine
    while awaited is not None:
        prefix, following = LINKS.get(type(awaited), ("", ""))
        if prefix:
            yield awaited, prefix, getattr(awaited, f"{prefix}_code")
            awaited = getattr(awaited, following)
        else:
            kind = type(awaited).__name__
            links = gc.get_referents(awaited) if kind in ("async_generator_asend", "coroutine_wrapper") else ()
            awaited = next((link for link in links if type(link) in LINKS), None)


def raised_at(code: CodeType, error: BaseException) -> Place:
    """Return where in a task's own code an error arose that has just left it."""
    traceback = error.__traceback__
    known = traceback is not None and traceback.tb_frame.f_code is code
    return code, traceback.tb_lasti if known else NOWHERE


LINKS = {
    CoroutineType: ("cr", "cr_await"),
    GeneratorType: ("gi", "gi_yieldfrom"),
    AsyncGeneratorType: ("ag", "ag_await"),
}


class Stops:
    """Numbers for where steps end: a place in the task's own code, and the innermost place in the reader's.

    Attributes:
        numbers: the numbers, by what `key` returns.
        known: by number, the two places; None for no other place than the task's own, or for an own place that is the
            same as at the stop before. Number 0 stands for a stop of which nothing is known.
    """

    __slots__ = ("known", "numbers")

    def __init__(self) -> None:
        self.numbers: dict[object, int] = {}
        self.known: list[tuple[Place | None, Place | None]] = [(None, None)]

    def number(self, own: Place | None, inner: Place | None = None) -> int:
        """Return the number for a stop, a new one if it has none yet."""
        key = own and id(own[0]) + own[1]  # an address inside the code object, so it is no other's
        if inner is not None and own is not None and inner[0] is own[0] and inner[1] == own[1]:
            inner = None
        if inner is not None:
            key = id(inner[0]) + inner[1], key
        number = self.numbers.get(key)
        if number is None:
            number = self.numbers[key] = len(self.known)
            self.known.append((own, inner))
        return number

    def read(self, block: CodeType | None = None) -> tuple[list[Stop], list[Source]]:
        """Return all stops as lines, and the text that they stand in.

        Args:
            block: the code of the timeline's block, whose text comes last.
        """
        codes = {id(code): code for places in self.known for code, _ in filter(None, places)}
        last = block.co_filename if block else ""
        sources = read_sources([code for code in codes.values() if is_readers(code.co_filename)], last)

        def line(place: Place | None, begin: bool = False) -> Line | None:
            if place is None or not is_readers(place[0].co_filename):
                return None
            code, offset = place
            number = first_line(code) if begin else line_of(code, offset)
            if number is None:
                return None
            return Line(code.co_filename, number, "" if code.co_name == "<module>" else code.co_name)

        stops = [Stop(line(own), line(inner) or line(own), line(own, begin=True)) for own, inner in self.known]
        return stops, sources


def line_of(code: CodeType, offset: int) -> int | None:
    """Return the line of an instruction, or None if it is not known."""
    if offset == NOWHERE:
        return None
    positions = _positions(code)
    return positions[offset // 2][0] if 0 <= offset // 2 < len(positions) else None


@lru_cache(256)
def _positions(code: CodeType) -> list[tuple[int | None, ...]]:
    return list(code.co_positions())


def first_line(code: CodeType) -> int:
    """Return the line at which a function begins: that of its ``def``, below decorators."""
    for number, text in enumerate(linecache.getlines(code.co_filename)[code.co_firstlineno - 1 :], code.co_firstlineno):
        if re.match(r"\s*(?:async\s+)?def\b", text):
            return number
        if number - code.co_firstlineno > 50:
            break
    return code.co_firstlineno


def last_line(code: CodeType) -> int:
    """Return the last line that code stands on, functions inside it included."""
    ends = (end for _, end, *_ in code.co_positions() if end is not None)
    inside = (last_line(inner) for inner in code.co_consts if isinstance(inner, CodeType))
    return max([code.co_firstlineno, *ends, *inside])


def read_sources(codes: Iterable[CodeType], last: str) -> list[Source]:
    """Return the text of some code, in the order of files and lines; the file that is named `last` comes last."""
    pieces: dict[str, list[tuple[int, int]]] = {}
    for code in codes:
        whole = code.co_name == "<module>"
        piece = (1, sys.maxsize) if whole else (code.co_firstlineno, last_line(code))
        pieces.setdefault(code.co_filename, []).append(piece)
    return [
        source
        for name in sorted(pieces, key=lambda name: name == last)
        for source in _pieces(name, sorted(pieces[name]))
    ]


def _pieces(filename: str, pieces: list[tuple[int, int]]) -> Iterator[Source]:
    """Yield pieces of one file; those near each other as one."""
    text = [line.rstrip("\r\n")[:LONGEST_LINE] for line in linecache.getlines(filename)]
    joined: list[list[int]] = []
    for first, end in pieces:
        if joined and first - joined[-1][1] <= NEAR + 1:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([first, end])
    for first, end in joined:
        if lines := text[first - 1 : end][:MOST_LINES]:
            yield Source(filename, shown_name(filename), first, tuple(lines))


def shown_name(filename: str) -> str:
    """Return what a reader calls a file: ``In [3]`` for a cell, else the file's name."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    try:
        kind, name = shell.compile.format_code_name(filename)  # of IPython, where the code is a cell's
        return f"{kind} {name}" if kind == "Cell" else name
    except Exception:  # no IPython, or another one
        return os.path.basename(filename)
