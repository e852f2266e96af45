"""One small function per endpoint: parse, call, shape."""

from typing import Any

from flask import Blueprint, request

from flask_tokenauth.accounts import Accounts
from flask_tokenauth.clients import Client, client
from flask_tokenauth.errors import (
    InvalidCredentials,
    InvalidDpopProof,
    InvalidJson,
    InvalidToken,
    MissingToken,
    SessionEnded,
    TokenReused,
    UsernameTaken,
    ValidationFailed,
)
from flask_tokenauth.extension import bearer_token, current_session, current_state, token_required
from flask_tokenauth.logins import Grant, LogIn, Logins
from flask_tokenauth.models import User
from flask_tokenauth.openapi import described
from flask_tokenauth.parsing import parse
from flask_tokenauth.proofs import Presented
from flask_tokenauth.schemas import (
    ConfigOut,
    Credentials,
    LogInOut,
    RegisteredOut,
    Registration,
    SessionRef,
    TokenOut,
    UserOut,
)

Json = dict[str, Any]
api = Blueprint("tokenauth", __name__, url_prefix="/api")
_BODY_PROBLEMS = (InvalidJson, ValidationFailed)


@api.post("/register")
@described(
    summary="Make an account",
    body=Registration,
    answers={201: RegisteredOut},
    problems=(*_BODY_PROBLEMS, UsernameTaken),
)
def register() -> tuple[Json, int]:
    body = parse(request.get_data(), Registration)
    user = _accounts().register(body.username, body.password, body.email)
    return _shown(RegisteredOut(user=_user_out(user))), 201


@api.post("/login")
@described(
    summary="Begin a session",
    body=Credentials,
    answers={200: LogInOut},
    problems=(*_BODY_PROBLEMS, InvalidCredentials, InvalidDpopProof),
)
def login() -> Json:
    body = parse(request.get_data(), Credentials)
    return _login_out(_accounts().log_in(body.username, body.password, _client(), _presented()))


@api.post("/refresh")
@described(
    summary="Replace the token by the next one",
    answers={200: TokenOut},
    problems=(MissingToken, InvalidToken, InvalidDpopProof, SessionEnded, TokenReused),
)
def refresh() -> Json:
    return _shown(_token_out(_logins().refresh(bearer_token(), _presented(), _client())))


@api.post("/logout")
@described(summary="End the session", answers={204: None}, problems=(MissingToken, InvalidToken))
def logout() -> tuple[str, int]:
    _logins().log_out(bearer_token())
    return "", 204


@api.get("/me")
@described(summary="Who is logged in", answers={200: UserOut}, tag="account")
@token_required
def me() -> Json:
    return _shown(_user_out(_accounts().user(current_session.user_id)))


@api.get("/config")
@described(summary="What a page must know before anyone is logged in", answers={200: ConfigOut}, tag="about")
def config() -> Json:
    settings = current_state().settings
    return _shown(
        ConfigOut(public_url=settings.public_url, password_min_length=settings.auth_password_min_length)
    )


def _accounts() -> Accounts:
    return current_state().accounts


def _logins() -> Logins:
    return current_state().logins


def _client() -> Client:
    return client(request.remote_addr, request.user_agent.string)


def _presented() -> Presented:
    return Presented(request.headers.get("DPoP"), request.method, request.root_path + request.path)


def _shown(model: Any) -> Json:
    shown: Json = model.model_dump(mode="json")
    return shown


def _user_out(user: User) -> UserOut:
    return UserOut(
        id=user.id,
        username=user.username,
        email=user.email or user.pending_email,
        email_verified=user.email is not None,
        created_at=user.created_at,
    )


def _token_out(grant: Grant) -> TokenOut:
    return TokenOut(token=grant.token, expires_in=grant.expires_in)


def _login_out(begun: LogIn) -> Json:
    return _shown(
        LogInOut(
            token=begun.grant.token,
            expires_in=begun.grant.expires_in,
            session=SessionRef(id=begun.entry.id, bound=begun.entry.thumbprint is not None),
            user=_user_out(begun.user),
        )
    )
