"""Forgets what has been kept long enough: old security events, and sessions that ended long ago."""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, or_, select

from flask_tokenkeep.background import Loop
from flask_tokenkeep.clock import Clock, moment
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import LedgerEntry, SecurityEvent

PERIOD_SECONDS = 3600.0
BATCH = 500  # rows


class Sweeper:
    """Deletes what is old, once an hour."""

    def __init__(self, *, database: Database, keep_days: int, clock: Clock) -> None:
        self._database = database
        self._age = timedelta(days=keep_days)
        self._clock = clock
        self.loop = Loop(
            "sweeper",
            self._step,
            failed="Old events could not be deleted",
            retry_seconds=(PERIOD_SECONDS, PERIOD_SECONDS),  # the next hour is as good
        )

    def sweep(self) -> None:
        """Delete events and ended sessions that are older than `keep_days`."""
        before = moment(self._clock()) - self._age
        over = (LedgerEntry.ended_at, LedgerEntry.idle_until, LedgerEntry.ends_at)
        self._delete(SecurityEvent, SecurityEvent.at < before)
        self._delete(LedgerEntry, or_(*(column < before for column in over)))

    def _delete(self, table: type[SecurityEvent | LedgerEntry], old: ColumnElement[bool]) -> None:
        """A few at a time, so that whoever logs in meanwhile needn't wait for long."""
        some = delete(table).where(table.id.in_(select(table.id).where(old).limit(BATCH)))
        deleted = BATCH
        while deleted == BATCH:
            with self._database.write() as sql:
                deleted = sql.connection().execute(some).rowcount

    def _step(self) -> float:
        self.sweep()
        return PERIOD_SECONDS
