"""Redis as it is run for real: Sentinel, with a failover that loses what was said last, and Cluster."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from redis import Redis

from flask_tokenkeep import migrate
from tests.support.asking import bearer
from tests.support.examples import PERSON
from tests.support.ports import free_port
from tests.support.private_redis import PrivateRedis, cluster_of_one, replicas_known, sentinel
from tests.support.small_app import worker
from tests.support.still_clock import Clock
from tests.support.waiting import wait_until

pytestmark = pytest.mark.server


@dataclass
class Pair:
    """A primary and its replica, watched by a Sentinel that needs nobody's consent."""

    primary: PrivateRedis
    replica: PrivateRedis
    url: str

    def wait_until_copied(self) -> None:
        with Redis(port=self.primary.port) as redis:
            wait_until(lambda: redis.wait(1, 100), "the replica's word that it has all")

    def part(self) -> None:
        """The replica hears nothing from now on. It keeps what it has."""
        with Redis(port=self.replica.port) as redis:
            redis.replicaof("127.0.0.1", free_port())

    def differ(self) -> bool:
        return records(self.primary) != records(self.replica)


def records(server: PrivateRedis) -> set[bytes]:
    with Redis(port=server.port) as redis:
        return {redis.get(key) for key in redis.keys("ta:s:*")}


@pytest.fixture
def pair() -> Iterator[Pair]:
    with PrivateRedis() as primary:
        follow = ("--replicaof", "127.0.0.1", str(primary.port))
        quick = "sentinel down-after-milliseconds books 500"
        with PrivateRedis(arguments=follow) as replica, sentinel(primary.port, quick) as port:
            wait_until(lambda: replicas_known(port) == 1, "a Sentinel that knows the replica")
            yield Pair(primary, replica, f"redis+sentinel://127.0.0.1:{port}/books")


def test_a_failover_that_loses_the_last_refresh_logs_nobody_out(pair: Pair, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/db"
    migrate(url)
    with worker(pair.url, url, Clock()) as app:
        client = app.test_client()
        client.post("/api/register", json=PERSON)
        first, ended = log_in(client), log_in(client)
        assert client.post("/api/logout", headers=bearer(ended)).status_code == 204
        pair.wait_until_copied()
        assert not pair.differ()
        pair.part()
        second = refreshed(client, first)
        assert status(client, second) == 200
        assert pair.differ()
        pair.primary.stop()

        seen = [status(client, second)]
        wait_until(lambda: seen.append(status(client, second)) or seen[-1] == 200, "the replica's turn")
        assert set(seen) <= {200, 503}, "nobody is logged out meanwhile"
        assert status(client, ended) == 401
        third = refreshed(client, second)
        assert [status(client, each) for each in (second, third)] == [200, 200]
        assert client.post("/api/logout", headers=bearer(third)).status_code == 204
        assert [status(client, each) for each in (first, second, third)] == [401, 401, 401]


def test_sessions_work_on_a_redis_cluster(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/db"
    migrate(url)
    with cluster_of_one() as redis_url, worker(redis_url, url, Clock()) as app:
        client = app.test_client()
        client.post("/api/register", json=PERSON)
        tokens = [log_in(client) for _ in range(3)]
        tokens[0] = refreshed(client, tokens[0])
        assert [status(client, each) for each in tokens] == [200, 200, 200]
        assert client.post("/api/logout", headers=bearer(tokens[1])).status_code == 204
        body = {"current_password": PERSON["password"], "new_password": "seventeen violet lanterns"}
        changed = client.post("/api/password/change", json=body, headers=bearer(tokens[0]))
        assert [status(client, each) for each in (*tokens, changed.json["token"])] == [401, 401, 401, 200]
        body = {"current_password": "seventeen violet lanterns"}
        answer = client.delete("/api/me", json=body, headers=bearer(changed.json["token"]))
        assert answer.status_code == 204


def log_in(client: FlaskClient) -> str:
    token: str = client.post("/api/login", json=PERSON).json["token"]
    return token


def refreshed(client: FlaskClient, token: str) -> str:
    answer = client.post("/api/refresh", headers=bearer(token))
    assert answer.status_code == 200
    successor: str = answer.json["token"]
    return successor


def status(client: FlaskClient, token: str) -> int:
    return client.get("/api/me", headers=bearer(token)).status_code
