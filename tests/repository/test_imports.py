"""Imports in the helper package point one way: each room may import from those named here, and there is no circle."""

import ast
import functools
import shutil
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

from support.places import NOTEBOOKS

WORKSHOP = NOTEBOOKS / "workshop"

ROOMS = {
    "timeline": set(),
    "demo_server": set(),
    "classroom": set(),
    "demos": {"timeline"},
    "lab": {"timeline"},
    "exercises": {"timeline", "demos", "demo_server"},
}
"""From which rooms each room may import. What stands beside them in the package may import all."""

FLOORS = ("records", "recording", "views", "block", "__main__")
"""The parts of the timeline: each may import from those before it."""


def name_of(path: Path) -> str:
    """Return a module's full name."""
    parts = path.relative_to(NOTEBOOKS).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(WORKSHOP.rglob("*.py"))}


def imports_of(name: str) -> Iterator[str]:
    """Return the modules of the workshop that a module names in its imports, wherever in it these stand."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            found = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        modules = [module for module in found if module in MODULES]
        # `from package import module` is an import of the module
        yield from modules if len(modules) < 2 else modules[1:]


@functools.cache
def all_imports() -> dict[str, list[str]]:
    """Return what each module imports. (To read them takes a second, which only these tests are to pay.)"""
    return {name: sorted(set(imports_of(name)) - {name}) for name in MODULES}


def room_of(name: str) -> str:
    return name.split(".")[1] if name.count(".") else ""


def test_the_walls_stand():
    for name, imported in all_imports().items():
        room = room_of(name)
        if room in ROOMS:
            beyond = {module for module in imported if room_of(module) not in ROOMS[room] | {room}}
            assert not beyond, f"{name} is not to import {beyond}"


def test_each_folder_is_a_room_that_says_who_lives_there():
    folders = {path.name for path in WORKSHOP.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(ROOMS)
    for name, path in MODULES.items():
        if path.name == "__init__.py":
            assert len((ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split(".")) > 2, name


def test_within_the_timeline_arrows_point_down():
    for name, imported in all_imports().items():
        if name.startswith("workshop.timeline."):
            floor = FLOORS.index(name.split(".")[2])
            above = [module for module in imported if FLOORS.index(module.split(".")[2]) > floor]
            assert not above, f"{name} is not to import {above}"


def test_there_is_no_circle():
    assert list(TopologicalSorter(all_imports()).static_order())  # raises CycleError, which names the modules


def test_the_walls_are_seen():
    imports = all_imports()
    assert "workshop.timeline.records" in imports["workshop.timeline.views.text"]
    assert "workshop.timeline.views.figure" in imports["workshop.timeline.block"], "imports within functions count"


ALONE = """
import asyncio, sys
from timeline import Timeline
from timeline.views.live import Display

class Kept(Display):
    def __init__(self):
        super().__init__()
        self.live, self.frames = True, []

    def show(self, data, *, last):
        self.frames.append(data["text/html"])

async def sleeper(name):
    await asyncio.sleep(0.1)
    return name

async def main():
    display = Kept()
    async with Timeline("alone", live=display) as timeline:
        for next_result in asyncio.as_completed([sleeper("A"), sleeper("B")]):
            await next_result
    print(timeline)
    print(len(display.frames) > 1, "data:image/svg+xml" in display.frames[-1])
    print({name.partition(".")[0] for name in sys.modules} & {"workshop", "matplotlib", "numpy", "IPython"})

asyncio.run(main())
"""


def test_the_timeline_stands_alone(tmp_path):
    shutil.copytree(WORKSHOP / "timeline", tmp_path / "timeline")
    # -I leaves out what is installed beside it, the user's own packages, and the paths in the environment
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{ALONE}"],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "sleeper('A')" in ran.stdout
    assert ran.stdout.endswith("True True\nset()\n")
