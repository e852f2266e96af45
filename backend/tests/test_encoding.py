"""Base64url and JSON have one reader each, and it takes one spelling."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_tokenkeep.encoding import (
    JsonRefused,
    MemberTwice,
    NotJson,
    NumberTooLong,
    TooDeep,
    from_base64url,
    parse_json,
    to_base64url,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.binary(max_size=80))
def test_bytes_come_back_from_their_text(data: bytes) -> None:
    assert from_base64url(to_base64url(data)) == data


@given(st.text(max_size=20))
def test_a_text_that_is_read_is_the_one_spelling_of_its_bytes(text: str) -> None:
    try:
        data = from_base64url(text)
    except ValueError:
        return
    assert to_base64url(data) == text


@pytest.mark.parametrize("text", ["YQ==", "YR", "Y Q", "YQ\n", "+/8", "Y", "ä", "YQ,YQ"])
def test_other_spellings_are_refused(text: str) -> None:
    """With padding, with spare bits set, with foreign characters, of the other alphabet, cut off, joined."""
    with pytest.raises(ValueError):
        from_base64url(text)


@given(JSON)
def test_every_json_value_is_read(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"", NotJson),
        (b"{", NotJson),
        (b"\xff", NotJson),
        (b"\xef\xbb\xbf{}", NotJson),
        ("{}".encode("utf-16"), NotJson),
        (b"NaN", NotJson),
        (b"[-Infinity]", NotJson),
        (b"1" * 33, NumberTooLong),
        (b"1" * 5000, NumberTooLong),
        (b"[" * 100_000, TooDeep),
        (b'{"a":{"b":1,"b":1}}', MemberTwice),
    ],
)
def test_what_other_parsers_might_read_otherwise_is_refused(raw: bytes, refusal: type[JsonRefused]) -> None:
    with pytest.raises(refusal):
        parse_json(raw)
