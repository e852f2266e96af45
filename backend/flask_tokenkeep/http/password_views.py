"""Changing a password, and choosing a new one with the code of a mail."""

from flask import Blueprint

from flask_tokenkeep.apidocs.described import described
from flask_tokenkeep.errors import CodeInvalid, InvalidDpopProof, RateLimited, SessionEnded, WrongPassword
from flask_tokenkeep.http.answers import NO_CONTENT, Json, login_out, shown
from flask_tokenkeep.http.guard import current_parts, current_session, token_required
from flask_tokenkeep.http.request import bearer_token, client, read_body
from flask_tokenkeep.http.schemas import Accepted, EmailAddress, LogInOut, PasswordChange, PasswordReset

password_views = Blueprint("tokenkeep_password", __name__, url_prefix="/api/password")


@password_views.post("/change")
@described(
    summary="Change the password",
    body=PasswordChange,
    answers={200: LogInOut},
    problems=(WrongPassword, RateLimited, InvalidDpopProof, SessionEnded),
    tag="password",
    proof="if_bound",
)
@token_required
def change_password() -> Json:
    """Every session ends, this one too; the answer begins a new one."""
    body, change = read_body(PasswordChange), current_parts().password_change.change
    begun = change(client(), current_session, bearer_token(), body.current_password, body.new_password)
    return shown(login_out(begun))


@password_views.post("/forgot")
@described(
    summary="Ask for a link to choose a new password",
    body=EmailAddress,
    answers={202: Accepted},
    problems=(RateLimited,),
    tag="password",
)
def forgot_password() -> tuple[Json, int]:
    """The answer is the same whether or not anybody has this address."""
    current_parts().recovery.forgot(client(), read_body(EmailAddress).email)
    return {}, 202


@password_views.post("/reset")
@described(
    summary="Choose a new password",
    body=PasswordReset,
    answers={204: None},
    problems=(CodeInvalid, RateLimited),
    tag="password",
)
def reset_password() -> tuple[str, int]:
    """With the code of a mail. Every session ends, and none begins."""
    body = read_body(PasswordReset)
    current_parts().recovery.reset(client(), body.code, body.new_password)
    return NO_CONTENT
