"""A client of HTTP/2 that does what a library would not. No pytest in here."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded

from tests.support.waiting import DEADLINE_SECONDS


class Http2:
    """One connection, with one request at a time."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._socket = connection
        # It may send what HTTP/2 forbids.
        self._h2 = H2Connection(H2Configuration(validate_outbound_headers=False))
        self._h2.initiate_connection()
        self._stream = -1

    def begin(self, method: str, path: str, *headers: tuple[str, str], end: bool = False) -> None:
        self._stream += 2
        pseudo = [(":method", method), (":path", path), (":scheme", "https"), (":authority", "localhost")]
        self._h2.send_headers(self._stream, [*pseudo, *headers], end_stream=end)
        self._flush()

    def send(self, data: bytes, *, end: bool = False) -> None:
        self._h2.send_data(self._stream, data, end_stream=end)
        self._flush()

    def break_off(self) -> None:
        self._h2.reset_stream(self._stream)
        self._flush()

    def answer(self) -> tuple[int, bytes]:
        status, body = 0, b""
        while True:
            for event in self._h2.receive_data(self._socket.recv(65_536)):
                if isinstance(event, ResponseReceived):
                    status = int(dict(event.headers)[b":status"])
                elif isinstance(event, DataReceived):
                    body += event.data
                    self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, StreamEnded):
                    return status, body
            self._flush()

    def _flush(self) -> None:
        self._socket.sendall(self._h2.data_to_send())


@contextmanager
def http2(port: int, ca: Path) -> Iterator[Http2]:
    context = ssl.create_default_context(cafile=str(ca))
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        yield Http2(connection)
