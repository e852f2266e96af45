"""What a token costs a request, as ratios of one run: `make bench`.

One worker of the server that also serves Bookshelf, a Redis and a SQLite file of its own, and two clients
with http.client over connections that are kept. The views answer alike; they differ in who may ask:

open      anybody
token     who has a token of ours (`@token_required`)
refresh   not a view, but POST /api/refresh: the next token, with what the ledger says and is told
random    who has a random token that is a key in Redis, of a session in JSON, whose life each request
          prolongs: two commands, the usual way
sql       who has a random token whose SHA-256 is a row in SQL

Told is the CPU time of the worker process for each request (what Redis spends in its own process isn't in
it) and the rate, as seen by the clients. The rounds are interleaved, so that a noisy neighbour meets all
views, and compared are medians of ratios within a round. Noise is the spread of their middle half; a
difference that is smaller is none. Not a capacity test: two clients in Python don't fill a server.

Then `verify` alone, in this process, beside the one GET that it consists of."""

import hashlib
import http.client
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from flask import Flask, abort, request
from granian.constants import Interfaces
from granian.server import MPServer
from sqlalchemy import text

from bookshelf.gateway import Gateway
from flask_tokenkeep import TokenKeep, migrate, token_required
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.redis import open_redis
from tests.support.cheap_settings import CHEAP_HASHES, WIDE_LIMITS
from tests.support.inside import sessions_of
from tests.support.ports import free_port
from tests.support.private_redis import PrivateRedis
from tests.support.waiting import wait_until

ROUNDS, WARM_UP_ROUNDS, SECONDS, CLIENTS = 20, 2, 0.3, 2
VERIFY_ROUNDS, VERIFY_CALLS = 20, 500
PERSON = {"username": "Ada", "password": "a quiet place among shelves"}
VIEWS = {
    "open": ("GET", "/open"),
    "token": ("GET", "/token"),
    "refresh": ("POST", "/api/refresh"),
    "random": ("GET", "/random"),
    "sql": ("GET", "/sql"),
}
Figures = dict[str, list[float]]


# -- the server ---------------------------------------------------------------------------------


def build(redis_url: str, database_url: str) -> Flask:
    app = Flask("bench")
    app.config.from_mapping(
        SECRET_KEY="x" * 32,
        REDIS_URL=redis_url,
        DATABASE_URL=database_url,
        PUBLIC_URL="http://localhost",
        **CHEAP_HASHES,
        **WIDE_LIMITS,
    )
    TokenKeep(app)
    redis, database = open_redis(redis_url), Database(database_url)

    @app.get("/open")
    def open_to_all() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/token")
    @token_required
    def with_token() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/random")
    def with_random_token() -> dict[str, bool]:
        key = f"session:{_presented()}"
        raw = redis.get(key)
        if raw is None or not json.loads(raw)["user"]:
            abort(401)
        redis.expire(key, 3600)
        return {"ok": True}

    @app.get("/sql")
    def with_row() -> dict[str, bool]:
        query = text("SELECT user_name FROM bench_sessions WHERE digest = :digest")
        with database.read() as sql:
            if sql.scalar(query, {"digest": _digest(_presented())}) is None:
                abort(401)
        return {"ok": True}

    @app.get("/cpu")
    def cpu() -> dict[str, float]:
        return {"seconds": time.process_time()}

    return app


def _presented() -> str:
    return request.headers.get("Authorization", "").partition(" ")[2]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def worker(redis_url: str, database_url: str) -> Callable[..., Any]:
    return Gateway(build(redis_url, database_url), threads=CLIENTS).__rsgi__


def serve(port: str, redis_url: str, database_url: str) -> None:
    server = MPServer("bench", port=int(port), interface=Interfaces.RSGI, websockets=False, log_enabled=False)
    server.serve(target_loader=partial(worker, redis_url, database_url), wrap_loader=False)


@contextmanager
def running_server(redis_url: str, database_url: str) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, "serve", str(port), redis_url, database_url])  # noqa: S603
    try:
        wait_until(lambda: _answers(port), "the server")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    try:
        Client(port).ask("GET", "/open")
    except OSError:
        return False
    return True


# -- the clients --------------------------------------------------------------------------------


class Client:
    """One connection, and one token of each kind."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.tokens: dict[str, str] = {}

    def ask(self, method: str, path: str, token: str = "", body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self._connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {answer.status}")
        return json.loads(content)

    def run(self, name: str, seconds: float) -> int:
        """How many requests were answered in this time, one after the other."""
        method, path = VIEWS[name]
        asked, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            answer = self.ask(method, path, self.tokens[name])
            if name == "refresh":
                self.tokens[name] = answer["token"]
            asked += 1
        return asked


def make_clients(port: int, redis_url: str, database_url: str) -> list[Client]:
    clients = [Client(port) for _ in range(CLIENTS)]
    clients[0].ask("POST", "/api/register", body=PERSON)
    with open_redis(redis_url) as redis, Database(database_url).write() as sql:
        sql.execute(text("CREATE TABLE bench_sessions (digest TEXT PRIMARY KEY, user_name TEXT)"))
        for client in clients:
            random = secrets.token_urlsafe(32)
            redis.set(f"session:{random}", json.dumps({"user": "Ada"}), ex=3600)
            insert = text("INSERT INTO bench_sessions VALUES (:digest, 'Ada')")
            sql.execute(insert, {"digest": _digest(random)})
            client.tokens = {"open": "", "random": random, "sql": random}
    for client in clients:
        for name in ("token", "refresh"):
            client.tokens[name] = client.ask("POST", "/api/login", body=PERSON)["token"]
    return clients


def measure(clients: list[Client], control: Client) -> tuple[Figures, Figures]:
    """Microseconds of the worker's CPU time for a request, and requests a second; a figure per round."""
    cost: Figures = {name: [] for name in VIEWS}
    rate: Figures = {name: [] for name in VIEWS}
    with ThreadPoolExecutor(CLIENTS) as threads:
        for number in range(WARM_UP_ROUNDS + ROUNDS):
            for name in VIEWS:
                before = control.ask("GET", "/cpu")["seconds"]
                begun = time.perf_counter()
                asked = sum(threads.map(lambda client, name=name: client.run(name, SECONDS), clients))
                took = time.perf_counter() - begun
                spent = control.ask("GET", "/cpu")["seconds"] - before
                if number >= WARM_UP_ROUNDS:
                    cost[name].append(spent / asked * 1e6)
                    rate[name].append(asked / took)
    return cost, rate


# -- verify alone -------------------------------------------------------------------------------


def measure_verify(app: Flask, redis_url: str, token: str) -> Figures:
    """Microseconds a call."""
    sessions = sessions_of(app)
    with open_redis(redis_url) as redis:
        calls: dict[str, Callable[[], object]] = {
            "GET": lambda: redis.get("session:none"),
            "verify": lambda: sessions.verify(token),
        }
        found: Figures = {name: [] for name in calls}
        for _ in range(VERIFY_ROUNDS):
            for name, call in calls.items():
                begun = time.perf_counter()
                for _ in range(VERIFY_CALLS):
                    call()
                found[name].append((time.perf_counter() - begun) / VERIFY_CALLS * 1e6)
    return found


def count_commands(redis_url: str, call: Callable[[], object], calls: int = 100) -> float:
    """Redis commands a call."""
    with open_redis(redis_url) as redis:
        before = redis.info("commandstats")
        for _ in range(calls):
            call()
        after = redis.info("commandstats")
    ran: list[int] = [each["calls"] - before.get(name, {"calls": 0})["calls"] for name, each in after.items()]
    return (sum(ran) - 1) / calls  # the first INFO is seen by the second one


# -- what is told -------------------------------------------------------------------------------


def ratio(figures: Figures, name: str, base: str) -> tuple[float, float]:
    """The median of the ratios within a round, and their noise."""
    ratios = [one / other for one, other in zip(figures[name], figures[base], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return middle, high - low


def compared(figures: Figures, name: str, base: str) -> str:
    middle, noise = ratio(figures, name, base)
    if abs(middle - 1) <= noise:
        return f"{name} and {base}: no difference that this run can show ({middle:.2f} ± {noise:.2f})"
    return f"{name} costs {middle:.2f} ± {noise:.2f} of {base}"


def tell(cost: Figures, rate: Figures) -> None:
    print(f"{'':9}{'CPU µs':>8}{'of open':>9}{'noise':>7}{'req/s':>8}")
    for name in VIEWS:
        middle, noise = ratio(cost, name, "open")
        shown = f"{middle:9.2f}{noise:7.2f}" if name != "open" else f"{'1':>9}{'':7}"
        print(f"{name:9}{statistics.median(cost[name]):8.0f}{shown}{statistics.median(rate[name]):8.0f}")
    print()
    for base in ("open", "random", "sql"):
        print(compared(cost, "token", base))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, PrivateRedis(arguments=("--appendonly", "no")) as redis:
        database_url = f"sqlite:///{folder}/bench.db"
        migrate(database_url)
        with running_server(redis.url, database_url) as port:
            clients = make_clients(port, redis.url, database_url)
            tell(*measure(clients, Client(port)))
            token = clients[0].tokens["token"]
        app = build(redis.url, database_url)
        verify = partial(sessions_of(app).verify, token)
        figures = measure_verify(app, redis.url, token)
        commands = count_commands(redis.url, verify)
    print(f"\nverify alone: {statistics.median(figures['verify']):.0f} µs, Redis commands: {commands:g}")
    print(compared(figures, "verify", "GET"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(*sys.argv[2:])
    else:
        main()
