"""Names a task after the call that made it, such as ``sleeper(4, 'A')``. Standard library only.

A coroutine that has not begun knows its function and the arguments it was called with. They are copied at once, as
plain values, and become text only when somebody looks: a timeline of a hundred thousand tasks should neither keep
the reader's objects alive nor spend time on text that nobody reads.
"""

import inspect
import types
from array import array
from collections.abc import Coroutine, Sequence
from itertools import accumulate
from typing import Any, overload

LONGEST = 32
"""An argument is shown with at most so many characters."""

LARGE = 2**64
"""From here on, whole numbers are not shown and not kept."""

PLAIN = frozenset({int, float, str, bytes, bool, type(None)})
"""Arguments of exactly these types are shown by value. Of others only the kind is told: their ``repr`` is code of the
reader's, which may be slow, long, or do something."""

SMALL = frozenset({float, bool, type(None)})
"""Those of them that are kept without a look at their length."""

BRACKETS = {list: "[]", tuple: "()", dict: "{}", set: "{}", frozenset: "{}"}


class Word(str):
    """Text that stands for an object, shown without quotes."""

    __slots__ = ()


def plain(value: object) -> object:
    """Return what is kept of an argument: a short plain value as it is, a word for anything else."""
    kind = type(value)
    if kind is int:
        return value if -LARGE < value < LARGE else Word("<large int>")  # Python refuses to write out the largest
    if kind is str or kind is bytes:
        return value if len(value) <= LONGEST else value[: LONGEST + 1]
    if kind in PLAIN:
        return value
    if kind in BRACKETS:
        opening, closing = BRACKETS[kind]
        return Word(f"{opening}{'…' if value else ''}{closing}")
    if kind in (types.FunctionType, types.BuiltinFunctionType, types.CoroutineType, type):
        return Word(value.__name__)
    return Word(f"<{kind.__name__}>")


def show(value: object) -> str:
    """Return a kept argument as short text, the way a reader would write it."""
    if type(value) is Word:
        return value
    text = repr(value)
    if type(value) is float and len(text) > 6:
        return format(value, ".4g")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]}…{text[-1]}"


class Call:
    """What all calls of one coroutine function have in common.

    Args:
        coroutine: any coroutine that comes from the function.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.code = code = coroutine.cr_code
        self.qualname = coroutine.__qualname__
        self.function = coroutine.__qualname__.rpartition("<locals>.")[2]
        positional = code.co_varnames[: code.co_argcount]
        if "." in self.function and positional[:1] in (("self",), ("cls",)):
            positional = positional[1:]
        keywords_end = code.co_argcount + code.co_kwonlyargcount
        keywords = code.co_varnames[code.co_argcount : keywords_end]
        catching = sum(1 for flag in (inspect.CO_VARARGS, inspect.CO_VARKEYWORDS) if code.co_flags & flag)
        self.arguments = (*positional, *keywords, *code.co_varnames[keywords_end : keywords_end + catching])
        self.without_arguments = f"{self.function}({'…' if self.arguments else ''})"
        self.labels = ("",) * len(positional) + tuple(f"{name}=" for name in keywords) + ("*",) * catching

    def keep(self, coroutine: Coroutine[Any, Any, Any], kept: list[object]) -> None:
        """Append to a list what is kept of the arguments of a coroutine that has not begun."""
        frame = coroutine.cr_frame
        given = {} if frame is None else frame.f_locals  # a coroutine that has ended has none, and is the task's error
        for name in self.arguments:
            value = given.get(name)
            kept.append(value if type(value) in SMALL else plain(value))
        if type(given) is dict:  # a copy (Python 3.11 and 3.12), which the frame keeps: arguments would live longer
            given.clear()

    def text(self, values: Sequence[object]) -> str:
        """Return the call as text. Arguments that are None and not followed by another are left out."""
        parts = []
        for label, value in zip(reversed(self.labels), reversed(values), strict=True):
            if label == "*":
                parts = parts or (["…"] if value not in ("()", "{}") else [])
            elif value is not None or (parts and label == ""):
                parts.append(label + show(value))
        return f"{self.function}({', '.join(reversed(parts))})"


class Names(Sequence[str]):
    """The names of many tasks, of which those taken from calls are put together when they are asked for.

    Args:
        calls: for each task its name, or the call it is named after.
        arguments: one after another, what was kept of the arguments of those calls.
        renamed: by index, the names of tasks that got another name later.
    """

    def __init__(self, calls: list[Call | str], arguments: list[object], renamed: dict[int, str]) -> None:
        self._renamed = renamed
        self._calls = calls
        self._arguments = arguments
        self._ends = array("l", accumulate(len(call.arguments) if isinstance(call, Call) else 0 for call in calls))

    def __len__(self) -> int:
        return len(self._calls)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        if index in self._renamed:
            return self._renamed[index]
        call, end = self._calls[index], self._ends[index]
        return call if isinstance(call, str) else call.text(self._arguments[end - len(call.arguments) : end])
