"""The files around the notebooks agree with each other and with what README promises."""

import ast
import asyncio
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import warnings
from importlib import metadata
from pathlib import Path

import pytest
import yaml
import zmq.asyncio
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import readme_picture
from support.other_pythons import find_python
from support.places import ROOT
from workshop.classroom.preflight import PYTHONS

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MARKDOWN_FILES = sorted(ROOT.glob("*.md"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PYTHON_FILES = ["notebooks/workshop", "tests", "site", *sorted(path.name for path in ROOT.glob("*.py"))]
COMPILED = ["requirements.txt", "tests/requirements.txt", "site/requirements.txt", "site/browser.txt"]
UNIX_ONLY = pytest.mark.skipif(os.name == "nt", reason="shell scripts and their permissions need Linux or macOS")


def git(*arguments: str) -> str:
    """Return what git prints about this checkout; skip the test where there is no git or no checkout."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout, so there is nothing tracked to look at")
    command = ["git", "-c", f"safe.directory={ROOT}", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, encoding="utf-8").stdout


def cell_sources(notebook: Path, kind: str) -> list[str]:
    """Return the sources of a notebook's cells of one kind, "code" or "markdown"."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == kind]


def written_texts() -> dict[str, str]:
    """Return what people wrote, by file: Markdown, settings, scripts, code, and notebooks without their outputs."""
    patterns = ["*.md", "*.toml", "*.in", "*.txt", "binder/*", ".ci/*", "tests/**/*.py", "notebooks/**/*.py"]
    patterns += [".github/**/*.yml"]
    files = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}
    for notebook in NOTEBOOKS:
        texts[notebook.name] = "\n".join(cell_sources(notebook, "markdown") + cell_sources(notebook, "code"))
    return texts


# README's commands


def code_lines(markdown: str, language: str) -> list[str]:
    """Return the lines of all fenced blocks in one language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", markdown, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


def only(lines: list[str], ending: str) -> str:
    """Return the one line that makes an environment and ends in `ending`."""
    found = [line for line in lines if line.startswith("python3 -m venv") and line.endswith(ending)]
    assert len(found) == 1, f"README must have exactly one command ending in {ending!r}, but has {found}"
    return found[0]


def command_to_test() -> str:
    return only(code_lines(README, "bash"), "-m pytest")


def command_to_test_the_site() -> str:
    [line] = [line for line in code_lines(README, "bash") if line.endswith(" -m pytest site/tests")]
    return line


def command_to_open() -> str:
    return only(
        code_lines(README, "bash"), "-r requirements.txt && .venv/bin/jupyter lab notebooks/00_start_here.ipynb"
    )


def test_readme_has_each_command_once_and_both_make_an_environment() -> None:
    start = "python3 -m venv .venv && .venv/bin/python -m pip install -r requirements.txt"
    assert command_to_open() == f"{start} && .venv/bin/jupyter lab notebooks/00_start_here.ipynb"
    assert command_to_test() == f"{start} -r tests/requirements.txt && .venv/bin/python -m pytest"


def test_windows_commands_are_the_same_steps_one_a_line() -> None:
    steps = [step for command in (command_to_open(), command_to_test()) for step in command.split(" && ")]
    translated = [step.replace("python3 ", "py -3 ").replace(".venv/bin/", ".venv/Scripts/") for step in steps]
    assert code_lines(README, "bat") == [step.replace("/", "\\") for step in translated]


@UNIX_ONLY
@pytest.mark.parametrize("script", [".ci/run", "binder/postBuild"])
def test_scripts_are_executable(script: str) -> None:
    assert (ROOT / script).stat().st_mode & stat.S_IXUSR


@UNIX_ONLY
@pytest.mark.parametrize("outcome", [0, 1])
def test_ci_runs_readmes_test_command_and_fails_when_it_fails(outcome: int, tmp_path: Path) -> None:
    """In a copy, README's command is a tell-tale: only a run that takes it from README leaves the tale."""
    if shutil.which("git") is None:
        pytest.skip("the script needs git")
    tell_tale = f"python3 -m venv --help > {tmp_path}/ran && exit {outcome} && .venv/bin/python -m pytest"
    run = run_ci(tmp_path, tell_tale, only_these_programs(tmp_path / "bin"))
    assert (tmp_path / "ran").read_text(encoding="utf-8").startswith("usage"), run.stdout + run.stderr
    assert run.returncode == outcome, run.stdout + run.stderr
    assert tell_tale in run.stdout
    assert (tmp_path / "project" / "site-ran").exists() == (outcome == 0)


@UNIX_ONLY
@pytest.mark.parametrize("browser", [None, "chromium", "google-chrome"])
def test_ci_installs_a_browser_if_there_is_none_and_says_that_this_is_ci(browser: str | None, tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("the script needs git")
    path = only_these_programs(tmp_path / "bin", "env", "true")
    write_script(Path(path, "sudo"), 'shift; exec "$@"')
    write_script(Path(path, "apt-get"), f'echo "$@" >> "{tmp_path}/installed"')
    if browser:
        write_script(Path(path, browser), "exit 1")
    run = run_ci(tmp_path, f'python3 -m venv --help && echo "CI is $CI" > "{tmp_path}/ran" && true -m pytest', path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "ran").read_text(encoding="utf-8") == "CI is true\n"
    installed = tmp_path / "installed"
    commands = installed.read_text(encoding="utf-8").splitlines() if installed.exists() else []
    assert [command.split()[0] for command in commands] == ([] if browser else ["update", "install"])
    assert browser or commands[-1].endswith(" chromium")


def run_ci(folder: Path, test_command: str, path: str) -> subprocess.CompletedProcess[str]:
    """Run .ci/run in a copy of the project in which README has another test command, with these programs on PATH."""
    project = folder / "project"
    (project / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", project / ".ci" / "run")
    readme = README.replace(command_to_test(), test_command)
    readme = readme.replace(command_to_test_the_site(), f"echo > {project}/site-ran && true -m pytest site/tests")
    (project / "README.md").write_text(readme, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)

    # With no other Python to be found, the command from README is all that is run.
    environment = {"PATH": path, "HOME": str(folder)}
    command = [shutil.which("bash"), ".ci/run"]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, encoding="utf-8")


def only_these_programs(folder: Path, *more: str) -> str:
    """Make a folder for PATH with the programs that .ci/run uses, more if asked for, and this Python as python3."""
    folder.mkdir()
    for name in ("bash", "cp", "dirname", "git", "grep", "mkdir", "mktemp", "rm", "tar", *more):
        (folder / name).symlink_to(shutil.which(name))
    write_script(folder / "python3", f'exec "{sys.executable}" "$@"')
    return str(folder)


def write_script(file: Path, line: str) -> None:
    file.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    file.chmod(0o755)


# The versions of Python, and the workflow on GitHub


def test_the_same_pythons_are_named_everywhere() -> None:
    first_to_last = f"{PYTHONS[0]} to {PYTHONS[-1]}"
    assert (
        f"[![Python {first_to_last}](https://img.shields.io/badge/Python-{first_to_last.replace(' ', '_')}-" in README
    )
    assert f"is tested on Python {first_to_last}." in README
    assert f"every Python from {first_to_last};" in CONTRIBUTING
    assert f"There are {first_to_last}," in (ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert f"for version in {' '.join(PYTHONS)}; do" in script
    assert sorted(WORKFLOW["ci"]["steps"][1]["with"]["python-version"].split()) == list(PYTHONS)


WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))["jobs"]


def test_github_runs_readmes_test_commands_on_each_system_and_python() -> None:
    job = WORKFLOW["readme"]
    assert job["strategy"]["matrix"] == {
        "system": ["ubuntu-latest", "macos-latest", "windows-latest"],
        "python": list(PYTHONS),
    }
    commands = {step["if"]: step["run"].splitlines() for step in job["steps"] if "if" in step}
    assert commands == {"runner.os != 'Windows'": [command_to_test()], "runner.os == 'Windows'": commands_on_windows()}


def test_github_runs_what_a_change_has_to_pass() -> None:
    steps = WORKFLOW["ci"]["steps"]
    assert "run" in steps[-1] and f"`{steps[-1]['run']}` is what a change has to pass." in CONTRIBUTING
    assert steps[1]["with"]["python-version"].split()[-1] == "3.13"  # is python3


def test_github_publishes_the_site_that_readme_builds() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8"))
    [command] = [step["run"] for step in workflow["jobs"]["publish"]["steps"] if "run" in step]
    assert f"{command} --vendored" in code_lines(README, "bash")


def commands_on_windows() -> list[str]:
    """Return README's test command on Windows, one step a line."""
    lines = code_lines(README, "bat")
    return lines[lines.index(r".venv\Scripts\python -m pytest") - 2 :]


def test_on_windows_there_is_room_for_the_longest_path() -> None:
    """Windows takes 260 characters for a path, and the one that ends it is among them."""
    [room] = re.findall(r"path has at most (\d+) characters, such as `C:", README)
    base = Path(".venv", "Lib", "site-packages")
    files = {file for package in metadata.distributions() for file in package.files or []}
    longest = max(len(os.path.normpath(base / file)) for file in files)
    assert longest > 100
    assert int(room) + len("\\") + longest < 260


def test_windows_warning_about_its_event_loop_is_no_fault() -> None:
    """All others are; and it is one that pyzmq has."""
    words = "Proactor event loop does not implement add_reader family of methods required for zmq."
    assert words in Path(zmq.asyncio.__file__).read_text(encoding="utf-8")
    warnings.warn(words, RuntimeWarning, stacklevel=1)
    with pytest.raises(RuntimeWarning, match="another"):
        warnings.warn("another", RuntimeWarning, stacklevel=1)


# README's table of chapters


def section(texts: list[str], heading: str) -> str:
    """Return the text under an H2 of a notebook, up to the next heading."""
    found = re.search(rf"^## {heading}\s*$(.*?)(?=^#|\Z)", "\n\n".join(texts), re.DOTALL | re.MULTILINE)
    assert found, f"the notebook has no section {heading!r}"
    return found[1]


def test_the_table_of_chapters_is_the_notebooks() -> None:
    rows = re.findall(r"^\| (\d\d) \| \[(.+?)\]\(notebooks/(.+?)\) \| .+? \| (\d+) \| .+? \|$", README, re.MULTILINE)
    expected = []
    for notebook in NOTEBOOKS:
        texts = cell_sources(notebook, "markdown")
        title = re.search(r"^# (?:\d\d\W+)?(.+?)\s*$", texts[0], re.MULTILINE)[1]
        minutes = re.search(r"(\d+) minutes", section(texts, "What you'll need"))[1]
        expected.append((notebook.name[:2], title.replace("`", ""), notebook.name, minutes))
    assert [(number, title.replace("`", ""), name, minutes) for number, title, name, minutes in rows] == expected
    assert expected, "there are no notebooks"


# Links


@pytest.mark.parametrize("file", MARKDOWN_FILES, ids=lambda file: file.name)
def test_every_reference_link_is_defined(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    used = set(re.findall(r"\]\[([^\]]+)\]", text))
    assert used == set(re.findall(r"^\[([^\]]+)\]: ", text, re.MULTILINE))


def test_every_file_that_contributors_are_told_of_exists() -> None:
    named = set(re.findall(r"(?:tests|notebooks|binder|\.ci|\.github)/[\w/.]*\w", CONTRIBUTING))
    missing = {file for file in named if "NN" not in file and not (ROOT / file).exists()}
    assert len(named) > 10
    assert not missing, f"CONTRIBUTING.md names {missing}, which do not exist"


def links_to_open(text: str) -> set[str]:
    """Return the addresses at which a notebook can be opened without installing anything."""
    return set(re.findall(r"https://(?:[\w-]+\.github\.io|mybinder\.org/v2)/[^\s)]+", text))


def test_readme_and_each_notebook_link_to_where_nothing_is_installed() -> None:
    first, links = NOTEBOOKS[0].name, links_to_open(README)
    assert len(links) == 2 and all(link.endswith(first) for link in links)
    for notebook in NOTEBOOKS:
        assert links_to_open(cell_sources(notebook, "markdown")[0]) == {
            link.replace(first, notebook.name) for link in links
        }
    with_links = {name for name, text in written_texts().items() if links_to_open(text)}
    assert with_links == {"README.md", *(notebook.name for notebook in NOTEBOOKS)}


@UNIX_ONLY
def test_one_command_puts_the_name_of_the_repository_into_all_links(tmp_path: Path) -> None:
    if shutil.which("perl") is None:
        pytest.skip("perl is not installed")
    [command] = re.findall(r"^ +(perl .+)$", CONTRIBUTING, re.MULTILINE)
    originals = (ROOT / "README.md", *NOTEBOOKS)
    copies = [tmp_path / file.relative_to(ROOT) for file in originals]
    (tmp_path / "notebooks").mkdir()
    for original, copied in zip(originals, copies, strict=True):
        shutil.copy(original, copied)
    for owner, name, tag in (("me", "mine", "v1.0"), ("you", "yours", "v2.0")):
        filled = command.replace("OWNER", owner).replace("NAME", name).replace("TAG", tag)
        subprocess.run(["bash", "-c", filled], cwd=tmp_path, check=True)
        for original, copied in zip(originals, copies, strict=True):
            text = copied.read_text(encoding="utf-8")
            site, binder = sorted(links_to_open(text), key=lambda link: "mybinder" in link)
            assert site.startswith(f"https://{owner}.github.io/{name}/lab/")
            assert f"/gh/{owner}/{name}/{tag}?" in binder
            before = original.read_text(encoding="utf-8")
            for link in sorted(links_to_open(before), key=lambda link: "mybinder" in link):
                before = before.replace(link, binder if "mybinder" in link else site)
            assert text == before


# The licence


def test_the_licence_is_stated_once() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith(
        "MIT License\n\nCopyright (c) 2026 the project's contributors\n\nPermission is hereby granted"
    )
    assert "](LICENSE)" in README
    elsewhere = {name: text for name, text in written_texts().items() if name != "tests/repository/test_repository.py"}
    naming_it = [name for name, text in elsewhere.items() if re.search(r"\bMIT\b|Permission is hereby granted", text)]
    assert not naming_it, f"LICENSE says it; {naming_it} must not say it again"


# Requirements


def requirements(file: str) -> list[Requirement]:
    """Return the requirements of a file, without comments and options."""
    lines = (line.split("#")[0].strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pins(file: str) -> dict[str, dict[str, str]]:
    """Return the pinned versions of a compiled file: {name: {marker: version}}."""
    found: dict[str, dict[str, str]] = {}
    for requirement in requirements(file):
        [pin] = requirement.specifier
        assert pin.operator == "==" and "*" not in pin.version, f"{file}: {requirement} is not pinned"
        found.setdefault(canonicalize_name(requirement.name), {})[str(requirement.marker)] = pin.version
    return found


def test_an_older_python_is_told_so_by_the_requirements() -> None:
    """The first of them asks for what can't be had, and has a name that says why."""
    first, *others = requirements("requirements.txt")
    assert str(first) == 'this-workshop-needs-python==3.11+or.later; python_version < "3.11"'
    assert Version("3.11+or.later").local, "PyPI takes no local versions, so that nobody can provide it"
    assert [python for python in ("3.9", "3.10", *PYTHONS) if holds_on(first, python)] == ["3.9", "3.10"]
    assert f"`{first.name}{first.specifier}`" in README
    assert all(other.marker is None or "python_version" not in str(other.marker) for other in others)


def holds_on(requirement: Requirement, python: str) -> bool:
    return requirement.marker.evaluate({"python_version": python, "python_full_version": f"{python}.5"})


@UNIX_ONLY
@pytest.mark.slow(10)
@pytest.mark.parametrize("version", ["3.9", "3.10"])
def test_readmes_command_tells_an_older_python_so(version: str, tmp_path: Path) -> None:
    if (python := find_python(version)) is None:
        pytest.skip(f"there is no Python {version} here")
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    make, install, _ = command_to_open().replace("python3", python, 1).split(" && ")
    assert subprocess.run(make, shell=True, cwd=tmp_path).returncode == 0
    offline = f"{install} --no-index"
    run = subprocess.run(offline, shell=True, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert run.returncode != 0
    assert [line for line in run.stderr.splitlines() if line.startswith("ERROR")] == [
        "ERROR: Could not find a version that satisfies the requirement this-workshop-needs-python==3.11+or.later "
        "(from versions: none)",
        "ERROR: No matching distribution found for this-workshop-needs-python==3.11+or.later",
    ]


@pytest.mark.parametrize("file", COMPILED)
def test_compiled_requirements_are_pinned_and_answer_what_was_asked(file: str) -> None:
    pinned = pins(file)
    source = file.replace(".txt", ".in")
    asked = {canonicalize_name(requirement.name): requirement.specifier for requirement in requirements(source)}
    for name, specifier in asked.items():
        assert name in pinned, f"{source} asks for {name}: compile {file} again (CONTRIBUTING.md)"
        assert all(specifier.contains(version) for version in pinned[name].values()), f"{file}: {name} does not fit"

    # The compiler notes who asked for what: nothing may be left that is not asked for any more.
    text = (ROOT / file).read_text(encoding="utf-8")
    blocks = re.findall(r"^([\w.-]+)==.*\n((?:    #.*\n)+)", text, re.MULTILINE)
    assert {canonicalize_name(name) for name, reasons in blocks if f"-r {source}" in reasons} == set(asked)


def test_every_direct_requirement_has_its_reason() -> None:
    for source in [file.replace(".txt", ".in") for file in COMPILED]:
        lines = [line for line in (ROOT / source).read_text(encoding="utf-8").splitlines() if re.match(r"\w", line)]
        assert lines
        assert all(re.search(r"\S +# \w", line) for line in lines), f"{source}: each line needs a comment that says why"


@pytest.mark.parametrize("file", COMPILED[1:])
def test_compiled_files_pin_the_same_versions(file: str) -> None:
    """But for those that hold on older Pythons only: the site has one Python."""
    ours, theirs = pins("requirements.txt"), pins(file)
    shared = ours.keys() & theirs.keys()
    assert shared
    assert not [name for name in shared if not set(theirs[name].values()) <= set(ours[name].values())]


@pytest.mark.parametrize("file", COMPILED)
def test_compiled_requirements_hold_no_addresses_and_no_paths(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    [command] = re.findall(r"^#    (uv pip compile .+)$", text, re.MULTILINE)
    assert CONTRIBUTING.count(command) == 1, f"CONTRIBUTING.md must say once how {file} is compiled: {command}"
    assert "://" not in text
    assert not re.search(r"(?:^|[\s=\"'])(?:/|~|[A-Za-z]:\\)", text, re.MULTILINE), f"{file} holds a path"
    assert not [line for line in text.splitlines() if line.startswith("-")], f"{file} holds an option"


def test_what_the_notebooks_import_is_a_direct_requirement() -> None:
    asked = {canonicalize_name(requirement.name) for requirement in requirements("requirements.in")}
    provided_by = metadata.packages_distributions()
    for file, modules in imported_modules().items():
        # pip comes with Python, and the last three with Python in a browser
        for module in modules - sys.stdlib_module_names - {"workshop", "pip", "js", "pyodide", "pyodide_js"}:
            names = {canonicalize_name(name) for name in provided_by.get(module, [module])}
            assert names & asked, f"{file} imports {module}: add {' or '.join(names)} to requirements.in"


def imported_modules() -> dict[str, set[str]]:
    """Return the top-level modules that each notebook and each module of the helper package imports."""
    from IPython.core.inputtransformer2 import TransformerManager

    plain_python = TransformerManager().transform_cell
    sources = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "notebooks").glob("workshop/**/*.py")}
    sources |= {path.name: "\n".join(map(plain_python, cell_sources(path, "code"))) for path in NOTEBOOKS}
    found: dict[str, set[str]] = {}
    for name, source in sources.items():
        tree = compile(source, name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found.setdefault(name, set()).update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.setdefault(name, set()).add(node.module.split(".")[0])
    return found


# Order in the house


def test_no_leftovers_are_tracked() -> None:
    tracked = git("ls-files").splitlines()
    leftover = re.compile(
        r"(^|/)(Untitled[^/]*\.ipynb|\.ipynb_checkpoints|__pycache__|\.venv|\.(pytest|ruff)_cache|wheels)(/|$)"
    )
    assert "README.md" in tracked
    assert not [name for name in tracked if leftover.search(name)]


@pytest.mark.parametrize(
    "leftover", ["notebooks/Untitled1.ipynb", "notebooks/.ipynb_checkpoints/a", ".venv/a", "a.pyc"]
)
def test_leftovers_are_ignored(leftover: str) -> None:
    assert git("check-ignore", leftover).strip() == leftover


def test_text_has_the_same_encoding_on_every_system() -> None:
    """Windows would read and write text in a code page of its own, in files and from other programs."""
    calls = [
        (f"{file.name}:{node.lineno}", node)
        for file in sorted([*ROOT.glob("tests/**/*.py"), *ROOT.glob("notebooks/**/*.py")])
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]
    assert calls
    assert not [place for place, call in calls if leaves_encoding_open(call)]


def leaves_encoding_open(call: ast.Call) -> bool:
    """Return whether a call reads or writes text in the encoding that the system prefers."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    named = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    if "encoding" in named:
        return False
    modes = [*(ast.unparse(argument) for argument in call.args), named.get("mode")]
    return (
        named.get("text") == "True"
        or (name == "read_text" and not call.args)
        or (name == "write_text" and len(call.args) < 2)
        or (name == "open" and any(mode in ("'r'", "'w'", "'a'", "'x'") for mode in modes))
        or (name == "open" and isinstance(call.func, ast.Name) and len(call.args) == 1)
    )


def test_calls_that_leave_the_encoding_open_are_known() -> None:
    left_open = ["path.read_text()", "path.write_text(text)", "path.open('w')", "open(name)", "open(name, mode='a')"]
    left_open += ["run(command, text=True)"]
    others = ["path.read_text(encoding='utf-8')", "path.write_text(text, 'utf-8')", "path.open('rb')", "run(command)"]
    others += ["run(command, text=True, encoding='utf-8')", "kitchen.open(8)"]
    found = [call for call in left_open + others if leaves_encoding_open(ast.parse(call, mode="eval").body)]
    assert found == left_open


@pytest.mark.parametrize("command", [["check", "."], ["format", "--check", *PYTHON_FILES]], ids=" ".join)
def test_ruff(command: list[str]) -> None:
    run = subprocess.run([sys.executable, "-m", "ruff", *command], cwd=ROOT, capture_output=True, encoding="utf-8")
    assert run.returncode == 0, run.stdout + run.stderr


def test_readme_shows_the_picture_that_chapter_02_draws() -> None:
    assert readme_picture.PICTURE.read_text(encoding="utf-8") == readme_picture.picture_in_chapter(), (
        "run tests/readme_picture.py"
    )


async def test_readmes_lines_draw_its_picture(clock) -> None:
    names = {}
    sources = cell_sources(readme_picture.CHAPTER, "code")
    for source in sources[: next(n for n, source in enumerate(sources) if "async def call(" in source) + 1]:
        exec(source, names)
    names["start_calls"] = lambda: [asyncio.create_task(names["call"](name)) for name in names["delays"]]
    *lines, last = code_lines(README, "python")
    await eval(compile("\n".join(lines), "README.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    data, _ = eval(last, names)._repr_mimebundle_()
    assert data["image/svg+xml"] == readme_picture.PICTURE.read_text(encoding="utf-8")
