"""The whole way, in both themes, on a telephone and on a wide screen."""

import secrets

import pytest
from playwright.sync_api import expect

from tests.support.app_process import App
from tests.support.visitors import (
    PASSWORD,
    OpenProfile,
    Person,
    books,
    expect_accessible,
    expect_books,
    expect_no_sideways_scroll,
    fill_in,
    heading,
    log_out,
)

SIZES = {"telephone": {"width": 360, "height": 740}, "wide": {"width": 1280, "height": 800}}


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES)
def test_register_log_in_read_refresh_second_tab_log_out(
    open_profile: OpenProfile, app: App, theme: str, size: str
) -> None:
    profile = open_profile(app, color_scheme=theme, viewport=SIZES[size], reduced_motion="reduce")
    person = Person(f"flow-{secrets.token_hex(5)}")

    page = profile.tab("/")
    expect(page).to_have_url(f"{app.url}/login")
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    expect_accessible(page)
    page.get_by_role("link", name="Create an account").click()
    expect(heading(page)).to_have_text("Create your account")
    expect_accessible(page)
    fill_in(page, person)
    page.get_by_role("button", name="Create account").click()
    expect_books(page)
    expect_accessible(page)
    expect_no_sideways_scroll(page)

    log_out(page)
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    expect_accessible(page)
    fill_in(page, person)
    page.get_by_label("Password", exact=True).press("Enter")
    expect_books(page)
    page.reload()
    expect_books(page)

    books(page).get_by_role("link").first.click()
    expect(heading(page)).to_have_text("Unlocking Android")
    expect_accessible(page)
    expect_no_sideways_scroll(page)
    page.reload()
    expect(heading(page)).to_have_text("Unlocking Android")

    second = profile.tab("/books")
    expect_books(second)
    log_out(page)
    expect(heading(second)).to_have_text("Log in")
    expect(second.get_by_text("You are logged out.")).to_be_visible()
    assert PASSWORD not in str(profile.context.storage_state())
