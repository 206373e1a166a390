"""Runs a reader's answer on the running event loop, whatever the answer does, and tells what happened.

An answer may return nonsense, raise, wait for ever, block the loop, leave tasks behind, or try to leave Python.
`run` turns each of these into an `Outcome` and leaves the loop as it found it. Standard library only.
"""

import asyncio
import contextlib
import dis
import gc
import inspect
import linecache
import math
import re
import signal
import sys
import threading
import time
import traceback
import warnings
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from .attempts import Attempts, RecordableTask
from .say import one_line

try:
    from resource import RUSAGE_THREAD, getrusage  # Linux
except ImportError:
    getrusage = None

WAIT_LIMIT = 5.0
"""Seconds an answer may take before it is cancelled."""
TICK = 0.05
"""Seconds after which the loop turns in any case, to see how late it does."""
BLOCK_LIMIT = 2.0
"""Seconds an answer may keep the loop from turning before it is interrupted."""
ALARMS = 8
"""How often the alarm rings before that: a machine that pauses lets it ring once, however long it pauses."""
BLOCKED = 0.08
"""Seconds without a turn of the loop from which on an answer counts as blocking."""
LATE = 0.04
"""Seconds without a turn of the loop from which on a check may have measured the machine, and not the answer."""
SLOWEST = 10
"""How many times as long as on an idle machine a step may take on a busy one."""
FROZEN_AT_FIRST = gc.get_freeze_count()
"""Objects that garbage collection passes over from the beginning: Python 3.12 sets some aside by itself."""
LONGEST_MESSAGE = 120
"""The most characters that are told of an exception's message."""
CLASS_IN_MODULE = re.compile(r"'(?:\w+\.)+(\w+)' object")
"""How some messages name a class, and those of other Pythons do not."""
CANCEL_ROUNDS, CANCEL_WAIT = 3, 0.3
"""How often a task is asked to end, and how many seconds it gets each time."""


class BlockedTooLongError(BaseException):
    """Raised in the reader's code by the alarm. Not an `Exception`, so that ``except Exception`` lets it pass."""


class LeftPythonError(Exception):
    """Stands for a SystemExit or KeyboardInterrupt of the reader's code, which would end the kernel's loop."""


@dataclass
class Outcome:
    """What one run of an answer did.

    Attributes:
        result: what the answer returned; coroutines in it are closed by now. None in place of an iterator.
        iterator: ``"iterator"`` or ``"asynchronous generator"`` when the answer returned one, or an empty string.
        elapsed: seconds from the call to the end of the answer.
        tasks_started: how many tasks the answer started.
        longest_block: the longest time, in seconds, for which the answer itself kept the loop from turning.
        latest: the longest time, in seconds, for which the loop did not turn when it should, whatever the cause.
        interrupted: whether the alarm ended an answer that blocked.
        error: type and message of the exception that ended the answer, or an empty string.
        error_line: the line of the reader's notebook that raised it, with its number, or an empty string.
        timed_out: whether the answer was cancelled because it took too long.
        asked_for_all_tasks: whether the answer called `asyncio.all_tasks`.
        cancelled_others: whether it cancelled tasks that it got from there and that were not its own.
        not_async: what the answer is, in words, when it cannot be awaited, or an empty string.
        empty: whether the answer's body is still the stub.
        left_behind: names of the coroutines whose tasks still ran when the answer had ended.
        stubborn: those of them that could not be cancelled either.
        never_awaited: names of the coroutines that the answer made and nobody awaited.
        task_errors: type and message of each exception in the answer's tasks that nobody took, or that was raised when
            a generator or coroutine was freed.
        unclosed: what the answer opened and never closed, as its library names it, such as "client session".
    """

    result: Any = None
    iterator: str = ""
    elapsed: float = 0.0
    tasks_started: int = 0
    longest_block: float = 0.0
    latest: float = 0.0
    interrupted: bool = False
    error: str = ""
    error_line: str = ""
    timed_out: bool = False
    asked_for_all_tasks: bool = False
    cancelled_others: bool = False
    not_async: str = ""
    empty: bool = False
    left_behind: list[str] = field(default_factory=list)
    stubborn: list[str] = field(default_factory=list)
    never_awaited: list[str] = field(default_factory=list)
    task_errors: list[str] = field(default_factory=list)
    unclosed: list[str] = field(default_factory=list)

    @property
    def blocked(self) -> bool:
        """Whether the answer kept the loop from turning for a noticeable time."""
        return self.longest_block >= BLOCKED

    @property
    def blocked_too_long(self) -> bool:
        """Whether the answer kept the loop from turning for `BLOCK_LIMIT` seconds."""
        return self.longest_block >= BLOCK_LIMIT


late_runs: ContextVar[list[bool]] = ContextVar("late_runs")
"""Where `run` notes each run in which the loop turned late, for whoever then tries again: whether the alarm rang.

It rings for what has certainly blocked, so that there is no need to try again."""

_locks: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = weakref.WeakKeyDictionary()


async def run(
    answer: Any, *arguments: Any, look: Callable[[], Awaitable[None]] | None = None, within: float = 0.0
) -> Outcome:
    """Call the answer with the arguments, await what it returns, and tell what happened.

    Runs wait for each other, since each changes settings of the loop for its time.

    Args:
        answer: the reader's function, or whatever stands in its place.
        arguments: what the answer is called with; coroutines among them are closed at the end if nobody ran them.
        look: called and awaited when the answer has ended, before what it left running is cancelled: for checks that
            look at something outside the loop.
        within: seconds the answer may take before it is cancelled, where those of `WAIT_LIMIT` are too few.

    Returns:
        What happened. Nothing that the answer started runs on, but for tasks named in `Outcome.stubborn`.

    Raises:
        asyncio.CancelledError: when the cell itself is cancelled, as by the stop button; the answer is too.
    """
    lock = _locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    async with lock:
        outcome = Outcome(not_async=_why_not_callable(answer))
        if not outcome.not_async:
            with _noting_never_awaited(outcome.never_awaited), _noting_errors_at_the_end(outcome.task_errors):
                await _run_watched(outcome, answer, arguments, look, within or WAIT_LIMIT)
        else:
            _close_coroutines(arguments)
    if outcome.latest >= LATE:
        late_runs.get([]).append(outcome.interrupted)
    outcome.empty = outcome.result is None and not outcome.error and is_empty(answer)
    return outcome


async def _run_watched(
    outcome: Outcome, answer: Callable, arguments: tuple, look: Callable[[], Awaitable[None]] | None, within: float
) -> None:
    """Run the answer and fill the outcome; leave no task, no coroutine and no setting behind."""
    watch = _Watch(outcome.task_errors, outcome.unclosed)
    with watch.installed(), watch.guarding_other_tasks(answer), _collecting_only_what_is_new():
        main = watch.start(_call(outcome, answer, arguments))
        try:
            for _ in range(round(within / TICK)):  # ticks, not the clock: it goes on while a machine pauses
                if not main.done():
                    await watch.tick(main)
            outcome.timed_out = not main.done()
            if watch.stand_in:
                outcome.asked_for_all_tasks = True
                outcome.cancelled_others = watch.stand_in.cancelling() > 0
            outcome.left_behind = [_name(task) for task in watch.unfinished() if task is not main]
            if look:
                await look()
        finally:
            if watch.stand_in:
                watch.stand_in.cancel()
            outcome.stubborn = [_name(task) for task in await watch.cancel_all()]
            if main.done():
                outcome.error = _take_error(main)
                outcome.error_line = "" if main.cancelled() else _line_in_notebook(main.exception())
            outcome.task_errors += filter(None, map(_unseen_error, watch.tasks))
            for future in filter(asyncio.isfuture, _nested(outcome.result)):
                future.add_done_callback(_unseen_error)
            outcome.longest_block, outcome.latest = watch.longest_block, watch.latest
            outcome.interrupted = watch.interrupted
            outcome.tasks_started = len(watch.tasks) - 1  # the first runs the answer itself
            del main
            watch.tasks.clear()
            _close_coroutines(arguments)
            outcome.never_awaited += _close_coroutines(outcome.result)
            if outcome.iterator:
                outcome.result = None  # it may hold coroutines that nobody will await
            await watch.collect()
            outcome.task_errors += filter(None, map(_unseen_error, watch.tasks))
            watch.tasks.clear()


async def _call(outcome: Outcome, answer: Callable, arguments: tuple) -> None:
    """Call the answer inside the watched task, so that a plain function is watched too."""
    began = time.perf_counter()
    try:
        returned = answer(*arguments)
        if inspect.isawaitable(returned):
            attempts = Attempts.now()
            outcome.result = await (returned if attempts is None else attempts.record(returned))
        elif inspect.isasyncgen(returned):
            outcome.not_async = "an asynchronous generator: its body contains `yield`"
        else:
            outcome.result, outcome.not_async = returned, "a plain function: it starts with `def`"
    finally:
        outcome.elapsed = time.perf_counter() - began
        if inspect.isasyncgen(outcome.result):
            outcome.iterator = "asynchronous generator"
        elif isinstance(outcome.result, Iterator):
            outcome.iterator = "iterator"


class _Watch:
    """Knows the tasks an answer starts, times each of their steps, and keeps what they raise from the loop."""

    def __init__(self, loop_errors: list[str], unclosed: list[str]) -> None:
        self.tasks: list[asyncio.Task] = []
        self.loop_errors = loop_errors
        self.unclosed = unclosed
        self.longest_block = self.latest = 0.0
        self.interrupted = False
        self.stand_in: asyncio.Task | None = None
        self._loop = asyncio.get_running_loop()
        self._depth = 0
        self._has_alarm = False
        self._alarms = 0

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Put the task factory, the exception handler and the alarm in place for a while."""
        factory, handler = self._loop.get_task_factory(), self._loop.get_exception_handler()
        task_class = asyncio.Task if Attempts.now() is None else RecordableTask
        self._make_task = factory or (lambda loop, coro, **options: task_class(coro, loop=loop, **options))
        self._pass_on = handler
        self._loop.set_task_factory(self._factory)
        self._loop.set_exception_handler(self._note_loop_error)
        try:
            with self._alarm_ready():
                yield
        finally:
            self._loop.set_task_factory(factory)
            self._loop.set_exception_handler(handler)

    @contextlib.contextmanager
    def guarding_other_tasks(self, answer: Callable) -> Iterator[None]:
        """Let the answer get its own tasks from `asyncio.all_tasks`, and one that stands for the kernel's and the cell.

        Who cancels all tasks there are would stop these, and the check. So it is only seen that it was tried.
        """
        all_tasks = asyncio.all_tasks

        def guarded(loop: asyncio.AbstractEventLoop | None = None) -> set[asyncio.Task]:
            tasks = all_tasks(loop)
            if _current_watch.get() is not self or (loop or asyncio.get_running_loop()) is not self._loop:
                return tasks
            if self.stand_in is None:
                self.stand_in = asyncio.Task(_for_ever(), loop=self._loop)
            return {self.stand_in}.union(tasks.intersection(self.tasks))

        spaces = (vars(asyncio), vars(asyncio.tasks), getattr(answer, "__globals__", {}))
        places = [(space, name) for space in spaces for name, value in space.items() if value is all_tasks]
        try:
            for space, name in places:
                space[name] = guarded
            yield
        finally:
            for space, name in places:
                space[name] = all_tasks

    def start(self, coro: Coroutine) -> asyncio.Task:
        """Start a task; it and all tasks started from it are watched."""
        token = _current_watch.set(self)
        try:
            return self._loop.create_task(coro)
        finally:
            _current_watch.reset(token)

    async def tick(self, main: asyncio.Task) -> None:
        """Wait for a moment, or until the task has ended."""
        began = time.perf_counter()
        await asyncio.wait({main}, timeout=TICK)
        self.latest = max(self.latest, time.perf_counter() - began - TICK)

    def unfinished(self) -> list[asyncio.Task]:
        """Return the watched tasks that still run."""
        return [task for task in self.tasks if not task.done()]

    async def cancel_all(self) -> list[asyncio.Task]:
        """Cancel the watched tasks, wait for them to end, and return those that would not."""
        for _ in range(CANCEL_ROUNDS):
            if pending := self.unfinished():
                for task in pending:
                    task.cancel()
                await asyncio.wait(pending, timeout=CANCEL_WAIT)
        for task in self.unfinished():
            task.add_done_callback(_unseen_error)
        return self.unfinished()

    async def collect(self) -> None:
        """Free what the answer forgot: what is reported then comes now, while somebody listens."""
        await asyncio.sleep(0)  # callbacks that the loop still has to call hold on to tasks and iterators
        token = _current_watch.set(self)
        gc.collect()
        _current_watch.reset(token)
        await asyncio.sleep(0)  # the loop makes tasks that close the generators
        if closing := self.unfinished():
            await asyncio.wait(closing, timeout=CANCEL_WAIT)
            await self.cancel_all()

    def _factory(self, loop: asyncio.AbstractEventLoop, coro: Coroutine, **options: Any) -> asyncio.Task:
        if _current_watch.get() is not self:  # somebody else's task
            return self._make_task(loop, coro, **options)
        if asyncio.iscoroutine(coro):  # else asyncio itself says what is wrong
            coro = _Contained(coro, self)
        task = self._make_task(loop, coro, **options)
        self.tasks.append(task)
        return task

    def _note_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict) -> None:
        source = context.get("task") or context.get("future")
        if isinstance(source, asyncio.Task):  # the answer's own are asked for their exception, so it is another's
            if self._pass_on:
                self._pass_on(loop, context)
            else:
                loop.default_exception_handler(context)
        elif error := context.get("exception"):
            self.loop_errors.append(_describe(error))
        elif context.get("message", "").startswith("Unclosed "):  # so aiohttp tells it, when the object is freed
            self.unclosed.append(context["message"].removeprefix("Unclosed "))

    def step(self, method: Callable, *arguments: Any) -> Any:
        """Run the reader's code up to its next await, with the alarm set."""
        self._depth += 1  # an eager task takes its first step within another's
        began, worked, waited = time.perf_counter(), time.thread_time(), times_waited()
        try:
            if self._has_alarm and self._depth == 1:
                self._alarms = 0
                signal.setitimer(signal.ITIMER_REAL, BLOCK_LIMIT / ALARMS, BLOCK_LIMIT / ALARMS)
            return method(*arguments)
        except (SystemExit, KeyboardInterrupt) as error:
            raise LeftPythonError(_describe(error)) from None
        finally:
            self._depth -= 1
            if self._has_alarm and self._depth == 0:
                signal.setitimer(signal.ITIMER_REAL, 0)
            lasted, worked = time.perf_counter() - began, time.thread_time() - worked
            self.latest = max(self.latest, lasted)
            self.longest_block = max(self.longest_block, _block(lasted, worked, times_waited() != waited))

    @contextlib.contextmanager
    def _alarm_ready(self) -> Iterator[None]:
        """Let SIGALRM interrupt the answer, where that is possible: on Unix, in the main thread."""
        can_alarm = (
            hasattr(signal, "setitimer")
            and sys.platform != "emscripten"
            and threading.current_thread() is threading.main_thread()
        )
        if not can_alarm:
            yield
            return

        def interrupt(signum: int, frame: FrameType | None) -> None:
            self._alarms += 1
            if self._depth and self._alarms >= ALARMS and not _is_importing(frame):
                self.interrupted = True
                self.longest_block = max(self.longest_block, BLOCK_LIMIT)
                raise BlockedTooLongError

        began = time.perf_counter()
        theirs, their_interval = signal.setitimer(signal.ITIMER_REAL, 0)
        handler = signal.signal(signal.SIGALRM, interrupt)
        self._has_alarm = True
        try:
            yield
        finally:
            self._has_alarm = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler if handler is not None else signal.SIG_DFL)
            if theirs:
                rest = theirs - (time.perf_counter() - began)
                signal.setitimer(signal.ITIMER_REAL, max(rest, 0.001), their_interval)


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()


_current_watch: ContextVar[_Watch | None] = ContextVar("_current_watch", default=None)


def times_waited() -> float:
    """Return how often this thread gave up the processor of its own accord; never the same where nobody counts it."""
    return (getrusage(RUSAGE_THREAD).ru_nvcsw if getrusage else 0) or math.nan


def _block(lasted: float, worked: float, waited: bool) -> float:
    """Return for how many seconds a step itself kept the loop from turning.

    A calculation takes the processor's time, whatever else the machine does: that counts. `time.sleep` takes none, but
    neither does a step that the machine keeps waiting, for its other programs' sake or in a pause. Linux tells the two
    apart: who sleeps gives up the processor of its own accord. Elsewhere, and for a step that did both: the more it has
    to work, the longer others keep it waiting, so what such waiting can explain does not count.
    What may still be chance, or an import that is slow the first time only, does not come again when the answer is
    tried again: that is the caller's part.

    Args:
        lasted: seconds from the step's begin to its end.
        worked: seconds of the processor's time that this thread took meanwhile.
        waited: whether this thread gave up the processor of its own accord, as far as is known.
    """
    unexplained = max(0.0, lasted - worked * SLOWEST) if waited else 0.0
    return min(lasted, worked + unexplained)  # a test's clock may stand still while a step works


def _is_importing(frame: FrameType | None) -> bool:
    """Return whether the frame stands inside an import, which must not be interrupted: it would leave half a module."""
    while frame and frame.f_globals.get("__name__") != "importlib._bootstrap":
        frame = frame.f_back
    return frame is not None


class _Contained(Coroutine):
    """The reader's coroutine as a task sees it: each step goes through the watch."""

    def __init__(self, coro: Coroutine, watch: _Watch) -> None:
        self._coro, self._watch = coro, watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coro, name)  # its name and code, for whoever prints the task

    def __await__(self) -> Any:
        return self._coro.__await__()

    def send(self, value: Any) -> Any:
        return self._watch.step(self._coro.send, value)

    def throw(self, *error: Any) -> Any:
        return self._watch.step(self._coro.throw, *error)

    def close(self) -> None:
        self._coro.close()


@contextlib.contextmanager
def _noting_never_awaited(names: list[str]) -> Iterator[None]:
    """Gather the names in "coroutine ... was never awaited" warnings; show all other warnings as usual."""
    with warnings.catch_warnings():  # not record=True: it keeps the coroutines, and so what they refer to
        show_it = warnings.showwarning

        def note(message: Warning | str, *where: Any) -> None:
            before, found, _ = str(message).partition("' was never awaited")
            if found:
                names.append(before.rpartition("'")[2].rpartition(".")[2])
            else:
                show_it(message, *where)

        warnings.showwarning = note
        warnings.filterwarnings("always", message="coroutine .* was never awaited", category=RuntimeWarning)
        yield


@contextlib.contextmanager
def _noting_errors_at_the_end(errors: list[str]) -> Iterator[None]:
    """Gather what generators and coroutines raise while they are freed: Python can only print it."""
    print_it = sys.unraisablehook

    def note(report: Any) -> None:
        kind = type(report.object).__name__
        if report.object is None:  # Python 3.14 and later: "Exception ignored while closing generator <coroutine ..."
            kind = (report.err_msg or "").partition("<")[2]
        if kind.startswith(("generator", "async_generator", "coroutine")):
            errors.append(_describe(report.exc_value))
        else:
            print_it(report)

    sys.unraisablehook = note
    try:
        yield
    finally:
        sys.unraisablehook = print_it


@contextlib.contextmanager
def _collecting_only_what_is_new() -> Iterator[None]:
    """Make garbage collection pass over all that is there already: it is quick, and finds only the answer's garbage."""
    if gc.get_freeze_count() > FROZEN_AT_FIRST:  # somebody has done this already: it is theirs to undo
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _close_coroutines(values: Any) -> list[str]:
    """Close the coroutines that nobody started, in nested collections too, and return their names."""
    names = []
    for value in _nested(values):
        if inspect.iscoroutine(value) and inspect.getcoroutinestate(value) == inspect.CORO_CREATED:
            value.close()
            names.append(value.__name__)
    return names


def _nested(values: Any) -> list[Any]:
    """Return what nested collections hold; or in a list, what is no collection."""
    if isinstance(values, dict):
        values = list(values.values())
    if not isinstance(values, list | tuple | set):
        return [values]
    return [one for value in values for one in _nested(value)]


def _name(task: asyncio.Task) -> str:
    """Return the name of the coroutine a task runs, the word a reader knows it by."""
    return getattr(task.get_coro(), "__name__", task.get_name())


def _take_error(task: asyncio.Future) -> str:
    """Return what ended a finished task, or an empty string."""
    if task.cancelled():
        return "CancelledError"
    error = task.exception()
    return "" if error is None else _describe(error)


def _unseen_error(task: asyncio.Future) -> str:
    """Return the exception nobody took from a finished task or future; asking keeps the loop from reporting it."""
    return _take_error(task) if task.done() and getattr(task, "_log_traceback", False) else ""


def _describe(error: BaseException) -> str:
    """Return type and message in one line, as short as a line of a lesson."""
    if isinstance(error, LeftPythonError):
        return str(error)
    if isinstance(error, BaseExceptionGroup):
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        return f"{_describe(error)} (in an ExceptionGroup)"
    try:
        message = one_line(str(error))
    except Exception:
        message = ""
    message = CLASS_IN_MODULE.sub(r"'\1' object", message)
    message = re.sub(r" \(missed __\w+__ method\).*", "", message)  # and a hint, from Python 3.14 on
    message = message.rstrip(".")  # a sentence goes on behind it
    if len(message) > LONGEST_MESSAGE:  # what it is about often stands at its end
        message = f"{message[: LONGEST_MESSAGE // 2]}…{message[-(LONGEST_MESSAGE // 2) + 1 :]}"
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _line_in_notebook(error: BaseException | None) -> str:
    """Return the innermost line of a notebook's cell that an exception went through, or an empty string.

    IPython keeps the text of a cell in `linecache` without the time of a file.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    found = ""
    for frame, number in traceback.walk_tb(error and error.__traceback__):
        source = linecache.cache.get(frame.f_code.co_filename, ())
        if len(source) == 4 and source[1] is None and number <= len(source[2]):
            found = f"line {number}: `{one_line(source[2][number - 1])}`"
    return found


def _why_not_callable(answer: Any) -> str:
    """Return what the answer is, in words, when it cannot be called, or an empty string."""
    if inspect.iscoroutine(answer):
        return f"a coroutine: `{answer.__name__}` was called already"
    if answer is None or answer is ...:
        return f"{'None' if answer is None else '...'}, and no function"
    if isinstance(answer, type):
        return f"the class {answer.__name__}, and no function"
    return "" if callable(answer) else f"of type {type(answer).__name__}, and no function"


def is_empty(answer: Any) -> bool:
    """Return whether a function's body does nothing: only a docstring, `...` or `pass`."""
    code = getattr(answer, "__code__", None)
    return code is not None and _operations(code) <= _operations(_stub.__code__) | _operations(_plain_stub.__code__)


def _operations(code: Any) -> set[str]:
    return {instruction.opname for instruction in dis.get_instructions(code)} | {"NOP"}


async def _stub() -> None:
    """Do nothing."""


def _plain_stub() -> None:
    """Do nothing."""
