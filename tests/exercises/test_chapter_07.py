"""The checks of chapter 07, fetching many addresses: right answers pass, wrong ones are told the idea."""

# ruff: noqa: ASYNC251, N805, RUF006 (answers of readers, in classes that are only groups)

import asyncio
import contextlib
import gc
import time
from dataclasses import dataclass
from functools import partial

import aiohttp
import anyio
import httpx
import psutil
import pytest
from test_checks import ANYTHING, Endless

from support.steps_of_answers import started, stop
from workshop.exercises import check, runner


def sockets():
    """Return the internet sockets that this process has open, after collecting what nobody holds."""
    gc.collect()
    return [connection for connection in psutil.Process().net_connections("inet") if connection.status != "NONE"]


@pytest.fixture(autouse=True)
def no_socket_is_left():
    """Neither a server nor a client stays open, whatever the answer was."""
    before = sockets()
    yield
    assert sockets() == before


# ---- the tools of the chapter, as a reader has them from its cells


@dataclass
class Answer:
    path: str
    data: object = None
    error: str = ""
    try_again: bool = False


async def fetch_answer(session, path, seconds=0.5):
    try:
        async with asyncio.timeout(seconds), session.get(path) as response:
            response.raise_for_status()
            return Answer(path, data=await response.json())
    except aiohttp.ContentTypeError:
        return Answer(path, error="ContentTypeError")
    except aiohttp.ClientResponseError as error:
        return Answer(path, error=f"status {error.status}", try_again=error.status in (429, 500, 503))
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return Answer(path, error=type(error).__name__, try_again=True)


async def fetch_patiently(session, path, attempts=4):
    for attempt in range(attempts):
        answer = await fetch_answer(session, path)
        if not answer.try_again:
            break
        await asyncio.sleep(0.1 * 2**attempt)
    return answer


def late(paths):
    return {path: Answer(path, error="not in time") for path in paths}


async def behind(gate, coroutine):
    async with gate:
        return await coroutine


async def crawl_with(fetch, url, paths, most, seconds, report):
    """Crawl as the lesson's solution does, fetching by the function that is handed over."""
    answers, gate = late(paths), asyncio.Semaphore(most)

    async def gated(session, path):
        async with gate:
            return await fetch(session, path)

    async with aiohttp.ClientSession(url) as session:
        tasks = started(gated(session, path) for path in paths)
        try:
            for completed, next_result in enumerate(asyncio.as_completed(tasks, timeout=seconds), start=1):
                answer = await next_result
                answers[answer.path] = answer
                report(completed, len(paths))
        except TimeoutError:
            pass
        finally:
            await stop(tasks)
    return answers


def by(fetch):
    """Return a crawler that fetches by the decorated function."""

    async def crawl(url, paths, most, seconds, report):
        return await crawl_with(fetch, url, paths, most, seconds, report)

    crawl.__name__ = fetch.__name__
    return crawl


# ---- right answers


class Right71:
    def rounds_down(completed, total):
        return f"Progress: {100 * completed // total}%"

    def for_nothing_to_do_too(completed, total):
        return f"Progress: {100 * completed // total if total else 100}%"

    def cuts_off(completed, total):
        return f"Progress: {int(completed / total * 100)}%"

    def rounds_but_not_to_100(completed, total):
        return f"Progress: {100 if completed == total else min(99, round(100 * completed / total))}%"

    def in_three_places(completed, total):
        return f"Progress: {100 * completed // total:3d}%"

    def with_a_blank_before_the_sign(completed, total):
        return f"Progress: {100 * completed // total} %"

    def two_values_by_keyword_names(done, of):
        share = done / of
        return "Progress: {}%".format(int(share * 100))  # noqa: UP032

    def print_and_return(completed, total):
        return Right71.rounds_down(completed, total) + "\n"


class Right72:
    async def as_completed_and_a_semaphore(url, paths, most, seconds, report):
        return await crawl_with(fetch_patiently, url, paths, most, seconds, report)

    async def httpx_and_a_task_group_of_anyio(url, paths, most, seconds, report):
        answers, done, gate = late(paths), [], anyio.CapacityLimiter(most)

        async def patiently(client, path):
            for attempt in range(4):
                try:
                    async with gate:
                        response = await client.get(path)
                    if response.status_code < 500:
                        return Answer(path, response.json(), "" if response.is_success else "status")
                except (httpx.HTTPError, ValueError):
                    pass
                await anyio.sleep(0.05 * attempt)

        async def one(client, path):
            answers[path] = await patiently(client, path)
            done.append(path)
            report(len(done), len(paths))

        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            with anyio.move_on_after(seconds):
                async with anyio.create_task_group() as group:
                    for path in paths:
                        group.start_soon(one, client, path)
        return answers

    async def waits_outside_the_semaphore(url, paths, most, seconds, report):
        answers, gate = late(paths), asyncio.Semaphore(most)

        async def patiently(session, path):
            for attempt in range(4):
                answer = await behind(gate, fetch_answer(session, path))
                if not answer.try_again:
                    break
                await asyncio.sleep(0.1 * 2**attempt)
            answers[path] = answer
            report(sum(answer.error != "not in time" for answer in answers.values()), total=len(paths))

        async with aiohttp.ClientSession(url) as session:
            tasks = started(patiently(session, path) for path in paths)
            await asyncio.wait(tasks, timeout=seconds)
            await stop(tasks)
        return answers

    async def workers_on_a_queue(url, paths, most, seconds, report):
        answers, queue = {}, asyncio.Queue()
        for path in paths:
            queue.put_nowait(path)

        async def worker(session):
            while not queue.empty():
                path = queue.get_nowait()
                answers[path] = await fetch_patiently(session, path)
                report(len(answers), len(paths))

        async with aiohttp.ClientSession(url) as session:
            workers = started(worker(session) for _ in range(most))
            await asyncio.wait(workers, timeout=seconds)
            await stop(workers)
        return late(paths) | answers

    async def a_task_group_in_a_timeout(url, paths, most, seconds, report):
        answers, gate = {}, asyncio.Semaphore(most)

        async def one(session, path):
            async with gate:
                answers[path] = await fetch_patiently(session, path)
            report(completed=len(answers), total=len(paths))

        try:
            async with asyncio.timeout(seconds), aiohttp.ClientSession(url) as session, asyncio.TaskGroup() as group:
                for path in paths:
                    group.create_task(one(session, path))
        except TimeoutError:
            pass
        return late(paths) | answers

    async def a_window_of_wait(url, paths, most, seconds, report):
        loop, answers, waiting, running = asyncio.get_running_loop(), late(paths), list(paths), set()
        deadline, completed = loop.time() + seconds, 0
        async with aiohttp.ClientSession(url) as session:
            while waiting or running:
                while waiting and len(running) < most:
                    running.add(asyncio.create_task(fetch_patiently(session, waiting.pop(0))))
                rest = deadline - loop.time()
                done, running = await asyncio.wait(running, timeout=rest, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    break
                for task in done:
                    completed += 1
                    answers[task.result().path] = task.result()
                    report(completed, len(paths))
            await stop(running)
        return answers

    async def a_limit_of_the_connector(url, paths, most, seconds, report):
        """A call's own time limit includes its wait for a connection, so it has to be long."""
        answers, connector = late(paths), aiohttp.TCPConnector(limit=most)

        async def patiently(session, path):
            for attempt in range(4):
                answer = await fetch_answer(session, path, seconds=2.5)
                if not answer.try_again:
                    break
                await asyncio.sleep(0.1 * 2**attempt)
            return answer

        async with aiohttp.ClientSession(url, connector=connector) as session:
            tasks = started(patiently(session, path) for path in paths)
            try:
                for completed, next_result in enumerate(asyncio.as_completed(tasks, timeout=seconds), start=1):
                    answer = await next_result
                    answers[answer.path] = answer
                    report(completed, len(tasks))
            except TimeoutError:
                pass
            finally:
                await stop(tasks)
        return answers

    async def a_session_closed_by_hand(url, paths, most, seconds, report):
        answers, gate, session = late(paths), asyncio.Semaphore(most), aiohttp.ClientSession(url)

        async def one(path):
            answers[path] = await behind(gate, fetch_patiently(session, path))
            report(sum(answer.error != "not in time" for answer in answers.values()), len(paths))

        try:
            await asyncio.wait_for(asyncio.gather(*map(one, paths)), seconds)
        except TimeoutError:
            pass
        finally:
            await session.close()
        return answers

    @by
    async def gives_a_call_up_before_the_time_is_up(session, path):
        """An address that was given up is done with, and may be reported."""
        for _ in range(4):
            try:
                async with asyncio.timeout(0.35), session.get(path) as response:
                    if response.status < 500:
                        return Answer(path, await response.json(), error="404" if response.status == 404 else "")
            except TimeoutError:
                return Answer(path, error="hangs")
            except (aiohttp.ClientError, ValueError):
                pass

    @by
    async def without_back_off(session, path):
        for _ in range(4):
            if not (answer := await fetch_answer(session, path)).try_again:
                break
        return answer

    @by
    async def looks_at_the_status_and_leaves_the_body(session, path):
        for _ in range(4):
            try:
                async with session.get(path) as response:
                    if response.status == 404:
                        return Answer(path, error="not there")
                    if response.status == 200:
                        return Answer(path, data=await response.json())
            except (aiohttp.ClientError, ValueError):
                pass
        return Answer(path, error="gave up")

    @by
    async def catches_everything(session, path):
        for attempt in range(4):
            try:
                async with session.get(path) as response:
                    if response.status == 404:
                        return Answer(path, error="404")
                    response.raise_for_status()
                    return Answer(path, await response.json())
            except Exception as error:
                failed = Answer(path, error=str(error))
            await asyncio.sleep(0.05 * attempt)
        return failed


def members(group):
    return [answer for name, answer in vars(group).items() if not name.startswith("__")]


def names(rows):
    return [f"{number}-{answer.__name__}" for number, answer, *_ in rows]


RIGHT = [(number, answer) for number, group in [("7.1", Right71), ("7.2", Right72)] for answer in members(group)]


@pytest.mark.parametrize(("number", "answer"), RIGHT, ids=names(RIGHT))
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer).startswith(f"✓ {number} ")


@pytest.mark.parametrize(
    "answer", [partial(Right71.rounds_down), Right71().rounds_down.__func__, lambda c, t: Right71.cuts_off(c, t)]
)
def test_any_plain_callable_will_do(judge, answer):
    assert judge("7.1", answer).startswith("✓")


# ---- wrong answers: (number, answer, words of the line)


class Wrong71:
    def the_lesson_s_own(completed, total):
        return f"Progress: {completed}%"

    def a_share(completed, total):
        return f"Progress: {completed / total}%"

    def with_decimals(completed, total):
        return f"Progress: {100 * completed / total:.1f}%"

    def rounds(completed, total):
        return f"Progress: {round(100 * completed / total)}%"

    def rounds_by_format(completed, total):
        return f"Progress: {completed / total:.0%}"

    def rounds_up(completed, total):
        return f"Progress: {-(-100 * completed // total)}%"

    def the_wrong_way_round(completed, total):
        return f"Progress: {100 * total // (completed or 1)}%"

    def divides_by_what_is_done(completed, total):
        return f"Progress: {100 * total // completed}%"

    def what_is_left(completed, total):
        return f"Progress: {100 - 100 * completed // total}%"

    def one_step_ahead(completed, total):
        return f"Progress: {100 * (completed + 1) // total}%"

    def never_100(completed, total):
        return f"Progress: {min(99, 100 * completed // total)}%"

    def no_multiplication(completed, total):
        return f"Progress: {completed // total}%"

    def a_number(completed, total):
        return 100 * completed // total

    def forgets_return(completed, total):
        line = f"Progress: {100 * completed // total}%"  # noqa: F841

    def no_sign(completed, total):
        return f"Progress: {100 * completed // total}"

    def no_word(completed, total):
        return f"{100 * completed // total}%"

    def one_parameter(completed):
        return f"Progress: {completed}%"

    def only_a_docstring(completed, total):
        """Return a line that says how much is done."""

    async def an_async_def(completed, total):
        return f"Progress: {100 * completed // total}%"

    def a_generator(completed, total):
        yield f"Progress: {100 * completed // total}%"


async def without_a_record(session, path):
    async with session.get(path) as response:
        response.raise_for_status()
        return Answer(path, data=await response.json())


async def a_record_of_statuses_only(session, path):
    for _ in range(4):
        try:
            async with session.get(path) as response:
                response.raise_for_status()
                return Answer(path, data=await response.json())
        except aiohttp.ClientResponseError as error:
            answer = Answer(path, error="status")
            if error.status == 404:
                break
    return answer


class Wrong72:
    async def takes_a_cancellation_for_the_deadline(url, paths, most, seconds, report):
        answers, gate = late(paths), asyncio.Semaphore(most)
        async with aiohttp.ClientSession(url) as session:
            tasks = started(behind(gate, fetch_patiently(session, path)) for path in paths)
            try:
                for completed, next_result in enumerate(asyncio.as_completed(tasks, timeout=seconds), start=1):
                    answer = await next_result
                    answers[answer.path] = answer
                    report(completed, len(paths))
            except (TimeoutError, asyncio.CancelledError):
                pass
            finally:
                await stop(tasks)
        return answers

    @by
    async def catches_cancellations_too(session, path):
        for _ in range(4):
            try:
                async with session.get(path) as response:
                    if response.status == 404:
                        return Answer(path, error="404")
                    response.raise_for_status()
                    return Answer(path, await response.json())
            except BaseException as error:
                failed = Answer(path, error=str(error))
        return failed

    async def no_limit(url, paths, most, seconds, report):
        return await crawl_with(fetch_patiently, url, paths, 100, seconds, report)

    async def one_too_many(url, paths, most, seconds, report):
        return await crawl_with(fetch_patiently, url, paths, most + 1, seconds, report)

    async def no_limit_in_a_group(url, paths, most, seconds, report):
        answers = {}

        async def one(session, path):
            answers[path] = await fetch_patiently(session, path)
            report(len(answers), len(paths))

        async with aiohttp.ClientSession(url) as session, asyncio.TaskGroup() as group:
            for path in paths:
                group.create_task(one(session, path))
        return answers

    async def a_session_each(url, paths, most, seconds, report):
        async def fetch(_, path):
            async with aiohttp.ClientSession(url) as session:
                return await fetch_patiently(session, path)

        return await crawl_with(fetch, url, paths, most, seconds, report)

    async def a_session_never_closed(url, paths, most, seconds, report):
        answers, session = late(paths), aiohttp.ClientSession(url)
        gate = asyncio.Semaphore(most)
        tasks = started(behind(gate, fetch_patiently(session, path)) for path in paths)
        try:
            for completed, next_result in enumerate(asyncio.as_completed(tasks, timeout=seconds), start=1):
                answer = await next_result
                answers[answer.path] = answer
                report(completed, len(paths))
        except TimeoutError:
            pass
        finally:
            await stop(tasks)
        return answers

    @by
    async def tries_the_404_again(session, path):
        for _ in range(4):
            if not (answer := await fetch_answer(session, path)).error:
                break
        return answer

    @by
    async def no_retries(session, path):
        return await fetch_answer(session, path)

    @by
    async def no_retries_after_a_cut(session, path):
        for _ in range(4):
            answer = await fetch_answer(session, path)
            if not answer.error.startswith("status 5") and answer.error != "JSONDecodeError":
                break
        return answer

    @by
    async def ends_with_the_first_bad_status(session, path):
        return await without_a_record(session, path)

    @by
    async def ends_with_the_first_garbage(session, path):
        return await a_record_of_statuses_only(session, path)

    @by
    async def ends_with_the_first_cut(session, path):
        for _ in range(4):
            with contextlib.suppress(ValueError):
                return await a_record_of_statuses_only(session, path)

    @by
    async def takes_bad_answers_for_good(session, path):
        try:
            async with session.get(path) as response:
                return Answer(path, data=await response.json())
        except (aiohttp.ClientError, ValueError):
            return await fetch_patiently(session, path)

    @by
    async def keeps_no_data(session, path):
        answer = await fetch_patiently(session, path)
        return Answer(path, error=answer.error)

    @by
    async def blocks(session, path):
        answer = await fetch_answer(session, path)
        time.sleep(0.1)
        return answer

    async def no_deadline(url, paths, most, seconds, report):
        return await crawl_with(fetch_patiently, url, paths, most, None, report)

    async def a_limit_for_each_call_only(url, paths, most, seconds, report):
        async def fetch(session, path):
            return (
                await fetch_answer(session, path, seconds) if "hang" in path else await fetch_patiently(session, path)
            )

        return await crawl_with(fetch, url, paths, most, None, report)

    async def lets_timeout_error_escape(url, paths, most, seconds, report):
        answers = {}
        gate = asyncio.Semaphore(most)
        async with aiohttp.ClientSession(url) as session:
            tasks = started(behind(gate, fetch_patiently(session, path)) for path in paths)
            try:
                for completed, next_result in enumerate(asyncio.as_completed(tasks, timeout=seconds), start=1):
                    answer = await next_result
                    answers[answer.path] = answer
                    report(completed, len(paths))
            finally:
                await stop(tasks)
        return answers

    async def only_what_came_in_time(url, paths, most, seconds, report):
        answers = await crawl_with(fetch_patiently, url, paths, most, seconds, report)
        return {path: answer for path, answer in answers.items() if answer.error != "not in time"}

    async def none_for_what_is_late(url, paths, most, seconds, report):
        answers = await crawl_with(fetch_patiently, url, paths, most, seconds, report)
        return {path: None if answer.error == "not in time" else answer for path, answer in answers.items()}

    async def takes_a_call_s_timeout_for_the_deadline(url, paths, most, seconds, report):
        async def fetch(session, path):
            for _ in range(4):
                try:
                    async with session.get(path, timeout=aiohttp.ClientTimeout(total=0.5)) as response:
                        if response.status == 404:
                            return Answer(path, error="404")
                        response.raise_for_status()
                        return Answer(path, await response.json())
                except (aiohttp.ClientError, ValueError):
                    pass

        return await crawl_with(fetch, url, paths, most, seconds, report)

    async def all_or_nothing(url, paths, most, seconds, report):
        answers, gate = {}, asyncio.Semaphore(most)

        async def one(session, path):
            answer = await behind(gate, fetch_patiently(session, path))
            answers[path] = answer
            report(len(answers), len(paths))
            return answer

        async with aiohttp.ClientSession(url) as session:
            try:
                both = await asyncio.wait_for(asyncio.gather(*(one(session, path) for path in paths)), seconds)
            except TimeoutError:
                return late(paths)
        return dict(zip(paths, both, strict=True))

    async def in_batches(url, paths, most, seconds, report):
        answers = {}
        try:
            async with asyncio.timeout(seconds), aiohttp.ClientSession(url) as session:
                for start in range(0, len(paths), most):
                    coroutines = [fetch_patiently(session, path) for path in paths[start : start + most]]
                    for next_result in asyncio.as_completed(coroutines):
                        answer = await next_result
                        answers[answer.path] = answer
                        report(len(answers), len(paths))
        except TimeoutError:
            pass
        return late(paths) | answers

    async def no_limit_of_time_at_all(url, paths, most, seconds, report):
        async def fetch(session, path):
            return await fetch_answer(session, path, None) if "hang" in path else await fetch_patiently(session, path)

        return await crawl_with(fetch, url, paths, most, None, report)

    async def leaves_tasks(url, paths, most, seconds, report):
        answers, gate = late(paths), asyncio.Semaphore(most)
        async with aiohttp.ClientSession(url) as session:
            tasks = started(behind(gate, fetch_patiently(session, path)) for path in paths)
            with contextlib.suppress(TimeoutError):
                for completed, next_result in enumerate(asyncio.as_completed(tasks, timeout=seconds), start=1):
                    answer = await next_result
                    answers[answer.path] = answer
                    report(completed, len(paths))
        return answers

    async def waits_for_the_tasks_in_the_end(url, paths, most, seconds, report):
        answers, gate = late(paths), asyncio.Semaphore(most)
        async with aiohttp.ClientSession(url) as session:
            tasks = started(behind(gate, fetch_patiently(session, path)) for path in paths)
            try:
                for completed, next_result in enumerate(asyncio.as_completed(tasks, timeout=seconds), start=1):
                    answer = await next_result
                    answers[answer.path] = answer
                    report(completed, len(paths))
            except TimeoutError:
                pass
            await asyncio.gather(*tasks)
        return answers

    async def awaits_the_cancelled(url, paths, most, seconds, report):
        answers, gate = late(paths), asyncio.Semaphore(most)
        async with aiohttp.ClientSession(url) as session:
            tasks = started(behind(gate, fetch_patiently(session, path)) for path in paths)
            try:
                for completed, next_result in enumerate(asyncio.as_completed(tasks, timeout=seconds), start=1):
                    answer = await next_result
                    answers[answer.path] = answer
                    report(completed, len(paths))
            except TimeoutError:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks)
        return answers

    async def leaves_a_ticker(url, paths, most, seconds, report):
        asyncio.create_task(asyncio.sleep(60))
        return await crawl_with(fetch_patiently, url, paths, most, seconds, report)

    async def no_report(url, paths, most, seconds, report):
        return await crawl_with(fetch_patiently, url, paths, most, seconds, lambda *arguments: None)

    async def reports_in_the_end(url, paths, most, seconds, report):
        answers = await crawl_with(fetch_patiently, url, paths, most, seconds, lambda *arguments: None)
        for number in range(1, len(paths) + 1):
            report(number, len(paths))
        return answers

    async def reports_in_the_order_of_the_list(url, paths, most, seconds, report):
        answers, gate = late(paths), asyncio.Semaphore(most)
        async with aiohttp.ClientSession(url) as session:
            tasks = started(behind(gate, fetch_patiently(session, path)) for path in paths)
            try:
                async with asyncio.timeout(seconds):
                    for completed, task in enumerate(tasks, start=1):
                        answers[paths[completed - 1]] = await task
                        report(completed, len(paths))
            except TimeoutError:
                pass
            finally:
                await stop(tasks)
        return answers

    async def reports_from_0(url, paths, most, seconds, report):
        def less(completed, total):
            report(completed - 1, total)

        return await crawl_with(fetch_patiently, url, paths, most, seconds, less)

    async def reports_percent(url, paths, most, seconds, report):
        def percent(completed, total):
            report(100 * completed // total, 100)

        return await crawl_with(fetch_patiently, url, paths, most, seconds, percent)

    async def reports_what_came_well_only(url, paths, most, seconds, report):
        async def fetch(session, path):
            answer = await fetch_patiently(session, path)
            good.append(answer) if not answer.error else None
            return answer

        def well(completed, total):
            if len(good) == completed:
                report(completed, total)

        good = []
        return await crawl_with(fetch, url, paths, most, seconds, well)

    async def reports_all_when_the_time_is_up(url, paths, most, seconds, report):
        answers, gate = late(paths), asyncio.Semaphore(most)
        async with aiohttp.ClientSession(url) as session:
            tasks = started(behind(gate, fetch_patiently(session, path)) for path in paths)
            try:
                for completed, next_result in enumerate(asyncio.as_completed(tasks, timeout=seconds), start=1):
                    answer = await next_result
                    answers[answer.path] = answer
                    report(completed, len(paths))
            except TimeoutError:
                report(len(paths), len(paths))
            finally:
                await stop(tasks)
        return answers

    async def reports_each_that_is_late(url, paths, most, seconds, report):
        answers, gate = {}, asyncio.Semaphore(most)

        async def one(session, path):
            try:
                answers[path] = await behind(gate, fetch_patiently(session, path))
            finally:
                reported.append(path)
                report(len(reported), len(paths))

        reported = []
        async with aiohttp.ClientSession(url) as session:
            tasks = started(one(session, path) for path in paths)
            await asyncio.wait(tasks, timeout=seconds)
            await stop(tasks)
        return late(paths) | answers

    async def reports_too_little_of_a_short_crawl(url, paths, most, seconds, report):
        def all_but_the_third(completed, total):
            if total > 10 or completed < 3:
                report(completed, total)

        return await crawl_with(fetch_patiently, url, paths, most, seconds, all_but_the_third)

    async def reports_one_value(url, paths, most, seconds, report):
        return await crawl_with(fetch_patiently, url, paths, most, seconds, lambda completed, total: report(completed))

    async def awaits_the_report(url, paths, most, seconds, report):
        answers = await crawl_with(fetch_patiently, url, paths, most, seconds, lambda *arguments: None)
        await report(1, len(paths))
        return answers

    async def returns_a_list(url, paths, most, seconds, report):
        return list((await crawl_with(fetch_patiently, url, paths, most, seconds, report)).values())

    async def returns_the_data(url, paths, most, seconds, report):
        answers = await crawl_with(fetch_patiently, url, paths, most, seconds, report)
        return {path: answer.data for path, answer in answers.items()}

    async def leaves_out_failures(url, paths, most, seconds, report):
        answers = await crawl_with(fetch_patiently, url, paths, most, seconds, report)
        return {path: answer for path, answer in answers.items() if not answer.error}

    async def pairs_paths_with_the_order_of_arrival(url, paths, most, seconds, report):
        answers, gate = [], asyncio.Semaphore(most)
        async with aiohttp.ClientSession(url) as session:
            coroutines = [behind(gate, fetch_patiently(session, path)) for path in paths]
            for next_result in asyncio.as_completed(coroutines, timeout=seconds):
                answers.append(await next_result)
                report(len(answers), len(paths))
        return dict(zip(paths, answers, strict=True))

    async def fetches_half_of_them(url, paths, most, seconds, report):
        return await crawl_with(fetch_patiently, url, paths[::2], most, seconds, report)

    async def forgets_return(url, paths, most, seconds, report):
        await crawl_with(fetch_patiently, url, paths, most, seconds, report)

    async def forgets_await(url, paths, most, seconds, report):
        return crawl_with(fetch_patiently, url, paths, most, seconds, report)

    async def uses_the_session_after_its_block(url, paths, most, seconds, report):
        async with aiohttp.ClientSession(url) as session:
            pass
        await fetch_patiently(session, paths[0])

    async def an_answer_made_up(url, paths, most, seconds, report):
        return {path: Answer(path) for path in paths}

    async def an_item_that_is_another_s(url, paths, most, seconds, report):
        answers = await crawl_with(fetch_patiently, url, paths, most, seconds, report)
        answers["/items/1"].data = answers["/items/2"].data
        return answers


TURNED_AWAY = "at a time: where is the limit?"
AGAIN = "another attempt would have succeeded: try again"
RIGHT_PERCENT = "what is done, divided by what there is to do"
EARLY = "Rounding up is no lie, except at the end: round down"
A_LINE = "a line such as 'Progress: 25%' was expected, without decimals"
ONE_CALL = "Catch what may go wrong with one call inside its coroutine"
THREE_REPORTS = "and [(1, 5), (2, 5), (3, 5)] were expected: an address that did not come in time is not done"
MANY = "/items/1, /items/2, /items/3 and 10 more"
STILL_RAN = "`behind` still ran when your function returned: when the time is up, cancel the rest, and wait until they"
TICKER_RAN = "`sleep` still ran when your function returned: before you return, cancel what still runs"

WRONG = [
    ("7.1", Wrong71.the_lesson_s_own, f"10% for 10 of 40, and 25% is right: {RIGHT_PERCENT}"),
    ("7.1", Wrong71.a_share, A_LINE),
    ("7.1", Wrong71.with_decimals, A_LINE),
    ("7.1", Wrong71.rounds, f"100% for 249 of 250. {EARLY}"),
    ("7.1", Wrong71.rounds_by_format, f"100% for 249 of 250. {EARLY}"),
    ("7.1", Wrong71.rounds_up, f"100% for 249 of 250. {EARLY}"),
    ("7.1", Wrong71.the_wrong_way_round, RIGHT_PERCENT),
    ("7.1", Wrong71.divides_by_what_is_done, "ZeroDivisionError"),
    ("7.1", Wrong71.what_is_left, "Your line says 100% for 0 of 40"),
    ("7.1", Wrong71.one_step_ahead, RIGHT_PERCENT),
    ("7.1", Wrong71.never_100, "99% for 40 of 40, and 100% is right"),
    ("7.1", Wrong71.no_multiplication, f"0% for 10 of 40, and 25% is right: {RIGHT_PERCENT}"),
    ("7.1", Wrong71.a_number, "A line of text was expected for 0 of 40, not 0"),
    ("7.1", Wrong71.forgets_return, "is there a `return`?"),
    ("7.1", Wrong71.no_sign, A_LINE),
    ("7.1", Wrong71.no_word, A_LINE),
    ("7.1", Wrong71.one_parameter, "Keep the parameters that the exercise gives"),
    ("7.1", Wrong71.only_a_docstring, "Nothing here yet"),
    ("7.1", Wrong71.an_async_def, "A plain `def` is enough here"),
    ("7.1", Wrong71.a_generator, "contains `yield`"),
    ("7.2", Wrong72.takes_a_cancellation_for_the_deadline, "a CancelledError has to go its way"),
    ("7.2", Wrong72.catches_cancellations_too, "your function still waited long after that"),
    ("7.2", Wrong72.no_limit, TURNED_AWAY),
    ("7.2", Wrong72.one_too_many, TURNED_AWAY),
    ("7.2", Wrong72.no_limit_in_a_group, TURNED_AWAY),
    ("7.2", Wrong72.a_session_each, "requests: share one session"),
    ("7.2", Wrong72.a_session_never_closed, "your session was never closed: open it with `async with`"),
    ("7.2", Wrong72.tries_the_404_again, "/status/404 was asked for 4 times"),
    ("7.2", Wrong72.no_retries, f"/items/6, /items/8, /items/11 and 1 more failed, and {AGAIN}"),
    ("7.2", Wrong72.no_retries_after_a_cut, f"/items/11, /items/12 failed, and {AGAIN}"),
    ("7.2", Wrong72.ends_with_the_first_bad_status, f"as ClientResponseError. {ONE_CALL}"),
    ("7.2", Wrong72.ends_with_the_first_garbage, f"as JSONDecodeError, a ValueError. {ONE_CALL}"),
    ("7.2", Wrong72.ends_with_the_first_cut, f"as ClientPayloadError. {ONE_CALL}"),
    ("7.2", Wrong72.takes_bad_answers_for_good, "/status/404 is not there: its Answer should have an `error`"),
    ("7.2", Wrong72.keeps_no_data, "has no `error`, so its `data` should be that item, and it is None"),
    ("7.2", Wrong72.blocks, "Your code blocks the event loop"),
    ("7.2", Wrong72.no_deadline, "there were 0.85 s, and your function took"),
    ("7.2", Wrong72.a_limit_for_each_call_only, "there were 0.85 s, and your function took"),
    ("7.2", Wrong72.lets_timeout_error_escape, "raised TimeoutError: when the time is up"),
    ("7.2", Wrong72.only_what_came_in_time, "There is no Answer for /hang, /hang?later: every path gets one"),
    ("7.2", Wrong72.none_for_what_is_late, "holds something else than an Answer: None"),
    ("7.2", Wrong72.takes_a_call_s_timeout_for_the_deadline, "its TimeoutError was taken for the end of the time"),
    ("7.2", Wrong72.all_or_nothing, "should neither wait for it nor be given up with it"),
    ("7.2", Wrong72.in_batches, "There was time for /items/2, /items/3"),
    ("7.2", Wrong72.no_limit_of_time_at_all, "your function still waited long after that"),
    ("7.2", Wrong72.leaves_tasks, STILL_RAN),
    ("7.2", Wrong72.waits_for_the_tasks_in_the_end, "there were 0.85 s, and your function took"),
    ("7.2", Wrong72.awaits_the_cancelled, "`gather(*tasks, return_exceptions=True)`"),
    ("7.2", Wrong72.leaves_a_ticker, TICKER_RAN),
    ("7.2", Wrong72.no_report, "Nothing was reported"),
    ("7.2", Wrong72.reports_in_the_end, "Before your first report, 13 addresses had been answered"),
    ("7.2", Wrong72.reports_in_the_order_of_the_list, "addresses had been answered. Report each when it is done"),
    ("7.2", Wrong72.reports_from_0, "The reports were [(0, 13), (1, 13)"),
    ("7.2", Wrong72.reports_percent, "The reports were [(7, 100)"),
    ("7.2", Wrong72.reports_what_came_well_only, "one for each address that is done with, failed or not"),
    ("7.2", Wrong72.reports_all_when_the_time_is_up, f"were [(1, 5), (2, 5), (3, 5), (5, 5)], {THREE_REPORTS}"),
    ("7.2", Wrong72.reports_each_that_is_late, f"(3, 5), (4, 5), (5, 5)], {THREE_REPORTS}"),
    ("7.2", Wrong72.reports_too_little_of_a_short_crawl, f"were [(1, 5), (2, 5)], {THREE_REPORTS}"),
    ("7.2", Wrong72.reports_one_value, "got too few arguments"),
    ("7.2", Wrong72.awaits_the_report, "what stands behind it here is an ordinary value"),
    ("7.2", Wrong72.returns_a_list, "A dictionary was expected, with an Answer for each path, not [Answer("),
    ("7.2", Wrong72.returns_the_data, f"For {MANY} your dictionary holds something else than an Answer: {{'id': 1"),
    ("7.2", Wrong72.leaves_out_failures, "There is no Answer for /status/404: every path gets one"),
    ("7.2", Wrong72.pairs_paths_with_the_order_of_arrival, "each Answer tells its path"),
    ("7.2", Wrong72.fetches_half_of_them, "The server was never asked for /items/2, /items/4, /status/404 and 3 more"),
    ("7.2", Wrong72.forgets_return, "returned None: is there a `return`?"),
    ("7.2", Wrong72.forgets_await, "returned an awaitable: put `await` before it"),
    ("7.2", Wrong72.uses_the_session_after_its_block, "Your session was closed while calls still needed it"),
    ("7.2", Wrong72.an_answer_made_up, f"The server was never asked for {MANY}."),
    ("7.2", Wrong72.an_item_that_is_another_s, "The Answer for /items/1 has no `error`"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")  # as in a kernel
@pytest.mark.parametrize(("number", "answer", "words"), WRONG, ids=names(WRONG))
def test_wrong_answers_are_told_the_idea(judge, number, answer, words):
    line = judge(number, answer)
    assert line.startswith("✗")
    assert words in line
    assert "confused the check" not in line
    assert "127.0.0.1" not in line


@pytest.mark.parametrize("group", [Wrong71, Wrong72])
def test_each_wrong_answer_is_tried(group):
    assert {answer for _, answer, _ in WRONG} >= set(members(group))


# ---- whatever is handed over


@pytest.mark.parametrize(("answer", "words"), ANYTHING, ids=[getattr(a, "__name__", str(a)) for a, _ in ANYTHING])
def test_survives(judge, answer, words):
    line = judge("7.2", answer)
    assert line.startswith("✗")
    assert words.lower() in line.lower()
    assert "confused the check" not in line


@pytest.mark.parametrize("answer", [answer for answer, _ in ANYTHING], ids=lambda a: getattr(a, "__name__", str(a)))
def test_survives_without_await(judge, answer):
    line = judge("7.1", answer)
    assert line.startswith("✗")
    assert "can be awaited" not in line
    assert "confused the check" not in line


class Odd:
    """Raises whatever is done to it."""

    __hash__ = None

    def __eq__(self, other):
        raise ArithmeticError

    def __repr__(self):
        raise ArithmeticError


@pytest.mark.parametrize(
    "odd",
    [
        lambda paths: Odd(),
        lambda paths: {path: Odd() for path in paths},
        lambda paths: {path: Answer(Odd()) for path in paths},
        lambda paths: {path: Answer(path, error=Odd()) for path in paths},
        lambda paths: {path: Answer(path, data={"id": Odd()}, error=path * ("404" in path)) for path in paths},
        lambda paths: {Answer: 1},
        lambda paths: dict.fromkeys(paths, Answer),
        lambda paths: "fine",
        lambda paths: 200,
    ],
)
def test_survives_odd_results_of_right_code(judge, odd):
    async def answer(url, paths, most, seconds, report):
        await crawl_with(fetch_patiently, url, paths, most, seconds, report)
        return odd(paths)

    line = judge("7.2", answer)
    assert line.startswith("✗")
    assert "confused the check" not in line


@pytest.mark.parametrize("odd", [Odd(), [Odd()], b"Progress: 0%", "", "Progress: %", "Progress: nan%", "Progress: ٣%"])
def test_survives_odd_lines(judge, odd):
    line = judge("7.1", lambda completed, total: odd)
    assert line.startswith("✗")
    assert "confused the check" not in line


@pytest.mark.parametrize("number", ["7.1", "7.2"])
def test_a_coroutine_in_place_of_the_function(judge, number):
    assert "without parentheses" in judge(number, Endless.waits())


def test_an_endless_wait_is_ended(judge, monkeypatch):
    monkeypatch.setattr(runner, "WAIT_LIMIT", 0.5)
    assert "still waited after 0.5 s" in judge("7.2", Endless.waits)


@pytest.mark.parametrize("after", [0.0, 0.02, 0.15, 0.6, 1.5], ids=lambda seconds: f"{seconds} s")
def test_the_stop_button_leaves_nothing(capfd, after):
    async def cell():
        await check("7.2", Right72.as_completed_and_a_semaphore)

    async def kernel():
        before = sockets()
        task = asyncio.create_task(cell())
        await asyncio.sleep(after)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert sockets() == before or [each.status for each in sockets()] == ["TIME_WAIT"]
        assert asyncio.get_running_loop().get_task_factory() is None

    asyncio.run(kernel())
    assert capfd.readouterr() == ("", "")
