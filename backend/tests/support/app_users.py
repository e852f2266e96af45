"""People who use a small app, and the letters that they get."""

import email
import re
from datetime import UTC, datetime
from email import policy
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from flask_tokenkeep.mail.outbox import RESET_SPREAD
from tests.support.asking import bearer
from tests.support.examples import ADDRESS, AGENT, PASSWORD, PERSON
from tests.support.inside import courier_of, deliver_due
from tests.support.still_clock import Clock


class People:
    """One person at a small app, and the letters that they get."""

    def __init__(self, app: Flask, clock: Clock, mails: Path) -> None:
        self.app, self.clock, self.mails = app, clock, mails
        self.http = app.test_client()

    def post(
        self, path: str, body: dict[str, Any] | None = None, token: str | None = None, **more: str
    ) -> Any:
        headers = (bearer(token) if token else {}) | more
        return self.app.test_client().post(f"/api{path}", json=body, headers=headers)

    def register(self, username: str = "Ada", address: str | None = ADDRESS, agent: str = AGENT) -> None:
        body = {"username": username, "password": PASSWORD} | ({"email": address} if address else {})
        assert self.post("/register", body, **{"User-Agent": agent}).status_code == 201

    def log_in(self, username: str = "Ada", password: str = PASSWORD, agent: str = AGENT) -> Any:
        return self.post("/login", {"username": username, "password": password}, **{"User-Agent": agent})

    def token(self, username: str = "Ada", password: str = PASSWORD) -> str:
        answer = self.log_in(username, password)
        assert answer.status_code == 200, answer.json
        token: str = answer.json["token"]
        return token

    def letters(self) -> list[email.message.EmailMessage]:
        """What the sender sends within seconds."""
        for old in self.mails.glob("*.eml"):
            old.unlink()
        now = datetime.fromtimestamp(self.clock.now, UTC)
        deliver_due(courier_of(self.app), now + RESET_SPREAD)
        return [
            email.message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in self.mails.glob("*.eml")
        ]

    def code(self) -> str:
        letters = self.letters()
        found = [re.search(r"#code=(\S+)", body_of(letter)) for letter in letters]
        (code,) = [match[1] for match in found if match]
        return code

    def verified(self, username: str = "Ada", address: str = ADDRESS, agent: str = AGENT) -> None:
        self.register(username, address, agent)
        assert self.post("/email/verify", {"code": self.code()}).status_code == 204

    def forgotten(self, address: str = ADDRESS) -> str:
        assert self.post("/password/forgot", {"email": address}).status_code == 202
        return self.code()

    def forgotten_beside(self) -> str:
        """The reset code, where other letters go out too."""
        people_asked = self.post("/password/forgot", {"email": ADDRESS})
        assert people_asked.status_code == 202
        found = [re.search(r"reset-password#code=(\S+)", body_of(letter)) for letter in self.letters()]
        (code,) = [match[1] for match in found if match]
        return code

    def is_live(self, token: str) -> bool:
        return self.app.test_client().get("/api/me", headers=bearer(token)).status_code == 200


def register_and_log_in(client: FlaskClient) -> str:
    """Ada's token."""
    client.post("/api/register", json=PERSON)
    answer = client.post("/api/login", json=PERSON)
    assert answer.status_code == 200, answer.json
    token: str = answer.json["token"]
    return token


def body_of(letter: email.message.EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    content: str = part.get_content()
    return content


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]
