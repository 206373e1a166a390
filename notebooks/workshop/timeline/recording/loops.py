"""Records all that asyncio's event loops run, wherever in a program they are made. Standard library only."""

import functools
from asyncio import AbstractEventLoop, BaseEventLoop
from collections.abc import Callable
from typing import Any

from .log import Snapshot
from .recorder import Recorder, Scope


class EveryLoop:
    """Records each event loop that is made while this is open, from its making until it is shut down."""

    def __init__(self) -> None:
        self._scopes: list[Scope] = []
        self._snapshots: dict[Scope, Snapshot] = {}
        self._originals: dict[str, Callable[..., Any]] = {}

    def __enter__(self) -> "EveryLoop":
        for name, before in (("__init__", False), ("shutdown_asyncgens", True), ("close", True)):
            self._originals[name] = original = getattr(BaseEventLoop, name)
            setattr(BaseEventLoop, name, self._ending(original) if before else self._beginning(original))
        return self

    def __exit__(self, *exception: object) -> None:
        for name, original in self._originals.items():
            setattr(BaseEventLoop, name, original)
        for scope in self._scopes:
            self._end(scope)

    @property
    def snapshots(self) -> list[Snapshot]:
        """What the tasks of each loop did, in the order in which the loops were made."""
        return [self._snapshots[scope] for scope in self._scopes if scope in self._snapshots]

    def _beginning(self, original: Callable[..., None]) -> Callable[..., None]:
        """Return what stands in the place of a loop's ``__init__``."""

        @functools.wraps(original)
        def init(loop: AbstractEventLoop, *arguments: Any, **options: Any) -> None:
            original(loop, *arguments, **options)
            # Whatever runs in this context from now on belongs to it: a `Runner` copies it after it has made its loop.
            scope = Recorder.on(loop).open(steps=True)
            scope.place = scope.recorder.moments.waits.you = 0  # the first task is the program's own
            self._scopes.append(scope)

        return init

    def _ending(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Return what stands in the place of a method with which a loop comes to its end."""

        @functools.wraps(original)
        def end(loop: AbstractEventLoop, *arguments: Any, **options: Any) -> Any:
            for scope in self._scopes:
                if scope.recorder.loop is loop:
                    self._end(scope)
            return original(loop, *arguments, **options)

        return end

    def _end(self, scope: Scope) -> None:
        if scope.open:
            self._snapshots[scope] = scope.recorder.close(scope)
