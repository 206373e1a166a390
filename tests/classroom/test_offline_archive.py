"""The archive for computers that are offline: what it asks pip for, what it holds, and what it says when it cannot."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support.places import NOTEBOOKS, ROOT
from workshop.classroom import offline_archive
from workshop.classroom.preflight import PYTHONS

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


class FakePip:
    """In place of pip: keeps what it is asked for, writes a file for it, and can fail."""

    def __init__(self, fails_at: int | None = None, says: str = "") -> None:
        self.calls: list[list[str]] = []
        self.fails_at, self.says = fails_at, says

    def __call__(self, arguments):
        self.calls.append(list(arguments))
        [folder] = [argument.partition("=")[2] for argument in arguments if argument.startswith("--dest=")]
        self.folder = Path(folder)
        (self.folder / f"package_{len(self.calls)}-1-py3-none-any.whl").write_bytes(b"wheel")
        if len(self.calls) == self.fails_at:
            return 1, self.says
        return 0, ""

    def pins(self) -> set[str]:
        return {argument for call in self.calls for argument in call if "==" in argument}


def make(tmp_path: Path, pip: FakePip, *arguments: str) -> int:
    return offline_archive.main(["--to", str(tmp_path / "a.zip"), *arguments], pip)


def test_for_this_computer_pip_chooses(tmp_path, capsys):
    pip = FakePip()
    assert make(tmp_path, pip) == 0
    [call] = pip.calls
    assert call[0] == "download" and "--only-binary=:all:" in call
    assert call[-1] == f"--requirement={ROOT / 'requirements.txt'}"
    assert f"It is for {offline_archive.this_computer()}." in capsys.readouterr().out
    assert not pip.folder.exists()


def test_the_archive_holds_all_that_is_needed_and_no_leftovers(tmp_path):
    assert make(tmp_path, FakePip()) == 0
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        start = archive.read("asyncio-workshop/START-HERE.txt").decode()
    assert {name.partition("/")[0] for name in names} == {"asyncio-workshop"}
    inside = {name.partition("/")[2] for name in names}
    files = {"README.md", "LICENSE", "INSTRUCTORS.md", "requirements.txt", "START-HERE.txt"}
    assert files | {"notebooks/01_sleepers.ipynb", "wheels/package_1-1-py3-none-any.whl"} <= inside
    notebooks = [f"notebooks/{path.name}" for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
    assert sorted(name for name in inside if re.fullmatch(r"notebooks/\d\d_\w+\.ipynb", name)) == notebooks
    assert not [name for name in inside if "__pycache__" in name or "checkpoint" in name or "my_reports" in name]
    assert start.count("pip install --no-index --find-links wheels -r requirements.txt") == 2
    assert {path.replace("\\", "/") for path in re.findall(r"notebooks[\w\\/]+\.\w+", start)} <= inside
    assert f"You need: {offline_archive.this_computer()}." in start


def test_for_other_systems_each_pin_is_asked_for_by_that_systems_markers(tmp_path, capsys):
    pip = FakePip()
    assert make(tmp_path, pip, "--systems", "windows", "--pythons", "3.12") == 0
    [call] = pip.calls
    assert {"--platform=win_amd64", "--python-version=3.12.99", "--no-deps", "--implementation=cp"} <= set(call)
    names = {pin.partition("==")[0] for pin in pip.pins()}
    assert {"colorama", "pywinpty", "matplotlib"} <= names
    assert not {"appnope", "pexpect", "importlib-metadata"} & names
    assert "It is for Windows on an Intel or AMD processor, with Python 3.12." in capsys.readouterr().out


def test_where_bug_fix_releases_want_different_pins_both_are_there(tmp_path):
    pip = FakePip()
    assert make(tmp_path, pip, "--systems", "macos-arm64", "--pythons", "3.11") == 0
    first, second = pip.calls
    assert "--python-version=3.11.99" in first and "--python-version=3.11.0" in second
    [other] = [argument for argument in second if "==" in argument]
    assert other.startswith("soupsieve==")
    assert len([pin for pin in pip.pins() if pin.startswith("soupsieve==")]) == 2


def test_pins_of_every_system_are_asked_for(tmp_path):
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pip = FakePip()
    assert make(tmp_path, pip, "--systems", *offline_archive.SYSTEMS, "--pythons", *offline_archive.PYTHONS) == 0
    assert pip.pins() == set(re.findall(r"^(?!this-workshop-needs)[\w.-]+==[\w.]+", text, re.MULTILINE))


PIP_OFFLINE = """\
WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError': Temporary failure in name resolution
ERROR: Could not find a version that satisfies the requirement tqdm==4.70.1 (from versions: none)
ERROR: No matching distribution found for tqdm==4.70.1
"""
PIP_NO_WHEEL = """\
ERROR: Could not find a version that satisfies the requirement tqdm==4.70.1 (from versions: none)
ERROR: No matching distribution found for tqdm==4.70.1
"""


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (PIP_OFFLINE, "The package index cannot be reached: are you online?"),
        (PIP_NO_WHEEL, "There is no ready-made package (wheel) of tqdm==4.70.1 for windows, Python 3.13."),
        ("/usr/bin/python3: No module named pip", "This Python has no pip."),
        (
            "ERROR: disk full",
            "pip could not download the packages for windows, Python 3.13. It said:\nERROR: disk full",
        ),
    ],
)
def test_what_goes_wrong_is_said_once_and_nothing_is_left(tmp_path, capsys, says, words):
    pip = FakePip(fails_at=2, says=says)
    assert make(tmp_path, pip, "--systems", "windows", "--pythons", "3.12", "3.13") == 1
    said = capsys.readouterr().err
    assert said.startswith(f"✗ No archive was made. {words}") and said.count("✗") == 1
    assert list(tmp_path.iterdir()) == [] and not pip.folder.exists()


def test_a_python_without_pip_is_told_so_for_other_systems_too(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pip._vendor.packaging.requirements", None)
    pip = FakePip()
    assert make(tmp_path, pip, "--systems", "windows") == 1
    assert capsys.readouterr().err.startswith("✗ No archive was made. This Python has no pip.")
    assert pip.calls == [] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "left"), [("01_sleepers-Copy1.ipynb", True), ("Untitled.ipynb", True), ("01_sleepers.ipynb", False)]
)
def test_copies_that_somebody_made_stay_behind(name, left):
    assert offline_archive._is_left_behind(name) == left


def test_each_system_has_a_name_that_its_owners_know():
    assert offline_archive.WHOSE.keys() == offline_archive.SYSTEMS.keys()


@pytest.mark.parametrize("problem", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_half_made_archive_is_removed_and_the_old_one_stays(tmp_path, monkeypatch, capsys, problem):
    (tmp_path / "a.zip").write_text("the one before", encoding="utf-8")
    write = zipfile.ZipFile.write

    def breaks(archive, file, *rest):
        if str(file).endswith(".whl"):
            assert (tmp_path / "a.zip.part").exists()
            raise problem
        write(archive, file, *rest)

    monkeypatch.setattr(zipfile.ZipFile, "write", breaks)
    assert make(tmp_path, FakePip()) == 1
    assert capsys.readouterr().err.startswith("✗ No archive was made")
    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [
        ("a.zip", "the one before")
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--systems", "amiga"], "invalid choice: 'amiga'"),
        (["--systems", "windows", "--pythons", "3.9"], "invalid choice: '3.9'"),
        (["--pythons", "3.12"], "--pythons needs --systems"),
        (["--to", "no/such/folder/a.zip"], "there is no folder"),
    ],
)
def test_wrong_arguments_are_said_before_any_download(capsys, arguments, words):
    pip = FakePip()
    with pytest.raises(SystemExit) as stopped:
        offline_archive.main(arguments, pip)
    assert stopped.value.code == 2
    assert words in capsys.readouterr().err
    assert pip.calls == []


def test_the_pythons_are_those_of_the_lessons():
    assert offline_archive.PYTHONS == PYTHONS


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252"])
def test_a_console_that_knows_no_marks_gets_the_words(tmp_path, encoding):
    source = f"""
import runpy, subprocess, sys
subprocess.run = lambda command, **options: subprocess.CompletedProcess(command, 0, "")
sys.argv = [{offline_archive.__file__!r}, "--to=a.zip"]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    command = [sys.executable, "-c", source]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, encoding=encoding)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.splitlines()[-2].startswith("? a.zip: 0 packages")


@pytest.mark.parametrize("version", [(3, 10, 12), (3, 9, 6)])
def test_an_older_python_is_told_so_in_one_sentence(tmp_path, monkeypatch, capsys, version):
    monkeypatch.setattr(sys, "version_info", version)
    pip = FakePip()
    assert make(tmp_path, pip) == 1
    here = ".".join(map(str, version))
    expected = f"✗ This needs Python 3.11 or later, and this is Python {here}: run it with a newer one.\n"
    assert capsys.readouterr() == ("", expected)
    assert pip.calls == []


def test_without_a_version_the_systems_get_this_pythons(tmp_path):
    pip = FakePip()
    assert make(tmp_path, pip, "--systems", "windows") == 0
    assert f"--python-version={HERE}.99" in pip.calls[0]
