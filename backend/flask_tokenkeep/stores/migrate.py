"""Brings the tables to the newest version; safe when several processes start at once."""

import re
from pathlib import Path
from typing import Any, Protocol

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from flask_tokenkeep.budget import sql_within
from flask_tokenkeep.stores.database import Database

# Any constant does, as long as nobody else's lock has it: "tokenauth" in ASCII, cut to 63 bits.
_LOCK = int.from_bytes(b"tokenaut") >> 1
MIGRATE_SECONDS = 60.0  # nobody waits for it, and large tables may need it
# What PostgreSQL and its poolers say to who can't log in: libpq keeps no SQLSTATE of that.
_REFUSED = re.compile(
    r"authentication failed|no password supplied|does not exist|pg_hba.conf|no such (database|user)"
    r"|not permitted to log in"
)
_SQLITE_REFUSED = {"CANTOPEN", "CORRUPT", "NOTADB", "PERM", "READONLY"}


class _App(Protocol):
    config: Any


def migrate(target: "str | Engine | _App", revision: str = "head") -> None:
    """Upgrade the tables of a database, given by its address, by an engine or by the Flask app that uses it.

    `revision` "-1" takes the last step back, "base" all of them. Raises ValueError, with one line, for what
    can't heal by itself: refused credentials, a database that isn't there; DBAPIError for all else."""
    if isinstance(target, Engine):
        return _migrate(target, revision)
    database = Database(target if isinstance(target, str) else target.config["DATABASE_URL"])
    try:
        with sql_within(MIGRATE_SECONDS):
            _migrate(database.engine, revision)
    except DBAPIError as error:
        if reason := _refusal(error):
            raise ValueError(f"DATABASE_URL: the database can't be used ({reason})") from None
        raise
    finally:
        database.engine.dispose()


def _migrate(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:  # on SQLite BEGIN IMMEDIATE: one writer at a time
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _run(connection, revision)


def _refusal(error: DBAPIError) -> str | None:
    said = str(error.orig).strip().partition("\n")[0]
    kind = getattr(error.orig, "sqlite_errorname", None)  # such as SQLITE_CANTOPEN_ISDIR
    if kind is not None:
        return said if kind.split("_")[1] in _SQLITE_REFUSED else None
    connected = getattr(error.orig, "sqlstate", None)
    return said if not connected and _REFUSED.search(said) else None


def _run(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    if revision == "base" or revision.startswith("-"):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
