"""A session that is bound to this browser: what a copy is worth, and what the key's owner never notices."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.support.app_process import App
from tests.support.visitors import (
    PLAIN_HOST,
    SESSION_KEY,
    OpenProfile,
    Person,
    Profile,
    expect_books,
    generation,
    grow_old,
    heading,
    is_accepted,
    key_count,
    log_in,
    log_out,
    session,
    sign_up,
)
from tests.support.waiting import wait_until


@pytest.fixture
def quick(open_profile: OpenProfile, quick_app: App) -> Page:
    """Somebody who has just logged in where tokens live for seconds."""
    profile = open_profile(quick_app)
    profile.expect_status(
        401
    )  # now and then a request comes a moment too late, and once more with a new token
    page = profile.tab("/login")
    log_in(page, sign_up(quick_app))
    expect_books(page)
    assert session(page)["bound"] is True
    return page


@pytest.fixture
def quick_profile(quick: Page, opened: list[Profile]) -> Profile:
    return next(profile for profile in opened if profile.context is quick.context)


def fall_asleep(page: Page, app: App) -> str:
    """Close the tab and wait until its token has expired; that token."""
    token: str = session(page)["token"]
    page.close()
    wait_until(lambda: not is_accepted(app, token), "the token's end")
    return token


@contextmanager
def answers_lost(context: BrowserContext, path: str) -> Iterator[list[str]]:
    """The server acts on these requests, and nobody hears of it."""
    lost: list[str] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().text())
        route.abort()

    context.route(f"**{path}", lose)
    yield lost
    context.unroute(f"**{path}")


def test_a_copy_of_local_storage_works_for_one_token_life_and_then_says_why_not(
    quick: Page, open_profile: OpenProfile, quick_app: App
) -> None:
    thief = open_profile(quick_app)
    thief.expect_status(401)
    stolen = quick.evaluate(f"localStorage['{SESSION_KEY}']")
    copied = thief.tab("/login")
    copied.evaluate("text => localStorage.setItem('ta.session', text)", stolen)
    copied.goto(quick_app.url + "/books")
    expect(heading(copied)).to_have_text("Log in")
    expect(copied.get_by_text("the key to your session is no longer in this browser")).to_be_visible()
    assert session(copied) == {}
    wait_until(lambda: not is_accepted(quick_app, json.loads(stolen)["token"]), "the stolen token's end")

    quick.get_by_role("link", name="Unlocking Android").click()
    expect(heading(quick)).to_have_text("Unlocking Android")
    wait_until(lambda: is_accepted(quick_app, session(quick)["token"]), "the owner's next token")


def test_five_tabs_that_slept_go_on_silently_with_one_and_the_same_new_token(
    quick: Page, quick_profile: Profile, quick_app: App
) -> None:
    context = quick_profile.context
    expired = fall_asleep(quick, quick_app)
    held: list[Route] = []
    context.route("**/api/refresh", lambda route: held.append(route))
    answers = quick_profile.refreshes()
    tabs = [context.new_page() for _ in range(5)]
    for tab in tabs:
        tab.goto(quick_app.url + "/books", wait_until="commit")
    wait_for(tabs[0], lambda: len(held) == 5, "five refreshes at once")
    for route in held:
        route.continue_()
    for tab in tabs:
        expect_books(tab)
    assert len(answers) == 5
    assert len({answer["token"] for answer in answers}) == 1
    assert generation(answers[0]["token"]) > generation(expired)
    wait_until(lambda: is_accepted(quick_app, session(tabs[0])["token"]), "the tabs' next token")


def wait_for(page: Page, condition: object, what: str) -> None:
    """As wait_until, but lets the browser's events in."""
    assert callable(condition)
    wait_until(lambda: page.evaluate("1") and condition(), what)


def test_a_refresh_whose_answer_was_lost_is_repeated_and_gives_the_same_token(
    page: Page, profile: Profile
) -> None:
    profile.expect_trouble("ERR_FAILED")
    expect_books(page)
    old = session(page)["token"]
    grow_old(page)
    with answers_lost(profile.context, "/api/refresh") as lost:
        page.reload()
        expect(heading(page)).to_have_text("No connection")
        assert session(page)["token"] == old
    answers = profile.refreshes()
    page.get_by_role("button", name="Try again").click()
    expect_books(page)
    assert {json.loads(answer)["token"] for answer in lost} == {answers[0]["token"]}
    assert session(page)["token"] == answers[0]["token"] != old


def test_a_log_out_deletes_token_and_key_in_all_tabs(page: Page, profile: Profile) -> None:
    expect_books(page)
    other = profile.tab("/books/1")
    expect(heading(other)).to_have_text("Unlocking Android")
    token = session(page)["token"]
    assert key_count(page) == 1
    log_out(page)
    expect(heading(other)).to_have_text("Log in")
    assert [session(tab) for tab in (page, other)] == [{}, {}]
    assert key_count(page) == 0
    assert not is_accepted(profile.app, token)


def test_clearing_site_data_logs_out(page: Page, profile: Profile) -> None:
    expect_books(page)
    browser = profile.context.new_cdp_session(page)
    browser.send("Storage.clearDataForOrigin", {"origin": profile.app.url, "storageTypes": "all"})
    page.reload()
    expect(heading(page)).to_have_text("Log in")
    assert key_count(page) == 0


WITHOUT = {
    "IndexedDB": "delete Object.getPrototypeOf(window).indexedDB; delete window.indexedDB;"
    "Object.defineProperty(window, 'indexedDB', { value: undefined })",
    "WebCrypto": "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })",
}


@pytest.mark.parametrize("lacking", WITHOUT)
def test_a_browser_without_keys_gets_a_bearer_session(
    open_profile: OpenProfile, app: App, person: Person, lacking: str
) -> None:
    profile = open_profile(app)
    profile.context.add_init_script(WITHOUT[lacking])
    profile.context.clock.install()
    page = profile.tab("/login")
    log_in(page, person)
    expect_books(page)
    assert session(page)["bound"] is False
    first = session(page)["token"]
    page.clock.fast_forward("02:00:00")
    wait_for(page, lambda: session(page)["token"] != first, "a new token")
    page.get_by_role("link", name="Unlocking Android").click()
    expect(heading(page)).to_have_text("Unlocking Android")
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("link", name="Your account").click()
    expect(page.get_by_text("This browser can’t keep a key")).to_be_visible()
    log_out(page)


def test_plain_http_gets_a_bearer_session(open_profile: OpenProfile, app: App, person: Person) -> None:
    profile = open_profile(app)
    # The browser's own remark on plain HTTP.
    profile.expect_trouble("Cross-Origin-Opener-Policy header has been ignored")
    page = profile.tab("/login")
    page.goto(f"http://{PLAIN_HOST}:{app.port}/login")
    assert page.evaluate("isSecureContext") is False
    log_in(page, person)
    expect_books(page)
    assert session(page)["bound"] is False
    page.reload()
    expect_books(page)
    log_out(page)
