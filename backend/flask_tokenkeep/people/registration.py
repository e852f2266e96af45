"""Making an account."""

from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from flask_tokenkeep.clients import Client
from flask_tokenkeep.clock import Clock, moment
from flask_tokenkeep.errors import UsernameTaken
from flask_tokenkeep.events import Events
from flask_tokenkeep.mail.outbox import Outbox
from flask_tokenkeep.names import (
    email_problem,
    normalise_email,
    normalise_username,
    username_key,
    username_problem,
)
from flask_tokenkeep.people.credentials import mailbox_of, raise_if_any
from flask_tokenkeep.people.limits import Limits
from flask_tokenkeep.people.passwords import Passwords
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    database: Database
    passwords: Passwords
    limits: Limits
    outbox: Outbox
    events: Events
    clock: Clock

    def register(self, client: Client, username: str, password: str, email: str | None) -> User:
        """Make an account, and send a link to the address if there is one.

        Raises ValidationFailed, RateLimited or UsernameTaken; that a name is taken is the database's word."""
        self.limits.count("register", client.network)  # before anything is rated, whatever comes of it
        raise_if_any(
            username_problem("username", username),
            self.passwords.problem("password", password, [username, *([email] if email else [])]),
            email_problem("email", email) if email is not None else None,
        )
        user = self._new_user(username, password, email)
        try:
            self._keep(client, user)
        except IntegrityError:
            raise UsernameTaken from None
        return user

    def _new_user(self, username: str, password: str, email: str | None) -> User:
        return User(
            username=normalise_username(username),
            username_key=username_key(username),
            password_hash=self.passwords.hash(password),
            pending_email=normalise_email(email) if email else None,
            created_at=moment(self.clock()),
        )

    def _keep(self, client: Client, user: User) -> None:
        with self.database.write() as sql:
            sql.add(user)
            sql.flush()
            self.events.record(sql, "user_created", client, user)
            # In silence: whoever fills a stranger's mailbox must not keep its owner from registering.
            if user.pending_email and self.limits.allows("forgot_account", mailbox_of(user.pending_email)):
                self.outbox.post(sql, kind="verify", address=user.pending_email, user_id=user.id)
