"""Asks Python itself which tasks are running in this process. For Python 3.14 and later; standard library only."""

import asyncio
import os
import sys

PATIENCE = 10.0
"""Seconds that the other Python has for its answer."""

NOT_ALLOWED = (
    "Your system does not let one program look into another one. Administrators are let: in a terminal, "
    "`sudo {python} -m asyncio pstree {pid}` shows it while this notebook runs."
)

NO_PROCESSES = (
    "This event loop starts no processes, as Jupyter's on Windows may not. In a terminal, "
    "`python -m asyncio pstree {pid}` shows it while this notebook runs."
)


async def task_tree() -> str:
    """Return what ``python -m asyncio pstree`` says about this process: its tasks, and who waits for whom.

    It is run as another process, which reads the memory of this one. Whether that is allowed depends on the system:
    see "Permission requirements" in Python's documentation of remote debugging.

    Returns:
        The tree as text, or a sentence that says why there is none.
    """
    if sys.version_info < (3, 14):
        return "This needs Python 3.14 or later."
    pid = os.getpid()
    try:
        asked = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "asyncio", "pstree", str(pid)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},  # the tree has lines that not every encoding has
        )
    except NotImplementedError:
        return NO_PROCESSES.format(pid=pid)
    try:
        async with asyncio.timeout(PATIENCE):
            answer, _ = await asked.communicate()
    except TimeoutError:
        return f"`python -m asyncio pstree {pid}` gave no answer within {PATIENCE:g} s."
    finally:
        if asked.returncode is None:
            asked.kill()
            await asked.wait()
    text = answer.decode(errors="replace").replace("\r\n", "\n").strip()
    if asked.returncode == 0:
        return text
    if "permi" in text.lower() or "privilege" in text.lower():
        return NOT_ALLOWED.format(python=sys.executable, pid=pid)
    return f"`python -m asyncio pstree {pid}` failed: {text.splitlines()[-1] if text else 'it said nothing'}"
