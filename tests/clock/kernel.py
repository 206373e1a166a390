"""How tests start kernels: with settings of their own, on the test clock or on the real one."""

import asyncio
import os
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent

CONFIG = """\
import sys

sys.path.append({tests!r})
c = get_config()
c.InteractiveShellApp.extensions = {extensions!r}
c.IPKernelApp.reraise_ipython_extension_failures = True  # else a failure silently means the real clock
c.HistoryManager.enabled = False  # its thread writes to a file
c.IPKernelApp.log_level = "ERROR"
"""

FEW_FILES = """
try:
    import resource
except ImportError:  # Windows has no such limit
    pass
else:
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
"""
"""On the real clock a kernel may open as few files as on macOS, until it asks for more."""

UNWANTED = ("MPLBACKEND", "PYTHONASYNCIODEBUG", "PYTHONDEVMODE", "PYTHONWARNINGS", "PYTHONSTARTUP")
"""Settings of the user that would change what notebooks print."""


def cannot_drive(loop: asyncio.AbstractEventLoop) -> str | None:
    """Return why the test clock cannot drive an event loop, in words; None if it can."""
    kind = f"{type(loop).__module__}.{type(loop).__qualname__}"
    if not kind.startswith("asyncio.unix_events."):
        return f"the test clock drives asyncio's own event loop for Linux and macOS, and this is {kind}"
    return None


def no_test_clock_here() -> str | None:
    """Return why kernels on this machine cannot be put on the test clock, in words; None if they can."""
    loop = asyncio.new_event_loop()
    try:
        return cannot_drive(loop)
    finally:
        loop.close()


def kernel_environment(directory: Path, *, clock: str) -> dict[str, str]:
    """Write the settings of a kernel, and return the environment variables that make a kernel use them.

    Args:
        directory: where to write the settings; it exists. The user's own are neither read nor changed.
        clock: ``'test'`` or ``'real'``.

    Returns:
        The whole environment for the kernel's process.
    """
    extensions = {"test": ["clock.cell_names", "clock.extension"], "real": ["clock.cell_names"]}[clock]
    profile = directory / f"ipython_{clock}" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    config = CONFIG.format(tests=str(TESTS), extensions=extensions) + (FEW_FILES if clock == "real" else "")
    (profile / "ipython_kernel_config.py").write_text(config, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    return environment | {
        "IPYTHONDIR": str(profile.parent),
        "TRAITLETS_APPLICATION_RAISE_CONFIG_FILE_ERROR": "1",
        "MATPLOTLIBRC": _matplotlib_defaults(),
        "WORKSHOP_LIVE": "0",  # of live views the last frame only: nbval compares no updates
        "WORKSHOP_PROGRESS": "0",  # what a reader has done is neither read nor changed
    }


def _matplotlib_defaults() -> str:
    """Return the file with matplotlib's own settings, so that the user's taste doesn't change the pictures.

    The import also writes matplotlib's font cache, if need be; in a cell that would take seconds and print a warning.
    """
    import matplotlib.font_manager

    return str(Path(matplotlib.get_data_path(), "matplotlibrc"))
