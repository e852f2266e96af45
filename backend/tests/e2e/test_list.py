"""The book list: search, order, where one was, and what it says when not all is well."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.app_process import App
from tests.support.visitors import (
    OpenProfile,
    Profile,
    books,
    expect_accessible,
    expect_books,
    heading,
    log_in,
    sign_up,
)


def test_search_order_and_place_survive_a_book_a_reload_and_back(page: Page) -> None:
    expect_books(page)
    page.get_by_role("searchbox").fill("ed")
    page.get_by_label("Sort by").select_option("Title")
    expect(page).to_have_url(re.compile(r"\?q=ed&sort=title$"))
    status = page.get_by_role("status")
    expect(status).to_have_text(re.compile(r"^\d+ of \d+ books$"))  # the list follows what is typed
    found = status.inner_text()
    titles = books(page).get_by_role("link").all_inner_texts()
    assert len(titles) > 8
    # The catalogue's own order of letters is the browser's: no article, quote or case is in the way.
    last = books(page).get_by_role("link").last
    last.scroll_into_view_if_needed()
    place = page.evaluate("scrollY")
    assert place > 0
    last.click()
    expect(page.get_by_role("link", name="All books")).to_be_visible()
    assert page.evaluate("scrollY") == 0

    page.go_back()
    expect(page.get_by_role("status")).to_have_text(found)
    assert books(page).get_by_role("link").all_inner_texts() == titles
    expect(last).to_be_focused()
    assert abs(page.evaluate("scrollY") - place) < 5

    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("ed")
    assert books(page).get_by_role("link").all_inner_texts() == titles

    page.go_forward()
    expect(heading(page)).to_have_text(titles[-1])
    page.get_by_role("link", name="Bookshelf").click()
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_a_book_is_found_by_title_author_and_isbn(page: Page) -> None:
    found = {
        "9781933988672": "Unlocking Android",
        "1-933988-67-3": "Unlocking Android",
        "unlock ROBI": "Unlocking Android",
        "zoe unicode": "A Space at the End",
        "<b>marked": 'It\'s "quoted"',
    }
    for typed, title in found.items():
        page.get_by_role("searchbox").fill(typed)
        expect(books(page)).to_have_count(1)
        expect(books(page)).to_contain_text(title)


def test_an_author_leads_to_all_their_books(page: Page) -> None:
    page.get_by_role("link", name="Unlocking Android").click()
    page.get_by_role("link", name="Robi Sen").click()
    expect(page.get_by_role("searchbox")).to_have_value("Robi Sen")
    expect(books(page)).to_have_count(2)
    page.get_by_role("button", name="Clear the search").click()
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(books(page).nth(5)).to_be_visible()


def test_a_sample_list_is_labelled(open_profile: OpenProfile, lonely_app: App) -> None:
    page = open_profile(lonely_app).tab("/login")
    log_in(page, sign_up(lonely_app))
    expect_books(page)
    expect(page.get_by_text("This is a sample of")).to_be_visible()
    expect_accessible(page)


def test_an_old_list_is_labelled(open_profile: OpenProfile, quick_app: App) -> None:
    profile = open_profile(quick_app)
    profile.expect_status(401)  # its tokens live for seconds, and a slow machine shows
    page = profile.tab("/login")
    log_in(page, sign_up(quick_app))
    expect_books(page)
    expect(page.get_by_text("This is the list as we last saw it.")).to_be_visible()
    expect_accessible(page)


def test_loading_is_announced_where_the_content_will_be(page: Page) -> None:
    expect_books(page)
    held: list[Route] = []
    page.route("**/api/books*", lambda route: held.append(route))
    page.reload()
    expect(page.get_by_role("status")).to_have_text("The books are loading.")
    expect(heading(page)).to_have_text("Books")
    expect_accessible(page)
    top = page.locator("main h1").bounding_box()
    held.pop().continue_()
    expect_books(page)
    assert page.locator("main h1").bounding_box() == top

    page.route("**/api/books/*", lambda route: held.append(route))
    page.goto(page.url + "/1", wait_until="commit")
    expect(heading(page)).to_have_text("The book is loading")
    expect_accessible(page)
    held.pop().continue_()
    expect(heading(page)).to_have_text("Unlocking Android")


def test_an_empty_catalogue_says_so(page: Page) -> None:
    expect_books(page)
    page.route("**/api/books", lambda route: route.fulfill(json=[]))
    page.reload()
    expect(page.get_by_text("There are no books yet.")).to_be_visible()
    expect_accessible(page)


@pytest.mark.parametrize(
    ("status", "words"),
    [(503, "The server has trouble"), (429, "A little slower")],
)
def test_an_error_of_the_server_logs_nobody_out(
    page: Page, profile: Profile, status: int, words: str
) -> None:
    profile.expect_status(status)
    expect_books(page)
    headers = {"Retry-After": "1", "Content-Type": "application/problem+json"}
    page.route("**/api/books", lambda route: route.fulfill(status=status, headers=headers, body="{}"))
    page.reload()
    expect(heading(page)).to_have_text(words)
    expect(page.get_by_role("alert")).to_contain_text("You can try again now.")
    expect_accessible(page)
    page.unroute("**/api/books")
    page.get_by_role("button", name="Try again").click()
    expect_books(page)
