"""Everything around one outbox."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.assembly import open_letters, open_transport
from flask_tokenkeep.mail.courier import Courier
from flask_tokenkeep.mail.outbox import Outbox
from flask_tokenkeep.mail.transport import Transport
from flask_tokenkeep.names import email_key
from flask_tokenkeep.settings import AuthSettings
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import LetterKind, OutboxMail, User
from tests.support.examples import FACTS
from tests.support.inside import deliver_due

MAILBOX = "ada@example.org"
OPENING = datetime(2026, 11, 23, 14, 28, tzinfo=UTC)


class OfficeClock:
    def __init__(self) -> None:
        self.now = OPENING

    def __call__(self) -> float:
        return self.now.timestamp()

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Office:
    """Everything around one outbox; each courier has connections of its own, as in another process."""

    url: str
    smtp_port: int
    clock: OfficeClock = field(default_factory=OfficeClock)
    codes: list[tuple[str, UUID, str]] = field(default_factory=list)
    given_up: list[tuple[str, UUID | None]] = field(default_factory=list)
    code_made: threading.Event = field(default_factory=threading.Event)
    redis_is_away: bool = False
    databases: list[Database] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)  # settings

    def __post_init__(self) -> None:
        self.database = self.open()
        self.outbox = Outbox(database=self.database, clock=self.clock, jitter=lambda: 0)

    def open(self) -> Database:
        self.databases.append(Database(self.url))
        return self.databases[-1]

    def settings(self) -> AuthSettings:
        where = {
            "redis_url": "redis://unused",
            "database_url": self.url,
            "public_url": "https://books.example",
            "product_name": "Bookshelf",
        }
        smtp = {"smtp_url": f"smtp://127.0.0.1:{self.smtp_port}"}
        return AuthSettings(secret_key="x" * 32, **(where | smtp | self.more))

    def courier(self, outbox: Outbox | None = None, **more: Any) -> Courier:
        database = self.open()
        return Courier(
            outbox=outbox or Outbox(database=database, clock=self.clock),
            database=database,
            letters=open_letters(self.settings()),
            issue_code=self.issue_code,
            clock=self.clock,
            **{"transport": self.transport(), "on_given_up": self.note_given_up} | more,
        )

    def transport(self) -> Transport:
        return open_transport(self.settings())

    def note_given_up(self, _sql: OrmSession, kind: LetterKind, user: User) -> None:
        self.given_up.append((kind, user.id))

    def deliver(self) -> int:
        return deliver_due(self.courier(), self.clock.now)

    def issue_code(self, purpose: str, user: User, address: str) -> str:
        if self.redis_is_away:
            raise RedisAway
        self.codes.append((purpose, user.id, address))
        self.code_made.set()
        return f"secret-code-{len(self.codes)}"

    def add_user(self, name: str = "Ada", email: str | None = MAILBOX, **more: Any) -> UUID:
        user = User(
            id=uuid4(),
            username=name,
            username_key=name.casefold(),
            password_hash="-",
            email=email,
            email_key=email_key(email) if email else None,
            created_at=self.clock.now,
            **more,
        )
        with self.database.write() as sql:
            sql.add(user)
        return user.id

    def change_user(self, user_id: UUID, **values: Any) -> None:
        with self.database.write() as sql:
            user = sql.get_one(User, user_id)
            for name, value in values.items():
                setattr(user, name, value)

    def post(self, kind: str, user_id: UUID | None = None, address: str = MAILBOX) -> None:
        with self.database.write() as sql:
            self.outbox.post(sql, kind=kind, address=address, user_id=user_id, facts=FACTS)  # type: ignore[arg-type]

    def rows(self) -> list[OutboxMail]:
        with self.database.read() as sql:
            return list(sql.scalars(select(OutboxMail)))
