"""Brings the tables to the newest version; safe when several processes start at once."""

from pathlib import Path
from typing import Any, Protocol

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from flask_tokenkeep.stores.database import Database

# Any constant does, as long as nobody else's lock has it: "tokenauth" in ASCII, cut to 63 bits.
_LOCK = int.from_bytes(b"tokenaut") >> 1


class _App(Protocol):
    config: Any


def migrate(target: "str | Engine | _App", revision: str = "head") -> None:
    """Upgrade the tables of a database, given by its address, by an engine or by the Flask app that uses it.

    `revision` "-1" takes the last step back, "base" all of them."""
    if isinstance(target, Engine):
        return _migrate(target, revision)
    database = Database(target if isinstance(target, str) else target.config["DATABASE_URL"])
    try:
        _migrate(database.engine, revision)
    finally:
        database.engine.dispose()


def _migrate(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:  # on SQLite BEGIN IMMEDIATE: one writer at a time
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _run(connection, revision)


def _run(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    if revision == "base" or revision.startswith("-"):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
