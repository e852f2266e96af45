"""Whether people could log in: the stores are written, not only asked."""

import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select, text

from flask_tokenkeep import TokenKeep, readiness
from flask_tokenkeep.stores.models import SecurityEvent
from tests.support.app_users import People, code_of
from tests.support.at_once import many_at_once
from tests.support.counting import statements
from tests.support.inside import database_of
from tests.support.private_postgres import PrivatePostgres
from tests.support.private_redis import PrivateRedis
from tests.support.stopwatch import ANSWER_SECONDS, timed
from tests.support.waiting import wait_until


def states(app: Flask) -> tuple[str, str]:
    told = TokenKeep().readiness(app)
    return told.redis, told.sql


def expect(app: Flask, redis: str, sql: str) -> None:
    """At the next look, which is at most a second away."""
    wait_until(lambda: states(app) == (redis, sql), f"redis {redis}, sql {sql}")


@contextmanager
def full(redis: Redis) -> Iterator[None]:
    redis.config_set("maxmemory", "1")
    yield
    redis.config_set("maxmemory", "0")


@contextmanager
def without_replicas(redis: Redis) -> Iterator[None]:
    redis.config_set("min-replicas-to-write", "1")
    yield
    redis.config_set("min-replicas-to-write", "0")


@contextmanager
def read_only(redis: Redis) -> Iterator[None]:
    redis.replicaof("127.0.0.1", "1")
    yield
    redis.replicaof("NO", "ONE")


@pytest.mark.parametrize(
    ("trouble", "word"), [(full, "OOM"), (without_replicas, "NOREPLICAS"), (read_only, "READONLY")]
)
def test_a_redis_that_answers_and_takes_nothing_is_down(
    app: Flask,
    people: People,
    redis: Redis,
    caplog: pytest.LogCaptureFixture,
    trouble: Callable[[Redis], Any],
    word: str,
) -> None:
    people.register()
    expect(app, "ok", "ok")
    with trouble(redis):
        expect(app, "down", "ok")
        assert code_of(people.log_in()) == (503, "unavailable")
    expect(app, "ok", "ok")
    (said, *_) = (each for each in caplog.messages if each.startswith("Redis can't be used"))
    assert said.endswith(f" {word}")
    assert people.log_in().status_code == 200


@contextmanager
def full_disk(app: Flask) -> Iterator[None]:
    """No file of this process may grow; what a PostgreSQL says then comes from a trigger."""
    database = database_of(app)
    if database.engine.dialect.name == "sqlite":
        log = Path(f"{database.engine.url.database}-wal")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return
    with database.write() as sql:
        raising = "BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END"
        sql.execute(text(f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $${raising}$$"))
        on_insert = "BEFORE INSERT ON ta_events EXECUTE FUNCTION full_disk()"
        sql.execute(text(f"CREATE TRIGGER full_disk {on_insert}"))
    try:
        yield
    finally:
        with database.write() as sql:
            sql.execute(text("DROP FUNCTION full_disk CASCADE"))


def test_a_database_without_room_is_down(
    app: Flask, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    people.register()
    expect(app, "ok", "ok")
    with full_disk(app):
        expect(app, "ok", "down")
        assert code_of(people.log_in()) == (503, "unavailable")
    expect(app, "ok", "ok")
    assert people.log_in().status_code == 200
    assert "SQL can't be used: " in caplog.text
    assert "53100" in caplog.text or "SQLITE_" in caplog.text


def test_however_many_ask_the_stores_are_tried_once_a_second(app: Flask) -> None:
    expect(app, "ok", "ok")
    with statements(app) as said:
        many_at_once(10, lambda _: [states(app) for _ in range(10)])
    assert len([each for each in said if each.startswith("INSERT")]) <= 2
    with database_of(app).read() as sql:
        assert sql.scalar(select(func.count()).select_from(SecurityEvent)) == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_stores_that_hang_are_down_in_time(
    app: Flask, redis_server: PrivateRedis, postgres_server: PrivatePostgres
) -> None:
    expect(app, "ok", "ok")
    redis_server.freeze()
    postgres_server.freeze()
    try:
        expect(app, "down", "down")
        for _ in range(3):
            told, seconds = timed(lambda: many_at_once(10, lambda _: states(app)))
            assert set(told) == {("down", "down")}
            assert seconds < ANSWER_SECONDS
    finally:
        redis_server.thaw()
        postgres_server.thaw()
    expect(app, "ok", "ok")


def test_a_try_that_never_ends_holds_one_thread_however_often_one_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readiness, "PERIOD_SECONDS", 0.0)
    monkeypatch.setattr(readiness, "WAIT_SECONDS", 0.01)
    thawed, tries = threading.Event(), []

    def hang() -> str:
        tries.append(1)
        thawed.wait()
        return "ok"

    check = readiness.Check("a store", hang)
    assert [check.result() for _ in range(5)] == [None] * 5
    assert len(tries) == 1
    thawed.set()
    wait_until(lambda: check.result() == "ok", "the end of the try")
