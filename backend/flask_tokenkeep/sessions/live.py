"""The live sessions in Redis: the only file that knows their keys and their scripts.

One key per session, `ta:s:<session id>`, holds a small JSON record and never a token or a digest of one:
g current generation · e when its token expires · r when it was rotated in · s 1 once it was seen ·
u user id · m when the session ends at the latest. Every operation touches one key, so all of this runs
unchanged on Redis Cluster. Times are Unix seconds of the caller's clock.
"""

import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from redis import Redis

from flask_tokenkeep.errors import InvalidToken, SessionEnded, TokenReused
from flask_tokenkeep.sessions.tokens import SESSION_ID_BYTES, Token

# The current generation was seen, or a failover rolled Redis back behind a token that we did issue: the
# MAC proves it, so the record is healed. TTL never shrinks, and no expiry is beyond the session's end: we
# never issued such a token, so whoever shows one has SECRET_KEY, and gets no session for ever.
_OBSERVE = """
local raw = redis.call('GET', KEYS[1])
if not raw then return 0 end
local s, g, e, now = cjson.decode(raw), tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if g < s.g or e > s.m then return 0 end
if g > s.g then s.g, s.e, s.r = g, e, now end
s.s = 1
local ttl = math.max(redis.call('TTL', KEYS[1]), e - now, 1)
redis.call('SET', KEYS[1], cjson.encode(s), 'EX', ttl)
return 1
"""

# Rotation, in one step that requires the record to exist: nothing can bring an ended session back.
_ROTATE = """
local raw = redis.call('GET', KEYS[1])
if not raw then return {'ended', 0, 0} end
local s, g, e, now = cjson.decode(raw), tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local life, keep, grace, bound = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7] == '1'
if e > s.m then return {'invalid', 0, 0} end
if g > s.g then s.g, s.e, s.r = g, e, math.max(s.r, e - life) end
if s.m <= now or s.r + keep <= now then redis.call('DEL', KEYS[1]) return {'ended', 0, 0} end
local current = g == s.g
if bound then
  current = current or s.e <= now
elseif s.e <= now then
  redis.call('DEL', KEYS[1])
  return {'ended', 0, 0}
elseif not current then
  if not (g == s.g - 1 and (s.s == 0 or now < s.r + grace)) then
    redis.call('DEL', KEYS[1])
    return {'reused', 0, 0}
  end
  if e <= now then return {'invalid', 0, 0} end
elseif e <= now then
  return {'invalid', 0, 0}
end
if not current then return {'same', s.g, s.e} end
s.g, s.e, s.r, s.s = s.g + 1, math.min(now + life, s.m), now, 0
redis.call('SET', KEYS[1], cjson.encode(s), 'EX', math.max(math.min(keep, s.m - now), s.e - now, 1))
return {'rotated', s.g, s.e}
"""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds. `keep` is how long the record outlives its rotation: the idle limit."""

    token: int
    keep: int
    max_age: int
    bound: bool


@dataclass(frozen=True, slots=True)
class LiveSession:
    """Who is asking: what a verified token says about its session."""

    id: bytes
    user_id: str


class Sessions:
    def __init__(self, *, redis: Redis, grace_seconds: int) -> None:
        self._redis = redis
        self._grace = grace_seconds
        self._observe = redis.register_script(_OBSERVE)
        self._rotate = redis.register_script(_ROTATE)

    def issue(self, user_id: str, now: int, lifetimes: Lifetimes) -> Token:
        """Begin a session: its first token, generation 1."""
        token = Token(secrets.token_bytes(SESSION_ID_BYTES), 1, now + min(lifetimes.token, lifetimes.max_age))
        record = {
            "g": token.generation,
            "e": token.expires_at,
            "r": now,
            "s": 0,
            "u": user_id,
            "m": now + lifetimes.max_age,
        }
        self._redis.set(_key(token.session_id), json.dumps(record), ex=min(lifetimes.keep, lifetimes.max_age))
        return token

    def verify(self, token: Token, now: int) -> LiveSession:
        """One GET. Raises InvalidToken unless the token is current, in its grace time, or ahead of Redis."""
        if token.expires_at <= now:
            raise InvalidToken
        raw = self._redis.get(_key(token.session_id))
        if raw is None:
            raise InvalidToken
        record = json.loads(raw)
        behind = record["g"] - token.generation
        if token.expires_at > record["m"]:
            raise InvalidToken
        if behind < 0 or (behind == 0 and not record["s"]):
            if not self._observe(keys=[_key(token.session_id)], args=_args(token, now)):
                return self._verify_again(token)
        elif behind > 1 or (behind == 1 and now >= record["r"] + self._grace):
            raise InvalidToken
        return LiveSession(token.session_id, record["u"])

    def _verify_again(self, token: Token) -> LiveSession:
        """The record changed between GET and script: rotated, which grace covers, or ended."""
        raw = self._redis.get(_key(token.session_id))
        if raw is None:
            raise InvalidToken
        record = json.loads(raw)
        if record["g"] - token.generation > 1 or token.expires_at > record["m"]:
            raise InvalidToken
        return LiveSession(token.session_id, record["u"])

    def rotate(self, token: Token, now: int, lifetimes: Lifetimes) -> Token:
        """The next generation, or the same one again for a lost answer or a racing tab.

        Raises SessionEnded if no session is live, TokenReused on a replay, which ends it (RFC 9700
        §4.14.2), InvalidToken if an expired token of a bearer session is shown."""
        args = [*_args(token, now), lifetimes.token, lifetimes.keep, self._grace, int(lifetimes.bound)]
        outcome, generation, expires_at = self._rotate(keys=[_key(token.session_id)], args=args)
        match bytes(outcome):
            case b"ended":
                raise SessionEnded("expired")
            case b"reused":
                raise TokenReused
            case b"invalid":
                raise InvalidToken
        return Token(token.session_id, generation, expires_at)

    def revoke(self, session_id: bytes) -> None:
        self._redis.delete(_key(session_id))


def _args(token: Token, now: int) -> list[int]:
    return [token.generation, token.expires_at, now]


def _key(session_id: bytes) -> str:
    return "ta:s:" + urlsafe_b64encode(session_id).rstrip(b"=").decode()
