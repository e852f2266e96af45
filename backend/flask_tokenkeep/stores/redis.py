"""How to reach Redis: one server, Sentinel or Cluster, by its address."""

from importlib.resources import files
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from redis import ConnectionPool, Redis, RedisCluster, Sentinel
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.commands.core import Script
from redis.retry import Retry

# A request waits at most about this long for a store that hangs before it answers 503.
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 1.0
REDIS_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "redis+cluster")


def open_redis(url: str) -> Redis:
    """A client for `redis://`, `rediss://`, `unix://`, `redis+sentinel://h1:p,h2:p/name` or
    `redis+cluster://h1:p,h2:p`. It answers bytes. Connects at the first command, once per process."""
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        # One new try, at once: it repairs a connection that died while idle. Our scripts may be repeated.
        "retry": Retry(NoBackoff(), 1),
    }
    scheme = urlsplit(url).scheme
    if scheme == "redis+sentinel":
        return _open_sentinel(url, options)
    if scheme == "redis+cluster":
        nodes = [ClusterNode(host, port) for host, port in _hosts(url, 6379)]  # type: ignore[no-untyped-call]
        # redis-py types the two clients apart, though every command that we use is on both.
        return cast("Redis", RedisCluster(startup_nodes=nodes, **(options | _credentials(url))))
    return Redis.from_pool(ConnectionPool.from_url(url, **options))


def load_script(redis: Redis, package: str, name: str) -> Script:
    """The Lua script in the file `name` of that package, ready to be called. Sends nothing."""
    return redis.register_script(files(package).joinpath(name).read_text(encoding="utf-8"))


def _open_sentinel(url: str, options: dict[str, Any]) -> Redis:
    name = urlsplit(url).path.strip("/") or "mymaster"
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        _hosts(url, 26379), sentinel_kwargs=options, **_credentials(url), **options
    )
    return cast("Redis", sentinel.master_for(name))  # type: ignore[no-untyped-call]


def _hosts(url: str, default_port: int) -> list[tuple[str, int]]:
    hosts = [urlsplit(f"//{host}") for host in urlsplit(url).netloc.rpartition("@")[2].split(",")]
    return [(host.hostname or "localhost", host.port or default_port) for host in hosts]


def _credentials(url: str) -> dict[str, str]:
    user, _, password = urlsplit(url).netloc.rpartition("@")[0].partition(":")
    found = {"username": unquote(user), "password": unquote(password)}
    return {name: value for name, value in found.items() if value}
