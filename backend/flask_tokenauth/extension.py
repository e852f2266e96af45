"""`TokenAuth(app)` and `@token_required`: the thin part that knows Flask."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import Flask, Response, current_app, g, json, request
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.local import LocalProxy

from flask_tokenauth import errors
from flask_tokenauth.accounts import Accounts
from flask_tokenauth.errors import InternalError, InvalidToken, MissingToken, Problem, Unavailable
from flask_tokenauth.events import Events
from flask_tokenauth.logins import Logins
from flask_tokenauth.openapi import Operation, described, document
from flask_tokenauth.parsing import MAX_BODY_BYTES
from flask_tokenauth.passwords import HashCost, Passwords
from flask_tokenauth.proofs import Proofs
from flask_tokenauth.sessions import Lifetimes, LiveSession, Sessions
from flask_tokenauth.settings import AuthSettings
from flask_tokenauth.stores import Database, open_redis
from flask_tokenauth.tokens import TokenMint

Args = ParamSpec("Args")
Answer = TypeVar("Answer")
VERSION = "0.1.0"
log = logging.getLogger("flask_tokenauth")


@dataclass(frozen=True, slots=True)
class State:
    """What the extension keeps in `app.extensions["tokenauth"]`."""

    settings: AuthSettings
    database: Database
    accounts: Accounts
    logins: Logins


class TokenAuth:
    """Adds the endpoints, the error answers and `@token_required` to an app; values from `app.config`."""

    def __init__(self, app: Flask | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        from flask_tokenauth.views import api  # the views use this module's decorator

        given = {name: app.config.get(name.upper()) for name in AuthSettings.model_fields}
        settings = AuthSettings(**{name: value for name, value in given.items() if value is not None})
        app.extensions["tokenauth"] = _state(settings, self._clock)
        app.register_blueprint(api)
        app.add_url_rule("/api/openapi.json", view_func=openapi)
        app.before_request(_check_size_and_type)
        app.after_request(_never_store)
        app.register_error_handler(Problem, _answer_problem)
        app.register_error_handler(HTTPException, _answer_http_error)
        app.register_error_handler(Exception, _answer_trouble)


def current_state() -> State:
    return cast("State", current_app.extensions["tokenauth"])


def _session() -> LiveSession:
    return cast("LiveSession", g.tokenauth_session)


current_session = cast("LiveSession", LocalProxy(_session))


def token_required(view: Callable[Args, Answer]) -> Callable[Args, Answer]:
    """Let only live tokens in; the view finds who it is in `current_session`."""

    @wraps(view)
    def guarded(*args: Args.args, **kwargs: Args.kwargs) -> Answer:
        g.tokenauth_session = current_state().logins.verify(bearer_token())
        return view(*args, **kwargs)

    guarded.needs_token = True  # type: ignore[attr-defined]
    return guarded


def bearer_token() -> str:
    """The presented token (RFC 6750 §2.1), from this header and nowhere else."""
    header = request.headers.get("Authorization")
    if header is None:
        raise MissingToken
    if "," in header:  # Two headers, joined on the way: which one did the proxy in front check?
        raise InvalidToken
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise MissingToken
    return token


@described(summary="This document", answers={200: dict[str, Any]}, tag="about")
def openapi() -> dict[str, Any]:
    """OpenAPI 3.1, generated from the code that answers."""
    operations = [
        Operation(method, rule.rule, current_app.view_functions[rule.endpoint])
        for rule in current_app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]
    settings = current_state().settings
    return document(operations, title=settings.product_name, version=VERSION, server=settings.public_url)


def _state(settings: AuthSettings, clock: Callable[[], float]) -> State:
    """Every part and what it is made of, in one place."""
    database, redis = Database(settings.database_url), open_redis(settings.redis_url)
    proofs = Proofs(redis=redis, public_url=settings.public_url, clock=clock)
    events = Events(clock=clock)
    logins = Logins(
        database=database,
        sessions=Sessions(redis=redis, grace_seconds=settings.auth_grace_seconds),
        mint=_mint(settings),
        proofs=proofs,
        events=events,
        bearer=_bearer_lifetimes(settings),
        bound=_bound_lifetimes(settings),
        max_sessions=settings.auth_max_sessions,
        clock=clock,
    )
    accounts = Accounts(
        database=database, logins=logins, passwords=_passwords(settings), proofs=proofs, clock=clock
    )
    return State(settings, database, accounts, logins)


def _mint(settings: AuthSettings) -> TokenMint:
    fallbacks = [key.get_secret_value() for key in settings.secret_key_fallbacks]
    return TokenMint(settings.secret_key.get_secret_value(), fallbacks)


def _passwords(settings: AuthSettings) -> Passwords:
    cost = HashCost(
        settings.auth_argon2_memory_kib, settings.auth_argon2_time, settings.auth_argon2_parallelism
    )
    return Passwords(
        cost=cost,
        min_length=settings.auth_password_min_length,
        concurrency=settings.auth_hash_concurrency,
        product_name=settings.product_name,
    )


def _bearer_lifetimes(settings: AuthSettings) -> Lifetimes:
    life = settings.auth_bearer_ttl_seconds
    return Lifetimes(token=life, keep=life, max_age=settings.auth_bearer_max_age_seconds, bound=False)


def _bound_lifetimes(settings: AuthSettings) -> Lifetimes:
    return Lifetimes(
        token=settings.auth_token_ttl_seconds,
        keep=settings.auth_bound_idle_seconds,
        max_age=settings.auth_bound_max_age_seconds,
        bound=True,
    )


def _check_size_and_type() -> None:
    if not request.path.startswith("/api/"):
        return
    request.max_content_length = MAX_BODY_BYTES
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise errors.BodyTooLarge
    described_as = getattr(current_app.view_functions.get(request.endpoint or ""), "description", None)
    if described_as is not None and described_as.body is not None and request.mimetype != "application/json":
        raise errors.UnsupportedMediaType


def _never_store(response: Response) -> Response:
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
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated
