"""What a host hears: after the commit, with its app as the sender, and ids only."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
from blinker import NamedSignal
from flask import Flask
from sqlalchemy import select

from flask_tokenkeep import signals
from flask_tokenkeep.stores.models import LedgerEntry, User
from tests.support.app_users import People
from tests.support.asking import bearer
from tests.support.examples import NEW_PASSWORD, PASSWORD
from tests.support.inside import database_of

ALL = (
    signals.user_registered,
    signals.logged_in,
    signals.log_in_failed,
    signals.session_ended,
    signals.password_changed,
    signals.email_verified,
    signals.account_deleted,
)
Heard = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def heard(app: Flask) -> Iterator[Heard]:
    """Name and facts of each signal that this app sends, in their order."""
    found: Heard = []
    with ExitStack() as stack:
        for signal in ALL:
            stack.enter_context(signal.connected_to(_listener(found, signal), app))
        yield found


def _listener(found: Heard, signal: NamedSignal) -> Callable[..., None]:
    def hear(_sender: Flask, **facts: Any) -> None:
        found.append((signal.name, facts))

    return hear


def ada(app: Flask) -> UUID:
    with database_of(app).read() as sql:
        return sql.scalars(select(User.id)).one()


def sessions(app: Flask) -> list[UUID]:
    """Public ids, oldest first."""
    with database_of(app).read() as sql:
        return list(sql.scalars(select(LedgerEntry.id).order_by(LedgerEntry.created_at)))


def test_an_account_is_told_from_its_beginning_to_its_end(people: People, app: Flask, heard: Heard) -> None:
    people.verified()
    whose = {"user_id": ada(app)}
    token = people.token()
    (session,) = sessions(app)
    left = app.test_client().delete("/api/me", json={"current_password": PASSWORD}, headers=bearer(token))
    assert left.status_code == 204
    ended = {"session_id": session, "reason": "revoked", **whose}
    assert heard == [
        ("user_registered", whose),
        ("email_verified", whose),
        ("logged_in", whose),
        ("session_ended", ended),
        ("account_deleted", whose),
    ]


def test_failures_are_told_also_where_nobody_has_the_name(people: People, app: Flask, heard: Heard) -> None:
    people.register()
    heard.clear()
    people.log_in(password="not the one at all")
    people.log_in("Nobody")
    assert heard == [("log_in_failed", {"user_id": ada(app)}), ("log_in_failed", {"user_id": None})]


def test_a_changed_password_ends_sessions_and_says_why(people: People, app: Flask, heard: Heard) -> None:
    people.register()
    token = people.token()
    heard.clear()
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert people.post("/password/change", body, token).status_code == 200
    assert ("password_changed", {"user_id": ada(app)}) in heard
    reasons = [facts["reason"] for name, facts in heard if name == "session_ended"]
    assert reasons == ["password_changed"]


def test_a_log_out_is_told_once_however_often_it_is_asked_for(people: People, heard: Heard) -> None:
    people.register()
    token = people.token()
    heard.clear()
    for _ in range(2):
        assert people.post("/logout", token=token).status_code == 204
    assert [(name, facts["reason"]) for name, facts in heard] == [("session_ended", "logged_out")]


def test_what_was_not_committed_is_not_told(people: People, heard: Heard) -> None:
    people.register()
    heard.clear()
    assert people.post("/register", {"username": "ada", "password": PASSWORD}).status_code == 409
    assert heard == []


def test_a_listener_that_raises_undoes_nothing(
    people: People, app: Flask, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_sender: Flask, **_facts: Any) -> None:
        raise RuntimeError("the host's own mistake")

    with signals.user_registered.connected_to(fail, app):
        people.register()
    assert people.log_in().status_code == 200
    assert [name for name, _ in heard] == ["user_registered", "logged_in"]
    assert "A listener to user_registered raised" in caplog.text


def test_the_signals_of_one_app_are_not_heard_as_anothers(people: People, app: Flask) -> None:
    found: Heard = []
    other = Flask("other")
    with signals.user_registered.connected_to(_listener(found, signals.user_registered), other):
        people.register()
    assert found == []
