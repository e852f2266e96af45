"""Logging in."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.clients import Client, browser_in_words
from flask_tokenkeep.errors import InvalidCredentials
from flask_tokenkeep.events import Events
from flask_tokenkeep.people.credentials import Credentials
from flask_tokenkeep.people.limits import Limits
from flask_tokenkeep.people.passwords import Passwords
from flask_tokenkeep.sessions.proofs import Proofs
from flask_tokenkeep.sessions.sessions import NewSession, Sessions
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import LedgerEntry, LetterKind, SecurityEvent, User


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn:
    database: Database
    credentials: Credentials
    passwords: Passwords
    proofs: Proofs
    limits: Limits
    sessions: Sessions
    events: Events

    def log_in(self, client: Client, name: str, password: str) -> NewSession:
        """Begin a session, bound to the key of the DPoP proof if the client presents one.

        Raises InvalidCredentials, InvalidDpopProof or RateLimited."""
        self.limits.count("login", client.network)
        proof = self.proofs.read(client, None)
        found = self.credentials.demand_user(client, name, password)
        outdated = self.passwords.needs_rehash(found.password_hash)
        newer_hash = self.passwords.hash(password) if outdated else None
        if proof:
            self.proofs.spend(proof, None)
        with self.database.write() as sql:
            user = self.credentials.lock_if_still_right(sql, found, password)
            if user is None:
                raise InvalidCredentials
            user.password_hash = newer_hash or user.password_hash
            letter: LetterKind | None = None if _knows(sql, user, client) else "new_browser"
            self.events.record(sql, "authn_login_success", client, user, letter=letter)
            return self.sessions.begin(sql, client, user, proof.thumbprint if proof else None)


def _knows(sql: OrmSession, user: User, client: Client) -> bool:
    """Whether this account was made or used in such a browser before, as far back as we remember."""
    used = select(LedgerEntry.user_agent).where(LedgerEntry.user_id == user.id)
    made = select(SecurityEvent.user_agent).where(
        SecurityEvent.user_id == user.id, SecurityEvent.event == "user_created"
    )
    return client.browser in {browser_in_words(agent) for agent in sql.scalars(used.union(made))}
