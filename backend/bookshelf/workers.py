"""The worker processes: each listens by itself, and is replaced when it dies, for ever."""

import logging
import socket
import time
from collections import Counter
from typing import Any

from granian._granian import SocketHolder
from granian.server import MPServer

from bookshelf.backoff import backoff_seconds

log = logging.getLogger(__name__)

BACKLOG = 1024  # connections that wait for a worker to take them
BACKOFF_SECONDS = (0.1, 5.0)  # first and longest wait before a worker that died is replaced
STEADY_SECONDS = 30.0  # alive for so long, it begins again with the first wait


class Workers(MPServer):
    """Granian's server, which goes on: Granian's own ends everything when a worker dies twice within 5.5 s,
    so that whoever finds a request that crashes one could end the service."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self._failures: Counter[int] = Counter()

    def _init_shared_socket(self) -> None:
        """Each worker makes its own: see serve_on_own_socket."""
        self._sso = self._ssp = self._shd = None

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        due: dict[int, float] = {}
        while not self.interrupt_signal:
            self.main_loop_interrupt.wait(max(0.0, min(due.values()) - time.monotonic()) if due else None)
            self.main_loop_interrupt.clear()
            while self.interrupt_children:
                index = self.interrupt_children.pop()
                due[index] = time.monotonic() + self._pause(index)
            for index in [index for index, moment in due.items() if moment <= time.monotonic()]:
                del due[index]
                self._respawn_workers([index], spawn_target, target_loader)
        self.interrupt_children.clear()  # at a stop it is no failure

    def _pause(self, index: int) -> float:
        """Seconds until the worker of this number, which has died, is replaced."""
        if time.monotonic() - self.wrks[index].birth > STEADY_SECONDS:
            self._failures[index] = 0
        self._failures[index] += 1
        return backoff_seconds(self._failures[index], *BACKOFF_SECONDS)


def serve_on_own_socket(
    family: socket.AddressFamily,
    address: Any,
    take_milliseconds: int,
    worker_id: int,
    process_name: str,
    callback_loader: Any,
    _sockets: Any,
    *rest: Any,
) -> None:
    """What a worker process runs. The kernel deals new connections out among the workers' sockets: of one for
    all, the worker that happens to be awake would take everything.

    As Granian does it, but that a client which takes nothing of its answer ends after `take_milliseconds`."""
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; handed on to every connection
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, take_milliseconds)
    listening.bind(address)
    listening.listen(BACKLOG)
    holder = SocketHolder(listening.fileno(), False, BACKLOG)  # type: ignore[call-arg]  # no unix socket
    run = MPServer._spawn_asgi_worker  # noqa: SLF001
    run(worker_id, process_name, callback_loader, ((None, holder), listening), *rest)
