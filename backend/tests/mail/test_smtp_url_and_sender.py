"""Which mail server, and who is the sender: SMTP_URL and MAIL_FROM."""

import pytest

from flask_tokenkeep.mail.letters import parse_sender
from flask_tokenkeep.mail.smtp import SmtpServer


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
