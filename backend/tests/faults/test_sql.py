"""SQL breaks, in every way that it can. The book list needs none, so it is never 503."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from tests.faults.people import Damage, environment, hold, people_at
from tests.support.app_process import App, running_app
from tests.support.private_postgres import PrivatePostgres, private_postgres
from tests.support.private_redis import PrivateRedis
from tests.support.processes import children, leads_a_group

SPARED = Damage(spares_reads=True)


@pytest.fixture
def server() -> Iterator[PrivatePostgres]:
    with private_postgres() as server:
        yield server


@pytest.fixture
def app(server: PrivatePostgres) -> Iterator[App]:
    with running_app(env=environment(database_url=server.url)) as app:
        yield app


@pytest.fixture
def sqlite_app(tmp_path: Path) -> Iterator[App]:
    with PrivateRedis() as redis, running_app(tmp_path / "data", env=environment(redis.url)) as app:
        yield app


def test_postgresql_is_killed_and_started_again(app: App, server: PrivatePostgres) -> None:
    with people_at(app, SPARED):
        server.kill()
        hold()
        server.start()


def test_postgresql_is_frozen(app: App, server: PrivatePostgres) -> None:
    with people_at(app, SPARED):
        server.freeze()
        hold(8)
        server.thaw()


def test_a_table_of_postgresql_is_locked(app: App, server: PrivatePostgres) -> None:
    with people_at(app, SPARED), _admin(server) as admin:
        admin.execute(text("BEGIN"))
        admin.execute(text("LOCK TABLE ta_users IN ACCESS EXCLUSIVE MODE"))
        hold()
        admin.execute(text("COMMIT"))


def test_postgresql_has_no_connections_left(app: App, server: PrivatePostgres) -> None:
    with people_at(app, SPARED), _admin(server) as admin, ExitStack() as taken:
        engine = create_engine(
            _driven(server), poolclass=NullPool, connect_args={"application_name": "greedy"}
        )
        for _ in range(2):  # those that the app has go in the second round
            with suppress(OperationalError):
                while True:
                    taken.enter_context(engine.connect())
            _end_connections(admin, but="greedy")
        hold()


def test_postgresql_becomes_read_only(app: App, server: PrivatePostgres) -> None:
    with people_at(app, SPARED), _admin(server) as admin:
        for value in ("on", "off"):
            admin.execute(text(f"ALTER SYSTEM SET default_transaction_read_only = {value}"))
            admin.execute(text("SELECT pg_reload_conf()"))
            hold(5 if value == "on" else 0)


def test_postgresql_ends_all_connections_again_and_again(app: App, server: PrivatePostgres) -> None:
    with people_at(app, SPARED), _admin(server) as admin:
        for _ in range(10):
            _end_connections(admin)
            hold(0.5)


def test_sqlite_is_held_by_another_process(sqlite_app: App) -> None:
    with (
        people_at(sqlite_app, SPARED),
        closing(sqlite3.connect(sqlite_app.data_dir / "bookshelf.db")) as other,
    ):
        other.execute("BEGIN EXCLUSIVE")
        hold()
        other.rollback()


def test_the_disk_of_sqlite_is_full(sqlite_app: App) -> None:
    """As a process that may not make a file larger than it is meets it."""
    with people_at(sqlite_app, SPARED):
        _limit_files(sqlite_app, 1)
        hold()
        _limit_files(sqlite_app, resource.RLIM_INFINITY)


def _driven(server: PrivatePostgres) -> URL:
    return make_url(server.url).set(drivername="postgresql+psycopg")


@contextmanager
def _admin(server: PrivatePostgres) -> Iterator[Connection]:
    """A connection outside of transactions."""
    engine = create_engine(_driven(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _end_connections(admin: Connection, but: str = "nobody") -> None:
    found = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name <> :but"
    admin.execute(text(f"SELECT pg_terminate_backend(pid) {found}"), {"but": but})


def _limit_files(app: App, limit: int) -> None:
    for pid in children(app.running.pid):
        if leads_a_group(pid):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
