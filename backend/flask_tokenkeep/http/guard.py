"""Who may call a view: `@token_required`, `@token_optional`, and who it is, in `current_session`."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import current_app, g, request
from werkzeug.local import LocalProxy

from flask_tokenkeep.assembly import Parts
from flask_tokenkeep.http.request import bearer_token
from flask_tokenkeep.people.profile import Profile
from flask_tokenkeep.sessions.live import LiveSession

Args = ParamSpec("Args")
Answer = TypeVar("Answer")
EXTENSION = "tokenkeep"  # the name in app.extensions


def current_parts() -> Parts:
    """The parts that belong to the app which answers just now."""
    return cast("Parts", current_app.extensions[EXTENSION])


def token_required(view: Callable[Args, Answer]) -> Callable[Args, Answer]:
    """Let only live tokens in; the view finds out who it is from `current_session` and `current_user`.

    Else the answer is a 401 with the code `missing_token` or `invalid_token`."""

    @wraps(view)
    def guarded(*args: Args.args, **kwargs: Args.kwargs) -> Answer:
        g.tokenkeep_session = current_parts().sessions.verify(bearer_token())
        return view(*args, **kwargs)

    guarded.needs_token = True  # type: ignore[attr-defined]
    return guarded


def token_optional(view: Callable[Args, Answer]) -> Callable[Args, Answer]:
    """Let everybody in: who presents no token is nobody, so `current_session` is false. A token that is
    presented must be a live one, or the answer is 401: whoever believes to be logged in is told."""
    required = token_required(view)

    @wraps(view)
    def guarded(*args: Args.args, **kwargs: Args.kwargs) -> Answer:
        guard = required if "Authorization" in request.headers else view
        return guard(*args, **kwargs)

    return guarded


def _find_session() -> LiveSession:
    if "tokenkeep_session" not in g:
        raise RuntimeError("There is no session here: put @token_required on the view.")
    return cast("LiveSession", g.tokenkeep_session)


def _find_user() -> Profile:
    if "tokenkeep_user" not in g:
        g.tokenkeep_user = Profile.of(current_parts().profiles.demand_user(_find_session()))
    return cast("Profile", g.tokenkeep_user)


current_session = cast("LiveSession", LocalProxy(_find_session))
"""The session of the token that was presented: `user_id`, a UUID, and `id`, which is secret. False outside
of a view with `@token_required`, where asking it for anything is a RuntimeError."""

current_user = cast("Profile", LocalProxy(_find_user))
"""Whose token it is: `id`, `username`, `email`, `email_verified`, `created_at`. Asks SQL once a request, when
it is used. False where `current_session` is."""
