"""The live sessions in Redis: the only file that knows their keys and their scripts.

One key per session, `ta:s:<session id>`, holds a small JSON record and never a token or a digest of one:

    g  current generation                  s  1 once a token of this generation was seen, else 0
    e  when its token expires              u  user id
    r  when this generation was rotated in m  when the session ends at the latest

Times are Unix seconds of the caller's clock. Every operation touches one key, so all of this runs unchanged
on Redis Cluster."""

import json
import logging
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError

from flask_tokenkeep.encoding import to_base64url
from flask_tokenkeep.errors import InvalidToken, SessionEnded, TokenReused
from flask_tokenkeep.sessions.tokens import SESSION_ID_BYTES, Claims
from flask_tokenkeep.stores.redis import CANNOT_WRITE, load_script, refusal_of

log = logging.getLogger("flask_tokenkeep")


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Of the sessions of one kind, bearer or bound.

    A session ends `idle_seconds` after its last refresh, and `max_age_seconds` after it began."""

    token_seconds: int
    idle_seconds: int
    max_age_seconds: int
    bound: bool


@dataclass(frozen=True, slots=True)
class LiveSession:
    """The session of a token that was accepted. `id` is the secret one: don't show it."""

    id: bytes
    user_id: UUID


class LiveSessions:
    """The records of live sessions: one command or one script for each thing that happens to one."""

    def __init__(self, *, redis: Redis, grace_seconds: int) -> None:
        self._redis = redis
        self._grace_seconds = grace_seconds
        self._unwritable = ""  # the word with which Redis refused to write when it was last tried
        self._observe = load_script(redis, __package__, "observe.lua")
        self._rotate = load_script(redis, __package__, "rotate.lua")

    def issue(self, first: Claims, user_id: UUID, now: int, lifetimes: Lifetimes) -> None:
        """Begin the session of these claims, which first_claims made."""
        record = {
            "g": first.generation,
            "e": first.expires_at,
            "r": now,
            "s": 0,
            "u": str(user_id),
            "m": now + lifetimes.max_age_seconds,
        }
        ttl = min(lifetimes.idle_seconds, lifetimes.max_age_seconds)
        self._redis.set(_key(first.session_id), json.dumps(record), ex=ttl)

    def verify(self, claims: Claims, now: int) -> LiveSession:
        """The session, if a token with these claims is accepted now. Raises InvalidToken.

        One GET; and a script where Redis has not seen this generation yet."""
        if claims.expires_at <= now:
            raise InvalidToken
        record = self._demand_accepted(claims, now)
        new = claims.generation >= record["g"] + record["s"]  # ahead of Redis, or current and not seen yet
        if new and not self._note_seen(claims, now):
            # It changed between GET and script: rotated, which grace covers, or ended.
            record = self._demand_accepted(claims, now)
        return LiveSession(claims.session_id, UUID(record["u"]))

    def _note_seen(self, claims: Claims, now: int) -> bool:
        """Whether the record still accepts them. True too where Redis can't write just now, as when it is
        full: the GET has proven the token, and a read needs no more.

        Until it is noted, a refresh with the token before passes for a lost answer and gets the same
        successor, though it may be a replay, and a record that was rolled back isn't healed."""
        try:
            args = [claims.generation, claims.expires_at, now]
            accepted = bool(self._observe(keys=[_key(claims.session_id)], args=args))
        except RedisError as error:
            if refusal_of(error) not in CANNOT_WRITE:
                raise
            self._say_once(refusal_of(error))
            return True
        self._unwritable = ""
        return accepted

    def _say_once(self, refusal: str) -> None:
        if refusal != self._unwritable:  # when it begins, not at each request
            log.warning("Redis can't note that tokens were seen (%s)", refusal)
        self._unwritable = refusal

    def _demand_accepted(self, claims: Claims, now: int) -> dict[str, Any]:
        raw = self._redis.get(_key(claims.session_id))
        if raw is None:
            raise InvalidToken
        record: dict[str, Any] = json.loads(raw)
        if not self._accepts(record, claims, now):
            raise InvalidToken
        return record

    def _accepts(self, record: dict[str, Any], claims: Claims, now: int) -> bool:
        """The rule for requests: the current generation, the one before during its grace, and one ahead of
        Redis, which a failover rolled back: the MAC proves that we issued it."""
        if claims.expires_at > record["m"]:
            return False  # we never issued that: see observe.lua
        behind = record["g"] - claims.generation
        in_grace: bool = behind == 1 and now < record["r"] + self._grace_seconds
        return behind <= 0 or in_grace

    def rotate(self, claims: Claims, now: int, lifetimes: Lifetimes) -> Claims:
        """The next generation, or the same one again for a lost answer or a racing tab.

        Raises SessionEnded if no session is live, TokenReused on a replay, for which the caller ends it (RFC
        9700 §4.14.2), InvalidToken if an expired token of a bearer session is shown."""
        seconds = [lifetimes.token_seconds, lifetimes.idle_seconds, self._grace_seconds]
        args = [claims.generation, claims.expires_at, now, *seconds, int(lifetimes.bound)]
        outcome, generation, expires_at = self._rotate(keys=[_key(claims.session_id)], args=args)
        match bytes(outcome):
            case b"ended":
                raise SessionEnded("expired")
            case b"reused":
                raise TokenReused
            case b"invalid":
                raise InvalidToken
        return Claims(claims.session_id, generation, expires_at)

    def revoke(self, session_id: bytes) -> None:
        """End it: no token of this session is accepted any more. Again is fine."""
        self._redis.delete(_key(session_id))


def first_claims(now: int, lifetimes: Lifetimes) -> Claims:
    """Of the first token of a new session, which nobody knows yet."""
    expires_at = now + min(lifetimes.token_seconds, lifetimes.max_age_seconds)
    return Claims(secrets.token_bytes(SESSION_ID_BYTES), 1, expires_at)


def _key(session_id: bytes) -> str:
    return "ta:s:" + to_base64url(session_id)
