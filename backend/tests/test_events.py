"""What people see of what happened to their account."""

from tests.support.app_users import People
from tests.support.asking import bearer
from tests.support.examples import PASSWORD
from tests.support.still_clock import Clock


def test_events_show_what_happened_newest_first_and_never_a_secret(people: People, clock: Clock) -> None:
    people.register()
    for password in ("wrong horse battery staple", PASSWORD):
        clock.now += 1
        answer = people.log_in(password=password)
    events = people.http.get("/api/me/events", headers=bearer(answer.json["token"]))
    names = [event["event"] for event in events.json]
    assert names == ["authn_login_success", "authn_login_fail", "user_created"]
    assert "horse" not in events.text
