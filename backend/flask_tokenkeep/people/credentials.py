"""The rules of accounts: register, log in, change and recover the password. No Flask in here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.clients import Client, browser_in_words
from flask_tokenkeep.errors import (
    CodeInvalid,
    FieldError,
    InvalidCredentials,
    InvalidToken,
    SessionEnded,
    UsernameTaken,
    ValidationFailed,
    WrongPassword,
)
from flask_tokenkeep.events import Events
from flask_tokenkeep.mail.outbox import Kind, Outbox
from flask_tokenkeep.names import (
    email_key,
    normalise_email,
    normalise_username,
    refuse_email,
    refuse_username,
    username_key,
)
from flask_tokenkeep.people.codes import Codes, Purpose
from flask_tokenkeep.people.limits import Limits
from flask_tokenkeep.people.passwords import Passwords
from flask_tokenkeep.sessions.live import LiveSession
from flask_tokenkeep.sessions.proofs import Presented, Proofs
from flask_tokenkeep.sessions.sessions import LogIn, Logins, lock_user
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import LedgerEntry, SecurityEvent, User


class Accounts:
    def __init__(
        self,
        *,
        database: Database,
        logins: Logins,
        passwords: Passwords,
        proofs: Proofs,
        codes: Codes,
        limits: Limits,
        outbox: Outbox,
        events: Events,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._logins = logins
        self._passwords = passwords
        self._proofs = proofs
        self._codes = codes
        self._limits = limits
        self._outbox = outbox
        self._events = events
        self._clock = clock

    def register(self, username: str, password: str, email: str | None, client: Client) -> User:
        """Raises ValidationFailed or UsernameTaken; the name's uniqueness is the database's word."""
        raise_if_any(
            refuse_username("username", username),
            self._passwords.refuse("password", password, [username, *([email] if email else [])]),
            refuse_email("email", email) if email is not None else None,
        )
        self._limits.count("register", client.network)
        user = User(
            username=normalise_username(username),
            username_key=username_key(username),
            password_hash=self._passwords.hash(password),
            pending_email=normalise_email(email) if email else None,
            created_at=datetime.fromtimestamp(self._clock(), UTC),
        )
        try:
            with self._database.write() as sql:
                sql.add(user)
                sql.flush()
                self._events.record(sql, "user_created", client, user)
                # In silence: whoever fills a stranger's mailbox must not keep its owner from registering.
                if user.pending_email and self._limits.allows("forgot_account", mailbox(user.pending_email)):
                    self._outbox.post(sql, kind="verify", address=user.pending_email, user_id=user.id)
        except IntegrityError:
            raise UsernameTaken from None
        return user

    def log_in(self, name: str, password: str, client: Client, presented: Presented) -> LogIn:
        """Begin a session, bound to the key of the DPoP proof if one came.

        One answer, and one cost, for unknown names and wrong passwords: InvalidCredentials."""
        self._limits.count("login", client.network)
        proof = self._proofs.read(presented, None)
        with self._database.read() as sql:
            named = sql.scalar(select(User).where(_named(name)))
        found = self._demand_credentials(named, name, password, client)
        outdated = self._passwords.needs_rehash(found.password_hash)
        newer = self._passwords.hash(password) if outdated else None
        if proof:
            self._proofs.spend(proof, None)
        with self._database.write() as sql:
            user = self.lock_if_still_right(sql, found, password)
            if user is None:
                raise InvalidCredentials
            user.password_hash = newer or user.password_hash
            letter: Kind | None = None if _is_known(sql, user, client) else "new_browser"
            self._events.record(sql, "authn_login_success", client, user, letter=letter)
            return self._logins.begin(sql, user, client, proof.thumbprint if proof else None)

    def demand_password(self, session: LiveSession, user: User, password: str, client: Client) -> None:
        """For what a stolen token alone must not do. Raises WrongPassword, and RateLimited after some."""
        account, device = str(user.id), f"session {session.id.hex()}"
        self._limits.demand_patience(account, device, own=True)
        right = self._passwords.verify(user.password_hash, password)
        self._limits.settle(account, device, succeeded=right, own=True)
        if not right:
            with self._database.write() as sql:
                self._events.record(sql, "authn_confirmation_fail", client, lock_user(sql, user.id))
            raise WrongPassword

    def lock_if_still_right(self, sql: OrmSession, read: User, password: str) -> User | None:
        """The user's row, locked, unless the password that was right when `read` was read no longer is.

        A hash takes too long to hold a lock meanwhile. What was checked against the old password must not go
        on after it was changed; but a log-in beside us may only have hashed the same one anew."""
        user = lock_user(sql, read.id)
        if user is None or user.disabled_at:
            return None
        same = user.password_hash == read.password_hash
        return user if same or self._passwords.verify(user.password_hash, password) else None

    def change_password(
        self, session: LiveSession, token: str, current: str, new: str, client: Client, presented: Presented
    ) -> LogIn:
        """Every session ends, this one too, and a new one begins, bound to the same key if this one was."""
        entry, user = self._logins.entry(session)
        self._logins.demand_proof(entry, user, token, presented, client)
        self._demand_good(user, new)
        self.demand_password(session, user, current, client)
        newer = self._passwords.hash(new)
        with self._database.write() as sql:
            locked = self.lock_if_still_right(sql, user, current)
            if locked is None:
                raise InvalidToken  # changed meanwhile, which has ended this session
            entry = sql.get_one(LedgerEntry, entry.id)
            if entry.ended_at:  # logged out in another tab, say: then this must not begin a new one
                raise SessionEnded(entry.end_reason or "expired")
            self._replace_password(sql, locked, newer, "reset", "verify")
            self._events.record(sql, "authn_password_change", client, locked, letter="password_changed")
            return self._logins.begin(sql, locked, client, entry.thumbprint)

    def forgot_password(self, email: str, client: Client) -> None:
        """The same work for every address: whose it is, the sender of the mail finds out."""
        raise_if_any(refuse_email("email", email))
        address = normalise_email(email) or email
        self._limits.count("forgot", client.network)
        self._limits.count("forgot_account", email_key(address))
        with self._database.write() as sql:
            self._outbox.post(sql, kind="reset", address=address)

    def reset_password(self, text: str, new: str, client: Client) -> None:
        """Every session ends and none begins. Raises CodeInvalid, or ValidationFailed, after which the code
        still works. The same request again, within a few minutes, is answered the same."""
        with counted(self._limits, client):
            code = self._codes.read("reset", text, new)
        with self._database.read() as sql:
            user = sql.get(User, code.user_id)
        if user is None:
            raise CodeInvalid
        self._demand_good(user, new)
        newer = self._passwords.hash(new)
        with counted(self._limits, client), self._database.write() as sql:
            locked = lock_user(sql, user.id)
            code = self._codes.read("reset", text, new)
            if locked is None or locked.disabled_at or locked.email != code.address:
                raise CodeInvalid
            if code.spent and self._passwords.verify(locked.password_hash, new):
                return  # this very request, done before
            self._replace_password(sql, locked, newer, "verify")
            for name in filter(None, (locked.username, locked.email)):
                self._limits.forget(counter_of(name))  # a stranger's guesses were at the old password
            self._events.record(sql, "authn_password_reset", client, locked, letter="password_changed")
            sql.flush()
            self._codes.spend(code)  # last: whatever is wrong before leaves the code usable

    # -- inside -----------------------------------------------------------------------------

    def _demand_credentials(self, found: User | None, name: str, password: str, client: Client) -> User:
        account = counter_of(name)
        self._limits.demand_patience(account, client.device)
        right = self._passwords.verify(found.password_hash if found else None, password)
        self._limits.settle(account, client.device, succeeded=right)
        if found is None or not right:
            with self._database.write() as sql:
                owner = lock_user(sql, found.id) if found else None
                self._events.record(sql, "authn_login_fail", client, owner)
            raise InvalidCredentials
        return found

    def _demand_good(self, user: User, new: str) -> None:
        personal = [text for text in (user.username, user.email, user.pending_email) if text]
        raise_if_any(self._passwords.refuse("new_password", new, personal))

    def _replace_password(self, sql: OrmSession, user: User, newer: str, *purposes: Purpose) -> None:
        """Under the user's row lock, so a log-in with the old one comes before, and is ended, or fails.

        The codes for these purposes die: the one that is being spent ends by that."""
        user.password_hash = newer
        if user.email:
            # An address that waits to take its place may be a thief's, put there with the old password.
            user.pending_email = None
        self._outbox.forget_links(sql, user)
        self._codes.forget(user.id, *purposes)
        self._logins.end_all(sql, user.id, "password_changed")


@contextmanager
def counted(limits: Limits, client: Client) -> Iterator[None]:
    """Wrong codes count per address; the right ones don't."""
    try:
        yield
    except CodeInvalid:
        limits.count("code", client.network)
        raise


def counter_of(name: str) -> str:
    """Under what failures to log in are counted: what was typed, whether or not anybody has it. By account,
    five failures with a user name and a wait for an address would say that the two belong together."""
    if "@" in name:
        return f"email {email_key(normalise_email(name) or name)}"
    return f"name {username_key(name)}"


def mailbox(address: str) -> str:
    """Under what links to confirm an address are counted, whoever entered it."""
    return f"verify {email_key(address)}"


def raise_if_any(*refused: FieldError | None) -> None:
    errors = [error for error in refused if error]
    if errors:
        raise ValidationFailed(errors=errors)


def _named(name: str) -> ColumnElement[bool]:
    if "@" in name:
        return User.email_key == email_key(normalise_email(name) or name)
    return User.username_key == username_key(name)


def _is_known(sql: OrmSession, user: User, client: Client) -> bool:
    """Whether this account was made or used in such a browser before, as far back as we remember."""
    used = select(LedgerEntry.user_agent).where(LedgerEntry.user_id == user.id)
    made = select(SecurityEvent.user_agent).where(
        SecurityEvent.user_id == user.id, SecurityEvent.event == "user_created"
    )
    return client.browser in {browser_in_words(agent) for agent in sql.scalars(used.union(made))}
