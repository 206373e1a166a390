"""The command that says whether a computer is ready: it tells the truth in a few lines, and leaves nothing running."""

import json
import socket
import sys
from pathlib import Path

import psutil
import pytest

from workshop import check_laptop


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
