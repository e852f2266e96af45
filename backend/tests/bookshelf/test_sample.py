"""The bundled list: what people see before upstream has answered once."""

import json
from pathlib import Path
from typing import Any

import pytest

import bookshelf
from bookshelf.booklist import sample

BOOKS: list[dict[str, Any]] = json.loads(
    Path(bookshelf.__file__).with_name("sample_books.json").read_text("utf-8")
)


def isbn_is_valid(isbn: str) -> bool:
    """ISO 2108, annex A (ISBN-13) and C (ISBN-10)."""
    if len(isbn) == 10:
        digits = [10 if digit == "X" else int(digit) for digit in isbn]
        return sum(weight * digit for weight, digit in zip(range(10, 0, -1), digits, strict=True)) % 11 == 0
    return len(isbn) == 13 and sum(int(digit) * (1, 3)[i % 2] for i, digit in enumerate(isbn)) % 10 == 0


def test_it_begins_with_the_two_books_of_the_brief() -> None:
    assert BOOKS[:2] == [
        {
            "id": 1,
            "title": "Unlocking Android",
            "isbn": "1933988673",
            "pageCount": 416,
            "authors": ["W. Frank Ableson", "Charlie Collins", "Robi Sen"],
        },
        {
            "id": 2,
            "title": "Android in Action, Second Edition",
            "isbn": "1935182722",
            "pageCount": 592,
            "authors": ["W. Frank Ableson", "Robi Sen"],
        },
    ]


def test_it_has_enough_books_to_try_the_search() -> None:
    assert len(BOOKS) >= 32


def test_every_book_is_served_as_it_is_written() -> None:
    assert sample().dropped == ()
    assert json.loads(sample().document.body) == BOOKS


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book["title"])
def test_each_book_is_whole_and_its_isbn_checks_out(book: dict[str, Any]) -> None:
    assert list(book) == ["id", "title", "isbn", "pageCount", "authors"]
    assert isbn_is_valid(book["isbn"])
    assert book["pageCount"] >= 0
    assert book["title"] == book["title"].strip() != ""
    assert book["authors"]
    assert all(author == author.strip() != "" for author in book["authors"])


@pytest.mark.parametrize("field", ["id", "title", "isbn"])
def test_no_book_is_there_twice(field: str) -> None:
    assert len({book[field] for book in BOOKS}) == len(BOOKS)


@pytest.mark.parametrize("isbn", ["1933988674", "020161622x"[:9] + "1", "9780262033849", "193398867", ""])
def test_the_isbn_check_would_notice_a_wrong_digit(isbn: str) -> None:
    assert not isbn_is_valid(isbn)
