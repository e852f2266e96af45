"""What is old is forgotten."""

from flask import Flask

from tests.support.app_users import People
from tests.support.asking import bearer
from tests.support.inside import sweeper_of
from tests.support.still_clock import Clock
from tests.support.waiting import wait_until


def test_old_events_are_forgotten(people: People, app: Flask, clock: Clock) -> None:
    people.register()
    clock.now += 91 * 86_400
    token = people.token()

    def names() -> list[str]:
        return [each["event"] for each in people.http.get("/api/me/events", headers=bearer(token)).json]

    assert names() == ["authn_login_success", "user_created"]
    sweeper = sweeper_of(app)
    sweeper.loop.start()
    wait_until(lambda: names() == ["authn_login_success"], "the first sweep")
    sweeper.loop.stop()
