"""Forgotten and changed passwords, and their codes: over HTTP, on SQLite and PostgreSQL."""

from typing import Any

import pytest
from flask import Flask

from flask_tokenkeep.stores.models import User
from tests.support.app_users import ADDRESS, MINUTE, NEW_PASSWORD, PASSWORD, People, body_of, code_of
from tests.support.asking import bearer
from tests.support.browser_key import Key
from tests.support.meanwhile import change_row
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock


def test_a_forgotten_password_is_replaced_and_every_session_ends(people: People) -> None:
    people.verified()
    token = people.token()
    code = people.forgotten()
    assert people.post("/password/reset", {"code": code, "new_password": NEW_PASSWORD}).status_code == 204
    assert not people.is_live(token)
    ended = people.post("/refresh", token=token)
    assert (code_of(ended), ended.json["reason"]) == ((401, "session_ended"), "password_changed")
    assert people.log_in().status_code == 401
    assert people.log_in(password=NEW_PASSWORD).status_code == 200
    assert [letter["To"] for letter in people.letters()] == [ADDRESS]


def test_forgot_answers_the_same_for_everyone_and_mails_only_verified_addresses(people: People) -> None:
    people.register("Ada", ADDRESS)
    people.letters()
    answers = [people.post("/password/forgot", {"email": each}) for each in (ADDRESS, "no@one.example")]
    assert people.letters() == []
    shown = [(each.status_code, each.data, sorted(each.headers)) for each in answers]
    assert shown[0] == shown[1]
    assert shown[0][0] == 202


@pytest.mark.parametrize(
    "address",
    [
        *(["a@b.example"], {"a": 1}, "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "", "a"),
        *(ADDRESS.replace("i", "\u0131"), ADDRESS.replace("a", "\u0430"), ADDRESS.replace("a", "\uff41")),
    ],
)
def test_what_is_not_one_address_is_refused_everywhere_and_nobody_is_mailed(
    people: People, address: Any
) -> None:
    people.verified()
    token = people.token()
    tries = {
        "/password/forgot": people.post("/password/forgot", {"email": address}),
        "/register": people.post("/register", {"username": "Eve", "password": PASSWORD, "email": address}),
        "/me": people.app.test_client().patch(
            "/api/me", json={"email": address, "current_password": PASSWORD}, headers=bearer(token)
        ),
    }
    for path, answer in tries.items():
        assert code_of(answer) == (422, "validation_failed"), path
        assert [error["field"].partition(".")[0] for error in answer.json["errors"]] == ["email"]
    assert people.letters() == []


def test_another_spelling_of_an_address_reaches_its_owner_only(people: People) -> None:
    people.verified()
    people.post("/password/forgot", {"email": "ADA@LIBRARY.example"})
    assert [letter["To"] for letter in people.letters()] == ["ada@library.example"]


def test_neither_host_nor_a_field_changes_where_a_link_leads(people: People) -> None:
    people.verified()
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Origin": "http://evil.example"}
    people.post("/password/forgot", {"email": ADDRESS}, **evil)
    (letter,) = people.letters()
    assert "evil" not in letter.as_string()
    assert "http://localhost/reset-password#code=" in body_of(letter)
    refused = people.post("/password/forgot", {"email": ADDRESS, "reset_url": "http://evil.example"})
    assert code_of(refused) == (422, "validation_failed")


def test_a_reset_link_works_once_but_the_same_request_may_be_repeated(people: People, clock: Clock) -> None:
    people.verified()
    code = people.forgotten()
    body = {"code": code, "new_password": NEW_PASSWORD}
    assert people.post("/password/reset", body).status_code == 204
    token = people.token(password=NEW_PASSWORD)
    assert people.post("/password/reset", body).status_code == 204
    assert people.is_live(token), "a repetition does nothing"
    other = people.post("/password/reset", body | {"new_password": "another quite long sentence"})
    assert code_of(other) == (422, "code_invalid")
    clock.now += 5 * MINUTE
    assert code_of(people.post("/password/reset", body)) == (422, "code_invalid")


def test_a_bad_password_leaves_the_code_usable(people: People) -> None:
    people.verified()
    code = people.forgotten()
    for bad in ("short", "ada@library.example", "aaaaaaaaaaaaaaaaaaaa"):
        refused = people.post("/password/reset", {"code": code, "new_password": bad})
        assert code_of(refused) == (422, "validation_failed")
        assert refused.json["errors"][0]["field"] == "new_password"
    assert people.post("/password/reset", {"code": code, "new_password": NEW_PASSWORD}).status_code == 204


def test_wrong_expired_replaced_and_foreign_codes_are_one_answer(people: People, clock: Clock) -> None:
    people.verified()
    replaced = people.forgotten()
    code = people.forgotten()
    people.register("Eve", "eve@library.example")
    foreign = people.code()
    damaged = code[:-1] + ("A" if code[-1] != "A" else "B")
    bad = (replaced, damaged, foreign, "", "ä", code + "=", "x" * 1000)
    answers = [people.post("/password/reset", {"code": each, "new_password": NEW_PASSWORD}) for each in bad]
    clock.now += 30 * MINUTE
    answers.append(people.post("/password/reset", {"code": code, "new_password": NEW_PASSWORD}))
    assert {code_of(answer) for answer in answers} == {(422, "code_invalid")}
    assert len({answer.data for answer in answers}) == 1


def test_wrong_codes_count_per_network_and_right_ones_never(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    people.verified()
    code = people.forgotten()
    with worker(redis_server.url, database_url, clock, AUTH_LIMIT_CODE_PER_ADDRESS="3/hour") as app:
        strict = People(app, clock, people.mails)
        wrong = {"code": "x" * len(code), "new_password": NEW_PASSWORD}
        answers = [strict.post("/password/reset", wrong) for _ in range(2)]
        answers += [strict.post("/email/verify", {"code": wrong["code"]}) for _ in range(2)]
        assert [each.status_code for each in answers] == [422, 422, 422, 429]
        assert int(answers[-1].headers["Retry-After"]) > 0
        elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
        other = strict.http.post("/api/password/reset", json=wrong, environ_overrides=elsewhere)
        assert other.status_code == 422
        right = {"code": code, "new_password": NEW_PASSWORD}
        assert [strict.post("/password/reset", right).status_code for _ in range(5)] == [204] * 5


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


def test_waits_tell_neither_who_has_an_account_nor_which_address_is_whose(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    people.verified()
    with worker(redis_server.url, database_url, clock, AUTH_LIMIT_LOGIN_FAILURES=5) as app:
        strict = People(app, clock, people.mails)

        def tries(name: str) -> list[int]:
            return [strict.log_in(name, "not the one at all").status_code for _ in range(6)]

        assert tries("Ada") == tries("Nobody") == [401] * 5 + [429]
        for taken, free in ((ADDRESS, "eve@library.example"), ("ADA@Library.example", "EVE@Library.example")):
            assert tries(taken) == tries(free)


def test_a_code_counts_only_for_the_address_that_it_was_sent_to(people: People, app: Flask) -> None:
    people.register()
    code = people.code()
    change_row(app, User, pending_email="other@library.example")
    assert code_of(people.post("/email/verify", {"code": code})) == (422, "code_invalid")
    change_row(app, User, email=ADDRESS, email_key=ADDRESS, pending_email=None)
    reset = people.forgotten()
    change_row(app, User, email="other@library.example", email_key="other@library.example")
    refused = people.post("/password/reset", {"code": reset, "new_password": NEW_PASSWORD})
    assert code_of(refused) == (422, "code_invalid")


def test_a_reset_drops_an_address_that_waits_and_any_link_that_is_under_way(people: People) -> None:
    people.verified()
    token = people.token()
    body = {"email": "thief@library.example", "current_password": PASSWORD}
    assert people.http.patch("/api/me", json=body, headers=bearer(token)).status_code == 202
    code = people.forgotten_beside()
    people.post("/password/forgot", {"email": ADDRESS})
    assert people.post("/password/reset", {"code": code, "new_password": NEW_PASSWORD}).status_code == 204
    people.post("/email/verify/resend", token=people.token(password=NEW_PASSWORD))
    assert all("#code=" not in body_of(letter) for letter in people.letters())


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


def test_a_reset_ends_the_waits_that_guesses_at_the_old_password_made(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    people.verified()
    with worker(redis_server.url, database_url, clock, AUTH_LIMIT_LOGIN_FAILURES=5) as app:
        strict = People(app, clock, people.mails)
        for name in ("Ada", ADDRESS):
            guesses = [strict.log_in(name, "not the one at all").status_code for _ in range(6)]
            assert guesses == [401] * 5 + [429]
        body = {"code": people.forgotten(), "new_password": NEW_PASSWORD}
        assert strict.post("/password/reset", body).status_code == 204
        for name in ("Ada", ADDRESS):
            assert strict.log_in(name, NEW_PASSWORD).status_code == 200
