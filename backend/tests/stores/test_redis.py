"""What the client of Redis does where Redis is silent, moves, or answers late."""

import time
from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisLate

from flask_tokenkeep.stores.redis import LATE_SECONDS, TimelyRedis, open_redis
from tests.support.at_once import many_at_once
from tests.support.counting import commands
from tests.support.ports import free_port
from tests.support.private_redis import PrivateRedis, cluster_node, cluster_of_one, give_all_slots, sentinel
from tests.support.relay import Relay, relay
from tests.support.waiting import wait_until

pytestmark = pytest.mark.server

WRITE = "redis.call('SET', KEYS[1], ARGV[1]) return 1"


@pytest.fixture
def server() -> Iterator[PrivateRedis]:
    with PrivateRedis() as server:
        yield server


@pytest.fixture
def between(server: PrivateRedis) -> Iterator[Relay]:
    with relay(server.port) as between:
        yield between


@pytest.fixture
def client(between: Relay) -> Iterator[TimelyRedis]:
    with open_redis(between.url) as client:
        yield client
        client.connection_pool.disconnect()


def fails(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except RedisError:
        return True
    return False


# -- silent -----------------------------------------------------------------------------------------------


def test_while_redis_is_frozen_many_commands_take_no_longer_than_one(server: PrivateRedis) -> None:
    with open_redis(server.url) as client:
        client.set("key", 1)
        server.freeze()
        began = time.monotonic()
        assert all(fails(lambda: client.get("key")) for _ in range(50))
        assert all(many_at_once(8, lambda _: fails(lambda: client.set("key", 2, nx=True))))
        assert time.monotonic() - began < 10, "one second for the first, and then at once"
        server.thaw()
        wait_until(lambda: not fails(lambda: client.get("key")), "a Redis that is well again")


def test_of_many_callers_one_finds_out_whether_redis_is_back(server: PrivateRedis) -> None:
    with open_redis(server.url) as client:
        client.ping()
        server.freeze()
        assert fails(client.ping)
        trying: list[int] = []

        def somebody_tries() -> int:
            trying.append(sum(many_at_once(8, lambda _: _fails_late(client))))
            return trying[-1]

        wait_until(somebody_tries, "the end of the pause")
        assert trying[-1] == 1
        server.thaw()


def _fails_late(client: TimelyRedis) -> bool:
    began = time.monotonic()
    return fails(client.ping) and time.monotonic() - began > LATE_SECONDS


@pytest.mark.usefixtures("unhurried_redis")
def test_a_redis_that_refuses_connections_is_asked_again_at_once(server: PrivateRedis) -> None:
    with open_redis(server.url) as client:
        server.stop()
        assert fails(client.ping)
        server.start()
        assert client.ping()


def test_sentinels_that_are_frozen_are_waited_for_by_one(server: PrivateRedis) -> None:
    with sentinel(server.port) as port, relay(port) as one, relay(port) as other:
        url = f"redis+sentinel://127.0.0.1:{one.port},127.0.0.1:{other.port}/books"
        with open_redis(url) as client:
            one.hold_answers()
            assert client.ping(), "the other one knows"
            client.connection_pool.disconnect()
            other.hold_answers()
            began = time.monotonic()
            assert all(fails(client.ping) for _ in range(50))
            assert time.monotonic() - began < 10
            other.pass_answers()
            wait_until(lambda: not fails(client.ping), "a Sentinel that is well again")


# -- late, or lost on the way -----------------------------------------------------------------------------


def test_what_is_answered_late_is_done_once(client: TimelyRedis, between: Relay, redis_of: Redis) -> None:
    client.set("warm", 1)
    redis_of.config_resetstat()
    between.hold_answers()
    with pytest.raises(RedisLate):
        client.set("spent", 1, nx=True)
    between.pass_answers()
    assert commands(redis_of) - 1 == 1, "CONFIG RESETSTAT itself, and the SET"
    assert redis_of.exists("spent")


@pytest.mark.usefixtures("unhurried_redis")
@pytest.mark.parametrize("name", ["set", "evalsha"])
def test_what_may_have_been_done_is_not_repeated(
    client: TimelyRedis, between: Relay, redis_of: Redis, name: str
) -> None:
    script = client.register_script("return redis.call('INCR', KEYS[1])")
    script(keys=["count"])
    redis_of.config_resetstat()
    between.cut_at_next_answer()
    with pytest.raises(RedisGone):
        client.set("count", 7) if name == "set" else script(keys=["count"])
    assert redis_of.info("commandstats")[f"cmdstat_{name}"]["calls"] == 1


@pytest.mark.usefixtures("unhurried_redis")
def test_a_question_that_was_lost_is_asked_again(client: TimelyRedis, between: Relay) -> None:
    client.set("key", 1)
    between.cut_at_next_answer()
    assert client.get("key") == b"1"


@pytest.mark.usefixtures("unhurried_redis")
def test_connections_that_died_while_idle_cost_nobody_an_error(client: TimelyRedis, between: Relay) -> None:
    many_at_once(8, lambda _: client.ping())
    between.cut()
    assert many_at_once(8, lambda n: client.set(f"key {n}", 1, nx=True)) == [True] * 8


@pytest.mark.usefixtures("unhurried_redis")
def test_a_restart_costs_nobody_an_error(server: PrivateRedis) -> None:
    with open_redis(server.url) as client:
        many_at_once(8, lambda _: client.ping())
        server.stop()
        server.start()
        assert many_at_once(8, lambda n: client.set(f"key {n}", 1, nx=True)) == [True] * 8


@pytest.fixture
def redis_of(server: PrivateRedis) -> Iterator[Redis]:
    """The same server, asked directly."""
    with Redis(port=server.port) as client:
        yield client


# -- moved ------------------------------------------------------------------------------------------------


def _demoted(old: Redis, new: PrivateRedis) -> None:
    old.config_set("appendonly", "no")  # else it writes the file anew, and a SIGTERM meanwhile is lost
    old.replicaof("127.0.0.1", new.port)
    wait_until(lambda: old.info("replication")["master_link_status"] == "up", "the replica")


def _demoted_and_parted(old: Redis, new: PrivateRedis) -> None:
    old.config_set("replica-serve-stale-data", "no")
    old.replicaof("127.0.0.1", free_port())


def _without_replicas(old: Redis, new: PrivateRedis) -> None:
    old.config_set("min-replicas-to-write", "1")


REFUSE = [_demoted, _demoted_and_parted, _without_replicas]


@pytest.mark.usefixtures("unhurried_redis")
@pytest.mark.parametrize("refuse", REFUSE)
@pytest.mark.parametrize("by_script", [False, True])
def test_a_server_that_is_no_primary_any_more_is_left_at_once(
    client: TimelyRedis,
    between: Relay,
    redis_of: Redis,
    refuse: Callable[[Redis, PrivateRedis], None],
    by_script: bool,
) -> None:
    script = client.register_script(WRITE)
    many_at_once(4, lambda n: script(keys=[f"key {n}"], args=[1]))
    with PrivateRedis() as new:
        refuse(redis_of, new)
        assert fails(lambda: client.set("key", 2)), "the name leads there still"
        between.target = new.port
        assert script(keys=["key"], args=[3]) if by_script else client.set("key", 3, nx=True)
        assert many_at_once(4, lambda n: client.set(f"key {n}", 4)) == [True] * 4
        with Redis(port=new.port) as moved:
            assert moved.get("key") == b"3"


@pytest.mark.usefixtures("unhurried_redis")
def test_a_full_redis_is_not_left(client: TimelyRedis, redis_of: Redis) -> None:
    client.ping()
    before = redis_of.info("stats")["total_connections_received"]
    redis_of.config_set("maxmemory", "1")
    assert fails(lambda: client.set("key", 1))
    assert redis_of.info("stats")["total_connections_received"] == before


# -- a Cluster --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("unhurried_redis")
def test_a_cluster_that_is_away_at_the_start_is_found_later() -> None:
    with cluster_node() as node, relay(free_port()) as between:
        give_all_slots(node)
        with open_redis(f"redis+cluster://127.0.0.1:{between.port}") as client:
            script = client.register_script(WRITE)
            assert fails(client.ping)
            assert fails(lambda: script(keys=["key"], args=[1]))
            between.target = node.port
            assert script(keys=["key"], args=[1]) == 1
            assert client.get("key") == b"1"
            assert client.ping()


@pytest.mark.usefixtures("unhurried_redis")
def test_a_cluster_that_serves_nothing_is_an_error_until_it_does() -> None:
    with cluster_node() as node:
        for url in (f"redis+cluster://127.0.0.1:{node.port}", node.url):
            with open_redis(url) as client:
                assert fails(lambda: client.get("key"))
        with open_redis(f"redis+cluster://127.0.0.1:{node.port}") as client:
            assert fails(lambda: client.set("key", 1, nx=True))
            give_all_slots(node)
            assert client.set("key", 1, nx=True)


def test_a_cluster_that_is_frozen_is_waited_for_by_one() -> None:
    with cluster_of_one() as url, open_redis(url) as client:
        client.set("key", 1)
        with Redis(port=int(url.rpartition(":")[2])) as node:
            node.execute_command("CLIENT", "PAUSE", 20_000)
        began = time.monotonic()
        assert all(fails(lambda: client.get("key")) for _ in range(50))
        assert time.monotonic() - began < 10
