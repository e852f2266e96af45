"""SQLite: one writer at a time, and a wait for that turn that ends."""

import sqlite3
import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from flask_tokenkeep.budget import FROZEN_SECONDS, PAUSE_SECONDS, POOL_SECONDS, SQL_SECONDS, sql_budget

TURN_SECONDS = 5.0  # where the work at hand has more: a migration at the start


def open_sqlite(url: str) -> tuple[Engine, Callable[[Connection], None]]:
    """An engine for `sqlite:///path`, and how a transaction begins."""
    # hide_parameters: an error in the log must not show hashes and addresses.
    waits = {"timeout": SQL_SECONDS}
    engine = create_engine(url, hide_parameters=True, connect_args=waits, pool_timeout=POOL_SECONDS)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "checkout", _limit_waits)
    return engine, Turns().begin


class Turns:
    """One writes at a time. After one has waited for a turn in vain, for a moment nobody does: so those who
    queue up behind a writer that doesn't end are answered together, and not one after the other."""

    def __init__(self) -> None:
        self._no_wait_until = 0.0

    def begin(self, connection: Connection) -> None:
        began = time.monotonic()
        if began < self._no_wait_until:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        with sql_budget().waiting():
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError:
                if time.monotonic() - began > FROZEN_SECONDS:
                    self._no_wait_until = time.monotonic() + PAUSE_SECONDS
                raise


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: ours begin with IMMEDIATE, because a reader that
    # becomes a writer half-way fails at once instead of waiting its turn.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _limit_waits(connection: sqlite3.Connection, *_: object) -> None:
    longest = min(sql_budget().left, TURN_SECONDS)
    connection.execute(f"PRAGMA busy_timeout = {int(longest * 1000)}")
