"""A real mail server for tests, and certificates by an authority of the tests' own. No pytest in here."""

import asyncio
import datetime
import ipaddress
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.app_process import free_port


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


@dataclass(frozen=True)
class Authority:
    """`ca` is the file that SSL_CERT_FILE may name; `context` is for a server with such a certificate."""

    ca: Path
    context: ssl.SSLContext


def make_authority(folder: Path, *names: str) -> Authority:
    now = datetime.datetime.now(datetime.UTC)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the tests' own authority")])

    def sign(
        subject: x509.Name, public_key: Any, extensions: list[tuple[x509.ExtensionType, bool]]
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder().issuer_name(root_name).subject_name(subject)
        builder = builder.public_key(public_key).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(minutes=5))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(root_key, hashes.SHA256())

    root = sign(root_name, root_key.public_key(), [(x509.BasicConstraints(ca=True, path_length=0), True)])
    alternative = x509.SubjectAlternativeName([_general(name) for name in names])
    leaf = sign(x509.Name([]), key.public_key(), [(alternative, True)])
    ca, chain = folder / "ca.pem", folder / "chain.pem"
    ca.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain.write_bytes(private + leaf.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return Authority(ca, context)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
