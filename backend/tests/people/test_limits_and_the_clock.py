"""No wait is longer than its rule, whatever the clock did meanwhile."""

from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from flask_tokenkeep.people.limits import LONGEST_WAIT_SECONDS, Limits
from tests.support.attempts import ADA, AWAY, KEY, RATES, fail, log_in, wait_of
from tests.support.examples import DAY
from tests.support.private_redis import PrivateRedis
from tests.support.still_clock import Clock

HOUR = 3_600
QUARTERS = st.integers(-8 * HOUR, 8 * HOUR).map(lambda quarters: quarters / 4)  # which JSON keeps exactly
JUMPS = st.one_of(QUARTERS, st.integers(-3, 3), st.sampled_from([-DAY, DAY]))


def test_a_wait_after_failures_is_as_long_as_its_rule_though_the_clock_steps_back(
    limits: Limits, clock: Clock
) -> None:
    fail(limits, 5)
    for _ in range(20):
        clock.now += LONGEST_WAIT_SECONDS
        fail(limits, 1)
    clock.now -= HOUR
    assert log_in(limits, right=True) == LONGEST_WAIT_SECONDS
    clock.now += LONGEST_WAIT_SECONDS - 1
    assert log_in(limits, right=True) == 1
    clock.now += 1
    assert log_in(limits, right=True) == 0


def test_a_rate_is_full_for_its_period_at_most_though_the_clock_steps_back(
    limits: Limits, clock: Clock
) -> None:
    assert [wait_of(lambda: limits.count("login", ADA)) for _ in range(21)] == [0] * 20 + [60]
    clock.now -= HOUR
    assert wait_of(lambda: limits.count("login", ADA)) == 60
    clock.now += 59
    assert wait_of(lambda: limits.count("login", ADA)) == 1
    clock.now += 1
    assert [wait_of(lambda: limits.count("login", ADA)) for _ in range(21)] == [0] * 20 + [60]


@given(steps=st.lists(st.tuples(JUMPS, st.booleans()), max_size=25))
def test_whoever_waits_as_told_is_let_in_whatever_the_clock_did_before(
    redis_server: PrivateRedis, steps: list[tuple[float, bool]]
) -> None:
    clock = Clock()
    with Redis(port=redis_server.port) as redis:
        redis.flushall()
        limits = Limits(redis=redis, key=KEY, free_failures=2, rates=RATES, clock=clock)

        def try_to_count() -> None:
            limits.count("forgot_account", ADA)

        for jump, right in steps:
            clock.now += jump
            assert log_in(limits, right=right) <= LONGEST_WAIT_SECONDS
            assert wait_of(try_to_count) <= RATES["forgot_account"].period_seconds
        for attempt in (lambda: limits.demand_patience(ADA, AWAY), try_to_count):
            if told := wait_of(attempt):
                clock.now += told
                assert wait_of(attempt) == 0
