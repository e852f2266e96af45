"""Token authentication for Flask, kept in Redis."""

from flask_tokenkeep.extension import TokenKeep, current_session, token_required
from flask_tokenkeep.stores.migrate import migrate

__all__ = ["TokenKeep", "current_session", "migrate", "token_required"]
