"""The limits on a Redis of their own, without an app."""

import pytest
from redis import Redis

from flask_tokenkeep.people.limits import Limits
from tests.support.attempts import KEY, RATES
from tests.support.still_clock import Clock


@pytest.fixture
def limits(redis: Redis, clock: Clock) -> Limits:
    return Limits(redis=redis, key=KEY, free_failures=5, rates=RATES, clock=clock)
