"""People with a browser: what they can do, and what must never happen while they do it. No pytest in here."""

import json
import re
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, expect

from tests.support.app_process import App
from tests.support.asking import ask
from tests.support.places import FRONTEND
from tests.support.waiting import DEADLINE_SECONDS

AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
PLAIN_HOST = "books.test"  # an origin that is not secure, so a browser gives it no WebCrypto
TOKEN_SECONDS = 4  # of the quick server
PASSWORD = "seven quiet herons by the mill"
SESSION_KEY = "ta.session"
# The browser's own words for an answer that is an error; which ones may come, each test says.
ANSWERED = r"Failed to load resource: the server responded with a status of {} "


@dataclass(eq=False)
class Profile:
    """One browser profile: its tabs share their storage, and nothing goes wrong in them unnoticed."""

    context: BrowserContext
    app: App
    troubles: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(DEADLINE_SECONDS * 1000)
        self.context.on("console", self._note_message)
        self.context.on("weberror", lambda error: self.troubles.append(f"error: {error.error}"))
        self.context.on("requestfailed", self._note_failure)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):  # a violated policy is an error too
            self.troubles.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _note_failure(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the browser's own word for: the person went on
            self.troubles.append(f"failed: {request.method} {request.url} {request.failure}")

    def expect_status(self, *statuses: int) -> None:
        self._expected += [ANSWERED.format(status) for status in statuses]

    def expect_trouble(self, pattern: str) -> None:
        self._expected.append(pattern)

    def unexpected(self) -> list[str]:
        return [text for text in self.troubles if not any(re.search(p, text) for p in self._expected)]

    def tab(self, path: str = "/") -> Page:
        page = self.context.new_page()
        page.goto(self.app.url + path)
        return page

    def refreshes(self) -> list[dict[str, Any]]:
        """The answers to every refresh from now on, as they come in."""
        answers: list[dict[str, Any]] = []
        self.context.on(
            "response",
            lambda response: (
                answers.append(response.json())
                if response.url.endswith("/api/refresh") and response.ok
                else None
            ),
        )
        return answers


OpenProfile = Callable[..., Profile]


@dataclass(frozen=True)
class Person:
    username: str
    password: str = PASSWORD


def sign_up(app: App) -> Person:
    """An account that nobody else uses."""
    person = Person(f"reader-{secrets.token_hex(5)}")
    body = {"username": person.username, "password": person.password}
    assert ask(f"{app.url}/api/register", "POST", body=body).status == 201
    return person


def fill_in(page: Page, person: Person) -> None:
    page.get_by_label("User name").fill(person.username)
    page.get_by_label("Password", exact=True).fill(person.password)


def log_in(page: Page, person: Person) -> None:
    """On the log-in page, wherever that leads."""
    expect(heading(page)).to_have_text("Log in")
    fill_in(page, person)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name=f"Your menu, {person.username}")).to_be_visible()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("button", name="Log out").click()
    expect(heading(page)).to_have_text("Log in")


def heading(page: Page) -> Any:
    return page.get_by_role("heading", level=1)


def books(page: Page) -> Any:
    return page.get_by_role("main").get_by_role("listitem")


def expect_books(page: Page) -> None:
    expect(heading(page)).to_have_text("Books")
    expect(books(page).first).to_be_visible()


def session(page: Page) -> dict[str, Any]:
    """What is stored; empty when nobody is logged in."""
    stored: dict[str, Any] = json.loads(page.evaluate(f"localStorage.getItem('{SESSION_KEY}')") or "{}")
    return stored


def grow_old(page: Page) -> None:
    """In this browser's eyes its token has expired."""
    page.evaluate(
        """key => {
            const { refreshAt, expiresAt, ...rest } = JSON.parse(localStorage[key])
            const left = expiresAt - Date.now()
            const aged = { ...rest, refreshAt: refreshAt - left, expiresAt: expiresAt - left }
            localStorage[key] = JSON.stringify(aged)
        }""",
        SESSION_KEY,
    )


def generation(token: str) -> int:
    """The token's own count of refreshes: four bytes behind the session's sixteen."""
    return int.from_bytes(urlsafe_b64decode(token.removeprefix("ta1_") + "==")[16:20], "big")


def is_accepted(app: App, token: str) -> bool:
    return ask(f"{app.url}/api/me", headers={"Authorization": f"Bearer {token}"}).status == 200


def key_count(page: Page) -> int:
    """How many keys the browser holds."""
    count: int = page.evaluate(
        """async () => {
            if (!(await indexedDB.databases()).some(({ name }) => name === 'ta.keys')) return 0
            const opening = indexedDB.open('ta.keys', 1)
            await new Promise((resolve) => { opening.onsuccess = resolve })
            const counting = opening.result.transaction('keys').objectStore('keys').count()
            await new Promise((resolve) => { counting.onsuccess = resolve })
            opening.result.close()
            return counting.result
        }"""
    )
    return count


def expect_accessible(page: Page) -> None:
    """No violation that axe can find: WCAG 2.2 A and AA, and its best practices."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations)")
    told = [f"{v['id']}: {v['help']}: {[node['html'] for node in v['nodes']]}" for v in found]
    assert told == [], f"{page.url}\n" + "\n".join(told)


def expect_no_sideways_scroll(page: Page) -> None:
    wide, shown = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    assert wide <= shown, f"{page.url}: {wide} px wide in {shown} px"
