"""Redis breaks, in every way that it can."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis

from tests.faults.people import Damage, environment, hold, people_at
from tests.support.app_process import App, running_app
from tests.support.private_redis import PrivateRedis, cluster_of_one, replicas_known, sentinel
from tests.support.relay import Relay
from tests.support.waiting import wait_until

LOSSES = Damage(forgets=True, brings_back=True)


@pytest.fixture
def server() -> Iterator[PrivateRedis]:
    with PrivateRedis() as server:
        yield server


@pytest.fixture
def app(server: PrivateRedis) -> Iterator[App]:
    with running_app(env=environment(server.url)) as app:
        yield app


def test_it_is_killed_and_started_again(app: App, server: PrivateRedis) -> None:
    with people_at(app):
        server.stop()
        hold()
        server.start()


def test_it_is_frozen(app: App, server: PrivateRedis) -> None:
    with people_at(app):
        server.freeze()
        hold(8)
        server.thaw()


def test_it_is_full(app: App, server: PrivateRedis) -> None:
    with people_at(app, Damage(spares_reads=True)), Redis(port=server.port) as admin:
        admin.config_set("maxmemory", "1")
        hold()
        admin.config_set("maxmemory", "0")


def test_it_has_too_few_replicas(app: App, server: PrivateRedis) -> None:
    with people_at(app, Damage(spares_reads=True)), Redis(port=server.port) as admin:
        admin.config_set("min-replicas-to-write", "1")
        hold()
        admin.config_set("min-replicas-to-write", "0")


def test_it_is_emptied(app: App, server: PrivateRedis) -> None:
    with people_at(app, Damage(forgets=True)), Redis(port=server.port) as admin:
        admin.flushall()
        hold(1)
        admin.script_flush()
        admin.flushall()


def test_an_older_one_comes_back(app: App, server: PrivateRedis, tmp_path: Path) -> None:
    with people_at(app, LOSSES):
        shutil.copytree(server.folder, tmp_path / "older")
        hold()
        server.stop()
        shutil.rmtree(server.folder)
        shutil.copytree(tmp_path / "older", server.folder)
        server.start()


def test_another_one_takes_its_address_and_the_old_one_lives_on() -> None:
    """As managed services do it: the name moves, and the old server is a replica from then on."""
    with PrivateRedis() as old, _replica_of(old) as new, closing(Relay(old.port)) as relay:
        env = environment(relay.url)
        with running_app(env=env) as app, people_at(app):
            _fail_over(old, new)
            relay.target = new.port
            hold()


def test_a_sentinel_fails_over() -> None:
    quick = "sentinel down-after-milliseconds books 500"
    with PrivateRedis() as old, _replica_of(old) as new, sentinel(old.port, quick) as port:
        wait_until(lambda: replicas_known(port) == 1, "a Sentinel that knows the replica")
        url = f"redis+sentinel://127.0.0.1:{port}/books"
        with running_app(env=environment(url)) as app, people_at(app, LOSSES):
            old.stop()  # what it had not told its replica yet is lost
            with Redis(port=new.port) as admin:
                wait_until(lambda: admin.info("replication")["role"] == "master", "the failover")


def test_a_cluster_is_down_for_a_while() -> None:
    with cluster_of_one() as url, running_app(env=environment(url)) as app, people_at(app):
        _take_slots(url, away=True)
        hold()
        _take_slots(url, away=False)


def test_a_cluster_that_is_away_at_the_start_is_waited_for(tmp_path: Path) -> None:
    with cluster_of_one() as url:
        _take_slots(url, away=True)
        app = App(tmp_path / "data", env=environment(url)).start(ready=False)
        hold()
        _take_slots(url, away=False)
        app.wait_until_ready()
        with people_at(app):
            pass
        app.stop()


def _replica_of(server: PrivateRedis) -> PrivateRedis:
    return PrivateRedis(arguments=("--replicaof", "127.0.0.1", str(server.port)))


def _fail_over(old: PrivateRedis, new: PrivateRedis) -> None:
    with Redis(port=old.port) as admin:
        wait_until(lambda: admin.info("replication")["connected_slaves"] == 1, "the replica")
        admin.execute_command("FAILOVER", "TO", "127.0.0.1", new.port)
        wait_until(lambda: admin.info("replication")["role"] == "slave", "the failover")


def _take_slots(url: str, *, away: bool) -> None:
    with Redis(port=int(url.rpartition(":")[2])) as node:
        node.execute_command(f"CLUSTER {'DELSLOTS' if away else 'ADDSLOTS'}", *range(16_384))
