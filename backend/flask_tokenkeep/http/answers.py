"""What goes back: values as the JSON of the contract, and errors as problems."""

import logging
from typing import Any

from flask import Response, json, request
from redis.exceptions import RedisError
from sqlalchemy.exc import DataError, DBAPIError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from flask_tokenkeep import errors
from flask_tokenkeep.errors import Problem, store_trouble
from flask_tokenkeep.http.schemas import LogInOut, SessionRef, TokenOut, UserOut
from flask_tokenkeep.people.profile import Profile
from flask_tokenkeep.sessions.sessions import Grant, NewSession

log = logging.getLogger("flask_tokenkeep")
Json = dict[str, Any]
NO_CONTENT = ("", 204)
# No privilege, no such column or table: of the SQL states for a wrong statement these tell of a database that
# isn't prepared yet (migrations, grants).
HEALING = frozenset({"42501", "42703", "42P01"})


def shown(model: Any) -> Json:
    """A model of schemas.py as JSON."""
    shown: Json = model.model_dump(mode="json")
    return shown


def user_out(profile: Profile) -> UserOut:
    return UserOut(
        id=profile.id,  # first of all the user is found, if nobody has asked for `current_user` before
        username=profile.username,
        email=profile.email,
        email_verified=profile.email_verified,
        created_at=profile.created_at,
    )


def token_out(grant: Grant) -> TokenOut:
    return TokenOut(token=grant.token, expires_in=grant.expires_in)


def login_out(begun: NewSession) -> LogInOut:
    return LogInOut(
        token=begun.grant.token,
        expires_in=begun.grant.expires_in,
        session=SessionRef(id=begun.entry.id, bound=begun.entry.thumbprint is not None),
        user=user_out(Profile.of(begun.user)),
    )


# -- errors ---------------------------------------------------------------------------------


def problem_answer(problem: Problem) -> Response:
    """The problem as the wire has it (RFC 9457)."""
    headers = dict(problem.headers)
    return Response(
        json.dumps(problem.body()), problem.status, headers, content_type="application/problem+json"
    )


def http_error_answer(error: HTTPException) -> Response | HTTPException:
    """The problem for what Flask refused by itself; a redirect, which is no error, stays what it is."""
    match error.code:
        case 404:
            return problem_answer(errors.NotFound())
        case 405:
            return problem_answer(errors.MethodNotAllowed(getattr(error, "valid_methods", None) or ()))
        case 413 if isinstance(error, RequestEntityTooLarge):
            return problem_answer(errors.BodyTooLarge())
        case 500:
            return problem_answer(errors.InternalError())
        case 503:
            return problem_answer(errors.Unavailable())
    return error if error.code is None or error.code < 400 else _named(error, error.code)


def _named(error: HTTPException, status: int) -> Response:
    """A problem by the name that HTTP has for it, with its headers: 409 is `conflict`."""
    code = error.name.lower().replace(" ", "_")
    said = {"title": error.name, "status": status, "detail": error.description or error.name, "code": code}
    headers = dict(error.get_headers())
    return Response(
        json.dumps({"type": f"/api/docs#{code}"} | said),
        status,
        headers | {"Content-Type": "application/problem+json"},
    )


def trouble_answer(error: Exception) -> Response:
    """503 for a store that is away, 500 for a mistake of ours."""
    if isinstance(error, RedisError | PoolTimeout) or (isinstance(error, DBAPIError) and not _is_ours(error)):
        log.warning("A store can't be used: %s", store_trouble(error))
        return problem_answer(errors.Unavailable())
    log.error("Unexpected trouble in %s", request.endpoint, exc_info=error)
    return problem_answer(errors.InternalError())


def _is_ours(error: DBAPIError) -> bool:
    """Whether it is the statement that was wrong, whatever state the database is in.

    IntegrityError isn't, where no view expects one: a row went away while we worked, as with an account that
    is deleted in another tab. Tried again, the request meets what is so now."""
    if not isinstance(error, ProgrammingError | DataError):
        return False
    return getattr(error.orig, "sqlstate", None) not in HEALING
