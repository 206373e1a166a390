"""Wheels, and what the lock says of them."""

import hashlib
import zipfile

import pytest

from packages import lock_entry, make_wheel, slim


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "helpers"
    (folder / "part" / "__pycache__").mkdir(parents=True)
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "part" / "page.html").write_text("<p>", encoding="utf-8")
    (folder / "part" / "__pycache__" / "old.pyc").write_bytes(b"")
    return folder


def made(package):
    """Make a wheel in a folder of its own."""
    folder = package.parent / f"wheels {len(list(package.parent.iterdir()))}"
    folder.mkdir()
    make_wheel(package, folder)
    [wheel] = folder.iterdir()
    return wheel


def test_a_wheel_holds_the_package_and_the_lock_says_so(package):
    wheel = made(package)
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        record = packed.read(names[-1]).decode().splitlines()
    assert names[:2] == ["helpers/__init__.py", "helpers/part/page.html"]
    assert [line.partition(",")[0] for line in record] == names
    name, entry = lock_entry(wheel)
    assert (name, entry["name"], entry["file_name"]) == ("helpers", "helpers", wheel.name)
    assert entry["imports"] == ["helpers"]
    assert entry["depends"] == ["ipywidgets"]
    assert entry["sha256"] == hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_another_content_is_another_file(package):
    first, second = made(package), made(package)
    assert (first.name, first.read_bytes()) == (second.name, second.read_bytes())
    (package / "__init__.py").write_text("changed = True", encoding="utf-8")
    assert made(package).name != first.name


def test_what_nobody_needs_is_left_out(tmp_path):
    wheel = tmp_path / "jedi-1.0-py3-none-any.whl"
    stub = "jedi/third_party/typeshed/stubs/six/six.pyi"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("jedi/__init__.py", "")
        packed.writestr(stub, "")
        packed.writestr("jedi-1.0.dist-info/RECORD", f"jedi/__init__.py,,\n{stub},,\n")
    slim(wheel)
    with zipfile.ZipFile(wheel) as packed:
        assert packed.namelist() == ["jedi/__init__.py", "jedi-1.0.dist-info/RECORD"]
        assert packed.read("jedi-1.0.dist-info/RECORD") == b"jedi/__init__.py,,\n"
