"""The outbox: what is posted is claimed by one courier at a time, and removed once it was sent."""

from collections import Counter
from contextlib import suppress
from functools import partial

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.mail.outbox import LEASE, RESET_SPREAD, Outbox, Status
from flask_tokenkeep.stores.models import OutboxMail, User
from tests.support.at_once import at_once
from tests.support.examples import FACTS
from tests.support.inside import deliver_due
from tests.support.mail_server import Postbox
from tests.support.post_office import MAILBOX, Office


def test_a_rolled_back_transaction_leaves_no_mail_and_wakes_nobody(office: Office, box: Postbox) -> None:
    office.add_user()
    with suppress(KeyError), office.database.write() as sql:
        office.outbox.post(sql, kind="reset", address=MAILBOX)
        raise KeyError
    assert not office.outbox.posted.is_set()
    assert (office.deliver(), box.received) == (0, [])


def test_a_post_wakes_this_process_once_it_is_committed(office: Office) -> None:
    with office.database.write() as sql:
        office.outbox.post(sql, kind="reset", address=MAILBOX)
        sql.flush()
        assert not office.outbox.posted.is_set()
    assert office.outbox.posted.is_set()


def test_asking_for_a_reset_runs_the_same_sql_for_everybody(office: Office) -> None:
    office.add_user()
    said: list[str] = []
    event.listen(
        office.database.engine, "before_cursor_execute", lambda _c, _k, statement, *_: said.append(statement)
    )
    asked = {}
    for address in (MAILBOX, "nobody@example.org"):
        said.clear()
        office.post("reset", address=address)
        asked[address] = [statement for statement in said if not statement.startswith("BEGIN")]
    assert asked[MAILBOX] == asked["nobody@example.org"]
    assert len(asked[MAILBOX]) == 1
    assert office.codes == []


def test_a_letter_belongs_to_a_user_unless_it_is_a_reset(office: Office) -> None:
    with pytest.raises(IntegrityError):
        office.post("password_changed")
    with pytest.raises(IntegrityError):
        office.post("reset", office.add_user())


def test_couriers_side_by_side_send_each_letter_once(office: Office, box: Postbox) -> None:
    expected = Counter()
    for number in range(50):
        address = f"reader{number}@example.org"
        expected[address] += 1
        office.post("new_browser", office.add_user(f"reader{number}", address), address)
    couriers = [office.courier() for _ in range(3)]
    sent = at_once(*(partial(deliver_due, courier, office.clock.now) for courier in couriers))
    assert Counter(received.recipients[0] for received in box.received) == expected
    assert sum(sent) == 50
    assert office.rows() == []


def test_a_claimed_letter_is_left_alone_until_its_lease_is_over(office: Office, box: Postbox) -> None:
    office.post("new_browser", office.add_user())
    row = office.outbox.claim(office.clock.now)  # and then this courier dies
    assert row is not None
    office.clock.pass_by(seconds=LEASE.total_seconds() - 1)
    assert office.deliver() == 0
    office.clock.pass_by(seconds=1)
    assert office.deliver() == 1
    assert [received.recipients for received in box.received] == [[MAILBOX]]


def test_a_courier_that_returns_after_its_lease_cannot_touch_the_next_claim(office: Office) -> None:
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
        deliver_due(courier, office.clock.now)
    outbox.away = False
    deliver_due(courier, office.clock.now)
    assert office.rows() == []
    office.clock.pass_by(hours=1)
    deliver_due(courier, office.clock.now)
    assert len(box.received) == 1


def test_the_letters_of_a_deleted_user_are_removed_and_no_others(office: Office) -> None:
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


def test_a_reset_leaves_at_a_random_moment_after_it_was_asked_for(office: Office, box: Postbox) -> None:
    late = Outbox(database=office.database, clock=office.clock, jitter=lambda: 0.75)
    user_id = office.add_user()
    with office.database.write() as sql:
        late.post(sql, kind="reset", address=MAILBOX)
        late.post(sql, kind="new_browser", address=MAILBOX, user_id=user_id, facts=FACTS)
    assert office.deliver() == 1
    office.clock.pass_by(seconds=RESET_SPREAD.total_seconds() * 0.74)
    assert office.deliver() == 0
    office.clock.pass_by(seconds=RESET_SPREAD.total_seconds() * 0.02)
    assert office.deliver() == 1
