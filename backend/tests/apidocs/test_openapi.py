"""The OpenAPI document: valid, complete, and the same as the front end's types are made of."""

import re
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate

from bookshelf.contract import build, contract, contracts
from tests.support.api_document import all_codes, operations
from tests.support.places import FRONTEND

NOT_DESCRIBED = {"/api/docs", "/api/docs.css"}  # a page and its style


def test_the_document_is_valid_openapi(document: Any) -> None:
    validate(document)


def test_the_front_ends_types_are_made_of_this_document() -> None:
    for place, text in contracts().items():
        assert (FRONTEND / place).read_text() == text, f"the API has changed: run `make types` ({place})"


def test_the_document_does_not_depend_on_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = contract(build())
    monkeypatch.setenv("PUBLIC_URL", "https://books.example")
    monkeypatch.setenv("AUTH_PASSWORD_MIN_LENGTH", "20")
    assert contract(build()) == before


def test_every_error_code_is_listed(document: Any) -> None:
    listed = document["components"]["schemas"]["ProblemOut"]["properties"]["code"]["enum"]
    assert set(listed) == all_codes()
    assert {each["code"] for each in document["x-problems"]} == all_codes()


def test_every_endpoint_is_described(document: Any, app: Flask) -> None:
    answered = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
    answered = {path for path in answered if path.startswith("/api/")} - NOT_DESCRIBED
    assert answered | {"/healthz", "/readyz", "/.well-known/change-password"} == set(document["paths"])


def test_every_endpoint_of_the_contract_is_there(document: Any) -> None:
    assert {name for name, _ in operations(document)} >= {
        *("POST /api/register", "POST /api/login", "POST /api/refresh", "POST /api/logout", "GET /api/me"),
        *("PATCH /api/me", "DELETE /api/me", "GET /api/me/export", "GET /api/sessions"),
        *("DELETE /api/sessions", "DELETE /api/sessions/{session_id}", "POST /api/password/change"),
        *("POST /api/password/forgot", "POST /api/password/reset", "POST /api/email/verify"),
        *("POST /api/email/verify/resend", "GET /api/books", "GET /api/books/{book_id}"),
    }


def test_bodies_take_no_unknown_field_and_say_how_they_are_refused(document: Any) -> None:
    for name, operation in operations(document):
        body = operation.get("requestBody")
        if body:
            ref = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert document["components"]["schemas"][ref]["additionalProperties"] is False, name
            assert {"400", "408", "413", "415", "422", "503"} <= operation["responses"].keys(), name


def test_operations_that_take_a_token_say_so(document: Any) -> None:
    needing = ("me", "sessions", "books", "refresh", "logout", "password/change", "email/verify/resend")
    for name, operation in operations(document):
        takes_token = name.partition(" ")[2].startswith(tuple(f"/api/{each}" for each in needing))
        assert operation["security"] == ([{"token": []}] if takes_token else []), name
        assert ("401" in operation["responses"]) == (takes_token or name == "POST /api/login"), name


def test_headers_that_belong_to_a_status_are_described(document: Any) -> None:
    named = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After", "302": "Location"}
    for name, operation in operations(document):
        for status, header in named.items():
            if status in operation["responses"]:
                assert header in operation["responses"][status]["headers"], (name, status)


def test_the_dpop_header_is_described_where_it_is_read(document: Any) -> None:
    found = {
        name
        for name, operation in operations(document)
        if any(each["name"] == "DPoP" for each in operation.get("parameters", []))
    }
    assert found == {"POST /api/login", "POST /api/refresh", "POST /api/password/change"}
