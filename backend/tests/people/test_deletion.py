"""Accounts are deleted."""

import pytest
from flask import Flask

from tests.support.app_users import People, code_of
from tests.support.asking import bearer
from tests.support.examples import ADDRESS, NEW_PASSWORD, PASSWORD
from tests.support.meanwhile import delete_everybody, meanwhile
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock


def test_deleting_an_account_forgets_no_failures_for_an_address_it_never_confirmed(
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


@pytest.mark.parametrize("logged_in", [False, True])
def test_a_wrong_password_is_reported_even_if_the_account_is_deleted_meanwhile(
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
