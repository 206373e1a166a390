"""Predictions are kept, held against what the run did, and answered; nothing in them raises at a reader."""

from types import SimpleNamespace

import pytest

from workshop.exercises import compare, predict, predictions
from workshop.timeline.records import Records, TaskRecord

PREDICTIONS = predictions.PREDICTIONS
NOT_IN_A_RUNNING_LOOP = RuntimeError("asyncio.run() cannot be called from a running event loop")
NAMES = ["Oslo", "Bern", "Rome"]


def recorded(*moments: tuple[float, float], step: float = 0.0) -> Records:
    """Return records of tasks that began and finished so, the first of which ran for `step` seconds when it began."""
    steps = [(began, began + step * (row == 0)) for row, (began, _) in enumerate(moments)]
    records = [
        TaskRecord(f"call({name!r})", began, began, finished, finished, "result", (one,))
        for name, (began, finished), one in zip("ABC", moments, steps, strict=False)
    ]
    return Records.of(records, ended=1.0)


BLOCKED = recorded((0.0, 0.4), (0.0, 0.4), step=0.3)
ONE_AFTER_ANOTHER = recorded((0.0, 0.1), (0.1, 0.2), (0.201, 0.3))
QUEUED = recorded((0.0, 0.1), (0.0, 0.2), (0.001, 0.3))
HEALTHY = recorded((0.0, 0.1), (0.0, 0.1), (0.001, 0.102))
ONE_ALONE = recorded((0.0, 0.1))

# number, what was observed, the answer it fits
RUNS = [
    ("0.1", (NOT_IN_A_RUNNING_LOOP,), "b"),
    ("0.1", ("Hello, Ada",), "a"),
    ("0.1", (ValueError("other"),), None),
    ("0.1", (RuntimeError("other"),), None),
    ("1.1", (["B", "C", "A"],), "a"),
    ("1.1", (("B", "C", "A"),), "a"),
    ("1.1", (["A", "B", "C"],), "b"),
    ("1.1", (["C", "B", "A"],), None),
    ("1.1", ([],), None),
    ("1.2", (7.0,), "c"),
    ("1.2", (7.8,), "c"),
    ("1.2", (4.0,), "a"),
    ("1.2", (4.5,), "a"),
    ("1.2", (5.0,), "b"),
    ("1.2", (6.2,), "b"),
    ("1.2", (2.35,), None),
    ("1.2", (0.7,), None),
    ("1.2", (70.0,), None),
    ("1.3", (0.7,), "b"),
    ("1.3", (0.95,), "b"),
    ("1.3", (0.4,), "a"),
    ("1.3", (0.5,), "a"),
    ("1.3", (TypeError("no"),), "c"),
    ("1.3", (7.0,), None),
    ("2.1", (NAMES, ["Oslo", "Bern", "Rome"]), "a"),
    ("2.1", (NAMES, ["Rome", "Oslo", "Bern"]), None),
    ("2.1", (NAMES, ["Bern"]), None),
    ("2.1", ([], []), None),
    ("2.2", (4.6, 4.6), "c"),
    ("2.2", (4.6, 4.95), "c"),
    ("2.2", (4.6, 1.2), "a"),
    ("2.2", (1.2, 4.6), "b"),
    ("2.2", (0.0, 0.0), None),
    ("2.3", (0.7, 0.5), "a"),
    ("2.3", (0.85, 0.58), "a"),
    ("2.3", (0.72, 0.61), "a"),
    ("2.3", (1.0, 0.7), "a"),
    ("2.3", (0.5, 0.5), "b"),
    ("2.3", (0.7, 0.7), "c"),
    ("2.3", (0.5, 0.7), None),
    ("2.3", (7.0, 5.0), "a"),
    ("2.3", (0.0, 0.0), None),
    ("3.1", ("B",), "c"),
    ("3.1", ("C",), "a"),
    ("3.1", ("A",), "b"),
    ("3.1", (TypeError("no"),), None),
    ("3.1", (None,), None),
    ("3.2", (["A"],), "b"),
    ("3.2", (["A", "A"],), "a"),
    ("3.2", (("A",),), "b"),
    ("3.2", ([],), None),
    ("3.2", (["A", "A", "A"],), None),
    ("4.1", ("still running",), "b"),
    ("4.2", (3,), "c"),
    ("5.1", (1.5,), "c"),
    ("5.1", (1.57,), "c"),
    ("5.1", (1.64,), "c"),
    ("5.1", (1.4,), None),
    ("5.1", (1.1,), "b"),
    ("5.1", (0.6,), "a"),
    ("5.1", (3.0,), None),
    ("5.2", (0.2,), "b"),
    ("5.2", (0.45,), "b"),
    ("5.2", (0.121,), "a"),
    ("5.2", (0.14,), "c"),
    ("5.2", (4.0,), None),
    ("5.3", (["Ben", "Ada"],), "a"),
    ("5.3", (["Ben", "Gus", "Ada"],), "b"),
    ("5.3", (["Ben", "Ada", "Gus"],), "c"),
    ("5.3", ([],), "a"),
    *((number, (BLOCKED,), "a") for number in ("6.1", "6.2", "6.3")),
    *((number, (ONE_AFTER_ANOTHER,), "b") for number in ("6.1", "6.2", "6.3")),
    *((number, (QUEUED,), "c") for number in ("6.1", "6.2", "6.3")),
    ("6.1", (HEALTHY,), None),
    ("6.1", (ONE_ALONE,), None),
    ("7.1", (1,), "a"),
    ("7.1", (100,), "b"),
    ("7.1", (150,), "c"),
    ("7.1", (60,), None),
    ("7.2", (ValueError("no"),), "a"),
    ("7.2", (None,), "b"),
    ("7.2", (SimpleNamespace(status=404),), "c"),
    ("7.3", ([], 0.2), "a"),
    ("7.3", ([["photo"]], 5.0), "b"),
    ("7.3", ([["photo"]], 0.2), "c"),
    ("7.3", ([], 5.0), None),
    ("7.3", ([], None), None),
    ("8.1", (["A"],), "a"),
    ("8.1", (["A", "B", "C"],), "b"),
    ("8.1", ([],), "c"),
    ("8.1", (["A", "B"],), None),
    ("8.2", ([0, 1, 2, 3],), "a"),
    ("8.2", ([3, 2, 1, 0],), "b"),
    ("8.2", ([2, 0, 3, 1],), "c"),
    ("8.2", ([0],), None),
    ("8.2", ([],), None),
    ("8.3", (["A"], "cancelled"), "a"),
    ("8.3", (["A", "lost", "C"], "result"), "b"),
    ("8.3", (["A", "lost"], "result"), "c"),
    ("8.3", (["A", "lost"], "still running"), None),
    ("8.4", (["A", "B", "C"],), "a"),
    ("8.4", (["A", "B"],), "b"),
    ("8.4", (["A"],), "c"),
    ("8.4", ([],), None),
    ("8.5", (["A", "B", "C"],), "a"),
    ("8.5", (["A"],), "b"),
    ("8.5", (["A", "B"],), "c"),
    ("8.5", ([],), None),
    ("8.6", (0.1,), "a"),
    ("8.6", (0.7,), "b"),
    ("8.6", (1.1,), "b"),
    ("8.6", (None,), "c"),
    ("8.6", (0.45,), None),
    ("8.6", (7.0,), None),
    ("8.7", (None,), "a"),
    ("8.7", (TypeError("no"),), "c"),
    ("8.7", (ValueError("no"),), None),
    ("9.1", (10_000,), "a"),
    ("9.2", (0.2, 0.2), "c"),
    ("9.3", (8.9,), "b"),
    ("10.1", (["B", "D", "A", "C"],), "a"),
    ("10.1", (["B"],), "b"),
    ("10.1", (["B", "A", "C"],), "c"),
    ("10.1", (["B", "A"],), None),
    ("10.1", ([],), None),
    ("10.2", (["A", "B"],), "c"),
    ("10.2", (["A"],), "b"),
    ("10.2", (["A", KeyError("B")],), "a"),
    ("10.2", ([],), None),
]


@pytest.fixture(autouse=True)
def no_answers_kept(monkeypatch):
    monkeypatch.setattr(predictions, "_kept", {})


def printed(capsys):
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines()), default=0) <= 88
    return out.replace("\n  ", " ")


def test_the_numbers():
    numbers = [
        *("0.1", "1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "3.1", "3.2", "4.1", "4.2"),
        *("5.1", "5.2", "5.3", "6.1", "6.2", "6.3"),
        *("7.1", "7.2", "7.3"),
        *("8.1", "8.2", "8.3", "8.4", "8.5", "8.6", "8.7"),
        *("9.1", "9.2", "9.3", "10.1", "10.2"),
    ]
    assert list(PREDICTIONS) == numbers


@pytest.mark.parametrize("number", PREDICTIONS)
def test_each_answer_has_its_own_feedback(number):
    answers = PREDICTIONS[number].answers
    assert list(answers) == ["a", "b", "c"]
    assert len(set(answers.values())) == 3
    assert all(text.endswith(".") and len(text) > 60 for text in answers.values())
    assert not any("at once" in text or ".." in text for text in answers.values())
    assert PREDICTIONS[number].usual in answers


@pytest.mark.parametrize(("number", "observed", "fits"), RUNS)
def test_the_verdict_follows_from_what_was_observed(number, observed, fits):
    letter, did = PREDICTIONS[number].verdict(*observed)
    assert letter == fits
    assert did
    assert not did.endswith(".")


@pytest.mark.parametrize("number", PREDICTIONS)
def test_every_prediction_is_tried_with_what_usually_happens(number):
    assert PREDICTIONS[number].usual in [fits for tried, _, fits in RUNS if tried == number]


@pytest.mark.parametrize("answer", ["a", "A", " a ", "a\n"])
def test_an_answer_is_kept_in_whichever_way_it_is_written(capsys, answer):
    predict("1.1", answer)
    assert printed(capsys) == "1.1: your answer is a. Now run on and see.\n"
    compare("1.1", ["B", "C", "A"])
    assert "answer a, as you said" in printed(capsys)


@pytest.mark.parametrize("answer", ["", " ", "?"])
def test_no_answer_yet(capsys, answer):
    predict("1.1", answer)
    assert printed(capsys) == (
        "1.1: no answer yet. Write a, b or c between the quotes and run this cell again, or just read on.\n"
    )


@pytest.mark.parametrize("answer", ["d", "a b", "b, since\nit is shorter", None, 2, ["b"], b"b", ...])
def test_what_is_no_answer_gets_one_clear_line(capsys, answer):
    predict("1.1", answer)
    out = printed(capsys)
    assert out.count("\n") == 1
    assert out.startswith("1.1: ")
    assert "a, b or c" in out
    compare("1.1", ["B", "C", "A"])
    assert "You said" not in printed(capsys)


@pytest.mark.parametrize("number", PREDICTIONS)
def test_a_wrong_answer_gets_its_own_feedback_and_a_right_one_too(capsys, number):
    usual = PREDICTIONS[number].usual
    observed = next(observed for tried, observed, fits in RUNS if tried == number and fits == usual)
    for letter, feedback in PREDICTIONS[number].answers.items():
        predict(number, letter)
        printed(capsys)
        compare(number, *observed)
        result, answer = printed(capsys).splitlines()
        assert result.startswith(f"{number}: ")
        assert f"That is answer {usual}" in result
        assert ("as you said" in result) == (letter == usual)
        assert answer == (feedback if letter == usual else f"You said {letter}. {feedback}")


def test_without_an_answer_the_result_and_its_reason_are_told(capsys):
    compare("1.2", 7.0)
    assert printed(capsys) == (
        f"1.2: your run took 7.00 s: the sum of 4, 1 and 2 s. That is answer c.\n{PREDICTIONS['1.2'].answers['c']}\n"
    )


def test_a_changed_run_that_fits_no_answer(capsys):
    predict("1.2", "b")
    printed(capsys)
    compare("1.2", 0.7)
    out = printed(capsys)
    assert "took 0.70 s, where about 7 s was expected" in out
    assert "has the code been changed?" in out


def test_a_changed_run_that_fits_another_answer_is_not_explained_with_what_did_not_happen(capsys):
    predict("1.2", "a")
    printed(capsys)
    compare("1.2", 4.0)
    assert printed(capsys) == (
        "1.2: your run took 4.00 s: the longest sleep. That is answer a. The lesson's own code leads to answer c:\n"
        f"{PREDICTIONS['1.2'].answers['c']}\n"
    )


@pytest.mark.parametrize(
    ("number", "observed"),
    [
        ("1.1", (None,)),
        ("1.2", ("7 s",)),
        ("1.2", ()),
        ("1.3", (None,)),
        ("2.1", (NAMES,)),
        ("2.3", (0.7, None)),
        ("3.2", (1,)),
        ("8.1", (None,)),
        ("8.2", (1,)),
        ("8.3", (["A"],)),
        ("8.6", ("0.7",)),
        ("9.1", ([],)),
        ("9.2", (1.0, "2 MB")),
        ("9.3", ("nine",)),
    ],
)
def test_compare_says_what_it_expects(capsys, number, observed):
    compare(number, *observed)
    out = printed(capsys)
    assert out.count("\n") == 1
    assert f"It expects {PREDICTIONS[number].observes}." in out


@pytest.mark.parametrize("number", ["9.9", 1.1, None, []])
def test_an_unknown_number(capsys, number):
    predict(number, "a")
    compare(number, 1)
    first, second = printed(capsys).splitlines()
    assert "Expected one of 0.1, 1.1" in first
    assert first == second


def test_the_last_answer_counts(capsys):
    predict("1.1", "a")
    predict("1.1", "c")
    printed(capsys)
    compare("1.1", ["B", "C", "A"])
    assert "You said c." in printed(capsys)
