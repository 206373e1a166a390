"""Every message of Python and of its libraries that a learner of this subject meets is told with its idea."""

# ruff: noqa: ASYNC100, E501, F401 (a mistake a line; what it needs is imported for it)

import asyncio
import concurrent.futures
import contextlib
import errno
import functools
import json
import re
import threading
import time
from multiprocessing.reduction import ForkingPickler

import aiohttp
import anyio
import httpx
import pytest
import tqdm
import tqdm.asyncio

from workshop.exercises.checks import MORE_ON_MESSAGES, WrongError, attempt
from workshop.exercises.ideas import IDEAS, idea_behind

NOWHERE, ANYWHERE = "http://127.0.0.1:1/", "http://anywhere/"

# ---- what the mistakes need


async def f(delay=0):
    await asyncio.sleep(delay)
    return 1


def tasks():
    return [asyncio.create_task(f()) for _ in range(2)]


async def agen(delay=0):
    await asyncio.sleep(delay)
    yield 1


async def burns():
    raise ValueError("soup burnt")


async def indexes():
    return tasks()[0][0]


async def waiting(event):
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), 0.01)


async def entering(scope):
    scope.__enter__()


async def limited():
    async with asyncio.timeout(1):
        pass


async def outside_of_a_task(coroutine):
    """Take a coroutine's first step as a callback of the loop, where there is no current task."""
    ended = asyncio.get_running_loop().create_future()

    def step():
        try:
            coroutine.send(None)
        except Exception as error:
            ended.set_exception(error)

    asyncio.get_running_loop().call_soon(step)
    await ended


def answering(status, text):
    return httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(status, text=text)))


def answering_synchronously():
    return httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200)))


def too_slow(request):
    raise httpx.ReadTimeout("", request=request)


def open_too_many_files():
    raise OSError(errno.EMFILE, "Too many open files")


def answer_of(code):
    """Return a reader's function with this body."""
    made = {}
    body = "".join(f"\n    {line}" for line in code.splitlines())
    exec(f"async def answer():{body}\n    return 1", globals(), made)
    return made["answer"]


def told(code):
    """Return what a check says of a function with this body."""
    with pytest.raises(WrongError) as wrong:
        asyncio.run(attempt(answer_of(code)))
    return str(wrong.value)


MISTAKES = [
    ("asyncio.run(f())", "`await` is enough here"),
    ("asyncio.Runner().run(f())", "`await` is enough here"),
    ("asyncio.get_running_loop().run_until_complete(f())", "`await` is enough here"),
    ("asyncio.new_event_loop().run_until_complete(f())", "`await` is enough here"),
    ("anyio.run(f)", "`await` is enough here"),
    ("await asyncio.to_thread(lambda: asyncio.create_task(f()))", "no running event loop: start tasks in your"),
    ("await asyncio.to_thread(asyncio.get_event_loop)", "no running event loop: start tasks in your"),
    ("await asyncio.to_thread(aiohttp.ClientSession)", "no running event loop: start tasks in your"),
    ("await asyncio.new_event_loop().create_future()", "belongs to another event loop"),
    ("event = asyncio.Event()\nawait asyncio.to_thread(asyncio.run, waiting(event))\nawait event.wait()", "belongs to another event loop"),
    ("asyncio.get_running_loop().close()", "isn't yours to close"),
    ("loop = asyncio.new_event_loop()\nloop.close()\nloop.call_soon(print)", "belongs to another event loop"),
    ("await outside_of_a_task(limited())", "Has `nest_asyncio` been applied"),
    ("c = f()\nawait c\nawait c", "awaited once only: keep its result"),
    ("c = f(0.1)\nasyncio.create_task(c)\nawait asyncio.sleep(0)\nawait c", "make a task of each"),
    ("list(asyncio.gather(f()))", "needs `await` in front"),
    ("list(tasks()[0])", "needs `await` in front"),
    ("await asyncio.current_task()", "would wait for ever"),
    ("await asyncio.gather(f() for _ in range(2))", "a star belongs before"),
    ("await asyncio.gather([f(), f()])", "a star belongs before it"),
    ("await asyncio.gather(tasks())", "a star belongs before it"),
    ("await asyncio.gather(f, f)", "Functions must be called"),
    ("await asyncio.gather(f(), timeout=1)", "`gather` has no limit of its own"),
    ("await asyncio.as_completed(tasks())", "loop over it with `for`"),
    ("await (f() for _ in range(2))", "loop over it with `for`"),
    ("await agen()", "loop over it with `async for`"),
    ("await tasks()", "await each of them"),
    ("await {1: f()}.values()", "await each of them"),
    ("await f", "call it, with parentheses"),
    ("await tasks()[0].result", "call it, with parentheses"),
    ("await functools.partial(f)", "call it, with parentheses"),
    ("await asyncio.Event", "call it, with parentheses"),
    ("await asyncio.timeout(1)", "open it with `async with`"),
    ("await asyncio.TaskGroup()", "open it with `async with`"),
    ("await asyncio.Lock()", "open it with `async with`"),
    ("await asyncio.Event()", "await its method `wait()`"),
    ("await asyncio.Queue()", "await its methods `get()`"),
    ("await tasks()[0].cancel()", "only asks"),
    ("await time.sleep(0)", "an ordinary value, None"),
    ("await concurrent.futures.Future()", "a pool's future is for threads"),
    ("await tqdm.tqdm(tasks(), disable=True)", "a bar is looped over"),
    ("await 1", "an ordinary value"),
    ("[await result for result in await asyncio.gather(f(), f())]", "an ordinary value"),
    ("[await n for n in asyncio.as_completed(f())]", "not a single one"),
    ("await asyncio.wait(f())", "not a single one"),
    ("await asyncio.wait(tasks()[0])", "not a single one"),
    ("[await n for n in asyncio.as_completed(*tasks())]", "one list, without a star"),
    ("[await n for n in asyncio.as_completed(tasks(), 1)]", "the time limit is `timeout=...`"),
    ("[await n for n in asyncio.as_completed(tasks(), return_exceptions=True)]", "Only `gather` has `return_exceptions`"),
    ("[await n for n in asyncio.as_completed(tasks(), loop=None)]", "always the running one"),
    ("[await n for n in asyncio.as_completed([1, 2])]", "leave it out there"),
    ("await asyncio.wait([f(), f()])", "`asyncio.wait` takes tasks"),
    ("await asyncio.wait([])", "at least one task"),
    ('await asyncio.wait(tasks(), return_when="FIRST")', "`asyncio.FIRST_COMPLETED`"),
    ("done, pending = asyncio.wait(tasks())", "must be awaited first"),
    ("[task.result() for task in await asyncio.wait(tasks())]", "gives two, `done, pending`"),
    ("(await asyncio.wait(tasks())).result()", "gives two, `done, pending`"),
    ("tasks().cancel()", "loop over it"),
    ("[n.result() for n in concurrent.futures.as_completed(tasks())]", "not those of `concurrent.futures`"),
    ("[n.result() for n in concurrent.futures.as_completed([f()])]", "not those of `concurrent.futures`"),
    ("{f(): 1}[f()]", "objects of its own"),
    ("known = {task: 1 for task in tasks()}\nfor n in asyncio.as_completed(known): known[n]", "objects of its own"),
    ("{}[tasks()[0]]", "make the tasks yourself, as keys"),
    ("asyncio.as_completed(tasks())[0]", "has no length"),
    ("len(asyncio.as_completed(tasks()))", "has no length"),
    ("[await n for n in tqdm.asyncio.tqdm.as_completed(f() for _ in range(2))]", "make a list of your awaitables first"),
    ("async for n in tqdm.asyncio.tqdm.as_completed(tasks(), disable=True): ...", "tqdm's is never for it"),
    ("async for n in f(): ...", "does the function contain a `yield`?"),
    ("async for n in agen: ...", "parentheses"),
    ("async for n in asyncio.Queue(): ...", "emptied by `await queue.get()`"),
    ("async for n in tasks(): ...", "A plain `for` is enough"),
    ("async for n in asyncio.gather(f()): ...", "A plain `for` is enough"),
    ("for n in agen(): ...", "`async for`"),
    ("[n for n in tqdm.tqdm(agen(), disable=True)]", "`async for`"),
    ("next(agen())", "`await anext(...)`"),
    ("len(agen())", "`[item async for item in ...]`"),
    ("agen()[0]", "`[item async for item in ...]`"),
    ("next(tasks())", "`iter(...)` makes one"),
    ("await anext([1])", "for all else it is `next`"),
    ("slow = agen(0.01)\nawait asyncio.gather(anext(slow), anext(slow))", "let one task loop over it"),
    ("empty = agen()\nawait anext(empty)\nawait anext(empty)", "`anext(iterator, None)`"),
    ("next(iter([]))", "`next(iterator, None)`"),
    ("some = set(tasks())\nfor task in some: some.discard(task)", "Loop over a copy"),
    ("some = {1: 1, 2: 2}\nfor key in some: del some[key]", "Loop over a copy"),
    ("f().cancel()", "Only tasks can be cancelled"),
    ("[n.result() for n in asyncio.as_completed(tasks())]", "no task: only `await` gives its result"),
    ("[n.get_name() for n in asyncio.as_completed(tasks())]", "no task: only `await` gives its result"),
    ("await f()()", "no parentheses behind it"),
    ("await asyncio.to_thread(f())", "no parentheses behind it"),
    ("for key, value in asyncio.as_completed(tasks()): ...", "must be awaited first"),
    ("async with f(): ...", "await that, in place of opening it"),
    ("with f(): ...", "await that, in place of opening it"),
    ("f()[0]", "`await` it for its result"),
    ("for n in f(): ...", "`await` it for its result"),
    ("await asyncio.gather(*f())", "`await` it for its result"),
    ("1 + f()", "`await` it for its result"),
    ("sum(asyncio.as_completed(tasks()))", "`await` it for its result"),
    ("sorted([f(), f()])", "`await` it for its result"),
    ("len(f())", "`await` it for its result"),
    ("1 in f()", "`await` it for its result"),
    ("json.dumps(f())", "`await` it for its result"),
    ('", ".join([f()])', "`await` it for its result"),
    ('"%d" % f()', "`await` it for its result"),
    ("round(f())", "`await` it for its result"),
    ("float(f())", "`await` it for its result"),
    ('f"{f():.2f}"', "`await` it for its result"),
    ("f().json()", "`await` it for its result"),
    ("tasks()[0][0]", "is not its result"),
    ("1 + tasks()[0]", "is not its result"),
    ("tasks()[0].upper()", "is not its result"),
    ("sorted(tasks())", "is not its result"),
    ("await tasks()[0]()", "is not its result"),
    ("asyncio.gather(f())[0]", "is not its result"),
    ("len(asyncio.gather(f()))", "is not its result"),
    ("[] + asyncio.gather(f())", "is not its result"),
    ("json.dumps(tasks()[0])", "is not its result"),
    ("[result.result() for result in await asyncio.gather(f(), f())]", "`await` has taken it out"),
    ("asyncio.create_task([f()])", "one coroutine, not a list"),
    ("asyncio.create_task(f)", "what calling an `async def` function gives"),
    ("asyncio.create_task(None)", "what calling an `async def` function gives"),
    ("asyncio.create_task(tasks()[0])", "simply await it"),
    ("asyncio.create_task(asyncio.gather(f()))", "simply await it"),
    ("asyncio.create_task(agen())", "write a coroutine with `async for` in it"),
    ('asyncio.create_task(f(), "name")', "a name is `name=...`"),
    ("asyncio.run_coroutine_threadsafe(f, asyncio.get_running_loop())", "what calling an `async def` function gives"),
    ("asyncio.Task.all_tasks()", "`asyncio.all_tasks()`"),
    ("tasks()[0].result()", "The task isn't done"),
    ("tasks()[0].exception()", "The task isn't done"),
    ("future = asyncio.get_running_loop().create_future()\nfuture.set_result(1)\nfuture.set_result(2)", "once only"),
    ("tasks()[0].set_result(1)", "what its coroutine returns"),
    ("with asyncio.timeout(1): ...", "`async with` opens it"),
    ("with asyncio.TaskGroup(): ...", "`async with` opens it"),
    ("with asyncio.Semaphore(2): ...", "`async with` opens it"),
    ("with aiohttp.ClientSession(): ...", "`async with` opens it"),
    ("with httpx.AsyncClient(): ...", "`async with` opens it"),
    ("with anyio.create_task_group(): ...", "`async with` opens it"),
    ("async with httpx.Client(): ...", "A plain `with` opens it"),
    ("async with anyio.move_on_after(1): ...", "A plain `with` opens it"),
    ("async with threading.Lock(): ...", "A plain `with` opens it"),
    ("async with f: ...", "must be called"),
    ("async with asyncio.Semaphore: ...", "must be called"),
    ("scope = anyio.CancelScope()\nawait asyncio.create_task(entering(scope))\nscope.__exit__(None, None, None)", "The task that opens it must close it"),
    ("await asyncio.get_running_loop().run_in_executor(time.sleep, 0)", "The pool comes first"),
    ("await asyncio.get_running_loop().run_in_executor(None, time.sleep, secs=0)", "passes no keywords on"),
    ("await asyncio.get_running_loop().run_in_executor(None, time.sleep(0))", "can't be called again"),
    ("await asyncio.to_thread(time.sleep(0))", "can't be called again"),
    ("ForkingPickler.dumps(lambda: 1)", "Is a thread enough?"),
    ("ForkingPickler.dumps(f())", "bound to this event loop"),
    ("ForkingPickler.dumps(tasks()[0])", "bound to this event loop"),
    ("pool = concurrent.futures.ThreadPoolExecutor()\npool.shutdown()\npool.submit(print)", "stay inside"),
    ("asyncio.TaskGroup().create_task(f())", "inside its `async with` block only"),
    ("async with asyncio.TaskGroup() as group: ...\ngroup.create_task(f())", "inside its `async with` block only"),
    ("async with anyio.create_task_group() as group: ...\ngroup.start_soon(f)", "inside its `async with` block only"),
    ("async with asyncio.TaskGroup() as group: group.start_soon(f)", "`start_soon` is anyio's"),
    ("async with anyio.create_task_group() as group: group.start_soon(time.sleep, 0)", "takes an `async def` function"),
    ("async with anyio.create_task_group() as group: group.start_soon(f())", "no parentheses behind it"),
    ("async with asyncio.TaskGroup() as group: group.create_task(burns())", "which `except*` catches"),
    ("async with anyio.create_task_group() as group: group.start_soon(burns)", "which `except*` catches"),
    ("asyncio.Lock().release()", "`async with` does both"),
    ("asyncio.BoundedSemaphore(1).release()", "`async with` does both"),
    ("asyncio.Queue().get_nowait()", "does not wait"),
    ("queue = asyncio.Queue(1)\nqueue.put_nowait(1)\nqueue.put_nowait(1)", "does not wait"),
    ("asyncio.Queue().task_done()", "once behind each `get()`"),
    ('await asyncio.sleep("1")', "takes seconds"),
    ('await asyncio.sleep((0.1, "name"))', "takes seconds"),
    ("await asyncio.wait_for(1, f())", "`wait_for` the awaitable, and then seconds"),
    ("await asyncio.wait_for(f(1), 0.01)", "The time was up"),
    ("async with asyncio.timeout(0.01): await f(1)", "The time was up"),
    ("[await n for n in asyncio.as_completed([f(1)], timeout=0.01)]", "The time was up"),
    ("with anyio.fail_after(0.01): await f(1)", "The time was up"),
    ("session = aiohttp.ClientSession()\nawait session.close()\nawait session.get(NOWHERE)", "Stay inside"),
    ("client = httpx.AsyncClient()\nawait client.aclose()\nawait client.get(NOWHERE)", "Stay inside"),
    ("async with aiohttp.ClientSession() as session: await session.get(NOWHERE)", "Nobody answers there"),
    ("async with httpx.AsyncClient() as client: await client.get(NOWHERE)", "Nobody answers there"),
    ('await asyncio.open_connection("127.0.0.1", 1)', "Nobody answers there"),
    ('async with aiohttp.ClientSession() as session: await session.get("/items/1")', "no whole address"),
    ('async with httpx.AsyncClient() as client: await client.get("/items/1")', "no whole address"),
    ('async with aiohttp.ClientSession() as session: await session.get("localhost:1")', "no whole address"),
    ("async with aiohttp.ClientSession() as session: session.get(NOWHERE).status", "`async with session.get(...) as response`"),
    ("async with aiohttp.ClientSession() as session:\n    with session.get(NOWHERE): ...", "`async with session.get(...) as response`"),
    ("await aiohttp.ClientSession", "call it, with parentheses"),
    ("async with aiohttp.ClientSession() as session: await session", "open it with `async with`"),
    ("aiohttp.get(NOWHERE)", "made by a session"),
    ('async with answering(200, "no JSON") as client: (await client.get(ANYWHERE)).json()', "where you fetch this one"),
    ('async with answering(503, "") as client: (await client.get(ANYWHERE)).raise_for_status()', "where you fetch this one"),
    ('async with answering(200, "{}") as client: client.get(ANYWHERE).json()', "`await` it for its result"),
    ('async with answering(200, "{}") as client: await (await client.get(ANYWHERE)).json()', "an ordinary value"),
    ('async with answering(200, "{}") as client:\n    async with client.get(ANYWHERE): ...', "await that, in place of opening it"),
    ("with httpx.Client(transport=httpx.MockTransport(too_slow)) as client: client.get(ANYWHERE)", "time limit was up"),
    ("with answering_synchronously() as client: await client.get(ANYWHERE)", "Use an asynchronous one"),
    ("open_too_many_files()", "limit how many run at a time"),
    ("asyncio.coroutine", "write `async def`"),
    ("tqdm.tqdm.as_completed(tasks())", "`from tqdm.asyncio import tqdm`"),
    ("await asynco.sleep(1)", "Is it spelled right"),
    ("exit()", "would end the whole kernel"),
    ("await asyncio.wait_for(f())", "too few arguments"),
    ("await f(1, 2, 3)", "more arguments than it takes"),
    ("await f(second=1)", "no parameter of that name"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # of what such code leaves behind: a notebook does not show it beside a check
@pytest.mark.parametrize(("code", "idea"), MISTAKES, ids=[code for code, _ in MISTAKES])
def test_a_message_is_told_with_its_idea(code, idea):
    line = told(code)
    assert line.startswith("Your code raised ")
    assert idea in line
    assert line.count(". ") <= 5
    assert re.search(rf"[.?] {re.escape(MORE_ON_MESSAGES)}$", line)
    assert ".." not in line.replace("...", "")


def test_each_idea_is_provoked_here():
    elsewhere = ("Up to Python 3.11", "After GeneratorExit")  # in the tests of exercises 1.2 and 9.1
    ideas = [idea for _, idea in IDEAS if not any(words in idea for _, words in MISTAKES)]
    assert [idea for idea in ideas if not idea.startswith(elsewhere)] == []


def test_an_exception_of_the_readers_own_has_no_idea():
    assert told("raise ValueError('no soup')") == "Your code raised ValueError: no soup."


@pytest.mark.parametrize(
    ("message", "idea"),
    [
        ("TypeError: 'list' object can't be awaited", "await each of them"),
        ("TypeError: object list can't be used in 'await' expression", "await each of them"),
        ("AttributeError: Can't pickle local object 'a.<locals>.b'", "Is a thread enough?"),
        ("AttributeError: Can't get local object 'a.<locals>.b'", "Is a thread enough?"),
        ("PicklingError: Can't pickle local object <function a.<locals>.b at 0x7f>", "Is a thread enough?"),
        ("TypeError: cannot use 'list' as a dict key (unhashable type: 'list')", "a star belongs before it"),
    ],
)
def test_messages_of_all_pythons_are_known_on_each(message, idea):
    assert idea in idea_behind(message)


def test_an_exception_that_nobody_took_is_told_with_its_idea():
    code = "asyncio.create_task(indexes())\nawait asyncio.sleep(0.01)\nreturn None"
    assert "is not its result: `await` it" in told(code)


def test_a_long_message_keeps_its_end():
    line = told(f"raise ValueError('begin' + {'x' * 300!r} + 'end')")
    assert line.startswith("Your code raised ValueError: beginx")
    assert line.endswith("xend.")
    assert len(line) < 160
