"""The mail outbox: a letter is a row, written in the transaction of its cause and sent afterwards."""

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import delete, event, or_
from sqlalchemy.orm import Session as OrmSession

from flask_tokenauth.models import OutboxMail
from flask_tokenauth.names import email_key
from flask_tokenauth.stores import Database

Kind = Literal["reset", "verify", "password_changed", "email_changed", "token_reused", "new_browser"]
KINDS: frozenset[str] = frozenset(get_args(Kind))


class Outbox:
    """The rows: what is to be sent, and who of several senders sends it."""

    def __init__(self, *, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self.posted = threading.Event()  # set once a letter of this process is committed

    def post(
        self,
        sql: OrmSession,
        *,
        kind: Kind,
        address: str,
        user_id: UUID | None = None,
        facts: dict[str, str] | None = None,
    ) -> None:
        """Leave a letter in the caller's transaction: one INSERT, nothing else, whoever it is for.

        A "reset" takes the address that somebody typed and no user: if that is anybody's, the sender finds
        out, and mails the address that is stored. Every other kind takes a stored address and its user."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        sql.add(
            OutboxMail(
                kind=kind,
                address=email_key(address) if kind == "reset" else address,
                user_id=user_id,
                facts=facts or {},
                created_at=now,
                due_at=now,
                attempts=0,
            )
        )
        event.listen(sql, "after_commit", lambda _: self.posted.set(), once=True)

    def forget(self, sql: OrmSession, user_id: UUID, addresses: Iterable[str]) -> None:
        """Nothing may be left of a user who leaves; `addresses` are theirs (resets know no user)."""
        keys = [email_key(address) for address in addresses]
        sql.execute(
            delete(OutboxMail).where(
                or_(
                    OutboxMail.user_id == user_id,
                    (OutboxMail.kind == "reset") & OutboxMail.address.in_(keys),
                )
            )
        )
