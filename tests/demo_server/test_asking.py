"""The cells of chapter 12 as others will copy them: nothing is left running or open, nothing that arrived is lost."""

import asyncio
import json
from collections import Counter
from contextlib import aclosing
from functools import partial
from itertools import pairwise

import aiohttp
import psutil
import pytest

from support.leftovers import open_sockets
from support.notebook_tools import Notebook, names_from, notebook_paths
from workshop.demo_server import demo_api, language_model

[NOTEBOOK] = [path for path in notebook_paths() if path.name.startswith("12_")]
CELLS = [cell.source for cell in Notebook(NOTEBOOK).code_cells]
WANTED = ["import asyncio", "import aiohttp", "class Answer", "FAILURES =", "patience =", "def write_down"]
FUNCTIONS = ["stream", "ask", "patiently", "ask_in_turn", "stop", "answers_to", "asking", "first_good", "ask_missing"]
WANTED += [f"async def {name}(" for name in FUNCTIONS]
PROMPTS = [f"Number {number}" for number in range(6)]
MODELS = ("finch", "heron", "albatross")


@pytest.fixture(scope="module")
def chapter():
    """Return what the chapter's cells define: its imports, its record, and the functions that ask."""
    sources = []
    for wanted in WANTED:
        [source] = [source for source in CELLS if any(line.startswith(wanted) for line in source.splitlines())]
        sources.append(source)
    return names_from(sources)


@pytest.fixture(autouse=True)
def nothing_is_left(caplog):
    """Neither a socket nor a file nor a word of asyncio or aiohttp; warnings are errors in all tests."""
    before = open_things()
    yield
    assert open_things() == before
    assert [record.getMessage() for record in caplog.get_records("call")] == []


def open_things():
    sockets = open_sockets()
    return sockets, [file.path for file in psutil.Process().open_files() if file.path.endswith(".jsonl")]


def others():
    return asyncio.all_tasks() - {asyncio.current_task()}


async def run(chapter, prompts, path, model="finch", **behaviour):
    """Ask for what a file lacks, and return the server's log of the models."""
    async with chapter["asking"](model, **behaviour) as (api, call, limits):
        async with aclosing(chapter["ask_missing"](prompts, path, call, limits)) as answers:
            async for _ in answers:
                pass
        return api.models.calls


def prompts_of(path):
    """Return the prompts of a file, line by line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["prompt"] for line in lines if line]


async def test_a_second_run_asks_for_nothing_that_has_arrived(clock, chapter, tmp_path):
    path = tmp_path / "answers.jsonl"
    assert len(await run(chapter, PROMPTS[:4], path)) == 4
    assert len(await run(chapter, PROMPTS, path)) == 2
    assert await run(chapter, PROMPTS, path) == []
    assert sorted(prompts_of(path)) == PROMPTS
    known = chapter["written_down"](path)
    assert [known[prompt].prompt for prompt in PROMPTS] == PROMPTS
    assert all(answer.text and answer.price and not answer.error for answer in known.values())
    assert others() == set()


@pytest.mark.parametrize("after", [0.0, 0.4, 0.8, 1.45])
async def test_a_run_that_is_cancelled_leaves_nothing_and_keeps_what_had_arrived(clock, chapter, tmp_path, after):
    path = tmp_path / "answers.jsonl"
    task = asyncio.create_task(run(chapter, PROMPTS, path))
    await asyncio.sleep(after)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert others() == set()
    before = set(prompts_of(path)) if path.exists() else set()
    assert (len(before) > 0) == (after > 0.7)
    calls = await run(chapter, PROMPTS, path)
    assert {call.prompt for call in calls} == set(PROMPTS) - before


@pytest.mark.parametrize("bytes_less", [1, 2, 100_000])
async def test_half_a_line_costs_that_answer_and_no_other(clock, chapter, tmp_path, bytes_less):
    path = tmp_path / "answers.jsonl"
    await run(chapter, PROMPTS[:3], path)
    whole = path.read_bytes()
    *_, last = prompts_of(path)
    path.write_bytes(whole[: max(len(whole) - bytes_less, 0)])
    known = chapter["written_down"](path)
    lost = {1: set(), 2: {last}, 100_000: set(PROMPTS[:3])}[bytes_less]
    assert set(PROMPTS[:3]) - known.keys() == lost
    assert {call.prompt for call in await run(chapter, PROMPTS[:4], path)} == lost | {PROMPTS[3]}
    assert sorted(chapter["written_down"](path)) == PROMPTS[:4]


async def test_limits_hold_and_failures_are_tried_again(clock, chapter, tmp_path):
    path = tmp_path / "answers.jsonl"
    async with chapter["asking"]("heron", limit=4, failures=0.3, seed=3) as (api, call, limits):
        asked = [*PROMPTS, " "]
        async with aclosing(chapter["answers_to"](asked, call, limits)) as answers:
            received = [answer async for answer in answers]
    assert {answer.prompt: answer.error for answer in received} == dict.fromkeys(PROMPTS, "") | {" ": "400"}
    statuses = Counter(request.status for request in api.requests)
    assert statuses[400] == 1
    assert len(api.requests) > len(asked)
    assert api.most_at_a_time <= 4
    moments = sorted(request.arrived for request in api.requests)
    assert all(later - earlier > 0.249 for earlier, later in pairwise(moments))
    assert not path.exists()


async def test_who_is_turned_away_comes_back_no_sooner_than_the_server_says(clock, chapter):
    async with (
        chapter["asking"]("heron", limit=1) as (api, call, limits),
        aclosing(chapter["answers_to"](PROMPTS[:2], call, limits)) as answers,
    ):
        received = [answer async for answer in answers]
    assert [answer.error for answer in received] == ["", ""]
    _, *away, last = api.requests
    assert [request.status for request in away] == [429] * len(away)
    assert all(after.arrived - before.arrived >= 1 for before, after in zip(away, [*away[1:], last], strict=True))


def response_error(status, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return aiohttp.ClientResponseError(None, (), status=status, headers=named or None)


@pytest.mark.parametrize(
    ("error", "attempt", "least"),
    [
        (response_error(400), 0, None),
        (response_error(404, Retry_After="5"), 0, None),
        (response_error(429), 0, 1),
        (response_error(429, Retry_After="7"), 0, 7),
        (response_error(429, Retry_After="1"), 3, 8),
        (response_error(503, Retry_After="Fri, 27 Nov 2026 16:00:00 GMT"), 1, 2),
        (response_error(500), 2, 4),
        (aiohttp.ClientPayloadError(), 1, 2),
        (TimeoutError(), 0, 1),
    ],
)
def test_pauses(chapter, error, attempt, least):
    pauses = [chapter["pause_after"](error, attempt) for _ in range(50)]
    if least is None:
        assert pauses == [None] * 50
    else:
        assert least <= min(pauses) < max(pauses) <= 1.5 * least
        assert len(set(pauses)) > 40


@pytest.mark.parametrize(
    ("error", "calls"),
    [(response_error(400), 1), (response_error(500), 4), (TimeoutError(), 4), (KeyError("a bug"), 1)],
)
async def test_the_last_failure_comes_out(clock, chapter, error, calls):
    made = []

    async def call():
        made.append(error)
        raise error

    with pytest.raises(type(error)):
        await chapter["patiently"](call)
    assert len(made) == calls


async def test_lines_that_stop_coming_are_no_answer(clock, chapter, monkeypatch):
    line = language_model._line
    monkeypatch.setattr(language_model, "_line", lambda value: b"" if "price" in value else line(value))
    async with demo_api() as api, aiohttp.ClientSession(api.url) as session:
        with pytest.raises(aiohttp.ClientPayloadError, match="the answer broke off"):
            await chapter["ask"](session, "finch", PROMPTS[0])


async def test_the_first_good_answer_is_taken_and_the_others_stop(clock, chapter):
    prompt = next(prompt for prompt in PROMPTS if len(language_model.words_of("finch", prompt)) > 12)
    async with demo_api() as api, aiohttp.ClientSession(api.url) as session:
        calls = [partial(chapter["ask"], session, model) for model in MODELS]
        answer = await chapter["first_good"](calls, prompt)
        none = await chapter["first_good"](calls[:1], prompt)
        for wrong in (partial(chapter["ask"], session, "eagle"), calls[0]):
            assert await chapter["first_good"]([wrong, calls[1]], prompt) == answer
    assert (answer.finish, none) == ("complete", None)
    assert {call.model: call.finish for call in api.models.calls[:3]} == {
        "finch": "cut short",
        "heron": "complete",
        "albatross": "",
    }


async def test_a_reader_who_leaves_a_stream_closes_it(clock, chapter):
    async with demo_api() as api, aiohttp.ClientSession(api.url) as session:
        async with aclosing(chapter["stream"](session, "heron", PROMPTS[0])) as parts:
            async for _ in parts:
                break
        await asyncio.sleep(5)
        [call] = api.models.calls
        assert (call.answer_tokens, call.finish) == (1, "")
