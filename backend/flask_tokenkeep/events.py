"""Security events, in the words of the OWASP Logging Vocabulary: for the log, for the owner, for the host."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from blinker import NamedSignal
from sqlalchemy import Delete, delete, select
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep import signals
from flask_tokenkeep.clients import Client
from flask_tokenkeep.clock import Clock, moment
from flask_tokenkeep.mail.outbox import Outbox
from flask_tokenkeep.signals import Announcer
from flask_tokenkeep.stores.models import EventName, LetterKind, SecurityEvent, User

log = logging.getLogger("flask_tokenkeep.events")
MAX_SHOWN = 50  # events that the owner sees at once
REPEAT_SECONDS = 60
# What whoever has an old token can cause as often as they like: once a minute is enough to be seen.
_REPEATABLE: tuple[EventName, ...] = ("authn_invalid_proof",)
# What strangers can cause: so many of each are kept at an account, fewer than its owner sees at once.
_GUESSES: tuple[EventName, ...] = ("authn_login_fail", "authn_confirmation_fail")
MAX_GUESSES = 20
_SIGNALS: Mapping[EventName, NamedSignal] = {
    "user_created": signals.user_registered,
    "authn_login_success": signals.logged_in,
    "authn_login_fail": signals.log_in_failed,
    "authn_password_change": signals.password_changed,
    "authn_password_reset": signals.password_changed,
    "authn_email_verified": signals.email_verified,
    "user_deleted": signals.account_deleted,
}


class Events:
    """Where everything about security that happens is told: to the log, to the owner, to the host."""

    def __init__(self, *, outbox: Outbox, announcer: Announcer, clock: Clock) -> None:
        self._outbox = outbox
        self._announcer = announcer
        self._clock = clock

    def record(
        self,
        sql: OrmSession,
        event: EventName,
        client: Client,
        user: User | None,
        *,
        letter: LetterKind | None = None,
    ) -> None:
        """Keep this event in the transaction of what it tells of; `user` is None where nobody has the name.

        With a `letter` the owner is told by mail as well, at the verified address that is stored: to an
        unverified one would be to tell a stranger."""
        now = moment(self._clock())
        user_id = user.id if user else None
        self.tell(sql, event, client, user)
        if event in _REPEATABLE and _has_recent(sql, event, user_id, now):
            return
        row = SecurityEvent(
            id=uuid4(), user_id=user_id, event=event, at=now, ip=client.ip, user_agent=client.user_agent
        )
        sql.add(row)
        if event in _GUESSES:
            sql.flush()
            sql.execute(_surplus(row), execution_options={"synchronize_session": False})
        if letter and user and user.email:
            facts = {"ip": client.ip, "browser": client.browser}
            self._outbox.post(sql, kind=letter, address=user.email, user_id=user.id, facts=facts)

    def tell(self, sql: OrmSession, event: EventName, client: Client, user: User | None) -> None:
        """Write this event into the log and send its signal, and keep nothing of it."""
        user_id = user.id if user else None
        log.info("%s user=%s ip=%s", event, user_id or "-", client.ip or "-")
        if event in _SIGNALS:
            self._announcer.after_commit(sql, _SIGNALS[event], user_id=user_id)


def latest_events(sql: OrmSession, user_id: UUID) -> Sequence[SecurityEvent]:
    """The user's newest first, at most MAX_SHOWN."""
    mine = select(SecurityEvent).where(SecurityEvent.user_id == user_id)
    return sql.scalars(mine.order_by(SecurityEvent.at.desc(), SecurityEvent.id).limit(MAX_SHOWN)).all()


def _surplus(row: SecurityEvent) -> Delete:
    """Takes away what is too much now that this row is there.

    Of nobody that is the row itself: it would be shown to nobody, and a stranger could fill the table. It is
    written all the same, or the time would tell which names are known."""
    if row.user_id is None:
        return delete(SecurityEvent).where(SecurityEvent.id == row.id)
    same = (SecurityEvent.user_id == row.user_id, SecurityEvent.event == row.event)
    newest_first = select(SecurityEvent.id).where(*same).order_by(SecurityEvent.at.desc(), SecurityEvent.id)
    return delete(SecurityEvent).where(SecurityEvent.id.in_(newest_first.offset(MAX_GUESSES)))


def _has_recent(sql: OrmSession, event: EventName, user_id: UUID | None, now: datetime) -> bool:
    same = (SecurityEvent.user_id == user_id, SecurityEvent.event == event)
    since = now - timedelta(seconds=REPEAT_SECONDS)
    return sql.scalar(select(SecurityEvent.id).where(*same, SecurityEvent.at > since).limit(1)) is not None
