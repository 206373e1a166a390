"""The ideas behind messages of Python and of the libraries that the lessons use."""

import re

CALL_IT = "call it, with parentheses behind its name"
EACH = "await each of them, or `await asyncio.gather(*tasks)`"
LOOP = "loop over it with `for`, and await what it gives"
OPEN_IT = "open it with `async with`"

INSTEAD_OF_AWAITING = {
    "_AsCompletedIterator|generator|map": LOOP,
    "async_generator": "loop over it with `async for`",
    "list|tuple|set|dict_values|zip": EACH,
    "function|method|builtin_function_or_method|type|partial|functools.partial": CALL_IT,
    "Timeout|TaskGroup|Lock|Semaphore|BoundedSemaphore|ClientSession|AsyncClient": OPEN_IT,
    "Event|Condition|Barrier": "await its method `wait()`",
    "Queue": "await its methods `get()` and `put(...)`",
    "bool": "`cancel()`, for example, only asks, and answers at once. Await the task itself",
    "NoneType": "what stands behind it here is an ordinary value, None, as `time.sleep` and `append` give",
    "Future": "a pool's future is for threads. `loop.run_in_executor` and `asyncio.to_thread` give what can be awaited",
    "Response": "this client is a synchronous one, and blocks the loop. Use an asynchronous one",
    "tqdm": "a bar is looped over",
}
"""Types of what readers await by mistake, and what to do with such an object."""

NOTEBOOK = "A notebook runs an event loop already, so `await` is enough here"
ONE_BY_ONE = "`gather` takes awaitables one by one: with a list or a generator, a star belongs before it"
ANOTHER_LOOP = (
    "It belongs to another event loop, such as that of a thread or of an earlier `asyncio.run`: make it inside the "
    "function that uses it"
)
CALLED_ALREADY = (
    "What was called already can't be called again: hand over the function itself, and its arguments behind it, as in "
    "`to_thread(function, argument)`"
)
IMPORTABLE = (
    "Another process gets only what it can import: no function of a notebook or inside another function, and no "
    "lambda. Is a thread enough?"
)
ONE_ADDRESS = "That can happen to any address: catch it where you fetch this one, so that it does not end the others"

IDEAS = (
    # the event loop
    (
        "cannot be called from a running event loop|event loop is already running|another loop is running"
        "|Already running asyncio",
        NOTEBOOK,
    ),
    (
        "no (running|current) event loop",
        "Threads, and plain functions in them, have no running event loop: start tasks in your `async def` function",
    ),
    ("different (event )?loop", ANOTHER_LOOP),
    ("Event loop is closed", ANOTHER_LOOP),
    ("Cannot close a running event loop", "The notebook's event loop isn't yours to close: everything runs on it"),
    (
        "should be used inside a task",
        "No task runs here. Has `nest_asyncio` been applied, which hides the running one? Restart the kernel then",
    ),
    # awaiting
    (
        "already awaited",
        "A coroutine can be awaited once only: keep its result in a variable, or make a task of each, and hand the "
        "tasks to everything",
    ),
    (
        "being awaited already",
        "A coroutine can be awaited once only: make a task of each, and hand the tasks to everything",
    ),
    ("await wasn't used with future", "`asyncio.gather(...)` needs `await` in front, and so does a task"),
    ("cannot await on itself", "It would wait for ever: leave `asyncio.current_task()` out of what you await"),
    ("Task got bad yield", ONE_BY_ONE),
    *(
        (
            f"object (?:{types}) can't be used in 'await'|'(?:{types})' object can't be awaited",
            f"`await` is for awaitables, and this is none: {advice}",
        )
        for types, advice in INSTEAD_OF_AWAITING.items()
    ),
    (
        "in 'await' expression|can't be awaited",
        "`await` is for awaitables, and what stands behind it here is an ordinary value",
    ),
    # as_completed, gather, wait
    ("futures, not generator", "Up to Python 3.11, as_completed takes a list, not a generator"),
    ("an iterable of|a list of futures", "as_completed and wait take a list of awaitables, not a single one"),
    (
        r"(as_completed|wait)\(\) takes 1 positional",
        "as_completed got more arguments than it takes: it is one list, without a star, and the time limit is "
        "`timeout=...`",
    ),
    ("argument 'return_exceptions'", "Only `gather` has `return_exceptions`: elsewhere catch the exception of each"),
    (r"gather\(\) got .* 'timeout'", "`gather` has no limit of its own: put `async with asyncio.timeout(...)` around"),
    ("unexpected keyword argument 'loop'", "No loop is handed over any more: it is always the running one"),
    ("unhashable type: 'list'", f"{ONE_BY_ONE}. (Nor can a list be a key, or be in a set)"),
    (
        "a coroutine or an awaitable is required",
        "as_completed, gather and create_task take coroutines or tasks, and got something else. If there is an "
        "`await` in that list, it already gives results, one after another: leave it out there. Functions must be "
        "called; in `gather`, a star belongs before a list or a generator",
    ),
    ("Passing coroutines is forbidden", "`asyncio.wait` takes tasks: make them with `asyncio.create_task`"),
    ("Set of Tasks/Futures is empty", "`asyncio.wait` wants at least one task: look whether any are left"),
    ("Invalid return_when", "It is one of asyncio's constants, such as `asyncio.FIRST_COMPLETED`"),
    (
        "'_condition'",
        "That is for pools of threads: `asyncio.as_completed` and `asyncio.wait` are for coroutines and tasks, not "
        "those of `concurrent.futures`",
    ),
    ("KeyError: <coroutine", "as_completed gives objects of its own, not yours"),
    ("KeyError: <Task", "Of a coroutine as_completed makes a task of its own: make the tasks yourself, as keys"),
    (
        "'(set|tuple|list)' object has no attribute '(result|exception|cancel|cancelled|done|get_name)'",
        "That is a collection of tasks, and no task: loop over it. `await asyncio.wait(tasks)` gives two, "
        "`done, pending`",
    ),
    (
        "('generator'|'_AsCompletedIterator') (object is not subscriptable|has no len)",
        "It gives one after another, and has no length: make a list of your awaitables first, and loop over what "
        "as_completed gives",
    ),
    # loops
    (
        "__aiter__ method, got generator",
        "`async for` over as_completed needs Python 3.13, and tqdm's is never for it; `for` works everywhere",
    ),
    (
        "__aiter__ method, got coroutine",
        "`async for` needs an asynchronous generator, and this is a coroutine: does the function contain a `yield`?",
    ),
    ("__aiter__ method, got (function|method)", "An asynchronous generator is what calling it gives: parentheses"),
    ("__aiter__ method, got Queue", "A queue is emptied by `await queue.get()`, in a `while` loop"),
    ("__aiter__", "A plain `for` is enough here"),
    ("'async_generator' object is not iterable", "Loop over it with `async for`"),
    ("'async_generator' object is not an iterator", "The next of an asynchronous generator is `await anext(...)`"),
    (
        "'async_generator' (object is not subscriptable|has no len)",
        "It gives one after another: `[item async for item in ...]` makes a list of them",
    ),
    ("object is not an iterator", "`next` takes an iterator: `iter(...)` makes one of a list"),
    (
        "object is not an async iterator",
        "`anext` takes an asynchronous generator: for all else it is `next`, or `for`. What as_completed gives is "
        "one since Python 3.13",
    ),
    ("generator is already running", "Two tasks asked one generator at the same time: let one task loop over it"),
    (
        "ignored GeneratorExit",
        "After GeneratorExit nothing may be yielded or awaited without end: clean up under `finally`, with no `yield`",
    ),
    ("StopAsyncIteration", "There was nothing left: `async for` ends quietly, and so does `anext(iterator, None)`"),
    ("StopIteration", "There was nothing left: `for` ends quietly, and so does `next(iterator, None)`"),
    ("changed size during iteration", "Loop over a copy, `list(...)`, when the loop adds something or takes it away"),
    # coroutines and tasks taken for something else
    (
        "'coroutine' object has no attribute 'cancel'",
        "Only tasks can be cancelled: make the tasks yourself, before `as_completed`",
    ),
    (
        "'coroutine' object has no attribute '(result|exception|done|get_name|add_done_callback)'",
        "That is a coroutine, and no task: only `await` gives its result. In a plain `for`, as_completed gives "
        "coroutines of its own, not your tasks",
    ),
    ("'coroutine' object is not callable", "It was called already: no parentheses behind it"),
    ("cannot unpack non-iterable coroutine", "What as_completed or `asyncio.wait` gives must be awaited first"),
    (
        "'coroutine' object does not support the .*context manager",
        "Calling it gives a coroutine: await that, in place of opening it",
    ),
    (r"cannot pickle '(coroutine|Task|\w*Future)'", f"It is bound to this event loop. {IMPORTABLE}"),
    ("a coroutine was expected, got \\[", "create_task takes one coroutine, not a list"),
    ("a coroutine was expected, got <(Task|_?\\w*Future)", "That is a task or future already: simply await it"),
    ("a coroutine was expected, got <async_generator", "A task can't loop: write a coroutine with `async for` in it"),
    (
        "a coroutine was expected|A coroutine object is required",
        "create_task takes a coroutine: what calling an `async def` function gives",
    ),
    (r"create_task\(\) takes 1 positional", "It takes one coroutine; a name is `name=...`"),
    (r"type object '(_asyncio\.)?Task' has no attribute", "It is a function of asyncio: `asyncio.all_tasks()`"),
    ("(Result|Exception) is not set", "The task isn't done: await it first"),
    ("InvalidStateError: invalid state", "A future gets its result once only: ask `done()` before"),
    ("does not support set_result", "A task's result is what its coroutine returns"),
    # contexts
    ("_\\w*RequestContextManager", "`session.get(...)` is opened: `async with session.get(...) as response`"),
    ("'(function|method|type)' object does not support the .*context manager", f"It must be called: {CALL_IT}"),
    (
        "does not support the asynchronous context manager",
        "A plain `with` opens it: `async with` is for what may have to wait for its opening or closing",
    ),
    (
        "does not support the context manager|Use async with instead",
        "`async with` opens it, since it may have to wait for its opening or closing",
    ),
    ("Attempted to exit .*cancel scope", "The task that opens it must close it: there can be no `yield` inside"),
    # threads and processes
    ("no attribute 'submit'", "The pool comes first, and None for the usual one: `run_in_executor(None, function)`"),
    (r"run_in_executor\(\) got an unexpected", "It passes no keywords on: `asyncio.to_thread(function, key=...)` does"),
    (r"'(?!Task)\w+' object is not callable", CALLED_ALREADY),
    ("[Cc]an't (pickle|get) (local object|<function|.*attribute)|terminated abruptly|BrokenProcessPool", IMPORTABLE),
    ("cannot schedule new futures", "The pool was shut down, as at the end of its `with` block: stay inside"),
    # task groups, locks, queues, limits
    (
        "has not been entered|TaskGroup .* is (finished|shutting down)|task group is not active",
        "A task group takes tasks inside its `async with` block only, and none when one of them has failed",
    ),
    ("no attribute 'start_soon'", "asyncio's task group has `create_task(coroutine)`; `start_soon` is anyio's"),
    ("Expected .* to return a coroutine", "`start_soon` takes an `async def` function, and its arguments behind it"),
    ("Lock is not acquired|released too many times", "Only who has acquired may release: `async with` does both"),
    ("QueueEmpty|QueueFull", "What ends in `_nowait` does not wait: `await queue.get()` and `queue.put(...)` do"),
    (r"task_done\(\) called too many", "`task_done()` belongs once behind each `get()`"),
    ("'<=' not supported .* 'int'", "`asyncio.sleep` takes seconds; `wait_for` the awaitable, and then seconds"),
    ("^TimeoutError", "The time was up, for an `asyncio.timeout`, a `wait_for` or a `timeout=`: catch it around these"),
    # the network
    ("has been closed|Session is closed", "Stay inside the `async with` block of the client until all requests ended"),
    (
        "^(Connect|Read|Write|Pool)Timeout|^(Connection|Socket|Server)\\w*Timeout",
        f"The client's own time limit was up. {ONE_ADDRESS}",
    ),
    (
        "^(ConnectError|Client\\w*ConnectorError|ConnectionRefusedError)",
        "Nobody answers there: does the server run, and is the address right?",
    ),
    (
        "^(ServerDisconnected|ClientOS|ClientPayload|ContentType|ClientResponse|HTTPStatus|RemoteProtocol|JSONDecode)",
        ONE_ADDRESS,
    ),
    (
        "missing an 'http://'|^\\w*[Uu][Rr][Ll]\\w*Error",
        "That is no whole address: give the client the server's, as `base_url`, or write it out",
    ),
    ("module '?aiohttp'? has no", "Requests are made by a session: `async with aiohttp.ClientSession() as session`"),
    ("Too many open files", "Each request keeps a connection open: limit how many run at a time"),
    ("module 'asyncio' has no attribute 'coroutine'", "`@asyncio.coroutine` is no more: write `async def`"),
    # coroutines, tasks and results taken for each other, in general
    ("Error: .*\\bcoroutine\\b", "It is a coroutine: `await` it for its result"),
    (
        r"(type |')(_asyncio\.)?(Task|Future)\b|_GatheringFuture",
        "A task, or what `gather` gives, is not its result: `await` it for that",
    ),
    ("no attribute '(result|exception|done)'", "That is a result already, and no task: `await` has taken it out"),
    # names and calls
    ("type object 'tqdm' has no attribute", "It stands in another module: `from tqdm.asyncio import tqdm`"),
    ("^NameError", "Is it spelled right, and has the cell been run that makes it?"),
    ("SystemExit", "That would end the whole kernel: `return` is enough to leave a function"),
    ("required positional argument", "A function got too few arguments: `f(*pair)` passes a pair as two"),
    ("positional argument", "A function got more arguments than it takes"),
    ("unexpected keyword argument", "A function has no parameter of that name"),
    (
        r"\(in an ExceptionGroup\)$",
        "A task group raises what its tasks raise as a group, which `except*` catches: or catch it inside the task",
    ),
)
"""Regular expressions, and the idea that a reader misses who meets a message it is found in. The first one counts."""


def idea_behind(error: str) -> str:
    """Return the idea behind an error in sentences, or an empty string.

    Args:
        error: type and message of an exception.
    """
    for pattern, idea in IDEAS:
        if re.search(pattern, error):
            return idea if idea.endswith("?") else f"{idea}."
    return ""
