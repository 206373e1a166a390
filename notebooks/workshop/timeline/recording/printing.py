"""Hears what is printed, without standing in its way. Standard library only.

The stream stays the object that it is, with its buffer and its encoding: it is only asked to write by another name.
"""

from collections.abc import Callable
from typing import Any

_streams: dict[int, tuple[Any, int]] = {}
"""By id, each stream that is listened to, and for how many."""


def listen(stream: Any, heard: Callable[[str], None]) -> None:
    """Have a function called with each text that is written to a stream, after it has been written.

    Args:
        stream: such as `sys.stdout`. One that does not let itself be listened to is left alone.
        heard: the function; the same one for all who listen.
    """
    _, listeners = _streams.get(id(stream), (stream, 0))
    if not listeners:
        try:
            original = stream.write

            def write(text: str) -> Any:
                try:
                    written = original(text)
                except BaseException as error:
                    error.__traceback__ = error.__traceback__.tb_next
                    raise
                if type(text) is str:
                    heard(text)
                return written

            stream.write = write
        except (AttributeError, TypeError):
            return
    _streams[id(stream)] = stream, listeners + 1


def leave(stream: Any) -> None:
    """End that for one who listened."""
    _, listeners = _streams.get(id(stream), (stream, 0))
    if listeners > 1:
        _streams[id(stream)] = stream, listeners - 1
    elif listeners:
        del _streams[id(stream)]
        if (
            getattr(getattr(stream, "__dict__", {}).get("write"), "__module__", None) == __name__
        ):  # else somebody else's since
            del stream.write
