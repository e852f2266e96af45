"""All that is stored about somebody, for them to take away."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from flask_tokenkeep.mail.outbox import Outbox
from flask_tokenkeep.people.codes import Codes, SentCode
from flask_tokenkeep.people.profile import Profiles
from flask_tokenkeep.sessions.live import LiveSession
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import LedgerEntry, OutboxMail, SecurityEvent, User


@dataclass(frozen=True, slots=True)
class Everything:
    """All that is stored about a user, but for the password's hash."""

    user: User
    sessions: Sequence[LedgerEntry]
    events: Sequence[SecurityEvent]
    mails: Sequence[OutboxMail]
    codes: Sequence[SentCode]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    database: Database
    profiles: Profiles
    outbox: Outbox
    codes: Codes

    def everything(self, session: LiveSession) -> Everything:
        """All that is stored about the user of this session."""
        user = self.profiles.demand_user(session)
        with self.database.read() as sql:
            return Everything(
                user,
                sql.scalars(select(LedgerEntry).where(LedgerEntry.user_id == user.id)).all(),
                sql.scalars(select(SecurityEvent).where(SecurityEvent.user_id == user.id)).all(),
                self.outbox.waiting(sql, user),
                self.codes.alive(user.id),
            )
