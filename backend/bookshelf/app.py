"""The example app: the extension, the catalogue, the pages."""

from flask import Flask

from bookshelf.books import books_blueprint
from bookshelf.catalogue import Catalogue
from bookshelf.environ import BadRequest, HeadersTooLarge
from bookshelf.gateway import BodyTooSlow
from bookshelf.health import health_blueprint
from bookshelf.pages import serve_pages
from bookshelf.settings import Settings
from bookshelf.web import HostNotAllowed, protect
from flask_tokenkeep import TokenKeep

TAGS = {"books": "Books", "health": "Health"}


def create_app(settings: Settings, *, background: bool = True) -> Flask:
    """Called in every worker process, so that each makes connections and threads of its own."""
    app = Flask("bookshelf", static_folder=None)
    app.config.from_mapping({name.upper(): value for name, value in settings})
    auth = TokenKeep(app)
    # What the gateway and the check of host names answer before a view is asked.
    auth.describe_surroundings(
        app, problems=(BadRequest, HeadersTooLarge, HostNotAllowed), body_problems=(BodyTooSlow,), tags=TAGS
    )
    catalogue = Catalogue(
        redis=auth.redis(app), url=settings.books_url, ttl_seconds=settings.books_ttl_seconds
    )
    if background:
        catalogue.start()
        auth.start(app)
    app.register_blueprint(books_blueprint(catalogue))
    app.register_blueprint(health_blueprint(auth, catalogue))
    serve_pages(app, settings.dist_dir)
    protect(app, settings)
    return app
