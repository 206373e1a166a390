"""Predictions are kept, held against what the run did, and answered; nothing in them raises at a reader."""

import asyncio
import io
import sys
from array import array
from collections.abc import Callable, Coroutine
from contextlib import redirect_stdout, suppress
from itertools import accumulate
from types import SimpleNamespace
from typing import Any

import pytest

from support.jumping_loop import JumpingClock
from support.watching_ways import MONITORING
from workshop.exercises import compare, predict, predictions
from workshop.timeline import Timeline
from workshop.timeline.records import Records, Steps, TaskRecord

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


def in_turns(order: str, made_late: str = "") -> Records:
    """Return records of tasks named by letters that had their turns in this order, a second for each; "y" is you."""

    def steps_of(names: str) -> Steps:
        turns = [[moment for moment, one in enumerate(order) if one == name] for name in names]
        moments = [moment for one in turns for moment in one]
        firsts = array("l", accumulate(map(len, turns), initial=0))
        begins, ends = array("d", moments), array("d", (moment + 0.5 for moment in moments))
        return Steps(firsts, begins, ends, array("I", moments))

    names = sorted(set(order) - {"y"})
    begun = [order.index(name) for name in names]
    created = [began - 0.5 if name in made_late else 0 for began, name in zip(begun, names, strict=True)]
    finished = [order.rindex(name) + 0.5 for name in names]
    records = Records(
        names, *(array("d", times) for times in (created, begun, finished, finished)), bytearray([1] * len(names))
    )
    records.steps = steps_of("".join(names))
    records.steps.block = steps_of("y") if "y" in order else None
    return records


NEXT_BEGINS, NEXT_GOES_ON, YOU_GO_ON = in_turns("yABCy"), in_turns("yABCBCAy"), in_turns("yABCByCyAy")
WORK_BEGINS, NOBODY = in_turns("ABCBDCDA", made_late="D"), in_turns("yA")


BLOCKED = recorded((0.0, 0.4), (0.0, 0.4), step=0.3)
ONE_AFTER_ANOTHER = recorded((0.0, 0.1), (0.1, 0.2), (0.201, 0.3))
QUEUED = recorded((0.0, 0.1), (0.0, 0.2), (0.001, 0.3))
HEALTHY = recorded((0.0, 0.1), (0.0, 0.1), (0.001, 0.102))
ONE_ALONE = recorded((0.0, 0.1))


def ended(*outcomes: str) -> Records:
    """Return records of tasks that ended so, after a second."""
    return Records.of([TaskRecord("A", 0.0, 0.0, 1.0, None, outcome, ()) for outcome in outcomes], ended=1.0)


LETTERS = [(1, "A"), (2, "B"), (3, "C")]


async def letter(seconds: float, name: str) -> str:
    await asyncio.sleep(seconds)
    if name == "B":
        raise ValueError(name)
    return name


def letters() -> list[asyncio.Task[str]]:
    return [asyncio.create_task(letter(*each)) for each in LETTERS]


async def prints_and_waits() -> None:
    tasks = letters()
    await asyncio.sleep(0.5)
    for task in tasks:
        task.cancel()
    print("now wait")
    await asyncio.gather(*tasks, return_exceptions=True)


async def waits_and_prints() -> None:
    tasks = letters()
    await asyncio.sleep(0.5)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    print("now wait")


async def does_not_cancel() -> None:
    await asyncio.gather(*letters(), return_exceptions=True)
    print("now wait")


async def receive(tasks: list[asyncio.Task[str]]) -> None:
    for next_result in asyncio.as_completed(tasks):
        with suppress(ValueError):
            await next_result


async def in_a_group() -> None:
    with suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            await receive([group.create_task(letter(*each)) for each in LETTERS])


async def without_a_group() -> None:
    await receive(letters())


async def gathers() -> None:
    tasks = letters()
    with suppress(ValueError):
        await asyncio.gather(*tasks)
    await asyncio.wait(tasks)


def ran(main: Callable[[], Coroutine[Any, Any, None]]) -> Records:
    """Return what was recorded of a run, with its steps."""

    async def recorded() -> Records:
        async with Timeline(steps=True) as timeline:
            await main()
        return timeline.tasks

    with redirect_stdout(io.StringIO()):
        return JumpingClock().run(recorded())


IN_A_GROUP, WITHOUT_A_GROUP = ran(in_a_group), ran(without_a_group)

RUNS = {
    "0.1": {
        "a": [("Hello, Ada",)],
        "b": [(NOT_IN_A_RUNNING_LOOP,)],
        None: [(ValueError("other"),), (RuntimeError("other"),)],
    },
    "1.1": {
        "a": [(["B", "C", "A"],), (("B", "C", "A"),)],
        "b": [(["A", "B", "C"],)],
        None: [(["C", "B", "A"],), ([],)],
    },
    "1.2": {"a": [(4.0,), (4.5,)], "b": [(5.0,), (6.2,)], "c": [(7.0,), (7.8,)], None: [(2.35,), (0.7,), (70.0,)]},
    "1.3": {"a": [(2.0,), (2.5,)], "b": [(3.5,), (4.7,)], "c": [(TypeError("no"),)], None: [(0.7,), (7.0,)]},
    "1.4": {"a": [(YOU_GO_ON,), (WORK_BEGINS,)], "b": [(NEXT_BEGINS,)], "c": [(NEXT_GOES_ON,)], None: [(NOBODY,)]},
    "2.1": {
        "a": [(NAMES, ["Oslo", "Bern", "Rome"])],
        None: [(NAMES, ["Rome", "Oslo", "Bern"]), (NAMES, ["Bern"]), ([], [])],
    },
    "2.2": {"a": [(4.6, 1.2)], "b": [(1.2, 4.6)], "c": [(4.6, 4.6), (4.6, 4.95)], None: [(0.0, 0.0)]},
    "2.3": {
        "a": [(3.5, 2.5), (4.1, 2.9), (3.6, 3.1), (0.7, 0.5), (7.0, 5.0)],
        "b": [(2.5, 2.5), (2.5, 2.7)],
        "c": [(3.5, 3.5), (3.7, 3.5)],
        None: [(2.5, 3.5), (0.0, 0.0)],
    },
    "2.4": {
        "a": [(NEXT_GOES_ON, YOU_GO_ON), (NEXT_GOES_ON, WORK_BEGINS)],
        "b": [(YOU_GO_ON, YOU_GO_ON)],
        "c": [(NEXT_GOES_ON, NEXT_GOES_ON)],
        None: [(YOU_GO_ON, NEXT_GOES_ON), (NEXT_BEGINS, YOU_GO_ON), (NEXT_GOES_ON, NOBODY)],
    },
    "3.1": {"a": [("C",)], "b": [("A",)], "c": [("B",)], None: [(TypeError("no"),), (None,)]},
    "3.2": {"a": [(["A", "A"],)], "b": [(["A"],), (("A",),)], None: [([],), (["A", "A", "A"],)]},
    "4.1": {"a": [("cancelled",)], "b": [("still running",)], "c": [("exception",)], None: [("result",), (None,)]},
    "4.2": {"a": [(ran(waits_and_prints),)], "b": [(ran(prints_and_waits),)], "c": [(ran(does_not_cancel),)]},
    "4.3": {"a": [(1,)], "b": [(2,)], "c": [(3,)], None: [(0,), (4,)]},
    "5.1": {"a": [(1.2,)], "b": [(2.2,)], "c": [(3.0,), (3.07,), (3.14,)], None: [(2.9,), (6.0,)]},
    "5.2": {"a": [(0.601,)], "b": [(1.0,), (2.25,)], "c": [(0.7,)], None: [(20.0,)]},
    "5.3": {"a": [(["Ben", "Ada"],), ([],)], "b": [(["Ben", "Gus", "Ada"],)], "c": [(["Ben", "Ada", "Gus"],)]},
    "6.1": {"a": [(BLOCKED,)], "b": [(ONE_AFTER_ANOTHER,)], "c": [(QUEUED,)], None: [(HEALTHY,), (ONE_ALONE,)]},
    "7.1": {"a": [(1,)], "b": [(100,)], "c": [(150,)], None: [(60,)]},
    "7.2": {"a": [(ValueError("no"),)], "b": [(None,)], "c": [(SimpleNamespace(status=404),)]},
    "7.3": {"a": [([], 0.2)], "b": [([["photo"]], 5.0)], "c": [([["photo"]], 0.2)], None: [([], 5.0), ([], None)]},
    "8.1": {"a": [(["A"],)], "b": [(["A", "B", "C"],)], "c": [([],)], None: [(["A", "B"],)]},
    "8.2": {"a": [([0, 1, 2, 3],)], "b": [([3, 2, 1, 0],)], "c": [([2, 0, 3, 1],)], None: [([0],), ([],)]},
    "8.3": {
        "a": [(IN_A_GROUP,)],
        **({"b": [(WITHOUT_A_GROUP,)], "c": [(ran(gathers),)]} if MONITORING else {None: [(WITHOUT_A_GROUP,)]}),
    },
    "8.4": {"a": [(["A", "B", "C"],)], "b": [(["A", "B"],)], "c": [(["A"],)], None: [([],)]},
    "8.5": {"a": [(["A", "B", "C"],)], "b": [(["A"],)], "c": [(["A", "B"],)], None: [([],)]},
    "8.6": {"a": [(0.5,)], "b": [(3.5,), (5.5,)], "c": [(None,)], None: [(2.2,), (35.0,)]},
    "8.7": {"a": [(None,)], "c": [(TypeError("no"),)], None: [(ValueError("no"),)]},
    "8.8": {
        "a": [(["nap", "bell", "door"],)],
        "b": [(["nap", "bell"],), (["bell", "nap"],)],
        "c": [(["bell"],)],
        None: [([],), (["nap"],)],
    },
    "8.9": {
        "a": [(ended("result", "cancelled"),)],
        "b": [(ended("result", "result"),)],
        "c": [(ended("cancelled", "cancelled"),)],
        None: [(ended("cancelled", "result"),), (ended("result"),)],
    },
    "9.1": {"a": [(10_000,)], "b": [(100,)], "c": [(1,)], None: [(101,)]},
    "9.2": {"a": [(1.2, 120.0)], "b": [(0.2, 2.0)], "c": [(0.2, 0.2), (0.2, 0.4)], None: [(1.0, 0.1)]},
    "9.3": {"a": [(3.1,)], "b": [(8.6,), (8.9,), (11.1,)], "c": [(26.9,)], None: [(1.0,), (100.0,)]},
    "10.1": {"a": [(["B", "D", "A", "C"],)], "b": [(["B"],)], "c": [(["B", "A", "C"],)], None: [(["B", "A"],), ([],)]},
    "10.2": {"a": [(["A", KeyError("B")],)], "b": [(["A"],)], "c": [(["A", "B"],)], None: [([],)]},
    "11.1": {"a": [(4,)], "b": [(20,), (16,)], "c": [(24,)], None: [(8,), (1,)]},
    "11.2": {"a": [(12,)], "b": [(8,)], "c": [(7,), (5,)], None: [(0,), (10,)]},
    "12.1": {"a": [(0, 340)], "b": [(120, 340), (20, 340)], "c": [(340, 340)], None: [(400, 340)]},
    "12.2": {"a": [(300, 300), (304, 280)], "b": [(304, 304)], "c": [(304, 404)], None: [(404, 304)]},
}  # fmt: skip
RUNS |= dict.fromkeys(["6.2", "6.3"], RUNS["6.1"])
"""For each prediction what runs may show, by the answer that it fits, or None."""

ALL_RUNS = [(number, observed, fits) for number, by in RUNS.items() for fits, runs in by.items() for observed in runs]

DID = [
    ("1.4", (NEXT_BEGINS,), "in your run, when A had ended, B began"),
    ("1.4", (NOBODY,), "in your run, when A had ended, nobody had another turn"),
    (
        "2.4",
        (NEXT_GOES_ON, YOU_GO_ON),
        "in your run, after the first answer, C went on with gather, and your own code went on with as_completed",
    ),
    ("4.1", ("cancelled",), "the timeline of your run says of A: cancelled"),
    (
        "4.2",
        (ran(prints_and_waits),),
        "in your run, `print` was next, and then A went on at `await asyncio.sleep(seconds)`",
    ),
    ("4.3", (1,), "your loop met 1 TimeoutError"),
    ("4.3", (3,), "your loop met 3 TimeoutErrors"),
    ("8.1", (["A"],), "in your run, 1 call was paid"),
    ("8.1", (["A", "B", "C"],), "in your run, 3 calls were paid"),
    ("8.2", ([0],), "in your run, 1 visitors came in"),
    (
        "8.3",
        (IN_A_GROUP,),
        "in your run, when B had failed, letter(3, 'C') went on at `await asyncio.sleep(seconds)`",
    ),
    ("8.4", (["A"],), "in your run, 1 of 3 results arrived"),
    ("8.5", (["A", "B", "C"],), "in your run, 3 of 3 results arrived"),
    ("8.6", (None,), "in your run, the time was up before any result"),
    ("8.6", (3.5,), "in your run, the first result was received at 3.50 s"),
    ("8.7", (None,), "your run ended without an error"),
    ("8.7", (TypeError("no"),), "your run ended with TypeError"),
    ("8.8", (["nap", "bell"],), "in your run, nap and bell still waited"),
    ("8.8", ([],), "in your run, nobody still waited"),
    ("8.9", (ended("result", "cancelled"),), "in your run, the outcomes were result and cancelled"),
    ("8.9", (ended(),), "in your run, the outcomes were none"),
    ("9.2", (0.2, 0.2), "in your run, 30,000 calls took about as much memory as 300"),
    ("9.2", (0.2, 0.3), "in your run, 30,000 calls took about as much memory as 300"),
    ("9.3", (8.5,), "by the slope of your curve, 3,000 calls take about 9 times as long as 1,000"),
    ("9.3", (9.4,), "by the slope of your curve, 3,000 calls take about 9 times as long as 1,000"),
    ("9.3", (100.0,), "by the slope of your curve, 3,000 calls take 100.00 times as long as 1,000"),
    ("11.1", (16,), "in your run, 16 calls began in the busiest second"),
    ("11.2", (1,), "in your run, 1 call was fine"),
    ("12.1", (120, 340), "in your run, the cancelled answer cost 120 credits, and a whole one costs 340"),
    ("12.2", (304, 404), "in your run, the answers that you received cost 304 credits, and the bill was higher"),
    ("12.2", (304, 304), "in your run, the answers that you received cost 304 credits, and the bill was as high"),
    ("12.2", (404, 304), "in your run, the answers that you received cost 404 credits, and the bill was lower"),
]
"""What is said of a run; nothing that depends on the machine, where the run does."""


@pytest.fixture(autouse=True)
def no_answers_kept(monkeypatch):
    monkeypatch.setattr(predictions, "_kept", {})
    monkeypatch.setattr(predictions, "_shown", {})


def printed(capsys):
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines()), default=0) <= 88
    return out.replace("\n  ", " ")


def test_the_numbers():
    of_chapters = {0: 1, 1: 4, 2: 4, 3: 2, 4: 3, 5: 3, 6: 3, 7: 3, 8: 9, 9: 3, 10: 2, 11: 2, 12: 2}
    assert list(PREDICTIONS) == [f"{n}.{i}" for n, most in of_chapters.items() for i in range(1, most + 1)]


@pytest.mark.parametrize("number", PREDICTIONS)
def test_each_answer_has_its_own_feedback(number):
    answers = PREDICTIONS[number].answers
    assert list(answers) == ["a", "b", "c"]
    assert len(set(answers.values())) == 3
    assert all(text.endswith(".") and len(text) > 60 for text in answers.values())
    assert not any("at once" in text or ".." in text for text in answers.values())
    assert PREDICTIONS[number].usual in answers


@pytest.mark.parametrize(("number", "observed", "fits"), ALL_RUNS)
def test_the_verdict_follows_from_what_was_observed(number, observed, fits):
    letter, did = PREDICTIONS[number].verdict(*observed)
    assert letter == fits
    assert did
    assert not did.endswith(".")


@pytest.mark.parametrize(("number", "observed", "words"), DID)
def test_the_verdict_says_what_the_run_did(number, observed, words):
    assert PREDICTIONS[number].verdict(*observed)[1] == words


@pytest.mark.parametrize("answer", ["a", "A", " a ", "a\n"])
def test_an_answer_is_kept_in_whichever_way_it_is_written(capsys, answer):
    predict("1.1", answer)
    assert printed(capsys) == "1.1: your answer is a. Now run on and see.\n"
    compare("1.1", ["B", "C", "A"])
    assert "answer a, as you said" in printed(capsys)


NO_ANSWER = (
    "1.1: no answer yet. Write a, b or c into the cell, as in `predict('1.1', 'a')`, and run it again, or just read "
    "on.\n"
)


@pytest.mark.parametrize("answer", [(), (None,), ("",), (" ",), ("?",)])
def test_no_answer_yet(capsys, answer):
    predict("1.1", *answer)
    assert printed(capsys) == NO_ANSWER


def test_what_was_chosen_stays_chosen_until_it_is_taken_back(capsys):
    predict("1.1", "b")
    printed(capsys)
    predict("1.1")
    assert printed(capsys) == "1.1: your answer is b. Now run on and see.\n"
    predict("1.1", "")
    assert printed(capsys) == NO_ANSWER


def test_an_answer_by_a_click(notebook):
    predict("1.1")
    predict("1.1")
    first, second = notebook
    assert first.comm is None  # its buttons went with the output of the cell that was run again
    assert second.buttons.options == ("a", "b", "c")
    assert (second.buttons.value, "no answer yet" in second.said.value) == (None, True)
    second.buttons.value = "b"
    assert "your answer is b" in second.said.value
    compare("1.1", ["B", "C", "A"])
    assert "Prediction 1.1: you said b, and your run says a" in notebook[-1]["text/html"]
    predict("1.1")
    assert notebook[-1].buttons.value == "b"
    assert notebook[-1]._repr_mimebundle_()["text/plain"] == "1.1: your answer is b. Now run on and see."


def test_without_ipywidgets_it_says_how_to_answer(notebook, monkeypatch):
    monkeypatch.delitem(sys.modules, "workshop.exercises.choices", raising=False)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    predict("1.1")
    assert notebook[0]["text/plain"].replace("\n  ", " ") + "\n" == NO_ANSWER


@pytest.mark.parametrize(
    ("guess", "observed", "title"),
    [
        ("a", ["B", "C", "A"], "you said a, and so says your run"),
        ("b", ["B", "C", "A"], "you said b, and your run says a"),
        ("", ["B", "C", "A"], "your run says a, and you had chosen no answer"),
        ("b", ["A", "B", "C"], "your run says b"),
        ("b", [], "none of the answers"),
        ("b", None, "nothing to compare"),
    ],
)
def test_the_title_of_a_card_says_what_it_means(notebook, guess, observed, title):
    predict("1.1", guess)
    compare("1.1", observed)
    assert f"<b>Prediction 1.1: {title}</b>" in notebook[-1]["text/html"]


def test_what_is_told_is_text_and_never_markup(notebook):
    predict("1.1", "<b>`x`")
    assert "'&lt;b&gt;<code>x</code>'" in notebook[0]["text/html"].replace("&#x27;", "'")


@pytest.mark.parametrize("answer", ["d", "a b", "b, since\nit is shorter", 2, ["b"], b"b", ...])
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
    observed = RUNS[number][usual][0]
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
        "1.2: your run took 7.00 s: the sum of 4, 1 and 2 s. That is answer c, and you had chosen none.\n"
        f"{PREDICTIONS['1.2'].answers['c']}\n"
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
        ("1.4", (HEALTHY,)),
        ("2.1", (NAMES,)),
        ("2.3", (0.7, None)),
        ("2.4", (NEXT_GOES_ON,)),
        ("3.2", (1,)),
        ("8.1", (None,)),
        ("8.2", (1,)),
        ("8.3", (["A"],)),
        ("8.6", ("0.7",)),
        ("8.8", (None,)),
        ("8.9", (["A"],)),
        ("9.1", ([],)),
        ("9.2", (1.0, "2 MB")),
        ("9.3", ("nine",)),
        ("11.1", ([],)),
        ("11.2", ([],)),
        ("12.1", (120, "340 credits")),
        ("12.2", (None, 404)),
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
