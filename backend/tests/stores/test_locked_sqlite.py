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


def test_a_log_in_beside_a_writer_that_does_not_end_is_503_in_time(
    people: People, other: sqlite3.Connection
) -> None:
    people.register()
    token = people.token()
    other.execute("BEGIN EXCLUSIVE")
    for _ in range(2):
        answer, seconds = timed(people.log_in)
        assert code_of(answer) == (503, "unavailable")
        assert seconds < ANSWER_SECONDS
    assert people.http.get("/api/me", headers=bearer(token)).status_code == 200  # which only reads
    other.execute("ROLLBACK")
    assert people.log_in().status_code == 200
