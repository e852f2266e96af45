"""The books as they are served, with all that they depend on, in one process."""

from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bookshelf.catalogue import Catalogue
from flask_tokenkeep import TokenKeep, migrate
from tests.support.book_source import Upstream
from tests.support.cheap_settings import CHEAP_HASHES
from tests.support.private_redis import PrivateRedis
from tests.support.still_clock import Clock


@dataclass
class Site:
    """The app with its catalogue, somebody who is logged in, and what the catalogue depends on."""

    client: FlaskClient
    token: str
    catalogue: Catalogue
    clock: Clock
    upstream: Upstream
    catalogue_redis: PrivateRedis

    def get(self, path: str, **headers: str) -> TestResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers={"Authorization": f"Bearer {self.token}"} | sent)


def new_app(redis_url: str, database_url: str) -> Flask:
    app = Flask("books")
    app.config.from_mapping(
        SECRET_KEY="k" * 40, SECRET_KEY_FALLBACKS=(), REDIS_URL=redis_url, DATABASE_URL=database_url, PUBLIC_URL="http://localhost",
        **{name: int(value) for name, value in CHEAP_HASHES.items()},
    )  # fmt: skip
    migrate(database_url)
    TokenKeep(app)
    return app
