"""One-time codes, as mail brings them: to reset a password, to verify an address.

code = base64url( user id 16 B ‖ secret 32 B ). Redis has one key per purpose and user,
`ta:c:<purpose>:<user id>`, with the secret's SHA-256: so there is never more than one code alive, to end them
is one command, and a stolen Redis opens nothing. The record: d digest · a address it was sent to · e expires
at · b the body that it was spent with ("" before) · t a digest of what its use changes in SQL. Times are Unix
seconds of the caller's clock."""

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal
from uuid import UUID

from redis import Redis

from flask_tokenkeep.clock import Clock
from flask_tokenkeep.encoding import from_base64url, to_base64url
from flask_tokenkeep.errors import CodeInvalid
from flask_tokenkeep.stores.models import User
from flask_tokenkeep.stores.redis import load_script

Purpose = Literal["reset", "verify"]
PURPOSES: tuple[Purpose, ...] = ("reset", "verify")
SECRET_BYTES = 32  # 256 bits: no rate of guessing matters, and SHA-256 without salt is enough
_ID_BYTES = 16
_CODE_CHARS = (_ID_BYTES + SECRET_BYTES) * 4 // 3


@dataclass(frozen=True, slots=True)
class Code:
    """A code that is good. `address` is where it was sent to. `spent` says that this very request spent it
    before, which may have come to nothing since."""

    purpose: Purpose
    user_id: UUID
    address: str
    digest: str
    body: str
    spent: bool
    tie: str

    def fits(self, user: User) -> bool:
        """Whether what its use changes is still as it was when it was sent. A Redis that was restored, or
        failed over, may hold a code that was spent; SQL knows better."""
        return hmac.compare_digest(self.tie, _tie(self.purpose, user))


@dataclass(frozen=True, slots=True)
class SentCode:
    """A code that was sent, as its owner may see it; `expires_at` in Unix seconds."""

    purpose: Purpose
    address: str
    expires_at: int


class Codes:
    """The one-time codes of letters, in Redis: at most one alive for each purpose and user."""

    def __init__(
        self,
        *,
        redis: Redis,
        ttl_seconds: Mapping[Purpose, int],
        repeat_seconds: int,
        clock: Clock,
    ) -> None:
        self._redis = redis
        self._ttl_seconds = ttl_seconds
        self._repeat_seconds = repeat_seconds
        self._clock = clock
        self._spend = load_script(redis, __package__, "spend.lua")

    def issue(self, purpose: Purpose, user: User, address: str) -> str:
        """Make a code, as text for a link. The user's former one for this purpose is dead from now on."""
        secret, ttl = secrets.token_bytes(SECRET_BYTES), self._ttl_seconds[purpose]
        expires_at, tie = self._now() + ttl, _tie(purpose, user)
        record = {"d": _digest(secret), "a": address, "e": expires_at, "b": "", "t": tie}
        self._redis.set(_key(purpose, user.id), json.dumps(record), ex=ttl)
        return to_base64url(user.id.bytes + secret)

    def read(self, purpose: Purpose, text: str, content: str = "") -> Code:
        """What this code is good for, without spending it; `content` is what else the request says.

        Raises CodeInvalid: wrong, expired, replaced, or spent with another content."""
        user_id, secret = _parse(text)
        raw = self._redis.get(_key(purpose, user_id))
        if raw is None:
            raise CodeInvalid
        record = json.loads(raw)
        digest = _digest(secret)
        # Keyed by the secret, which Redis doesn't have: a dump is no way to try passwords.
        body = hmac.new(secret, content.encode(), "sha256").hexdigest()
        if not hmac.compare_digest(record["d"], digest) or record["e"] <= self._now():
            raise CodeInvalid
        if record["b"] and not hmac.compare_digest(record["b"], body):
            raise CodeInvalid
        return Code(purpose, user_id, record["a"], digest, body, bool(record["b"]), record["t"])

    def spend(self, code: Code) -> None:
        """Use this code up: from now on it is good for this very request only, which may be repeated.

        Raises CodeInvalid if another request was first."""
        args: list[str | int] = [code.digest, code.body, self._now(), self._repeat_seconds]
        if not self._spend(keys=[_key(code.purpose, code.user_id)], args=args):
            raise CodeInvalid

    def alive(self, user_id: UUID) -> list[SentCode]:
        """The codes of this user that still work."""
        found = [(purpose, self._redis.get(_key(purpose, user_id))) for purpose in PURPOSES]
        records = [(purpose, json.loads(raw)) for purpose, raw in found if raw]
        return [
            SentCode(purpose, record["a"], record["e"])
            for purpose, record in records
            if not record["b"] and record["e"] > self._now()
        ]

    def forget(self, user_id: UUID, *purposes: Purpose) -> None:
        """End the codes of this user for these purposes, or for every purpose if none is named."""
        for purpose in purposes or PURPOSES:
            self._redis.delete(_key(purpose, user_id))

    def _now(self) -> int:
        return int(self._clock())


def _parse(text: str) -> tuple[UUID, bytes]:
    if len(text) != _CODE_CHARS:
        raise CodeInvalid
    try:
        raw = from_base64url(text)
    except ValueError:
        raise CodeInvalid from None
    return UUID(bytes=raw[:_ID_BYTES]), raw[_ID_BYTES:]


def _tie(purpose: Purpose, user: User) -> str:
    """A digest of what the use of a code for this purpose changes. The hash of a password has a salt that
    Redis never sees, so its digest is no way to try passwords."""
    changes = user.password_hash if purpose == "reset" else user.email or ""
    return _digest(f"{purpose} {changes}".encode())


def _digest(secret: bytes) -> str:
    return sha256(secret).hexdigest()


def _key(purpose: Purpose, user_id: UUID) -> str:
    return f"ta:c:{purpose}:{user_id}"
