"""A task is named after the call that made it, shortly, and without any code of the reader's being run for it."""

import asyncio
import functools
import sys
import time
from collections.abc import Coroutine

import pytest

from workshop import Timeline
from workshop.timeline.recording.naming import Call, Names
from workshop.timeline.recording.recorder import MOST_WITH_ARGUMENTS


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


async def mixed(first, *args, key=None, **kwargs):
    await asyncio.sleep(0)


def traced(function):
    @functools.wraps(function)
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)

    return wrapper


class Kitchen:
    async def cook(self, dish):
        await asyncio.sleep(0)

    @traced
    async def bake(self, dish):
        await asyncio.sleep(0)

    def chop(self):
        pass

    @classmethod
    async def close(cls, hour):
        await asyncio.sleep(0)

    @staticmethod
    async def open(hour):
        await asyncio.sleep(0)


class Tavern(Kitchen):
    pass


class Unspeakable:
    def __repr__(self):
        raise AssertionError("the reader's code was run")

    __str__ = __bool__ = __len__ = __eq__ = __hash__ = __getattribute__ = __repr__


class UnspeakableType(type):
    """A type of which nothing may be asked."""

    def __getattribute__(cls, *arguments):
        raise AssertionError("the reader's code was run")

    __hash__ = __eq__ = __bool__ = __repr__ = __instancecheck__ = __subclasscheck__ = __getattribute__
    __name__ = property(__getattribute__)


class OfUnspeakableType(metaclass=UnspeakableType):
    pass


class UnspeakableText(str):
    """Text that says nothing when it is asked, such as somebody may give to a function or a type for a name."""

    def __str__(self):
        raise AssertionError("the reader's code was run")

    __format__ = __repr__ = __eq__ = __hash__ = rpartition = __str__


class Oddly:
    pass


Oddly.__name__ = UnspeakableText("Oddly")


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
        (lambda: anything(1, None, "x"), "anything(1, None, 'x')"),
        (lambda: anything(*range(9)), "anything(0, 1, 2, 3, …)"),
        (lambda: anything(key=1), "anything(key=1)"),
        (lambda: anything(1, key=[1]), "anything(1, key=[…])"),
        (lambda: anything(**dict.fromkeys("abcde", 0)), "anything(a=0, b=0, c=0, d=0, …)"),
        (lambda: mixed(1, 2, 3, key=4, other=5), "mixed(1, 2, 3, key=4, other=5)"),
        (lambda: Kitchen().cook("pizza"), "Kitchen.cook('pizza')"),
        (lambda: Kitchen().bake("cake"), "Kitchen.bake('cake')"),
        (lambda: Kitchen.bake(Tavern(), dish="cake"), "Kitchen.bake(<Tavern>, dish='cake')"),
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
        (OfUnspeakableType(), "<OfUnspeakableType>"),
        (OfUnspeakableType, "<UnspeakableType>"),
        (Oddly(), "<Oddly>"),
        (set(), "set()"),
        ({1}, "{…}"),
        (frozenset(), "frozenset()"),
        (frozenset([1]), "frozenset({…})"),
        (Kitchen().chop, "Kitchen.chop"),
        (functools.partial(sleeper, 1, "A"), "partial(sleeper, 1, 'A')"),
        (functools.partial(sleeper, 1, name="x" * 40), "partial(sleeper, 1)"),
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


def test_a_coroutine_among_the_arguments_is_shown_as_the_call_that_made_it():
    inner = sleeper(1, "A")
    assert name_of(sleeper(1, inner)) == "sleeper(1, sleeper(1, 'A'))"
    inner.close()
    assert name_of(sleeper(1, inner)) == "sleeper(1, sleeper(…))"


def test_calls_inside_calls_are_shown_to_some_depth():
    async def f(*args):
        pass

    coroutines = [sleeper(0)]
    for number in range(1, 5):
        coroutines.append(f(coroutines[-1], number))
    assert name_of(coroutines[4]) == "f(f(f(f(sleeper(…), 1), 2), 3), 4)"
    for coroutine in coroutines:
        coroutine.close()


def test_a_function_with_a_name_that_is_no_plain_text():
    async def work(number):
        pass

    async def inside():
        await asyncio.gather(work(1), work(2))

    work.__qualname__ = UnspeakableText("outer.<locals>.renamed")
    assert recorded_names(inside) == ["renamed(1)", "renamed(2)"]


def test_what_stands_around_a_call_is_named_by_it():
    async def inside():
        async def one():
            return 1

        given_name = asyncio.create_task(sleeper(0), name="mine")
        begun = asyncio.create_task(sleeper(3, "begun"))
        await asyncio.sleep(0)
        tasks = [given_name, begun, asyncio.create_task(sleeper(4, "task"))]
        await asyncio.gather(
            asyncio.wait_for(sleeper(1), 9),
            asyncio.wait_for(sleeper(2), 9),
            *(asyncio.wait_for(task, 9) for task in tasks),
            asyncio.wait_for(asyncio.gather(one(), sleeper(5)), 9),
            asyncio.wait_for(asyncio.shield(sleeper(6)), 9),
            asyncio.to_thread(time.sleep, 0.001),
            asyncio.to_thread(len, "abc"),
            asyncio.shield(sleeper(7)),
            *asyncio.as_completed([sleeper(8)]),
            *(asyncio.wait_for(round, 9) for round in asyncio.as_completed([sleeper(9)])),
        )

    names = recorded_names(inside)
    assert names[:3] == ["mine", "sleeper(3, 'begun')", "sleeper(4, 'task')"]
    assert sorted(names[3:]) == sorted(
        [
            *("one()", "sleeper(5)", "wait_for(gather(one(), sleeper(5)), 9)"),
            *("sleeper(6)", "wait_for(<Future>, 9)", "sleeper(7)", "sleeper(8)", "sleeper(9)"),
            *("wait_for(sleeper(1), 9)", "wait_for(sleeper(2), 9)"),
            *("wait_for(mine, 9)", "wait_for(sleeper(…), 9)", "wait_for(sleeper(4, 'task'), 9)"),
            *("to_thread(sleep, 0.001)", "to_thread(len, 'abc')"),
            *("as_completed(…)", "wait_for(as_completed(…), 9)"),
            *inner_tasks_of_wait_for(["sleeper(1)", "sleeper(2)", "as_completed(…)"]),
        ]
    )


def inner_tasks_of_wait_for(coroutines):
    """Return the tasks that wait_for makes for coroutines: until Python 3.11 it does."""
    return coroutines if sys.version_info < (3, 12) else []


def test_steps_of_asynchronous_generators_are_named_after_them():
    async def ticks():
        try:
            while True:
                yield 1
        except ValueError:
            yield 2

    async def inside():
        generator = ticks()
        await asyncio.create_task(generator.__anext__())
        await asyncio.create_task(anext(generator, None))
        await asyncio.create_task(generator.asend(1))
        await asyncio.create_task(generator.athrow(ValueError))
        await asyncio.create_task(generator.aclose())

    assert recorded_names(inside) == [
        "anext(ticks)",
        "anext(ticks)",
        "ticks.asend(…)",
        "ticks.athrow(…)",
        "ticks.aclose()",
    ]


def test_a_coroutine_of_another_kind_is_named_after_its_type_unless_it_says_more():
    class Own(Coroutine):
        def __init__(self, name=None):
            if name is not None:
                self.__qualname__ = name

        def send(self, value):
            raise StopIteration

        def throw(self, *error):
            raise error[0]

        def close(self):
            pass

        def __await__(self):
            yield

    async def inside():
        for coroutine in (Own(), Own("says more"), Own(5)):
            await asyncio.create_task(coroutine)

    assert recorded_names(inside) == ["Own", "says more", "Own"]


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
    @traced
    async def fetch(url):
        pass

    @traced
    async def parse(text):
        pass

    async def inside():
        await asyncio.gather(fetch("x"), parse("y"), fetch("z"), sleeper(1))

    assert [name.rpartition(".")[2] for name in recorded_names(inside)] == [
        "fetch('x')",
        "parse('y')",
        "fetch('z')",
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
