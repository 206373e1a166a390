"""Records a whole script, unmodified, and writes a page beside it on which it can be stepped through.

``python -m workshop.timeline my_script.py [arguments]`` runs the script as ``python my_script.py [arguments]`` does,
and writes ``my_script.replay.html``. Where the folder `timeline` itself is on the path, ``python -m timeline`` does the
same. Standard library only.
"""

import builtins
import io
import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType

from .recording.loops import EveryLoop
from .records import Records
from .views.replay import page

USAGE = "usage: python -m {} my_script.py [arguments]"
NOTHING = "No event loop of asyncio's ran a task: there is nothing to step through."


def main() -> None:
    """Run the script that the command line names."""
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(USAGE.format(__package__), file=sys.stderr)
        sys.exit(2)
    del sys.argv[0]
    script, process = os.path.abspath(sys.argv[0]), os.getpid()
    try:
        with io.open_code(script) as file:
            source = file.read()
    except OSError as error:
        print(f"{sys.executable}: can't open file {script!r}: [Errno {error.errno}] {error.strerror}", file=sys.stderr)
        sys.exit(2)
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(os.path.realpath(script))
    code = None
    with EveryLoop() as loops:
        try:
            code = compile(source, script, "exec", dont_inherit=True)
            exec(code, vars(_main_module(script)))
        except SystemExit:
            raise
        except BaseException as error:
            _leave_out_of_traceback(error, code)
            raise
        finally:
            if os.getpid() == process:  # a child of `os.fork` is not to write it once more
                loops.__exit__()
                _write(Path(script), [snapshot.records() for snapshot in loops.snapshots])


def _main_module(script: str) -> ModuleType:
    """Return a new ``__main__``, as Python makes it for a script."""
    module = ModuleType("__main__")
    module.__file__ = script
    module.__builtins__ = builtins
    module.__loader__ = SourceFileLoader("__main__", script)
    if sys.version_info < (3, 15):
        module.__cached__ = None
    if sys.version_info < (3, 14):
        module.__annotations__ = {}
    sys.modules["__main__"] = module
    return module


def _leave_out_of_traceback(error: BaseException, code: CodeType | None) -> None:
    """Have the traceback of a script's error begin in the script, when Python prints it at the very end."""
    hook = sys.excepthook

    def from_script_on(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        while traceback is not None and traceback.tb_frame.f_code is not code:
            traceback = traceback.tb_next
        error.__traceback__ = traceback
        hook(kind, error, traceback)

    sys.excepthook = from_script_on


def _write(script: Path, runs: list[Records]) -> None:
    """Write the page beside the script, and say so in a line on stderr."""
    runs = [records for records in runs if len(records)]
    if not runs:
        print(NOTHING, file=sys.stderr)
        return
    path = script.with_suffix(".replay.html")
    names = [f"{script.name}: {records.names[0]}" for records in runs]
    titles = [f"run {number}, {name}" for number, name in enumerate(names, start=1)] if len(runs) > 1 else names
    try:
        path.write_text(page(list(zip(titles, runs, strict=True))), encoding="utf-8", newline="\n")
    except OSError as error:
        print(f"The page could not be written: {error}", file=sys.stderr)
    else:
        print(f"Step through what ran: open {path} in a browser.", file=sys.stderr)


if __name__ == "__main__":
    main()
