"""Databases of the tests' own on a PostgreSQL server."""

import contextlib
from collections.abc import Iterator
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text


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
