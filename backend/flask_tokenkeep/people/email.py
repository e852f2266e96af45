"""The e-mail address of an account: entered, confirmed, replaced."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.clients import Client
from flask_tokenkeep.errors import CodeInvalid, InvalidToken
from flask_tokenkeep.events import Events
from flask_tokenkeep.mail.outbox import Outbox
from flask_tokenkeep.names import email_key, email_problem, normalise_email
from flask_tokenkeep.people.codes import Codes
from flask_tokenkeep.people.credentials import Credentials, mailbox_of, raise_if_any, wrong_codes_counted
from flask_tokenkeep.people.limits import Limits
from flask_tokenkeep.people.profile import Profiles
from flask_tokenkeep.sessions.live import LiveSession
from flask_tokenkeep.stores.database import Database, before_commit, lock_user
from flask_tokenkeep.stores.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailAddress:
    database: Database
    credentials: Credentials
    profiles: Profiles
    codes: Codes
    limits: Limits
    outbox: Outbox
    events: Events

    def change(self, client: Client, session: LiveSession, email: str, password: str) -> None:
        """Enter a new address. It waits until it is verified; the old one, if verified, is told at once."""
        raise_if_any(email_problem("email", email))
        user = self.profiles.demand_user(session)
        self.credentials.demand_password(client, session, user, password)
        address = normalise_email(email) or email
        # Each is a mail to an address that anybody may have: by who enters it, and by who gets it.
        self.limits.count("forgot", f"user {user.id}")
        self.limits.count("forgot_account", mailbox_of(address))
        with self.database.write() as sql:
            locked = self.credentials.lock_if_still_right(sql, user, password)
            if locked is None:
                raise InvalidToken
            self._await_proof(sql, client, locked, address)

    def _await_proof(self, sql: OrmSession, client: Client, user: User, address: str) -> None:
        user.pending_email = None if address == user.email else address
        before_commit(sql, partial(self.codes.forget, user.id, "verify"))
        if user.pending_email:
            self.events.record(sql, "authn_email_change_requested", client, user, letter="email_changed")
            self.outbox.post(sql, kind="verify", address=address, user_id=user.id)

    def resend(self, session: LiveSession) -> None:
        """Send another link to the address that waits, if one does."""
        user = self.profiles.demand_user(session)
        if user.pending_email:
            self.limits.count("forgot_account", mailbox_of(user.pending_email))
        with self.database.write() as sql:
            locked = lock_user(sql, user.id)
            if locked is None:
                raise InvalidToken
            if locked.pending_email:
                self.outbox.post(sql, kind="verify", address=locked.pending_email, user_id=locked.id)

    def verify(self, client: Client, code: str) -> None:
        """Confirm the address to which this code was sent: it counts from now on.

        Raises CodeInvalid, also where somebody else has verified the address."""
        with wrong_codes_counted(self.limits, client):
            user_id = self.codes.read("verify", code).user_id
            try:
                self._take(client, user_id, code)
            except IntegrityError:
                raise CodeInvalid from None

    def _take(self, client: Client, user_id: UUID, code: str) -> None:
        with self.database.write() as sql:
            user = lock_user(sql, user_id)
            found = self.codes.read("verify", code)
            if user and found.spent and user.email == found.address:
                return  # this very request, done before
            if user is None or user.disabled_at or user.pending_email != found.address:
                raise CodeInvalid
            if not found.fits(user):
                raise CodeInvalid
            user.email, user.email_key, user.pending_email = found.address, email_key(found.address), None
            self.events.record(sql, "authn_email_verified", client, user)
            before_commit(sql, partial(self.codes.spend, found))
            before_commit(sql, partial(self.codes.forget, user.id, "reset"))  # it went to the former address
