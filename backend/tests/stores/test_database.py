"""What the database's errors tell."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from flask_tokenkeep.stores.database import Database


def test_an_error_of_the_database_shows_no_values(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    with pytest.raises(DBAPIError) as raised, database.write() as sql:
        sql.execute(text("INSERT INTO nowhere VALUES (:value)"), {"value": "a secret"})
    database.engine.dispose()
    assert "a secret" not in str(raised.value)
