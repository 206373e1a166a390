"""The clock of tests in which a client and the server talk to each other."""

import pytest

from support.jumping_loop import WorkingClock


@pytest.fixture
def clock() -> WorkingClock:
    """A clock that jumps over waits, but not over data that is on its way on a loopback connection."""
    return WorkingClock()
