"""How often something may be tried. Counted in Redis; the only file that knows these keys and scripts.

Every operation is one script on one key, so all of this runs unchanged on Redis Cluster, and none
reads first and writes later: of a hundred requests at once, as many pass as of a hundred in a row. A Redis
that is away is an error that goes up (503): nobody guesses for free because a server is down. Keys begin with
`ta:l:` and are MACs: they show no name and no address. Times are Unix seconds of the caller's clock; the TTLs
only tidy up. The reasons for these rules: docs/decisions/0004-rate-limits.md.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Self

from redis import Redis

from flask_tokenkeep.clock import Clock
from flask_tokenkeep.encoding import to_base64url
from flask_tokenkeep.errors import RateLimited
from flask_tokenkeep.stores.redis import load_script

FIRST_WAIT_SECONDS = 2  # doubled by each further failure
LONGEST_WAIT_SECONDS = 900  # 96 guesses a day; NIST SP 800-63B-4 §3.2.2 has "30 seconds up to an hour"
# To pause until failures are forgotten must not be quicker than to wait: four free guesses per pause beat one
# per 900 s if the pause is shorter than an hour. A day is far from that, and each day begins afresh.
FORGET_SECONDS = 86_400
KNOWN_SECONDS = 90 * 86_400  # as long as a session can last: AUTH_BOUND_MAX_AGE_SECONDS
PERIODS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_UNKNOWN_DEVICE = -1

Outcome = Literal["right", "wrong", "asked"]  # of a password; "asked" counts nothing
Rule = Literal["login", "register", "forgot", "forgot_account", "code", "password"]


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds; "20/minute" in the configuration."""

    amount: int
    period_seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The rate in a text such as "20/minute". Raises ValueError with words for people."""
        amount, _, period = text.strip().partition("/")
        if not (amount.isascii() and amount.isdigit() and int(amount) > 0) or period not in PERIODS:
            raise ValueError('must look like "10/hour": a number, a slash, and second, minute, hour or day')
        return cls(int(amount), PERIODS[period])


class Limits:
    """Counts what may be tried only so often, and makes whoever guesses passwords wait."""

    def __init__(
        self, *, redis: Redis, key: bytes, free_failures: int, rates: Mapping[Rule, Rate], clock: Clock
    ) -> None:
        """`free_failures` to log in are without a wait, per account; `key` names the counters in Redis."""
        self._redis = redis
        self._key = key
        self._clock = clock
        self._allowance = max(1, free_failures)  # the first failure can't be refused beforehand
        self._rates = rates
        self._count = load_script(redis, __package__, "count.lua")
        self._settle = load_script(redis, __package__, "settle.lua")

    def count(self, rule: Rule, subject: str) -> None:
        """Count one try of an address (`network(ip)`) or an account. Raises RateLimited beyond the rate;
        what is refused isn't counted, so those who go on trying are let in again when Retry-After says."""
        _refuse(self._wait(rule, subject))

    def allows(self, rule: Rule, subject: str) -> bool:
        """Count one try likewise, and say whether the rate allows it: beyond, it is left out in silence."""
        return self._wait(rule, subject) <= 0

    def demand_patience(self, account: str, device: str, *, own: bool = False) -> None:
        """Raises RateLimited while this account or device has to wait. Asked before the password is hashed,
        which is expensive; counts nothing."""
        wait = self._ask(self._device(account, device), "asked", 0 if own else KNOWN_SECONDS)
        if wait == _UNKNOWN_DEVICE:
            wait = self._ask(self._account(account), "asked")
        _refuse(wait)

    def settle(self, account: str, device: str, *, succeeded: bool, own: bool = False) -> None:
        """Note whether a password was right; asked after the hash, and before anything is told or given.

        Raises RateLimited if others have used up the allowance meanwhile; then even the right password
        counts for nothing, or a burst of guesses at once would hide one that hits. `own` is for a live
        session (its id as the device), which is known by itself."""
        ours = self._device(account, device)
        outcome: Outcome = "right" if succeeded else "wrong"
        if own:
            return _refuse(self._ask(ours, outcome))
        wait = self._ask(ours, outcome, KNOWN_SECONDS)
        if wait != _UNKNOWN_DEVICE:
            return _refuse(wait)
        _refuse(self._ask(self._account(account), outcome))
        if succeeded:
            known = {"n": 0, "at": 0, "wait": 0, "known": self._clock() + KNOWN_SECONDS}
            self._redis.set(ours, json.dumps(known), ex=KNOWN_SECONDS)
        return None

    def forget(self, account: str, devices: Iterable[str] = ()) -> None:
        """Drop the count of failures at this account, and what is known of these devices of its log-ins."""
        for key in (self._account(account), *(self._device(account, device) for device in devices)):
            self._redis.delete(key)

    def _wait(self, rule: Rule, subject: str) -> int:
        name = self._name("rate", rule, subject)
        rate = self._rates[rule]
        return int(self._count(keys=[name], args=[self._clock(), rate.amount, rate.period_seconds]))

    def _ask(self, key: str, outcome: Outcome, known_seconds: int = 0) -> int:
        rule = (self._allowance, FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, FORGET_SECONDS)
        return int(self._settle(keys=[key], args=[self._clock(), outcome, *rule, known_seconds]))

    def _account(self, account: str) -> str:
        return self._name("account", account)

    def _device(self, account: str, device: str) -> str:
        return self._name("device", account, device)

    def _name(self, *parts: str) -> str:
        # JSON, so that no two lists of parts are one text, and so that nothing typed can fail to encode.
        mac = hmac.digest(self._key, json.dumps(parts).encode(), "sha256")
        return "ta:l:" + to_base64url(mac)


def _refuse(seconds: int) -> None:
    if seconds > 0:
        raise RateLimited(int(seconds))
