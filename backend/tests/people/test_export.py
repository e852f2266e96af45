"""Everything that is stored of a person, and that nothing of it stays."""

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select

from flask_tokenkeep.stores.models import LedgerEntry, OutboxMail, SecurityEvent, User
from tests.support.app_users import People, code_of
from tests.support.asking import bearer
from tests.support.examples import ADDRESS, PASSWORD
from tests.support.inside import database_of


def test_an_export_has_everything_and_deletion_leaves_nothing(
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
