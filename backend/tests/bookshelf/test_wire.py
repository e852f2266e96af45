"""What comes over the wire, byte by byte: a whole message or none, and nothing vanishes on the way."""

import json

import pytest

from tests.support.app_process import App
from tests.support.asking import ask, ask_raw, bearer
from tests.support.expectations import expect_problem
from tests.support.reader import Reader

pytestmark = pytest.mark.server

HEAD = b"POST /api/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = b'{"username": "%s", "password": "a quiet place among shelves"}'


@pytest.mark.parametrize(
    ("name", "framing"),
    [
        (b"Shorty", b"Content-Length: 200\r\n\r\n%s"),
        (b"Endless", b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n"),
        (b"Broken", b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\nzz\r\n"),
    ],
)
def test_a_body_that_breaks_off_is_not_acted_upon(server: App, name: bytes, framing: bytes) -> None:
    body = BODY % name
    sent = HEAD + framing % ((len(body), body) if b"%x" in framing else body)
    expect_problem(ask_raw(server.port, sent, end=True), 400, "bad_request")
    person = {"username": name.decode(), "password": "a quiet place among shelves"}
    assert ask(f"{server.url}/api/register", "POST", body=person).status == 201, "it was not done before"


def test_a_whole_body_in_chunks_counts(server: App) -> None:
    body = BODY % b"Chunky"
    sent = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    assert ask_raw(server.port, sent).status == 201


@pytest.mark.parametrize("name", ["Authorization", "DPoP", "Host", "Content-Type", "X-Forwarded-For"])
def test_a_byte_beyond_ascii_is_refused_where_it_matters(server: App, name: str) -> None:
    head = b"POST /api/login HTTP/1.1\r\nHost: localhost\r\n%s: a\xe9\r\n\r\n" % name.encode()
    expect_problem(ask_raw(server.port, head), 400, "bad_request")


def test_a_second_authorization_with_a_byte_beyond_ascii_is_seen(server: App) -> None:
    head = (
        b"GET /api/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer a\r\nAuthorization: \xe9\r\n\r\n"
    )
    expect_problem(ask_raw(server.port, head), 400, "bad_request")


def test_elsewhere_it_is_read_as_latin_1(server: App) -> None:
    body = json.dumps(Reader(server).body).encode()
    head = b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    sent = head + b"User-Agent: Caf\xe9/1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    token = ask_raw(server.port, sent).json["token"]
    sessions = ask(f"{server.url}/api/sessions", headers=bearer(token)).json
    assert [each["user_agent"] for each in sessions] == ["Café/1.0"]


@pytest.mark.parametrize(
    "request_line",
    [b"get /api/config HTTP/1.1\r\nHost: localhost", b"GET /api/config HTTP/1.1\r\nAccept: */*"],
    ids=["a method in lower case", "no host"],
)
def test_what_http_does_not_know_is_refused(server: App, request_line: bytes) -> None:
    expect_problem(ask_raw(server.port, request_line + b"\r\n\r\n"), 400, "bad_request")


@pytest.mark.parametrize("size", [33_000, 40_000, 50_000])
def test_headers_beyond_32_kib_are_refused(server: App, size: int) -> None:
    head = b"GET /api/config HTTP/1.1\r\nHost: localhost\r\nX-Big: " + b"a" * size + b"\r\n\r\n"
    assert ask_raw(server.port, head).status == 431


def test_what_is_refused_before_the_app_has_the_headers_of_every_answer(server: App) -> None:
    whole = ask(f"{server.url}/api/config").headers
    refused = ask(f"{server.url}/api/login", "POST", body=b"x" * 100_000).headers
    wanted = {name for name in whole if name.startswith(("x-", "cross-", "content-security"))}
    assert len(wanted) > 3
    assert wanted <= set(refused)
    assert refused["Connection"] == "close"
