"""What happens to an account while something else happens to it: on SQLite and PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from redis import RedisError
from sqlalchemy import delete

from flask_tokenkeep.errors import InvalidDpopProof, SessionEnded
from flask_tokenkeep.mail.outbox import RESET_SPREAD
from flask_tokenkeep.stores.models import LedgerEntry, User
from tests.support.app_users import ADDRESS, MINUTE, NEW_PASSWORD, PASSWORD, People, code_of
from tests.support.asking import bearer
from tests.support.at_once import at_once
from tests.support.inside import (
    codes_of,
    courier_of,
    database_of,
    live_sessions_of,
    outbox_of,
    passwords_of,
    proofs_of,
    write_letter,
)
from tests.support.meanwhile import change_row, meanwhile
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock


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
    sessions = live_sessions_of(app)
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

    monkeypatch.setattr(live_sessions_of(app), "rotate", end_meanwhile)
    refused = people.post("/refresh", token=token)
    assert (code_of(refused), refused.json["reason"]) == ((401, "session_ended"), "password_changed")


@pytest.mark.parametrize(("stored", "status"), [(PASSWORD, 200), (NEW_PASSWORD, 401)])
def test_a_log_in_counts_if_its_password_is_still_the_one_whatever_its_hash(
    people: People, app: Flask, monkeypatch: pytest.MonkeyPatch, stored: str, status: int
) -> None:
    people.register()
    newer = passwords_of(app).hash(stored)
    meanwhile(monkeypatch, app, lambda: change_row(app, User, password_hash=newer))
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
    newer = passwords_of(app).hash("somebody was faster here")
    with monkeypatch.context() as patch:
        meanwhile(patch, app, lambda: change_row(app, User, password_hash=newer))
        answer = people.http.open(
            f"/api{path}", method=method, json=body | {"current_password": PASSWORD}, headers=bearer(token)
        )
    assert code_of(answer) == (401, "invalid_token")
    assert people.log_in(password="somebody was faster here").json["user"]["email"] == ADDRESS


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
            changed, refreshed, begun = at_once(
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
                for answer in at_once(
                    lambda mine=mine: people.app.test_client().delete("/api/sessions", headers=bearer(mine)),
                    lambda replayed=replayed: elsewhere.post("/refresh", token=replayed),
                    lambda mine=mine, others_id=others_id: elsewhere.app.test_client().delete(
                        f"/api/sessions/{others_id}", headers=bearer(mine)
                    ),
                )
            ]
            assert statuses == [204, 401, 204]


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


@pytest.mark.parametrize("path", ["/password/reset", "/email/verify"])
def test_what_was_not_committed_is_done_by_the_same_request_again(
    people: People, app: Flask, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    codes = codes_of(app)
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


def delete_everybody(app: Flask) -> None:
    with database_of(app).write() as sql:
        sql.execute(delete(User))


@pytest.mark.parametrize("logged_in", [False, True])
def test_a_wrong_password_is_one_also_if_the_account_is_deleted_meanwhile(
    people: People, app: Flask, monkeypatch: pytest.MonkeyPatch, logged_in: bool
) -> None:
    people.register()
    token = people.token()
    meanwhile(monkeypatch, app, lambda: delete_everybody(app))
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
        delete_everybody(app)
        raise InvalidDpopProof(token_was_presented=True)

    monkeypatch.setattr(proofs_of(app), "demand", delete_meanwhile)
    assert code_of(people.post("/refresh", token=token)) == (401, "invalid_dpop_proof")
