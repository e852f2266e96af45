"""What people see and decide about their account: address, sessions, recent activity, export, leaving."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from flask_tokenkeep import events
from flask_tokenkeep.clients import Client
from flask_tokenkeep.errors import CodeInvalid, InvalidToken
from flask_tokenkeep.events import Events
from flask_tokenkeep.mail.outbox import Outbox
from flask_tokenkeep.names import email_key, normalise_email, refuse_email
from flask_tokenkeep.people.codes import Codes, SentCode
from flask_tokenkeep.people.credentials import Accounts, counted, counter_of, mailbox, raise_if_any
from flask_tokenkeep.people.limits import Limits
from flask_tokenkeep.sessions.live import LiveSession
from flask_tokenkeep.sessions.sessions import Logins, lock_user
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


class Profiles:
    def __init__(
        self,
        *,
        database: Database,
        accounts: Accounts,
        logins: Logins,
        codes: Codes,
        limits: Limits,
        outbox: Outbox,
        events: Events,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._logins = logins
        self._codes = codes
        self._limits = limits
        self._outbox = outbox
        self._events = events

    def user(self, session: LiveSession) -> User:
        with self._database.read() as sql:
            user = sql.get(User, UUID(session.user_id))
        if user is None:
            raise InvalidToken
        return user

    # -- the e-mail address -----------------------------------------------------------------

    def change_email(self, session: LiveSession, email: str, password: str, client: Client) -> None:
        """The new address waits until it is verified; the old one, if verified, is told at once."""
        raise_if_any(refuse_email("email", email))
        user = self.user(session)
        self._accounts.demand_password(session, user, password, client)
        # Each is a mail to an address that anybody may have: by who enters it, and by who gets it.
        self._limits.count("forgot", f"user {user.id}")
        self._limits.count("forgot_account", mailbox(normalise_email(email) or email))
        with self._database.write() as sql:
            locked = self._accounts.lock_if_still_right(sql, user, password)
            if locked is None:
                raise InvalidToken
            address = normalise_email(email) or email
            locked.pending_email = None if address == locked.email else address
            self._codes.forget(locked.id, "verify")
            if locked.pending_email:
                self._events.record(
                    sql, "authn_email_change_requested", client, locked, letter="email_changed"
                )
                self._outbox.post(sql, kind="verify", address=address, user_id=locked.id)

    def resend_verification(self, session: LiveSession) -> None:
        user = self.user(session)
        if user.pending_email:
            self._limits.count("forgot_account", mailbox(user.pending_email))
        with self._database.write() as sql:
            locked = lock_user(sql, user.id)
            if locked is None:
                raise InvalidToken
            if locked.pending_email:
                self._outbox.post(sql, kind="verify", address=locked.pending_email, user_id=locked.id)

    def verify_email(self, text: str, client: Client) -> None:
        """Raises CodeInvalid, also for an address that somebody else has verified meanwhile."""
        with counted(self._limits, client):
            user_id = self._codes.read("verify", text).user_id
            try:
                self._take_address(user_id, text, client)
            except IntegrityError:
                raise CodeInvalid from None

    def _take_address(self, user_id: UUID, text: str, client: Client) -> None:
        with self._database.write() as sql:
            user = lock_user(sql, user_id)
            code = self._codes.read("verify", text)
            if user and code.spent and user.email == code.address:
                return  # this very request, done before
            if user is None or user.disabled_at or user.pending_email != code.address:
                raise CodeInvalid
            user.email, user.email_key, user.pending_email = code.address, email_key(code.address), None
            self._codes.forget(user.id, "reset")  # it went to the former address
            self._events.record(sql, "authn_email_verified", client, user)
            sql.flush()
            self._codes.spend(code)

    # -- sessions and activity --------------------------------------------------------------

    def end_others(self, session: LiveSession, client: Client) -> None:
        with self._database.write() as sql:
            user = lock_user(sql, UUID(session.user_id))
            if user is None:
                raise InvalidToken
            if self._logins.end_all(sql, user.id, "revoked", keep=session.id):
                self._events.record(sql, "sessions_ended", client, user)

    def recent_events(self, session: LiveSession) -> Sequence[SecurityEvent]:
        with self._database.read() as sql:
            return events.latest(sql, UUID(session.user_id))

    # -- leaving ----------------------------------------------------------------------------

    def everything(self, session: LiveSession) -> Everything:
        user = self.user(session)
        with self._database.read() as sql:
            return Everything(
                user,
                sql.scalars(select(LedgerEntry).where(LedgerEntry.user_id == user.id)).all(),
                sql.scalars(select(SecurityEvent).where(SecurityEvent.user_id == user.id)).all(),
                self._outbox.waiting(sql, user),
                self._codes.alive(user.id),
            )

    def delete(self, session: LiveSession, password: str, client: Client) -> None:
        """Nothing of theirs stays, in SQL or in Redis; the user name is free again."""
        user = self.user(session)
        self._accounts.demand_password(session, user, password, client)
        with self._database.write() as sql:
            locked = self._accounts.lock_if_still_right(sql, user, password)
            if locked is None:
                raise InvalidToken
            entries = sql.scalars(select(LedgerEntry).where(LedgerEntry.user_id == user.id)).all()
            devices = {Client(entry.ip, entry.user_agent).device for entry in entries}
            mine = {f"session {entry.session_id.hex()}" for entry in entries}
            self._logins.end_all(sql, user.id, "revoked")
            self._codes.forget(user.id)
            self._limits.forget(str(user.id), mine)
            # Not of an address that waits: whoever enters yours must not clear the count of guesses at it.
            for name in filter(None, (locked.username, locked.email)):
                self._limits.forget(counter_of(name), devices)
            self._outbox.forget(sql, locked)
            self._events.note("user_deleted", client, locked)
            sql.delete(locked)
