"""What people see of what happened to their account."""

import re

import pytest
from sqlalchemy import select

from flask_tokenkeep.stores.models import SecurityEvent
from tests.support.app_users import People
from tests.support.asking import bearer
from tests.support.counting import statements
from tests.support.examples import ADDRESS, PASSWORD
from tests.support.inside import database_of
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


def test_failed_log_ins_fill_neither_the_table_nor_the_list_of_what_happened(
    people: People, clock: Clock
) -> None:
    people.verified()
    for n in range(60):
        clock.now += 1
        people.log_in(password="not the one at all")
        people.log_in(f"nobody {n % 7}")
    with database_of(people.app).read() as sql:
        kept = sql.scalars(select(SecurityEvent).where(SecurityEvent.event == "authn_login_fail")).all()
    assert len(kept) == 20
    assert {event.user_id for event in kept} != {None}
    assert min(event.at for event in kept).timestamp() == clock.now - 19
    shown = people.http.get("/api/me/events", headers=bearer(people.token())).json
    assert {"user_created", "authn_email_verified"} <= {event["event"] for event in shown}


def test_every_failed_log_in_is_a_line_in_the_log(people: People, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "flask_tokenkeep.events"):
        for name in ("nobody", "Ada"):
            people.log_in(name)
    assert caplog.text.count("authn_login_fail user=- ip=127.0.0.1") == 2


def test_a_failed_log_in_is_the_same_work_for_known_and_unknown_names(people: People) -> None:
    people.verified()
    work = []
    for name in ("Ada", "nobody", ADDRESS, "no@one.example"):
        with statements(people.app) as said:
            people.log_in(name, "not the one at all")
        work.append([re.split(r"\s+", each)[0] for each in said])
    assert work[0] == work[1]
    assert work[2] == work[3]
