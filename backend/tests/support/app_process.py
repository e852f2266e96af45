"""The real programs that tests talk to: our server, a Redis, an upstream. No pytest in here."""

import contextlib
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import redis
from sqlalchemy import create_engine, make_url, text

from bookshelf.embedded_redis import find_binary
from tests.support.places import BACKEND

DEADLINE_SECONDS = 30.0
CHEAP_HASHES = {
    "AUTH_ARGON2_MEMORY_KIB": "8",
    "AUTH_ARGON2_TIME": "1",
    "AUTH_HASH_CONCURRENCY": "8",
}
# For tests that are about something else; those of the limits set their own.
WIDE_LIMITS = {
    "AUTH_LIMIT_LOGIN_FAILURES": "1000000",
    "AUTH_LIMIT_LOGIN_PER_ADDRESS": "1000000/second",
    "AUTH_LIMIT_REGISTER": "1000000/second",
    "AUTH_LIMIT_FORGOT_PER_ACCOUNT": "1000000/second",
    "AUTH_LIMIT_FORGOT_PER_ADDRESS": "1000000/second",
    "AUTH_LIMIT_CODE_PER_ADDRESS": "1000000/second",
}
# What the tests' own environment may say, and none of ours should hear.
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


def wait_until(condition: Callable[[], object], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Look again and again, for real processes only."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Reply:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def ask(
    url: str, method: str = "GET", *, body: Any = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """One request; a 4xx is an answer like any other. `body` is sent as JSON unless it is bytes."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    sent = (
        {"Content-Type": "application/json", **(headers or {})} if data is not None else dict(headers or {})
    )
    request = urllib.request.Request(url, data, sent, method=method)
    try:
        with _opener.open(request, timeout=15) as answer:
            return Reply(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.headers, error.read())


def environment(data_dir: Path, port: int, env: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    ours = {"PORT": str(port), "DATA_DIR": str(data_dir), "WORKERS": "2", "BOOKS_URL": "http://127.0.0.1:9/"}
    return kept | CHEAP_HASHES | WIDE_LIMITS | ours | dict(env or {})


@dataclass
class App:
    """`python main.py`, in a session of its own as from a terminal."""

    data_dir: Path
    env: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    arguments: tuple[str, ...] = ()
    scheme: str = "http"

    def __post_init__(self) -> None:
        self.output = self.data_dir.with_name(f"{self.data_dir.name[:60]}.{self.port}.out")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None
        return self.process

    def start(self, *, ready: bool = True) -> "App":
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(BACKEND / "main.py"), *self.arguments],
                env=environment(self.data_dir, self.port, self.env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        if ready:
            self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        wait_until(lambda: self.running.poll() is not None or self.is_ready(), f"readiness\n{self.said}")
        if self.running.poll() is not None:
            raise RuntimeError(f"ended with {self.running.returncode}:\n{self.said}")

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError):
            return ask(f"{self.url}/readyz").status == 200
        return False

    @property
    def said(self) -> str:
        return self.output.read_text() if self.output.exists() else ""

    def signal_group(self, sign: signal.Signals) -> None:
        """As Ctrl-C in a terminal: to every process that is still in the group."""
        os.killpg(self.running.pid, sign)

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to stop and insist on a clean end within the 5 s that are promised."""
        if self.running.poll() is None:
            self.running.send_signal(sign)
        self.expect_clean_end()

    def expect_clean_end(self) -> None:
        code = self.running.wait(5)
        assert code == 0, f"exit code {code}:\n{self.said}"

    def __enter__(self) -> "App":
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self.running.poll() is None:
            self.stop()
        elif self.running.poll() is None:
            self.running.terminate()
            self.running.wait(10)


@contextlib.contextmanager
def running_app(
    data_dir: Path | None = None, *, env: Mapping[str, str] | None = None, **more: Any
) -> Iterator[App]:
    with (
        tempfile.TemporaryDirectory(prefix="app-") as folder,
        App(data_dir or Path(folder) / "data", env=env or {}, **more) as app,
    ):
        yield app


def redis_binary() -> str:
    return find_binary()


class PrivateRedis:
    """A Redis of the test's own, on a free port, that can be stopped, frozen and started again."""

    def __init__(self, *, port: int | None = None, arguments: tuple[str, ...] = ()) -> None:
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._arguments = arguments
        self._folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [redis_binary(), *self._options(), *self._arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self.answers, "the private Redis")

    def _options(self) -> list[str]:
        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        return [*where, "--save", "", "--appendonly", "yes", "--appendfsync", "always"]

    def answers(self) -> bool:
        with redis.Redis(port=self.port, socket_timeout=1) as client, contextlib.suppress(redis.RedisError):
            return bool(client.ping())
        return False

    def stop(self) -> None:
        """Gone, with its data kept for the next `start`."""
        if self._process:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def freeze(self) -> None:
        """It accepts connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> "PrivateRedis":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextlib.contextmanager
def cluster_of_one() -> Iterator[str]:
    """The address of a Redis Cluster: one node, which has all the slots."""
    while (port := free_port()) > 55_000:  # the cluster's own port is 10,000 above it
        pass
    with PrivateRedis(port=port, arguments=("--cluster-enabled", "yes")) as server:
        with redis.Redis(port=port) as node:
            node.execute_command("CLUSTER ADDSLOTS", *range(16_384))
            wait_until(lambda: node.cluster("INFO")["cluster_state"] == "ok", "the cluster")
        yield f"redis+cluster://127.0.0.1:{server.port}"


@contextlib.contextmanager
def empty_postgres(server_url: str) -> Iterator[str]:
    """A database of its own on that server, as a SQLAlchemy address, and gone afterwards."""
    server = make_url(server_url).set(drivername="postgresql+psycopg")
    name = f"test_{uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


class Upstream:
    """Stands in for the catalogue's source. `mode`: books, slow, html, half, error, or down."""

    def __init__(self, books: list[dict[str, Any]]) -> None:
        self.mode = "books"
        self.asked = 0
        self._body = json.dumps(books).encode()
        self._released = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/api/books"

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        upstream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                upstream.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def answer(self, to: http.server.BaseHTTPRequestHandler) -> None:
        self.asked += 1
        if self.mode == "down":
            to.close_connection = True
            return
        if self.mode == "slow":
            self._released.wait(60)
        to.send_response(500 if self.mode == "error" else 200)
        to.send_header("Content-Type", "text/html" if self.mode == "html" else "application/json")
        to.send_header("Content-Length", str(len(self._body)))
        to.end_headers()
        half = len(self._body) // 2 if self.mode == "half" else None
        with contextlib.suppress(OSError):  # a client that gave up
            to.wfile.write(self._body[:half])
        to.close_connection = True

    def __enter__(self) -> "Upstream":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
