"""The IPython extension that puts a kernel on the test clock."""

import sys

from IPython.core.interactiveshell import InteractiveShell
from tornado.ioloop import IOLoop

from .driver import Driver
from .event_loop import drive
from .kernel import cannot_drive
from .outside import Outside, report_processes_and_blocking_sockets
from .pool_threads import PoolThreads
from .replacements import replace_blocking_calls, replace_reading, replace_time_functions
from .virtual_time import Clock


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Put this kernel on the test clock.

    Raises:
        RuntimeError: the kernel's event loop cannot be driven.
    """
    loop = IOLoop.current().asyncio_loop
    if reason := cannot_drive(loop):
        raise RuntimeError(f"No test clock: {reason}.")
    if loop.is_running():
        raise RuntimeError("No test clock: the kernel's event loop runs already. Load the extension from its config.")
    clock = Clock()
    threads = PoolThreads(clock, loop)
    outside = Outside(loop, loop._selector)
    driver = Driver(clock, threads, outside)
    drive(loop, clock, driver, outside)
    replace_time_functions(clock, driver)
    replace_blocking_calls(clock, driver)
    threads.adopt_pools(driver.block)
    report_processes_and_blocking_sockets(clock, outside)
    replace_reading(clock, driver, outside)

    def begin_cell() -> None:
        clock.in_cell = clock.in_cell or clock.in_main_thread()

    def end_cell() -> None:
        if not clock.in_main_thread():
            return
        clock.in_cell = False
        if faults := clock.take_faults():
            print("test clock: times are not exact, since", "; ".join(faults), file=sys.stderr)

    shell.events.register("pre_execute", begin_cell)
    shell.events.register("post_execute", end_cell)
