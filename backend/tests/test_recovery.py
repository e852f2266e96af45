"""Forgotten and changed passwords, addresses, sessions, leaving: over HTTP, on SQLite and PostgreSQL."""

import email
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email import policy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from proofs import Key
from redis import Redis, RedisError
from servers import PrivateRedis, wait_until
from sqlalchemy import delete, func, select, update
from workers import Clock, bearer, worker

from flask_tokenauth import migrate
from flask_tokenauth.errors import InvalidDpopProof, SessionEnded
from flask_tokenauth.models import LedgerEntry, OutboxMail, SecurityEvent, User
from flask_tokenauth.outbox import RESET_SPREAD

PASSWORD = "a quiet place among shelves"
NEW_PASSWORD = "seventeen violet lanterns"
ADDRESS = "ada@library.example"
AGENT = "Firefox/1 Linux"
MINUTE, DAY = 60, 86_400


class People:
    """One person at a small app, and the letters that they get."""

    def __init__(self, app: Flask, clock: Clock, mails: Path) -> None:
        self.app, self.clock, self.mails = app, clock, mails
        self.http = app.test_client()

    def post(
        self, path: str, body: dict[str, Any] | None = None, token: str | None = None, **more: str
    ) -> Any:
        headers = (bearer(token) if token else {}) | more
        return self.app.test_client().post(f"/api{path}", json=body, headers=headers)

    def register(self, username: str = "Ada", address: str | None = ADDRESS, agent: str = AGENT) -> None:
        body = {"username": username, "password": PASSWORD} | ({"email": address} if address else {})
        assert self.post("/register", body, **{"User-Agent": agent}).status_code == 201

    def log_in(self, username: str = "Ada", password: str = PASSWORD, agent: str = AGENT) -> Any:
        return self.post("/login", {"username": username, "password": password}, **{"User-Agent": agent})

    def token(self, username: str = "Ada", password: str = PASSWORD) -> str:
        answer = self.log_in(username, password)
        assert answer.status_code == 200, answer.json
        token: str = answer.json["token"]
        return token

    def letters(self) -> list[email.message.EmailMessage]:
        """What the sender sends within seconds."""
        for old in self.mails.glob("*.eml"):
            old.unlink()
        now = datetime.fromtimestamp(self.clock.now, UTC)
        self.app.extensions["tokenauth"].courier.deliver_due(now + RESET_SPREAD)
        return [
            email.message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in self.mails.glob("*.eml")
        ]

    def code(self) -> str:
        letters = self.letters()
        found = [re.search(r"#code=(\S+)", body_of(letter)) for letter in letters]
        (code,) = [match[1] for match in found if match]
        return code

    def verified(self, username: str = "Ada", address: str = ADDRESS, agent: str = AGENT) -> None:
        self.register(username, address, agent)
        assert self.post("/email/verify", {"code": self.code()}).status_code == 204

    def forgotten(self, address: str = ADDRESS) -> str:
        assert self.post("/password/forgot", {"email": address}).status_code == 202
        return self.code()

    def forgotten_beside(self) -> str:
        """The reset code, where other letters go out too."""
        people_asked = self.post("/password/forgot", {"email": ADDRESS})
        assert people_asked.status_code == 202
        found = [re.search(r"reset-password#code=(\S+)", body_of(letter)) for letter in self.letters()]
        (code,) = [match[1] for match in found if match]
        return code

    def is_live(self, token: str) -> bool:
        return self.app.test_client().get("/api/me", headers=bearer(token)).status_code == 200


def body_of(letter: email.message.EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    content: str = part.get_content()
    return content


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


@pytest.fixture
def app(
    redis: Redis, redis_server: PrivateRedis, database_url: str, clock: Clock, tmp_path: Path
) -> Iterator[Flask]:
    migrate(database_url)
    with worker(redis_server.url, database_url, clock, MAIL_DIR=tmp_path) as app:
        yield app


@pytest.fixture
def people(app: Flask, clock: Clock, tmp_path: Path) -> People:
    return People(app, clock, tmp_path)


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


def test_of_twenty_resets_with_one_code_one_wins_and_its_password_logs_in(people: People) -> None:
    people.verified()
    code = people.forgotten()
    passwords = [f"{NEW_PASSWORD} number {n}" for n in range(20)]
    start = threading.Barrier(20)

    def reset(password: str) -> int:
        start.wait()
        return people.post("/password/reset", {"code": code, "new_password": password}).status_code  # type: ignore[no-any-return]

    with ThreadPoolExecutor(20) as pool:
        codes = list(pool.map(reset, passwords))
    assert sorted(codes) == [204] + [422] * 19
    assert people.log_in(password=passwords[codes.index(204)]).status_code == 200


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


def change_row(app: Flask, table: Any, **values: Any) -> None:
    with app.extensions["tokenauth"].database.write() as sql:
        sql.execute(update(table).values(**values))


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


@pytest.mark.parametrize("reason", ["logged_out", "revoked"])
def test_a_refresh_gives_nothing_if_its_session_ends_before_the_ledger_knows_of_it(
    people: People, app: Flask, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    people.register()
    token = people.token()
    sessions = app.extensions["tokenauth"].logins._sessions
    rotate = sessions.rotate

    def rotate_and_end(*args: Any) -> Any:
        successor = rotate(*args)
        change_row(app, LedgerEntry, ended_at=datetime.now(UTC), end_reason=reason)
        return successor

    monkeypatch.setattr(sessions, "rotate", rotate_and_end)
    refused = people.post("/refresh", token=token)
    assert (code_of(refused), refused.json["reason"]) == ((401, "session_ended"), reason)
    assert not people.is_live(token)


def test_a_refresh_that_finds_its_session_gone_tells_what_the_ledger_says_by_then(
    people: People, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.register()
    token = people.token()

    def end_meanwhile(*_: Any) -> Any:
        change_row(app, LedgerEntry, ended_at=datetime.now(UTC), end_reason="password_changed")
        raise SessionEnded("expired")

    monkeypatch.setattr(app.extensions["tokenauth"].logins._sessions, "rotate", end_meanwhile)
    refused = people.post("/refresh", token=token)
    assert (code_of(refused), refused.json["reason"]) == ((401, "session_ended"), "password_changed")


@pytest.mark.parametrize(("stored", "status"), [(PASSWORD, 200), (NEW_PASSWORD, 401)])
def test_a_log_in_counts_if_its_password_is_still_the_one_whatever_its_hash(
    people: People, app: Flask, monkeypatch: pytest.MonkeyPatch, stored: str, status: int
) -> None:
    people.register()
    accounts = app.extensions["tokenauth"].accounts
    settle = accounts._limits.settle

    def change_meanwhile(*args: Any, **more: Any) -> Any:
        change_row(app, User, password_hash=accounts._passwords.hash(stored))
        return settle(*args, **more)

    monkeypatch.setattr(accounts._limits, "settle", change_meanwhile)
    assert people.log_in().status_code == status


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/password/change", {"new_password": NEW_PASSWORD}),
        ("PATCH", "/me", {"email": "new@library.example"}),
        ("DELETE", "/me", {}),
    ],
)
def test_nothing_is_changed_by_a_password_that_is_no_longer_the_one(
    people: People,
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    body: dict[str, Any],
) -> None:
    people.register()
    token = people.token()
    accounts = app.extensions["tokenauth"].accounts
    settle = accounts._limits.settle

    def change_meanwhile(*args: Any, **more: Any) -> Any:
        change_row(app, User, password_hash=accounts._passwords.hash("somebody was faster here"))
        return settle(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(accounts._limits, "settle", change_meanwhile)
        answer = people.http.open(
            f"/api{path}", method=method, json=body | {"current_password": PASSWORD}, headers=bearer(token)
        )
    assert code_of(answer) == (401, "invalid_token")
    assert people.log_in(password="somebody was faster here").json["user"]["email"] == ADDRESS


def race(*calls: Callable[[], Any]) -> list[Any]:
    start = threading.Barrier(len(calls))

    def together(call: Callable[[], Any]) -> Any:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(together, calls))


def test_no_refresh_and_no_log_in_survives_a_password_change_that_they_race(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    people.register()
    current = PASSWORD
    with worker(redis_server.url, database_url, clock) as app:
        elsewhere = People(app, clock, people.mails)
        for n in range(25):
            token, other = people.token(password=current), people.token(password=current)
            newer = f"{NEW_PASSWORD} number {n}"
            body = {"current_password": current, "new_password": newer}
            old = current
            changed, refreshed, begun = race(
                lambda body=body, token=token: people.post("/password/change", body, token),
                lambda other=other: elsewhere.post("/refresh", token=other),
                lambda old=old: elsewhere.log_in(password=old),
            )
            assert changed.status_code == 200
            left = [answer.json["token"] for answer in (refreshed, begun) if answer.status_code == 200]
            assert not any(people.is_live(each) for each in (token, other, *left))
            assert people.is_live(changed.json["token"])
            current = newer


def test_whatever_ends_sessions_at_once_waits_for_the_others_and_fails_for_nobody(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    people.register()
    with worker(redis_server.url, database_url, clock) as app:
        elsewhere = People(app, clock, people.mails)
        for _ in range(10):
            replayed, mine, other = people.token(), people.token(), people.token()
            newer = people.post("/refresh", token=replayed).json["token"]
            assert people.is_live(newer)
            rows = people.http.get("/api/sessions", headers=bearer(other)).json
            (others_id,) = [row["id"] for row in rows if row["current"]]
            clock.now += MINUTE
            statuses = [
                answer.status_code
                for answer in race(
                    lambda mine=mine: people.app.test_client().delete("/api/sessions", headers=bearer(mine)),
                    lambda replayed=replayed: elsewhere.post("/refresh", token=replayed),
                    lambda mine=mine, others_id=others_id: elsewhere.app.test_client().delete(
                        f"/api/sessions/{others_id}", headers=bearer(mine)
                    ),
                )
            ]
            assert statuses == [204, 401, 204]


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


def test_a_letter_that_a_courier_already_holds_gets_no_code_after_a_password_change(
    people: People, app: Flask, clock: Clock
) -> None:
    people.verified()
    token = people.token()
    people.post("/password/forgot", {"email": ADDRESS})
    state = app.extensions["tokenauth"]
    now = datetime.fromtimestamp(clock.now, UTC) + RESET_SPREAD
    row = state.outbox.claim(now)
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert people.post("/password/change", change, token).status_code == 200
    assert state.courier._write(row, now) is None


@pytest.mark.parametrize("path", ["/password/reset", "/email/verify"])
def test_what_was_not_committed_is_done_by_the_same_request_again(
    people: People, app: Flask, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    codes = app.extensions["tokenauth"].accounts._codes
    if path == "/password/reset":
        people.verified()
        body = {"code": people.forgotten(), "new_password": NEW_PASSWORD}
    else:
        people.register()
        body = {"code": people.code()}
    spend = codes.spend

    def spend_and_fail(code: Any) -> None:
        spend(code)
        raise RedisError

    with monkeypatch.context() as patch:
        patch.setattr(codes, "spend", spend_and_fail)
        assert code_of(people.post(path, body)) == (503, "unavailable")
    assert people.log_in(password=NEW_PASSWORD).status_code == 401
    for _ in range(2):
        assert people.post(path, body).status_code == 204
    assert people.log_in(ADDRESS, body.get("new_password", PASSWORD)).status_code == 200


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


@pytest.mark.parametrize("logged_in", [False, True])
def test_a_wrong_password_is_one_also_if_the_account_is_deleted_meanwhile(
    people: People, app: Flask, monkeypatch: pytest.MonkeyPatch, logged_in: bool
) -> None:
    people.register()
    token = people.token()
    limits = app.extensions["tokenauth"].accounts._limits
    settle = limits.settle

    def delete_meanwhile(*args: Any, **more: Any) -> Any:
        with app.extensions["tokenauth"].database.write() as sql:
            sql.execute(delete(User))
        return settle(*args, **more)

    monkeypatch.setattr(limits, "settle", delete_meanwhile)
    if logged_in:
        body = {"current_password": "not the one at all", "new_password": NEW_PASSWORD}
        assert code_of(people.post("/password/change", body, token)) == (403, "wrong_password")
    else:
        assert code_of(people.log_in(password="not the one at all")) == (401, "invalid_credentials")


def test_a_wrong_proof_is_one_also_if_the_account_is_deleted_meanwhile(
    people: People, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.register()
    token = people.token()
    change_row(app, LedgerEntry, thumbprint="x" * 43)

    def delete_meanwhile(*_: Any) -> None:
        with app.extensions["tokenauth"].database.write() as sql:
            sql.execute(delete(User))
        raise InvalidDpopProof(token_was_presented=True)

    monkeypatch.setattr(app.extensions["tokenauth"].logins._proofs, "demand", delete_meanwhile)
    assert code_of(people.post("/refresh", token=token)) == (401, "invalid_dpop_proof")


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
    fields = {"id", "current", "bound", "created_at", "last_refreshed_at", "ip", "user_agent"}
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


FOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"


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
    app.extensions["tokenauth"].sweeper.sweep()
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
    sweeper = app.extensions["tokenauth"].sweeper
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
    with app.extensions["tokenauth"].database.read() as sql:
        tables = (User, LedgerEntry, OutboxMail, SecurityEvent)
        counts = [sql.scalar(select(func.count()).select_from(table)) for table in tables]
    assert counts == [0, 0, 0, 0]
    # What remains are the counters of the address, which name nobody.
    assert all(key.startswith(b"ta:l:") for key in redis.scan_iter())
    people.register()


def test_password_managers_are_led_to_the_page(people: People) -> None:
    answer = people.http.get("/.well-known/change-password")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account#password")
