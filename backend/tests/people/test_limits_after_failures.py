"""Waits that grow with each wrong password."""

import pytest
from redis import Redis

from flask_tokenkeep.errors import RateLimited
from flask_tokenkeep.people.limits import Limits
from tests.support.at_once import many_at_once
from tests.support.attempts import ADA, AWAY, HOME, KEY, RATES, fail, log_in, wait_of
from tests.support.examples import DAY
from tests.support.still_clock import Clock


def test_the_fifth_failure_begins_waits_that_double_up_to_fifteen_minutes(
    limits: Limits, clock: Clock
) -> None:
    fail(limits, 5)
    for seconds in (2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900):
        assert log_in(limits, right=False) == seconds
        clock.now += seconds
        fail(limits, 1)


def test_a_wait_stops_the_right_password_too_until_it_is_over(limits: Limits, clock: Clock) -> None:
    fail(limits, 5)
    assert log_in(limits, right=True) == 2
    clock.now += 1.75
    assert log_in(limits, right=True) == 1
    clock.now += 0.25
    assert log_in(limits, right=True) == 0


def test_during_a_wait_no_password_is_checked(limits: Limits) -> None:
    log_in(limits, HOME, right=True)
    for device, own in ((AWAY, False), (HOME, False), ("session:1", True)):
        fail(limits, 5, device, own=own)
        with pytest.raises(RateLimited):
            limits.demand_patience(ADA, device, own=own)


def test_attempts_while_one_has_to_wait_are_not_counted(limits: Limits, clock: Clock) -> None:
    fail(limits, 5)
    for _ in range(20):
        assert log_in(limits, right=False) == 2
        assert wait_of(lambda: limits.settle(ADA, AWAY, succeeded=False)) == 2
    clock.now += 2
    fail(limits, 1)
    assert log_in(limits, right=False) == 4


@pytest.mark.parametrize("allowance", [0, 1])
def test_without_free_failures_the_first_begins_a_wait(redis: Redis, clock: Clock, allowance: int) -> None:
    limits = Limits(redis=redis, key=KEY, free_failures=allowance, rates=RATES, clock=clock)
    fail(limits, 1)
    assert log_in(limits, right=False) == 2


def test_a_right_password_makes_failures_forgotten(limits: Limits) -> None:
    fail(limits, 4)
    assert log_in(limits, HOME, right=True) == 0
    fail(limits, 5)


def test_failures_are_forgotten_after_a_day_without_one(limits: Limits, clock: Clock) -> None:
    fail(limits, 4)
    clock.now += DAY - 1
    fail(limits, 1)
    assert log_in(limits, right=False) == 2
    clock.now += DAY
    fail(limits, 5)


def test_accounts_are_counted_separately_and_unknown_names_like_accounts(limits: Limits) -> None:
    fail(limits, 5, account="nobody")
    assert log_in(limits, account="nobody", right=False) == 2
    assert log_in(limits, account=ADA, right=False) == 0


def test_asking_whether_to_wait_counts_nothing(limits: Limits) -> None:
    for _ in range(100):
        limits.demand_patience(ADA, AWAY)
    fail(limits, 5)


def test_a_burst_of_guesses_gets_no_more_answers_than_guesses_in_a_row(limits: Limits) -> None:
    """All of them pass demand_patience, because none has been hashed yet."""
    limits.demand_patience(ADA, AWAY)
    waits = many_at_once(100, lambda _: wait_of(lambda: limits.settle(ADA, AWAY, succeeded=False)))
    assert waits.count(0) == 5
    assert set(waits) == {0, 2}


def test_the_guess_that_hits_is_refused_like_the_others_of_its_burst(limits: Limits) -> None:
    limits.demand_patience(ADA, AWAY)
    for _ in range(5):
        limits.settle(ADA, AWAY, succeeded=False)
    assert wait_of(lambda: limits.settle(ADA, AWAY, succeeded=True)) == 2
    assert log_in(limits, right=True) == 2  # and neither the device nor the account gained from it


def test_right_passwords_at_once_all_pass(limits: Limits) -> None:
    assert many_at_once(50, lambda index: log_in(limits, f"device {index % 7}", right=True)) == [0] * 50
