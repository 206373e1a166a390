"""The check of chapter 12, many calls to a model: right answers pass, wrong ones are told the idea."""

# ruff: noqa: N805 (answers of readers, in classes that are only groups)

import asyncio
import contextlib
import time  # noqa: F401 (for answers that are given as text)
from itertools import islice

import pytest
from answers import Odd, changed, members, other_callables, right, wrong

from support.steps_of_answers import started, stop

FIRST = asyncio.FIRST_COMPLETED


def settle(answers, prompt, task, dearest):
    if task.exception():
        return dearest
    answers[prompt], price = task.result()
    return price


# ---- right answers


class Right:
    async def a_window(budget, prompts, ask, dearest, most):
        answers, running, rest = {}, {}, iter(prompts)
        try:
            while True:
                room = min(most, budget // dearest) - len(running)
                for prompt in islice(rest, room):
                    running[asyncio.create_task(ask(prompt))] = prompt
                if not running:
                    return answers
                done, _ = await asyncio.wait(running, return_when=FIRST)
                for task in done:
                    budget -= settle(answers, running.pop(task), task, dearest)
        finally:
            await stop(running)

    async def as_completed_and_a_condition(budget, prompts, ask, dearest, most):
        answers, slots, change, running = {}, asyncio.Semaphore(most), asyncio.Condition(), 0

        async def one(prompt):
            nonlocal budget, running
            async with slots:
                async with change:
                    await change.wait_for(lambda: budget >= dearest or not running)
                    if budget < dearest:
                        return
                    budget, running, price = budget - dearest, running + 1, dearest
                try:
                    answers[prompt], price = await ask(prompt)
                except Exception:
                    pass
                finally:
                    async with change:
                        budget, running = budget + dearest - price, running - 1
                        change.notify_all()

        tasks = started(one(prompt) for prompt in prompts)
        try:
            for next_result in asyncio.as_completed(tasks):
                await next_result
        finally:
            await stop(tasks)
        return answers

    async def workers_in_a_task_group(budget, prompts, ask, dearest, most):
        answers, rest, settled, at_work = {}, iter(prompts), asyncio.Event(), 0

        async def worker():
            nonlocal budget, at_work
            while True:
                while budget < dearest and at_work:
                    settled.clear()
                    await settled.wait()
                if budget < dearest or (prompt := next(rest, None)) is None:
                    return
                budget, at_work = budget - dearest, at_work + 1
                with contextlib.suppress(ConnectionError, TimeoutError, LookupError):
                    answers[prompt], price = await ask(prompt)
                    budget += dearest - price
                at_work -= 1
                settled.set()

        async with asyncio.TaskGroup() as group:
            for _ in range(most):
                group.create_task(worker())
        return answers

    async def as_completed_round_by_round(budget, prompts, ask, dearest, most):
        answers, running, waiting = {}, set(), list(prompts)

        async def one(prompt):
            try:
                return prompt, *await ask(prompt)
            except Exception:
                return prompt, None, dearest

        async with asyncio.TaskGroup() as group:
            while waiting or running:
                while waiting and len(running) < most and budget >= dearest * (len(running) + 1):
                    running.add(group.create_task(one(waiting.pop(0))))
                if not running:
                    break
                await next(iter(asyncio.as_completed(running)))
                for task in [task for task in running if task.done()]:
                    running.remove(task)
                    prompt, text, price = task.result()
                    budget -= price
                    if text is not None:
                        answers[prompt] = text
        return answers

    async def a_queue_of_what_has_ended(budget, prompts, ask, dearest, most):
        answers, tasks, ended, at_work = {}, [], asyncio.Queue(), 0

        async def one(prompt):
            price = dearest
            try:
                answers[prompt], price = await ask(prompt)
            except (OSError, LookupError):
                pass
            finally:
                ended.put_nowait(price)

        try:
            for prompt in prompts:
                while at_work and (at_work == most or budget - dearest * at_work < dearest):
                    budget, at_work = budget - await ended.get(), at_work - 1
                if budget - dearest * at_work < dearest:
                    break
                tasks.append(asyncio.create_task(one(prompt)))
                at_work += 1
            await asyncio.gather(*tasks)
        finally:
            await stop(tasks)
        return answers


RIGHT = right("12.1", [*members(Right), *other_callables(Right.a_window)])


@pytest.mark.parametrize(("number", "answer"), RIGHT)
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer).startswith("✓")


# ---- wrong answers


class Settle:
    """What may stand in place of `settle`."""

    def failures_cost_nothing(answers, prompt, task, dearest):
        return 0 if task.exception() else settle(answers, prompt, task, dearest)

    def lets_failures_out(answers, prompt, task, dearest):
        answers[prompt], price = task.result()
        return price

    def catches_one_kind(answers, prompt, task, dearest):
        try:
            return Settle.lets_failures_out(answers, prompt, task, dearest)
        except ConnectionError:
            return dearest

    def drops_empty_answers(answers, prompt, task, dearest):
        price = settle(answers, prompt, task, dearest)
        if not answers.get(prompt):
            answers.pop(prompt, None)
        return price

    def takes_no_price_for_a_failure(answers, prompt, task, dearest):
        return settle(answers, prompt, task, dearest) or dearest

    def takes_ten_for_each(answers, prompt, task, dearest):
        settle(answers, prompt, task, dearest)
        return 10

    def gives_nothing_back(answers, prompt, task, dearest):
        settle(answers, prompt, task, dearest)
        return dearest

    def keeps_the_price_beside_the_text(answers, prompt, task, dearest):
        price = settle(answers, prompt, task, dearest)
        if prompt in answers:
            answers[prompt] = answers[prompt], price
        return price

    def keeps_failures(answers, prompt, task, dearest):
        price = settle(answers, prompt, task, dearest)
        answers.setdefault(prompt, None)
        return price


class Wrong:
    async def stops_when_it_is_spent(budget, prompts, ask, dearest, most):
        answers, slots, spent = {}, asyncio.Semaphore(most), 0

        async def one(prompt):
            async with slots:
                return prompt, *await ask(prompt)

        tasks = started(one(prompt) for prompt in prompts)
        try:
            for next_result in asyncio.as_completed(tasks):
                prompt, answers[prompt], price = await next_result
                spent += price
                if spent >= budget:
                    break
        finally:
            await stop(tasks)
        return answers

    async def starts_coroutines_in_any_order(budget, prompts, ask, dearest, most):
        answers, slots = {}, asyncio.Semaphore(min(most, budget // dearest))

        async def one(prompt):
            async with slots:
                return prompt, *await ask(prompt)

        for next_result in asyncio.as_completed([one(prompt) for prompt in prompts]):
            prompt, answers[prompt], _ = await next_result
        return answers

    async def asks_what_can_be_paid_at_its_dearest(budget, prompts, ask, dearest, most):
        slots = asyncio.Semaphore(most)

        async def one(prompt):
            async with slots:
                return await ask(prompt)

        asked = prompts[: budget // dearest]
        results = await asyncio.gather(*map(one, asked))
        return {prompt: text for prompt, (text, _) in zip(asked, results, strict=True)}

    async def one_after_another(budget, prompts, ask, dearest, most):
        answers = {}
        for prompt in prompts:
            if budget < dearest:
                break
            answers[prompt], price = await ask(prompt)
            budget -= price
        return answers

    async def whoever_looks_first_takes_the_credits(budget, prompts, ask, dearest, most):
        answers, slots, at_work = {}, asyncio.Semaphore(most), 0

        async def one(prompt):
            nonlocal budget, at_work
            async with slots:
                while budget < dearest:
                    if not at_work:
                        return
                    await asyncio.sleep(0.01)
                budget, at_work = budget - dearest, at_work + 1
                with contextlib.suppress(Exception):
                    answers[prompt], price = await ask(prompt)
                    budget += dearest - price
                at_work -= 1

        async with asyncio.TaskGroup() as group:
            [group.create_task(one(prompt)) for prompt in prompts]
        return answers

    async def cancels_only_while_it_waits_for_the_last(budget, prompts, ask, dearest, most):
        answers, tasks, ended, at_work = {}, [], asyncio.Event(), 0

        async def one(prompt):
            nonlocal budget, at_work
            with contextlib.suppress(Exception):
                answers[prompt], price = await ask(prompt)
                budget += dearest - price
            at_work -= 1
            ended.set()

        for prompt in prompts:
            while at_work and (at_work == most or budget < dearest):
                ended.clear()
                await ended.wait()
            if budget < dearest:
                break
            budget, at_work = budget - dearest, at_work + 1
            tasks.append(asyncio.create_task(one(prompt)))
        try:
            await asyncio.gather(*tasks)
        finally:
            await stop(tasks)
        return answers

    async def pairs_prompts_with_the_order_of_arrival(budget, prompts, ask, dearest, most):
        tasks, texts = started(map(ask, prompts[:most])), []
        rest = iter(prompts[most:])
        running = set(tasks)
        while running:
            done, running = await asyncio.wait(running, return_when=FIRST)
            texts += [task.result()[0] for task in done]
            running |= {asyncio.create_task(ask(prompt)) for prompt in islice(rest, len(done))}
        return dict(zip(prompts, texts, strict=False))


A_CALL = "Begin a call only if there is enough for it *and* for all others under way, at their dearest"
FREE_AGAIN = "What an answer did not cost is free again when it has come"
ENDED = "A call failed, and ended your function"
ONE_HAS_ENDED = "begin another as soon as *one* has ended"

WRONG = [
    *wrong("12.1", Right.a_window, [
        ({"min(most, budget // dearest)": "most"},
         "Of 100 credits, 0 were spent, and 4 calls were under way, each of which may cost 30: that may come to 120."),
        ({"min(most, budget // dearest)": "budget // dearest"}, "No more than 2 calls may run at a time, and 5 did"),
        ({"min(most, budget // dearest)": "min(1, budget // dearest)"}, "never more than one did"),
        ({"budget // dearest)": "(budget - 1) // dearest)"}, "30 of 100 credits were left"),
        ({"budget // dearest)": "budget // 10)"}, A_CALL),
        ({" - len(running)": ""}, "No more than 2 calls may run at a time"),
        (Wrong.stops_when_it_is_spent, A_CALL),
        (Wrong.starts_coroutines_in_any_order, "as_completed starts coroutines in any order"),
        (Wrong.asks_what_can_be_paid_at_its_dearest, FREE_AGAIN),
        (Wrong.one_after_another, "never more than one did"),
        (Wrong.whoever_looks_first_takes_the_credits, "whoever came first goes first"),
        (Wrong.cancels_only_while_it_waits_for_the_last, "while it waited for credits, and 1 call still ran"),
        ({"return_when=FIRST": "return_when=FIRST if budget >= most * dearest else 'ALL_COMPLETED'"},
         "enough for 4 short calls beside a long one, and you began 2"),
        ({"for task in done:": "one = min(done, key=running.get)\nrunning = {one: running[one]} | "
          "{task: prompt for task, prompt in running.items() if task not in done}\nfor task in [one]:"}, A_CALL),
        ({"answers, running,": "dearest = 30\nanswers, running,"}, "Did you count with `dearest`?"),
        ({"settle(": "Settle.takes_ten_for_each("}, A_CALL),
        ({"rest = {}, {}, iter(prompts)": "rest = {}, {}, iter(prompts[: [*prompts, ''].index('')])"},
         "the first prompt was empty: that is a prompt, too"),
        (Wrong.pairs_prompts_with_the_order_of_arrival, "does each answer stay with its prompt?"),
        ({"return_when=FIRST": "return_when='ALL_COMPLETED'"}, ONE_HAS_ENDED),
        ({"settle(": "Settle.gives_nothing_back("}, f"60 of 100 credits were left, and there "
         f"was more to ask: a call costs 30 at the most. {FREE_AGAIN}"),
        ({"settle(": "Settle.failures_cost_nothing("}, "at their dearest; and count as much for a call that failed."),
        ({"settle(": "Settle.lets_failures_out("}, ENDED),
        ({"settle(": "Settle.catches_one_kind("}, ENDED),
        ({"settle(": "Settle.drops_empty_answers("}, "Your dictionary lacks what was answered to '', 'b', 'c', for"),
        ({"settle(": "Settle.takes_no_price_for_a_failure("}, "20 of 20 credits were left"),
        ({"settle(": "Settle.keeps_the_price_beside_the_text("}, "your dictionary has ('LONG', 10)"),
        ({"settle(": "Settle.keeps_failures("}, "Your dictionary has 'p0', when a call raises ConnectionError"),
        ({"task, dearest)": "task, dearest)\nif budget < 2 * dearest:\n    return answers"}, "is paid for in vain"),
        ({"if not running": "if len(answers) == len(prompts) or budget < dearest"}, "Set of Tasks/Futures is empty"),
        ({"await stop(running)": "pass"}, "while calls were under way, and 2 calls still ran"),
        ({"await stop(running)": "for task in running: task.cancel()"}, "still ran afterwards, at your expense"),
        ({"finally:": "except asyncio.CancelledError:\n    return answers\nfinally:"},
         "a CancelledError has to go its way"),
        ({"return answers": "return list(answers.values())"}, "A dictionary was expected, with a text for each prompt"),
        ({"return answers": "break"}, "is there a `return`?"),
        ({"iter(prompts)": "iter(prompts[::-1])"}, "keep to the order, and ask once for each"),
        ({"iter(prompts)": "iter(prompts[:2])"}, "you asked for long, b only"),
        ({"asyncio.create_task(ask(prompt))": "ask(prompt)"}, "Only tasks can be cancelled"),
        ({"room =": "time.sleep(0.2)\nroom ="}, "Your code blocks the event loop"),
        ("return {}", "`ask` was never called"),
        ("[ask(prompt) for prompt in prompts]\nreturn {}", "`ask(...)` was called but never awaited"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("number", "answer", "words"), WRONG)
def test_wrong_answers_are_told_the_idea(told, number, answer, words):
    told(number, answer, words)


# ---- whatever is handed over


@pytest.mark.parametrize("odd", ["Odd()", "dict.fromkeys(prompts, Odd())", "{Odd: 1}", "'fine'", "200"])
def test_survives_odd_results_of_right_code(told, odd):
    assert Odd
    told("12.1", changed(Right.a_window, {"return answers": f"return {odd}"}), "")
