"""SQL: one engine, transactions, and the lock on a user's row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.stores.models import User
from flask_tokenkeep.stores.sqlite import open_sqlite

SQL_SCHEMES = ("postgresql", "sqlite")
_LAST = "tokenkeep_last"
READING = "tokenkeep_reading"  # the execution option of connections that begin no transaction


class Database:
    """The way to SQL: `write()` is one transaction, `read()` sees what is committed.

    Either waits no longer than the budget of the work at hand (budget.py)."""

    def __init__(self, url: str) -> None:
        """`postgresql://…` or `sqlite:///…`; connects at the first statement.

        Raises ValueError for an address that can't be understood."""
        self.engine = _open_engine(url)
        self._reading = self.engine.execution_options(**{READING: True})

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


def before_commit(sql: OrmSession, act: Callable[[], object], *, first: bool = False) -> None:
    """Do this in Redis when SQL has taken everything of this transaction, right before its commit: whichever
    of them fails, what was to end has not ended, and a 503 is all that happened.

    `first`: before all that is there so far. For what Redis may refuse, since it writes something new, so
    that nothing is deleted by then."""
    acts = sql.info.setdefault(_LAST, [])
    acts.insert(0 if first else len(acts), act)


def lock_user(sql: OrmSession, user_id: UUID) -> User | None:
    """The user's row, for this transaction alone until it ends; None if there is no such user.

    Always before rows of their sessions: two who lock in different orders wait for each other."""
    return sql.get(User, user_id, with_for_update=True, populate_existing=True)


def _open_engine(url: str) -> Engine:
    if url.startswith("sqlite"):
        engine, begin = open_sqlite(url)
    else:
        try:  # psycopg is an extra: whoever has SQLite needn't have it
            from flask_tokenkeep.stores.postgres import open_postgres
        except ImportError:
            raise ValueError("DATABASE_URL: needs pip install 'flask-tokenkeep[postgres]'") from None
        engine, begin = open_postgres(url)

    def begin_unless_reading(connection: Connection) -> None:
        if not connection.get_execution_options().get(READING):
            begin(connection)

    event.listen(engine, "begin", begin_unless_reading)
    return engine
