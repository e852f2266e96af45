"""What may not interleave, against the real server with two worker processes."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from redis import Redis

from flask_tokenkeep.people.codes import Codes
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import User
from tests.support.app_process import App, running_app
from tests.support.asking import Reply, ask, bearer
from tests.support.at_once import at_once
from tests.support.examples import ADDRESS, PASSWORD
from tests.support.waiting import wait_until

pytestmark = pytest.mark.server

ROUNDS = 50


@pytest.fixture
def app(database_url: str, redis_server: Any) -> Iterator[App]:
    env = {"DATABASE_URL": database_url, "REDIS_URL": redis_server.url, "WORKERS": "2", "THREADS": "2"}
    with running_app(env=env) as app:
        yield app


def post(app: App, path: str, body: Any = None, token: str | None = None) -> Reply:
    return ask(f"{app.url}/api{path}", "POST", body=body, headers=bearer(token) if token else {})


def log_in(app: App, password: str) -> Reply:
    return post(app, "/login", {"username": "Ada", "password": password})


def test_a_password_change_leaves_no_token_alive_whatever_races_it(app: App) -> None:
    assert post(app, "/register", {"username": "Ada", "password": PASSWORD}).status == 201
    current = PASSWORD
    outcomes = set()
    for number in range(ROUNDS):
        token, other = (log_in(app, current).json["token"] for _ in range(2))
        newer = f"seventeen violet lanterns {number}"
        body = {"current_password": current, "new_password": newer}
        changed, refreshed, begun = at_once(
            lambda body=body, token=token: post(app, "/password/change", body, token),
            lambda other=other: post(app, "/refresh", token=other),
            lambda old=current: log_in(app, old),
        )
        assert changed.status == 200, changed.json
        outcomes.add((refreshed.status, begun.status))
        left = [answer.json["token"] for answer in (refreshed, begun) if answer.status == 200]
        for dead in (token, other, *left):
            assert ask(f"{app.url}/api/me", headers=bearer(dead)).status == 401
        assert ask(f"{app.url}/api/me", headers=bearer(changed.json["token"])).status == 200
        current = newer
    assert outcomes <= {(200, 200), (200, 401), (401, 200), (401, 401)}


@pytest.fixture
def codes(redis: Redis) -> Codes:
    """As the courier makes them, without the mail around them."""
    return Codes(redis=redis, ttl_seconds={"reset": 60, "verify": 60}, repeat_seconds=60, clock=time.time)


def test_a_reset_leaves_no_token_alive_whatever_races_it(app: App, codes: Codes) -> None:
    person = {"username": "Ada", "password": PASSWORD, "email": ADDRESS}
    assert post(app, "/register", person).status == 201
    # The server's own letter makes a code too, and only the newest works.
    wait_until(lambda: list((app.data_dir / "mail").glob("*.eml")), "the letter to confirm the address")
    user_id = UUID(ask(f"{app.url}/api/me", headers=bearer(log_in(app, PASSWORD).json["token"])).json["id"])
    assert (
        post(app, "/email/verify", {"code": codes.issue("verify", stored(app, user_id), ADDRESS)}).status
        == 204
    )
    current = PASSWORD
    for number in range(ROUNDS):
        token = log_in(app, current).json["token"]
        newer = f"seventeen violet lanterns {number}"
        body = {"code": codes.issue("reset", stored(app, user_id), ADDRESS), "new_password": newer}
        reset, refreshed, begun = at_once(
            lambda body=body: post(app, "/password/reset", body),
            lambda token=token: post(app, "/refresh", token=token),
            lambda old=current: log_in(app, old),
        )
        assert reset.status == 204, reset.json
        left = [answer.json["token"] for answer in (refreshed, begun) if answer.status == 200]
        for dead in (token, *left):
            assert ask(f"{app.url}/api/me", headers=bearer(dead)).status == 401
        current = newer
    assert log_in(app, current).status == 200


def stored(app: App, user_id: UUID) -> User:
    """As the server has them just now."""
    database = Database(app.env["DATABASE_URL"])
    with database.read() as sql:
        user = sql.get_one(User, user_id)
    database.engine.dispose()
    return user
