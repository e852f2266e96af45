"""Security events, in the words of the OWASP Logging Vocabulary: for the log, and for the owner to see."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.clients import Client
from flask_tokenkeep.mail.outbox import Kind, Outbox
from flask_tokenkeep.stores.models import SecurityEvent, User

log = logging.getLogger("flask_tokenkeep.events")
SHOWN = 50  # how many the owner sees at once
REPEAT_SECONDS = 60
# What whoever has an old token can cause as often as they like: once a minute is enough to be seen.
_REPEATABLE = ("authn_invalid_proof",)


class Events:
    def __init__(self, *, outbox: Outbox, clock: Callable[[], float]) -> None:
        self._outbox = outbox
        self._clock = clock

    def record(
        self, sql: OrmSession, event: str, client: Client, user: User | None, *, letter: Kind | None = None
    ) -> None:
        """In the transaction of what it tells of. With a `letter` the owner is told by mail as well, at the
        verified address that is stored: to an unverified one would be to tell a stranger."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        user_id = user.id if user else None
        self.note(event, client, user)
        if event in _REPEATABLE and _has_recent(sql, event, user_id, now):
            return
        sql.add(
            SecurityEvent(user_id=user_id, event=event, at=now, ip=client.ip, user_agent=client.user_agent)
        )
        if letter and user and user.email:
            facts = {"ip": client.ip, "browser": client.browser}
            self._outbox.post(sql, kind=letter, address=user.email, user_id=user.id, facts=facts)

    def note(self, event: str, client: Client, user: User | None) -> None:
        """For the log alone."""
        log.info("%s user=%s ip=%s", event, user.id if user else "-", client.ip or "-")


def latest(sql: OrmSession, user_id: UUID) -> Sequence[SecurityEvent]:
    """The user's newest first, at most SHOWN."""
    mine = select(SecurityEvent).where(SecurityEvent.user_id == user_id)
    return sql.scalars(mine.order_by(SecurityEvent.at.desc(), SecurityEvent.id).limit(SHOWN)).all()


def _has_recent(sql: OrmSession, event: str, user_id: UUID | None, now: datetime) -> bool:
    same = (SecurityEvent.user_id == user_id, SecurityEvent.event == event)
    since = now - timedelta(seconds=REPEAT_SECONDS)
    return sql.scalar(select(SecurityEvent.id).where(*same, SecurityEvent.at > since).limit(1)) is not None
