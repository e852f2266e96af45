"""Addresses, sessions, activity, leaving: over HTTP, on SQLite and PostgreSQL."""

import re
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select

from flask_tokenkeep.stores.models import LedgerEntry, OutboxMail, SecurityEvent, User
from tests.support.app_users import ADDRESS, DAY, MINUTE, PASSWORD, People, body_of, code_of
from tests.support.asking import bearer
from tests.support.inside import database_of, sweeper_of
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock
from tests.support.waiting import wait_until

FOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"


def test_leaving_with_somebody_elses_address_clears_no_count_of_guesses_at_it(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    people.verified()
    with worker(redis_server.url, database_url, clock, AUTH_LIMIT_LOGIN_FAILURES=5) as app:
        strict = People(app, clock, people.mails)
        strict.register("Eve", ADDRESS)
        token = strict.token("Eve")
        guesses = [strict.log_in(ADDRESS, "not the one at all").status_code for _ in range(6)]
        assert guesses == [401] * 5 + [429]
        leaving = {"current_password": PASSWORD}
        assert strict.http.delete("/api/me", json=leaving, headers=bearer(token)).status_code == 204
        assert strict.log_in(ADDRESS, "not the one at all").status_code == 429


def test_nobody_can_fill_a_mailbox_with_links_nor_keep_its_owner_out_by_trying(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    rate = {"AUTH_LIMIT_FORGOT_PER_ACCOUNT": "3/hour", "MAIL_DIR": people.mails}
    with worker(redis_server.url, database_url, clock, **rate) as app:
        strict = People(app, clock, people.mails)
        for number in range(5):
            strict.register(f"Eve{number}", ADDRESS)
        token = strict.token("Eve0")
        assert code_of(strict.post("/email/verify/resend", token=token)) == (429, "rate_limited")
        change = {"email": ADDRESS.upper(), "current_password": PASSWORD}
        again = strict.http.patch("/api/me", json=change, headers=bearer(token))
        assert code_of(again) == (429, "rate_limited")
        strict.register("Ada", ADDRESS)
        assert len(strict.letters()) == 3
        clock.now += 60 * MINUTE
        assert strict.post("/email/verify/resend", token=strict.token("Ada")).status_code == 202
        assert strict.post("/email/verify", {"code": strict.code()}).status_code == 204


def test_an_address_counts_once_its_link_was_opened(people: People) -> None:
    people.register()
    token = people.token()
    assert people.log_in(ADDRESS).status_code == 401
    code = people.code()
    for _ in range(2):
        assert people.post("/email/verify", {"code": code}).status_code == 204
    assert people.http.get("/api/me", headers=bearer(token)).json["email_verified"] is True
    assert people.log_in(ADDRESS).status_code == 200


def test_somebody_elses_address_gives_nothing_and_blocks_nobody(people: People) -> None:
    people.register("Eve", ADDRESS)
    eves = people.code()
    people.verified("Ada", ADDRESS)
    assert code_of(people.post("/email/verify", {"code": eves})) == (422, "code_invalid")
    assert people.log_in(ADDRESS).json["user"]["username"] == "Ada"


def test_a_changed_address_waits_for_its_link_and_the_old_one_is_told(people: People) -> None:
    people.verified()
    token = people.token()
    body = {"email": "new@library.example", "current_password": PASSWORD}
    wrong = people.http.patch("/api/me", json=body | {"current_password": "x"}, headers=bearer(token))
    assert code_of(wrong) == (403, "wrong_password")
    assert people.http.patch("/api/me", json=body, headers=bearer(token)).status_code == 202
    assert people.http.get("/api/me", headers=bearer(token)).json["email"] == ADDRESS
    both = people.http.get("/api/me/email", headers=bearer(token)).json
    assert both == {"verified": ADDRESS, "pending": "new@library.example"}
    letters = {letter["To"]: body_of(letter) for letter in people.letters()}
    assert set(letters) == {ADDRESS, "new@library.example"}
    assert "#code=" not in letters[ADDRESS]
    code = re.search(r"#code=(\S+)", letters["new@library.example"])
    assert code
    assert people.post("/email/verify", {"code": code[1]}).status_code == 204
    me = people.http.get("/api/me", headers=bearer(token)).json
    assert (me["email"], me["email_verified"]) == ("new@library.example", True)
    assert people.log_in(ADDRESS).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", "/me"), ("DELETE", "/me"), ("POST", "/password/change")]
)
def test_who_has_no_token_is_told_so_before_the_body_is_looked_at(
    people: People, method: str, path: str
) -> None:
    assert code_of(people.http.open(f"/api{path}", method=method)) == (401, "missing_token")


def test_a_new_link_ends_the_one_before(people: People) -> None:
    people.register()
    first, token = people.code(), people.token()
    assert people.post("/email/verify/resend", token=token).status_code == 202
    second = people.code()
    assert code_of(people.post("/email/verify", {"code": first})) == (422, "code_invalid")
    assert people.post("/email/verify", {"code": second}).status_code == 204
    assert people.post("/email/verify/resend", token=token).status_code == 202
    assert people.letters() == []


def test_sessions_are_listed_and_ended_one_by_one_or_all_others(people: People) -> None:
    people.register()
    people.register("Eve", None)
    mine, other, third, eves = people.token(), people.token(), people.token(), people.token("Eve")

    def listed(token: str) -> Any:
        return people.http.get("/api/sessions", headers=bearer(token)).json

    rows = listed(mine)
    assert [row["current"] for row in rows].count(True) == 1
    fields = {"id", "current", "bound", "created_at", "last_refreshed_at", "ip", "browser", "user_agent"}
    assert all(set(row) == fields for row in rows)
    (others_id,) = [row["id"] for row in listed(other) if row["current"]]
    for _ in range(2):
        assert people.http.delete(f"/api/sessions/{others_id}", headers=bearer(mine)).status_code == 204
    ended = people.post("/refresh", token=other)
    assert ended.json["reason"] == "revoked"
    events = people.http.get("/api/me/events", headers=bearer(mine)).json
    assert [event["event"] for event in events].count("session_ended") == 1
    (eves_id,) = [row["id"] for row in listed(eves)]
    for foreign in (eves_id, "00000000-0000-0000-0000-000000000000", "nonsense"):
        answer = people.http.delete(f"/api/sessions/{foreign}", headers=bearer(mine))
        assert code_of(answer) == (404, "not_found")
    assert people.http.delete("/api/sessions", headers=bearer(mine)).status_code == 204
    assert [people.is_live(each) for each in (mine, third, eves)] == [True, False, True]
    assert people.http.delete("/api/sessions", headers=bearer(mine)).status_code == 204
    events = people.http.get("/api/me/events", headers=bearer(mine)).json
    assert [event["event"] for event in events].count("sessions_ended") == 1


def test_a_log_in_from_a_browser_not_used_before_is_told_by_mail(people: People) -> None:
    people.verified(agent=FOX)
    people.log_in(agent=FOX)
    people.log_in(agent=FOX.replace("140", "141"))
    assert people.letters() == []
    people.log_in(password="not the one at all", agent="Guesser/1.0")
    for agent, words in (
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Guesser/1.0", "Guesser"),
        ("Reader/1.0", "Reader"),
    ):
        for _ in range(2):
            assert people.log_in(agent=agent).status_code == 200
        (letter,) = people.letters()
        assert letter["To"] == ADDRESS
        assert f"With: {words}" in body_of(letter).splitlines()


def test_after_a_long_absence_every_browser_is_a_new_one(people: People, app: Flask, clock: Clock) -> None:
    people.verified(agent=FOX)
    people.log_in(agent=FOX)
    clock.now += 200 * DAY
    sweeper_of(app).sweep()
    people.log_in(agent=FOX)
    assert [letter["To"] for letter in people.letters()] == [ADDRESS]


def test_a_replay_is_told_by_mail_and_seen_in_the_events(people: People, clock: Clock) -> None:
    people.verified()
    old = people.token()
    newer = people.post("/refresh", token=old).json["token"]
    assert people.is_live(newer)
    clock.now += 60
    assert code_of(people.post("/refresh", token=old)) == (401, "token_reused")
    assert len(people.letters()) == 1
    events = people.http.get("/api/me/events", headers=bearer(people.token())).json
    assert "authn_token_reuse" in [event["event"] for event in events]


def test_events_show_what_happened_newest_first_and_never_a_secret(people: People, clock: Clock) -> None:
    people.register()
    for password in ("wrong horse battery staple", PASSWORD):
        clock.now += 1
        answer = people.log_in(password=password)
    events = people.http.get("/api/me/events", headers=bearer(answer.json["token"]))
    names = [event["event"] for event in events.json]
    assert names == ["authn_login_success", "authn_login_fail", "user_created"]
    assert "horse" not in events.text


def test_old_events_are_forgotten(people: People, app: Flask, clock: Clock) -> None:
    people.register()
    clock.now += 91 * 86_400
    token = people.token()

    def names() -> list[str]:
        return [each["event"] for each in people.http.get("/api/me/events", headers=bearer(token)).json]

    assert names() == ["authn_login_success", "user_created"]
    sweeper = sweeper_of(app)
    sweeper.start()
    wait_until(lambda: names() == ["authn_login_success"], "the first sweep")
    sweeper.stop()


def test_an_export_has_all_and_leaving_leaves_nothing(
    people: People, app: Flask, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    people.verified()
    sent = people.forgotten()
    people.post("/password/forgot", {"email": ADDRESS.upper()})
    people.log_in(password="wrong horse battery staple")
    token, other = people.token(), people.token()
    everything = people.http.get("/api/me/export", headers=bearer(token)).json
    assert everything["user"]["email"] == ADDRESS
    assert len(everything["sessions"]) == 2
    assert [mail["kind"] for mail in everything["mails"]] == ["reset"]
    assert [(code["purpose"], code["address"]) for code in everything["codes"]] == [("reset", ADDRESS)]
    assert "authn_login_fail" in [event["event"] for event in everything["events"]]
    assert not any(secret in str(everything) for secret in ("argon2", sent, token))
    wrong = people.http.delete("/api/me", json={"current_password": "x"}, headers=bearer(token))
    assert code_of(wrong) == (403, "wrong_password")
    people.post("/password/forgot", {"email": ADDRESS})
    gone = people.http.delete("/api/me", json={"current_password": PASSWORD}, headers=bearer(token))
    assert gone.status_code == 204
    assert not people.is_live(other)
    assert "user_deleted" in caplog.text
    with database_of(app).read() as sql:
        tables = (User, LedgerEntry, OutboxMail, SecurityEvent)
        counts = [sql.scalar(select(func.count()).select_from(table)) for table in tables]
    assert counts == [0, 0, 0, 0]
    # What remains are the counters of the address, which name nobody.
    assert all(key.startswith(b"ta:l:") for key in redis.scan_iter())
    people.register()


def test_password_managers_are_led_to_the_page(people: People) -> None:
    answer = people.http.get("/.well-known/change-password")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account#password")
