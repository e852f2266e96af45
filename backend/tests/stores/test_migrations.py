"""The tables' versions: from nothing, from every older one, back again, and several starts at once."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Engine, inspect, select, text
from sqlalchemy.exc import DBAPIError

from flask_tokenkeep import migrate
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import Base, User
from tests.support.places import BACKEND
from tests.support.waiting import DEADLINE_SECONDS

SCRIPTS = ScriptDirectory(str(Path(BACKEND) / "flask_tokenkeep" / "stores" / "migrations"))
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
VERSION_TABLE = "ta_version"
START = """
import sys
from flask_tokenkeep import migrate
print("ready", flush=True)
sys.stdin.readline()
migrate(sys.argv[1])
"""


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    database = Database(empty_database_url)
    yield database
    database.engine.dispose()


def revision_of(engine: Engine) -> str | None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return context.get_current_revision()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def differences(engine: Engine) -> list[object]:
    options = {"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


def test_the_revisions_are_one_line_of_plain_numbers() -> None:
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS
    assert SCRIPTS.get_heads() == REVISIONS[-1:]


def test_the_migrated_tables_are_those_of_the_models(database: Database, empty_database_url: str) -> None:
    migrate(empty_database_url)
    assert differences(database.engine) == []
    for table in Base.metadata.sorted_tables:  # which the comparison leaves out
        expected = {each.name for each in table.constraints if isinstance(each, CheckConstraint)}
        assert {
            each["name"] for each in inspect(database.engine).get_check_constraints(table.name)
        } == expected


def test_a_second_upgrade_changes_nothing(database: Database, empty_database_url: str) -> None:
    for _ in range(2):
        migrate(empty_database_url)
        assert revision_of(database.engine) == REVISIONS[-1]


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_older_version_is_brought_to_the_newest_with_its_people(
    database: Database, empty_database_url: str, revision: str
) -> None:
    migrate(empty_database_url, revision)
    assert revision_of(database.engine) == revision
    add = text(
        "INSERT INTO ta_users (id, username, username_key, password_hash, created_at)"
        " VALUES (:id, 'Ada', 'ada', 'x', :now)"
    )
    with database.engine.begin() as connection:
        connection.execute(add, {"id": uuid4().hex, "now": datetime(2026, 1, 1, tzinfo=UTC).isoformat(" ")})
    migrate(empty_database_url)
    assert differences(database.engine) == []
    with database.read() as sql:
        assert sql.scalars(select(User.username)).all() == ["Ada"]


def test_every_step_can_be_taken_back_and_again(database: Database, empty_database_url: str) -> None:
    migrate(empty_database_url)
    for revision in [*reversed(REVISIONS[:-1]), None]:
        migrate(empty_database_url, "-1")
        assert revision_of(database.engine) == revision
    assert tables(database.engine) == {VERSION_TABLE}
    migrate(empty_database_url)
    assert differences(database.engine) == []


def test_everything_can_be_taken_back_at_once(database: Database, empty_database_url: str) -> None:
    migrate(empty_database_url)
    migrate(empty_database_url, "base")
    assert tables(database.engine) == {VERSION_TABLE}


def test_a_migration_that_fails_leaves_nothing_half_done(database: Database, empty_database_url: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE ta_events (stranger INTEGER)"))
    with pytest.raises(DBAPIError):
        migrate(empty_database_url)
    assert tables(database.engine) == {"ta_events"}
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE ta_events"))
    migrate(empty_database_url)
    assert differences(database.engine) == []


def test_other_tables_in_the_same_database_are_left_alone(
    database: Database, empty_database_url: str
) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('of the app')"))
    migrate(empty_database_url)
    migrate(empty_database_url, "base")
    with database.engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "of the app"


def test_four_processes_that_start_at_once_make_the_tables_once(
    database: Database, empty_database_url: str
) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", START, empty_database_url],
            cwd=BACKEND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, said = process.communicate(timeout=DEADLINE_SECONDS)
        assert process.returncode == 0, said
    assert revision_of(database.engine) == REVISIONS[-1]
    assert differences(database.engine) == []
