"""SQLite: one writer at a time, and a wait for that turn that ends."""

import sqlite3

from sqlalchemy import Connection, Engine, create_engine, event

from flask_tokenkeep.budget import POOL_SECONDS, SQL_SECONDS, sql_budget

TURN_SECONDS = 5.0  # where the work at hand has more: a migration at the start


def open_sqlite(url: str) -> Engine:
    """An engine for `sqlite:///path`."""
    # hide_parameters: an error in the log must not show hashes and addresses.
    waits = {"timeout": SQL_SECONDS}
    engine = create_engine(url, hide_parameters=True, connect_args=waits, pool_timeout=POOL_SECONDS)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "checkout", _limit_waits)
    return engine


def begin_sqlite(connection: Connection) -> None:
    """Wait for the turn to write, and begin."""
    with sql_budget().waiting():
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: ours begin with IMMEDIATE, because a reader that
    # becomes a writer half-way fails at once instead of waiting its turn.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _limit_waits(connection: sqlite3.Connection, *_: object) -> None:
    longest = min(sql_budget().left, TURN_SECONDS)
    connection.execute(f"PRAGMA busy_timeout = {int(longest * 1000)}")
