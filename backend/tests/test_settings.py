"""What the extension takes from the configuration of an app."""

import pytest
from pydantic import ValidationError

from flask_tokenkeep import TokenKeep

NEEDED = {
    "secret_key": "x" * 32,
    "redis_url": "redis://localhost",
    "database_url": "sqlite:///app.db",
    "public_url": "http://localhost",
}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@h/db",
        "postgresql+psycopg://u@h/db",
        "postgres://u:p%40ss@h/db?sslmode=require",
        "postgresql://u@h1:5432,h2:5433/db?target_session_attrs=read-write",
        "postgresql:///db?host=/var/run/postgresql",
    ],
)
def test_every_form_of_a_postgresql_address_is_taken(url: str) -> None:
    assert TokenKeep.Settings(**NEEDED | {"database_url": url}).database_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "mysql://u@h/db"),
        ("redis_url", "http://localhost"),
        ("auth_limit_register", "ten/hour"),
        ("smtp_url", "http://mail.example"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TokenKeep.Settings(**NEEDED | {name: value})
    assert refused.value.errors()[0]["loc"] == (name,)
