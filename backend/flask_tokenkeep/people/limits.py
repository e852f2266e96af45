"""How often something may be tried. Counted in Redis; the only file that knows these keys and scripts.

Every operation is one script (or GET) on one key, so all of this runs unchanged on Redis Cluster, and none
reads first and writes later: of a hundred requests at once, as many pass as of a hundred in a row. A Redis
that is away is an error that goes up (503): nobody guesses for free because a server is down. Keys begin with
`ta:l:` and are MACs: they show no name and no address. Times are Unix seconds of the caller's clock; the TTLs
only tidy up. The reasons for these rules: docs/decisions/0004-rate-limits.md.
"""

import hmac
import json
import math
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Literal

from redis import Redis

from flask_tokenkeep.errors import RateLimited

FIRST_WAIT_SECONDS = 2  # doubled by each further failure
LONGEST_WAIT_SECONDS = 900  # 96 guesses a day; NIST SP 800-63B-4 §3.2.2 has "30 seconds up to an hour"
# To pause until failures are forgotten must not be quicker than to wait: four free guesses per pause beat one
# per 900 s if the pause is shorter than an hour. A day is far from that, and each day begins afresh.
FORGET_SECONDS = 86_400
KNOWN_SECONDS = 90 * 86_400  # as long as a session can last: AUTH_BOUND_MAX_AGE_SECONDS
SHARED_PREFIX = 64  # bits of IPv6; one subscriber has at least a /64 (RFC 6177 §2), each bit less doubles it
PERIODS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_UNKNOWN_DEVICE = -1

Rule = Literal["login", "register", "forgot", "forgot_account", "code"]

# The times of the last hits, newest first. Answers the seconds to wait, 0 if this hit was still one too few.
_HIT = """
local now, amount, period = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local oldest = redis.call('LINDEX', KEYS[1], amount - 1)
local wait = oldest and oldest + period - now or 0
if wait > 0 then return math.ceil(math.min(wait, period)) end
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], 0, amount - 1)
redis.call('EXPIRE', KEYS[1], period)
return 0
"""

# n failures · at when the last one was · wait until when · known until when (0: not a device's record).
# Answers the seconds to wait, 0 if the outcome stands.
_SETTLE = """
local now, succeeded, allowance = tonumber(ARGV[1]), ARGV[2] == '1', tonumber(ARGV[3])
local first, longest, forget = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local known = tonumber(ARGV[7])
local raw = redis.call('GET', KEYS[1])
local r = raw and cjson.decode(raw) or {n = 0, at = 0, wait = 0, known = 0}
if known > 0 and r.known <= now then return -1 end
if r.wait > now then return math.ceil(r.wait - now) end
if succeeded and known == 0 then redis.call('DEL', KEYS[1]) return 0 end
if succeeded then
  r.n, r.wait, r.known = 0, 0, now + known
else
  if now - r.at >= forget then r.n = 0 end
  r.n, r.at = r.n + 1, now
  if r.n >= allowance then r.wait = now + math.min(first * 2 ^ (r.n - allowance), longest) end
end
redis.call('SET', KEYS[1], cjson.encode(r), 'EX', math.ceil(math.max(r.known - now, forget)))
return 0
"""


@dataclass(frozen=True, slots=True)
class Rates:
    """`login_failures` is a number of free failures per account; the others look like "20/minute"."""

    login_failures: int
    login_per_address: str
    register: str
    forgot_per_account: str
    forgot_per_address: str
    code_per_address: str


class Limits:
    def __init__(self, *, redis: Redis, key: bytes, rates: Rates, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._key = key
        self._clock = clock
        self._allowance = max(1, rates.login_failures)  # the first failure can't be refused beforehand
        self._rates: dict[Rule, tuple[int, int]] = {
            "login": _parsed(rates.login_per_address),
            "register": _parsed(rates.register),
            "forgot": _parsed(rates.forgot_per_address),
            "forgot_account": _parsed(rates.forgot_per_account),
            "code": _parsed(rates.code_per_address),
        }
        self._hit = redis.register_script(_HIT)
        self._settle = redis.register_script(_SETTLE)

    def count(self, rule: Rule, subject: str) -> None:
        """One hit of an address (`network(ip)`) or an account. Raises RateLimited beyond the rate; what is
        refused isn't counted, so those who go on trying are let in again when Retry-After says."""
        _refuse(self._wait(rule, subject))

    def allows(self, rule: Rule, subject: str) -> bool:
        """One hit likewise, for what is left out in silence beyond the rate."""
        return self._wait(rule, subject) <= 0

    def demand_patience(self, account: str, device: str, *, own: bool = False) -> None:
        """Before the hash, which is expensive: raises RateLimited while a wait runs. Counts nothing."""
        now = self._clock()
        record = self._record(self._device(account, device))
        if not own and record["known"] <= now:
            record = self._record(self._account(account))
        _refuse(math.ceil(record["wait"] - now))

    def settle(self, account: str, device: str, *, succeeded: bool, own: bool = False) -> None:
        """After the hash, and before anything is told or given: this password was right or wrong.

        Raises RateLimited if others have used up the allowance meanwhile; then even the right password
        counts for nothing, or a burst of guesses at once would hide one that hits. `own` is for a live
        session (its id as the device), which is known by itself."""
        ours = self._device(account, device)
        if own:
            return _refuse(self._outcome(ours, succeeded, known_seconds=0))
        wait = self._outcome(ours, succeeded, known_seconds=KNOWN_SECONDS)
        if wait != _UNKNOWN_DEVICE:
            return _refuse(wait)
        _refuse(self._outcome(self._account(account), succeeded, known_seconds=0))
        if succeeded:
            known = {"n": 0, "at": 0, "wait": 0, "known": self._clock() + KNOWN_SECONDS}
            self._redis.set(ours, json.dumps(known), ex=KNOWN_SECONDS)
        return None

    def forget(self, account: str, devices: Iterable[str] = ()) -> None:
        """The account was deleted: nothing of it and of these devices of its log-ins remains."""
        for key in (self._account(account), *(self._device(account, device) for device in devices)):
            self._redis.delete(key)

    def _wait(self, rule: Rule, subject: str) -> int:
        name = self._name("rate", rule, subject)
        return int(self._hit(keys=[name], args=[self._clock(), *self._rates[rule]]))

    def _outcome(self, key: str, succeeded: bool, *, known_seconds: int) -> int:
        rule = (self._allowance, FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, FORGET_SECONDS)
        return int(self._settle(keys=[key], args=[self._clock(), int(succeeded), *rule, known_seconds]))

    def _record(self, key: str) -> dict[str, float]:
        raw = self._redis.get(key)
        return json.loads(raw) if raw else {"wait": 0, "known": 0}

    def _account(self, account: str) -> str:
        return self._name("account", account)

    def _device(self, account: str, device: str) -> str:
        return self._name("device", account, device)

    def _name(self, *parts: str) -> str:
        # JSON, so that no two lists of parts are one text, and so that nothing typed can fail to encode.
        mac = hmac.digest(self._key, json.dumps(parts).encode(), "sha256")
        return "ta:l:" + urlsafe_b64encode(mac).rstrip(b"=").decode()


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


def _refuse(seconds: int) -> None:
    if seconds > 0:
        raise RateLimited(int(seconds))


def _parsed(rate: str) -> tuple[int, int]:
    amount, _, period = rate.partition("/")
    return int(amount), PERIODS[period]
