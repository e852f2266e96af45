"""The rules: register, log in, refresh, log out. No Flask in here, and nobody else's keys or SQL."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as OrmSession

from flask_tokenauth.errors import (
    FieldError,
    InvalidCredentials,
    InvalidToken,
    SessionEnded,
    TokenReused,
    UsernameTaken,
    ValidationFailed,
)
from flask_tokenauth.models import LedgerEntry, User
from flask_tokenauth.names import (
    email_key,
    normalise_email,
    normalise_username,
    refuse_email,
    refuse_username,
    username_key,
)
from flask_tokenauth.passwords import Passwords
from flask_tokenauth.sessions import Lifetimes, LiveSession, Sessions
from flask_tokenauth.stores import Database
from flask_tokenauth.tokens import Token, TokenMint


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from, as the ledger remembers it."""

    ip: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Grant:
    """A token to hand out; `expires_in` in seconds."""

    token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class LogIn:
    grant: Grant
    entry: LedgerEntry
    user: User


class Accounts:
    def __init__(
        self,
        *,
        database: Database,
        sessions: Sessions,
        mint: TokenMint,
        passwords: Passwords,
        bearer: Lifetimes,
        max_sessions: int,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._mint = mint
        self._passwords = passwords
        self._bearer = bearer
        self._max_sessions = max_sessions
        self._clock = clock

    # -- the hot path -----------------------------------------------------------------------

    def verify(self, text: str) -> LiveSession:
        """Who presents this token: one Redis command. Raises InvalidToken."""
        return self._sessions.verify(self._mint.read(text), self._now())

    # -- accounts ---------------------------------------------------------------------------

    def register(self, username: str, password: str, email: str | None) -> User:
        """Raises ValidationFailed or UsernameTaken; the name's uniqueness is the database's word."""
        personal = [username, *([email] if email else [])]
        refused = [
            refuse_username("username", username),
            self._passwords.refuse("password", password, personal),
            refuse_email("email", email) if email is not None else None,
        ]
        _raise_if_any(refused)
        user = User(
            username=normalise_username(username),
            username_key=username_key(username),
            password_hash=self._passwords.hash(password),
            pending_email=normalise_email(email) if email else None,
            created_at=self._moment(),
        )
        try:
            with self._database.write() as sql:
                sql.add(user)
        except IntegrityError:
            raise UsernameTaken from None
        return user

    def log_in(self, name: str, password: str, client: Client) -> LogIn:
        """Begin a session. One answer, and one cost, for unknown names and wrong passwords."""
        with self._database.read() as sql:
            found = sql.scalar(select(User).where(_named(name)))
        if not self._passwords.verify(found.password_hash if found else None, password) or not found:
            raise InvalidCredentials
        stored = found.password_hash
        newer = self._passwords.hash(password) if self._passwords.needs_rehash(stored) else stored
        with self._database.write() as sql:
            user = _lock(sql, found.id)
            # The password may have been changed since we read it: that log-in must leave no session.
            if user is None or user.disabled_at or user.password_hash != stored:
                raise InvalidCredentials
            user.password_hash = newer
            return self._begin_session(sql, user, client)

    def user(self, user_id: str) -> User:
        with self._database.read() as sql:
            user = sql.get(User, UUID(user_id))
        if user is None:
            raise InvalidToken
        return user

    # -- sessions ---------------------------------------------------------------------------

    def refresh(self, text: str) -> Grant:
        """The next token of this session, or the same next one again (see Sessions.rotate)."""
        token, now = self._mint.read(text), self._now()
        with self._database.read() as sql:
            entry = sql.scalar(select(LedgerEntry).where(LedgerEntry.session_id == token.session_id))
            owner = sql.get(User, entry.user_id) if entry else None
        self._demand_live(token, entry, owner)
        try:
            successor = self._sessions.rotate(token, now, self._bearer)
        except (TokenReused, SessionEnded) as ended:
            self._end(token.session_id, "reused" if isinstance(ended, TokenReused) else "expired")
            raise
        if not self._note_refresh(token.session_id, now):
            # It ended while we rotated: what that end took from Redis must not come back.
            self._sessions.revoke(token.session_id)
            raise SessionEnded(self._reason(token.session_id))
        return self._grant(successor)

    def log_out(self, text: str) -> None:
        """End the session of any token that we ever issued; again is fine. Redis first, then SQL."""
        token = self._mint.read(text)
        self._sessions.revoke(token.session_id)
        self._end(token.session_id, "logged_out")

    def _begin_session(self, sql: OrmSession, user: User, client: Client) -> LogIn:
        """Under the user's row lock: whoever ends all sessions of this user sees this one, or stops it."""
        self._make_room(sql, user.id)
        now = self._now()
        token = self._sessions.issue(str(user.id), now, self._bearer)
        entry = LedgerEntry(
            session_id=token.session_id,
            user_id=user.id,
            created_at=_moment(now),
            last_refreshed_at=_moment(now),
            idle_until=_moment(now + self._bearer.keep),
            ends_at=_moment(now + self._bearer.max_age),
            ip=client.ip,
            user_agent=client.user_agent,
        )
        sql.add(entry)
        sql.flush()
        return LogIn(self._grant(token), entry, user)

    def _make_room(self, sql: OrmSession, user_id: UUID) -> None:
        live = sql.scalars(
            select(LedgerEntry)
            .where(LedgerEntry.user_id == user_id, LedgerEntry.ended_at.is_(None))
            .where(LedgerEntry.idle_until > self._moment(), LedgerEntry.ends_at > self._moment())
            .order_by(LedgerEntry.created_at.desc())
            .offset(self._max_sessions - 1)
        ).all()
        for entry in live:
            self._sessions.revoke(entry.session_id)
            entry.ended_at, entry.end_reason = self._moment(), "revoked"

    def _demand_live(self, token: Token, entry: LedgerEntry | None, owner: User | None) -> None:
        """What the ledger says outweighs Redis, which a backup or a failover may have rolled back."""
        if entry is None or owner is None:
            self._sessions.revoke(token.session_id)
            raise SessionEnded("revoked")
        if entry.ended_at:
            self._sessions.revoke(token.session_id)
            raise SessionEnded(entry.end_reason or "expired")
        if owner.disabled_at or entry.ends_at <= self._moment():
            reason = "account_disabled" if owner.disabled_at else "expired"
            self._sessions.revoke(token.session_id)
            self._end(token.session_id, reason)
            raise SessionEnded(reason)

    def _end(self, session_id: bytes, reason: str) -> None:
        with self._database.write() as sql:
            sql.execute(
                update(LedgerEntry)
                .where(LedgerEntry.session_id == session_id, LedgerEntry.ended_at.is_(None))
                .values(ended_at=self._moment(), end_reason=reason)
            )

    def _note_refresh(self, session_id: bytes, now: int) -> bool:
        """Whether the session is still one that has not ended."""
        with self._database.write() as sql:
            noted = sql.scalar(
                update(LedgerEntry)
                .where(LedgerEntry.session_id == session_id, LedgerEntry.ended_at.is_(None))
                .values(last_refreshed_at=_moment(now), idle_until=_moment(now + self._bearer.keep))
                .returning(LedgerEntry.id)
            )
        return noted is not None

    def _reason(self, session_id: bytes) -> str:
        with self._database.read() as sql:
            reason = sql.scalar(select(LedgerEntry.end_reason).where(LedgerEntry.session_id == session_id))
        return reason or "revoked"

    def _grant(self, token: Token) -> Grant:
        return Grant(self._mint.mint(token), token.expires_at - self._now())

    def _now(self) -> int:
        return int(self._clock())

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _named(name: str):  # type: ignore[no-untyped-def]  # a SQL expression, whose type is an implementation detail
    if "@" in name:
        return User.email_key == email_key(normalise_email(name) or name)
    return User.username_key == username_key(name)


def _lock(sql: OrmSession, user_id: UUID) -> User | None:
    return sql.get(User, user_id, with_for_update=True, populate_existing=True)


def _raise_if_any(refused: list[FieldError | None]) -> None:
    errors = [error for error in refused if error]
    if errors:
        raise ValidationFailed(errors=errors)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
