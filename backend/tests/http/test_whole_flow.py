"""The whole flow over real HTTP, against the real server with two worker processes, on both databases."""

import http.client
import json
import re
import socket
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from tests.support.app_process import App, running_app
from tests.support.asking import Reply, ask, bearer
from tests.support.private_postgres import empty_postgres
from tests.support.private_redis import PrivateRedis
from tests.support.waiting import wait_until

PASSWORD = "a quiet place among shelves"
MANY_CONNECTIONS = 24  # more than both workers have threads: each worker gets some
names = (f"reader{number}" for number in count())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def app(
    request: pytest.FixtureRequest, redis_server: PrivateRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    data_dir = tmp_path_factory.mktemp("app") / "data"
    if request.param == "sqlite":
        with running_app(data_dir, env={"REDIS_URL": redis_server.url}) as app:
            yield app
        return
    with empty_postgres(request.getfixturevalue("postgres")) as database_url:
        env = {"REDIS_URL": redis_server.url, "DATABASE_URL": database_url.replace("+psycopg", "")}
        with running_app(data_dir, env=env) as app:
            yield app


class Reader:
    """Somebody with an account; every request is a connection of its own, so any worker may get it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.body = {"username": next(names), "password": PASSWORD}
        assert self.post("register").status == 201

    def post(self, path: str, token: str | None = None) -> Reply:
        if token:
            return ask(f"{self.app.url}/api/{path}", "POST", headers=bearer(token))
        return ask(f"{self.app.url}/api/{path}", "POST", body=self.body)

    def get(self, path: str, token: str) -> Reply:
        return ask(f"{self.app.url}/api/{path}", headers=bearer(token))

    def log_in(self) -> str:
        answer = self.post("login")
        assert answer.status == 200
        token: str = answer.json["token"]
        return token


@pytest.fixture
def reader(app: App) -> Reader:
    return Reader(app)


def at_once(what: Any, times: int = MANY_CONNECTIONS) -> list[Any]:
    """All begin together: what a barrier holds until the last thread is there."""
    barrier = threading.Barrier(times)

    def run(number: int) -> Any:
        barrier.wait(10)
        return what(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def problem(reply: Reply, status: int, code: str) -> None:
    assert (reply.status, reply.headers["Content-Type"]) == (status, "application/problem+json"), reply.body
    assert (reply.json["status"], reply.json["code"]) == (status, code)
    assert {"type", "title", "detail"} <= reply.json.keys()


def check_headers(reply: Reply, *, catalogue: bool = False) -> None:
    assert catalogue or reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Set-Cookie"] is None
    assert (reply.status == 401) == ("WWW-Authenticate" in reply.headers)
    assert (reply.status in (429, 503)) == ("Retry-After" in reply.headers)


def raw(app: App, *lines: bytes, body: bytes = b"") -> Reply:
    """What no client library would send, byte by byte."""
    request = b"\r\n".join((*lines, b"Host: localhost", b"Connection: close", b"", body))
    with closing(socket.create_connection(("127.0.0.1", app.port), timeout=15)) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return Reply(answer.status, answer.headers, answer.read())


def protected_operations(app: App) -> list[tuple[str, str]]:
    """Method and path of everything that OpenAPI says needs a token."""
    paths = ask(f"{app.url}/api/openapi.json").json["paths"]
    return [
        (method.upper(), re.sub(r"{\w+}", str(UUID(int=7)) if "sessions" in path else "7", path))
        for path, operations in paths.items()
        for method, operation in operations.items()
        if operation["security"]
    ]


# -- the flow -----------------------------------------------------------------------------------


def test_register_log_in_read_refresh_log_out(reader: Reader) -> None:
    first = reader.log_in()
    books = reader.get("books", first)
    assert books.status == 200
    assert isinstance(books.json, list)
    assert books.headers["X-Catalogue"] in ("live", "cached", "sample")
    assert reader.get(f"books/{books.json[0]['id']}", first).json == books.json[0]
    second = reader.post("refresh", first).json["token"]
    assert reader.post("refresh", first).json["token"] == second != first
    assert reader.get("me", second).json["username"] == reader.body["username"]
    assert reader.post("logout", second).status == 204
    problem(reader.get("books", second), 401, "invalid_token")
    problem(reader.post("refresh", second), 401, "session_ended")
    assert reader.post("logout", first).status == 204


def test_fifty_registrations_of_one_name_at_once_give_one_account(app: App) -> None:
    name = next(names)
    spellings = (name, name.upper(), name.title())

    def register(number: int) -> Reply:
        body = {"username": spellings[number % 3], "password": PASSWORD}
        return ask(f"{app.url}/api/register", "POST", body=body)

    replies = at_once(register, 50)
    assert sorted(reply.status for reply in replies) == [201] + [409] * 49
    problem(next(reply for reply in replies if reply.status == 409), 409, "username_taken")


def test_racing_refreshes_of_one_token_give_one_chain(reader: Reader) -> None:
    token = reader.log_in()
    for _ in range(3):
        replies = at_once(lambda _, old=token: reader.post("refresh", old))
        assert {reply.status for reply in replies} == {200}
        (token,) = {reply.json["token"] for reply in replies}
    assert reader.get("me", token).status == 200


def test_a_log_out_that_races_refreshes_is_final(reader: Reader) -> None:
    for _ in range(3):
        token = reader.log_in()
        replies = at_once(lambda number, old=token: reader.post("refresh" if number % 4 else "logout", old))
        newest = [reply.json["token"] for reply in replies if reply.status == 200]
        assert {reply.status for reply in replies} <= {200, 204, 401}
        for left in {token, *newest}:
            problem(reader.get("me", left), 401, "invalid_token")
            problem(reader.post("refresh", left), 401, "session_ended")


def test_a_log_out_is_seen_by_every_worker_at_once(reader: Reader) -> None:
    token = reader.log_in()
    assert {reply.status for reply in at_once(lambda _: reader.get("me", token))} == {200}
    assert reader.post("logout", token).status == 204
    assert {reply.status for reply in at_once(lambda _: reader.get("me", token))} == {401}


def test_a_replay_on_any_worker_ends_the_session_on_all(reader: Reader) -> None:
    first = reader.log_in()
    second = reader.post("refresh", first).json["token"]
    third = reader.post("refresh", second).json["token"]
    problem(reader.post("refresh", first), 401, "token_reused")
    assert {reply.status for reply in at_once(lambda _: reader.get("me", third))} == {401}


# -- trouble ------------------------------------------------------------------------------------


def test_without_redis_nobody_is_let_in_or_out_and_all_is_well_when_it_is_back(
    app: App, reader: Reader, redis_server: PrivateRedis
) -> None:
    token, protected = reader.log_in(), protected_operations(app)
    assert ("GET", "/api/books") in protected
    redis_server.stop()
    try:
        answers = [
            *(ask(app.url + path, method, body={}, headers=bearer(token)) for method, path in protected),
            reader.post("refresh", token),
            reader.post("logout", token),
            reader.post("login"),
            reader.post("register"),
            ask(f"{app.url}/readyz"),
        ]
        for answer in answers:
            assert answer.status == 503
            check_headers(answer)
        # What needs no Redis goes on.
        problem(reader.get("me", "nonsense"), 401, "invalid_token")
        assert ask(f"{app.url}/healthz").status == 200
    finally:
        redis_server.start()
    back = time.monotonic()
    wait_until(lambda: reader.post("refresh", token).status == 200, "a refresh", 1)
    replies = at_once(lambda number: reader.post("login") if number % 2 else reader.get("books", token))
    assert {reply.status for reply in replies} == {200}
    assert time.monotonic() - back < 1 + 1  # the second is what the many log-ins may take


# -- bad input ----------------------------------------------------------------------------------

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
def test_every_bad_body_gets_its_4xx(app: App, path: str) -> None:
    for body, status, code in BAD_BODIES:
        reply = ask(f"{app.url}/api/{path}", "POST", body=body)
        problem(reply, status, code)
        check_headers(reply)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", ""],
)
def test_other_content_types_are_refused(app: App, kind: str) -> None:
    reply = ask(f"{app.url}/api/login", "POST", body=b'{"a":1}', headers={"Content-Type": kind})
    problem(reply, 415, "unsupported_media_type")
    check_headers(reply)


@pytest.mark.parametrize("path", ["register", "login", "refresh"])
@pytest.mark.parametrize("chunked", [False, True])
def test_ten_megabytes_are_refused(app: App, path: str, chunked: bool) -> None:
    piece = b"x" * 1_000_000
    connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=15)
    with closing(connection):
        headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
        body: Any = iter([piece] * 10) if chunked else piece * 10
        connection.request("POST", f"/api/{path}", body, headers, encode_chunked=chunked)
        answer = connection.getresponse()
        reply = Reply(answer.status, answer.headers, answer.read())
    problem(reply, 413, "body_too_large")
    check_headers(reply)


def test_a_token_with_any_bit_flipped_opens_and_ends_nothing(app: App, reader: Reader) -> None:
    token = reader.log_in()
    prefix, encoded = token[:4], token[4:]
    claims = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=15)
    with closing(connection):
        for bit in range(8 * len(claims)):
            changed = bytearray(claims)
            changed[bit // 8] ^= 1 << bit % 8
            wrong = prefix + urlsafe_b64encode(changed).rstrip(b"=").decode()
            method, path = [("GET", "me"), ("POST", "refresh"), ("POST", "logout")][bit % 3]
            connection.request(method, f"/api/{path}", headers=bearer(wrong))
            answer = connection.getresponse()
            reply = Reply(answer.status, answer.headers, answer.read())
            problem(reply, 401, "invalid_token")
    assert reader.get("me", token).status == 200


def test_odd_authorization_headers_are_refused(app: App, reader: Reader) -> None:
    token = reader.log_in().encode()
    good = b"Authorization: Bearer " + token
    for lines in (
        (good, good),
        (good, b"Authorization: Basic YTpi"),
        (b"Authorization: Basic YTpi", good),
        (good + b", Bearer " + token,),
        (good + b",",),
        (good + b" " + token,),
        (b"Authorization: Bearer",),
        (b"Authorization: Bearer  " + token,),
    ):
        for request in (b"GET /api/me HTTP/1.1", b"POST /api/refresh HTTP/1.1", b"POST /api/logout HTTP/1.1"):
            reply = raw(app, request, *lines)
            problem(reply, 401, "invalid_token")
            check_headers(reply)
    assert raw(app, b"GET /api/me HTTP/1.1", b"authorization: bearer " + token).status == 200


def test_an_authorization_header_that_is_not_ascii_is_refused(app: App, reader: Reader) -> None:
    """The server in front of us drops such a header, so it counts as none."""
    token = reader.log_in().encode()
    for value in (b"Bearer \xc3\xa9" + token, b"Bearer " + token + b"\xff", b"\xe2\x80\x8bBearer " + token):
        for request in (b"GET /api/me HTTP/1.1", b"POST /api/refresh HTTP/1.1", b"POST /api/logout HTTP/1.1"):
            reply = raw(app, request, b"Authorization: " + value)
            problem(reply, 401, "missing_token")
            check_headers(reply)


def test_what_needs_a_token_refuses_those_without(app: App) -> None:
    for method, path in protected_operations(app):
        reply = ask(app.url + path, method, body={})
        problem(reply, 401, "missing_token")
        check_headers(reply)
        problem(ask(app.url + path, method, body={}, headers=bearer("x")), 401, "invalid_token")


def test_the_token_is_read_from_the_header_only(app: App, reader: Reader) -> None:
    token = reader.log_in()
    for reply in (
        ask(f"{app.url}/api/me?access_token={token}&token={token}"),
        ask(f"{app.url}/api/me", headers={"Cookie": f"token={token}; access_token={token}"}),
        ask(f"{app.url}/api/me", headers={"X-Access-Token": token, "Proxy-Authorization": f"Bearer {token}"}),
        ask(f"{app.url}/api/refresh", "POST", body={"token": token, "access_token": token}),
    ):
        problem(reply, 401, "missing_token")
        assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_every_answer_has_the_headers_of_the_contract(app: App, reader: Reader) -> None:
    token = reader.log_in()
    for reply in (
        reader.post("register"),
        reader.post("login"),
        reader.get("me", token),
        reader.get("me", "x"),
        ask(f"{app.url}/api/me"),
        ask(f"{app.url}/api/me", "PUT"),
        ask(f"{app.url}/api/nowhere"),
        ask(f"{app.url}/api/config"),
        ask(f"{app.url}/api/openapi.json"),
        reader.post("refresh", token),
        reader.post("logout", token),
    ):
        assert reply.status < 500
        check_headers(reply)
    books = reader.get("books", reader.log_in())
    check_headers(books, catalogue=True)
    assert books.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in books.headers["Vary"]
    unread = ask(f"{app.url}/api/books")
    problem(unread, 401, "missing_token")
    check_headers(unread)


def test_no_answer_tells_the_inside(app: App) -> None:
    for body, *_ in BAD_BODIES:
        said = ask(f"{app.url}/api/login", "POST", body=body).body
        assert not any(word in said for word in (b"pydantic", b"Traceback", b"Error:", b".py"))
    assert json.loads(ask(f"{app.url}/api/nowhere").body)["code"] == "not_found"
