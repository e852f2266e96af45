"""Register, log in, refresh, log out."""

from flask import Blueprint

from flask_tokenkeep.apidocs.described import described
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
from flask_tokenkeep.http.answers import NO_CONTENT, Json, login_out, shown, token_out, user_out
from flask_tokenkeep.http.guard import current_parts
from flask_tokenkeep.http.request import bearer_token, client, read_body
from flask_tokenkeep.http.schemas import Credentials, LogInOut, RegisteredOut, Registration, TokenOut
from flask_tokenkeep.people.profile import Profile

auth_views = Blueprint("tokenkeep_auth", __name__, url_prefix="/api")


@auth_views.post("/register")
@described(
    summary="Make an account",
    body=Registration,
    answers={201: RegisteredOut},
    problems=(UsernameTaken, RateLimited),
)
def register() -> tuple[Json, int]:
    body = read_body(Registration)
    user = current_parts().registration.register(client(), body.username, body.password, body.email)
    return shown(RegisteredOut(user=user_out(Profile.of(user)))), 201


@auth_views.post("/login")
@described(
    summary="Begin a session",
    body=Credentials,
    answers={200: LogInOut},
    problems=(InvalidCredentials, RateLimited),
    proof="optional",
)
def login() -> Json:
    body = read_body(Credentials)
    return shown(login_out(current_parts().log_in.log_in(client(), body.username, body.password)))


@auth_views.post("/refresh")
@described(
    summary="Replace the token by the next one",
    answers={200: TokenOut},
    problems=(MissingToken, InvalidToken, InvalidDpopProof, SessionEnded, TokenReused),
    proof="if_bound",
)
def refresh() -> Json:
    token = bearer_token()
    return shown(token_out(current_parts().sessions.refresh(client(), token)))


@auth_views.post("/logout")
@described(summary="End the session", answers={204: None}, problems=(MissingToken, InvalidToken))
def logout() -> tuple[str, int]:
    current_parts().sessions.log_out(bearer_token())
    return NO_CONTENT
