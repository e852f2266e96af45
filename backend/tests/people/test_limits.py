"""The rate limits, the growing waits and the devices that keep their own allowance, on a real Redis."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.provisional import domains
from redis import Redis
from redis.exceptions import RedisError

from flask_tokenkeep.errors import RateLimited
from flask_tokenkeep.people.limits import Limits, Rates, Rule, network
from flask_tokenkeep.stores.database import open_redis
from tests.support.private_redis import cluster_of_one
from tests.support.still_clock import Clock

T = Clock().now
DAY = 86_400
KEY = bytes(32)
RATES = Rates(
    login_failures=5,
    login_per_address="20/minute",
    register="10/hour",
    forgot_per_account="3/hour",
    forgot_per_address="7/day",
    code_per_address="30/second",
)
RULES: list[tuple[Rule, int, int]] = [
    ("login", 20, 60),
    ("register", 10, 3_600),
    ("forgot", 7, DAY),
    ("forgot_account", 3, 3_600),
    ("code", 30, 1),
]
ADA, HOME, AWAY = "ada", "192.0.2.7 Firefox", "198.51.100.1 curl"


@pytest.fixture
def redis(redis: Redis) -> Iterator[Redis]:
    """Closed with the connections of a hundred threads; a client leaves a pool that it was given open."""
    yield redis
    redis.connection_pool.disconnect()


@pytest.fixture
def limits(redis: Redis, clock: Clock) -> Limits:
    return Limits(redis=redis, key=KEY, rates=RATES, clock=clock)


def wait_of(attempt: Callable[[], None]) -> int:
    """The Retry-After in seconds of a refused attempt, 0 if it was not refused."""
    try:
        attempt()
    except RateLimited as refused:
        return refused.retry_after
    return 0


def log_in(limits: Limits, device: str = AWAY, account: str = ADA, *, right: bool, own: bool = False) -> int:
    """One attempt as accounts.py makes it; the seconds that it is told to wait."""

    def attempt() -> None:
        limits.demand_patience(account, device, own=own)
        limits.settle(account, device, succeeded=right, own=own)

    return wait_of(attempt)


def fail(limits: Limits, times: int, device: str = AWAY, account: str = ADA, *, own: bool = False) -> None:
    for _ in range(times):
        assert log_in(limits, device, account, right=False, own=own) == 0


def at_once(number: int, attempt: Callable[[int], int]) -> list[int]:
    """What `number` threads get that begin in the same moment."""
    barrier = threading.Barrier(number)

    def run(index: int) -> int:
        barrier.wait()
        return attempt(index)

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(run, range(number)))


# -- hits per period ------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "amount", "period"), RULES)
def test_each_rule_allows_its_amount_in_its_period(
    limits: Limits, clock: Clock, rule: Rule, amount: int, period: int
) -> None:
    for _ in range(amount):
        limits.count(rule, "192.0.2.7")
    assert wait_of(lambda: limits.count(rule, "192.0.2.7")) == period
    clock.now = T + period - 0.25
    assert wait_of(lambda: limits.count(rule, "192.0.2.7")) == 1
    clock.now = T + period
    limits.count(rule, "192.0.2.7")


def test_no_period_of_whatever_beginning_has_more_than_its_amount(limits: Limits, clock: Clock) -> None:
    """A counter that begins anew each full minute lets twice the amount pass around its turn."""
    clock.now = T + 59
    for _ in range(20):
        limits.count("login", "192.0.2.7")
    clock.now = T + 61
    assert wait_of(lambda: limits.count("login", "192.0.2.7")) == 58


def test_what_is_refused_is_not_counted(limits: Limits, clock: Clock) -> None:
    for _ in range(40):
        wait_of(lambda: limits.count("login", "192.0.2.7"))
        clock.now += 1
    clock.now = T + 60
    limits.count("login", "192.0.2.7")


def test_rules_and_subjects_count_apart(limits: Limits) -> None:
    for _ in range(3):
        limits.count("forgot_account", "ada")
    limits.count("forgot_account", "eve")
    limits.count("forgot", "ada")
    assert wait_of(lambda: limits.count("forgot_account", "ada"))


def test_hits_at_once_are_all_counted(limits: Limits) -> None:
    waits = at_once(100, lambda _: wait_of(lambda: limits.count("login", "192.0.2.7")))
    assert waits.count(0) == 20


def test_a_clock_that_was_set_back_stops_nobody_for_longer_than_a_period(
    limits: Limits, clock: Clock
) -> None:
    for _ in range(20):
        limits.count("login", "192.0.2.7")
    clock.now = T - 365 * DAY
    assert wait_of(lambda: limits.count("login", "192.0.2.7")) == 60


# -- failures per account -------------------------------------------------------------------


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


def test_while_a_wait_runs_nothing_is_hashed(limits: Limits) -> None:
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
    limits = Limits(redis=redis, key=KEY, rates=replace(RATES, login_failures=allowance), clock=clock)
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


def test_accounts_count_apart_and_names_that_nobody_has_count_alike(limits: Limits) -> None:
    fail(limits, 5, account="nobody")
    assert log_in(limits, account="nobody", right=False) == 2
    assert log_in(limits, account=ADA, right=False) == 0


def test_to_ask_for_patience_counts_nothing(limits: Limits) -> None:
    for _ in range(100):
        limits.demand_patience(ADA, AWAY)
    fail(limits, 5)


def test_a_burst_of_guesses_learns_no_more_than_as_many_in_a_row(limits: Limits) -> None:
    """All of them pass demand_patience, because none has been hashed yet."""
    limits.demand_patience(ADA, AWAY)
    waits = at_once(100, lambda _: wait_of(lambda: limits.settle(ADA, AWAY, succeeded=False)))
    assert waits.count(0) == 5
    assert set(waits) == {0, 2}


def test_the_guess_that_hits_is_refused_like_the_others_of_its_burst(limits: Limits) -> None:
    limits.demand_patience(ADA, AWAY)
    for _ in range(5):
        limits.settle(ADA, AWAY, succeeded=False)
    assert wait_of(lambda: limits.settle(ADA, AWAY, succeeded=True)) == 2
    assert log_in(limits, right=True) == 2  # and neither the device nor the account gained from it


def test_right_passwords_at_once_all_pass(limits: Limits) -> None:
    assert at_once(50, lambda index: log_in(limits, f"device {index % 7}", right=True)) == [0] * 50


# -- known devices --------------------------------------------------------------------------


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


def test_a_burst_from_a_known_device_learns_no_more_either(limits: Limits) -> None:
    log_in(limits, HOME, right=True)
    waits = at_once(60, lambda _: wait_of(lambda: limits.settle(ADA, HOME, succeeded=False)))
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


def test_a_live_session_counts_for_itself(limits: Limits, redis: Redis) -> None:
    fail(limits, 5, AWAY)
    fail(limits, 5, "session:1", own=True)
    assert log_in(limits, "session:1", right=True, own=True) == 2
    assert log_in(limits, "session:2", right=True, own=True) == 0
    assert len(redis.keys("*")) == 2  # a session that ended well leaves nothing behind


# -- Redis ----------------------------------------------------------------------------------


def use_everything(limits: Limits) -> None:
    log_in(limits, HOME, right=True)
    fail(limits, 5, AWAY)
    fail(limits, 1, HOME)
    fail(limits, 1, "session:1", own=True)
    for rule, _, _ in RULES:
        limits.count(rule, network("192.0.2.7"))


def test_redis_is_told_no_name_and_no_address_and_keeps_nothing_for_ever(
    limits: Limits, redis: Redis
) -> None:
    use_everything(limits)
    keys = redis.keys("*")
    assert len(keys) == 3 + len(RULES)
    for key in keys:
        held = redis.lrange(key, 0, -1) if redis.type(key) == b"list" else [redis.get(key)]
        shown = b" ".join([key, *held])
        assert key.startswith(b"ta:l:")
        assert redis.ttl(key) > 0
        assert not any(word in shown for word in (b"ada", b"192.0", b"Firefox", b"session"))


def test_without_our_key_nobody_can_tell_whose_record_it_is(redis: Redis, clock: Clock) -> None:
    fail(Limits(redis=redis, key=b"1" * 32, rates=RATES, clock=clock), 5)
    fail(Limits(redis=redis, key=b"2" * 32, rates=RATES, clock=clock), 5)
    assert len(redis.keys("*")) == 2


def test_a_deleted_account_leaves_nothing(limits: Limits, redis: Redis) -> None:
    log_in(limits, HOME, right=True)
    fail(limits, 5, AWAY)
    limits.forget(ADA, [HOME, AWAY])
    assert redis.keys("*") == []


def test_without_redis_nobody_may_try(clock: Clock) -> None:
    limits = Limits(redis=open_redis("redis://127.0.0.1:1"), key=KEY, rates=RATES, clock=clock)
    attempts: list[Callable[[], None]] = [
        lambda: limits.count("login", "192.0.2.7"),
        lambda: limits.demand_patience(ADA, HOME),
        lambda: limits.settle(ADA, HOME, succeeded=True),
        lambda: limits.settle(ADA, HOME, succeeded=True, own=True),
    ]
    for attempt in attempts:
        with pytest.raises(RedisError):
            attempt()


@pytest.fixture
def cluster() -> Iterator[Redis]:
    with cluster_of_one() as url, open_redis(url) as client:
        yield client


def test_all_of_it_works_on_a_cluster(cluster: Redis, clock: Clock) -> None:
    limits = Limits(redis=cluster, key=KEY, rates=RATES, clock=clock)
    use_everything(limits)
    assert log_in(limits, AWAY, right=True) == 2
    assert log_in(limits, HOME, right=True) == 0
    limits.forget(ADA, [HOME])


def test_what_people_type_can_hold_anything(limits: Limits) -> None:
    fail(limits, 5, "a\x00b\ud800", "\udfff\x00" + "x" * 100_000)


def test_account_and_device_do_not_run_into_each_other(limits: Limits) -> None:
    log_in(limits, "c", "a\x00b", right=True)
    fail(limits, 5, AWAY, "a")
    assert log_in(limits, "b\x00c", "a", right=True) == 2


# -- addresses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ip", "whom"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:51234", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:443", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:51234", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("fe80::1%anything else", "fe80::/64"),
    ],
)
def test_an_address_stands_for_its_network(ip: str, whom: str) -> None:
    assert network(ip) == whom


@pytest.mark.parametrize(
    "ip", ["", "unknown", "_hidden", "unix:", "[", "[]", "]:1", "1.2.3", "010.0.0.1", "1.2.3.4/8", "١.1.1.1"]
)
def test_all_nonsense_shares_one_allowance(ip: str) -> None:
    assert network(ip) == "unknown"


@given(st.ip_addresses(v=6))
def test_all_of_a_slash_64_is_one(address: IPv6Address) -> None:
    sibling = IPv6Address(int(address) ^ 0xFFFF_FFFF_FFFF_FFFF)
    neighbour = IPv6Address(int(address) ^ (1 << 64))
    if address.ipv4_mapped or sibling.ipv4_mapped or neighbour.ipv4_mapped:
        return
    assert network(str(address)) == network(sibling.exploded) == network(f"[{address}]:80")
    assert network(str(address)) != network(str(neighbour))


@given(st.ip_addresses(v=4), st.integers(0, 65_535))
def test_an_ipv4_address_is_one_however_it_is_written(address: object, port: int) -> None:
    spellings = (f"{address}", f"{address}:{port}", f"::ffff:{address}", f"[::FFFF:{address}]:{port}")
    assert {network(text) for text in spellings} == {str(address)}


@given(st.one_of(st.text(), st.text("0123456789abcdef:.[]%/ ,"), domains()))
def test_no_text_can_break_it_or_make_a_network_of_its_own(text: str) -> None:
    whom = network(text)
    assert whom == "unknown" or ip_address(whom.removesuffix("/64"))
