"""Answers as learners write them, and how a table says what is wrong with one."""

# ruff: noqa: ASYNC251 (answers that block)

import asyncio
import contextlib
import inspect
import sys
import textwrap
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pytest


class Called:
    """An object with this method is as good an answer as a function."""

    def __init__(self, answer: Callable) -> None:
        self.answer = answer

    async def __call__(self, *arguments: Any) -> Any:
        return await self.answer(*arguments)


def other_callables(answer: Callable) -> list[Callable]:
    """Return what does the same as an answer and is no function made with `async def`."""
    return [partial(answer), lambda *arguments: answer(*arguments), Called(answer)]


def members(group: type) -> list[Any]:
    """Return the answers that stand in a class, which only holds them together."""
    return [answer for name, answer in vars(group).items() if not name.startswith("__")]


def right(number: str, answers: Iterable[Any], like: Callable | None = None) -> list[Any]:
    """Return parameters of a test, ``(number, answer)``; answers are given as in `wrong`."""
    made = (_answer(like, answer) for answer in answers)
    return [pytest.param(number, answer, id=f"{number}-{name}") for answer, name in made]


def wrong(number: str, like: Callable, rows: Iterable[tuple[Any, str]]) -> list[Any]:
    """Return parameters of a test, ``(number, answer, words)``.

    Args:
        number: the exercise.
        like: a right answer, of which the others of the table take what they don't say.
        rows: for each wrong answer what it is, and words of the line that it gets. It is given as itself; as text, the
            body of a function with the parameters of the right one; or as a dictionary, by what in the source of the
            right one some text is replaced.
    """
    made = ((*_answer(like, answer), words) for answer, words in rows)
    return [pytest.param(number, answer, words, id=f"{number}-{name}") for answer, name, words in made]


def _answer(like: Callable | None, answer: Any) -> tuple[Any, str]:
    """Return an answer as it is called, and what a test calls it."""
    if isinstance(answer, str):
        return with_body(like, answer), answer
    if isinstance(answer, dict):
        return changed(like, answer), ", ".join(answer.values())
    return answer, name_of(answer)


def with_body(like: Callable, body: str) -> Callable:
    """Return a function with this body, and with the parameters and the globals of another."""
    head = _source(like).partition("\n")[0]
    return _made(like, f"{head}\n{textwrap.indent(body, '    ')}")


def changed(like: Callable, changes: dict[str, str]) -> Callable:
    """Return a function like another, but for some of its source: each text is there once, and replaced.

    The lines of a replacement that follow its first are indented as that one is.
    """
    source = _source(like)
    for old, new in changes.items():
        before, found, after = source.partition(old)
        assert found, f"{name_of(like)} has no {old!r}"
        assert old not in after, f"{name_of(like)} has {old!r} more than once"
        line = before.rpartition("\n")[2]
        source = before + new.replace("\n", "\n" + " " * (len(line) - len(line.lstrip()))) + after
    return _made(like, source)


def _source(function: Callable) -> str:
    return textwrap.dedent(inspect.getsource(function))


def _made(like: Callable, source: str) -> Callable:
    made: dict[str, Any] = {}
    exec(source, like.__globals__, made)
    return made[like.__name__]


def name_of(answer: Any) -> str:
    """Return what a test calls an answer."""
    return getattr(answer, "__name__", type(answer).__name__)


# ---- whatever may be handed over


class Odd:
    """Raises whatever is done to it."""

    __hash__ = None

    def __eq__(self, other):
        raise ArithmeticError

    def __repr__(self):
        raise ArithmeticError


class Anything:
    async def docstring(*arguments):
        """Describe the task."""

    async def dots(*arguments): ...

    async def todo(*arguments):
        # TODO: your code
        pass

    async def not_implemented(*arguments):
        raise NotImplementedError

    async def raises(*arguments):
        raise ValueError("something\nbroke")

    async def raises_with_a_bad_message(*arguments):
        class NastyError(Exception):
            def __str__(self):
                raise RuntimeError

        raise NastyError

    async def no_parameters():
        return 1

    async def group_fails(*arguments):
        async def fails():
            raise LookupError("inside")

        async with asyncio.TaskGroup() as group:
            group.create_task(fails())

    async def sys_exit(*arguments):
        sys.exit(3)

    async def keyboard_interrupt(*arguments):
        raise KeyboardInterrupt

    async def exit_in_a_task(*arguments):
        await asyncio.create_task(Anything.sys_exit())

    async def exit_in_a_forgotten_task(*arguments):
        asyncio.create_task(Anything.sys_exit())  # noqa: RUF006
        await asyncio.sleep(0.01)

    async def cancels_itself(*arguments):
        asyncio.current_task().cancel()
        await asyncio.sleep(1)

    async def generator(*arguments):
        yield 1

    def plain_function(*arguments):
        return 1

    async def returns_something_odd(*arguments):
        return Odd()


ANYTHING = [
    (None, "None, and no function"),
    (..., "..., and no function"),
    (42, "of type int"),
    ("await", "of type str"),
    (int, "the class int"),
    (lambda *arguments: 1, "async def"),
    (Anything.docstring, "Nothing here yet"),
    (Anything.dots, "Nothing here yet"),
    (Anything.todo, "Nothing here yet"),
    (Anything.not_implemented, "Nothing here yet"),
    (Anything.raises, "ValueError: something broke"),
    (Anything.raises_with_a_bad_message, "NastyError"),
    (Anything.no_parameters, "Keep the parameters"),
    (Anything.group_fails, "LookupError: inside"),
    (Anything.sys_exit, "SystemExit: 3"),
    (Anything.keyboard_interrupt, "KeyboardInterrupt"),
    (Anything.exit_in_a_task, "SystemExit: 3"),
    (Anything.exit_in_a_forgotten_task, "SystemExit: 3, and your code never looked"),
    (Anything.cancels_itself, "cancelled"),
    (Anything.generator, "yield"),
    (Anything.plain_function, "async def"),
    (Anything.returns_something_odd, ""),
]
"""What is no answer to any exercise that asks for an `async def` function, and words of what is said of it."""


class Endless:
    async def waits(*arguments):
        await asyncio.Event().wait()

    async def awaits_a_hanging_task(*arguments):
        await asyncio.create_task(Endless.waits())

    async def refuses_to_end(*arguments):
        for _ in range(3):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

    async def spins(*arguments):
        while True:
            pass

    async def spins_and_swallows(*arguments):
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.01)

    async def sleeps(*arguments):
        time.sleep(1000)

    async def spins_in_a_task(*arguments):
        await asyncio.gather(asyncio.sleep(0.01), Endless.spins())

    async def spins_when_cancelled(*arguments):
        try:
            await asyncio.sleep(60)
        finally:
            while True:
                pass

    def plain_and_spins(*arguments):
        while True:
            pass
