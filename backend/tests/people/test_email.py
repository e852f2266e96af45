"""E-mail addresses: given, confirmed, changed, and never somebody else's."""

import re
from typing import Any

import pytest

from tests.support.app_users import People, body_of, code_of
from tests.support.asking import bearer
from tests.support.examples import ADDRESS, MINUTE, PASSWORD
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock


def test_nobody_can_fill_a_mailbox_with_links_nor_keep_its_owner_out_by_trying(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    rate = {"AUTH_LIMIT_FORGOT_PER_ACCOUNT": "3/hour", "MAIL_DIR": people.mails}
    with worker(redis_server.url, database_url, clock, **rate) as app:
        strict = People(app, clock, people.mails)
        for number in range(5):
            strict.register(f"Eve{number}", ADDRESS)
        token = strict.token("Eve0")
        assert code_of(strict.post("/email/verify/resend", token=token)) == (429, "rate_limited")
        change = {"email": ADDRESS.upper(), "current_password": PASSWORD}
        again = strict.http.patch("/api/me", json=change, headers=bearer(token))
        assert code_of(again) == (429, "rate_limited")
        strict.register("Ada", ADDRESS)
        assert len(strict.letters()) == 3
        clock.now += 60 * MINUTE
        assert strict.post("/email/verify/resend", token=strict.token("Ada")).status_code == 202
        assert strict.post("/email/verify", {"code": strict.code()}).status_code == 204


def test_an_address_can_be_used_once_its_link_was_opened(people: People) -> None:
    people.register()
    token = people.token()
    assert people.log_in(ADDRESS).status_code == 401
    code = people.code()
    for _ in range(2):
        assert people.post("/email/verify", {"code": code}).status_code == 204
    assert people.http.get("/api/me", headers=bearer(token)).json["email_verified"] is True
    assert people.log_in(ADDRESS).status_code == 200


def test_claiming_somebody_elses_address_gives_nothing_and_blocks_nobody(people: People) -> None:
    people.register("Eve", ADDRESS)
    eves = people.code()
    people.verified("Ada", ADDRESS)
    assert code_of(people.post("/email/verify", {"code": eves})) == (422, "code_invalid")
    assert people.log_in(ADDRESS).json["user"]["username"] == "Ada"


def test_a_changed_address_waits_for_its_link_and_the_old_one_is_told(people: People) -> None:
    people.verified()
    token = people.token()
    body = {"email": "new@library.example", "current_password": PASSWORD}
    wrong = people.http.patch("/api/me", json=body | {"current_password": "x"}, headers=bearer(token))
    assert code_of(wrong) == (403, "wrong_password")
    assert people.http.patch("/api/me", json=body, headers=bearer(token)).status_code == 202
    assert people.http.get("/api/me", headers=bearer(token)).json["email"] == ADDRESS
    both = people.http.get("/api/me/email", headers=bearer(token)).json
    assert both == {"verified": ADDRESS, "pending": "new@library.example"}
    letters = {letter["To"]: body_of(letter) for letter in people.letters()}
    assert set(letters) == {ADDRESS, "new@library.example"}
    assert "#code=" not in letters[ADDRESS]
    code = re.search(r"#code=(\S+)", letters["new@library.example"])
    assert code
    assert people.post("/email/verify", {"code": code[1]}).status_code == 204
    me = people.http.get("/api/me", headers=bearer(token)).json
    assert (me["email"], me["email_verified"]) == ("new@library.example", True)
    assert people.log_in(ADDRESS).status_code == 401


def test_a_new_link_ends_the_one_before(people: People) -> None:
    people.register()
    first, token = people.code(), people.token()
    assert people.post("/email/verify/resend", token=token).status_code == 202
    second = people.code()
    assert code_of(people.post("/email/verify", {"code": first})) == (422, "code_invalid")
    assert people.post("/email/verify", {"code": second}).status_code == 204
    assert people.post("/email/verify/resend", token=token).status_code == 202
    assert people.letters() == []


@pytest.mark.parametrize(
    "address",
    [
        *(["a@b.example"], {"a": 1}, "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "", "a"),
        *(ADDRESS.replace("i", "\u0131"), ADDRESS.replace("a", "\u0430"), ADDRESS.replace("a", "\uff41")),
    ],
)
def test_anything_but_one_address_is_refused_everywhere_and_nobody_is_mailed(
    people: People, address: Any
) -> None:
    people.verified()
    token = people.token()
    tries = {
        "/password/forgot": people.post("/password/forgot", {"email": address}),
        "/register": people.post("/register", {"username": "Eve", "password": PASSWORD, "email": address}),
        "/me": people.app.test_client().patch(
            "/api/me", json={"email": address, "current_password": PASSWORD}, headers=bearer(token)
        ),
    }
    for path, answer in tries.items():
        assert code_of(answer) == (422, "validation_failed"), path
        assert [error["field"].partition(".")[0] for error in answer.json["errors"]] == ["email"]
    assert people.letters() == []
