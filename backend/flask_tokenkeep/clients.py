"""Who sends a request, as far as it says: address, program, and the proof of a key."""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

MAX_USER_AGENT = 256  # characters; browsers send some 120
SHARED_PREFIX = 64  # bits of IPv6; one subscriber has at least a /64 (RFC 6177 §2), each bit less doubles it
_BROWSERS = (  # the first that fits: most of them also claim to be Chrome, and Safari
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class PresentedProof:
    """The DPoP header (RFC 9449) as it came, unchecked, and the request that it has to speak of."""

    jwt: str = field(repr=False)
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Client:
    """Who is asking.

    `ip` is an address in its one spelling, or ""; `user_agent` is a claim, cut, and without control
    characters; `proof` is None if the request carries none."""

    ip: str
    user_agent: str
    proof: PresentedProof | None = None

    @property
    def network(self) -> str:
        """Whom the address stands for where tries are counted."""
        return network(self.ip)

    @property
    def device(self) -> str:
        """Tells a browser that has logged in before from a stranger's, as well as can be without cookies."""
        return f"{self.network} {self.browser}"

    @property
    def browser(self) -> str:
        """In words, for people: "Firefox on Linux". No version: an update makes no new browser."""
        return browser_in_words(self.user_agent)


NOBODY = Client("", "")
"""For what the server does by itself."""


def make_client(remote_addr: str | None, user_agent: str, proof: PresentedProof | None = None) -> Client:
    """The client of a request, from what its socket and its headers say."""
    # PostgreSQL refuses NUL, and a terminal obeys escape sequences in a log.
    shown = "".join(character for character in user_agent if character.isprintable())
    return Client(str(parse_address(remote_addr or "") or ""), shown[:MAX_USER_AGENT], proof)


def browser_in_words(user_agent: str) -> str:
    """The program and the system that a User-Agent header names: "Firefox on Linux"."""
    browser = next((words for sign, words in _BROWSERS if sign in user_agent), None) or _product(user_agent)
    system = next((words for sign, words in _SYSTEMS if sign in user_agent), None)
    return f"{browser} on {system}" if system else browser


def _product(user_agent: str) -> str:
    """What a program calls itself (RFC 9110 §10.1.5), without the version; all browsers say "Mozilla"."""
    product = re.match(r"[\w .-]{1,30}", user_agent, re.ASCII)
    name = product[0].strip() if product else ""
    return "an unknown browser" if name in ("", "Mozilla") else name


def network(ip: str) -> str:
    """Whom an address stands for: an IPv4 address for itself, an IPv6 address for its /64. What is no
    address stands for "unknown", together: otherwise each new nonsense would have an allowance of its own."""
    address = parse_address(ip)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), SHARED_PREFIX), strict=False))
    return str(address or "unknown")


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in what a socket or a proxy wrote: perhaps with a port, brackets or a zone, which go.
    IPv4 inside of IPv6 (::ffff:192.0.2.1), as a dual-stack socket has it, is IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
