"""The demo API answers as asked, tells what its clients did, and leaves nothing behind."""

import asyncio
import csv
import gc
import io
import json
import os
import socket
import threading
import time
from asyncio.proactor_events import BaseProactorEventLoop
from collections import Counter

import aiohttp
import pytest

from support.scripts import run_script
from workshop import Timeline, demo_api
from workshop.demo_server.behaviour import Behaviour
from workshop.demo_server.server import PATIENCE

NO_WINDOWS = pytest.mark.skipif(os.name == "nt", reason="Windows has the loop itself, not one that behaves like it")


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog):
    """Neither asyncio nor aiohttp has anything to complain of, in any test."""
    yield
    gc.collect()
    assert [record.getMessage() for phase in ("call", "teardown") for record in caplog.get_records(phase)] == []


async def fetch(session, path):
    async with session.get(path) as response:
        return response.status, response.content_type, await response.text()


def fetched(*paths, **behaviour):
    """Fetch paths one after another, and return what came."""

    async def main():
        async with demo_api(**behaviour) as api, aiohttp.ClientSession(api.url) as session:
            return [await fetch(session, path) for path in paths]

    return run(main())


def run(main, loop=None):
    """Run a coroutine, which must not take long, in the usual event loop or in one of another class."""
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(asyncio.wait_for(main, 20))


async def pause(turns):
    """Let the other tasks run for some turns of the event loop."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def until(condition):
    """Let the other tasks run until a condition holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (a condition on both sides of a connection sets no event)
            await asyncio.sleep(0)


class AcceptsAsOnWindows(asyncio.SelectorEventLoop):
    """Accepts connections by the very code of the usual loop on Windows: one at a time, until the listener is closed.

    There is no reader to be removed, and a connection may have been accepted when the listener is closed.
    """

    def __init__(self):
        super().__init__()
        self._proactor, self._accept_futures = Acceptor(self), {}

    _start_serving = BaseProactorEventLoop._start_serving
    _stop_serving = BaseProactorEventLoop._stop_serving

    def remove_reader(self, file):
        raise NotImplementedError


class Acceptor:
    """What of the Proactor accepts: at once where a connection waits, else when one comes."""

    def __init__(self, loop):
        self.loop = loop

    def accept(self, listener):
        accepted = self.loop.create_future()

        def take():
            self._stop_serving(listener)
            accepted.set_result(listener.accept())

        try:
            accepted.set_result(listener.accept())
        except BlockingIOError:
            self.loop._add_reader(listener, take)
        return accepted

    def _stop_serving(self, listener):
        self.loop._remove_reader(listener)


# What there is


def test_lists_are_json_and_each_photo_belongs_to_a_user():
    answers = fetched("/photos", "/users")
    assert [(status, kind) for status, kind, _ in answers] == [(200, "application/json")] * 2
    photos, users = (json.loads(text) for _, _, text in answers)
    for entries in (photos, users):
        assert [entry["id"] for entry in entries] == list(range(1, len(entries) + 1))
        assert len(entries) >= 4
    assert {photo["user"] for photo in photos} <= {user["id"] for user in users}


def test_customers_are_csv():
    [(status, kind, text)] = fetched("/customers.csv")
    assert (status, kind) == (200, "text/csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) >= 5
    assert all(int(row["orders"]) > 0 and row["name"] and row["city"] for row in rows)


def test_items_come_by_number():
    first, last, *others = fetched("/items/1", "/items/1000", "/items/0", "/items/1001", "/items/x", "/items/²")
    for number, (status, _, text) in [(1, first), (1000, last)]:
        assert status == 200
        item = json.loads(text)
        assert item["id"] == number
        assert item["price"] > 0
    assert [status for status, _, _ in others] == [404] * 4


def test_a_status_comes_on_request():
    statuses = [200, 204, 301, 304, 404, 418, 500, 503, 599]
    answers = fetched(*(f"/status/{status}" for status in statuses))
    assert [status for status, _, _ in answers] == statuses
    assert [status for status, _, _ in fetched("/status/199", "/status/600", "/status/")] == [404] * 3


def test_what_is_not_there_is_said_so_and_where_to_look():
    (status, _, text), (_, _, front) = fetched("/photo", "/")
    assert status == 404
    assert json.loads(text) == {"error": "there is no /photo here; the address / lists what there is"}
    assert "/photos" in json.loads(front)


def test_every_address_of_the_front_page_answers():
    [(_, _, front)] = fetched("/")
    paths = [path for path in json.loads(front) if path not in ("/hang", "/cut")]
    answers = dict(zip(paths, fetched(*paths), strict=True))
    assert answers.pop("/status/404")[0] == 404
    assert {status for status, _, _ in answers.values()} == {200}
    assert len(answers["/large"][2]) == 1_000_000


async def test_nothing_is_taken():
    async with (
        demo_api() as api,
        aiohttp.ClientSession(api.url) as session,
        session.post("/photos", json={"title": "mine"}) as response,
    ):
        status, allowed, answer = response.status, response.headers["Allow"], await response.json()
    assert (status, allowed) == (405, "GET, HEAD")
    assert "POST" in answer["error"]


# How it answers


async def test_the_server_keeps_to_its_behaviour():
    behaviour = Behaviour(failures=0.6, seed=1)
    paths = [f"/items/{number}" for number in range(1, 41)]

    async def outcome(session, path):
        try:
            async with session.get(path) as response:
                await response.json()
                return "500" if response.status == 500 else None
        except aiohttp.ClientPayloadError:
            return "cut"
        except json.JSONDecodeError:
            return "garbage"

    async with demo_api(failures=0.6, seed=1) as api, aiohttp.ClientSession(api.url) as session:
        rounds = []
        for _ in range(2):
            rounds.append(await asyncio.gather(*(outcome(session, path) for path in paths)))
    assert rounds == [[behaviour.failure(path, attempt) for path in paths] for attempt in (1, 2)]
    expected = {None: 200, "500": 500, "garbage": 200, "cut": None}
    in_order = {path: [entry.status for entry in api.requests if entry.path == path] for path in paths}
    assert in_order == {path: [expected[outcomes[place]] for outcomes in rounds] for place, path in enumerate(paths)}
    assert all(entry.status == expected[entry.failure] for entry in api.requests)


async def test_no_answer_comes_before_its_delay():
    async with demo_api(delay={"/photos": 0.1}) as api, aiohttp.ClientSession(api.url) as session:
        order = []
        for next_result in asyncio.as_completed([fetch(session, path) for path in ("/photos", "/users")]):
            order.append((await next_result)[2])
    assert "title" in order[1]
    [photos] = [entry for entry in api.requests if entry.path == "/photos"]
    assert photos.finished - photos.arrived >= 0.09  # timers may be a little early on Windows


async def test_above_the_limit_requests_are_turned_away_until_others_end():
    async def status(session, path):
        async with session.get(path) as response:
            return response.status, response.headers.get("Retry-After")

    async with demo_api(limit=2) as api, aiohttp.ClientSession(api.url) as session:
        hanging = [asyncio.create_task(fetch(session, "/hang")) for _ in range(2)]
        await until(lambda: len(api.requests) == 2)
        away = [await status(session, "/users") for _ in range(3)]
        hanging.pop().cancel()
        await until(lambda: [entry for entry in api.requests if entry.path == "/hang" and entry.finished])
        served = await status(session, "/users")
    assert isinstance(await asyncio.gather(*hanging, return_exceptions=True), list)
    assert away == [(429, "1")] * 3
    assert served == (200, None)
    assert api.most_at_a_time == 3
    assert Counter(entry.status for entry in api.requests) == {None: 2, 429: 3, 200: 1}


async def test_above_the_rate_it_turns_away_and_says_for_how_long():
    async def status(session, path):
        async with session.get(path) as response:
            return response.status, response.headers.get("Retry-After")

    async with demo_api(rate=3, per=60) as api, aiohttp.ClientSession(api.url) as session:
        answers = [await status(session, "/users") for _ in range(5)]
    assert answers == [(200, None)] * 3 + [(429, "60")] * 2
    assert [entry.status for entry in api.requests] == [200] * 3 + [429] * 2

    async with demo_api(rate=1, per=0.05) as api, aiohttp.ClientSession(api.url) as session:
        first = await status(session, "/users")
        await asyncio.sleep(0.1)
        assert first == await status(session, "/users") == (200, None)


async def test_who_is_turned_away_for_being_too_many_at_a_time_does_not_count_for_the_rate():
    async with demo_api(limit=1, rate=2, per=60) as api, aiohttp.ClientSession(api.url) as session:
        hanging = asyncio.create_task(fetch(session, "/hang"))
        await until(lambda: api.requests)
        statuses = [(await fetch(session, "/users"))[0] for _ in range(3)]
        hanging.cancel()
        await until(lambda: api.requests[0].finished is not None)
        statuses += [(await fetch(session, "/users"))[0] for _ in range(2)]
    assert isinstance(await asyncio.gather(hanging, return_exceptions=True), list)
    assert statuses == [429] * 3 + [200, 429]


async def test_who_was_turned_away_has_used_up_no_attempt():
    path = next(
        f"/items/{number}"
        for number in range(1, 1000)
        if [Behaviour(failures=0.5).failure(f"/items/{number}", attempt) for attempt in (1, 2, 3)]
        == [None, "500", None]
    )
    async with demo_api({path: 0.1}, failures=0.5, limit=1) as api, aiohttp.ClientSession(api.url) as session:
        await asyncio.gather(fetch(session, path), fetch(session, path))
        assert [(await fetch(session, path))[0] for _ in range(2)] == [500, 200]


# The log


async def test_a_session_for_each_request_costs_a_connection_each():
    async def alone(url, path):
        async with aiohttp.ClientSession(url) as session:
            return await fetch(session, path)

    paths = [f"/items/{number}" for number in range(1, 21)]
    async with demo_api() as sessions:
        await asyncio.gather(*(alone(sessions.url, path) for path in paths))
    async with demo_api() as shared, aiohttp.ClientSession(shared.url) as session:
        for path in paths:
            await fetch(session, path)
    assert (sessions.connections, shared.connections) == (20, 1)
    assert sorted(entry.connection for entry in sessions.requests) == list(range(1, 21))
    assert [entry.connection for entry in shared.requests] == [1] * 20
    assert repr(shared) == "<demo API, requests: 20, connections: 1>"


async def test_a_connection_without_a_request_counts():
    async with demo_api() as api:
        _, writer = await asyncio.open_connection("127.0.0.1", int(api.url.rpartition(":")[2]))
        await until(lambda: api.connections == 1)
        writer.close()
    assert api.requests == []


async def test_the_log_tells_when_and_what_in_the_order_of_arrival():
    async with demo_api(delay={"/photos": 0.05}) as api, aiohttp.ClientSession(api.url) as session:
        photos = asyncio.create_task(fetch(session, "/photos"))
        await until(lambda: api.requests)
        assert api.requests[0].finished is None
        await fetch(session, "/nothing?page=2")
        await photos
        assert all(entry.finished is not None for entry in api.requests)
    first, second = api.requests
    assert [(entry.path, entry.status) for entry in (first, second)] == [("/photos", 200), ("/nothing", 404)]
    assert 0 <= first.arrived <= second.arrived <= second.finished <= first.finished


def test_most_at_a_time_is_what_the_client_did():
    async def crawl(at_a_time):
        gate = asyncio.Semaphore(at_a_time)

        async def one(session, path):
            async with gate:
                return await fetch(session, path)

        async with demo_api(delay=0.01, jitter=0.01) as api, aiohttp.ClientSession(api.url) as session:
            await asyncio.gather(*(one(session, f"/items/{number}") for number in range(1, 31)))
        return api.most_at_a_time

    assert [run(crawl(at_a_time)) for at_a_time in (1, 4)] == [1, 4]


async def test_a_request_that_was_given_up_ends_at_the_server_too():
    async with demo_api() as api, aiohttp.ClientSession(api.url) as session:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await fetch(session, "/hang")
        await until(lambda: api.requests[0].finished is not None)
    assert api.requests[0].status is None


# Start and end


async def test_it_listens_on_this_computer_only():
    """Also tried: the second address of the loopback interface, which an open server on Linux would answer on."""
    async with demo_api() as api:
        host, port = api.url.removeprefix("http://").split(":")
        names = {"127.0.0.2", "::1", socket.gethostname()}
        others = {
            address[0]
            for name in names
            for _, _, _, _, address in await asyncio.get_running_loop().getaddrinfo(name, None)
            if address[0] != "127.0.0.1"
        }
        for other in sorted(others):
            with pytest.raises((OSError, TimeoutError)):
                await asyncio.wait_for(asyncio.open_connection(other, port), 0.5)
    assert (host, api.connections) == ("127.0.0.1", 0)
    assert "127.0.0.2" in others


async def hanging(api):
    """Begin three requests that will not be answered, and wait until the server has them."""

    async def forever():
        async with aiohttp.ClientSession(api.url) as session:
            await fetch(session, "/hang")

    tasks = [asyncio.create_task(forever()) for _ in range(3)]
    await until(lambda: [entry.path for entry in api.requests].count("/hang") == 3)
    return tasks


def all_cut_off(outcomes):
    # aiohttp tries such a request once more by itself, and is refused then
    return [type(outcome) for outcome in outcomes] == [aiohttp.ClientConnectorError] * 3


@pytest.mark.parametrize("error", [None, ZeroDivisionError, asyncio.CancelledError, KeyError])
async def test_open_requests_end_with_the_block_however_it_is_left(error):
    tasks = []
    try:
        async with demo_api() as api:
            tasks += await hanging(api)
            if error:
                raise error
    except BaseException as seen:
        assert type(seen) is error
    else:
        assert error is None
    assert all(entry.finished is not None and entry.status is None for entry in api.requests)
    assert all_cut_off(await asyncio.gather(*tasks, return_exceptions=True))


async def test_it_can_be_stopped_in_the_middle():
    async with demo_api() as api, aiohttp.ClientSession(api.url) as session:
        idle = await fetch(session, "/photos")
        tasks = await hanging(api)
        await api.stop()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        with pytest.raises(aiohttp.ClientConnectorError):
            await fetch(session, "/photos")
        await api.stop()
    assert idle[0] == 200
    assert all_cut_off(outcomes)
    assert len(api.requests) == 4
    assert api.connections == 4


async def test_a_client_that_does_not_read_cannot_hold_it_up():
    async with demo_api() as api, aiohttp.ClientSession(api.url) as session:
        response = await session.get("/large")
        began = time.perf_counter()
        await api.stop()
        assert time.perf_counter() - began < 0.9
        response.close()


async def test_several_at_once_are_apart():
    async with demo_api() as outer, demo_api() as inner:
        assert outer.url != inner.url
        async with aiohttp.ClientSession() as session:
            await fetch(session, inner.url + "/users")
            await inner.stop()
            await fetch(session, outer.url + "/photos")
    assert [[entry.path for entry in api.requests] for api in (outer, inner)] == [["/photos"], ["/users"]]


def left_over():
    """Return what might be left: tasks, threads, and files (which sockets are) where one can count them."""
    gc.collect()
    files = len(os.listdir("/dev/fd")) if os.path.isdir("/dev/fd") else None
    return [task.get_coro() for task in asyncio.all_tasks()], threading.active_count(), files


# Windows' loop lets go of a connection that had been accepted when its listener was closed, and does not close it.
@pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning")
@pytest.mark.parametrize("loop", [None, pytest.param(AcceptsAsOnWindows, marks=NO_WINDOWS)], ids=["", "as on Windows"])
@pytest.mark.parametrize("apart", [0, 1])
def test_twenty_starts_and_stops_leave_nothing_behind(apart, loop):
    """Stopped after a few more turns of the event loop each time: while clients connect, ask, and wait."""

    async def ask(url, path, after):
        await pause(after)
        async with aiohttp.ClientSession(url) as session:
            return await fetch(session, path)

    async def once(turns):
        paths = ["/hang", "/photos", "/large", "/items/3", "/cut"] * 2
        async with demo_api(delay={"/photos": 0.001}, limit=8) as api:
            tasks = [asyncio.create_task(ask(api.url, path, apart * place)) for place, path in enumerate(paths)]
            await pause(turns)
            began = time.perf_counter()
            await api.stop()
            assert time.perf_counter() - began < PATIENCE, "something had to be waited for"
            answered = [entry.status for entry in api.requests]
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(outcome, tuple | aiohttp.ClientError) for outcome in outcomes), outcomes
        assert [entry.status for entry in api.requests] == answered, "something was answered after the stop"
        assert all(entry.finished is not None for entry in api.requests)
        received = Counter(outcome[0] for outcome in outcomes if isinstance(outcome, tuple))
        assert received <= Counter(answered) and received.keys() <= {200, 429}
        return len(api.requests)

    async def main():
        await once(3)
        before = left_over()
        counts = [await once(turns) for turns in range(20)]
        await asyncio.sleep(0)
        assert left_over() == before
        return counts

    counts = run(main(), loop)
    assert counts[0] == 0 < counts[-1]  # from no request to many


async def test_a_start_that_is_cancelled_leaves_nothing_behind():
    started = []

    async def block():
        async with demo_api() as api:
            started.append(api)
            await asyncio.Event().wait()

    before = left_over()
    for turns in range(8):
        task = asyncio.create_task(block())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        assert left_over() == before, turns
    assert 0 < len(started) < 8


async def test_an_end_that_is_cancelled_leaves_nothing_behind():
    """The block is cancelled, and cancelled again while it ends."""

    async def ask(url, path):
        async with aiohttp.ClientSession(url) as session:
            return await fetch(session, path)

    async def block(seen):
        async with demo_api() as api:
            seen.append(api)
            seen += [asyncio.create_task(ask(api.url, path)) for path in ("/hang", "/cut", "/large", "/photos")]
            await asyncio.Event().wait()

    before = left_over()
    for turns in range(48):
        seen = []
        task = asyncio.create_task(block(seen))
        await until(lambda seen=seen: seen)
        await pause(turns // 6)
        task.cancel()
        await pause(turns % 6)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.gather(*seen[1:], return_exceptions=True)
        api = seen[0]
        await until(lambda api=api: all(entry.finished is not None for entry in api.requests))
    await pause(5)
    del seen, api, task
    assert left_over() == before


async def test_wrong_use_is_told_of():
    api = demo_api()
    with pytest.raises(RuntimeError, match="has no address before it runs: write `async with demo_api"):
        _ = api.url
    await api.stop()
    with pytest.raises(TypeError, match="write `async with demo_api"), api:
        pass
    async with api:
        with pytest.raises(RuntimeError, match="has run already: make another"):
            await api.__aenter__()
    with pytest.raises(RuntimeError, match="has run already: make another"):
        async with api:
            pass


# The limit of open files, which connections are

LIMITS = """
import asyncio, resource, sys, warnings
from workshop import demo_api

async def main():
    async with demo_api():
        return resource.getrlimit(resource.RLIMIT_NOFILE)

before = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, before)
with warnings.catch_warnings(record=True, action="always") as warned:
    print(*asyncio.run(main()))
print(*(warning.message for warning in warned))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
@pytest.mark.parametrize(
    ("soft", "hard", "after", "warns"),
    [(256, 4096, 1024, False), (256, 1024, 1024, False), (2048, 4096, 2048, False), (256, 256, 256, True)],
)
def test_the_limit_of_open_files_is_raised_where_it_can_be(soft, hard, after, warns):
    said, warning = run_script(LIMITS, str(soft), str(hard)).splitlines()
    assert said == f"{after} {hard}"
    assert warning.startswith("Your system lets this process have no more than 256 files open") == warns
    assert bool(warning) == warns


# Beside the other tools of the workshop


@pytest.mark.parametrize("nested", [False, True], ids=["started outside", "started inside"])
async def test_a_timeline_shows_the_readers_tasks_only(nested):
    async def requests(session):
        await asyncio.gather(*(fetch(session, f"/items/{number}") for number in range(1, 6)))

    if nested:
        async with Timeline() as timeline, demo_api() as api:
            session = aiohttp.ClientSession(api.url)
            await requests(session)
    else:
        async with demo_api() as api, aiohttp.ClientSession(api.url) as session, Timeline() as timeline:
            await requests(session)
            await api.stop()
    if nested:
        await session.close()
    assert [task.name for task in timeline.tasks] == [
        f"fetch(<ClientSession>, '/items/{number}')" for number in range(1, 6)
    ]


def test_the_workshop_is_imported_without_aiohttp():
    assert run_script("import sys, workshop; print('aiohttp' in sys.modules)") == "False\n"
    assert run_script("import sys; from workshop import demo_api; print('aiohttp' in sys.modules)") == "True\n"


def test_without_aiohttp_it_is_said_what_to_do():
    source = """
import sys
sys.modules["aiohttp"] = None
from workshop import Timeline
try:
    from workshop import demo_api
except ImportError as error:
    print(error)
try:
    from workshop import demo
except ImportError as error:
    print(error)"""
    words, other = run_script(source).splitlines()
    assert words == "the demo API needs aiohttp: run %pip install aiohttp in a cell of its own, then try again"
    assert other.startswith("cannot import name 'demo' from 'workshop'")
