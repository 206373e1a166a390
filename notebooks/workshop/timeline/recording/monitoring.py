"""Ways to see when a task's code begins and ends, without a line of it being changed. Standard library only.

`Monitor` asks the interpreter itself to say so (``sys.monitoring``, Python 3.12 and later): nearly free, and invisible.
`watched` stands between the task and its coroutine: it serves Python 3.11, tasks that begin before they can be told
apart (eager ones), and programs in which debuggers and profilers hold all of the interpreter's tool ids. `Watched`
does the same for all else: tasks of foreign factories, and coroutines without Python code of their own.

All write into `Moments`.
"""

import asyncio
import contextlib
import sys
import threading
import types
from asyncio import AbstractEventLoop, CancelledError
from collections.abc import Callable, Coroutine, Generator, Iterator
from sys import _getframe as frame
from time import perf_counter as clock
from types import CodeType, FrameType
from typing import Any, NamedTuple

from ..records import CANCELLED, EXCEPTION, RESULT
from .lines import WAITS, as_completed_in, is_as_completed, is_readers, places_of, raised_at
from .log import Moments, Waits


def current_task(loop: AbstractEventLoop | None = None) -> asyncio.Task | None:
    """Return the task that runs now, under nest_asyncio too.

    That makes tasks of asyncio's Python class, of which `asyncio.current_task` knows nothing from Python 3.14 on. It
    is looked up when it is used, since others replace it (trio_asyncio).

    Args:
        loop: the event loop; the running one if None.
    """
    return asyncio.current_task(loop) or getattr(asyncio.tasks, "_py_current_task", asyncio.current_task)(loop)


def outcome_of(error: BaseException | None) -> int:
    """Return the outcome of the current task, given the error that its code ended with, or None if it returned."""
    if error is None:
        # A task that was asked to cancel, and whose code returned before it noticed, counts as cancelled.
        return CANCELLED if getattr(current_task(), "_must_cancel", False) else RESULT
    return CANCELLED if isinstance(error, CancelledError) else EXCEPTION


@types.coroutine
def pause() -> Generator[None, None, None]:
    """Wait until sent to."""
    yield


async def watched(inner: Coroutine[Any, Any, Any], moments: Moments, place: int) -> Any:
    """Run a coroutine, and note when it begins and ends: `Watched` at a third of its price, for asyncio's own tasks.

    It is sent to once before the task has it, and so can tell the inner coroutine even of a cancellation that comes
    before the task begins. It leaves itself out of the tracebacks of errors that pass through it, as all here do: a
    bare ``raise`` adds nothing to them.
    """
    try:
        try:
            await pause()
        except CancelledError as error:
            inner.throw(error.with_traceback(None))
        moments.started[place] = clock()
        result = await inner
    except BaseException as error:
        if type(error) is not GeneratorExit:  # thrown away before its end
            moments.ended(place, outcome_of(error))
        error.__traceback__ = error.__traceback__.tb_next
        raise
    if getattr(asyncio.current_task(), "_must_cancel", False):  # see outcome_of
        moments.ended(place, CANCELLED)
    else:
        moments.finished[place] = clock()
    return result


class Watched:
    """A coroutine that notes when its inner coroutine begins and ends, and is like it in all else.

    Args:
        coroutine: the reader's coroutine.
        moments: where to note.
        place: the task's place there.
    """

    __slots__ = ("_begun", "_moments", "_place", "coroutine")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], moments: Moments, place: int) -> None:
        self.coroutine = coroutine
        self._moments = moments
        self._place = place
        self._begun = False

    def send(self, value: Any) -> Any:
        """Run the coroutine to its next wait."""
        if not self._begun:
            self._begun = True
            self._moments.started[self._place] = clock()
        try:
            return self.coroutine.send(value)
        except BaseException as error:
            self._ended(error)
            raise

    def throw(self, *error: Any) -> Any:
        """Raise an error where the coroutine waits."""
        try:
            return self.coroutine.throw(*error)
        except BaseException as raised:
            self._ended(raised)
            raise
        finally:
            del error  # it may hold the frame that it is thrown into, and that one this

    def _ended(self, error: BaseException) -> None:
        """Note the end of the coroutine, given what it raised; `StopIteration` if it returned."""
        self._moments.ended(self._place, outcome_of(None if isinstance(error, StopIteration) else error))
        error.__traceback__ = error.__traceback__.tb_next

    def forget(self) -> None:
        """Note nothing from now on: there is no record of this task."""
        self._moments, self._place = Moments(), 0
        self._moments.make_room()

    def close(self) -> None:
        """End the coroutine."""
        self.coroutine.close()

    def __await__(self) -> "Watched":
        return self

    def __iter__(self) -> "Watched":
        return self

    def __next__(self) -> Any:
        try:
            return self.send(None)
        except BaseException as error:
            error.__traceback__ = error.__traceback__.tb_next
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self.coroutine, name)

    def __repr__(self) -> str:
        return repr(self.coroutine)


class WatchedInSteps(Watched):
    """A `Watched` coroutine that notes, too, when it waits.

    Args:
        coroutine: the reader's coroutine.
        moments: where to note.
        place: the task's place there.
        waits: where to note when it waits.
    """

    __slots__ = ("_waits",)

    def __init__(self, coroutine: Coroutine[Any, Any, Any], moments: Moments, place: int, waits: Waits) -> None:
        super().__init__(coroutine, moments, place)
        self._waits = waits

    def forget(self) -> None:
        """Note nothing from now on: there is no record of this task."""
        super().forget()
        self._waits = Waits(1)

    def send(self, value: Any) -> Any:
        """Run the coroutine to its next wait."""
        self._goes_on()
        try:
            awaited = Watched.send(self, value)
        except BaseException as error:
            error.__traceback__ = error.__traceback__.tb_next
            raise
        self._waits.begins(self._place, *places_of(self.coroutine))
        if self._place == self._waits.you:
            if (here := as_completed_in(self.coroutine)) is not None:
                self._waits.waits_for_next(awaited, here)
            self._waits.waits_for(awaited)
        return awaited

    def throw(self, *error: Any) -> Any:
        """Raise an error where the coroutine waits."""
        self._goes_on()
        try:
            awaited = Watched.throw(self, *error)
        except BaseException as raised:
            raised.__traceback__ = raised.__traceback__.tb_next
            raise
        finally:
            del error  # see Watched.throw
        self._waits.begins(self._place, *places_of(self.coroutine))
        return awaited

    def _goes_on(self) -> None:
        if self._waits.waiting[self._place]:
            self._waits.ends(self._place)
        else:
            self._waits.start(self._place, clock())

    def _ended(self, error: BaseException) -> None:
        Watched._ended(self, error)
        code = getattr(self.coroutine, "cr_code", None)
        self._waits.stop(self._place, self._moments.finished[self._place], code and raised_at(code, error))


class Block(NamedTuple):
    """The code of a timeline's block, whose waits are noted as those of a task.

    Attributes:
        task: the task that runs it.
        frame: its frame.
        place: its place in `waits`.
        waits: where to note.
    """

    task: asyncio.Task
    frame: FrameType
    place: int
    waits: Waits


class Monitor:
    """Has the interpreter report when the code of recorded tasks begins and ends.

    One serves the whole process, since the interpreter has six tool ids for everybody. Recorded tasks carry
    their `Moments`, two of its columns, and their place there: ``_timeline_moments``, ``_timeline_started``,
    ``_timeline_finished``, ``_timeline_place``; and ``_timeline_waits``, which is None where waits are not noted.
    """

    def __init__(self) -> None:
        self._users = self._users_of_steps = 0
        self._tool: int | None = None
        # By id: the hash of code is slow.
        self._codes: dict[int, CodeType] = {}
        self._stepping: dict[int, CodeType] = {}  # those whose waits are reported
        self._disabled: set[int] = set()  # ids of code of which no wait is reported any more
        self._blocks: list[Block] = []
        self._lock = threading.Lock()

    def acquire(self) -> bool:
        """Begin to watch for one more user. Returns False where the interpreter can't, or has no tool id left."""
        if sys.version_info < (3, 12):
            return False
        with self._lock:
            if self._users == 0 and not self._claim():
                return False
            self._users += 1
            return True

    def release(self) -> None:
        """End one user's watch. With the last one's the interpreter goes back to full speed."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._let_go()

    def acquire_steps(self) -> None:
        """Begin to watch waits, for one more of the users."""
        with self._lock:
            self._users_of_steps += 1
            if self._users_of_steps == 1:
                events = sys.monitoring.events
                sys.monitoring.set_events(self._tool, events.PY_UNWIND | events.PY_THROW | events.PY_YIELD)

    def release_steps(self) -> None:
        """End one user's watch of waits."""
        with self._lock:
            self._users_of_steps -= 1
            if self._users_of_steps == 0:
                sys.monitoring.set_events(self._tool, sys.monitoring.events.PY_UNWIND)
                for code in self._stepping.values():
                    self._set_events(code)
                self._stepping.clear()

    def add_block(self, block: Block) -> None:
        """Have the waits of a block's code noted, too."""
        self._blocks.append(block)
        if id(block.frame.f_code) not in self._stepping:
            self._stepping[id(block.frame.f_code)] = block.frame.f_code
            self._set_events(block.frame.f_code, steps=True)

    def remove_block(self, block: Block) -> None:
        """End that."""
        self._blocks.remove(block)

    def watch(self, code: CodeType, steps: bool = False) -> None:
        """Have this code's beginnings and ends reported, for as long as there are users.

        Args:
            code: the code of a task's own coroutine.
            steps: whether to have its waits reported, too, for as long as somebody wants to know of waits.
        """
        if id(code) not in self._codes:
            self._codes[id(code)] = code
            self._set_events(code)
        if steps and id(code) not in self._stepping:
            self._stepping[id(code)] = code
            self._set_events(code, steps=True)

    def _set_events(self, code: CodeType, steps: bool = False) -> None:
        """Set what is reported of a code: with `steps` its waits, and if it is a task's own its begin and end."""
        events = sys.monitoring.events
        wanted = events.PY_START | events.PY_RETURN if id(code) in self._codes else 0
        if steps:
            wanted |= events.PY_RESUME | events.PY_YIELD
            if id(code) in self._disabled:
                self._disabled.remove(id(code))
                sys.monitoring.restart_events()
        sys.monitoring.set_local_events(self._tool, code, wanted)

    def _claim(self) -> bool:
        monitoring, events = sys.monitoring, sys.monitoring.events
        # Ids 3 and 4 are nobody's; the others are meant for debugger, coverage, profiler and optimizer.
        tool = next((tool for tool in (3, 4, 5, 2, 1, 0) if monitoring.get_tool(tool) is None), None)
        if tool is None:
            return False
        monitoring.use_tool_id(tool, "asyncio timeline")
        for event, callback in self._callbacks(events).items():
            monitoring.register_callback(tool, event, callback)
        # Code that ends by an exception is reported for all code or for none.
        monitoring.set_events(tool, events.PY_UNWIND)
        self._tool = tool
        return True

    def _let_go(self) -> None:
        monitoring, events = sys.monitoring, sys.monitoring.events
        monitoring.set_events(self._tool, 0)
        for code in (*self._codes.values(), *self._stepping.values()):
            monitoring.set_local_events(self._tool, code, 0)
        for event in self._callbacks(events):
            monitoring.register_callback(self._tool, event, None)
        if self._disabled:
            self._disabled.clear()
            monitoring.restart_events()  # whoever gets the id next is to have all reports
        monitoring.free_tool_id(self._tool)
        self._codes.clear()
        self._stepping.clear()
        self._tool = None

    def _callbacks(self, events: Any) -> dict[int, Callable[..., None]]:
        """Return what is called at each event, in the middle of the reader's code: short, and silent about errors."""
        codes, stepping, disabled, blocks = self._codes, self._stepping, self._disabled, self._blocks

        # A task's first code is its own; what it calls comes later.
        def begins(code: CodeType, offset: int) -> None:
            try:
                task = asyncio.current_task()
                started, place = task._timeline_started, task._timeline_place
                first, waits = started[place], task._timeline_waits
                if first != first:  # NaN: not begun yet
                    started[place] = now = clock()
                    if waits is not None and waits.open:
                        waits.tasks.append(place)
                        waits.times.append(now)
                elif waits is not None:
                    waits.nested.add(place)
            except (AttributeError, RuntimeError):
                pass  # not in a task, or in one that is not recorded

        # The same code may run inside a task as a plain await, in other tasks, or in another thread. Only the frame
        # that belongs to the current task's own coroutine marks the task's end. Asking for a frame makes an object of
        # it, so the code is compared first.
        def returns(code: CodeType, offset: int, value: object) -> None:
            try:
                task = asyncio.current_task()
                place = task._timeline_place
                coro = task.get_coro()
                if coro.cr_code is code and coro.cr_frame is frame(1):
                    if task._must_cancel:  # asked to cancel, and returned before it noticed: counts as cancelled
                        task._timeline_moments.ended(place, CANCELLED)
                    else:
                        task._timeline_finished[place] = clock()
                    waits = task._timeline_waits
                    if waits is not None and waits.open:
                        waits.tasks.append(place)
                        waits.times.append(task._timeline_finished[place])
                        number = waits.where.numbers.get(id(code) + offset)  # as in Stops.number, without a call more
                        waits.stops.append(waits.where.number((code, offset)) if number is None else number)
            except (AttributeError, RuntimeError):
                pass

        def unwinds(code: CodeType, offset: int, error: BaseException) -> None:
            if id(code) not in codes:
                return
            try:
                task = asyncio.current_task()
                place = task._timeline_place
                if task.get_coro().cr_frame is frame(1):
                    task._timeline_moments.ended(place, outcome_of(error))
                    started, waits = task._timeline_started[place], task._timeline_waits
                    if waits is not None and started == started:  # else it never began
                        waits.stop(place, task._timeline_finished[place], raised_at(code, error))
            except (AttributeError, RuntimeError):
                pass

        # A waiting task is not the current one: the first of its code that goes on is its own.
        def resumes(code: CodeType, offset: int) -> None:
            try:
                task = asyncio.current_task()
                waits, place = task._timeline_waits, task._timeline_place
                if waits.waiting[place]:
                    waits.waiting[place] = False
                    if waits.open:
                        waits.tasks.append(place)
                        waits.times.append(clock())
                    return
                waits.nested.add(place)
            except (AttributeError, RuntimeError, TypeError):
                pass
            if blocks:
                here = frame(1)
                for block in blocks:
                    if block.frame is here:
                        block.waits.ends(block.place)

        # A frame that somebody asked for stays an object while its task waits: of a hundred thousand tasks that costs
        # more than all else. So a task's own frame is told from others only where it has entered recorded code again.
        def yields(code: CodeType, offset: int, value: object) -> object:
            try:
                task = asyncio.current_task()
                waits, place = task._timeline_waits, task._timeline_place
                coro = task.get_coro()
                if coro.cr_code is code and (place not in waits.nested or coro.cr_frame is frame(1)):
                    if waits.open:
                        waits.waiting[place] = True
                        waits.tasks.append(place)
                        waits.times.append(clock())
                        number = None
                        if waits.inner is None:
                            number = waits.where.numbers.get(id(code) + offset)
                        if number is None:
                            number = waits.where.number((code, offset), waits.passed_up(value))
                            waits.inner = None
                        waits.stops.append(number)
                        if place == waits.you:
                            waits.waits_for(value)
                    return None
            except (AttributeError, RuntimeError):
                pass
            if id(code) not in stepping and not (code.co_flags & WAITS and is_readers(code.co_filename)):
                if is_as_completed(code):
                    waits_for_next(frame(1), value)
                    return None
                disabled.add(id(code))
                return sys.monitoring.DISABLE
            with contextlib.suppress(AttributeError, RuntimeError):
                passes(frame(1), code, offset, value)
            return None

        def waits_for_next(here: FrameType, value: object) -> None:
            with contextlib.suppress(AttributeError, RuntimeError):
                for waits, place, own in tracks(asyncio.current_task()):
                    if place == waits.you or any(block.frame is own for block in blocks):
                        waits.waits_for_next(value, here)

        # What is awaited innermost passes through all coroutines that await each other, up to the task's own.
        def passes(here: FrameType, code: CodeType, offset: int, value: object) -> None:
            if type(value).__name__ == "async_generator_wrapped_value":
                return  # no wait: an asynchronous generator gives a value to the code around it
            readers = is_readers(code.co_filename)
            for waits, place, own in tracks(asyncio.current_task()):
                if readers and (waits.inner is None or waits.inner[0] != id(value)):
                    waits.inner = id(value), (code, offset)
                inner = waits.passed_up(value)
                thrown = waits.thrown.get(place)
                if own is here:
                    waits.begins(place, (code, offset), inner)
                    waits.waits_for(value)
                elif thrown and thrown[0] is here:
                    for frame in waits.thrown.pop(place):
                        if inner is None and is_readers(frame.f_code.co_filename):
                            inner = frame.f_code, frame.f_lasti
                    waits.begins(place, None, inner)

        def tracks(task: asyncio.Task) -> Iterator[tuple[Waits, int, FrameType]]:
            """Yield where waits of a task are noted, in which place, and the frame whose waits they are."""
            waits = getattr(task, "_timeline_waits", None)
            if waits is not None:
                yield waits, task._timeline_place, task.get_coro().cr_frame
            for block in blocks:
                if block.task is task:
                    yield block.waits, block.place, block.frame

        # An error, such as a cancellation, is thrown into the innermost of the coroutines that await each other. Those
        # around it go on only when it returns or raises. If it awaits something else instead, the task waits again
        # without a report of its own code. So the one where the error has arrived is watched in its place.
        def throws(code: CodeType, offset: int, error: BaseException) -> None:
            try:
                for waits, place, own in tracks(asyncio.current_task()):
                    here = frame(1)
                    if waits.open and waits.waiting[place]:
                        waits.ends(place)
                        between = []
                        while here is not own:
                            between.append(here)
                            here = here.f_back
                        if between:
                            waits.thrown[place] = between
                    elif place in waits.thrown:
                        between = waits.thrown[place]
                        if here is own:
                            del waits.thrown[place]
                        elif here in between:
                            del between[: between.index(here)]
                    if place in waits.thrown and id(code) not in stepping:
                        stepping[id(code)] = code
                        self._set_events(code, steps=True)
            except (AttributeError, RuntimeError):
                pass

        return {
            events.PY_START: begins,
            events.PY_RETURN: returns,
            events.PY_UNWIND: unwinds,
            events.PY_RESUME: resumes,
            events.PY_YIELD: yields,
            events.PY_THROW: throws,
        }
