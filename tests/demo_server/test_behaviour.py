"""How slowly and how badly the demo API answers is decided in advance, and the same in each run."""

from collections import Counter

import pytest

from workshop import demo_api
from workshop.demo_server.behaviour import FAILURES, Behaviour


def test_a_delay_is_the_same_for_all_or_given_by_path():
    assert {Behaviour(delay=0.5).delay(path) for path in ("/photos", "/users")} == {0.5}
    behaviour = Behaviour(delay={"/photos": 0.5, "/users": 1})
    assert [behaviour.delay(path) for path in ("/photos", "/users", "/items/1")] == [0.5, 1, 0]


def test_jitter_depends_on_path_and_seed_and_on_nothing_else():
    paths = [f"/items/{number}" for number in range(1, 201)]
    behaviour = Behaviour(delay=1, jitter=2, seed=3)
    delays = [behaviour.delay(path) for path in paths]
    assert [Behaviour(delay=1, jitter=2, seed=3).delay(path) for path in reversed(paths)] == delays[::-1]
    assert [Behaviour(delay=1, jitter=2, seed=4).delay(path) for path in paths] != delays
    assert len(set(delays)) == 200
    assert all(1 <= delay <= 3 for delay in delays)
    assert min(delays) < 1.1 and max(delays) > 2.9


def test_jitter_is_the_same_on_every_python():
    assert [f"{Behaviour(jitter=1).delay(f'/items/{number}'):.3f}" for number in (1, 2, 3)] == [
        "0.518",
        "0.970",
        "0.164",
    ]


@pytest.mark.parametrize("share", [0, 0.2, 1])
def test_a_share_of_the_requests_fails(share):
    behaviour = Behaviour(failures=share)
    failures = Counter(behaviour.failure(f"/items/{number}", 1) for number in range(2000))
    assert (2000 - failures[None]) / 2000 == pytest.approx(share, abs=0.03)
    assert all((failures[kind] > 100) == (share > 0) for kind in FAILURES)


def test_failures_depend_on_path_seed_and_attempt():
    paths = [f"/items/{number}" for number in range(1, 101)]

    def failures(attempt, seed=0):
        return [Behaviour(failures=0.5, seed=seed).failure(path, attempt) for path in paths]

    assert failures(1) == failures(1)
    assert failures(1) != failures(1, seed=1)
    retried = [second for first, second in zip(failures(1), failures(2), strict=True) if first]
    assert 0 < retried.count(None) < len(retried)


@pytest.mark.parametrize(
    ("behaviour", "error", "words"),
    [
        ({"delay": -1}, ValueError, "delay is a number of seconds, 0 or more, not -1"),
        ({"delay": float("nan")}, ValueError, "0 or more, not nan"),
        ({"delay": float("inf")}, ValueError, "0 or more, not inf"),
        ({"delay": "1"}, TypeError, "delay is a number of seconds, such as 0.5, not '1'"),
        ({"delay": {"/photos": -1}}, ValueError, "the delay of /photos is a number of seconds, 0 or more, not -1"),
        ({"delay": {"photos": 1}}, ValueError, "begin with a slash, such as '/photos', unlike 'photos'"),
        ({"delay": {1: 1}}, ValueError, "begin with a slash, such as '/photos', unlike 1"),
        ({"jitter": -0.1}, ValueError, "jitter is a number of seconds, 0 or more, not -0.1"),
        ({"jitter": None}, TypeError, "jitter is a number of seconds, such as 0.5, not None"),
        ({"failures": 20}, ValueError, "failures is a share from 0 (none) to 1 (all), such as failures=0.2, not 20"),
        ({"failures": -0.1}, ValueError, "not -0.1"),
        ({"failures": float("nan")}, ValueError, "not nan"),
        ({"failures": True}, TypeError, "failures is a number"),
        ({"limit": 0}, ValueError, "limit is 1 or more requests at a time, or None for no limit, not 0"),
        ({"limit": 2.5}, TypeError, "limit is a whole number of requests, such as limit=5"),
        ({"limit": True}, TypeError, "limit is a whole number"),
        ({"rate": 0}, ValueError, "rate is 1 or more requests in a stretch of time, or None for no limit, not 0"),
        ({"rate": 2.5}, TypeError, "rate is a whole number of requests, such as rate=5, or None for no limit, not 2.5"),
        ({"per": 0}, ValueError, "per is how many seconds the rate is for, above 0, such as per=1, not 0"),
        ({"per": -1}, ValueError, "per is a number of seconds, 0 or more, not -1"),
        ({"per": "minute"}, TypeError, "per is a number of seconds, such as 0.5, not 'minute'"),
        ({"seed": "a"}, TypeError, "seed is a whole number, such as seed=1, not 'a'"),
    ],
)
def test_wrong_arguments_are_told_of_before_anything_starts(behaviour, error, words):
    with pytest.raises(error) as raised:
        demo_api(**behaviour)
    assert words in str(raised.value)
