"""Where a request came from, as far as it is remembered."""

import pytest

from flask_tokenkeep.clients import browser_in_words, make_client


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32.3", "python-requests"),
        ("My Reader 2", "My Reader 2"),
        ("Shelf/1.0 (Android 15)", "Shelf on Android"),
        ("x" * 200, "x" * 30),
        ("Mozilla/5.0 (compatible)", "an unknown browser"),
        ("\u202e/1.0", "an unknown browser"),
        ("", "an unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(user_agent: str, words: str) -> None:
    assert browser_in_words(user_agent) == words


def test_a_user_agent_is_shortened_and_stripped_of_control_characters() -> None:
    assert make_client("192.0.2.1", "a\x00b\x1b[31mc\r\nd" + "x" * 1000).user_agent.startswith("ab[31mcdxxx")
    assert len(make_client("192.0.2.1", "x" * 1000).user_agent) == 256


@pytest.mark.parametrize(
    ("remote", "ip"),
    [("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8::1", "2001:db8::1"), ("unknown", ""), (None, "")],
)
def test_an_address_has_one_spelling(remote: str | None, ip: str) -> None:
    assert make_client(remote, "").ip == ip
