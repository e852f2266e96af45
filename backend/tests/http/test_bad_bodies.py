"""Bodies that are wrong get their 4xx, over real HTTP and in the small app."""

import http.client
import json
from contextlib import closing
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.app_process import App
from tests.support.app_users import code_of
from tests.support.asking import Reply, ask
from tests.support.examples import PERSON
from tests.support.expectations import expect_headers, expect_problem
from tests.support.waiting import DEADLINE_SECONDS

NESTED = b'{"username":' + b"[" * 3000 + b"]" * 3000 + b',"password":"x"}'
BAD_BODIES = [
    (b"", 400, "invalid_json"),
    (b"null", 422, "validation_failed"),
    (b"7", 422, "validation_failed"),
    (b"[]", 422, "validation_failed"),
    (b'{"username":"ada","password":', 400, "invalid_json"),
    (b'{"username":"ada","password":"x"} x', 400, "invalid_json"),
    (b'\xef\xbb\xbf{"username":"ada","password":"x"}', 400, "invalid_json"),
    (b'{"username":"\xff","password":"x"}', 400, "invalid_json"),
    ('{"username":"ada","password":"x"}'.encode("utf-16"), 400, "invalid_json"),
    (b'{"username":NaN,"password":"x"}', 400, "invalid_json"),
    (b'{"username":-Infinity,"password":"x"}', 400, "invalid_json"),
    (b'{"username":1e999,"password":"x"}', 422, "validation_failed"),
    (b'{"username":' + b"9" * 5000 + b',"password":"x"}', 422, "validation_failed"),
    (b'{"username":7,"password":"x"}', 422, "validation_failed"),
    (b'{"username":null,"password":"x"}', 422, "validation_failed"),
    (b'{"username":true,"password":["x"]}', 422, "validation_failed"),
    (b'{"username":{"a":1},"password":"x"}', 422, "validation_failed"),
    (b'{"username":"ada"}', 422, "validation_failed"),
    (b"{}", 422, "validation_failed"),
    (b'{"username":"ada","password":"x","admin":true}', 422, "validation_failed"),
    (b'{"username":"ada","password":"x","\\ud800":1}', 422, "validation_failed"),
    (b'{"username":"ada","password":"x","password":"y"}', 422, "validation_failed"),
    (b'{"username":"a\\u0000da","password":"x"}', 422, "validation_failed"),
    (b'{"username":"ada","password":"\\udfff"}', 422, "validation_failed"),
    (NESTED, 422, "validation_failed"),
    (b'{"username":"' + b"x" * 2000 + b'","password":"x"}', 422, "validation_failed"),
    (b'{"username":"' + b"x" * 17_000 + b'","password":"x"}', 413, "body_too_large"),
]


@pytest.mark.parametrize("path", ["register", "login"])
def test_every_malformed_body_is_refused_by_the_server(server: App, path: str) -> None:
    for body, status, code in BAD_BODIES:
        reply = ask(f"{server.url}/api/{path}", "POST", body=body)
        expect_problem(reply, status, code)
        expect_headers(reply)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", ""],
)
def test_other_content_types_are_refused(server: App, kind: str) -> None:
    reply = ask(f"{server.url}/api/login", "POST", body=b'{"a":1}', headers={"Content-Type": kind})
    expect_problem(reply, 415, "unsupported_media_type")
    expect_headers(reply)


@pytest.mark.parametrize("path", ["register", "login", "refresh"])
@pytest.mark.parametrize("chunked", [False, True])
def test_ten_megabytes_are_refused(server: App, path: str, chunked: bool) -> None:
    piece = b"x" * 1_000_000
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE_SECONDS)
    with closing(connection):
        headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
        body: Any = iter([piece] * 10) if chunked else piece * 10
        connection.request("POST", f"/api/{path}", body, headers, encode_chunked=chunked)
        answer = connection.getresponse()
        reply = Reply(answer.status, answer.headers, answer.read())
    expect_problem(reply, 413, "body_too_large")
    expect_headers(reply)


def test_no_answer_shows_internals(server: App) -> None:
    for body, *_ in BAD_BODIES:
        said = ask(f"{server.url}/api/login", "POST", body=body).body
        assert not any(word in said for word in (b"pydantic", b"Traceback", b"Error:", b".py"))
    assert json.loads(ask(f"{server.url}/api/nowhere").body)["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"username": NaN}', 400),
        (b"[]", 422),
        (b'{"username":"a","username":"b"}', 422),
        (b'{"username":' + b"[" * 5000 + b"]" * 5000 + b"}", 422),
        (b'{"username":' + b"[" * 9 + b"]" * 9 + b"}", 422),
        (b'{"username":' + b"1" * 6000 + b"}", 422),
        (b'{"a":"' + b"x" * 20_000 + b'"}', 413),
    ],
)
def test_malformed_bodies_are_refused_in_the_small_app(client: FlaskClient, body: bytes, status: int) -> None:
    answer = client.post("/api/register", data=body, content_type="application/json")
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_a_form_is_refused(client: FlaskClient) -> None:
    assert code_of(client.post("/api/login", data=PERSON)) == (415, "unsupported_media_type")
