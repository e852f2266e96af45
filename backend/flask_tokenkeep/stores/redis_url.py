"""What a REDIS_URL says: which servers, and how to get in. Its options are redis-py's own."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from redis.connection import parse_url

REDIS_SCHEMES = (
    *("redis", "rediss", "unix"),
    *("redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster"),
)
_SEVERAL = re.compile(
    r"(?P<scheme>rediss?)\+(?P<kind>sentinel|cluster)://"
    r"(?:(?P<user>[^/?#]*)@)?(?P<hosts>[^/?#]*)/?(?P<path>[^?#]*)\??(?P<query>[^#]*)"
)
_SENTINEL = "sentinel_"  # begins the options that are for the Sentinels themselves


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where Redis is. `options` are for its connections, `sentinel_options` for those to the Sentinels.

    `kind` is "", "sentinel" or "cluster"; without one, `options` name the server too."""

    kind: str
    options: dict[str, Any]
    hosts: tuple[tuple[str, int], ...] = ()
    name: str = ""
    sentinel_options: dict[str, Any] | None = None


def parse_redis_url(url: str) -> RedisAddress:
    """The address in `redis://`, `rediss://` (TLS) or `unix://`, with user, password, database and options;
    `redis+sentinel://h1:p,h2:p/name/database`, or `redis+cluster://h1:p,h2:p`; `rediss+…` with TLS.

    Raises ValueError, which doesn't repeat the URL: it may hold a password."""
    several = _SEVERAL.fullmatch(url)
    try:
        if several is None:
            return RedisAddress("", parse_url(url))  # type: ignore[no-untyped-call]
        return _parse_several(**several.groupdict(default=""))
    except ValueError:
        raise ValueError(
            "must look like redis://user:password@host:6379/0, with user and password percent-encoded,"
            " and begin with rediss where it has options of TLS"
        ) from None


def _parse_several(*, scheme: str, kind: str, user: str, hosts: str, path: str, query: str) -> RedisAddress:
    pairs = parse_qsl(query)
    ours = [(key, value) for key, value in pairs if not key.startswith(_SENTINEL)]
    if kind == "cluster":
        return RedisAddress(kind, _options(scheme, user, "", ours), _hosts(hosts, 6379))
    name, _, database = path.strip("/").partition("/")
    # With TLS by the same authority, unless they have options of their own.
    shared = [(key, value) for key, value in ours if key.startswith("ssl_")]
    own = [(key.removeprefix(_SENTINEL), value) for key, value in pairs if key.startswith(_SENTINEL)]
    return RedisAddress(
        kind,
        _options(scheme, user, database, ours),
        _hosts(hosts, 26379),
        name or "mymaster",
        _options(scheme, "", "", own + shared),  # of two, parse_url takes the first
    )


def _options(scheme: str, user: str, database: str, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """What redis-py makes of the same parts in the URL of one server, as it reads them."""
    stand_in = f"{scheme}://{user}@stand-in/{database}?{urlencode(pairs)}"
    options: dict[str, Any] = parse_url(stand_in)  # type: ignore[no-untyped-call]
    del options["host"]
    if options.pop("connection_class", None):
        return options | {"ssl": True}
    if any(name.startswith("ssl_") for name in options):
        raise ValueError("options of TLS without TLS")  # which redis-py would leave out in silence
    return options


def _hosts(hosts: str, default_port: int) -> tuple[tuple[str, int], ...]:
    parsed = [urlsplit(f"//{host}") for host in hosts.split(",")]
    return tuple((host.hostname or "localhost", host.port or default_port) for host in parsed)
