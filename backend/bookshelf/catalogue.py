"""The books that the app shows: fetched in the background, kept in Redis, served from memory."""

import hashlib
import logging
import math
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, cast

from redis import Redis
from redis.exceptions import LockError, RedisError

from bookshelf.backoff import backoff_seconds
from bookshelf.booklist import Booklist, sample
from bookshelf.upstream import UpstreamError, fetch_json

log = logging.getLogger(__name__)

Label = Literal["live", "cached", "sample"]

POLL_SECONDS = 1.0  # one small HMGET, so that a list fetched by another worker shows up here soon
FETCH_SECONDS = 15.0  # for one whole fetch, redirects and all
LOCK_SECONDS = 30.0  # longer than a fetch; a worker that was killed in the middle blocks the others no longer
REFRESH_AT = 0.9  # of the TTL: in time before it ends
RETRY_SECONDS, RETRY_MAX_SECONDS = 4.0, 300.0  # doubled with each failure in a row
START_SECONDS = 0.5  # what the worker's start waits at most for Redis
NEVER = -math.inf  # when the sample was fetched: it is older than any other list


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What there is to show at one moment."""

    books: Booklist
    label: Label


@dataclass(frozen=True, slots=True)
class Status:
    """For /readyz; `trouble` is None when all is well."""

    label: Label
    books: int
    age_seconds: int | None
    trouble: str | None


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A list and when upstream gave it, in Unix seconds."""

    books: Booklist
    at: float


class Catalogue:
    """The last good list, never worse than the one before, refreshed before it expires.

    All workers share what one of them fetched, through one Redis hash (`body`, `at`). It has no TTL, so that
    it outlives upstream's absence and our restarts. Requests only read memory."""

    def __init__(
        self, *, redis: Redis, url: str, ttl_seconds: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._redis = redis
        self._url = url
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        # Per address, so that a changed BOOKS_URL doesn't go on showing the old one's books.
        self._key = f"bookshelf:catalogue:{hashlib.sha256(url.encode()).hexdigest()[:16]}"
        self._shown = _Fetched(sample(), NEVER)
        self._unreadable = b""  # the time of a copy in Redis that made no sense
        self._failures = 0
        self._failed_at = self._wait_seconds = 0.0
        self._troubles: dict[str, str] = {}
        self._looked = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    # -- on the request path: memory only ---------------------------------------------------

    def snapshot(self) -> Snapshot:
        shown = self._shown  # read once: the background thread may replace it at any moment
        return Snapshot(shown.books, self._label(shown))

    def status(self) -> Status:
        shown = self._shown
        age = max(0, int(self._clock() - shown.at)) if shown.at != NEVER else None
        trouble = "; ".join(self._troubles.copy().values()) or None
        return Status(self._label(shown), len(shown.books.by_id), age, trouble)

    def _label(self, shown: _Fetched) -> Label:
        if shown.at == NEVER:
            return "sample"
        return "live" if self._younger_than(shown.at, self._ttl_seconds) else "cached"

    def _younger_than(self, moment: float, seconds: float) -> bool:
        """False for the far future too: a clock that was set back must not keep a list for ever."""
        return abs(self._clock() - moment) < seconds

    # -- in the background ------------------------------------------------------------------

    def start(self) -> None:
        """Start the thread, once per process; waits a blink for what Redis has, never for upstream."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="catalogue", daemon=True)
            self._thread.start()
            self._looked.wait(START_SECONDS)

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(FETCH_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.refresh_once()
            except Exception:  # without this thread the list would silently stay as it is for ever
                log.exception("A mistake in the catalogue; it goes on")
            self._looked.set()
            self._stopped.wait(POLL_SECONDS)

    def refresh_once(self) -> None:
        """Take over what another worker fetched; fetch if that is due and nobody else is doing it."""
        try:
            self._share()
            self._note("redis", None)
            self._looked.set()
            if self._is_due():
                self._fetch_alone()
        except RedisError as error:
            self._note("redis", f"Redis can't be used for the catalogue ({type(error).__name__})")

    def _is_due(self) -> bool:
        fresh = self._younger_than(self._shown.at, self._ttl_seconds * REFRESH_AT)
        resting = self._failures > 0 and self._younger_than(self._failed_at, self._wait_seconds)
        return not fresh and not resting

    def _fetch_alone(self) -> None:
        lock = self._redis.lock(f"{self._key}:lock", timeout=LOCK_SECONDS)
        if not lock.acquire(blocking=False):
            return
        try:
            self._share()  # another worker may have just finished
            if self._is_due():
                self._fetch()
        finally:
            with suppress(LockError):  # it expired: somebody else may hold it by now
                lock.release()

    def _fetch(self) -> None:
        try:
            books = Booklist.parse(fetch_json(self._url, within_seconds=FETCH_SECONDS))
        except (UpstreamError, ValueError) as error:
            self._failures += 1
            self._failed_at = self._clock()
            longest = backoff_seconds(self._failures, RETRY_SECONDS, RETRY_MAX_SECONDS)
            self._wait_seconds = longest * random.uniform(0.5, 1)  # noqa: S311  (spreads the workers, keeps no secret)
            self._note("upstream", f"The catalogue's upstream {error}")
            return
        if books.dropped:
            log.warning("Dropped %d books, the first: %s", len(books.dropped), books.dropped[0])
        self._show(_Fetched(books, self._clock()))
        self._store()

    # -- the copy in Redis ------------------------------------------------------------------

    def _share(self) -> None:
        """The newer list wins, here or there: a Redis that lost its data gets ours back."""
        stored_at = cast("bytes | None", self._redis.hget(self._key, "at"))
        if _seconds(stored_at) > self._shown.at and stored_at != self._unreadable:
            self._take_over()
        elif _seconds(stored_at) < self._shown.at:
            self._store()

    def _take_over(self) -> None:
        body, at = cast("list[bytes | None]", self._redis.hmget(self._key, "body", "at"))
        try:
            self._show(_Fetched(Booklist.parse(body or b""), _seconds(at)))
        except ValueError:  # written by something else than us; the next good fetch replaces it
            self._unreadable = at or b""
            log.warning("The catalogue's copy in Redis can't be read and is left alone")

    def _store(self) -> None:
        shown = self._shown
        self._redis.hset(self._key, mapping={"body": shown.books.document.body, "at": repr(shown.at)})

    def _show(self, fetched: _Fetched) -> None:
        self._shown = fetched
        self._failures = 0
        self._note("upstream", None)

    def _note(self, about: str, trouble: str | None) -> None:
        """Say each trouble once when it begins or changes, not at every try, and once when it is over."""
        if trouble == self._troubles.get(about):
            return
        if trouble is None:
            log.info("The catalogue is well again: %s", self._troubles.pop(about))
        else:
            self._troubles[about] = trouble
            log.warning("%s; showing %s books, trying again", trouble, self.snapshot().label)


def _seconds(stored: bytes | None) -> float:
    try:
        seconds = float(stored or NEVER)
    except ValueError:
        return NEVER
    return seconds if math.isfinite(seconds) else NEVER
