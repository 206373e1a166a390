"""The checks and predictions of chapter 08, the pitfalls clinic: right answers pass, wrong ones are told the idea."""

# ruff: noqa: ASYNC251, N805, RUF006, SIM105 (answers of readers, in classes that are only groups)

import asyncio
import concurrent.futures
import contextlib
import multiprocessing
import sys
import time
from functools import partial

import anyio
import pytest
from test_checks import ANYTHING, Endless

from support.notebook_tools import Notebook, notebook_paths
from support.steps_of_answers import started, stop
from workshop.exercises import predictions, runner

NUMBERS = ["8.1", "8.2", "8.3", "8.4", "8.5", "8.6", "8.7"]


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

        return [result for result in await as_they_come(map_in_a_list(one, coroutines)) if result != "lost"]

    async def done_callbacks(coroutines, bar):
        tasks, results = started(coroutines), []
        for task in tasks:
            task.add_done_callback(lambda task: bar.update())
        for next_result in asyncio.as_completed(tasks):
            with contextlib.suppress(ConnectionError):
                results.append(await next_result)
        return tuple(results)


def map_in_a_list(function, values):
    return [function(value) for value in values]


RIGHT = {
    "8.1": Right81,
    "8.2": Right82,
    "8.3": Right83,
    "8.4": Right84,
    "8.5": Right85,
    "8.6": Right86,
    "8.7": Right87,
}


def members(group):
    return [answer for name, answer in vars(group).items() if not name.startswith("__")]


async def does_the_right_thing(number, *arguments):
    return await members(RIGHT[number])[0](*arguments)


RIGHT_ROWS = [(number, answer) for number, group in RIGHT.items() for answer in members(group)]


def names(rows):
    return [f"{number}-{answer.__name__}" for number, answer, *_ in rows]


@pytest.mark.parametrize(("number", "answer"), RIGHT_ROWS, ids=names(RIGHT_ROWS))
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer).startswith(f"✓ {number} ")


class HasCall:
    def __init__(self, answer):
        self.answer = answer

    async def __call__(self, *arguments):
        return await self.answer(*arguments)


@pytest.mark.parametrize("number", [number for number in NUMBERS if number != "8.6"])  # takes real time
def test_other_callables_pass(judge, number):
    right = members(RIGHT[number])[0]
    for answer in (partial(right), lambda *arguments: right(*arguments), HasCall(right)):
        assert judge(number, answer).startswith(f"✓ {number} ")


# ---- wrong answers: (number, answer, words of the line)


class Wrong81:
    async def cancels_nothing(coroutines):
        return await first(started(coroutines))

    async def hands_over_the_coroutines(coroutines):
        return await first(coroutines)

    async def breaks(coroutines):
        for next_result in asyncio.as_completed(started(coroutines)):
            answer = await next_result
            break
        return answer

    async def waits_for_the_first_without_finally(coroutines):
        done, pending = await asyncio.wait(started(coroutines), return_when=asyncio.FIRST_COMPLETED)
        await stop(pending)
        return done.pop().result()

    async def cancels_only_after_the_answer(coroutines):
        tasks = started(coroutines)
        answer = await first(tasks)
        await stop(tasks)
        return answer

    async def cancels_after_exceptions_only(coroutines):
        tasks = started(coroutines)
        try:
            answer = await first(tasks)
        except Exception:
            await stop(tasks)
            raise
        await stop(tasks)
        return answer

    async def takes_the_first_that_is_true(coroutines):
        tasks = started(coroutines)
        try:
            for next_result in asyncio.as_completed(tasks):
                if answer := await next_result:
                    return answer
        finally:
            await stop(tasks)

    async def says_that_none_is_there_when_cancelled(coroutines):
        tasks = started(coroutines)
        try:
            return await first(tasks)
        except asyncio.CancelledError:
            return "nothing"
        finally:
            await stop(tasks)

    async def cancels_without_waiting(coroutines):
        tasks = started(coroutines)
        try:
            return await first(tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def forgets_await_of_the_gather(coroutines):
        tasks = started(coroutines)
        answer = await first(tasks)
        for task in tasks:
            task.cancel()
        asyncio.gather(*tasks, return_exceptions=True)
        return answer

    async def waits_only_a_moment(coroutines):
        tasks = started(coroutines)
        answer = await first(tasks)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0)
        return answer

    async def cancels_one_of_them(coroutines):
        tasks = started(coroutines)
        answer = await first(tasks)
        await stop(tasks[:1])
        return answer

    async def waits_for_the_others(coroutines):
        tasks = started(coroutines)
        answer = await first(tasks)
        await asyncio.gather(*tasks)
        return answer

    async def gathers(coroutines):
        return (await asyncio.gather(*coroutines))[1]

    async def a_task_group_around_it(coroutines):
        async with asyncio.TaskGroup() as group:
            return await first([group.create_task(coroutine) for coroutine in coroutines])

    async def waits_a_while(coroutines):
        tasks = started(coroutines)
        answer = await first(tasks)
        await asyncio.sleep(0.25)
        await stop(tasks)
        return answer

    async def awaits_gather_of_the_cancelled(coroutines):
        tasks = started(coroutines)
        answer = await first(tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
        return answer

    async def awaits_them_in_turn(coroutines):
        tasks = started(coroutines)
        try:
            return await tasks[0]
        finally:
            await stop(tasks)

    async def runs_one(coroutines):
        return await coroutines[1]

    async def gives_a_list(coroutines):
        return [await Right81.finally_stops_them(coroutines)]

    async def gives_a_task(coroutines):
        done, pending = await asyncio.wait(started(coroutines), return_when=asyncio.FIRST_COMPLETED)
        await stop(pending)
        return done.pop()

    async def forgets_return(coroutines):
        await Right81.finally_stops_them(coroutines)

    async def blocks(coroutines):
        tasks = started(coroutines)
        await asyncio.sleep(0)
        time.sleep(0.15)
        try:
            return await first(tasks)
        finally:
            await stop(tasks)


class Wrong82:
    async def leaves_out_what_is_false(coroutines):
        return [result for result in await Right82.tasks_first(coroutines) if result]

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

    async def hands_over_the_coroutines(coroutines):
        return await as_they_come(coroutines)

    async def makes_tasks_of_a_set(coroutines):
        return await as_they_come(started(set(coroutines)))

    async def last_first(coroutines):
        return await as_they_come(started(reversed(coroutines)))

    async def gathers(coroutines):
        return await asyncio.gather(*coroutines)

    async def awaits_the_tasks_in_turn(coroutines):
        return [await task for task in started(coroutines)]

    async def runs_one_by_one(coroutines):
        return [await coroutine for coroutine in coroutines]

    async def sorts(coroutines):
        return sorted(await Right82.tasks_first(coroutines))

    async def gives_a_set(coroutines):
        return set(await Right82.tasks_first(coroutines))

    async def gives_tasks(coroutines):
        tasks = started(coroutines)
        await asyncio.wait(tasks)
        return tasks

    async def forgets_await(coroutines):
        return list(asyncio.as_completed(started(coroutines)))

    async def gives_the_first(coroutines):
        return (await Right82.tasks_first(coroutines))[:1]

    async def leaves_a_timer(coroutines):
        asyncio.create_task(asyncio.sleep(9))
        return await Right82.tasks_first(coroutines)

    async def blocks(coroutines):
        tasks = started(coroutines)
        await asyncio.sleep(0)
        time.sleep(0.2)
        return await as_they_come(tasks)


class Wrong83:
    async def takes_what_is_false_for_lost(coroutines):
        return [result or "lost" for result in await Right83.without_a_group(coroutines)]

    async def looks_for_one_kind_of_exception(coroutines):
        received = []
        for next_result in asyncio.as_completed(started(coroutines)):
            try:
                received.append(await next_result)
            except ConnectionError as error:
                if type(error) is not ConnectionError:
                    raise
                received.append("lost")
        return received

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

    async def catches_base_exceptions(coroutines):
        received = []
        for next_result in asyncio.as_completed(started(coroutines)):
            try:
                received.append(await next_result)
            except BaseException:
                received.append("lost")
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

    async def no_try(coroutines):
        return await as_they_come(started(coroutines))

    async def a_try_around_the_loop(coroutines):
        received = []
        try:
            for next_result in asyncio.as_completed(started(coroutines)):
                received.append(await next_result)
        except ConnectionError:
            received.append("lost")
        return received

    async def gathers_in_input_order(coroutines):
        return await asyncio.gather(*map(or_lost, coroutines))

    async def gathers_exceptions(coroutines):
        outcomes = await asyncio.gather(*coroutines, return_exceptions=True)
        return ["lost" if isinstance(outcome, Exception) else outcome for outcome in outcomes]

    async def returns_the_exception(coroutines):
        return await asyncio.gather(*coroutines, return_exceptions=True)

    async def leaves_it_out(coroutines):
        return [result for result in await Right83.without_a_group(coroutines) if result != "lost"]

    async def runs_one_by_one(coroutines):
        return [await or_lost(coroutine) for coroutine in coroutines]

    async def gives_a_text(coroutines):
        return ", ".join(await Right83.without_a_group(coroutines))

    async def blocks(coroutines):
        tasks = started(coroutines)
        await asyncio.sleep(0)
        time.sleep(0.2)
        return await Right83.catches_inside_the_coroutine(tasks)


class Wrong84:
    async def two_signs_of_life(coroutines, sign_of_life):
        sign_of_life()
        tasks = started(coroutines)
        asyncio.get_running_loop().call_later(0.3, sign_of_life)
        return await as_they_come(tasks)

    async def one_sign_for_each_result(coroutines, sign_of_life):
        received, pending = [], set(started(coroutines))
        while pending:
            done, pending = await asyncio.wait(pending, timeout=0.06, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                sign_of_life()
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            received += [task.result() for task in done]
        return received

    async def a_sign_begins_each_wait(coroutines, sign_of_life):
        received, pending = [], set(started(coroutines))
        while pending:
            sign_of_life()
            done, pending = await asyncio.wait(pending, timeout=0.06, return_when=asyncio.FIRST_COMPLETED)
            received += [task.result() for task in done]
        return received

    async def signs_when_a_result_is_false(coroutines, sign_of_life):
        received, pending = [], set(started(coroutines))
        while pending:
            done, pending = await asyncio.wait(pending, timeout=0.06, return_when=asyncio.FIRST_COMPLETED)
            received += [task.result() for task in done if task.result()]
            if not done:
                sign_of_life()
        return received

    async def takes_a_cancellation_for_a_timeout(coroutines, sign_of_life):
        received, pending = [], set(started(coroutines))
        while pending:
            try:
                done, pending = await asyncio.wait(pending, timeout=0.06, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                done = []
            received += [task.result() for task in done]
            if not done:
                sign_of_life()
        return received

    async def wait_for_in_the_loop(coroutines, sign_of_life):
        received = []
        for next_result in asyncio.as_completed(coroutines):
            try:
                received.append(await asyncio.wait_for(next_result, 0.06))
            except TimeoutError:
                sign_of_life()
        return received

    async def wait_for_with_shield(coroutines, sign_of_life):
        received = []
        for next_result in asyncio.as_completed(coroutines):
            try:
                received.append(await asyncio.wait_for(asyncio.shield(next_result), 0.06))
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

    async def wait_for_each_call(coroutines, sign_of_life):
        received = []
        for next_result in asyncio.as_completed([asyncio.wait_for(coroutine, 0.06) for coroutine in coroutines]):
            try:
                received.append(await next_result)
            except TimeoutError:
                sign_of_life()
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

    async def a_limit_for_all(coroutines, sign_of_life):
        received = []
        try:
            for next_result in asyncio.as_completed(coroutines, timeout=0.06):
                received.append(await next_result)
        except TimeoutError:
            sign_of_life()
        return received

    async def puts_none_into_the_list(coroutines, sign_of_life):
        received, pending = [], set(started(coroutines))
        while pending:
            done, pending = await asyncio.wait(pending, timeout=0.06, return_when=asyncio.FIRST_COMPLETED)
            received += [task.result() for task in done] or [sign_of_life()]
        return received

    async def makes_it_up(coroutines, sign_of_life):
        tasks = started(coroutines)
        await asyncio.sleep(0.1)
        await stop(tasks)
        return ["A", "C", "B"]

    async def no_sign(coroutines, sign_of_life):
        return await as_they_come(coroutines)

    async def a_sign_for_each_result(coroutines, sign_of_life):
        received = []
        for next_result in asyncio.as_completed(coroutines):
            received.append(await next_result)
            sign_of_life()
        return received

    async def a_sign_only_in_the_beginning(coroutines, sign_of_life):
        tasks = started(coroutines)
        await asyncio.sleep(0.06)
        sign_of_life()
        return await as_they_come(tasks)

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

    async def waits_in_turn(coroutines, sign_of_life):
        received = []
        for task in started(coroutines):
            while not (await asyncio.wait([task], timeout=0.06))[0]:
                sign_of_life()
            received.append(task.result())
        return received

    async def awaits_the_sign(coroutines, sign_of_life):
        pending = set(started(coroutines))
        try:
            while pending:
                done, pending = await asyncio.wait(pending, timeout=0.06, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    await sign_of_life()
        finally:
            await stop(pending)

    async def forgets_the_ticker(coroutines, sign_of_life):
        async def tick():
            while True:
                await asyncio.sleep(0.06)
                sign_of_life()

        asyncio.create_task(tick())
        return await as_they_come(coroutines)

    async def blocks(coroutines, sign_of_life):
        pending, received = started(coroutines), []
        while pending:
            await asyncio.sleep(0)
            time.sleep(0.1)
            received += [task.result() for task in pending if task.done()]
            pending = [task for task in pending if not task.done()]
            sign_of_life()
        return received


class Wrong85:
    async def gathers_what_is_served(coroutines, serve):
        async def one(coroutine):
            result = await coroutine
            await serve(result)
            return result

        return await asyncio.gather(*map(one, coroutines))

    async def serves_what_is_true(coroutines, serve):
        async def one(coroutine):
            if result := await coroutine:
                await serve(result)
            return result

        return await as_they_come(started(map(one, coroutines)))

    async def goes_on_when_cancelled(coroutines, serve):
        tasks = started(coroutines)
        with contextlib.suppress(BaseException):
            return await Right85.serves_in_the_task(tasks, serve)
        return [task.result() for task in tasks if task.done()]

    async def one_after_another(coroutines, serve):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            results.append(await next_result)
            await serve(results[-1])
        return results

    async def gathers_and_serves_one_by_one(coroutines, serve):
        results = await asyncio.gather(*coroutines)
        for result in results:
            await serve(result)
        return results

    async def gathers_and_serves_together(coroutines, serve):
        results = await asyncio.gather(*coroutines)
        await asyncio.gather(*map(serve, results))
        return results

    async def forgets_the_services(coroutines, serve):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            results.append(await next_result)
            asyncio.create_task(serve(results[-1]))
        return results

    async def awaits_the_last_service_only(coroutines, serve):
        results, service = [], None
        for next_result in asyncio.as_completed(coroutines):
            results.append(await next_result)
            service = asyncio.create_task(asyncio.wait_for(serve(results[-1]), 0.15))
        with contextlib.suppress(TimeoutError):
            await service
        return results

    async def forgets_await_of_serve(coroutines, serve):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            results.append(await next_result)
            serve(results[-1])
        return results

    async def serves_nothing(coroutines, serve):
        return await as_they_come(coroutines)

    async def serves_the_awaitable(coroutines, serve):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            await serve(next_result)
            results.append(await next_result)
        return results

    async def serves_before_it_is_ready(coroutines, serve):
        async def one(coroutine):
            await serve(coroutine)
            return await coroutine

        return await as_they_come(map_in_a_list(one, coroutines))

    async def returns_what_serve_returns(coroutines, serve):
        async def one(coroutine):
            return await serve(await coroutine)

        return await as_they_come(map_in_a_list(one, coroutines))

    async def last_first(coroutines, serve):
        return list(reversed(await Right85.serves_in_the_task(coroutines, serve)))

    async def blocks(coroutines, serve):
        async def one(coroutine):
            result = await coroutine
            time.sleep(0.1)
            await serve(result)
            return result

        return await as_they_come(map_in_a_list(one, coroutines))


class Wrong86:
    async def leaves_out_what_is_false(work, amounts):
        return [result for result in await Right86.to_thread(work, amounts) if result]

    async def gives_what_it_has_when_cancelled(work, amounts):
        results = []
        try:
            for next_result in asyncio.as_completed([asyncio.to_thread(work, amount) for amount in amounts]):
                results.append(await next_result)
        except BaseException:
            pass
        return results

    async def a_process_pool(work, amounts):
        loop = asyncio.get_running_loop()
        with concurrent.futures.ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
            return await as_they_come([loop.run_in_executor(pool, work, amount) for amount in amounts])

    async def async_def_around_it(work, amounts):
        async def worker(amount):
            return work(amount)

        return await as_they_come(map_in_a_list(worker, amounts))

    async def sleeps_a_moment_before(work, amounts):
        async def worker(amount):
            await asyncio.sleep(0)
            return work(amount)

        return await as_they_come(map_in_a_list(worker, amounts))

    async def one_thread_after_another(work, amounts):
        return [await asyncio.to_thread(work, amount) for amount in amounts]

    async def one_thread_in_the_pool(work, amounts):
        loop = asyncio.get_running_loop()
        with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
            return await as_they_come([loop.run_in_executor(pool, work, amount) for amount in amounts])

    async def all_of_them_in_one_thread(work, amounts):
        return await asyncio.to_thread(lambda: sorted(work(amount) for amount in amounts))

    async def asks_the_pool_for_the_result(work, amounts):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            futures = [pool.submit(work, amount) for amount in amounts]
            return [future.result() for future in concurrent.futures.as_completed(futures)]

    async def gathers(work, amounts):
        return await asyncio.gather(*(asyncio.to_thread(work, amount) for amount in amounts))

    async def sleeps_in_place_of_the_work(work, amounts):
        async def worker(amount):
            await asyncio.sleep(amount)
            return amount

        return await as_they_come(map_in_a_list(worker, amounts))

    async def works_twice(work, amounts):
        await asyncio.gather(*(asyncio.to_thread(work, amount) for amount in amounts))
        return await as_they_come([asyncio.to_thread(work, amount) for amount in amounts])

    async def calls_it_before_the_thread_does(work, amounts):
        return await as_they_come([asyncio.to_thread(work(amount)) for amount in amounts])

    async def forgets_await_of_to_thread(work, amounts):
        for amount in amounts:
            asyncio.to_thread(work, amount)
        return sorted(amounts)

    async def awaits_the_list(work, amounts):
        return await [asyncio.to_thread(work, amount) for amount in amounts]

    async def forgets_await_of_as_completed(work, amounts):
        return list(asyncio.as_completed([asyncio.to_thread(work, amount) for amount in amounts]))


class Wrong87:
    async def leaves_out_what_is_false(coroutines, bar):
        return [result for result in await Right87.after_the_try(coroutines, bar) if result]

    async def looks_for_one_kind_of_exception(coroutines, bar):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            try:
                results.append(await next_result)
            except ConnectionError as error:
                if type(error) is not ConnectionError:
                    raise
            bar.update()
        return results

    async def catches_base_exceptions(coroutines, bar):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            with contextlib.suppress(BaseException):
                results.append(await next_result)
            bar.update()
        return results

    async def moves_on_success_only(coroutines, bar):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            try:
                results.append(await next_result)
                bar.update()
            except ConnectionError:
                pass
        return results

    async def moves_at_the_end(coroutines, bar):
        results = await Right83.without_a_group(coroutines)
        bar.update(len(results))
        return [result for result in results if result != "lost"]

    async def moves_at_the_end_by_one_each(coroutines, bar):
        results = await Right83.without_a_group(coroutines)
        for _ in results:
            bar.update()
        return [result for result in results if result != "lost"]

    async def moves_the_rest_at_the_end(coroutines, bar):
        results = await Wrong87.moves_on_success_only(coroutines, bar)
        bar.update(4 - len(results))
        return results

    async def moves_before_the_await(coroutines, bar):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            bar.update()
            with contextlib.suppress(ConnectionError):
                results.append(await next_result)
        return results

    async def moves_twice_on_success(coroutines, bar):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            try:
                results.append(await next_result)
                bar.update()
            except ConnectionError:
                pass
            finally:
                bar.update()
        return results

    async def moves_in_the_order_of_the_list(coroutines, bar):
        results = []
        for task in started(coroutines):
            with contextlib.suppress(ConnectionError):
                results.append(await task)
            bar.update()
        return results

    async def gathers(coroutines, bar):
        async def one(coroutine):
            try:
                return await or_lost(coroutine)
            finally:
                bar.update()

        return [result for result in await asyncio.gather(*map(one, coroutines)) if result != "lost"]

    async def never_moves(coroutines, bar):
        return [result for result in await Right83.without_a_group(coroutines) if result != "lost"]

    async def does_not_catch(coroutines, bar):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            try:
                results.append(await next_result)
            finally:
                bar.update()
        return results

    async def moves_by_a_share(coroutines, bar):
        for next_result in asyncio.as_completed(coroutines):
            with contextlib.suppress(ConnectionError):
                await next_result
            bar.update(0.25)

    async def moves_by_hand(coroutines, bar):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            with contextlib.suppress(ConnectionError):
                results.append(await next_result)
            bar.n += 1
        return results

    async def opens_the_bar(coroutines, bar):
        with bar:
            return await Right87.after_the_try(coroutines, bar)

    async def loops_over_the_bar(coroutines, bar):
        return [await next_result for next_result in bar(asyncio.as_completed(coroutines))]

    async def keeps_the_failures(coroutines, bar):
        results = []
        for next_result in asyncio.as_completed(coroutines):
            results.append(await or_lost(next_result))
            bar.update()
        return results

    async def blocks(coroutines, bar):
        tasks = started(coroutines)
        await asyncio.sleep(0)
        time.sleep(0.15)
        return await Right87.after_the_try(tasks, bar)


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

WRONG = [
    ("8.1", Wrong81.waits_for_the_first_without_finally, WHEN_CANCELLED),
    ("8.1", Wrong81.cancels_only_after_the_answer, WHEN_CANCELLED),
    ("8.1", Wrong81.cancels_after_exceptions_only, WHEN_CANCELLED),
    ("8.1", Wrong81.takes_the_first_that_is_true, "calls the first answer is 0, and your function returned 'D'"),
    ("8.1", Wrong81.says_that_none_is_there_when_cancelled, f"and returned 'nothing': {ITS_WAY}"),
    ("8.2", Wrong82.leaves_out_what_is_false, f"your function returned ['D']. {FALSE}"),
    ("8.2", Wrong82.ends_with_none, f"your function returned [0, '']. {FALSE}"),
    ("8.2", Wrong82.goes_on_when_cancelled, ITS_WAY),
    ("8.3", Wrong83.takes_what_is_false_for_lost, f"returned ['lost', 'lost', 'lost', 'lost']. {FALSE}"),
    ("8.3", Wrong83.looks_for_one_kind_of_exception, "raised ConnectionResetError: no answer from D, for other calls"),
    ("8.3", Wrong83.is_ready_for_one_loss, "raised ConnectionError: no answer from A, when two letters are lost"),
    ("8.3", Wrong83.catches_base_exceptions, ITS_WAY),
    ("8.4", Wrong84.two_signs_of_life, "Your first sign of life came after 0.00 s: let 0.06 s pass"),
    ("8.4", Wrong84.one_sign_for_each_result, "From 0.31 s on nothing was heard for 0.39 s. Call it whenever"),
    ("8.4", Wrong84.a_sign_begins_each_wait, "Your first sign of life came after 0.00 s"),
    ("8.4", Wrong84.signs_when_a_result_is_false, f"your function returned ['D']. {FALSE}"),
    ("8.4", Wrong84.takes_a_cancellation_for_a_timeout, ITS_WAY),
    ("8.5", Wrong85.gathers_what_is_served, "the order of service; your function returned ['D', 'B', 'A', 'C']"),
    ("8.5", Wrong85.serves_what_is_true, f"0, '', None and 'D', and not all of them were served. {FALSE}"),
    ("8.5", Wrong85.goes_on_when_cancelled, ITS_WAY),
    ("8.7", Wrong87.leaves_out_what_is_false, f"and your function returned []. {FALSE}"),
    ("8.7", Wrong87.looks_for_one_kind_of_exception, "raised ConnectionResetError: no answer from D, for other calls"),
    ("8.7", Wrong87.catches_base_exceptions, ITS_WAY),
    ("8.1", Wrong81.cancels_nothing, f"2 {STILL_RAN}"),
    ("8.1", Wrong81.hands_over_the_coroutines, f"2 {STILL_RAN}"),
    ("8.1", Wrong81.breaks, f"2 {STILL_RAN}"),
    ("8.1", Wrong81.cancels_without_waiting, f"2 {STILL_RAN}"),
    ("8.1", Wrong81.forgets_await_of_the_gather, f"2 {STILL_RAN}"),
    ("8.1", Wrong81.waits_only_a_moment, f"2 {STILL_RAN}"),
    ("8.1", Wrong81.cancels_one_of_them, "1 task still ran"),
    ("8.1", Wrong81.waits_for_the_others, "3 calls came to their end and are to be paid. Stop the others"),
    ("8.1", Wrong81.gathers, "3 calls came to their end"),
    ("8.1", Wrong81.a_task_group_around_it, "3 calls came to their end"),
    ("8.1", Wrong81.waits_a_while, "2 calls came to their end"),
    ("8.1", Wrong81.awaits_gather_of_the_cancelled, "Whoever awaits a cancelled task gets one"),
    ("8.1", Wrong81.awaits_them_in_turn, "The first answer is Oslo's, and your function returned 'Rome'"),
    ("8.1", Wrong81.runs_one, "Rome, Bern never began"),
    ("8.1", Wrong81.gives_a_list, "your function returned ['Oslo']"),
    ("8.1", Wrong81.gives_a_task, "You returned an awaitable: put `await` before it"),
    ("8.1", Wrong81.forgets_return, "returned None: is there a `return`?"),
    ("8.1", Wrong81.blocks, BLOCKING),
    ("8.2", Wrong82.hands_over_the_coroutines, "Who makes the tasks, and from what?"),
    ("8.2", Wrong82.makes_tasks_of_a_set, "Who makes the tasks, and from what?"),
    ("8.2", Wrong82.last_first, "They came in in another order"),
    ("8.2", Wrong82.gathers, NOT_THE_ORDER),
    ("8.2", Wrong82.awaits_the_tasks_in_turn, NOT_THE_ORDER),
    ("8.2", Wrong82.sorts, NOT_THE_ORDER),
    ("8.2", Wrong82.runs_one_by_one, "Each visitor had to wait until the one before had left"),
    ("8.2", Wrong82.gives_a_set, "A list was expected, and your function returned {'visitor"),
    ("8.2", Wrong82.gives_tasks, "a list of awaitables: await what as_completed gives"),
    ("8.2", Wrong82.forgets_await, "a list of awaitables: await what as_completed gives"),
    ("8.2", Wrong82.gives_the_first, "The results of all 12 visitors were expected, and your function returned ['vis"),
    ("8.2", Wrong82.leaves_a_timer, "`sleep` still ran"),
    ("8.2", Wrong82.blocks, BLOCKING),
    ("8.3", Wrong83.a_try_within_the_group, f"a `try` inside the block comes too late: {INSIDE}"),
    ("8.3", Wrong83.a_try_around_the_group, "C was cancelled when B failed: that is what a task group does"),
    ("8.3", Wrong83.no_try, "B's ConnectionError ended your function"),
    ("8.3", Wrong83.a_try_around_the_loop, "returned before C arrived. B's failure is not the end"),
    ("8.3", Wrong83.gathers_in_input_order, "order D, A, lost, C, and your list is ['A', 'lost', 'C', 'D']"),
    ("8.3", Wrong83.gathers_exceptions, "gather gives the order of its arguments, as_completed that of arrival"),
    ("8.3", Wrong83.returns_the_exception, "Expected was ['D', 'A', 'lost', 'C'], and your function returned"),
    ("8.3", Wrong83.leaves_it_out, "and your function returned ['D', 'A', 'C']"),
    ("8.3", Wrong83.runs_one_by_one, "one after another, in the order A, B, C, D: start all, then wait"),
    ("8.3", Wrong83.gives_a_text, "A list was expected, and your function returned 'D, A, lost, C'"),
    ("8.3", Wrong83.blocks, BLOCKING),
    ("8.4", Wrong84.wait_for_in_the_loop, ROUND_GONE),
    ("8.4", Wrong84.wait_for_with_shield, ROUND_GONE),
    ("8.4", Wrong84.timeout_in_the_loop, ROUND_GONE),
    ("8.4", Wrong84.waits_for_the_next_task, ROUND_GONE if sys.version_info >= (3, 13) else "not an async iterator"),
    ("8.4", Wrong84.a_limit_for_all, "A, C, B never arrived"),
    ("8.4", Wrong84.wait_for_each_call, "`wait_for` cancels what it waits for"),
    ("8.4", Wrong84.wait_for_the_task_again, "`wait_for` cancels what it waits for"),
    ("8.4", Wrong84.puts_none_into_the_list, "Only the results belong into the list, A, B and C"),
    ("8.4", Wrong84.makes_it_up, "A, C, B never arrived: cancelled before the end"),
    ("8.4", Wrong84.no_sign, SIGN),
    ("8.4", Wrong84.a_sign_for_each_result, SIGN),
    ("8.4", Wrong84.a_sign_only_in_the_beginning, SIGN),
    ("8.4", Wrong84.polls_and_signs, "Your first sign of life came after 0.01 s: let 0.06 s pass"),
    ("8.4", Wrong84.polls_without_pause, "They finish in the order A, C, B; your list is ['A', 'B', 'C']"),
    ("8.4", Wrong84.waits_in_turn, "They finish in the order A, C, B; your list is ['A', 'B', 'C']"),
    ("8.4", Wrong84.awaits_the_sign, "what stands behind it here is an ordinary value"),
    ("8.4", Wrong84.forgets_the_ticker, "`tick` still ran when your function returned"),
    ("8.4", Wrong84.blocks, BLOCKING),
    ("8.5", Wrong85.one_after_another, "the services wait for one another"),
    ("8.5", Wrong85.gathers_and_serves_one_by_one, "the services wait for one another"),
    ("8.5", Wrong85.gathers_and_serves_together, "don't wait for the others before you serve"),
    ("8.5", Wrong85.forgets_the_services, "D. Await every service that you begin"),
    ("8.5", Wrong85.awaits_the_last_service_only, "D. Await every service that you begin"),
    ("8.5", Wrong85.forgets_await_of_serve, "`serve(...)` was called but never awaited"),
    ("8.5", Wrong85.serves_nothing, "Not served to the end when your function returned: A, B, C, D."),
    ("8.5", Wrong85.serves_the_awaitable, "serve takes a result, such as 'A', not coroutine"),
    ("8.5", Wrong85.serves_before_it_is_ready, "serve takes a result, such as 'A', not coroutine"),
    ("8.5", Wrong85.returns_what_serve_returns, "your function returned ['None', 'None', 'None', 'None']"),
    ("8.5", Wrong85.last_first, "the order of service; your function returned ['D', 'C', 'B', 'A']"),
    ("8.5", Wrong85.blocks, BLOCKING),
    ("8.6", Wrong86.async_def_around_it, THREAD),
    ("8.6", Wrong86.sleeps_a_moment_before, THREAD),
    ("8.6", Wrong86.asks_the_pool_for_the_result, THREAD),
    ("8.6", Wrong86.one_thread_after_another, "the sum: one thread after another. Start all, then wait"),
    ("8.6", Wrong86.one_thread_in_the_pool, "the sum: one thread after another"),
    ("8.6", Wrong86.all_of_them_in_one_thread, "the sum: one thread after another"),
    ("8.6", Wrong86.gathers, "as they come, [0.0, 0.1, 0.3, 0.5], and your function returned [0.0, 0.5"),
    ("8.6", Wrong86.sleeps_in_place_of_the_work, "`work` should run once for each amount, and ran for []"),
    ("8.6", Wrong86.works_twice, "`work` should run once for each amount, and ran for [0.0, 0.1, 0.3, 0.5, 0.0"),
    ("8.6", Wrong86.calls_it_before_the_thread_does, "as in `to_thread(function, argument)`"),
    ("8.6", Wrong86.forgets_await_of_to_thread, "`to_thread(...)` was called but never awaited"),
    ("8.6", Wrong86.awaits_the_list, "await each of them"),
    ("8.6", Wrong86.forgets_await_of_as_completed, "only `await` gives you the result"),
    ("8.6", Wrong86.a_process_pool, "can't be sent to another process. A thread is enough here"),
    ("8.6", Wrong86.leaves_out_what_is_false, "[0.0, 0.1, 0.3, 0.5], and your function returned [0.1, 0.3, 0.5]"),
    ("8.6", Wrong86.gives_what_it_has_when_cancelled, f"and returned []: {ITS_WAY}"),
    ("8.7", Wrong87.moves_on_success_only, "The bar ends at 3 of 4. A call that fails has ended, too"),
    ("8.7", Wrong87.moves_at_the_end, "each call that ends moves the bar by 1, not by 4"),
    ("8.7", Wrong87.moves_at_the_end_by_one_each, "it did not move when the calls ended"),
    ("8.7", Wrong87.moves_the_rest_at_the_end, "it did not move when the calls ended"),
    ("8.7", Wrong87.moves_before_the_await, EARLY),
    ("8.7", Wrong87.moves_twice_on_success, "it was moved once more"),
    ("8.7", Wrong87.moves_in_the_order_of_the_list, "it did not move when the calls ended"),
    ("8.7", Wrong87.gathers, "Expected were the results that arrived, ['B', 'D', 'A']"),
    ("8.7", Wrong87.never_moves, "The bar was never moved"),
    ("8.7", Wrong87.does_not_catch, "C's ConnectionError ended your function"),
    ("8.7", Wrong87.moves_by_a_share, "moves the bar by 1, not by 0.25"),
    ("8.7", Wrong87.moves_by_hand, "can do one thing, `bar.update()`"),
    ("8.7", Wrong87.opens_the_bar, "can do one thing, `bar.update()`"),
    ("8.7", Wrong87.loops_over_the_bar, "can do one thing, `bar.update()`"),
    ("8.7", Wrong87.keeps_the_failures, "and your function returned ['B', 'D', 'lost', 'A']"),
    ("8.7", Wrong87.blocks, BLOCKING),
]  # fmt: skip


@pytest.mark.parametrize(("number", "answer", "words"), WRONG, ids=names(WRONG))
def test_wrong_answers_are_told_the_idea(judge, number, answer, words):
    line = judge(number, answer)
    assert line.startswith("✗")
    assert words in line
    assert "confused the check" not in line


@pytest.mark.parametrize("group", [Wrong81, Wrong82, Wrong83, Wrong84, Wrong85, Wrong86, Wrong87])
def test_each_wrong_answer_is_tried(group):
    assert {answer for _, answer, _ in WRONG} >= set(members(group))


# ---- wrong in the same way in each exercise


@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_left_running_is_told(judge, number):
    async def answer(*arguments):
        asyncio.create_task(asyncio.sleep(9))
        return await does_the_right_thing(number, *arguments)

    line = judge(number, answer)
    assert line.startswith("✗")
    assert "still ran" in line


@pytest.mark.parametrize("number", [number for number in NUMBERS if number != "8.6"])  # 8.6 hands over no coroutines
def test_calls_that_never_began_are_told(judge, number):
    async def answer(coroutines, *others):
        return [await coroutines[0]]

    line = judge(number, answer)
    assert line.startswith("✗")
    assert "never began" in line


# ---- whatever is handed over


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(("answer", "words"), ANYTHING, ids=[getattr(a, "__name__", str(a)) for a, _ in ANYTHING])
def test_survives(judge, number, answer, words):
    line = judge(number, answer)
    assert line.startswith("✗")
    assert words.lower() in line.lower()
    assert "confused the check" not in line


class Odd:
    """Raises whatever is done to it."""

    __hash__ = None

    def __eq__(self, other):
        raise ArithmeticError

    def __repr__(self):
        raise ArithmeticError


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("odd", [Odd, lambda: [Odd()], lambda: (1, None), dict, lambda: "Rome", lambda: 1])
def test_survives_odd_results_of_right_code(judge, number, odd):
    async def answer(*arguments):
        await does_the_right_thing(number, *arguments)
        return odd()

    line = judge(number, answer)
    assert line.startswith("✗")
    assert "your function returned" in line.lower()


@pytest.mark.parametrize("number", NUMBERS)
def test_a_coroutine_in_place_of_the_function(judge, number):
    assert "without parentheses" in judge(number, Endless.waits())


@pytest.mark.parametrize("number", NUMBERS)
def test_an_endless_wait_is_ended(judge, monkeypatch, number):
    monkeypatch.setattr(runner, "WAIT_LIMIT", 0.5)
    assert "still waited after 0.5 s" in judge(number, Endless.waits)


# ---- the notebook's own stubs, as they stand there

[NOTEBOOK] = [path for path in notebook_paths() if path.name.startswith("08_")]
STUBS = [cell.source for cell in Notebook(NOTEBOOK).code_cells if "# TODO" in cell.source]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("8.1", "tasks still ran"),
        ("8.2", "They came in in another order"),
        ("8.3", INSIDE),
        ("8.4", ROUND_GONE),
        ("8.5", "the services wait for one another"),
        ("8.6", "The event loop still stood still"),
        ("8.7", "The bar ends at 3 of 4"),
    ],
)
def test_each_stub_of_the_notebook_is_told_its_pitfall(judge, number, words):
    assert len(STUBS) == len(NUMBERS)
    names = {"asyncio": asyncio}
    exec(STUBS[NUMBERS.index(number)], names)
    [stub] = [value for name, value in names.items() if name != "asyncio" and callable(value)]
    line = judge(number, stub)
    assert line.startswith("✗")
    assert words in line


# ---- predictions


@pytest.mark.parametrize(
    ("number", "observed", "words"),
    [
        ("8.1", (["A"],), "1 call was paid"),
        ("8.1", (["A", "B", "C"],), "3 calls were paid"),
        ("8.2", ([0],), "1 visitors came in"),
        ("8.3", ([], "cancelled"), "nothing was received, and C ended with: cancelled"),
        ("8.3", (["A", "lost"], "result"), "A, lost was received, and C ended with: result"),
        ("8.4", (["A"],), "1 of 3 results arrived"),
        ("8.5", (["A", "B", "C"],), "3 of 3 results arrived"),
        ("8.6", (None,), "the time was up before any result"),
        ("8.6", (0.7,), "the first result was received at 0.70 s"),
        ("8.7", (None,), "your run ended without an error"),
        ("8.7", (TypeError("no"),), "your run ended with TypeError"),
    ],
)
def test_the_verdict_says_what_the_run_did(number, observed, words):
    _, did = predictions.PREDICTIONS[number].verdict(*observed)
    assert words in did


def test_as_completed_is_what_it_was_after_the_check_of_rounds(judge):
    usual = asyncio.as_completed
    judge("8.4", Wrong84.wait_for_in_the_loop)
    assert asyncio.as_completed is usual
