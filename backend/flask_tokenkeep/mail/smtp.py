"""How a letter leaves the house over SMTP."""

import ipaddress
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from flask_tokenkeep.mail.transport import Letter, Refused, Send

COMMAND_SECONDS = (
    10.0  # to connect, and for each answer; until the letter is handed over a retry costs nothing
)
# RFC 5321 §4.5.3.2.6: after the last byte the server may work for this long. Whoever hangs up earlier sends
# a second copy of what was accepted.
HAND_OVER_SECONDS = 600.0
SUBMISSION_PORT, SUBMISSIONS_PORT = 587, 465  # RFC 6409 §3.1, RFC 8314 §3.3

Tls = Literal["implicit", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """What `SMTP_URL` says. `user` and `password` are both there or both empty."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """The server in `smtp://user:pass@host:587?starttls=required|never` or `smtps://user:pass@host:465`.

        STARTTLS is demanded except on loopback. Raises ValueError for people, without a part of the URL."""
        parts, host, port = _split(url)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if bool(user) != bool(password):
            raise ValueError("needs a password with the user, or neither")
        if not (user + password).isascii():  # smtplib can't say more, and few servers understand more
            raise ValueError("can use ASCII only in the user and the password")
        tls = _tls(parts, host)
        if user and tls == "none" and not _is_loopback(host):
            raise ValueError("would send the password in clear: leave out starttls=never, or the password")
        default = SUBMISSIONS_PORT if tls == "implicit" else SUBMISSION_PORT
        return cls(host, port or default, tls, user, password)


def _split(url: str) -> tuple[SplitResult, str, int | None]:
    wrong = ValueError(
        "must look like smtp://user:password@host:587, with @ : / # ? % in the password written "
        "as %40 %3A %2F %23 %3F %25"
    )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # its text would show a part of the password
        raise wrong from None
    if not host or port == 0 or parts.path not in ("", "/") or parts.fragment:
        raise wrong
    if not url.isprintable() or " " in url:
        raise wrong
    return parts, host, port


def _tls(parts: SplitResult, host: str) -> Tls:
    options = parse_qs(parts.query, keep_blank_values=True)
    chosen = options.pop("starttls", [""])
    if options or chosen not in ([""], ["required"], ["never"]) or (parts.query and chosen == [""]):
        raise ValueError("knows one option: ?starttls=required or ?starttls=never")
    if parts.scheme == "smtps":
        if parts.query:
            raise ValueError("has TLS from the first byte with smtps://: leave out starttls")
        return "implicit"
    if parts.scheme != "smtp":
        raise ValueError("must begin with smtp:// or smtps://")
    never = chosen == ["never"] or (chosen == [""] and _is_loopback(host))
    return "none" if never else "starttls"


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


class SmtpTransport:
    """Sends letters over SMTP, one connection per letter.

    Certificates are verified against the system's authorities, or those of `SSL_CERT_FILE`; where TLS is
    demanded nothing, no password either, is said before it is up."""

    name = "smtp"

    def __init__(self, server: SmtpServer, *, greeting: str) -> None:
        """`greeting` is the name for EHLO: the system's own could take a DNS time-out to find."""
        self._server = server
        self._greeting = greeting
        self._tls = None if server.tls == "none" else ssl.create_default_context()

    @contextmanager
    def open(self) -> Iterator[Send]:
        with closing(self._connect()) as smtp:
            self._prepare(smtp)
            yield partial(_hand_over, smtp)
            with suppress(OSError):  # the letter was accepted; how we part changes nothing
                smtp.quit()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.tls == "implicit":
            return _PatientSmtps(
                server.host, server.port, self._greeting, timeout=COMMAND_SECONDS, context=self._tls
            )
        return _PatientSmtp(server.host, server.port, self._greeting, timeout=COMMAND_SECONDS)

    def _prepare(self, smtp: smtplib.SMTP) -> None:
        if self._server.tls == "starttls":
            # Raises if it isn't offered: whoever sits between may have cut it out of the answer.
            smtp.starttls(context=self._tls)
        smtp.ehlo_or_helo_if_needed()
        if self._server.user:
            smtp.login(self._server.user, self._server.password)


class _Patient:
    sock: ssl.SSLSocket | None

    def data(self, msg: bytes) -> tuple[int, bytes]:
        assert self.sock is not None  # noqa: S101  # smtplib is in the middle of a conversation
        self.sock.settimeout(HAND_OVER_SECONDS)
        answer: tuple[int, bytes] = super().data(msg)  # type: ignore[misc]
        if self.sock is not None:
            self.sock.settimeout(COMMAND_SECONDS)
        return answer


class _PatientSmtp(_Patient, smtplib.SMTP):  # type: ignore[misc]
    pass


class _PatientSmtps(_Patient, smtplib.SMTP_SSL):  # type: ignore[misc]
    pass


def _hand_over(smtp: smtplib.SMTP, letter: Letter) -> None:
    try:
        smtp.send_message(letter.message, letter.sender, [letter.to])
    except smtplib.SMTPRecipientsRefused as refused:
        if all(code >= 500 for code, _ in refused.recipients.values()):
            raise Refused("the server refuses the address") from None
        raise
    except smtplib.SMTPDataError as refused:
        if refused.smtp_code >= 500:
            raise Refused("the server refuses the letter") from None
        raise
