"""What the API answers is what the document says: status, type, headers, shape."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from bookshelf.contract import build
from tests.support.asking import bearer
from tests.support.examples import PERSON


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


def test_the_first_flow_answers_as_documented(checked: Checked) -> None:
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
    ask("GET /api/openapi.json", If_None_Match="*")
    ask("GET /.well-known/change-password")
    ask("GET /api/config", Host="evil.example")
    assert {status for _, status in checked.seen} == {200, 201, 204, 302, 304, 400, 401, 404, 409, 422}


def test_the_account_answers_as_documented(checked: Checked) -> None:
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


def test_a_store_that_is_away_is_answered_as_documented(document: Any, app: Flask) -> None:
    nowhere = build(redis_url="redis://127.0.0.1:9", database_url="sqlite:////nowhere/db")
    checked = Checked(nowhere.test_client(), document)
    token = Checked(app.test_client(), document)
    token.ask("POST /api/register", PERSON)
    held = token.ask("POST /api/login", PERSON)["token"]
    checked.ask("POST /api/login", PERSON)
    checked.ask("GET /api/books", token=held)
    checked.ask("GET /readyz")
    assert {status for _, status in checked.seen} == {503}


def test_bad_requests_are_answered_as_documented(document: Any, app: Flask) -> None:
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
