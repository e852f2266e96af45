"""Fetching one JSON document from a server that may be slow, broken, lying or hostile."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import (
    BaseHTTPResponse,
    HTTPConnectionPool,
    HTTPSConnectionPool,
    PoolManager,
    ProxyManager,
    Timeout,
    make_headers,
)
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    DecodeError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    SSLError,
    TimeoutError,  # noqa: A004  (urllib3's own, which isn't the built-in one)
)

# It logs odd headers with a traceback and the address, which may have a password in it. We say what matters.
logging.getLogger("urllib3").setLevel(logging.ERROR)

CONNECT_SECONDS = 5.0
READ_SECONDS = 5.0  # between two pieces
MAX_BYTES = 5 * 1024 * 1024  # unpacked; a hundred times the list of 2026 (53 KB)
MAX_REDIRECTS = 3
CHUNK_BYTES = 64 * 1024

HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "bookshelf"}

# What went wrong in plain words; the first class that fits. The exceptions' own texts name hosts and objects.
PLAIN_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (ProxyError, "can't be reached through the proxy"),
    (NameResolutionError, "can't be found (no address for its name)"),
    (NewConnectionError, "can't be reached"),
    (TimeoutError, "didn't answer in time"),
    (SSLError, "has no certificate that we trust"),
    (DecodeError, "sent a body that can't be unpacked"),
    (HTTPError, "broke off in the middle of its answer"),
    (Exception, "can't be asked: its address or its answer makes no sense"),
)


class UpstreamError(Exception):
    """Why there is nothing to show; the text completes "upstream …" and is fit for strangers' eyes."""


class Deadline:
    """Ends all sockets of one fetch when its time is up.

    A read time-out counts between two bytes, so an upstream that drips one byte every few seconds, in the TLS
    hand-shake, the headers, the chunk sizes or the trailers, would hold the fetch for days."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self.cut)
        self._timer.daemon = True

    def watch(self, sock: socket.socket) -> socket.socket:
        self._sockets.append(sock.dup())  # TLS takes the first one's descriptor away
        if self.passed:
            self.cut()
        return sock

    def cut(self) -> None:
        self.passed = True
        for sock in list(self._sockets):
            with suppress(OSError):  # already gone
                sock.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        self._timer.join()
        for sock in self._sockets:
            sock.close()


def fetch_json(url: str, *, within_seconds: float, max_bytes: int = MAX_BYTES) -> bytes:
    """The JSON document at `url`, unparsed. Raises UpstreamError, and nothing else."""
    with Deadline(within_seconds) as deadline:
        try:
            with _follow(url, deadline) as response:
                _check_head(response)
                body = _read(response, max_bytes)
        except UpstreamError:
            raise
        except Exception as error:  # from five layers of libraries: a surprise must not end the retries
            raise UpstreamError(_plain_words(error, deadline)) from error
        if deadline.passed:  # a cut looks like the end of a body without a length
            raise UpstreamError("didn't answer in time")
    return body


@contextmanager
def _follow(url: str, deadline: Deadline) -> Iterator[BaseHTTPResponse]:
    """The answer at the end of a few redirects.

    By hand, because urllib3 would read a redirect's body, however endless."""
    for _ in range(MAX_REDIRECTS + 1):
        with _manager(url, deadline) as manager:
            response = manager.request(
                "GET", url, headers=HEADERS, redirect=False, retries=False, preload_content=False,
                timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            )  # fmt: skip
            try:
                location = response.get_redirect_location()
                if not location:
                    yield response
                    return
            finally:
                response.close()
            url = _next_url(url, location)
    raise UpstreamError("redirects too often")


def _next_url(url: str, location: str) -> str:
    target = urljoin(url, location)
    allowed = {"https"} if urlsplit(url).scheme == "https" else {"http", "https"}
    if urlsplit(target).scheme not in allowed:  # a downgrade would let anybody on the way write the list
        raise UpstreamError("redirects to where we don't follow")
    return target


def _manager(url: str, deadline: Deadline) -> PoolManager:
    """Connections that the deadline can end, through the proxy that the environment names."""

    class Http(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return deadline.watch(super()._new_conn())

    class Https(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return deadline.watch(super()._new_conn())

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = Https

    proxy = _proxy_for(url)
    manager = ProxyManager(proxy, proxy_headers=_proxy_headers(proxy)) if proxy else PoolManager()
    manager.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}
    return manager


def _proxy_for(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise UpstreamError("has an address that is neither http nor https")
    proxy = getproxies().get(parts.scheme)
    if proxy is None or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _proxy_headers(proxy: str) -> dict[str, str]:
    user_and_password = urlsplit(proxy).netloc.rpartition("@")[0]
    return dict(make_headers(proxy_basic_auth=unquote(user_and_password))) if user_and_password else {}


def _check_head(response: BaseHTTPResponse) -> None:
    if response.status != 200:
        raise UpstreamError(f"answered with status {response.status}")
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise UpstreamError(f"sent {content_type[:40]!a}, not application/json")


def _read(response: BaseHTTPResponse, max_bytes: int) -> bytes:
    """The body, unpacked piece by piece: a gzip bomb ends at the limit, not in memory."""
    body = bytearray()
    for piece in response.stream(CHUNK_BYTES, decode_content=True):
        body += piece
        if len(body) > max_bytes:
            raise UpstreamError(f"sent more than {max_bytes // 1024} KiB")
    return bytes(body)


def _plain_words(error: Exception, deadline: Deadline) -> str:
    if deadline.passed:
        return "didn't answer in time"
    return next(words for kind, words in PLAIN_WORDS if isinstance(error, kind))
