"""Tasks that tell when somebody takes their outcome. Standard library only.

Whoever receives a result calls ``task.result()`` (``as_completed``, ``gather``, the reader's code), asks for
``task.exception()`` (a task group, ``gather``), or awaits the task. That moment is the difference between gather and
as_completed, and asyncio itself keeps no note of it.
"""

import asyncio
import weakref
from collections.abc import Generator
from time import perf_counter as clock
from typing import Any

from .moments import Moments, Waits
from .watching import Watched


def recorded(base: type[asyncio.Task], moments: Moments, adopting: bool = False) -> type[asyncio.Task]:
    """Return a subclass of a task class that notes when its outcome is taken, and under which name it goes.

    It looks and behaves like its base, down to its name, so that printing a task shows nothing new. Its objects
    carry their place in ``_timeline_place``, which is set when they are made.

    Args:
        base: `asyncio.Task`, or what has taken its place (nest_asyncio), or a task class of somebody's own.
        moments: where to note.
        adopting: whether objects of the base are to become objects of this class.
    """
    received, rename = moments.received, moments.rename
    base_result, base_exception, base_await = base.result, base.exception, base.__await__
    base_set_name, done = base.set_name, base.done

    class Recorded(base):
        __slots__ = () if adopting else ("_timeline_place",)
        _timeline_moments = moments
        _timeline_started = moments.started
        _timeline_finished = moments.finished
        _timeline_waits: Waits | None = None

        def result(self) -> Any:
            __tracebackhide__ = True  # IPython leaves the frame out of tracebacks
            place = self._timeline_place
            first = received[place]
            if first != first and done(self):  # NaN: not received yet
                received[place] = clock()
            try:
                return base_result(self)
            except RuntimeError:
                if done(self):
                    moments.taken(place)
                raise
            finally:
                del self  # the error's traceback holds this frame, and the task the error

        def exception(self) -> BaseException | None:
            __tracebackhide__ = True
            error = base_exception(self)
            # gather and task groups look for an error in every task; they have not taken a result by that.
            if error is not None:
                moments.taken(self._timeline_place)
            return error

        def __await__(self) -> Generator[Any, None, Any]:
            __tracebackhide__ = True
            try:
                return (yield from base_await(self))
            finally:
                if done(self):
                    moments.taken(self._timeline_place)
                del self

        __iter__ = __await__

        def set_name(self, name: object) -> None:
            if name is None:
                return  # create_task of Python 3.13.0 passes on that no name was given
            base_set_name(self, name)
            rename(self._timeline_place, str(name))

    return disguised(Recorded, base)


def stepping(base: type[asyncio.Task], waits: Waits) -> type[asyncio.Task]:
    """Return a subclass of a recorded task class of whose tasks `watching.Monitor` notes when they wait.

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


def adopt(task: "asyncio.Future[Any]", moments: Moments, place: int, classes: dict[type, type[asyncio.Task]]) -> None:
    """Make a task that somebody else's factory made tell when its outcome is taken.

    An object of asyncio's own C class can't change its class. There `result` and `exception` are covered, and
    a plain ``await task`` is not.

    Args:
        task: the task, which runs a `Watched` coroutine.
        moments: where to note.
        place: the task's place there.
        classes: by task class, the subclasses that were made for tasks adopted earlier.
    """
    base = type(task)
    if hasattr(task, "_timeline_place"):  # it has a place with another recorder, whose factory is behind this one
        adopt_by_attributes(task, moments, place)
        return
    if base not in classes:
        classes[base] = recorded(unwrapping(base), moments, adopting=True)
    try:
        task.__class__ = classes[base]
        task._timeline_place = place
    except TypeError:
        adopt_by_attributes(task, moments, place)


def adopt_by_attributes(task: "asyncio.Future[Any]", moments: Moments, place: int) -> None:
    """Do what `adopt` does without another class."""
    reference = weakref.ref(task)  # the task must not hold itself alive
    base_result, base_exception, base_coro = type(task).result, type(task).exception, type(task).get_coro
    base_set_name = type(task).set_name

    def result() -> Any:
        __tracebackhide__ = True
        task = reference()
        if task.done():
            moments.taken(place)
        try:
            return base_result(task)
        finally:
            del task

    def exception() -> BaseException | None:
        __tracebackhide__ = True
        task = reference()
        error = base_exception(task)
        if error is not None:
            moments.taken(place)
        return error

    def get_coro() -> Any:
        coro = base_coro(reference())
        return coro.coroutine if isinstance(coro, Watched) else coro

    def set_name(name: object) -> None:
        if name is not None:  # see Recorded.set_name
            base_set_name(reference(), name)
            moments.rename(place, str(name))

    task.result, task.exception, task.get_coro, task.set_name = result, exception, get_coro, set_name
