"""Notes what the tasks of unmodified code do. Standard library only.

It rests on the event loop's ``create_task``: whatever starts a task, ``asyncio.create_task``, ``gather``,
``as_completed``, ``TaskGroup``, ``wait_for`` or a library, asks the loop for it. Ours stands before the loop's own. It
notes the moment, arranges that the beginning and the end of the task's code are noted (`monitoring`), and makes a task
that tells when its outcome is taken (`tasks`). The loop's task factory is left alone: code inside may ask for it, as
libraries do to learn whether tasks are eager, and may set another.
"""

import asyncio
import contextlib
import functools
import inspect
import sys
from array import array
from asyncio import AbstractEventLoop, Future, base_events
from asyncio import tasks as asyncio_tasks
from bisect import bisect_right
from collections.abc import Callable, Coroutine, Iterator
from contextvars import ContextVar
from itertools import pairwise
from math import isnan
from operator import itemgetter
from pathlib import Path
from time import perf_counter as clock
from types import CodeType, CoroutineType, FrameType, MethodType
from typing import Any, NamedTuple

from ..records import CANCELLED
from . import printing
from .lines import block_of
from .log import Moments, Snapshot, Waits
from .monitoring import Block, Monitor, Watched, WatchedInSteps, current_task, watched
from .naming import Call, name_of
from .tasks import adopt, recorded, standing_in, stepping, unwrapping

Creator = Callable[..., Future[Any]]

PACKAGE = Path(__file__).parents[1]

monitor = Monitor()

MOST_WITH_ARGUMENTS = 10_000
"""So many tasks of a recording are named with their arguments, ``sleep(0)``; later ones without, ``sleep(…)``. Nobody
reads so many names, and to look at arguments is the dearest part of recording."""

_scope: ContextVar["Scope | None"] = ContextVar("asyncio timeline", default=None)
"""The timeline around the running code. Tasks inherit it: so those that a block starts are told from others that run
on the same loop, such as a notebook's own."""


def shorten_trace(task: Future[Any]) -> None:
    """Leave this module out of the trace that asyncio's debug mode keeps of where a task was made."""
    if trace := getattr(task, "_source_traceback", None):  # debug mode may have been switched off in the meantime
        trace[:] = [frame for frame in trace if frame.filename != __file__]


def leave_out(error: BaseException) -> None:
    """Leave the package out of an error's traceback."""
    entries = []
    entry = error.__traceback__
    while entry is not None:
        if PACKAGE not in Path(entry.tb_frame.f_code.co_filename).parents:
            entries.append(entry)
        entry = entry.tb_next
    for entry, following in pairwise([*entries, None]):
        entry.tb_next = following
    error.__traceback__ = entries[0] if entries else None


def takes(code: CodeType, options: dict[str, Any]) -> bool:
    """Tell whether a function takes these keyword arguments. Which ones `asyncio` takes differs between Pythons."""
    return bool(code.co_flags & inspect.CO_VARKEYWORDS) or options.keys() <= {*code.co_varnames}


def eager_tasks_of(factory: Any) -> Any:
    """Return what a factory of `asyncio.create_eager_task_factory` makes tasks of; None for any other factory."""
    eager = getattr(asyncio, "eager_task_factory", None)  # new in Python 3.12
    if eager is None or getattr(factory, "__code__", None) is not eager.__code__:
        return None
    return factory.__closure__[0].cell_contents


def all_tasks(loop: AbstractEventLoop) -> set[asyncio.Task]:
    """Return the tasks on a loop that are not done, under nest_asyncio too.

    That makes tasks of asyncio's Python class, of which `asyncio.all_tasks` knows nothing from Python 3.14 on.
    """
    return asyncio.all_tasks(loop) | getattr(asyncio_tasks, "_py_all_tasks", asyncio.all_tasks)(loop)


def note_printed(text: str) -> None:
    """Note what code inside timelines prints, for those that want to know."""
    scope = _scope.get()
    while scope is not None:
        if scope.open and scope.stream is not None:
            scope.printed.append((len(scope.recorder.moments.waits.times), clock(), text))
        scope = scope.parent


class Scope:
    """One timeline's share of what is recorded on its loop: the tasks started inside its block.

    Args:
        recorder: who records on the loop.
        parent: the timeline around this one, if any.
        steps: whether it wants to know when tasks wait.
    """

    __slots__ = (
        *("began", "block", "first_wait", "frame", "noting", "open", "opened", "parent"),
        *("place", "printed", "recorder", "steps", "stream", "token"),
    )

    def __init__(self, recorder: "Recorder", parent: "Scope | None", steps: bool) -> None:
        self.recorder = recorder
        self.parent = parent
        self.steps = steps
        self.noting: bool = steps or (parent is not None and parent.noting)
        self.first_wait = 0
        self.block: Block | None = None
        self.frame: FrameType | None = None  # of the block's code
        self.place: int | None = None  # of the task whose code is the block
        self.opened = 0  # the number of the stop where the block begins
        self.printed: list[tuple[int, float, str]] = []
        self.stream: Any = None
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
        self.moments = Moments()
        self.runs: list[tuple[int, int, Scope]] = []  # from which task and argument on they belong to which scope
        self.namesakes: dict[tuple[int, int], Call] = {}
        self.base: type[asyncio.Task] = asyncio_tasks.Task
        self.plain = Manner(recorded(self.base, self.moments), {}, None)
        self.in_steps: Manner | None = None
        self.users = self.users_of_steps = 0
        self.monitored = monitor.acquire()
        before = loop.create_task
        inherited = before == MethodType(type(loop).create_task, loop)  # asked of vars(loop), the loop would get slower
        self.replaced: Creator | None = None if inherited else before  # somebody's who did as we do
        self.create_task: Creator | None = MethodType(self._creator(before), loop)
        loop.create_task = self.create_task

    @classmethod
    def on(cls, loop: AbstractEventLoop) -> "Recorder":
        """Return the recorder that works on a loop, a new one if there is none."""
        recorder = getattr(loop.create_task, "recorder", None)
        return recorder if isinstance(recorder, cls) and recorder.users else cls(loop)

    def open(self, steps: bool = False, frame: FrameType | None = None) -> Scope:
        """Begin to record what the current task, and the tasks that come of it, start.

        Args:
            steps: whether to note when the tasks wait, at which lines, and what is printed.
            frame: where the block stands, if its own waits are to be noted, too.
        """
        scope = Scope(self, _scope.get(), steps)
        self.users += 1
        if steps:
            self._note_steps()
            scope.first_wait = len(self.moments.waits.times)
            if self.monitored and (frame := block_of(frame)) is not None:
                self._note_block(scope, frame)
            scope.stream = sys.stdout
            printing.listen(scope.stream, note_printed)
        scope.token = _scope.set(scope)
        return scope

    def _note_block(self, scope: Scope, frame: FrameType) -> None:
        """Begin to note the waits of a timeline's own block."""
        task, moments = current_task(self.loop), self.moments
        waits = moments.waits
        scope.frame = frame
        scope.opened = waits.where.number((frame.f_code, frame.f_lasti))
        if getattr(task, "_timeline_waits", None) is waits and task.get_coro().cr_frame is frame:
            scope.place = waits.you = task._timeline_place
            return
        # It gets a place as if it were a task, but no timeline's.
        scope.place = place = len(moments)
        owner = self.runs[-1][2] if self.runs else scope
        self.runs += [(place, len(moments.arguments), Scope(self, None, False))]
        moments.add("")
        self.runs += [(place + 1, len(moments.arguments), owner)]
        scope.block = Block(task, frame, place, waits)
        waits.start(place, scope.began)
        monitor.add_block(scope.block)

    def close(self, scope: Scope) -> Snapshot:
        """End recording for a timeline, and return what its tasks did.

        With the last timeline's end the loop gets back the ``create_task`` that it had.
        """
        snapshot = self.so_far(scope)
        snapshot.over = True
        scope.open = False
        if scope.steps:
            where, frame = self.moments.waits.where, scope.frame
            if frame is not None:
                snapshot.closed = where.number((frame.f_code, frame.f_lasti))
            snapshot.lines = where.read(frame and frame.f_code)
            printing.leave(scope.stream)
            scope.stream = scope.frame = None
        if scope.block is not None:
            monitor.remove_block(scope.block)
            scope.block = None
        if _scope.get() is scope:  # else left in another context, or before a block inside
            around = scope.parent
            while around is not None and not around.open:
                around = around.parent
            _scope.set(around)
            if around is None:
                with contextlib.suppress(ValueError):  # left in another context than entered
                    _scope.reset(scope.token)
        if scope.steps:
            self._forget_steps()
        self.users -= 1
        if self.users == 0:
            if self.loop.create_task is self.create_task:  # else code inside set one of its own: that one stays
                if self.replaced is None:
                    del self.loop.create_task
                else:
                    self.loop.create_task = self.replaced
            self.create_task = None
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
        snapshot.block, snapshot.opened, snapshot.printed = scope.place, scope.opened, scope.printed[:]
        snapshot.passed_by = getattr(self.loop.create_task, "recorder", None) is not self
        for tasks, arguments in self._shares(scope):
            if len(snapshot) + tasks.stop - tasks.start > most:
                tasks = slice(tasks.start, tasks.start + most - len(snapshot))
                kept = sum(len(call.labels) for call in moments.calls[tasks] if isinstance(call, Call))
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
        return [task for task in all_tasks(self.loop) if belongs(task)]

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
        """Return the innermost scope, of this one and those around it, that is open and recorded here.

        Without a scope, as in a task that was given an empty context, the current task's own counts.
        """
        if scope is None:
            task = current_task(self.loop)
            if getattr(task, "_timeline_moments", None) is self.moments:
                scope = self.runs[bisect_right(self.runs, task._timeline_place, key=itemgetter(0)) - 1][2]
        while scope is not None and not (scope.open and scope.recorder is self):
            scope = scope.parent
        return scope

    def _call(self, coro: Coroutine[Any, Any, Any]) -> Call:
        """Return what to name a coroutine's task after. One code may serve several functions, as in decorators."""
        key = id(coro.cr_code), id(coro.__qualname__)  # the call keeps both
        call = self.namesakes.get(key)
        if call is None:
            call = self.namesakes[key] = Call(coro)
        return call

    def _manner(self, scope: Scope) -> Manner:
        """Return how a scope's tasks are recorded; they are made of what `asyncio.Task` is now."""
        if asyncio_tasks.Task is not self.base:
            self.base = asyncio_tasks.Task
            self.plain = self.plain._replace(task_class=recorded(self.base, self.moments))
            if self.in_steps is not None:
                in_steps = stepping(self.plain.task_class, self.in_steps.waits)
                self.in_steps = self.in_steps._replace(task_class=in_steps)
        return (scope.noting and self.in_steps) or self.plain

    def _creator(self, before: Creator) -> Creator:
        """Return what stands before a loop's ``create_task``. All tasks pass through it: it is quick, not short."""
        loop, moments, scope_now = self.loop, self.moments, _scope.get
        created, started, names, arguments = moments.created, moments.started, moments.calls, moments.arguments
        code = getattr(getattr(before, "__func__", None), "__code__", None)
        stock = code is not None and code.co_filename == base_events.__file__
        debug = loop.get_debug()
        adopting: dict[type, type[asyncio.Task]] = {}  # the classes for tasks of a factory of somebody's
        owner: Scope | None = None  # of the latest task
        base = task_class = calls = waits = monitored = seen = seen_instead = None

        def prepare(scope: Scope) -> None:
            """Let the next tasks be those of a scope, as they are made of `asyncio.Task` now."""
            nonlocal owner, base, task_class, calls, waits, monitored, seen, seen_instead
            task_class, calls, waits = self._manner(scope)
            if base is not self.base:
                base = self.base
                native = hasattr(base, "_coro")  # asyncio's own C class, not what nest_asyncio puts there
                monitored = self.monitored and native
                seen = unwrapping(self.plain.task_class)
                seen_instead = standing_in(self.plain.task_class) if native else None
            if scope is not owner:
                owner = scope
                self.runs.append((len(moments), len(arguments), scope))

        def wrapped(coro: Coroutine[Any, Any, Any], place: int) -> Watched:
            return Watched(coro, moments, place) if waits is None else WatchedInSteps(coro, moments, place, waits)

        def behind_watched(coro: Coroutine[Any, Any, Any], place: int, fresh: bool, options: dict[str, Any]) -> Any:
            if fresh and seen_instead is not None:
                if waits is None:
                    inner = watched(coro, moments, place)
                    inner.send(None)
                else:
                    inner = wrapped(coro, place)
                task = seen_instead.__new__(seen_instead)
                task._timeline_coroutine = coro
            else:
                inner = wrapped(coro, place)
                task = seen.__new__(seen)
            task._timeline_place = place  # before its code begins, which for an eager task is in the next line
            try:
                task.__init__(inner, loop=loop, **options)
                if debug:
                    shorten_trace(task)
                return task
            except BaseException:
                moments.drop(place)
                raise
            finally:
                del task  # the traceback of an eager task's error holds this frame

        def plainly(coro: Coroutine[Any, Any, Any], place: int, fresh: bool, options: dict[str, Any]) -> Any:
            # A coroutine that waits already does not begin, and a task that begins inside its constructor has no
            # place yet by which the monitor could know it.
            if not (fresh and monitored) or options.get("eager_start"):
                return behind_watched(coro, place, fresh, options)
            try:
                task = task_class(coro, loop=loop, **options)
            except BaseException:
                moments.drop(place)
                raise
            task._timeline_place = place
            if debug:
                shorten_trace(task)
            return task

        def indirectly(coro: Coroutine[Any, Any, Any], place: int, fresh: bool, options: dict[str, Any]) -> Any:
            """Let the loop create the task in its own way, and be its factory for this one task."""
            factory = loop.get_task_factory()

            def make(_: AbstractEventLoop, coro: Coroutine[Any, Any, Any], **options: Any) -> Any:
                loop.set_task_factory(factory)
                if factory is None:
                    return plainly(coro, place, fresh, options)
                if eager_tasks_of(factory) is base and takes(factory.__code__, options):
                    return behind_watched(coro, place, fresh, {"eager_start": True, **options})
                inner = wrapped(coro, place)
                try:
                    task = factory(loop, inner, **options)
                except BaseException:
                    inner.forget()
                    moments.drop(place)
                    raise
                if debug:
                    shorten_trace(task)
                adopt(task, moments, place, adopting)
                return task

            loop.set_task_factory(make)
            try:
                task = before(coro, **options)
                if options.get("name") is not None and isinstance(task, asyncio_tasks.Task):
                    moments.names[place] = asyncio_tasks.Task.get_name(task)
                return task
            finally:
                if loop.get_task_factory() is make:  # the loop refused before it asked
                    loop.set_task_factory(factory)
                    moments.drop(place)
                task = None  # see behind_watched

        @functools.wraps(getattr(before, "__func__", before))
        def create_task(_: AbstractEventLoop, coro: Coroutine[Any, Any, Any], **options: Any) -> Future[Any]:
            try:
                scope = scope_now()
                if scope is None or scope is not owner or not scope.open or asyncio_tasks.Task is not base:
                    scope = self._owner(scope)
                    if scope is None:
                        return before(coro, **options)
                    prepare(scope)

                native = type(coro) is CoroutineType
                if not native and not asyncio.iscoroutine(coro):
                    return before(coro, **options)  # and its error
                name, direct = None, stock and loop._task_factory is None
                if options:
                    direct = direct and takes(code, options)
                    if direct and options.get("name") is not None:
                        name = options["name"] = str(options["name"])  # once, as asyncio does
                fresh = native and not coro.cr_suspended
                if native:
                    call = calls.get(id(coro.cr_code))
                    if call is None or call.qualname is not coro.__qualname__:
                        call = self._call(coro)
                        calls.setdefault(id(call.code), call)
                        if monitored:
                            monitor.watch(call.code, steps=waits is not None)
                    if name is None:
                        if len(names) < MOST_WITH_ARGUMENTS:
                            if not call.keep(coro, arguments):
                                fresh = False  # it has ended already
                            name = call
                        else:
                            name = call.without_arguments
                elif name is None:
                    name = name_of(coro)
                place = len(names)
                if place == len(started):
                    moments.make_room()
                names.append(name)
                created.append(clock())
                if not direct:
                    return indirectly(coro, place, fresh, options)
                if options or debug or not (fresh and monitored) or loop._closed:
                    return plainly(coro, place, fresh, options)
                task = task_class(coro, loop=loop)  # as in plainly, without a call more
                task._timeline_place = place
                return task
            except BaseException as error:
                leave_out(error)
                raise

        create_task.recorder = self
        return create_task
