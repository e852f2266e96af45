"""The one place where tests reach behind the public names: what an app is made of, and what is private in it.

Where the product moves or renames a part, this file changes and no test does."""

from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from bookshelf import upstream
from bookshelf.catalogue import Catalogue
from flask_tokenkeep.mail.courier import Courier
from flask_tokenkeep.mail.outbox import Outbox
from flask_tokenkeep.mail.transport import Letter
from flask_tokenkeep.people.codes import Codes
from flask_tokenkeep.people.limits import Limits
from flask_tokenkeep.people.passwords import Passwords
from flask_tokenkeep.sessions.live import LiveSessions
from flask_tokenkeep.sessions.proofs import Proofs
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import OutboxMail
from flask_tokenkeep.stores.redis import TimelyRedis
from flask_tokenkeep.stores.sweeper import Sweeper


def parts(app: Flask) -> Any:
    """Everything that the extension made for this app."""
    return app.extensions["tokenkeep"]


# -- of an app ----------------------------------------------------------------------------------


def database_of(app: Flask) -> Database:
    return parts(app).tools.database  # type: ignore[no-any-return]


def redis_of(app: Flask) -> TimelyRedis:
    return parts(app).tools.redis  # type: ignore[no-any-return]


def sessions_of(app: Flask) -> LiveSessions:
    """Ledger and Redis together."""
    return parts(app).sessions  # type: ignore[no-any-return]


def live_sessions_of(app: Flask) -> LiveSessions:
    """The records in Redis alone."""
    return parts(app).sessions.live  # type: ignore[no-any-return]


def proofs_of(app: Flask) -> Proofs:
    return parts(app).tools.proofs  # type: ignore[no-any-return]


def passwords_of(app: Flask) -> Passwords:
    return parts(app).tools.passwords  # type: ignore[no-any-return]


def limits_of(app: Flask) -> Limits:
    return parts(app).tools.limits  # type: ignore[no-any-return]


def codes_of(app: Flask) -> Codes:
    return parts(app).tools.codes  # type: ignore[no-any-return]


def outbox_of(app: Flask) -> Outbox:
    return parts(app).tools.outbox  # type: ignore[no-any-return]


def courier_of(app: Flask) -> Courier:
    return parts(app).courier  # type: ignore[no-any-return]


def sweeper_of(app: Flask) -> Sweeper:
    return parts(app).sweeper  # type: ignore[no-any-return]


# -- of one part --------------------------------------------------------------------------------


def deliver_due(courier: Courier, now: datetime) -> int:
    """Deliver all that is due at this moment; how many letters left."""
    sent = 0
    while (left := courier.deliver_next(now)) is not None:
        sent += left
    return sent


def write_letter(courier: Courier, row: OutboxMail, now: datetime) -> Letter | None:
    """The middle of a delivery: the letter is claimed and the mail server is connected."""
    return courier._write(row, now)


def replace_hasher(monkeypatch: pytest.MonkeyPatch, passwords: Passwords, hasher: object) -> None:
    monkeypatch.setattr(passwords, "_hasher", hasher)


def fetch_alone(catalogue: Catalogue) -> None:
    """What a worker does after its first look at Redis: take the lock, look again, fetch."""
    catalogue._fetch_alone()


def next_url(url: str, location: str) -> str:
    """Where a redirect leads."""
    return upstream._next_url(url, location)
