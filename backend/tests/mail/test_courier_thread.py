"""The courier in the background of a process."""

import pytest

from flask_tokenkeep import migrate
from tests.support.mail_server import Postbox
from tests.support.post_office import Office
from tests.support.waiting import wait_until, wait_until_thread_ends


def test_the_thread_sends_what_this_process_posts(office: Office, box: Postbox) -> None:
    user_id = office.add_user()
    courier = office.courier(office.outbox)
    courier.loop.start()
    try:
        office.post("new_browser", user_id)
        wait_until(lambda: box.received, "the letter")
        wait_until(lambda: not office.rows(), "its removal")
    finally:
        courier.stop()
    wait_until_thread_ends("courier")


def test_the_thread_sends_what_other_processes_post(office: Office, box: Postbox) -> None:
    user_id = office.add_user()
    courier = office.courier()  # its outbox isn't told of the post
    courier.loop.start()
    try:
        office.post("new_browser", user_id)
        wait_until(lambda: box.received, "the letter")
    finally:
        courier.stop()


def test_the_thread_outlives_a_database_that_is_away(
    empty_database_url: str, box: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    office = Office(empty_database_url, box.port)  # no tables yet: every question fails
    courier = office.courier(office.outbox)
    courier.loop.start()
    try:
        wait_until(lambda: "The outbox can't be read" in caplog.text, "trouble")
        migrate(empty_database_url)
        office.post("new_browser", office.add_user())
        wait_until(lambda: box.received, "the letter")
    finally:
        courier.stop()
        for database in office.databases:
            database.engine.dispose()
