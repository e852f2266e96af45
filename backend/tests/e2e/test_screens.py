"""Every screen and state: accessible in both themes, narrow and enlarged."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.app_process import App
from tests.support.visitors import (
    OpenProfile,
    Person,
    expect_accessible,
    expect_books,
    expect_no_sideways_scroll,
    fill_in,
    heading,
    log_in,
)

NARROW = {"viewport": {"width": 320, "height": 640}}
ENLARGED = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}  # 200 % of a 1280 px window
LONGEST = "Structure and Interpretation"
MARKED_UP = 'It\'s "quoted"'


def nothing_typed(page: Page) -> None:
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Enter your password.")).to_be_visible()
    expect(page.get_by_label("User name")).to_be_focused()


def wrong_password(page: Page) -> None:
    fill_in(page, Person("nobody-at-all"))
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("password")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    expect(page.get_by_label("User name")).to_have_value("nobody-at-all")


def shown_password(page: Page) -> None:
    page.get_by_label("Password", exact=True).fill("as plain as day")
    page.get_by_role("button", name="Show password").click()
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("type", "text")


def bad_registration(page: Page) -> None:
    page.get_by_role("link", name="Create an account").click()
    expect(heading(page)).to_have_text("Create your account")  # both pages have a field of the next name
    page.get_by_label("User name").fill("a b")
    page.get_by_label("E-mail").fill("nowhere")
    page.get_by_label("Password", exact=True).fill("short")
    expect(page.get_by_text("5 of 15 characters")).to_be_visible()
    page.get_by_role("button", name="Create account").click()
    expect(page.locator("[aria-invalid=true]")).to_have_count(3)
    expect(page.get_by_label("User name")).to_be_focused()


def forgotten_password(page: Page) -> None:
    page.get_by_role("link", name="Forgot").click()
    page.get_by_label("E-mail").fill("somebody@books.example")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("a mail with a link is on its way")).to_be_visible()


def reset_without_its_link(page: Page) -> None:
    page.goto(page.url.replace("/login", "/reset-password"))
    expect(page.get_by_text("This page needs the link of a mail.")).to_be_visible()


def reset_with_a_spent_link(page: Page) -> None:
    page.goto(page.url.replace("/login", "/reset-password#code=" + "A" * 43))
    page.get_by_label("New password").fill("eleven loud geese on the roof")
    expect(page).to_have_url(re.compile("/reset-password$"))
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("alert")).to_contain_text("link")


def verify_with_a_spent_link(page: Page) -> None:
    page.goto(page.url.replace("/login", "/verify-email#code=" + "A" * 43))
    page.get_by_role("button", name="Confirm this address").click()
    expect(page.get_by_role("alert")).to_contain_text("link")


FOR_STRANGERS = (
    nothing_typed,
    wrong_password,
    shown_password,
    bad_registration,
    forgotten_password,
    reset_without_its_link,
    reset_with_a_spent_link,
    verify_with_a_spent_link,
)


def test_every_screen_for_strangers_in_both_themes(
    open_profile: OpenProfile, app: App, subtests: pytest.Subtests
) -> None:
    profile = open_profile(app, **NARROW, reduced_motion="reduce")
    profile.expect_status(401, 422)
    page = profile.tab("/login")
    for state in FOR_STRANGERS:
        with subtests.test(state.__name__):
            page.goto(app.url + "/login")
            state(page)
            expect_good_in_both_themes(page)


def expect_good_in_both_themes(page: Page) -> None:
    expect_no_sideways_scroll(page)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        expect_accessible(page)


def no_hit(page: Page) -> None:
    page.get_by_role("searchbox").fill("xyzzy")
    expect(page.get_by_text("No book matches xyzzy")).to_be_visible()


def hits(page: Page) -> None:
    page.get_by_role("searchbox").fill("sussman structure")
    expect(page.get_by_role("status")).to_contain_text("1 of ")
    expect(page.locator("mark")).to_have_text(["Structure", "Sussman", "Sussman"])


def open_menu(page: Page) -> None:
    page.get_by_role("button", name="Your menu").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def account(page: Page) -> None:
    open_menu(page)
    page.get_by_role("link", name="Your account").click()
    expect(heading(page)).to_have_text("Your account")


def book_with_a_long_title(page: Page) -> None:
    page.get_by_role("link", name=LONGEST).click()
    expect(heading(page)).to_contain_text(LONGEST)
    expect(page.get_by_text("978-")).to_be_visible()


def book_of_which_little_is_known(page: Page) -> None:
    page.get_by_role("link", name=MARKED_UP).click()
    expect(heading(page)).to_contain_text("<b>marked up</b>")
    expect(page.get_by_text("Not known")).to_be_visible()
    expect(page.get_by_text("not a valid ISBN")).to_be_visible()


def book_without_a_title(page: Page) -> None:
    page.get_by_role("link", name="Untitled").click()
    expect(heading(page)).to_have_text("Untitled")
    expect(page.get_by_text("Unknown author")).to_be_visible()


def no_such_book(page: Page) -> None:
    page.goto(page.url + "/424242")
    expect(heading(page)).to_have_text("Book not found")


def no_such_page(page: Page) -> None:
    page.goto(page.url + "/../nowhere/at/all")
    expect(heading(page)).to_have_text("Page not found")


FOR_READERS = (
    no_hit,
    hits,
    open_menu,
    account,
    book_with_a_long_title,
    book_of_which_little_is_known,
    book_without_a_title,
    no_such_book,
    no_such_page,
)


def test_every_screen_for_readers_in_both_themes(
    open_profile: OpenProfile, app: App, person: Person, subtests: pytest.Subtests
) -> None:
    profile = open_profile(app, **NARROW, reduced_motion="reduce")
    profile.expect_status(404)
    page = profile.tab("/login")
    log_in(page, person)
    for state in FOR_READERS:
        with subtests.test(state.__name__):
            page.goto(app.url + "/books")
            expect_books(page)
            state(page)
            expect_good_in_both_themes(page)


def test_nothing_scrolls_sideways_at_200_percent(open_profile: OpenProfile, app: App, person: Person) -> None:
    page = open_profile(app, **ENLARGED).tab("/login")
    expect_no_sideways_scroll(page)
    log_in(page, person)
    expect_books(page)
    expect_no_sideways_scroll(page)
    book_with_a_long_title(page)
    expect_no_sideways_scroll(page)


def test_the_theme_follows_the_system_until_one_is_chosen(open_profile: OpenProfile, app: App) -> None:
    profile = open_profile(app, color_scheme="light")
    page = profile.tab("/login")
    html = page.locator("html")
    expect(html).to_have_attribute("data-theme", "light")
    page.get_by_role("radio", name="Dark theme").check(force=True)
    expect(html).to_have_attribute("data-theme", "dark")
    other = profile.tab("/register")
    expect(other.locator("html")).to_have_attribute("data-theme", "dark")
    other.get_by_role("radio", name="Theme of the system").check(force=True)
    expect(html).to_have_attribute("data-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(html).to_have_attribute("data-theme", "dark")
