"""A PostgreSQL that is away when we start, hangs while we serve, or never lets us in."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.support.app_process import App, running_app
from tests.support.asking import ask, bearer
from tests.support.examples import PERSON
from tests.support.private_postgres import PrivatePostgres, private_postgres
from tests.support.processes import failed_start
from tests.support.stopwatch import ANSWER_SECONDS, timed
from tests.support.waiting import wait_until

pytestmark = pytest.mark.server


@pytest.fixture
def own_postgres() -> Iterator[PrivatePostgres]:
    """One that can be stopped, without anybody else's data."""
    with private_postgres() as server:
        yield server


def post(app: App, path: str) -> int:
    return ask(f"{app.url}/api/{path}", "POST", body=PERSON).status


@pytest.mark.parametrize(("leave", "come_back"), [("stop", "start"), ("freeze", "thaw")])
def test_started_without_sql_it_serves_what_it_can_and_all_is_well_once_sql_answers(
    own_postgres: PrivatePostgres, tmp_path: Path, leave: str, come_back: str
) -> None:
    getattr(own_postgres, leave)()
    with started(tmp_path / "data", own_postgres.url) as app:
        assert ask(f"{app.url}/readyz").status == 503
        assert post(app, "register") == 503
        getattr(own_postgres, come_back)()
        wait_until(app.is_ready, "the tables")
        # The other worker may have to find out first that SQL is back.
        wait_until(lambda: post(app, "register") == 201, "a registration")


def test_started_beside_a_writer_of_its_file_it_makes_the_tables_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "held.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with started(tmp_path / "data", f"sqlite:///{path}") as app:
        assert post(app, "register") == 503
        other.close()
        wait_until(app.is_ready, "the tables")
        # The other worker may have to find out first that SQL is back.
        wait_until(lambda: post(app, "register") == 201, "a registration")


@contextmanager
def started(data_dir: Path, database_url: str) -> Iterator[App]:
    """Up, and not ready."""
    app = App(data_dir, env={"DATABASE_URL": database_url}).start(ready=False)
    wait_until(lambda: app.running.poll() is not None or is_healthy(app), "the start")
    try:
        yield app
    finally:
        app.stop()


def is_healthy(app: App) -> bool:
    with suppress(OSError):
        return ask(f"{app.url}/healthz").status == 200
    return False


def test_a_frozen_sql_stops_only_what_needs_it(own_postgres: PrivatePostgres, tmp_path: Path) -> None:
    with running_app(tmp_path / "data", env={"DATABASE_URL": own_postgres.url}) as app:
        post(app, "register")
        token = ask(f"{app.url}/api/login", "POST", body=PERSON).json["token"]
        own_postgres.freeze()
        status, seconds = timed(lambda: post(app, "login"))
        assert status == 503
        assert seconds < ANSWER_SECONDS
        assert ask(f"{app.url}/healthz").status == 200
        assert ask(f"{app.url}/api/books", headers=bearer(token)).status == 200
        own_postgres.thaw()
        wait_until(lambda: post(app, "login") == 200, "a log-in after the thaw")


# -- what can't heal ------------------------------------------------------------------------------


def test_a_database_that_is_not_there_ends_the_start(postgres: str, tmp_path: Path) -> None:
    nowhere = make_url(postgres).set(database="nowhere").render_as_string(hide_password=False)
    (line,) = failed_start(tmp_path / "data", {"DATABASE_URL": nowhere})
    assert line.startswith("DATABASE_URL: ")
    assert '"nowhere" does not exist' in line


def test_refused_credentials_end_the_start_and_are_not_shown(
    own_postgres: PrivatePostgres, tmp_path: Path
) -> None:
    with_password = own_postgres.require_password("locked")
    (line,) = failed_start(tmp_path / "data", {"DATABASE_URL": with_password("hunter2")})
    assert line.startswith("DATABASE_URL: ")
    assert "password authentication failed" in line
    assert "hunter2" not in line


def test_a_user_who_may_not_make_tables_ends_the_start(own_postgres: PrivatePostgres, tmp_path: Path) -> None:
    engine = create_engine(make_url(own_postgres.url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("CREATE ROLE reader LOGIN"))
    engine.dispose()
    url = make_url(own_postgres.url).set(username="reader")
    (line,) = failed_start(tmp_path / "data", {"DATABASE_URL": url.render_as_string(hide_password=False)})
    assert line.startswith("DATABASE_URL: ")
    assert "permission denied" in line


@pytest.mark.parametrize("name", ["no/such/folder/x.db", "not-a-database.db"])
def test_a_file_that_is_no_database_ends_the_start(tmp_path: Path, name: str) -> None:
    (tmp_path / "not-a-database.db").write_text("something else" * 100)
    (line,) = failed_start(tmp_path / "data", {"DATABASE_URL": f"sqlite:///{tmp_path}/{name}"})
    assert line.startswith("DATABASE_URL: ")
