"""What requests cost, counted and never timed: authenticated ones, and those whose time could tell."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from redis import Redis
from sqlalchemy import event, update

from flask_tokenkeep import migrate, token_required
from flask_tokenkeep.stores.models import User
from tests.support.asking import bearer
from tests.support.inside import database_of
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock

PERSON = {"username": "Ada", "password": "a quiet place among shelves"}


def commands(redis: Redis) -> int:
    stats = redis.info("commandstats")
    return sum(each["calls"] for name, each in stats.items() if name not in ("cmdstat_info", "cmdstat_hello"))


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The SQL from now on."""
    said: list[str] = []

    def note(*args: object) -> None:
        said.append(str(args[2]))

    engine = database_of(app).engine
    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


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


def test_forgot_does_the_same_work_whosever_address_it_is(
    redis: Redis, redis_server: PrivateRedis, database_url: str
) -> None:
    migrate(database_url)
    now = datetime.now(UTC)
    standing = {
        "verified": {"email": "verified@library.example", "email_key": "verified@library.example"},
        "disabled": {
            "email": "disabled@library.example",
            "email_key": "disabled@library.example",
            "disabled_at": now,
        },
        "pending": {"pending_email": "pending@library.example"},
    }
    with worker(redis_server.url, database_url, Clock()) as app:
        client = app.test_client()
        for name, values in standing.items():
            client.post("/api/register", json={**PERSON, "username": name})
            with database_of(app).write() as sql:
                sql.execute(update(User).where(User.username == name).values(**values))
        client.post("/api/password/forgot", json={"email": "warm@up.example"})
        costs = set()
        for name in (*standing, "unknown"):
            before = commands(redis)
            with statements(app) as said:
                answer = client.post("/api/password/forgot", json={"email": f"{name}@library.example"})
            headers = tuple(sorted(answer.headers.items()))
            costs.add((answer.status_code, answer.data, headers, commands(redis) - before, tuple(said)))
        assert len(costs) == 1
        assert 0 < len(said) < 5
