"""Fetching from a server that is slow, broken, lying or hostile: an answer in time, or one plain reason."""

import base64
import gzip
import logging
import time
import tracemalloc

import pytest

from bookshelf.upstream import MAX_BYTES, UpstreamError, fetch_json
from tests.support.book_source import (
    DRIP_SECONDS,
    WARTY,
    Answer,
    Upstream,
    drip,
    raw,
    reply,
    running_upstream,
)
from tests.support.inside import next_url

PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def why_not(url: str, *, within_seconds: float = 10, max_bytes: int = MAX_BYTES) -> str:
    with pytest.raises(UpstreamError) as caught:
        fetch_json(url, within_seconds=within_seconds, max_bytes=max_bytes)
    return str(caught.value)


def assert_cut_short(url: str, *, within_seconds: float = 0.3) -> None:
    """Long before the other side is done."""
    started = time.monotonic()
    assert why_not(url, within_seconds=within_seconds) == "didn't answer in time"
    assert time.monotonic() - started < DRIP_SECONDS / 2


def test_the_body_comes_back_as_it_was_sent(upstream: Upstream) -> None:
    assert fetch_json(upstream.url, within_seconds=10) == WARTY
    assert upstream.requests[0].startswith("GET /api/books HTTP/1.1\r\n")
    assert "Accept: application/json\r\n" in upstream.requests[0]


@pytest.mark.parametrize(
    "answer",
    [
        reply(content_type="application/json;charset=UTF-8"),
        reply(content_type="Application/JSON"),
        reply(gzip.compress(WARTY), headers=["Content-Encoding: gzip"]),
        raw(CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(WARTY), WARTY)),
        raw(HEAD + b"\r\n" + WARTY),
    ],
    ids=["charset", "capitals", "gzip", "chunked", "until closed"],
)
def test_every_usual_way_to_send_a_body_is_read(upstream: Upstream, answer: Answer) -> None:
    upstream.answer = answer

    assert fetch_json(upstream.url, within_seconds=10) == WARTY


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (reply(status="500 Internal Server Error"), "answered with status 500"),
        (reply(status="404 Not Found"), "answered with status 404"),
        (reply(status="204 No Content"), "answered with status 204"),
        (reply(status="304 Not Modified"), "answered with status 304"),
        (
            reply(b"<!doctype html>", content_type="text/html; charset=utf-8"),
            "sent 'text/html', not application/json",
        ),
        (reply(content_type="text/json\x1b[2J" + "x" * 99), "sent 'text/json\\x1b[2jxxxx"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"), "sent '', not application/json"),
        (raw(b""), "broke off in the middle of its answer"),
        (raw(b"\x16\x03\x01 what?\r\n\r\n"), "broke off in the middle of its answer"),
        (raw(HEAD + b"Content-Length: 999999\r\n\r\n[{"), "broke off in the middle of its answer"),
        (raw(CHUNKED + b"5\r\n[{"), "broke off in the middle of its answer"),
        (raw(CHUNKED + b"zz\r\n[{"), "broke off in the middle of its answer"),
        (raw(HEAD + b"X: y\r\n" * 200 + b"\r\n[]"), "broke off in the middle of its answer"),
        (reply(b"not packed", headers=["Content-Encoding: gzip"]), "sent a body that can't be unpacked"),
    ],
    ids=lambda value: f"{value!a}"[:40] if isinstance(value, str) else "",
)
def test_a_bad_answer_is_refused_in_plain_words(upstream: Upstream, answer: Answer, reason: str) -> None:
    upstream.answer = answer

    assert why_not(upstream.url).startswith(reason)


def test_a_body_over_the_limit_is_refused(upstream: Upstream) -> None:
    upstream.answer = reply(b" " * 200_001)

    assert why_not(upstream.url, max_bytes=200_000) == "sent more than 195 KiB"
    assert len(fetch_json(upstream.url, within_seconds=10, max_bytes=200_001)) == 200_001


@pytest.mark.parametrize("chunked", [False, True])
def test_a_gzip_bomb_ends_at_the_limit_and_not_in_memory(upstream: Upstream, chunked: bool) -> None:
    bomb = gzip.compress(b" " * 100_000_000)
    in_chunks = raw(CHUNKED[:-2] + b"Content-Encoding: gzip\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(bomb), bomb))
    upstream.answer = in_chunks if chunked else reply(bomb, headers=["Content-Encoding: gzip"])

    tracemalloc.start()
    try:
        assert why_not(upstream.url) == "sent more than 5120 KiB"
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "answer",
    [
        drip(),
        drip(HEAD + b"X-Slow: "),
        drip(piece=b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(HEAD + b"\r\n["),
        drip(HEAD + b"Content-Length: 100000\r\n\r\n["),
        drip(CHUNKED, b"1\r\n \r\n"),
        drip(CHUNKED + b"5;"),
        drip(CHUNKED + b"2\r\n[]\r\n0\r\n", b"X-Trailer: y\r\n"),
        drip(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"),
    ],
    ids=["status", "header", "100", "open body", "body", "chunks", "chunk size", "trailers", "redirect"],
)
def test_a_fetch_ends_in_time_wherever_upstream_drips(upstream: Upstream, answer: Answer) -> None:
    upstream.answer = answer

    assert_cut_short(upstream.url)


def test_a_dripping_tls_handshake_ends_in_time(upstream: Upstream) -> None:
    upstream.answer = drip(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03")
    url = upstream.url.replace("http:", "https:")

    assert_cut_short(url, within_seconds=1.0)  # room to get as far as the handshake


def test_no_server_no_name_and_no_certificate_have_messages_of_their_own(upstream: Upstream) -> None:
    with running_upstream() as gone:
        pass

    assert why_not(gone.url) == "can't be reached"
    assert why_not("http://books.invalid/") == "can't be found (no address for its name)"
    assert why_not(upstream.url.replace("http:", "https:")) == "has no certificate that we trust"


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "file:///etc/passwd", "books", "", "http://", "http://[::1", "http://a:b:c/"]
)
def test_an_address_that_makes_no_sense_is_refused(url: str) -> None:
    assert why_not(url)


def test_redirects_are_followed(upstream: Upstream) -> None:
    def answer_by_path(send: object, running: Upstream) -> None:
        found = running.requests[-1].startswith("GET /there ")
        answer = reply() if found else reply(status="301 Moved Permanently", headers=["Location: ../there"])
        answer(send, running)  # type: ignore[arg-type]

    upstream.answer = answer_by_path

    assert fetch_json(upstream.url, within_seconds=10) == WARTY
    assert len(upstream.requests) == 2


def test_endless_redirects_end(upstream: Upstream) -> None:
    upstream.answer = reply(status="302 Found", headers=["Location: /again"])

    assert why_not(upstream.url) == "redirects too often"
    assert len(upstream.requests) == 4


def test_a_redirect_is_followed_without_reading_its_endless_body(upstream: Upstream) -> None:
    upstream.answer = drip(b"HTTP/1.1 302 Found\r\nContent-Length: 10000000\r\nLocation: /again\r\n\r\n")

    assert why_not(upstream.url, within_seconds=DRIP_SECONDS / 2) == "redirects too often"


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("http://a/", "file:///etc/passwd"),
        ("http://a/", "ftp://a/"),
        ("https://a/", "http://a/"),
        ("https://a/", "gopher://a/"),
    ],
)
def test_a_redirect_never_leads_to_something_less_safe(url: str, location: str) -> None:
    with pytest.raises(UpstreamError, match="redirects to where we don't follow"):
        next_url(url, location)


def test_a_redirect_to_a_file_is_refused(upstream: Upstream) -> None:
    upstream.answer = reply(status="302 Found", headers=["Location: file:///etc/passwd"])

    assert why_not(upstream.url) == "redirects to where we don't follow"


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_the_environments_proxy_is_asked(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    address = upstream.origin.removeprefix("http://")
    monkeypatch.setenv("http_proxy", f"{scheme}{address}")

    assert fetch_json("http://books.invalid/api", within_seconds=10) == WARTY
    assert upstream.requests[0].startswith("GET http://books.invalid/api HTTP/1.1\r\n")


def test_a_proxy_with_a_password_is_given_it(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    upstream.answer = reply(status="407 Proxy Authentication Required")
    monkeypatch.setenv("https_proxy", upstream.origin.replace("//", "//me:pass%40word@"))

    assert why_not("https://books.invalid/") == "can't be reached through the proxy"
    assert upstream.requests[0].startswith("CONNECT books.invalid:443 ")
    assert base64.b64encode(b"me:pass@word").decode() in upstream.requests[0]


def test_no_proxy_is_respected(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    assert fetch_json(upstream.url, within_seconds=10) == WARTY


def test_headers_that_make_no_sense_leave_no_traceback_in_the_log(
    upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.answer = raw(HEAD + b"no colon here\r\nContent-Length: 2\r\n\r\n[]")

    with caplog.at_level(logging.INFO):
        fetch_json(upstream.url, within_seconds=10)

    assert not [record for record in caplog.records if record.exc_info]
