"""Register, log in, refresh, log out over HTTP, on SQLite and on PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from tests.support.asking import bearer
from tests.support.still_clock import Clock

PERSON = {"username": "Ada", "password": "a quiet place among shelves"}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def log_in(client: FlaskClient) -> str:
    client.post("/api/register", json=PERSON)
    answer = client.post("/api/login", json=PERSON)
    assert answer.status_code == 200
    return answer.json["token"]


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_the_whole_flow(client: FlaskClient) -> None:
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
    old = log_in(client)
    newer = client.post("/api/refresh", headers=bearer(old)).json["token"]
    clock.now += 7100
    newest = client.post("/api/refresh", headers=bearer(newer)).json["token"]
    clock.now += 200
    assert client.post("/api/logout", headers=bearer(old)).status_code == 204
    assert code_of(client.get("/api/me", headers=bearer(newest))) == (401, "invalid_token")


def test_an_expired_session_says_so(client: FlaskClient, clock: Clock) -> None:
    token = log_in(client)
    clock.now += 7200
    assert client.post("/api/refresh", headers=bearer(token)).json["reason"] == "expired"


def test_a_replay_ends_the_session_and_the_ledger_knows_why(client: FlaskClient, clock: Clock) -> None:
    old = log_in(client)
    newer = client.post("/api/refresh", headers=bearer(old)).json["token"]
    client.get("/api/me", headers=bearer(newer))
    clock.now += 30
    assert code_of(client.post("/api/refresh", headers=bearer(old))) == (401, "token_reused")
    assert client.post("/api/refresh", headers=bearer(newer)).json["reason"] == "reused"


def test_what_the_ledger_ended_is_ended_though_a_backup_of_redis_brings_it_back(
    client: FlaskClient, redis: Redis
) -> None:
    token = log_in(client)
    (key,) = redis.keys("ta:s:*")
    record = redis.get(key)
    client.post("/api/logout", headers=bearer(token))
    redis.set(key, record)
    assert code_of(client.post("/api/refresh", headers=bearer(token))) == (401, "session_ended")
    assert redis.get(key) is None


def test_unknown_names_and_wrong_passwords_get_one_answer(client: FlaskClient) -> None:
    client.post("/api/register", json=PERSON)
    wrong = client.post("/api/login", json=PERSON | {"password": "not this one, sorry"})
    unknown = client.post("/api/login", json=PERSON | {"username": "nobody"})
    assert wrong.data == unknown.data
    assert code_of(wrong) == (401, "invalid_credentials")
    assert wrong.headers["WWW-Authenticate"] == "Bearer"


def test_fifty_registrations_of_one_name_at_once_make_one_account(app: Flask) -> None:
    barrier = threading.Barrier(10)

    def register(number: int) -> int:
        barrier.wait()
        name = "ADA" if number % 2 else "ada"
        return app.test_client().post("/api/register", json=PERSON | {"username": name}).status_code

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(register, range(50)))
    assert sorted(statuses) == [201] + [409] * 49


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"username": "ab"}, "username", "wrong_length"),
        ({"username": "a b c"}, "username", "wrong_characters"),
        ({"username": "pаypal"}, "username", "mixed_scripts"),  # the first a is Cyrillic
        ({"username": 5}, "username", "wrong_type"),
        ({"username": "a\0bc"}, "username", "wrong_characters"),
        ({"username": "a\ud800bc"}, "username", "wrong_characters"),
        ({"password": "too short"}, "password", "too_short"),
        ({"password": "x9" * 65}, "password", "too_long"),
        ({"password": "passwordpassword"}, "password", "too_common"),
        ({"password": "ada-bookshelf-1"}, "password", "contains_identity"),
        ({"email": "two@a.example, three@b.example"}, "email", "not_an_email"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "email", "not_an_email"),
        ({"admin": True}, "admin", "unknown_field"),
    ],
)
def test_bad_input_is_refused_with_its_field(
    client: FlaskClient, change: dict[str, Any], field: str, code: str
) -> None:
    answer = client.post("/api/register", json=PERSON | change)
    assert code_of(answer) == (422, "validation_failed")
    assert (field, code) in [(error["field"], error["code"]) for error in answer.json["errors"]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"username": NaN}', 400),
        (b"[]", 422),
        (b'{"username":"a","username":"b"}', 422),
        (b'{"username":' + b"[" * 5000 + b"]" * 5000 + b"}", 422),
        (b'{"username":' + b"[" * 9 + b"]" * 9 + b"}", 422),
        (b'{"username":' + b"1" * 6000 + b"}", 422),
        (b'{"a":"' + b"x" * 20_000 + b'"}', 413),
    ],
)
def test_odd_bodies_get_their_4xx(client: FlaskClient, body: bytes, status: int) -> None:
    answer = client.post("/api/register", data=body, content_type="application/json")
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_another_content_type_is_refused(client: FlaskClient) -> None:
    assert code_of(client.post("/api/login", data=PERSON)) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "missing_token"),
        ("Basic YTpi", "missing_token"),
        ("Bearer", "invalid_token"),
        ("Bearer x", "invalid_token"),
        ("Bearer x, Bearer y", "invalid_token"),
    ],
)
def test_without_a_valid_token_nobody_gets_in(client: FlaskClient, header: str | None, code: str) -> None:
    answer = client.get("/api/me", headers={"Authorization": header} if header else {})
    assert code_of(answer) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert ("error=" in answer.headers["WWW-Authenticate"]) == (code == "invalid_token")


def test_the_oldest_session_makes_room_for_one_too_many(client: FlaskClient, clock: Clock) -> None:
    first = log_in(client)
    for _ in range(50):
        clock.now += 1
        assert client.post("/api/login", json=PERSON).status_code == 200
    assert client.post("/api/refresh", headers=bearer(first)).json["reason"] == "revoked"
