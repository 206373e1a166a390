"""Binder can build the image: repo2docker reads our files as meant, and our requirements fit into its base image."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from support.other_pythons import find_python
from support.places import ROOT

BINDER_PYTHON = (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
# Found without importing it, since that warns.
REPO2DOCKER = Path(importlib.util.find_spec("repo2docker").origin).parent
LOCK_FILES = REPO2DOCKER / "buildpacks" / "conda"

# Conda's name of a package, where PyPI has another.
ON_PYPI = {"jupyterhub-base": "jupyterhub", "nbconvert-core": "nbconvert", "python-fastjsonschema": "fastjsonschema"}

pytestmark = [
    pytest.mark.slow(15),
    pytest.mark.skipif(sys.platform != "linux", reason="Binder's images are Linux images"),
]


def cannot(reason: str) -> None:
    """Skip the test, except in continuous integration, where all that it needs must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project as Binder would fetch it."""
    local = shutil.ignore_patterns(".git", ".venv", "venv", "wheels", "__pycache__", ".*_cache", ".ipynb_checkpoints")
    return Path(shutil.copytree(ROOT, tmp_path / "checkout", ignore=local))


def test_repo2docker_takes_python_and_requirements_from_binder(checkout: Path) -> None:
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    run = subprocess.run(command, cwd=checkout, capture_output=True, encoding="utf-8")
    output = run.stdout + run.stderr
    assert run.returncode == 0, output
    assert "Building conda environment for python=3.13\n" in output

    # The requirements in binder/ point at a file outside of it, so all files must be there when they are installed.
    copy = output.index("COPY --chown=0:0 src/ ${REPO_DIR}/")
    install = output.index('/bin/pip install --no-cache-dir -r "binder/requirements.txt"')
    assert copy < install < output.index("RUN ./binder/postBuild")


def test_requirements_fit_into_binders_base_image(tmp_path: Path) -> None:
    """What binder/ asks for takes the place of what the base image holds; all else there stays, and still fits."""
    base = base_image()
    assert {"jupyterlab", "notebook", "ipykernel", "ipywidgets", "jupyterhub"} <= base.keys()
    ours = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    staying = base.keys() - set(map(canonicalize_name, ours))
    constraints = tmp_path / "base_image.txt"
    constraints.write_text("".join(f"{name}=={base[name]}\n" for name in staying), encoding="utf-8")

    asked = [*named_in_base_image(), "ipykernel", "-r", str(ROOT / "binder" / "requirements.txt")]
    report = resolved("--constraint", str(constraints), *asked)
    versions = {canonicalize_name(entry["metadata"]["name"]): entry["metadata"]["version"] for entry in report}
    assert set(map(canonicalize_name, named_in_base_image())) <= versions.keys()
    assert versions["jupyterhub"] == base["jupyterhub"]


def test_post_build_runs(checkout: Path, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "HOME": str(tmp_path)}
    run = subprocess.run(["./binder/postBuild"], cwd=checkout, env=environment, capture_output=True, encoding="utf-8")
    assert run.returncode == 0, run.stdout + run.stderr


def base_image() -> dict[str, str]:
    """Return the versions of what the base image holds, read from repo2docker's own lock file."""
    text = (LOCK_FILES / f"environment.py-{BINDER_PYTHON}-linux-64.lock").read_text(encoding="utf-8")
    # A line ends in .../name-version-build.conda#hash; only versions that PyPI can have, too, are of use.
    packages = re.findall(r"/([a-z\d][\w.-]*)-(\d[\d.]*(?:post\d+)?)-[^/-]+\.(?:conda|tar\.bz2)#", text)
    return {canonicalize_name(ON_PYPI.get(name, name)): version for name, version in packages}


def named_in_base_image() -> list[str]:
    """Return the Python packages that repo2docker asks for by name in the base image."""
    text = (LOCK_FILES / f"environment.py-{BINDER_PYTHON}.yml").read_text(encoding="utf-8")
    names = re.findall(r"^- ([\w-]+)=", text, re.MULTILINE)
    assert names
    # This conda package is JupyterHub without its proxy.
    return [name.replace("jupyterhub-singleuser", "jupyterhub") for name in names if name not in ("python", "nodejs")]


def resolved(*arguments: str) -> list[dict]:
    """Return what pip would install for Binder's Python, without doing it; skip the test where it has no index."""
    python = find_python(BINDER_PYTHON)
    if python is None:
        cannot(f"needs Python {BINDER_PYTHON}, the one that Binder uses, and found none")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--retries=1"]
    command = [*pip, "--dry-run", "--ignore-installed", "--report=-", *arguments]
    run = subprocess.run(command, capture_output=True, encoding="utf-8")
    if run.returncode != 0 and "connection broken by" in run.stderr:
        cannot("needs the package index, which cannot be reached from here")
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(run.stdout)["install"]
