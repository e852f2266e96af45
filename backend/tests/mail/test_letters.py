"""Letters and how they leave, against a real mail server."""

import logging
import re
import smtplib
import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from flask_tokenkeep.mail import transport as mail
from flask_tokenkeep.mail.letters import Draft, Letters, host_of, in_words, unlinked
from flask_tokenkeep.mail.transport import (
    FileTransport,
    Letter,
    Refused,
    SmtpServer,
    SmtpTransport,
    parse_sender,
)
from tests.support.certificates import Authority, make_authority
from tests.support.mail_server import Postbox

T = datetime(2026, 11, 23, 14, 28, tzinfo=UTC)
KINDS = ("reset", "verify", "password_changed", "email_changed", "token_reused", "new_browser")
NOTICES = KINDS[2:]
CODE = "c0de" * 10
FACTS = {"ip": "203.0.113.7", "browser": "Firefox on Linux"}


@pytest.fixture
def letters() -> Letters:
    return Letters(
        product_name="Bookshelf",
        public_url="https://books.example",
        sender=parse_sender("Bookshelf <no-reply@books.example>"),
        reset_seconds=1800,
        verify_seconds=86_400,
    )


def write(letters: Letters, kind: str = "reset", **changed: object) -> Letter:
    code = CODE if kind in ("reset", "verify") else ""
    values: dict[str, object] = {"to": "ada@example.org", "username": "Ada", "happened_at": T, "facts": FACTS}
    draft = Draft(kind=kind, code=code, **(values | changed))  # type: ignore[arg-type]
    return letters.write(draft, message_id="an-id", written_at=T)


def text_of(letter: Letter, kind: str = "plain") -> str:
    part = letter.message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def send(server: SmtpServer, letter: Letter) -> None:
    with SmtpTransport(server, greeting="localhost").open() as hand_over:
        hand_over(letter)


def clear(port: int) -> SmtpServer:
    return SmtpServer.parse(f"smtp://127.0.0.1:{port}")


# -- letters ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_says_the_same_in_text_and_in_html(letters: Letters, kind: str) -> None:
    letter = write(letters, kind)
    text, html = text_of(letter), text_of(letter, "html")
    assert letter.link in text
    assert f'href="{letter.link}"' in html
    for paragraph in text.partition("\n-- \n")[0].split("\n\n"):
        shown = paragraph.strip().replace("'", "&#39;").replace('"', "&#34;").replace("\n", "<br>\n")
        assert shown in html, shown


@pytest.mark.parametrize("kind", KINDS)
def test_the_headers_are_those_of_a_machine_that_writes_to_one_person(letters: Letters, kind: str) -> None:
    message = write(letters, kind).message
    assert message["From"] == "Bookshelf <no-reply@books.example>"
    assert message["To"] == "ada@example.org"
    assert "Bookshelf" in message["Subject"]
    assert "Ada" not in message["Subject"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<an-id@books.example>"
    assert message["Date"].datetime == T
    assert not {"Cc", "Bcc", "Reply-To"} & set(message.keys())


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_loaded_from_elsewhere_and_every_link_is_ours(letters: Letters, kind: str) -> None:
    html = text_of(write(letters, kind), "html")
    assert not re.search(r"(?i)<(img|script|link|iframe|form|style)|src=|url\(|@import|\bon\w+=", html)
    assert set(re.findall(r'href="([^"#]*)', html)) <= {
        f"https://books.example{path}"
        for path in ("", "/reset-password", "/verify-email", "/account", "/forgot-password")
    }


def test_a_code_travels_in_the_fragment_only(letters: Letters) -> None:
    assert write(letters, "reset").link == f"https://books.example/reset-password#code={CODE}"
    assert write(letters, "verify").link == f"https://books.example/verify-email#code={CODE}"


def test_letters_say_how_long_their_link_lives(letters: Letters) -> None:
    assert "once, and for 30 minutes." in text_of(write(letters, "reset"))
    assert "once, and for 24 hours." in text_of(write(letters, "verify"))


@pytest.mark.parametrize("kind", NOTICES)
def test_notices_say_when_from_where_and_what_to_do(letters: Letters, kind: str) -> None:
    text = text_of(write(letters, kind))
    assert "When: 23 November 2026, 14:28 UTC\nFrom: 203.0.113.7\nWith: Firefox on Linux" in text
    assert "https://books.example/forgot-password" in text


def test_what_isnt_known_is_said_to_be_unknown(letters: Letters) -> None:
    assert "From: an unknown address\nWith: an unknown browser" in text_of(
        write(letters, "new_browser", facts={})
    )


def test_a_link_can_be_copied_from_the_raw_letter(letters: Letters) -> None:
    assert f"#code={CODE}".encode() in write(letters).message.as_bytes()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((1, "1 second"), (90, "90 seconds"), (1800, "30 minutes"), (3600, "1 hour")),
        *((5400, "90 minutes"), (86_400, "24 hours"), (172_800, "2 days")),
    ],
)
def test_lifetimes_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words


def test_what_others_wrote_is_escaped_and_never_a_link_or_a_line_of_its_own(letters: Letters) -> None:
    nasty = {"ip": "evil.example", "browser": '<b>x</b>\r\n\r\nhttps://evil.example/"\u202e' + "y" * 999}
    letter = write(letters, "new_browser", username="evil.example", facts=nasty)
    text, html = text_of(letter), text_of(letter, "html")
    for body in (text, html):
        assert "evil.example" not in body
        assert "://evil" not in body
        assert "\u202e" not in body
        assert "y" * 100 not in body
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert "From: an unknown address\nWith: <b>x</b> https:" in text.replace("\u2060", "")


def test_a_name_looks_as_it_is() -> None:
    assert unlinked("ada.lovelace").replace("\u2060", "") == "ada.lovelace"
    assert unlinked("Ада") == "Ада"


@pytest.mark.parametrize("address", ["a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org"])
def test_an_address_that_isnt_exactly_one_gets_no_letter(letters: Letters, address: str) -> None:
    with pytest.raises(Refused):
        write(letters, to=address)


def test_the_words_of_the_settings_cant_begin_a_header() -> None:
    sender = parse_sender("a@books.example")
    wrong = Letters(
        product_name="Books\r\nBcc: b@example.org\n\n",
        public_url="https://books.example",
        sender=sender,
        reset_seconds=1,
        verify_seconds=1,
    )
    message = message_from_bytes(write(wrong).message.as_bytes(), policy=policy.SMTP)
    assert message["Bcc"] is None
    with pytest.raises(ValueError, match="linefeed"):
        write(wrong).message["X-Anything"] = "a\r\nBcc: b@example.org"


def test_an_address_in_digits_is_no_name_for_a_message() -> None:
    assert host_of("http://127.0.0.1:5003") == host_of("http://[::1]:5003") == "localhost"
    assert host_of("https://bücher.example") == "xn--bcher-kva.example"


# -- SMTP -------------------------------------------------------------------------------------


def test_a_letter_arrives_as_it_was_written(letters: Letters) -> None:
    letter = write(letters, username="Ada.Łovelace")
    with Postbox() as box:
        send(clear(box.port), letter)
    (received,) = box.received
    assert (received.sender, received.recipients) == ("no-reply@books.example", ["ada@example.org"])
    assert received.text.splitlines() == text_of(letter).splitlines()
    assert "Łovelace" in received.html.replace("&#321;", "Ł")


def test_user_and_password_are_said_after_starttls(
    letters: Letters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trusted(tmp_path, monkeypatch, "localhost")
    with Postbox(tls=authority.context, login=("ada", "p@ss: word")) as box:
        send(
            SmtpServer.parse(f"smtp://ada:p%40ss%3A%20word@localhost:{box.port}?starttls=required"),
            write(letters),
        )
    assert [(received.tls, received.user) for received in box.received] == [(True, "ada")]
    assert box.logins == [(b"p@ss: word", True)]


def test_smtps_is_tls_from_the_first_byte(
    letters: Letters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trusted(tmp_path, monkeypatch, "127.0.0.1")
    with Postbox(tls=authority.context, implicit=True) as box:
        send(SmtpServer.parse(f"smtps://127.0.0.1:{box.port}"), write(letters))
    assert [received.tls for received in box.received] == [True]


def test_where_starttls_was_cut_out_nothing_is_said_in_clear(letters: Letters) -> None:
    with Postbox(login=("ada", "secret")) as box:  # offers no STARTTLS
        with pytest.raises(smtplib.SMTPNotSupportedError):
            send(
                SmtpServer.parse(f"smtp://ada:secret@localhost:{box.port}?starttls=required"), write(letters)
            )
        assert (box.received, box.logins) == ([], [])


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_certificate_that_cant_be_verified_gets_no_letter(
    letters: Letters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, wrong: str
) -> None:
    if wrong == "name":
        authority = trusted(tmp_path, monkeypatch, "mail.example")
    else:
        authority = make_authority(tmp_path, "localhost")
    option = "?starttls=required" if scheme == "smtp" else ""
    with Postbox(tls=authority.context, implicit=scheme == "smtps", login=("a", "b")) as box:
        with pytest.raises(ssl.SSLCertVerificationError):
            send(SmtpServer.parse(f"{scheme}://a:b@localhost:{box.port}{option}"), write(letters))
        assert (box.received, box.logins) == ([], [])


def trusted(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> Authority:
    authority = make_authority(folder, name)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    return authority


@pytest.mark.parametrize(
    "answers", [{"rcpt": "550 No such user"}, {"data": "554 We don't like it"}], ids=["recipient", "letter"]
)
def test_a_letter_that_is_refused_for_good_is_told_from_trouble_that_passes(
    letters: Letters, answers: dict[str, str]
) -> None:
    with Postbox(**answers) as box, pytest.raises(Refused):
        send(clear(box.port), write(letters))
    passing = {name: "451" + answer[3:] for name, answer in answers.items()}
    with Postbox(**passing) as box, pytest.raises(smtplib.SMTPException):
        send(clear(box.port), write(letters))
    assert box.received == []


def test_a_wrong_password_is_trouble_that_passes(letters: Letters) -> None:
    with Postbox(login=("ada", "right")) as box, pytest.raises(smtplib.SMTPAuthenticationError):
        send(SmtpServer.parse(f"smtp://ada:wrong@127.0.0.1:{box.port}"), write(letters))


def test_a_server_that_says_nothing_is_left_in_time(
    letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "COMMAND_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(OSError, match=r"timed out|closed"):
        send(clear(silent.getsockname()[1]), write(letters))


def test_once_it_is_handed_over_the_server_may_take_its_time(
    letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "COMMAND_SECONDS", 0.2)
    with slow_to_accept(seconds=1.0) as port:
        send(clear(port), write(letters))


@contextmanager
def slow_to_accept(*, seconds: float) -> Iterator[int]:
    """Says 250 to the whole letter only after this long, and hangs up without a word at QUIT."""

    def serve() -> None:
        connection, _ = server.accept()
        with closing(connection), connection.makefile("rwb") as stream:
            stream.write(b"220 hello\r\n")
            stream.flush()
            while (line := stream.readline()) and not line.upper().startswith(b"QUIT"):
                if line == b".\r\n":
                    never.wait(seconds)
                said = line.upper().strip()
                if said in (b"DATA", b".") or said.startswith((b"EHLO", b"MAIL", b"RCPT")):
                    stream.write(b"354 go on\r\n" if said == b"DATA" else b"250 OK\r\n")
                    stream.flush()

    never = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


# -- files ------------------------------------------------------------------------------------


def test_a_file_is_a_whole_letter_for_its_owner_only(letters: Letters, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "mail"
    with FileTransport(folder, show_link=True).open() as put:
        for name, address in (
            ("Ada", "ada@example.org"),
            ("Bob", "ada@example.org"),
            ("Ž", "žofie@example.org"),
        ):
            put(write(letters, username=name, to=address))
    files = sorted(folder.iterdir())
    assert len(files) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all(re.fullmatch(r"20261123T142800Z-[0-9a-f]{12}\.eml", path.name) for path in files)
    messages = [message_from_bytes(path.read_bytes(), policy=policy.SMTP) for path in files]
    assert {message["To"] for message in messages} == {"ada@example.org", "žofie@example.org"}


def test_a_file_never_takes_the_place_of_another(
    letters: Letters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail.secrets, "token_hex", lambda _: "the-same")
    with FileTransport(tmp_path, show_link=False).open() as put:
        put(write(letters, username="Ada"))
        with pytest.raises(FileExistsError):
            put(write(letters, username="Bob"))
    (path,) = tmp_path.iterdir()
    assert b'"Ada"' in path.read_bytes()


def test_only_a_developers_log_shows_the_link(
    letters: Letters, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "flask_tokenkeep")
    letter = write(letters)
    with FileTransport(tmp_path, show_link=True).open() as put:
        put(letter)
    assert letter.link in caplog.text
    caplog.clear()
    with FileTransport(tmp_path, show_link=False).open() as put:
        put(letter)
    assert str(tmp_path) in caplog.text
    assert CODE not in caplog.text


# -- SMTP_URL and MAIL_FROM -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", SmtpServer("mail.example", 587, "starttls")),
        ("smtps://mail.example", SmtpServer("mail.example", 465, "implicit")),
        ("smtp://u:p%40%2f%25%23@h:25", SmtpServer("h", 25, "starttls", "u", "p@/%#")),
        ("smtp://mail.example?starttls=never", SmtpServer("mail.example", 587, "none")),
        ("smtp://[2001:db8::1]:25", SmtpServer("2001:db8::1", 25, "starttls")),
        ("smtp://[::1]:25", SmtpServer("::1", 25, "none")),
        ("smtp://u:p@127.0.0.2", SmtpServer("127.0.0.2", 587, "none", "u", "p")),
        ("smtp://localhost?starttls=required", SmtpServer("localhost", 587, "starttls")),
    ],
)
def test_an_smtp_url_says_where_and_how(url: str, server: SmtpServer) -> None:
    assert SmtpServer.parse(url) == server


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://u:hunter2@h",
            "smtp://",
            "smtp://u:hunter2@",
            "smtp://u:hunter2/x@h",
            "smtp://u:hunter2#x@h",
        ),
        *("smtp://u:hunter2@h:port", "smtp://[::1", "smtp://h:0", "smtp://h/path", "smtp://two words"),
        *("smtp://hunter2@h", "smtp://:hunter2@h", "smtp://u:hunter2%C3%BC@h", "smtp://h\n"),
        *("smtp://h?starttls=hunter2", "smtp://h?hunter2=1", "smtps://u:hunter2@h?starttls=never"),
        *("smtp://h?starttls=never&starttls=required", "smtp://u:hunter2@h?starttls=never"),
    ],
)
def test_a_wrong_smtp_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError) as refused:
        SmtpServer.parse(url)
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["no-reply@books.example", "Bookshelf <a@localhost>", '"A, B" <a@b.example>', "Bücher <a@b.example>"],
)
def test_a_sender_is_one_address_with_or_without_a_name(text: str) -> None:
    assert parse_sender(text).addr_spec in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@",
        "a@b, c@d",
        "group: a@b;",
        "a@b\r\nBcc: c@d",
        "a@b\nX: y",
        "ä@b.example",
        "A <a@b> c",
        "a@@b",
    ],
)
def test_any_other_sender_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="one address"):
        parse_sender(text)
