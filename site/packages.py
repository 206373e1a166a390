"""The packages that Python in a browser loads: wheels, and the lock that tells Pyodide of them.

A package of the lock is loaded when it is first imported. What is not in the site's folder is loaded from the public
content network, unless nothing is to be: then the lock does not know it, and it can't be imported. Beside the sources
of what every kernel imports stand the compiled modules, since to compile them takes longer than all the rest.
"""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL, PYODIDE_VERSION
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).resolve().parent
LOCK, STANDARD_LIBRARY = "pyodide-lock.json", "python_stdlib.zip"

KERNEL = ("ipykernel", "piplite", "pyodide-kernel")
"""Wheels that the kernel's extension brings along."""

PRELOADED = ("micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython", "workshop")
"""What is loaded while Pyodide starts: all of it is needed before the first cell has run."""

PYODIDE = re.compile(rf"package/(pyodide\.mjs|pyodide\.asm\.\w+|{STANDARD_LIBRARY}|{LOCK})")
"""What is needed of npm's `pyodide`."""

NOT_IN_BROWSER = {"jupyterlab-widgets", "widgetsnbextension"}
"""Parts of packages that belong to the page, and are there as JupyterLab's extension."""

LEFT_OUT = re.compile(r"jedi/third_party/(typeshed/stubs|django-stubs)/.*|.*/tests/.*")
"""Files of wheels that nobody needs here. Those of jedi describe packages that are not here: three quarters of it."""

MARKERS = {
    "sys_platform": "emscripten",
    "platform_system": "Emscripten",
    "platform_machine": "wasm32",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "python_version": "3.14",
    "python_full_version": "3.14.2",
    "extra": "",
}
"""What requirements are told of Python in a browser."""


class NotBuiltError(Exception):
    """The site could not be built; the message says why."""


def content_network() -> str:
    """Return the address from which all of Pyodide can be had."""
    return PYODIDE_CDN_URL.rstrip("/")


def write_packages(folder: Path, extension: Path, helpers: Path, vendored: bool) -> None:
    """Write the lock, and what of the packages belongs into the site's folder.

    Args:
        folder: where to.
        extension: the kernel's extension of JupyterLab.
        helpers: the folder of the helper package.
        vendored: whether Pyodide is to be there, and nothing to be loaded from elsewhere.

    Raises:
        NotBuiltError: something could not be had, or a wheel asks for what is not there.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lock = write_pyodide(folder)
    download_wheels(folder)
    for wheel in (extension / "static" / "pypi").glob("*.whl"):
        if canonicalize_name(wheel.name.partition("-")[0]) in KERNEL:
            shutil.copy(wheel, folder)
    for wheel in folder.glob("*.whl"):
        slim(wheel)
    make_wheel(helpers, folder)
    call([program("node"), str(HERE / "in_pyodide.mjs"), str(folder.resolve()), str(HERE / "compiled.py")])
    for file in [] if vendored else folder.glob("pyodide.*"):
        file.unlink()

    theirs = lock["packages"]
    for package in theirs.values():
        package["file_name"] = f"{content_network()}/{package['file_name']}"
    ours = dict(map(lock_entry, sorted(folder.glob("*.whl"))))
    lock["packages"] = ours if vendored else theirs | ours
    for name, entry in ours.items():
        if lacking := set(entry["depends"]) - lock["packages"].keys():
            raise NotBuiltError(
                f"{name} needs {', '.join(lacking)}: add it to site/browser.in, and compile that again."
            )
    (folder / LOCK).write_text(json.dumps(lock), encoding="utf-8")


def write_pyodide(folder: Path) -> dict[str, Any]:
    """Get Pyodide from npm, and return its lock."""
    with tempfile.TemporaryDirectory() as work:
        call([program("npm"), "pack", f"pyodide@{PYODIDE_VERSION}", "--silent", f"--pack-destination={work}"])
        [archive] = Path(work).glob("*.tgz")
        with tarfile.open(archive) as packed:
            for member in packed.getmembers():
                if match := PYODIDE.fullmatch(member.name):
                    (folder / match[1]).write_bytes(packed.extractfile(member).read())
    return json.loads((folder / LOCK).read_text(encoding="utf-8"))


def program(name: str) -> str:
    """Return the path of a program of Node.js."""
    path = shutil.which(name)
    if path is None:
        raise NotBuiltError(f"Pyodide comes from npm's registry, and compiles for itself: install Node.js for {name}.")
    return path


def download_wheels(folder: Path) -> None:
    """Download what site/browser.txt pins, as wheels that are pure Python."""
    options = ["--no-deps", "--only-binary=:all:", "--platform=any", "--implementation=py", "--abi=none"]
    options += [f"--python-version={MARKERS['python_version']}", "--quiet", "--disable-pip-version-check"]
    call(
        [sys.executable, "-m", "pip", "download", *options, f"--dest={folder}", f"--requirement={HERE / 'browser.txt'}"]
    )


def slim(wheel: Path) -> None:
    """Take out of a wheel what is to be left out."""
    with zipfile.ZipFile(wheel) as packed:
        kept = {item: packed.read(item) for item in packed.infolist() if not LEFT_OUT.fullmatch(item.filename)}
        if len(kept) == len(packed.infolist()):
            return
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as packed:
        for item, data in kept.items():
            if item.filename.endswith(".dist-info/RECORD"):
                lines = data.decode().splitlines(keepends=True)
                data = "".join(line for line in lines if not LEFT_OUT.fullmatch(line.partition(",")[0])).encode()
            packed.writestr(item, data)


def call(command: list[str], folder: Path | None = None) -> None:
    """Run a program, in a folder if one is given; tell what it said only when it failed."""
    ran = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    if ran.returncode:
        raise NotBuiltError(f"{' '.join(command)} failed. It said:\n{ran.stdout}")


def make_wheel(package: Path, folder: Path) -> None:
    """Make a wheel of a package that is a folder. Its version tells of its content: no browser keeps an old one.

    Args:
        package: the package's folder.
        folder: where to put the wheel.
    """
    files = [path for path in sorted(package.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    content = {path.relative_to(package.parent).as_posix(): path.read_bytes() for path in files}
    digest = hashlib.sha256(b"\0".join(name.encode() + data for name, data in content.items())).hexdigest()
    name = f"{package.name}-0.{int(digest[:8], 16)}"
    content[f"{name}.dist-info/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {package.name}\nVersion: {name.partition('-')[2]}\nRequires-Dist: ipywidgets\n"
    ).encode()
    content[f"{name}.dist-info/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: site/build.py\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    record = f"{name}.dist-info/RECORD"
    lines = [f"{file},sha256={_record_hash(data)},{len(data)}" for file, data in content.items()]
    content[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        for file, data in content.items():
            wheel.writestr(zipfile.ZipInfo(file), data, zipfile.ZIP_DEFLATED)


def _record_hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def lock_entry(wheel: Path) -> tuple[str, dict[str, Any]]:
    """Return a package's name, and what the lock says of it.

    Args:
        wheel: its wheel, in the lock's folder.
    """
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        [metadata] = (name for name in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        told = Parser().parsestr(packed.read(metadata).decode())
    modules = {name.partition("/")[0].removesuffix(".py") for name in names if name.endswith(".py")}
    asked = map(Requirement, told.get_all("Requires-Dist") or [])
    depends = {canonicalize_name(one.name) for one in asked if one.marker is None or one.marker.evaluate(MARKERS)}
    name = canonicalize_name(told["Name"])
    return name, {
        "name": told["Name"],
        "version": told["Version"],
        "file_name": wheel.name,
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "imports": sorted(module for module in modules if module.isidentifier()),
        "depends": sorted(depends - NOT_IN_BROWSER),
        "install_dir": "site",
        "package_type": "package",
        "unvendored_tests": False,
    }
