"""Several workers and restarts share one list."""

from collections.abc import Callable

from redis import Redis

from bookshelf.catalogue import Catalogue
from tests.support.at_once import at_once
from tests.support.book_source import Upstream, reply, running_upstream
from tests.support.inside import fetch_alone
from tests.support.shown_catalogue import BROKEN, NORMAL, OTHER, TTL_SECONDS, body, label, the_key
from tests.support.still_clock import Clock


def test_a_restart_shows_what_redis_kept(
    catalogue: Catalogue, new_catalogue: Callable[[], Catalogue], upstream: Upstream, clock: Clock
) -> None:
    catalogue.refresh_once()
    upstream.answer = BROKEN
    clock.now += 100 * TTL_SECONDS

    restarted = new_catalogue()
    restarted.refresh_once()

    assert (label(restarted), body(restarted)) == ("cached", NORMAL)


def test_the_list_in_redis_never_expires(catalogue: Catalogue, redis: Redis) -> None:
    catalogue.refresh_once()

    assert redis.ttl(the_key(redis)) == -1


def test_another_worker_takes_over_a_new_list_without_asking_upstream(
    catalogue: Catalogue, new_catalogue: Callable[[], Catalogue], upstream: Upstream, clock: Clock
) -> None:
    other = new_catalogue()
    catalogue.refresh_once()
    other.refresh_once()
    upstream.answer = reply(OTHER)
    clock.now += TTL_SECONDS
    catalogue.refresh_once()

    other.refresh_once()

    assert (label(other), body(other)) == ("live", OTHER)
    assert len(upstream.requests) == 2


def test_only_one_of_many_workers_fetches(new_catalogue: Callable[[], Catalogue], upstream: Upstream) -> None:
    workers = [new_catalogue() for _ in range(12)]
    at_once(*(worker.refresh_once for worker in workers))

    assert len(upstream.requests) == 1
    for worker in workers:
        worker.refresh_once()
    assert {(label(worker), body(worker)) for worker in workers} == {("live", NORMAL)}
    assert len(upstream.requests) == 1


def test_a_worker_that_was_late_for_the_lock_looks_again_before_it_fetches(
    catalogue: Catalogue, new_catalogue: Callable[[], Catalogue], upstream: Upstream
) -> None:
    late = new_catalogue()
    catalogue.refresh_once()

    fetch_alone(late)  # as if the other had finished after its first look

    assert len(upstream.requests) == 1
    assert label(late) == "live"


def test_a_worker_killed_during_a_fetch_blocks_the_others_only_until_its_lock_expires(
    catalogue: Catalogue, upstream: Upstream, redis: Redis, clock: Clock
) -> None:
    catalogue.refresh_once()
    lock = the_key(redis) + b":lock"
    redis.set(lock, b"of a dead one", px=30_000)
    clock.now += TTL_SECONDS

    catalogue.refresh_once()
    assert len(upstream.requests) == 1
    assert redis.get(lock) == b"of a dead one"

    redis.delete(lock)  # as its expiry does
    catalogue.refresh_once()
    assert len(upstream.requests) == 2


def test_the_lock_expires_by_itself_and_is_given_back(
    catalogue: Catalogue, upstream: Upstream, redis: Redis
) -> None:
    seen: list[tuple[int, int]] = []

    def look(send: Callable[[bytes], None], running: Upstream) -> None:
        seen.extend((redis.pttl(key), len(redis.get(key) or b"")) for key in redis.keys("*:lock"))  # type: ignore[misc]
        reply()(send, running)

    upstream.answer = look
    catalogue.refresh_once()

    ((milliseconds, _),) = seen
    assert 15_000 < milliseconds <= 30_000
    assert redis.keys("*:lock") == []


def test_a_lock_that_expired_meanwhile_is_not_taken_from_its_new_owner(
    catalogue: Catalogue, upstream: Upstream, redis: Redis
) -> None:
    def steal(send: Callable[[bytes], None], running: Upstream) -> None:
        (lock,) = redis.keys("*:lock")  # type: ignore[misc]
        redis.set(lock, b"the next one")
        reply()(send, running)

    upstream.answer = steal
    catalogue.refresh_once()

    (lock,) = redis.keys("*:lock")  # type: ignore[misc]
    assert redis.get(lock) == b"the next one"
    assert (label(catalogue), catalogue.status().trouble) == ("live", None)


def test_two_upstreams_do_not_share_a_list(catalogue: Catalogue, redis: Redis, clock: Clock) -> None:
    catalogue.refresh_once()
    with running_upstream() as another:
        another.answer = BROKEN
        moved = Catalogue(redis=redis, url=another.url, ttl_seconds=TTL_SECONDS, clock=clock)
        moved.refresh_once()

    assert label(moved) == "sample"
