"""The models of the demo API answer word by word, and charge what they have written."""

import asyncio
import gc
import json
from types import SimpleNamespace

import aiohttp
import pytest

from workshop import demo_api
from workshop.demo_server.behaviour import Behaviour
from workshop.demo_server.language_model import LONGEST, MODELS, PATH, SHORTEST, words_of

PROMPT = "What is a harbour?"
TOLERANCE = 0.025
"""Seconds that the processor may work for an answer, which count on this clock."""


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog):
    """Neither asyncio nor aiohttp has anything to complain of, in any test."""
    yield
    gc.collect()
    assert [record.getMessage() for phase in ("call", "teardown") for record in caplog.get_records(phase)] == []


async def parts_of(session, model="heron", prompt=PROMPT):
    """Return what comes of an answer, each with the moment when it came."""
    now = asyncio.get_running_loop().time
    async with session.post(PATH, json={"model": model, "prompt": prompt}) as response:
        assert (response.status, response.content_type) == (200, "application/x-ndjson")
        return [(now(), json.loads(line)) async for line in response.content]


def prompt_that(fails, seed=0, failures=0.5, model="heron"):
    """Return a prompt whose attempts fail so, one after another."""
    behaviour = Behaviour(failures=failures, seed=seed)
    prompts = (f"Number {number}" for number in range(1000))
    return next(
        prompt
        for prompt in prompts
        if [behaviour.failure(f"{PATH} {model} {prompt}", 1 + n) for n in range(len(fails))] == list(fails)
    )


@pytest.mark.parametrize("model", MODELS)
async def test_words_come_one_by_one_and_then_the_price(clock, model):
    kind = MODELS[model]
    async with demo_api() as api, aiohttp.ClientSession(api.url) as session:
        began = asyncio.get_running_loop().time()
        *words, (_, end) = await parts_of(session, model)
    expected = words_of(model, PROMPT)[: kind.longest]
    assert [part for _, part in words] == [{"word": word} for word in expected]
    due = [kind.first_word + number * kind.next_word for number in range(len(expected))]
    assert [moment - began for moment, _ in words] == pytest.approx(due, abs=TOLERANCE)
    price = 4 * kind.prompt + len(expected) * kind.answer
    cut = len(words_of(model, PROMPT)) > kind.longest
    tokens = {"prompt": 4, "answer": len(expected)}
    assert end == {"finish": "cut short" if cut else "complete", "tokens": tokens, "price": price}
    [call] = api.models.calls
    assert (call.model, call.prompt, call.finish, call.price) == (model, PROMPT, end["finish"], price)
    assert (call.first_word - call.asked, call.last_word - call.asked) == pytest.approx(
        (due[0], due[-1]), abs=TOLERANCE
    )
    assert api.models.bill == price
    assert [(entry.path, entry.status) for entry in api.requests] == [(PATH, 200)]


def test_answers_differ_by_model_and_prompt_and_are_as_long_as_each_other():
    prompts = [f"Number {number}" for number in range(50)]
    texts = {(model, prompt): words_of(model, prompt) for model in MODELS for prompt in prompts}
    assert len({" ".join(words) for words in texts.values()}) == len(texts)
    lengths = {prompt: {len(texts[model, prompt]) for model in MODELS} for prompt in prompts}
    assert all(len(some) == 1 for some in lengths.values())
    assert {min(map(min, lengths.values())), max(map(max, lengths.values()))} == {SHORTEST, LONGEST}
    assert all(words[0][0].isupper() and words[-1].endswith(".") for words in texts.values())
    assert texts["heron", "Number 1"] == words_of("heron", "Number 1")


async def test_what_models_there_are_can_be_asked():
    async with demo_api() as api, aiohttp.ClientSession(api.url) as session, session.get(PATH) as response:
        models = await response.json()
    assert list(models) == list(MODELS)
    assert models["heron"] == {"first_word": 0.6, "next_word": 0.1, "longest": 24, "prompt": 2, "answer": 4}
    assert api.models.calls == []


@pytest.mark.parametrize(
    ("question", "status", "words"),
    [
        (b"What?", 400, "a question is JSON"),
        (b'{"model": "heron"}', 400, "a model and a prompt"),
        (b'{"model": "heron", "prompt": " "}', 400, "neither is empty"),
        (b'{"model": "heron", "prompt": 1}', 400, "a model and a prompt"),
        (b'["heron", "What?"]', 400, "a model and a prompt"),
        (b'{"model": "eagle", "prompt": "What?"}', 404, "no model 'eagle' here, only finch, heron, albatross"),
    ],
)
async def test_a_wrong_question_is_told_and_costs_nothing(question, status, words):
    async with demo_api() as api, aiohttp.ClientSession(api.url) as session:
        async with session.post(PATH, data=question) as response:
            assert response.status == status
            assert words in (await response.json())["error"]
        async with session.put(PATH, data=question) as response:
            assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert api.models.calls == []


async def test_who_is_turned_away_is_not_taken_up(clock):
    async def status(session):
        async with session.post(PATH, json={"model": "finch", "prompt": PROMPT}) as response:
            await response.read()
            return response.status

    async with demo_api(limit=2) as api, aiohttp.ClientSession(api.url) as session:
        statuses = await asyncio.gather(*(status(session) for _ in range(3)))
    assert sorted(statuses) == [200, 200, 429]
    assert len(api.models.calls) == 2


async def test_an_answer_that_is_cancelled_ends_at_the_server_and_costs_what_was_written(clock):
    kind = MODELS["albatross"]
    async with demo_api() as api, aiohttp.ClientSession(api.url) as session:
        tasks = [asyncio.create_task(parts_of(session, "albatross", prompt)) for prompt in (PROMPT, "Why is that so?")]
        await asyncio.sleep(kind.first_word / 2)
        tasks[0].cancel()
        await asyncio.sleep(kind.first_word / 2 + 2.5 * kind.next_word)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(10)
    early, late = api.models.calls
    assert (early.first_word, early.price, early.finish) == (None, 4 * kind.prompt, "")
    assert (late.answer_tokens, late.price) == (3, 4 * kind.prompt + 3 * kind.answer)
    assert [entry.status for entry in api.requests] == [None, None]
    assert api.models.bill == early.price + late.price


async def test_answers_fail_in_the_same_ways_as_pages_and_another_attempt_may_not(clock):
    async def outcome(session, prompt):
        try:
            async with session.post(PATH, json={"model": "heron", "prompt": prompt}) as response:
                lines = [json.loads(line) async for line in response.content]
                return lines[-1].get("finish") or response.status
        except (aiohttp.ClientPayloadError, json.JSONDecodeError) as error:
            return type(error)

    prompts = [prompt_that([failure, None]) for failure in ("500", "cut", "garbage")]
    async with demo_api(failures=0.5) as api, aiohttp.ClientSession(api.url) as session:
        first, second = [[await outcome(session, prompt) for prompt in prompts] for _ in range(2)]
    assert first == [500, aiohttp.ClientPayloadError, json.JSONDecodeError]
    assert second == ["complete"] * 3
    assert [entry.failure for entry in api.requests] == ["500", "cut", "garbage", None, None, None]
    failed, whole = api.models.calls[:3], api.models.calls[3:]
    assert [call.answer_tokens for call in failed[1:]] == [call.answer_tokens // 2 for call in whole[1:]]
    assert failed[0].price == 0 < failed[1].price < whole[1].price
    assert [call.finish for call in failed] == [""] * 3


async def test_delays_of_the_server_are_added(clock):
    async with demo_api({PATH: 1.5}) as api, aiohttp.ClientSession(api.url) as session:
        await parts_of(session, "finch")
    [call] = api.models.calls
    assert call.first_word - call.asked == pytest.approx(1.8, abs=TOLERANCE)


def test_a_call_that_has_not_been_charged_costs_nothing():
    from workshop.demo_server.language_model import Call, LanguageModels

    models = LanguageModels(SimpleNamespace())
    models.calls.append(Call("heron", PROMPT, 0.0))
    assert models.bill == 0
