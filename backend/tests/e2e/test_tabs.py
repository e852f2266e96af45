"""Sessions as people meet them: where log-in leads, tabs, ends in words, a server that is away."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.app_process import App
from tests.support.asking import ask
from tests.support.visitors import (
    OpenProfile,
    Person,
    Profile,
    expect_accessible,
    expect_books,
    fill_in,
    generation,
    heading,
    is_accepted,
    log_in,
    log_out,
    session,
    sign_up,
)
from tests.support.waiting import wait_until


def test_log_in_leads_back_to_where_one_wanted_to_be(profile: Profile, person: Person) -> None:
    page = profile.tab("/books?q=android&sort=title")
    expect(page).to_have_url(re.compile(r"/login\?from=%2Fbooks%3Fq%3Dandroid%26sort%3Dtitle$"))
    page.get_by_role("link", name="Create an account").click()
    page.get_by_role("link", name="Log in").click()
    log_in(page, person)
    expect(page).to_have_url(profile.app.url + "/books?q=android&sort=title")
    page.goto(profile.app.url + "/login?from=/books/2")
    expect(heading(page)).to_have_text("Android in Action, Second Edition")


EVIL = (
    "https://evil.example/",
    "//evil.example/",
    "/\t/evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
)


def test_log_in_never_leads_to_another_site(profile: Profile, person: Person) -> None:
    page = profile.tab(f"/login?from={quote(EVIL[2], safe='')}")
    log_in(page, person)
    expect(page).to_have_url(profile.app.url + "/books")
    for evil in EVIL:
        page.goto(f"{profile.app.url}/login?from={quote(evil, safe='')}")
        expect_books(page)
        expect(page).to_have_url(profile.app.url + "/books")


def test_two_quick_enters_are_one_log_in(profile: Profile, person: Person) -> None:
    page = profile.tab("/login")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/login" in request.url else None)
    fill_in(page, person)
    page.evaluate("{ const f = document.querySelector('main form'); f.requestSubmit(); f.requestSubmit() }")
    expect_books(page)
    assert len(asked) == 1


def test_a_log_in_and_a_log_out_are_seen_by_the_other_tabs(profile: Profile, person: Person) -> None:
    first, second = profile.tab("/login"), profile.tab("/books/1")
    expect(heading(second)).to_have_text("Log in")
    log_in(first, person)
    expect(heading(second)).to_have_text("Unlocking Android")
    token = session(first)["token"]
    log_out(second)
    expect(heading(first)).to_have_text("Log in")
    expect(first.get_by_text("You are logged out.")).to_be_visible()
    assert session(first) == {}
    assert not is_accepted(profile.app, token)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("sessions", "this session was ended from another device"),
        ("password", "because your password was changed"),
        ("account", "Signed out"),
    ],
)
def test_the_reason_why_a_session_ended_elsewhere_is_shown(
    page: Page, profile: Profile, person: Person, end: str, words: str
) -> None:
    expect_books(page)
    elsewhere(profile.app, person, end)
    profile.expect_status(401)
    page.get_by_role("link", name="Unlocking Android").click()
    expect(heading(page)).to_have_text("Log in")
    expect(page.get_by_text(words)).to_be_visible()
    expect(page).to_have_url(re.compile("from=%2Fbooks%2F1$"))
    expect_accessible(page)


def elsewhere(app: App, person: Person, end: str) -> None:
    """Another device of the same person, which uses the API without a proof."""
    credentials = {"username": person.username, "password": person.password}
    token = ask(f"{app.url}/api/login", "POST", body=credentials).json["token"]
    headers = {"Authorization": f"Bearer {token}"}
    current = {"current_password": person.password}
    match end:
        case "sessions":
            reply = ask(f"{app.url}/api/sessions", "DELETE", headers=headers)
        case "password":
            body = current | {"new_password": "eleven loud geese on the roof"}
            reply = ask(f"{app.url}/api/password/change", "POST", body=body, headers=headers)
        case _:
            reply = ask(f"{app.url}/api/me", "DELETE", body=current, headers=headers)
    assert reply.status in (200, 204)


def test_tokens_are_renewed_before_they_expire_and_nobody_notices(
    open_profile: OpenProfile, app: App, person: Person
) -> None:
    profile = open_profile(app)
    # Only the page's clock runs ahead here: a proof that is refused for it is made again by the server's.
    profile.expect_status(401)
    profile.context.clock.install()
    page = profile.tab("/login")
    log_in(page, person)
    expect_books(page)
    page.evaluate("document.title = 'the same page all along'")
    tokens = [session(page)["token"]]
    for _ in range(2):
        page.clock.fast_forward("14:45")
        wait_until(lambda: session(page)["token"] != tokens[-1], "a new token")
        tokens.append(session(page)["token"])
    assert [generation(token) for token in tokens] == [1, 2, 3]
    assert is_accepted(app, tokens[-1])
    expect(page).to_have_title("the same page all along")
    page.get_by_role("link", name="Unlocking Android").click()
    expect(heading(page)).to_have_text("Unlocking Android")


def test_many_refused_requests_share_one_refresh(page: Page, profile: Profile) -> None:
    expect_books(page)
    profile.expect_status(401)
    refused: set[str] = set()
    refreshes = profile.refreshes()

    def refuse_once(route: Route) -> None:
        if route.request.url in refused:
            route.continue_()
        else:
            refused.add(route.request.url)
            route.fulfill(status=401, json={"code": "invalid_token"}, content_type="application/problem+json")

    page.route(re.compile("/api/(me|sessions)"), refuse_once)
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("link", name="Your account").click()
    expect(heading(page)).to_have_text("Your account")
    assert len(refused) > 1
    assert len(refreshes) == 1


def test_a_server_that_is_away_logs_nobody_out(open_profile: OpenProfile, lonely_app: App) -> None:
    person = sign_up(lonely_app)
    profile = open_profile(lonely_app)
    page, stranger = profile.tab("/login"), open_profile(lonely_app)
    login_page = stranger.tab("/login")
    log_in(page, person)
    expect_books(page)
    for away in (profile, stranger):
        away.expect_trouble("ERR_CONNECTION_REFUSED")
    lonely_app.stop()
    try:
        page.get_by_role("link", name="Unlocking Android").click()
        expect(heading(page)).to_have_text("No connection")
        expect(page.get_by_role("alert")).to_contain_text("You are still logged in")
        expect_accessible(page)
        fill_in(login_page, person)
        login_page.keyboard.press("Enter")
        expect(login_page.get_by_role("alert")).to_contain_text("The server can’t be reached.")
        expect(login_page.get_by_label("Password", exact=True)).to_have_value(person.password)
    finally:
        lonely_app.start()
    page.get_by_role("button", name="Try again").click()
    expect(heading(page)).to_have_text("Unlocking Android")
    login_page.get_by_role("button", name="Log in").click()
    expect_books(login_page)


def test_a_log_out_works_in_this_browser_even_if_the_server_cannot_be_told(
    page: Page, profile: Profile
) -> None:
    expect_books(page)
    profile.expect_trouble("ERR_FAILED")
    page.route("**/api/logout", lambda route: route.abort())
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("The server couldn’t be told")).to_be_visible()
    assert session(page) == {}
    page.goto(profile.app.url + "/books")
    expect(heading(page)).to_have_text("Log in")
