"""A task is named after the call that made it, shortly, and without any code of the reader's being run for it."""

import asyncio
import functools

import pytest

from workshop import Timeline
from workshop.naming import Call, Names
from workshop.recording import MOST_WITH_ARGUMENTS


def name_of(coroutine):
    """Return what a task of this coroutine would be named."""
    call, kept = Call(coroutine), []
    call.keep(coroutine, kept)
    coroutine.close()
    return Names([call], kept, {})[0]


def recorded_names(inside):
    async def main():
        async with Timeline() as timeline:
            await inside()
        return timeline

    return list(asyncio.run(main()).tasks.names)


async def sleeper(seconds, name=None, retries=None):
    await asyncio.sleep(0)


async def keyword_only(first, *, key=None, other=2):
    await asyncio.sleep(0)


async def anything(*args, **kwargs):
    await asyncio.sleep(0)


class Kitchen:
    async def cook(self, dish):
        await asyncio.sleep(0)

    @classmethod
    async def close(cls, hour):
        await asyncio.sleep(0)

    @staticmethod
    async def open(hour):
        await asyncio.sleep(0)


class Unspeakable:
    def __repr__(self):
        raise AssertionError("the reader's code was run")

    __str__ = __bool__ = __len__ = __eq__ = __hash__ = __repr__


@pytest.mark.parametrize(
    ("coroutine", "name"),
    [
        (lambda: sleeper(4, "A"), "sleeper(4, 'A')"),
        (lambda: sleeper(name="A", seconds=4), "sleeper(4, 'A')"),
        (lambda: sleeper(4), "sleeper(4)"),
        (lambda: sleeper(4, None, 3), "sleeper(4, None, 3)"),
        (lambda: sleeper(None), "sleeper()"),
        (lambda: keyword_only(1), "keyword_only(1, other=2)"),
        (lambda: keyword_only(1, key="x", other=None), "keyword_only(1, key='x')"),
        (lambda: anything(), "anything()"),
        (lambda: anything(1, 2), "anything(…)"),
        (lambda: anything(key=1), "anything(…)"),
        (lambda: anything(1, key=1), "anything(…)"),
        (lambda: Kitchen().cook("pizza"), "Kitchen.cook('pizza')"),
        (lambda: Kitchen.close(23), "Kitchen.close(23)"),
        (lambda: Kitchen.open(8), "Kitchen.open(8)"),
    ],
)
def test_the_call_as_a_reader_would_write_it(coroutine, name):
    assert name_of(coroutine()) == name


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        (0.123456789, "0.1235"),
        (0.25, "0.25"),
        (True, "True"),
        (b"raw", "b'raw'"),
        ("it's", '"it\'s"'),
        ("x" * 32, f"'{'x' * 29}…'"),
        ("x" * 28, f"'{'x' * 28}'"),
        (2**64 - 1, "18446744073709551615"),
        (10**5000, "<large int>"),
        (-(10**5000), "<large int>"),
        ([], "[]"),
        ([1], "[…]"),
        ((), "()"),
        ({"a": 1}, "{…}"),
        (len, "len"),
        (Kitchen, "Kitchen"),
        (Kitchen(), "<Kitchen>"),
        (Unspeakable(), "<Unspeakable>"),
        ([Unspeakable()], "[…]"),
    ],
    ids=lambda value: "",
)
def test_an_argument_is_shown_shortly(argument, shown):
    assert name_of(sleeper(argument)) == f"sleeper({shown})"


@pytest.mark.parametrize("text", ["y" * 1_000_000, b"y" * 1_000_000])
def test_of_a_long_text_little_is_kept(text):
    coroutine, kept = sleeper(1, text), []
    Call(coroutine).keep(coroutine, kept)
    coroutine.close()
    assert len(kept[1]) < 50


def test_a_coroutine_among_the_arguments_is_told_by_its_name():
    inner = sleeper(1)
    assert name_of(sleeper(1, inner)) == "sleeper(1, sleeper)"
    inner.close()


def test_a_nested_function_goes_by_its_own_name():
    async def nested(number):
        return number + outer

    outer = 1
    assert name_of(nested(1)) == "nested(1)"


def test_a_coroutine_that_has_ended_has_no_arguments():
    coroutine = sleeper(4, "A")
    coroutine.close()
    assert name_of(coroutine) == "sleeper()"


def test_functions_behind_one_decorator_keep_their_names():
    def traced(function):
        @functools.wraps(function)
        async def wrapper(*args):
            return await function(*args)

        return wrapper

    @traced
    async def fetch(url):
        pass

    @traced
    async def parse(text):
        pass

    async def inside():
        await asyncio.gather(fetch("x"), parse("y"), fetch("z"), sleeper(1))

    assert [name.rpartition(".")[2] for name in recorded_names(inside)] == [
        "fetch(…)",
        "parse(…)",
        "fetch(…)",
        "sleeper(1)",
    ]


def test_two_functions_of_one_name_do_not_mix_up_their_arguments():
    def make(source):
        namespace = {}
        exec(source, namespace)
        return namespace["work"]

    first, second = make("async def work(a): pass"), make("async def work(*, b): pass")

    async def inside():
        await asyncio.gather(first(1), second(b=2), first(3))

    assert recorded_names(inside) == ["work(1)", "work(b=2)", "work(3)"]


def test_a_name_that_was_given_goes_before_the_call():
    async def inside():
        async with asyncio.TaskGroup() as group:
            group.create_task(sleeper(1), name="of the group")
        task = asyncio.create_task(sleeper(1), name="first")
        task.set_name("second")
        await asyncio.gather(task, asyncio.create_task(sleeper(1), name=5), asyncio.create_task(sleeper(1)))

    assert recorded_names(inside) == ["of the group", "second", "5", "sleeper(1)"]


def test_so_many_tasks_are_named_with_their_arguments():
    async def inside():
        await asyncio.gather(*map(sleeper, range(MOST_WITH_ARGUMENTS + 2)))

    names = recorded_names(inside)
    assert names[MOST_WITH_ARGUMENTS - 1 :] == [f"sleeper({MOST_WITH_ARGUMENTS - 1})", "sleeper(…)", "sleeper(…)"]


def test_names_are_a_sequence():
    coroutine, kept = sleeper(1, "A"), []
    call = Call(coroutine)
    call.keep(coroutine, kept)
    coroutine.close()
    names = Names(["first", call, "third"], kept, {2: "renamed"})
    assert list(names) == ["first", "sleeper(1, 'A')", "renamed"]
    assert (len(names), names[-1], names[1:]) == (3, "renamed", ["sleeper(1, 'A')", "renamed"])
    with pytest.raises(IndexError):
        names[3]
