"""The tables: made at the start, or as soon as SQL answers."""

import logging
import threading
import time
from functools import partial

from sqlalchemy.exc import DBAPIError, ProgrammingError

from flask_tokenkeep import migrate

MIGRATE_PAUSE_SECONDS = 1.0

log = logging.getLogger(__name__)


class StartFailed(Exception):
    """The text is one line, for people."""


def prepare_tables(database_url: str) -> None:
    """Make the tables, now or as soon as SQL answers: until then what needs it is 503, and the rest works.

    Raises StartFailed or ValueError, with one line, for what can't heal."""
    if trouble := _migration_trouble(database_url):
        retry = partial(_migrate_when_it_answers, database_url, trouble)
        threading.Thread(target=retry, name="migrate", daemon=True).start()


def _migrate_when_it_answers(database_url: str, trouble: str | None) -> None:
    said = None
    while trouble:
        if trouble != said:
            log.warning("The tables can't be made yet (%s); trying again", trouble)
        said = trouble
        time.sleep(MIGRATE_PAUSE_SECONDS)
        try:
            trouble = _migration_trouble(database_url)
        except (StartFailed, ValueError) as error:  # we serve already, and the other side may be mended
            trouble = str(error)


def _migration_trouble(database_url: str) -> str | None:
    """Why the tables can't be made just now; None once they are."""
    try:
        migrate(database_url)
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        if isinstance(error, ProgrammingError):
            raise StartFailed(f"DATABASE_URL: the tables can't be made ({reason})") from None
        return reason
    return None
