"""Where somebody is logged in, and how to end it there."""

from uuid import UUID

from flask import Blueprint

from flask_tokenkeep.apidocs.described import described
from flask_tokenkeep.clients import browser_in_words
from flask_tokenkeep.errors import NotFound
from flask_tokenkeep.http.answers import NO_CONTENT, Json, shown
from flask_tokenkeep.http.guard import current_parts, current_session, token_required
from flask_tokenkeep.http.request import client
from flask_tokenkeep.http.schemas import SessionOut
from flask_tokenkeep.stores.models import LedgerEntry

session_views = Blueprint("tokenkeep_sessions", __name__, url_prefix="/api/sessions")


@session_views.get("")
@described(summary="Where one is logged in", answers={200: list[SessionOut]}, tag="sessions")
@token_required
def list_sessions() -> list[Json]:
    entries = current_parts().sessions.list_live(current_session.user_id)
    return [shown(session_out(entry)) for entry in entries]


@session_views.delete("/<uuid:session_id>")
@described(summary="End one of one's sessions", answers={204: None}, problems=(NotFound,), tag="sessions")
@token_required
def end_session(session_id: UUID) -> tuple[str, int]:
    current_parts().sessions.end_one(client(), current_session, session_id)
    return NO_CONTENT


@session_views.delete("")
@described(summary="End all other sessions", answers={204: None}, tag="sessions")
@token_required
def end_other_sessions() -> tuple[str, int]:
    current_parts().sessions.end_others(client(), current_session)
    return NO_CONTENT


def session_out(entry: LedgerEntry) -> SessionOut:
    return SessionOut(
        id=entry.id,
        current=entry.session_id == current_session.id,
        bound=entry.thumbprint is not None,
        created_at=entry.created_at,
        last_refreshed_at=entry.last_refreshed_at,
        ip=entry.ip,
        browser=browser_in_words(entry.user_agent),
        user_agent=entry.user_agent,
    )
