"""The cells of chapter 07 when the server is killed in the middle, or gives what was not asked for: a record for each
call, and nothing left."""

import asyncio
from collections import Counter

import pytest

from support.leftovers import open_sockets
from support.notebook_tools import Notebook, names_from, notebook_paths

[NOTEBOOK] = [path for path in notebook_paths() if path.name.startswith("07_")]
CELLS = [cell.source for cell in Notebook(NOTEBOOK).code_cells]
NAMES = ["stop", "fetch_answer", "fetch_patiently", "politely", "crawl_solution", "take_answers"]
PATHS = [f"/items/{number}" for number in range(1, 9)]


@pytest.fixture(scope="module")
def chapter():
    """Return what the chapter's cells define: its imports, its record, and the functions that fetch."""
    wanted = ["import asyncio", "class Answer", *(f"async def {name}(" for name in NAMES)]
    return names_from(source for source in CELLS if any(beginning in source for beginning in wanted))


@pytest.fixture(autouse=True)
def nothing_is_left(caplog):
    """Neither a socket nor a word of asyncio or aiohttp; warnings are errors in all tests."""
    before = open_sockets()
    yield
    assert open_sockets() == before
    assert [record.getMessage() for record in caplog.get_records("call")] == []


def in_turn(chapter):
    """Return a server whose answers come 0.06 s apart, in the order of the paths."""
    return chapter["demo_api"]({path: 0.06 * number for number, path in enumerate(PATHS, start=1)})


async def awaits_each(chapter, api, session, coroutine_of):
    """Loop as the chapter does, and kill the server after the third answer."""
    tasks = [asyncio.create_task(coroutine_of(session, path)) for path in PATHS]
    answers = []
    for next_result in asyncio.as_completed(tasks, timeout=15):
        answers.append(await next_result)
        if len(answers) == 3:
            await api.stop()
    return answers


def told(answers):
    """Return what an answer says for each path: its number, or the error."""
    return {answer.path: answer.error or answer.data["id"] for answer in answers}


ARRIVED = {path: number for number, path in enumerate(PATHS[:3], start=1)}
LOST = dict.fromkeys(PATHS[3:], "ClientConnectorError")


async def test_each_lost_call_has_a_record(chapter):
    async with in_turn(chapter) as api, chapter["aiohttp"].ClientSession(api.url) as session:
        answers = await awaits_each(chapter, api, session, chapter["fetch_answer"])
    assert told(answers) == ARRIVED | LOST
    assert [answer.try_again for answer in answers] == [False] * 3 + [True] * 5
    assert [answer.data for answer in answers[3:]] == [None] * 5


async def test_trying_again_ends_too(chapter):
    async with in_turn(chapter) as api, chapter["aiohttp"].ClientSession(api.url) as session:
        answers = await awaits_each(chapter, api, session, chapter["fetch_patiently"])
    assert told(answers) == ARRIVED | LOST
    assert len(api.requests) == len(PATHS), "a server that is gone gets no requests"


async def test_a_semaphore_is_given_back(chapter):
    gate = asyncio.Semaphore(2)

    async def gated(session, path):
        return await chapter["politely"](gate, session, path, pause=0)

    async with chapter["demo_api"](0.06) as api, chapter["aiohttp"].ClientSession(api.url) as session:
        answers = await awaits_each(chapter, api, session, gated)
    assert not gate.locked()
    assert sorted(told(answers)) == sorted(PATHS)
    errors = Counter(answer.error for answer in answers)
    assert errors[""] in (3, 4), "two calls end together: the fourth answer may have been under way"
    assert errors == {"": errors[""], "ClientConnectorError": len(PATHS) - errors[""]}


async def test_the_crawler_tells_of_each_path_and_of_progress(chapter):
    reports = []
    async with chapter["demo_api"](0.06) as api:
        stopping = []

        def report(completed, total):
            reports.append((completed, total))
            if completed == 2:
                stopping.append(asyncio.create_task(api.stop()))

        answers = await chapter["crawl_solution"](api.url, PATHS, 4, 15, report)
        await asyncio.gather(*stopping)
    assert list(answers) == PATHS
    assert [path for path in PATHS if not answers[path].error] in (PATHS[:2], PATHS[:3], PATHS[:4])
    assert {answers[path].error for path in PATHS[4:]} == {"ClientConnectorError"}
    assert reports == [(number, len(PATHS)) for number in range(1, len(PATHS) + 1)]


async def test_the_crawler_ends_in_time_when_the_server_is_gone(chapter):
    """Each call tries again for 1.5 s; the time is up long before."""
    async with chapter["demo_api"]() as gone:
        pass
    loop = asyncio.get_running_loop()
    began = loop.time()
    answers = await chapter["crawl_solution"](gone.url, PATHS, 2, 0.3, lambda *report: None)
    answers, took = answers, loop.time() - began
    assert told(answers.values()) == dict.fromkeys(PATHS, "not in time")
    assert took < 1.2


async def test_a_body_that_is_no_json_is_no_status_and_not_asked_for_again(chapter):
    async with chapter["demo_api"]() as api, chapter["aiohttp"].ClientSession(api.url) as session:
        answers = [await chapter["fetch_patiently"](session, path) for path in ["/customers.csv", "/large"]]
    assert told(answers) == dict.fromkeys(["/customers.csv", "/large"], "ContentTypeError")
    assert len(api.requests) == 2


async def test_without_its_clause_such_a_body_would_be_a_status(chapter):
    [source] = [source for source in CELLS if source.startswith("async def fetch_answer(")]
    clauses = source.split("    except ")
    clauses[1], clauses[2] = clauses[2], clauses[1]
    swapped = dict(chapter)
    exec("    except ".join(clauses), swapped)
    async with chapter["demo_api"]() as api, chapter["aiohttp"].ClientSession(api.url) as session:
        answer = await swapped["fetch_answer"](session, "/customers.csv")
    assert answer.error == "status 200"


async def test_a_call_that_waits_for_its_answer_is_told(chapter):
    async with chapter["demo_api"]() as api, chapter["aiohttp"].ClientSession(api.url) as session:
        call = asyncio.create_task(chapter["fetch_answer"](session, "/hang"))
        async with asyncio.timeout(10):
            while not api.requests:  # noqa: ASYNC110 (a request on its way sets no event)
                await asyncio.sleep(0)
        await api.stop()
        answer = await call
    assert answer == chapter["Answer"]("/hang", error="ClientConnectorError", try_again=True)
