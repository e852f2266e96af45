"""What a host's health check asks: whether log-in and refresh could work, and how the mail is doing."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar
from uuid import uuid4

from sqlalchemy import delete, insert

from flask_tokenkeep.assembly import Parts
from flask_tokenkeep.budget import SQL_SECONDS, sql_within
from flask_tokenkeep.clock import moment
from flask_tokenkeep.errors import store_trouble
from flask_tokenkeep.mail.courier import MailStatus
from flask_tokenkeep.stores.models import SecurityEvent

State = Literal["ok", "down"]
Told = TypeVar("Told")

log = logging.getLogger("flask_tokenkeep")

PERIOD_SECONDS = 1.0  # between two tries, however many ask
WAIT_SECONDS = 0.9  # for a try: both stores' together are answered within 2 seconds


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether Redis and SQL can be written, and how the mail is doing: None where SQL, in which it waits,
    can't."""

    redis: State
    sql: State
    mail: MailStatus | None


class StoreChecks:
    """Tries what the work needs: a store that is full, read-only or without its replicas still answers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._redis = Check("Redis", self._write_to_redis)
        self._sql = Check("SQL", self._write_to_sql)

    def readiness(self) -> Readiness:
        redis, mail = self._redis.result(), self._sql.result()
        return Readiness("ok" if redis else "down", "ok" if mail else "down", mail)

    def _write_to_redis(self) -> bool:
        return bool(self._parts.tools.redis.set("ta:ready", "1", ex=1))

    def _write_to_sql(self) -> MailStatus:
        """A row that is gone again, and committed all the same: what is full, or waits for a replica that is
        away, shows there."""
        tools, trial = self._parts.tools, uuid4()
        row = {"id": trial, "event": "ready", "at": moment(tools.clock()), "ip": "", "user_agent": ""}
        with sql_within(SQL_SECONDS):
            with tools.database.write() as sql:
                sql.execute(insert(SecurityEvent).values(row))
                sql.execute(delete(SecurityEvent).where(SecurityEvent.id == trial))
            return self._parts.courier.status()


class Check(Generic[Told]):
    """Tries a store once a second at most, for all who ask, on a thread of its own: one that hangs holds
    nobody for longer than WAIT_SECONDS, and no second thread."""

    def __init__(self, name: str, attempt: Callable[[], Told]) -> None:
        self._name = name
        self._attempt = attempt
        self._told: Told | None = None
        self._due = 0.0
        self._lock = threading.Lock()
        self._ended = threading.Event()  # the try that is under way
        self._ended.set()
        self._known = threading.Event()  # the result of the first one

    def result(self) -> Told | None:
        """What the last try told; None if the store couldn't be used."""
        if not self._begins():
            self._known.wait(WAIT_SECONDS)
        elif not self._ended.wait(WAIT_SECONDS):
            log.warning("%s can't be used: no answer", self._name)
            self._told = None
        return self._told

    def _begins(self) -> bool:
        now = time.monotonic()
        with self._lock:
            if now < self._due or not self._ended.is_set():
                return False
            self._due = now + PERIOD_SECONDS
            self._ended.clear()
        threading.Thread(target=self._try, name=f"check {self._name}", daemon=True).start()
        return True

    def _try(self) -> None:
        try:
            self._told = self._attempt()
        except Exception as trouble:  # noqa: BLE001  # whatever it is, log-in would meet it too
            self._told = None
            log.warning("%s can't be used: %s", self._name, store_trouble(trouble))
        self._known.set()
        self._ended.set()
