"""The pre-flight cell tells what is there, what is missing and what to do; its minimums are the requirements'."""

# ruff: noqa: RUF001 (a dash stands before what may be missing)

import io
import re
import subprocess
import sys
from importlib import metadata

import pytest

from support.places import ROOT
from workshop.classroom.preflight import IN_BROWSER, MINIMUMS, OPTIONAL, packages_not_ready, preflight

ALL = {
    "ipykernel": "7.4.0",
    "matplotlib": "3.11.2",
    "nest-asyncio": "1.6.0",
    "jupyterlab": "4.6.6",
    "notebook": "7.10.1",
    "nbval": "0.11.0",
    "ipywidgets": "8.1.9",
    "aiohttp": "3.14.5",
    "tqdm": "4.70.1",
    "aiolimiter": "1.3.0",
    "aiometer": "1.0.0",
    "aiostream": "0.8.1",
    "anyio": "4.16.0",
    "distributed": "2026.8.0",
    "httpx": "0.28.1",
}


def lines(capsys, python=(3, 13, 0), **changes):
    versions = ALL | {name.replace("_", "-"): version for name, version in changes.items()}

    def find_version(package):
        if versions[package] is None:
            raise metadata.PackageNotFoundError(package)
        return versions[package]

    assert preflight(python, find_version) is None
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def test_everything_is_there(capsys):
    assert lines(capsys) == [
        "✓ Python 3.11 to 3.15 (here: 3.13.0)",
        "✓ ipykernel 7.4 or later (here: 7.4.0)",
        "✓ matplotlib (here: 3.11.2)",
        "✓ nest-asyncio (here: 1.6.0)",
        "✓ jupyterlab 4.6 or later (here: 4.6.6)",
        "✓ notebook 7.6 or later (here: 7.10.1)",
        "✓ nbval: only to test the notebooks (here: 0.11.0)",
        "✓ ipywidgets: the buttons of predictions, chapter 06 (here: 8.1.9)",
        "✓ aiohttp: chapters 07 and later (here: 3.14.5)",
        "✓ tqdm: chapters 07 and 08 (here: 4.70.1)",
        "✓ aiolimiter 1.3 or later: chapters 11 and 12 (here: 1.3.0)",
        "✓ aiometer 1.0 or later: chapters 09 and 11 (here: 1.0.0)",
        "✓ aiostream 0.8 or later: chapter 09 (here: 0.8.1)",
        "✓ anyio 4.16 or later: chapter 10 (here: 4.16.0)",
        "✓ distributed: chapter 10 (here: 2026.8.0)",
        "✓ httpx: chapter 07 (here: 0.28.1)",
        "Ready: on to the lesson.",
    ]


def test_in_a_browser_nothing_is_installed_before(capsys, monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert lines(capsys, aiohttp=None) == [
        "✓ Python 3.11 to 3.15 (here: 3.13.0)",
        IN_BROWSER,
        "Ready: on to the lesson.",
    ]


def test_only_what_stands_in_here_depends_on_the_machine(capsys):
    here = re.compile(r"\(here: [^)]*\)")
    one = [here.sub("", line) for line in lines(capsys)]
    other = [here.sub("", line) for line in lines(capsys, (3, 11, 9), jupyterlab="5.0", matplotlib="4.0rc1")]
    assert one == other


def test_an_old_python(capsys):
    first, *_, last = lines(capsys, (3, 10, 12))
    assert first.startswith("✗ Python 3.11 to 3.15 (here: 3.10.12) → do: install Python 3.11 or later")
    assert last.startswith("Not ready: ")


def test_a_newer_python_than_tested(capsys):
    assert lines(capsys, (3, 15, 2))[0] == "✓ Python 3.11 to 3.15 (here: 3.15.2)"
    first, *_, last = lines(capsys, (3, 16, 0))
    assert first == "– Python 3.11 to 3.15 (here: 3.16.0): newer than tested"
    assert last == "Ready: on to the lesson."


@pytest.mark.parametrize("version", [(3, 10, 12), (3, 9, 6)])
def test_an_older_python_gets_one_sentence_when_it_imports_the_workshop(version):
    source = f"import sys; sys.version_info = {version}; from workshop import preflight"
    run = subprocess.run([sys.executable, "-c", source], cwd=ROOT / "notebooks", capture_output=True, encoding="utf-8")
    here = ".".join(map(str, version))
    assert run.stderr.splitlines()[-1] == (
        f"ImportError: The workshop needs Python 3.11 or later, and this is Python {here}: install a newer one, and "
        "choose it as this notebook's kernel."
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252"])
def test_where_marks_cannot_be_written_there_are_words(monkeypatch, encoding):
    file = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(file, encoding, write_through=True))
    preflight((3, 10, 1), {"jupyterlab": "4.6.6"}.get)
    out = file.getvalue().decode(encoding).splitlines()
    assert out[0].startswith("not ok: Python 3.11 to 3.15 (here: 3.10.1) ")
    assert "ok: jupyterlab 4.6 or later (here: 4.6.6)" in out
    assert out[-1].startswith("Not ready: ")


def test_what_is_missing_or_old_is_told_with_what_to_do(capsys, monkeypatch):
    monkeypatch.setitem(MINIMUMS, "matplotlib", "3.9")
    out = lines(capsys, matplotlib="3.8.4", tqdm=None)
    to_do = 'run %pip install --upgrade "matplotlib>=3.9" in a cell of its own'
    assert f"✗ matplotlib 3.9 or later (here: 3.8.4) → do: {to_do}" in out
    assert "✗ tqdm is not installed → do: run %pip install tqdm in a cell of its own" in out
    assert out[-1].startswith("Not ready: ")


def test_what_some_settings_do_without(capsys):
    out = lines(capsys, jupyterlab=None, notebook="6.5.7", nbval=None, ipykernel="6.17.1")
    assert "– jupyterlab is not installed: fine in Colab or VS Code" in out
    assert "– notebook 7.6 or later (here: 6.5.7): fine in Colab or VS Code" in out
    assert "– nbval is not installed: only to test the notebooks" in out
    assert "– ipykernel 7.4 or later (here: 6.17.1): older than tested, but enough for these lessons" in out
    assert out[-1] == "Ready: on to the lesson."
    assert "– ipykernel is not installed: fine where another kernel runs this notebook" in lines(capsys, ipykernel=None)


@pytest.mark.parametrize(
    ("version", "enough"),
    [("4.6", True), ("4.6.0", True), ("4.10", True), ("5", True), ("4.6.0rc1", True), ("4.5.9", False), ("4", False)],
)
def test_versions_are_compared_as_numbers(capsys, version, enough):
    assert any(line.startswith("✓ jupyterlab") for line in lines(capsys, jupyterlab=version)) == enough


@pytest.mark.parametrize("version", [None, "", "unknown"])
def test_a_version_that_cannot_be_read_does_not_raise(capsys, monkeypatch, version):
    monkeypatch.setattr(sys.modules["workshop.classroom.preflight"], "MINIMUMS", {"jupyterlab": "4.6"})
    preflight((3, 13, 0), lambda package: version)
    assert "– jupyterlab 4.6 or later" in capsys.readouterr().out


def test_the_packages_that_are_installed_here(capsys):
    preflight()
    assert capsys.readouterr().out.splitlines()[-1] == "Ready: on to the lesson."


def test_a_computer_of_ones_own_needs_more_than_colab():
    versions = ALL | {"notebook": "6.5.7", "nbval": None}

    def find_version(package):
        if package in ("jupyterlab", "nbval"):
            raise metadata.PackageNotFoundError(package)
        return versions[package]

    assert packages_not_ready(find_version) == ["jupyterlab (at least 4.6)", "notebook (at least 7.6)"]
    assert packages_not_ready() == []


def test_the_minimums_are_those_of_the_requirements():
    required = {}
    for line in (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines():
        if requirement := line.partition("#")[0].strip():
            name, _, lowest = requirement.partition(">=")
            package, _, extra = name.strip().rstrip("]").partition("[")  # dask[distributed] is here as distributed
            required[extra or package] = lowest or "any"
    assert {package: required.get(package) for package in MINIMUMS} == MINIMUMS
    assert set(OPTIONAL) <= set(MINIMUMS)
