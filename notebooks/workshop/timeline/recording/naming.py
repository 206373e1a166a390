"""Names a task after the call that made it, such as ``sleeper(4, 'A')``. Standard library only.

A coroutine that has not begun knows its function and the arguments it was called with. They are copied at once, as
plain values, and become text only when somebody looks: a timeline of a hundred thousand tasks should neither keep
the reader's objects alive nor spend time on text that nobody reads.
"""

import asyncio
import functools
import gc
import inspect
import types
from array import array
from collections.abc import Coroutine, Iterable, Sequence
from itertools import accumulate
from typing import Any, overload

LONGEST = 32
"""An argument is shown with at most so many characters."""

MOST = 4
"""Of the arguments that a function collects, as in ``*args``, so many are shown."""

DEEPEST = 3
"""A call among the arguments of a call is shown with its own; from this depth on it is not."""

LARGE, SMALL = 2**64, -(2**64)
"""From here on, whole numbers are neither shown nor kept."""

PLAIN = frozenset({int, float, str, bytes, bool, type(None)})
"""Arguments of exactly these types are shown by value. Of others only the kind is told: their ``repr`` is code of the
reader's, which may be slow, long, or do something."""

EMPTY_AND_FULL = {
    list: ("[]", "[…]"),
    tuple: ("()", "(…)"),
    dict: ("{}", "{…}"),
    set: ("set()", "{…}"),
    frozenset: ("frozenset()", "frozenset({…})"),
}


class Word(str):
    """Text that stands for an object, shown without quotes."""

    __slots__ = ()


def type_name(kind: type) -> str:
    """Return a type's name, whatever its metaclass says of it."""
    return str.__str__(type.__dict__["__name__"].__get__(kind))


def plain(value: object, depth: int = 0) -> object:
    """Return what is kept of an argument: a short plain value as it is, a word for anything else.

    No code of the reader's is run for it, neither the value's nor that of its type or its metaclass.

    Args:
        value: the argument.
        depth: in how many calls the argument's own call stands.
    """
    kind = type(value)
    if kind is int:
        return value if SMALL < value < LARGE else Word("<large int>")  # Python refuses to write out the largest
    if kind is str or kind is bytes:
        return value if len(value) <= LONGEST else value[: LONGEST + 1]
    if type(kind) is type:  # else its metaclass has a say in whether it is found here
        if kind in PLAIN:
            return value
        if kind in EMPTY_AND_FULL:
            return Word(EMPTY_AND_FULL[kind][bool(value)])
        if kind is types.CoroutineType:
            return Word(short(call_of(value, depth)))
        if kind in (types.FunctionType, types.BuiltinFunctionType, type):
            return Word(str.__str__(value.__name__))
        if kind is types.MethodType and type(value.__func__) is types.FunctionType:
            return Word(function_name(value.__func__))
        if kind is functools.partial:
            return Word(short(f"partial({listed((value.func, *value.args), depth)})"))
        if kind is asyncio.tasks._GatheringFuture:
            return Word(short(f"gather({listed(value._children, depth)})"))
        if issubclass(kind, asyncio.tasks.Task):
            return Word(short(task_name(value, depth)))
    return Word(f"<{type_name(kind)}>")


def short(text: str) -> str:
    """Return a text of at most `LONGEST` characters."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def listed(values: Sequence[object], depth: int) -> str:
    """Return the first of some arguments as text."""
    return joined((show(plain(value, depth)) for value in values[:MOST]), len(values))


def joined(parts: Iterable[str], total: int) -> str:
    """Return arguments of which there are `total` as text; that of more than `MOST` some are left out is said."""
    return ", ".join([*parts, *(["…"] if total > MOST else [])])


def function_name(function: Any) -> str:
    """Return the name of a function, or of a coroutine's or generator's function, without where it was defined."""
    return str.__str__(function.__qualname__).rpartition("<locals>.")[2]


def call_of(coroutine: Coroutine[Any, Any, Any], depth: int) -> str:
    """Return the call that made a coroutine as text; without arguments if it has begun, and may have changed them."""
    call, kept = Call(coroutine), []
    fresh = depth < DEEPEST and not coroutine.cr_suspended and not coroutine.cr_running
    return call.text(kept) if fresh and call.keep(coroutine, kept, depth + 1) else call.without_arguments


def task_name(task: asyncio.Task, depth: int) -> str:
    """Return the name a task was given, or else the call that made it."""
    name = asyncio.tasks.Task.get_name(task)
    if not (name.startswith("Task-") and name[5:].isdigit()):
        return name
    ours = hasattr(type(task), "_timeline_moments")
    coroutine = task.get_coro() if ours else asyncio.tasks.Task.get_coro(task)
    return call_of(coroutine, depth) if type(coroutine) is types.CoroutineType else name_of(coroutine)


def name_of(coroutine: Any) -> str:
    """Return a name for a coroutine that is not of Python's own type."""
    kind = type_name(type(coroutine))
    if kind in ("async_generator_asend", "async_generator_athrow", "anext_awaitable"):
        referents = gc.get_referents(coroutine)
        for inner in referents:
            if type(inner) is types.AsyncGeneratorType:
                name, given = function_name(inner), len(referents) > 1
                if kind == "async_generator_asend":
                    return f"{name}.asend(…)" if given else f"anext({name})"
                return f"{name}.athrow(…)" if given else f"{name}.aclose()"
            if kind == "anext_awaitable":
                return name_of(inner)
    try:
        name = coroutine.__qualname__
        return str.__str__(name)
    except Exception:  # it has none, or one of its own kind
        return kind


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
        self.function = function_name(coroutine)
        positional = code.co_varnames[: code.co_argcount]
        # Of a method behind a decorator: the class whose object comes first among all that the decorator collects.
        self.owner = "" if positional else self.function.rpartition(".")[0].rpartition(".")[2]
        if "." in self.function and positional[:1] in (("self",), ("cls",)):
            positional = positional[1:]
        keywords_end = code.co_argcount + code.co_kwonlyargcount
        keywords = code.co_varnames[code.co_argcount : keywords_end]
        catching = sum(1 for flag in (inspect.CO_VARARGS, inspect.CO_VARKEYWORDS) if code.co_flags & flag)
        self.named = (*positional, *keywords)
        self.collected = code.co_varnames[keywords_end : keywords_end + catching]
        self.labels = ("",) * len(positional) + tuple(f"{name}=" for name in keywords) + ("*",) * catching
        self.order = list(range(len(self.labels)))
        if code.co_flags & inspect.CO_VARARGS:  # stands behind the keywords among the names, and before them in a call
            self.order.insert(len(positional), self.order.pop(len(self.named)))
        if code.co_filename == asyncio.tasks.__file__ and code.co_name == "_wait_for_one":
            self.function, self.named, self.labels = "as_completed", (), ()  # what an `as_completed` loop is given
            self.without_arguments = "as_completed(…)"
        else:
            self.without_arguments = f"{self.function}({'…' if self.labels else ''})"

    def keep(self, coroutine: Coroutine[Any, Any, Any], kept: list[object], depth: int = 0) -> bool:
        """Append to a list what is kept of the arguments of a coroutine that has not begun.

        Args:
            coroutine: the coroutine.
            kept: the list.
            depth: in how many other calls this one stands.

        Returns:
            Whether the coroutine can still begin. One that has ended has no arguments.
        """
        frame = coroutine.cr_frame
        given = {} if frame is None else frame.f_locals
        for name in self.named:
            value = given.get(name)
            kind = type(value)
            if value is None or kind is float or (kind is int and SMALL < value < LARGE):
                kept.append(value)
            else:
                kept.append(plain(value, depth))
        if self.collected:
            kept += [self._collected(given.get(name), depth) for name in self.collected]
        if type(given) is dict:  # a copy (Python 3.11 and 3.12), which the frame keeps: arguments would live longer
            given.clear()
        return frame is not None

    def _collected(self, values: tuple[object, ...] | dict[str, object] | None, depth: int) -> str:
        """Return as text what a function caught by ``*args`` or ``**kwargs``."""
        if type(values) is dict:
            first = list(values.items())[:MOST]
            return joined((f"{name}={show(plain(value, depth))}" for name, value in first), len(values))
        if not values:
            return ""
        if self.owner and type_name(type(values[0])) == self.owner:
            values = values[1:]
        return listed(values, depth)

    def text(self, values: Sequence[object]) -> str:
        """Return the call as text. Arguments that are None and not followed by another are left out."""
        if not self.labels:
            return self.without_arguments
        parts = []
        for index in reversed(self.order):
            label, value = self.labels[index], values[index]
            if label == "*":
                parts += [value] if value else []
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
        self._ends = array("l", accumulate(len(call.labels) if isinstance(call, Call) else 0 for call in calls))

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
        return call if isinstance(call, str) else call.text(self._arguments[end - len(call.labels) : end])
