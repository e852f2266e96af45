"""Security events, in the words of the OWASP Logging Vocabulary: for the log, and for the owner to see."""

import logging
from collections.abc import Callable

from sqlalchemy.orm import Session as OrmSession

from flask_tokenauth.clients import Client
from flask_tokenauth.models import User

log = logging.getLogger("flask_tokenauth.events")


class Events:
    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock

    def record(
        self, sql: OrmSession, event: str, client: Client, user: User | None, *, letter: str | None = None
    ) -> None:
        """In the transaction of what it tells of; `letter` is the kind of mail that tells the owner as well."""
        log.info("%s user=%s ip=%s", event, user.id if user else "-", client.ip or "-")
