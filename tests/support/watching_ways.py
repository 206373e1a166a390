"""For tests of both ways in which tasks are watched."""

import contextlib
import sys
from collections.abc import Iterator

MONITORING = sys.version_info >= (3, 12)
"""Whether the interpreter can report what code does."""


@contextlib.contextmanager
def no_tool_id_left() -> Iterator[None]:
    """Hold all tool ids of the interpreter that are free, as debuggers and profilers may."""
    free = [tool for tool in range(6) if sys.monitoring.get_tool(tool) is None] if MONITORING else []
    for tool in free:
        sys.monitoring.use_tool_id(tool, "test")
    try:
        yield
    finally:
        for tool in free:
            sys.monitoring.free_tool_id(tool)
