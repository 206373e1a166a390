"""The command that says whether a computer is ready: it tells the truth in a few lines, and leaves nothing running."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import psutil
import pytest
import zmq.asyncio

from workshop.classroom import check_laptop
from workshop.classroom.preflight import PYTHONS

pytestmark = pytest.mark.slow(10)


@pytest.fixture
def nothing_left_running():
    before = set(psutil.Process().children(recursive=True))
    yield
    _, alive = psutil.wait_procs(set(psutil.Process().children(recursive=True)) - before, timeout=20)
    assert not alive


def kernelspec(folder: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    """Put another kernel named python3 before the workshop's own."""
    spec = folder / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": command, "display_name": "other", "language": "python"}), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(folder))


def test_a_computer_that_is_ready(capsys, nothing_left_running):
    path = list(sys.path)
    assert check_laptop.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[0] for line in lines] == ["✓"] * 5 + ["R"]
    assert lines[0].endswith(f" (tested: {PYTHONS[0]} to {PYTHONS[-1]})")
    assert lines[-1] == "Ready for the workshop."
    assert sys.path == path


def test_it_stops_at_the_first_fault_and_says_what_to_do(capsys, monkeypatch):
    monkeypatch.setattr(check_laptop.metadata, "version", _only_old_packages)
    assert check_laptop.main() == 1
    out = capsys.readouterr().out.splitlines()
    assert [line[0] for line in out] == ["✓", "✗"]
    assert "missing or too old: ipykernel (at least 7.4), " in out[1]
    assert out[1].endswith("as its START-HERE.txt says), into the .venv of this folder.")


def _only_old_packages(package: str) -> str:
    return "0.1"


def test_a_python_that_is_too_old(monkeypatch):
    monkeypatch.setattr(check_laptop.sys, "version_info", (3, 10, 13))
    with pytest.raises(check_laptop.NotReadyError, match=r"3\.11 or later is needed, and this is 3\.10\.13"):
        check_laptop.look_at_python()


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252"])
def test_a_console_that_knows_no_marks_gets_the_words(encoding):
    source = f"""
import runpy, sys
sys.version_info = (3, 9, 6)
runpy.run_path({check_laptop.__file__!r}, run_name="__main__")
"""
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    run = subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, encoding=encoding)
    assert (run.returncode, run.stderr) == (1, "")
    [said] = run.stdout.splitlines()
    assert said.startswith(
        "? Python 3.11 or later is needed, and this is 3.9.6. Install one, then install the workshop"
    )


def test_no_port(monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "not allowed")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(check_laptop.NotReadyError, match=r"no port on 127\.0\.0\.1 .*not allowed.*firewall"):
        check_laptop.look_at_port()


def test_a_kernel_that_does_not_start(monkeypatch, tmp_path, nothing_left_running):
    kernelspec(tmp_path, monkeypatch, [sys.executable, "-c", "raise SystemExit(3)", "{connection_file}"])
    with pytest.raises(check_laptop.NotReadyError, match="no kernel starts"):
        check_laptop.look_at_kernel()


def test_what_windows_warns_of_does_not_stand_amid_the_report(monkeypatch, nothing_left_running):
    """The warning comes from the very code that runs on Windows."""
    monkeypatch.setattr(asyncio, "ProactorEventLoop", asyncio.SelectorEventLoop, raising=False)
    monkeypatch.setattr(zmq.asyncio, "_get_selector", zmq.asyncio._get_selector_windows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check_laptop.look_at_kernel().startswith("a kernel starts and runs a cell")


def test_a_kernel_of_another_python(monkeypatch, tmp_path, nothing_left_running):
    pretend = "import sys; sys.prefix = '/another'; from ipykernel.kernelapp import launch_new_instance as go; go()"
    kernelspec(tmp_path, monkeypatch, [sys.executable, "-c", pretend, "-f", "{connection_file}"])
    with pytest.raises(check_laptop.NotReadyError, match="is not the workshop's; it said: /another"):
        check_laptop.look_at_kernel()


def test_a_jupyterlab_that_does_not_start(monkeypatch, nothing_left_running):
    monkeypatch.setattr(sys, "executable", _python_without_jupyterlab())
    with pytest.raises(check_laptop.NotReadyError, match="JupyterLab ends instead of starting"):
        check_laptop.look_at_jupyterlab()


def _python_without_jupyterlab() -> str:
    return getattr(sys, "_base_executable", sys.executable)
