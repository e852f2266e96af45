"""Limits: so many requests in a period, and what Redis learns of it."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from redis.exceptions import RedisError

from flask_tokenkeep.clients import network
from flask_tokenkeep.people.limits import Limits, Rule
from flask_tokenkeep.stores.redis import open_redis
from tests.support.at_once import many_at_once
from tests.support.attempts import ADA, AWAY, HOME, KEY, RATE_RULES, RATES, START, fail, log_in, wait_of
from tests.support.examples import DAY
from tests.support.private_redis import cluster_of_one
from tests.support.still_clock import Clock

pytestmark = pytest.mark.server


@pytest.mark.parametrize(("rule", "amount", "period"), RATE_RULES)
def test_each_rule_allows_its_amount_in_its_period(
    limits: Limits, clock: Clock, rule: Rule, amount: int, period: int
) -> None:
    for _ in range(amount):
        limits.count(rule, "192.0.2.7")
    assert wait_of(lambda: limits.count(rule, "192.0.2.7")) == period
    clock.now = START + period - 0.25
    assert wait_of(lambda: limits.count(rule, "192.0.2.7")) == 1
    clock.now = START + period
    limits.count(rule, "192.0.2.7")


def test_no_period_holds_more_than_its_amount_whenever_it_begins(limits: Limits, clock: Clock) -> None:
    """A counter that begins anew each full minute lets twice the amount pass around its turn."""
    clock.now = START + 59
    for _ in range(20):
        limits.count("login", "192.0.2.7")
    clock.now = START + 61
    assert wait_of(lambda: limits.count("login", "192.0.2.7")) == 58


def test_refused_requests_are_not_counted(limits: Limits, clock: Clock) -> None:
    for _ in range(40):
        wait_of(lambda: limits.count("login", "192.0.2.7"))
        clock.now += 1
    clock.now = START + 60
    limits.count("login", "192.0.2.7")


def test_rules_and_subjects_are_counted_separately(limits: Limits) -> None:
    for _ in range(3):
        limits.count("forgot_account", "ada")
    limits.count("forgot_account", "eve")
    limits.count("forgot", "ada")
    assert wait_of(lambda: limits.count("forgot_account", "ada"))


def test_hits_at_once_are_all_counted(limits: Limits) -> None:
    waits = many_at_once(100, lambda _: wait_of(lambda: limits.count("login", "192.0.2.7")))
    assert waits.count(0) == 20


def test_a_clock_that_was_set_back_stops_nobody_for_longer_than_a_period(
    limits: Limits, clock: Clock
) -> None:
    for _ in range(20):
        limits.count("login", "192.0.2.7")
    clock.now = START - 365 * DAY
    assert wait_of(lambda: limits.count("login", "192.0.2.7")) == 60


def use_everything(limits: Limits) -> None:
    log_in(limits, HOME, right=True)
    fail(limits, 5, AWAY)
    fail(limits, 1, HOME)
    fail(limits, 1, "session:1", own=True)
    for rule, _, _ in RATE_RULES:
        limits.count(rule, network("192.0.2.7"))


@pytest.fixture
def cluster() -> Iterator[Redis]:
    with cluster_of_one() as url, open_redis(url) as client:
        yield client


def test_redis_is_told_no_name_and_no_address_and_keeps_nothing_for_ever(
    limits: Limits, redis: Redis
) -> None:
    use_everything(limits)
    keys = redis.keys("*")
    assert len(keys) == 3 + len(RATE_RULES)
    for key in keys:
        held = redis.lrange(key, 0, -1) if redis.type(key) == b"list" else [redis.get(key)]
        shown = b" ".join([key, *held])
        assert key.startswith(b"ta:l:")
        assert redis.ttl(key) > 0
        assert not any(word in shown for word in (b"ada", b"192.0", b"Firefox", b"session"))


def test_without_our_key_nobody_can_tell_whose_record_it_is(redis: Redis, clock: Clock) -> None:
    fail(Limits(redis=redis, key=b"1" * 32, free_failures=5, rates=RATES, clock=clock), 5)
    fail(Limits(redis=redis, key=b"2" * 32, free_failures=5, rates=RATES, clock=clock), 5)
    assert len(redis.keys("*")) == 2


def test_forgetting_an_account_leaves_nothing_in_redis(limits: Limits, redis: Redis) -> None:
    log_in(limits, HOME, right=True)
    fail(limits, 5, AWAY)
    limits.forget(ADA, [HOME, AWAY])
    assert redis.keys("*") == []


def test_without_redis_nobody_may_try(clock: Clock) -> None:
    limits = Limits(
        redis=open_redis("redis://127.0.0.1:1"), key=KEY, free_failures=5, rates=RATES, clock=clock
    )
    attempts: list[Callable[[], None]] = [
        lambda: limits.count("login", "192.0.2.7"),
        lambda: limits.demand_patience(ADA, HOME),
        lambda: limits.settle(ADA, HOME, succeeded=True),
        lambda: limits.settle(ADA, HOME, succeeded=True, own=True),
    ]
    for attempt in attempts:
        with pytest.raises(RedisError):
            attempt()


def test_limits_work_on_a_redis_cluster(cluster: Redis, clock: Clock) -> None:
    limits = Limits(redis=cluster, key=KEY, free_failures=5, rates=RATES, clock=clock)
    use_everything(limits)
    assert log_in(limits, AWAY, right=True) == 2
    assert log_in(limits, HOME, right=True) == 0
    limits.forget(ADA, [HOME])


def test_names_and_devices_may_hold_any_characters(limits: Limits) -> None:
    fail(limits, 5, "a\x00b\ud800", "\udfff\x00" + "x" * 100_000)


def test_account_and_device_are_not_confused_when_they_are_joined(limits: Limits) -> None:
    log_in(limits, "c", "a\x00b", right=True)
    fail(limits, 5, AWAY, "a")
    assert log_in(limits, "b\x00c", "a", right=True) == 2
