"""What must never be forgotten: users, the session ledger, mail to be sent. Changed by migrations only."""

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, String, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from flask_tokenkeep.errors import EndReason

VERSION_TABLE = "ta_version"  # what Alembic keeps for us: an app may have migrations of its own

LetterKind = Literal["reset", "verify", "password_changed", "email_changed", "token_reused", "new_browser"]
"""What a letter tells; those two that carry a code come first."""

# In the words of the OWASP Logging Vocabulary where it has one.
EventName = Literal[
    "user_created",
    "user_deleted",
    "authn_login_success",
    "authn_login_fail",
    "authn_confirmation_fail",
    "authn_invalid_proof",
    "authn_token_reuse",
    "authn_password_change",
    "authn_password_reset",
    "authn_email_change_requested",
    "authn_email_verified",
    "session_ended",
    "sessions_ended",
    "mail_given_up",
]


class UtcTime(TypeDecorator[datetime]):
    """A moment, always aware and in UTC; SQLite would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Base(DeclarativeBase):
    pass


class User(Base):
    """Somebody with an account."""

    __tablename__ = "ta_users"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    username: Mapped[str] = mapped_column(String(64))  # as typed
    username_key: Mapped[str] = mapped_column(String(128), unique=True)  # NFKC, case-folded
    password_hash: Mapped[str] = mapped_column(String(512))
    # An address counts only once verified: unique then, so nobody can block or claim one.
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(512), unique=True)
    pending_email: Mapped[str | None] = mapped_column(String(254))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcTime)


class LedgerEntry(Base):
    """One session, also after it ended. Every refresh asks here whether Redis may still know it."""

    __tablename__ = "ta_sessions"
    __table_args__ = (Index("ix_ta_sessions_user_id_ended_at", "user_id", "ended_at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)  # public; opens nothing
    session_id: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("ta_users.id", ondelete="CASCADE"))
    thumbprint: Mapped[str | None] = mapped_column(String(43))  # of the key it is bound to; NULL: bearer
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    last_refreshed_at: Mapped[datetime] = mapped_column(UtcTime)
    idle_until: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)  # the absolute limit
    ip: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(String(256))
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    end_reason: Mapped[EndReason | None] = mapped_column(String(32))


class OutboxMail(Base):
    """A mail that is to be sent. Gone once it is: what was sent leaves nothing behind. Never a secret."""

    __tablename__ = "ta_outbox"
    __table_args__ = (
        Index("ix_ta_outbox_due_at", "due_at"),
        Index("ix_ta_outbox_user_id", "user_id"),
        Index("ix_ta_outbox_address", "address"),
        # Whose a reset is, only the sender finds out; every other letter goes with its user.
        CheckConstraint("(kind = 'reset') = (user_id IS NULL)", name="ck_ta_outbox_user_id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    kind: Mapped[LetterKind] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(512))  # of a reset: the key of what was typed
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("ta_users.id", ondelete="CASCADE"))
    facts: Mapped[dict[str, str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    due_at: Mapped[datetime] = mapped_column(UtcTime)  # of a claimed one: when the claim runs out
    attempts: Mapped[int]


class SecurityEvent(Base):
    """Something about security that happened, never with a secret. Kept for AUTH_EVENTS_DAYS."""

    __tablename__ = "ta_events"
    __table_args__ = (Index("ix_ta_events_user_id_at", "user_id", "at"), Index("ix_ta_events_at", "at"))

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("ta_users.id", ondelete="CASCADE"))
    event: Mapped[EventName] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcTime)
    ip: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(String(256))
