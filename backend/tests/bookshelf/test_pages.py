"""What the server says over HTTP, whoever asks: pages, files, headers, and requests that are wrong."""

import gzip
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from bookshelf.gateway import environ_of
from tests.support.app_process import App, running_app
from tests.support.asking import Reply, ask

INDEX = b'<!doctype html><script type="module" src="/assets/index-a1b2.js"></script>'
SCRIPT = b"export const books = [];\n" * 200
BROTLI = b"what the build wrote"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    (folder / "assets").mkdir()
    (folder / "index.html").write_bytes(INDEX)
    (folder / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    script = folder / "assets" / "index-a1b2.js"
    script.write_bytes(SCRIPT)
    (folder / "assets" / "index-a1b2.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "assets" / "index-a1b2.js.br").write_bytes(BROTLI)
    return folder


@pytest.fixture(scope="module")
def app(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running_app(tmp_path_factory.mktemp("app") / "data", env={"DIST_DIR": str(dist)}) as app:
        yield app


class Headers(list[tuple[str, str]]):
    """As Granian hands them over."""

    def items(self) -> list[tuple[str, str]]:
        return list(self)


def scope(headers: Headers) -> SimpleNamespace:
    return SimpleNamespace(
        method="GET",
        path="/",
        query_string="",
        server="127.0.0.1:5003",
        client="[::1]:4000",
        scheme="http",
        http_version="1.1",
        authority=None,
        headers=headers,
    )


def raw(app: App, request: bytes, seconds: float = 15) -> bytes:
    """The first bytes of the answer to a request that no client library would send."""
    with socket.create_connection(("127.0.0.1", app.port), timeout=seconds) as connection:
        connection.sendall(request)
        return connection.recv(65_536)


def problem(reply: Reply) -> tuple[int, str]:
    assert reply.headers["Content-Type"] == "application/problem+json"
    return reply.status, reply.json["code"]


@pytest.mark.parametrize("path", ["/", "/login", "/books/12", "/no/such/page", "/apinot", "/b%C3%BCcher"])
def test_pages_are_the_app_and_are_never_kept(app: App, path: str) -> None:
    reply = ask(app.url + path)
    assert (reply.status, reply.body) == (200, INDEX)
    assert reply.headers["Cache-Control"] == "no-cache"
    assert reply.headers["Content-Type"].startswith("text/html")


def test_hashed_assets_are_kept_for_ever(app: App) -> None:
    reply = ask(f"{app.url}/assets/index-a1b2.js")
    assert reply.body == SCRIPT
    assert reply.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in reply.headers["Cache-Control"]
    assert int(re.findall(r"max-age=(\d+)", reply.headers["Cache-Control"])[0]) >= 31_536_000


@pytest.mark.parametrize(("encoding", "stored"), [("gzip", gzip.compress(SCRIPT)), ("br", BROTLI)])
def test_assets_are_sent_as_they_were_compressed(app: App, encoding: str, stored: bytes) -> None:
    reply = ask(f"{app.url}/assets/index-a1b2.js", headers={"Accept-Encoding": encoding})
    assert reply.headers["Content-Encoding"] == encoding
    assert "Accept-Encoding" in reply.headers["Vary"]
    assert reply.body[10:] == stored[10:]  # gzip begins with the time


def test_other_files_are_served_but_not_for_ever(app: App) -> None:
    reply = ask(f"{app.url}/favicon.svg")
    assert reply.status == 200
    assert "immutable" not in reply.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nothing", "/api/nothing/here", "/assets/gone-c3d4.js"]
)
def test_what_is_not_there_is_a_json_404(app: App, path: str) -> None:
    assert problem(ask(app.url + path)) == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/assets/../../main.py", "/assets/%2e%2e/%2e%2e/main.py"]
)
def test_no_path_leaves_the_folder(app: App, path: str) -> None:
    answer = raw(app, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert b"root:" not in answer
    assert b"import" not in answer


def test_head_and_post_on_pages(app: App) -> None:
    assert (ask(f"{app.url}/login", "HEAD").status, ask(f"{app.url}/login", "HEAD").body) == (200, b"")
    reply = ask(f"{app.url}/login", "POST", body={})
    assert problem(reply) == (405, "method_not_allowed")
    assert "GET" in reply.headers["Allow"]


@pytest.mark.parametrize("path", ["/", "/assets/index-a1b2.js", "/api/nothing", "/healthz"])
def test_every_answer_has_the_security_headers(app: App, path: str) -> None:
    headers = ask(app.url + path).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Strict-Transport-Security"] is None  # PUBLIC_URL is plain HTTP here
    assert headers["Access-Control-Allow-Origin"] is None
    assert headers["Set-Cookie"] is None


@pytest.mark.parametrize("path", ["/", "/assets/index-a1b2.js", "/api/nothing"])
def test_no_answer_names_the_server(app: App, path: str) -> None:
    headers = ask(app.url + path).headers
    assert headers["Server"] in (None, "")
    assert headers["X-Powered-By"] is None


def test_change_password_leads_to_the_page(app: App) -> None:
    reply = ask(f"{app.url}/.well-known/change-password")
    assert (reply.status, reply.headers["Location"]) == (302, "/account#password")


def test_health_and_readiness(app: App) -> None:
    assert ask(f"{app.url}/healthz").json == {"status": "ok"}
    ready = ask(f"{app.url}/readyz")
    assert (ready.status, ready.json["redis"], ready.json["sql"]) == (200, "ok", "ok")
    assert {"catalogue", "mail"} <= ready.json.keys()
    assert ready.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_loopback_names_are_allowed_in_development(app: App, host: str) -> None:
    assert ask(f"{app.url}/healthz", headers={"Host": f"{host}:{app.port}"}).status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost,evil.example", "a b"])
def test_other_host_names_are_refused(app: App, host: str) -> None:
    assert problem(ask(f"{app.url}/healthz", headers={"Host": host})) == (400, "host_not_allowed")


def test_two_host_headers_are_refused(app: App) -> None:
    answer = raw(app, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_two_authorization_headers_are_refused(app: App) -> None:
    """Neither may silently win: the programs in front of us might have looked at the other one."""
    head = b"GET /api/books HTTP/1.1\r\nHost: localhost\r\n"
    answer = raw(app, head + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b'"invalid_token"' in answer


def test_a_body_of_10_mb_is_refused_and_the_answer_arrives(app: App) -> None:
    assert problem(ask(f"{app.url}/api/login", "POST", body=b"x" * 10_000_000)) == (413, "body_too_large")


def test_too_many_headers_are_refused(app: App) -> None:
    answer = raw(app, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: " + b"a" * 100_000 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_clients_that_stop_half_way_stop_nobody_else(app: App) -> None:
    """More of them than all workers have threads, in both directions."""
    half = b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
    deaf = b"GET /assets/index-a1b2.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200
    connections = [socket.create_connection(("127.0.0.1", app.port)) for _ in range(24)]
    try:
        for number, connection in enumerate(connections):
            connection.sendall(half if number % 2 else deaf)
        for _ in range(8):
            assert ask(f"{app.url}/healthz").status == 200
    finally:
        for connection in connections:
            connection.close()


def test_a_body_that_does_not_arrive_is_given_up(app: App) -> None:
    half = b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
    assert raw(app, half).startswith(b"HTTP/1.1 408 ")


def test_header_names_with_underscores_are_not_taken_for_others() -> None:
    """A proxy replaces X-Forwarded-For and lets X_Forwarded_For pass; to WSGI they are one name."""
    headers = Headers(
        [("x-forwarded-for", "10.0.0.1"), ("x_forwarded_for", "6.6.6.6"), ("x-twice", "a"), ("x-twice", "b")]
    )
    environ = environ_of(scope(headers))
    assert environ["HTTP_X_FORWARDED_FOR"] == "10.0.0.1"
    assert environ["HTTP_X_TWICE"] == "a,b"


def test_without_a_build_the_page_says_what_to_do(tmp_path: Path) -> None:
    with running_app(tmp_path / "data", env={"DIST_DIR": str(tmp_path / "nowhere")}) as app:
        assert b"make start" in ask(f"{app.url}/").body


def test_behind_https_and_for_other_origins(tmp_path: Path) -> None:
    env = {
        "PUBLIC_URL": "https://books.example",
        "CORS_ORIGINS": "https://app.example",
        "ALLOWED_HOSTS": "other.example",
    }
    with running_app(tmp_path / "data", env=env) as app:
        assert "max-age" in ask(f"{app.url}/").headers["Strict-Transport-Security"]
        assert ask(f"{app.url}/healthz", headers={"Host": "books.example"}).status == 200
        assert ask(f"{app.url}/healthz", headers={"Host": "other.example:8443"}).status == 200
        asked = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, dpop",
        }
        allowed = ask(f"{app.url}/api/books", "OPTIONS", headers={"Origin": "https://app.example", **asked})
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert allowed.headers["Access-Control-Allow-Credentials"] is None
        assert "dpop" in allowed.headers["Access-Control-Allow-Headers"].lower()
        refused = ask(f"{app.url}/api/books", "OPTIONS", headers={"Origin": "https://evil.example", **asked})
        assert refused.headers["Access-Control-Allow-Origin"] is None
