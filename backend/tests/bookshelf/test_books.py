"""GET /api/books and /api/books/<id>: for who is logged in, ready-made, never the same bytes twice."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from bookshelf.books import books_blueprint
from bookshelf.catalogue import Catalogue
from flask_tokenkeep.stores.redis import open_redis
from tests.support.app_users import register_and_log_in
from tests.support.book_site import Site, new_app
from tests.support.book_source import WARTY, reply, running_upstream
from tests.support.private_redis import PrivateRedis
from tests.support.shown_catalogue import TTL_SECONDS
from tests.support.still_clock import Clock

pytestmark = pytest.mark.server

FIELDS = ("id", "title", "isbn", "pageCount", "authors")
BOOKS = [{name: book[name] for name in FIELDS if name in book} for book in json.loads(WARTY)]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    database = tmp_path_factory.mktemp("books") / "books.sqlite3"
    with PrivateRedis() as redis:
        yield new_app(redis.url, f"sqlite:///{database}")


@pytest.fixture(scope="module")
def whole_site(app: Flask) -> Iterator[Site]:
    clock = Clock()
    with running_upstream() as upstream, PrivateRedis() as server, open_redis(server.url) as redis:
        catalogue = Catalogue(redis=redis, url=upstream.url, ttl_seconds=TTL_SECONDS, clock=clock)
        app.register_blueprint(books_blueprint(catalogue))
        client = app.test_client()
        yield Site(client, register_and_log_in(client), catalogue, clock, upstream, server)


@pytest.fixture
def site(whole_site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """With the list as upstream has it now, whatever the test before did."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    whole_site.upstream.answer = reply()
    whole_site.clock.now += TTL_SECONDS
    whole_site.catalogue.refresh_once()
    return whole_site


def test_the_list_is_what_upstream_sent_value_for_value(site: Site) -> None:
    answer = site.get("/api/books")

    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.get_json() == BOOKS
    assert [list(book) for book in answer.get_json()] == [list(book) for book in BOOKS]


def test_each_book_can_be_had_by_its_id(site: Site) -> None:
    for book in BOOKS:
        answer = site.get(f"/api/books/{book['id']}")
        assert (answer.status_code, answer.get_json()) == (200, book)


@pytest.mark.parametrize("path", ["/api/books", "/api/books/3", "/api/books/999", "/api/books/x"])
def test_without_a_token_nothing_is_served(site: Site, path: str) -> None:
    answer = site.client.get(path)

    assert answer.status_code == 401
    assert answer.get_json()["code"] == "missing_token"
    assert "ETag" not in answer.headers
    assert "X-Catalogue" not in answer.headers


def test_a_known_etag_does_not_replace_a_token(site: Site) -> None:
    etag = site.get("/api/books").headers["ETag"]

    assert site.client.get("/api/books", headers={"If-None-Match": etag}).status_code == 401


@pytest.mark.parametrize(
    "book_id",
    [
        "999",
        "x",
        "-1",
        "+3",
        "03",
        "3.0",
        "3e0",
        "%20" + "3",
        "٣",
        "9" * 5000,
        "%00",
        "%FF",
        "null",
        "__proto__",
    ],
    ids=lambda book_id: book_id[:10],
)
def test_an_unknown_id_is_not_found(site: Site, book_id: str) -> None:
    answer = site.get(f"/api/books/{book_id}")

    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["code"] == "not_found"


@pytest.mark.parametrize("path", ["/api/books", "/api/books/3"])
def test_answers_are_cached_privately_and_revalidated_each_time(site: Site, path: str) -> None:
    for answer in (site.get(path), site.get(path, If_None_Match="*")):
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert "Authorization" in [name.strip() for name in answer.headers["Vary"].split(",")]
        assert answer.headers["ETag"].startswith('"')
        assert answer.headers["X-Catalogue"] == "live"


@pytest.mark.parametrize("path", ["/api/books", "/api/books/3"])
@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}', '"other" , W/{} ,"more"', "*"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_the_browser_knows_already_is_not_sent_again(
    site: Site, path: str, known: str, encoding: str
) -> None:
    etag = site.get(path, Accept_Encoding=encoding).headers["ETag"]

    answer = site.get(path, Accept_Encoding=encoding, If_None_Match=known.format(etag))

    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)


@pytest.mark.parametrize("known", ['"other"', 'W/"other"', "", "nonsense", '"', "W/", ",,,", '"' * 999])
def test_what_the_browser_does_not_know_is_sent(site: Site, known: str) -> None:
    answer = site.get("/api/books", If_None_Match=known)

    assert (answer.status_code, answer.get_json()) == (200, BOOKS)


def test_a_new_list_has_a_new_etag(site: Site) -> None:
    etag = site.get("/api/books").headers["ETag"]
    site.upstream.answer = reply(json.dumps(BOOKS[1:]).encode())
    site.clock.now += TTL_SECONDS
    site.catalogue.refresh_once()

    answer = site.get("/api/books", If_None_Match=etag)

    assert (answer.status_code, answer.get_json()) == (200, BOOKS[1:])
    assert site.get("/api/books/3").status_code == 404


@pytest.mark.parametrize("wish", ["gzip", "br, gzip;q=0.5", "*", "GZIP"])
def test_the_list_is_gzipped_for_clients_that_accept_it(site: Site, wish: str) -> None:
    plain = site.get("/api/books", Accept_Encoding="identity")

    packed = site.get("/api/books", Accept_Encoding=wish)

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    for answer in (packed, plain):
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert int(answer.headers["Content-Length"]) == len(answer.data)


@pytest.mark.parametrize("wish", ["", "identity", "br", "gzip;q=0", "*;q=0", "gzip;q=nonsense", "\xff"])
def test_the_list_is_not_gzipped_for_clients_that_do_not_accept_it(site: Site, wish: str) -> None:
    answer = site.get("/api/books", Accept_Encoding=wish)

    assert "Content-Encoding" not in answer.headers
    assert answer.get_json() == BOOKS


def test_head_says_the_same_without_the_body(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.token}"}
    whole, head = site.get("/api/books"), site.client.head("/api/books", headers=headers)

    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Content-Length", "X-Catalogue", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]


def test_the_answer_says_when_upstream_is_away(site: Site) -> None:
    site.upstream.answer = reply(status="500 Oops")
    site.clock.now += TTL_SECONDS
    site.catalogue.refresh_once()

    answer = site.get("/api/books")

    assert (answer.headers["X-Catalogue"], answer.get_json()) == ("cached", BOOKS)
    known = site.get("/api/books", If_None_Match=answer.headers["ETag"])
    assert (known.status_code, known.headers["X-Catalogue"]) == (304, "cached")


def test_no_request_waits_for_upstream_or_the_catalogues_redis(site: Site) -> None:
    asked = len(site.upstream.requests)
    site.catalogue_redis.stop()
    try:
        site.clock.now += 2 * TTL_SECONDS
        assert site.get("/api/books").get_json() == BOOKS
        assert site.get("/api/books/3").get_json() == BOOKS[0]
    finally:
        site.catalogue_redis.start()
    assert len(site.upstream.requests) == asked


def test_the_sample_is_shown_when_there_was_never_anything_else(app: Flask, tmp_path: Path) -> None:
    with PrivateRedis() as server, open_redis(server.url) as redis:
        other = new_app(server.url, f"sqlite:///{tmp_path / 'sample.sqlite3'}")
        catalogue = Catalogue(redis=redis, url="http://127.0.0.1:9/", ttl_seconds=TTL_SECONDS)
        other.register_blueprint(books_blueprint(catalogue))
        client = other.test_client()
        answer = client.get("/api/books", headers={"Authorization": f"Bearer {register_and_log_in(client)}"})

    books: list[dict[str, Any]] = answer.get_json()
    assert answer.headers["X-Catalogue"] == "sample"
    assert [book["title"] for book in books[:2]] == ["Unlocking Android", "Android in Action, Second Edition"]
