"""What begins, renews and ends a session, over HTTP, on SQLite and on PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from flask_tokenkeep.errors import InvalidDpopProof, SessionEnded
from flask_tokenkeep.stores.models import LedgerEntry
from tests.support.app_users import People, code_of, register_and_log_in
from tests.support.asking import bearer
from tests.support.examples import PERSON
from tests.support.inside import live_sessions_of, proofs_of
from tests.support.meanwhile import change_row, delete_everybody
from tests.support.still_clock import Clock


def test_register_log_in_refresh_and_log_out(client: FlaskClient) -> None:
    assert client.post("/api/register", json=PERSON).status_code == 201
    begun = client.post("/api/login", json=PERSON | {"username": "aDA"}).json
    assert (begun["token_type"], begun["expires_in"], begun["session"]["bound"]) == ("Bearer", 7200, False)
    me = client.get("/api/me", headers=bearer(begun["token"])).json
    assert (me["username"], me["email"], me["email_verified"]) == ("Ada", None, False)
    newer = client.post("/api/refresh", headers=bearer(begun["token"])).json["token"]
    assert client.post("/api/refresh", headers=bearer(begun["token"])).json["token"] == newer
    for _ in range(2):
        assert client.post("/api/logout", headers=bearer(newer)).status_code == 204
    assert code_of(client.get("/api/me", headers=bearer(newer))) == (401, "invalid_token")
    ended = client.post("/api/refresh", headers=bearer(newer))
    assert code_of(ended) == (401, "session_ended")
    assert ended.json["reason"] == "logged_out"


def test_an_old_and_expired_token_still_logs_out(client: FlaskClient, clock: Clock) -> None:
    old = register_and_log_in(client)
    newer = client.post("/api/refresh", headers=bearer(old)).json["token"]
    clock.now += 7100
    newest = client.post("/api/refresh", headers=bearer(newer)).json["token"]
    clock.now += 200
    assert client.post("/api/logout", headers=bearer(old)).status_code == 204
    assert code_of(client.get("/api/me", headers=bearer(newest))) == (401, "invalid_token")


def test_a_refresh_after_expiry_says_that_the_session_expired(client: FlaskClient, clock: Clock) -> None:
    token = register_and_log_in(client)
    clock.now += 7200
    assert client.post("/api/refresh", headers=bearer(token)).json["reason"] == "expired"


def test_a_replay_ends_the_session_and_the_ledger_knows_why(client: FlaskClient, clock: Clock) -> None:
    old = register_and_log_in(client)
    newer = client.post("/api/refresh", headers=bearer(old)).json["token"]
    client.get("/api/me", headers=bearer(newer))
    clock.now += 30
    assert code_of(client.post("/api/refresh", headers=bearer(old))) == (401, "token_reused")
    assert client.post("/api/refresh", headers=bearer(newer)).json["reason"] == "reused"


def test_a_session_ended_in_the_ledger_stays_ended_when_redis_is_restored(
    client: FlaskClient, redis: Redis
) -> None:
    token = register_and_log_in(client)
    (key,) = redis.keys("ta:s:*")
    record = redis.get(key)
    client.post("/api/logout", headers=bearer(token))
    redis.set(key, record)
    assert code_of(client.post("/api/refresh", headers=bearer(token))) == (401, "session_ended")
    assert redis.get(key) is None


def test_the_oldest_session_makes_room_for_one_too_many(client: FlaskClient, clock: Clock) -> None:
    first = register_and_log_in(client)
    for _ in range(50):
        clock.now += 1
        assert client.post("/api/login", json=PERSON).status_code == 200
    assert client.post("/api/refresh", headers=bearer(first)).json["reason"] == "revoked"


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


def test_a_wrong_proof_is_reported_even_if_the_account_is_deleted_meanwhile(
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
