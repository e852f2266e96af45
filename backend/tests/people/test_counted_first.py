"""What rates or hashes a password counts per address before it does, also where a cheap check ends it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from tests.support.app_users import People, code_of
from tests.support.asking import bearer
from tests.support.at_once import many_at_once
from tests.support.examples import NEW_PASSWORD, PASSWORD
from tests.support.inside import codes_of, database_of, passwords_of
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock

LIMITED = (429, "rate_limited")
WRONG = "not the one at all"


@pytest.fixture
def strict(redis_server: PrivateRedis, database_url: str, clock: Clock, people: People) -> Iterator[People]:
    """The same people at an app that takes three of each from one address."""
    limits = {"AUTH_LIMIT_REGISTER": "3/hour", "AUTH_LIMIT_PASSWORD_PER_ADDRESS": "3/hour"}
    with worker(redis_server.url, database_url, clock, MAIL_DIR=people.mails, **limits) as app:
        yield People(app, clock, people.mails)


@contextmanager
def work_noted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is rated, hashed and checked from now on. Each takes the lock of all who write."""
    done: list[str] = []
    passwords = passwords_of(app)

    def noting(name: str) -> Any:
        real = getattr(passwords, name)

        def noted(*args: Any) -> Any:
            done.append(name)
            with database_of(app).write():
                return real(*args)

        return noted

    with monkeypatch.context() as patch:
        for name in ("problem", "hash", "check"):
            patch.setattr(passwords, name, noting(name))
        yield done


def test_a_registration_counts_before_its_password_is_rated(
    strict: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"username": "Eve", "password": "password" * 2}
    answers = [code_of(strict.post("/register", body)) for _ in range(3)]
    assert answers == [(422, "validation_failed")] * 3
    with work_noted(strict.app, monkeypatch) as done:
        assert code_of(strict.post("/register", body | {"password": PASSWORD})) == LIMITED
    assert done == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/password/change", {"current_password": WRONG, "new_password": NEW_PASSWORD}),
        ("PATCH", "/me", {"current_password": WRONG, "email": "new@library.example"}),
        ("DELETE", "/me", {"current_password": WRONG}),
        ("POST", "/password/reset", {"code": "x" * 64, "new_password": NEW_PASSWORD}),
    ],
)
def test_a_wrong_password_or_code_counts_before_anything_is_rated_or_hashed(
    strict: People, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: dict[str, str]
) -> None:
    strict.register()
    headers = bearer(strict.token())

    def ask(address: str = "127.0.0.1") -> Any:
        base = {"REMOTE_ADDR": address}
        return strict.http.open(f"/api{path}", method=method, json=body, headers=headers, environ_base=base)

    refused = code_of(ask())
    assert refused in ((403, "wrong_password"), (422, "code_invalid"))
    assert [code_of(ask()) for _ in range(2)] == [refused] * 2
    with work_noted(strict.app, monkeypatch) as done:
        limited = ask()
    assert (code_of(limited), done) == (LIMITED, [])
    assert int(limited.headers["Retry-After"]) == 3_600
    assert code_of(ask("192.0.2.7")) == refused


def test_a_new_password_is_rated_only_once_the_current_one_was_right(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.register()
    token = people.token()
    with work_noted(people.app, monkeypatch) as done:
        for current, status in ((WRONG, 403), (PASSWORD, 422)):
            body = {"current_password": current, "new_password": "password" * 2}
            assert people.post("/password/change", body, token).status_code == status
    assert done == ["check", "check", "problem"]


def test_a_reset_hashes_once_and_never_while_others_wait_to_write(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.verified()
    body = {"code": people.forgotten(), "new_password": NEW_PASSWORD}
    other = body | {"new_password": "another quite long sentence"}
    with work_noted(people.app, monkeypatch) as done:
        assert people.post("/password/reset", body).status_code == 204
        assert done == ["problem", "hash"]
        assert people.post("/password/reset", body).status_code == 204
        assert done == ["problem", "hash", "check"]
        assert code_of(people.post("/password/reset", other)) == (422, "code_invalid")
        assert len(done) == 3


def test_a_reset_whose_code_was_spent_in_vain_can_be_repeated(people: People) -> None:
    """The code is spent before the commit, which may fail."""
    people.verified()
    code, codes = people.forgotten(), codes_of(people.app)
    codes.spend(codes.read("reset", code, NEW_PASSWORD))
    assert people.post("/password/reset", {"code": code, "new_password": NEW_PASSWORD}).status_code == 204
    assert people.log_in(password=NEW_PASSWORD).status_code == 200


def test_one_reset_that_is_sent_several_times_at_once_is_done_once(people: People) -> None:
    people.verified()
    body = {"code": people.forgotten(), "new_password": NEW_PASSWORD}
    assert many_at_once(5, lambda _: people.post("/password/reset", body).status_code) == [204] * 5
    token = people.token(password=NEW_PASSWORD)
    events = people.http.get("/api/me/events", headers=bearer(token)).json
    assert [event["event"] for event in events].count("authn_password_reset") == 1
