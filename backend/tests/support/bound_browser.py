"""A browser whose sessions are bound to its key."""

from typing import Any

from flask import Flask

from tests.support.asking import bearer
from tests.support.browser_key import Key
from tests.support.examples import PERSON
from tests.support.still_clock import Clock


class Browser:
    """A key, and the requests that a page makes with it."""

    def __init__(self, app: Flask, clock: Clock) -> None:
        self.app, self.clock, self.key = app, clock, Key()

    def at(self, app: Flask) -> "Browser":
        """The same browser, with the same key, at another worker."""
        other = Browser(app, self.clock)
        other.key = self.key
        return other

    def proof(self, path: str, token: str | None = None, **changes: Any) -> str:
        return self.key.proof("POST", f"http://localhost{path}", token, self.clock.now, **changes)

    def log_in(self, proof: str | None = None) -> Any:
        headers = {"DPoP": proof or self.proof("/api/login")}
        return self.app.test_client().post("/api/login", json=PERSON, headers=headers)

    def refresh(self, token: str, proof: str | None = None) -> Any:
        headers = bearer(token) | {"DPoP": proof or self.proof("/api/refresh", token)}
        return self.app.test_client().post("/api/refresh", headers=headers)


def token_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.json
    token: str = answer.json["token"]
    return token
