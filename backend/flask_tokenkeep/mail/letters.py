"""The letters: one text template each, from which the HTML is made, so that both say the same.

A template's first line is the subject, empty lines part the paragraphs, and a paragraph that is one of the
template's `links` becomes a button in HTML."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flask_tokenkeep.mail.transport import Letter, Refused
from flask_tokenkeep.stores.models import LetterKind

_SPANS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
WORD_JOINER = "\u2060"
MAX_SHOWN = 100  # characters of a user name or a browser: a letter is no place for somebody else's text


@dataclass(frozen=True, slots=True)
class Draft:
    """What a letter tells. `code` is "" in those that carry none; `facts` may have `ip` and `browser`."""

    kind: LetterKind
    to: str
    username: str
    happened_at: datetime
    facts: Mapping[str, str]
    code: str = ""


class Letters:
    """Writes letters in the words of our templates."""

    def __init__(
        self,
        *,
        product_name: str,
        public_url: str,
        sender: Address,
        reset_seconds: int,
        verify_seconds: int,
    ) -> None:
        self._product = " ".join(product_name.split())
        self._public_url = public_url  # and never a request's Host: it would choose where a code is sent to
        self._sender = sender
        self._lifetimes = {"reset": in_words(reset_seconds), "verify": in_words(verify_seconds)}
        folder = FileSystemLoader(Path(__file__).parent / "templates")
        self._html = Environment(loader=folder, autoescape=True, undefined=StrictUndefined)
        self._text = Environment(loader=folder, autoescape=False, undefined=StrictUndefined)  # noqa: S701

    def write(self, draft: Draft, *, message_id: str, written_at: datetime) -> Letter:
        """The letter that tells this. Raises Refused if nothing can be sent to such an address."""
        to = _envelope(draft.to)
        words = self._words(draft)
        template = self._text.get_template(f"{draft.kind}.txt").make_module(words)
        links: dict[str, str] = template.links  # type: ignore[attr-defined]
        subject, *paragraphs = str(template).strip().split("\n\n")
        footer = f"-- \n{self._product}, {self._public_url}"  # RFC 3676 §4.3: what programs know as the end
        text = "\n\n".join((*paragraphs, footer)) + "\n"
        html = self._html.get_template("layout.html").render(
            words, subject=subject, paragraphs=paragraphs, links=links
        )
        message = self._message(to, subject, message_id, written_at)
        _fill(message, text, html)
        link = next(paragraph for paragraph in paragraphs if paragraph in links)
        return Letter(message, self._sender.addr_spec, to, link)

    def _words(self, draft: Draft) -> dict[str, Any]:
        return {
            "product": self._product,
            "public_url": self._public_url,
            "name": f'"{unlinked(draft.username)}"',
            "when": f"{draft.happened_at.astimezone(UTC):%-d %B %Y, %H:%M} UTC",
            "ip": _ip(draft.facts.get("ip", "")),
            "browser": unlinked(draft.facts.get("browser", "")) or "an unknown browser",
            "lifetime": self._lifetimes.get(draft.kind, ""),
            # The code stands in the fragment, which no browser sends to a server.
            "reset_url": f"{self._public_url}/reset-password#code={draft.code}",
            "verify_url": f"{self._public_url}/verify-email#code={draft.code}",
            "account_url": f"{self._public_url}/account",
            "forgot_url": f"{self._public_url}/forgot-password",
        }

    def _message(self, to: str, subject: str, message_id: str, written_at: datetime) -> EmailMessage:
        message = EmailMessage(policy=policy.SMTP)  # refuses CR and LF in a header
        message["From"] = self._sender
        user, _, host = to.rpartition("@")
        message["To"] = Address(username=user, domain=host)  # addr_spec= would refuse letters beyond ASCII
        message["Subject"] = subject
        message["Date"] = written_at
        message["Message-ID"] = f"<{message_id}@{host_of(self._public_url)}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no out-of-office notes, please
        return message


def parse_sender(text: str) -> Address:
    """The address in `name@host` or `Some Name <name@host>`. Raises ValueError with words for people."""
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


def default_sender(product_name: str, public_url: str) -> Address:
    """no-reply@ the host of PUBLIC_URL."""
    return Address(product_name, "no-reply", host_of(public_url))


def host_of(public_url: str) -> str:
    """The host of this URL, fit for the right side of an @, where an address in digits is no name
    (RFC 5321 §4.1.3)."""
    host = urlsplit(public_url).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return host.encode("idna").decode()
    return "localhost"


def in_words(seconds: int) -> str:
    """Seconds as people say them, in the largest unit that fits: 1800 is "30 minutes", 86400 "24 hours"."""
    size, unit = next(
        (size, unit) for size, unit in _SPANS if seconds % size == 0 and (size < 86_400 or seconds > size)
    )
    count = seconds // size
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def unlinked(text: str) -> str:
    """Somebody else's text, on one line and so that no mail program makes a link of it ("evil.example")."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    shown = " ".join(shown.split())[:MAX_SHOWN].replace('"', "'")
    return re.sub(r"([.:/@])(?=\S)", rf"\1{WORD_JOINER}", shown)


def _ip(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return "an unknown address"


def _envelope(address: str) -> str:
    """In ASCII where there is such a form: not every server knows SMTPUTF8 (RFC 6531)."""
    try:
        found = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        raise Refused("this is not an address") from None
    return found.ascii_email or found.normalized


def _fill(message: EmailMessage, text: str, html: str) -> None:
    # Not encoded where that is possible: a link that is broken by "=3D" can't be copied from an .eml file.
    message.set_content(text, cte="7bit" if text.isascii() else "quoted-printable")
    ascii_html = html.encode("ascii", "xmlcharrefreplace").decode()
    message.add_alternative(ascii_html, subtype="html", cte="7bit")
