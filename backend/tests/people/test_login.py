"""Who is logged in, what that tells, and to whom."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select

from flask_tokenkeep import migrate
from flask_tokenkeep.people import passwords
from flask_tokenkeep.stores.models import User
from tests.support.app_users import People, body_of, code_of
from tests.support.examples import ADDRESS, DAY, NEW_PASSWORD, PASSWORD, PERSON
from tests.support.inside import database_of, passwords_of, sweeper_of
from tests.support.meanwhile import change_row, meanwhile
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock


def test_unknown_names_and_wrong_passwords_get_one_answer(client: FlaskClient) -> None:
    client.post("/api/register", json=PERSON)
    wrong = client.post("/api/login", json=PERSON | {"password": "not this one, sorry"})
    unknown = client.post("/api/login", json=PERSON | {"username": "nobody"})
    assert wrong.data == unknown.data
    assert code_of(wrong) == (401, "invalid_credentials")
    assert wrong.headers["WWW-Authenticate"] == "Bearer"


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
    sweeper_of(app).sweep()
    people.log_in(agent=FOX)
    assert [letter["To"] for letter in people.letters()] == [ADDRESS]


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


@pytest.mark.parametrize(("stored", "status"), [(PASSWORD, 200), (NEW_PASSWORD, 401)])
def test_a_log_in_succeeds_if_its_password_was_only_rehashed_meanwhile(
    people: People, app: Flask, monkeypatch: pytest.MonkeyPatch, stored: str, status: int
) -> None:
    people.register()
    newer = passwords_of(app).hash(stored)
    meanwhile(monkeypatch, app, lambda: change_row(app, User, password_hash=newer))
    assert people.log_in().status_code == status


@pytest.fixture
def stores(redis: Redis, redis_server: PrivateRedis, tmp_path: Any) -> tuple[str, str]:
    database_url = f"sqlite:///{tmp_path}/test.sqlite3"
    migrate(database_url)
    return redis_server.url, database_url


@pytest.fixture
def sqlite_client(stores: tuple[str, str]) -> Iterator[FlaskClient]:
    with worker(*stores, Clock()) as app:
        yield app.test_client()


def log_in(client: FlaskClient, name: str = "Ada", password: str = PASSWORD) -> int:
    return client.post("/api/login", json={"username": name, "password": password}).status_code


def register(client: FlaskClient) -> None:
    body = {"username": "Ada", "password": PASSWORD, "email": "ada@example.org"}
    assert client.post("/api/register", json=body).status_code == 201


def test_known_and_unknown_names_cost_the_same(
    sqlite_client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: one comparison each, with a hash of the same parameters."""
    register(sqlite_client)
    work: list[Any] = []
    real = PasswordHasher.verify

    def counted(self: PasswordHasher, stored: str, password: str) -> bool:
        work.append((extract_parameters(stored), len(password)))
        return real(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    monkeypatch.setattr(PasswordHasher, "hash", lambda *_: pytest.fail("nothing is hashed for a failure"))
    names = ["Ada", "nobody", "ada@example.org", "nobody@example.org", "", "\u202e", "ada@", "x" * 1024]
    for name in names:
        assert log_in(sqlite_client, name, "not this one, sorry") == 401
    assert work == [work[0]] * len(names)


def test_a_hash_is_made_anew_at_log_in_when_the_parameters_rise(stores: tuple[str, str]) -> None:
    with worker(*stores, Clock()) as before, worker(*stores, Clock(), AUTH_ARGON2_TIME="3") as now:
        database = database_of(now)

        def stored() -> str:
            with database.read() as sql:
                found: str = sql.scalar(select(User.password_hash))
            return found

        register(before.test_client())
        first = stored()
        assert log_in(now.test_client(), password="not this one, sorry") == 401
        assert stored() == first
        assert log_in(now.test_client()) == 200
        second = stored()
        assert (extract_parameters(first).time_cost, extract_parameters(second).time_cost) == (1, 3)
        assert log_in(now.test_client()) == 200
        assert stored() == second


def test_too_many_hashes_at_once_are_answered_with_503(
    sqlite_client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASH_WAIT_SECONDS", 0.01)
    with monkeypatch.context() as patch:
        patch.setattr(threading.BoundedSemaphore, "acquire", lambda *_, **__: False)
        for path in ("register", "login"):
            answer = sqlite_client.post(f"/api/{path}", json={"username": "Bob", "password": PASSWORD})
            assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
    register(sqlite_client)
    assert log_in(sqlite_client) == 200
