"""The site with all that it needs, built once and served on this computer; a browser that reaches nothing else."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from support import browser


class Files(SimpleHTTPRequestHandler):
    """Serves the site, and keeps what was asked for."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def log_request(self, code="-", size="-") -> None:
        self.asked.append(self.path)

    def log_message(self, *words: object) -> None: ...


BROWSERS_OWN = ("accounts.google.com", "content-autofill.googleapis.com", "update.googleapis.com")
"""Hosts that Chromium itself asks for things, whatever page is open."""


class Elsewhere(BaseHTTPRequestHandler):
    """A proxy that leads nowhere, and keeps where somebody wanted to go."""

    asked: list[str]

    def refuse(self) -> None:
        if not any(host in self.path for host in BROWSERS_OWN):
            self.asked.append(self.path)
        self.send_error(502)

    do_CONNECT = do_GET = do_HEAD = do_POST = do_OPTIONS = refuse  # noqa: N815 (names are http.server's)

    def log_message(self, *words: object) -> None: ...


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], **arguments: object) -> Iterator[tuple[str, list[str]]]:
    """Serve on the loopback interface; give the address, and the list of what is asked for."""
    asked: list[str] = []
    handler = type(handler.__name__, (handler,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, **arguments)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """The built site; or one that is named by the environment variable SITE, to save its building."""
    if "SITE" in os.environ:
        return Path(os.environ["SITE"])
    import build

    built = tmp_path_factory.mktemp("site") / "site"
    build.build(built, vendored=True)
    return built


@pytest.fixture(scope="session")
def site(folder):
    """The site's address, and what is asked for there."""
    with serving(Files, directory=str(folder)) as address_and_asked:
        yield address_and_asked


@pytest.fixture(scope="session")
def elsewhere():
    """The address of a proxy, and what is asked for there."""
    with serving(Elsewhere) as address_and_asked:
        yield address_and_asked


@pytest.fixture(scope="session")
def chromium(elsewhere):
    """A browser that asks the proxy for all that is not on this computer."""
    try:
        with browser.running_browser(proxy={"server": elsewhere[0], "bypass": "127.0.0.1"}) as running:
            yield running
    except browser.NoBrowserError as reason:
        browser.without_browser(reason)
