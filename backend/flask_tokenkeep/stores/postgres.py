"""PostgreSQL with a deadline of our own, and nothing left behind in a session that may be another's next."""

import threading
import time
from collections.abc import Callable, Generator
from typing import Any, ClassVar, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import ConnectionTimeout
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event

from flask_tokenkeep.budget import FROZEN_SECONDS, PAUSE_SECONDS, POOL_SECONDS, SQL_SECONDS, sql_budget

READ_ONLY = "25006"  # read_only_sql_transaction

Returned = TypeVar("Returned")


class Outage:
    """Remembers that the server is frozen: for a moment nobody waits for it, and then one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: float | None = None

    def demand_over(self) -> None:
        """Raises ConnectionTimeout, at once, while the server is not to be tried."""
        now = time.monotonic()
        with self._lock:
            if self._until is None:
                return
            if now < self._until:
                raise ConnectionTimeout("the server did not answer a moment ago")
            self._until = now + SQL_SECONDS + PAUSE_SECONDS  # we try; the others needn't wait for it as well

    def begin(self) -> None:
        self._until = time.monotonic() + PAUSE_SECONDS

    def end(self) -> None:
        self._until = None


class PatientConnection(psycopg.Connection[Any]):
    """Waits no longer than the budget of the work at hand, and is closed when that is spent.

    libpq's `connect_timeout` is 2 seconds at least and for each host anew, the server's `statement_timeout`
    needs a server that runs, and TCP's time-outs a kernel that doesn't acknowledge: none of them ends the
    wait for one that was stopped."""

    outage: ClassVar[Outage]
    hosts: ClassVar[int]

    @classmethod
    def _connect_gen(cls, *args: Any, **more: Any) -> Any:
        longest = SQL_SECONDS / cls.hosts  # so that the next host is reached too, where this one is frozen
        return (yield from _within_budget(super()._connect_gen(*args, **more), cls.outage, longest))

    def wait(self, gen: Any, *args: Any, **more: Any) -> Any:
        try:
            return super().wait(_within_budget(gen, self.outage), *args, **more)
        except ConnectionTimeout:
            self.pgconn.finish()  # an answer that comes late must not be taken for the next one's
            raise


def _within_budget(
    waits: Generator[Any, Any, Returned], outage: Outage, longest: float = float("inf")
) -> Generator[Any, Any, Returned]:
    """The same waits, as long as the budget lasts: psycopg comes back ten times a second."""
    began = time.monotonic()
    with sql_budget().waiting() as deadline:
        try:
            ready = yield next(waits)
            while time.monotonic() < min(deadline, began + longest):
                ready = yield waits.send(ready)
        except StopIteration as ended:
            outage.end()
            returned: Returned = ended.value
            return returned
        except psycopg.Error:  # an answer too, or a connection that was refused
            outage.end()
            raise
    if time.monotonic() - began > FROZEN_SECONDS:
        outage.begin()
    raise ConnectionTimeout("the server did not answer in time")


def open_postgres(url: str) -> tuple[Engine, Callable[[Connection], None]]:
    """An engine, and how a transaction begins. `postgresql://…` or `postgres://…` as libpq understands them:
    with any of its options, several hosts, or a socket's folder as `?host=`. Raises ValueError for others."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=_connector("postgresql://" + url.partition("://")[2]),
        hide_parameters=True,  # an error in the log must not show hashes and addresses
        pool_pre_ping=True,  # a restarted server, or a pooler that closes what is idle, costs a ping
        pool_timeout=POOL_SECONDS,
    )
    event.listen(engine, "handle_error", _leave_what_is_read_only)
    return engine, _begin


def _connector(url: str) -> Callable[[], PatientConnection]:
    try:
        options = conninfo_to_dict(url)
    except psycopg.ProgrammingError as mistake:
        # libpq quotes what it doesn't understand: maybe part of a password, unless it is a parameter's name.
        said = str(mistake).strip()
        reason = said if "query parameter" in said else "see PostgreSQL's documentation, 'Connection URIs'"
        raise ValueError(f"DATABASE_URL: is no address of a PostgreSQL database ({reason})") from None

    class Connecting(PatientConnection):
        outage = Outage()
        hosts = str(options.get("host", "")).count(",") + 1

    def connect() -> PatientConnection:
        Connecting.outage.demand_over()
        # No prepared statements: behind a pooler the next transaction may meet another server process.
        return Connecting.connect(url, autocommit=True, prepare_threshold=None)

    return connect


def _begin(connection: Connection) -> None:
    """One round trip; SET LOCAL ends with the transaction, and a pooler's next client doesn't meet it."""
    # The server gives up before we do: it then lets go of the locks, and lives on for the others.
    longest_ms = max(1, int(sql_budget().left * 750))
    connection.exec_driver_sql(f"BEGIN; SET LOCAL statement_timeout = {longest_ms}")


def _leave_what_is_read_only(context: ExceptionContext) -> None:
    # A primary that became a replica: the name leads to another one now, for those who connect anew.
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True
