"""Forgotten passwords: the link and what it does."""

from datetime import UTC, datetime

from redis import Redis
from sqlalchemy import update

from flask_tokenkeep.stores.models import User
from tests.support.app_users import People, body_of, code_of
from tests.support.asking import bearer
from tests.support.counting import commands, statements
from tests.support.examples import ADDRESS, MINUTE, NEW_PASSWORD, PASSWORD, PERSON
from tests.support.inside import database_of
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock


def test_a_forgotten_password_is_replaced_and_every_session_ends(people: People) -> None:
    people.verified()
    token = people.token()
    code = people.forgotten()
    assert people.post("/password/reset", {"code": code, "new_password": NEW_PASSWORD}).status_code == 204
    assert not people.is_live(token)
    ended = people.post("/refresh", token=token)
    assert (code_of(ended), ended.json["reason"]) == ((401, "session_ended"), "password_changed")
    assert people.log_in().status_code == 401
    assert people.log_in(password=NEW_PASSWORD).status_code == 200
    assert [letter["To"] for letter in people.letters()] == [ADDRESS]


def test_asking_for_a_reset_answers_everyone_alike_and_mails_only_confirmed_addresses(people: People) -> None:
    people.register("Ada", ADDRESS)
    people.letters()
    answers = [people.post("/password/forgot", {"email": each}) for each in (ADDRESS, "no@one.example")]
    assert people.letters() == []
    shown = [(each.status_code, each.data, sorted(each.headers)) for each in answers]
    assert shown[0] == shown[1]
    assert shown[0][0] == 202


def test_another_spelling_of_an_address_reaches_its_owner_only(people: People) -> None:
    people.verified()
    people.post("/password/forgot", {"email": "ADA@LIBRARY.example"})
    assert [letter["To"] for letter in people.letters()] == ["ada@library.example"]


def test_neither_host_nor_a_field_changes_where_a_link_leads(people: People) -> None:
    people.verified()
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Origin": "http://evil.example"}
    people.post("/password/forgot", {"email": ADDRESS}, **evil)
    (letter,) = people.letters()
    assert "evil" not in letter.as_string()
    assert "http://localhost/reset-password#code=" in body_of(letter)
    refused = people.post("/password/forgot", {"email": ADDRESS, "reset_url": "http://evil.example"})
    assert code_of(refused) == (422, "validation_failed")


def test_a_reset_link_works_once_but_the_same_request_may_be_repeated(people: People, clock: Clock) -> None:
    people.verified()
    code = people.forgotten()
    body = {"code": code, "new_password": NEW_PASSWORD}
    assert people.post("/password/reset", body).status_code == 204
    token = people.token(password=NEW_PASSWORD)
    assert people.post("/password/reset", body).status_code == 204
    assert people.is_live(token), "a repetition does nothing"
    other = people.post("/password/reset", body | {"new_password": "another quite long sentence"})
    assert code_of(other) == (422, "code_invalid")
    clock.now += 5 * MINUTE
    assert code_of(people.post("/password/reset", body)) == (422, "code_invalid")


def test_a_bad_password_leaves_the_code_usable(people: People) -> None:
    people.verified()
    code = people.forgotten()
    for bad in ("short", "ada@library.example", "aaaaaaaaaaaaaaaaaaaa"):
        refused = people.post("/password/reset", {"code": code, "new_password": bad})
        assert code_of(refused) == (422, "validation_failed")
        assert refused.json["errors"][0]["field"] == "new_password"
    assert people.post("/password/reset", {"code": code, "new_password": NEW_PASSWORD}).status_code == 204


def test_a_reset_drops_an_address_that_waits_and_any_link_that_is_under_way(people: People) -> None:
    people.verified()
    token = people.token()
    body = {"email": "thief@library.example", "current_password": PASSWORD}
    assert people.http.patch("/api/me", json=body, headers=bearer(token)).status_code == 202
    code = people.forgotten_beside()
    people.post("/password/forgot", {"email": ADDRESS})
    assert people.post("/password/reset", {"code": code, "new_password": NEW_PASSWORD}).status_code == 204
    people.post("/email/verify/resend", token=people.token(password=NEW_PASSWORD))
    assert all("#code=" not in body_of(letter) for letter in people.letters())


def test_a_reset_ends_the_waits_that_guesses_at_the_old_password_made(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    people.verified()
    with worker(redis_server.url, database_url, clock, AUTH_LIMIT_LOGIN_FAILURES=5) as app:
        strict = People(app, clock, people.mails)
        for name in ("Ada", ADDRESS):
            guesses = [strict.log_in(name, "not the one at all").status_code for _ in range(6)]
            assert guesses == [401] * 5 + [429]
        body = {"code": people.forgotten(), "new_password": NEW_PASSWORD}
        assert strict.post("/password/reset", body).status_code == 204
        for name in ("Ada", ADDRESS):
            assert strict.log_in(name, NEW_PASSWORD).status_code == 200


def test_asking_for_a_reset_does_the_same_work_for_every_address(
    redis: Redis, redis_server: PrivateRedis, database_url: str
) -> None:
    now = datetime.now(UTC)
    standing = {
        "verified": {"email": "verified@library.example", "email_key": "verified@library.example"},
        "disabled": {
            "email": "disabled@library.example",
            "email_key": "disabled@library.example",
            "disabled_at": now,
        },
        "pending": {"pending_email": "pending@library.example"},
    }
    with worker(redis_server.url, database_url, Clock()) as app:
        client = app.test_client()
        for name, values in standing.items():
            client.post("/api/register", json={**PERSON, "username": name})
            with database_of(app).write() as sql:
                sql.execute(update(User).where(User.username == name).values(**values))
        client.post("/api/password/forgot", json={"email": "warm@up.example"})
        costs = set()
        for name in (*standing, "unknown"):
            before = commands(redis)
            with statements(app) as said:
                answer = client.post("/api/password/forgot", json={"email": f"{name}@library.example"})
            headers = tuple(sorted(answer.headers.items()))
            costs.add((answer.status_code, answer.data, headers, commands(redis) - before, tuple(said)))
        assert len(costs) == 1
        assert 0 < len(said) < 5
