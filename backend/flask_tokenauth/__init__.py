"""Token authentication for Flask, kept in Redis."""

from flask_tokenauth.extension import TokenAuth, current_session, token_required
from flask_tokenauth.migrate import migrate

__all__ = ["TokenAuth", "current_session", "migrate", "token_required"]
