"""Crowds: strangers who log in all at once, and clients that never read."""

import socket
import time
from contextlib import ExitStack, closing
from pathlib import Path

from tests.support.app_process import App, running_app
from tests.support.asking import ask, bearer
from tests.support.crowd import crowd_at
from tests.support.processes import children
from tests.support.reader import Reader
from tests.support.waiting import wait_until

REAL_HASHES = {"AUTH_ARGON2_MEMORY_KIB": "19456", "AUTH_ARGON2_TIME": "2", "AUTH_HASH_CONCURRENCY": "2"}
TIMES = 200
DEAF = 1_030


def test_two_hundred_log_ins_at_once_hold_up_nobody_else() -> None:
    with running_app(env=REAL_HASHES) as app:
        token = Reader(app).log_in()
        with crowd_at(app.port) as answers:
            health, books = (_slowest(app, path, token) for path in ("/healthz", "/api/books/7"))
    print(f"{health * 1000:.0f} ms, {books * 1000:.0f} ms beside {dict(answers)}")
    assert set(answers) == {"401", "503"}
    assert health < 0.2, "20 ms where nothing else runs"
    assert books < 0.5, "100 ms where nothing else runs"


def test_a_thousand_clients_that_never_read_hold_up_nobody_else() -> None:
    with running_app() as app, ExitStack() as deaf:
        token, before = Reader(app).log_in(), _megabytes(app)
        head = f"GET /api/books HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        for _ in range(DEAF):
            connection = deaf.enter_context(closing(socket.socket()))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
            connection.connect(("127.0.0.1", app.port))
            connection.sendall(head * 4)
        ours = f"{app.url}/api/books/7"
        wait_until(lambda: ask(ours, headers=bearer(token)).status == 200, "the end of the rush")
        assert _slowest(app, "/api/books/7", token) < 2
        grown = _megabytes(app) - before
        print(f"{grown:.0f} MB more")
        assert grown < 400


def _slowest(app: App, path: str, token: str) -> float:
    """Of so many requests, one after the other, in seconds: all but the slowest twentieth."""
    took = []
    for _ in range(TIMES):
        began = time.monotonic()
        assert ask(f"{app.url}{path}", headers=bearer(token)).status == 200
        took.append(time.monotonic() - began)
    return sorted(took)[TIMES * 19 // 20]


def _megabytes(app: App) -> float:
    """That all its processes hold in memory."""
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in children(app.running.pid)]
    return sum(pages) * 4096 / 1e6
