"""The test clock on its own, in real kernels that are started as for notebooks.

That waits, timeouts, calls that block and connections last as long as they should, chapters 01, 04, 06 and 07 show: on
the test clock, and with the same times on the real one.
"""

import re
import time
from pathlib import Path

import pytest

from clock.kernel import kernel_environment, no_test_clock_here
from support.kernels import Kernel, running_kernel

pytestmark = [
    pytest.mark.slow(15),
    pytest.mark.skipif(no_test_clock_here() is not None, reason="the test clock cannot be used here"),
]

SETUP = """
import asyncio, queue, threading, time
from concurrent.futures import ThreadPoolExecutor, wait

async def sleeper(seconds, name):
    await asyncio.sleep(seconds)
    return name

def blocking_sleeper(seconds, name):
    time.sleep(seconds)
    return name
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    directory = tmp_path_factory.mktemp("kernel")
    with running_kernel(kernel_environment(directory, clock="test"), directory / "log") as kernel:
        assert kernel.run(SETUP).error is None
        yield kernel


def printed(kernel: Kernel, source: str) -> str:
    """Run a cell that must go through on the test clock, and return what it prints."""
    ran = kernel.run(source)
    assert (ran.error, ran.stderr) == (None, "")
    return ran.stdout


def test_a_wait_takes_exactly_its_time_and_no_real_time(kernel):
    began = time.monotonic()
    out = printed(kernel, "start = time.perf_counter()\nawait asyncio.sleep(4000)\nprint(time.perf_counter() - start)")
    assert out == "4000.0\n"
    assert time.monotonic() - began < 400


@pytest.mark.parametrize("function", ["perf_counter", "monotonic", "time"])
def test_all_clocks_agree(kernel, function):
    source = f"""
start, start_ns = time.{function}(), time.{function}_ns()
time.sleep(1.5)
await asyncio.sleep(2.5)
print(time.{function}() - start, time.{function}_ns() - start_ns)"""
    assert printed(kernel, source) == "4.0 4000000000\n"


def test_code_takes_no_time_but_processor_time_is_real(kernel):
    source = """
start, start_cpu = time.perf_counter(), time.process_time()
sum(range(10**6))
print(time.perf_counter() - start, time.process_time() > start_cpu)"""
    assert printed(kernel, source) == "0.0 True\n"


def test_equal_deadlines_come_in_the_order_in_which_they_were_set(kernel):
    source = """
async def noted(number):
    await asyncio.sleep(1)
    order.append(number)
order = []
await asyncio.gather(*(noted(number) for number in range(50)))
print(order == list(range(50)))"""
    assert printed(kernel, source) == "True\n"


def test_who_sets_a_timer_for_this_very_moment_again_and_again_gets_time_to_pass(kernel):
    source = """
loop, done = asyncio.get_running_loop(), asyncio.Event()
def look_again(start):
    done.set() if loop.time() - start > 1e-8 else loop.call_at(loop.time(), look_again, start)
look_again(loop.time())
async with asyncio.timeout(1):
    await done.wait()
print(f"{time.perf_counter() - loop.time():.1f}")"""
    assert printed(kernel, source) == "0.0\n"


def test_time_stands_still_between_cells(kernel):
    printed(kernel, "end_of_cell = time.monotonic(); leftover = asyncio.create_task(sleeper(0.01, 'A'))")
    time.sleep(0.05)
    assert printed(kernel, "print(time.monotonic() - end_of_cell, leftover.done())") == "0.0 False\n"
    assert printed(kernel, "print(await leftover)") == "A\n"


def test_threads_sleep_on_the_clock(kernel):
    source = """
start = time.perf_counter()
calls = [asyncio.to_thread(blocking_sleeper, *args) for args in ((4, "A"), (1, "B"), (2, "C"))]
for finished in asyncio.as_completed([*calls, sleeper(3, "D")]):
    print(await finished, time.perf_counter() - start)"""
    assert printed(kernel, source) == "B 1.0\nC 2.0\nD 3.0\nA 4.0\n"


def test_threads_take_turns_so_that_each_run_is_the_same(kernel):
    source = """
def worker(name):
    for step in range(3):
        seen.append((time.perf_counter() - start, name))
        time.sleep(1)
seen, start = [], time.perf_counter()
with ThreadPoolExecutor(max_workers=8) as pool:
    list(pool.map(worker, range(8)))
print(seen == [(float(step), name) for step in range(3) for name in range(8)], time.perf_counter() - start)"""
    assert printed(kernel, source) == "True 3.0\n"


def test_blocking_waits_for_a_pool_move_the_clock(kernel):
    source = """
start = time.perf_counter()
with ThreadPoolExecutor(max_workers=2) as pool:
    futures = [pool.submit(blocking_sleeper, seconds, seconds) for seconds in (3, 1, 4)]
    print(futures[0].result(), time.perf_counter() - start)
    done, pending = wait(futures, timeout=1.5)
    print(len(done), time.perf_counter() - start)
    try:
        futures[2].result(timeout=0.25)
    except TimeoutError:
        print("too late", time.perf_counter() - start)
print(time.perf_counter() - start)"""
    assert printed(kernel, source) == "3 3.0\n2 4.5\ntoo late 4.75\n5.0\n"


def test_as_completed_of_threads_gives_up_exactly_when_its_time_is_over(kernel):
    source = """
from concurrent.futures import as_completed
start = time.perf_counter()
with ThreadPoolExecutor() as pool:
    futures = [pool.submit(blocking_sleeper, seconds, seconds) for seconds in (1, 4)]
    for timeout in (2, 1, 0):
        try:
            for future in as_completed(futures, timeout=timeout):
                print(future.result(), time.perf_counter() - start)
        except TimeoutError as error:
            print(error, time.perf_counter() - start)"""
    assert printed(kernel, source).splitlines() == [
        *("1 1.0", "1 (of 2) futures unfinished 2.0"),
        *("1 2.0", "1 (of 2) futures unfinished 3.0"),
        *("1 3.0", "1 (of 2) futures unfinished 3.0"),
    ]


def test_a_thread_takes_up_its_next_work_before_the_clock_moves_on(kernel):
    source = """
import sys
def total():
    start = time.perf_counter()
    with ThreadPoolExecutor(max_workers=2) as pool:
        calls = [pool.submit(blocking_sleeper, seconds, seconds) for seconds in (3, 1, 4)]
        calls[0].result()
    return time.perf_counter() - start
interval = sys.getswitchinterval()
sys.setswitchinterval(1e-6)  # let threads take turns at every step
print({round(total(), 6) for _ in range(400)})
sys.setswitchinterval(interval)"""
    assert printed(kernel, source) == "{5.0}\n"


SERVER = """
import socket
async def answer(reader, writer):
    await asyncio.sleep(float(await reader.readline()))
    writer.write(b"done")
    writer.close()
def ask(seconds, limit=5):
    with socket.create_connection(address, limit) as end:
        end.sendall(b"%g\\n" % seconds)
        return end.recv(10).decode()
server = await asyncio.start_server(answer, "127.0.0.1", 0)
address = server.sockets[0].getsockname()
start = time.perf_counter()
"""


def test_threads_wait_on_the_clock_for_answers_of_the_loop(kernel):
    source = """
calls = [asyncio.to_thread(ask, seconds) for seconds in (4, 1, 2)]
for finished in asyncio.as_completed([*calls, sleeper(3, "D")]):
    print(await finished, time.perf_counter() - start)
server.close()
"""
    assert printed(kernel, SERVER + source) == "done 1.0\ndone 2.0\nD 3.0\ndone 4.0\n"


def test_a_blocking_call_to_the_loop_that_it_holds_up_ends_at_its_limit(kernel):
    source = """
try:
    ask(1, limit=2.5)
except TimeoutError as error:
    print(error, time.perf_counter() - start)
await asyncio.sleep(2)  # the loop serves the call that has gone
server.close()
"""
    assert printed(kernel, SERVER + source) == "timed out 2.5\n"


def test_a_loop_that_waits_for_the_clock_to_move_ends(kernel):
    source = """
start = time.perf_counter()
while time.perf_counter() < start + 0.3:
    pass
print(f"{time.perf_counter() - start:.2f}")"""
    assert printed(kernel, source) == "0.30\n"


@pytest.fixture
def impatient(kernel):
    """The kernel, whose clock soon reports threads that seem to be stuck."""
    printed(kernel, "from clock.pool_threads import PoolThreads\nusual, PoolThreads.patience = PoolThreads.patience, 1")
    yield kernel
    printed(kernel, "PoolThreads.patience = usual")


UNSEEN = {
    "a process": ("import subprocess, sys; subprocess.run([sys.executable, '-c', ''])", "a process was started"),
    "an asyncio process": (
        "import sys; p = await asyncio.create_subprocess_exec(sys.executable, '-c', ''); await p.wait()",
        "a process was started",
    ),
    "a plain thread": (
        "t = threading.Thread(target=time.sleep, args=(0.2,)); t.start(); await asyncio.sleep(0.1); t.join()",
        "a thread outside of a ThreadPoolExecutor is alive",
    ),
    "a busy pool thread": (
        "blocker = threading.Lock(); blocker.acquire()\n"
        "call = asyncio.create_task(asyncio.to_thread(blocker.acquire))\n"
        "await asyncio.sleep(0.5); blocker.release(); await call",
        "a pool thread was at work for 1 s",
    ),
    "a main thread that waits for a lock": (
        "woken = threading.Event()\n"
        "with ThreadPoolExecutor() as pool:\n"
        "    pool.submit(lambda: (time.sleep(0.1), woken.set()))\n"
        "    woken.wait()",
        "a pool thread slept while the main thread was blocked",
    ),
    "a queue that times out": (
        "try:\n    queue.Queue().get(timeout=0.05)\nexcept queue.Empty:\n    pass",
        "a wait for a lock, event or queue timed out",
    ),
    "another event loop": (
        "with ThreadPoolExecutor() as pool:\n    pool.submit(asyncio.run, asyncio.sleep(0.05)).result()",
        "a second event loop ran",
    ),
    "a socket to elsewhere": (
        "import socket\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "r, w = await asyncio.open_connection(*listener.getsockname())\n"
        "await asyncio.sleep(0.05)\n"
        "w.close(); await w.wait_closed(); listener.close()",
        "a socket is connected to another process or thread",
    ),
    "a blocking socket": (
        "import socket\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(listener.getsockname()).close(); listener.close()",
        "a blocking socket was connected",
    ),
}


@pytest.mark.parametrize("what", UNSEEN)
def test_what_the_clock_cannot_see_is_reported_by_the_cell(impatient, what):
    source, fault = UNSEEN[what]
    ran = impatient.run(source)
    assert ran.error is None
    assert ran.stderr.startswith("test clock: times are not exact, since")
    assert fault in ran.stderr
    assert printed(impatient, "await asyncio.sleep(1)\nprint('exact again')") == "exact again\n"


def test_it_is_reported_when_the_cell_fails(kernel):
    ran = kernel.run("import subprocess, sys; subprocess.run([sys.executable, '-c', '']); 1 / 0")
    assert ran.error == "ZeroDivisionError: division by zero"
    assert "a process was started" in ran.stderr


def test_a_code_object_tells_the_same_place_in_every_run(kernel):
    first, again = (printed(kernel, "print((lambda: 0).__code__.co_filename)") for _ in range(2))
    assert first == again
    assert first.startswith("<cell ")


def test_a_traceback_shows_each_function_in_its_own_cell(kernel):
    printed(kernel, "def fails():\n    return 1 / 0")
    ran = kernel.run("fails()")
    text = re.sub(r"\x1b\[[0-9;]*m", "", "".join(ran.traceback))
    cells = re.findall(r"Cell In\[(\d+)\], line (\d+)", text)
    assert [line for _, line in cells] == ["1", "2"]
    assert int(cells[0][0]) > int(cells[1][0])


def test_nest_asyncio_stays_on_the_clock(tmp_path):
    source = """
import asyncio, time, nest_asyncio
nest_asyncio.apply()
async def main():
    await asyncio.sleep(1)
    async with asyncio.timeout(9):
        await asyncio.gather(asyncio.sleep(3), asyncio.sleep(1))
    await asyncio.to_thread(time.sleep, 2)
start = time.perf_counter()
asyncio.run(main())
await asyncio.sleep(0.5)
print(time.perf_counter() - start)"""
    with running_kernel(kernel_environment(tmp_path, clock="test"), tmp_path / "log") as kernel:
        assert printed(kernel, source) == "6.5\n"


def test_on_the_real_clock_a_wait_takes_real_time(tmp_path):
    source = "import time; start = time.perf_counter(); time.sleep(0.05); print(time.perf_counter() - start)"
    with running_kernel(kernel_environment(tmp_path, clock="real"), tmp_path / "log") as kernel:
        elapsed = float(printed(kernel, source))
    assert elapsed >= 0.05
    assert elapsed != 0.05


@pytest.mark.parametrize("fault", ["raise RuntimeError('broken clock')", "this is no Python"])
@pytest.mark.parametrize("where", ["extension", "config"])
def test_a_clock_that_does_not_load_stops_the_kernel(tmp_path, where, fault):
    environment = kernel_environment(tmp_path, clock="test")
    config = Path(environment["IPYTHONDIR"]) / "profile_default" / "ipython_kernel_config.py"
    if where == "config":
        config.write_text(fault, encoding="utf-8")
    else:
        (tmp_path / "broken.py").write_text(f"def load_ipython_extension(shell):\n    {fault}\n", encoding="utf-8")
        config.write_text(
            config.read_text(encoding="utf-8")
            + f"sys.path.append({str(tmp_path)!r})\nc.InteractiveShellApp.extensions = ['broken']\n",
            encoding="utf-8",
        )
    with pytest.raises(RuntimeError, match="died"), running_kernel(environment, tmp_path / "log"):
        pass


def test_a_foreign_event_loop_is_refused():
    from clock.kernel import cannot_drive

    class OtherLoop:
        pass

    assert "OtherLoop" in cannot_drive(OtherLoop())
