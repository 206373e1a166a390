"""Scripts in an interpreter of their own, which finds the helper package as the notebooks do."""

import subprocess
import sys

from support.places import NOTEBOOKS


def run_script(source: str, *arguments: str, options: tuple[str, ...] = ("-W", "error")) -> str:
    """Run a script that must end well and say nothing on stderr, and return what it prints.

    Args:
        source: the script.
        arguments: what it finds in `sys.argv`.
        options: of the interpreter; by default warnings are errors.
    """
    command = [sys.executable, *options, "-c", source, *arguments]
    ran = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, cwd=NOTEBOOKS)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout
