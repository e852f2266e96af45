"""Attempts to log in, as the limits see them."""

from collections.abc import Callable

from flask_tokenkeep.errors import RateLimited
from flask_tokenkeep.people.limits import Limits, Rate, Rule
from tests.support.examples import DAY
from tests.support.still_clock import Clock

START = Clock().now
KEY = bytes(32)
RATES: dict[Rule, Rate] = {
    "login": Rate.parse("20/minute"),
    "register": Rate.parse("10/hour"),
    "forgot": Rate.parse("7/day"),
    "forgot_account": Rate.parse("3/hour"),
    "code": Rate.parse("30/second"),
}
RATE_RULES: list[tuple[Rule, int, int]] = [
    ("login", 20, 60),
    ("register", 10, 3_600),
    ("forgot", 7, DAY),
    ("forgot_account", 3, 3_600),
    ("code", 30, 1),
]
ADA, HOME, AWAY = "ada", "192.0.2.7 Firefox", "198.51.100.1 curl"


def wait_of(attempt: Callable[[], None]) -> int:
    """The Retry-After in seconds of a refused attempt, 0 if it was not refused."""
    try:
        attempt()
    except RateLimited as refused:
        return refused.retry_after
    return 0


def log_in(limits: Limits, device: str = AWAY, account: str = ADA, *, right: bool, own: bool = False) -> int:
    """One attempt as credentials.py makes it; the seconds that it is told to wait."""

    def attempt() -> None:
        limits.demand_patience(account, device, own=own)
        limits.settle(account, device, succeeded=right, own=own)

    return wait_of(attempt)


def fail(limits: Limits, times: int, device: str = AWAY, account: str = ADA, *, own: bool = False) -> None:
    for _ in range(times):
        assert log_in(limits, device, account, right=False, own=own) == 0
