"""The pre-flight cell of chapter 00: is everything here that the lessons need? Standard library only."""

import re
import sys
from collections.abc import Callable
from importlib import metadata

PYTHONS = ("3.11", "3.12", "3.13", "3.14", "3.15")
"""The versions of Python that the lessons are tested on."""

MINIMUMS = {
    "ipykernel": "7.4",
    "matplotlib": "any",
    "nest-asyncio": "any",
    "jupyterlab": "4.6",
    "notebook": "7.6",
    "nbval": "any",
    "ipywidgets": "any",
    "aiohttp": "any",
    "tqdm": "any",
    "aiolimiter": "1.3",
    "aiometer": "1.0",
    "aiostream": "0.8",
    "anyio": "4.16",
    "distributed": "any",
    "httpx": "any",
}
"""The packages of the lessons, and the lowest version of each, as in requirements.in."""

NOT_NEEDED = "\N{EN DASH}"
"""The mark of what is not as tested, and may be so."""

PURPOSES = {
    "nbval": "only to test the notebooks",
    "ipywidgets": "the buttons of predictions, chapter 06",
    "aiohttp": "chapters 07 and later",
    "tqdm": "chapters 07 and 08",
    "aiolimiter": "chapters 11 and 12",
    "aiometer": "chapters 09 and 11",
    "aiostream": "chapter 09",
    "anyio": "chapter 10",
    "distributed": "chapter 10",
    "httpx": "chapter 07",
}
"""What packages are for that not every lesson uses."""

OPTIONAL = {
    "ipykernel": "fine where another kernel runs this notebook",
    "jupyterlab": "fine in Colab or VS Code",
    "notebook": "fine in Colab or VS Code",
    "nbval": PURPOSES["nbval"],
}
"""Packages that some settings do without, and why."""

OLDER = OPTIONAL | {"ipykernel": "older than tested, but enough for these lessons"}
"""Packages of which an older version does too, and why."""

IN_BROWSER = "✓ in your browser: a package is fetched when a cell first imports it"
"""What stands in the place of the packages in JupyterLite, where none is installed before."""

IN_WORDS = {"✓": "ok:", "✗": "not ok:", "→": "-", NOT_NEEDED: "-"}
"""What stands for a mark where it can't be written, as in a file in one of Windows' code pages."""


def preflight(
    python: tuple[int, ...] = sys.version_info[:3], find_version: Callable[[str], str] = metadata.version
) -> None:
    """Print one line for Python and for each package of the lessons, and at last what to do, if anything.

    Args:
        python: the version of Python.
        find_version: returns a package's installed version, or raises `importlib.metadata.PackageNotFoundError`.
    """
    ready = _look_at_python(python)
    packages = MINIMUMS
    if sys.platform == "emscripten":
        packages = {}
        _say(IN_BROWSER)
    for package, minimum in packages.items():
        ready = _look_at_package(package, minimum, find_version) and ready
    if ready:
        _say("Ready: on to the lesson.")
    else:
        _say("Not ready: do what stands behind each ✗, restart the kernel, and run this cell again.")


def packages_not_ready(find_version: Callable[[str], str] = metadata.version) -> list[str]:
    """Return the packages that are missing or too old, without those that serve the tests alone.

    Unlike `preflight` it takes none of the `OPTIONAL` for granted: it is for a computer of one's own.

    Args:
        find_version: as for `preflight`.
    """
    faults = []
    for package, minimum in MINIMUMS.items():
        try:
            enough = minimum == "any" or _numbers(find_version(package)) >= _numbers(minimum)
        except metadata.PackageNotFoundError:
            enough = False
        if not enough and package != "nbval":
            faults.append(package if minimum == "any" else f"{package} (at least {minimum})")
    return faults


def _look_at_python(version: tuple[int, ...]) -> bool:
    tested = f"Python {PYTHONS[0]} to {PYTHONS[-1]} (here: {'.'.join(map(str, version))})"
    if version < _numbers(PYTHONS[0]):
        _say(f"✗ {tested} → do: install Python {PYTHONS[0]} or later, and choose it as this notebook's kernel")
        return False
    newer = version[:2] > _numbers(PYTHONS[-1])
    _say(f"{NOT_NEEDED} {tested}: newer than tested" if newer else f"✓ {tested}")
    return True


def _look_at_package(package: str, minimum: str, find_version: Callable[[str], str]) -> bool:
    wanted = package if minimum == "any" else f"{package} {minimum} or later"
    install = package if minimum == "any" else f'"{package}>={minimum}"'
    try:
        here = find_version(package)
    except metadata.PackageNotFoundError:
        if package in OPTIONAL:
            _say(f"{NOT_NEEDED} {package} is not installed: {OPTIONAL[package]}")
            return True
        _say(f"✗ {wanted} is not installed → do: run %pip install {install} in a cell of its own")
        return False
    if minimum == "any" or _numbers(here) >= _numbers(minimum):
        purpose = f": {PURPOSES[package]}" if package in PURPOSES else ""
        _say(f"✓ {wanted}{purpose} (here: {here})")
        return True
    if package in OLDER:
        _say(f"{NOT_NEEDED} {wanted} (here: {here}): {OLDER[package]}")
        return True
    _say(f"✗ {wanted} (here: {here}) → do: run %pip install --upgrade {install} in a cell of its own")
    return False


def _say(line: str) -> None:
    """Print a line, with words for the marks where they can't be written."""
    try:
        print(line)
    except UnicodeEncodeError:
        for mark, words in IN_WORDS.items():
            line = line.replace(mark, words)
        print(line)


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with: (4, 6, 0) for "4.6.0rc1"."""
    found = re.match(r"\d+(\.\d+)*", str(version))
    return tuple(map(int, found[0].split("."))) if found else ()
