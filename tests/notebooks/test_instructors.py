"""INSTRUCTORS.md keeps up with the lessons: predictions, sections, minutes, files."""

import json
import re

import pytest

import workshop.exercises  # noqa: F401 (each chapter's module registers its predictions)
from support.places import ROOT
from workshop.classroom import offline_archive
from workshop.exercises.predictions import PREDICTIONS

TEXT = (ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8")
NOTEBOOKS = {path.name[:2]: path for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))}
PLANS = (60, 90, 180)


def section(heading: str) -> str:
    """Return the text under a heading, up to the next one of its level or above."""
    level = heading.partition(" ")[0]
    found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^#{{2,{len(level)}}} |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"INSTRUCTORS.md has no heading {heading!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table, without its heading."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def headings_of(chapter: str) -> set[str]:
    cells = json.loads(NOTEBOOKS[chapter].read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    return set(re.findall(r"^#+ (.+?)\s*$", "\n".join(texts), re.MULTILINE))


def prediction_rows() -> dict[str, list[str]]:
    return {cells[0]: cells for cells in map(_cells, TEXT.splitlines()) if re.fullmatch(r"\d+\.\d+", cells[0])}


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_every_prediction_has_its_row_and_no_row_is_left_over():
    assert list(prediction_rows()) == list(PREDICTIONS)
    assert PREDICTIONS


@pytest.mark.parametrize("number", PREDICTIONS)
def test_a_row_says_what_each_wrong_answer_reveals(number):
    _, right, misconception, reveals = prediction_rows()[number]
    letter, *on_newer_pythons = re.findall(r"\b[a-e]\b", right)
    assert PREDICTIONS[number].usual in [letter, *on_newer_pythons]
    assert misconception.endswith(".")
    parts = re.split(r"\*\*([a-z])\*\* ", reveals)
    assert parts[0] == ""
    assert sorted(parts[1::2]) == sorted(
        set(PREDICTIONS[number].answers) - ({letter} if not on_newer_pythons else set())
    )
    assert all(len(words.split()) >= 2 and words.strip().endswith(".") for words in parts[2::2])


def test_the_chapters_of_the_predictions_are_the_notebooks_that_have_any():
    titles = re.findall(r"^### Chapter (\d\d): (.+)$", TEXT, re.MULTILINE)
    assert [number for number, _ in titles] == sorted({number.partition(".")[0].zfill(2) for number in PREDICTIONS})
    for number, title in titles:
        assert title.lower() in {heading.lower().replace("`", "") for heading in headings_of(number)}
        assert {row[0].partition(".")[0] for row in rows(section(f"### Chapter {number}: {title}"))} == {
            str(int(number))
        }


@pytest.mark.parametrize("minutes", PLANS)
def test_a_plan_adds_up(minutes):
    clock = 0
    for start, lasts, *_ in rows(section(f"## Plan for {minutes} minutes")):
        assert int(start) == clock
        clock += int(lasts)
    assert clock == minutes


def test_there_are_no_other_plans():
    assert [int(found) for found in re.findall(r"^## Plan for (\d+) minutes$", TEXT, re.MULTILINE)] == list(PLANS)


@pytest.mark.parametrize("minutes", PLANS)
def test_a_plan_names_sections_predictions_and_exercises_that_exist(minutes):
    named = 0
    for _, _, what, checkpoint in rows(section(f"## Plan for {minutes} minutes")):
        chapter = re.match(r"Chapter (\d\d)", what)
        for title in re.findall(r"\*([^*]+)\*", what):
            assert title in headings_of(chapter[1]), f"chapter {chapter[1]} has no section {title!r}"
            named += 1
        for number in re.findall(r"(?<!exercise )(?<!Exercise )\b(\d\d?\.\d)\b", what):
            assert number in PREDICTIONS and f"{number.partition('.')[0]:>02}" == chapter[1]
        for number in re.findall(r"[Ee]xercise (\d\d?\.\d)", what):
            titles = headings_of(f"{number.partition('.')[0]:>02}")
            assert any(title.startswith(f"Exercise {number}:") for title in titles), f"there is no exercise {number}"
        assert checkpoint or "where to go on" in what, f"no checkpoint for {what!r}"
    assert named


def test_commands_name_files_and_options_that_exist():
    commands = re.findall(r"^ *```bash\n(.*?)^ *```$", TEXT, re.DOTALL | re.MULTILINE)
    lines = [line.strip() for block in commands for line in block.splitlines()]
    files = [file for line in lines for file in re.findall(r"[\w/]+\.py\b", line)]
    assert len(files) == len(lines) >= 3
    assert [file for file in files if not (ROOT / file).is_file()] == []
    [archive] = [line.split() for line in lines if "offline_archive.py" in line]
    asked = offline_archive.options(archive[2:])
    assert asked.systems and asked.pythons


def test_the_other_pages_lead_here():
    for page in ("README.md", "CONTRIBUTING.md"):
        assert "](INSTRUCTORS.md)" in (ROOT / page).read_text(encoding="utf-8"), f"{page} does not link to it"
