"""Forgets what has been kept long enough: old security events, and sessions that ended long ago."""

from datetime import timedelta

from sqlalchemy import delete, or_

from flask_tokenkeep.background import Loop
from flask_tokenkeep.clock import Clock, moment
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import LedgerEntry, SecurityEvent

PERIOD_SECONDS = 3600.0


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
        with self._database.write() as sql:
            sql.execute(delete(SecurityEvent).where(SecurityEvent.at < before))
            sql.execute(delete(LedgerEntry).where(or_(*(column < before for column in over))))

    def _step(self) -> float:
        self.sweep()
        return PERIOD_SECONDS
