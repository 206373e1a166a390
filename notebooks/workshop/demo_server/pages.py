"""What the demo API answers, by path."""

import asyncio
import contextlib
from typing import Any

from aiohttp import web

ADDRESSES = {
    "/photos": "a list of photos (JSON)",
    "/users": "a list of users (JSON)",
    "/customers.csv": "a file of customers (CSV)",
    "/items/17": "one item, by its number from 1 to 1000 (JSON)",
    "/status/404": "an answer with the status you ask for, from 200 to 599",
    "/large": "a body of a million bytes",
    "/hang": "no answer, ever",
    "/cut": "half an answer: then the connection is cut",
    "/garbage": "a body that says it is JSON, and is not",
    "/answers": "what the language models are; they answer what you post there",
}
"""What there is, for the front page."""

PHOTOS = [
    {"id": number, "title": title, "user": user}
    for number, (title, user) in enumerate(
        [
            ("Harbour before sunrise", 2),
            ("Two bicycles", 1),
            ("Snow on the tracks", 4),
            ("Market, third stall", 3),
            ("The last tram", 1),
            ("Lighthouse, from below", 2),
        ],
        start=1,
    )
]
USERS = [{"id": number, "name": name} for number, name in enumerate(["Amara", "Bjarne", "Chiyo", "Davit"], start=1)]

CUSTOMERS = """\
id,name,city,orders
1,Lena Okafor,Utrecht,12
2,Mateo Silva,Porto,3
3,Ingrid Dahl,Bergen,7
4,Yusuf Demir,Izmir,1
5,Priya Raman,Chennai,9
"""

NUMBER_OF_ITEMS = 1000
THINGS = ("lamp", "kettle", "chair", "clock", "mirror", "basket", "rug")

GARBAGE = '{"id": 17, "name": "la'


async def page(request: web.BaseRequest) -> web.StreamResponse:
    """Return the answer to a request; for some paths that is none, or half of one.

    Args:
        request: what is asked for.
    """
    if request.method not in ("GET", "HEAD"):
        return error(405, f"this demo API has things to get only, so {request.method} does nothing", Allow="GET, HEAD")
    match request.path.split("/")[1:]:
        case [""]:
            return web.json_response(ADDRESSES)
        case ["photos"]:
            return web.json_response(PHOTOS)
        case ["users"]:
            return web.json_response(USERS)
        case ["customers.csv"]:
            return web.Response(text=CUSTOMERS, content_type="text/csv")
        case ["items", number] if _is_between(1, number, NUMBER_OF_ITEMS):
            return web.json_response(item(int(number)))
        case ["status", status] if _is_between(200, status, 599):
            return web.json_response({"status": int(status)}, status=int(status))
        case ["large"]:
            return web.Response(body=bytes(1_000_000))
        case ["hang"]:
            return await never()
        case ["cut"]:
            return await cut(request)
        case ["garbage"]:
            return garbage()
    return error(404, f"there is no {request.path} here; the address / lists what there is")


def item(number: int) -> dict[str, Any]:
    """Return an item, by its number."""
    return {"id": number, "name": THINGS[number % len(THINGS)], "price": (number * 37 % 400 + 99) / 100}


def error(status: int, message: str, **headers: str) -> web.Response:
    """Return an answer that says what is wrong.

    Args:
        status: the status, such as 404.
        message: what is wrong, in words.
        headers: further headers. An underscore in a name stands for a hyphen.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.json_response({"error": message}, status=status, headers=named)


def garbage() -> web.Response:
    """Return an answer whose body is not the JSON that it says it is."""
    return web.Response(text=GARBAGE, content_type="application/json")


async def cut(request: web.BaseRequest) -> web.StreamResponse:
    """Send half of an answer, and cut the connection."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = 2 * len(GARBAGE)
    with contextlib.suppress(ConnectionError):  # the other side may have cut it first
        await response.prepare(request)
        await response.write(GARBAGE.encode())
        request.transport.close()
    return await never()


async def never() -> web.StreamResponse:
    """Wait until cancelled, as a request is when its connection ends."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets this event")


def _is_between(least: int, text: str, most: int) -> bool:
    return text.isdecimal() and least <= int(text) <= most
