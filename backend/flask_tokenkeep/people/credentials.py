"""What every behaviour of an account builds on: whose name this is, whose password, and a new password."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.clients import Client
from flask_tokenkeep.errors import (
    CodeInvalid,
    FieldError,
    InvalidCredentials,
    ValidationFailed,
    WrongPassword,
)
from flask_tokenkeep.events import Events
from flask_tokenkeep.mail.outbox import Outbox
from flask_tokenkeep.names import email_key, normalise_email, username_key
from flask_tokenkeep.people.codes import Codes, Purpose
from flask_tokenkeep.people.limits import Limits
from flask_tokenkeep.people.passwords import Passwords
from flask_tokenkeep.sessions.live import LiveSession
from flask_tokenkeep.sessions.sessions import Sessions
from flask_tokenkeep.stores.database import Database, before_commit, lock_user
from flask_tokenkeep.stores.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Finds people by what they log in with, and checks and replaces their passwords."""

    database: Database
    passwords: Passwords
    limits: Limits
    sessions: Sessions
    codes: Codes
    outbox: Outbox
    events: Events

    def demand_user(self, client: Client, name: str, password: str) -> User:
        """The user with this name or verified address, and this password, at a log-in.

        One answer, and one cost, for unknown names and wrong passwords: InvalidCredentials. Raises
        RateLimited while a wait runs."""
        with self.database.read() as sql:
            found = sql.scalar(select(User).where(_is_called(name)))
        counter = counter_of(name)
        self.limits.demand_patience(counter, client.device)
        right = self.passwords.check(found.password_hash if found else None, password)
        self.limits.settle(counter, client.device, succeeded=right)
        if found is None or not right:
            with self.database.write() as sql:
                owner = lock_user(sql, found.id) if found else None
                self.events.record(sql, "authn_login_fail", client, owner)
            raise InvalidCredentials
        return found

    def demand_password(self, client: Client, session: LiveSession, user: User, password: str) -> None:
        """Ask for the password again, where a stolen token alone must not do.

        Raises WrongPassword, and RateLimited after some."""
        counter, device = str(user.id), f"session {session.id.hex()}"
        self.limits.demand_patience(counter, device, own=True)
        right = self.passwords.check(user.password_hash, password)
        self.limits.settle(counter, device, succeeded=right, own=True)
        if not right:
            with self.database.write() as sql:
                self.events.record(sql, "authn_confirmation_fail", client, lock_user(sql, user.id))
            raise WrongPassword

    def lock_if_still_right(self, sql: OrmSession, read: User, password: str) -> User | None:
        """The user's row, locked; None if the password that was right when `read` was read no longer is.

        A hash takes too long to hold a lock meanwhile. What was checked against the old password must not go
        on after it was changed; but a log-in beside us may only have hashed the same one anew."""
        user = lock_user(sql, read.id)
        if user is None or user.disabled_at:
            return None
        same = user.password_hash == read.password_hash
        return user if same or self.passwords.check(user.password_hash, password) else None

    def demand_good(self, user: User, new: str) -> None:
        """Raises ValidationFailed if the user can't have this `new_password`."""
        personal = [text for text in (user.username, user.email, user.pending_email) if text]
        raise_if_any(self.passwords.problem("new_password", new, personal))

    def replace_password(self, sql: OrmSession, user: User, newer_hash: str, *purposes: Purpose) -> None:
        """Set another password, and end what the old one gave: sessions, links, codes for these purposes.

        The caller holds the lock on the user's row, so a log-in with the old password comes before, and is
        ended, or fails."""
        user.password_hash = newer_hash
        if user.email:
            # An address that waits to take its place may be a thief's, put there with the old password.
            user.pending_email = None
        self.outbox.forget_links(sql, user)
        before_commit(sql, partial(self.codes.forget, user.id, *purposes))
        self.sessions.end_all(sql, user.id, "password_changed")


@contextmanager
def wrong_codes_counted(limits: Limits, client: Client) -> Iterator[None]:
    """Count a CodeInvalid out of this block against the client's address; right codes don't count."""
    try:
        yield
    except CodeInvalid:
        limits.count("code", client.network)
        raise


def counter_of(name: str) -> str:
    """The name under which failures to log in are counted: what was typed, whether or not anybody has it.

    By account, five failures with a user name and a wait for an address would say that the two belong
    together."""
    if "@" in name:
        return f"email {email_key(normalise_email(name) or name)}"
    return f"name {username_key(name)}"


def mailbox_of(address: str) -> str:
    """The name under which links to confirm an address are counted, whoever entered it."""
    return f"verify {email_key(address)}"


def raise_if_any(*problems: FieldError | None) -> None:
    """Raises ValidationFailed with those that aren't None."""
    errors = [problem for problem in problems if problem]
    if errors:
        raise ValidationFailed(errors=errors)


def _is_called(name: str) -> ColumnElement[bool]:
    if "@" in name:
        return User.email_key == email_key(normalise_email(name) or name)
    return User.username_key == username_key(name)
