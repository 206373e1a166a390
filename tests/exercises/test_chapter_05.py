"""The checks of chapter 05, the restaurant: right answers pass, wrong ones are told the idea."""

# ruff: noqa: ASYNC251 (a task that keeps the loop busy)

import asyncio
import itertools
import random
import sys
import time
from collections import UserDict
from fractions import Fraction
from types import MappingProxyType

import numpy
import pytest

from support.jumping_loop import JumpingClock
from support.notebook_tools import NOTEBOOKS, Notebook
from workshop.exercises import check
from workshop.exercises.chapters import chapter_05
from workshop.exercises.chapters.chapter_05 import ANALOGY, AS_IT_WAS, BAKING, average_wait

CHAPTER = Notebook(NOTEBOOKS / "05_the_restaurant.ipynb")
PARTY = AS_IT_WAS["dishes"]
MENU = {dish: 2 * seconds for dish, seconds in BAKING.items()}  # the banquet's ovens are twice as hot
SHORTEST_FIRST = sorted(PARTY, key=BAKING.get)
LONGEST_FIRST = SHORTEST_FIRST[::-1]
BEST = {"ovens": 3, "carrying": 0.1, "dishes": SHORTEST_FIRST, "mattered": "dishes"}
TRUTH = {
    "While one dish is in the oven, others can be, too.": True,
    "A short dish ordered last may be served first.": True,
    "Guests who come in late are served on the same round.": False,
    "Each dish comes with a ticket that says whose it is.": False,
    "A ready dish is picked up at once, even by a busy waiter.": False,
    "After a burnt dish the waiter goes on by himself.": False,
    "When the waiter goes home early, the ovens stay on.": True,
    "The waiter notices when an order has been cancelled.": True,
}
FIRST, *_, LAST = TRUTH


def cell_with(text):
    """Return the source of the one code cell of the chapter that has this text."""
    (cell,) = [cell for cell in CHAPTER.code_cells if text in cell.source]
    return cell.source


def defined_in(*texts, **names):
    """Run cells of the chapter, up to what they print, and return all names that are defined then."""
    for text in texts:
        exec(cell_with(text).partition("\nprint(")[0], names)
    return names


class FaultyDict(dict):
    def __getitem__(self, key):
        raise RuntimeError("out of order")


class HidingDict(dict):
    def __contains__(self, key):
        raise ValueError("don't look")


class NastyError(Exception):
    def __str__(self):
        raise ValueError


class NastyDict(dict):
    def __getitem__(self, key):
        raise NastyError


# ---- right answers


BETTER = {
    "shortest_first": BEST,
    "a_tuple": BEST | {"dishes": tuple(SHORTEST_FIRST)},
    "another_order": BEST | {"dishes": [*["quiche", "toast"] * 3, "pizza", "pizza", "roast", "roast"]},
    "a_waiter_a_bit_slower": BEST | {"carrying": 0.12},
    "more_keys": BEST | {"tables": 10},
    "user_dict": UserDict(BEST),
    "read_only": MappingProxyType(BEST),
    "fraction": BEST | {"carrying": Fraction(1, 10)},
    "numbers_of_numpy": BEST | {"ovens": numpy.int64(3), "carrying": numpy.float32(0.1)},
    "keys_in_another_order": dict(reversed(BEST.items())),
}


@pytest.mark.parametrize("kitchen", BETTER.values(), ids=BETTER)
def test_a_better_kitchen_is_accepted(judge, kitchen):
    assert judge("5.1", kitchen).startswith("✓ 5.1 The guests wait 1.")


def test_what_each_change_gains_is_told(judge):
    assert judge("5.1", BEST) == (
        "✓ 5.1 The guests wait 1.21 s in place of 2.92 s. What each change gains alone: ovens 0.48 s, carrying 0.28 s, "
        "dishes 1.30 s.\n"
    )


def test_changes_that_gain_the_same_may_both_have_mattered_most(judge, monkeypatch):
    monkeypatch.setattr(chapter_05, "AIM", 3)
    oven = average_wait(3, 0.2, PARTY)
    others = (list(dishes) for dishes in itertools.permutations(PARTY))
    as_good = next(dishes for dishes in others if 0 < average_wait(2, 0.2, dishes) - oven < 1e-6)
    kitchen = {"ovens": 3, "carrying": 0.2, "dishes": as_good}
    for mattered in ("ovens", "dishes"):
        assert judge("5.1", kitchen | {"mattered": mattered}).startswith("✓")


def test_what_was_not_changed_cannot_have_mattered(judge, monkeypatch):
    monkeypatch.setattr(chapter_05, "AIM", 3)
    line = judge("5.1", BEST | {"ovens": 2, "mattered": "ovens"})
    assert "You did not change 'ovens', so it can't be what mattered." in line


def test_the_truth_about_the_analogy_is_accepted(judge):
    assert judge("5.2", TRUTH) == "✓ 5.2 All 8 are right: each was tried out just now, and 4 of them hold.\n"
    assert judge("5.2", UserDict(TRUTH)).startswith("✓")
    assert judge("5.2", dict(reversed(TRUTH.items()))).startswith("✓")


# ---- wrong answers

ANOTHER_GAINS_MORE = "and another of your changes gains more. Run banquet with one change at a time."

WRONG_KITCHENS = {
    "unchanged": (AS_IT_WAS | {"mattered": ""}, "This is the kitchen as it was. Change the ovens"),
    "says_what_mattered_but_changes_nothing": (AS_IT_WAS | {"mattered": "dishes"}, "This is the kitchen as it was"),
    "changes_the_ovens_only": (
        BEST | {"carrying": 0.2, "dishes": PARTY, "mattered": "ovens"},
        "The guests wait 2.44 s on average, and less than 1.30 s is asked for. What each change gains alone: ovens "
        "0.48 s. Who waits, when a long dish goes in first?",
    ),
    "changes_the_waiter_only": (BEST | {"ovens": 2, "dishes": PARTY}, "carrying 0.28 s. Who waits, when a long dish"),
    "leaves_the_order": (BEST | {"dishes": PARTY}, "ovens 0.48 s, carrying 0.28 s. Who waits, when a long dish"),
    "changes_the_order_only": (
        BEST | {"ovens": 2, "carrying": 0.2},
        "dishes 1.30 s. What does a dish wait for, before it bakes?",
    ),
    "no_third_oven": (BEST | {"ovens": 2}, "What does a dish wait for, before it bakes?"),
    "takes_an_oven_away": (BEST | {"ovens": 1}, "What does a dish wait for, before it bakes?"),
    "no_faster_waiter": (BEST | {"carrying": 0.2}, "What does a dish wait for, when it is ready?"),
    "a_slower_waiter": (BEST | {"carrying": 2}, "carrying -8.88 s, dishes 1.30 s. What does a dish wait for, when it"),
    "longest_first": (BEST | {"dishes": LONGEST_FIRST}, "dishes -0.10 s. Who waits, when a long dish goes in first?"),
    "alphabetical": (BEST | {"dishes": sorted(PARTY)}, "Who waits, when a long dish goes in first?"),
    "as_long_as_what_is_asked_for": (
        BEST | {"dishes": ["roast", *["quiche", "toast"] * 3, "roast", "pizza", "pizza"]},
        "less than 1.30 s is asked for",
    ),
    "says_nothing_of_what_mattered": (
        BEST | {"mattered": ""},
        "The guests wait 1.21 s on average: well done. Now say under 'mattered' which change gains most",
    ),
    "leaves_mattered_out": ({k: v for k, v in BEST.items() if k != "mattered"}, "Now say under 'mattered'"),
    "the_ovens_mattered": (
        BEST | {"mattered": "ovens"},
        f"'ovens' is not what mattered most: alone it gains 0.48 s, {ANOTHER_GAINS_MORE}",
    ),
    "the_waiter_mattered": (BEST | {"mattered": "carrying"}, f"alone it gains 0.28 s, {ANOTHER_GAINS_MORE}"),
    "another_word_for_what_mattered": (
        BEST | {"mattered": "Dishes"},
        "under 'mattered' stands 'Dishes', and 'ovens', 'carrying' or 'dishes' was expected",
    ),
    "a_list_of_what_mattered": (BEST | {"mattered": ["dishes", "ovens"]}, "stands ['dishes', 'ovens'], and"),
    "a_number_for_what_mattered": (BEST | {"mattered": 3}, "under 'mattered' stands 3, and"),
    "a_fourth_oven": (BEST | {"ovens": 4}, "The ovens are a whole number from 1 to 3, not 4."),
    "no_oven": (BEST | {"ovens": 0}, "from 1 to 3, not 0."),
    "ovens_as_text": (BEST | {"ovens": "3"}, "a whole number from 1 to 3, not '3'."),
    "ovens_as_a_fraction": (BEST | {"ovens": 2.5}, "a whole number from 1 to 3, not 2.5."),
    "ovens_true": (BEST | {"ovens": True}, "a whole number from 1 to 3, not True."),
    "no_number_of_ovens": (BEST | {"ovens": None}, "a whole number from 1 to 3, not None."),
    "ovens_not_a_number": (BEST | {"ovens": float("nan")}, "a whole number from 1 to 3, not nan."),
    "very_many_ovens": (BEST | {"ovens": 10**5000}, "a whole number from 1 to 3, not <int>."),
    "a_waiter_who_takes_no_time": (BEST | {"carrying": 0}, "The waiter takes from 0.1 to 5 s for a dish, not 0."),
    "a_waiter_who_is_too_fast": (BEST | {"carrying": 0.05}, "from 0.1 to 5 s for a dish, not 0.05."),
    "a_waiter_who_never_arrives": (BEST | {"carrying": float("inf")}, "from 0.1 to 5 s for a dish, not inf."),
    "a_waiter_of_no_number": (BEST | {"carrying": float("nan")}, "from 0.1 to 5 s for a dish, not nan."),
    "a_waiter_who_is_very_slow": (BEST | {"carrying": 10**5000}, "from 0.1 to 5 s for a dish, not <int>."),
    "a_waiter_as_text": (BEST | {"carrying": "0.1"}, "from 0.1 to 5 s for a dish, not '0.1'."),
    "a_waiter_in_complex_time": (BEST | {"carrying": 0.1j}, "from 0.1 to 5 s for a dish, not 0.1j."),
    "sorted_in_place": (BEST | {"dishes": None}, "`sorted(party)` gives a list."),
    "an_iterator_of_dishes": (
        BEST | {"dishes": (dish for dish in SHORTEST_FIRST)},
        "The dishes are a list of the same ten, not <generator object",
    ),
    "a_set_of_dishes": (BEST | {"dishes": {"toast"}}, "The dishes are a list of the same ten, not {'toast'}."),
    "dishes_as_text": (BEST | {"dishes": "toast"}, "The dishes are a list of the same ten, not 'toast'."),
    "without_the_roasts": (
        BEST | {"dishes": SHORTEST_FIRST[:-2]},
        "The dishes are the same ten as in party, in any order: roast (2), pizza (2), quiche (3), toast (3).",
    ),
    "toast_for_everybody": (BEST | {"dishes": ["toast"] * 10}, "The dishes are the same ten"),
    "no_dishes": (BEST | {"dishes": []}, "The dishes are the same ten"),
    "dishes_that_are_lists": (BEST | {"dishes": [["toast"]] * 10}, "The dishes are the same ten"),
    "dishes_that_are_numbers": (BEST | {"dishes": [0.2] * 10}, "The dishes are the same ten"),
}

WHERE_IT_IS_SHOWN = {
    "While one dish is in the oven, others can be, too.": "The same evening with gather",
    "A short dish ordered last may be served first.": "An evening, as completed",
    "Guests who come in late are served on the same round.": "A guest comes in late",
    "Each dish comes with a ticket that says whose it is.": "The plate without a ticket",
    "A ready dish is picked up at once, even by a busy waiter.": "The waiter is busy",
    "After a burnt dish the waiter goes on by himself.": "The burnt dish",
    "When the waiter goes home early, the ovens stay on.": "Closing time",
    "The waiter notices when an order has been cancelled.": "The cancelled order",
}

WRONG_ANALOGIES = {
    "unanswered": (dict.fromkeys(TRUTH), "8 of 8 sentences have no answer yet: write True or False for each."),
    "half_done": (TRUTH | {FIRST: None, LAST: None}, "2 of 8 sentences have no answer yet"),
    "all_true": (dict.fromkeys(TRUTH, True), "4 of 8 are right. Look again at “A guest comes in late” above: what did"),
    "all_false": (dict.fromkeys(TRUTH, False), "4 of 8 are right. Look again at “The same evening with gather” above"),
    "the_opposite": ({sentence: not holds for sentence, holds in TRUTH.items()}, "0 of 8 are right."),
    "in_quotes": (TRUTH | {LAST: "True"}, f"The answer to “{LAST}” is 'True': write True or False, without quotes."),
    "ones_and_zeros": ({sentence: int(holds) for sentence, holds in TRUTH.items()}, f"The answer to “{FIRST}” is 1:"),
    "a_sentence_deleted": ({k: v for k, v in TRUTH.items() if k != LAST}, f"missing, or was changed: “{LAST}”"),
    "a_sentence_changed": ({k.rstrip("."): v for k, v in TRUTH.items()}, f"missing, or was changed: “{FIRST}”"),
    "a_list": (list(TRUTH.values()), "The answer is a dictionary of sentences and True or False, such as analogy."),
    "a_set_of_the_true_ones": ({k for k, v in TRUTH.items() if v}, "The answer is a dictionary of sentences"),
    "odd_values": (dict.fromkeys(TRUTH, float("nan")), f"The answer to “{FIRST}” is nan"),
    **{
        f"wrong_about_{where.replace(' ', '_')}": (
            TRUTH | {sentence: not TRUTH[sentence]},
            f"7 of 8 are right. Look again at “{where}” above: what did your run show there?",
        )
        for sentence, where in WHERE_IT_IS_SHOWN.items()
    },
}

WRONG = [
    *(pytest.param("5.1", *row, id=name) for name, row in WRONG_KITCHENS.items()),
    *(pytest.param("5.2", *row, id=name) for name, row in WRONG_ANALOGIES.items()),
]


@pytest.mark.parametrize(("number", "answer", "words"), WRONG)
def test_wrong_answers_are_told_the_idea(told, number, answer, words):
    told(number, answer, words)


ANYTHING = [
    None,
    ...,
    3,
    "dishes",
    b"",
    [],
    [BEST],
    {},
    {1: 2},
    {"ovens": 3},
    float("nan"),
    10**5000,
    int,
    asyncio.sleep,
    lambda: BEST,
    (item for item in BEST.items()),
    object(),
    FaultyDict(BEST | TRUTH),
    HidingDict(BEST | TRUTH),
    NastyDict(BEST | TRUTH),
]


@pytest.mark.parametrize("number", ["5.1", "5.2"])
@pytest.mark.parametrize("answer", ANYTHING, ids=[f"{n}-{type(a).__name__}" for n, a in enumerate(ANYTHING)])
def test_survives(judge, number, answer):
    line = judge(number, answer)
    assert line.startswith("✗")
    assert "The answer is a dictionary" in line or "This sentence is missing" in line


@pytest.mark.parametrize("number", ["5.1", "5.2"])
def test_a_coroutine_in_place_of_the_dictionary(judge, number):
    assert "The answer is a dictionary" in judge(number, asyncio.sleep(1))


# ---- the chapter and its checks speak of the same restaurant


def test_the_check_has_the_menu_and_the_party_of_the_chapter():
    names = defined_in("menu = {", "party = [", "my_kitchen = {", "my_kitchen_solution = {")
    assert names["menu"] == MENU
    assert names["party"] == PARTY
    assert names["my_kitchen"] == AS_IT_WAS | {"mattered": ""}
    assert names["my_kitchen_solution"] == BEST


def test_the_check_has_the_sentences_and_the_sections_of_the_chapter():
    names = defined_in("analogy = {", "analogy_solution = ")
    assert list(names["analogy"]) == list(ANALOGY) == list(TRUTH)
    assert names["analogy_solution"] == TRUTH
    sections = [text for _, text in CHAPTER.headings()]
    assert {section for _, section in ANALOGY.values()} <= set(sections)


def test_the_calculated_wait_is_that_of_the_chapters_banquet():
    clock, chance = JumpingClock(), random.Random(5)
    banquet = defined_in("async def banquet", asyncio=asyncio, perf_counter=clock.read, menu=MENU)["banquet"]
    kitchens = [AS_IT_WAS, {k: v for k, v in BEST.items() if k != "mattered"}]
    for _ in range(30):
        dishes = chance.choices(list(BAKING), k=chance.randint(1, 12))
        kitchens.append({"ovens": chance.randint(1, 4), "carrying": chance.choice([0, 0.1, 0.3, 1]), "dishes": dishes})
    for kitchen in kitchens:
        assert average_wait(**kitchen) == pytest.approx(clock.run(banquet(**kitchen)))


def test_it_takes_all_three_changes_and_the_order_gains_most():
    """So the chapter says of exercise 5.1."""
    orders = sorted(set(itertools.islice(shuffled(), 2000)) | {tuple(SHORTEST_FIRST)})
    for ovens, carrying in [(2, 0.2), (3, 0.2), (2, 0.1)]:
        assert min(average_wait(ovens, carrying, dishes) for dishes in orders) >= 1.3
    assert average_wait(3, 0.1, PARTY) >= 1.3
    before = average_wait(**AS_IT_WAS)
    assert min(average_wait(2, 0.2, dishes) for dishes in orders) == pytest.approx(average_wait(2, 0.2, SHORTEST_FIRST))
    for dishes in orders:
        if average_wait(3, 0.1, dishes) < 1.3:
            assert before - average_wait(2, 0.2, dishes) > before - average_wait(3, 0.2, PARTY)


def shuffled():
    chance = random.Random(5)
    while True:
        yield tuple(chance.sample(PARTY, len(PARTY)))


# ---- the experiments of 5.2


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("sentence", TRUTH)
def test_an_experiment_tells_what_holds(sentence, debug):
    experiment, _ = ANALOGY[sentence]

    async def cell():
        assert await experiment() is TRUTH[sentence]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(cell(), debug=debug)


async def test_experiments_tell_the_same_on_a_busy_computer():
    async def busy(chance):
        while True:
            time.sleep(chance.choice([0, 0, 0, 0.003]))
            await asyncio.sleep(chance.choice([0, 0.001]))

    neighbours = [asyncio.create_task(busy(chance)) for chance in map(random.Random, range(3))]
    for sentence, (experiment, _) in ANALOGY.items():
        assert await experiment() is TRUTH[sentence]
    for task in neighbours:
        task.cancel()
    await asyncio.gather(*neighbours, return_exceptions=True)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
async def test_experiments_tell_the_same_where_tasks_are_eager(capsys):
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    await check("5.2", TRUTH)
    assert capsys.readouterr().out.startswith("✓ 5.2 ")


async def test_several_checks_at_a_time(capsys):
    await asyncio.gather(*(check("5.2", TRUTH) for _ in range(3)), check("5.1", BEST))
    assert asyncio.all_tasks() == {asyncio.current_task()}
    lines = capsys.readouterr().out.replace("\n  ", " ").splitlines()
    assert [line[0] for line in lines] == ["✓"] * 4


# ---- the stop button


def test_the_stop_button_leaves_nothing_running(capfd):
    """The check is stopped after 0, 1, 2... turns of the loop, until it ends before that."""

    async def kernel(turns):
        cell = asyncio.create_task(check("5.2", TRUTH)._run())
        for _ in range(turns):
            await asyncio.sleep(0)
        was_running = cell.cancel()
        assert (await asyncio.gather(cell, return_exceptions=True) == [None]) is not was_running
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return was_running

    stopped = 0
    while asyncio.run(kernel(stopped)):
        stopped += 1
    out, err = capfd.readouterr()
    assert stopped > 100
    assert out.count("5.2") == 1
    assert err == ""
