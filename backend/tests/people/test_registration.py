"""Accounts are made: one for each name, and only of what is allowed."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.app_users import code_of
from tests.support.at_once import many_at_once
from tests.support.examples import PERSON


def test_fifty_registrations_of_one_name_at_once_make_one_account(app: Flask) -> None:
    def register(number: int) -> int:
        name = "ADA" if number % 2 else "ada"
        return app.test_client().post("/api/register", json=PERSON | {"username": name}).status_code

    statuses = [status for _ in range(5) for status in many_at_once(10, register)]
    assert sorted(statuses) == [201] + [409] * 49


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"username": "ab"}, "username", "wrong_length"),
        ({"username": "a b c"}, "username", "wrong_characters"),
        ({"username": "pаypal"}, "username", "mixed_scripts"),  # the first a is Cyrillic
        ({"username": 5}, "username", "wrong_type"),
        ({"username": "a\0bc"}, "username", "wrong_characters"),
        ({"username": "a\ud800bc"}, "username", "wrong_characters"),
        ({"password": "too short"}, "password", "too_short"),
        ({"password": "x9" * 65}, "password", "too_long"),
        ({"password": "passwordpassword"}, "password", "too_common"),
        ({"password": "ada-bookshelf-1"}, "password", "contains_identity"),
        ({"email": "two@a.example, three@b.example"}, "email", "not_an_email"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "email", "not_an_email"),
        ({"admin": True}, "admin", "unknown_field"),
    ],
)
def test_bad_input_is_refused_with_its_field(
    client: FlaskClient, change: dict[str, Any], field: str, code: str
) -> None:
    answer = client.post("/api/register", json=PERSON | change)
    assert code_of(answer) == (422, "validation_failed")
    assert (field, code) in [(error["field"], error["code"]) for error in answer.json["errors"]]
