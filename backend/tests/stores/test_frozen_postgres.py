"""A PostgreSQL that takes connections and never answers: 503 in time, and well again by itself."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, event, func, select, text

from flask_tokenkeep.stores.models import LedgerEntry, SecurityEvent, User
from tests.support.app_users import People, code_of
from tests.support.asking import bearer
from tests.support.at_once import many_at_once
from tests.support.examples import PERSON
from tests.support.inside import database_of
from tests.support.private_postgres import PrivatePostgres, remove_all_rows
from tests.support.stopwatch import ANSWER_SECONDS, timed
from tests.support.waiting import wait_until

UNAVAILABLE = (503, "unavailable")


@pytest.fixture
def database_url(migrated_postgres: str) -> str:
    remove_all_rows(migrated_postgres)
    return migrated_postgres


@pytest.fixture
def server(postgres_server: PrivatePostgres) -> Iterator[PrivatePostgres]:
    yield postgres_server
    postgres_server.thaw()


def freeze_before(app: Flask, server: PrivatePostgres, statement: str) -> None:
    """Freeze it once, when the app is about to send this."""
    left = [statement]

    def freeze(said: str) -> None:
        if left and said.startswith(statement):
            left.clear()
            server.freeze()

    engine = database_of(app).engine
    event.listen(engine, "before_cursor_execute", lambda *args: freeze(args[2]))
    event.listen(engine, "commit", lambda _: freeze("COMMIT"))
    event.listen(engine, "rollback", lambda _: freeze("ROLLBACK"))


def expect_healing(app: Flask, people: People, server: PrivatePostgres) -> None:
    server.thaw()
    wait_until(lambda: people.log_in().status_code == 200, "a log-in after the thaw")
    with database_of(app).read() as sql:
        sessions = sql.scalar(select(func.count()).select_from(LedgerEntry))
        told = select(func.count()).where(SecurityEvent.event == "authn_login_success")
        assert sql.scalar(told) == sessions  # each log-in whole or not at all
    wait_until(lambda: connections(app) <= 2, "the end of connections that were given up")


def connections(app: Flask) -> int:
    with database_of(app).read() as sql:
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        return int(sql.scalar(text(count)) or 0)


@pytest.mark.parametrize("statement", ["SELECT", "BEGIN", "INSERT INTO ta_sessions", "COMMIT"])
def test_frozen_in_the_middle_of_a_log_in_it_is_503_in_time_and_heals(
    app: Flask, people: People, server: PrivatePostgres, statement: str
) -> None:
    people.register()
    freeze_before(app, server, statement)
    answer, seconds = timed(people.log_in)
    assert code_of(answer) == UNAVAILABLE
    assert seconds < ANSWER_SECONDS
    expect_healing(app, people, server)


def test_frozen_while_a_request_takes_its_changes_back_it_is_answered_in_time_and_heals(
    app: Flask, people: People, server: PrivatePostgres
) -> None:
    people.register()
    token = people.token()
    freeze_before(app, server, "ROLLBACK")
    nobodys = f"/api/sessions/{uuid4()}"
    answer, seconds = timed(lambda: people.http.delete(nobodys, headers=bearer(token)))
    assert answer.status_code in (404, 503)
    assert seconds < ANSWER_SECONDS
    expect_healing(app, people, server)


def test_frozen_while_a_connection_lies_idle_it_is_503_in_time_and_heals(
    app: Flask, people: People, server: PrivatePostgres
) -> None:
    people.register()
    server.freeze()
    answer, seconds = timed(people.log_in)
    assert code_of(answer) == UNAVAILABLE
    assert seconds < ANSWER_SECONDS
    expect_healing(app, people, server)


def test_frozen_before_we_connect_it_is_503_in_time_and_heals(
    app: Flask, people: People, server: PrivatePostgres
) -> None:
    people.register()
    database_of(app).engine.dispose()
    server.freeze()
    answer, seconds = timed(people.log_in)
    assert code_of(answer) == UNAVAILABLE
    assert seconds < ANSWER_SECONDS
    expect_healing(app, people, server)


def test_after_the_first_nobody_waits_for_a_frozen_server_in_turn(
    app: Flask, people: People, server: PrivatePostgres
) -> None:
    people.register()
    server.freeze()
    people.log_in()
    answers, seconds = timed(lambda: [people.log_in() for _ in range(20)])
    assert {code_of(answer) for answer in answers} == {UNAVAILABLE}
    assert seconds < 2 * ANSWER_SECONDS  # one after the other would be 20 times over a second
    expect_healing(app, people, server)


def test_more_requests_than_connections_are_all_answered_in_time(
    app: Flask, people: People, server: PrivatePostgres
) -> None:
    people.register()
    server.freeze()
    answers, seconds = timed(lambda: many_at_once(30, lambda _: code_of(people.log_in())))
    assert set(answers) == {UNAVAILABLE}
    assert seconds < ANSWER_SECONDS
    expect_healing(app, people, server)


def test_what_needs_only_redis_goes_on(app: Flask, people: People, server: PrivatePostgres) -> None:
    from flask_tokenkeep import token_required

    app.add_url_rule("/host", view_func=token_required(lambda: "in"))
    people.register()
    token = people.token()
    server.freeze()
    assert people.http.get("/host", headers=bearer(token)).status_code == 200


# -- busy, and not frozen -----------------------------------------------------------------------


@pytest.fixture
def other(database_url: str) -> Iterator[Engine]:
    """Somebody else at the same database."""
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def test_who_waits_for_a_locked_row_is_told_so_in_time_and_the_others_do_not_notice(
    people: People, other: Engine
) -> None:
    people.register()
    people.register("Grace", "grace@example.org")
    with other.begin() as holding:
        holding.execute(select(User.id).where(User.username == "Ada").with_for_update())
        answer, seconds = timed(people.log_in)
        assert code_of(answer) == UNAVAILABLE
        assert seconds < ANSWER_SECONDS
        assert people.log_in("Grace").status_code == 200
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        assert holding.scalar(text(waiting)) == 0  # the server gave up too
    assert people.log_in().status_code == 200


def test_many_slow_statements_together_do_not_exceed_the_budget_of_one_request(
    app: Flask, people: People, other: Engine
) -> None:
    people.register()
    engine = database_of(app).engine

    def dawdle(connection: Any, *_: object) -> None:
        connection.connection.driver_connection.execute("SELECT pg_sleep(0.4)")

    event.listen(engine, "before_cursor_execute", dawdle)
    answer, seconds = timed(lambda: people.post("/login", PERSON))
    assert code_of(answer) == UNAVAILABLE
    assert seconds < ANSWER_SECONDS
    event.remove(engine, "before_cursor_execute", dawdle)
    assert people.log_in().status_code == 200
