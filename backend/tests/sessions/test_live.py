"""The tables "verify" and "refresh", row by row, against a real Redis."""

import json
from uuid import UUID

import pytest
from redis import Redis

from flask_tokenkeep.errors import InvalidToken, SessionEnded, TokenReused
from flask_tokenkeep.sessions.live import Lifetimes, LiveSessions, first_claims
from flask_tokenkeep.sessions.tokens import Claims

ADA = UUID(int=1)
T = 1_800_000_000
GRACE = 30
BEARER = Lifetimes(token_seconds=7200, idle_seconds=7200, max_age_seconds=43_200, bound=False)


@pytest.fixture
def sessions(redis: Redis) -> LiveSessions:
    return LiveSessions(redis=redis, grace_seconds=GRACE)


def issued(sessions: LiveSessions, lifetimes: Lifetimes = BEARER) -> Claims:
    first = first_claims(T, lifetimes)
    sessions.issue(first, ADA, T, lifetimes)
    return first


def test_a_first_token_is_accepted_and_names_its_user(sessions: LiveSessions) -> None:
    token = issued(sessions)
    assert sessions.verify(token, T).user_id == ADA
    assert (token.generation, token.expires_at) == (1, T + 7200)


def test_an_expired_token_is_refused_without_asking_redis() -> None:
    nowhere = LiveSessions(redis=Redis(port=1), grace_seconds=GRACE)
    with pytest.raises(InvalidToken):
        nowhere.verify(Claims(bytes(16), 1, T), T)


def test_without_a_record_there_is_no_session(sessions: LiveSessions) -> None:
    token = issued(sessions)
    sessions.revoke(token.session_id)
    with pytest.raises(InvalidToken):
        sessions.verify(token, T)
    with pytest.raises(SessionEnded):
        sessions.rotate(token, T, BEARER)


def test_the_predecessor_is_accepted_within_grace_and_not_after(sessions: LiveSessions) -> None:
    first = issued(sessions)
    second = sessions.rotate(first, T + 10, BEARER)
    assert second.generation == 2
    sessions.verify(first, T + 10 + GRACE - 1)
    with pytest.raises(InvalidToken):
        sessions.verify(first, T + 10 + GRACE)
    sessions.rotate(second, T + 11, BEARER)
    with pytest.raises(InvalidToken):
        sessions.verify(first, T + 11)


def test_a_lost_answer_is_repeated_however_late_while_the_successor_was_not_seen(
    sessions: LiveSessions,
) -> None:
    first = issued(sessions)
    second = sessions.rotate(first, T + 10, BEARER)
    assert sessions.rotate(first, T + 3000, BEARER) == second


def test_a_racing_tab_gets_the_same_successor_within_grace_though_it_was_seen(sessions: LiveSessions) -> None:
    first = issued(sessions)
    second = sessions.rotate(first, T + 10, BEARER)
    sessions.verify(second, T + 11)
    assert sessions.rotate(first, T + 10 + GRACE - 1, BEARER) == second


def test_a_refresh_by_the_predecessor_is_a_replay_after_grace(sessions: LiveSessions) -> None:
    first = issued(sessions)
    second = sessions.rotate(first, T + 10, BEARER)
    sessions.verify(second, T + 11)
    with pytest.raises(TokenReused):
        sessions.rotate(first, T + 10 + GRACE, BEARER)


def test_an_older_generation_is_a_replay_at_any_time(sessions: LiveSessions) -> None:
    first = issued(sessions)
    second = sessions.rotate(first, T, BEARER)
    sessions.rotate(second, T, BEARER)
    with pytest.raises(TokenReused):
        sessions.rotate(first, T, BEARER)


def test_a_token_ahead_of_a_rolled_back_redis_is_accepted_and_heals_it(
    sessions: LiveSessions, redis: Redis
) -> None:
    first = issued(sessions)
    (key,) = redis.keys("ta:s:*")
    before = redis.get(key)
    second = sessions.rotate(first, T + 100, BEARER)
    third = sessions.rotate(second, T + 200, BEARER)
    redis.set(key, before, ex=5)
    sessions.verify(third, T + 300)
    assert redis.ttl(key) > 7000
    with pytest.raises(TokenReused):
        sessions.rotate(first, T + 300, BEARER)


def test_a_refresh_ahead_of_a_rolled_back_redis_goes_on_from_there(
    sessions: LiveSessions, redis: Redis
) -> None:
    first = issued(sessions)
    (key,) = redis.keys("ta:s:*")
    before = redis.get(key)
    second = sessions.rotate(first, T + 100, BEARER)
    redis.set(key, before, ex=500)
    assert sessions.rotate(second, T + 200, BEARER).generation == 3


def test_an_expired_token_never_gets_another(sessions: LiveSessions) -> None:
    first = issued(sessions)
    second = sessions.rotate(first, T + 7000, BEARER)
    with pytest.raises(InvalidToken):
        sessions.rotate(first, T + 7200, BEARER)
    sessions.verify(second, T + 7200)
    with pytest.raises(SessionEnded):
        sessions.rotate(second, T + 7000 + 7200, BEARER)


def test_no_token_outlives_the_absolute_limit(sessions: LiveSessions) -> None:
    short = Lifetimes(token_seconds=7200, idle_seconds=7200, max_age_seconds=10_000, bound=False)
    token = issued(sessions, short)
    token = sessions.rotate(token, T + 7000, short)
    assert token.expires_at == T + 10_000
    with pytest.raises(SessionEnded):
        sessions.rotate(token, T + 10_000, short)


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_token_beyond_the_absolute_limit_is_refused_even_if_well_signed(
    sessions: LiveSessions, redis: Redis, ahead: int
) -> None:
    token = issued(sessions)
    (key,) = redis.keys("ta:s:*")
    before = redis.get(key)
    forged = Claims(token.session_id, token.generation + ahead, T + BEARER.max_age_seconds + 1)
    with pytest.raises(InvalidToken):
        sessions.verify(forged, T)
    with pytest.raises(InvalidToken):
        sessions.rotate(forged, T, BEARER)
    assert redis.get(key) == before
    assert redis.ttl(key) <= BEARER.idle_seconds
    sessions.verify(token, T)


def test_redis_holds_one_key_with_a_ttl_and_nothing_a_token_could_be_made_from(
    sessions: LiveSessions, redis: Redis
) -> None:
    token = sessions.rotate(issued(sessions), T, BEARER)
    (key,) = redis.keys("*")
    assert 0 < redis.ttl(key) <= 7200
    assert set(json.loads(redis.get(key))) == set("gersum")
    assert token.session_id.hex().encode() not in redis.get(key)


def test_an_accepted_request_is_one_redis_command(sessions: LiveSessions, redis: Redis) -> None:
    token = issued(sessions)
    sessions.verify(token, T)  # the first time, it is noted that it was seen
    before = calls(redis)
    sessions.verify(token, T)
    assert calls(redis) == before | {"get": before["get"] + 1}


def calls(redis: Redis) -> dict[str, int]:
    """How often Redis was asked what a session may need, by whoever."""
    stats = redis.info("commandstats")
    names = ("get", "set", "evalsha", "eval", "del", "expire")
    return {name: stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in names}
