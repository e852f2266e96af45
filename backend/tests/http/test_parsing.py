"""Bytes to a checked body: whatever comes, the answer is the body or a problem of the contract."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_tokenkeep.errors import InvalidJson, Problem, ValidationFailed
from flask_tokenkeep.http.parsing import MAX_DEPTH, Body, parse_body
from flask_tokenkeep.http.schemas import Credentials, Registration


class Anything(Body):
    value: Any = None


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters())),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(st.characters()), inner)),
)
FIELDS = st.sampled_from(["username", "password", "email", "admin", "user\0name", "\ud800"])


def answer(raw: bytes, model: type[Body] = Registration) -> Body | Problem:
    """Anything but a body or a problem of ours fails the test, and so does one that UTF-8 can't carry."""
    try:
        return parse_body(raw, model)
    except (InvalidJson, ValidationFailed) as problem:
        json.dumps(problem.body(), ensure_ascii=False).encode()
        return problem


def codes(raw: bytes, model: type[Body] = Registration) -> list[tuple[str, str]]:
    found = answer(raw, model)
    assert isinstance(found, ValidationFailed)
    return [(error.field, error.code) for error in found.errors]


@given(st.binary())
def test_any_bytes_get_an_answer(raw: bytes) -> None:
    answer(raw)


@given(st.one_of(JSON, st.dictionaries(FIELDS, JSON)))
def test_any_json_gets_an_answer(value: Any) -> None:
    for model in (Registration, Anything):
        answer(json.dumps(value).encode(), model)
        answer(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), model)


@given(st.dictionaries(FIELDS, JSON, min_size=1), st.data())
def test_any_damaged_json_gets_an_answer(value: Any, data: st.DataObject) -> None:
    raw = bytearray(json.dumps(value).encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    answer(bytes(raw))


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=1024))
def test_every_text_arrives_as_it_was_sent(text: str) -> None:
    found = parse_body(json.dumps({"username": text, "password": text}).encode(), Credentials)
    assert (found.username, found.password) == (text, text)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"{'username':1}",
        b'{"a":1}{}',
        b'{"a":1,}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":[-Infinity]}',
        b"\xff",
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\n"}',
        b'{"a":01}',
        b'{"a":"\xed\xa0\x80"}',
    ],
)
def test_what_is_not_json_is_called_so(raw: bytes) -> None:
    assert isinstance(answer(raw), InvalidJson)


@pytest.mark.parametrize("raw", [b"null", b"1", b'"x"', b"[]", b"[{}]", b"true"])
def test_only_an_object_is_a_body(raw: bytes) -> None:
    assert codes(raw) == [("", "wrong_type")]


@pytest.mark.parametrize("value", [7, 0.5, True, None, [], ["x"], {}, {"x": 1}])
def test_no_type_is_coerced(value: Any) -> None:
    raw = json.dumps({"username": value, "password": "x"}).encode()
    assert codes(raw) == [("username", "wrong_type")]


def test_missing_and_unknown_fields_are_all_named() -> None:
    assert sorted(codes(b'{"email":null,"admin":true,"x":1}')) == [
        ("admin", "unknown_field"),
        ("password", "missing"),
        ("username", "missing"),
        ("x", "unknown_field"),
    ]


def test_a_problem_names_at_most_twenty_fields() -> None:
    fields = {f"field {n}": n for n in range(1_900)}
    found = answer(json.dumps(fields).encode())
    assert isinstance(found, ValidationFailed)
    assert len(found.body()["errors"]) == 20


@pytest.mark.parametrize(
    "raw",
    [
        b'{"username":"a","username":"a"}',
        b'{"username":"a","user\\u006eame":"b"}',
        b'{"a":{"username":1,"username":2}}',
    ],
)
def test_a_field_that_stands_twice_is_refused_wherever_it_stands(raw: bytes) -> None:
    assert codes(raw) == [("username", "duplicate")]


@pytest.mark.parametrize("text", ["\\u0000", "a\\u0000b", "\\ud800", "\\udfff", "\\udc00\\ud800", "a\\udbff"])
@pytest.mark.parametrize(
    "body", ['{{"value":"{}"}}', '{{"{}":1}}', '{{"value":[{{"a":["{}"]}}]}}', '{{"value":{{"{}":1}}}}']
)
def test_nul_and_half_characters_are_refused_wherever_they_stand(text: str, body: str) -> None:
    ((_, found),) = codes(body.format(text).encode(), Anything)
    assert found == "wrong_characters"


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert parse_body(b'{"value":"\\ud83e\\udd8a"}', Anything) == Anything(value="🦊")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_deeper_than_eight_is_refused(opening: str, closing: str) -> None:
    def nested(depth: int) -> bytes:
        inside = "[]" if opening == "[" else "{}"
        return ('{"value":' + opening * (depth - 2) + inside + closing * (depth - 2) + "}").encode()

    assert isinstance(answer(nested(MAX_DEPTH), Anything), Anything)
    for depth in (MAX_DEPTH + 1, 100, 5000, 100_000):
        assert codes(nested(depth), Anything) == [("", "too_deep")]


@pytest.mark.parametrize("digits", [33, 4300, 4301, 15_000])
@pytest.mark.parametrize("sign", ["", "-"])
def test_very_long_numbers_are_refused_before_they_are_computed(digits: int, sign: str) -> None:
    assert codes(f'{{"value":{sign}{"9" * digits}}}'.encode(), Anything) == [("", "too_long")]


def test_a_refused_name_is_repeated_in_part_only() -> None:
    ((field, _),) = codes(json.dumps({"x" * 10_000: 1, "username": "a", "password": "b"}).encode())
    assert field == "x" * 64


def test_no_problem_repeats_a_value() -> None:
    """It may be a password, and problems end up in logs."""
    for value in (["hunter2 hunter2"], "hunter2" * 1000):
        found = answer(json.dumps({"username": "ada", "password": value}).encode())
        assert isinstance(found, Problem)
        assert "hunter2" not in json.dumps(found.body())
