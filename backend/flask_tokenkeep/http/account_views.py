"""The account: profile, address, password, sessions, leaving. One small function per endpoint."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint

from flask_tokenkeep.apidocs.openapi import described
from flask_tokenkeep.clients import browser_in_words
from flask_tokenkeep.errors import (
    CodeInvalid,
    InvalidDpopProof,
    NotFound,
    RateLimited,
    SessionEnded,
    WrongPassword,
)
from flask_tokenkeep.extension import current_session, current_state, token_required
from flask_tokenkeep.http import request as incoming
from flask_tokenkeep.http.auth_views import Json, login_out, shown, user_out
from flask_tokenkeep.http.schemas import (
    Accepted,
    CurrentPassword,
    EmailAddress,
    EmailChange,
    EmailOut,
    EventOut,
    ExportedCode,
    ExportedMail,
    ExportedSession,
    ExportedUser,
    ExportOut,
    LogInOut,
    OneTimeCode,
    PasswordChange,
    PasswordReset,
    SessionOut,
    UserOut,
)
from flask_tokenkeep.people.email import Everything, Profiles
from flask_tokenkeep.stores.models import LedgerEntry, SecurityEvent

account = Blueprint("tokenkeep_account", __name__, url_prefix="/api")
Empty = tuple[str, int]


# -- who one is ---------------------------------------------------------------------------------


@account.get("/me")
@described(summary="Who is logged in", answers={200: UserOut}, tag="account")
@token_required
def me() -> Json:
    return shown(user_out(_profiles().user(current_session)))


@account.patch("/me")
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
    body = incoming.body(EmailChange)
    _profiles().change_email(current_session, body.email, body.current_password, incoming.client())
    return {}, 202


@account.delete("/me")
@described(
    summary="Delete the account and everything of it",
    body=CurrentPassword,
    answers={204: None},
    problems=(WrongPassword, RateLimited),
    tag="account",
)
@token_required
def delete_account() -> Empty:
    password = incoming.body(CurrentPassword).current_password
    _profiles().delete(current_session, password, incoming.client())
    return "", 204


@account.get("/me/export")
@described(summary="All that is stored about the user", answers={200: ExportOut}, tag="account")
@token_required
def export() -> Json:
    return shown(_export_out(_profiles().everything(current_session)))


@account.get("/me/events")
@described(summary="What happened to the account lately", answers={200: list[EventOut]}, tag="account")
@token_required
def list_events() -> list[Json]:
    return [shown(_event_out(event)) for event in _profiles().recent_events(current_session)]


@account.get("/me/email")
@described(summary="Which address counts, and which one waits", answers={200: EmailOut}, tag="email")
@token_required
def show_email() -> Json:
    user = _profiles().user(current_session)
    return shown(EmailOut(verified=user.email, pending=user.pending_email))


# -- sessions -----------------------------------------------------------------------------------


@account.get("/sessions")
@described(summary="Where one is logged in", answers={200: list[SessionOut]}, tag="sessions")
@token_required
def list_sessions() -> list[Json]:
    entries = current_state().logins.of(UUID(current_session.user_id))
    return [shown(SessionOut(**_session(entry))) for entry in entries]


@account.delete("/sessions/<uuid:session_id>")
@described(summary="End one of one's sessions", answers={204: None}, problems=(NotFound,), tag="sessions")
@token_required
def end_session(session_id: UUID) -> Empty:
    current_state().logins.end(UUID(current_session.user_id), session_id, incoming.client())
    return "", 204


@account.delete("/sessions")
@described(summary="End all other sessions", answers={204: None}, tag="sessions")
@token_required
def end_other_sessions() -> Empty:
    _profiles().end_others(current_session, incoming.client())
    return "", 204


# -- the password -------------------------------------------------------------------------------


@account.post("/password/change")
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
    body, token = incoming.body(PasswordChange), incoming.bearer_token()
    change = current_state().accounts.change_password
    client, presented = incoming.client(), incoming.presented()
    return login_out(
        change(current_session, token, body.current_password, body.new_password, client, presented)
    )


@account.post("/password/forgot")
@described(
    summary="Ask for a link to choose a new password",
    body=EmailAddress,
    answers={202: Accepted},
    problems=(RateLimited,),
    tag="password",
)
def forgot_password() -> tuple[Json, int]:
    """The answer is the same whether or not anybody has this address."""
    current_state().accounts.forgot_password(incoming.body(EmailAddress).email, incoming.client())
    return {}, 202


@account.post("/password/reset")
@described(
    summary="Choose a new password",
    body=PasswordReset,
    answers={204: None},
    problems=(CodeInvalid, RateLimited),
    tag="password",
)
def reset_password() -> Empty:
    """With the code of a mail. Every session ends, and none begins."""
    body = incoming.body(PasswordReset)
    current_state().accounts.reset_password(body.code, body.new_password, incoming.client())
    return "", 204


# -- the address --------------------------------------------------------------------------------


@account.post("/email/verify")
@described(
    summary="Confirm an e-mail address",
    body=OneTimeCode,
    answers={204: None},
    problems=(CodeInvalid, RateLimited),
    tag="email",
)
def verify_email() -> Empty:
    _profiles().verify_email(incoming.body(OneTimeCode).code, incoming.client())
    return "", 204


@account.post("/email/verify/resend")
@described(
    summary="Send the link to confirm the address again",
    answers={202: Accepted},
    problems=(RateLimited,),
    tag="email",
)
@token_required
def resend_verification() -> tuple[Json, int]:
    _profiles().resend_verification(current_session)
    return {}, 202


# -- shapes -------------------------------------------------------------------------------------


def _profiles() -> Profiles:
    return current_state().profiles


def _session(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "current": entry.session_id == current_session.id,
        "bound": entry.thumbprint is not None,
        "created_at": entry.created_at,
        "last_refreshed_at": entry.last_refreshed_at,
        "ip": entry.ip,
        "browser": browser_in_words(entry.user_agent),
        "user_agent": entry.user_agent,
    }


def _event_out(event: SecurityEvent) -> EventOut:
    return EventOut(
        time=event.at,
        event=event.event,
        ip=event.ip,
        browser=browser_in_words(event.user_agent),
        user_agent=event.user_agent,
    )


def _export_out(found: Everything) -> ExportOut:
    user = found.user
    return ExportOut(
        user=ExportedUser(
            **user_out(user).model_dump(), pending_email=user.pending_email, disabled_at=user.disabled_at
        ),
        sessions=[
            ExportedSession(**_session(entry), ended_at=entry.ended_at, end_reason=entry.end_reason)
            for entry in found.sessions
        ],
        events=[_event_out(event) for event in found.events],
        mails=[
            ExportedMail(kind=mail.kind, address=mail.address, created_at=mail.created_at)
            for mail in found.mails
        ],
        codes=[
            ExportedCode(
                purpose=code.purpose,
                address=code.address,
                expires_at=datetime.fromtimestamp(code.expires_at, UTC),
            )
            for code in found.codes
        ],
    )
