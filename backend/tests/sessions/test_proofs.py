"""Proofs of possession (RFC 9449): each one is for one request, and counts once."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from flask.testing import FlaskClient

from tests.support.app_users import code_of
from tests.support.asking import bearer
from tests.support.bound_browser import Browser, token_of
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock


def test_each_proof_counts_once(browser: Browser) -> None:
    token = token_of(browser.log_in())
    proof = browser.proof("/api/refresh", token)
    newer = token_of(browser.refresh(token, proof))
    assert code_of(browser.refresh(token, proof)) == (401, "invalid_dpop_proof")
    assert browser.refresh(newer).status_code == 200


def test_only_one_of_many_uses_of_a_proof_at_once_is_accepted(browser: Browser) -> None:
    token = token_of(browser.log_in())
    proof = browser.proof("/api/refresh", token)
    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(lambda _: browser.refresh(token, proof).status_code, range(10)))
    assert sorted(codes) == [200] + [401] * 9


def test_a_proof_is_for_one_token_and_one_address(browser: Browser) -> None:
    token = token_of(browser.log_in())
    for proof in (
        browser.proof("/api/refresh"),
        browser.proof("/api/refresh", token + "x"),
        browser.proof("/api/login", token),
        browser.proof("/api/refresh", token, htu="http://evil.example/api/refresh"),
        browser.proof("/api/refresh", token, htm="GET"),
        browser.proof("/api/refresh", token, iat=int(browser.clock.now) - 61),
        browser.proof("/api/refresh", token) + "," + browser.proof("/api/refresh", token),
        "",
    ):
        answer = browser.app.test_client().post("/api/refresh", headers=bearer(token) | {"DPoP": proof})
        assert code_of(answer) == (401, "invalid_dpop_proof")


def test_the_host_header_of_a_request_is_not_trusted(client: FlaskClient, browser: Browser) -> None:
    token = token_of(browser.log_in())
    forged = browser.proof("/api/refresh", token, htu="http://evil.example/api/refresh")
    names = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    answer = client.post("/api/refresh", headers=bearer(token) | names | {"DPoP": forged})
    assert code_of(answer) == (401, "invalid_dpop_proof")


def test_a_bad_proof_at_login_begins_no_session(browser: Browser) -> None:
    refused = browser.log_in(browser.proof("/api/refresh"))
    assert code_of(refused) == (401, "invalid_dpop_proof")
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    proof = browser.proof("/api/login")
    assert browser.log_in(proof).status_code == 200
    assert code_of(browser.log_in(proof)) == (401, "invalid_dpop_proof")


def test_without_redis_no_proof_is_taken(
    browser: Browser, redis_server: PrivateRedis, app: Flask, clock: Clock
) -> None:
    token = token_of(browser.log_in())
    with worker("redis://127.0.0.1:1", app.config["DATABASE_URL"], clock) as lonely:
        answer = browser.at(lonely).refresh(token)
    assert code_of(answer) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"
