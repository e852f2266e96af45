"""Whom a request comes from, with and without proxies in front. X-Forwarded-For is what anyone can write."""

import pytest
from flask import Flask, request

from bookshelf.settings import Settings
from bookshelf.web import protect

PEER = "10.0.0.9"


def seen(proxies: int, header: str | None, peer: str = PEER) -> str:
    """What the app takes for the client's address."""
    app = Flask("proxied")
    app.add_url_rule("/", view_func=lambda: request.remote_addr or "")
    protect(app, Settings(_env_file=None, trusted_proxies=proxies))
    headers = {} if header is None else {"X-Forwarded-For": header}
    return app.test_client().get("/", headers=headers, environ_overrides={"REMOTE_ADDR": peer}).text


def test_without_trusted_proxies_the_header_is_ignored() -> None:
    assert seen(0, "6.6.6.6") == PEER


def test_with_one_trusted_proxy_the_last_entry_counts() -> None:
    assert seen(1, "192.0.2.7") == "192.0.2.7"
    assert seen(1, "6.6.6.6, 7.7.7.7,192.0.2.7") == "192.0.2.7"


def test_with_two_trusted_proxies_the_last_but_one_entry_counts() -> None:
    assert seen(2, "6.6.6.6, 192.0.2.7, 10.0.0.1") == "192.0.2.7"


@pytest.mark.parametrize("header", [None, "", "192.0.2.7"])
def test_with_too_few_entries_the_connected_peer_counts(header: str | None) -> None:
    assert seen(2, header) == PEER


@pytest.mark.parametrize("begun", ['"', '6.6.6.6, "', '"6.6.6.6', '"x\\"', ",", "\t"])
def test_a_client_cant_hide_behind_a_quote(begun: str) -> None:
    """A parser of quoted lists takes all that follows an open quote, the proxy's entry too, for text."""
    assert seen(1, f"{begun}, 192.0.2.7") == "192.0.2.7"
    assert seen(2, f"{begun}, 192.0.2.7, 10.0.0.1") == "192.0.2.7"


@pytest.mark.parametrize("entry", ["unknown", "_hidden", "unix:", "", "1.2.3", "1.2.3.4.5", "a" * 9000, "é"])
def test_for_an_entry_that_is_no_address_the_connected_peer_counts(entry: str) -> None:
    assert seen(1, f"6.6.6.6, {entry}") == PEER


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("192.0.2.7:1234", "192.0.2.7"),
        ("[2001:db8::7]:1234", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::7%eth0", "fe80::7"),
    ],
)
def test_ports_brackets_and_zones_are_not_part_of_an_address(entry: str, address: str) -> None:
    assert seen(1, entry) == address
