"""Sessions that are bound to a browser's key (RFC 9449): over HTTP, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from flask.testing import FlaskClient

from tests.support.app_users import code_of
from tests.support.asking import bearer
from tests.support.bound_browser import Browser, token_of
from tests.support.examples import DAY
from tests.support.still_clock import Clock


def me(client: FlaskClient, token: str) -> int:
    return client.get("/api/me", headers=bearer(token)).status_code


def test_a_proof_at_login_binds_the_session_for_a_short_token_life(browser: Browser) -> None:
    answer = browser.log_in()
    assert answer.json["session"]["bound"] is True
    assert answer.json["expires_in"] == 900


def test_ordinary_requests_need_no_proof(client: FlaskClient, browser: Browser) -> None:
    assert me(client, token_of(browser.log_in())) == 200


def test_a_refresh_without_a_proof_is_refused_and_harms_nobody(client: FlaskClient, browser: Browser) -> None:
    token = token_of(browser.log_in())
    refused = client.post("/api/refresh", headers=bearer(token))
    assert code_of(refused) == (401, "invalid_dpop_proof")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert me(client, token) == 200
    assert browser.refresh(token).status_code == 200


def test_another_key_renews_nothing_and_ends_nothing(app: Flask, browser: Browser, clock: Clock) -> None:
    first = token_of(browser.log_in())
    second = token_of(browser.refresh(first))
    assert me(app.test_client(), second) == 200
    clock.now += 100
    for stolen in (first, second):
        assert code_of(Browser(app, clock).refresh(stolen)) == (401, "invalid_dpop_proof")
    assert me(app.test_client(), second) == 200
    assert browser.refresh(second).status_code == 200


def test_the_owner_sees_that_somebody_tried_once_a_minute(client: FlaskClient, browser: Browser) -> None:
    token = token_of(browser.log_in())

    def tries() -> int:
        events = client.get("/api/me/events", headers=bearer(token)).json
        return [event["event"] for event in events].count("authn_invalid_proof")

    for expected in (1, 1, 2):
        client.post("/api/refresh", headers=bearer(token))
        assert tries() == expected
        browser.clock.now += 30


def test_an_expired_token_is_renewed_by_its_key_until_the_idle_limit(browser: Browser, clock: Clock) -> None:
    token = token_of(browser.log_in())
    clock.now += 14 * DAY - 1
    newer = token_of(browser.refresh(token))
    clock.now += 14 * DAY
    ended = browser.refresh(newer)
    assert code_of(ended) == (401, "session_ended")
    assert ended.json["reason"] == "expired"


def test_a_bound_session_ends_after_ninety_days_however_busy(browser: Browser, clock: Clock) -> None:
    token = token_of(browser.log_in())
    for _ in range(8):
        clock.now += 10 * DAY
        token = token_of(browser.refresh(token))
    clock.now += 10 * DAY
    assert code_of(browser.refresh(token)) == (401, "session_ended")


def test_any_older_token_with_its_key_gets_the_current_one(browser: Browser, clock: Clock) -> None:
    tokens = [token_of(browser.log_in())]
    for _ in range(3):
        clock.now += 60
        assert me(browser.app.test_client(), tokens[-1]) == 200
        tokens.append(token_of(browser.refresh(tokens[-1])))
    clock.now += 60
    assert [token_of(browser.refresh(old)) for old in tokens[:3]] == [tokens[3]] * 3
    clock.now += 900
    renewed = token_of(browser.refresh(tokens[0]))
    assert renewed not in tokens
    assert token_of(browser.refresh(tokens[1])) == renewed


def test_five_tabs_whose_tokens_expired_together_get_one_token(browser: Browser, clock: Clock) -> None:
    token = token_of(browser.log_in())
    clock.now += 1000
    with ThreadPoolExecutor(5) as pool:
        renewed = {token_of(answer) for answer in pool.map(lambda _: browser.refresh(token), range(5))}
    assert len(renewed) == 1


def test_logging_out_ends_a_bound_session_for_its_key_too(client: FlaskClient, browser: Browser) -> None:
    token = token_of(browser.log_in())
    assert client.post("/api/logout", headers=bearer(token)).status_code == 204
    ended = browser.refresh(token)
    assert (code_of(ended), ended.json["reason"]) == ((401, "session_ended"), "logged_out")
