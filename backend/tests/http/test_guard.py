"""Who gets past `@token_required`, and what that costs."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from redis import Redis

from flask_tokenkeep import migrate, token_required
from tests.support.app_users import People, code_of
from tests.support.asking import bearer
from tests.support.counting import commands, statements
from tests.support.examples import PERSON
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock


def test_an_authenticated_request_is_one_redis_command_and_no_sql(
    redis: Redis, redis_server: PrivateRedis, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/db"
    migrate(url)
    with worker(redis_server.url, url, Clock()) as app:
        app.add_url_rule("/secret", view_func=token_required(lambda: "yes"), endpoint="secret")
        client = app.test_client()
        client.post("/api/register", json=PERSON)
        headers = bearer(client.post("/api/login", json=PERSON).json["token"])
        assert (
            client.get("/secret", headers=headers).status_code == 200
        )  # the first one notes that it was seen
        before = commands(redis)
        with statements(app) as said:
            for _ in range(10):
                assert client.get("/secret", headers=headers).text == "yes"
        assert (commands(redis) - before, said) == (10, [])
        for garbage in ("nonsense", headers["Authorization"][:-1] + "!"):
            client.get("/secret", headers={"Authorization": garbage})
        assert commands(redis) - before == 10


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


@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", "/me"), ("DELETE", "/me"), ("POST", "/password/change")]
)
def test_a_missing_token_is_reported_before_the_body_is_read(people: People, method: str, path: str) -> None:
    assert code_of(people.http.open(f"/api{path}", method=method)) == (401, "missing_token")
