"""Forms: by keyboard, by password managers, by pasting, and what they say."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.app_process import App
from tests.support.visitors import (
    OpenProfile,
    Person,
    Profile,
    books,
    expect_accessible,
    expect_books,
    fill_in,
    heading,
    sign_up,
)


def test_a_name_that_is_taken_is_said_beside_its_field(profile: Profile, person: Person) -> None:
    profile.expect_status(409)
    page = profile.tab("/register")
    fill_in(page, person)
    page.get_by_role("button", name="Create account").click()
    username = page.get_by_label("User name")
    expect(username).to_be_focused()
    expect(username).to_have_accessible_description(re.compile("another user name"))


def test_the_keyboard_alone_logs_in_searches_opens_a_book_and_goes_back(
    profile: Profile, person: Person
) -> None:
    page = profile.tab("/login")
    expect(heading(page)).to_have_text("Log in")
    focused = page.locator(":focus")
    tab_to(page, "Skip to content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(person.username)
    page.keyboard.press("Tab")
    page.keyboard.type(person.password)
    page.keyboard.press("Enter")
    expect_books(page)
    page.keyboard.press("/")
    page.keyboard.type("pragmatic")
    expect(books(page)).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_text(re.compile("Pragmatic"))
    page.keyboard.press("Enter")
    expect(heading(page)).to_contain_text("Pragmatic")
    expect(heading(page)).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(focused).to_have_text("All books")
    page.keyboard.press("Enter")
    expect(page.get_by_role("searchbox")).to_have_value("pragmatic")
    expect(focused).to_have_text(re.compile("Pragmatic"))
    tab_to(page, person.username, back=True)
    page.keyboard.press("Enter")
    tab_to(page, "Log out")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("Log in")


def tab_to(page: Page, text: str, *, back: bool = False) -> None:
    for _ in range(20):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if text in page.evaluate("document.activeElement.textContent"):
            return
    pytest.fail(f"twenty steps and not yet at {text!r}")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/login", {"username": "username", "password": "current-password"}),
        ("/register", {"username": "username", "email": "email", "password": "new-password"}),
    ],
)
def test_password_managers_find_what_they_look_for(
    profile: Profile, path: str, fields: dict[str, str]
) -> None:
    page = profile.tab(path)
    form = page.locator("main form")
    expect(form).to_have_count(1)
    found = form.locator("input").evaluate_all("all => all.map((i) => [i.name, i.autocomplete])")
    assert dict(found) == fields
    expect(form.locator("input[type=password]")).to_have_count(1)
    expect(form.locator("button[type=submit]")).to_have_count(1)


def test_a_password_can_be_pasted(profile: Profile, person: Person) -> None:
    profile.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = profile.tab("/login")
    page.get_by_label("User name").fill(person.username)
    page.evaluate("text => navigator.clipboard.writeText(text)", person.password)
    page.get_by_label("Password", exact=True).focus()
    page.keyboard.press("ControlOrMeta+V")
    expect(page.get_by_label("Password", exact=True)).to_have_value(person.password)
    page.keyboard.press("Enter")
    expect_books(page)


def test_caps_lock_is_announced(profile: Profile) -> None:
    page = profile.tab("/login")
    password = page.get_by_label("Password", exact=True)
    password.dispatch_event("keydown", {"key": "A", "modifierCapsLock": True})
    expect(page.get_by_text("Caps Lock is on.")).to_be_visible()
    expect_accessible(page)


def test_too_many_tries_say_how_long_to_wait(open_profile: OpenProfile, lonely_app: App) -> None:
    person = sign_up(lonely_app)
    profile = open_profile(lonely_app)
    profile.expect_status(401, 429)
    page = profile.tab("/login")
    alert = page.get_by_role("alert")
    for _ in range(6):  # a slow machine may type longer than the first waits last
        fill_in(page, Person(person.username, "wrong, and wrong again"))
        with page.expect_response("**/api/login") as answer:
            page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("button", name="Log in")).to_have_attribute("aria-busy", "false")
        if answer.value.status == 429:
            break
        expect(alert).to_contain_text("password")
    expect(alert).to_contain_text("Try again in")
    expect_accessible(page)
    expect(alert).to_contain_text("You can try again now.")
    page.get_by_label("Password", exact=True).fill(person.password)
    page.keyboard.press("Enter")
    expect_books(page)
