"""Register, log in, refresh, log out: one small function per endpoint, which parses, calls and shapes."""

from typing import Any

from flask import Blueprint

from flask_tokenkeep.apidocs.openapi import described
from flask_tokenkeep.errors import (
    InvalidCredentials,
    InvalidDpopProof,
    InvalidToken,
    MissingToken,
    RateLimited,
    SessionEnded,
    TokenReused,
    UsernameTaken,
)
from flask_tokenkeep.extension import current_state
from flask_tokenkeep.http import request as incoming
from flask_tokenkeep.http.schemas import (
    ConfigOut,
    Credentials,
    LogInOut,
    RegisteredOut,
    Registration,
    SessionRef,
    TokenOut,
    UserOut,
)
from flask_tokenkeep.sessions.sessions import Grant, LogIn
from flask_tokenkeep.stores.models import User

Json = dict[str, Any]
api = Blueprint("tokenkeep", __name__, url_prefix="/api")


@api.post("/register")
@described(
    summary="Make an account",
    body=Registration,
    answers={201: RegisteredOut},
    problems=(UsernameTaken, RateLimited),
)
def register() -> tuple[Json, int]:
    body = incoming.body(Registration)
    accounts = current_state().accounts
    user = accounts.register(body.username, body.password, body.email, incoming.client())
    return shown(RegisteredOut(user=user_out(user))), 201


@api.post("/login")
@described(
    summary="Begin a session",
    body=Credentials,
    answers={200: LogInOut},
    problems=(InvalidCredentials, RateLimited),
    proof="optional",
)
def login() -> Json:
    body = incoming.body(Credentials)
    accounts = current_state().accounts
    begun = accounts.log_in(body.username, body.password, incoming.client(), incoming.presented())
    return login_out(begun)


@api.post("/refresh")
@described(
    summary="Replace the token by the next one",
    answers={200: TokenOut},
    problems=(MissingToken, InvalidToken, InvalidDpopProof, SessionEnded, TokenReused),
    proof="if_bound",
)
def refresh() -> Json:
    token = incoming.bearer_token()
    return shown(token_out(current_state().logins.refresh(token, incoming.presented(), incoming.client())))


@api.post("/logout")
@described(summary="End the session", answers={204: None}, problems=(MissingToken, InvalidToken))
def logout() -> tuple[str, int]:
    current_state().logins.log_out(incoming.bearer_token())
    return "", 204


@api.get("/config")
@described(summary="What a page must know before anyone is logged in", answers={200: ConfigOut}, tag="about")
def config() -> Json:
    settings = current_state().settings
    return shown(
        ConfigOut(public_url=settings.public_url, password_min_length=settings.auth_password_min_length)
    )


def shown(model: Any) -> Json:
    shown: Json = model.model_dump(mode="json")
    return shown


def user_out(user: User) -> UserOut:
    return UserOut(
        id=user.id,
        username=user.username,
        email=user.email or user.pending_email,
        email_verified=user.email is not None,
        created_at=user.created_at,
    )


def token_out(grant: Grant) -> TokenOut:
    return TokenOut(token=grant.token, expires_in=grant.expires_in)


def login_out(begun: LogIn) -> Json:
    return shown(
        LogInOut(
            token=begun.grant.token,
            expires_in=begun.grant.expires_in,
            session=SessionRef(id=begun.entry.id, bound=begun.entry.thumbprint is not None),
            user=user_out(begun.user),
        )
    )
