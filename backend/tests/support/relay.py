"""A way in between: connections to its port go to another one, which can be changed. No pytest in here."""

import contextlib
import socket
import threading

from tests.support.ports import free_port


class Relay:
    """What is connected stays connected to where it went; new connections go to the `target` of then."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self._open: list[socket.socket] = []

    def __enter__(self) -> "Relay":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self.cut()

    def cut(self) -> None:
        """End every connection that there is."""
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                with contextlib.suppress(OSError):
                    far = socket.create_connection(("127.0.0.1", self.target))
                    self._open += [near, far]
                    threading.Thread(target=_pump, args=(near, far), daemon=True).start()
                    threading.Thread(target=_pump, args=(far, near), daemon=True).start()


def _pump(here: socket.socket, there: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := here.recv(65_536):
            there.sendall(data)
    for each in (here, there):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
