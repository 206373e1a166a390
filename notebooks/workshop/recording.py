"""Notes what the tasks of unmodified code do. Standard library only.

It rests on the event loop's task factory: whatever starts a task, ``create_task``, ``gather``, ``as_completed``,
``TaskGroup``, ``wait_for`` or a library, the loop asks its factory for it. Ours notes the moment, arranges that the
beginning and the end of the task's code are noted (`watching`), and makes a task that tells when its outcome is taken
(`tasks`).
"""

import asyncio
import sys
from array import array
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Coroutine, Iterator
from contextvars import ContextVar
from itertools import pairwise
from math import isnan
from time import perf_counter as clock
from types import CoroutineType
from typing import Any, NamedTuple

from .moments import Moments, Snapshot, Waits
from .naming import Call
from .records import CANCELLED
from .tasks import adopt, recorded, standing_in, stepping, unwrapping
from .watching import Monitor, Watched, WatchedInSteps, watched

Factory = Callable[..., Future[Any]]

monitor = Monitor()

MOST_WITH_ARGUMENTS = 10_000
"""So many tasks of a recording are named with their arguments, ``sleep(0)``; later ones without, ``sleep(…)``. Nobody
reads so many names, and to look at arguments is the dearest part of recording."""

_scope: ContextVar["Scope | None"] = ContextVar("asyncio timeline", default=None)
"""The timeline around the running code. Tasks inherit it: so those that a block starts are told from others that run
on the same loop, such as a notebook's own."""


def shorten_trace(task: Future[Any], calls: int) -> None:
    """Let the trace that asyncio's debug mode keeps of where a task was made end where it does without us.

    Args:
        task: the task.
        calls: how many calls lie between the reader's and the making of the task.
    """
    if task._source_traceback:  # debug mode may have been switched off in the meantime
        del task._source_traceback[-calls:]


class Scope:
    """One timeline's share of what is recorded on its loop: the tasks started inside its block.

    Args:
        recorder: who records on the loop.
        parent: the timeline around this one, if any.
        steps: whether it wants to know when tasks wait.
    """

    __slots__ = ("began", "first_wait", "noting", "open", "parent", "recorder", "steps")

    def __init__(self, recorder: "Recorder", parent: "Scope | None", steps: bool) -> None:
        self.recorder = recorder
        self.parent = parent
        self.steps = steps
        self.noting: bool = steps or (parent is not None and parent.noting)
        self.first_wait = 0
        self.open = True
        self.began = clock()

    def within(self, other: "Scope") -> bool:
        """Tell whether this scope is the other one or lies inside it."""
        return self is other or (self.parent is not None and self.parent.within(other))


class Manner(NamedTuple):
    """How tasks are recorded.

    Attributes:
        task_class: what their tasks are made of.
        calls: what is known of the calls that tasks come from, by the id of their code, whose hash would be slow;
            the calls keep the code alive. The code of all of them is watched in this manner.
        waits: where it is noted when tasks wait, or None if it is not.
    """

    task_class: type[asyncio.Task]
    calls: dict[int, Call]
    waits: Waits | None


class Recorder:
    """Records tasks of one event loop, for all timelines that are open on it.

    Args:
        loop: the event loop. Its task factory, if it has one, goes on making the tasks.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.loop = loop
        self.previous: Factory | None = loop.get_task_factory()
        self.moments = Moments()
        self.runs: list[tuple[int, int, Scope]] = []  # from which task and argument on they belong to which scope
        self.namesakes: dict[tuple[int, str], Call] = {}
        self.plain = Manner(recorded(asyncio.Task, self.moments), {}, None)
        self.in_steps: Manner | None = None
        self.users = self.users_of_steps = 0
        self.monitored = monitor.acquire()
        self.factory = self._factory()
        self.factory.recorder = self
        loop.set_task_factory(self.factory)

    @classmethod
    def on(cls, loop: AbstractEventLoop) -> "Recorder":
        """Return the recorder that works on a loop, a new one if there is none."""
        factory = loop.get_task_factory()
        recorder = getattr(factory, "recorder", None)
        if isinstance(recorder, cls):
            if recorder.users:
                return recorder
            if factory is recorder.factory:  # somebody put it back after its time
                loop.set_task_factory(recorder.previous)
        return cls(loop)

    def open(self, steps: bool = False) -> Scope:
        """Begin to record what the current task, and the tasks that come of it, start.

        Args:
            steps: whether to note when the tasks wait.
        """
        scope = Scope(self, _scope.get(), steps)
        self.users += 1
        if steps:
            self._note_steps()
            scope.first_wait = len(self.moments.waits.times)
        _scope.set(scope)
        return scope

    def close(self, scope: Scope) -> Snapshot:
        """End recording for a timeline, and return what its tasks did.

        With the last timeline's end the loop gets back the factory that it had.
        """
        snapshot = self.so_far(scope)
        scope.open = False
        if _scope.get() is scope:  # else left in another context, or before a block inside
            around = scope.parent
            while around is not None and not around.open:
                around = around.parent
            _scope.set(around)
        if scope.steps:
            self._forget_steps()
        self.users -= 1
        if self.users == 0:
            if self.loop.get_task_factory() is self.factory:  # else code inside set one of its own: that one stays
                self.loop.set_task_factory(self.previous)
            if self.monitored:
                self.monitored = False
                monitor.release()
        return snapshot

    def so_far(self, scope: Scope, most: int = sys.maxsize) -> Snapshot:
        """Return what is known now of the tasks that were started inside a scope.

        Args:
            scope: the timeline's share.
            most: of so many tasks, the first ones.
        """
        moments = self.moments
        snapshot = Snapshot(scope.began, clock(), moments.waits if scope.steps else None, scope.first_wait)
        for tasks, arguments in self._shares(scope):
            if len(snapshot) + tasks.stop - tasks.start > most:
                tasks = slice(tasks.start, tasks.start + most - len(snapshot))
                kept = sum(len(call.arguments) for call in moments.calls[tasks] if isinstance(call, Call))
                arguments = slice(arguments.start, arguments.start + kept)
            snapshot.add(moments, tasks, arguments)
            if len(snapshot) == most:
                break
        return snapshot

    def tasks_so_far(self, scope: Scope) -> int:
        """Return how many tasks were started inside a scope."""
        return sum(tasks.stop - tasks.start for tasks, _ in self._shares(scope))

    def ends_so_far(self, scope: Scope) -> tuple[int, int, int]:
        """Return how many of the tasks that were started inside a scope have finished, were received, were cancelled.

        A task that was cancelled counts among the last only.
        """
        shares = [tasks for tasks, _ in self._shares(scope)]
        cancelled = [
            place
            for place, outcome in self.moments.outcomes.items()
            if outcome == CANCELLED and any(tasks.start <= place < tasks.stop for tasks in shares)
        ]

        def known(column: array) -> int:
            noted = sum(not isnan(time) for tasks in shares for time in column[tasks])
            return noted - sum(not isnan(column[place]) for place in cancelled)

        return known(self.moments.finished), known(self.moments.received), len(cancelled)

    def unfinished(self, scope: Scope) -> list[asyncio.Task]:
        """Return the tasks that were started inside a scope and are not done."""

        def belongs(task: asyncio.Task) -> bool:
            if getattr(task, "_timeline_moments", None) is not self.moments:
                return False
            place = task._timeline_place
            return any(tasks.start <= place < tasks.stop for tasks in shares)

        shares = [tasks for tasks, _ in self._shares(scope)]
        return [task for task in asyncio.all_tasks(self.loop) if belongs(task)]

    def _shares(self, scope: Scope) -> Iterator[tuple[slice, slice]]:
        """Yield which tasks, and which kept arguments, are those of a scope."""
        runs = [*self.runs, (len(self.moments), len(self.moments.arguments), scope)]
        for (first, first_kept, owner), (end, end_kept, _) in pairwise(runs):
            if owner.within(scope):
                yield slice(first, end), slice(first_kept, end_kept)

    def _note_steps(self) -> None:
        """Note when tasks wait, for one more timeline."""
        self.users_of_steps += 1
        if self.users_of_steps == 1:
            self.moments.note_waits()
            waits = self.moments.waits
            self.in_steps = Manner(stepping(self.plain.task_class, waits), {}, waits)
            if self.monitored:
                monitor.acquire_steps()

    def _forget_steps(self) -> None:
        """End that for one timeline."""
        self.users_of_steps -= 1
        if self.users_of_steps == 0:
            self.moments.forget_waits()
            self.in_steps = None
            if self.monitored:
                monitor.release_steps()

    def _owner(self, scope: Scope | None) -> Scope | None:
        """Return the innermost scope, of this one and those around it, that is open and recorded here."""
        while scope is not None and not (scope.open and scope.recorder is self):
            scope = scope.parent
        return scope

    def _call(self, coro: Coroutine[Any, Any, Any]) -> Call:
        """Return what to name a coroutine's task after. One code may serve several functions, as in decorators."""
        code, name = coro.cr_code, coro.__qualname__
        call = self.namesakes.get((id(code), name))
        if call is None:
            call = self.namesakes[id(code), name] = Call(coro)
        return call

    def _factory(self) -> Factory:
        """Return the task factory. All tasks pass through it, so it keeps what it needs in local variables."""
        previous, moments, scope_now = self.previous, self.moments, _scope.get
        created, started, names, arguments = moments.created, moments.started, moments.calls, moments.arguments
        eager = previous is not None and previous is getattr(asyncio, "eager_task_factory", None)
        foreign = previous is not None and not eager
        adopting: dict[type, type[asyncio.Task]] = {}  # the classes for tasks of a foreign factory
        monitored = self.monitored and previous is None
        debug = self.loop.get_debug()
        task_class, calls, waits = seen, _, _ = self.plain
        unwrapping_seen = unwrapping(seen)
        replaceable = hasattr(asyncio.Task, "_coro")  # asyncio's own C class, not what nest_asyncio puts there
        standing_in_seen = standing_in(seen) if replaceable else None
        owner: Scope | None = None  # of the latest task

        def bare(loop: AbstractEventLoop, coro: Coroutine[Any, Any, Any], **options: Any) -> Future[Any]:
            if previous is not None:
                return previous(loop, coro, **options)
            task = asyncio.Task(coro, loop=loop, **options)
            if debug:
                shorten_trace(task, 3)
            return task

        def wrapped(coro: Coroutine[Any, Any, Any], place: int) -> Watched:
            return Watched(coro, moments, place) if waits is None else WatchedInSteps(coro, moments, place, waits)

        def behind_watched(
            loop: AbstractEventLoop, coro: Coroutine[Any, Any, Any], place: int, options: dict[str, Any]
        ) -> Future[Any]:
            if foreign:
                task = previous(loop, wrapped(coro, place), **options)
                adopt(task, moments, place, adopting)
                return task
            if replaceable and type(coro) is CoroutineType and not coro.cr_suspended:
                if waits is None:
                    inner = watched(coro, moments, place)
                    inner.send(None)
                else:
                    inner = wrapped(coro, place)
                task = standing_in_seen.__new__(standing_in_seen)
                task._timeline_coroutine = coro
            else:
                inner = wrapped(coro, place)
                task = unwrapping_seen.__new__(unwrapping_seen)
            task._timeline_place = place  # before its code begins, which for an eager task is in the next line
            task.__init__(inner, loop=loop, **({"eager_start": True} if eager else {}), **options)
            if debug:
                shorten_trace(task, 3)
            return task

        def factory(loop: AbstractEventLoop, coro: Coroutine[Any, Any, Any], **options: Any) -> Future[Any]:
            nonlocal owner, task_class, calls, waits
            scope = scope_now()
            if scope is None or scope is not owner or not scope.open:
                scope = self._owner(scope)
                if scope is None:
                    return bare(loop, coro, **options)
                if scope is not owner:
                    owner = scope
                    task_class, calls, waits = (scope.noting and self.in_steps) or self.plain
                    self.runs.append((len(moments), len(arguments), scope))

            name = None
            if options and options.get("name") is not None:
                name = str(options["name"])
            native = type(coro) is CoroutineType
            fresh = native and not coro.cr_suspended
            if native:
                code = coro.cr_code
                call = calls.get(id(code))
                if call is None or call.qualname != coro.__qualname__:
                    call = self._call(coro)
                    calls.setdefault(id(code), call)
                    if monitored:
                        monitor.watch(code, steps=waits is not None)
                if name is None:
                    if len(names) < MOST_WITH_ARGUMENTS:
                        call.keep(coro, arguments)
                        name = call
                    else:
                        name = call.without_arguments
            elif not asyncio.iscoroutine(coro):
                return bare(loop, coro, **options)  # and its error
            elif name is None:
                name = getattr(coro, "__qualname__", type(coro).__name__)
            place = len(names)
            if place == len(started):
                moments.make_room()
            names.append(name)
            created.append(clock())
            try:
                # A coroutine that waits already does not begin, and a task that begins inside its constructor has no
                # place yet by which the monitor could know it.
                if fresh and monitored and not (options and options.get("eager_start")):
                    task = task_class(coro, loop=loop, **options)
                    task._timeline_place = place
                    if debug:
                        shorten_trace(task, 2)
                    return task
                return behind_watched(loop, coro, place, options)
            except BaseException:
                moments.drop(place)
                raise

        return factory
