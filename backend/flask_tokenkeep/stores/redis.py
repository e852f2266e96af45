"""How to reach Redis: one server, Sentinel or Cluster, by its address."""

from importlib.resources import files
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from redis import ConnectionPool, Redis, RedisCluster, Sentinel
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.commands.core import Script
from redis.connection import URL_QUERY_ARGUMENT_PARSERS
from redis.exceptions import BusyLoadingError, MasterDownError, ReadOnlyError, RedisClusterException
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

# A request waits about this long for a store that hangs, once, before it answers 503.
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 1.0
REDIS_SCHEMES = (
    "redis", "rediss", "unix",
    "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster",
)  # fmt: skip
# "I am not the server that you want": it has done nothing, so to ask again is safe.
_ELSEWHERE = (ReadOnlyError, MasterDownError, BusyLoadingError)


class OneServer(Redis):
    """A server behind an address that may come to mean another one, as after a managed failover.

    The old one lives on as a replica, and would keep our connections for as long as it does."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except _ELSEWHERE:
            self.connection_pool.disconnect(inuse_connections=False)
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]


class Cluster(Redis):
    """A Redis Cluster that is asked where its slots are at the first command, not before.

    Every command and script that we use names one key, so it is the same on one server and on a cluster."""

    def __init__(self, nodes: list[ClusterNode], options: dict[str, Any]) -> None:
        super().__init__()  # for what all clients have; its own server is never asked
        self._nodes, self._options = nodes, options
        self._cluster: RedisCluster | None = None

    def execute_command(self, *args: Any, **options: Any) -> Any:
        try:
            # Two threads at once make two, and one is forgotten: cheaper than a lock that all would pass.
            cluster = self._cluster or RedisCluster(startup_nodes=self._nodes, **self._options)
            self._cluster = cluster
            return cluster.execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except RedisClusterException as error:  # no node answers, or nobody has the slot
            self._cluster = None
            raise RedisConnectionError(str(error)) from error

    def close(self) -> None:
        super().close()
        if self._cluster:
            self._cluster.close()


def open_redis(url: str) -> Redis:
    """A client for `redis://`, `unix://`, `redis+sentinel://h1:p,h2:p/name/db` or `redis+cluster://h1:p,h2:p`;
    with `rediss` by TLS. It answers bytes. Connects at the first command, once per process.

    User and password stand before the hosts; for the Sentinels themselves as `sentinel_username` and
    `sentinel_password` in the query, which also takes the options of redis-py, such as `ssl_ca_certs`."""
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        # Never by itself: a command whose answer is late may have been done. A connection that died while
        # idle is noticed before anything is sent.
        "retry": Retry(NoBackoff(), 0),
    }
    parts = urlsplit(url)
    scheme, _, kind = parts.scheme.partition("+")
    if not kind:
        return OneServer.from_pool(ConnectionPool.from_url(url, **options))
    options |= {"ssl": True} if scheme == "rediss" else {}
    options |= _query(parts)
    if kind == "sentinel":
        return _open_sentinel(parts, options)
    nodes = [ClusterNode(host, port) for host, port in _hosts(parts, 6379)]  # type: ignore[no-untyped-call]
    return Cluster(nodes, options | _credentials(parts))


def load_script(redis: Redis, package: str, name: str) -> Script:
    """The Lua script in the file `name` of that package, ready to be called. Sends nothing."""
    return redis.register_script(files(package).joinpath(name).read_text(encoding="utf-8"))


def _open_sentinel(parts: SplitResult, options: dict[str, Any]) -> Redis:
    name, _, number = parts.path.strip("/").partition("/")
    own = {key: options.pop(f"sentinel_{key}", None) for key in ("username", "password")}
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        _hosts(parts, 26379),
        sentinel_kwargs=options | {key: value for key, value in own.items() if value},
        **_credentials(parts),
        **options,
    )
    database = {"db": int(number)} if number else {}
    client: Redis = sentinel.master_for(name or "mymaster", redis_class=OneServer, **database)  # type: ignore[no-untyped-call]
    return client


def _query(parts: SplitResult) -> dict[str, Any]:
    parsers: dict[str, Any] = URL_QUERY_ARGUMENT_PARSERS
    return {name: parsers.get(name, str)(value) for name, value in parse_qsl(parts.query)}


def _hosts(parts: SplitResult, default_port: int) -> list[tuple[str, int]]:
    hosts = [urlsplit(f"//{host}") for host in parts.netloc.rpartition("@")[2].split(",")]
    return [(host.hostname or "localhost", host.port or default_port) for host in hosts]


def _credentials(parts: SplitResult) -> dict[str, str]:
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    found = {"username": unquote(user), "password": unquote(password)}
    return {name: value for name, value in found.items() if value}
