"""What a REDIS_URL can carry, at real servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from flask_tokenkeep import TokenKeep
from flask_tokenkeep.stores.redis import ANSWER_SECONDS, open_redis
from flask_tokenkeep.stores.redis_url import parse_redis_url
from tests.support.certificates import make_authority
from tests.support.ports import free_port
from tests.support.private_redis import PrivateRedis, cluster_node, give_all_slots, sentinel
from tests.support.relay import relay

pytestmark = pytest.mark.server

NEEDED = {"secret_key": "x" * 32, "database_url": "sqlite:///app.db", "public_url": "http://localhost"}
PASSWORD, ESCAPED = "p@ss:/,word", "p%40ss%3A%2F%2Cword"


WATCHER = (
    "user default off",
    "user watcher on >sees ~* +@all",
    "sentinel auth-user books keeper",
    f'sentinel auth-pass books "{PASSWORD}"',
)


@pytest.fixture(scope="module")
def guarded() -> Iterator[PrivateRedis]:
    """A Redis for the user `keeper` only."""
    with PrivateRedis() as server, Redis(port=server.port) as redis:
        redis.acl_setuser("keeper", True, passwords=[f"+{PASSWORD}"], keys=["*"], categories=["+@all"])
        redis.acl_setuser("default", False)
        yield server


def database_of(url: str) -> int:
    """In which one this address writes, by what the connection says of itself."""
    with open_redis(url) as client:
        client.set("key", 1)
        return int(client.client_info()["db"])


def test_user_password_and_database_of_one_server(guarded: PrivateRedis) -> None:
    assert database_of(f"redis://keeper:{ESCAPED}@127.0.0.1:{guarded.port}/3") == 3
    assert database_of(f"redis://keeper:{ESCAPED}@127.0.0.1:{guarded.port}?db=4") == 4


def test_a_wrong_password_is_an_error_of_redis_that_does_not_repeat_it(guarded: PrivateRedis) -> None:
    with (
        open_redis(f"redis://keeper:wrong@127.0.0.1:{guarded.port}") as client,
        pytest.raises(AuthenticationError) as refused,
    ):
        client.ping()
    assert "wrong" not in str(refused.value)


def test_tls_is_checked_against_the_authority_that_the_address_names(
    guarded: PrivateRedis, tmp_path: Path
) -> None:
    authority = make_authority(tmp_path, "127.0.0.1")
    with relay(guarded.port, tls=authority.context) as front:
        url = f"rediss://keeper:{ESCAPED}@127.0.0.1:{front.port}/2"
        assert database_of(f"{url}?ssl_ca_certs={authority.ca}") == 2
        assert database_of(f"{url}?ssl_cert_reqs=none") == 2
        with open_redis(url) as client, pytest.raises(RedisError, match="certificate verify failed"):
            client.ping()


def test_an_ipv6_address_and_a_socket_with_a_database(tmp_path: Path) -> None:
    socket = tmp_path / "redis.sock"
    arguments = ("--bind", "127.0.0.1", "::1", "--unixsocket", str(socket))
    with PrivateRedis(arguments=arguments) as server:
        assert database_of(f"redis://[::1]:{server.port}/5") == 5
        assert database_of(f"unix://{socket}?db=6") == 6


def test_sentinels_and_servers_each_have_their_own_users_and_both_have_tls(
    guarded: PrivateRedis, tmp_path: Path
) -> None:
    authority = make_authority(tmp_path, "127.0.0.1")
    with (
        relay(guarded.port, tls=authority.context) as server,
        sentinel(server.port, *WATCHER) as port,
        relay(port, tls=authority.context) as front,
    ):
        hosts = f"127.0.0.1:{free_port()},127.0.0.1:{front.port}"
        theirs = "sentinel_username=watcher&sentinel_password=sees"
        tls = f"ssl_ca_certs={authority.ca}"
        url = f"rediss+sentinel://keeper:{ESCAPED}@{hosts}/books/7?{theirs}&{tls}"
        assert database_of(url) == 7
        for wrong in (url.replace("sees", "s"), url.replace(f"&{tls}", ""), url.replace("/books", "/films")):
            with open_redis(wrong) as client, pytest.raises(RedisError):
                client.ping()
        plain = f"redis+sentinel://keeper:{ESCAPED}@127.0.0.1:{port}/books?db=8&{theirs}"
        assert database_of(plain) == 8


def test_a_cluster_with_tls_and_a_password(tmp_path: Path) -> None:
    authority = make_authority(tmp_path, "127.0.0.1")
    with (
        relay(free_port(), tls=authority.context) as front,
        cluster_node("--cluster-announce-port", str(front.port)) as node,
    ):
        front.target = node.port
        give_all_slots(node)
        with Redis(port=node.port) as redis:
            redis.config_set("requirepass", PASSWORD)
        hosts = f"127.0.0.1:{free_port()},127.0.0.1:{front.port}"
        with open_redis(f"rediss+cluster://:{ESCAPED}@{hosts}?ssl_ca_certs={authority.ca}") as client:
            assert client.set("key", 1)


# -- without a server -------------------------------------------------------------------------------------


def test_the_hosts_of_several_servers_have_ports_and_may_be_ipv6() -> None:
    address = parse_redis_url("redis+sentinel://h1:1,[::1]:2,[::2],h3/books")
    assert address.hosts == (("h1", 1), ("::1", 2), ("::2", 26379), ("h3", 26379))
    assert (address.name, address.options) == ("books", {})
    assert parse_redis_url("redis+cluster://h1,h2:7000").hosts == (("h1", 6379), ("h2", 7000))


@pytest.mark.parametrize(
    "url",
    [
        "redis://:secret@h:port",
        "redis://:secret/part@h",
        "redis://:secret@h?socket_timeout=long",
        "redis://:secret@h?colour=red",
        "redis+sentinel://:secret@h:port/books",
        "redis+sentinel://:secret@h/books?sentinel_colour=red",
        "redis+sentinel://:secret@[::1/books",
        "redis+cluster://:secret@h?colour=red",
        "redis+cluster://:secret@h?ssl_ca_certs=without-tls",
    ],
)
def test_an_address_that_can_not_be_used_is_refused_at_the_start_without_its_password(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TokenKeep.Settings(**NEEDED | {"redis_url": url})
    assert [error["loc"] for error in refused.value.errors()] == [("redis_url",)]
    assert "secret" not in str(refused.value)


def test_time_outs_and_repeats_are_ours_whatever_the_address_says() -> None:
    with open_redis("redis://h?socket_timeout=60&retry_on_timeout=yes&decode_responses=yes") as client:
        connection = client.connection_pool.make_connection()
    assert connection.socket_timeout == ANSWER_SECONDS
    assert connection.retry.get_retries() == 0
    assert not connection.encoder.decode_responses
