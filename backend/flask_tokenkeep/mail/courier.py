"""Sends what is in the outbox, in the background: nobody's request waits for a mail server."""

import logging
import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.background import Loop, backoff_seconds, in_short
from flask_tokenkeep.clock import Clock, moment
from flask_tokenkeep.mail.letters import Draft, Letters
from flask_tokenkeep.mail.outbox import Outbox
from flask_tokenkeep.mail.transport import Letter, Refused, Send, Transport
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import LetterKind, OutboxMail, User

log = logging.getLogger("flask_tokenkeep")

POLL_SECONDS = 1.0  # one SELECT on an index, for what other processes posted and for what is due again
# From little, since somebody is waiting, to less than the 30 minutes of RFC 5321 §4.5.4.1, which are for
# strangers' servers: this is our own. Full jitter:
# https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
RETRY_SECONDS, RETRY_MAX_SECONDS = 5.0, 600.0
# Less than the 4 days of RFC 5321 §4.5.4.1: a link that was asked for yesterday helps nobody.
GIVE_UP_AFTER = timedelta(hours=24)
SQL_AWAY_MAX_SECONDS = 30.0

IssueCode = Callable[[Literal["reset", "verify"], User, str], str]
GivenUp = Callable[[OrmSession, LetterKind, User], None]


@dataclass(frozen=True, slots=True)
class MailStatus:
    """How the mail is doing; `trouble` is why the mail server couldn't be used at this process's last try."""

    transport: str
    waiting: int
    oldest_seconds: int | None
    trouble: str | None


class Courier:
    """Takes letters from the outbox, one at a time, and sends each once; several may work side by side.

    A letter is claimed, sent outside any transaction, then removed. If the process dies between the last
    two, it is sent again when the lease is over: a notice with the same Message-ID, so that mail programs can
    tell. A letter with a code has a new code each time, and so a Message-ID of its own (RFC 5322 §3.6.4): the
    older one's link is dead, and must not hide the newer."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        database: Database,
        transport: Transport,
        letters: Letters,
        issue_code: IssueCode,
        on_given_up: GivenUp,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`issue_code(purpose, user, address)` makes the one alive; a RedisError from it means later.
        `on_given_up(sql, kind, user)` runs in the transaction that removes the letter."""
        self._outbox = outbox
        self._database = database
        self._transport = transport
        self._letters = letters
        self._issue_code = issue_code
        self._on_given_up = on_given_up
        self._clock = clock
        self._jitter = jitter
        self._sent: list[OutboxMail] = []  # and not removed yet
        self._trouble: str | None = None
        self.loop = Loop(
            "courier",
            self._step,
            failed="The outbox can't be read",
            retry_seconds=(POLL_SECONDS, SQL_AWAY_MAX_SECONDS),
            awake=outbox.posted,
        )

    def stop(self) -> None:
        """Finish the letter that is under way, if it takes no longer than a second."""
        self.loop.stop()

    def _step(self) -> float:
        while not self.loop.stopping and self.deliver_next(self._now()) is not None:
            pass
        return POLL_SECONDS * (0.5 + self._jitter())  # at no time that one could foretell

    def status(self) -> MailStatus:
        waiting = self._outbox.status()
        return MailStatus(self._transport.name, waiting.waiting, waiting.oldest_seconds, self._trouble)

    # -- delivering ---------------------------------------------------------------------------

    def deliver_next(self, now: datetime) -> bool | None:
        """Send the letter that is due longest. Whether it left; None if none is due."""
        self._remove_sent()
        row = self._outbox.claim(now)
        if row is None:
            return None
        try:
            left = self._deliver(row, now)
        except Refused as refused:
            self._give_up(row, str(refused))
        except Exception as trouble:  # noqa: BLE001  # it must stop neither this letter nor the others
            self._try_later(row, now, trouble)
        else:
            self._sent.append(row)
            self._remove_sent()
            return left
        return False

    def _remove_sent(self) -> None:
        """If SQL is away just now, remembered for the next time: sooner than the lease ends."""
        while self._sent:
            with self._database.write() as sql:
                self._outbox.remove(sql, self._sent[-1])
            self._sent.pop()

    def _deliver(self, row: OutboxMail, now: datetime) -> bool:
        if row.created_at + GIVE_UP_AFTER <= now:
            raise Refused("a day has passed")
        # Connected first, for nobody's letters too: so that what waits while the mail server is away doesn't
        # depend on who has an account.
        with ExitStack() as stack:
            send = self._connect(stack)
            letter = self._write(row, now)
            if letter is not None:
                send(letter)
            return letter is not None

    def _connect(self, stack: ExitStack) -> Send:
        try:
            send = stack.enter_context(self._transport.open())
        except OSError as trouble:
            self._trouble = type(trouble).__name__
            raise
        self._trouble = None
        return send

    def _write(self, row: OutboxMail, now: datetime) -> Letter | None:
        """None if there is nobody, or no longer anybody, to tell."""
        # Under the user's row lock: no code is made for somebody who leaves, or whose codes end, meanwhile.
        with self._database.write() as sql:
            user = sql.scalar(_recipient(row).with_for_update())
            if user is None or not self._outbox.holds(sql, row):
                return None
            to = str(user.email) if row.kind == "reset" else row.address
            code = self._code(row, user, to)
        draft = Draft(row.kind, to, user.username, row.created_at, row.facts, code)
        message_id = f"{row.id}.{row.attempts}" if code else str(row.id)
        return self._letters.write(draft, message_id=message_id, written_at=now)

    def _code(self, row: OutboxMail, user: User, to: str) -> str:
        """A new one for the letters that carry one, "" for the others."""
        if row.kind == "reset" or row.kind == "verify":  # mypy narrows by ==, not by `in`
            return self._issue_code(row.kind, user, to)
        return ""

    def _try_later(self, row: OutboxMail, now: datetime, trouble: Exception) -> None:
        longest = backoff_seconds(row.attempts, RETRY_SECONDS, RETRY_MAX_SECONDS)
        wait = timedelta(seconds=max(1.0, longest * self._jitter()))
        self._outbox.postpone(row, now + wait)
        log.warning("A mail (%s) can't be sent (%s); trying again", row.kind, in_short(trouble))

    def _give_up(self, row: OutboxMail, reason: str) -> None:
        with self._database.write() as sql:
            user = sql.scalar(_recipient(row).with_for_update())  # before the letter's, as everywhere
            if self._outbox.remove(sql, row) and user is not None:
                self._on_given_up(sql, row.kind, user)
                log.error("A mail (%s) was given up: %s", row.kind, reason)

    def _now(self) -> datetime:
        return moment(self._clock())


def _recipient(row: OutboxMail) -> Select[User]:
    match row.kind:
        case "reset":  # Never the address that was typed, which may be a look-alike: the one that is stored.
            return select(User).where(User.email_key == row.address, User.disabled_at.is_(None))
        case "verify":  # The address may have been replaced since.
            return select(User).where(
                User.id == row.user_id, User.pending_email == row.address, User.disabled_at.is_(None)
            )
    return select(User).where(User.id == row.user_id)
