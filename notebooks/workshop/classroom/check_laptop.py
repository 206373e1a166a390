r"""Say in a few lines whether this computer is ready for the workshop.

Run it with the workshop's own Python, from the repository's folder:
`.venv/bin/python notebooks/workshop/classroom/check_laptop.py`, on Windows
`.venv\Scripts\python notebooks\workshop\classroom\check_laptop.py`.
It takes some seconds, listens on 127.0.0.1 only, and leaves nothing running.
"""

from __future__ import annotations  # so that an older Python comes as far as being told that it is too old

import importlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = ROOT / "notebooks"
PATIENCE = 60
"""Seconds that JupyterLab or a kernel may take to start. On an old laptop the first start takes long."""
INSTALL = (
    "install the workshop as README.md says under Start (from an offline archive: as its START-HERE.txt says), into "
    "the .venv of this folder"
)


class NotReadyError(Exception):
    """Something is missing; the message says what, and what to do."""


def look_at_python() -> str:
    """Return which Python this is; raise `NotReadyError` if it is too old."""
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):  # noqa: UP036 (who has an older one is to be told)
        raise NotReadyError(f"Python 3.11 or later is needed, and this is {python}. Install one, then {INSTALL}")
    return f"Python {python} (tested: 3.11 to 3.15)"


def look_at_packages() -> str:
    """Return how many packages the lessons need; raise `NotReadyError` if one is missing or too old."""
    sys.path.insert(0, str(NOTEBOOKS))
    try:
        faults = importlib.import_module("workshop.classroom.preflight").packages_not_ready(metadata.version)
    finally:
        sys.path.remove(str(NOTEBOOKS))
    if faults:
        raise NotReadyError(f"missing or too old: {', '.join(faults)}. Do: {INSTALL}")
    return "all packages of the lessons"


def look_at_port() -> str:
    """Return that a port can be opened; raise `NotReadyError` if not."""
    try:
        free_port()
    except OSError as problem:
        raise NotReadyError(
            f"no port on 127.0.0.1 can be opened ({problem}). Do: look whether a firewall forbids it"
        ) from None
    return "a port on 127.0.0.1 can be opened"


def free_port() -> int:
    """Open a port on the loopback interface, connect to it, close it, and return its number."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    return port


def look_at_kernel() -> str:
    """Return that a kernel has run a cell; raise `NotReadyError` if it did not, or is another Python's."""
    from jupyter_client.manager import start_new_kernel

    # On Windows, pyzmq warns of what it does about it.
    warnings.filterwarnings("ignore", "Proactor event loop does not implement add_reader", RuntimeWarning)
    began = time.monotonic()
    printed: list[str] = []

    def note(message: dict) -> None:
        content = message["content"]
        printed.append(content.get("text", "") + content.get("evalue", ""))

    try:
        manager, client = start_new_kernel(startup_timeout=PATIENCE, cwd=str(NOTEBOOKS), stderr=subprocess.DEVNULL)
    except Exception as problem:
        raise NotReadyError(f"no kernel starts ({problem}). Do: {INSTALL}") from None
    try:
        client.execute_interactive(
            "import sys, workshop\nprint(sys.prefix)", timeout=PATIENCE, output_hook=note, allow_stdin=False
        )
    except TimeoutError:
        raise NotReadyError(f"a kernel starts, but runs no cell within {PATIENCE} s. Do: run this again") from None
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    said = "".join(printed).strip()
    if Path(said) != Path(sys.prefix):
        raise NotReadyError(f"the kernel named python3 is not the workshop's; it said: {said}. Do: {INSTALL}")
    return f"a kernel starts and runs a cell ({time.monotonic() - began:.1f} s)"


def look_at_jupyterlab() -> str:
    """Return that JupyterLab has started and answered; raise `NotReadyError` if it did not."""
    began, port = time.monotonic(), free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([*command, "--ServerApp.port_retries=0"], cwd=ROOT, **quiet)
    try:
        while not answers(f"http://127.0.0.1:{port}/api"):
            if server.poll() is not None:
                raise NotReadyError(f"JupyterLab ends instead of starting. Do: {INSTALL}")
            if time.monotonic() > began + PATIENCE:
                raise NotReadyError(f"JupyterLab does not answer within {PATIENCE} s. Do: run this again")
            time.sleep(0.1)
    finally:
        server.terminate()
        server.wait()
    return f"JupyterLab starts and answers ({time.monotonic() - began:.1f} s)"


def answers(address: str) -> bool:
    """Return whether a server of this computer answers, without asking any proxy."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def main() -> int:
    """Print a line for each look, up to the first that fails; return the exit code."""
    for look in (look_at_python, look_at_packages, look_at_port, look_at_kernel, look_at_jupyterlab):
        try:
            print(f"✓ {look()}", flush=True)
        except NotReadyError as problem:
            print(f"✗ {problem}.")
            return 1
    print("Ready for the workshop.")
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a Windows terminal may know no ✓
    sys.exit(main())
