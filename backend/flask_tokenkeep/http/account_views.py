"""The account of whoever is logged in: who they are, what happened, what is stored, leaving."""

from flask import Blueprint

from flask_tokenkeep.apidocs.described import described
from flask_tokenkeep.clients import browser_in_words
from flask_tokenkeep.clock import moment
from flask_tokenkeep.errors import RateLimited, WrongPassword
from flask_tokenkeep.http.answers import NO_CONTENT, Json, shown, user_out
from flask_tokenkeep.http.guard import current_parts, current_session, current_user, token_required
from flask_tokenkeep.http.request import client, read_body
from flask_tokenkeep.http.schemas import (
    CurrentPassword,
    EventOut,
    ExportedCode,
    ExportedMail,
    ExportedSession,
    ExportedUser,
    ExportOut,
    UserOut,
)
from flask_tokenkeep.http.session_views import session_out
from flask_tokenkeep.people.codes import SentCode
from flask_tokenkeep.people.export import Everything
from flask_tokenkeep.people.profile import Profile
from flask_tokenkeep.stores.models import LedgerEntry, OutboxMail, SecurityEvent, User

account_views = Blueprint("tokenkeep_account", __name__, url_prefix="/api/me")


@account_views.get("")
@described(summary="Who is logged in", answers={200: UserOut}, tag="account")
@token_required
def me() -> Json:
    return shown(user_out(current_user))


@account_views.delete("")
@described(
    summary="Delete the account and everything of it",
    body=CurrentPassword,
    answers={204: None},
    problems=(WrongPassword, RateLimited),
    tag="account",
)
@token_required
def delete_account() -> tuple[str, int]:
    password = read_body(CurrentPassword).current_password
    current_parts().deletion.delete(client(), current_session, password)
    return NO_CONTENT


@account_views.get("/export")
@described(summary="All that is stored about the user", answers={200: ExportOut}, tag="account")
@token_required
def export() -> Json:
    return shown(_export_out(current_parts().export.everything(current_session)))


@account_views.get("/events")
@described(summary="What happened to the account lately", answers={200: list[EventOut]}, tag="account")
@token_required
def list_events() -> list[Json]:
    events = current_parts().profiles.recent_events(current_session)
    return [shown(_event_out(event)) for event in events]


def _event_out(event: SecurityEvent) -> EventOut:
    return EventOut(
        time=event.at,
        event=event.event,
        ip=event.ip,
        browser=browser_in_words(event.user_agent),
        user_agent=event.user_agent,
    )


def _export_out(found: Everything) -> ExportOut:
    return ExportOut(
        user=_exported_user(found.user),
        sessions=[_exported_session(entry) for entry in found.sessions],
        events=[_event_out(event) for event in found.events],
        mails=[_exported_mail(mail) for mail in found.mails],
        codes=[_exported_code(code) for code in found.codes],
    )


def _exported_user(user: User) -> ExportedUser:
    known = user_out(Profile.of(user)).model_dump()
    return ExportedUser(**known, pending_email=user.pending_email, disabled_at=user.disabled_at)


def _exported_session(entry: LedgerEntry) -> ExportedSession:
    known = session_out(entry).model_dump()
    return ExportedSession(**known, ended_at=entry.ended_at, end_reason=entry.end_reason)


def _exported_mail(mail: OutboxMail) -> ExportedMail:
    return ExportedMail(kind=mail.kind, address=mail.address, created_at=mail.created_at)


def _exported_code(code: SentCode) -> ExportedCode:
    expires_at = moment(code.expires_at)
    return ExportedCode(purpose=code.purpose, address=code.address, expires_at=expires_at)
