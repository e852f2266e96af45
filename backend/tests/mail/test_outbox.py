"""The outbox and its couriers, on SQLite and PostgreSQL, with a real mail server."""

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep import migrate
from flask_tokenkeep.mail.courier import GIVE_UP_AFTER, Courier, MailStatus, open_letters, open_transport
from flask_tokenkeep.mail.outbox import LEASE, RESET_SPREAD, Outbox, Status
from flask_tokenkeep.mail.transport import Send, Transport
from flask_tokenkeep.names import email_key
from flask_tokenkeep.settings import AuthSettings
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.models import OutboxMail, User
from tests.support.mail_server import Postbox
from tests.support.waiting import wait_until

ADA = "ada@example.org"
FACTS = {"ip": "203.0.113.7", "browser": "Firefox on Linux"}
START = datetime(2026, 11, 23, 14, 28, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now.timestamp()

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Office:
    """Everything around one outbox; each courier has connections of its own, as in another process."""

    url: str
    smtp_port: int
    clock: Clock = field(default_factory=Clock)
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

    def note_given_up(self, _sql: OrmSession, kind: str, user_id: UUID | None) -> None:
        self.given_up.append((kind, user_id))

    def deliver(self) -> int:
        return self.courier().deliver_due(self.clock.now)

    def issue_code(self, purpose: str, user_id: UUID, address: str) -> str:
        if self.redis_is_away:
            raise RedisAway
        self.codes.append((purpose, user_id, address))
        self.code_made.set()
        return f"secret-code-{len(self.codes)}"

    def add_user(self, name: str = "Ada", email: str | None = ADA, **more: Any) -> UUID:
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

    def post(self, kind: str, user_id: UUID | None = None, address: str = ADA) -> None:
        with self.database.write() as sql:
            self.outbox.post(sql, kind=kind, address=address, user_id=user_id, facts=FACTS)  # type: ignore[arg-type]

    def rows(self) -> list[OutboxMail]:
        with self.database.read() as sql:
            return list(sql.scalars(select(OutboxMail)))


@pytest.fixture
def box() -> Iterator[Postbox]:
    with Postbox() as box:
        yield box


@pytest.fixture
def office(database_url: str, box: Postbox) -> Iterator[Office]:
    migrate(database_url)
    office = Office(database_url, box.port)
    yield office
    for database in office.databases:
        database.engine.dispose()


# -- posting ----------------------------------------------------------------------------------


def test_a_rolled_back_transaction_leaves_no_mail_and_wakes_nobody(office: Office, box: Postbox) -> None:
    office.add_user()
    with suppress(KeyError), office.database.write() as sql:
        office.outbox.post(sql, kind="reset", address=ADA)
        raise KeyError
    assert not office.outbox.posted.is_set()
    assert (office.deliver(), box.received) == (0, [])


def test_a_post_wakes_this_process_once_it_is_committed(office: Office) -> None:
    with office.database.write() as sql:
        office.outbox.post(sql, kind="reset", address=ADA)
        sql.flush()
        assert not office.outbox.posted.is_set()
    assert office.outbox.posted.is_set()


def test_asking_for_a_reset_does_the_same_for_everybody(office: Office) -> None:
    office.add_user()
    said: list[str] = []
    event.listen(
        office.database.engine, "before_cursor_execute", lambda _c, _k, statement, *_: said.append(statement)
    )
    asked = {}
    for address in (ADA, "nobody@example.org"):
        said.clear()
        office.post("reset", address=address)
        asked[address] = [statement for statement in said if not statement.startswith("BEGIN")]
    assert asked[ADA] == asked["nobody@example.org"]
    assert len(asked[ADA]) == 1
    assert office.codes == []


def test_a_letter_belongs_to_a_user_unless_it_is_a_reset(office: Office) -> None:
    with pytest.raises(IntegrityError):
        office.post("password_changed")
    with pytest.raises(IntegrityError):
        office.post("reset", office.add_user())


# -- who gets what ----------------------------------------------------------------------------


def test_a_reset_goes_to_the_stored_address_whatever_was_typed(office: Office, box: Postbox) -> None:
    user_id = office.add_user(email="Ada@example.org")
    office.post("reset", address="ADA@EXAMPLE.ORG")  # the same key; a host that minds case: another mailbox
    assert office.deliver() == 1
    (received,) = box.received
    assert received.recipients == ["Ada@example.org"]
    assert "https://books.example/reset-password#code=secret-code-1" in received.text
    assert office.codes == [("reset", user_id, "Ada@example.org")]
    assert office.rows() == []


def test_a_reset_for_anybody_else_is_dropped_without_a_word(office: Office, box: Postbox) -> None:
    office.add_user("Bob", "bob@example.org", disabled_at=START)
    office.add_user("Eve", None, pending_email="eve@example.org")
    for address in ("nobody@example.org", "bob@example.org", "eve@example.org"):
        office.post("reset", address=address)
    assert office.deliver() == 0
    assert (office.rows(), box.received, office.codes, office.given_up) == ([], [], [], [])


def test_a_verification_goes_to_the_pending_address(office: Office, box: Postbox) -> None:
    user_id = office.add_user(email=None, pending_email="new@example.org")
    office.post("verify", user_id, "new@example.org")
    assert office.deliver() == 1
    assert box.received[0].recipients == ["new@example.org"]
    assert "https://books.example/verify-email#code=secret-code-1" in box.received[0].text
    assert office.codes == [("verify", user_id, "new@example.org")]


def test_who_leaves_while_a_letter_is_written_keeps_no_code(office: Office) -> None:
    user_id = office.add_user()
    office.post("reset")
    connected, deleted = threading.Event(), threading.Event()

    class Pausing:
        name = "pausing"

        @contextmanager
        def open(self) -> Iterator[Send]:
            connected.set()
            assert deleted.wait(10)
            with office.transport().open() as send:
                yield send

    courier = office.courier(transport=Pausing())
    with ThreadPoolExecutor(1) as pool:
        delivery = pool.submit(courier.deliver_due, office.clock.now)
        assert connected.wait(10)
        with office.database.write() as sql:
            sql.delete(sql.get_one(User, user_id))
            sql.flush()
            deleted.set()
            office.code_made.wait(0.5)  # it would be, if the letter were written now
        assert delivery.result(20) == 0
    assert office.codes == []


@pytest.mark.parametrize(
    "change", [{"pending_email": None}, {"pending_email": "c@example.org"}, {"disabled_at": START}]
)
def test_a_verification_that_is_no_longer_wanted_is_dropped(
    office: Office, box: Postbox, change: dict[str, Any]
) -> None:
    user_id = office.add_user(pending_email="new@example.org")
    office.post("verify", user_id, "new@example.org")
    office.change_user(user_id, **change)
    assert office.deliver() == 0
    assert (office.rows(), box.received, office.codes) == ([], [], [])


@pytest.mark.parametrize("kind", ["password_changed", "email_changed", "token_reused", "new_browser"])
def test_a_notice_goes_to_the_address_of_its_time_and_says_what_happened_then(
    office: Office, box: Postbox, kind: str
) -> None:
    user_id = office.add_user()
    office.post(kind, user_id)
    office.change_user(user_id, email="thief@example.org", email_key="thief@example.org")
    office.clock.pass_by(hours=3)
    assert office.deliver() == 1
    assert box.received[0].recipients == [ADA]
    assert "When: 23 November 2026, 14:28 UTC\nFrom: 203.0.113.7" in box.received[0].text
    assert office.codes == []


def test_nothing_is_left_of_a_user_who_leaves_and_all_of_everybody_else(office: Office) -> None:
    user_id, bob = office.add_user(pending_email="bob@example.org"), office.add_user("Bob", "bob@example.org")
    office.post("verify", user_id, "bob@example.org")
    office.post("new_browser", user_id)
    office.post("reset", address="ADA@example.org")
    office.post("reset", address="bob@example.org")
    office.post("new_browser", bob, "bob@example.org")
    with office.database.write() as sql:
        office.outbox.forget(sql, sql.get_one(User, user_id))
    assert sorted((row.kind, row.user_id) for row in office.rows()) == [("new_browser", bob), ("reset", None)]
    with office.database.write() as sql:
        sql.delete(sql.get_one(User, bob))
    assert [row.kind for row in office.rows()] == ["reset"]


# -- once -------------------------------------------------------------------------------------


def test_couriers_side_by_side_send_each_letter_once(office: Office, box: Postbox) -> None:
    expected = Counter()
    for number in range(50):
        address = f"reader{number}@example.org"
        expected[address] += 1
        office.post("new_browser", office.add_user(f"reader{number}", address), address)
    couriers = [office.courier() for _ in range(3)]
    ready = threading.Barrier(len(couriers))

    def work(courier: Courier) -> int:
        ready.wait(10)
        return courier.deliver_due(office.clock.now)

    with ThreadPoolExecutor(len(couriers)) as pool:
        sent = list(pool.map(work, couriers))
    assert Counter(received.recipients[0] for received in box.received) == expected
    assert sum(sent) == 50
    assert office.rows() == []


def test_what_is_claimed_is_nobody_elses_until_the_lease_is_over(office: Office, box: Postbox) -> None:
    office.post("new_browser", office.add_user())
    row = office.outbox.claim(office.clock.now)  # and then this courier dies
    assert row is not None
    office.clock.pass_by(seconds=LEASE.total_seconds() - 1)
    assert office.deliver() == 0
    office.clock.pass_by(seconds=1)
    assert office.deliver() == 1
    assert [received.recipients for received in box.received] == [[ADA]]


def test_who_comes_back_after_the_lease_cant_touch_the_next_ones_claim(office: Office) -> None:
    office.post("new_browser", office.add_user())
    late = office.outbox.claim(office.clock.now)
    assert late is not None
    office.clock.pass_by(seconds=LEASE.total_seconds())
    assert office.outbox.claim(office.clock.now) is not None
    office.outbox.postpone(late, office.clock.now)
    assert office.outbox.claim(office.clock.now) is None


def test_a_database_that_goes_away_after_the_sending_makes_no_second_letter(
    office: Office, box: Postbox
) -> None:
    class Shaky(Outbox):
        away = True

        def remove(self, sql: OrmSession, row: OutboxMail) -> bool:
            if self.away:
                raise OperationalError("DELETE", {}, Exception("gone"))
            return super().remove(sql, row)

    office.post("new_browser", office.add_user())
    outbox = Shaky(database=office.database, clock=office.clock)
    courier = office.courier(outbox)
    with pytest.raises(OperationalError):
        courier.deliver_due(office.clock.now)
    outbox.away = False
    courier.deliver_due(office.clock.now)
    assert office.rows() == []
    office.clock.pass_by(hours=1)
    courier.deliver_due(office.clock.now)
    assert len(box.received) == 1


# -- trouble ----------------------------------------------------------------------------------


def test_after_an_hour_without_a_mail_server_every_letter_arrives_once(office: Office, box: Postbox) -> None:
    user_id = office.add_user(pending_email="new@example.org")
    courier = office.courier()
    box.stop()
    try:
        for kind in ("reset", "password_changed", "token_reused"):
            office.post(kind, None if kind == "reset" else user_id)
        office.post("verify", user_id, "new@example.org")
        for _ in range(240):
            courier.deliver_due(office.clock.now)
            office.clock.pass_by(seconds=15)
        assert len(office.rows()) == 4
        assert office.codes == []  # the 30 minutes of a code begin when its letter leaves
    finally:
        box.start()
    for _ in range(120):
        courier.deliver_due(office.clock.now)
        office.clock.pass_by(seconds=15)
    subjects = [received.message["Subject"] for received in box.received]
    assert len(subjects) == len(set(subjects)) == 4
    assert len(office.codes) == 2
    assert office.rows() == []


def test_without_a_mail_server_nobodys_letters_wait_like_everybodys(office: Office, box: Postbox) -> None:
    office.add_user()
    courier = office.courier(jitter=lambda: 1.0)
    box.stop()
    try:
        for address in (ADA, "nobody@example.org"):
            office.post("reset", address=address)
        courier.deliver_due(office.clock.now)
        assert [(row.attempts, row.due_at) for row in office.rows()] == [
            (1, START + timedelta(seconds=5))
        ] * 2
    finally:
        box.start()


def test_waits_grow_up_to_ten_minutes(office: Office, box: Postbox) -> None:
    box.rcpt = "451 Later"
    office.post("new_browser", office.add_user())
    courier = office.courier(jitter=lambda: 1.0)
    waits = []
    for _ in range(9):
        courier.deliver_due(office.clock.now)
        waits.append((office.rows()[0].due_at - office.clock.now).total_seconds())
        office.clock.now = office.rows()[0].due_at
    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600]


def test_waits_are_spread(office: Office, box: Postbox) -> None:
    box.rcpt = "451 Later"
    user_id = office.add_user()
    for _ in range(10):
        office.post("new_browser", user_id)
    office.deliver()
    waits = [(row.due_at - office.clock.now).total_seconds() for row in office.rows()]
    assert len(set(waits)) > 5
    assert all(1 <= wait <= 30 for wait in waits)


@pytest.mark.parametrize("kind", ["reset", "verify", "new_browser"])
def test_after_a_day_a_letter_is_given_up(
    office: Office, box: Postbox, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    user_id = office.add_user(pending_email=ADA)
    box.rcpt = "451 Later"
    office.post(kind, None if kind == "reset" else user_id)
    office.clock.pass_by(seconds=GIVE_UP_AFTER.total_seconds() - 1)
    office.deliver()
    assert (len(office.rows()), office.given_up) == (1, [])
    office.clock.pass_by(minutes=1)
    office.deliver()
    assert (office.rows(), office.given_up) == ([], [(kind, user_id)])
    assert f"A mail ({kind}) was given up" in caplog.text
    assert_discreet(caplog)


def test_nobodys_letter_is_given_up_without_a_word(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.post("reset", address="nobody@example.org")
    office.clock.pass_by(days=2)
    office.deliver()
    assert (office.rows(), office.given_up, caplog.records) == ([], [], [])


@pytest.mark.parametrize("answer", ["rcpt", "data"])
def test_a_letter_that_will_never_be_accepted_is_given_up_at_once(
    office: Office, box: Postbox, caplog: pytest.LogCaptureFixture, answer: str
) -> None:
    setattr(box, answer, "550 Never")
    user_id = office.add_user()
    office.post("new_browser", user_id)
    office.deliver()
    assert (office.rows(), office.given_up) == ([], [("new_browser", user_id)])
    assert_discreet(caplog)


def test_what_is_recorded_of_a_given_up_letter_stands_or_falls_with_its_removal(
    office: Office, box: Postbox
) -> None:
    box.rcpt = "550 Never"
    office.post("new_browser", office.add_user())

    def record(sql: OrmSession, kind: str, user_id: UUID | None) -> None:
        raise OperationalError("INSERT", {}, Exception("gone"))

    courier = office.courier(on_given_up=record)
    with pytest.raises(OperationalError):
        courier.deliver_due(office.clock.now)
    assert len(office.rows()) == 1


def test_each_try_has_a_new_code_and_says_that_it_is_another_letter(office: Office, box: Postbox) -> None:
    office.add_user()
    office.post("reset")
    box.data = "451 Later"
    office.deliver()
    office.clock.pass_by(minutes=1)
    box.data = None
    office.deliver()
    (received,) = box.received
    assert "#code=secret-code-2" in received.text
    assert ".2@books.example>" in received.message["Message-ID"]


def test_a_notice_that_is_sent_again_is_the_same_letter(office: Office, box: Postbox) -> None:
    office.post("new_browser", office.add_user())
    row = office.rows()[0]
    office.outbox.claim(office.clock.now)
    office.clock.pass_by(hours=1)
    office.deliver()
    assert box.received[0].message["Message-ID"] == f"<{row.id}@books.example>"


def test_without_redis_letters_with_codes_wait_and_others_leave(office: Office, box: Postbox) -> None:
    user_id = office.add_user()
    office.redis_is_away = True
    office.post("reset")
    office.post("new_browser", user_id)
    assert office.deliver() == 1
    office.redis_is_away = False
    office.clock.pass_by(minutes=1)
    assert office.deliver() == 1
    assert ["code=" in received.text for received in box.received] == [False, True]


def test_a_letter_that_cant_be_written_doesnt_stop_the_others(
    office: Office, box: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    user_id = office.add_user()
    office.post("no_such_kind", user_id)
    office.post("new_browser", user_id)
    assert office.deliver() == 1
    assert [row.kind for row in office.rows()] == ["no_such_kind"]
    assert "A mail (no_such_kind) can't be sent (TemplateNotFound" in caplog.text
    assert_discreet(caplog)


def assert_discreet(caplog: pytest.LogCaptureFixture) -> None:
    assert caplog.text
    for secret in ("@example.org", "secret-code", "Ada"):
        assert secret not in caplog.text


# -- the thread -------------------------------------------------------------------------------


def test_the_thread_sends_what_this_process_posts(office: Office, box: Postbox) -> None:
    user_id = office.add_user()
    courier = office.courier(office.outbox)
    courier.start()
    try:
        office.post("new_browser", user_id)
        wait_until(lambda: box.received, "the letter")
        wait_until(lambda: not office.rows(), "its removal")
    finally:
        courier.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "courier"]


def test_the_thread_sends_what_other_processes_post(office: Office, box: Postbox) -> None:
    user_id = office.add_user()
    courier = office.courier()  # its outbox isn't told of the post
    courier.start()
    try:
        office.post("new_browser", user_id)
        wait_until(lambda: box.received, "the letter")
    finally:
        courier.stop()


def test_the_thread_outlives_a_database_that_is_away(
    database_url: str, box: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    office = Office(database_url, box.port)  # no tables yet: every question fails
    courier = office.courier(office.outbox)
    courier.start()
    try:
        wait_until(lambda: "The outbox can't be read" in caplog.text, "trouble")
        migrate(database_url)
        office.post("new_browser", office.add_user())
        wait_until(lambda: box.received, "the letter")
    finally:
        courier.stop()
        for database in office.databases:
            database.engine.dispose()


# -- what others see of it --------------------------------------------------------------------


def test_the_status_counts_what_waits_but_never_resets(office: Office) -> None:
    assert office.outbox.status() == Status(0, None)
    user_id = office.add_user()
    office.post("reset")
    office.clock.pass_by(minutes=5)
    assert office.outbox.status() == Status(0, None)
    office.post("new_browser", user_id)
    office.clock.pass_by(minutes=1)
    office.post("token_reused", user_id)
    assert office.outbox.status() == Status(2, 60)


def test_a_mail_server_that_cant_be_used_is_seen_whoever_the_letter_is_for(
    office: Office, box: Postbox
) -> None:
    courier = office.courier(jitter=lambda: 1.0)
    office.post("reset", address="nobody@example.org")
    box.stop()
    try:
        courier.deliver_due(office.clock.now)
        assert courier.status() == MailStatus("smtp", 0, None, "ConnectionRefusedError")
    finally:
        box.start()
    office.clock.pass_by(minutes=1)
    box.rcpt = "451 Later"  # one person's trouble is not the server's
    office.post("new_browser", office.add_user())
    courier.deliver_due(office.clock.now)
    assert courier.status() == MailStatus("smtp", 1, 0, None)


@pytest.mark.parametrize("env", ["development", "production"])
def test_without_smtp_a_letter_is_a_file_and_only_a_developers_log_shows_its_link(
    office: Office, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture, env: str
) -> None:
    caplog.set_level(logging.INFO, "flask_tokenkeep")
    folder = tmp_path_factory.mktemp("mail")
    office.more = {"smtp_url": None, "mail_dir": folder, "env": env}
    office.add_user()
    office.post("reset")
    assert office.deliver() == 1
    (path,) = folder.iterdir()
    assert b"#code=secret-code-1" in path.read_bytes()
    assert ("#code=secret-code-1" in caplog.text) == (env == "development")


@pytest.mark.parametrize(
    ("mail_from", "address"), [(None, "no-reply@books.example"), ("Library <desk@library.example>",) * 2]
)
def test_the_sender_is_made_of_the_public_url_unless_one_is_set(
    office: Office, box: Postbox, mail_from: str | None, address: str
) -> None:
    office.more = {"mail_from": mail_from}
    office.post("new_browser", office.add_user())
    office.deliver()
    assert box.received[0].sender in address
    assert box.received[0].message["From"] in (mail_from, f"Bookshelf <{address}>")


def test_when_a_reset_leaves_says_nothing_about_when_it_was_asked_for(office: Office, box: Postbox) -> None:
    late = Outbox(database=office.database, clock=office.clock, jitter=lambda: 0.75)
    user_id = office.add_user()
    with office.database.write() as sql:
        late.post(sql, kind="reset", address=ADA)
        late.post(sql, kind="new_browser", address=ADA, user_id=user_id, facts=FACTS)
    assert office.deliver() == 1
    office.clock.pass_by(seconds=RESET_SPREAD.total_seconds() * 0.74)
    assert office.deliver() == 0
    office.clock.pass_by(seconds=RESET_SPREAD.total_seconds() * 0.02)
    assert office.deliver() == 1
