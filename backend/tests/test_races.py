"""What may not interleave, against the real server with two worker processes."""

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from typing import Any

import pytest
from servers import App, Reply, ask, running_app, wait_until
from workers import bearer

ROUNDS = 50
PASSWORD = "a quiet place among shelves"
ADDRESS = "ada@library.example"


@pytest.fixture
def app(database_url: str, redis_server: Any) -> Iterator[App]:
    env = {"DATABASE_URL": database_url, "REDIS_URL": redis_server.url, "WORKERS": "2", "THREADS": "2"}
    with running_app(env=env) as app:
        yield app


def together(*calls: Callable[[], Reply]) -> list[Reply]:
    start = threading.Barrier(len(calls))

    def call_at_once(call: Callable[[], Reply]) -> Reply:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call_at_once, calls))


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
        changed, refreshed, begun = together(
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


def test_a_reset_leaves_no_token_alive_whatever_races_it(app: App) -> None:
    person = {"username": "Ada", "password": PASSWORD, "email": ADDRESS}
    assert post(app, "/register", person).status == 201
    assert post(app, "/email/verify", {"code": code_in_mail(app)}).status == 204
    current = PASSWORD
    for number in range(ROUNDS):
        token = log_in(app, current).json["token"]
        assert post(app, "/password/forgot", {"email": ADDRESS}).status == 202
        newer = f"seventeen violet lanterns {number}"
        body = {"code": code_in_mail(app), "new_password": newer}
        reset, refreshed, begun = together(
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


def code_in_mail(app: App) -> str:
    """The one-time code of the next letter that has one; letters are read once."""
    found: list[str] = []

    def look() -> bool:
        for letter in sorted((app.data_dir / "mail").glob("*.eml")):
            message = message_from_bytes(letter.read_bytes(), policy=policy.default)
            part = message.get_body(("plain",))
            assert part is not None
            found.extend(re.findall(r"#code=(\S+)", part.get_content()))
            letter.unlink()
        return bool(found)

    wait_until(look, "a letter with a code")
    (code,) = found
    return code
