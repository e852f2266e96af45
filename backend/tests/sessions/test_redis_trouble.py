"""What people notice while Redis is frozen or answers late: a 503, and nothing done twice."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from flask_tokenkeep import migrate
from tests.support.app_users import code_of
from tests.support.asking import bearer
from tests.support.at_once import many_at_once
from tests.support.bound_browser import Browser, token_of
from tests.support.examples import PERSON
from tests.support.ports import free_port
from tests.support.private_redis import PrivateRedis, cluster_node, give_all_slots
from tests.support.relay import Relay, relay
from tests.support.small_app import worker
from tests.support.still_clock import Clock
from tests.support.waiting import wait_until

pytestmark = pytest.mark.server


@pytest.fixture
def server() -> Iterator[PrivateRedis]:
    with PrivateRedis() as server:
        yield server


@pytest.fixture
def between(server: PrivateRedis) -> Iterator[Relay]:
    with relay(server.port) as between:
        yield between


@pytest.fixture
def app(between: Relay, clock: Clock, tmp_path: Path) -> Iterator[Flask]:
    url = f"sqlite:///{tmp_path}/db"
    migrate(url)
    with worker(between.url, url, clock, MAIL_DIR=tmp_path) as app:
        yield app


def test_every_answer_is_a_503_within_two_seconds_while_redis_is_frozen(
    browser: Browser, app: Flask, server: PrivateRedis
) -> None:
    token = token_of(browser.log_in())
    server.freeze()

    def ask(number: int) -> float:
        began = time.monotonic()
        http = app.test_client()
        match number % 3:
            case 0:
                answer = http.post("/api/login", json=PERSON)
            case 1:
                answer = http.get("/api/sessions", headers=bearer(token))
            case _:
                answer = browser.refresh(token)
        assert code_of(answer) == (503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        return time.monotonic() - began

    assert max(many_at_once(9, ask) + [ask(number) for number in range(9)]) < 2 + 3  # a busy machine
    server.thaw()
    wait_until(lambda: browser.log_in().status_code == 200, "a Redis that is well again")


def test_a_proof_that_redis_noted_too_late_is_a_503_and_the_next_one_counts(
    browser: Browser, between: Relay
) -> None:
    token = token_of(browser.log_in())
    for _ in range(4):
        between.hold_answers()
        assert code_of(browser.refresh(token)) == (503, "unavailable")
        between.pass_answers()
        wait_until(lambda: browser.log_in().status_code == 200, "a Redis that is well again")
        token = token_of(browser.refresh(token))


def test_a_registration_that_redis_counted_too_late_is_counted_once(
    app: Flask, between: Relay, server: PrivateRedis
) -> None:
    http = app.test_client()
    http.post("/api/register", json=PERSON)
    between.hold_answers()
    with Redis(port=server.port) as redis:
        redis.config_resetstat()
        late = http.post("/api/register", json=PERSON | {"username": "Eve"})
        assert code_of(late) == (503, "unavailable")
        wait_until(lambda: "cmdstat_lpush" in redis.info("commandstats"), "its command at Redis")
        assert redis.info("commandstats")["cmdstat_lpush"]["calls"] == 1
    between.pass_answers()


@pytest.mark.usefixtures("unhurried_redis")
def test_a_redis_cluster_that_is_away_at_the_start_is_a_503_that_heals(clock: Clock, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/db"
    migrate(url)
    with cluster_node() as node, relay(node.port) as between:
        between.target = free_port()
        with worker(f"redis+cluster://127.0.0.1:{between.port}", url, clock) as app:
            http = app.test_client()
            assert code_of(http.post("/api/register", json=PERSON)) == (503, "unavailable")
            between.target = node.port
            assert code_of(http.post("/api/register", json=PERSON)) == (503, "unavailable")
            give_all_slots(node)
            assert http.post("/api/register", json=PERSON).status_code == 201
            assert http.post("/api/login", json=PERSON).status_code == 200


@pytest.mark.usefixtures("unhurried_redis")
@pytest.mark.parametrize("setting", ["maxmemory", "min-replicas-to-write"])
def test_a_redis_that_can_not_write_lets_read_who_has_a_live_token(
    browser: Browser, app: Flask, server: PrivateRedis, caplog: pytest.LogCaptureFixture, setting: str
) -> None:
    first, ended = token_of(browser.log_in()), token_of(browser.log_in())
    newer = token_of(browser.refresh(first))
    http = app.test_client()
    assert http.post("/api/logout", headers=bearer(ended)).status_code == 204

    def status(token: str) -> int:
        return http.get("/api/me", headers=bearer(token)).status_code

    with Redis(port=server.port) as redis:
        redis.config_set(setting, "1")
        assert [status(each) for each in (newer, newer, first, ended)] == [200, 200, 200, 401]
        assert code_of(http.post("/api/login", json=PERSON)) == (503, "unavailable")
        assert sum("tokens were seen" in record.message for record in caplog.records) == 1
        redis.config_set(setting, "0")
    assert status(newer) == 200
