"""The e-mail address: which one counts, changing it, confirming it."""

from flask import Blueprint

from flask_tokenkeep.apidocs.described import described
from flask_tokenkeep.errors import CodeInvalid, RateLimited, WrongPassword
from flask_tokenkeep.http.answers import NO_CONTENT, Json, shown
from flask_tokenkeep.http.guard import current_parts, current_session, token_required
from flask_tokenkeep.http.request import client, read_body
from flask_tokenkeep.http.schemas import Accepted, EmailChange, EmailOut, OneTimeCode

email_views = Blueprint("tokenkeep_email", __name__, url_prefix="/api")


@email_views.get("/me/email")
@described(summary="Which address counts, and which one waits", answers={200: EmailOut}, tag="email")
@token_required
def show_email() -> Json:
    user = current_parts().profiles.demand_user(current_session)
    return shown(EmailOut(verified=user.email, pending=user.pending_email))


@email_views.patch("/me")
@described(
    summary="Change the e-mail address",
    body=EmailChange,
    answers={202: Accepted},
    problems=(WrongPassword, RateLimited),
    tag="account",
)
@token_required
def change_email() -> tuple[Json, int]:
    """The new address counts once its link was opened; until then the old one stays, and it is told."""
    body = read_body(EmailChange)
    current_parts().email.change(client(), current_session, body.email, body.current_password)
    return {}, 202


@email_views.post("/email/verify")
@described(
    summary="Confirm an e-mail address",
    body=OneTimeCode,
    answers={204: None},
    problems=(CodeInvalid, RateLimited),
    tag="email",
)
def verify_email() -> tuple[str, int]:
    current_parts().email.verify(client(), read_body(OneTimeCode).code)
    return NO_CONTENT


@email_views.post("/email/verify/resend")
@described(
    summary="Send the link to confirm the address again",
    answers={202: Accepted},
    problems=(RateLimited,),
    tag="email",
)
@token_required
def resend_verification() -> tuple[Json, int]:
    current_parts().email.resend(current_session)
    return {}, 202
