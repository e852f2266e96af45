"""An outbox with a real mail server, on both databases; and letters without either."""

from collections.abc import Iterator

import pytest

from flask_tokenkeep.mail.letters import Letters, parse_sender
from tests.support.mail_server import Postbox
from tests.support.post_office import Office


@pytest.fixture
def box() -> Iterator[Postbox]:
    with Postbox() as box:
        yield box


@pytest.fixture
def office(database_url: str, box: Postbox) -> Iterator[Office]:
    office = Office(database_url, box.port)
    yield office
    for database in office.databases:
        database.engine.dispose()


@pytest.fixture
def letters() -> Letters:
    return Letters(
        product_name="Bookshelf",
        public_url="https://books.example",
        sender=parse_sender("Bookshelf <no-reply@books.example>"),
        reset_seconds=1800,
        verify_seconds=86_400,
    )
