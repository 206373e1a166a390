"""The checks of chapter 08, the pitfalls clinic: right answers pass, wrong ones are told the idea."""

# ruff: noqa: N805, RUF006, SIM105 (answers of readers, in classes that are only groups)

import asyncio
import concurrent.futures
import contextlib
import multiprocessing
import sys
import time

import anyio
import pytest
from answers import Odd, changed, members, other_callables, right, wrong

from support.notebook_tools import NOTEBOOKS, Notebook
from support.steps_of_answers import started, stop

pytestmark = pytest.mark.slow(40)


async def first(tasks):
    """Return the first result, and leave the other tasks as they are."""
    for next_result in asyncio.as_completed(tasks):
        return await next_result


async def as_they_come(awaitables):
    return [await next_result for next_result in asyncio.as_completed(awaitables)]


async def or_lost(coroutine):
    try:
        return await coroutine
    except ConnectionError:
        return "lost"


# ---- right answers


class Right81:
    async def finally_stops_them(coroutines):
        tasks = started(coroutines)
        try:
            return await first(tasks)
        finally:
            await stop(tasks)

    async def waits_for_the_first(coroutines):
        tasks = started(coroutines)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def a_task_group_that_cancels(coroutines):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
            answer = await first(tasks)
            for task in tasks:
                task.cancel()
        return answer

    async def a_queue_of_answers(coroutines):
        answers = asyncio.Queue()

        async def one(coroutine):
            answers.put_nowait(await coroutine)

        tasks = started(map(one, coroutines))
        try:
            return await answers.get()
        finally:
            await stop(tasks)

    async def a_scope_of_anyio(coroutines):
        answers = []

        async def one(coroutine):
            answers.append(await coroutine)
            group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for coroutine in coroutines:
                group.start_soon(one, coroutine)
        return answers[0]


class Right82:
    async def workers_of_anyio(coroutines):
        results = []

        async def one(coroutine):
            results.append(await coroutine)

        async with anyio.create_task_group() as group:
            for coroutine in coroutines:
                group.start_soon(one, coroutine)
        return results

    async def tasks_first(coroutines):
        return await as_they_come(started(coroutines))

    async def a_set_of_tasks_made_in_order(coroutines):
        tasks = {asyncio.create_task(coroutine) for coroutine in coroutines}
        return await as_they_come(tasks)

    async def gather_that_notes(coroutines):
        results = []

        async def one(coroutine):
            results.append(await coroutine)

        await asyncio.gather(*map(one, coroutines))
        return results

    async def a_task_group(coroutines):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
            return await as_they_come(tasks)

    async def done_callbacks(coroutines):
        results = []
        tasks = started(coroutines)
        for task in tasks:
            task.add_done_callback(lambda task: results.append(task.result()))
        await asyncio.wait(tasks)
        return tuple(results)


class Right83:
    async def catches_every_exception(coroutines):
        received = []
        for next_result in asyncio.as_completed(started(coroutines)):
            try:
                received.append(await next_result)
            except Exception:
                received.append("lost")
        return received

    async def catches_inside_the_coroutine(coroutines):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(or_lost(coroutine)) for coroutine in coroutines]
            return await as_they_come(tasks)

    async def without_a_group(coroutines):
        received = []
        for next_result in asyncio.as_completed(started(coroutines)):
            try:
                received.append(await next_result)
            except ConnectionError:
                received.append("lost")
        return received

    async def a_group_and_a_list(coroutines):
        received = []

        async def one(coroutine):
            received.append(await or_lost(coroutine))

        async with asyncio.TaskGroup() as group:
            for coroutine in coroutines:
                group.create_task(one(coroutine))
        return received

    async def wait_and_look(coroutines):
        received, pending = [], started(coroutines)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            received += ["lost" if task.exception() else task.result() for task in done]
        return tuple(received)


class Right84:
    async def anyio_s_time_limit_around_a_wait(coroutines, sign_of_life):
        received, tasks = [], started(coroutines)
        while pending := [task for task in tasks if task not in received]:
            with anyio.move_on_after(0.06) as limit:
                done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                received += done
            if limit.cancelled_caught:
                sign_of_life()
        return [task.result() for task in received]

    async def a_timer_that_is_put_off(coroutines, sign_of_life):
        def sign():
            nonlocal timer
            sign_of_life()
            timer = loop.call_later(0.06, sign)

        loop, received = asyncio.get_running_loop(), []
        timer = loop.call_later(0.06, sign)
        try:
            for next_result in asyncio.as_completed(coroutines):
                received.append(await next_result)
                timer.cancel()
                timer = loop.call_later(0.06, sign)
        finally:
            timer.cancel()
        return received

    async def wait_again(coroutines, sign_of_life):
        received, pending = [], set(started(coroutines))
        while pending:
            done, pending = await asyncio.wait(pending, timeout=0.06, return_when=asyncio.FIRST_COMPLETED)
            received += [task.result() for task in done]
            if not done:
                sign_of_life()
        return received

    async def wait_for_a_shield_of_a_task(coroutines, sign_of_life):
        received = []
        for next_result in asyncio.as_completed(started(coroutines)):
            task = asyncio.ensure_future(next_result)
            while True:
                try:
                    received.append(await asyncio.wait_for(asyncio.shield(task), 0.06))
                    break
                except TimeoutError:
                    sign_of_life()
        return received

    async def waits_for_one_round_again(coroutines, sign_of_life):
        received = []
        for next_result in asyncio.as_completed(coroutines):
            task = asyncio.ensure_future(next_result)
            while not (await asyncio.wait([task], timeout=0.06))[0]:
                sign_of_life()
            received.append(await task)
        return received

    async def a_queue(coroutines, sign_of_life):
        queue, received = asyncio.Queue(), []

        async def one(coroutine):
            queue.put_nowait(await coroutine)

        tasks = started(map(one, coroutines))
        while len(received) < len(tasks):
            try:
                received.append(await asyncio.wait_for(queue.get(), 0.06))
            except TimeoutError:
                sign_of_life()
        await asyncio.gather(*tasks)
        return received

    async def a_ticker_beside_it(coroutines, sign_of_life):
        async def tick():
            while True:
                await asyncio.sleep(0.06)
                sign_of_life()

        ticker = asyncio.create_task(tick())
        try:
            return await as_they_come(coroutines)
        finally:
            await stop([ticker])

    async def looks_each_time_when_the_time_is_over(coroutines, sign_of_life):
        """Without FIRST_COMPLETED: a result may come 0.06 s late; nobody outside can see that."""
        received, pending = [], started(coroutines)
        while pending:
            done, pending = await asyncio.wait(pending, timeout=0.06)
            received += [task.result() for task in done]
            if not done:
                sign_of_life()
        return received

    async def polls_with_patience(coroutines, sign_of_life):
        received, pending, since = [], started(coroutines), time.perf_counter()
        while pending:
            await asyncio.sleep(0.01)
            if done := [task for task in pending if task.done()]:
                received += [task.result() for task in done]
                pending = [task for task in pending if task not in done]
                since = time.perf_counter()
            elif time.perf_counter() - since > 0.06:
                sign_of_life()
                since = time.perf_counter()
        return received


class Right85:
    async def serves_in_the_task(coroutines, serve):
        async def one(coroutine):
            result = await coroutine
            await serve(result)
            return result

        return await as_they_come(started(map(one, coroutines)))

    async def a_list_that_grows(coroutines, serve):
        results = []

        async def one(coroutine):
            result = await coroutine
            await serve(result)
            results.append(result)

        await asyncio.gather(*map(one, coroutines))
        return results

    async def begins_services_in_the_loop_and_awaits_them(coroutines, serve):
        results, services = [], []
        for next_result in asyncio.as_completed(coroutines):
            results.append(await next_result)
            services.append(asyncio.create_task(serve(results[-1])))
        await asyncio.gather(*services)
        return results

    async def a_task_group_for_the_services(coroutines, serve):
        results = []
        async with asyncio.TaskGroup() as group:
            for next_result in asyncio.as_completed(coroutines):
                results.append(await next_result)
                group.create_task(serve(results[-1]))
        return results


class Right86:
    async def to_thread(work, amounts):
        return await as_they_come([asyncio.to_thread(work, amount) for amount in amounts])

    async def tasks_of_to_thread(work, amounts):
        return await as_they_come(started(asyncio.to_thread(work, amount) for amount in amounts))

    async def run_in_executor(work, amounts):
        loop = asyncio.get_running_loop()
        return await as_they_come([loop.run_in_executor(None, work, amount) for amount in amounts])

    async def a_pool_of_their_own(work, amounts):
        loop = asyncio.get_running_loop()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            return await as_they_come([loop.run_in_executor(pool, work, amount) for amount in amounts])

    async def wraps_futures_of_a_pool(work, amounts):
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            return await as_they_come([asyncio.wrap_future(pool.submit(work, amount)) for amount in amounts])

    async def mends_the_worker(work, amounts):
        async def worker(amount):
            return await asyncio.to_thread(work, amount)

        results = []
        for next_result in asyncio.as_completed([worker(amount) for amount in amounts]):
            results.append(await next_result)
        return tuple(results)


class Right87:
    async def after_the_try(coroutines, bar):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            try:
                results.append(await next_result)
            except ConnectionError:
                pass
            bar.update()
        return results

    async def under_finally(coroutines, bar):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            try:
                results.append(await next_result)
            except ConnectionError:
                continue
            finally:
                bar.update(1)
        return results

    async def in_both_branches(coroutines, bar):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            try:
                result = await next_result
            except ConnectionError:
                bar.update(n=1)
            else:
                bar.update()
                results.append(result)
        return results

    async def in_the_coroutine(coroutines, bar):
        async def one(coroutine):
            try:
                return await or_lost(coroutine)
            finally:
                bar.update()

        return [result for result in await as_they_come([*map(one, coroutines)]) if result != "lost"]

    async def done_callbacks(coroutines, bar):
        tasks, results = started(coroutines), []
        for task in tasks:
            task.add_done_callback(lambda task: bar.update())
        for next_result in asyncio.as_completed(tasks):
            with contextlib.suppress(ConnectionError):
                results.append(await next_result)
        return tuple(results)


class Right88:
    async def callbacks(coroutines, kept, report):
        def ended(task):
            kept.discard(task)
            if not task.cancelled() and task.exception():
                report(task.exception())

        for coroutine in coroutines:
            task = asyncio.create_task(coroutine)
            kept.add(task)
            task.add_done_callback(ended)
        return len(coroutines)

    async def a_coroutine_around_each(coroutines, kept, report):
        async def one(coroutine):
            try:
                await coroutine
            except Exception as error:
                report(error)
            finally:
                kept.discard(asyncio.current_task())

        tasks = started(map(one, coroutines))
        kept.update(tasks)
        return len(tasks)

    async def a_callback_for_each_job(coroutines, kept, report):
        def look_at(task):
            try:
                task.result()
            except asyncio.CancelledError:
                pass
            except Exception as error:
                report(error)

        for task in started(coroutines):
            kept |= {task}
            task.add_done_callback(kept.discard)
            task.add_done_callback(look_at)
        return len(coroutines)

    async def the_function_that_begins_a_turn_later(coroutines, kept, report):
        await Right88.callbacks(coroutines, kept, report)
        await asyncio.sleep(0)
        return len(coroutines)

    async def tasks_that_are_watched_from_outside(coroutines, kept, report):
        async def watched(coroutine):
            [outcome] = await asyncio.gather(coroutine, return_exceptions=True)
            if isinstance(outcome, Exception):
                report(outcome)

        for coroutine in coroutines:
            task = asyncio.ensure_future(watched(coroutine))
            kept.add(task)
            task.add_done_callback(kept.remove)
        return len(coroutines)


GROUPS = {
    "8.1": Right81,
    "8.2": Right82,
    "8.3": Right83,
    "8.4": Right84,
    "8.5": Right85,
    "8.6": Right86,
    "8.7": Right87,
    "8.8": Right88,
}
ONE_RIGHT = {number: members(group)[0] for number, group in GROUPS.items()}
IN_NO_TIME = [number for number in GROUPS if number != "8.6"]
"""The exercises without threads, which take real time."""
AWAITED = [number for number in GROUPS if number != "8.8"]
"""The exercises in which nothing may run on when the answer has returned."""

RIGHT = [row for number, group in GROUPS.items() for row in right(number, members(group))]
OTHERS = [row for number in IN_NO_TIME for row in right(number, other_callables(ONE_RIGHT[number]))]


@pytest.mark.parametrize(("number", "answer"), RIGHT + OTHERS)
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer).startswith("✓")


# ---- wrong answers


class Wrong82:
    async def ends_with_none(coroutines):
        queue, results = asyncio.Queue(), []

        async def one(coroutine):
            queue.put_nowait(await coroutine)

        async def all_of_them():
            await asyncio.gather(*tasks)
            queue.put_nowait(None)

        tasks = started(map(one, coroutines))
        end = asyncio.create_task(all_of_them())
        while (result := await queue.get()) is not None:
            results.append(result)
        await end
        return results

    async def goes_on_when_cancelled(coroutines):
        results = []
        for next_result in asyncio.as_completed(started(coroutines)):
            with contextlib.suppress(asyncio.CancelledError):
                results.append(await next_result)
        return results


class Wrong83:
    async def is_ready_for_one_loss(coroutines):
        received, rounds = [], asyncio.as_completed(started(coroutines))
        try:
            for next_result in rounds:
                received.append(await next_result)
        except ConnectionError:
            received.append("lost")
        for next_result in rounds:
            received.append(await next_result)
        return received

    async def a_try_within_the_group(coroutines):
        received = []
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
            for next_result in asyncio.as_completed(tasks):
                try:
                    received.append(await next_result)
                except ConnectionError:
                    received.append("lost")
        return received

    async def a_try_around_the_group(coroutines):
        received = []
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(coroutine) for coroutine in coroutines]
                for next_result in asyncio.as_completed(tasks):
                    received.append(await next_result)
        except* ConnectionError:
            received.append("lost")
        return received


class Wrong84:
    async def wait_for_in_the_loop(coroutines, sign_of_life):
        received = []
        for next_result in asyncio.as_completed(coroutines):
            try:
                received.append(await asyncio.wait_for(next_result, 0.06))
            except TimeoutError:
                sign_of_life()
        return received

    async def timeout_in_the_loop(coroutines, sign_of_life):
        received = []
        async with asyncio.TaskGroup() as group:
            for next_result in asyncio.as_completed([group.create_task(coroutine) for coroutine in coroutines]):
                try:
                    async with asyncio.timeout(0.06):
                        received.append(await next_result)
                except TimeoutError:
                    sign_of_life()
        return received

    async def waits_for_the_next_task(coroutines, sign_of_life):
        """With the asynchronous iterator of Python 3.13 and later."""
        received, rounds = [], asyncio.as_completed(started(coroutines))
        while True:
            try:
                received.append(await (await asyncio.wait_for(anext(rounds), 0.06)))
            except TimeoutError:
                sign_of_life()
            except StopAsyncIteration:
                return received

    async def wait_for_the_task_again(coroutines, sign_of_life):
        received = []
        for task in started(coroutines):
            while not task.done():
                try:
                    await asyncio.wait_for(task, 0.06)
                except TimeoutError:
                    sign_of_life()
            if not task.cancelled():
                received.append(task.result())
        return received

    async def polls_and_signs(coroutines, sign_of_life):
        received, pending = [], started(coroutines)
        while pending:
            await asyncio.sleep(0.005)
            sign_of_life()
            received += [task.result() for task in pending if task.done()]
            pending = [task for task in pending if not task.done()]
        return received

    async def polls_without_pause(coroutines, sign_of_life):
        tasks = started(coroutines)
        began = time.perf_counter()
        while not all(task.done() for task in tasks):
            if time.perf_counter() - began > 0.06:
                sign_of_life()
                began = time.perf_counter()
            await asyncio.sleep(0)
        return [task.result() for task in tasks]


class Wrong86:
    async def a_process_pool(work, amounts):
        loop = asyncio.get_running_loop()
        with concurrent.futures.ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
            return await as_they_come([loop.run_in_executor(pool, work, amount) for amount in amounts])


class Wrong88:
    async def waits_for_all_of_them(coroutines, kept, report):
        tasks = started(coroutines)
        kept.update(tasks)
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                report(outcome)
        kept.difference_update(tasks)
        return len(tasks)

    async def a_task_group(coroutines, kept, report):
        try:
            async with asyncio.TaskGroup() as group:
                kept.update(group.create_task(coroutine) for coroutine in coroutines)
        except* Exception as errors:
            for error in errors.exceptions:
                report(error)
        return len(coroutines)

    async def one_task_for_all(coroutines, kept, report):
        async def all_of_them():
            for outcome in await asyncio.gather(*coroutines, return_exceptions=True):
                if isinstance(outcome, Exception):
                    report(outcome)
            kept.clear()

        kept.add(asyncio.create_task(all_of_them()))
        return len(coroutines)

    async def reports_in_the_end(coroutines, kept, report):
        async def look_at_them():
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, Exception):
                    report(outcome)
            kept.discard(asyncio.current_task())

        tasks = started(coroutines)
        kept.update(tasks)
        for task in tasks:
            task.add_done_callback(kept.discard)
        kept.add(asyncio.create_task(look_at_them()))
        return len(tasks)

    async def takes_out_the_last_of_the_loop(coroutines, kept, report):
        for coroutine in coroutines:
            task = asyncio.create_task(coroutine)
            kept.add(task)
            task.add_done_callback(lambda ended: kept.discard(task))  # noqa: B023 (the mistake)
        return len(coroutines)

    async def one_after_another(coroutines, kept, report):
        for task in started(coroutines):
            kept.add(task)
            try:
                await task
            except Exception as error:
                report(error)
            kept.discard(task)
        return len(coroutines)

    async def a_try_around_the_start(coroutines, kept, report):
        for coroutine in coroutines:
            try:
                task = asyncio.create_task(coroutine)
                kept.add(task)
                task.add_done_callback(kept.discard)
            except Exception as error:
                report(error)
        return len(coroutines)

    async def takes_out_all_when_one_ends(coroutines, kept, report):
        def ended(task):
            kept.clear()
            if not task.cancelled() and task.exception():
                report(task.exception())

        for coroutine in coroutines:
            task = asyncio.create_task(coroutine)
            kept.add(task)
            task.add_done_callback(ended)
        return len(coroutines)


STILL_RAN = "tasks still ran: cancel each of them, and then wait until it has stopped"
BLOCKING = "Your code blocks the event loop"
NOT_THE_ORDER = "your list is not in the order in which they were done"
INSIDE = "catch the exception inside the coroutine"
ROUND_GONE = "as_completed has as many rounds as tasks"
SIGN = "where is the sign of life?"
THREAD = "it has to run somewhere else, in a thread"
EARLY = "The bar moves too early"

ITS_WAY = "a CancelledError has to go its way"
FALSE = "What counts as false is a result, too"
WHEN_CANCELLED = "Your function was cancelled while it waited, and 4 of its calls still ran"
CANCEL = "for task in tasks: task.cancel()"
EACH = "for next_result in asyncio.as_completed(coroutines):"
TASKS_OF_GROUP = "[group.create_task(coroutine) for coroutine in coroutines]"

WRONG = [
    *wrong("8.1", Right81.finally_stops_them, [
        ("done, pending = await asyncio.wait(started(coroutines), return_when=asyncio.FIRST_COMPLETED)\n"
         "await stop(pending)\n"
         "return done.pop().result()",
         WHEN_CANCELLED),
        ("tasks = started(coroutines); answer = await first(tasks); await stop(tasks); return answer", WHEN_CANCELLED),
        ("tasks = started(coroutines)\n"
         "try: answer = await first(tasks)\n"
         "except Exception: await stop(tasks); raise\n"
         "await stop(tasks); return answer",
         WHEN_CANCELLED),
        ({"return await first(tasks)":
              "for each in asyncio.as_completed(tasks):\n"
              "    if answer := await each: return answer"},
         "calls the first answer is 0, and your function returned 'D'"),
        ({"finally:": "except asyncio.CancelledError: return 'nothing'\nfinally:"},
         f"and returned 'nothing': {ITS_WAY}"),
        ("return await first(started(coroutines))", f"2 {STILL_RAN}"),
        ("return await first(coroutines)", f"2 {STILL_RAN}"),
        ("for next_result in asyncio.as_completed(started(coroutines)): answer = await next_result; break\n"
         "return answer",
         f"2 {STILL_RAN}"),
        ({"await stop(tasks)": CANCEL}, f"2 {STILL_RAN}"),
        ({"await stop(tasks)": f"{CANCEL}\nasyncio.gather(*tasks, return_exceptions=True)"}, f"2 {STILL_RAN}"),
        ({"await stop(tasks)": f"{CANCEL}\nawait asyncio.sleep(0)"}, f"2 {STILL_RAN}"),
        ({"stop(tasks)": "stop(tasks[:1])"}, "1 task still ran"),
        ({"stop(tasks)": "asyncio.gather(*tasks)"}, "3 calls came to their end and are to be paid. Stop the others"),
        ("return (await asyncio.gather(*coroutines))[1]", "3 calls came to their end"),
        (f"async with asyncio.TaskGroup() as group: return await first({TASKS_OF_GROUP})", "3 calls came to their end"),
        ({"await stop": "await asyncio.sleep(0.25)\nawait stop"}, "2 calls came to their end"),
        ({"await stop(tasks)": f"{CANCEL}\nawait asyncio.gather(*tasks)"}, "Whoever awaits a cancelled task gets one"),
        ({"first(tasks)": "tasks[0]"}, "The first answer is Oslo's, and your function returned 'Rome'"),
        ("return await coroutines[1]", "Rome, Bern never began"),
        ("return [await Right81.finally_stops_them(coroutines)]", "your function returned ['Oslo']"),
        ("done, pending = await asyncio.wait(started(coroutines), return_when=asyncio.FIRST_COMPLETED)\n"
         "await stop(pending)\n"
         "return done.pop()",
         "You returned an awaitable: put `await` before it"),
        ("await Right81.finally_stops_them(coroutines)", "returned None: is there a `return`?"),
        ({"try": "await asyncio.sleep(0)\ntime.sleep(0.15)\ntry"}, BLOCKING),
    ]),
    *wrong("8.2", Right82.tasks_first, [
        ("return [result for result in await Right82.tasks_first(coroutines) if result]",
         f"your function returned ['D']. {FALSE}"),
        (Wrong82.ends_with_none, f"your function returned [0, '']. {FALSE}"),
        (Wrong82.goes_on_when_cancelled, ITS_WAY),
        ({"started(coroutines)": "coroutines"}, "Who makes the tasks, and from what?"),
        ({"started(coroutines)": "started(set(coroutines))"}, "Who makes the tasks, and from what?"),
        ({"started(coroutines)": "started(reversed(coroutines))"}, "They came in in another order"),
        ("return await asyncio.gather(*coroutines)", NOT_THE_ORDER),
        ("return [await task for task in started(coroutines)]", NOT_THE_ORDER),
        ("return sorted(await Right82.tasks_first(coroutines))", NOT_THE_ORDER),
        ("return [await coroutine for coroutine in coroutines]",
         "Each visitor had to wait until the one before had left"),
        ("return set(await Right82.tasks_first(coroutines))",
         "A list was expected, and your function returned {'visitor"),
        ("tasks = started(coroutines); await asyncio.wait(tasks); return tasks",
         "a list of awaitables: await what as_completed gives"),
        ("return list(asyncio.as_completed(started(coroutines)))",
         "a list of awaitables: await what as_completed gives"),
        ("return (await Right82.tasks_first(coroutines))[:1]",
         "The results of all 12 visitors were expected, and your function returned ['vis"),
        ({"return": "asyncio.create_task(asyncio.sleep(9))\nreturn"}, "`sleep` still ran"),
        ("tasks = started(coroutines); await asyncio.sleep(0); time.sleep(0.2); return await as_they_come(tasks)",
         BLOCKING),
    ]),
    *wrong("8.3", Right83.without_a_group, [
        ({"await next_result": "await next_result or 'lost'"}, f"returned ['lost', 'lost', 'lost', 'lost']. {FALSE}"),
        ({"except ConnectionError:":
              "except ConnectionError as error:\n"
              "    if type(error) is not ConnectionError: raise"},
         "raised ConnectionResetError: no answer from D, for other calls"),
        (Wrong83.is_ready_for_one_loss, "raised ConnectionError: no answer from A, when two letters are lost"),
        ({"ConnectionError": "BaseException"}, ITS_WAY),
        (Wrong83.a_try_within_the_group, f"a `try` inside the block comes too late: {INSIDE}"),
        (Wrong83.a_try_around_the_group, "C was cancelled when B failed: that is what a task group does"),
        ("return await as_they_come(started(coroutines))", "B's ConnectionError ended your function"),
        ("received = []\n"
         "try:\n"
         "    for each in asyncio.as_completed(started(coroutines)): received.append(await each)\n"
         "except ConnectionError: received.append('lost')\n"
         "return received",
         "returned before C arrived. B's failure is not the end"),
        ("return await asyncio.gather(*map(or_lost, coroutines))",
         "order D, A, lost, C, and your list is ['A', 'lost', 'C', 'D']"),
        ("outcomes = await asyncio.gather(*coroutines, return_exceptions=True)\n"
         "return ['lost' if isinstance(outcome, Exception) else outcome for outcome in outcomes]",
         "gather gives the order of its arguments, as_completed that of arrival"),
        ("return await asyncio.gather(*coroutines, return_exceptions=True)",
         "Expected was ['D', 'A', 'lost', 'C'], and your function returned"),
        ({"received.append(\"lost\")": "pass"}, "and your function returned ['D', 'A', 'C']"),
        ("return [await or_lost(coroutine) for coroutine in coroutines]",
         "one after another, in the order A, B, C, D: start all, then wait"),
        ("return ', '.join(await Right83.without_a_group(coroutines))",
         "A list was expected, and your function returned 'D, A, lost, C'"),
        ("tasks = started(map(or_lost, coroutines)); await asyncio.sleep(0); time.sleep(0.2); return await "
         "as_they_come(tasks)",
         BLOCKING),
    ]),
    *wrong("8.4", Right84.wait_again, [
        ("sign_of_life(); tasks = started(coroutines)\n"
         "asyncio.get_running_loop().call_later(0.3, sign_of_life)\n"
         "return await as_they_come(tasks)",
         "Your first sign of life came after 0.00 s: let 0.06 s pass"),
        ({"received +=":
              "if not done:\n"
              "    sign_of_life()\n"
              "    done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)\n"
              "received +="},
         "From 0.31 s on nothing was heard for 0.39 s. Call it whenever"),
        ({"done, pending =": "sign_of_life()\ndone, pending ="}, "Your first sign of life came after 0.00 s"),
        ({"in done]": "in done if task.result()]"}, f"your function returned ['D']. {FALSE}"),
        ({"done, pending =": "try: done, pending =",
          "received +=": "except asyncio.CancelledError: done = []\nreceived +="},
         ITS_WAY),
        (Wrong84.wait_for_in_the_loop, ROUND_GONE),
        (changed(Wrong84.wait_for_in_the_loop, {"(next_result, 0.06)": "(asyncio.shield(next_result), 0.06)"}),
         ROUND_GONE),
        (Wrong84.timeout_in_the_loop, ROUND_GONE),
        (Wrong84.waits_for_the_next_task, ROUND_GONE if sys.version_info >= (3, 13) else "not an async iterator"),
        ("received = []\n"
         "try:\n"
         "    for each in asyncio.as_completed(coroutines, timeout=0.06): received.append(await each)\n"
         "except TimeoutError: sign_of_life()\n"
         "return received",
         "A, C, B never arrived"),
        (changed(Wrong84.wait_for_in_the_loop,
                 {"asyncio.wait_for(next_result, 0.06)": "next_result",
                  "(coroutines)": "([asyncio.wait_for(coroutine, 0.06) for coroutine in coroutines])"}),
         "`wait_for` cancels what it waits for"),
        (Wrong84.wait_for_the_task_again, "`wait_for` cancels what it waits for"),
        ({"in done]": "in done] or [sign_of_life()]"}, "Only the results belong into the list, A, B and C"),
        ("tasks = started(coroutines); await asyncio.sleep(0.1); await stop(tasks); return ['A', 'C', 'B']",
         "A, C, B never arrived: cancelled before the end"),
        ("return await as_they_come(coroutines)", SIGN),
        (f"received = []\n{EACH} received.append(await next_result); sign_of_life()\nreturn received", SIGN),
        ("tasks = started(coroutines); await asyncio.sleep(0.06); sign_of_life(); return await as_they_come(tasks)",
         SIGN),
        (Wrong84.polls_and_signs, "Your first sign of life came after 0.01 s: let 0.06 s pass"),
        (Wrong84.polls_without_pause, "They finish in the order A, C, B; your list is ['A', 'B', 'C']"),
        ("received = []\n"
         "for task in started(coroutines):\n"
         "    while not (await asyncio.wait([task], timeout=0.06))[0]: sign_of_life()\n"
         "    received.append(task.result())\n"
         "return received",
         "They finish in the order A, C, B; your list is ['A', 'B', 'C']"),
        ({"sign_of_life()": "await sign_of_life()"}, "what stands behind it here is an ordinary value"),
        (changed(Right84.a_ticker_beside_it, {"await stop([ticker])": "pass"}),
         "`tick` still ran when your function returned"),
        (changed(Wrong84.polls_and_signs, {"await asyncio.sleep(0.005)": "await asyncio.sleep(0)\ntime.sleep(0.1)"}),
         BLOCKING),
    ]),
    *wrong("8.5", Right85.serves_in_the_task, [
        ({"as_they_come(started(map(one, coroutines)))": "asyncio.gather(*map(one, coroutines))"},
         "the order of service; your function returned ['D', 'B', 'A', 'C']"),
        ({"result = await coroutine": "if not (result := await coroutine): return result"},
         f"0, '', None and 'D', and not all of them were served. {FALSE}"),
        ("tasks = started(coroutines)\n"
         "with contextlib.suppress(BaseException): return await Right85.serves_in_the_task(tasks, serve)\n"
         "return [task.result() for task in tasks if task.done()]",
         ITS_WAY),
        (f"results = []\n{EACH} results.append(await next_result); await serve(results[-1])\nreturn results",
         "the services wait for one another"),
        ("results = await asyncio.gather(*coroutines)\nfor result in results: await serve(result)\nreturn results",
         "the services wait for one another"),
        ("results = await asyncio.gather(*coroutines); await asyncio.gather(*map(serve, results)); return results",
         "don't wait for the others before you serve"),
        ("results = []\n"
         f"{EACH} results.append(await next_result); asyncio.create_task(serve(results[-1]))\n"
         "return results",
         "D. Await every service that you begin"),
        (changed(Right85.begins_services_in_the_loop_and_awaits_them,
                 {"asyncio.gather(*services)": "asyncio.wait(services[-1:], timeout=0.15)"}),
         "D. Await every service that you begin"),
        (f"results = []\n{EACH} results.append(await next_result); serve(results[-1])\nreturn results",
         "`serve(...)` was called but never awaited"),
        ("return await as_they_come(coroutines)", "Not served to the end when your function returned: A, B, C, D."),
        (f"{EACH} await serve(next_result); await next_result", "serve takes a result, such as 'A', not coroutine"),
        ({"result = await coroutine": "await serve(coroutine)"}, "serve takes a result, such as 'A', not coroutine"),
        ({"await serve(result)": "result = await serve(result)"},
         "your function returned ['None', 'None', 'None', 'None']"),
        ("return (await Right85.serves_in_the_task(coroutines, serve))[::-1]",
         "the order of service; your function returned ['D', 'C', 'B', 'A']"),
        ({"await serve": "time.sleep(0.1)\nawait serve"}, BLOCKING),
    ]),
    *wrong("8.6", Right86.to_thread, [
        (changed(Right86.mends_the_worker, {"await asyncio.to_thread(work, amount)": "work(amount)"}), THREAD),
        (changed(Right86.mends_the_worker,
                 {"return await asyncio.to_thread(work, amount)": "await asyncio.sleep(0)\nreturn work(amount)"}),
         THREAD),
        ("with concurrent.futures.ThreadPoolExecutor() as pool: futures = [pool.submit(work, amount) for amount "
         "in amounts]\n"
         "return [future.result() for future in concurrent.futures.as_completed(futures)]",
         THREAD),
        ("return [await asyncio.to_thread(work, amount) for amount in amounts]",
         "the sum: one thread after another. Start all, then wait"),
        (changed(Right86.a_pool_of_their_own, {"ThreadPoolExecutor()": "ThreadPoolExecutor(max_workers=1)"}),
         "the sum: one thread after another"),
        ("return await asyncio.to_thread(lambda: sorted(map(work, amounts)))", "the sum: one thread after another"),
        ("return await asyncio.gather(*(asyncio.to_thread(work, amount) for amount in amounts))",
         "as they come, [0.0, 0.1, 0.3, 0.5], and your function returned [0.0, 0.5"),
        (changed(Right86.mends_the_worker, {"asyncio.to_thread(work, amount)": "asyncio.sleep(amount, result=amount)"}),
         "`work` should run once for each amount, and ran for []"),
        ({"return": "await asyncio.gather(*(asyncio.to_thread(work, amount) for amount in amounts))\nreturn"},
         "`work` should run once for each amount, and ran for [0.0, 0.1, 0.3, 0.5, 0.0"),
        ({"(work, amount)": "(work(amount))"}, "as in `to_thread(function, argument)`"),
        ("for amount in amounts: asyncio.to_thread(work, amount)\nreturn sorted(amounts)",
         "`to_thread(...)` was called but never awaited"),
        ("return await [asyncio.to_thread(work, amount) for amount in amounts]", "await each of them"),
        ("return list(asyncio.as_completed([asyncio.to_thread(work, amount) for amount in amounts]))",
         "only `await` gives you the result"),
        (Wrong86.a_process_pool, "can't be sent to another process. A thread is enough here"),
        ("return [result for result in await Right86.to_thread(work, amounts) if result]",
         "[0.0, 0.1, 0.3, 0.5], and your function returned [0.1, 0.3, 0.5]"),
        ("with contextlib.suppress(BaseException): return await Right86.to_thread(work, amounts)\nreturn []",
         f"and returned []: {ITS_WAY}"),
    ]),
    *wrong("8.7", Right87.after_the_try, [
        ("return [result for result in await Right87.after_the_try(coroutines, bar) if result]",
         f"and your function returned []. {FALSE}"),
        ({"except ConnectionError:":
              "except ConnectionError as error:\n"
              "    if type(error) is not ConnectionError: raise"},
         "raised ConnectionResetError: no answer from D, for other calls"),
        ({"ConnectionError": "BaseException"}, ITS_WAY),
        ({"pass": "continue"}, "The bar ends at 3 of 4. A call that fails has ended, too"),
        ({"bar.update()": "pass", "return": "bar.update(4)\nreturn"},
         "each call that ends moves the bar by 1, not by 4"),
        ({"bar.update()": "pass", "return": "for _ in coroutines: bar.update()\nreturn"},
         "it did not move when the calls ended"),
        ({"pass": "continue", "return": "bar.update(4 - len(results))\nreturn"},
         "it did not move when the calls ended"),
        ({"bar.update()": "pass", "try:": "bar.update()\ntry:"}, EARLY),
        ({"(await next_result)": "(await next_result)\nbar.update()"}, "it was moved once more"),
        ({"next_result in asyncio.as_completed(coroutines)": "task in started(coroutines)",
          "await next_result": "await task"},
         "it did not move when the calls ended"),
        (changed(Right87.in_the_coroutine,
                 {"as_they_come([*map(one, coroutines)])": "asyncio.gather(*map(one, coroutines))"}),
         "Expected were the results that arrived, ['B', 'D', 'A']"),
        ({"bar.update()": "pass"}, "The bar was never moved"),
        ({"ConnectionError": "ValueError"}, "C's ConnectionError ended your function"),
        ({"update()": "update(0.25)"}, "moves the bar by 1, not by 0.25"),
        ({"bar.update()": "bar.n += 1"}, "can do one thing, `bar.update()`"),
        ("with bar: return await Right87.after_the_try(coroutines, bar)", "can do one thing, `bar.update()`"),
        ("return [await next_result for next_result in bar(asyncio.as_completed(coroutines))]",
         "can do one thing, `bar.update()`"),
        ({"pass": "results.append('lost')"}, "and your function returned ['B', 'D', 'lost', 'A']"),
        ("tasks = started(coroutines); await asyncio.sleep(0); time.sleep(0.15); return await "
         "Right87.after_the_try(tasks, bar)",
         BLOCKING),
    ]),
    *wrong("8.8", Right88.callbacks, [
        ("return len(started(coroutines))", "returned, 5 of its tasks run on, and `kept` has none of them"),
        ({"kept.add(task)": "pass"}, "`kept` has none of them: nobody holds them"),
        ({"kept.add(task)": "kept = {task}"}, "`kept` has none of them"),
        ({"kept.add(task)": "kept.add(coroutine)"}, "and that is no task: put in what `asyncio.create_task` returns"),
        ({"kept.add(task)": "kept.add(task.get_name())"}, "and that is no task"),
        ({"kept.add(task)": "if len(kept) < 2: kept.add(task)"},
         "5 calls run on, and `kept` holds 1 of your tasks"),
        (Wrong88.one_task_for_all, "5 calls run on, and `kept` holds 1 of your tasks"),
        ({"kept.discard(task)": "pass"}, "its task was still in `kept`: such a set only grows"),
        ({"task.add_done_callback(ended)": "task.add_done_callback(lambda task: None)"}, "such a set only grows"),
        (Wrong88.takes_out_all_when_one_ends, "A task of somebody else's was in `kept`"),
        ({"kept.discard(task)": "[kept.discard(other) for other in [*kept] if type(other) is type(task)]"},
         "You let go of a task that still ran"),
        (Wrong88.takes_out_the_last_of_the_loop, "gets that very task: use it, and not the loop's variable"),
        ({"def ended": "async def ended"}, "and nobody awaits that: write a plain `def`"),
        ({"add_done_callback(ended)": "add_done_callback(ended(task))"}, "Hand over the function itself"),
        (Wrong88.a_try_around_the_start, "A and D failed, and `report` was not called. `create_task` raises nothing"),
        ({"report(task.exception())": "if isinstance(task.exception(), ConnectionError): report(task.exception())"},
         "D failed, and `report` was not called"),
        ({"report(task.exception())": "pass"}, "Who looks at it then?"),
        ({"report(task.exception())": "raise task.exception()"}, "Who looks at it then?"),
        ({" and task.exception()": ""}, "`report` was called with None: it takes an exception"),
        ({"report(task.exception())": "report(task)"}, "it takes an exception, and only a call that failed has one"),
        ({"report(task.exception())": "report(str(task.exception()))"}, "was called with 'no answer from A'"),
        ({"not task.cancelled() and ": ""}, "ask `task.cancelled()` first"),
        (changed(Right88.a_coroutine_around_each, {"except Exception": "except BaseException"}),
         "B was cancelled, and that is no failure"),
        ({"report(task.exception())": "report(task.exception()); report(task.exception())"},
         "`report` was called 4 times"),
        (Wrong88.reports_in_the_end, "Both failures were reported, but only when all calls had ended"),
        (Wrong88.waits_for_all_of_them, "Your function waited for its calls"),
        (Wrong88.a_task_group, "Your function waited for its calls"),
        ("return await asyncio.gather(*coroutines)", "Your function waited for its calls"),
        ("return [await coroutine for coroutine in coroutines]", "Your function waited for its calls"),
        (Wrong88.one_after_another, "Your function waited for its calls"),
        ({"return len(coroutines)": "return len(kept)"}, "that number was expected, and your function returned 6"),
        ({"return len(coroutines)": "time.sleep(0.2)\nreturn len(coroutines)"}, BLOCKING),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("number", "answer", "words"), WRONG)
def test_wrong_answers_are_told_the_idea(told, number, answer, words):
    told(number, answer, words)


# ---- wrong in the same way in each exercise


@pytest.mark.parametrize("number", AWAITED)
def test_what_is_left_running_is_told(told, number):
    async def answer(*arguments):
        asyncio.create_task(asyncio.sleep(9))
        return await ONE_RIGHT[number](*arguments)

    told(number, answer, "still ran")


@pytest.mark.parametrize("number", [number for number in AWAITED if number != "8.6"])  # 8.6 hands over no coroutines
def test_calls_that_never_began_are_told(told, number):
    async def answer(coroutines, *others):
        return [await coroutines[0]]

    told(number, answer, "never began")


@pytest.mark.parametrize("number", GROUPS)
@pytest.mark.parametrize("odd", [Odd, lambda: [Odd()], lambda: (1, None), dict, lambda: "Rome", lambda: 1])
def test_survives_odd_results_of_right_code(told, number, odd):
    async def answer(*arguments):
        await ONE_RIGHT[number](*arguments)
        return odd()

    told(number, answer, "our function returned")


# ---- the notebook's own stubs, as they stand there

CHAPTER = Notebook(NOTEBOOKS / "08_pitfalls_clinic.ipynb")
STUBS = [cell.source for cell in CHAPTER.code_cells if "# TODO" in cell.source]
PITFALLS = [
    "tasks still ran",
    "They came in in another order",
    INSIDE,
    ROUND_GONE,
    "the services wait for one another",
    "The event loop still stood still",
    "The bar ends at 3 of 4",
    "`kept` has none of them",
]


@pytest.mark.parametrize(("number", "stub", "words"), [*zip(GROUPS, STUBS, PITFALLS, strict=True)])
def test_each_stub_of_the_notebook_is_told_its_pitfall(told, number, stub, words):
    names = {"asyncio": asyncio}
    exec(stub, names)
    [answer] = [value for name, value in names.items() if name != "asyncio" and callable(value)]
    told(number, answer, words)


def test_as_completed_is_what_it_was_after_the_check_of_rounds(judge):
    usual = asyncio.as_completed
    judge("8.4", Wrong84.wait_for_in_the_loop)
    assert asyncio.as_completed is usual
