"""What Python in a browser does otherwise is put back: tried here on a loop that has the faults of the browser's.

The notebooks themselves are run in a browser by tests/site.
"""

import asyncio
import gc
import importlib
import math
import sched
import sys
import sysconfig
import time
import types
import warnings
from contextvars import ContextVar, copy_context

import pytest

from workshop import Timeline

RIGHT_SLEEP, RIGHT_RUN = time.sleep, asyncio.run


class WebLoop(asyncio.AbstractEventLoop):
    """A loop that behaves as Pyodide's does. What it asks the browser for, `browser` does.

    Attributes:
        asked: how often the browser was asked.
    """

    def __init__(self):
        self.browser, self.asked = sched.scheduler(time.monotonic, RIGHT_SLEEP), 0
        self._task_factory = self._exception_handler = self._current_handle = None
        self._debug = False

    def time(self):
        return time.monotonic()

    def call_soon(self, callback, *arguments, context=None):
        return self.call_later(0, callback, *arguments, context=context)

    def call_soon_threadsafe(self, callback, *arguments, context=None):
        return self.call_soon(callback, *arguments, context=context)

    def call_later(self, delay, callback, *arguments, context=None):
        if delay < 0:
            raise ValueError("Can't schedule in the past")
        handle = asyncio.Handle(callback, arguments, self, context)
        if delay == float("inf"):
            return handle
        self.asked += 1
        self.browser.enter(delay, -self.asked, lambda: handle.cancelled() or handle._run())
        return handle

    def call_at(self, when, callback, *arguments, context=None):
        return self.call_later(when - self.time(), callback, *arguments, context=context)

    def create_task(self, coro, *, name=None, context=None):
        if self._task_factory is None:
            task = asyncio.Task(coro, loop=self)
        else:
            task = self._task_factory(self, coro)
            asyncio.tasks._set_task_name_of_python_3_12(task, name)  # there is no such function
        task.add_done_callback(self._tell_at_once)
        return task

    def _tell_at_once(self, task):
        if error := task.exception():
            self.call_exception_handler({"exception": error})

    def create_future(self):
        return type("OwnFuture", (asyncio.Future,), {})(loop=self)

    def set_debug(self, enabled):
        self._debug = enabled

    def get_debug(self):
        return self._debug

    def set_task_factory(self, factory):
        self._task_factory = factory

    def get_task_factory(self):
        return self._task_factory

    def set_exception_handler(self, handler):
        self._exception_handler = handler

    def default_exception_handler(self, context):
        print(context["message"])

    def call_exception_handler(self, context):
        (self._exception_handler or self.default_exception_handler)(context)

    def _check_closed(self): ...

    def is_running(self):
        return True

    def is_closed(self):
        return False

    def run_until_complete(self, future):
        return "ran"

    def run_in_executor(self, executor, function, *arguments):
        future = self.create_future()
        future.set_result(function(*arguments))
        return future


class Request:
    """A request of the page's, which is answered before `send` returns."""

    def open(self, method, url, beside):
        assert (method, beside) == ("GET", False)
        self.url = url

    def send(self):
        assert self.responseType == "arraybuffer"
        self.status, self.statusText = (404, "Not Found") if "gone" in self.url else (200, "OK")
        self.response = f"what is at {self.url}"


def javascript():
    """Return what Pyodide knows of packages, and a list of those that are unpacked."""
    depends = {"aiohttp": ["attrs", "yarl"], "attrs": [], "yarl": ["idna", "aiohttp"], "idna": [], "gone": []}
    entries = {name: types.SimpleNamespace(depends=others, file_name=f"{name}.whl") for name, others in depends.items()}
    entries["yarl"].file_name = "https://network/yarl.whl"
    unpacked = []
    return types.SimpleNamespace(
        loadedPackages=types.SimpleNamespace(attrs="default channel"),
        lockfile=types.SimpleNamespace(packages=types.SimpleNamespace(**entries)),
        lockfileBaseUrl="http://site/pyodide/",
        unpackArchive=lambda archive, kind, extractDir: unpacked.append((archive, kind, extractDir)),  # noqa: N803
        unpacked=unpacked,
    )


@pytest.fixture
def loop_class(monkeypatch):
    """Return such a class after `workshop.browser` has been imported; what it has changed elsewhere is put back."""
    pyodide = types.ModuleType("pyodide")
    loop = type("WebLoop", (WebLoop,), {})
    pyodide.webloop = types.SimpleNamespace(WebLoop=loop, _orig_sleep=RIGHT_SLEEP, _orig_run=RIGHT_RUN)
    monkeypatch.setitem(sys.modules, "pyodide", pyodide)
    monkeypatch.setitem(sys.modules, "pyodide_js", javascript())
    monkeypatch.setitem(sys.modules, "js", types.SimpleNamespace(XMLHttpRequest=types.SimpleNamespace(new=Request)))
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setattr(asyncio, "run", lambda main: main.close())
    with warnings.catch_warnings():
        importlib.import_module("workshop.browser")
        yield loop
    del sys.modules["workshop.browser"]


def run(loop_class, main):
    """Run a coroutine in a new loop, and return its result."""
    loop = loop_class()
    asyncio._set_running_loop(loop)
    try:
        task = loop.create_task(main)
        while not task.done():
            until_next = loop.browser.run(blocking=False)
            if not task.done():
                RIGHT_SLEEP(max(until_next, 0))
        return task.result()
    finally:
        asyncio._set_running_loop(None)


async def nap(name):
    await asyncio.sleep(0)
    return name


def test_the_loop_of_these_tests_has_the_faults():
    async def main():
        with pytest.raises(AttributeError):
            async with Timeline():
                await asyncio.create_task(nap("A"))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a coroutine that no task awaits
        run(WebLoop, main())


def test_turns_are_asyncios_and_the_browser_is_asked_seldom(loop_class):
    order = []

    async def main():
        loop = asyncio.get_running_loop()
        asked = loop.asked
        for number in range(1000):
            loop.call_soon(order.append, number)
        late, soon = loop.time() + 0.002, loop.time() + 0.001
        loop.call_at(late, order.append, "late")
        loop.call_at(soon, order.append, "soon")
        loop.call_at(soon, order.append, "never").cancel()
        await asyncio.sleep(0)
        assert order == [*range(1000)]
        await asyncio.sleep(0.01)
        return loop.asked - asked

    assert run(loop_class, main()) < 20
    assert order[1000:] == ["soon", "late"]


def test_what_is_ready_is_called_before_what_has_become_due_meanwhile(loop_class):
    called = []

    async def block():
        RIGHT_SLEEP(0.02)
        called.append("task")

    async def main():
        asyncio.get_running_loop().call_later(0.01, called.append, "due")
        await asyncio.create_task(block())
        called.append("waiter")
        await asyncio.sleep(0.01)

    run(loop_class, main())
    assert called == ["task", "waiter", "due"]


def test_equal_sleepers_wake_in_their_order_though_the_clock_stands_still(loop_class, monkeypatch):
    monkeypatch.setattr(time, "monotonic", lambda: math.floor(time.perf_counter() * 50) / 50)
    woke = []

    async def sleep(name):
        await asyncio.sleep(0.02)
        woke.append(name)

    async def main():
        await asyncio.gather(*map(sleep, range(20)))

    run(loop_class, main())
    assert woke == [*range(20)]


def test_something_may_be_due_never(loop_class):
    async def main():
        loop = asyncio.get_running_loop()
        handle = loop.call_later(float("inf"), print)
        await asyncio.sleep(0.001)
        handle.cancel()

    run(loop_class, main())


def test_the_browser_gets_its_time_while_tasks_have_much_to_do(loop_class):
    async def turn():
        for _ in range(1_000_000):
            await asyncio.sleep(0)

    async def main():
        happened, busy = asyncio.Event(), asyncio.create_task(turn())
        asyncio.get_running_loop().browser.enter(0, 0, happened.set)
        await happened.wait()
        return busy.cancel()

    assert run(loop_class, main())


def test_the_others_are_called_back_while_one_waits(loop_class):
    order = []

    async def main():
        loop = asyncio.get_running_loop()

        def wait():
            order.append("wait")
            loop.browser.run(blocking=False)  # as where a browser switches stacks
            order.append("go on")

        for callback in (wait, lambda: order.append("other"), lambda: loop.call_soon(order.append, "later")):
            loop.call_soon(callback)
        await asyncio.sleep(0.01)

    run(loop_class, main())
    assert order == ["wait", "other", "later", "go on"]


def test_a_timeline_records_tasks_with_their_names(loop_class):
    async def main():
        async with Timeline() as timeline:
            await asyncio.gather(asyncio.create_task(nap("A"), name="first"), asyncio.create_task(nap("B")))
        return [(task.name, task.outcome) for task in timeline.tasks]

    assert run(loop_class, main()) == [("first", "result"), ("nap('B')", "result")]


def test_tasks_are_asyncios_own_and_get_their_name_and_context(loop_class):
    whose = ContextVar("whose", default="nobody's")

    async def look():
        return whose.get()

    async def main():
        context = copy_context()
        context.run(whose.set, "mine")
        task = asyncio.create_task(look(), name="looks", context=context)
        return type(task), task.get_name(), await task

    assert run(loop_class, main()) == (asyncio.Task, "looks", "mine")


def test_an_exception_that_is_asked_for_is_no_fault(loop_class):
    told = []

    async def fail():
        raise ValueError("lost")

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))
        task = asyncio.create_task(fail())
        await asyncio.sleep(0.01)
        with pytest.raises(ValueError, match="lost"):
            await task

    run(loop_class, main())
    assert told == []


def test_what_nobody_asks_for_is_logged_as_by_asyncio(loop_class, caplog, capsys):
    async def fail():
        raise ValueError("lost")

    async def main():
        task = asyncio.create_task(fail())
        await asyncio.sleep(0.01)
        del task
        gc.collect()
        return type(asyncio.get_running_loop().create_future())

    assert run(loop_class, main()) is asyncio.Future
    assert [record.name for record in caplog.records] == ["asyncio"]
    assert "never retrieved" in caplog.text
    assert capsys.readouterr().out == ""


def test_a_sleep_holds_up_the_loop_and_there_is_one_loop_at_a_time(loop_class):
    assert (time.sleep, asyncio.run) == (RIGHT_SLEEP, RIGHT_RUN)

    async def main():
        coroutine = nap("A")
        with pytest.raises(RuntimeError, match="cannot be called from a running event loop"):
            asyncio.run(coroutine)
        with pytest.raises(RuntimeError, match="already running"):
            asyncio.get_running_loop().run_until_complete(coroutine)
        coroutine.close()

    run(loop_class, main())


def test_no_thread_is_said_and_not_feigned(loop_class):
    called = []

    async def main():
        with pytest.raises(RuntimeError, match="can't start new thread"):
            await asyncio.to_thread(called.append, 1)

    run(loop_class, main())
    assert called == []


def test_a_moment_that_has_passed_is_now(loop_class):
    async def main():
        loop = asyncio.get_running_loop()
        happened = asyncio.Event()
        loop.call_at(loop.time() - 1, happened.set)
        loop.call_later(-1, happened.set)
        await asyncio.wait_for(happened.wait(), 5)

    run(loop_class, main())


def test_debug_mode_tells_what_takes_long_and_where_a_coroutine_was_made(loop_class, caplog):
    async def block():
        RIGHT_SLEEP(0.02)

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        loop.slow_callback_duration = 0.01
        assert __file__ in repr(loop.call_soon(int)) and __file__ in repr(loop.call_later(1, int))
        await asyncio.create_task(block())
        with pytest.warns(RuntimeWarning, match="(?s)never awaited.*Coroutine created at.* in main"):
            nap("A")
        loop.set_debug(False)
        await asyncio.create_task(block())
        with pytest.warns(RuntimeWarning, match="never awaited$"):
            nap("B")

    run(loop_class, main())
    [message] = [record.getMessage() for record in caplog.records if "block" in record.getMessage()]
    assert message.startswith("Executing <Task finished") and " took 0." in message


def test_what_the_demo_api_needs_is_loaded_once_while_python_waits(loop_class, monkeypatch):
    import workshop

    browser = sys.modules["workshop.browser"]
    monkeypatch.setattr(workshop, "browser", browser, raising=False)
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert workshop.demo_api and workshop.demo_api
    assert sys.modules["pyodide_js"].unpacked == [
        ("what is at http://site/pyodide/aiohttp.whl", "wheel", sysconfig.get_path("purelib")),
        ("what is at https://network/yarl.whl", "wheel", sysconfig.get_path("purelib")),
        ("what is at http://site/pyodide/idna.whl", "wheel", sysconfig.get_path("purelib")),
    ]
    with pytest.raises(ImportError, match=r"gone.whl could not be loaded \(404 Not Found\)"):
        browser.load("gone")


def test_tqdm_does_without_its_thread_in_silence(loop_class):
    with pytest.raises(UserWarning, match="another"):  # warnings are errors here
        warnings.warn("tqdm:disabling monitor support (monitor_interval = 0) due to:\nno threads", stacklevel=1)
        warnings.warn("another", stacklevel=1)
