"""A new password by mail, for somebody who has forgotten theirs."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.clients import Client
from flask_tokenkeep.errors import CodeInvalid
from flask_tokenkeep.events import Events
from flask_tokenkeep.mail.outbox import Outbox
from flask_tokenkeep.names import email_key, email_problem, normalise_email
from flask_tokenkeep.people.codes import Code, Codes
from flask_tokenkeep.people.credentials import (
    Credentials,
    counter_of,
    raise_if_any,
    wrong_codes_counted,
)
from flask_tokenkeep.people.limits import Limits
from flask_tokenkeep.people.passwords import Passwords
from flask_tokenkeep.stores.database import Database, before_commit, lock_user
from flask_tokenkeep.stores.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    database: Database
    credentials: Credentials
    passwords: Passwords
    codes: Codes
    limits: Limits
    outbox: Outbox
    events: Events

    def forgot(self, client: Client, email: str) -> None:
        """Send a link to whoever has this verified address.

        The same work for every address: whose it is, the sender of the mail finds out."""
        raise_if_any(email_problem("email", email))
        address = normalise_email(email) or email
        self.limits.count("forgot", client.network)
        self.limits.count("forgot_account", email_key(address))
        with self.database.write() as sql:
            self.outbox.post(sql, kind="reset", address=address)

    def reset(self, client: Client, code: str, new: str) -> None:
        """Set a new password. Every session ends and none begins.

        Raises CodeInvalid; or ValidationFailed, after which the code still works. The same request again,
        within a few minutes, is answered the same."""
        self.limits.count("password", client.network)
        with wrong_codes_counted(self.limits, client):
            former = self.codes.read("reset", code, new)
        with self.database.read() as sql:
            user = sql.get(User, former.user_id)
        if user is None:
            raise CodeInvalid
        if former.spent and self.passwords.check(user.password_hash, new):
            return  # this very request, done before
        self.credentials.demand_good(user, new)
        newer_hash = self.passwords.hash(new)
        with wrong_codes_counted(self.limits, client), self.database.write() as sql:
            locked = lock_user(sql, user.id)
            found = self.codes.read("reset", code, new)
            if locked is None or locked.disabled_at or locked.email != found.address:
                raise CodeInvalid
            if not found.fits(locked):  # the password is another one by now
                if found.spent:
                    return  # by this very request, sent twice at once: any other change ends the code
                raise CodeInvalid
            self._reset(sql, client, locked, found, newer_hash)

    def _reset(self, sql: OrmSession, client: Client, user: User, code: Code, newer_hash: str) -> None:
        self.credentials.replace_password(sql, user, newer_hash, "verify")
        for name in filter(None, (user.username, user.email)):
            # A stranger's guesses were at the old password.
            before_commit(sql, partial(self.limits.forget, counter_of(name)))
        self.events.record(sql, "authn_password_reset", client, user, letter="password_changed")
        # After all of the SQL: whatever is wrong there leaves the code usable. Before anything is ended:
        # whoever was slower than another request with this code ends nothing.
        before_commit(sql, partial(self.codes.spend, code), first=True)
