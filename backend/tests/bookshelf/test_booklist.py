"""From upstream's JSON to bytes that can be served: nothing is lost, nothing is changed, nothing crashes."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookshelf.booklist import Book, Booklist
from tests.support.book_source import WARTY
from tests.support.places import REPOSITORY

FIELDS = ("id", "title", "isbn", "pageCount", "authors")
GOOD = {"id": 1, "title": "Good", "isbn": "1933988673", "pageCount": 416, "authors": ["Ada Example"]}
REAL_BOOKS = Path(os.environ.get("REAL_BOOKS") or REPOSITORY / "../shared/data/books.json")


def parse(*books: Any) -> Booklist:
    return Booklist.parse(json.dumps(books).encode())


def served(booklist: Booklist) -> list[Any]:
    books = json.loads(booklist.document.body)
    assert isinstance(books, list)
    return books


def test_odd_values_are_kept_as_upstream_sent_them() -> None:
    booklist = Booklist.parse(WARTY)

    asked = [{name: book[name] for name in FIELDS if name in book} for book in json.loads(WARTY)]
    assert served(booklist) == asked
    assert [list(book) for book in served(booklist)] == [list(book) for book in asked]
    assert booklist.dropped == ()


@pytest.mark.skipif(not REAL_BOOKS.is_file(), reason="the real list is not on this machine (REAL_BOOKS=path)")
def test_the_real_list_is_served_byte_for_byte() -> None:
    raw = REAL_BOOKS.read_bytes()

    booklist = Booklist.parse(raw)

    assert len(booklist.by_id) == 431
    assert booklist.dropped == ()
    assert booklist.document.body == raw


def test_one_book_is_the_same_as_in_the_list() -> None:
    booklist = Booklist.parse(WARTY)

    assert [json.loads(document.body) for document in booklist.by_id.values()] == served(booklist)
    assert list(booklist.by_id) == [str(book["id"]) for book in served(booklist)]


def test_the_list_is_kept_gzipped_too() -> None:
    document = Booklist.parse(WARTY).document

    assert document.gzipped is not None
    assert gzip.decompress(document.gzipped) == document.body


def test_each_encoding_and_each_content_has_its_own_etag() -> None:
    first, second = parse(GOOD), parse(GOOD | {"title": "Better"})

    etags = {document.etag for each in (first, second) for document in (each.document, each.by_id["1"])}
    etags |= {first.document.gzipped_etag, second.document.gzipped_etag}
    assert len(etags) == 6
    assert all(etag.startswith('"') and etag.endswith('"') for etag in etags)
    assert parse(GOOD).document == first.document


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"id": "2"}, "id"),
        ({"id": 2.0}, "id"),
        ({"id": True}, "id"),
        ({"id": -2}, "id"),
        ({"id": 2**53}, "id"),
        ({"title": None}, "title"),
        ({"title": ["Good"]}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"isbn": 1933988673}, "isbn"),
        ({"isbn": "\udfff"}, "isbn"),
        ({"pageCount": "416"}, "pageCount"),
        ({"pageCount": 416.5}, "pageCount"),
        ({"pageCount": None}, "pageCount"),
        ({"pageCount": float("nan")}, "pageCount"),
        ({"pageCount": float("-inf")}, "pageCount"),
        ({"pageCount": 10**4000}, "pageCount"),
        ({"authors": "Ada Example"}, "authors"),
        ({"authors": None}, "authors"),
        ({"authors": [None]}, "authors.0"),
        ({"authors": ["", "\ud83d"]}, "authors.1"),
    ],
    ids=lambda value: f"{value!a}"[:40],
)
def test_a_book_that_cannot_be_understood_is_dropped_and_named(bad: dict[str, Any], reason: str) -> None:
    booklist = parse(GOOD | {"id": 2} | bad, GOOD)

    assert served(booklist) == [GOOD]
    assert len(booklist.dropped) == 1
    assert booklist.dropped[0].startswith(f"number 1: {reason}: ")


@pytest.mark.parametrize("missing", ["id", "title", "pageCount", "authors"])
def test_a_book_without_a_field_that_all_have_is_dropped(missing: str) -> None:
    booklist = parse(GOOD, {name: value for name, value in GOOD.items() if name != missing} | {"x": 1})

    assert served(booklist) == [GOOD]
    assert len(booklist.dropped) == 1


def test_the_schema_says_that_an_isbn_may_be_missing() -> None:
    schema = Book.model_json_schema(mode="serialization")

    assert list(schema["properties"]) == list(FIELDS)
    assert schema["required"] == ["id", "title", "pageCount", "authors"]
    assert "default" not in schema["properties"]["isbn"]


@pytest.mark.parametrize("item", [None, 3, "book", [], [GOOD], {}])
def test_what_is_no_book_at_all_is_dropped(item: Any) -> None:
    assert served(parse(item, GOOD)) == [GOOD]


def test_the_first_book_of_an_id_wins_and_the_second_is_reported() -> None:
    booklist = parse(GOOD, GOOD | {"title": "Impostor"})

    assert served(booklist) == [GOOD]
    assert booklist.dropped == ("number 2: id 1 is taken",)


def test_a_number_too_long_for_python_costs_one_book_and_not_the_list() -> None:
    digits = b"9" * 100_000
    raw = b'[{"id":2,"title":"","pageCount":%b,"authors":[]},%b]' % (digits, json.dumps(GOOD).encode())

    assert served(Booklist.parse(raw)) == [GOOD]


def test_when_a_key_stands_twice_the_last_one_counts() -> None:
    raw = json.dumps(GOOD).replace('"id"', '"id": "x", "id"').encode()

    assert served(Booklist.parse(b"[%b]" % raw)) == [GOOD]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not JSON"),
        (b"<!doctype html><title>Down</title>", "not JSON"),
        (WARTY[: len(WARTY) // 2], "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'[{"title":"\xff"}]', "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b"[" * 200_000 + b"]" * 200_000, "not JSON"),
        (b'{"a":' * 200_000, "not JSON"),
        (b"{}", "not a list"),
        (b'"books"', "not a list"),
        (b"null", "not a list"),
        (b"NaN", "not a list"),
        (b"[]", "without one book"),
        (b"[{}, null, 1]", "without one book"),
    ],
    ids=lambda value: f"{value!a}"[:40],
)
def test_what_is_no_list_of_books_is_refused_in_plain_words(raw: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Booklist.parse(raw)


TEXTS = st.text(st.characters(exclude_categories=()), max_size=5)  # lone surrogates too
ODD = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.lists(TEXTS, max_size=3))


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), ODD), max_size=4))
def test_whatever_upstream_sends_what_is_served_is_json(books: list[dict[str, Any]]) -> None:
    booklist = parse(GOOD, *books)

    assert served(booklist)[0] == GOOD
    assert len(served(booklist)) + len(booklist.dropped) == 1 + len(books)
    assert Booklist.parse(booklist.document.body).document == booklist.document


@given(st.binary(max_size=40))
def test_no_bytes_crash_the_parser(raw: bytes) -> None:
    with pytest.raises(ValueError):
        Booklist.parse(raw)
