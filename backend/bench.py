"""What a token costs a request, as ratios of one run: `make bench`.

Three views that answer the same, called through WSGI in this process against a Redis of its own: without a
token, behind `@token_required`, and behind the usual way (a random token as the key of a JSON session in
Redis, whose life each request prolongs: two commands). Rounds are interleaved, so that a noisy neighbour
meets all three; told are medians, and the spread of the middle half as noise. No server is in between: over
real HTTP the shares are smaller."""

import json
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, g, request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

sys.path.insert(0, str(Path(__file__).parent / "tests"))
from servers import CHEAP_HASHES, WIDE_LIMITS, PrivateRedis

from flask_tokenauth import TokenAuth, migrate, token_required
from flask_tokenauth.stores import open_redis

ROUNDS, CALLS = 40, 250
PERSON = {"username": "Ada", "password": "a quiet place among shelves"}


def build(redis_url: str, database_url: str) -> tuple[Flask, dict[str, str]]:
    """The app with the three views, and the Authorization header for each."""
    migrate(database_url)
    app = Flask("bench")
    app.config.from_mapping(
        SECRET_KEY="x" * 32,
        REDIS_URL=redis_url,
        DATABASE_URL=database_url,
        PUBLIC_URL="http://localhost",
        **CHEAP_HASHES,
        **WIDE_LIMITS,
    )
    TokenAuth(app)
    redis = open_redis(redis_url)

    @app.get("/open")
    def open_to_all() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/ours")
    @token_required
    def ours() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/usual")
    def usual() -> dict[str, bool]:
        key = "session:" + request.headers["Authorization"].partition(" ")[2]
        g.session = json.loads(redis.get(key) or "{}")
        redis.expire(key, 3600)
        return {"ok": True}

    client = app.test_client()
    client.post("/api/register", json=PERSON)
    random_token = secrets.token_urlsafe(32)
    token = json.loads(client.post("/api/login", json=PERSON).data)["token"]
    redis.set("session:" + random_token, json.dumps({"user": "Ada"}), ex=3600)
    return app, {"open": "", "ours": f"Bearer {token}", "usual": f"Bearer {random_token}"}


def caller(app: Flask, name: str, authorization: str) -> Callable[[], None]:
    headers = {"Authorization": authorization} if authorization else {}
    environ = EnvironBuilder(f"/{name}", headers=Headers(headers)).get_environ()

    def call() -> None:
        _, status, _ = run_wsgi_app(app, dict(environ), buffered=True)
        if status != "200 OK":
            raise RuntimeError(status)

    return call


def measure(calls: dict[str, Callable[[], None]]) -> dict[str, list[float]]:
    """Microseconds a call, one figure per round."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(ROUNDS + 2):
        for name, call in calls.items():
            begun = time.perf_counter()
            for _ in range(CALLS):
                call()
            if number >= 2:  # two rounds to warm up
                found[name].append((time.perf_counter() - begun) / CALLS * 1e6)
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, PrivateRedis(arguments=("--appendonly", "no")) as server:
        app, authorizations = build(server.url, f"sqlite:///{folder}/bench.db")
        found = measure({name: caller(app, name, value) for name, value in authorizations.items()})
    base = statistics.median(found["open"])
    print(f"{'view':8}{'µs':>8}{'noise':>8}{'ratio':>8}")
    for name, figures in found.items():
        low, middle, high = statistics.quantiles(figures, n=4)
        print(f"{name:8}{middle:8.0f}{(high - low) / middle:8.0%}{middle / base:8.2f}")


if __name__ == "__main__":
    main()
