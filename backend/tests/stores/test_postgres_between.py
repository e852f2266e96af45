"""PostgreSQL behind something in between: poolers, failovers, servers that hang up, and their addresses."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, func, make_url, select, text
from sqlalchemy.exc import OperationalError

from flask_tokenkeep import migrate
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import LedgerEntry
from tests.support.app_users import People, code_of
from tests.support.at_once import many_at_once
from tests.support.inside import database_of
from tests.support.pgbouncer import running_pgbouncer
from tests.support.private_postgres import PrivatePostgres, empty_postgres, private_postgres, remove_all_rows
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock
from tests.support.waiting import wait_until

UNAVAILABLE = (503, "unavailable")


@pytest.fixture
def database_url(migrated_postgres: str) -> str:
    remove_all_rows(migrated_postgres)
    return migrated_postgres


@pytest.fixture
def admin(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


def end_all_others(connection: Connection) -> None:
    connection.execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    )


# -- poolers ------------------------------------------------------------------------------------


def test_nothing_of_ours_stays_in_a_session_of_the_server(app: Flask, people: People) -> None:
    people.register()
    for _ in range(8):
        people.token()
    migrate(database_of(app).engine)
    with database_of(app).read() as sql:
        left = {name: sql.scalar(text(f"SHOW {name}")) for name in ("statement_timeout", "lock_timeout")}
        assert left == {"statement_timeout": "0", "lock_timeout": "0"}
        assert sql.scalar(text("SELECT count(*) FROM pg_prepared_statements")) == 0
        assert sql.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) == 0


@pytest.mark.skipif(not shutil.which("pgbouncer"), reason="pgbouncer is not installed")
def test_people_log_in_through_a_pooler_that_shares_connections(
    redis_server: PrivateRedis, redis: object, postgres: str, clock: Clock, tmp_path: Path
) -> None:
    with empty_postgres(postgres) as direct, running_pgbouncer(direct) as url:
        migrate(url)
        with worker(redis_server.url, url, clock, MAIL_DIR=tmp_path) as app:
            people = People(app, clock, tmp_path)
            people.register()
            statuses = many_at_once(8, lambda _: [people.log_in().status_code for _ in range(6)])
            assert {status for each in statuses for status in each} <= {200, 503}
            assert people.log_in().status_code == 200


# -- failovers, and servers that hang up ----------------------------------------------------------


def test_a_server_that_closes_idle_connections_costs_no_request(people: People, admin: Engine) -> None:
    people.register()
    with admin.connect() as connection:
        end_all_others(connection)
    assert people.log_in().status_code == 200


def test_a_primary_that_became_read_only_is_503_and_left_for_the_next_one(
    people: People, admin: Engine
) -> None:
    people.register()
    name = make_url(str(admin.url)).database
    with admin.connect() as connection:
        try:
            connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
            end_all_others(connection)
            assert code_of(people.log_in()) == UNAVAILABLE
        finally:  # for new connections: those that are open stay as they are
            connection.execute(text("SET default_transaction_read_only = off"))
            connection.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
    assert people.log_in().status_code == 200


def test_out_of_connections_is_a_trouble_that_heals(admin: Engine) -> None:
    with admin.connect() as connection:
        connection.execute(text("CREATE ROLE poor LOGIN CONNECTION LIMIT 0"))
        try:
            with pytest.raises(OperationalError, match="too many connections"):
                migrate(admin.url.set(username="poor").render_as_string(hide_password=False))
        finally:
            connection.execute(text("DROP ROLE poor"))


# -- states ---------------------------------------------------------------------------------------


@pytest.fixture
def failing(admin: Engine) -> Iterator[Connection]:
    """Whoever writes an event gets the SQL state that stands in the comment of the table."""
    with admin.connect() as connection:
        yield connection
        connection.execute(text("DROP FUNCTION IF EXISTS fail CASCADE"))


def fail_with(connection: Connection, state: str) -> None:
    connection.execute(
        text(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'a secret' USING ERRCODE = '{state}'; END $$"
        )
    )
    connection.execute(
        text("CREATE TRIGGER fail BEFORE INSERT ON ta_events FOR EACH ROW EXECUTE FUNCTION fail()")
    )


@pytest.mark.parametrize(
    "state",
    ["53100", "53300", "57P01", "57P03", "58030", "XX000", "0A000", "40001", "ZZ999", "42501", "42P01"],
)
def test_whatever_state_the_server_is_in_it_is_503_with_the_state_in_the_log(
    people: People, failing: Connection, caplog: pytest.LogCaptureFixture, state: str
) -> None:
    people.register()
    fail_with(failing, state)
    assert code_of(people.log_in()) == UNAVAILABLE
    assert state in caplog.text
    assert "a secret" not in caplog.text


@pytest.mark.parametrize("state", ["42601", "22001"])
def test_a_statement_of_ours_that_is_wrong_is_500(people: People, failing: Connection, state: str) -> None:
    people.register()
    fail_with(failing, state)
    assert code_of(people.log_in()) == (500, "internal_error")


def test_tables_that_are_not_made_yet_are_503(people: People, admin: Engine) -> None:
    people.register()
    with admin.connect() as connection:
        connection.execute(text("ALTER TABLE ta_users RENAME TO elsewhere"))
        try:
            assert code_of(people.log_in()) == UNAVAILABLE
        finally:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO ta_users"))


# -- addresses ------------------------------------------------------------------------------------


def forms(folder: str, name: str) -> list[str]:
    """As hosting platforms hand them out, all to the same database; a socket's folder stands for the host."""
    host, nowhere = quote(folder, safe=""), quote("/no/where", safe="")
    return [
        f"postgres://postgres@{host}/{name}",
        f"postgresql://postgres@{host}:5432/{name}?sslmode=prefer&connect_timeout=10",
        f"postgresql+psycopg://postgres@/{name}?host={folder}",
        f"postgres://postgres:p%40ss%2Fw%3Ard@{host}/{name}?application_name=books",
        f"postgresql:///{name}?host={folder}&user=postgres&options=-c%20search_path%3Dpublic",
        f"postgresql://postgres@{nowhere}:5432,{host}:5432/{name}?target_session_attrs=read-write",
    ]


@pytest.mark.parametrize("number", range(6))
def test_an_address_is_what_libpq_makes_of_it(database_url: str, number: int) -> None:
    url = make_url(database_url)
    form = forms(str(url.query["host"]), str(url.database))[number]
    database = Database(form)
    with database.read() as sql:
        assert sql.scalar(select(func.count()).select_from(LedgerEntry)) == 0
    database.engine.dispose()


def test_a_host_that_never_answers_is_passed_over_for_the_next_one(database_url: str) -> None:
    url = make_url(database_url)
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as silent:
        silent.bind(f"{folder}/.s.PGSQL.5432")
        silent.listen()
        hosts = f"{quote(folder, safe='')},{quote(str(url.query['host']), safe='')}"
        database = Database(f"postgresql://postgres@{hosts}/{url.database}")
        with database.read() as sql:
            assert sql.scalar(text("SELECT 1")) == 1
        database.engine.dispose()


def test_after_a_server_froze_the_other_host_of_the_address_is_used(
    postgres_server: PrivatePostgres,
) -> None:
    with private_postgres() as second:
        folders = [str(make_url(each.url).query["host"]) for each in (postgres_server, second)]
        hosts = ",".join(quote(folder, safe="") for folder in folders)
        database = Database(f"postgresql://postgres@{hosts}/postgres")

        def answering() -> str | None:
            with suppress(OperationalError), database.read() as sql:
                return str(sql.scalar(text("SHOW data_directory")))
            return None

        assert answering() == folders[0]
        postgres_server.freeze()
        try:
            wait_until(lambda: answering() == folders[1], "the other host")
        finally:
            postgres_server.thaw()
        database.engine.dispose()


@pytest.mark.parametrize(
    "url", ["postgresql://u:pw%zz@h/db", "postgresql://u:hunter2@h/db?schema=x", "postgresql://[::1/db"]
)
def test_an_address_that_libpq_does_not_understand_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL") as refused:
        Database(url)
    assert "hunter2" not in str(refused.value)
    assert "zz" not in str(refused.value)
