"""A real mail server for tests. No pytest in here."""

import asyncio
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.support.ports import free_port


@dataclass(frozen=True)
class Received:
    sender: str
    recipients: list[str]
    tls: bool
    user: str | None
    message: EmailMessage

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    def _body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")


@dataclass
class Postbox:
    """`with Postbox() as box`: what it accepted is in `box.received`.

    `rcpt` and `data` are the answers to those commands where they aren't None. `stop` and `start` again on
    the same port: a server that was away. `login` is the (user, password) that is right, in clear too.
    `accepting` is set once a letter is there, whose answer then takes `takes_seconds`."""

    tls: ssl.SSLContext | None = None
    implicit: bool = False
    login: tuple[str, str] | None = None
    port: int = field(default_factory=free_port)
    rcpt: str | None = None
    data: str | None = None
    takes_seconds: float = 0.0
    accepting: threading.Event = field(default_factory=threading.Event)
    received: list[Received] = field(default_factory=list)
    logins: list[tuple[bytes, bool]] = field(default_factory=list)

    def start(self) -> None:
        options: dict[str, Any] = {"server_hostname": "localhost"}
        if self.login:
            options |= {"auth_require_tls": False, "authenticator": self._check}
        options["ssl_context" if self.implicit else "tls_context"] = self.tls
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    def _check(self, _server: Any, session: Any, _envelope: Any, _mechanism: Any, login: Any) -> AuthResult:
        self.logins.append((login.password, session.ssl is not None))
        right = self.login == (login.login.decode(), login.password.decode())
        return AuthResult(success=right, handled=False, auth_data=login)

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.rcpt is None:
            envelope.rcpt_tos.append(address)
        return self.rcpt or "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.accepting.set()
        await asyncio.sleep(self.takes_seconds)
        if self.data is not None:
            return self.data
        message = message_from_bytes(envelope.content, policy=policy.SMTP)
        assert isinstance(message, EmailMessage)
        user = session.auth_data.login.decode() if session.auth_data else None
        tls = session.ssl is not None or self.implicit
        self.received.append(Received(envelope.mail_from, envelope.rcpt_tos, tls, user, message))
        return "250 OK"

    def __enter__(self) -> "Postbox":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
