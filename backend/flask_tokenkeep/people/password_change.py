"""Changing the password, by somebody who is logged in."""

from dataclasses import dataclass

from flask_tokenkeep.clients import Client
from flask_tokenkeep.errors import InvalidToken, SessionEnded
from flask_tokenkeep.events import Events
from flask_tokenkeep.people.credentials import Credentials
from flask_tokenkeep.people.passwords import Passwords
from flask_tokenkeep.sessions.live import LiveSession
from flask_tokenkeep.sessions.sessions import NewSession, Sessions
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import LedgerEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChange:
    database: Database
    credentials: Credentials
    passwords: Passwords
    sessions: Sessions
    events: Events

    def change(self, client: Client, session: LiveSession, token: str, current: str, new: str) -> NewSession:
        """Set another password. Every session ends, this one too, and a new one begins, bound to the same key
        if this one was.

        Raises InvalidDpopProof, ValidationFailed, WrongPassword, RateLimited; SessionEnded or InvalidToken if
        the session ended meanwhile."""
        entry, user = self.sessions.demand_entry(session)
        self.sessions.demand_proof(client, entry, token)
        self.credentials.demand_password(client, session, user, current)
        self.credentials.demand_good(user, new)
        newer_hash = self.passwords.hash(new)
        with self.database.write() as sql:
            locked = self.credentials.lock_if_still_right(sql, user, current)
            if locked is None:
                raise InvalidToken  # changed meanwhile, which has ended this session
            entry = sql.get_one(LedgerEntry, entry.id)
            if entry.ended_at:  # logged out in another tab, say: then this must not begin a new one
                raise SessionEnded(entry.end_reason or "expired")
            self.credentials.replace_password(sql, locked, newer_hash, "reset", "verify")
            self.events.record(sql, "authn_password_change", client, locked, letter="password_changed")
            return self.sessions.begin(sql, client, locked, entry.thumbprint)
