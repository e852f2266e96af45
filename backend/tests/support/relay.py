"""What stands between an app and a server: a name that moves, a network that fails. No pytest in here."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator

from tests.support.waiting import DEADLINE_SECONDS

TLS_HANDSHAKE = b"\x16"  # RFC 8446 §5.1: the first byte that a TLS client sends


class Relay:
    """Passes bytes to the port `target`, which may change. Speaks TLS with who begins in TLS, if it can."""

    def __init__(self, target: int, *, tls: ssl.SSLContext | None = None) -> None:
        self.target = target
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._passing = threading.Event()
        self._passing.set()
        self._cutting = False
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def hold_answers(self) -> None:
        """What clients ask still arrives; they hear nothing until `pass_answers`."""
        self._passing.clear()

    def pass_answers(self) -> None:
        self._passing.set()

    def cut(self) -> None:
        """End all connections."""
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def cut_at_next_answer(self) -> None:
        self._cutting = True

    def close(self) -> None:
        self.pass_answers()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        while any(thread.is_alive() for thread in self._threads):
            self.cut()
            for thread in self._threads:
                thread.join(0.1)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                serving = threading.Thread(target=self._serve, args=(client,), daemon=True)
                self._threads.append(serving)
                serving.start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            if self._tls and client.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:
                client = self._tls.wrap_socket(client, server_side=True)
            stack.enter_context(client)
            server = stack.enter_context(socket.create_connection(("127.0.0.1", self.target)))
            self._open |= {client, server}
            stack.callback(self._open.difference_update, {client, server})
            asking = threading.Thread(target=self._ask, args=(client, server), daemon=True)
            asking.start()
            self._answer(server, client)
            asking.join(DEADLINE_SECONDS)

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65_536):
                server.sendall(data)
            server.shutdown(socket.SHUT_RDWR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65_536):
                self._passing.wait(DEADLINE_SECONDS)
                if self._cutting:
                    self._cutting = False
                    break
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def relay(target: int, *, tls: ssl.SSLContext | None = None) -> Iterator[Relay]:
    between = Relay(target, tls=tls)
    try:
        yield between
    finally:
        between.close()
