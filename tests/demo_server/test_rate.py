"""In no stretch of so many seconds are more requests served than the rate allows."""

import random

import pytest

from workshop.demo_server.rate import SlidingWindow


def test_there_is_room_until_so_many_were_served_and_again_when_the_oldest_is_so_long_ago():
    window = SlidingWindow(most=2, seconds=4.0)
    for now in (0.0, 1.0):
        assert window.wait(now) == 0
        window.add(now)
    assert [window.wait(now) for now in (1.0, 2.5, 3.5, 4.0, 9.0)] == [3.0, 1.5, 0.5, 0.0, 0.0]
    window.add(4.0)
    assert [window.wait(now) for now in (4.0, 5.0)] == [1.0, 0.0], "the one served at 1.0 is the oldest now"


def test_who_only_asks_does_not_count():
    window = SlidingWindow(most=1, seconds=1.0)
    assert [window.wait(0.0) for _ in range(5)] == [0.0] * 5


@pytest.mark.parametrize("seed", range(5))
def test_no_stretch_has_more_and_nobody_is_turned_away_without_need(seed):
    chance = random.Random(seed)
    window, now, served = SlidingWindow(most=5, seconds=2.0), 0.0, []
    for _ in range(500):
        now += chance.choice([0.0, 0.125, 0.5])
        lately = [then for then in served if then > now - 2.0]
        assert (window.wait(now) == 0) == (len(lately) < 5)
        if window.wait(now) == 0:
            window.add(now)
            served.append(now)
    assert len(served) > 100
