"""The OpenAPI document: valid, complete, true, and the same as the front end's types are made of."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from redis import Redis

from bookshelf.contract import build, contract, contracts
from flask_tokenkeep import migrate
from flask_tokenkeep.errors import Problem
from tests.support.asking import bearer
from tests.support.cheap_settings import CHEAP_HASHES, WIDE_LIMITS
from tests.support.inside import database_of
from tests.support.places import FRONTEND
from tests.support.private_redis import PrivateRedis

PERSON = {"username": "Ada", "password": "a quiet place among shelves"}
NOT_DESCRIBED = {"/api/docs", "/api/docs.css"}  # a page and its style


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(contract(build()))


@pytest.fixture
def app(redis: Redis, redis_server: PrivateRedis, tmp_path: Path) -> Iterator[Flask]:
    """The whole app, but for its server."""
    url = f"sqlite:///{tmp_path}/db"
    migrate(url)
    limits = {name.lower(): value for name, value in (CHEAP_HASHES | WIDE_LIMITS).items()}
    app = build(redis_url=redis_server.url, database_url=url, **limits)
    yield app
    database_of(app).engine.dispose()


def all_codes(kind: type[Problem] = Problem) -> set[str]:
    """Of the classes of ours, also of those that stand outside errors.py."""
    below = {code for each in kind.__subclasses__() for code in all_codes(each)}
    return below | {kind.code} if kind.__module__.startswith(("flask_tokenkeep", "bookshelf")) else below


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_document_is_valid_openapi(document: Any) -> None:
    validate(document)


def test_the_front_ends_types_are_made_of_this_document() -> None:
    for place, text in contracts().items():
        assert (FRONTEND / place).read_text() == text, f"the API has changed: run `make types` ({place})"


def test_the_document_says_nothing_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_answers_with_a_header_of_their_own_say_so(document: Any) -> None:
    named = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After", "302": "Location"}
    for name, operation in operations(document):
        for status, header in named.items():
            if status in operation["responses"]:
                assert header in operation["responses"][status]["headers"], (name, status)


def test_a_proof_is_a_parameter_where_one_is_looked_at(document: Any) -> None:
    found = {
        name
        for name, operation in operations(document)
        if any(each["name"] == "DPoP" for each in operation.get("parameters", []))
    }
    assert found == {"POST /api/login", "POST /api/refresh", "POST /api/password/change"}


class Checked:
    """Asks, and holds each answer against what the document says of it: status, type, headers, shape."""

    def __init__(self, client: FlaskClient, document: Any) -> None:
        self._client = client
        self._document = document
        self.seen: set[tuple[str, int]] = set()

    def ask(
        self, operation: str, body: Any = None, token: str | None = None, path: str = "", **headers: str
    ) -> Any:
        method, _, template = operation.partition(" ")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent |= bearer(token) if token else {}
        answer = self._client.open(path or template, method=method, json=body, headers=sent)
        said = self._document["paths"][template][method.lower()]["responses"][str(answer.status_code)]
        self.seen.add((operation, answer.status_code))
        for name, header in said.get("headers", {}).items():
            value: Any = answer.headers[name]
            whole_number = header["schema"].get("type") == "integer"
            self._check(header["schema"], int(value) if whole_number else value)
        if answer.status_code != 302:  # its page is for browsers of another age
            assert bool(answer.data) == ("content" in said)
        if not answer.is_json and "content" not in said:
            return None
        self._check(said["content"][answer.mimetype]["schema"], answer.json)
        return answer.json

    def _check(self, schema: Any, value: Any) -> None:
        whole = schema | {"components": self._document["components"]}
        Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


@pytest.fixture
def checked(app: Flask, document: Any) -> Checked:
    return Checked(app.test_client(), document)


def test_the_first_flow_is_what_the_document_says(checked: Checked) -> None:
    ask = checked.ask
    for _ in range(2):
        ask("POST /api/register", PERSON)
    ask("POST /api/register", {})
    ask("POST /api/login", PERSON | {"password": "x"})
    ask("POST /api/login", PERSON, DPoP="no proof")
    token = ask("POST /api/login", PERSON)["token"]
    ask("GET /api/me")
    book = ask("GET /api/books", token=token)[0]["id"]
    ask("GET /api/books/{book_id}", token=token, path=f"/api/books/{book}")
    ask("GET /api/books/{book_id}", token=token, path="/api/books/none")
    ask("GET /api/books/{book_id}", token=token, path=f"/api/books/{book}", If_None_Match="*")
    token = ask("POST /api/refresh", token=token)["token"]
    ask("POST /api/logout", token=token)
    ask("POST /api/logout", token="nonsense")
    ask("POST /api/refresh", token=token)
    for operation in ("GET /healthz", "GET /readyz", "GET /api/config", "GET /api/openapi.json"):
        ask(operation)
    ask("GET /.well-known/change-password")
    ask("GET /healthz", Host="evil.example")
    assert {status for _, status in checked.seen} == {200, 201, 204, 302, 304, 400, 401, 404, 409, 422}


def test_the_account_is_what_the_document_says(checked: Checked) -> None:
    ask = checked.ask
    ask("POST /api/register", PERSON)
    token = ask("POST /api/login", PERSON)["token"]
    for path in ("me", "me/export", "me/events", "sessions"):
        ask(f"GET /api/{path}", token=token)
    mine = {"current_password": PERSON["password"]}
    ask("PATCH /api/me", {"email": "ada@b.example", **mine}, token)
    ask("PATCH /api/me", {"email": "ada@b.example", "current_password": "x"}, token)
    ask("POST /api/email/verify/resend", token=token)
    ask("POST /api/email/verify", {"code": "x"})
    ask("POST /api/password/forgot", {"email": "ada@b.example"})
    ask("POST /api/password/reset", {"code": "x", "new_password": "seventeen violet lanterns"})
    change = {**mine, "new_password": "seventeen violet lanterns"}
    token = ask("POST /api/password/change", change, token)["token"]
    ask("DELETE /api/sessions", token=token)
    own = ask("GET /api/sessions", token=token)[0]["id"]
    ask("DELETE /api/sessions/{session_id}", token=token, path=f"/api/sessions/{own}")
    token = ask("POST /api/login", PERSON | {"password": change["new_password"]})["token"]
    ask("DELETE /api/me", {"current_password": change["new_password"]}, token)
    assert {status for _, status in checked.seen} == {200, 201, 202, 204, 403, 422}


def test_a_store_that_is_away_is_what_the_document_says(document: Any, app: Flask) -> None:
    nowhere = build(redis_url="redis://127.0.0.1:9", database_url="sqlite:////nowhere/db")
    checked = Checked(nowhere.test_client(), document)
    token = Checked(app.test_client(), document)
    token.ask("POST /api/register", PERSON)
    held = token.ask("POST /api/login", PERSON)["token"]
    checked.ask("POST /api/login", PERSON)
    checked.ask("GET /api/books", token=held)
    checked.ask("GET /readyz")
    assert {status for _, status in checked.seen} == {503}


def test_requests_that_are_no_good_are_what_the_document_says(document: Any, app: Flask) -> None:
    responses = document["paths"]["/api/login"]["post"]["responses"]
    for data, kind in (
        (b"{", "application/json"),
        (b"{}", "text/plain"),
        (b" " * 20_000, "application/json"),
    ):
        answer = app.test_client().post("/api/login", data=data, content_type=f"application/{kind}")
        schema = responses[str(answer.status_code)]["content"]["application/problem+json"]["schema"]
        whole = schema | {"components": document["components"]}
        Draft202012Validator(whole).validate(answer.json)
        assert answer.status_code in (400, 413, 415)
