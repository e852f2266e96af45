"""Who somebody is, and what happened to their account lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from flask_tokenkeep.errors import InvalidToken
from flask_tokenkeep.events import latest_events
from flask_tokenkeep.sessions.live import LiveSession
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import SecurityEvent, User


@dataclass(frozen=True, slots=True)
class Profile:
    """What others may know of a user. `email` may be one that still waits for its link."""

    id: UUID
    username: str
    email: str | None
    email_verified: bool
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> Self:
        email = user.email or user.pending_email
        return cls(user.id, user.username, email, user.email is not None, user.created_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    database: Database

    def demand_user(self, session: LiveSession) -> User:
        """The user of this session. Raises InvalidToken if the account was deleted meanwhile."""
        with self.database.read() as sql:
            user = sql.get(User, session.user_id)
        if user is None:
            raise InvalidToken
        return user

    def recent_events(self, session: LiveSession) -> Sequence[SecurityEvent]:
        """The newest 50, newest first."""
        with self.database.read() as sql:
            return latest_events(sql, session.user_id)
