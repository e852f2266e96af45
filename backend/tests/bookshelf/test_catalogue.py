"""The catalogue between upstream, Redis and memory: the best list there is, whatever is broken."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from redis import Redis

from bookshelf.booklist import Booklist, sample
from bookshelf.catalogue import RETRY_MAX_SECONDS, Catalogue
from flask_tokenkeep.stores.database import open_redis
from tests.support.book_source import WARTY, Upstream, drip, raw, reply, running_upstream
from tests.support.inside import fetch_alone
from tests.support.private_redis import PrivateRedis
from tests.support.still_clock import Clock
from tests.support.waiting import wait_until

TTL_SECONDS = 3600
OTHER = b'[{"id":1,"title":"Another","isbn":"1","pageCount":2,"authors":[]}]'
BROKEN = reply(status="500 Internal Server Error")


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with running_upstream() as running:
        yield running


@pytest.fixture
def new_catalogue(redis: Redis, upstream: Upstream, clock: Clock) -> Callable[[], Catalogue]:
    """Another worker's, or our own after a restart."""
    return lambda: Catalogue(redis=redis, url=upstream.url, ttl_seconds=TTL_SECONDS, clock=clock)


@pytest.fixture
def catalogue(new_catalogue: Callable[[], Catalogue]) -> Catalogue:
    return new_catalogue()


def label(catalogue: Catalogue) -> str:
    return catalogue.snapshot().label


def body(catalogue: Catalogue) -> bytes:
    return catalogue.snapshot().books.document.body


def the_key(redis: Redis) -> bytes:
    (key,) = redis.keys("bookshelf:catalogue:" + 16 * "?")  # and not its lock
    assert isinstance(key, bytes)
    return key


NORMAL = Booklist.parse(WARTY).document.body


# -- from upstream ------------------------------------------------------------------------------


def test_the_sample_is_shown_until_upstream_has_answered(catalogue: Catalogue, upstream: Upstream) -> None:
    assert (label(catalogue), body(catalogue)) == ("sample", sample().document.body)

    catalogue.refresh_once()

    assert (label(catalogue), body(catalogue)) == ("live", NORMAL)


def test_upstream_is_not_asked_again_while_the_list_is_fresh(
    catalogue: Catalogue, upstream: Upstream, clock: Clock
) -> None:
    for _ in range(5):
        catalogue.refresh_once()
        clock.now += 0.17 * TTL_SECONDS

    assert len(upstream.requests) == 1


def test_it_is_refreshed_before_it_expires(catalogue: Catalogue, upstream: Upstream, clock: Clock) -> None:
    catalogue.refresh_once()
    upstream.answer = reply(OTHER)
    clock.now += 0.95 * TTL_SECONDS
    assert label(catalogue) == "live"

    catalogue.refresh_once()
    clock.now += 0.95 * TTL_SECONDS

    assert (label(catalogue), body(catalogue)) == ("live", OTHER)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (BROKEN, "answered with status 500"),
        (reply(b"<h1>Sorry</h1>", content_type="text/html"), "sent 'text/html', not application/json"),
        (reply(b"<h1>Sorry</h1>"), "sent what is not JSON"),
        (reply(WARTY[:300]), "sent what is not JSON"),
        (raw(b""), "broke off in the middle of its answer"),
        (reply(b" " * 6_000_000), "sent more than 5120 KiB"),
        (reply(b"[]"), "sent a list without one book that can be understood"),
        (reply(b'[{"id":1},null]'), "sent a list without one book that can be understood"),
        (reply(b"{}"), "sent JSON that is not a list"),
    ],
    ids=["500", "HTML", "HTML as JSON", "half", "nothing", "too much", "empty", "no book", "no list"],
)
def test_the_last_good_list_stays_while_upstream_is_in_trouble(
    catalogue: Catalogue, upstream: Upstream, clock: Clock, caplog: pytest.LogCaptureFixture,
    answer: Callable[..., None], reason: str,
) -> None:  # fmt: skip
    catalogue.refresh_once()
    upstream.answer = answer
    clock.now += TTL_SECONDS

    with caplog.at_level(logging.INFO):
        catalogue.refresh_once()

    assert (label(catalogue), body(catalogue)) == ("cached", NORMAL)
    assert len(upstream.requests) == 2
    (record,) = caplog.records
    said = record.getMessage()
    assert reason in said
    assert "\n" not in said
    assert record.exc_info is None
    assert reason in str(catalogue.status().trouble)


def test_the_sample_stays_while_there_is_nothing_better(catalogue: Catalogue, upstream: Upstream) -> None:
    upstream.answer = BROKEN

    catalogue.refresh_once()

    assert (label(catalogue), body(catalogue)) == ("sample", sample().document.body)


def test_after_a_failure_the_waits_grow_and_end_at_a_limit(
    catalogue: Catalogue, upstream: Upstream, clock: Clock
) -> None:
    upstream.answer = BROKEN
    asked_at = []
    for _ in range(1800):
        before = len(upstream.requests)
        catalogue.refresh_once()
        if len(upstream.requests) > before:
            asked_at.append(clock.now)
        clock.now += 1

    waits = [after - before for before, after in pairwise(asked_at)]
    assert 2 <= waits[0] <= 5
    assert max(waits) <= RETRY_MAX_SECONDS + 1
    assert waits[-1] >= RETRY_MAX_SECONDS / 2
    assert len(waits) <= 20


def test_one_good_answer_ends_the_waiting(catalogue: Catalogue, upstream: Upstream, clock: Clock) -> None:
    upstream.answer = BROKEN
    for _ in range(8):
        catalogue.refresh_once()
        clock.now += RETRY_MAX_SECONDS
    upstream.answer = reply()

    catalogue.refresh_once()
    assert label(catalogue) == "live"
    assert catalogue.status().trouble is None

    upstream.answer = BROKEN
    clock.now += TTL_SECONDS
    catalogue.refresh_once()
    asked = len(upstream.requests)
    clock.now += 5
    catalogue.refresh_once()
    assert len(upstream.requests) == asked + 1


def test_a_trouble_is_said_once_and_its_end_too(
    catalogue: Catalogue, upstream: Upstream, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.answer = BROKEN
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            catalogue.refresh_once()
            clock.now += RETRY_MAX_SECONDS
        assert len(upstream.requests) == 3
        upstream.answer = reply()
        catalogue.refresh_once()

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_dropped_books_are_counted_and_logged(
    catalogue: Catalogue, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.answer = reply(json.dumps([*json.loads(WARTY), {"id": "x"}, None]).encode())

    catalogue.refresh_once()

    assert body(catalogue) == NORMAL
    assert [record.getMessage() for record in caplog.records] == [
        "Dropped 2 books, the first: number 9: id: Input should be a valid integer"
    ]


def test_a_clock_that_was_set_back_does_not_keep_a_list_for_ever(
    catalogue: Catalogue, upstream: Upstream, clock: Clock
) -> None:
    catalogue.refresh_once()
    upstream.answer = reply(OTHER)
    clock.now -= 10 * TTL_SECONDS
    assert label(catalogue) == "cached"

    catalogue.refresh_once()

    assert (label(catalogue), body(catalogue)) == ("live", OTHER)


# -- several workers, and restarts --------------------------------------------------------------


def test_a_restart_shows_what_redis_kept(
    catalogue: Catalogue, new_catalogue: Callable[[], Catalogue], upstream: Upstream, clock: Clock
) -> None:
    catalogue.refresh_once()
    upstream.answer = BROKEN
    clock.now += 100 * TTL_SECONDS

    restarted = new_catalogue()
    restarted.refresh_once()

    assert (label(restarted), body(restarted)) == ("cached", NORMAL)


def test_the_list_in_redis_has_no_end(catalogue: Catalogue, redis: Redis) -> None:
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


def test_of_many_workers_at_once_one_fetches(
    new_catalogue: Callable[[], Catalogue], upstream: Upstream
) -> None:
    workers = [new_catalogue() for _ in range(12)]
    together = threading.Barrier(len(workers))

    def refresh(worker: Catalogue) -> None:
        together.wait()
        worker.refresh_once()

    threads = [threading.Thread(target=refresh, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

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


def test_a_worker_that_was_killed_in_the_middle_blocks_the_others_for_a_while_only(
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


# -- trouble with Redis -------------------------------------------------------------------------


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


def test_without_redis_memory_goes_on_serving_and_it_is_said_once(
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


# -- the background thread ----------------------------------------------------------------------


def test_started_it_fetches_by_itself_and_stops_at_once(catalogue: Catalogue) -> None:
    catalogue.start()
    try:
        wait_until(lambda: label(catalogue) == "live", "the first fetch")
    finally:
        catalogue.stop()

    assert not [thread for thread in threading.enumerate() if thread.name == "catalogue"]


def test_started_twice_it_has_one_thread(catalogue: Catalogue) -> None:
    catalogue.start()
    catalogue.start()

    try:
        assert len([thread for thread in threading.enumerate() if thread.name == "catalogue"]) == 1
    finally:
        catalogue.stop()


def test_the_first_answer_after_the_start_is_what_redis_has(
    catalogue: Catalogue, new_catalogue: Callable[[], Catalogue], upstream: Upstream, clock: Clock
) -> None:
    catalogue.refresh_once()
    upstream.answer = drip()
    clock.now += TTL_SECONDS

    restarted = new_catalogue()
    restarted.start()
    try:
        assert (label(restarted), body(restarted)) == ("cached", NORMAL)
    finally:
        upstream.closing.set()
        restarted.stop()


def test_neither_a_slow_upstream_nor_a_frozen_redis_holds_up_the_start(upstream: Upstream) -> None:
    upstream.answer = drip()
    with PrivateRedis() as server, open_redis(server.url) as redis:
        waiting = Catalogue(redis=redis, url=upstream.url, ttl_seconds=TTL_SECONDS)
        waiting.start()
        assert label(waiting) == "sample"
        wait_until(lambda: upstream.requests, "the fetch that drips")
        assert waiting.status().trouble is None  # it is still being fetched, and we are not waiting
        upstream.closing.set()
        waiting.stop()

        server.freeze()
        stuck = Catalogue(redis=redis, url=upstream.url, ttl_seconds=TTL_SECONDS)
        stuck.start()
        assert label(stuck) == "sample"
        assert stuck.status().trouble is None  # it is still waiting for Redis, and we are not
        server.thaw()
        stuck.stop()


def test_a_mistake_of_ours_does_not_end_the_thread(
    redis: Redis, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    times = iter([ZeroDivisionError()])

    def broken_once() -> float:
        for mistake in times:
            raise mistake
        return 1_800_000_000.0

    catalogue = Catalogue(redis=redis, url=upstream.url, ttl_seconds=TTL_SECONDS, clock=broken_once)
    catalogue.start()
    try:
        wait_until(lambda: label(catalogue) == "live", "the second try")
    finally:
        catalogue.stop()
    assert caplog.records[0].exc_info is not None


# -- for /readyz --------------------------------------------------------------------------------


def test_the_status_says_what_is_shown_how_old_it_is_and_what_is_wrong(
    catalogue: Catalogue, upstream: Upstream, clock: Clock
) -> None:
    status = catalogue.status()
    assert (status.label, status.books, status.age_seconds, status.trouble) == (
        "sample", len(sample().by_id), None, None,
    )  # fmt: skip

    catalogue.refresh_once()
    clock.now += 12.5
    status = catalogue.status()
    assert (status.label, status.books, status.age_seconds, status.trouble) == ("live", 8, 12, None)

    upstream.answer = BROKEN
    clock.now += TTL_SECONDS
    catalogue.refresh_once()
    status = catalogue.status()
    assert (status.label, status.books, status.age_seconds) == ("cached", 8, TTL_SECONDS + 12)
    assert status.trouble == "The catalogue's upstream answered with status 500"
