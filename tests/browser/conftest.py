"""The browser, and JupyterLab in it: started once for each file of tests, which run beside each other."""

import shutil
from functools import partial

import pytest

from support import browser
from support.browser import Lab, NoBrowserError, without_browser
from support.jupyterlab_server import running_server
from support.notebook_tools import NOTEBOOKS

LEFT_OUT = ("__pycache__", ".ipynb_checkpoints")


@pytest.fixture(scope="module")
def chromium():
    """The browser."""
    try:
        with browser.running_browser() as running:
            yield running
    except NoBrowserError as reason:
        without_browser(reason)


@pytest.fixture(scope="module")
def server(chromium, tmp_path_factory):
    """JupyterLab, which shows a copy of the notebooks."""
    root = tmp_path_factory.mktemp("lab") / "notebooks"
    shutil.copytree(NOTEBOOKS, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
    with running_server(root, tmp_path_factory.mktemp("settings")) as running:
        yield running


@pytest.fixture(scope="module")
def jupyterlab(chromium, server):
    """JupyterLab in the browser."""
    return Lab(chromium, server)


@pytest.fixture
def opened(jupyterlab):
    """`browser.opened` for a notebook's name."""
    return partial(browser.opened, jupyterlab)
