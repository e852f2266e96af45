"""Whatever is in the place of a token, over real HTTP: byte by byte what no client library would send."""

import http.client
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import closing

from tests.support.app_process import App
from tests.support.asking import Reply, ask, ask_raw, bearer
from tests.support.expectations import expect_headers, expect_problem
from tests.support.reader import Reader, protected_operations
from tests.support.waiting import DEADLINE_SECONDS


def raw(server: App, *lines: bytes) -> Reply:
    """What no client library would send, byte by byte."""
    return ask_raw(server.port, b"\r\n".join((*lines, b"Host: localhost", b"Connection: close", b"", b"")))


def test_a_token_with_any_bit_flipped_opens_and_ends_nothing(server: App, reader: Reader) -> None:
    token = reader.log_in()
    prefix, encoded = token[:4], token[4:]
    claims = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE_SECONDS)
    with closing(connection):
        for bit in range(8 * len(claims)):
            changed = bytearray(claims)
            changed[bit // 8] ^= 1 << bit % 8
            wrong = prefix + urlsafe_b64encode(changed).rstrip(b"=").decode()
            method, path = [("GET", "me"), ("POST", "refresh"), ("POST", "logout")][bit % 3]
            connection.request(method, f"/api/{path}", headers=bearer(wrong))
            answer = connection.getresponse()
            reply = Reply(answer.status, answer.headers, answer.read())
            expect_problem(reply, 401, "invalid_token")
    assert reader.get("me", token).status == 200


def test_odd_authorization_headers_are_refused(server: App, reader: Reader) -> None:
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
            reply = raw(server, request, *lines)
            expect_problem(reply, 401, "invalid_token")
            expect_headers(reply)
    assert raw(server, b"GET /api/me HTTP/1.1", b"authorization: bearer " + token).status == 200


def test_an_authorization_header_that_is_not_ascii_is_refused(server: App, reader: Reader) -> None:
    token = reader.log_in().encode()
    for value in (b"Bearer \xc3\xa9" + token, b"Bearer " + token + b"\xff", b"\xe2\x80\x8bBearer " + token):
        for request in (b"GET /api/me HTTP/1.1", b"POST /api/refresh HTTP/1.1", b"POST /api/logout HTTP/1.1"):
            reply = raw(server, request, b"Authorization: " + value)
            expect_problem(reply, 400, "bad_request")


def test_every_protected_operation_refuses_requests_without_a_token(server: App) -> None:
    for method, path in protected_operations(server):
        reply = ask(server.url + path, method, body={})
        expect_problem(reply, 401, "missing_token")
        expect_headers(reply)
        expect_problem(ask(server.url + path, method, body={}, headers=bearer("x")), 401, "invalid_token")


def test_the_token_is_read_from_the_header_only(server: App, reader: Reader) -> None:
    token = reader.log_in()
    for reply in (
        ask(f"{server.url}/api/me?access_token={token}&token={token}"),
        ask(f"{server.url}/api/me", headers={"Cookie": f"token={token}; access_token={token}"}),
        ask(
            f"{server.url}/api/me",
            headers={"X-Access-Token": token, "Proxy-Authorization": f"Bearer {token}"},
        ),
        ask(f"{server.url}/api/refresh", "POST", body={"token": token, "access_token": token}),
    ):
        expect_problem(reply, 401, "missing_token")
        assert reply.headers["WWW-Authenticate"] == "Bearer"
