"""First all of the SQL, then Redis, then the commit: what SQL can't take has ended nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tests.support.app_users import People
from tests.support.asking import bearer
from tests.support.examples import NEW_PASSWORD, PASSWORD
from tests.support.inside import database_of
from tests.support.still_clock import Clock

CURRENT = {"current_password": PASSWORD}
CHANGE = CURRENT | {"new_password": NEW_PASSWORD}
Act = Callable[[FlaskClient, dict[str, str]], Any]

# What ends sessions, and the last statement that it needs.
ENDINGS: dict[str, tuple[str, Act]] = {
    "log-out": ("UPDATE ta_sessions", lambda client, who: client.post("/api/logout", headers=who)),
    "of all others": (
        "INSERT INTO ta_events",
        lambda client, who: client.delete("/api/sessions", headers=who),
    ),
    "by a new password": (
        "INSERT INTO ta_sessions",
        lambda client, who: client.post("/api/password/change", json=CHANGE, headers=who),
    ),
    "with the account": (
        "DELETE FROM ta_users",
        lambda client, who: client.delete("/api/me", json=CURRENT, headers=who),
    ),
}


@pytest.mark.parametrize(("last", "act"), ENDINGS.values(), ids=ENDINGS)
def test_an_end_that_sql_cannot_take_ends_nothing(
    app: Flask, client: FlaskClient, people: People, last: str, act: Act
) -> None:
    people.register()
    tokens = [people.token() for _ in range(3)]
    with _refused(app, last):
        assert act(client, bearer(tokens[0])).status_code == 503
    assert [people.is_live(token) for token in tokens] == [True, True, True]
    assert act(client, bearer(tokens[0])).status_code in (200, 204)
    assert not all(people.is_live(token) for token in tokens)


def test_a_log_in_beyond_the_limit_that_sql_cannot_take_ends_no_other(
    app: Flask, people: People, clock: Clock
) -> None:
    people.register()
    tokens = []
    for _ in range(50):
        tokens.append(people.token())
        clock.now += 1
    with _refused(app, "INSERT INTO ta_sessions"):
        assert people.log_in().status_code == 503
    assert people.is_live(tokens[0])
    assert people.log_in().status_code == 200
    assert not people.is_live(tokens[0])


@contextmanager
def _refused(app: Flask, beginning: str) -> Iterator[None]:
    """Statements that begin so find the disk full."""

    def refuse(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(beginning):
            raise OperationalError(statement, None, Exception("disk full"))

    engine = database_of(app).engine
    event.listen(engine, "before_cursor_execute", refuse)
    yield
    event.remove(engine, "before_cursor_execute", refuse)
