"""Make one zip file with the workshop and all its packages, for computers that are offline.

Run it while you are online, from the repository's folder:

    python3 notebooks/workshop/classroom/offline_archive.py       # for computers like this one
    python3 notebooks/workshop/classroom/offline_archive.py --systems windows macos-arm64 --pythons 3.12 3.13

It needs Python 3.11 or later with pip, and nothing else: nothing of the workshop has to be installed.
"""

from __future__ import annotations  # so that an older Python comes as far as being told that it is too old

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FOLDER = "asyncio-workshop"
"""The one folder that the archive holds."""

FILES = ("README.md", "INSTRUCTORS.md", "CONTRIBUTING.md", "LICENSE", "requirements.txt", "notebooks")
"""What goes into the archive beside the packages."""

NOT_FOR_OTHERS = ("__pycache__", ".ipynb_checkpoints", "Untitled*", "*-Copy*", "my_reports", ".*")
"""What working with the notebooks leaves in their folder."""

OLDEST_LINUX, OLDEST_MACOS = 28, 12
"""Packages are chosen for Linux with glibc 2.28 (2018) or later, and for macOS 12 (2021) or later."""

SYSTEMS = {
    "windows": (["win_amd64"], {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"}),
    "macos-arm64": (
        [f"macosx_{OLDEST_MACOS}_0_arm64"],
        {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin", "platform_machine": "arm64"},
    ),
    "macos-x86_64": (
        [f"macosx_{OLDEST_MACOS}_0_x86_64"],
        {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin", "platform_machine": "x86_64"},
    ),
    "linux-x86_64": (
        [*(f"manylinux_2_{minor}_x86_64" for minor in range(OLDEST_LINUX, 4, -1)), "manylinux2014_x86_64"],
        {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux", "platform_machine": "x86_64"},
    ),
}
"""By name: the platforms whose wheels run there, as pip names them, and what requirements' markers are told."""

PYTHONS = ("3.11", "3.12", "3.13", "3.14", "3.15")
"""The versions of Python that the workshop runs on."""

WHOSE = {
    "windows": "Windows on an Intel or AMD processor",
    "macos-arm64": "a Mac with an M1 or later",
    "macos-x86_64": "a Mac with an Intel processor",
    "linux-x86_64": "Linux on an Intel or AMD processor",
}
"""What each system is called by those who have it."""

OFFLINE = ("Retrying (", "Failed to establish", "name resolution", "getaddrinfo failed", "ProxyError", "timed out")
"""What pip says when it cannot reach the package index."""

START_HERE = """\
The workshop, for computers that are offline.

You need: {needs}.

Unpack this archive first: do not run anything inside the zip file. Open a terminal in the folder {folder}.

On Linux or macOS, paste these lines:

    python3 -m venv .venv
    .venv/bin/python -m pip install --no-index --find-links wheels -r requirements.txt
    .venv/bin/python notebooks/workshop/classroom/check_laptop.py
    .venv/bin/jupyter lab notebooks/00_start_here.ipynb

On Windows, paste these lines into PowerShell or into the command prompt:

    py -3 -m venv .venv
    .venv\\Scripts\\python -m pip install --no-index --find-links wheels -r requirements.txt
    .venv\\Scripts\\python notebooks\\workshop\\classroom\\check_laptop.py
    .venv\\Scripts\\jupyter lab notebooks\\00_start_here.ipynb

If pip says "from versions: none", this archive is not for your Python or your system: look at "You need" above. Delete
the folder .venv, and begin again with the Python that is named there.
On Windows, unpack the archive into a short path, such as C:\\workshop: some paths in the packages are long.
With several versions of Python installed, name the one you want: python3.13, or py -3.13.
The third line says in a few words whether all is ready, the fourth opens the workshop. To open it again later, the
fourth is enough. To end it, press Ctrl+C twice in the terminal.
"""


NO_PIP = "This Python has no pip. Run this file with the workshop's own: .venv/bin/python in place of python3."


class NotMadeError(Exception):
    """The archive could not be made; the message says why, and what to do."""


def requirements_for(text: str, python: str, system: dict[str, str]) -> list[str]:
    """Return the pins of compiled requirements that hold on one system, without their markers.

    pip itself judges markers by the computer that it runs on, also when it downloads for another one.

    Args:
        text: what stands in requirements.txt.
        python: a full version, such as ``"3.12.4"``.
        system: what markers are told of the system, as in `SYSTEMS`.

    Returns:
        Lines such as ``"tqdm==4.70.1"``.

    Raises:
        NotMadeError: this Python has no pip.
    """
    try:
        from pip._vendor.packaging.requirements import Requirement  # pip brings its own copy
    except ModuleNotFoundError:
        raise NotMadeError(NO_PIP) from None

    environment = system | {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    environment |= {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    asked = (Requirement(line) for line in lines if line)
    return [f"{one.name}{one.specifier}" for one in asked if one.marker is None or one.marker.evaluate(environment)]


def run_pip(arguments: Sequence[str]) -> tuple[int, str]:
    """Run pip, and return its exit code and all that it said."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace")
    return run.returncode, run.stdout


def download(arguments: Sequence[str], where: str, to: Path, pip: Callable[[Sequence[str]], tuple[int, str]]) -> None:
    """Download wheels.

    Args:
        arguments: what to download, and for which system, in pip's words.
        where: the same system in words, for messages.
        to: the folder for the wheels.
        pip: runs pip.

    Raises:
        NotMadeError: pip did not find everything, or could not be run.
    """
    code, said = pip(["download", "--only-binary=:all:", "--quiet", "--retries=2", f"--dest={to}", *arguments])
    if code == 0:
        return
    missing = [line.partition(" for ")[2].strip() for line in said.splitlines() if "No matching distribution" in line]
    if "No module named pip" in said:
        raise NotMadeError(NO_PIP)
    if any(sign in said for sign in OFFLINE):
        raise NotMadeError("The package index cannot be reached: are you online? Connect, and run the command again.")
    if missing:
        raise NotMadeError(
            f"There is no ready-made package (wheel) of {missing[0]} for {where}. "
            "Leave out this system or this version of Python, and run the command again."
        )
    raise NotMadeError(f"pip could not download the packages for {where}. It said:\n{said.strip()}")


def download_all(
    systems: Iterable[str], pythons: Iterable[str], to: Path, pip: Callable[[Sequence[str]], tuple[int, str]] = run_pip
) -> None:
    """Download the wheels of requirements.txt, and tell of each system that is done.

    Args:
        systems: keys of `SYSTEMS`; none means this computer's own system and Python.
        pythons: versions such as ``"3.12"``.
        to: the folder for the wheels.
        pip: runs pip, for tests.

    Raises:
        NotMadeError: something could not be downloaded.
    """
    if not systems:
        download([f"--requirement={ROOT / 'requirements.txt'}"], this_computer(), to, pip)
        print(f"✓ {this_computer()}")
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for system in systems:
        platforms, markers = SYSTEMS[system]
        for python in pythons:
            where = f"{system}, Python {python}"
            choose = [f"--platform={name}" for name in platforms] + ["--implementation=cp", "--no-deps"]
            # Which bug-fix release is there is unknown, so get what the first wants, and the last if it wants others.
            first, last = f"{python}.0", f"{python}.99"
            wanted = requirements_for(text, last, markers)
            download([*choose, f"--python-version={last}", *wanted], where, to, pip)
            others = [pin for pin in requirements_for(text, first, markers) if pin not in wanted]
            if others:
                download([*choose, f"--python-version={first}", *others], where, to, pip)
            print(f"✓ {where}")


def this_computer() -> str:
    """Return in words what an archive for computers like this one needs."""
    names = {"win32": "Windows", "darwin": "macOS", "linux": "Linux"}
    version = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
    return f"{names.get(sys.platform, sys.platform)} ({platform.machine()}), {version}"


def make_archive(archive: Path, wheels: Path, needs: str) -> None:
    """Write the archive; one that is only half written is removed.

    Args:
        archive: the zip file to make; one of this name is replaced when the new one is complete.
        wheels: the folder with the packages.
        needs: what computers it is for, in words.
    """
    half_made = archive.with_name(archive.name + ".part")
    try:
        with zipfile.ZipFile(half_made, "w", zipfile.ZIP_DEFLATED) as zipped:
            zipped.writestr(f"{FOLDER}/START-HERE.txt", START_HERE.format(needs=needs, folder=FOLDER))
            for file in files_of_the_workshop():
                zipped.write(file, f"{FOLDER}/{file.relative_to(ROOT).as_posix()}")
            for wheel in sorted(wheels.iterdir()):
                zipped.write(wheel, f"{FOLDER}/wheels/{wheel.name}", zipfile.ZIP_STORED)  # is compressed already
        half_made.replace(archive)
    finally:
        half_made.unlink(missing_ok=True)


def files_of_the_workshop() -> list[Path]:
    """Return the files that go into the archive, without what working with them has left behind."""
    found = []
    for path in (ROOT / name for name in FILES):
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [
            file for file in inside if file.is_file() and not any(map(_is_left_behind, file.relative_to(ROOT).parts))
        ]
    return found


def _is_left_behind(name: str) -> bool:
    return any(Path(name).match(pattern) for pattern in NOT_FOR_OTHERS)


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(description="Make one zip file with the workshop and all its packages.")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=[], help="default: this computer's")
    parser.add_argument("--pythons", nargs="+", choices=PYTHONS, default=[], help="default: this Python's version")
    parser.add_argument("--to", type=Path, default=Path("workshop-offline.zip"), help="default: %(default)s")
    asked = parser.parse_args(arguments)
    if asked.pythons and not asked.systems:
        parser.error("--pythons needs --systems: say for which systems, too")
    if not asked.to.resolve().parent.is_dir():
        parser.error(f"there is no folder {asked.to.parent} to write the archive to")
    asked.pythons = asked.pythons or [f"{sys.version_info[0]}.{sys.version_info[1]}"]
    return asked


def main(arguments: Sequence[str] | None = None, pip: Callable[[Sequence[str]], tuple[int, str]] = run_pip) -> int:
    """Make the archive that the command line asks for; return the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 (who has an older one is to be told)
        here = ".".join(map(str, sys.version_info[:3]))
        print(
            f"✗ This needs Python 3.11 or later, and this is Python {here}: run it with a newer one.", file=sys.stderr
        )
        return 1
    asked = options(arguments)
    began = time.monotonic()
    print("Downloading the packages. That takes some minutes ...", flush=True)
    wheels = Path(tempfile.mkdtemp(prefix="wheels-"))
    try:
        download_all(asked.systems, asked.pythons, wheels, pip)
        needs = this_computer()
        if asked.systems:
            systems = " or ".join(WHOSE[system] for system in asked.systems)
            needs = f"{systems}, with Python {' or '.join(asked.pythons)}"
        make_archive(asked.to, wheels, needs)
        count = len(list(wheels.iterdir()))
    except NotMadeError as problem:
        print(f"✗ No archive was made. {problem}", file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"✗ No archive was made. Writing failed: {problem}. Make room, or choose another place.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("✗ No archive was made: you stopped it.", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(wheels, ignore_errors=True)
    size = asked.to.stat().st_size / 1e6
    print(f"✓ {asked.to}: {count} packages, {size:.0f} MB, {time.monotonic() - began:.0f} s. It is for {needs}.")
    print("Hand it out on a stick or on the local network. START-HERE.txt in it says how to install it.")
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a Windows terminal may know no ✓
    sys.exit(main())
