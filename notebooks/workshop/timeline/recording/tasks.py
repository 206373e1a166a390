"""Tasks that tell when somebody takes their outcome. Standard library only.

Whoever receives a result calls ``task.result()`` (``as_completed``, ``gather``, the reader's code), asks for
``task.exception()`` (a task group, ``gather``), or awaits the task. That moment is the difference between gather and
as_completed, and asyncio itself keeps no note of it.
"""

import asyncio
import contextlib
import weakref
from collections.abc import Generator
from time import perf_counter as clock
from typing import Any

from .log import Moments, Waits
from .monitoring import Watched


def recorded(base: type[asyncio.Task], moments: Moments, adopting: bool = False) -> type[asyncio.Task]:
    """Return a subclass of a task class that notes when its outcome is taken, and under which name it goes.

    It looks and behaves like its base, down to its name, so that printing a task shows nothing new. Its objects
    carry their place in ``_timeline_place``, which is set when they are made.

    Args:
        base: `asyncio.Task`, or what has taken its place (nest_asyncio), or a task class of somebody's own.
        moments: where to note.
        adopting: whether objects of the base are to become objects of this class.
    """
    received, finished, taken, names = moments.received, moments.finished, moments.taken, moments.names
    base_result, base_exception, base_await = base.result, base.exception, base.__await__
    base_set_name, base_get_name, done = base.set_name, base.get_name, base.done

    class Recorded(base):
        __slots__ = () if adopting else ("_timeline_place",)
        _timeline_moments = moments
        _timeline_started = moments.started
        _timeline_finished = finished
        _timeline_waits: Waits | None = None

        def result(self) -> Any:
            place = self._timeline_place
            try:
                result = base_result(self)
            except BaseException as error:
                if done(self):
                    taken(place, self)
                error.__traceback__ = error.__traceback__.tb_next  # as if there was nobody here
                raise
            first = received[place]
            if first != first:  # NaN: not received yet
                received[place] = clock()
            return result

        def exception(self) -> BaseException | None:
            try:
                error = base_exception(self)
            except BaseException as raised:
                raised.__traceback__ = raised.__traceback__.tb_next
                raise
            # gather and task groups look for an error in every task; they have not taken a result by that.
            if error is not None:
                taken(self._timeline_place, self)
            return error

        # Whoever has to wait for a task asks it for its result when it is done: so does a waiting task's next step.
        def __await__(self) -> Generator[Any, None, Any]:
            if done(self):
                taken(self._timeline_place, self)
            return base_await(self)

        __iter__ = __await__

        def set_name(self, name: object) -> None:
            try:
                base_set_name(self, name)
            except BaseException as error:
                error.__traceback__ = error.__traceback__.tb_next
                raise
            if name is not None:  # create_task of Python 3.13.0 passes on that no name was given
                names[self._timeline_place] = base_get_name(self)

    return disguised(Recorded, base)


def stepping(base: type[asyncio.Task], waits: Waits) -> type[asyncio.Task]:
    """Return a subclass of a recorded task class of whose tasks `monitoring.Monitor` notes when they wait.

    Args:
        base: what `recorded` returned.
        waits: where to note.
    """

    class Stepping(base):
        __slots__ = ()
        _timeline_waits = waits

    return disguised(Stepping, base)


def unwrapping(base: type[asyncio.Task]) -> type[asyncio.Task]:
    """Return a subclass of a task class whose ``get_coro`` knows the reader's coroutine behind a `Watched` one."""

    class Unwrapping(base):
        __slots__ = ()

        def get_coro(self) -> Any:
            coro = base.get_coro(self)
            return coro.coroutine if isinstance(coro, Watched) else coro

    return disguised(Unwrapping, base)


def standing_in(base: type[asyncio.Task]) -> type[asyncio.Task]:
    """Return a subclass of asyncio's C task class that runs `watched` and shows the reader's coroutine instead."""

    class StandingIn(base):
        __slots__ = ("_timeline_coroutine",)

        def get_coro(self) -> Any:
            return self._timeline_coroutine

        _coro = property(get_coro)  # what asyncio itself looks at, to print a task or its stack

    return disguised(StandingIn, base)


def disguised(task_class: type[asyncio.Task], base: type[asyncio.Task]) -> type[asyncio.Task]:
    """Give a task class the name of its base, which is what a reader sees of a task."""
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(task_class, name, getattr(base, name))
    return task_class


def adopt(task: Any, moments: Moments, place: int, classes: dict[type, type[asyncio.Task]]) -> None:
    """Make a task that somebody else's factory made tell when its outcome is taken, as far as it lets itself be told.

    An object of asyncio's own C class can't change its class. There `result` and `exception` are covered, and
    a plain ``await task`` is not: this is noted.

    Args:
        task: the task, which runs a `Watched` coroutine; or what else the factory returned.
        moments: where to note.
        place: the task's place there.
        classes: by task class, the subclasses that were made for tasks adopted earlier.
    """
    base = type(task)
    if issubclass(base, asyncio.Task) and not hasattr(base, "_timeline_place"):  # else another recorder has it
        try:
            if base not in classes:
                classes[base] = recorded(unwrapping(base), moments, adopting=True)
            task.__class__ = classes[base]
            object.__setattr__(task, "_timeline_place", place)
            return
        except Exception:  # it has a metaclass, or whatever else, that refuses
            pass
    moments.unseen.add(place)
    with contextlib.suppress(Exception):
        adopt_by_attributes(task, moments, place)


def adopt_by_attributes(task: Any, moments: Moments, place: int) -> None:
    """Do what `adopt` does without another class."""
    reference = weakref.ref(task)  # the task must not hold itself alive
    base = type(task)

    def result() -> Any:
        task = reference()
        if task.done():
            moments.taken(place, task)
        try:
            return base.result(task)
        except BaseException as error:
            error.__traceback__ = error.__traceback__.tb_next
            raise
        finally:
            del task

    def exception() -> BaseException | None:
        task = reference()
        try:
            error = base.exception(task)
            if error is not None:
                moments.taken(place, task)
            return error
        except BaseException as error:
            error.__traceback__ = error.__traceback__.tb_next
            raise
        finally:
            del task

    def get_coro() -> Any:
        coro = base.get_coro(reference())
        return coro.coroutine if isinstance(coro, Watched) else coro

    def set_name(name: object) -> None:
        task = reference()
        try:
            base.set_name(task, name)
        except BaseException as error:
            error.__traceback__ = error.__traceback__.tb_next
            raise
        if name is not None:  # see Recorded.set_name
            moments.names[place] = base.get_name(task)

    for method in (result, exception, get_coro, set_name):
        if hasattr(base, method.__name__):
            object.__setattr__(task, method.__name__, method)
