"""Granian's ASGI on the outside, our WSGI app on the inside: sound requests, whole bodies, lanes, deadlines.

In Granian's own WSGI mode a body is read while it arrives, on a worker thread and without a time limit, and
a response that is an iterator is sent at the reader's pace. Two clients that stop half-way, in either
direction, then stop a worker for everybody. Here no thread is taken before the whole request is in memory,
and none is held while an answer leaves.

What is refused before the app is asked still passes through it, as `REFUSED` in the environ (see web.py), so
that the answer has the headers that every answer has."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from bookshelf.environ import REFUSED, BadRequest, environ_of
from bookshelf.lanes import ClientLeft, Lanes
from flask_tokenkeep.errors import BodyTooLarge, Problem

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

BODY_BYTES = 64 * 1024  # the contract ends at 16 KiB; the app says so itself, this is what memory is held for
DISCARDED_BYTES = 32 * 1024 * 1024  # read and thrown away, so that the client gets to see the 413
BODY_SECONDS = 10.0
LEAVING_SECONDS = 0.05
PIECE_BYTES = 64 * 1024  # of an answer, in memory for a client that does not take it
TAKE_SECONDS = 30.0  # for a piece

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class BodyTooSlow(Problem):
    status, code, title = 408, "body_too_slow", "The body did not arrive"
    default_detail = f"A body has to be complete within {BODY_SECONDS:.0f} seconds."


class File(NamedTuple):
    """A file as an answer's body, as `wsgi.file_wrapper` of PEP 3333."""

    file: Any
    block_size: int = PIECE_BYTES

    def close(self) -> None:
        self.file.close()


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes | File


class Gateway:
    def __init__(self, app: "WSGIApplication", lanes: Lanes) -> None:
        self._app = app
        self._lanes = lanes

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        environ = environ_of(scope) | {"wsgi.file_wrapper": File}
        try:
            answer = await self._answer(environ, scope, receive)
        except ClientLeft:
            return
        await _send(send, answer, last=REFUSED in environ and scope["http_version"] != "2")

    async def _answer(self, environ: "WSGIEnvironment", scope: Any, receive: Receive) -> Answer:
        try:
            environ["wsgi.input"] = io.BytesIO(await _read_body(environ, scope, receive))
            lane = self._lanes.of(scope["method"], scope["path"])
            if lane is None:
                return self._call(environ)
            return await lane.run(partial(self._call, environ), partial(_departure, receive))
        except Problem as problem:
            environ[REFUSED] = problem
            return self._call(environ)

    def _call(self, environ: "WSGIEnvironment") -> Answer:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
            started.append((status, headers))

        body = _collect(self._app(environ, start_response))
        status, headers = started[-1]
        return Answer(int(status[:3]), headers, body)


def _collect(chunks: Iterable[bytes] | File) -> bytes | File:
    if isinstance(chunks, File):
        return chunks
    try:
        return b"".join(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()


async def _read_body(environ: "WSGIEnvironment", scope: Any, receive: Receive) -> bytes:
    if problem := environ.get(REFUSED):
        raise problem
    length = environ.get("CONTENT_LENGTH")
    framed = length is not None or "HTTP_TRANSFER_ENCODING" in environ
    # In HTTP/1 a body has one of the two headers; in HTTP/2 it needs neither.
    if not framed and (scope["http_version"] != "2" or scope["method"] in ("GET", "HEAD", "OPTIONS")):
        return b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _collect_body(receive)
    except TimeoutError:
        raise BodyTooSlow from None
    if not framed:
        await _demand_presence(receive)
    return body


async def _collect_body(receive: Receive) -> bytes:
    """The body, or BadRequest if it breaks off: what was not sent as a whole is not acted upon."""
    size, kept, more = 0, bytearray(), True
    while more and size <= DISCARDED_BYTES:
        message = await receive()
        if message["type"] != "http.request":
            raise BadRequest("The body broke off.")
        size += len(message["body"])
        if size <= BODY_BYTES:
            kept += message["body"]
        more = message["more_body"]
    if size > BODY_BYTES:
        raise BodyTooLarge
    return bytes(kept)


async def _departure(receive: Receive) -> None:
    """Returns when the client has left; a body that nobody has read comes before that."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _demand_presence(receive: Receive) -> None:
    """Raises ClientLeft for a body without a length that was broken off: it ends like a whole one, and that
    the client has left comes a few milliseconds behind."""
    leaving = asyncio.ensure_future(_departure(receive))
    await asyncio.wait({leaving}, timeout=LEAVING_SECONDS)
    if not leaving.cancel():
        raise ClientLeft


async def _send(send: Send, answer: Answer, *, last: bool) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if last:  # after a body that was not read to its end nobody knows where the next request begins
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if isinstance(answer.body, bytes) and len(answer.body) <= PIECE_BYTES:
        return await send({"type": "http.response.body", "body": answer.body})
    async with asyncio.timeout(None) as patience:
        for piece in _pieces(answer.body):
            patience.reschedule(asyncio.get_running_loop().time() + TAKE_SECONDS)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    return await send({"type": "http.response.body", "body": b""})


def _pieces(body: bytes | File) -> Iterator[bytes]:
    if isinstance(body, bytes):
        yield from (body[at : at + PIECE_BYTES] for at in range(0, len(body), PIECE_BYTES))
        return
    with body.file as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
