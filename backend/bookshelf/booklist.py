"""The catalogue's shape: from whatever upstream sent to bytes that are ready to be served."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

# What JSON readers agree on (RFC 7493 §2.2); the page would show a rounded number beyond it.
MAX_INT = 2**53 - 1


def _without_lone_surrogates(text: str) -> str:
    """JSON can write half a character ("\\ud800"), UTF-8 can't."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("has half a character in it")
    return text


Text = Annotated[str, AfterValidator(_without_lone_surrogates)]


def _without_default(schema: dict[str, Any]) -> None:
    """A default would promise, in the types made from our OpenAPI, that the field is always there."""
    schema.pop("default", None)


class Book(BaseModel):
    """One book as upstream shapes it, warts included: no ISBN, page count 0, empty author names.

    Strict, so that "416" or 416.0 isn't quietly made into something that upstream didn't say.
    Unknown fields are dropped: the contract has these five."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)

    id: Annotated[int, Field(ge=0, le=MAX_INT)]
    title: Text
    isbn: Annotated[Text | None, Field(json_schema_extra=_without_default)] = None
    page_count: Annotated[int, Field(ge=-MAX_INT, le=MAX_INT, alias="pageCount")]
    authors: list[Text]


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes to serve, with a strong ETag for each form of them (RFC 9110 §8.8.3.3)."""

    body: bytes
    etag: str
    gzipped: bytes | None = None
    gzipped_etag: str = ""

    @classmethod
    def of(cls, body: bytes, *, compress: bool = False) -> Self:
        digest = hashlib.sha256(body).hexdigest()[:32]
        if not compress:
            return cls(body, f'"{digest}"')
        # Nothing in it is secret or comes from the request, so its length tells nothing (BREACH).
        return cls(body, f'"{digest}"', gzip.compress(body, mtime=0), f'"{digest}-gzip"')


@dataclass(frozen=True, slots=True)
class Booklist:
    """All books as one document and each by its id; `dropped` says why which ones are missing."""

    document: Document
    by_id: Mapping[str, Document]
    dropped: tuple[str, ...]

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Raises ValueError, in plain words, if not one book can be understood."""
        books: dict[str, Document] = {}
        dropped: list[str] = []
        for number, item in enumerate(_items(raw), start=1):
            try:
                book = Book.model_validate(item)
            except ValidationError as error:
                dropped.append(f"number {number}: {_first_mistake(error)}")
                continue
            if str(book.id) in books:
                dropped.append(f"number {number}: id {book.id} is taken")
            else:
                body = book.model_dump_json(by_alias=True, exclude_unset=True).encode()
                books[str(book.id)] = Document.of(body)
        if not books:
            raise ValueError("sent a list without one book that can be understood")
        body = b"[%b]" % b",".join(book.body for book in books.values())
        return cls(Document.of(body, compress=True), books, tuple(dropped))


@cache
def sample() -> Booklist:
    """The bundled list, for when there is nothing better."""
    return Booklist.parse(Path(__file__).with_name("sample_books.json").read_bytes())


def _items(raw: bytes) -> list[Any]:
    try:
        items = json.loads(raw, parse_int=_integer)
    except (ValueError, RecursionError) as error:  # RecursionError: a hundred thousand brackets
        raise ValueError("sent what is not JSON") from error
    if not isinstance(items, list):
        raise ValueError("sent JSON that is not a list")  # noqa: TRY004  (it is a wrong value, not a wrong type)
    return items


def _integer(digits: str) -> int | None:
    """None, which no field takes, for what Python would spend long on or refuse for the whole document."""
    return int(digits) if len(digits) < 20 else None


def _first_mistake(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first["loc"] else str(first["msg"])
