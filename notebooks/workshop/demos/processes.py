"""Asks Python itself which tasks are running in another program. For Python 3.14 and later; standard library only."""

import asyncio
import os
import signal
import sys

PATIENCE = 10.0
"""Seconds that the other Python has for its answer."""

ASK = """
import runpy, subprocess, sys, time

program = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
try:
    program.stdout.readline()
    time.sleep(0.3)  # until its tasks have begun
    sys.argv = ["asyncio", "pstree", str(program.pid)]
    runpy.run_module("asyncio", run_name="__main__")
finally:
    program.kill()
    program.wait()
"""
"""Runs ``python -m asyncio pstree`` on a program that it has started: many systems let nobody but a parent look."""

NOT_ALLOWED = (
    "Your system does not let one program look into another one. Administrators are let: run the program in a "
    "terminal, and in another one `sudo {python} -m asyncio pstree` with the number of its process."
)

NO_PROCESSES = (
    "This event loop starts no processes, as Jupyter's on Windows may not. Run the program in a terminal, and in "
    "another one `python -m asyncio pstree` with the number of its process."
)


async def task_tree(program: str) -> str:
    """Run a program, and return what ``python -m asyncio pstree`` says about it: its tasks, and who waits for whom.

    The program is run as another process, whose memory is read. Whether that is allowed depends on the system: see
    "Permission requirements" in Python's documentation of remote debugging.

    Args:
        program: the program's text. It prints a line when it is about to wait; it is ended after the answer.

    Returns:
        The tree as text, or a sentence that says why there is none.
    """
    if sys.version_info < (3, 14):
        return "This needs Python 3.14 or later."
    try:
        asked = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", ASK, program),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # the tree has lines that not every encoding has, and the program's line is not to wait in a buffer
            env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # so that the program can be ended together with the one that asks
        )
    except NotImplementedError:
        return NO_PROCESSES
    try:
        async with asyncio.timeout(PATIENCE):
            answer, _ = await asked.communicate()
    except TimeoutError:
        return f"`python -m asyncio pstree` gave no answer within {PATIENCE:g} s."
    finally:
        if asked.returncode is None:
            _end(asked)
            await asked.wait()
    text = answer.decode(errors="replace").replace("\r\n", "\n").strip()
    if asked.returncode == 0:
        return text
    if "permi" in text.lower() or "privilege" in text.lower():
        return NOT_ALLOWED.format(python=sys.executable)
    return f"`python -m asyncio pstree` failed: {text.splitlines()[-1] if text else 'it said nothing'}"


def _end(process: asyncio.subprocess.Process) -> None:
    """End a process, and where the system can do that, those that it has started."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
