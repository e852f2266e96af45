"""The rules of accounts: register, log in. No Flask in here, and nobody else's keys."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as OrmSession

from flask_tokenauth.clients import Client
from flask_tokenauth.errors import (
    FieldError,
    InvalidCredentials,
    InvalidToken,
    UsernameTaken,
    ValidationFailed,
)
from flask_tokenauth.logins import LogIn, Logins
from flask_tokenauth.models import User
from flask_tokenauth.names import (
    email_key,
    normalise_email,
    normalise_username,
    refuse_email,
    refuse_username,
    username_key,
)
from flask_tokenauth.passwords import Passwords
from flask_tokenauth.proofs import Presented, Proofs
from flask_tokenauth.stores import Database


class Accounts:
    def __init__(
        self,
        *,
        database: Database,
        logins: Logins,
        passwords: Passwords,
        proofs: Proofs,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._logins = logins
        self._passwords = passwords
        self._proofs = proofs
        self._clock = clock

    # -- accounts ---------------------------------------------------------------------------

    def register(self, username: str, password: str, email: str | None) -> User:
        """Raises ValidationFailed or UsernameTaken; the name's uniqueness is the database's word."""
        personal = [username, *([email] if email else [])]
        refused = [
            refuse_username("username", username),
            self._passwords.refuse("password", password, personal),
            refuse_email("email", email) if email is not None else None,
        ]
        _raise_if_any(refused)
        user = User(
            username=normalise_username(username),
            username_key=username_key(username),
            password_hash=self._passwords.hash(password),
            pending_email=normalise_email(email) if email else None,
            created_at=self._moment(),
        )
        try:
            with self._database.write() as sql:
                sql.add(user)
        except IntegrityError:
            raise UsernameTaken from None
        return user

    def log_in(self, name: str, password: str, client: Client, presented: Presented) -> LogIn:
        """Begin a session, bound to the key of the DPoP proof if one came.

        One answer, and one cost, for unknown names and wrong passwords: InvalidCredentials."""
        proof = self._proofs.read(presented, None)
        with self._database.read() as sql:
            found = sql.scalar(select(User).where(_named(name)))
        if not self._passwords.verify(found.password_hash if found else None, password) or not found:
            raise InvalidCredentials
        stored = found.password_hash
        newer = self._passwords.hash(password) if self._passwords.needs_rehash(stored) else stored
        if proof:
            self._proofs.spend(proof, None)
        with self._database.write() as sql:
            user = _lock(sql, found.id)
            # The password may have been changed since we read it: that log-in must leave no session.
            if user is None or user.disabled_at or user.password_hash != stored:
                raise InvalidCredentials
            user.password_hash = newer
            return self._logins.begin(sql, user, client, proof.thumbprint if proof else None)

    def user(self, user_id: str) -> User:
        with self._database.read() as sql:
            user = sql.get(User, UUID(user_id))
        if user is None:
            raise InvalidToken
        return user

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _named(name: str):  # type: ignore[no-untyped-def]  # a SQL expression, whose type is an implementation detail
    if "@" in name:
        return User.email_key == email_key(normalise_email(name) or name)
    return User.username_key == username_key(name)


def _lock(sql: OrmSession, user_id: UUID) -> User | None:
    return sql.get(User, user_id, with_for_update=True, populate_existing=True)


def _raise_if_any(refused: list[FieldError | None]) -> None:
    errors = [error for error in refused if error]
    if errors:
        raise ValidationFailed(errors=errors)
