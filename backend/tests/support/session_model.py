"""The design's tables "verify" and "refresh", row by row, for one session."""

from dataclasses import dataclass, field

from flask_tokenkeep.sessions.live import Lifetimes
from flask_tokenkeep.sessions.tokens import Claims
from tests.support.browser_key import Key

GRACE, MAX_SESSIONS = 30, 3
BEARER = Lifetimes(token_seconds=1000, idle_seconds=1000, max_age_seconds=3300, bound=False)
BOUND = Lifetimes(token_seconds=300, idle_seconds=1500, max_age_seconds=4000, bound=True)
LIFETIMES = {
    "AUTH_GRACE_SECONDS": GRACE,
    "AUTH_MAX_SESSIONS": MAX_SESSIONS,
    "AUTH_BEARER_TTL_SECONDS": BEARER.token_seconds,
    "AUTH_BEARER_MAX_AGE_SECONDS": BEARER.max_age_seconds,
    "AUTH_TOKEN_TTL_SECONDS": BOUND.token_seconds,
    "AUTH_BOUND_IDLE_SECONDS": BOUND.idle_seconds,
    "AUTH_BOUND_MAX_AGE_SECONDS": BOUND.max_age_seconds,
}
JUMPS = (
    *(1, GRACE - 1, GRACE, BOUND.token_seconds, 700),
    *(BEARER.token_seconds - 1, BEARER.token_seconds, BOUND.idle_seconds),
)


@dataclass
class Record:
    """What Redis knows of a session; `kept_until` is the end of its TTL on the tests' clock."""

    generation: int
    expires_at: int
    rotated_at: int
    kept_until: int
    seen: bool = False

    def replaced_by(self, token: Claims) -> int:
        """How many generations ahead of this token we are; negative where Redis was rolled back."""
        return self.generation - token.generation

    def in_grace(self, now: int) -> bool:
        return now < self.rotated_at + GRACE


@dataclass(eq=False)
class Session:
    """The tables "verify" and "refresh" for one session."""

    user: str
    key: Key | None
    begun: int
    issued: list[str]
    snapshots: list[tuple[Record, bytes]] = field(default_factory=list)
    ended: str | None = None
    rolled_back: bool = False
    rolled_back_since_its_end: bool = False

    def __post_init__(self) -> None:
        self.lives = BOUND if self.key else BEARER
        self.record: Record | None = self.rotated(1, self.begun)

    def rotated(self, generation: int, now: int) -> Record:
        ends_at = self.begun + self.lives.max_age_seconds
        self.idle_until = now + self.lives.idle_seconds
        expires_at = min(now + self.lives.token_seconds, ends_at)
        return Record(generation, expires_at, now, min(self.idle_until, ends_at))

    def verify(self, token: Claims, now: int) -> bool:
        if token.expires_at <= now or self.record is None:
            return False
        behind = self.record.replaced_by(token)
        if behind < 0:
            kept = max(self.record.kept_until, token.expires_at)
            self.record = Record(token.generation, token.expires_at, now, kept)
        if behind <= 0:
            self.record.seen = True
        return behind <= 0 or (behind == 1 and self.record.in_grace(now))

    def refresh(self, token: Claims, now: int) -> str | tuple[int, int]:
        """The code of the problem, or generation and expiry of the token that is handed out."""
        record = self.record
        if self.ended or record is None or now >= self.begun + self.lives.max_age_seconds:
            return self.end("expired")
        behind = record.replaced_by(token)
        if behind < 0:
            rotated_at = max(record.rotated_at, token.expires_at - self.lives.token_seconds)
            record = Record(token.generation, token.expires_at, rotated_at, record.kept_until)
        if now >= record.rotated_at + self.lives.idle_seconds:
            return self.end("expired")
        problem = None if self.key else self.refuse_bearer(token, record, behind, now)
        if problem:
            return problem
        if behind <= 0 or record.expires_at <= now:
            record = self.rotated(record.generation + 1, now)
        self.record, self.idle_until = record, now + self.lives.idle_seconds
        return record.generation, record.expires_at

    def refuse_bearer(self, token: Claims, record: Record, behind: int, now: int) -> str | None:
        if record.expires_at <= now:
            return self.end("expired")
        if behind > 1 or (behind == 1 and record.seen and not record.in_grace(now)):
            self.end("reused")
            return "token_reused"
        return "invalid_token" if token.expires_at <= now else None

    def end(self, reason: str) -> str:
        self.record = None
        self.ended = self.ended or reason
        return "session_ended"
