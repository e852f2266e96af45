"""What is old is forgotten."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from flask_tokenkeep.stores import sweeper
from flask_tokenkeep.stores.models import LedgerEntry, SecurityEvent
from tests.support.app_users import People
from tests.support.asking import bearer
from tests.support.inside import database_of, sweeper_of
from tests.support.still_clock import Clock
from tests.support.waiting import wait_until


def test_old_events_are_forgotten(people: People, app: Flask, clock: Clock) -> None:
    people.register()
    clock.now += 91 * 86_400
    token = people.token()

    def names() -> list[str]:
        return [each["event"] for each in people.http.get("/api/me/events", headers=bearer(token)).json]

    assert names() == ["authn_login_success", "user_created"]
    loop = sweeper_of(app).loop
    loop.start()
    wait_until(lambda: names() == ["authn_login_success"], "the first sweep")
    loop.stop()


def test_more_than_one_transaction_may_delete_is_forgotten_too(
    people: People, app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "BATCH", 2)
    people.register()
    for _ in range(5):
        people.token()
    clock.now += 91 * 86_400
    sweeper_of(app).sweep()
    with database_of(app).read() as sql:
        for table in (SecurityEvent, LedgerEntry):
            assert sql.scalar(select(func.count()).select_from(table)) == 0
