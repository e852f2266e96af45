"""For the tests of an app that uses this extension: cheap hashes, wide limits, people who are logged in.

    app.config.from_mapping(testing.CONFIG)  # before TokenKeep(app)
    client = testing.client_for(app, "ada")  # sends the token of a user who is called so

The stores are those that the app's configuration names."""

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from flask_tokenkeep.assembly import Parts
from flask_tokenkeep.clients import NOBODY
from flask_tokenkeep.clock import moment
from flask_tokenkeep.http.guard import EXTENSION
from flask_tokenkeep.names import normalise_username, username_key
from flask_tokenkeep.stores.database import lock_user
from flask_tokenkeep.stores.models import User

CONFIG: Mapping[str, object] = {
    # The least that Argon2 allows: a test has no secrets.
    "AUTH_ARGON2_MEMORY_KIB": 8,
    "AUTH_ARGON2_TIME": 1,
    "AUTH_HASH_CONCURRENCY": 8,
    "AUTH_LIMIT_LOGIN_FAILURES": 1_000_000,
    "AUTH_LIMIT_LOGIN_PER_ADDRESS": "1000000/second",
    "AUTH_LIMIT_REGISTER": "1000000/second",
    "AUTH_LIMIT_FORGOT_PER_ACCOUNT": "1000000/second",
    "AUTH_LIMIT_FORGOT_PER_ADDRESS": "1000000/second",
    "AUTH_LIMIT_CODE_PER_ADDRESS": "1000000/second",
    "AUTH_LIMIT_PASSWORD_PER_ADDRESS": "1000000/second",
}
"""Settings under which a test is fast and never has to wait."""

NO_PASSWORD = "!"  # noqa: S105  # no hash, so that nobody logs in with a password


def make_user(app: Flask, username: str) -> UUID:
    """The id of the user of this name, who is made, without a password, unless they are there."""
    parts = _parts(app)
    key = username_key(username)
    with parts.tools.database.write() as sql:
        found = sql.scalar(select(User.id).where(User.username_key == key))
        if found is not None:
            return found
        user = User(
            username=normalise_username(username),
            username_key=key,
            password_hash=NO_PASSWORD,
            created_at=moment(parts.tools.clock()),
        )
        sql.add(user)
        sql.flush()
        return user.id


def token_for(app: Flask, user_id: UUID) -> str:
    """A fresh token of this user, of a bearer session that begins now. Raises LookupError for nobody."""
    parts = _parts(app)
    with parts.tools.database.write() as sql:
        user = lock_user(sql, user_id)
        if user is None:
            raise LookupError(f"there is no user {user_id}")
        return parts.sessions.begin(sql, NOBODY, user, None).grant.token


def client_for(app: Flask, username: str) -> FlaskClient:
    """A test client whose requests carry a token of this user, who is made unless they are there."""
    client = app.test_client()
    token = token_for(app, make_user(app, username))
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def _parts(app: Flask) -> Parts:
    return cast("Parts", app.extensions[EXTENSION])
