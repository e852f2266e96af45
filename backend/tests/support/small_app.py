"""The extension in small apps without a server: for rules to which real HTTP would add nothing but time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from flask_tokenkeep import TokenKeep
from tests.support.app_process import CHEAP_HASHES, WIDE_LIMITS
from tests.support.inside import database_of

PUBLIC_URL = "http://localhost"
SECRET_KEY = "x" * 32


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def worker(redis_url: str, database_url: str, clock: Clock, **config: Any) -> Iterator[Flask]:
    """An app with connections of its own, as each worker process has them."""
    app = Flask("test")
    app.config.from_mapping(
        {
            "SECRET_KEY": SECRET_KEY,
            "REDIS_URL": redis_url,
            "DATABASE_URL": database_url,
            "PUBLIC_URL": PUBLIC_URL,
            **CHEAP_HASHES,
            **WIDE_LIMITS,
            **config,
        }
    )
    TokenKeep(app, clock=clock)
    try:
        yield app
    finally:
        database_of(app).engine.dispose()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
