"""Forgets what has been kept long enough: old security events, and sessions that ended long ago."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, or_

from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import LedgerEntry, SecurityEvent

log = logging.getLogger("flask_tokenkeep")
PERIOD_SECONDS = 3600.0


class Sweeper:
    def __init__(self, *, database: Database, days: int, clock: Callable[[], float]) -> None:
        self._database = database
        self._age = timedelta(days=days)
        self._clock = clock
        self._stopping = threading.Event()

    def start(self) -> None:
        """Once per process, after the fork."""
        threading.Thread(target=self._run, name="sweeper", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def sweep(self) -> None:
        before = datetime.fromtimestamp(self._clock(), UTC) - self._age
        over = (LedgerEntry.ended_at, LedgerEntry.idle_until, LedgerEntry.ends_at)
        with self._database.write() as sql:
            sql.execute(delete(SecurityEvent).where(SecurityEvent.at < before))
            sql.execute(delete(LedgerEntry).where(or_(*(column < before for column in over))))

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.sweep()
            except Exception as trouble:  # noqa: BLE001  # the next hour is as good
                log.warning("Old events could not be deleted: %s", type(trouble).__name__)
            self._stopping.wait(PERIOD_SECONDS)
