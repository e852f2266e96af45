"""The extension in small apps without a server: for rules to which real HTTP would add nothing but time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from flask_tokenkeep import TokenKeep
from tests.support.cheap_settings import CHEAP_HASHES, WIDE_LIMITS
from tests.support.inside import database_of
from tests.support.still_clock import Clock

PUBLIC_URL = "http://localhost"
SECRET_KEY = "x" * 32


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
            "PRODUCT_NAME": "Bookshelf",
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
