"""A client of Redis that answers in time, and repeats nothing that may have been done already."""

import re
import time
from collections.abc import Mapping
from importlib.resources import files
from threading import Lock
from typing import Any

from redis import ConnectionPool, Redis, RedisCluster, Sentinel
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.commands.core import Script
from redis.exceptions import (
    AskError,
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,  # noqa: A004
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    TimeoutError,  # noqa: A004
    TryAgainError,
)
from redis.retry import Retry
from redis.sentinel import SentinelConnectionPool

from flask_tokenkeep.stores.redis_url import RedisAddress, parse_redis_url

# With these a request is answered within 2 s: one of its commands finds out, the others fail at once.
CONNECT_SECONDS = 0.5
ANSWER_SECONDS = 1.0
NODE_SECONDS = 0.3  # Sentinels and the nodes of a Cluster: several may be asked one after the other
LATE_SECONDS = 0.25  # what took longer to fail than this is silent, not gone
PAUSE_SECONDS = 0.5
TRY_SECONDS = 2.0  # within which the one who tries has an answer, or none
MAX_CONNECTIONS = 100  # per process; beyond, a command fails at once instead of waiting for a free one

# Commands that may be sent twice: the second time changes nothing more.
_REPEATABLE = frozenset({"GET", "HGET", "HMGET", "DEL", "PING"})
# Words with which a server refuses before it does anything, where redis-py takes them off its message.
_WORDS: Mapping[type[RedisError], str] = {
    ReadOnlyError: "READONLY",
    OutOfMemoryError: "OOM",
    BusyLoadingError: "LOADING",
    ClusterDownError: "CLUSTERDOWN",  # and MASTERDOWN
    AskError: "ASK",  # and MOVED
    TryAgainError: "TRYAGAIN",
}
# Those that it leaves there, and what Redis 6 says of a refusal within a script.
_WORD = re.compile(r"(?:^|: -)(READONLY|OOM|NOREPLICAS|MISCONF)\b")
_FORMER_PRIMARY = "The previous master is now a slave"  # redis-py's word for READONLY, with Sentinel
CANNOT_WRITE = frozenset({"READONLY", "OOM", "NOREPLICAS", "MISCONF"})


class TimelyRedis(Redis):
    """redis-py's client, with one budget for all commands and our own rule for repeating them.

    A server that doesn't answer costs one caller at a time up to a second; meanwhile, and for PAUSE_SECONDS
    after, commands fail at once. Else each command of each request would wait that second anew, until no
    thread is left. redis-py's own retries are off: they repeat whatever wasn't answered, so a proof that a
    slow server did note would be noted again, and be refused as used."""

    _silent_until = 0.0  # on the monotonic clock; 0 while it answers

    def __init__(self, pool: ConnectionPool) -> None:
        super().__init__(connection_pool=pool)
        self.auto_close_connection_pool = True
        self._turn = Lock()

    def execute_command(self, *args: Any, **options: Any) -> Any:
        self._demand_hope()
        began, silent = time.monotonic(), False
        try:
            return self._ask(began, *args, **options)
        except (ConnectionError, TimeoutError):
            silent = time.monotonic() - began > LATE_SECONDS
            raise
        finally:
            self._silent_until = time.monotonic() + PAUSE_SECONDS if silent else 0.0

    def _demand_hope(self) -> None:
        """Raises ConnectionError while Redis is silent, but for the one whose turn it is to try again."""
        if not self._silent_until:
            return
        with self._turn:
            now = time.monotonic()
            if now < self._silent_until:
                raise ConnectionError("Redis has not answered a moment ago")
            if self._silent_until:  # else somebody was answered just now
                self._silent_until = now + TRY_SECONDS

    def _ask(self, began: float, *args: Any, **options: Any) -> Any:
        try:
            return self._send(*args, **options)
        except RedisError as error:
            if not _may_be_repeated(error, args[0]) or time.monotonic() - began > LATE_SECONDS:
                raise
        self._drop_idle_connections()
        return self._send(*args, **options)

    def _send(self, *args: Any, **options: Any) -> Any:
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def _drop_idle_connections(self) -> None:
        """All of them lead to where the one led that was refused. Those in use are other callers'."""
        self.connection_pool.disconnect(inuse_connections=False)


class TimelyCluster(TimelyRedis):
    """The same for a Cluster, which is looked up at the first command: RedisCluster connects where it is
    built, and a cluster that is away at the start is no mistake. `pool` leads to one of its nodes."""

    _cluster: RedisCluster | None = None

    def __init__(self, pool: ConnectionPool, address: RedisAddress) -> None:
        super().__init__(pool)
        self._address = address

    def _send(self, *args: Any, **options: Any) -> Any:
        try:
            if self._cluster is None:  # two at once may both look it up; one of them is kept
                self._cluster = _open_cluster(self._address)
            return self._cluster.execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except RedisClusterException as error:  # which is no RedisError
            raise ConnectionError("The cluster can't be reached") from error

    def _drop_idle_connections(self) -> None:
        """RedisCluster does that by itself, node by node."""

    def close(self) -> None:
        super().close()
        if self._cluster is not None:
            self._cluster.close()


def open_redis(url: str) -> TimelyRedis:
    """A client for an address as parse_redis_url takes it. It answers bytes, connects at the first command,
    and may be used after a fork. Raises ValueError for an address that can't be used."""
    address = parse_redis_url(url)
    try:
        pool = _open_pool(address)
        pool.connection_class(**pool.connection_kwargs)  # else the first command would say what is wrong
    except (TypeError, RedisError) as error:
        raise ValueError(f"has an option that can't be used: {error}") from None
    return TimelyCluster(pool, address) if address.kind == "cluster" else TimelyRedis(pool)


def load_script(redis: Redis, package: str, name: str) -> Script:
    """The Lua script in the file `name` of that package, ready to be called. Sends nothing."""
    return redis.register_script(files(package).joinpath(name).read_text(encoding="utf-8"))


def _open_pool(address: RedisAddress) -> ConnectionPool:
    options = address.options | _bounds(CONNECT_SECONDS, ANSWER_SECONDS)
    options.setdefault("max_connections", MAX_CONNECTIONS)
    if address.kind == "":
        return ConnectionPool(**options)
    if address.kind == "sentinel":
        return _open_sentinel(address, options)
    host, port = address.hosts[0]
    return Redis(host=host, port=port, **options).connection_pool


def _open_sentinel(address: RedisAddress, options: dict[str, Any]) -> ConnectionPool:
    watchers = (address.sentinel_options or {}) | _bounds(NODE_SECONDS, NODE_SECONDS)
    sentinels = Sentinel(address.hosts, sentinel_kwargs=watchers)  # type: ignore[no-untyped-call]
    return SentinelConnectionPool(address.name, sentinels, **options)  # type: ignore[no-untyped-call]


def _open_cluster(address: RedisAddress) -> RedisCluster:
    nodes = [ClusterNode(host, port) for host, port in address.hosts]  # type: ignore[no-untyped-call]
    bounds = _bounds(NODE_SECONDS, NODE_SECONDS)
    return RedisCluster(startup_nodes=nodes, **(address.options | bounds))


def _bounds(connect_seconds: float, answer_seconds: float) -> dict[str, Any]:
    """What the URL doesn't decide."""
    return {
        "socket_connect_timeout": connect_seconds,
        "socket_timeout": answer_seconds,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,  # by 3, a managed Redis may announce maintenance, and redis-py would wait for 10 s
        "decode_responses": False,
    }


def refusal_of(error: RedisError) -> str:
    """The word with which Redis says that it has done nothing, as READONLY or OOM; "" where it may have."""
    known = next((word for kind, word in _WORDS.items() if isinstance(error, kind)), "")
    said = _WORD.search(str(error))
    return known or (said[1] if said else "") or ("READONLY" if str(error) == _FORMER_PRIMARY else "")


def _may_be_repeated(error: RedisError, command: str) -> bool:
    # It is no primary, or can't write just now: where one name leads to changing servers, a new connection
    # may lead to the right one. That it is full is no reason to leave it.
    if word := refusal_of(error):
        return word != "OOM"
    return isinstance(error, ConnectionError) and command in _REPEATABLE
