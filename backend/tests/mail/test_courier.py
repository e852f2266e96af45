"""Who gets which letter, and how it leaves."""

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from flask_tokenkeep.mail.transport import Send
from flask_tokenkeep.stores.models import User
from tests.support.inside import deliver_due
from tests.support.mail_server import Postbox
from tests.support.post_office import MAILBOX, OPENING, Office
from tests.support.waiting import DEADLINE_SECONDS


def test_a_reset_goes_to_the_stored_address_whatever_was_typed(office: Office, box: Postbox) -> None:
    user_id = office.add_user(email="Ada@example.org")
    office.post("reset", address="ADA@EXAMPLE.ORG")  # the same key; a host that minds case: another mailbox
    assert office.deliver() == 1
    (received,) = box.received
    assert received.recipients == ["Ada@example.org"]
    assert "https://books.example/reset-password#code=secret-code-1" in received.text
    assert office.codes == [("reset", user_id, "Ada@example.org")]
    assert office.rows() == []


def test_a_reset_for_an_unknown_disabled_or_unconfirmed_address_is_dropped_silently(
    office: Office, box: Postbox
) -> None:
    office.add_user("Bob", "bob@example.org", disabled_at=OPENING)
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


def test_no_code_is_made_for_an_account_deleted_while_its_letter_is_written(office: Office) -> None:
    user_id = office.add_user()
    office.post("reset")
    connected, deleted = threading.Event(), threading.Event()

    class Pausing:
        name = "pausing"

        @contextmanager
        def open(self) -> Iterator[Send]:
            connected.set()
            assert deleted.wait(DEADLINE_SECONDS)
            with office.transport().open() as send:
                yield send

    courier = office.courier(transport=Pausing())
    with ThreadPoolExecutor(1) as pool:
        delivery = pool.submit(deliver_due, courier, office.clock.now)
        assert connected.wait(DEADLINE_SECONDS)
        with office.database.write() as sql:
            sql.delete(sql.get_one(User, user_id))
            sql.flush()
            deleted.set()
            office.code_made.wait(0.5)  # it would be, if the letter were written now
        assert delivery.result(DEADLINE_SECONDS) == 0
    assert office.codes == []


@pytest.mark.parametrize(
    "change", [{"pending_email": None}, {"pending_email": "c@example.org"}, {"disabled_at": OPENING}]
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
    assert box.received[0].recipients == [MAILBOX]
    assert "When: 23 November 2026, 14:28 UTC\nFrom: 203.0.113.7" in box.received[0].text
    assert office.codes == []


def test_each_try_has_a_new_code_and_a_new_message_id(office: Office, box: Postbox) -> None:
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


def test_a_notice_that_is_sent_again_keeps_its_message_id(office: Office, box: Postbox) -> None:
    office.post("new_browser", office.add_user())
    row = office.rows()[0]
    office.outbox.claim(office.clock.now)
    office.clock.pass_by(hours=1)
    office.deliver()
    assert box.received[0].message["Message-ID"] == f"<{row.id}@books.example>"


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
