"""Makes Python say what it has to say about a few lines of code: chapters 06, 08 and 13 listen."""

import asyncio
import gc
import logging
import re
import sys
import traceback
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

PATIENCE = 1.0
"""Seconds that tasks of the block have to end after it."""

PLACE = re.compile(r" at (?:<[^<>]*>|[^<>]*?\.py):\d+\b")
"""Where code stands, as in ``call() running at /tmp/x.py:3``."""
PASSING = re.compile(r" (?:at 0x|running|done, defined|\w+=).*")
"""What differs from run to run of an object as Python shows it: its address, its number, its state."""
OPEN, CLOSE = "\0\1"
"""What stands for brackets that have been looked at."""
HINT = re.compile(r"\.? Did you mean:? '.*")
"""Newer Pythons guess what was meant."""
PORT = re.compile(r"(127\.0\.0\.1(?::|', ))\d{4,5}")
STANDS = re.compile(r" at (?:.*?[/\\])?([^/\\]+:\d+)>.*>")
"""Where a task's own code stands, and all that is said behind it: whom it waits for, where it was made."""


@asynccontextmanager
async def provoke() -> AsyncIterator[None]:
    """Print the messages that the code of an ``async with`` block gives rise to.

    That is the exception which ended the block; it goes no further. Without one, it is what was warned of, logged, or
    reported when something was freed. For that, the block's end waits until the tasks of the block have ended,
    `PATIENCE` seconds at most, and collects garbage.

    Of each message it prints the first line, and of that what is the same in each run: no address of an object, no
    number of a port or task. To stop the cell is no message: its CancelledError goes on.
    """
    before = asyncio.all_tasks()
    raised: list[str] = []
    with _overheard() as reports:
        try:
            yield
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and asyncio.current_task().cancelling():
                raise
            raised += _lines(error)
            _let_go(error)
        await asyncio.sleep(0)
        gc.collect()
        if started := asyncio.all_tasks() - before:
            await asyncio.wait(started, timeout=PATIENCE)
        del started
        gc.collect()
        await asyncio.sleep(0)
    for line in raised or dict.fromkeys(reports):
        print(line)


@contextmanager
def asyncio_log() -> Iterator[None]:
    """Print, after a ``with`` block, what asyncio logged inside it; else that is shown in red.

    Of the task that a message is about, that is its name and where it stands, as the file's name and the line.
    """
    texts: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:  # nothing printed here would be seen: no cell runs it
            texts.append(re.sub(r"\bTask-\d+", "Task-...", STANDS.sub(r" at \1 ...>", record.getMessage())))

    log = logging.getLogger("asyncio")
    before = log.handlers, log.propagate
    log.handlers, log.propagate = [Listener()], False
    try:
        yield
    finally:
        log.handlers, log.propagate = before
        for text in texts:
            print(text)


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """Collect what is warned of, logged, or reported on freeing, in place of showing it."""
    reports: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = (record.exc_info or (None, None))[1]
            reports.append("\n".join([_plain(record.getMessage()), *(_lines(error, "  ") if error else ())]))

    def unraisable(report: "sys.UnraisableHookArgs") -> None:
        what = report.err_msg or "Exception ignored in"
        what += f": {report.object!r}" if report.object is not None else ""
        reports.append("\n".join([_plain(what), *_lines(report.exc_value, "  ")]))

    def warned(message: Warning | str, category: type[Warning], *others: object) -> None:
        reports.append(f"{category.__name__}: {_plain(str(message))}")

    root = logging.getLogger()
    before = root.handlers, sys.unraisablehook, warnings.showwarning
    gc.freeze()  # what is there already is not looked at again, which saves most of the time
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)  # as Python does
        root.handlers, sys.unraisablehook, warnings.showwarning = [Listener()], unraisable, warned
        try:
            yield reports
        finally:
            root.handlers, sys.unraisablehook, warnings.showwarning = before
            gc.unfreeze()


def _let_go(error: BaseException) -> None:
    """Take from an exception what it holds on to, so that it is freed now."""
    traceback.clear_frames(error.__traceback__)
    error.args = ()
    if isinstance(error, AttributeError):
        error.obj = None
    for inner in getattr(error, "exceptions", ()):
        _let_go(inner)


def _lines(error: BaseException, indent: str = "") -> Iterator[str]:
    """Yield the last line of an exception's traceback, and one for each exception of a group."""
    yield indent + _plain(f"{type(error).__name__}: {error}".removesuffix(": "))
    for inner in getattr(error, "exceptions", ()):
        yield from _lines(inner, indent + "  ")


def _plain(text: str) -> str:
    """Return the first line of a text, without what differs from run to run."""
    text = HINT.sub("", PLACE.sub("", text.strip().partition("\n")[0].replace(".<locals>", "")))
    while found := re.search("<([^<>]*)>", text):  # from the inside out
        text = text.replace(found[0], f"{OPEN}{PASSING.sub(' ...', found[1])}{CLOSE}")
    return PORT.sub("\\1...", text).replace(OPEN, "<").replace(CLOSE, ">")
