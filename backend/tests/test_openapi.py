"""The OpenAPI document: valid, complete, true, and the same as the front end's types are made of."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from redis import Redis
from servers import PrivateRedis
from workers import Clock, bearer, worker

from bookshelf.contract import contract
from flask_tokenauth import errors, migrate

COMMITTED = Path(__file__).resolve().parents[2] / "frontend" / "src" / "auth" / "openapi.json"
PERSON = {"username": "Ada", "password": "a quiet place among shelves"}


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(contract())


@pytest.fixture
def app(redis: Redis, redis_server: PrivateRedis, tmp_path: Path) -> Iterator[Flask]:
    url = f"sqlite:///{tmp_path}/db"
    migrate(url)
    with worker(redis_server.url, url, Clock()) as app:
        yield app


def test_the_document_is_valid_openapi(document: Any) -> None:
    validate(document)


def test_the_front_ends_types_are_made_of_this_document() -> None:
    assert COMMITTED.read_text() == contract(), "the API has changed: run `make types`"


def test_every_error_code_is_listed(document: Any) -> None:
    problems = [each for each in vars(errors).values() if isinstance(each, type)]
    codes = {each.code for each in problems if issubclass(each, errors.Problem)}
    assert codes <= set(document["components"]["schemas"]["ProblemOut"]["properties"]["code"]["enum"])


def test_every_endpoint_of_the_contract_is_described(document: Any) -> None:
    operations = {f"{method.upper()} {path}" for path, each in document["paths"].items() for method in each}
    assert operations >= {
        *("POST /api/register", "POST /api/login", "POST /api/refresh", "POST /api/logout", "GET /api/me"),
        *("PATCH /api/me", "DELETE /api/me", "GET /api/me/export", "GET /api/sessions"),
        *("DELETE /api/sessions", "DELETE /api/sessions/{session_id}", "POST /api/password/change"),
        *("POST /api/password/forgot", "POST /api/password/reset", "POST /api/email/verify"),
        *("POST /api/email/verify/resend", "GET /api/books", "GET /api/books/{book_id}"),
    }


def test_bodies_take_no_unknown_field_and_tokens_are_asked_for(document: Any) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            body = operation.get("requestBody")
            if body:
                ref = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                assert document["components"]["schemas"][ref]["additionalProperties"] is False
            if path.startswith(("/api/me", "/api/sessions", "/api/books", "/api/refresh", "/api/logout")):
                assert operation["security"] == [{"token": []}]
                assert "401" in operation["responses"]


def test_real_answers_are_what_the_document_says(document: Any, app: Flask) -> None:
    client = app.test_client()
    checked = 0

    def ask(method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        nonlocal checked
        answer = client.open(f"/api{path}", method=method, json=body, headers=bearer(token) if token else {})
        responses = document["paths"][f"/api{path}"][method.lower()]["responses"]
        content = responses[str(answer.status_code)].get("content", {}).get(answer.mimetype)
        if answer.data:
            schema = content["schema"] | {"components": document["components"]}
            Draft202012Validator(schema).validate(answer.json)
            checked += 1
        return answer.json

    ask("POST", "/register", PERSON)
    ask("POST", "/register", PERSON)
    ask("POST", "/register", {})
    ask("POST", "/login", PERSON | {"password": "x"})
    token = ask("POST", "/login", PERSON)["token"]
    for path in ("/me", "/me/export", "/me/events", "/sessions", "/config", "/openapi.json"):
        ask("GET", path, token=token)
    ask("GET", "/me")
    ask("PATCH", "/me", {"email": "ada@b.example", "current_password": PERSON["password"]}, token)
    token = ask("POST", "/refresh", token=token)["token"]
    ask("POST", "/password/forgot", {"email": "ada@b.example"})
    ask("POST", "/password/reset", {"code": "x", "new_password": "y"})
    change = {"current_password": PERSON["password"], "new_password": "seventeen violet lanterns"}
    token = ask("POST", "/password/change", change, token)["token"]
    ask("POST", "/logout", token=token)
    ask("POST", "/refresh", token=token)
    assert checked == 18


def test_the_page_has_an_anchor_for_every_problems_type_and_needs_no_script(app: Flask) -> None:
    answer = app.test_client().get("/api/docs")
    assert answer.mimetype == "text/html"
    for problem in vars(errors).values():
        if isinstance(problem, type) and issubclass(problem, errors.Problem):
            assert f'id="{problem.code}"' in answer.text
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert app.test_client().get("/api/docs.css").mimetype == "text/css"
