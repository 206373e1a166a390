"""The stop button ends every cell at once, without costing anything before it is pressed."""

import os

import pytest

from clock.kernel import kernel_environment
from support.kernels import running_kernel
from support.places import NOTEBOOKS

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the test interrupts a kernel by a signal")

STOP_SOON = """
import asyncio, os, signal, threading, time

def stop_soon(then=0.4):
    "Send what the button sends, from another thread, and note when."
    def press():
        time.sleep(then)
        global pressed
        pressed = time.perf_counter()
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=press).start()

ended = []

async def waits(name):
    try:
        await (asyncio.Event().wait() if name == "awaited" else asyncio.sleep(600))
    finally:
        ended.append(name)
"""

STOPPED = {
    "an await": ("await waits('awaited')", "CancelledError", ["awaited"]),
    "an awaited task": ("await asyncio.create_task(waits('task'))", "CancelledError", ["task"]),
    "a plain sleep": ("await asyncio.sleep(60)", "CancelledError", []),
    "as_completed": (
        "for c in asyncio.as_completed([waits('one'), waits('two')]):\n    await c",
        "CancelledError",
        [],  # as_completed cancels nothing
    ),
    "gather": ("await asyncio.gather(waits('one'), waits('two'))", "CancelledError", ["one", "two"]),
    "a loop without await": ("await asyncio.sleep(0)\nwhile True:\n    pass", "KeyboardInterrupt", []),
    "a sleep that blocks": ("await asyncio.sleep(0)\ntime.sleep(60)", "KeyboardInterrupt", []),
    "a task that blocks": (
        "async def blocks():\n    time.sleep(60)\n\nawait asyncio.create_task(blocks())",
        "CancelledError",
        [],
    ),
    "a callback that blocks": (
        "asyncio.get_running_loop().call_soon(lambda: time.sleep(60))\nawait waits('awaited')",
        "CancelledError",
        ["awaited"],
    ),
    "polling": ("while True:\n    await asyncio.sleep(0)", None, []),
    "a cell without await": ("while True:\n    pass", "KeyboardInterrupt", []),
}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    directory = tmp_path_factory.mktemp("kernel")
    environment = kernel_environment(directory, clock="real") | {"PYTHONPATH": str(NOTEBOOKS)}
    with running_kernel(environment, directory / "stderr.txt") as kernel:
        assert kernel.run(STOP_SOON + "\nimport workshop").error is None
        yield kernel


@pytest.mark.parametrize(("cell", "error", "cancelled"), STOPPED.values(), ids=STOPPED)
def test_the_button_ends_a_cell(kernel, cell, error, cancelled):
    ran = kernel.run(f"ended.clear(); stop_soon()\n{cell}")
    if error:
        assert ran.error.partition(":")[0] == error
    else:
        assert ran.error is not None
    # the loop has turned since, and what was cancelled has ended; the kernel lives
    report = kernel.run("took = time.perf_counter() - pressed\nawait asyncio.sleep(0)\nprint(sorted(ended), took)")
    words, _, took = report.stdout.strip().rpartition(" ")
    assert (words, report.error) == (repr(cancelled), None)
    print(f"from the button to the next cell: {float(took):.3f} s")
    assert float(took) < 30, "it waited for the end of the sleep"


def test_it_leaves_nothing_behind_and_ticks_not_at_all(kernel):
    look = (
        "loop = asyncio.get_running_loop()\n"
        "before = set(asyncio.all_tasks()), list(loop._scheduled)\n"
        "import importlib, workshop\n"
        "importlib.reload(workshop)\n"
        "await asyncio.sleep(0)\n"
        "after = set(asyncio.all_tasks()), list(loop._scheduled)\n"
        "print(after == before, type(signal.getsignal(signal.SIGINT)).__name__)\n"
        "print(type(signal.getsignal(signal.SIGINT)._theirs).__name__)\n"
        "print([f.__module__ for f in get_ipython().events.callbacks['pre_run_cell']].count('workshop.stop_button'))"
    )
    ran = kernel.run(look)
    assert (ran.stdout, ran.error) == ("True _Handler\nfunction\n1\n", None)
    assert kernel.run("print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)").stdout == "True\n"


def test_the_cell_that_imports_it_can_be_stopped_too(tmp_path):
    environment = kernel_environment(tmp_path, clock="real") | {"PYTHONPATH": str(NOTEBOOKS)}
    with running_kernel(environment, tmp_path / "stderr.txt") as kernel:
        ran = kernel.run(STOP_SOON + "\nimport workshop\nstop_soon()\nawait waits('the first cell')")
        assert ran.error.startswith("CancelledError")
        assert kernel.run("print(ended)").stdout == "['the first cell']\n"


def test_outside_a_kernel_it_does_nothing():
    import signal

    from workshop import stop_button

    before = signal.getsignal(signal.SIGINT)
    stop_button.install()
    assert signal.getsignal(signal.SIGINT) is before
