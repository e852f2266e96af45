"""The password is changed by who is logged in."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from flask_tokenkeep.mail.outbox import RESET_SPREAD
from flask_tokenkeep.stores.models import LedgerEntry, User
from tests.support.app_users import People, body_of, code_of
from tests.support.asking import bearer
from tests.support.browser_key import Key
from tests.support.examples import ADDRESS, NEW_PASSWORD, PASSWORD
from tests.support.inside import courier_of, outbox_of, passwords_of, write_letter
from tests.support.meanwhile import change_row, meanwhile
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock


def test_a_changed_password_ends_all_sessions_and_begins_one(people: People) -> None:
    people.verified()
    token, other = people.token(), people.token()
    code = people.forgotten()
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    begun = people.post("/password/change", body, token)
    assert begun.status_code == 200
    assert [people.is_live(each) for each in (token, other, begun.json["token"])] == [False, False, True]
    assert people.log_in().status_code == 401
    dead = people.post("/password/reset", {"code": code, "new_password": PASSWORD})
    assert code_of(dead) == (422, "code_invalid")
    assert [letter["To"] for letter in people.letters()] == [ADDRESS]


def test_a_bound_session_stays_with_its_key_through_a_password_change(people: People, clock: Clock) -> None:
    people.register()
    key = Key()

    def proof(path: str, token: str | None = None) -> str:
        return key.proof("POST", f"http://localhost/api{path}", token, clock.now)

    credentials = {"username": "Ada", "password": PASSWORD}
    token = people.post("/login", credentials, DPoP=proof("/login")).json["token"]
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert code_of(people.post("/password/change", body, token)) == (401, "invalid_dpop_proof")
    stolen = Key().proof("POST", "http://localhost/api/password/change", token, clock.now)
    assert code_of(people.post("/password/change", body, token, DPoP=stolen)) == (401, "invalid_dpop_proof")
    begun = people.post("/password/change", body, token, DPoP=proof("/password/change", token)).json
    assert begun["session"]["bound"] is True
    renewed = people.post("/refresh", token=begun["token"], DPoP=proof("/refresh", begun["token"]))
    assert renewed.status_code == 200


def test_a_wrong_current_password_logs_nobody_out_but_can_not_be_guessed(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    people.register()
    with worker(redis_server.url, database_url, clock, AUTH_LIMIT_LOGIN_FAILURES=5) as app:
        strict = People(app, clock, people.mails)
        token = strict.token()
        body = {"current_password": "not the one at all", "new_password": NEW_PASSWORD}
        answers = [code_of(strict.post("/password/change", body, token)) for _ in range(6)]
        assert answers == [(403, "wrong_password")] * 5 + [(429, "rate_limited")]
        assert strict.is_live(token)
        assert strict.log_in().status_code == 200, "the log-in has an allowance of its own"
        events = strict.http.get("/api/me/events", headers=bearer(token)).json
        assert [event["event"] for event in events].count("authn_confirmation_fail") == 5


def test_a_password_change_drops_an_address_that_waits_and_any_link_that_is_under_way(people: People) -> None:
    people.verified()
    token = people.token()
    body = {"email": "thief@library.example", "current_password": PASSWORD}
    assert people.http.patch("/api/me", json=body, headers=bearer(token)).status_code == 202
    people.post("/password/forgot", {"email": ADDRESS})
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    newer = people.post("/password/change", change, token).json["token"]
    people.post("/email/verify/resend", token=newer)
    letters = people.letters()
    assert {letter["To"] for letter in letters} == {ADDRESS}
    assert all("#code=" not in body_of(letter) for letter in letters)


def test_a_first_address_waits_on_through_a_password_change_but_needs_a_new_link(people: People) -> None:
    people.register()
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    newer = people.post("/password/change", change, people.token()).json["token"]
    assert people.letters() == []
    people.post("/email/verify/resend", token=newer)
    assert people.post("/email/verify", {"code": people.code()}).status_code == 204


def test_a_session_that_ended_meanwhile_gets_no_new_one_by_a_password_change(
    people: People, app: Flask, clock: Clock
) -> None:
    people.register()
    token = people.token()
    ended = datetime.fromtimestamp(clock.now, UTC)
    change_row(app, LedgerEntry, ended_at=ended, end_reason="logged_out")
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    refused = people.post("/password/change", body, token)
    assert (code_of(refused), refused.json["reason"]) == ((401, "session_ended"), "logged_out")
    assert people.log_in().status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/password/change", {"new_password": NEW_PASSWORD}),
        ("PATCH", "/me", {"email": "new@library.example"}),
        ("DELETE", "/me", {}),
    ],
)
def test_nothing_is_changed_if_the_password_was_replaced_meanwhile(
    people: People,
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    body: dict[str, Any],
) -> None:
    people.register()
    token = people.token()
    newer = passwords_of(app).hash("somebody was faster here")
    with monkeypatch.context() as patch:
        meanwhile(patch, app, lambda: change_row(app, User, password_hash=newer))
        answer = people.http.open(
            f"/api{path}", method=method, json=body | {"current_password": PASSWORD}, headers=bearer(token)
        )
    assert code_of(answer) == (401, "invalid_token")
    assert people.log_in(password="somebody was faster here").json["user"]["email"] == ADDRESS


def test_a_letter_that_a_courier_already_holds_gets_no_code_after_a_password_change(
    people: People, app: Flask, clock: Clock
) -> None:
    people.verified()
    token = people.token()
    people.post("/password/forgot", {"email": ADDRESS})
    now = datetime.fromtimestamp(clock.now, UTC) + RESET_SPREAD
    row = outbox_of(app).claim(now)
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert people.post("/password/change", change, token).status_code == 200
    assert write_letter(courier_of(app), row, now) is None


def test_password_managers_are_redirected_to_the_password_page(people: People) -> None:
    answer = people.http.get("/.well-known/change-password")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account#password")
