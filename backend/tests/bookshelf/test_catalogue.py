"""The catalogue between upstream and memory: the best list there is, whatever is broken."""

import json
import logging
from collections.abc import Callable
from itertools import pairwise

import pytest

from bookshelf.booklist import sample
from bookshelf.catalogue import RETRY_MAX_SECONDS, Catalogue
from tests.support.book_source import WARTY, Upstream, raw, reply
from tests.support.shown_catalogue import BROKEN, NORMAL, OTHER, TTL_SECONDS, body, label
from tests.support.still_clock import Clock


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


def test_the_list_is_refreshed_before_it_expires(
    catalogue: Catalogue, upstream: Upstream, clock: Clock
) -> None:
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


def test_one_good_answer_ends_the_growing_waits(
    catalogue: Catalogue, upstream: Upstream, clock: Clock
) -> None:
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


def test_a_failure_is_logged_once_and_so_is_its_end(
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
