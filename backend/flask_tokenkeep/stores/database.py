"""The two stores and how to reach them: Redis for what expires, SQL for what must not be forgotten."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from redis import ConnectionPool, Redis, RedisCluster, Sentinel
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.retry import Retry
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session as OrmSession

# A request waits at most about this long for a store that hangs before it answers 503.
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 1.0
SQL_WAIT_SECONDS = 5
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


class Database:
    """SQL through SQLAlchemy. `write()` is one transaction, `read()` sees what is committed."""

    def __init__(self, url: str) -> None:
        self.engine = _open_engine(_with_driver(url))
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def write(self) -> Iterator[OrmSession]:
        with OrmSession(self.engine, expire_on_commit=False) as orm, orm.begin():
            yield orm

    @contextmanager
    def read(self) -> Iterator[OrmSession]:
        """No transaction, hence one round trip per statement on PostgreSQL and no lock on SQLite."""
        with OrmSession(self._reading, expire_on_commit=False) as orm:
            yield orm

    def ping(self) -> None:
        with self._reading.connect() as connection:
            connection.execute(text("SELECT 1"))


def _with_driver(url: str) -> URL:
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _open_engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url,
            hide_parameters=True,
            connect_args={"timeout": SQL_WAIT_SECONDS},
            pool_timeout=SQL_WAIT_SECONDS,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_writing)
        return engine
    return create_engine(
        url,
        hide_parameters=True,  # an error in the log must not show hashes and addresses
        pool_pre_ping=True,  # a restarted server costs a ping, not a failed request
        pool_timeout=SQL_WAIT_SECONDS,
        connect_args={"connect_timeout": SQL_WAIT_SECONDS, "options": "-c statement_timeout=10000"},
    )


def _begin_writing(connection: Connection) -> None:
    # SQLAlchemy "begins" without a transaction too, and a reader needs no turn.
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: ours begin with IMMEDIATE, because a reader that
    # becomes a writer half-way fails at once instead of waiting its turn.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
