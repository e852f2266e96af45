"""The document, and the whole app but for its server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis

from bookshelf.contract import build, contract
from flask_tokenkeep import migrate
from tests.support.cheap_settings import CHEAP_HASHES, WIDE_LIMITS
from tests.support.inside import database_of
from tests.support.private_redis import PrivateRedis


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(contract(build()))


@pytest.fixture
def app(redis: Redis, redis_server: PrivateRedis, tmp_path: Path) -> Iterator[Flask]:
    """The whole app, but for its server."""
    url = f"sqlite:///{tmp_path}/db"
    migrate(url)
    limits = {name.lower(): value for name, value in (CHEAP_HASHES | WIDE_LIMITS).items()}
    app = build(redis_url=redis_server.url, database_url=url, **limits)
    yield app
    database_of(app).engine.dispose()
