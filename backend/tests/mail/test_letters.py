"""What is in the letters."""

import re
from email import message_from_bytes, policy

import pytest

from flask_tokenkeep.mail.letters import Letters, host_of, in_words, parse_sender, unlinked
from flask_tokenkeep.mail.transport import Refused
from tests.support.written_letters import CODE, WRITTEN_AT, text_of, write

KINDS = ("reset", "verify", "password_changed", "email_changed", "token_reused", "new_browser")
NOTICES = KINDS[2:]


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
def test_the_headers_mark_an_automatic_letter_to_one_person(letters: Letters, kind: str) -> None:
    message = write(letters, kind).message
    assert message["From"] == "Bookshelf <no-reply@books.example>"
    assert message["To"] == "ada@example.org"
    assert "Bookshelf" in message["Subject"]
    assert "Ada" not in message["Subject"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<an-id@books.example>"
    assert message["Date"].datetime == WRITTEN_AT
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
def test_lifetimes_are_said_in_words(seconds: int, words: str) -> None:
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


def test_taking_links_out_of_a_name_does_not_change_how_it_looks() -> None:
    assert unlinked("ada.lovelace").replace("\u2060", "") == "ada.lovelace"
    assert unlinked("Ада") == "Ада"


@pytest.mark.parametrize("address", ["a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org"])
def test_an_address_that_isnt_exactly_one_gets_no_letter(letters: Letters, address: str) -> None:
    with pytest.raises(Refused):
        write(letters, to=address)


def test_settings_cannot_inject_headers() -> None:
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


def test_the_host_of_a_message_id_is_never_an_ip_address() -> None:
    assert host_of("http://127.0.0.1:5003") == host_of("http://[::1]:5003") == "localhost"
    assert host_of("https://bücher.example") == "xn--bcher-kva.example"
