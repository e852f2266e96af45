"""The mail outbox: a letter is a row, written in the transaction of its cause and sent afterwards."""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, event, func, select, update
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.clock import Clock, moment
from flask_tokenkeep.names import email_key
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import LetterKind, OutboxMail, User

# Longer than the slowest talk with a mail server that still succeeds (smtp.py: HAND_OVER_SECONDS and some
# commands), or a second courier would send what the first is sending.
LEASE = timedelta(minutes=15)
# A letter that leaves keeps this process a little busier than one for nobody. Right after a request for a
# reset, the next request would be slower by that: measurable, and it would tell who has an account.
RESET_SPREAD = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Status:
    """How many letters wait, and for how long the oldest.

    Resets aren't counted: most wait for nobody, and are gone the sooner for it, so their number would tell a
    stranger whether the address that they typed has an account."""

    waiting: int
    oldest_seconds: int | None


class Outbox:
    """The letters that wait to be sent, as rows in SQL, and which of several couriers sends each."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._clock = clock
        self._jitter = jitter
        self.posted = threading.Event()  # set once a letter of this process is committed

    # -- in the caller's transaction ----------------------------------------------------------

    def post(
        self,
        sql: OrmSession,
        *,
        kind: LetterKind,
        address: str,
        user_id: UUID | None = None,
        facts: dict[str, str] | None = None,
    ) -> None:
        """Leave a letter in the caller's transaction: one INSERT, nothing else, whoever it is for.

        A "reset" takes the address that somebody typed and no user: if that is anybody's, the courier finds
        out, and mails the address that is stored. Every other kind takes a stored address and its user.
        `facts`: `ip`, `browser`; the time is now."""
        now = moment(self._clock())
        due = now + RESET_SPREAD * self._jitter() if kind == "reset" else now
        sql.add(
            OutboxMail(
                kind=kind,
                address=email_key(address) if kind == "reset" else address,
                user_id=user_id,
                facts=facts or {},
                created_at=now,
                due_at=due,
                attempts=0,
            )
        )
        event.listen(sql, "after_commit", lambda _: self.posted.set(), once=True)

    def waiting(self, sql: OrmSession, user: User) -> Sequence[OutboxMail]:
        """All that is still to be sent to this user."""
        return sql.scalars(select(OutboxMail).where(_theirs(user))).all()

    def forget(self, sql: OrmSession, user: User) -> None:
        """Delete all that is still to be sent to this user: nothing may be left of somebody who leaves."""
        sql.execute(delete(OutboxMail).where(_theirs(user)))

    def forget_links(self, sql: OrmSession, user: User) -> None:
        """Delete the links that are still to be sent to this user: after a change of the password one of them
        would open the account once more."""
        verify = (OutboxMail.user_id == user.id) & (OutboxMail.kind == "verify")
        sql.execute(delete(OutboxMail).where(verify | _resets(user)))

    # -- for couriers -------------------------------------------------------------------------

    def claim(self, now: datetime) -> OutboxMail | None:
        """The letter that is due longest, for this caller alone until LEASE is over."""
        due = OutboxMail.due_at <= now
        with self._database.read() as sql:  # so that nobody waits for SQLite's one writer just to look
            if sql.scalar(select(OutboxMail.id).where(due).limit(1)) is None:
                return None
        with self._database.write() as sql:
            first = select(OutboxMail).where(due).order_by(OutboxMail.due_at).limit(1)
            row = sql.scalar(first.with_for_update(skip_locked=True))
            if row is not None:
                row.due_at = now + LEASE
                row.attempts += 1
            return row

    def postpone(self, row: OutboxMail, until: datetime) -> None:
        """Send this letter at `until`, unless the lease ran out meanwhile and it is another courier's."""
        with self._database.write() as sql:
            sql.execute(update(OutboxMail).where(_claimed(row)).values(due_at=until))

    def holds(self, sql: OrmSession, row: OutboxMail) -> bool:
        """Whether the letter is still there, and still this claim's: it may have been forgotten meanwhile."""
        return sql.scalar(select(OutboxMail.id).where(_claimed(row))) is not None

    def remove(self, sql: OrmSession, row: OutboxMail) -> bool:
        """Delete this letter, since it was sent or given up; whether it was still there."""
        removed = delete(OutboxMail).where(OutboxMail.id == row.id).returning(OutboxMail.id)
        return sql.scalar(removed) is not None

    def status(self) -> Status:
        notices = select(OutboxMail.created_at).where(OutboxMail.kind != "reset")
        with self._database.read() as sql:
            waiting = sql.scalar(select(func.count()).select_from(notices.subquery())) or 0
            oldest = sql.scalar(notices.order_by(OutboxMail.created_at).limit(1))
        if oldest is None:
            return Status(0, None)
        age = moment(self._clock()) - oldest
        return Status(waiting, max(0, int(age.total_seconds())))


def _claimed(row: OutboxMail) -> ColumnElement[bool]:
    """The attempt's number tells this claim from the next one, of whoever found its lease over."""
    return (OutboxMail.id == row.id) & (OutboxMail.attempts == row.attempts)


def _resets(user: User) -> ColumnElement[bool]:
    """By the verified address only: a reset for one that waits for its link is somebody else's."""
    return (OutboxMail.kind == "reset") & (OutboxMail.address == user.email_key)


def _theirs(user: User) -> ColumnElement[bool]:
    return (OutboxMail.user_id == user.id) | _resets(user)
