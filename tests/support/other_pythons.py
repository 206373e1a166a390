"""Finds other Pythons than the one that runs the tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def find_python(version: str) -> str | None:
    """Return an interpreter of a version such as "3.13": the running one, one on PATH, or one of pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    installed = sorted(str(path) for path in pyenv.glob(f"versions/{version}.*/bin/python"))
    for candidate in [sys.executable, shutil.which(f"python{version}"), *installed]:
        # A name on PATH may be a stub that starts nothing, so ask each candidate.
        if candidate and version_of(candidate) == version:
            return candidate
    return None


def version_of(python: str) -> str:
    """Return the version of an interpreter, such as "3.13", or "" when it does not run."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", code], capture_output=True, encoding="utf-8").stdout.strip()
