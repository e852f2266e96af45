"""Who it is that calls a view: `current_session`, `current_user`, and views that everybody may call."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from flask_tokenkeep import current_session, current_user, token_optional, token_required
from tests.support.app_users import People
from tests.support.asking import bearer
from tests.support.inside import database_of


@pytest.fixture
def app(app: Flask) -> Flask:
    @app.get("/mine")
    @token_required
    def mine() -> dict[str, Any]:
        return {"name": current_user.username, "id": current_user.id, "same": current_session.user_id}

    @app.get("/quiet")
    @token_required
    def quiet() -> dict[str, Any]:
        return {"id": current_session.user_id}

    @app.get("/anybody")
    @token_optional
    def anybody() -> dict[str, Any]:
        return {"name": current_user.username if current_user else None, "known": bool(current_session)}

    return app


def statements(app: Flask) -> list[str]:
    """What SQL is asked from here on."""
    asked: list[str] = []
    event.listen(
        database_of(app).engine, "before_cursor_execute", lambda _c, _k, text, *_: asked.append(text)
    )
    return asked


def test_a_view_knows_whose_token_it_is(people: People) -> None:
    people.register()
    token = people.token()
    answer = people.http.get("/mine", headers=bearer(token)).json
    assert answer["name"] == "Ada"
    assert answer["id"] == answer["same"] == people.http.get("/api/me", headers=bearer(token)).json["id"]


def test_sql_is_asked_once_and_only_by_who_wants_the_user(people: People, app: Flask) -> None:
    people.register()
    token = people.token()
    asked = statements(app)
    people.http.get("/quiet", headers=bearer(token))
    assert asked == []
    people.http.get("/mine", headers=bearer(token))
    assert len([text for text in asked if text.lstrip().startswith("SELECT")]) == 1


def test_where_a_token_is_optional_nobody_is_let_in_too(people: People) -> None:
    people.register()
    assert people.http.get("/anybody").json == {"name": None, "known": False}
    answer = people.http.get("/anybody", headers=bearer(people.token()))
    assert answer.json == {"name": "Ada", "known": True}


def test_where_a_token_is_optional_a_dead_one_is_refused(people: People) -> None:
    people.register()
    token = people.token()
    people.post("/logout", token=token)
    refused = people.http.get("/anybody", headers=bearer(token))
    assert (refused.status_code, refused.json["code"]) == (401, "invalid_token")


def test_elsewhere_there_is_no_session_and_the_error_says_what_is_missing(app: Flask) -> None:
    with app.test_request_context():
        assert not current_session
        assert not current_user
        for ask in (lambda: current_session.user_id, lambda: current_user.username):
            with pytest.raises(RuntimeError, match="@token_required"):
                ask()
