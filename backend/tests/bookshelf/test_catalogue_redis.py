"""The catalogue while Redis is away, empty, rolled back or full of nonsense."""

from collections.abc import Callable

import pytest
from redis import Redis

from bookshelf.catalogue import RETRY_MAX_SECONDS, Catalogue
from flask_tokenkeep.stores.redis import open_redis
from tests.support.book_source import Upstream, reply
from tests.support.private_redis import PrivateRedis
from tests.support.shown_catalogue import BROKEN, NORMAL, OTHER, TTL_SECONDS, body, label, the_key
from tests.support.still_clock import Clock

pytestmark = pytest.mark.server


def test_a_redis_that_lost_everything_gets_the_list_back(
    catalogue: Catalogue, new_catalogue: Callable[[], Catalogue], upstream: Upstream, redis: Redis
) -> None:
    catalogue.refresh_once()
    redis.flushall()

    catalogue.refresh_once()
    other = new_catalogue()
    other.refresh_once()

    assert label(other) == "live"
    assert len(upstream.requests) == 1


def test_a_redis_that_was_rolled_back_gets_the_newer_list_again(
    catalogue: Catalogue, upstream: Upstream, redis: Redis, clock: Clock
) -> None:
    catalogue.refresh_once()
    old = redis.dump(the_key(redis))
    upstream.answer = reply(OTHER)
    clock.now += TTL_SECONDS
    catalogue.refresh_once()
    assert isinstance(old, bytes)
    redis.restore(the_key(redis).decode(), 0, old, replace=True)

    catalogue.refresh_once()

    assert body(catalogue) == OTHER
    assert redis.hget(the_key(redis), "body") == OTHER


@pytest.mark.parametrize(
    "poison",
    [
        {"body": b"", "at": b"1800000001"},
        {"body": b"\xff\x00", "at": b"1800000001"},
        {"body": b"[]", "at": b"1900000000"},
        {"body": NORMAL, "at": b"inf"},
        {"body": NORMAL, "at": b"nan"},
        {"body": NORMAL, "at": b"soon"},
        {"body": NORMAL},
        {"at": b"1800000001"},
    ],
    ids=lambda fields: repr(fields)[:60].replace(NORMAL.decode(), ""),
)
def test_nonsense_in_redis_is_replaced_by_the_next_good_fetch(
    catalogue: Catalogue, new_catalogue: Callable[[], Catalogue], upstream: Upstream, redis: Redis,
    clock: Clock, caplog: pytest.LogCaptureFixture, poison: dict[str, bytes],
) -> None:  # fmt: skip
    catalogue.refresh_once()
    key = the_key(redis)
    redis.delete(key)
    redis.hset(key, mapping=dict(poison))
    upstream.answer = BROKEN

    restarted = new_catalogue()
    caplog.clear()
    for _ in range(4):
        restarted.refresh_once()
        assert label(restarted) == "sample"
        assert restarted.status().age_seconds is None
    assert len([record for record in caplog.records if "Redis" in record.getMessage()]) <= 1

    upstream.answer = reply(OTHER)
    clock.now += RETRY_MAX_SECONDS
    restarted.refresh_once()
    assert redis.hget(key, "body") == OTHER


def test_without_redis_the_list_in_memory_is_served_and_the_failure_is_logged_once(
    upstream: Upstream, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with PrivateRedis() as server, open_redis(server.url) as redis:
        catalogue = Catalogue(redis=redis, url=upstream.url, ttl_seconds=TTL_SECONDS, clock=clock)
        catalogue.refresh_once()
        server.stop()
        clock.now += TTL_SECONDS
        caplog.clear()

        for _ in range(3):
            catalogue.refresh_once()

        assert (label(catalogue), body(catalogue)) == ("cached", NORMAL)
        assert len(caplog.records) == 1
        assert caplog.records[0].exc_info is None
        assert catalogue.status().trouble == "Redis can't be used for the catalogue (ConnectionError)"

        server.start()
        catalogue.refresh_once()
        assert label(catalogue) == "live"
        assert catalogue.status().trouble is None


def test_a_list_that_was_fetched_while_redis_went_away_is_shown_and_stored_later(
    new_catalogue: Callable[[], Catalogue], upstream: Upstream, clock: Clock
) -> None:
    with PrivateRedis() as server, open_redis(server.url) as redis:
        catalogue = Catalogue(redis=redis, url=upstream.url, ttl_seconds=TTL_SECONDS, clock=clock)

        def stop_redis(send: Callable[[bytes], None], running: Upstream) -> None:
            server.stop()
            reply()(send, running)

        upstream.answer = stop_redis
        catalogue.refresh_once()
        assert (label(catalogue), body(catalogue)) == ("live", NORMAL)

        server.start()
        catalogue.refresh_once()
        assert redis.hget(the_key(redis), "body") == NORMAL
        assert len(upstream.requests) == 1
