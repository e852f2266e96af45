"""Strict readers of base64url and of JSON: each value has one spelling, and each text one meaning.

Python's own are lenient. What two programs read differently is how an attacker passes the one that checks."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

MAX_DIGITS = 32  # of a number; Python refuses 4,301 with an error that is no JSON error


class JsonRefused(ValueError):
    """A text that is not JSON (RFC 8259), or JSON that we don't read."""


class NotJson(JsonRefused):
    pass


class TooDeep(JsonRefused):
    """More brackets within each other than Python's parser can follow."""


class NumberTooLong(JsonRefused):
    pass


class MemberTwice(JsonRefused):
    """An object has two members of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def to_base64url(data: bytes) -> str:
    """Base64url without padding (RFC 4648 §5)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """The bytes of which `to_base64url` makes this very text. Raises ValueError for any other text.

    Python's decoder skips foreign characters and ignores spare bits and padding, so it would read many texts
    as the same bytes: a token that is on a list of refused ones would pass in another spelling."""
    data = urlsafe_b64decode(text + "==")
    if to_base64url(data) != text:
        raise ValueError("not base64url")
    return data


def parse_json(raw: bytes) -> Any:
    """The value of this JSON text, in UTF-8 without a byte order mark. Raises JsonRefused.

    Refused are two members of one name in an object, of which other parsers take the other one
    (RFC 8259 §4), the constants NaN and Infinity, and numbers of more than MAX_DIGITS digits."""
    try:
        return json.loads(
            raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer
        )
    except JsonRefused:
        raise
    except RecursionError:
        raise TooDeep from None
    except ValueError:
        raise NotJson from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        raise MemberTwice(next(name for name in names if names.count(name) > 1))
    return members


def _constant(_name: str) -> None:
    raise NotJson


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise NumberTooLong
    return int(digits)
