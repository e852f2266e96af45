"""The catalogue in the background of a process."""

import threading
from collections.abc import Callable

import pytest
from redis import Redis

from bookshelf.catalogue import Catalogue
from flask_tokenkeep.stores.redis import open_redis
from tests.support.book_source import Upstream, drip
from tests.support.private_redis import PrivateRedis
from tests.support.shown_catalogue import NORMAL, TTL_SECONDS, body, label
from tests.support.still_clock import Clock
from tests.support.waiting import wait_until, wait_until_thread_ends

pytestmark = pytest.mark.server


def test_once_started_it_fetches_by_itself_and_can_be_stopped(catalogue: Catalogue) -> None:
    catalogue.start()
    try:
        wait_until(lambda: label(catalogue) == "live", "the first fetch")
    finally:
        catalogue.stop()

    wait_until_thread_ends("catalogue")


def test_starting_twice_makes_one_thread(catalogue: Catalogue) -> None:
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


def test_an_unexpected_error_does_not_end_the_thread(
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
