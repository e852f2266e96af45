"""Deleting an account, by its owner."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.clients import Client
from flask_tokenkeep.errors import InvalidToken
from flask_tokenkeep.events import Events
from flask_tokenkeep.mail.outbox import Outbox
from flask_tokenkeep.people.codes import Codes
from flask_tokenkeep.people.credentials import Credentials, counter_of
from flask_tokenkeep.people.limits import Limits
from flask_tokenkeep.people.profile import Profiles
from flask_tokenkeep.sessions.live import LiveSession
from flask_tokenkeep.sessions.sessions import Sessions
from flask_tokenkeep.stores.database import Database, before_commit
from flask_tokenkeep.stores.models import LedgerEntry, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    database: Database
    credentials: Credentials
    profiles: Profiles
    sessions: Sessions
    codes: Codes
    limits: Limits
    outbox: Outbox
    events: Events

    def delete(self, client: Client, session: LiveSession, password: str) -> None:
        """Delete the account and everything of it, in SQL and in Redis; the user name is free again.

        Raises WrongPassword or RateLimited; InvalidToken if the password was changed meanwhile."""
        user = self.profiles.demand_user(session)
        self.credentials.demand_password(client, session, user, password)
        with self.database.write() as sql:
            locked = self.credentials.lock_if_still_right(sql, user, password)
            if locked is None:
                raise InvalidToken
            self._forget_counters(sql, locked)
            self.sessions.end_all(sql, locked.id, "revoked")
            before_commit(sql, partial(self.codes.forget, locked.id))
            self.outbox.forget(sql, locked)
            self.events.tell(sql, "user_deleted", client, locked)
            sql.delete(locked)

    def _forget_counters(self, sql: OrmSession, user: User) -> None:
        entries = sql.scalars(select(LedgerEntry).where(LedgerEntry.user_id == user.id)).all()
        ours = {f"session {entry.session_id.hex()}" for entry in entries}
        before_commit(sql, partial(self.limits.forget, str(user.id), ours))
        devices = {Client(entry.ip, entry.user_agent).device for entry in entries}
        # Not of an address that waits: whoever enters yours must not clear the count of guesses at it.
        for name in filter(None, (user.username, user.email)):
            before_commit(sql, partial(self.limits.forget, counter_of(name), devices))
