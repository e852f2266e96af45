"""The worker processes: one listening socket for all of them, and each is replaced when it dies, for ever."""

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
    """Granian's server but for two things.

    It listens on a socket of ours: with one of its own per worker, as Granian has on Linux, the connections
    that wait for a worker die with it. And it goes on: Granian ends everything when a worker dies twice
    within 5.5 s, so that whoever finds a request that crashes one could end the service."""

    def __init__(self, listening: socket.socket, **options: Any) -> None:
        super().__init__("bookshelf", **options)
        self._listening = listening
        self._failures: Counter[int] = Counter()

    def _init_shared_socket(self) -> None:
        self._sso, self._ssp, self._shd = self._listening, None, None

    def _drop_shared_socket(self) -> None:
        """Whoever made the socket closes it."""

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


def serve_on_shared_socket(
    worker_id: int, process_name: str, callback_loader: Any, sockets: Any, *rest: Any
) -> None:
    """What a worker process runs. Granian wants the number that the socket has here."""
    _, listening = sockets
    holder = SocketHolder(listening.fileno(), False, BACKLOG)  # type: ignore[call-arg]  # no unix socket
    run = MPServer._spawn_asgi_worker  # noqa: SLF001
    run(worker_id, process_name, callback_loader, ((None, holder), listening), *rest)
