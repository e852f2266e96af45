"""Devices that have logged in before keep an allowance of their own."""

from redis import Redis

from flask_tokenkeep.people.limits import Limits
from tests.support.at_once import many_at_once
from tests.support.attempts import ADA, AWAY, HOME, fail, log_in, wait_of
from tests.support.examples import DAY
from tests.support.still_clock import Clock


def test_a_stranger_cant_lock_a_known_device_out(limits: Limits) -> None:
    log_in(limits, HOME, right=True)
    fail(limits, 5, AWAY)
    assert log_in(limits, AWAY, right=True) == 2
    assert log_in(limits, HOME, right=True) == 0
    assert log_in(limits, AWAY, right=True) == 2  # her success is no new allowance for the stranger


def test_a_known_device_has_an_allowance_and_waits_of_its_own(limits: Limits, clock: Clock) -> None:
    log_in(limits, HOME, right=True)
    fail(limits, 5, HOME)
    assert log_in(limits, HOME, right=True) == 2
    assert log_in(limits, AWAY, right=False) == 0
    clock.now += 2
    assert log_in(limits, HOME, right=True) == 0
    fail(limits, 5, HOME)


def test_a_burst_from_a_known_device_gets_no_more_answers_either(limits: Limits) -> None:
    log_in(limits, HOME, right=True)
    waits = many_at_once(60, lambda _: wait_of(lambda: limits.settle(ADA, HOME, succeeded=False)))
    assert waits.count(0) == 5
    assert wait_of(lambda: limits.settle(ADA, HOME, succeeded=True)) == 2


def test_a_device_is_known_to_one_account_only(limits: Limits) -> None:
    log_in(limits, HOME, account="eve", right=True)
    fail(limits, 5, AWAY)
    assert log_in(limits, HOME, right=True) == 2


def test_a_device_that_only_failed_is_not_known(limits: Limits) -> None:
    fail(limits, 4, HOME)
    fail(limits, 1, AWAY)
    assert log_in(limits, HOME, right=True) == 2


def test_a_device_is_known_for_ninety_days_after_its_last_log_in(limits: Limits, clock: Clock) -> None:
    log_in(limits, HOME, right=True)
    clock.now += 60 * DAY
    log_in(limits, HOME, right=True)
    clock.now += 90 * DAY - 1
    fail(limits, 5, AWAY)
    assert log_in(limits, HOME, right=False) == 0
    clock.now += 1
    assert wait_of(lambda: limits.demand_patience(ADA, HOME)) == 1
    assert wait_of(lambda: limits.settle(ADA, HOME, succeeded=True)) == 1


def test_a_failure_does_not_make_a_known_device_forgotten(limits: Limits, redis: Redis) -> None:
    log_in(limits, HOME, right=True)
    fail(limits, 1, HOME)
    (key,) = redis.keys("*")
    assert redis.ttl(key) > 89 * DAY


def test_each_live_session_has_failures_of_its_own(limits: Limits, redis: Redis) -> None:
    fail(limits, 5, AWAY)
    fail(limits, 5, "session:1", own=True)
    assert log_in(limits, "session:1", right=True, own=True) == 2
    assert log_in(limits, "session:2", right=True, own=True) == 0
    assert len(redis.keys("*")) == 2  # a session that ended well leaves nothing behind
