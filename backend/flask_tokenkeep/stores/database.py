"""SQL: one engine, transactions, and the lock on a user's row."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.stores.models import User

SQL_WAIT_SECONDS = 5  # for a connection, and on SQLite for the one that writes
_LAST = "tokenkeep_last"  # in Session.info
SQL_SCHEMES = ("postgresql", "sqlite")


class Database:
    """The way to SQL: `write()` is one transaction, `read()` sees what is committed."""

    def __init__(self, url: str) -> None:
        """`postgresql://…` or `sqlite:///…`; connects at the first statement."""
        self.engine = _open_engine(_with_driver(url))
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def write(self) -> Iterator[OrmSession]:
        """One transaction: committed at the end of the block, undone if the block raises."""
        with OrmSession(self.engine, expire_on_commit=False) as orm, orm.begin():
            yield orm
            orm.flush()
            for act in orm.info.pop(_LAST, ()):
                act()

    @contextmanager
    def read(self) -> Iterator[OrmSession]:
        """A look at what is committed. Without a transaction: one round trip per statement on PostgreSQL, no
        lock on SQLite."""
        with OrmSession(self._reading, expire_on_commit=False) as orm:
            yield orm

    def ping(self) -> None:
        """Raises SQLAlchemyError if the database doesn't answer."""
        with self._reading.connect() as connection:
            connection.execute(text("SELECT 1"))


def before_commit(sql: OrmSession, act: Callable[[], object], *, first: bool = False) -> None:
    """Do this in Redis once all SQL of the transaction was said, and only then commit: whichever of them
    fails, what is to end has not ended, and a 503 is all that happened.

    `first`: before all that is there so far. For what Redis may refuse (it writes something new), so that
    nothing is deleted by then."""
    acts = sql.info.setdefault(_LAST, [])
    acts.insert(0 if first else len(acts), act)


def lock_user(sql: OrmSession, user_id: UUID) -> User | None:
    """The user's row, for this transaction alone until it ends; None if there is no such user.

    Always before rows of their sessions: two who lock in different orders wait for each other."""
    return sql.get(User, user_id, with_for_update=True, populate_existing=True)


def _with_driver(url: str) -> URL:
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def _open_engine(url: URL) -> Engine:
    # hide_parameters: an error in the log must not show hashes and addresses.
    if url.get_backend_name() != "sqlite":
        return create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,  # a restarted server costs a ping, not a failed request
            pool_timeout=SQL_WAIT_SECONDS,
            connect_args={"connect_timeout": SQL_WAIT_SECONDS, "options": "-c statement_timeout=10000"},
        )
    waits = {"timeout": SQL_WAIT_SECONDS}
    engine = create_engine(url, hide_parameters=True, connect_args=waits, pool_timeout=SQL_WAIT_SECONDS)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_writing)
    return engine


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
