"""The table and the alt text say what the tasks did, whatever the tasks are called."""

import pytest

from workshop.timeline.records import Records, TaskRecord
from workshop.timeline.views.text import describe, one_line, table


def records(*rows, ended):
    return Records.of([TaskRecord(*row) for row in rows], ended)


EVERY_OUTCOME = records(
    ("sleeper(4, 'A')", 0, 0.5, None, None, "still running"),
    ("sleeper(1, 'B')", 0, 0, 1, 2.25, "result"),
    ("fetch('x')", 0.25, 0.5, 1.5, 1.5, "exception"),
    ("slow(9)", 0, 0, 2, None, "cancelled"),
    ("never(1)", 2, None, None, None, "still running"),
    ended=3.0,
)
SLEEPERS = records(
    ("sleeper(4, 'A')", 0, 0, 4, 4, "result"),
    ("sleeper(1, 'B')", 0, 0, 1, 1, "result"),
    ("sleeper(2, 'C')", 0, 0, 2, 2, "result"),
    ended=4.0,
)


def many(count, received=lambda finished: finished, outcome=lambda index: "result"):
    rows = []
    for i in range(count):
        done = outcome(i) != "still running"
        finished = 1 + i / count if done else None
        rows.append((f"task({i})", 0, 0, finished, received(finished) if done else None, outcome(i)))
    return records(*rows, ended=2.0)


def test_table_of_every_outcome():
    assert table(EVERY_OUTCOME) == (
        "name             created  started  finished  received  outcome\n"
        "sleeper(4, 'A')     0.00     0.50         -         -  still running\n"
        "sleeper(1, 'B')     0.00     0.00      1.00      2.25  result\n"
        "fetch('x')          0.25     0.50      1.50      1.50  exception\n"
        "slow(9)             0.00     0.00      2.00         -  cancelled\n"
        "never(1)            2.00        -         -         -  still running\n"
        "Still running when the block ended: sleeper(4, 'A'), never(1)."
    )


def test_table_of_finished_tasks_ends_with_the_last_row():
    assert table(SLEEPERS).splitlines()[-1] == "sleeper(2, 'C')     0.00     0.00      2.00      2.00  result"


NO_TASK = [
    "No task was started in this block.",
    "What you await directly runs in the task around it, and run_in_executor makes a future, not a task.",
]


def test_no_task():
    assert table(Records(ended=1.0)).splitlines() == NO_TASK
    assert describe("Empty", Records(ended=1.0)) == " ".join(["Empty:", *NO_TASK])


def test_no_task_so_far():
    so_far = Records(ended=1.0, over=False)
    assert table(so_far).splitlines() == [NO_TASK[0], "The block has not ended.", NO_TASK[1]]


def test_no_task_that_was_seen():
    assert table(Records(ended=1.0, missed="Somebody hid them.")).splitlines() == [
        "No task was seen in this block.",
        "Somebody hid them.",
    ]


def test_inside_the_block_it_is_said_that_it_has_not_ended():
    tasks = records(("A", 0, 0, 0.1, 0.1, "result"), ("B", 0, 0, None, None, "still running"), ended=0.2)
    tasks.over = False
    assert table(tasks, 0.5).splitlines()[3:] == [
        "The deadline, 0.5 s, is still to come.",
        "Still running: B.",
        "The block has not ended.",
    ]
    words = describe("", tasks, 0.5)
    assert "Finished: A at 0.100 s; still running: B. The block has not ended." in words
    assert "The deadline, 0.5 s, is still to come." in words
    many_tasks = records(*((f"t{number}", 0, 0, None, None, "still running") for number in range(10)), ended=0.2)
    many_tasks.over = False
    assert "10 still running. The block has not ended." in describe("", many_tasks)


@pytest.mark.parametrize(
    ("finished", "shown"), [(12.3456, "12.35"), (1, "1.00"), (0.5, "0.500"), (0.01234, "0.0123"), (0, "0.0000")]
)
def test_short_timelines_get_more_decimals(finished, shown):
    row = table(records(("t", 0, 0, finished, finished, "result"), ended=finished)).splitlines()[1]
    assert row.split()[3] == shown


def test_long_tables_show_both_ends():
    lines = table(many(100_000)).splitlines()
    assert len(lines) == 42
    assert [line.split()[0] for line in lines[1:21]] == [f"task({i})" for i in range(20)]
    assert lines[21] == "… 99960 more …"
    assert [line.split()[0] for line in lines[22:]] == [f"task({i})" for i in range(99_980, 100_000)]


def test_forty_tasks_are_all_shown_and_forty_one_are_not():
    assert "more" not in table(many(40))
    assert "… 1 more …" in table(many(41))


def test_many_that_still_run_are_counted():
    lines = table(many(12, outcome=lambda i: "still running" if i >= 4 else "result")).splitlines()
    assert lines[-1] == ("Still running when the block ended: task(4), task(5), task(6), task(7), task(8) and 3 more.")


def test_tables_say_who_was_unfinished_at_the_deadline():
    assert table(EVERY_OUTCOME, 1.25).splitlines()[-2:] == [
        "Unfinished at the deadline, 1.25 s: sleeper(4, 'A'), fetch('x'), slow(9).",  # and not one made later
        "Still running when the block ended: sleeper(4, 'A'), never(1).",
    ]
    assert table(SLEEPERS, 3).splitlines()[-1] == "Unfinished at the deadline, 3 s: sleeper(4, 'A')."
    assert table(many(9), 1.5).splitlines()[-1] == (
        "Unfinished at the deadline, 1.5 s: task(5), task(6), task(7), task(8)."
    )
    assert table(many(90), 1.5).splitlines()[-1] == (
        "Unfinished at the deadline, 1.5 s: task(45), task(46), task(47), task(48), task(49) and 40 more."
    )
    assert table(Records(ended=1.0), 0.5).splitlines() == NO_TASK


@pytest.mark.parametrize("noise", [-1e-9, 0, 1e-9])
def test_a_task_that_the_deadline_cancels_was_unfinished(noise):
    tasks = records(("A", 0, 0, 0.2 + noise, None, "cancelled"), ("B", 0, 0, 0.1, 0.1, "result"), ended=0.2 + noise)
    assert table(tasks, 0.2).splitlines()[-1] == "Unfinished at the deadline, 0.2 s: A."


def test_a_deadline_that_nobody_missed():
    in_time = records(("A", 0, 0, 0.1, 0.1, "result"), ("B", 0.3, 0.3, 0.4, 0.4, "result"), ended=0.5)
    assert table(in_time, 0.2).splitlines()[-1] == "Unfinished at the deadline, 0.2 s: none."
    left = records(("A", 0, 0, None, None, "still running"), ended=0.5)  # nobody knows what it did later
    assert "The block ended before the deadline, 0.75 s." in table(left, 0.75).splitlines()


def test_descriptions_say_who_was_unfinished_at_the_deadline():
    assert describe("late", SLEEPERS, 1.5).startswith(
        "late: 3 tasks over 4.00 seconds. Unfinished at the deadline, 1.5 s: sleeper(4, 'A'), sleeper(2, 'C'). "
        "Finished: sleeper(1, 'B')"
    )
    assert " Unfinished at the deadline, 1.5 s: 45 of 90 tasks. " in describe("", many(90), 1.5)
    assert " Unfinished at the deadline, 5 s" not in describe("", SLEEPERS, 5)
    assert " The block ended before the deadline, 5 s. " in describe("", SLEEPERS, 5)
    assert "deadline" not in describe("", SLEEPERS) + table(SLEEPERS)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb", "a\\nb"),
        ("tab\there", "tab\\there"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202egnirts", "\\u202egnirts"),
        ("\ud800", "\\ud800"),
        ("line\u2028end", "line\\u2028end"),
        ("<b>$x^2$</b>", "<b>$x^2$</b>"),
        ("é 日本 🍕", "é 日本 🍕"),
        ("", ""),
        ("n" * 32, "n" * 32),
        ("n" * 33, "n" * 31 + "…"),
        ("\n" * 1000, "\\n" * 15 + "\\…"),
    ],
)
def test_names_cannot_break_the_table(name, shown):
    text = table(records((name, 0, 0, 1, 1, "result"), ended=1.0))
    assert one_line(name, 32) == shown
    assert text.splitlines()[1].startswith(shown)
    assert len(text.splitlines()) == 2
    assert len({len(line.rstrip().rsplit("  ", 1)[0]) for line in text.splitlines()}) == 1
    assert "\n" not in describe("", records((name, 0, 0, 1, 1, "result"), ended=1.0))


def test_description_of_results_received_as_they_finish():
    assert describe("as_completed", SLEEPERS) == (
        "as_completed: 3 tasks over 4.00 seconds. Finished: sleeper(1, 'B') at 1.00 s, sleeper(2, 'C') at 2.00 s, "
        "sleeper(4, 'A') at 4.00 s. Received: each as soon as it finished."
    )


def test_description_of_results_received_at_once():
    at_once = [TaskRecord(r.name, r.created, r.started, r.finished, 4.0, r.outcome) for r in SLEEPERS]
    assert describe("", Records.of(at_once, 4.0)) == (
        "3 tasks over 4.00 seconds. Finished: sleeper(1, 'B') at 1.00 s, sleeper(2, 'C') at 2.00 s, "
        "sleeper(4, 'A') at 4.00 s. Received: all at once at 4.00 s."
    )


def test_description_of_every_outcome():
    assert describe("", EVERY_OUTCOME) == (
        "5 tasks over 3.00 seconds. Finished: sleeper(1, 'B') at 1.00 s, fetch('x') at 1.50 s (exception), "
        "slow(9) at 2.00 s (cancelled); still running when the block ended: sleeper(4, 'A'), never(1). "
        "Received: fetch('x') at 1.50 s, sleeper(1, 'B') at 2.25 s."
    )


def test_description_of_many_tasks():
    outcomes = {3: "exception", 4: "cancelled", 5: "cancelled", 6: "still running"}
    text = describe("", many(100, lambda finished: finished + 0.5, lambda i: outcomes.get(i, "result")))
    assert text == (
        "100 tasks over 2.49 seconds. Finished: the first task(0) at 1.00 s, the last task(99) at 1.99 s; "
        "1 with an exception; 2 cancelled; 1 still running when the block ended. Received: between 1.50 and 2.49 s."
    )


@pytest.mark.parametrize(
    ("received", "said"), [(None, "Received: none."), (1, "Received: as soon as it finished."), (3, "t at 3.00 s.")]
)
def test_description_of_one_task(received, said):
    text = describe("", records(("t", 0, 0, 1, received, "result"), ended=3.0))
    assert text.startswith("1 task over 3.00 seconds. Finished: t at 1.00 s.")
    assert text.endswith(said)


def test_description_says_how_many_were_received():
    rows = [("a", 0, 0, 1, 1, "result"), ("b", 0, 0, 2, None, "result")]
    assert describe("", records(*rows, ended=2.0)).endswith("Received: 1 of 2, as soon as it finished.")


@pytest.mark.parametrize("length", [1, 30, 500])
def test_descriptions_stay_short(length):
    rows = [(f"{i}" * length, 0, 0, i + 1, 2 * i + 2, "exception") for i in range(6)]
    assert len(describe("title " * 100, records(*rows, ended=20.0))) <= 400
    assert len(describe("title " * 100, records(*rows, ended=20.0), 0.5)) <= 400
