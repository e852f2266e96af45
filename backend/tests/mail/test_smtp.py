"""How letters leave, against a real mail server."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from flask_tokenkeep.mail import smtp as mail
from flask_tokenkeep.mail.letters import Letters
from flask_tokenkeep.mail.smtp import SmtpServer, SmtpTransport
from flask_tokenkeep.mail.transport import Letter, Refused
from tests.support.certificates import Authority, make_authority
from tests.support.mail_server import Postbox
from tests.support.written_letters import text_of, write


def send(server: SmtpServer, letter: Letter) -> None:
    with SmtpTransport(server, greeting="localhost").open() as hand_over:
        hand_over(letter)


def clear(port: int) -> SmtpServer:
    return SmtpServer.parse(f"smtp://127.0.0.1:{port}")


def trusted(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> Authority:
    authority = make_authority(folder, name)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    return authority


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
        thread.join()


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


def test_without_starttls_nothing_is_sent_in_clear(letters: Letters) -> None:
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


@pytest.mark.parametrize(
    "answers", [{"rcpt": "550 No such user"}, {"data": "554 We don't like it"}], ids=["recipient", "letter"]
)
def test_permanent_refusals_differ_from_temporary_failures(letters: Letters, answers: dict[str, str]) -> None:
    with Postbox(**answers) as box, pytest.raises(Refused):
        send(clear(box.port), write(letters))
    passing = {name: "451" + answer[3:] for name, answer in answers.items()}
    with Postbox(**passing) as box, pytest.raises(smtplib.SMTPException):
        send(clear(box.port), write(letters))
    assert box.received == []


def test_a_wrong_password_is_a_temporary_failure(letters: Letters) -> None:
    with Postbox(login=("ada", "right")) as box, pytest.raises(smtplib.SMTPAuthenticationError):
        send(SmtpServer.parse(f"smtp://ada:wrong@127.0.0.1:{box.port}"), write(letters))


def test_a_silent_server_is_given_up(letters: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "COMMAND_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(OSError, match=r"timed out|closed"):
        send(clear(silent.getsockname()[1]), write(letters))


def test_after_the_hand_over_the_server_may_answer_slowly(
    letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "COMMAND_SECONDS", 1.0)
    with slow_to_accept(seconds=1.5) as port:
        send(clear(port), write(letters))
