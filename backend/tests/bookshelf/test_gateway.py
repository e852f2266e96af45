"""Requests that are wrong or never end."""

import socket
from typing import Any

from bookshelf.environ import environ_of
from tests.support.app_process import App
from tests.support.asking import ask, ask_raw
from tests.support.expectations import expect_problem


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    """As Granian hands it over."""
    return {
        "method": "GET",
        "raw_path": b"/",
        "query_string": b"",
        "server": ("127.0.0.1", 5003),
        "client": ("::1", 4000),
        "scheme": "http",
        "http_version": "1.1",
        "headers": [(b"host", b"localhost"), *headers],
    }


def test_two_host_headers_are_refused(server: App) -> None:
    answer = ask_raw(server.port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
    assert answer.status == 400


def test_two_authorization_headers_are_refused(server: App) -> None:
    """Neither may silently win: the programs in front of us might have looked at the other one."""
    head = b"GET /api/books HTTP/1.1\r\nHost: localhost\r\n"
    answer = ask_raw(server.port, head + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n")
    assert answer.status == 401
    assert answer.json["code"] == "invalid_token"


def test_a_body_of_10_mb_is_refused_and_the_answer_arrives(server: App) -> None:
    expect_problem(ask(f"{server.url}/api/login", "POST", body=b"x" * 10_000_000), 413, "body_too_large")


def test_too_many_headers_are_refused(server: App) -> None:
    answer = ask_raw(
        server.port, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: " + b"a" * 100_000 + b"\r\n\r\n"
    )
    assert answer.status == 431


def test_clients_that_stop_half_way_do_not_block_the_others(server: App) -> None:
    """More of them than all workers have threads, in both directions."""
    half = b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
    deaf = b"GET /assets/index-a1b2.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200
    connections = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(24)]
    try:
        for number, connection in enumerate(connections):
            connection.sendall(half if number % 2 else deaf)
        for _ in range(8):
            assert ask(f"{server.url}/healthz").status == 200
    finally:
        for connection in connections:
            connection.close()


def test_a_body_that_does_not_arrive_is_given_up(server: App) -> None:
    half = b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
    assert ask_raw(server.port, half).status == 408


def test_header_names_with_underscores_are_not_taken_for_others() -> None:
    """A proxy replaces X-Forwarded-For and lets X_Forwarded_For pass; to WSGI they are one name."""
    headers = [(b"x-forwarded-for", b"10.0.0.1"), (b"x_forwarded_for", b"6.6.6.6")]
    environ = environ_of(scope(*headers, (b"x-twice", b"a"), (b"x-twice", b"b")))
    assert environ["HTTP_X_FORWARDED_FOR"] == "10.0.0.1"
    assert environ["HTTP_X_TWICE"] == "a,b"
