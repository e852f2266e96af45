"""An upstream for the catalogue that answers as badly as a test wants."""

import socketserver
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

DRIP_SECONDS = 60.0

Answer = Callable[[Callable[[bytes], None], "Upstream"], None]

# The kinds of warts that the real list has, on books that don't exist.
WARTY = Path(__file__).with_name("warty_books.json").read_bytes()


def reply(
    body: bytes = WARTY,
    *,
    status: str = "200 OK",
    headers: Iterable[str] = (),
    content_type: str = "application/json",
) -> Answer:
    head = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        *headers,
        "",
        "",
    ]
    return raw("\r\n".join(head).encode() + body)


def raw(answer: bytes) -> Answer:
    """Send these bytes, whatever they are, and hang up."""
    return lambda send, _: send(answer)


def drip(start: bytes = b"", piece: bytes = b"x") -> Answer:
    """Send `start`, and then for DRIP_SECONDS a piece at a time, so that no read ever times out."""

    def answer(send: Callable[[bytes], None], upstream: "Upstream") -> None:
        send(start)
        end = time.monotonic() + DRIP_SECONDS
        while time.monotonic() < end and not upstream.closing.wait(0.01):
            send(piece)

    return answer


class Upstream:
    """Counts what it is asked (`requests`, the heads) and gives `answer`, which may change at any time."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.answer: Answer = reply()
        self.requests: list[str] = []
        self.closing = threading.Event()
        self.origin = f"http://{address[0]}:{address[1]}"
        self.url = f"{self.origin}/api/books"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64
    upstream: Upstream

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients that hang up are what many tests are about."""


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        head = ""
        while not head.endswith("\r\n\r\n"):
            line = self.rfile.readline(65536).decode("latin-1")
            if not line or not (head or line.isascii()):  # a TLS greeting has no lines
                break
            head += line
        self.server.upstream.requests.append(head)
        self.server.upstream.answer(self.request.sendall, self.server.upstream)


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    with _Server(("127.0.0.1", 0), _Connection) as server:
        server.upstream = Upstream(("127.0.0.1", server.server_address[1]))
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.upstream
        finally:
            server.upstream.closing.set()
            server.shutdown()
            thread.join()
