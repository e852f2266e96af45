"""The sessions of people: what Redis knows of them and what the ledger says, kept together.

Whatever begins or ends a session does so under its user's row lock, in Redis before the commit: so whoever
ends all of them sees every one, and a 2xx means that both stores have it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.clients import Client
from flask_tokenkeep.errors import InvalidDpopProof, NotFound, SessionEnded, TokenReused
from flask_tokenkeep.events import Events
from flask_tokenkeep.sessions.live import Lifetimes, LiveSession, Sessions
from flask_tokenkeep.sessions.proofs import Presented, Proofs
from flask_tokenkeep.sessions.tokens import Token, TokenMint
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import LedgerEntry, User


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


class Logins:
    def __init__(
        self,
        *,
        database: Database,
        sessions: Sessions,
        mint: TokenMint,
        proofs: Proofs,
        events: Events,
        bearer: Lifetimes,
        bound: Lifetimes,
        max_sessions: int,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._mint = mint
        self._proofs = proofs
        self._events = events
        self._bearer = bearer
        self._bound = bound
        self._max_sessions = max_sessions
        self._clock = clock

    # -- the hot path -----------------------------------------------------------------------

    def verify(self, text: str) -> LiveSession:
        """Who presents this token: one Redis command. Raises InvalidToken."""
        return self._sessions.verify(self._mint.read(text), self._now())

    # -- one session ------------------------------------------------------------------------

    def begin(self, sql: OrmSession, user: User, client: Client, thumbprint: str | None) -> LogIn:
        """A new session, bound to the key with this thumbprint if there is one. The caller holds the lock."""
        self._make_room(sql, user.id)
        lifetimes, now = self._lifetimes(thumbprint), self._now()
        token = self._sessions.issue(str(user.id), now, lifetimes)
        entry = LedgerEntry(
            session_id=token.session_id,
            user_id=user.id,
            thumbprint=thumbprint,
            created_at=_moment(now),
            last_refreshed_at=_moment(now),
            idle_until=_moment(now + lifetimes.keep),
            ends_at=_moment(now + lifetimes.max_age),
            ip=client.ip,
            user_agent=client.user_agent,
        )
        sql.add(entry)
        sql.flush()
        return LogIn(self._grant(token), entry, user)

    def refresh(self, text: str, presented: Presented, client: Client) -> Grant:
        """The next token of this session, or the same one again (see Sessions.rotate).

        Raises InvalidDpopProof, SessionEnded, TokenReused or InvalidToken."""
        token, now = self._mint.read(text), self._now()
        with self._database.read() as sql:
            entry = sql.scalar(select(LedgerEntry).where(LedgerEntry.session_id == token.session_id))
            owner = sql.get(User, entry.user_id) if entry else None
        if entry is None or owner is None:
            self._sessions.revoke(token.session_id)
            raise SessionEnded("revoked")
        # The proof comes first: whoever has only a token learns nothing, and ends nothing for the owner.
        self.demand_proof(entry, owner, text, presented, client)
        self._demand_live(entry, owner)
        lifetimes = self._lifetimes(entry.thumbprint)
        try:
            successor = self._sessions.rotate(token, now, lifetimes)
        except TokenReused:
            with self._database.write() as sql:
                owner = lock_user(sql, entry.user_id)
                self._mark_ended(sql, entry.session_id, "reused")
                self._events.record(sql, "authn_token_reuse", client, owner, letter="token_reused")
            raise
        except SessionEnded:
            self._end(entry.session_id, "expired")
            raise SessionEnded(self._reason(entry)) from None  # perhaps it was ended while we asked
        if not self._note_refresh(entry, now + lifetimes.keep):
            # It ended while we rotated: what that end took from Redis must not come back.
            self._sessions.revoke(token.session_id)
            raise SessionEnded(self._reason(entry))
        return self._grant(successor)

    def demand_proof(
        self, entry: LedgerEntry, owner: User, text: str, presented: Presented, client: Client
    ) -> None:
        """Wherever a bound session gets a token. Raises InvalidDpopProof, and the owner sees it happened."""
        if entry.thumbprint is None:
            return
        try:
            self._proofs.demand(presented, text, entry.thumbprint)
        except InvalidDpopProof:
            with self._database.write() as sql:
                self._events.record(sql, "authn_invalid_proof", client, lock_user(sql, owner.id))
            raise

    def log_out(self, text: str) -> None:
        """End the session of any token that we ever issued; again is fine."""
        token = self._mint.read(text)
        self._end(token.session_id, "logged_out")

    # -- all of a person's ------------------------------------------------------------------

    def of(self, user_id: UUID) -> Sequence[LedgerEntry]:
        """The live ones, newest first."""
        with self._database.read() as sql:
            return sql.scalars(self._live(user_id)).all()

    def entry(self, session: LiveSession) -> tuple[LedgerEntry, User]:
        """This session's row, and its owner."""
        with self._database.read() as sql:
            entry = sql.scalar(select(LedgerEntry).where(LedgerEntry.session_id == session.id))
            owner = sql.get(User, entry.user_id) if entry else None
        if entry is None or owner is None:
            raise SessionEnded("revoked")
        return entry, owner

    def end(self, user_id: UUID, public_id: UUID, client: Client) -> None:
        """One of one's own; again is fine. Raises NotFound for everybody else's."""
        with self._database.write() as sql:
            owner = lock_user(sql, user_id)
            entry = sql.get(LedgerEntry, public_id)
            if entry is None or entry.user_id != user_id:
                raise NotFound
            self._sessions.revoke(entry.session_id)
            if entry.ended_at is None:
                self._mark_ended(sql, entry.session_id, "revoked")
                self._events.record(sql, "session_ended", client, owner)

    def end_all(self, sql: OrmSession, user_id: UUID, reason: str, keep: bytes | None = None) -> bool:
        """All of them but the one with the session id `keep`; whether there was any. The caller holds the
        user's row lock."""
        others = [entry for entry in sql.scalars(self._unended(user_id)) if entry.session_id != keep]
        for entry in others:
            self._sessions.revoke(entry.session_id)
            self._mark_ended(sql, entry.session_id, reason)
        return bool(others)

    # -- inside -----------------------------------------------------------------------------

    def _make_room(self, sql: OrmSession, user_id: UUID) -> None:
        for entry in sql.scalars(self._live(user_id).offset(self._max_sessions - 1)).all():
            self._sessions.revoke(entry.session_id)
            self._mark_ended(sql, entry.session_id, "revoked")

    def _demand_live(self, entry: LedgerEntry, owner: User) -> None:
        """What the ledger says outweighs Redis, which a backup or a failover may have rolled back."""
        if entry.ended_at:
            self._sessions.revoke(entry.session_id)
            raise SessionEnded(entry.end_reason or "expired")
        if owner.disabled_at or entry.ends_at <= self._moment():
            reason = "account_disabled" if owner.disabled_at else "expired"
            self._end(entry.session_id, reason)
            raise SessionEnded(reason)

    def _end(self, session_id: bytes, reason: str) -> None:
        """Redis first: if SQL is away then, the session is over all the same."""
        self._sessions.revoke(session_id)
        with self._database.write() as sql:
            self._mark_ended(sql, session_id, reason)

    def _mark_ended(self, sql: OrmSession, session_id: bytes, reason: str) -> None:
        """The first reason stays."""
        sql.execute(
            update(LedgerEntry)
            .where(LedgerEntry.session_id == session_id, LedgerEntry.ended_at.is_(None))
            .values(ended_at=self._moment(), end_reason=reason)
        )

    def _note_refresh(self, entry: LedgerEntry, idle_until: int) -> bool:
        """Whether the session is still one that has not ended."""
        with self._database.write() as sql:
            noted = sql.scalar(
                update(LedgerEntry)
                .where(LedgerEntry.id == entry.id, LedgerEntry.ended_at.is_(None))
                .values(last_refreshed_at=self._moment(), idle_until=_moment(idle_until))
                .returning(LedgerEntry.id)
            )
        return noted is not None

    def _reason(self, entry: LedgerEntry) -> str:
        with self._database.read() as sql:
            reason = sql.scalar(select(LedgerEntry.end_reason).where(LedgerEntry.id == entry.id))
        return reason or "revoked"

    def _unended(self, user_id: UUID) -> Select[LedgerEntry]:
        return select(LedgerEntry).where(LedgerEntry.user_id == user_id, LedgerEntry.ended_at.is_(None))

    def _live(self, user_id: UUID) -> Select[LedgerEntry]:
        now = self._moment()
        unended = self._unended(user_id).order_by(LedgerEntry.created_at.desc())
        return unended.where(LedgerEntry.idle_until > now, LedgerEntry.ends_at > now)

    def _lifetimes(self, thumbprint: str | None) -> Lifetimes:
        return self._bearer if thumbprint is None else self._bound

    def _grant(self, token: Token) -> Grant:
        return Grant(self._mint.mint(token), token.expires_at - self._now())

    def _now(self) -> int:
        return int(self._clock())

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def lock_user(sql: OrmSession, user_id: UUID) -> User | None:
    """The user's row, for this transaction alone until it ends. Always before rows of their sessions: two who
    lock in different orders wait for each other."""
    return sql.get(User, user_id, with_for_update=True, populate_existing=True)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
