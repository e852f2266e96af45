"""Mail, recovery, addresses, sessions and leaving, with a real mail server."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.app_process import App, running_app
from tests.support.mail_server import Postbox, Received
from tests.support.visitors import (
    OpenProfile,
    Person,
    expect_accessible,
    expect_books,
    expect_no_sideways_scroll,
    heading,
    log_in,
    sign_up,
)
from tests.support.waiting import wait_until

NEW_PASSWORD = "a dozen marble staircases"
PHONE = {"viewport": {"width": 360, "height": 780}, "color_scheme": "light"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(scope="module")
def postbox() -> Iterator[Postbox]:
    with Postbox() as postbox:
        yield postbox


@pytest.fixture(scope="module")
def app(postbox: Postbox) -> Iterator[App]:
    with running_app(env={"SMTP_URL": f"smtp://127.0.0.1:{postbox.port}"}) as app:
        yield app


@pytest.fixture(autouse=True)
def empty_postbox(postbox: Postbox) -> None:
    postbox.received.clear()


def letter(postbox: Postbox, subject: str) -> Received:
    """The newest of this kind, once it is there."""

    def fitting() -> list[Received]:
        return [each for each in postbox.received if subject in str(each.message["Subject"])]

    wait_until(lambda: bool(fitting()), f"the letter {subject!r}")
    return fitting()[-1]


def link(received: Received, page: str) -> str:
    """The path of the link, with its code, as it is clicked in a mail program."""
    found = re.search(rf"http://localhost:\d+(/{page}#code=\S+)", received.text)
    assert found, received.text
    return found[1]


def confirm(page: Page, postbox: Postbox, app: App) -> None:
    page.goto(app.url + link(letter(postbox, "Confirm"), "verify-email"))
    expect(page).to_have_url(f"{app.url}/verify-email")  # the code has left the address bar
    expect_accessible(page)
    page.get_by_role("button", name="Confirm this address").click()
    expect(page.get_by_role("main")).to_contain_text("is confirmed")


def give_address(page: Page, address: str, person: Person) -> None:
    section = page.get_by_role("region", name="E-mail")
    section.get_by_label("New e-mail address").fill(address)
    section.get_by_label("Current password").fill(person.password)
    section.get_by_role("button", name="Change the address").click()
    expect(section).to_contain_text(f"We sent a link to {address}")


def test_an_address_is_given_confirmed_and_changed(
    open_profile: OpenProfile, app: App, postbox: Postbox
) -> None:
    person = sign_up(app)
    page = open_profile(app).tab("/account")
    log_in(page, person)
    expect(heading(page)).to_have_text("Your account")
    expect_accessible(page)
    give_address(page, f"{person.username}@library.example", person)
    confirm(page, postbox, app)
    page.goto(app.url + "/account")
    expect(page.get_by_role("region", name="E-mail")).to_contain_text("(confirmed)")
    postbox.received.clear()
    give_address(page, f"{person.username}@elsewhere.example", person)
    told = letter(postbox, "A new e-mail address")
    assert told.recipients == [f"{person.username}@library.example"]
    assert "#code=" not in told.text
    letter(postbox, "Confirm")
    postbox.received.clear()
    page.reload()
    section = page.get_by_role("region", name="E-mail")
    expect(section).to_contain_text(f"{person.username}@library.example (confirmed)")
    expect(section).to_contain_text(f"{person.username}@elsewhere.example (takes its place once confirmed)")
    section.get_by_role("button", name="Send the link again").click()
    expect(section).to_contain_text("A new link is on its way")
    confirm(page, postbox, app)
    page.goto(app.url + "/account")
    expect(page.get_by_role("region", name="E-mail")).to_contain_text(f"{person.username}@elsewhere.example")


def test_a_forgotten_password_is_replaced_and_the_other_browser_is_out(
    open_profile: OpenProfile, app: App, postbox: Postbox
) -> None:
    person = sign_up(app)
    address = f"{person.username}@library.example"
    desk, phone = open_profile(app), open_profile(app, **PHONE)
    page = desk.tab("/account")
    log_in(page, person)
    give_address(page, address, person)
    confirm(page, postbox, app)

    other = phone.tab("/login")
    phone.expect_status(422)
    other.get_by_role("link", name="Forgot your password?").click()
    expect(heading(other)).to_have_text("Forgot your password?")
    expect_accessible(other)
    expect_no_sideways_scroll(other)
    other.get_by_label("E-mail").fill(address)
    other.get_by_role("button", name="Send the link").click()
    expect(other.get_by_role("main")).to_contain_text("a mail with a link is on its way")
    expect_accessible(other)
    path = link(letter(postbox, "Reset"), "reset-password")
    other.goto(app.url + path)
    expect(other).to_have_url(f"{app.url}/reset-password")
    expect_accessible(other)
    expect_no_sideways_scroll(other)
    field = other.get_by_label("New password")
    field.fill("passwordpassword")
    expect(other.get_by_role("main")).to_contain_text("easy to guess")
    other.get_by_role("button", name="Change the password").click()
    expect(field).to_be_focused()
    field.fill(NEW_PASSWORD)
    other.get_by_role("button", name="Change the password").click()
    expect(other.get_by_role("main")).to_contain_text("Your password is changed")
    log_in(other, Person(person.username, NEW_PASSWORD))

    desk.expect_status(401)
    page.goto(app.url + "/account")
    expect(page.get_by_role("main")).to_contain_text("Signed out because your password was changed")

    other.goto(app.url + path)
    other.get_by_label("New password").fill("another dozen of staircases")
    other.get_by_role("button", name="Change the password").click()
    expect(other.get_by_role("alert")).to_contain_text("used, has expired or was replaced")
    expect(other.get_by_role("link", name="Ask for a new link")).to_be_visible()
    assert letter(postbox, "was changed").recipients == [address]


def test_the_password_is_changed_on_the_account_page(open_profile: OpenProfile, app: App) -> None:
    person = sign_up(app)
    desk, phone = open_profile(app), open_profile(app, **PHONE)
    page, other = desk.tab("/account#password"), phone.tab("/login")
    log_in(page, person)
    log_in(other, person)
    desk.expect_status(403)
    section = page.get_by_role("region", name="Password")
    expect(section.get_by_label("Current password")).to_be_focused()  # where the fragment leads
    section.get_by_label("Current password").fill("not the one at all")
    section.get_by_label("New password").fill(NEW_PASSWORD)
    section.get_by_role("button", name="Change the password").click()
    expect(section).to_contain_text("Please type the password that you log in with now")
    expect(section.get_by_label("Current password")).to_be_focused()
    expect(section.get_by_label("New password")).to_have_value(NEW_PASSWORD)
    expect_accessible(page)
    section.get_by_label("Current password").fill(person.password)
    section.get_by_role("button", name="Change the password").click()
    expect(section).to_contain_text("Your password is changed")
    page.goto(app.url + "/books")
    expect_books(page)
    phone.expect_status(401)
    other.reload()
    expect(other.get_by_role("main")).to_contain_text("Signed out because your password was changed")


def test_another_session_is_seen_and_ended(open_profile: OpenProfile, app: App) -> None:
    person = sign_up(app)
    desk, fox = open_profile(app), open_profile(app, user_agent=FIREFOX)
    other = fox.tab("/login")
    log_in(other, person)
    page = desk.tab("/account")
    log_in(page, person)
    section = page.get_by_role("region", name="Where you are logged in")
    expect(section.get_by_role("listitem")).to_have_count(2)
    expect(section.get_by_role("listitem").first).to_contain_text("this one")
    expect(section.get_by_role("listitem").last).to_contain_text("Firefox on Linux")
    section.get_by_role("button", name="End", exact=True).click()
    expect(section.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("region", name="Recent activity")).to_contain_text("A session was ended")
    fox.expect_status(401)
    other.reload()
    expect(other.get_by_role("main")).to_contain_text("ended from another device")


def test_everything_is_downloaded_and_then_deleted(open_profile: OpenProfile, app: App) -> None:
    person = sign_up(app)
    profile = open_profile(app, **PHONE)
    page = profile.tab("/account")
    log_in(page, person)
    expect_accessible(page)
    expect_no_sideways_scroll(page)
    profile.expect_status(503)
    page.route("**/api/me/export", lambda route: route.fulfill(status=503))
    page.get_by_role("button", name="Download all that is stored").click()
    expect(page.get_by_role("region", name="leaving").get_by_role("alert")).to_contain_text("trouble")
    page.unroute("**/api/me/export")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all that is stored").click()
    everything = json.loads(download.value.path().read_text())
    assert everything["user"]["username"] == person.username
    section = page.get_by_role("region", name="leaving")
    section.get_by_label("Current password").fill(person.password)
    section.get_by_role("button", name="Delete the account").click()
    expect(page.get_by_role("main")).to_contain_text("everything of it is gone")
    profile.expect_status(401)
    page.get_by_label("User name").fill(person.username)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
