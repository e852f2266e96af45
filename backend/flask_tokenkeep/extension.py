"""`TokenKeep(app)` and `@token_required`: the thin part that knows Flask."""

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import Flask, Response, current_app, g, json, redirect, request
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response as BaseResponse

from flask_tokenkeep import errors
from flask_tokenkeep.apidocs import page as docs
from flask_tokenkeep.apidocs.openapi import Operation, described, document
from flask_tokenkeep.assembly import State, assemble
from flask_tokenkeep.errors import InternalError, Problem, Unavailable
from flask_tokenkeep.http import request as incoming
from flask_tokenkeep.http.parsing import MAX_BODY_BYTES
from flask_tokenkeep.sessions.live import LiveSession
from flask_tokenkeep.settings import AuthSettings

Args = ParamSpec("Args")
Answer = TypeVar("Answer")
VERSION = "0.1.0"
log = logging.getLogger("flask_tokenkeep")


class TokenKeep:
    """Adds the endpoints, the error answers and `@token_required` to an app; values from `app.config`."""

    def __init__(self, app: Flask | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        from flask_tokenkeep.http.account_views import account  # the views use this module's decorator
        from flask_tokenkeep.http.auth_views import api

        given = {name: app.config.get(name.upper()) for name in AuthSettings.model_fields}
        settings = AuthSettings(**{name: value for name, value in given.items() if value is not None})
        app.extensions["tokenkeep"] = assemble(settings, self._clock)
        app.register_blueprint(api)
        app.register_blueprint(account)
        app.add_url_rule("/api/openapi.json", view_func=openapi)
        app.add_url_rule("/api/docs", view_func=show_docs)
        app.add_url_rule("/api/docs.css", view_func=style_docs)
        app.add_url_rule("/.well-known/change-password", view_func=change_password_page)
        app.before_request(_check_size)
        app.after_request(_never_store)
        app.register_error_handler(Problem, _answer_problem)
        app.register_error_handler(HTTPException, _answer_http_error)
        app.register_error_handler(Exception, _answer_trouble)

    def start(self, app: Flask) -> None:
        """Begin to send mail and to forget what is old, in the background of this process. After the fork."""
        state: State = app.extensions["tokenkeep"]
        state.courier.start()
        state.sweeper.start()


def current_state() -> State:
    return cast("State", current_app.extensions["tokenkeep"])


def _session() -> LiveSession:
    return cast("LiveSession", g.tokenkeep_session)


current_session = cast("LiveSession", LocalProxy(_session))


def token_required(view: Callable[Args, Answer]) -> Callable[Args, Answer]:
    """Let only live tokens in; the view finds who it is in `current_session`."""

    @wraps(view)
    def guarded(*args: Args.args, **kwargs: Args.kwargs) -> Answer:
        g.tokenkeep_session = current_state().logins.verify(incoming.bearer_token())
        return view(*args, **kwargs)

    guarded.needs_token = True  # type: ignore[attr-defined]
    return guarded


@described(summary="This document", answers={200: dict[str, Any]}, tag="about")
def openapi() -> dict[str, Any]:
    """OpenAPI 3.1, generated from the code that answers."""
    operations = [
        Operation(method, rule.rule, current_app.view_functions[rule.endpoint])
        for rule in current_app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    return document(
        operations,
        title=current_state().settings.product_name,
        version=VERSION,
        surroundings=current_app.config.get("OPENAPI_SURROUNDINGS"),
    )


def show_docs() -> Response:
    response = Response(docs.page(openapi(), url=current_state().settings.public_url), mimetype="text/html")
    response.headers["Content-Security-Policy"] = docs.CONTENT_SECURITY_POLICY
    return response


def style_docs() -> Response:
    return Response(docs.stylesheet(), mimetype="text/css")


@described(
    summary="Where password managers send people",
    answers={302: None},
    headers={"Location": (str, "The page on which a password is changed")},
    tag="password",
)
def change_password_page() -> BaseResponse:
    """https://w3c.github.io/webappsec-change-password-url/"""
    return redirect("/account#password")


def _check_size() -> None:
    if not request.path.startswith("/api/"):
        return
    request.max_content_length = MAX_BODY_BYTES
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise errors.BodyTooLarge


def _never_store(response: Response) -> Response:
    if response.status_code == 204:
        response.headers.pop("Content-Type", None)
    if request.path.startswith("/api"):
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _answer_problem(problem: Problem) -> Response:
    headers = dict(problem.headers)
    return Response(
        json.dumps(problem.body()), problem.status, headers, content_type="application/problem+json"
    )


def _answer_http_error(error: HTTPException) -> Response | HTTPException:
    match error.code:
        case 404:
            return _answer_problem(errors.NotFound())
        case 405:
            return _answer_problem(errors.MethodNotAllowed(getattr(error, "valid_methods", None) or ()))
        case 413 if isinstance(error, RequestEntityTooLarge):
            return _answer_problem(errors.BodyTooLarge())
    if error.code is None or error.code < 400:
        return error  # a redirect is no error
    return _answer_problem(errors.InvalidJson() if error.code < 500 else InternalError())


def _answer_trouble(error: Exception) -> Response:
    if isinstance(error, RedisError) or _database_is_away(error):
        log.warning("A store is away: %s", type(error).__name__)  # its text may hold the address and more
        return _answer_problem(Unavailable())
    log.error("Unexpected trouble in %s", request.endpoint, exc_info=error)
    return _answer_problem(InternalError())


def _database_is_away(error: Exception) -> bool:
    # IntegrityError where no view expects one: a row went away while we worked, as with an account that is
    # deleted in another tab. Tried again, the request meets what is so now.
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout | IntegrityError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated
