"""The example app: the extension, the catalogue, the pages."""

import time
from collections.abc import Callable

from flask import Flask

from bookshelf.books import books_blueprint
from bookshelf.catalogue import Catalogue
from bookshelf.gateway import BadRequest, BodyTooSlow
from bookshelf.health import health_blueprint
from bookshelf.pages import serve_pages
from bookshelf.settings import Settings
from bookshelf.web import protect
from flask_tokenkeep import TokenKeep
from flask_tokenkeep.apidocs.openapi import Surroundings
from flask_tokenkeep.errors import HostNotAllowed
from flask_tokenkeep.stores.database import Database, open_redis

# What the gateway and the check of host names answer before a view is asked.
SURROUNDINGS = Surroundings(
    problems=(BadRequest, HostNotAllowed),
    body_problems=(BodyTooSlow,),
    tags={"books": "Books", "health": "Health"},
)


def create_app(
    settings: Settings, *, background: bool = True, clock: Callable[[], float] = time.time
) -> Flask:
    """Called in every worker process, so that each makes connections and threads of its own."""
    app = Flask("bookshelf", static_folder=None)
    app.config.from_mapping({name.upper(): value for name, value in settings})
    app.config["OPENAPI_SURROUNDINGS"] = SURROUNDINGS
    auth = TokenKeep(app)
    redis = open_redis(settings.redis_url)
    catalogue = Catalogue(
        redis=redis, url=settings.books_url, ttl_seconds=settings.books_ttl_seconds, clock=clock
    )
    if background:
        catalogue.start()
        auth.start(app)
    app.register_blueprint(books_blueprint(catalogue))
    app.register_blueprint(
        health_blueprint(
            redis=redis,
            database=Database(settings.database_url),
            catalogue=catalogue,
            courier=app.extensions["tokenkeep"].courier,
        )
    )
    serve_pages(app, settings.dist_dir)
    protect(app, settings)
    return app
