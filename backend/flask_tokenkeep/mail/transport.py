"""How a letter leaves the house: over SMTP, or into a folder where there is no SMTP."""

import ipaddress
import logging
import os
import secrets
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

log = logging.getLogger("flask_tokenkeep")

COMMAND_SECONDS = (
    10.0  # to connect, and for each answer; until the letter is handed over a retry costs nothing
)
# RFC 5321 §4.5.3.2.6: after the last byte the server may work for this long. Whoever hangs up earlier sends
# a second copy of what was accepted.
HAND_OVER_SECONDS = 600.0
SUBMISSION_PORT, SUBMISSIONS_PORT = 587, 465  # RFC 6409 §3.1, RFC 8314 §3.3

Tls = Literal["implicit", "starttls", "none"]


class Refused(Exception):
    """This letter will never be accepted for this address: another try would change nothing."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message and the one address it goes to; `link` is the first that it asks to open."""

    message: EmailMessage
    sender: str
    to: str
    link: str


Send = Callable[[Letter], None]


class Transport(Protocol):
    """`with transport.open() as send: send(letter)`. Trouble that may pass is an OSError (smtplib's errors
    and ssl's are), trouble that won't is Refused. Opened first, so that no one-time code is made, and
    none replaced, for a letter that couldn't leave."""

    name: str

    def open(self) -> AbstractContextManager[Send]: ...


# -- SMTP -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """What `SMTP_URL` says. `user` and `password` are both there or both empty."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """`smtp://user:pass@host:587?starttls=required|never` or `smtps://user:pass@host:465`.

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
    """One connection per letter. Certificates are verified against the system's authorities, or those of
    `SSL_CERT_FILE`; where TLS is demanded nothing, no password either, is said before it is up."""

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


# -- files ------------------------------------------------------------------------------------


class FileTransport:
    """Each letter is an `.eml` file of its own, for the owner of the process only."""

    name = "files"

    def __init__(self, folder: Path, *, show_link: bool) -> None:
        """`show_link`: the log is the developer's mailbox. Never where logs are kept and read by others."""
        self._folder = folder
        self._show_link = show_link

    @contextmanager
    def open(self) -> Iterator[Send]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield self._write

    def _write(self, letter: Letter) -> None:
        path = self._folder / f"{_stamp(letter.message)}-{secrets.token_hex(6)}.eml"
        half = path.with_suffix(".part")  # written aside: whoever reads *.eml sees all of a letter or none
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(letter.message.as_bytes(policy=policy.SMTP))
            path.hardlink_to(half)  # unlike a rename it never replaces a file
        finally:
            half.unlink()
        log.info("Mail is in %s%s", path, f": {letter.link}" if self._show_link else "")


def _stamp(message: EmailMessage) -> str:
    """Sorts by time: 20261123T142825Z."""
    return f"{message['Date'].datetime:%Y%m%dT%H%M%SZ}"


# -- what the settings say --------------------------------------------------------------------


def parse_sender(text: str) -> Address:
    """`name@host` or `Some Name <name@host>`. Raises ValueError for people."""
    wrong = ValueError("must be one address, such as Bookshelf <no-reply@books.example>")
    if not text.isprintable():  # CR and LF would begin a header of their own
        raise wrong
    try:
        header = policy.SMTP.header_factory("From", text)
    except IndexError:  # what the parser makes of "a@"
        raise wrong from None
    mailboxes = header.addresses
    if header.defects or len(mailboxes) != 1 or header.groups[0].display_name is not None:
        raise wrong
    sender: Address = mailboxes[0]
    if not (sender.username and sender.domain and sender.addr_spec.isascii()):
        raise wrong
    return sender
