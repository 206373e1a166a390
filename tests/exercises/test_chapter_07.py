"""The checks of chapter 07, fetching many addresses: right answers pass, wrong ones are told the idea."""

# ruff: noqa: ASYNC251, N805 (answers of readers, in classes that are only groups)

import asyncio
import contextlib
import time
from dataclasses import dataclass

import aiohttp
import anyio
import httpx
import pytest
from answers import Odd, changed, members, other_callables, right, wrong

from support.steps_of_answers import started, stop
from workshop.exercises import check

pytestmark = pytest.mark.usefixtures("sockets")

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


async def behind(gate, fetch, *arguments):
    async with gate:
        return await fetch(*arguments)


async def without_a_record(session, path):
    async with session.get(path) as response:
        response.raise_for_status()
        return Answer(path, data=await response.json())


async def a_record_of_statuses_only(session, path):
    for _ in range(4):
        try:
            return await without_a_record(session, path)
        except aiohttp.ClientResponseError as error:
            answer = Answer(path, error="status")
            if error.status == 404:
                break
    return answer


class Fetch:
    """What may stand in place of `fetch_patiently`."""

    without_back_off = changed(fetch_patiently, {"await asyncio.sleep(0.1 * 2**attempt)": "pass"})

    # a call's own time limit includes its wait for a connection
    with_a_long_limit = changed(fetch_patiently, {"answer(session, path": "answer(session, path, seconds=2.5"})

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

    catches_cancellations_too = changed(
        catches_everything, {"Exception": "BaseException", "await asyncio.sleep(0.05 * attempt)": "pass"}
    )
    tries_the_404_again = changed(fetch_patiently, {"answer.try_again": "answer.error"})
    does_not_try_again_after_a_cut = changed(
        fetch_patiently,
        {"answer.try_again": "(answer.error.startswith('status 5') or answer.error == 'JSONDecodeError')"},
    )

    async def with_a_session_each(url, path):
        async with aiohttp.ClientSession(url) as session:
            return await fetch_patiently(session, path)

    async def ends_with_the_first_cut(session, path):
        for _ in range(4):
            with contextlib.suppress(ValueError):
                return await a_record_of_statuses_only(session, path)

    async def takes_bad_answers_for_good(session, path):
        try:
            async with session.get(path) as response:
                return Answer(path, data=await response.json())
        except (aiohttp.ClientError, ValueError):
            return await fetch_patiently(session, path)

    async def keeps_no_data(session, path):
        return Answer(path, error=(await fetch_patiently(session, path)).error)

    async def blocks(session, path):
        answer = await fetch_answer(session, path)
        time.sleep(0.1)
        return answer

    async def has_a_limit_and_no_record_of_it(session, path):
        for _ in range(4):
            try:
                async with session.get(path, timeout=aiohttp.ClientTimeout(total=0.5)) as response:
                    if response.status == 404:
                        return Answer(path, error="404")
                    response.raise_for_status()
                    return Answer(path, await response.json())
            except (aiohttp.ClientError, ValueError):
                pass


# ---- right answers


class Right71:
    def rounds_down(completed, total):
        return f"Progress: {100 * completed // total}%"

    def two_values_by_keyword_names(done, of):
        share = done / of
        return "Progress: {}%".format(int(share * 100))  # noqa: UP032


class Right72:
    async def as_completed_and_a_semaphore(url, paths, most, seconds, report):
        answers, gate = late(paths), asyncio.Semaphore(most)
        async with aiohttp.ClientSession(url) as session:
            tasks = started(behind(gate, fetch_patiently, session, path) for path in paths)
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
                answer = await behind(gate, fetch_answer, session, path)
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

    async def a_session_closed_by_hand(url, paths, most, seconds, report):
        answers, gate, session = late(paths), asyncio.Semaphore(most), aiohttp.ClientSession(url)

        async def one(path):
            answers[path] = await behind(gate, fetch_patiently, session, path)
            report(sum(answer.error != "not in time" for answer in answers.values()), len(paths))

        try:
            await asyncio.wait_for(asyncio.gather(*map(one, paths)), seconds)
        except TimeoutError:
            pass
        finally:
            await session.close()
        return answers


PERCENT = "100 * completed // total"

RIGHT = [
    *right("7.1", [*members(Right71), *other_callables(Right71.rounds_down)[:2]]),
    *right(
        "7.1",
        [
            {PERCENT: f"{PERCENT} if total else 100"},
            {PERCENT: "int(completed / total * 100)"},
            {PERCENT: "100 if completed == total else min(99, round(100 * completed / total))"},
            {PERCENT: f"{PERCENT}:3d"},
            {"}%": "} %"},
            {"}%": r"}%\n"},
        ],
        Right71.rounds_down,
    ),
    *right("7.2", members(Right72)),
    *right(
        "7.2",
        [
            {
                "asyncio.Semaphore(most)": "contextlib.nullcontext()",
                "ClientSession(url)": "ClientSession(url, connector=aiohttp.TCPConnector(limit=most))",
                "fetch_patiently": "Fetch.with_a_long_limit",
            },
            {"fetch_patiently": "Fetch.gives_a_call_up_before_the_time_is_up"},
            {"fetch_patiently": "Fetch.without_back_off"},
            {"fetch_patiently": "Fetch.looks_at_the_status_and_leaves_the_body"},
            {"fetch_patiently": "Fetch.catches_everything"},
        ],
        Right72.as_completed_and_a_semaphore,
    ),
]


@pytest.mark.parametrize(("number", "answer"), RIGHT)
def test_right_answers_pass(judge, number, answer):
    assert judge(number, answer).startswith("✓")


# ---- wrong answers


class Wrong72:
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
FETCH = "fetch_patiently, session, path"
REPORT = "report(completed, len(paths))"

WRONG = [
    *wrong("7.1", Right71.rounds_down, [
        ({PERCENT: "completed"}, f"10% for 10 of 40, and 25% is right: {RIGHT_PERCENT}"),
        ({PERCENT: "completed / total"}, A_LINE),
        ({PERCENT: "100 * completed / total:.1f"}, A_LINE),
        ({PERCENT: "round(100 * completed / total)"}, f"100% for 249 of 250. {EARLY}"),
        ({PERCENT + "}%": "completed / total:.0%}"}, f"100% for 249 of 250. {EARLY}"),
        ({PERCENT: "-(-100 * completed // total)"}, f"100% for 249 of 250. {EARLY}"),
        ({PERCENT: "100 * total // (completed or 1)"}, RIGHT_PERCENT),
        ({PERCENT: "100 * total // completed"}, "ZeroDivisionError"),
        ({PERCENT: f"100 - {PERCENT}"}, "Your line says 100% for 0 of 40"),
        ({PERCENT: "100 * (completed + 1) // total"}, RIGHT_PERCENT),
        ({PERCENT: f"min(99, {PERCENT})"}, "99% for 40 of 40, and 100% is right"),
        ({PERCENT: "completed // total"}, f"0% for 10 of 40, and 25% is right: {RIGHT_PERCENT}"),
        (f"return {PERCENT}", "A line of text was expected for 0 of 40, not 0"),
        ({"return": "line ="}, "is there a `return`?"),
        ({"}%": "}"}, A_LINE),
        ({"Progress: ": ""}, A_LINE),
        ({"(completed, total)": "(completed)"}, "Keep the parameters that the exercise gives"),
        ("'Return a line that says how much is done.'", "Nothing here yet"),
        ({"def": "async def"}, "A plain `def` is enough here"),
        ({"return": "yield"}, "contains `yield`"),
    ]),
    *wrong("7.2", Right72.as_completed_and_a_semaphore, [
        ({"except TimeoutError": "except (TimeoutError, asyncio.CancelledError)"},
         "a CancelledError has to go its way"),
        ({"fetch_patiently": "Fetch.catches_cancellations_too"}, "your function still waited long after that"),
        ({"Semaphore(most)": "Semaphore(100)"}, TURNED_AWAY),
        ({"Semaphore(most)": "Semaphore(most + 1)"}, TURNED_AWAY),
        (changed(Right72.a_task_group_in_a_timeout, {"asyncio.Semaphore(most)": "contextlib.nullcontext()"}),
         TURNED_AWAY),
        ({FETCH: "Fetch.with_a_session_each, url, path"}, "requests: share one session"),
        (changed(Right72.a_session_closed_by_hand, {"await session.close()": "pass"}),
         "your session was never closed: open it with `async with`"),
        ({"fetch_patiently": "Fetch.tries_the_404_again"}, "/status/404 was asked for 4 times"),
        ({"fetch_patiently": "fetch_answer"}, f"/items/6, /items/8, /items/11 and 1 more failed, and {AGAIN}"),
        ({"fetch_patiently": "Fetch.does_not_try_again_after_a_cut"}, f"/items/11, /items/12 failed, and {AGAIN}"),
        ({"fetch_patiently": "without_a_record"}, f"as ClientResponseError. {ONE_CALL}"),
        ({"fetch_patiently": "a_record_of_statuses_only"}, f"as JSONDecodeError, a ValueError. {ONE_CALL}"),
        ({"fetch_patiently": "Fetch.ends_with_the_first_cut"}, f"as ClientPayloadError. {ONE_CALL}"),
        ({"fetch_patiently": "Fetch.takes_bad_answers_for_good"},
         "/status/404 is not there: its Answer should have an `error`"),
        ({"fetch_patiently": "Fetch.keeps_no_data"},
         "has no `error`, so its `data` should be that item, and it is None"),
        ({"fetch_patiently": "Fetch.blocks"}, "Your code blocks the event loop"),
        ({"timeout=seconds": "timeout=None"}, "there were 0.85 s, and your function took"),
        ({"timeout=seconds": "timeout=None",
          FETCH: f"*((fetch_answer, session, path, seconds) if 'hang' in path else ({FETCH}))"},
         "there were 0.85 s, and your function took"),
        ({"except TimeoutError": "except ZeroDivisionError"}, "raised TimeoutError: when the time is up"),
        ({"return answers":
              "return {path: answer for path, answer in answers.items() if answer.error != 'not in time'}"},
         "There is no Answer for /hang, /hang?later: every path gets one"),
        ({"return answers": "return answers | {path: None for path in paths if answers[path].error == 'not in time'}"},
         "holds something else than an Answer: None"),
        ({"fetch_patiently": "Fetch.has_a_limit_and_no_record_of_it"},
         "its TimeoutError was taken for the end of the time"),
        (changed(Right72.a_session_closed_by_hand, {"pass": "return late(paths)"}),
         "should neither wait for it nor be given up with it"),
        (Wrong72.in_batches, "There was time for /items/2, /items/3"),
        ({"timeout=seconds": "timeout=None",
          FETCH: f"*((fetch_answer, session, path, None) if 'hang' in path else ({FETCH}))"},
         "your function still waited long after that"),
        ({"await stop(tasks)": "pass"}, STILL_RAN),
        ({"stop(tasks)": "asyncio.gather(*tasks)"}, "there were 0.85 s, and your function took"),
        ({"pass": "for task in tasks: task.cancel()\nawait asyncio.gather(*tasks)"},
         "`gather(*tasks, return_exceptions=True)`"),
        ({"answers, gate =": "asyncio.create_task(asyncio.sleep(60))\nanswers, gate ="}, TICKER_RAN),
        ({REPORT: "pass"}, "Nothing was reported"),
        ({REPORT: "pass", "return": "for number in range(1, len(paths) + 1): report(number, len(paths))\nreturn"},
         "Before your first report, 13 addresses had been answered"),
        ({"next_result in enumerate(asyncio.as_completed(tasks, timeout=seconds)": "task in enumerate(tasks",
          "await next_result": "await task"},
         "addresses had been answered. Report each when it is done"),
        ({REPORT: "report(completed - 1, len(paths))"}, "The reports were [(0, 13), (1, 13)"),
        ({REPORT: "report(100 * completed // len(paths), 100)"}, "The reports were [(7, 100)"),
        ({REPORT: f"if not answer.error: {REPORT}"}, "one for each address that is done with, failed or not"),
        ({"pass": "report(len(paths), len(paths))"}, f"were [(1, 5), (2, 5), (3, 5), (5, 5)], {THREE_REPORTS}"),
        ({"pass": "for number in range(completed, len(paths) + 1): report(number, len(paths))"},
         f"(3, 5), (4, 5), (5, 5)], {THREE_REPORTS}"),
        ({REPORT: f"if len(paths) > 10 or completed < 3: {REPORT}"}, f"were [(1, 5), (2, 5)], {THREE_REPORTS}"),
        ({REPORT: "report(completed)"}, "got too few arguments"),
        ({REPORT: f"await {REPORT}"}, "what stands behind it here is an ordinary value"),
        ({"return answers": "return list(answers.values())"},
         "A dictionary was expected, with an Answer for each path, not [Answer("),
        ({"return answers": "return {path: answer.data for path, answer in answers.items()}"},
         f"For {MANY} your dictionary holds something else than an Answer: {{'id': 1"),
        ({"return answers": "return {path: answer for path, answer in answers.items() if not answer.error}"},
         "There is no Answer for /status/404: every path gets one"),
        ({"answers[answer.path]": "answers[paths[completed - 1]]"}, "each Answer tells its path"),
        ({"for path in paths": "for path in paths[::2]"},
         "The server was never asked for /items/2, /items/4, /status/404 and 3 more"),
        ({"return ": ""}, "returned None: is there a `return`?"),
        ("return Right72.as_completed_and_a_semaphore(url, paths, most, seconds, report)",
         "returned an awaitable: put `await` before it"),
        ("async with aiohttp.ClientSession(url) as session: pass\nawait fetch_patiently(session, paths[0])",
         "Your session was closed while calls still needed it"),
        ("return {path: Answer(path) for path in paths}", f"The server was never asked for {MANY}."),
        ({"return": "answers['/items/1'].data = answers['/items/2'].data\nreturn"},
         "The Answer for /items/1 has no `error`"),
    ]),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")  # as in a kernel
@pytest.mark.parametrize(("number", "answer", "words"), WRONG)
def test_wrong_answers_are_told_the_idea(told, number, answer, words):
    assert "127.0.0.1" not in told(number, answer, words)


# ---- whatever is handed over


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
def test_survives_odd_results_of_right_code(told, odd):
    async def answer(url, paths, most, seconds, report):
        await Right72.as_completed_and_a_semaphore(url, paths, most, seconds, report)
        return odd(paths)

    told("7.2", answer, "")


@pytest.mark.parametrize("odd", [Odd(), [Odd()], b"Progress: 0%", "", "Progress: %", "Progress: nan%", "Progress: ٣%"])
def test_survives_odd_lines(told, odd):
    told("7.1", lambda completed, total: odd, "")


@pytest.mark.parametrize("after", [0.0, 0.02, 0.15, 0.6, 1.5], ids=lambda seconds: f"{seconds} s")
async def test_the_stop_button_leaves_nothing(capfd, sockets, after):
    async def cell():
        await check("7.2", Right72.as_completed_and_a_semaphore)

    before = sockets()
    task = asyncio.create_task(cell())
    await asyncio.sleep(after)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert sockets() == before or [each.status for each in sockets()] == ["TIME_WAIT"]
    assert asyncio.get_running_loop().get_task_factory() is None
    assert capfd.readouterr() == ("", "")
