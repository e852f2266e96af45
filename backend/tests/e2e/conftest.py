"""One browser for all, a server for each configuration that is needed, a fresh profile for each test."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.app_process import App, running_app
from tests.support.asking import ask
from tests.support.book_source import WARTY, Upstream, raw, reply, running_upstream
from tests.support.places import BACKEND, FRONTEND
from tests.support.visitors import PLAIN_HOST, TOKEN_SECONDS, OpenProfile, Person, Profile, log_in, sign_up
from tests.support.waiting import DEADLINE_SECONDS, wait_until

HERE = Path(__file__).resolve().parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--disable-gpu", "--disable-quic", "--disable-background-networking"]
EXPECT_MS = int(DEADLINE_SECONDS * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("e2e")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert (FRONTEND / "dist" / "index.html").exists(), (
        "build the front end first: cd frontend; npm run build"
    )
    expect.set_options(timeout=EXPECT_MS)
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    flags = [*FLAGS, f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=executable, args=flags)


@contextmanager
def catalogue_source() -> Iterator[Upstream]:
    """Good books and warty ones, each with a number of its own."""
    good = json.loads((BACKEND / "bookshelf" / "sample_books.json").read_text())
    warty = json.loads(WARTY)
    books = good + [{**book, "id": 1000 + at} for at, book in enumerate(warty)]
    with running_upstream() as source:
        source.answer = reply(json.dumps(books).encode())
        yield source


@pytest.fixture(scope="session")
def app() -> Iterator[App]:
    """As it is used, with a live catalogue."""
    with (
        catalogue_source() as source,
        running_app(env={"BOOKS_URL": source.url, "ALLOWED_HOSTS": PLAIN_HOST}) as app,
    ):
        wait_until(lambda: '"live"' in _readiness(app), "the live catalogue")
        yield app


@pytest.fixture(scope="session")
def quick_app() -> Iterator[App]:
    """Tokens live for seconds, and so does the catalogue, whose source is away by now."""
    env = {
        "AUTH_TOKEN_TTL_SECONDS": str(TOKEN_SECONDS),
        "AUTH_BEARER_TTL_SECONDS": str(TOKEN_SECONDS),
        "AUTH_GRACE_SECONDS": "1",
        "BOOKS_TTL_SECONDS": "1",
    }
    with catalogue_source() as source, running_app(env=env | {"BOOKS_URL": source.url}) as app:
        wait_until(lambda: '"live"' in _readiness(app), "the live catalogue")
        source.answer = raw(b"")
        wait_until(lambda: '"cached"' in _readiness(app), "the catalogue from before")
        yield app


@pytest.fixture(scope="session")
def lonely_app() -> Iterator[App]:
    """Has never reached the catalogue, and is strict with guesses. A test that stops it starts it again."""
    with running_app(env={"AUTH_LIMIT_LOGIN_FAILURES": "1"}) as app:
        yield app


def _readiness(app: App) -> str:
    return ask(f"{app.url}/readyz").body.decode().replace(" ", "")


@pytest.fixture
def opened() -> list[Profile]:
    return []


@pytest.fixture
def open_profile(browser: Browser, opened: list[Profile]) -> Iterator[OpenProfile]:
    """Opens browser profiles and insists in the end that nothing went wrong in them."""

    def open_profile(app: App, **options: Any) -> Profile:
        profile = Profile(browser.new_context(**options), app)
        opened.append(profile)
        return profile

    yield open_profile
    for profile in opened:
        profile.context.close()
    assert [trouble for profile in opened for trouble in profile.unexpected()] == []


@pytest.fixture
def profile(open_profile: OpenProfile, app: App) -> Profile:
    return open_profile(app)


@pytest.fixture
def person(app: App) -> Person:
    return sign_up(app)


@pytest.fixture
def page(profile: Profile, person: Person) -> Page:
    """The book list of somebody who has just logged in."""
    page = profile.tab("/login")
    log_in(page, person)
    return page
