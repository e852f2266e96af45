"""The sessions of people: what Redis knows of them and what the ledger says, kept together.

Whatever begins or ends a session does so under its user's row lock, in SQL, then in Redis, then the commit
(before_commit): so whoever ends all of them sees every one, a 2xx means that both stores have it, and a 503
that nothing has ended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.clients import Client
from flask_tokenkeep.clock import Clock, moment
from flask_tokenkeep.errors import (
    EndReason,
    InvalidDpopProof,
    InvalidToken,
    NotFound,
    SessionEnded,
    TokenReused,
)
from flask_tokenkeep.events import Events
from flask_tokenkeep.sessions.ledger import Ledger
from flask_tokenkeep.sessions.live import Lifetimes, LiveSession, LiveSessions, first_claims
from flask_tokenkeep.sessions.proofs import Proofs
from flask_tokenkeep.sessions.tokens import Claims, TokenMint
from flask_tokenkeep.stores.database import Database, before_commit, lock_user
from flask_tokenkeep.stores.models import LedgerEntry, User


@dataclass(frozen=True, slots=True)
class Grant:
    """A token to hand out, and for how many seconds it is good."""

    token: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True)
class NewSession:
    """What a log-in, or a change of the password, gives."""

    grant: Grant
    entry: LedgerEntry
    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Begins, verifies, refreshes and ends sessions, in Redis and in the ledger together."""

    database: Database
    live: LiveSessions
    ledger: Ledger
    mint: TokenMint
    proofs: Proofs
    events: Events
    bearer: Lifetimes
    bound: Lifetimes
    max_sessions: int
    clock: Clock

    # -- the hot path -----------------------------------------------------------------------

    def verify(self, token: str) -> LiveSession:
        """Whose session this token is of: one Redis command. Raises InvalidToken."""
        return self.live.verify(self.mint.read(token), int(self.clock()))

    # -- one session ------------------------------------------------------------------------

    def begin(self, sql: OrmSession, client: Client, user: User, thumbprint: str | None) -> NewSession:
        """Begin a session, bound to the key with this thumbprint if there is one; the oldest beyond the limit
        end. The caller holds the lock on the user's row."""
        for entry in self.ledger.live(sql, user.id, beyond=self.max_sessions - 1):
            self._end(sql, entry.session_id, "revoked")
        lifetimes, now = self._lifetimes(thumbprint), int(self.clock())
        first = first_claims(now, lifetimes)
        before_commit(sql, partial(self.live.issue, first, user.id, now, lifetimes), first=True)
        entry = self.ledger.add(sql, client, user, first.session_id, lifetimes, thumbprint)
        return NewSession(self._grant(first), entry, user)

    def refresh(self, client: Client, token: str) -> Grant:
        """The next token of this session, or the same one again (see LiveSessions.rotate).

        Raises InvalidDpopProof, SessionEnded, TokenReused or InvalidToken."""
        claims = self.mint.read(token)
        with self.database.read() as sql:
            entry, owner = self.ledger.find(sql, claims.session_id)
        if entry is None or owner is None:
            self.live.revoke(claims.session_id)
            raise SessionEnded("revoked")
        # The proof comes first: whoever has only a token learns nothing, and ends nothing for the owner.
        self.demand_proof(client, entry, token)
        self._demand_live(entry, owner)
        successor = self._rotate(client, entry, claims)
        with self.database.write() as sql:
            noted = self.ledger.note_refresh(sql, entry, self._lifetimes(entry.thumbprint))
        if not noted:
            # It ended while we rotated: what that end took from Redis must not come back.
            self.live.revoke(claims.session_id)
            raise SessionEnded(self._reason(entry))
        return self._grant(successor)

    def demand_proof(self, client: Client, entry: LedgerEntry, token: str) -> None:
        """Ask for a proof by the key of a bound session; a bearer session has none, and passes.

        Raises InvalidDpopProof, and the owner sees that it happened."""
        if entry.thumbprint is None:
            return
        try:
            self.proofs.demand(client, token, entry.thumbprint)
        except InvalidDpopProof:
            with self.database.write() as sql:
                self.events.record(sql, "authn_invalid_proof", client, lock_user(sql, entry.user_id))
            raise

    def log_out(self, token: str) -> None:
        """End the session of any token that we ever issued; again is fine. Raises InvalidToken."""
        self._end_now(self.mint.read(token).session_id, "logged_out")

    # -- all of a person's ------------------------------------------------------------------

    def list_live(self, user_id: UUID) -> Sequence[LedgerEntry]:
        """The live sessions of this user, newest first."""
        with self.database.read() as sql:
            return self.ledger.live(sql, user_id)

    def demand_entry(self, session: LiveSession) -> tuple[LedgerEntry, User]:
        """This session's entry in the ledger, and its owner. Raises SessionEnded."""
        with self.database.read() as sql:
            entry, owner = self.ledger.find(sql, session.id)
        if entry is None or owner is None:
            raise SessionEnded("revoked")
        return entry, owner

    def end_one(self, client: Client, session: LiveSession, public_id: UUID) -> None:
        """End one of one's own sessions; again is fine. Raises NotFound for everybody else's."""
        with self.database.write() as sql:
            owner = lock_user(sql, session.user_id)
            entry = sql.get(LedgerEntry, public_id)
            if entry is None or entry.user_id != session.user_id:
                raise NotFound
            ended_before = entry.ended_at is not None
            self._end(sql, entry.session_id, "revoked")
            if not ended_before:
                self.events.record(sql, "session_ended", client, owner)

    def end_others(self, client: Client, session: LiveSession) -> None:
        """End all of one's own sessions but the one that asks."""
        with self.database.write() as sql:
            owner = lock_user(sql, session.user_id)
            if owner is None:
                raise InvalidToken
            if self.end_all(sql, owner.id, "revoked", but=session.id):
                self.events.record(sql, "sessions_ended", client, owner)

    def end_all(self, sql: OrmSession, user_id: UUID, reason: EndReason, but: bytes | None = None) -> bool:
        """End all sessions of this user but the one with the session id `but`; whether there was any.

        The caller holds the lock on the user's row."""
        found = [entry for entry in self.ledger.unended(sql, user_id) if entry.session_id != but]
        for entry in found:
            self._end(sql, entry.session_id, reason)
        return bool(found)

    # -- inside -----------------------------------------------------------------------------

    def _rotate(self, client: Client, entry: LedgerEntry, claims: Claims) -> Claims:
        try:
            return self.live.rotate(claims, int(self.clock()), self._lifetimes(entry.thumbprint))
        except TokenReused:
            with self.database.write() as sql:
                owner = lock_user(sql, entry.user_id)
                self._end(sql, entry.session_id, "reused")
                self.events.record(sql, "authn_token_reuse", client, owner, letter="token_reused")
            raise
        except SessionEnded:
            self._end_now(entry.session_id, "expired")
            raise SessionEnded(self._reason(entry)) from None  # perhaps it was ended while we asked

    def _demand_live(self, entry: LedgerEntry, owner: User) -> None:
        """What the ledger says outweighs Redis, which a backup or a failover may have rolled back."""
        if entry.ended_at:
            self.live.revoke(entry.session_id)
            raise SessionEnded(entry.end_reason or "expired")
        if owner.disabled_at or entry.ends_at <= moment(self.clock()):
            reason: EndReason = "account_disabled" if owner.disabled_at else "expired"
            self._end_now(entry.session_id, reason)
            raise SessionEnded(reason)

    def _end_now(self, session_id: bytes, reason: EndReason) -> None:
        with self.database.write() as sql:
            self._end(sql, session_id, reason)

    def _end(self, sql: OrmSession, session_id: bytes, reason: EndReason) -> None:
        self.ledger.mark_ended(sql, session_id, reason)
        before_commit(sql, partial(self.live.revoke, session_id))

    def _reason(self, entry: LedgerEntry) -> EndReason:
        with self.database.read() as sql:
            return self.ledger.reason(sql, entry)

    def _lifetimes(self, thumbprint: str | None) -> Lifetimes:
        return self.bearer if thumbprint is None else self.bound

    def _grant(self, claims: Claims) -> Grant:
        return Grant(self.mint.mint(claims), claims.expires_at - int(self.clock()))
