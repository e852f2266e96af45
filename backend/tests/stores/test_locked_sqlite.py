"""An SQLite file that another process holds: 503 in time for those who write, and no one else notices."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app_users import People, code_of
from tests.support.asking import bearer
from tests.support.stopwatch import ANSWER_SECONDS, timed


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    path = tmp_path / "test.sqlite3"
    path.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def other(database_url: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    yield connection
    connection.close()


def test_log_ins_beside_a_writer_that_does_not_end_are_503_in_time(
    people: People, other: sqlite3.Connection
) -> None:
    people.register()
    token = people.token()
    other.execute("BEGIN EXCLUSIVE")
    answers, seconds = timed(lambda: [people.log_in() for _ in range(20)])
    assert {code_of(answer) for answer in answers} == {(503, "unavailable")}
    assert seconds < 2 * ANSWER_SECONDS  # one after the other would be 20 times over a second
    assert people.http.get("/api/me", headers=bearer(token)).status_code == 200  # which only reads
    other.execute("ROLLBACK")
    assert people.log_in().status_code == 200
