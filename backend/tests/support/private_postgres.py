"""Databases of the tests' own on a PostgreSQL server."""

import contextlib
from collections.abc import Iterator
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text

from flask_tokenkeep.stores.models import Base


@contextlib.contextmanager
def empty_postgres(server_url: str) -> Iterator[str]:
    """A database of its own on that server, as a SQLAlchemy address, and gone afterwards."""
    server = make_url(server_url).set(drivername="postgresql+psycopg")
    name = f"test_{uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def remove_all_rows(url: str) -> None:
    """Of our tables, as the test before has left them; and whoever is still connected is no longer."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    engine.dispose()
