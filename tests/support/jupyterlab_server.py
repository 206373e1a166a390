"""JupyterLab for tests: a server of its own on the loopback interface, with nothing of the user's settings."""

import http.client
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from clock.kernel import UNWANTED

STARTED_WITHIN, STOPPED_WITHIN, ANSWERED_WITHIN = 120, 10, 30
"""Seconds, for a machine under load. Starting takes about 4, stopping 1."""

LOOK_AGAIN = 0.05
"""Seconds between two looks whether the server has started."""

OWN_DIRECTORIES = (
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "IPYTHONDIR",
)

NO_QUESTIONS = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}
"""At its first start JupyterLab asks whether it may fetch news from the internet."""


@dataclass(frozen=True)
class Server:
    """A running JupyterLab.

    Attributes:
        url: its address, which ends in a slash.
        token: what a browser or a request has to show to be let in.
        root: the folder whose files it shows.
        log: the file with what it has written.
    """

    url: str
    token: str
    root: Path
    log: Path

    @property
    def address(self) -> str:
        """Where a browser opens JupyterLab, in a workspace without tabs."""
        return f"{self.url}lab?reset&token={self.token}"

    def request(self, method: str, path: str) -> object:
        """Send a request to Jupyter's REST API.

        Args:
            method: such as ``"GET"``.
            path: such as ``"api/sessions"``.

        Returns:
            The JSON of the answer; None for an empty one.

        Raises:
            RuntimeError: the answer is not a success.
        """
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=ANSWERED_WITHIN)
        try:
            connection.request(method, f"/{path}", headers={"Authorization": f"token {self.token}"})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if not 200 <= answer.status < 300:
            raise RuntimeError(f"JupyterLab answered {method} {path} with {answer.status} {answer.reason}: {text}")
        return json.loads(text) if text else None

    def end_kernels(self, notebook: str | None = None) -> None:
        """End the kernel of a notebook, or else all kernels, and return when they have ended."""
        for session in self.request("GET", "api/sessions"):
            if notebook in (None, session["path"]):
                self.request("DELETE", f"api/sessions/{session['id']}")


@contextmanager
def running_server(root: Path, settings: Path) -> Iterator[Server]:
    """Start JupyterLab of this very Python, and end it with its kernels on leaving.

    Args:
        root: the folder whose files it shows; its kernels start there.
        settings: an empty folder for its settings and its log.

    Raises:
        RuntimeError: it did not start; the message holds what it said.
    """
    token, log = secrets.token_hex(16), settings / "server.log"
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"),
        *(f"--ServerApp.root_dir={root}", "--expose-app-in-browser"),  # the latter lets tests reach its commands
    ]
    environment = _environment(settings) | {"JUPYTER_TOKEN": token}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        server = Server(_url_when_started(process, settings, log), token, root, log)
        yield server
        server.end_kernels()
        server.request("POST", "api/shutdown")
    finally:
        _wait_for_end(process)


def _wait_for_end(process: subprocess.Popen) -> None:
    """Wait until the server has ended, and end it if it does not.

    Now and then it hangs at its very end, when its kernels have ended, for one of its own idle threads.
    """
    for end in (process.terminate, process.kill):
        try:
            process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            end()
    process.wait()


def _environment(settings: Path) -> dict[str, str]:
    """Return environment variables for a Jupyter as freshly installed, and write the one setting that it needs."""
    # The first import writes matplotlib's font cache, if need be; in a notebook that could print a warning.
    import matplotlib.font_manager  # noqa: F401

    directories = {name: str(settings / name.lower()) for name in OWN_DIRECTORIES}
    for directory in directories.values():
        Path(directory).mkdir()
    overrides = settings / "jupyter_config_dir" / "labconfig" / "default_setting_overrides.json"
    overrides.parent.mkdir()
    overrides.write_text(json.dumps(NO_QUESTIONS), encoding="utf-8")
    dropped = (*UNWANTED, "WORKSHOP_LIVE", "JUPYTER_PATH", "JUPYTER_CONFIG_PATH")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    own = {"PATH": path, "JUPYTER_PREFER_ENV_PATH": "1", "WORKSHOP_PROGRESS": str(settings / "progress")}
    return kept | directories | own


def _url_when_started(process: subprocess.Popen, settings: Path, log: Path) -> str:
    """Wait until the server has written down where it listens, which it does when it listens."""
    deadline = time.monotonic() + STARTED_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        for file in (settings / "jupyter_runtime_dir").glob("jpserver-*.json"):
            try:
                return json.loads(file.read_text(encoding="utf-8"))["url"]
            except json.JSONDecodeError:
                pass  # it is being written
        time.sleep(LOOK_AGAIN)
    said = log.read_text(encoding="utf-8", errors="replace")
    raise RuntimeError(f"JupyterLab did not start within {STARTED_WITHIN} s. It said:\n{said}")
