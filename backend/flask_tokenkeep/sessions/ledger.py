"""The session ledger: what SQL says of every session, also after it ended and Redis forgot it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.clients import Client
from flask_tokenkeep.clock import Clock, moment
from flask_tokenkeep.errors import EndReason
from flask_tokenkeep.sessions.live import Lifetimes
from flask_tokenkeep.signals import Announcer, session_ended
from flask_tokenkeep.stores.models import LedgerEntry, User


class Ledger:
    """Reads and writes the entries of sessions, always in the caller's transaction."""

    def __init__(self, *, announcer: Announcer, clock: Clock) -> None:
        self._announcer = announcer
        self._clock = clock

    def add(
        self,
        sql: OrmSession,
        client: Client,
        user: User,
        session_id: bytes,
        lifetimes: Lifetimes,
        thumbprint: str | None,
    ) -> LedgerEntry:
        """Enter a new session of this user, bound to the key with this thumbprint if there is one."""
        now = int(self._clock())
        entry = LedgerEntry(
            session_id=session_id,
            user_id=user.id,
            thumbprint=thumbprint,
            created_at=moment(now),
            last_refreshed_at=moment(now),
            idle_until=moment(now + lifetimes.idle_seconds),
            ends_at=moment(now + lifetimes.max_age_seconds),
            ip=client.ip,
            user_agent=client.user_agent,
        )
        sql.add(entry)
        sql.flush()
        return entry

    def find(self, sql: OrmSession, session_id: bytes) -> tuple[LedgerEntry | None, User | None]:
        """The session's entry and its owner; None for either that isn't there."""
        entry = sql.scalar(select(LedgerEntry).where(LedgerEntry.session_id == session_id))
        return entry, sql.get(User, entry.user_id) if entry else None

    def live(self, sql: OrmSession, user_id: UUID, beyond: int = 0) -> Sequence[LedgerEntry]:
        """The user's live sessions, newest first, without the first `beyond`."""
        now = moment(self._clock())
        newest = _unended(user_id).order_by(LedgerEntry.created_at.desc())
        live = newest.where(LedgerEntry.idle_until > now, LedgerEntry.ends_at > now)
        return sql.scalars(live.offset(beyond)).all()

    def unended(self, sql: OrmSession, user_id: UUID) -> Sequence[LedgerEntry]:
        """The user's sessions that nobody has ended; some may have run out."""
        return sql.scalars(_unended(user_id)).all()

    def mark_ended(self, sql: OrmSession, session_id: bytes, reason: EndReason) -> None:
        """Note that this session has ended, and why; of several reasons the first one stays."""
        ended = sql.execute(
            update(LedgerEntry)
            .where(LedgerEntry.session_id == session_id, LedgerEntry.ended_at.is_(None))
            .values(ended_at=moment(self._clock()), end_reason=reason)
            .returning(LedgerEntry.id, LedgerEntry.user_id)
        ).one_or_none()
        if ended:
            ids = {"session_id": ended.id, "user_id": ended.user_id}
            self._announcer.after_commit(sql, session_ended, **ids, reason=reason)

    def note_refresh(self, sql: OrmSession, entry: LedgerEntry, lifetimes: Lifetimes) -> bool:
        """Note that this session was refreshed now, unless it has ended; whether it had not."""
        now = int(self._clock())
        noted = sql.scalar(
            update(LedgerEntry)
            .where(LedgerEntry.id == entry.id, LedgerEntry.ended_at.is_(None))
            .values(last_refreshed_at=moment(self._clock()), idle_until=moment(now + lifetimes.idle_seconds))
            .returning(LedgerEntry.id)
        )
        return noted is not None

    def reason(self, sql: OrmSession, entry: LedgerEntry) -> EndReason:
        """Why the session ended; "revoked" if the ledger doesn't know it any more."""
        reason = sql.scalar(select(LedgerEntry.end_reason).where(LedgerEntry.id == entry.id))
        return reason or "revoked"


def _unended(user_id: UUID) -> Select[LedgerEntry]:
    return select(LedgerEntry).where(LedgerEntry.user_id == user_id, LedgerEntry.ended_at.is_(None))
