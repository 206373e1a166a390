"""Opens the lab in a notebook, or says what to do where it cannot be shown.

From outside, import `lab` and `experiment`.
"""

import sys

from workshop.timeline.views.live import Display

from .experiments import INSTEAD, experiment

__all__ = ["experiment", "lab"]


def lab() -> None:
    """Show the lab below the cell: choose a strategy and what happens to it, press Run, and watch.

    An experiment that another lab has under way is stopped: its Stop button may have gone with the cell's old output.
    Where no lab can be shown, it says in a sentence how to do the same without.
    """
    if not Display().live:
        print(f"The lab is shown in a running notebook. Without it, do this in a cell:\n{INSTEAD}")
        return
    try:
        import ipywidgets  # noqa: F401
    except ModuleNotFoundError as error:
        print(
            f"The lab needs ipywidgets, and {error.name} is not installed: run %pip install ipywidgets in a cell of "
            f"its own and restart the kernel, or do the same in a cell:\n{INSTEAD}"
        )
        return
    from .panel import Explorer

    Explorer.stop_running("Stopped, since lab() was run again")
    sys.modules["IPython"].display.display(Explorer())  # in a notebook, it has been imported
