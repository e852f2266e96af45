"""Starting and stopping, in this order: lock, port, secret, Redis, tables, workers; and back."""

import fcntl
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing
from functools import partial
from pathlib import Path
from typing import IO, Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings, HTTP2Settings

from bookshelf.app import create_app
from bookshelf.embedded_redis import EmbeddedRedis, RedisFailed
from bookshelf.environ import HEADER_BYTES
from bookshelf.gateway import TAKE_SECONDS, Gateway
from bookshelf.lanes import Lanes
from bookshelf.settings import ROOT, Settings
from bookshelf.tables import StartFailed, prepare_tables
from bookshelf.workers import BACKLOG, Workers, serve_on_own_socket

HEADER_SECONDS = 10  # for all headers: a client that drips them gives up its connection
CONNECTIONS = 4096  # per worker; further ones wait in the backlog
STREAMS = 32  # of one HTTP/2 connection at once, each with so many bytes that its client has not taken yet
STREAM_BYTES = 64 * 1024
PING_SECONDS = 30  # an HTTP/2 client that answers none is gone
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WORKER_STOP_SECONDS = 2  # for requests that are under way, of the 5 that the whole stop may take


def run(settings: Settings, *, reload: bool = False) -> None:
    os.umask(0o077)  # what lies in DATA_DIR is nobody else's
    stop = StopRequest()
    stop.listen()
    _log_to_stderr()
    try:
        _run(settings, stop, reload=reload)
    except (StartFailed, RedisFailed, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


class StopRequest:
    """A signal to stop while we start. It is raised where we are, for what `with` has to put back; and it is
    kept, since Python drops what is raised in a `__del__` or in the callback of a weak reference."""

    def __init__(self) -> None:
        self.made = False

    def listen(self) -> None:
        for sign in STOP_SIGNALS:
            signal.signal(sign, self._make)

    def _make(self, *_: object) -> None:
        self.made = True
        sys.exit(0)


def _run(settings: Settings, stop: StopRequest, *, reload: bool) -> None:
    with ExitStack() as stack:
        stack.enter_context(_data_dir(settings.data_dir))
        stack.enter_context(_reserved_port(settings.host, settings.port))
        settings = settings.with_secret()
        if not settings.redis_url:
            embedded = EmbeddedRedis(settings.data_dir)
            stack.callback(embedded.stop)
            embedded.start()
            settings = settings.model_copy(update={"redis_url": embedded.url})
        prepare_tables(settings.database_url)
        stack.callback(_stop_undisturbed)
        _serve(settings, stop, reload=reload)


def _data_dir(path: Path) -> AbstractContextManager[IO[bytes]]:
    """DATA_DIR exists, is ours to write, and no other start of ours is using it."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (path / "lock").open("ab")
    except OSError as error:
        raise StartFailed(f"DATA_DIR: can't write to {path} ({error.strerror})") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise StartFailed(f"DATA_DIR: {path} is in use by another start; stop it or choose another") from None
    return lock


def _reserved_port(host: str, port: int) -> AbstractContextManager[socket.socket]:
    """Held as long as we run. Workers listen with SO_REUSEPORT, under which a second start would
    not fail but get half of our requests. So the port is bound alone first, and shared only then."""
    try:
        family, address = _resolve(host, port)
        held = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise StartFailed(f"HOST: {host} is not an address to listen on ({error.strerror})") from None
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind(address)
    except OSError as error:
        held.close()
        raise StartFailed(f"PORT: can't listen on {host}:{port} ({error.strerror})") from None
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return closing(held)


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return found[0], found[4]


def _serve(settings: Settings, stop: StopRequest, *, reload: bool) -> None:
    # A fresh interpreter per worker: no lock, connection or thread of this process is copied into it.
    multiprocessing.set_start_method("spawn", force=True)
    family, address = _resolve(settings.host, settings.port)
    server = Workers(
        "bookshelf",
        address=str(address[0]),
        port=settings.port,
        interface=Interfaces.ASGINL,
        websockets=False,
        workers=1 if reload else settings.workers,
        workers_kill_timeout=WORKER_STOP_SECONDS,
        respawn_failed_workers=True,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        http=HTTPModes.auto if settings.tls_cert else HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=HEADER_BYTES),
        http2_settings=HTTP2Settings(
            max_headers_size=HEADER_BYTES,
            max_concurrent_streams=STREAMS,
            max_send_buffer_size=STREAM_BYTES,
            keep_alive_interval=PING_SECONDS * 1000,
            keep_alive_timeout=PING_SECONDS,
        ),
        ssl_cert=settings.tls_cert,
        ssl_key=settings.tls_key,
        reload=reload,
        reload_paths=[ROOT / "backend"],
        reload_ignore_worker_failure=True,
    )
    server.on_startup(partial(_greet, settings))
    server.on_startup(partial(_listen_by_granian, server, stop))
    serve = partial(serve_on_own_socket, family, address, int(TAKE_SECONDS * 1000))
    server.serve(serve, target_loader=partial(worker, settings), wrap_loader=False)


def worker(settings: Settings) -> Callable[..., Any]:
    """What runs in each worker process."""
    _log_to_stderr()
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    # Ctrl-C reaches the whole process group; the parent is the one who stops us, once.
    os.setpgid(0, 0)
    # The workers share the processors.
    hashes = max(1, settings.auth_hash_concurrency // settings.workers)
    lanes = Lanes(threads=settings.threads, hashes=hashes)
    return Gateway(create_app(settings), lanes).__call__


def _end_with_parent() -> None:
    # Without it a killed parent would leave workers behind that hold the port.
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _greet(settings: Settings) -> None:
    scheme = "https" if settings.tls_cert else "http"
    host = "localhost" if settings.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else settings.host  # noqa: S104
    sys.stdout.write(
        f"\n  Bookshelf is at  {scheme}://{host}:{settings.port}\n"
        f"  Its data is in   {settings.data_dir}\n"
        f"  Stop it with     Ctrl-C\n\n"
    )
    sys.stdout.flush()


def _log_to_stderr() -> None:
    logging.basicConfig(format="[%(levelname)s] %(message)s", level=logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # a newcomer has no use for its steps


def _listen_by_granian(server: Workers, stop: StopRequest) -> None:
    # A closed terminal is a stop; Granian would take it for "reload".
    signal.signal(signal.SIGHUP, server.signal_handler_interrupt)
    if stop.made:
        server.signal_handler_interrupt()  # type: ignore[no-untyped-call]


def _stop_undisturbed() -> None:
    """A second Ctrl-C must not leave Redis behind, half stopped."""
    for sign in STOP_SIGNALS:
        signal.signal(sign, signal.SIG_IGN)
