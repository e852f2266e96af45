"""Where a request came from, as far as it is remembered and shown to the owner of an account."""

import re
from dataclasses import dataclass

from flask_tokenkeep.people.limits import network, parse_address

MAX_USER_AGENT = 256  # characters; browsers send some 120
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
class Client:
    """`ip` in its one spelling; `user_agent` is a claim, cut and without control characters."""

    ip: str
    user_agent: str

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


def client(remote_addr: str | None, user_agent: str) -> Client:
    # PostgreSQL refuses NUL, and a terminal obeys escape sequences in a log.
    shown = "".join(character for character in user_agent if character.isprintable())
    return Client(str(parse_address(remote_addr or "") or ""), shown[:MAX_USER_AGENT])


def browser_in_words(user_agent: str) -> str:
    browser = next((words for sign, words in _BROWSERS if sign in user_agent), None) or _product(user_agent)
    system = next((words for sign, words in _SYSTEMS if sign in user_agent), None)
    return f"{browser} on {system}" if system else browser


def _product(user_agent: str) -> str:
    """What a program calls itself (RFC 9110 §10.1.5), without the version; all browsers say "Mozilla"."""
    product = re.match(r"[\w .-]{1,30}", user_agent, re.ASCII)
    name = product[0].strip() if product else ""
    return "an unknown browser" if name in ("", "Mozilla") else name
