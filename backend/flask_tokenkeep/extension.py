"""`TokenKeep(app)`: puts the endpoints, the guard and the answers to errors into a Flask app."""

import atexit
import time
from collections.abc import Mapping
from typing import TypeAlias, cast

from flask import Flask, Response, request
from redis import Redis
from werkzeug.exceptions import HTTPException

from flask_tokenkeep.apidocs.described import Surroundings
from flask_tokenkeep.assembly import Parts, assemble
from flask_tokenkeep.budget import begin_request, end_request
from flask_tokenkeep.clock import Clock
from flask_tokenkeep.errors import BodyTooLarge, Problem
from flask_tokenkeep.http.about_views import SURROUNDINGS, about_views
from flask_tokenkeep.http.account_views import account_views
from flask_tokenkeep.http.answers import http_error_answer, problem_answer, trouble_answer
from flask_tokenkeep.http.auth_views import auth_views
from flask_tokenkeep.http.email_views import email_views
from flask_tokenkeep.http.guard import EXTENSION
from flask_tokenkeep.http.parsing import MAX_BODY_BYTES
from flask_tokenkeep.http.password_views import password_views
from flask_tokenkeep.http.session_views import session_views
from flask_tokenkeep.readiness import Readiness, StoreChecks
from flask_tokenkeep.settings import AuthSettings

STORE_CHECKS = "tokenkeep_store_checks"  # the name in app.extensions
VIEWS = (auth_views, account_views, session_views, password_views, email_views, about_views)


class TokenKeep:
    """The extension; one instance can serve several apps."""

    Settings: TypeAlias = AuthSettings
    """What it takes from `app.config`. An app with typed settings of its own can build on this model."""

    def __init__(self, app: Flask | None = None, *, clock: Clock = time.time) -> None:
        """`clock` answers Unix seconds; tests pass one that they can move."""
        self._clock = clock
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Add the endpoints to this app, by the values in `app.config`. Connects to nothing.

        Raises pydantic's ValidationError, a ValueError, for values that can't be used."""
        given = {name: app.config.get(name.upper()) for name in AuthSettings.model_fields}
        settings = AuthSettings(**{name: value for name, value in given.items() if value is not None})
        app.extensions[EXTENSION] = assemble(settings, self._clock, app)
        app.extensions[STORE_CHECKS] = StoreChecks(_parts(app))
        for views in VIEWS:
            app.register_blueprint(views)
        app.before_request(begin_request)
        app.teardown_request(end_request)
        app.before_request(_check_size)
        app.after_request(_finish)
        app.register_error_handler(Problem, problem_answer)
        app.register_error_handler(HTTPException, http_error_answer)
        app.register_error_handler(Exception, trouble_answer)

    def start(self, app: Flask) -> None:
        """Begin to send mail and to forget what is old, in the background of this process. After the fork."""
        parts = _parts(app)
        parts.courier.loop.start()
        parts.sweeper.loop.start()
        atexit.register(parts.courier.stop)

    def redis(self, app: Flask) -> Redis:
        """The client of this app's Redis, for what else the app keeps there. Its keys must not begin with
        `ta:`. It answers bytes."""
        return _parts(app).tools.redis

    def readiness(self, app: Flask) -> Readiness:
        """Whether the stores of this app can be written just now, and how its mail is doing. Tries it at most
        once a second, and answers within two."""
        checks: StoreChecks = app.extensions[STORE_CHECKS]
        return checks.readiness()

    def describe_surroundings(
        self,
        app: Flask,
        *,
        problems: tuple[type[Problem], ...] = (),
        body_problems: tuple[type[Problem], ...] = (),
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """For the OpenAPI document: the problems with which something in front of the views answers in their
        place, to any request or to one with a body; and what the app's own tags are called."""
        app.extensions[SURROUNDINGS] = Surroundings(problems, body_problems, tags or {})


def _parts(app: Flask) -> Parts:
    return cast("Parts", app.extensions[EXTENSION])


def _check_size() -> None:
    if not request.path.startswith("/api/"):
        return
    request.max_content_length = MAX_BODY_BYTES
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise BodyTooLarge


def _finish(response: Response) -> Response:
    if response.status_code == 204:
        response.headers.pop("Content-Type", None)
    if request.path.startswith("/api"):
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
