"""How many requests the demo API serves in a stretch of time. Standard library only."""

from collections import deque


class SlidingWindow:
    """Counts the requests that were served lately: never more than so many in any stretch of so many seconds.

    It looks at no clock: whoever asks says what time it is, each time the same or later.

    Args:
        most: how many requests.
        seconds: how long the stretch is.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._seconds = seconds
        self._served: deque[float] = deque(maxlen=most)

    def wait(self, now: float) -> float:
        """Return how many seconds it takes until another request may be served: 0 if it may be at the moment `now`."""
        if len(self._served) < self._served.maxlen:
            return 0.0
        return max(0.0, self._served[0] + self._seconds - now)

    def add(self, now: float) -> None:
        """Count a request that is served at the moment `now`; of so many as are allowed, the oldest is forgotten."""
        self._served.append(now)
