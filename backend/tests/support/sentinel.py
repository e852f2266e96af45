"""A Sentinel that watches a primary and needs nobody's consent. No pytest in here."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from tests.support.ports import free_port
from tests.support.private_redis import PrivateRedis, redis_binary
from tests.support.waiting import DEADLINE_SECONDS, wait_until


@contextmanager
def sentinel(folder: Path, primary: PrivateRedis) -> Iterator[int]:
    """Its port; it knows the primary as `books`, and its one replica."""
    port = free_port()
    settings = (
        f"port {port}",
        "bind 127.0.0.1",
        f"dir {folder}",
        f"sentinel monitor books 127.0.0.1 {primary.port} 1",
        "sentinel down-after-milliseconds books 500",
    )
    config = folder / "sentinel.conf"
    config.write_text("\n".join(settings) + "\n")
    process = subprocess.Popen([redis_binary(), str(config), "--sentinel"], stdout=subprocess.DEVNULL)
    try:
        with Redis(port=port, decode_responses=True) as watcher:
            wait_until(lambda: _replicas(watcher) == 1, "a Sentinel that knows the replica")
        yield port
    finally:
        process.terminate()
        process.wait(DEADLINE_SECONDS)


def _replicas(watcher: "Redis[Any]") -> int:
    try:
        return sum("disconnected" not in each["flags"] for each in watcher.sentinel_slaves("books"))
    except RedisError:
        return 0
