"""The checks of chapter 04, timeouts: right answers pass, wrong ones are told the idea."""

# ruff: noqa: B904, N805, SIM105 (answers of readers, in classes that are only groups)

import asyncio
import contextlib
import time  # noqa: F401 (for answers that are given as text)

import anyio
import pytest
from answers import changed, members, other_callables, right, wrong

from support.steps_of_answers import started, stop
from workshop.exercises import runner

pytestmark = pytest.mark.slow(15)


async def collect(seconds, tasks):
    """Return what arrives in time, and leave the tasks as they are."""
    results = []
    with contextlib.suppress(TimeoutError):
        for next_result in asyncio.as_completed(tasks, timeout=seconds):
            results.append(await next_result)
    return results


async def first(tasks, *failures):
    """Return the first result that is none of these failures, and leave the tasks as they are."""
    for next_result in asyncio.as_completed(tasks):
        with contextlib.suppress(*(failures or [Exception])):
            return await next_result
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


RIGHT = [
    *right("4.1", [*members(Right41), *other_callables(Right41.finally_stops_them)]),
    *right("4.2", [*members(Right42), *other_callables(Right42.finally_stops_them)]),
]


@pytest.mark.parametrize(("number", "answer"), RIGHT)
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer).startswith("✓")


# ---- wrong answers


class Wrong41:
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

    async def returns_none_for_the_late(seconds, coroutines):
        results = []
        for next_result in asyncio.as_completed([asyncio.wait_for(each, seconds) for each in coroutines]):
            try:
                results.append(await next_result)
            except TimeoutError:
                results.append(None)
        return results

    async def cleans_up_after_a_timeout(seconds, coroutines):
        tasks, results = started(coroutines), []
        try:
            for next_result in asyncio.as_completed(tasks, timeout=seconds):
                results.append(await next_result)
        except TimeoutError:
            await stop(tasks)
        return results


class Wrong42:
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


STILL_RAN = "tasks still ran: cancel each of them, and then wait until it has stopped"
CANCELLED_ERROR = "Whoever awaits a cancelled task gets one: `gather(*tasks, return_exceptions=True)`"
RAISED_AGAIN = (
    "The good answer was there, and then your function raised ConnectionError: that of the call that had failed"
)
DONT_WAIT = "cancel what still runs, and don't wait for its results"
NEVER_BEGAN = "never began: start all of them"
CANCELLED_AFTER = "Your function was cancelled after 0.05 s, as a stop button does it, and "
AND_LEFT_THEM = f"{CANCELLED_AFTER}when it had ended, 2 tasks still ran: stop the calls"
A_RESULT, A_LIST = (
    "return await Right42.finally_stops_them(coroutines)",
    "await Right41.finally_stops_them(seconds, coroutines)",
)
CANCEL = "for task in tasks: task.cancel()"

WRONG = [
    *wrong("4.1", Right41.finally_stops_them, [
        ("results = await collect(seconds, coroutines)\n"
         "for coroutine in coroutines: coroutine.cancel()\n"
         "return results",
         "Only tasks can be cancelled: make the tasks yourself, before `as_completed`."),
        ("return await collect(seconds, started(coroutines))", f"2 {STILL_RAN}"),
        ("return await collect(seconds, coroutines)", f"2 {STILL_RAN}"),
        ({"await stop(tasks)": CANCEL}, f"2 {STILL_RAN}"),
        ({"stop(tasks)": "stop(tasks[1:])"}, "1 task still ran"),
        ({"await stop(tasks)": f"{CANCEL}\nasyncio.gather(*tasks, return_exceptions=True)"}, f"2 {STILL_RAN}"),
        ({"try": "asyncio.create_task(asyncio.sleep(seconds + 9))\ntry"}, "1 task still ran"),
        ({"await collect(seconds, tasks)": "[await each for each in asyncio.as_completed(tasks, timeout=seconds)]"},
         "raised TimeoutError. Catch it around the loop"),
        ("return await asyncio.wait_for(asyncio.gather(*coroutines), seconds)",
         "raised TimeoutError. Catch it around the loop"),
        ("try: return await asyncio.wait_for(asyncio.gather(*coroutines), seconds)\nexcept TimeoutError: return []",
         "your list is empty: put each result into it as it arrives"),
        ({"await stop(tasks)": f"{CANCEL}\nawait asyncio.gather(*tasks)"}, CANCELLED_ERROR),
        ({"await collect(seconds, tasks)": "[await each for each in asyncio.as_completed(tasks, timeout=seconds)]",
          "finally:": "except TimeoutError:"},
         "returned None, with a limit of 0.30 s: is there a `return`?"),
        ("return [await next_result for next_result in asyncio.as_completed(coroutines)]", DONT_WAIT),
        ({"stop(tasks)": "asyncio.gather(*tasks)"}, DONT_WAIT),
        ("async with asyncio.TaskGroup() as group: return await collect(seconds, [group.create_task(each) for "
         "each in coroutines])",
         DONT_WAIT),
        ({"return await collect(seconds, tasks)":
              "await asyncio.sleep(seconds)\n"
              "return [task.result() for task in tasks if task.done()]"},
         "the limit is the most to wait, not the least"),
        ({"return await collect(seconds, tasks)":
              "await asyncio.wait(tasks, timeout=seconds)\n"
              "return [task.result() for task in tasks if task.done()]"},
         "They arrived in the order ['Oslo', 'Lima', 'Rome', 'Kyiv', 'Bern'], and your list is ['Bern'"),
        (f"return sorted({A_LIST}, reverse=True)", "They arrived in the order"),
        (Wrong41.runs_one_by_one, f"Oslo, Bern, Lima {NEVER_BEGAN}"),
        (Wrong41.a_limit_for_each_in_turn, DONT_WAIT),
        ({"return await collect(seconds, tasks)":
              "time.sleep(seconds)\n"
              "await asyncio.sleep(0)\n"
              "return [task.result() for task in tasks if task.done()]"},
         "Your code blocks the event loop"),
        ("return list(asyncio.as_completed(started(coroutines), timeout=seconds))",
         "await what as_completed gives, and collect the results"),
        ({"return await collect(seconds, tasks)": "await asyncio.wait(tasks, timeout=seconds)\nreturn tasks"},
         "Your list holds awaitables"),
        (Wrong41.returns_none_for_the_late, "returned ['Oslo', 'Bern', None, None]"),
        (f"return ({A_LIST})[:1]", "['Oslo', 'Bern'] arrive in time, and your function returned ['Oslo']"),
        (f"return set({A_LIST})", "a list of results was expected"),
        ("return []", f"Rome, Oslo, Bern, Lima {NEVER_BEGAN}"),
        ("tasks = started(coroutines); results = await collect(seconds, tasks); await stop(tasks); return results",
         AND_LEFT_THEM),
        (Wrong41.cleans_up_after_a_timeout, AND_LEFT_THEM),
        (changed(Wrong41.cleans_up_after_a_timeout, {"TimeoutError": "Exception"}), AND_LEFT_THEM),
        (changed(Wrong41.cleans_up_after_a_timeout, {"TimeoutError": "BaseException"}),
         f"{CANCELLED_AFTER}returned []: a CancelledError has to go"),
        (f"try: return {A_LIST}\nexcept asyncio.CancelledError: raise RuntimeError('who was that?')",
         f"{CANCELLED_AFTER}raised RuntimeError('who was that?'): a"),
        (f"try: return {A_LIST}\nexcept asyncio.CancelledError: await asyncio.sleep(60)",
         f"{CANCELLED_AFTER}waited on: a CancelledError has to go its way"),
        (f"return list(filter(None, {A_LIST}))",
         "Names went well, but not the results 0, '', None, False: With a limit of"),
        (f"return [result for result in {A_LIST} if result is not None]",
         "the results [None, '', 0] arrive in time, and your function returned ['', 0]"),
    ]),
    *wrong("4.2", Right42.finally_stops_them, [
        ({"first(tasks)": "first(tasks, ConnectionError)"},
         "The call to Oslo failed with ValueError, and that ended your function: it is ready for ConnectionError"),
        (Wrong42.lets_lookup_errors_through, "The call to Bern failed with LookupError, and that ended your"),
        (changed(Right42.a_queue_and_a_count, {"Exception": "ConnectionError"}),
         "with ConnectionError and ValueError, your function still waited"),
        ("tasks = started(coroutines); found = await first(tasks); await stop(tasks); return found",
         f"{CANCELLED_AFTER}when it had ended, 3 tasks still ran"),
        ({"first(tasks)": "first(tasks, BaseException)"},
         f"{CANCELLED_AFTER}returned 'Oslo': a CancelledError has to go"),
        (Wrong42.passes_over_false_results, "A name went well, but not the result 0, which is one like any other:"),
        ({"return await first(tasks)": "if (found := await first(tasks)) is None: raise LookupError\nreturn found"},
         "A name went well, but not the result None, which is one like any other:"),
        (changed(Right42.a_task_group_that_cancels, {"    raise LookupError": "        raise LookupError"}),
         "which `except LookupError` does not catch: a task group wraps"),
        ({"return await first(tasks)": "for next_result in asyncio.as_completed(tasks): return await next_result"},
         "catch the exception inside the loop, and wait for the next"),
        ("async with asyncio.TaskGroup() as group: return await first([group.create_task(each) for each in "
         "coroutines])",
         "catch the exception inside the loop"),
        ({"await stop(tasks)": f"{CANCEL}\nawait asyncio.gather(*tasks)"}, RAISED_AGAIN),
        ({"await stop(tasks)":
              f"{CANCEL}\n"
              "with contextlib.suppress(asyncio.CancelledError): await asyncio.gather(*tasks)"},
         RAISED_AGAIN),
        ({"await stop(tasks)":
              f"{CANCEL}\n"
              "for task in tasks:\n"
              "    with contextlib.suppress(asyncio.CancelledError): await task"},
         RAISED_AGAIN),
        ("tasks = started(coroutines); await asyncio.wait(tasks); return [task.result() for task in tasks][1]",
         "catch the exception inside the loop"),
        ({"return await first(tasks)":
              "try: return await first(tasks, TypeError)\n"
              "except ConnectionError: raise LookupError"},
         "only the call to Bern had failed; Oslo's answer was still to come. Raise it after the loop"),
        ({"return await first(tasks)": "await first(tasks)\nraise LookupError('all failed')"},
         "raised LookupError, but Oslo's answer had arrived: return it"),
        ("raise LookupError('all failed')", "Your code raised LookupError: all failed."),
        ({"return await first(tasks)":
              "done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)\n"
              "return done.pop().exception()"},
         "that to Oslo, and your function returned ConnectionError("),
        ("return await first(started(coroutines))", f"2 {STILL_RAN}"),
        ("return await first(coroutines)", f"2 {STILL_RAN}"),
        ({"await stop(tasks)": CANCEL}, f"2 {STILL_RAN}"),
        ({"await stop(tasks)":
              "late = [tasks[0], tasks[3]]\n"
              "for task in late: task.cancel()\n"
              "await asyncio.gather(*late)"},
         CANCELLED_ERROR),
        ("outcomes = await asyncio.gather(*coroutines, return_exceptions=True)\n"
         "return next(outcome for outcome in outcomes if not isinstance(outcome, Exception))",
         "that to Oslo, and your function returned 'Rome'"),
        ({"stop(tasks)": "asyncio.gather(*tasks, return_exceptions=True)"},
         "cancel the others, don't wait for their results"),
        ("for coroutine in coroutines:\n"
         "    with contextlib.suppress(ConnectionError): return await coroutine\n"
         "raise LookupError",
         f"Oslo, Bern, Lima {NEVER_BEGAN}"),
        ({"return await first(tasks)":
              "for task in tasks:\n"
              "    with contextlib.suppress(ConnectionError): return await task\n"
              "raise LookupError"},
         "that to Oslo, and your function returned 'Rome'"),
        ("return [await Right42.finally_stops_them(coroutines)]", "that to Oslo, and your function returned ['Oslo']"),
        ("await Right42.finally_stops_them(coroutines)", "returned None: is there a `return`?"),
        ("return first(started(coroutines))", "returned an awaitable: put `await` before it"),
        ("for next_result in asyncio.as_completed(coroutines): return next_result",
         "returned an awaitable: put `await` before it"),
        (f"try: {A_RESULT}\nexcept LookupError: return None", "should raise LookupError; it returned None"),
        (f"try: {A_RESULT}\nexcept LookupError as error: return error",
         "should raise LookupError; it returned LookupError('all failed')"),
        ({"return await first(tasks)":
              "try: return await first(tasks)\n"
              "except LookupError: raise tasks[0].exception()"},
         "should raise LookupError; it raised ConnectionError: no answer from Rome."),
        (f"try: {A_RESULT}\nexcept LookupError: return next(iter([]))",
         "should raise LookupError; it raised RuntimeError"),
        (f"try: {A_RESULT}\nexcept LookupError: asyncio.create_task(asyncio.sleep(9)); raise", "`sleep` still ran"),
        ({"try": "await asyncio.sleep(0)\ntime.sleep(0.25)\ntry"}, "Your code blocks the event loop"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("number", "answer", "words"), WRONG)
def test_wrong_answers_are_told_the_idea(told, number, answer, words):
    told(number, answer, words)


def test_an_endless_wait_when_all_fail_is_told(told, monkeypatch):
    monkeypatch.setattr(runner, "WAIT_LIMIT", 0.7)
    waited = "your function still waited after 0.7 s: count the failures, whatever they are"
    told("4.2", Wrong42.waits_for_ever_when_all_fail, waited)
