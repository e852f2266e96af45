"""Granian's RSGI on the outside, our WSGI app on the inside: one thread pool, whole bodies, a deadline.

In Granian's own WSGI mode a body is read while it arrives, on a worker thread and without a time limit,
and a response that is an iterator is sent at the reader's pace. Two clients that stop half-way, in either
direction, then stop a worker for everybody. Here no thread is taken before the whole request is in memory,
and every response leaves as one piece of bytes."""

import asyncio
import io
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import json

from flask_tokenkeep.errors import BodyTooLarge, InternalError, Problem

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

BODY_BYTES = 64 * 1024  # the contract ends at 16 KiB; the app says so itself, this is what memory is held for
DISCARDED_BYTES = 32 * 1024 * 1024  # read and thrown away, so that the client gets to see the 413
BODY_SECONDS = 10.0
# Said twice these mean something else to every program on the way, so they are refused, not chosen from.
SINGLE_HEADERS = frozenset({"host", "content-length", "content-type"})


class BadRequest(Problem):
    status, code, title = 400, "bad_request", "The request can't be understood"
    default_detail = "A header that may stand there once was sent more than once."


class BodyTooSlow(Problem):
    status, code, title = 408, "body_too_slow", "The body did not arrive"
    default_detail = f"A body has to be complete within {BODY_SECONDS:.0f} seconds."


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def of(cls, problem: Problem) -> "Answer":
        body = json.dumps(problem.body()).encode()
        headers = [
            ("Content-Type", "application/problem+json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
            ("Server", ""),
        ]
        return cls(problem.status, headers, body)


class Gateway:
    def __init__(self, app: "WSGIApplication", *, threads: int) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        try:
            environ = environ_of(scope)
            environ["wsgi.input"] = io.BytesIO(await _read_body(protocol, scope.headers))
        except Problem as problem:
            answer = Answer.of(problem)
        else:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._threads, self._call, environ)
        protocol.response_bytes(answer.status, answer.headers, answer.body)

    def _call(self, environ: "WSGIEnvironment") -> Answer:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
            started.append((status, headers))

        body = _collect(self._app(environ, start_response))
        if not started:
            return Answer.of(InternalError())
        status, headers = started[-1]
        return Answer(int(status[:3]), headers, body)


def _collect(chunks: Iterable[bytes]) -> bytes:
    try:
        return b"".join(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()


async def _read_body(protocol: Any, headers: Any) -> bytes:
    # Most requests have none, and then nothing needs to be waited for.
    if "content-length" not in headers and "transfer-encoding" not in headers:
        return b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _collect_body(protocol)
    except TimeoutError:
        raise BodyTooSlow from None


async def _collect_body(protocol: Any) -> bytes:
    size, kept = 0, bytearray()
    async for chunk in protocol:
        size += len(chunk)
        if size <= BODY_BYTES:
            kept += chunk
        elif size > DISCARDED_BYTES:
            break
    if size > BODY_BYTES:
        raise BodyTooLarge
    return bytes(kept)


def environ_of(scope: Any) -> "WSGIEnvironment":
    """PEP 3333. Header names with an underscore are left out: `X_Forwarded_For` would be taken for
    `X-Forwarded-For`, past the proxy that replaced the real one."""
    host, _, port = scope.server.rpartition(":")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        # PEP 3333: the bytes of the path, read as Latin-1.
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": _address(scope.client),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" not in name:
            _add_header(environ, name.lower(), value)
    if scope.authority and "HTTP_HOST" not in environ:  # HTTP/2 has :authority instead of Host
        environ["HTTP_HOST"] = scope.authority
    return environ


def _add_header(environ: "WSGIEnvironment", name: str, value: str) -> None:
    key = name.upper().replace("-", "_")
    if name not in ("content-type", "content-length"):
        key = f"HTTP_{key}"
    if key in environ:
        if name in SINGLE_HEADERS:
            raise BadRequest
        value = f"{environ[key]},{value}"
    environ[key] = value


def _address(client: str) -> str:
    """ "127.0.0.1:1234" and "[::1]:1234" without the port."""
    return client.rpartition(":")[0].strip("[]") or client
