"""A changed stored output must fail the run of the notebooks, and nothing else may: the comparison itself is compared.

One small notebook holds each kind of output, as it is printed and with every change; pytest runs it as it runs the
workshop's. For the workshop's own outputs the comparison is asked directly.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import nbformat
import pytest
from nbval.plugin import coalesce_streams

from clock.kernel import no_test_clock_here
from support.measured import is_measured
from support.newer_python import shows_more_than_stored
from support.notebook_samples import PICTURE, code, copied_project, error, printed, run_pytest, write
from support.notebook_tools import Notebook, joined, notebook_paths

pytestmark = pytest.mark.skipif(no_test_clock_here() is not None, reason="outputs are only compared on the test clock")

Change = Callable[[], None]
"""Changes one stored output in place."""

MARK = "changed"
"""Added at the end: of a line that is written over and over, such as a progress bar, only the last state counts."""


def changes_of(cell: dict) -> Iterator[tuple[str, Change]]:
    """Yield what can be changed in a code cell's stored outputs, in words and as a function that does it.

    That is the first of each kind of text, every picture that is compared, and the number of outputs.

    Args:
        cell: the cell, which the yielded functions change.
    """
    texts: dict[str, Change] = {}
    for place, output in enumerate(cell["outputs"]):
        if output["output_type"] == "error":
            texts.setdefault("error", partial(_mark, output, "evalue"))
        elif output["output_type"] == "stream":
            texts.setdefault(output["name"], partial(_mark, output, "text"))
        for kind, value in output.get("data", {}).items():
            if kind.startswith("image/"):
                if not is_measured(cell["metadata"].get("tags", [])):
                    yield f"{kind} {place}", partial(_damage, output["data"], kind)
            elif kind.startswith("text/") and value:
                texts.setdefault(kind, partial(_mark, output["data"], kind))
            if "alt" in output["metadata"].get(kind, {}):
                texts.setdefault("alt", partial(_mark, output["metadata"][kind], "alt"))
    yield from texts.items()
    if cell["outputs"]:
        yield "one missing", cell["outputs"].pop
    yield "one more", partial(cell["outputs"].append, {**printed("more\n"), "name": "stderr"})


def _mark(place: dict, key: str) -> None:
    place[key] = joined(place[key]) + MARK


def _damage(place: dict, key: str) -> None:
    """Change one character in the middle of an encoded picture."""
    encoded = joined(place[key])
    middle = len(encoded) // 2
    place[key] = encoded[:middle] + ("A" if encoded[middle] != "A" else "B") + encoded[middle + 1 :]


def changed_copies(cell: dict) -> Iterator[tuple[str, dict]]:
    """Yield copies of a code cell, each with one change, and the change in words."""
    for number, (what, _) in enumerate(changes_of(copy.deepcopy(cell))):
        changed = copy.deepcopy(cell)
        list(changes_of(changed))[number][1]()
        yield what, changed


# The small notebook


def shown(data: dict, alt: str | None = None, kind: str = "display_data", **more: object) -> dict:
    return {"output_type": kind, "data": data, "metadata": {} if alt is None else {"image/png": {"alt": alt}}, **more}


def show(output: dict, **metadata: object) -> dict:
    """Return a cell that shows what it stores."""
    return code(f"display({output['data']!r}, raw=True, metadata={output['metadata']!r})", output, **metadata)


def figure(picture: str = PICTURE, words: str = "slope 1 (here: 1.04)", width: str = "100%") -> dict:
    html = f'<img alt="A line." src="data:image/png;base64,{picture}" style="max-width: {width}">'
    return shown({"image/png": picture, "text/plain": words, "text/html": html}, "A line.")


def stepped(lines: str = "line 3", height: int = 470, title: str = "replay") -> dict:
    """Return a replay's output, of which the page and its height may differ where it is measured."""
    frame = f'<iframe class="replay-page" title="{title}" ' + f"srcdoc='{lines}'></iframe>"
    return shown({"text/plain": "a table", "text/html": f'<div class="replay" style="--tall:{height}px">{frame}</div>'})


OTHER_PICTURE = PICTURE.replace("Nk", "Nl")
NEEDS_NEWER = "needs-python-3.97"
WORDS = printed("This needs Python 3.97 or later.\n")
SAY_WORDS = f"print({WORDS['text']!r}, end='')"


def prints_here(text: str) -> dict:
    """Return metadata that say what a cell prints on this Python and newer ones."""
    return {"newer-python": {"from": ["3.10"], "prints": text}}


KINDS = {
    "print": code("print('one'); print('two')", printed("one\ntwo\n")),
    "stderr": code("import sys; print('careful', file=sys.stderr)", printed("careful\n", "stderr")),
    "print and stderr": code(
        "print('one'); print('careful', file=sys.stderr); print('two')",
        printed("one\n"),
        printed("careful\n", "stderr"),
        printed("two\n"),
    ),
    "progress bar": code(r"print('1 of 2\r2 of 2')", printed("1 of 2\r2 of 2\n")),
    "error": code("1 / 0", error("ZeroDivisionError", "division by zero"), tags=["raises-exception"]),
    "result": code("4.0", shown({"text/plain": "4.0"}, kind="execute_result", execution_count=1)),
    "a wait on the test clock": code(
        "import asyncio, time; start = time.monotonic(); await asyncio.sleep(4); time.monotonic() - start",
        shown({"text/plain": "4.0"}, kind="execute_result", execution_count=1),
    ),
    "picture": show(shown({"image/png": PICTURE, "text/plain": "a picture"}, "One dot.")),
    "HTML": show(shown({"text/html": "<b>4.00 s</b>", "text/plain": "4.00 s"})),
    "Markdown": show(shown({"text/markdown": "**4.00 s**", "text/plain": "4.00 s"})),
    "SVG": show(shown({"image/svg+xml": "<svg></svg>", "text/plain": "a drawing"})),
    "several": code("display('one'); print('two')", shown({"text/plain": "'one'"}), printed("two\n")),
    "nothing": code("_ = 1"),
    "measured": show(figure(), tags=["measured"]),
    "replay": show(stepped()),
}
"""Cells that store what they show: each kind of output."""

MAY_DIFFER = {
    "a value of this machine": code("print('3 (here: 3.13)')", printed("3 (here: 3.11)\n")),
    "a measured picture": show(figure(), tags=["measured"]) | {"outputs": [figure(OTHER_PICTURE)]},
    "a measured value": show(figure(), tags=["measured"]) | {"outputs": [figure(words="slope 1 (here: 0.9)")]},
    "a measured replay": show(stepped(), tags=["measured"]) | {"outputs": [stepped("line 4", 640)]},
    "what an older Python cannot show": code(SAY_WORDS, printed("new\n"), tags=[NEEDS_NEWER]),
    "what this Python prints otherwise": code("print('new')", printed("old\n"), **prints_here("new\n")),
}
"""Cells that store something else than they show, as some do on another machine or Python."""

MUST_NOT_DIFFER = {
    "a picture that is not measured": show(figure()) | {"outputs": [figure(OTHER_PICTURE)]},
    "HTML beside a measured picture": show(figure(), tags=["measured"]) | {"outputs": [figure(width="50%")]},
    "HTML beside a measured replay": show(stepped(), tags=["measured"]) | {"outputs": [stepped(title="page")]},
    "no picture where one was measured": code(
        "display(1)", shown({"image/png": PICTURE, "text/plain": "1"}), tags=["measured"]
    ),
    "what this Python prints otherwise and is not so": code("print('new')", printed("new\n"), **prints_here("old\n")),
    "the words for an older Python": code("print('new')", printed("new\n"), tags=[NEEDS_NEWER]),
    "an error where none is stored": code("1 / 0"),
}

NEWER = {
    "print('shown')": None,
    "import subprocess, sys; _ = subprocess.run([sys.executable, '-c', '']); print('asked')": None,
    "print('This needs Python 3.10 or later.')": "new enough, and it said: This needs Python 3.10",
    "print('shown'); import sys; print('careful', file=sys.stderr)": "it wrote to stderr: careful",
    "_ = 'nothing'": "it showed nothing",
    "print('shown'); 1 / 0": "ZeroDivisionError",
}
"""What a tagged cell does on a newer Python than that of the stored outputs, and what is wrong with it."""

UNTAGGED = "print('shown without a tag')"

AS_IF_ELSEWHERE = """
import sys
import pytest
sys.path.append("tests")
from support import newer_python

@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item):
    newer_python.STORED_PYTHON = (3, 9) if item.path.name == "newer.ipynb" else (3, 98)
"""
"""A plugin: one notebook finds itself on a newer Python than the stored outputs', all others on an older one."""


WHICH_CLOCK = "import time\nprint(type(time.monotonic).__name__)"
TEST_CLOCK, REAL_CLOCK = "function", "builtin_function_or_method"


@dataclass(frozen=True)
class Outcomes:
    """What pytest made of small notebooks.

    Attributes:
        ended: for each notebook the outcome of each cell by its label, ``"PASSED"`` or ``"FAILED"``.
        said: all that was printed.
    """

    ended: dict[str, dict[str, str]]
    said: str


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory) -> Outcomes:
    """The outcomes of all cells of this module."""
    old_words = printed("This needs Python 3.10 or later.\n")
    notebooks = {
        "test": KINDS
        | {f"{kind}, changed: {what}": cell for kind in KINDS for what, cell in changed_copies(KINDS[kind])}
        | MAY_DIFFER
        | MUST_NOT_DIFFER,
        "newer": {source: code(source, old_words, tags=["needs-python-3.10"]) for source in NEWER}
        | {UNTAGGED: code(UNTAGGED, old_words)},
        "real": {clock: code(WHICH_CLOCK, printed(f"{clock}\n")) for clock in (TEST_CLOCK, REAL_CLOCK)},
    }
    project = copied_project(tmp_path_factory.mktemp("small"))
    (project / "as_if_elsewhere.py").write_text(AS_IF_ELSEWHERE, encoding="utf-8")
    for name, cells in notebooks.items():
        metadata = {"workshop": {"clock": "real"}} if name == "real" else {}
        write(project / "notebooks" / f"{name}.ipynb", *copy.deepcopy(list(cells.values())), **metadata)
    said = run_pytest(project, "-p", "as_if_elsewhere").stdout
    lines = [line.partition(" - ")[0].split(maxsplit=1) for line in said.splitlines()]
    ended = {words[1]: words[0] for words in lines if words and words[0] in ("PASSED", "FAILED")}
    return Outcomes(
        {
            name: {label: ended.get(f"notebooks/{name}.ipynb::Cell {number}") for number, label in enumerate(cells)}
            for name, cells in notebooks.items()
        },
        said,
    )


def test_exactly_the_changed_cells_fail(outcomes):
    passed = {label for label, outcome in outcomes.ended["test"].items() if outcome == "PASSED"}
    assert passed == KINDS.keys() | MAY_DIFFER.keys(), outcomes.said
    assert set(outcomes.ended["test"].values()) == {"PASSED", "FAILED"}


def test_a_notebook_that_declares_the_real_clock_runs_on_it(outcomes):
    assert outcomes.ended["real"] == {TEST_CLOCK: "FAILED", REAL_CLOCK: "PASSED"}


def test_on_a_newer_python_than_stored_a_tagged_cell_must_only_go_well(outcomes):
    ended = {source: "FAILED" if fault else "PASSED" for source, fault in NEWER.items()}
    assert outcomes.ended["newer"] == ended | {UNTAGGED: "FAILED"}
    assert [fault for fault in NEWER.values() if fault and fault not in outcomes.said] == []


# The workshop's notebooks


def kinds_of(outputs: list[dict]) -> set[str]:
    """Return which kinds of output there are."""
    streams = {output["name"] for output in outputs if output["output_type"] == "stream"}
    return streams | {kind for output in outputs for kind in (output["output_type"], *output.get("data", {}))}


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.name)
def test_the_small_notebook_has_every_kind_of_output(path):
    here = kinds_of([output for cell in Notebook(path).code_cells for output in cell.outputs])
    assert here <= kinds_of([output for cell in KINDS.values() for output in cell["outputs"]])


@pytest.mark.parametrize("path", notebook_paths(), ids=lambda path: path.name)
def test_every_stored_output_is_compared(path, request):
    hooks = request.config.hook
    [notebook] = hooks.pytest_collect_file(file_path=path, parent=request.session)
    notebook.setup_sanitize_files()
    for item in notebook.collect():
        hooks.pytest_itemcollected(item=item)
        if shows_more_than_stored(item.cell.metadata):
            continue
        stored = coalesce_streams(copy.deepcopy(item.cell.outputs))
        assert item.compare_outputs(copy.deepcopy(stored), stored), item.name
        for what, cell in changed_copies(item.cell):
            changed = coalesce_streams(nbformat.from_dict(cell.outputs))
            assert not item.compare_outputs(changed, stored), (item.name, what)
