"""Headers on every answer, the host names that are ours, and other origins."""

from pathlib import Path

import pytest

from tests.support.app_process import App, running_app
from tests.support.asking import ask
from tests.support.expectations import expect_problem

pytestmark = pytest.mark.server


@pytest.mark.parametrize("path", ["/", "/assets/index-a1b2.js", "/api/nothing", "/healthz"])
def test_every_answer_has_the_security_headers(server: App, path: str) -> None:
    headers = ask(server.url + path).headers
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
def test_no_answer_names_the_server(server: App, path: str) -> None:
    headers = ask(server.url + path).headers
    assert headers["Server"] in (None, "")
    assert headers["X-Powered-By"] is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_loopback_names_are_allowed_in_development(server: App, host: str) -> None:
    assert ask(f"{server.url}/healthz", headers={"Host": f"{host}:{server.port}"}).status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost,evil.example", "a b"])
def test_other_host_names_are_refused(server: App, host: str) -> None:
    expect_problem(ask(f"{server.url}/api/config", headers={"Host": host}), 400, "host_not_allowed")
    assert ask(f"{server.url}/healthz", headers={"Host": host}).status == 200, "probes ask by address"


def test_https_other_hosts_and_other_origins_follow_the_settings(tmp_path: Path) -> None:
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
        large = {"Origin": "https://app.example", "Content-Type": "application/json"}
        answer = ask(f"{app.url}/api/login", "POST", body=b"x" * 80_000, headers=large)
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (413, "https://app.example")
