"""How pytest runs the notebooks: by nbval, each in a kernel on the test clock, with pictures compared too.

pytest calls the hooks for notebooks/ only if they stand in a conftest.py there or above it.
"""

import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

import nbformat
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from clock import kernel
from support.measured import is_measured, is_replay, without_pictures
from support.newer_python import (
    STORED_PYTHON,
    faults_without_comparison,
    in_words,
    outputs_instead,
    shows_more_than_stored,
)
from support.notebook_tools import without_note

COMPARED_TOO = {"image/png", "image/jpeg", "metadata"}
"""What nbval leaves out unless told otherwise. An output's metadata holds the alt text of its picture."""

OUTPUT_WITHIN = 60
"""Seconds from the end of a cell to its last output, on a machine under load. (nbval's own are five.)"""

MOST_WORKERS = 6

REAL_CLOCK_SECONDS = 40
"""What a notebook on the real clock takes, about."""

environments = pytest.StashKey[dict[str, dict[str, str]]]()
no_test_clock = pytest.StashKey[str | None]()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run tests in two processes more than there are processors, since many of the slow ones wait.

    To start a process and let it find all tests takes about five seconds. So single files run in this process alone,
    and without the slow tests, of which few wait, there is a process for each processor.
    """
    if not any(Path(argument).is_dir() for argument in config.args):
        return 0
    waiting = 0 if config.option.markexpr == "not slow" else 2
    return min((os.cpu_count() or 1) + waiting, MOST_WORKERS)


def pytest_configure(config: pytest.Config) -> None:
    """Write the settings of the kernels; without a test clock, don't compare outputs."""
    reason = config.stash[no_test_clock] = kernel.no_test_clock_here()
    if reason and config.option.nbval:
        config.option.nbval, config.option.nbval_lax = False, True
    os.environ["WORKSHOP_PROGRESS"] = "0"  # no test reads or changes what a reader has done
    directory = tempfile.TemporaryDirectory(prefix="notebook-kernels-", ignore_cleanup_errors=True)
    config.add_cleanup(directory.cleanup)
    config.stash[environments] = {
        clock: kernel.kernel_environment(Path(directory.name), clock=clock) for clock in ("test", "real")
    }


def declared_clock(cell: IPyNbCell) -> str:
    """Return the clock that a cell's notebook declares: ``'test'`` or ``'real'``."""
    return cell.parent.nb.metadata.get("workshop", {}).get("clock", "test")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector):
    """Have nbval compare pictures and their alt texts too."""
    collectors = yield
    for collector in collectors:
        if isinstance(collector, IPyNbFile):
            collector.skip_compare = tuple(key for key in collector.skip_compare if key not in COMPARED_TOO)
    return collectors


def pytest_itemcollected(item: pytest.Item) -> None:
    """Expect of a cell what its metadata say: other words on this Python, a picture of what was measured."""
    if not isinstance(item, IPyNbCell):
        return
    item.output_timeout = OUTPUT_WITHIN
    if declared_clock(item) == "real":
        item.add_marker(pytest.mark.slow(REAL_CLOCK_SECONDS))
    tags = item.cell.metadata.get("tags", [])
    item.cell.outputs = without_note(item.cell.outputs)
    if outputs := outputs_instead(item.cell.metadata):
        item.cell.outputs = list(map(nbformat.from_dict, outputs))
        compare_words = item.compare_outputs
        item.compare_outputs = lambda test, ref, skip_compare=None: compare_words(
            list(map(nbformat.from_dict, in_words(test))), ref, skip_compare
        )
    if shows_more_than_stored(item.cell.metadata):

        def compare_outputs(test: list, ref: list, skip_compare: object = None) -> bool:
            item.comparison_traceback = list(faults_without_comparison(test, tags))
            return not item.comparison_traceback

        item.compare_outputs = compare_outputs
    if is_measured(tags) or (is_replay(item.cell.outputs) and sys.version_info[:2] != STORED_PYTHON):
        compare = item.compare_outputs
        item.compare_outputs = lambda test, ref, skip_compare=None: compare(
            *([nbformat.from_dict(output) for output in without_pictures(outputs)] for outputs in (test, ref)),
            skip_compare,
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that none is left over at the end."""
    seconds: dict[Path, float] = {}
    for item in items:
        marks = [mark.args[0] for mark in item.iter_markers("slow")]
        seconds[item.path] = max([seconds.get(item.path, 0), *marks])
    items.sort(key=lambda item: -seconds[item.path])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item):
    """Start the kernel of each notebook on the clock that the notebook declares."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    # nbval starts the notebook's kernel in the setup of its first cell, with the environment of this process
    clock = "real" if item.config.stash[no_test_clock] else declared_clock(item)
    with mock.patch.dict(os.environ, item.config.stash[environments][clock], clear=True):
        return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say so if there was no test clock."""
    if reason := config.stash[no_test_clock]:
        terminalreporter.write_line(f"The notebooks ran on the real clock, their outputs were not compared: {reason}.")
