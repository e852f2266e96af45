"""Token authentication for Flask, kept in Redis.

Public are the names below and in `flask_tokenkeep.errors`, `.signals`, `.testing` and `.alembic`; they change
by semantic versions. All else may change at any time."""

from flask_tokenkeep.apidocs.described import described
from flask_tokenkeep.errors import Problem
from flask_tokenkeep.extension import TokenKeep
from flask_tokenkeep.http.guard import current_session, current_user, token_optional, token_required
from flask_tokenkeep.signals import (
    account_deleted,
    email_verified,
    log_in_failed,
    logged_in,
    password_changed,
    session_ended,
    user_registered,
)
from flask_tokenkeep.stores.migrate import migrate
from flask_tokenkeep.version import __version__

__all__ = [
    "Problem",
    "TokenKeep",
    "__version__",
    "account_deleted",
    "current_session",
    "current_user",
    "described",
    "email_verified",
    "log_in_failed",
    "logged_in",
    "migrate",
    "password_changed",
    "session_ended",
    "token_optional",
    "token_required",
    "user_registered",
]
