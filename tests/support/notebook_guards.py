"""What is asked of every notebook beside its outputs being right: one small function a rule.

Each guard takes a notebook and yields a sentence for each fault it finds, naming the cell.
"""

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from urllib.parse import unquote

from support.measured import is_measured
from support.newer_python import KEY, STORED_PYTHON, has_change, needed_python, words_instead
from support.notebook_tools import (
    Cell,
    Notebook,
    giveaways,
    has_note,
    joined,
    markdown_headings,
    numbers_in,
    text_of,
    without_code_blocks,
)

Guard = Callable[[Notebook], Iterator[str]]

MOST_LINES, MOST_MEDIAN_LINES, MOST_WIDE = 15, 5, 73
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
OPENING = ["What you'll do", "What you'll learn", "What you'll need"]
CLOSING = ["Summary", "Next"]
SCREEN_WIDTH, MOST_HIGH = 729, 390
"""Pixels that a laptop's screen leaves for an output at 150 %."""
SIZE = re.compile(r'<svg[^>]* width="([\d.]+)(?P<unit>pt)?" height="([\d.]+)')
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
WRONG, RIGHT = "✗", "✓"

TARGET = r"(?P<target>(?:[^()\s>]|\([^()\s>]*\))+)"
"""Where a link leads; parentheses may stand in it in pairs."""
LINK = re.compile(rf"(?<!!)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\(<?{TARGET}>?(?:\s+\"[^\"]*\")?\)")
PICTURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\(<?(?P<target>[^)\s>]+)>?[^)]*\)")
HTML_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE | re.DOTALL)
ALT_ATTRIBUTE = re.compile(r"\balt=(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
HTML_TARGET = re.compile(r"<(?:a|img)\b[^>]*\b(?:href|src)=[\"']([^\"']+)[\"']", re.IGNORECASE)
EXTERNAL = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|tmp|Users|usr|opt|private|var)/\w|\b[A-Z]:\\\w")


# The list of notebooks


def numbering(paths: Sequence[Path]) -> Iterator[str]:
    """The notebooks are there, and numbered 00, 01, 02 ... without gaps."""
    if not paths:
        yield "there are no notebooks"
    for number, path in enumerate(paths):
        if not re.fullmatch(rf"{number:02}_[a-z0-9_]+\.ipynb", path.name):
            yield f"{path.name} is number {number}: its name should be {number:02}_words_with_underscores.ipynb"


# Running and outputs


def execution_counts(notebook: Notebook) -> Iterator[str]:
    """The stored outputs are from one run from top to bottom in a fresh kernel."""
    for number, cell in enumerate(notebook.code_cells, 1):
        if cell.data.get("execution_count") != number:
            yield f"cell {cell.index} has execution count {cell.data.get('execution_count')} instead of {number}"


def errors(notebook: Notebook) -> Iterator[str]:
    """A cell raises if and only if it is tagged so."""
    for cell in notebook.code_cells:
        count = sum(output["output_type"] == "error" for output in cell.outputs)
        expected = int("raises-exception" in cell.tags)
        if count != expected:
            yield f"cell {cell.index} stores {count} errors instead of {expected}"


def stderr(notebook: Notebook) -> Iterator[str]:
    """Nothing is stored from stderr: no warnings."""
    for cell in notebook.code_cells:
        if any(output.get("name") == "stderr" for output in cell.outputs):
            yield f"cell {cell.index} stores output from stderr"


def machine_paths(notebook: Notebook) -> Iterator[str]:
    """No output shows where the files were on the machine that ran it."""
    for cell in notebook.code_cells:
        for text in _texts(cell.outputs):
            if match := MACHINE_PATH.search(re.sub(r"\x1b\[[0-9;]*m", "", text)):
                yield f"cell {cell.index} shows a path of some machine: {text[match.start() :][:40]!r}"


def escapes_from_comparison(notebook: Notebook) -> Iterator[str]:
    """No cell asks nbval not to compare its outputs."""
    for cell in notebook.code_cells:
        if re.search(r"NBVAL|PYTEST_VALIDATE", cell.source) or any(tag.startswith("nbval") for tag in cell.tags):
            yield f"cell {cell.index} turns off the comparison of its outputs"


def newer_python(notebook: Notebook) -> Iterator[str]:
    """A cell that stores words about a newer Python has the tag, and only one that needs a newer one than stored."""
    for cell in notebook.code_cells:
        needed = needed_python(cell.tags)
        if needed is None and re.search(r"This needs Python 3\.\d+ or later\.", cell.text):
            yield f"cell {cell.index} stores that it needs a newer Python: tag it needs-python-3.NN"
        elif needed and needed > STORED_PYTHON and cell.text != words_instead(needed):
            yield f"cell {cell.index} should store {words_instead(needed).strip()!r} and nothing else"
        elif needed and needed <= STORED_PYTHON and cell.text == words_instead(needed):
            yield f"cell {cell.index} stores the words for older Pythons instead of what it shows"
        if newer := cell.data["metadata"].get(KEY):
            if has_change(newer["from"], STORED_PYTHON):
                yield f"cell {cell.index} is to print something else from {newer['from']} on: outputs are newer"
            if newer["prints"] == cell.text:
                yield f"cell {cell.index} prints the same on a newer Python: nothing need be said of it"
            pictures = [output for output in cell.outputs if set(PICTURES) & output.get("data", {}).keys()]
            if any(len(text_of([output]).splitlines()) < 2 for output in pictures):
                yield f"cell {cell.index} shows a picture without a table, and words are compared on a newer Python"


# Metadata


def kernelspec(notebook: Notebook) -> Iterator[str]:
    """All notebooks name the same kernel, and no patch version of Python."""
    metadata = notebook.data["metadata"]
    if metadata.get("kernelspec") != KERNELSPEC:
        yield f"the kernelspec is {metadata.get('kernelspec')} instead of {KERNELSPEC}"
    if not re.fullmatch(r"3\.\d+", metadata.get("language_info", {}).get("version", "")):
        yield "language_info.version should be like 3.13"


def file_format(notebook: Notebook) -> Iterator[str]:
    """Format 4.5, cell ids that differ, and no traces of when cells ran."""
    if (notebook.data["nbformat"], notebook.data["nbformat_minor"]) != (4, 5):
        yield "the format is not 4.5"
    ids = [cell.data.get("id") for cell in notebook.cells]
    if None in ids or len(set(ids)) < len(ids):
        yield "not every cell has an id of its own"
    for cell in notebook.cells:
        if {"execution", "ExecuteTime"} & cell.data["metadata"].keys():
            yield f"cell {cell.index} stores when it ran"


def measured_pictures(notebook: Notebook) -> Iterator[str]:
    """Only pictures are excused from the comparison, and words beside them are not."""
    for cell in notebook.cells:
        if not is_measured(cell.tags):
            continue
        if [_shows_picture(output.get("data", {})) for output in cell.outputs] != [True]:
            yield f"cell {cell.index} is tagged 'measured', and its only output is no picture"
        if len(cell.text.splitlines()) < 2:
            yield f"cell {cell.index} is tagged 'measured', and no words beside the picture say what it shows"


# Text


def heading_order(notebook: Notebook) -> Iterator[str]:
    """One title, first; no level is skipped."""
    levels = [level for level, _ in notebook.headings()]
    first = notebook.cells[0] if notebook.cells else None
    if first is None or not first.is_markdown or not first.source.startswith("# "):
        yield "the first cell does not begin with the title"
    if levels.count(1) != 1:
        yield f"there are {levels.count(1)} titles (headings of level 1) instead of 1"
    for (above, _), (below, text) in pairwise(notebook.headings()):
        if below > above + 1:
            yield f"the heading {text!r} of level {below} follows on level {above}"


def anatomy(notebook: Notebook) -> Iterator[str]:
    """The parts of a chapter, in the one fixed order."""
    parts = [text for level, text in notebook.headings() if level == 2]
    if parts[:3] != OPENING:
        yield f"the first headings of level 2 are {parts[:3]} instead of {OPENING}"
    if parts[-2:] != CLOSING:
        yield f"the last headings of level 2 are {parts[-2:]} instead of {CLOSING}"
    if len(parts) < len(OPENING) + len(CLOSING) + 1:
        yield "there is no heading of level 2 for the body"
    if not re.search(r"\d+\s*(?:minutes|min\b)", section(notebook, "What you'll need")):
        yield "'What you'll need' does not say how many minutes the chapter takes"


def section(notebook: Notebook, title: str) -> str:
    """Return the Markdown text under a heading of level 2, up to the next."""
    text = "\n\n".join(cell.source for cell in notebook.markdown_cells)
    match = re.search(rf"^## {re.escape(title)}\s*$(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    return match[1] if match else ""


def _shows_picture(data: dict) -> bool:
    return bool(data.keys() & set(PICTURES) or HTML_IMAGE.search(joined(data.get("text/html", ""))))


def pictures_in_words(notebook: Notebook) -> Iterator[str]:
    """Each picture is told in words, for those who don't see it."""
    for cell in notebook.cells:
        for output in cell.outputs:
            for kind in set(PICTURES) & output.get("data", {}).keys():
                alt = output["metadata"].get(kind, {}).get("alt", "")
                if not _says_something(alt):
                    yield f"cell {cell.index} has an {kind} output without alt text in its metadata"
        texts = (
            [cell.source]
            if cell.is_markdown
            else [
                joined(output["data"]["text/html"]) for output in cell.outputs if "text/html" in output.get("data", {})
            ]
        )
        yield from (f"cell {cell.index}: {fault}" for text in texts for fault in images_in_words(text))


def drawings(notebook: Notebook) -> Iterator[str]:
    """Each SVG picture fits a laptop's screen at 150 %, and comes out the same on every machine."""
    for cell in notebook.cells:
        for svg in _svgs(cell, notebook.path.parent):
            if size := SIZE.search(svg):
                wide, high = (float(size[n]) * (4 / 3 if size["unit"] else 1) for n in (1, 3))
                high *= min(SCREEN_WIDTH / wide, 1)
                if high > MOST_HIGH:
                    yield f"cell {cell.index} has a picture {high:.0f} pixels high, and {MOST_HIGH} are the most"
            if "data:image/png" in svg:
                yield f"cell {cell.index} shows so many tasks that its picture may differ from one zlib to another"


def _svgs(cell: Cell, folder: Path) -> Iterator[str]:
    """Yield the SVG pictures that a cell shows: those of its outputs, and files beside the notebook."""
    for output in cell.outputs:
        data = output.get("data", {})
        for encoded in re.findall(r"data:image/svg\+xml;base64,([\w+/=]*)", joined(data.get("text/html", ""))):
            yield base64.b64decode(encoded).decode()
        yield joined(data.get("image/svg+xml", ""))
    for picture in PICTURE.finditer(cell.source) if cell.is_markdown else ():
        file = folder / picture["target"]
        if file.suffix == ".svg" and file.is_file():
            yield file.read_text(encoding="utf-8")


def images_in_words(text: str) -> Iterator[str]:
    """Each image in a Markdown or HTML text has an alt text."""
    text = without_code_blocks(text)
    for match in PICTURE.finditer(text):
        if not _says_something(match["alt"]):
            yield f"the image {match['target'][:60]} has no alt text"
    for image in HTML_IMAGE.findall(text):
        alt = ALT_ATTRIBUTE.search(image)
        if alt is None or not _says_something(alt[1][1:-1]):
            yield f"an <img> has no alt text: {image[:60]}"


def _says_something(alt: str) -> bool:
    return len(alt.split()) >= 2 and not alt.startswith("<")


# Links


def links(notebook: Notebook) -> Iterator[str]:
    """Links within the project lead somewhere."""
    for cell in notebook.markdown_cells:
        yield from (f"cell {cell.index}: {fault}" for fault in broken_links(cell.source, notebook.path, notebook))


def broken_links(text: str, path: Path, notebook: Notebook | None = None) -> Iterator[str]:
    """Yield the links of a Markdown text that lead to no file or no heading.

    Args:
        text: Markdown.
        path: the file it is from.
        notebook: the notebook it is from, if any.
    """
    text = without_code_blocks(text)
    targets = [match["target"] for pattern in (LINK, PICTURE) for match in pattern.finditer(text)]
    targets += re.findall(r"^\[[^\]^]+\]:\s*<?(\S+?)>?\s*$", text, flags=re.MULTILINE) + HTML_TARGET.findall(text)
    for target in targets:
        if EXTERNAL.match(target):
            continue
        name, _, anchor = unquote(target).partition("#")
        file = path.parent / name if name else path
        if name and not file.exists():
            yield f"the link to {target} leads to no file"
        elif anchor and anchor not in _anchors(file, notebook if not name else None):
            yield f"the link to {target} leads to no heading"


def _anchors(file: Path, notebook: Notebook | None) -> set[str]:
    """Return the anchors of a file's headings: as JupyterLab makes them in notebooks, as GitHub does elsewhere."""
    if notebook or file.suffix == ".ipynb":
        headings = (notebook or Notebook(file)).headings()
        return {re.sub(r"[`*]", "", text).replace(" ", "-") for _, text in headings}
    if file.suffix != ".md":
        return set()
    texts = (text.lower() for _, text in markdown_headings(file.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", text).replace(" ", "-") for text in texts}


def neighbours(notebook: Notebook, names: Sequence[str]) -> Iterator[str]:
    """The section 'Next' leads on to the next notebook and back to the previous one, and to no other.

    Args:
        notebook: a notebook.
        names: the file names of all notebooks, in order.
    """
    place = names.index(notebook.path.name)
    expected = {
        "previous": names[place - 1] if place else None,
        "next": names[place + 1] if names[place + 1 :] else None,
    }
    found = [match["target"] for match in LINK.finditer(section(notebook, "Next"))]
    found = [target for target in found if re.fullmatch(r"\d\d_\w+\.ipynb", target)]
    for which, name in expected.items():
        if name and name not in found:
            yield f"the section 'Next' has no link to the {which} notebook, {name}"
    for target in found:
        if target not in expected.values():
            yield f"the section 'Next' links to {target}, which is neither the previous nor the next notebook"


# Code


def cell_lengths(notebook: Notebook) -> Iterator[str]:
    """Cells are short and narrow; longer code lives in the package."""
    lengths = [len(cell.source.splitlines()) for cell in notebook.code_cells]
    for cell, length in zip(notebook.code_cells, lengths, strict=True):
        if length > MOST_LINES:
            yield f"cell {cell.index} has {length} lines; at most {MOST_LINES} are allowed"
        for line in cell.source.splitlines():
            if len(line) > MOST_WIDE:
                yield f"cell {cell.index} has a line of {len(line)} characters; at most {MOST_WIDE} are allowed: {line}"
    if lengths and median(lengths) > MOST_MEDIAN_LINES:
        yield f"the cells have {median(lengths):g} lines in the median; at most {MOST_MEDIAN_LINES} are allowed"


# Exercises


def exercises(notebook: Notebook) -> Iterator[str]:
    """Each exercise: a stub with `# TODO`, a check that says what is wrong, a collapsed solution that passes it."""
    code = notebook.code_cells
    checks = {
        number: [place for place, cell in enumerate(code) if number in numbers_in("check", cell.source)]
        for number in sorted({number for cell in code for number in numbers_in("check", cell.source)})
    }
    for number, places in checks.items():
        first, last = places[0], places[-1]
        if len(places) < 2:
            yield f"exercise {number} is checked once; the stub and the solution are both to be checked"
            continue
        if not any("# TODO" in cell.source for cell in code[max(first - 1, 0) : first + 1]):
            yield f"exercise {number} has no stub with '# TODO' before its first check (cell {code[first].index})"
        if not code[first].text.startswith(WRONG):
            yield f"the check of the stub of exercise {number} (cell {code[first].index}) does not answer {WRONG}"
        if not any(_is_collapsed(cell) for cell in code[last - 1 : last + 1]):
            yield f"exercise {number} has no collapsed solution at its last check (cell {code[last].index})"
        if not code[last].text.startswith(RIGHT):
            yield f"the check of the solution of exercise {number} (cell {code[last].index}) does not answer {RIGHT}"
    for place, cell in enumerate(code):
        if "# TODO" in cell.source and not any(numbers_in("check", later.source) for later in code[place : place + 2]):
            yield f"the stub in cell {cell.index} is not followed by its check"


def collapsed_cells(notebook: Notebook) -> Iterator[str]:
    """A collapsed cell is so everywhere: in JupyterLab by its metadata, elsewhere by its tag."""
    for cell in notebook.code_cells:
        if ("hide-cell" in cell.tags) != bool(cell.data["metadata"].get("jupyter", {}).get("source_hidden")):
            yield f"cell {cell.index} needs both or neither: jupyter.source_hidden and the tag hide-cell"


def _is_collapsed(cell: Cell) -> bool:
    return "hide-cell" in cell.tags and cell.data["metadata"].get("jupyter", {}).get("source_hidden") is True


def predictions(notebook: Notebook) -> Iterator[str]:
    """Each guess is asked for in words just before it, with the answers that are known, and compared afterwards."""
    from workshop.exercises.predictions import PREDICTIONS

    compared = [(cell.index, number) for cell in notebook.code_cells for number in numbers_in("compare", cell.source)]
    for cell in notebook.code_cells:
        for number in numbers_in("predict", cell.source):
            if not any(index > cell.index and other == number for index, other in compared):
                yield f"prediction {number} (cell {cell.index}) is not compared in a later cell"
            if number not in PREDICTIONS:
                yield f"prediction {number} (cell {cell.index}) is not registered"
                continue
            question = notebook.cells[cell.index - 1] if cell.index else None
            asked = re.findall(r"^- \*\*([a-z])\)\*\*", question.source, re.MULTILINE) if question else []
            if not (question and question.is_markdown) or asked != sorted(PREDICTIONS[number].answers):
                yield (
                    f"the cell before prediction {number} (cell {cell.index}) lists the choices {asked} instead of "
                    f"{sorted(PREDICTIONS[number].answers)}, each as '- **a)** ...'"
                )
    predicted = {number for cell in notebook.code_cells for number in numbers_in("predict", cell.source)}
    for index, number in compared:
        if number not in predicted:
            yield f"cell {index} compares prediction {number}, which was not asked for"


def hidden_answers(notebook: Notebook) -> Iterator[str]:
    """Outputs that answer a prediction are stored folded, and no others; nobody is asked to clear any."""
    answering = giveaways([cell.source if cell.is_code else "" for cell in notebook.cells])
    for cell in notebook.code_cells:
        hidden = cell.data["metadata"].get("jupyter", {}).get("outputs_hidden", False)
        noted = has_note(cell.data.get("outputs", []))
        if {hidden, noted} != {bool(cell.index in answering and cell.outputs)}:
            yield f"cell {cell.index} stores its outputs {'folded' if hidden else 'open'}: run tests/refresh.py"
    for cell in notebook.markdown_cells:
        if re.search(r"clear\w*\s+(?:\w+\s+)?outputs", cell.source, re.IGNORECASE):
            yield f"cell {cell.index} asks to clear outputs: those that answer a prediction are folded"


# Helpers


def _texts(value: object) -> Iterator[str]:
    """Yield all texts in a structure of lists and dicts, but for encoded pictures."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in PICTURES:
                yield from _texts(item)


GUARDS: list[Guard] = [
    execution_counts,
    errors,
    stderr,
    machine_paths,
    escapes_from_comparison,
    newer_python,
    kernelspec,
    file_format,
    measured_pictures,
    heading_order,
    anatomy,
    pictures_in_words,
    drawings,
    links,
    cell_lengths,
    exercises,
    collapsed_cells,
    predictions,
    hidden_answers,
]
