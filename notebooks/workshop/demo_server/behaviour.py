"""How slowly and how badly the demo API answers, decided in advance. Standard library only.

What happens to a request follows from the seed, its path and how often that path has been asked for. So a lesson gets
the same delays and failures in each run, in whatever order the requests arrive.
"""

import math
import random
from collections.abc import Mapping

FAILURES = ("500", "cut", "garbage")
"""How a request fails: by status 500, by a connection that is cut within the answer, by a body that is not JSON."""


class Behaviour:
    """How one server behaves. Arguments and exceptions are those of `demo_api`."""

    def __init__(
        self,
        delay: float | Mapping[str, float] = 0.0,
        jitter: float = 0.0,
        failures: float = 0.0,
        limit: int | None = None,
        rate: int | None = None,
        per: float = 1.0,
        seed: int = 0,
    ) -> None:
        if isinstance(delay, Mapping):
            for path, seconds in delay.items():
                if not (isinstance(path, str) and path.startswith("/")):
                    raise ValueError(f"the paths in delay begin with a slash, such as '/photos', unlike {path!r}")
                _check_seconds(f"the delay of {path}", seconds)
            self._delay = dict(delay)
        else:
            self._delay = _check_seconds("delay", delay)
        self._jitter = _check_seconds("jitter", jitter)
        if not _is_number(failures):
            raise TypeError(f"failures is a number, such as failures=0.2 for a fifth of all requests, not {failures!r}")
        if not 0 <= failures <= 1:
            raise ValueError(f"failures is a share from 0 (none) to 1 (all), such as failures=0.2, not {failures!r}")
        self._failures = failures
        self.limit = _check_most("limit", limit, "at a time")
        self.rate = _check_most("rate", rate, "in a stretch of time")
        self.per = _check_seconds("per", per)
        if not per:
            raise ValueError("per is how many seconds the rate is for, above 0, such as per=1, not 0")
        if not _is_whole(seed):
            raise TypeError(f"seed is a whole number, such as seed=1, not {seed!r}")
        self._seed = seed

    def delay(self, path: str) -> float:
        """Return how many seconds an answer takes."""
        delay = self._delay.get(path, 0.0) if isinstance(self._delay, dict) else self._delay
        return delay + self._jitter * random.Random(f"{self._seed} {path}").random()

    def failure(self, path: str, attempt: int) -> str | None:
        """Return how a request fails: one of `FAILURES`, or None if it does not.

        Args:
            path: what is asked for.
            attempt: how many requests for this path have been served, this one included. The next may fare better.
        """
        chance = random.Random(f"{self._seed} {path} {attempt}")
        return chance.choice(FAILURES) if chance.random() < self._failures else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_most(name: str, most: object, what: str) -> int | None:
    if most is not None and not _is_whole(most):
        raise TypeError(f"{name} is a whole number of requests, such as {name}=5, or None for no limit, not {most!r}")
    if most is not None and most < 1:
        raise ValueError(f"{name} is 1 or more requests {what}, or None for no limit, not {most!r}")
    return most


def _check_seconds(name: str, seconds: object) -> float:
    if not _is_number(seconds):
        raise TypeError(f"{name} is a number of seconds, such as 0.5, not {seconds!r}")
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{name} is a number of seconds, 0 or more, not {seconds!r}")
    return seconds
