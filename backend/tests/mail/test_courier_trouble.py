"""Letters that can't leave: they wait, or are given up."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.mail.courier import GIVE_UP_AFTER, MailStatus
from flask_tokenkeep.stores.models import User
from tests.support.inside import deliver_due
from tests.support.mail_server import Postbox
from tests.support.post_office import MAILBOX, OPENING, Office


def assert_discreet(caplog: pytest.LogCaptureFixture) -> None:
    assert caplog.text
    for secret in ("@example.org", "secret-code", "Ada"):
        assert secret not in caplog.text


def test_after_an_hour_without_a_mail_server_every_letter_arrives_once(office: Office, box: Postbox) -> None:
    user_id = office.add_user(pending_email="new@example.org")
    courier = office.courier()
    box.stop()
    try:
        for kind in ("reset", "password_changed", "token_reused"):
            office.post(kind, None if kind == "reset" else user_id)
        office.post("verify", user_id, "new@example.org")
        for _ in range(240):
            deliver_due(courier, office.clock.now)
            office.clock.pass_by(seconds=15)
        assert len(office.rows()) == 4
        assert office.codes == []  # the 30 minutes of a code begin when its letter leaves
    finally:
        box.start()
    for _ in range(120):
        deliver_due(courier, office.clock.now)
        office.clock.pass_by(seconds=15)
    subjects = [received.message["Subject"] for received in box.received]
    assert len(subjects) == len(set(subjects)) == 4
    assert len(office.codes) == 2
    assert office.rows() == []


def test_without_a_mail_server_letters_to_unknown_addresses_wait_like_all_others(
    office: Office, box: Postbox
) -> None:
    office.add_user()
    courier = office.courier(jitter=lambda: 1.0)
    box.stop()
    try:
        for address in (MAILBOX, "nobody@example.org"):
            office.post("reset", address=address)
        deliver_due(courier, office.clock.now)
        assert [(row.attempts, row.due_at) for row in office.rows()] == [
            (1, OPENING + timedelta(seconds=5))
        ] * 2
    finally:
        box.start()


def test_waits_between_retries_grow_up_to_ten_minutes(office: Office, box: Postbox) -> None:
    box.rcpt = "451 Later"
    office.post("new_browser", office.add_user())
    courier = office.courier(jitter=lambda: 1.0)
    waits = []
    for _ in range(9):
        deliver_due(courier, office.clock.now)
        waits.append((office.rows()[0].due_at - office.clock.now).total_seconds())
        office.clock.now = office.rows()[0].due_at
    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600]


def test_retries_are_spread_in_time(office: Office, box: Postbox) -> None:
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
    user_id = office.add_user(pending_email=MAILBOX)
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


def test_a_letter_to_an_unknown_address_is_given_up_silently(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
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


def test_giving_up_is_recorded_in_the_transaction_that_removes_the_letter(
    office: Office, box: Postbox
) -> None:
    box.rcpt = "550 Never"
    office.post("new_browser", office.add_user())

    def record(sql: OrmSession, kind: str, user: User) -> None:
        raise OperationalError("INSERT", {}, Exception("gone"))

    courier = office.courier(on_given_up=record)
    with pytest.raises(OperationalError):
        deliver_due(courier, office.clock.now)
    assert len(office.rows()) == 1


def test_without_redis_letters_with_codes_wait_and_others_are_sent(office: Office, box: Postbox) -> None:
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


def test_an_unusable_mail_server_shows_in_the_status_whoever_the_letter_is_for(
    office: Office, box: Postbox
) -> None:
    courier = office.courier(jitter=lambda: 1.0)
    office.post("reset", address="nobody@example.org")
    box.stop()
    try:
        deliver_due(courier, office.clock.now)
        assert courier.status() == MailStatus("smtp", 0, None, "ConnectionRefusedError")
    finally:
        box.start()
    office.clock.pass_by(minutes=1)
    box.rcpt = "451 Later"  # one person's trouble is not the server's
    office.post("new_browser", office.add_user())
    deliver_due(courier, office.clock.now)
    assert courier.status() == MailStatus("smtp", 1, 0, None)
