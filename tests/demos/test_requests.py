"""The picture of chapter 07's requests is the server's log."""

import asyncio
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from timeline.test_svg import boxes, marks, texts
from workshop.demo_server import demo_api
from workshop.demos.requests import draw_requests


def request(path, arrived, finished, status=200, failure=None):
    return SimpleNamespace(path=path, arrived=arrived, finished=finished, status=status, failure=failure)


LOG = [
    request("/items/10", 1.0, 1.0, 429),
    request("/items/2", 1.0, 1.5, 200, "garbage"),
    request("/items/3", 1.5, 2.25),
    request("/items/2", 2.5, 2.75, None, "cut"),
    request("/items/2", 3.25, 4.0),
]


def shown(logs):
    """Return the text, the alt text and the picture that Jupyter gets."""
    data, metadata = draw_requests(logs)._repr_mimebundle_()
    return data["text/plain"], metadata["image/svg+xml"]["alt"], ET.fromstring(data["image/svg+xml"])


def test_the_words_tell_each_request():
    text, alt, _ = shown({"one": LOG, "two": LOG[2:3]})
    assert text.splitlines() == [
        "one, 5 requests",
        "address    asked for at, and what became of it",
        "/items/2   0.00 s: garbage, 1.50 s: cut, 2.25 s: answered at 3.00 s",
        "/items/3   0.50 s: answered at 1.25 s",
        "/items/10  0.00 s: status 429",
        "",
        "two, 1 request",
        "address   asked for at, and what became of it",
        "/items/3  0.00 s: answered at 0.75 s",
    ]
    assert alt.startswith(
        "one, 5 requests, for 3 addresses: 2 answered; the first after 1.25 s, the last after 3.00 s; "
        "3 requests failed (cut, garbage, status 429); asked for more than once: /items/2. two, 1 request"
    )


def test_the_picture_has_a_bar_for_each_request_a_pale_one_between_and_a_mark_for_each_end():
    *_, root = shown({"one": LOG})
    height = max(box[3] for box in boxes(root, "exception"))
    bars = {kind: sum(box[3] == height for box in boxes(root, kind)) for kind in ("exception", "waiting", "result")}
    assert bars == {"exception": 3, "waiting": 2, "result": 2}
    assert boxes(root, "ready") == []
    waits, key = marks(root, "waits")
    assert waits[0] > key[0], "/items/3 was asked for later than the others"
    assert {"one, 5 requests: first answer after 1.25 s, last after 3.00 s, 1 failed", "served", "answered"} <= set(
        texts(root)
    )


@pytest.mark.parametrize("log", [[], [request("/", 0, None)]])
def test_a_log_that_is_not_over_is_told(log):
    with pytest.raises(ValueError, match="draw it when the server's block has been left"):
        draw_requests({"one": log})


async def test_it_reads_the_log_of_the_server():
    async with demo_api(failures=1, seed=4) as api:
        address = api.url.removeprefix("http://").split(":")
        for _ in range(3):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"GET /items/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            await reader.read()
            writer.close()
            await writer.wait_closed()
    assert str(draw_requests({"all fail": api.requests})).count("answered") == 0
