"""The checks and predictions of chapter 04, timeouts: right answers pass, wrong ones are told the idea."""

# ruff: noqa: ASYNC251, B904, N805, RUF006, SIM105 (answers of readers, in classes that are only groups)

import asyncio
import contextlib
import functools
import time

import anyio
import pytest
from test_checks import ANYTHING, CANCELLED_AFTER, Endless

from support.steps_of_answers import started, stop
from workshop.exercises import predictions, runner


async def collect(seconds, tasks):
    """Return what arrives in time, and leave the tasks as they are."""
    results = []
    with contextlib.suppress(TimeoutError):
        for next_result in asyncio.as_completed(tasks, timeout=seconds):
            results.append(await next_result)
    return results


async def first(tasks):
    """Return the first good result, and leave the tasks as they are."""
    for next_result in asyncio.as_completed(tasks):
        try:
            return await next_result
        except Exception:
            pass
    raise LookupError("all failed")


# ---- right answers


class Right41:
    async def finally_stops_them(seconds, coroutines):
        tasks = started(coroutines)
        try:
            return await collect(seconds, tasks)
        finally:
            await stop(tasks)

    async def catches_inside_the_loop(seconds, coroutines):
        tasks, results = started(coroutines), []
        try:
            for next_result in asyncio.as_completed(tasks, timeout=seconds):
                try:
                    results.append(await next_result)
                except TimeoutError:
                    pass
            return results
        finally:
            await stop(tasks)

    async def timeout_around_the_loop(seconds, coroutines):
        tasks, results = started(coroutines), []
        try:
            async with asyncio.timeout(seconds):
                for next_result in asyncio.as_completed(tasks):
                    results.append(await next_result)
        except TimeoutError:
            pass
        finally:
            await stop(tasks)
        return results

    async def wait_until_the_deadline(seconds, coroutines):
        loop = asyncio.get_running_loop()
        deadline, pending, results = loop.time() + seconds, set(started(coroutines)), []
        try:
            while pending and loop.time() < deadline:
                rest = deadline - loop.time()
                done, pending = await asyncio.wait(pending, timeout=rest, return_when=asyncio.FIRST_COMPLETED)
                results += [task.result() for task in done]
        finally:
            await stop(pending)
        return results

    async def cancels_and_then_waits(seconds, coroutines):
        tasks = started(coroutines)
        try:
            return await collect(seconds, tasks)
        finally:
            pending = [task for task in tasks if not task.done()]
            for task in pending:
                task.cancel()
            if pending:
                await asyncio.wait(pending)

    async def awaits_each_cancelled_task(seconds, coroutines):
        tasks = started(coroutines)
        try:
            return await collect(seconds, tasks)
        finally:
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def catches_the_cancellation_and_raises_it_again(seconds, coroutines):
        tasks = started(coroutines)
        try:
            results = await collect(seconds, tasks)
        except asyncio.CancelledError:
            await stop(tasks)
            raise
        await stop(tasks)
        return results

    async def a_limit_for_each(seconds, coroutines):
        results, tasks = [], started(asyncio.wait_for(each, seconds) for each in coroutines)
        try:
            for next_result in asyncio.as_completed(tasks):
                with contextlib.suppress(TimeoutError):
                    results.append(await next_result)
        finally:
            await stop(tasks)
        return results

    async def a_limit_for_each_in_a_gather(seconds, coroutines):
        results = []

        async def one(coroutine):
            with contextlib.suppress(TimeoutError):
                results.append(await asyncio.wait_for(coroutine, seconds))

        await asyncio.gather(*map(one, coroutines))
        return results

    async def an_asynchronous_comprehension(seconds, coroutines):
        tasks = started(coroutines)

        async def arrivals():
            with contextlib.suppress(TimeoutError):
                for next_result in asyncio.as_completed(tasks, timeout=seconds):
                    yield await next_result

        try:
            return [result async for result in arrivals()]
        finally:
            await stop(tasks)

    async def anyio_cancels_the_rest(seconds, coroutines):
        results = []

        async def one(coroutine):
            results.append(await coroutine)

        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as group:
                for coroutine in coroutines:
                    group.start_soon(one, coroutine)
        return results

    async def callbacks(seconds, coroutines):
        results, tasks = [], started(coroutines)
        for task in tasks:
            task.add_done_callback(lambda task: task.cancelled() or results.append(task.result()))
        try:
            await asyncio.wait(tasks, timeout=seconds)
        finally:
            await stop(tasks)
        return results

    class AnObjectThatIsCalled:
        async def __call__(self, seconds, coroutines):
            return await Right41.finally_stops_them(seconds, coroutines)

    an_object_that_is_called = AnObjectThatIsCalled()

    arguments_that_are_known = functools.partial(finally_stops_them)

    async def a_task_group(seconds, coroutines):
        results = []

        async def one(coroutine):
            results.append(await coroutine)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for coroutine in coroutines:
                    group.create_task(one(coroutine))
        return results

    async def wait_for_a_gather_that_collects(seconds, coroutines):
        results = []

        async def one(coroutine):
            results.append(await coroutine)

        try:
            await asyncio.wait_for(asyncio.gather(*map(one, coroutines)), seconds)
        except TimeoutError:
            pass
        return tuple(results)


class Right42:
    async def finally_stops_them(coroutines):
        tasks = started(coroutines)
        try:
            return await first(tasks)
        finally:
            await stop(tasks)

    async def breaks_and_stops_them(coroutines):
        tasks, found = started(coroutines), []
        try:
            for next_result in asyncio.as_completed(tasks):
                try:
                    found.append(await next_result)
                    break
                except Exception:
                    continue
        finally:
            await stop(tasks)
        if not found:
            raise LookupError
        return found[0]

    async def waits_for_the_first(coroutines):
        tasks = pending = set(started(coroutines))
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if task.exception() is None:
                        return task.result()
            raise LookupError("none")
        finally:
            await stop(tasks)

    async def a_task_group(coroutines):
        class FoundError(Exception):
            pass

        found = []

        async def one(coroutine):
            try:
                found.append(await coroutine)
            except Exception:
                return
            raise FoundError

        try:
            async with asyncio.TaskGroup() as group:
                for coroutine in coroutines:
                    group.create_task(one(coroutine))
        except* FoundError:
            pass
        if not found:
            raise LookupError("every call failed")
        return found[0]

    async def a_task_group_that_cancels(coroutines):
        async with asyncio.TaskGroup() as group:

            async def one(coroutine):
                with contextlib.suppress(Exception):
                    return [await coroutine]

            tasks = [group.create_task(one(coroutine)) for coroutine in coroutines]
            for next_result in asyncio.as_completed(tasks):
                if results := await next_result:
                    for task in tasks:
                        task.cancel()
                    return results[0]
        raise LookupError("every call failed")

    async def a_queue_and_a_count(coroutines):
        queue = asyncio.Queue()

        async def one(coroutine):
            try:
                queue.put_nowait((await coroutine, True))
            except Exception as error:
                queue.put_nowait((error, False))

        tasks = started(map(one, coroutines))
        try:
            for _ in tasks:
                result, good = await queue.get()
                if good:
                    return result
            raise LookupError("every call failed")
        finally:
            await stop(tasks)

    async def anyio_cancels_the_rest(coroutines):
        found = []

        async def one(coroutine):
            with contextlib.suppress(Exception):
                found.append(await coroutine)
                group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for coroutine in coroutines:
                group.start_soon(one, coroutine)
        if not found:
            raise LookupError
        return found[0]

    async def a_lookup_error_of_its_own(coroutines):
        class NoAnswerError(LookupError):
            pass

        try:
            return await Right42.finally_stops_them(coroutines)
        except LookupError:
            raise NoAnswerError("nobody answered")

    async def a_key_error(coroutines):
        try:
            return await Right42.finally_stops_them(coroutines)
        except LookupError:
            return {}["answer"]

    class AnObjectThatIsCalled:
        async def __call__(self, coroutines):
            return await Right42.finally_stops_them(coroutines)

    an_object_that_is_called = AnObjectThatIsCalled()

    arguments_that_are_known = functools.partial(finally_stops_them)


def answers(number, group):
    return [
        pytest.param(number, answer, id=f"{number}-{name}")
        for name, answer in vars(group).items()
        if not name.startswith("__") and not isinstance(answer, type)
    ]


@pytest.mark.parametrize(("number", "answer"), answers("4.1", Right41) + answers("4.2", Right42))
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer).startswith("✓")


# ---- wrong answers: (number, answer, words of the line)


class Wrong41:
    async def cancels_the_coroutines(seconds, coroutines):
        results = await collect(seconds, coroutines)
        for coroutine in coroutines:
            coroutine.cancel()
        return results

    async def cancels_nothing(seconds, coroutines):
        return await collect(seconds, started(coroutines))

    async def hands_over_the_coroutines(seconds, coroutines):
        return await collect(seconds, coroutines)

    async def cancels_without_waiting(seconds, coroutines):
        tasks = started(coroutines)
        results = await collect(seconds, tasks)
        for task in tasks:
            task.cancel()
        return results

    async def cancels_all_but_one(seconds, coroutines):
        tasks = started(coroutines)
        results = await collect(seconds, tasks)
        await stop(tasks[1:])
        return results

    async def lets_timeout_error_escape(seconds, coroutines):
        tasks, results = started(coroutines), []
        try:
            for next_result in asyncio.as_completed(tasks, timeout=seconds):
                results.append(await next_result)
        finally:
            await stop(tasks)
        return results

    async def lets_timeout_error_escape_from_gather(seconds, coroutines):
        return await asyncio.wait_for(asyncio.gather(*coroutines), seconds)

    async def gathers_all_or_nothing(seconds, coroutines):
        try:
            return await asyncio.wait_for(asyncio.gather(*coroutines), seconds)
        except TimeoutError:
            return []

    async def awaits_gather_of_the_cancelled(seconds, coroutines):
        tasks = started(coroutines)
        results = await collect(seconds, tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
        return results

    async def forgets_return_in_except(seconds, coroutines):
        tasks, results = started(coroutines), []
        try:
            for next_result in asyncio.as_completed(tasks, timeout=seconds):
                results.append(await next_result)
            return results
        except TimeoutError:
            await stop(tasks)

    async def waits_for_everything(seconds, coroutines):
        return [await next_result for next_result in asyncio.as_completed(coroutines)]

    async def waits_for_the_others_in_the_end(seconds, coroutines):
        tasks = started(coroutines)
        results = await collect(seconds, tasks)
        await asyncio.gather(*tasks)
        return results

    async def a_task_group_around_it(seconds, coroutines):
        async with asyncio.TaskGroup() as group:
            return await collect(seconds, [group.create_task(each) for each in coroutines])

    async def always_waits_the_full_time(seconds, coroutines):
        tasks = started(coroutines)
        await asyncio.sleep(seconds)
        results = [task.result() for task in tasks if task.done()]
        await stop(tasks)
        return results

    async def gives_input_order(seconds, coroutines):
        tasks = started(coroutines)
        await asyncio.wait(tasks, timeout=seconds)
        results = [task.result() for task in tasks if task.done()]
        await stop(tasks)
        return results

    async def sorts(seconds, coroutines):
        return sorted(await Right41.finally_stops_them(seconds, coroutines), reverse=True)

    async def runs_one_by_one(seconds, coroutines):
        results = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for coroutine in coroutines:
                    results.append(await coroutine)
        return results

    async def a_limit_for_each_in_turn(seconds, coroutines):
        results = []
        for coroutine in coroutines:
            with contextlib.suppress(TimeoutError):
                results.append(await asyncio.wait_for(coroutine, seconds))
        return results

    async def blocks(seconds, coroutines):
        tasks = started(coroutines)
        time.sleep(seconds)
        await asyncio.sleep(0)
        results = [task.result() for task in tasks if task.done()]
        await stop(tasks)
        return results

    async def collects_awaitables(seconds, coroutines):
        return list(asyncio.as_completed(started(coroutines), timeout=seconds))

    async def collects_tasks(seconds, coroutines):
        tasks = started(coroutines)
        await asyncio.wait(tasks, timeout=seconds)
        await stop(tasks)
        return tasks

    async def returns_none_for_the_late(seconds, coroutines):
        results = []
        for next_result in asyncio.as_completed([asyncio.wait_for(each, seconds) for each in coroutines]):
            try:
                results.append(await next_result)
            except TimeoutError:
                results.append(None)
        return results

    async def returns_the_first_only(seconds, coroutines):
        tasks = started(coroutines)
        results = await collect(seconds, tasks)
        await stop(tasks)
        return results[:1]

    async def returns_a_set(seconds, coroutines):
        return set(await Right41.finally_stops_them(seconds, coroutines))

    async def returns_nothing(seconds, coroutines):
        return []

    async def leaves_a_timer(seconds, coroutines):
        asyncio.create_task(asyncio.sleep(seconds + 9))
        return await Right41.finally_stops_them(seconds, coroutines)

    async def forgets_await_of_the_gather(seconds, coroutines):
        tasks = started(coroutines)
        results = await collect(seconds, tasks)
        for task in tasks:
            task.cancel()
        asyncio.gather(*tasks, return_exceptions=True)
        return results

    async def cleans_up_behind_the_loop(seconds, coroutines):
        tasks = started(coroutines)
        results = await collect(seconds, tasks)
        await stop(tasks)
        return results

    async def cleans_up_after_a_timeout(seconds, coroutines):
        tasks, results = started(coroutines), []
        try:
            for next_result in asyncio.as_completed(tasks, timeout=seconds):
                results.append(await next_result)
        except TimeoutError:
            await stop(tasks)
        return results

    async def cleans_up_after_any_exception(seconds, coroutines):
        tasks, results = started(coroutines), []
        try:
            for next_result in asyncio.as_completed(tasks, timeout=seconds):
                results.append(await next_result)
        except Exception:
            await stop(tasks)
        return results

    async def takes_a_cancellation_for_a_timeout(seconds, coroutines):
        tasks, results = started(coroutines), []
        try:
            for next_result in asyncio.as_completed(tasks, timeout=seconds):
                results.append(await next_result)
        except BaseException:
            pass
        await stop(tasks)
        return results

    async def raises_another_error_when_cancelled(seconds, coroutines):
        try:
            return await Right41.finally_stops_them(seconds, coroutines)
        except asyncio.CancelledError:
            raise RuntimeError("who was that?") from None

    async def waits_on_when_cancelled(seconds, coroutines):
        try:
            return await Right41.finally_stops_them(seconds, coroutines)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    async def drops_false_results(seconds, coroutines):
        return list(filter(None, await Right41.finally_stops_them(seconds, coroutines)))

    async def drops_none(seconds, coroutines):
        results = await Right41.finally_stops_them(seconds, coroutines)
        return [result for result in results if result is not None]


class Wrong42:
    async def catches_connection_error_only(coroutines):
        tasks = started(coroutines)
        try:
            for next_result in asyncio.as_completed(tasks):
                with contextlib.suppress(ConnectionError):
                    return await next_result
            raise LookupError
        finally:
            await stop(tasks)

    async def lets_lookup_errors_through(coroutines):
        tasks = started(coroutines)
        try:
            for next_result in asyncio.as_completed(tasks):
                try:
                    return await next_result
                except LookupError:
                    raise
                except Exception:
                    pass
            raise LookupError
        finally:
            await stop(tasks)

    async def counts_connection_errors_only(coroutines):
        queue = asyncio.Queue()

        async def one(coroutine):
            try:
                queue.put_nowait((await coroutine, True))
            except ConnectionError as error:
                queue.put_nowait((error, False))

        tasks = started(map(one, coroutines))
        try:
            for _ in tasks:
                result, good = await queue.get()
                if good:
                    return result
            raise LookupError
        finally:
            await stop(tasks)

    async def cleans_up_behind_the_loop(coroutines):
        tasks = started(coroutines)
        for next_result in asyncio.as_completed(tasks):
            try:
                result = await next_result
            except Exception:
                continue
            await stop(tasks)
            return result
        raise LookupError

    async def passes_over_its_own_cancellation(coroutines):
        tasks = started(coroutines)
        try:
            for next_result in asyncio.as_completed(tasks):
                try:
                    return await next_result
                except BaseException:
                    continue
            raise LookupError
        finally:
            await stop(tasks)

    async def passes_over_false_results(coroutines):
        tasks = started(coroutines)
        try:
            for next_result in asyncio.as_completed(tasks):
                with contextlib.suppress(Exception):
                    if result := await next_result:
                        return result
            raise LookupError
        finally:
            await stop(tasks)

    async def takes_none_for_no_answer(coroutines):
        tasks, found = started(coroutines), None
        try:
            for next_result in asyncio.as_completed(tasks):
                with contextlib.suppress(Exception):
                    found = await next_result
                    break
        finally:
            await stop(tasks)
        if found is None:
            raise LookupError
        return found

    async def raises_lookup_error_in_a_group(coroutines):
        async with asyncio.TaskGroup() as group:

            async def one(coroutine):
                with contextlib.suppress(Exception):
                    return [await coroutine]

            tasks = [group.create_task(one(coroutine)) for coroutine in coroutines]
            for next_result in asyncio.as_completed(tasks):
                if results := await next_result:
                    for task in tasks:
                        task.cancel()
                    return results[0]
            raise LookupError("every call failed")

    async def gathers_without_return_exceptions(coroutines):
        tasks = started(coroutines)
        try:
            return await first(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks)

    async def gathers_and_catches_cancelled_error(coroutines):
        tasks = started(coroutines)
        try:
            return await first(tasks)
        finally:
            for task in tasks:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks)

    async def awaits_each_cancelled_task(coroutines):
        tasks = started(coroutines)
        found = await first(tasks)
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        return found

    async def asks_all_for_their_results_in_the_end(coroutines):
        tasks = started(coroutines)
        await asyncio.wait(tasks)
        results = [task.result() for task in tasks]
        return results[1]

    async def raises_lookup_error_in_any_case(coroutines):
        tasks = started(coroutines)
        try:
            await first(tasks)
            raise LookupError("all failed")
        finally:
            await stop(tasks)

    async def raises_lookup_error_before_anything(coroutines):
        raise LookupError("all failed")

    async def ends_with_the_first_failure(coroutines):
        tasks = started(coroutines)
        try:
            for next_result in asyncio.as_completed(tasks):
                return await next_result
        finally:
            await stop(tasks)

    async def raises_lookup_error_at_the_first_failure(coroutines):
        tasks = started(coroutines)
        try:
            for next_result in asyncio.as_completed(tasks):
                try:
                    return await next_result
                except ConnectionError:
                    raise LookupError("failed")
        finally:
            await stop(tasks)

    async def ends_with_the_first_failure_in_a_group(coroutines):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in coroutines]
            return await first(tasks)

    async def returns_the_exception(coroutines):
        tasks = started(coroutines)
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await stop(tasks)
        return done.pop().exception()

    async def cancels_nothing(coroutines):
        return await first(started(coroutines))

    async def breaks_without_cancelling(coroutines):
        for next_result in asyncio.as_completed(coroutines):
            try:
                found = await next_result
                break
            except ConnectionError:
                continue
        else:
            raise LookupError
        return found

    async def cancels_without_waiting(coroutines):
        tasks = started(coroutines)
        try:
            return await first(tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def awaits_gather_of_the_cancelled(coroutines):
        tasks = started(coroutines)
        found = await first(tasks)
        for task in tasks[0], tasks[3]:
            task.cancel()
        await asyncio.gather(tasks[0], tasks[3])
        return found

    async def gathers_and_takes_the_first(coroutines):
        outcomes = await asyncio.gather(*coroutines, return_exceptions=True)
        return next(outcome for outcome in outcomes if not isinstance(outcome, Exception))

    async def waits_for_the_others(coroutines):
        tasks = started(coroutines)
        found = await first(tasks)
        await asyncio.gather(*tasks, return_exceptions=True)
        return found

    async def runs_one_by_one(coroutines):
        for coroutine in coroutines:
            try:
                return await coroutine
            except ConnectionError:
                pass
        raise LookupError

    async def awaits_the_tasks_in_turn(coroutines):
        tasks = started(coroutines)
        try:
            for task in tasks:
                try:
                    return await task
                except ConnectionError:
                    pass
            raise LookupError
        finally:
            await stop(tasks)

    async def gives_a_list(coroutines):
        return [await Right42.finally_stops_them(coroutines)]

    async def gives_none(coroutines):
        try:
            await Right42.finally_stops_them(coroutines)
        except LookupError:
            raise

    async def gives_a_coroutine(coroutines):
        return first(started(coroutines))

    async def gives_a_task(coroutines):
        for next_result in asyncio.as_completed(coroutines):
            return next_result

    async def gives_none_when_all_fail(coroutines):
        try:
            return await Right42.finally_stops_them(coroutines)
        except LookupError:
            return None

    async def gives_the_error_when_all_fail(coroutines):
        try:
            return await Right42.finally_stops_them(coroutines)
        except LookupError as error:
            return error

    async def raises_the_last_error_when_all_fail(coroutines):
        tasks, last = started(coroutines), None
        try:
            for next_result in asyncio.as_completed(tasks):
                try:
                    return await next_result
                except Exception as error:
                    last = error
            raise last
        finally:
            await stop(tasks)

    async def raises_stop_iteration_when_all_fail(coroutines):
        try:
            return await Right42.finally_stops_them(coroutines)
        except LookupError:
            return next(iter([]))

    async def waits_for_ever_when_all_fail(coroutines):
        queue = asyncio.Queue()

        async def one(coroutine):
            with contextlib.suppress(Exception):
                queue.put_nowait(await coroutine)

        tasks = started(map(one, coroutines))
        try:
            return await queue.get()
        finally:
            await stop(tasks)

    async def leaves_a_task_when_all_fail(coroutines):
        try:
            return await Right42.finally_stops_them(coroutines)
        except LookupError:
            asyncio.create_task(asyncio.sleep(9))
            raise

    async def blocks(coroutines):
        tasks = started(coroutines)
        await asyncio.sleep(0)
        time.sleep(0.25)
        try:
            return await first(tasks)
        finally:
            await stop(tasks)


STILL_RAN = "tasks still ran: cancel each of them, and then wait until it has stopped"
CANCELLED_ERROR = "Whoever awaits a cancelled task gets one: `gather(*tasks, return_exceptions=True)`"
RAISED_AGAIN = (
    "The good answer was there, and then your function raised ConnectionError: that of the call that had failed"
)
DONT_WAIT = "cancel what still runs, and don't wait for its results"
NEVER_BEGAN = "never began: start all of them"

WRONG = [
    (
        "4.1",
        Wrong41.cancels_the_coroutines,
        "Only tasks can be cancelled: make the tasks yourself, before `as_completed`.",
    ),
    ("4.1", Wrong41.cancels_nothing, f"2 {STILL_RAN}"),
    ("4.1", Wrong41.hands_over_the_coroutines, f"2 {STILL_RAN}"),
    ("4.1", Wrong41.cancels_without_waiting, f"2 {STILL_RAN}"),
    ("4.1", Wrong41.cancels_all_but_one, "1 task still ran"),
    ("4.1", Wrong41.forgets_await_of_the_gather, f"2 {STILL_RAN}"),
    ("4.1", Wrong41.leaves_a_timer, "1 task still ran"),
    ("4.1", Wrong41.lets_timeout_error_escape, "raised TimeoutError. Catch it around the loop"),
    ("4.1", Wrong41.lets_timeout_error_escape_from_gather, "raised TimeoutError. Catch it around the loop"),
    ("4.1", Wrong41.gathers_all_or_nothing, "your list is empty: put each result into it as it arrives"),
    ("4.1", Wrong41.awaits_gather_of_the_cancelled, CANCELLED_ERROR),
    ("4.1", Wrong41.forgets_return_in_except, "returned None, with a limit of 0.30 s: is there a `return`?"),
    ("4.1", Wrong41.waits_for_everything, DONT_WAIT),
    ("4.1", Wrong41.waits_for_the_others_in_the_end, DONT_WAIT),
    ("4.1", Wrong41.a_task_group_around_it, DONT_WAIT),
    ("4.1", Wrong41.always_waits_the_full_time, "the limit is the most to wait, not the least"),
    (
        "4.1",
        Wrong41.gives_input_order,
        "They arrived in the order ['Oslo', 'Lima', 'Rome', 'Kyiv', 'Bern'], and your list is ['Bern'",
    ),
    ("4.1", Wrong41.sorts, "They arrived in the order"),
    ("4.1", Wrong41.runs_one_by_one, f"Oslo, Bern, Lima {NEVER_BEGAN}"),
    ("4.1", Wrong41.a_limit_for_each_in_turn, DONT_WAIT),
    ("4.1", Wrong41.blocks, "Your code blocks the event loop"),
    ("4.1", Wrong41.collects_awaitables, "await what as_completed gives, and collect the results"),
    ("4.1", Wrong41.collects_tasks, "Your list holds awaitables"),
    ("4.1", Wrong41.returns_none_for_the_late, "returned ['Oslo', 'Bern', None, None]"),
    ("4.1", Wrong41.returns_the_first_only, "['Oslo', 'Bern'] arrive in time, and your function returned ['Oslo']"),
    ("4.1", Wrong41.returns_a_set, "a list of results was expected"),
    ("4.1", Wrong41.returns_nothing, f"Rome, Oslo, Bern, Lima {NEVER_BEGAN}"),
    (
        "4.1",
        Wrong41.cleans_up_behind_the_loop,
        f"{CANCELLED_AFTER}when it had ended, 2 tasks still ran: stop the calls",
    ),
    (
        "4.1",
        Wrong41.cleans_up_after_a_timeout,
        f"{CANCELLED_AFTER}when it had ended, 2 tasks still ran: stop the calls",
    ),
    ("4.1", Wrong41.cleans_up_after_any_exception, f"{CANCELLED_AFTER}when it had ended, 2 tasks still ran"),
    ("4.1", Wrong41.takes_a_cancellation_for_a_timeout, f"{CANCELLED_AFTER}returned []: a CancelledError has to go"),
    ("4.1", Wrong41.raises_another_error_when_cancelled, f"{CANCELLED_AFTER}raised RuntimeError('who was that?'): a"),
    ("4.1", Wrong41.waits_on_when_cancelled, f"{CANCELLED_AFTER}waited on: a CancelledError has to go its way"),
    ("4.1", Wrong41.drops_false_results, "Names went well, but not the results 0, '', None, False: With a limit of"),
    ("4.1", Wrong41.drops_none, "the results [None, '', 0] arrive in time, and your function returned ['', 0]"),
    (
        "4.2",
        Wrong42.catches_connection_error_only,
        "The call to Oslo failed with ValueError, and that ended your function: it is ready for ConnectionError",
    ),
    ("4.2", Wrong42.lets_lookup_errors_through, "The call to Bern failed with LookupError, and that ended your"),
    ("4.2", Wrong42.counts_connection_errors_only, "with ConnectionError and ValueError, your function still waited"),
    ("4.2", Wrong42.cleans_up_behind_the_loop, f"{CANCELLED_AFTER}when it had ended, 3 tasks still ran"),
    ("4.2", Wrong42.passes_over_its_own_cancellation, f"{CANCELLED_AFTER}returned 'Oslo': a CancelledError has to go"),
    ("4.2", Wrong42.passes_over_false_results, "A name went well, but not the result 0, which is one like any other:"),
    (
        "4.2",
        Wrong42.takes_none_for_no_answer,
        "A name went well, but not the result None, which is one like any other:",
    ),
    ("4.2", Wrong42.raises_lookup_error_in_a_group, "which `except LookupError` does not catch: a task group wraps"),
    ("4.2", Wrong42.ends_with_the_first_failure, "catch the exception inside the loop, and wait for the next"),
    ("4.2", Wrong42.ends_with_the_first_failure_in_a_group, "catch the exception inside the loop"),
    ("4.2", Wrong42.gathers_without_return_exceptions, RAISED_AGAIN),
    ("4.2", Wrong42.gathers_and_catches_cancelled_error, RAISED_AGAIN),
    ("4.2", Wrong42.awaits_each_cancelled_task, RAISED_AGAIN),
    ("4.2", Wrong42.asks_all_for_their_results_in_the_end, "catch the exception inside the loop"),
    (
        "4.2",
        Wrong42.raises_lookup_error_at_the_first_failure,
        "only the call to Bern had failed; Oslo's answer was still to come. Raise it after the loop",
    ),
    ("4.2", Wrong42.raises_lookup_error_in_any_case, "raised LookupError, but Oslo's answer had arrived: return it"),
    ("4.2", Wrong42.raises_lookup_error_before_anything, "Your code raised LookupError: all failed."),
    ("4.2", Wrong42.returns_the_exception, "that to Oslo, and your function returned ConnectionError("),
    ("4.2", Wrong42.cancels_nothing, f"2 {STILL_RAN}"),
    ("4.2", Wrong42.breaks_without_cancelling, f"2 {STILL_RAN}"),
    ("4.2", Wrong42.cancels_without_waiting, f"2 {STILL_RAN}"),
    ("4.2", Wrong42.awaits_gather_of_the_cancelled, CANCELLED_ERROR),
    ("4.2", Wrong42.gathers_and_takes_the_first, "that to Oslo, and your function returned 'Rome'"),
    ("4.2", Wrong42.waits_for_the_others, "cancel the others, don't wait for their results"),
    ("4.2", Wrong42.runs_one_by_one, f"Oslo, Bern, Lima {NEVER_BEGAN}"),
    ("4.2", Wrong42.awaits_the_tasks_in_turn, "that to Oslo, and your function returned 'Rome'"),
    ("4.2", Wrong42.gives_a_list, "that to Oslo, and your function returned ['Oslo']"),
    ("4.2", Wrong42.gives_none, "returned None: is there a `return`?"),
    ("4.2", Wrong42.gives_a_coroutine, "returned an awaitable: put `await` before it"),
    ("4.2", Wrong42.gives_a_task, "returned an awaitable: put `await` before it"),
    ("4.2", Wrong42.gives_none_when_all_fail, "should raise LookupError; it returned None"),
    ("4.2", Wrong42.gives_the_error_when_all_fail, "should raise LookupError; it returned LookupError('all failed')"),
    (
        "4.2",
        Wrong42.raises_the_last_error_when_all_fail,
        "should raise LookupError; it raised ConnectionError: no answer from Rome.",
    ),
    ("4.2", Wrong42.raises_stop_iteration_when_all_fail, "should raise LookupError; it raised RuntimeError"),
    ("4.2", Wrong42.leaves_a_task_when_all_fail, "`sleep` still ran"),
    ("4.2", Wrong42.blocks, "Your code blocks the event loop"),
]


def names(rows):
    return [f"{number}-{answer.__name__}" for number, answer, *_ in rows]


@pytest.mark.parametrize(("number", "answer", "words"), WRONG, ids=names(WRONG))
def test_wrong_answers_are_told_the_idea(judge, number, answer, words):
    line = judge(number, answer)
    assert line.startswith("✗")
    assert words in line
    assert "confused the check" not in line


@pytest.mark.parametrize("group", [Wrong41, Wrong42])
def test_each_wrong_answer_is_tried(group):
    tried = {answer for _, answer, _ in WRONG} | {Wrong42.waits_for_ever_when_all_fail}
    assert tried >= {answer for name, answer in vars(group).items() if not name.startswith("__")}


@pytest.mark.parametrize("number", ["4.1", "4.2"])
@pytest.mark.parametrize(("answer", "words"), ANYTHING, ids=[getattr(a, "__name__", str(a)) for a, _ in ANYTHING])
def test_survives(judge, number, answer, words):
    line = judge(number, answer)
    assert line.startswith("✗")
    assert words.lower() in line.lower()
    assert "confused the check" not in line


@pytest.mark.parametrize("number", ["4.1", "4.2"])
def test_a_coroutine_in_place_of_the_function(judge, number):
    assert "without parentheses" in judge(number, Endless.waits())


@pytest.mark.parametrize("number", ["4.1", "4.2"])
def test_an_endless_wait_is_ended(judge, monkeypatch, number):
    monkeypatch.setattr(runner, "WAIT_LIMIT", 0.5)
    assert "still waited after 0.5 s" in judge(number, Endless.waits)


def test_an_endless_wait_when_all_fail_is_told(judge, monkeypatch):
    monkeypatch.setattr(runner, "WAIT_LIMIT", 0.7)
    line = judge("4.2", Wrong42.waits_for_ever_when_all_fail)
    assert "your function still waited after 0.7 s: count the failures, whatever they are" in line


# ---- predictions


@pytest.mark.parametrize(
    ("number", "observed", "fits"),
    [
        ("4.1", "cancelled", "a"),
        ("4.1", "still running", "b"),
        ("4.1", "exception", "c"),
        ("4.1", "result", None),
        ("4.1", None, None),
        ("4.2", 1, "a"),
        ("4.2", 2, "b"),
        ("4.2", 3, "c"),
        ("4.2", 0, None),
        ("4.2", 4, None),
    ],
)
def test_the_verdict_follows_from_what_was_observed(number, observed, fits):
    letter, did = predictions.PREDICTIONS[number].verdict(observed)
    assert letter == fits
    assert str(observed) in did
    assert not did.endswith(".")


def test_one_error_is_no_errors():
    assert predictions.PREDICTIONS["4.2"].verdict(1)[1] == "your loop met 1 TimeoutError"
    assert predictions.PREDICTIONS["4.2"].verdict(3)[1] == "your loop met 3 TimeoutErrors"
