"""The demo API's language models: they answer slowly, word by word, and are paid by the word. Their words are invented.

What a model answers follows from its name and the prompt alone. So a lesson gets the same words, times and prices in
each run, in whatever order the questions arrive.
"""

import asyncio
import json
import random
from collections import Counter
from dataclasses import asdict, dataclass
from time import perf_counter as clock
from typing import Protocol

from aiohttp import web

from . import pages
from .behaviour import Behaviour

PATH = "/answers"
"""Where questions are posted to."""

LINES = "application/x-ndjson"
"""The type of an answer: a JSON object a line."""

COMPLETE, CUT_SHORT = "complete", "cut short"
"""How an answer ends: of itself, or since the model writes no more words."""

SHORTEST, LONGEST = 8, 24
"""Words that a model has to say to a prompt, at least and at most."""

SENTENCE = 6
"""Words of a sentence."""

SYLLABLES = ("ba", "do", "fe", "ka", "lu", "mi", "no", "pe", "ra", "si", "tu", "vo")


@dataclass(frozen=True)
class Kind:
    """How a model answers, and what that costs. A token is a word here.

    Attributes:
        first_word: seconds from the question to the first word.
        next_word: seconds from one word to the next.
        longest: words that it writes at most; what it has to say beyond that is cut short.
        prompt: credits for each token of the prompt.
        answer: credits for each token of the answer.
    """

    first_word: float
    next_word: float
    longest: int
    prompt: int
    answer: int


MODELS = {
    "finch": Kind(first_word=0.3, next_word=0.03, longest=12, prompt=1, answer=1),
    "heron": Kind(first_word=0.6, next_word=0.1, longest=24, prompt=2, answer=4),
    "albatross": Kind(first_word=1.2, next_word=0.2, longest=24, prompt=5, answer=20),
}
"""The models, by name: the quick and cheap one first, the slow and dear one last."""


class Entry(Protocol):
    """What is needed here of a request in the server's log."""

    arrived: float
    failure: str | None


@dataclass
class Call:
    """One question that a model took up, in its log.

    Attributes:
        model: the model's name.
        prompt: what it was asked.
        asked: when the question arrived, in seconds since the server began.
        first_word: when the first word was sent, in the same seconds; None if none was.
        last_word: when the last word was sent that was sent; None if none was.
        prompt_tokens: how many tokens of the prompt are charged: none where the model failed before its first word.
        answer_tokens: how many tokens were sent, and are charged, whether or not anybody has received them.
        finish: how the answer ended, ``"complete"`` or ``"cut short"``; "" if it did not come to its end.
    """

    model: str
    prompt: str
    asked: float
    first_word: float | None = None
    last_word: float | None = None
    prompt_tokens: int = 0
    answer_tokens: int = 0
    finish: str = ""

    @property
    def price(self) -> int:
        """What it has cost up to now, in credits."""
        kind = MODELS[self.model]
        return kind.prompt * self.prompt_tokens + kind.answer * self.answer_tokens


class LanguageModels:
    """What answers at `PATH`: all `MODELS`.

    Args:
        behaviour: how the server behaves, which lets answers fail, too.

    Attributes:
        calls: the log: the questions that were taken up, in their order. What was turned away with status 429, or was
            no proper question, is not among them.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.calls: list[Call] = []
        self._behaviour = behaviour
        self._attempts: Counter[str] = Counter()

    @property
    def bill(self) -> int:
        """What all calls together have cost up to now, in credits."""
        return sum(call.price for call in self.calls)

    async def answer(self, request: web.BaseRequest, entry: Entry) -> web.StreamResponse:
        """Answer a question, word by word; or fail, where that is its turn.

        Args:
            request: what was asked, as JSON: ``{"model": "heron", "prompt": "..."}``.
            entry: the request in the server's log, in which the failure is noted.

        Returns:
            The answer, a line for each word and one for the end; a list of the models, if that was asked for; or an
            answer that says what was wrong with the question.
        """
        began = clock()
        question = await _question(request)
        if isinstance(question, web.StreamResponse):
            return question
        call = Call(*question, entry.arrived)
        key = f"{PATH} {call.model} {call.prompt}"
        self._attempts[key] += 1
        entry.failure = self._behaviour.failure(key, self._attempts[key])
        self.calls.append(call)
        if entry.failure != "500":
            call.prompt_tokens = len(call.prompt.split())
        await asyncio.sleep(self._behaviour.delay(PATH) + MODELS[call.model].first_word)
        if entry.failure == "500":
            return pages.error(500, "the model is overloaded: another attempt may succeed")
        try:
            return await _write(request, call, entry.failure, entry.arrived - began)
        except ConnectionError:  # whoever asked has gone
            return await pages.never()


async def _write(request: web.BaseRequest, call: Call, failure: str | None, offset: float) -> web.StreamResponse:
    """Send the words of an answer one by one, and its end; half of them, and no end, if it is to fail.

    Args:
        request: what is answered.
        call: where it is noted.
        failure: how it fails, if it does.
        offset: what makes moments of the log from those of the clock, in seconds.
    """
    kind, words = MODELS[call.model], words_of(call.model, call.prompt)
    finish = COMPLETE if len(words) <= kind.longest else CUT_SHORT
    words = words[: kind.longest]
    if failure:
        words = words[: len(words) // 2]
    response = web.StreamResponse(headers={"Content-Type": LINES})
    await response.prepare(request)
    began = clock()
    for number, word in enumerate(words):
        await asyncio.sleep(max(number * kind.next_word - (clock() - began), 0))
        await response.write(_line({"word": word}))
        call.answer_tokens += 1
        call.last_word = clock() + offset
        call.first_word = call.first_word or call.last_word
    if failure == "cut":
        request.transport.close()
        return await pages.never()
    if failure:
        await response.write(b'{"word": "')
    else:
        tokens = {"prompt": call.prompt_tokens, "answer": call.answer_tokens}
        await response.write(_line({"finish": finish, "tokens": tokens, "price": call.price}))
        call.finish = finish
    await response.write_eof()
    return response


def words_of(model: str, prompt: str) -> list[str]:
    """Return all words that a model has to say to a prompt: as many as the others, and other ones."""
    length = random.Random(prompt).randint(SHORTEST, LONGEST)
    chance = random.Random(f"{model} {prompt}")
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 3))) for _ in range(length)]
    for first in range(0, length, SENTENCE):
        words[first] = words[first].capitalize()
        words[min(first + SENTENCE, length) - 1] += "."
    return words


async def _question(request: web.BaseRequest) -> tuple[str, str] | web.StreamResponse:
    """Return a question's model and prompt, or what is answered in their place."""
    if request.method in ("GET", "HEAD"):
        return web.json_response({name: asdict(kind) for name, kind in MODELS.items()})
    if request.method != "POST":
        return pages.error(405, f"questions are posted, so {request.method} does nothing", Allow="GET, HEAD, POST")
    try:
        question = await request.json()
    except ValueError:
        return pages.error(400, 'a question is JSON, such as {"model": "heron", "prompt": "What is a harbour?"}')
    match question:
        case {"model": str(model)} if model not in MODELS:
            return pages.error(404, f"there is no model {model!r} here, only {', '.join(MODELS)}")
        case {"model": str(model), "prompt": str(prompt)} if prompt.strip():
            return model, prompt
    return pages.error(400, "a question has a model and a prompt, and neither is empty")


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"
