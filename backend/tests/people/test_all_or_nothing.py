"""Where SQL or Redis fails half-way, the answer is 503, and nothing has ended or changed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

import pytest
from flask import Flask
from redis import Redis, RedisError
from redis.exceptions import TimeoutError as RedisLate
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tests.support.app_users import People, code_of
from tests.support.asking import bearer
from tests.support.examples import ADDRESS, NEW_PASSWORD, PASSWORD
from tests.support.inside import database_of, redis_of
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock

Act = Callable[[], Any]
CONFIRMED = {"current_password": PASSWORD}


def _log_out(people: People, token: str) -> Act:
    return lambda: people.post("/logout", token=token)


def _end_one(people: People, token: str) -> Act:
    listed = people.http.get("/api/sessions", headers=bearer(token)).json
    public = next(each["id"] for each in listed if not each["current"])
    return lambda: people.http.delete(f"/api/sessions/{public}", headers=bearer(token))


def _end_others(people: People, token: str) -> Act:
    return lambda: people.http.delete("/api/sessions", headers=bearer(token))


def _delete(people: People, token: str) -> Act:
    return lambda: people.http.delete("/api/me", json=CONFIRMED, headers=bearer(token))


def _change_password(people: People, token: str) -> Act:
    body = CONFIRMED | {"new_password": NEW_PASSWORD}
    return lambda: people.post("/password/change", body, token)


def _reset_password(people: People, token: str) -> Act:
    body = {"code": people.forgotten(), "new_password": NEW_PASSWORD}
    return lambda: people.post("/password/reset", body)


def _verify_address(people: People, token: str) -> Act:
    body = CONFIRMED | {"email": "new@library.example"}
    assert people.http.patch("/api/me", json=body, headers=bearer(token)).status_code == 202
    code = people.code()
    return lambda: people.post("/email/verify", {"code": code})


def _register(people: People, token: str) -> Act:
    body = {"username": "Eve", "password": PASSWORD, "email": "eve@library.example"}
    return lambda: people.post("/register", body)


def _log_in(people: People, token: str) -> Act:
    return people.log_in


def _refresh(people: People, token: str) -> Act:
    return lambda: people.post("/refresh", token=token)


def _forget(people: People, token: str) -> Act:
    return lambda: people.post("/password/forgot", {"email": ADDRESS})


WAYS = [_log_out, _end_one, _end_others, _delete, _change_password, _reset_password, _verify_address]
WRITING = [_change_password, _reset_password, _verify_address]  # something new into Redis, which may be full


REPEATABLE = [_register, _log_in, _refresh, _forget, _reset_password, _verify_address]


@contextmanager
def failing_at(app: Flask, number: int) -> Iterator[None]:
    """SQL is away from this statement on, counted from 1."""
    numbers = count(1)

    def fail(*_: object) -> None:
        if next(numbers) >= number:
            raise OperationalError("", None, Exception("away"))

    engine = database_of(app).engine
    event.listen(engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", fail)


def is_as_before(people: People, tokens: list[str]) -> bool:
    return all(people.is_live(each) for each in tokens) and people.log_in(ADDRESS).status_code == 200


@pytest.mark.parametrize("way", WAYS)
def test_whichever_statement_fails_nothing_has_ended(
    people: People, app: Flask, way: Callable[[People, str], Act]
) -> None:
    people.verified()
    tokens = [people.token() for _ in range(3)]
    act = way(people, tokens[0])
    for number in count(1):
        with failing_at(app, number):
            answer = act()
        if answer.status_code < 300:
            break
        assert code_of(answer) == (503, "unavailable")
        assert is_as_before(people, tokens)
    assert number > 1


@contextmanager
def losing(app: Flask, number: int, *, is_done: bool) -> Iterator[None]:
    """Redis is lost at this command, counted from 1: before it, or before its answer."""
    redis, numbers = redis_of(app), count(1)
    send = redis._send

    def lose(*args: Any, **options: Any) -> Any:
        if next(numbers) != number:
            return send(*args, **options)
        with suppress(RedisError):  # a script that isn't loaded yet
            if is_done:
                send(*args, **options)
        raise RedisLate("lost")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redis, "_send", lose)
        yield


@pytest.mark.parametrize("way", REPEATABLE)
@pytest.mark.parametrize("is_done", [False, True])
def test_whichever_command_to_redis_is_lost_the_request_can_be_repeated(
    people: People, app: Flask, way: Callable[[People, str], Act], is_done: bool
) -> None:
    people.verified()
    act = way(people, people.token())
    for number in count(1):
        with losing(app, number, is_done=is_done):
            answer = act()
        if answer.status_code < 300:
            break
        assert code_of(answer) == (503, "unavailable")
    assert number > 1


@pytest.mark.parametrize("way", WRITING)
def test_a_full_redis_ends_nothing(people: People, redis: Redis, way: Callable[[People, str], Act]) -> None:
    people.verified()
    tokens = [people.token() for _ in range(3)]
    assert all(people.is_live(each) for each in tokens)
    act = way(people, tokens[0])
    redis.config_set("maxmemory", "1")
    try:
        answer = act()
    finally:
        redis.config_set("maxmemory", "0")
    assert code_of(answer) == (503, "unavailable")
    assert is_as_before(people, tokens)
    assert act().status_code < 300


def test_a_log_in_that_fails_ends_no_older_session(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    people.register()
    with worker(redis_server.url, database_url, clock, AUTH_MAX_SESSIONS=2) as app:
        crowded = People(app, clock, people.mails)
        tokens = [crowded.token() for _ in range(2)]
        for number in count(1):
            with failing_at(app, number):
                answer = crowded.log_in()
            if answer.status_code == 200:
                break
            assert code_of(answer) == (503, "unavailable")
            assert all(crowded.is_live(each) for each in tokens)
        assert sum(crowded.is_live(each) for each in tokens) == 1


def test_a_replay_ends_its_session_in_both_stores_or_in_none(
    people: People, app: Flask, clock: Clock
) -> None:
    people.register()
    old = people.token()
    newer = people.post("/refresh", token=old).json["token"]
    assert people.is_live(newer)
    clock.now += 30
    for number in count(1):
        with failing_at(app, number):
            answer = people.post("/refresh", token=old)
        if answer.status_code == 401:
            break
        assert code_of(answer) == (503, "unavailable")
        assert people.is_live(newer)
    assert code_of(answer) == (401, "token_reused")
    assert people.post("/refresh", token=newer).json["reason"] == "reused"
