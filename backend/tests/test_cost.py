"""What an authenticated request costs, counted and never timed."""

from pathlib import Path

from redis import Redis
from servers import PrivateRedis
from sqlalchemy import event
from workers import Clock, bearer, worker

from flask_tokenauth import migrate, token_required

PERSON = {"username": "Ada", "password": "a quiet place among shelves"}


def commands(redis: Redis) -> int:
    stats = redis.info("commandstats")
    return sum(each["calls"] for name, each in stats.items() if name not in ("cmdstat_info", "cmdstat_hello"))


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
        statements: list[str] = []
        engine = app.extensions["tokenauth"].database.engine
        event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        before = commands(redis)
        for _ in range(10):
            assert client.get("/secret", headers=headers).text == "yes"
        assert (commands(redis) - before, statements) == (10, [])
        for garbage in ("nonsense", headers["Authorization"][:-1] + "!"):
            client.get("/secret", headers={"Authorization": garbage})
        assert commands(redis) - before == 10
