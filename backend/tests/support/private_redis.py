"""Redis servers of the tests' own. No pytest in here."""

import contextlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import redis

from bookshelf.embedded_redis import find_binary
from tests.support.ports import free_port
from tests.support.waiting import DEADLINE_SECONDS, wait_until


def redis_binary() -> str:
    return find_binary()


STOP_SECONDS = 10.0


class PrivateRedis:
    """A Redis of the test's own, on a free port, that can be stopped, frozen and started again."""

    def __init__(self, *, port: int | None = None, arguments: tuple[str, ...] = ()) -> None:
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._arguments = arguments
        self.folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [redis_binary(), *self._options(), *self._arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self.answers, "the private Redis")

    def _options(self) -> list[str]:
        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
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
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:  # Redis 6 loses a SIGTERM while it writes its file anew
                self._process.kill()
                self._process.wait()
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
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def sentinel(primary_port: int, *settings: str) -> Iterator[int]:
    """The port of a Sentinel that needs nobody's consent; it calls the primary `books`."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="sentinel-") as folder:
        config = Path(folder) / "sentinel.conf"
        own = (f"port {port}", "bind 127.0.0.1", f"dir {folder}")
        watching = f"sentinel monitor books 127.0.0.1 {primary_port} 1"
        config.write_text("\n".join((*own, watching, *settings)) + "\n")
        process = subprocess.Popen([redis_binary(), str(config), "--sentinel"], stdout=subprocess.DEVNULL)
        try:
            yield port
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


def replicas_known(sentinel_port: int) -> int:
    """To the Sentinel on this port, of `books`."""
    with redis.Redis(port=sentinel_port, decode_responses=True) as watcher:
        try:
            return sum("disconnected" not in each["flags"] for each in watcher.sentinel_slaves("books"))
        except redis.RedisError:
            return 0


@contextlib.contextmanager
def cluster_node(*arguments: str) -> Iterator[PrivateRedis]:
    """A node of a Redis Cluster that has no slots yet, and so serves nothing."""
    while (port := free_port()) > 55_000:  # the cluster's own port is 10,000 above it
        pass
    with PrivateRedis(port=port, arguments=("--cluster-enabled", "yes", *arguments)) as server:
        yield server


def give_all_slots(server: PrivateRedis) -> None:
    with redis.Redis(port=server.port) as node:
        node.execute_command("CLUSTER ADDSLOTS", *range(16_384))
        wait_until(lambda: node.cluster("INFO")["cluster_state"] == "ok", "the cluster")


@contextlib.contextmanager
def cluster_of_one() -> Iterator[str]:
    """The address of a Redis Cluster: one node, which has all the slots."""
    with cluster_node() as server:
        give_all_slots(server)
        yield f"redis+cluster://127.0.0.1:{server.port}"
