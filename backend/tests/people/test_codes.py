"""The codes in links: what they are good for, and when not."""

from typing import Any

import pytest
from flask import Flask
from redis import RedisError

from flask_tokenkeep.stores.models import User
from tests.support.app_users import People, code_of
from tests.support.examples import ADDRESS, MINUTE, NEW_PASSWORD, PASSWORD
from tests.support.inside import codes_of
from tests.support.meanwhile import change_row
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock


def test_wrong_expired_replaced_and_foreign_codes_get_one_answer(people: People, clock: Clock) -> None:
    people.verified()
    replaced = people.forgotten()
    code = people.forgotten()
    people.register("Eve", "eve@library.example")
    foreign = people.code()
    damaged = code[:-1] + ("A" if code[-1] != "A" else "B")
    bad = (replaced, damaged, foreign, "", "ä", code + "=", "x" * 1000)
    answers = [people.post("/password/reset", {"code": each, "new_password": NEW_PASSWORD}) for each in bad]
    clock.now += 30 * MINUTE
    answers.append(people.post("/password/reset", {"code": code, "new_password": NEW_PASSWORD}))
    assert {code_of(answer) for answer in answers} == {(422, "code_invalid")}
    assert len({answer.data for answer in answers}) == 1


def test_wrong_codes_count_per_network_and_right_ones_never(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    people.verified()
    code = people.forgotten()
    with worker(redis_server.url, database_url, clock, AUTH_LIMIT_CODE_PER_ADDRESS="3/hour") as app:
        strict = People(app, clock, people.mails)
        wrong = {"code": "x" * len(code), "new_password": NEW_PASSWORD}
        answers = [strict.post("/password/reset", wrong) for _ in range(2)]
        answers += [strict.post("/email/verify", {"code": wrong["code"]}) for _ in range(2)]
        assert [each.status_code for each in answers] == [422, 422, 422, 429]
        assert int(answers[-1].headers["Retry-After"]) > 0
        elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
        other = strict.http.post("/api/password/reset", json=wrong, environ_overrides=elsewhere)
        assert other.status_code == 422
        right = {"code": code, "new_password": NEW_PASSWORD}
        assert [strict.post("/password/reset", right).status_code for _ in range(5)] == [204] * 5


def test_a_code_counts_only_for_the_address_that_it_was_sent_to(people: People, app: Flask) -> None:
    people.register()
    code = people.code()
    change_row(app, User, pending_email="other@library.example")
    assert code_of(people.post("/email/verify", {"code": code})) == (422, "code_invalid")
    change_row(app, User, email=ADDRESS, email_key=ADDRESS, pending_email=None)
    reset = people.forgotten()
    change_row(app, User, email="other@library.example", email_key="other@library.example")
    refused = people.post("/password/reset", {"code": reset, "new_password": NEW_PASSWORD})
    assert code_of(refused) == (422, "code_invalid")


@pytest.mark.parametrize("path", ["/password/reset", "/email/verify"])
def test_a_request_that_failed_before_its_commit_can_be_repeated(
    people: People, app: Flask, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    codes = codes_of(app)
    if path == "/password/reset":
        people.verified()
        body = {"code": people.forgotten(), "new_password": NEW_PASSWORD}
    else:
        people.register()
        body = {"code": people.code()}
    spend = codes.spend

    def spend_and_fail(code: Any) -> None:
        spend(code)
        raise RedisError

    with monkeypatch.context() as patch:
        patch.setattr(codes, "spend", spend_and_fail)
        assert code_of(people.post(path, body)) == (503, "unavailable")
    assert people.log_in(password=NEW_PASSWORD).status_code == 401
    for _ in range(2):
        assert people.post(path, body).status_code == 204
    assert people.log_in(ADDRESS, body.get("new_password", PASSWORD)).status_code == 200
