"""The helpers for tests of other apps."""

from uuid import UUID

import pytest
from flask import Flask

from flask_tokenkeep import testing
from tests.support.app_users import People
from tests.support.asking import bearer


def test_a_client_is_logged_in_as_who_it_is_for(app: Flask) -> None:
    client = testing.client_for(app, "Grace")
    assert client.get("/api/me").json["username"] == "Grace"
    assert testing.client_for(app, "grace").get("/api/me").json == client.get("/api/me").json


def test_a_token_is_a_real_one(app: Flask, people: People) -> None:
    token = testing.token_for(app, testing.make_user(app, "Grace"))
    assert people.is_live(token)
    assert people.post("/logout", token=token).status_code == 204
    assert app.test_client().get("/api/me", headers=bearer(token)).status_code == 401


def test_for_nobody_there_is_no_token(app: Flask) -> None:
    with pytest.raises(LookupError):
        testing.token_for(app, UUID(int=0))


def test_nobody_logs_in_with_a_password_as_a_user_made_without_one(app: Flask, people: People) -> None:
    testing.make_user(app, "Grace")
    assert people.log_in("Grace", testing.NO_PASSWORD).status_code == 401
