"""Whom an address stands for."""

from ipaddress import IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.provisional import domains

from flask_tokenkeep.clients import network


@pytest.mark.parametrize(
    ("ip", "whom"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:51234", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:443", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:51234", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("fe80::1%anything else", "fe80::/64"),
    ],
)
def test_an_address_stands_for_its_network(ip: str, whom: str) -> None:
    assert network(ip) == whom


@pytest.mark.parametrize(
    "ip", ["", "unknown", "_hidden", "unix:", "[", "[]", "]:1", "1.2.3", "010.0.0.1", "1.2.3.4/8", "١.1.1.1"]
)
def test_addresses_that_make_no_sense_share_one_allowance(ip: str) -> None:
    assert network(ip) == "unknown"


@given(st.ip_addresses(v=6))
def test_all_addresses_of_an_ipv6_slash_64_count_as_one(address: IPv6Address) -> None:
    sibling = IPv6Address(int(address) ^ 0xFFFF_FFFF_FFFF_FFFF)
    neighbour = IPv6Address(int(address) ^ (1 << 64))
    if address.ipv4_mapped or sibling.ipv4_mapped or neighbour.ipv4_mapped:
        return
    assert network(str(address)) == network(sibling.exploded) == network(f"[{address}]:80")
    assert network(str(address)) != network(str(neighbour))


@given(st.ip_addresses(v=4), st.integers(0, 65_535))
def test_an_ipv4_address_is_one_however_it_is_written(address: object, port: int) -> None:
    spellings = (f"{address}", f"{address}:{port}", f"::ffff:{address}", f"[::FFFF:{address}]:{port}")
    assert {network(text) for text in spellings} == {str(address)}


@given(st.one_of(st.text(), st.text("0123456789abcdef:.[]%/ ,"), domains()))
def test_no_text_can_break_it_or_make_a_network_of_its_own(text: str) -> None:
    whom = network(text)
    assert whom == "unknown" or ip_address(whom.removesuffix("/64"))
