"""What a reader has done, kept over restarts in a small file of the reader's own. Nothing is sent anywhere.

For each prediction, exercise and question that was tried, the file holds one word. It is always replaced as a whole, by
one kernel at a time. Standard library, and platformdirs, which Jupyter brings along: it knows the folder.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .places import NOTEBOOKS
from .say import tell

RIGHT, WRONG, WRONG_FIRST = "right", "wrong", "wrong first"
"""What is kept: right the first time, wrong so far, or right after it was wrong."""

SWITCH = "WORKSHOP_PROGRESS"
"""The environment variable that names another folder, or is "0": then no file is read or written."""

FOLDER, FILE, LOCK = "asyncio-results-workshop", "progress.json", "progress.lock"
SET_ASIDE = "progress-{}.json"
"""What a file that can't be read is renamed to."""

VERSION = 1
"""Of the file's format. A file of a newer one is not touched, but set aside."""

TRIES, PAUSE = 100, 0.01
"""How often something is tried that another kernel is in the way of, and the seconds between: it needs milliseconds."""

IN_THE_WAY = (FileExistsError, PermissionError) if os.name == "nt" else (FileExistsError,)
"""What is raised meanwhile. (Windows refuses to replace what another reads.)"""

_unwritten: dict[str, str] = {}
"""What could not be written down; it is forgotten with the kernel."""

_refused: list[OSError] = []
"""Why nothing can be written down, once that was seen: it is told, and not tried again by this kernel."""


def note(what: str, right: bool) -> None:
    """Keep how something went. It never raises: a file that can't be written is told of once, and the lesson goes on.

    Args:
        what: ``"prediction 1.1"``, ``"exercise 1.1"`` or ``"question 1A"``.
        right: how it went.
    """
    folder = place()
    if folder is not None and not _refused:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _alone(folder):
                before = _read(folder)
                after = before | {what: _state(before.get(what), right)}
                if after != before:
                    _write(folder, after)
            return
        except OSError as error:
            _complain(error)
    _unwritten[what] = _state(states().get(what), right)


def states() -> dict[str, str]:
    """Return what is kept: for what was tried, in the words of `note`, one of `RIGHT`, `WRONG` and `WRONG_FIRST`."""
    kept: dict[str, str] = {}
    if (folder := place()) is not None:
        try:
            with _alone(folder):
                kept = _read(folder)
        except OSError as error:
            _complain(error)
    return kept | _unwritten


def forget() -> bool:
    """Delete all that is kept, and what was set aside.

    Returns:
        Whether there was anything.

    Raises:
        OSError: a file could not be deleted.
    """
    found = bool(_unwritten)
    _unwritten.clear()
    folder = place()
    if folder is None or not folder.is_dir():
        return found
    with _alone(folder):
        for pattern in (f"{FILE}*", SET_ASIDE.format("*")):
            for file in folder.glob(pattern):
                _patiently(file.unlink)
                found = True
    with contextlib.suppress(OSError):  # somebody else's files may be there, too
        folder.rmdir()
    return found


def where() -> str:
    """Return where it is kept, in words."""
    return str(place()) if place() and not _refused else "in this kernel only"


def place() -> Path | None:
    """Return the folder of the file, or None if nothing is written."""
    if chosen := os.environ.get(SWITCH):
        return None if chosen == "0" else Path(chosen)
    if sys.platform == "emscripten":
        return NOTEBOOKS / FOLDER if NOTEBOOKS.is_dir() else None
    from platformdirs import user_data_path

    return user_data_path(FOLDER, appauthor=False)


def _state(before: str | None, right: bool) -> str:
    if before in (None, WRONG):
        return WRONG if not right else RIGHT if before is None else WRONG_FIRST
    return before


def _read(folder: Path) -> dict[str, str]:
    """Return what the file holds; one that can't be read is renamed, and told of."""
    file = folder / FILE
    try:
        content = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    try:
        data = json.loads(content)
        version, done = data["version"], data["done"]
        if version == VERSION and all(state in (RIGHT, WRONG, WRONG_FIRST) for state in done.values()):
            return done
        why = "was written by a newer version of the workshop" if version > VERSION else "holds something else"
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        why = "can't be read"
    aside = next(path for number in range(1, 10_000) if not (path := folder / SET_ASIDE.format(number)).exists())
    _patiently(lambda: file.rename(aside))
    text = f"The file with what you have done {why}. It is kept as `{aside}`, and a new one begins."
    tell("neutral", "Your progress begins anew", [text], [text])
    return {}


def _write(folder: Path, done: dict[str, str]) -> None:
    new = folder / f"{FILE}.{os.getpid()}.new"
    try:
        new.write_text(json.dumps({"version": VERSION, "done": done}, indent=1) + "\n", encoding="utf-8")
        _patiently(lambda: new.replace(folder / FILE))
    finally:
        new.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other kernels out meanwhile.

    A lock that stays was left behind by one that died; where none can be made, nothing can be written either.
    """
    if _refused:
        yield
        return
    lock = folder / LOCK
    with contextlib.suppress(OSError):
        _patiently(lambda: os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink()


def _patiently(action: Callable[[], Any]) -> None:
    """Do something as soon as no other kernel is in the way, or after about a second fail as it does."""
    for _ in range(TRIES - 1):
        try:
            return action()
        except IN_THE_WAY:
            time.sleep(PAUSE)
    return action()


def _complain(error: OSError) -> None:
    text = f"What you do can't be written down: {error}. All else works; it is forgotten with this kernel."
    if not _refused:
        _refused.append(error)
        tell("neutral", "Your progress is not kept", [text], [text])
