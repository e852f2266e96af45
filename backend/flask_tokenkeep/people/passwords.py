"""Passwords: which are accepted (NIST SP 800-63B-4 §3.1.1.2, ASVS 5.0 §6.2), and how they are kept."""

import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import regex
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from flask_tokenkeep.errors import FieldError, Unavailable
from flask_tokenkeep.people.common import load_common
from flask_tokenkeep.people.rating import is_hard_to_guess

MAX_CODE_POINTS = 128  # far above any phrase; bounds what a stranger can make us hash
MIN_OWN_CHARS = 8  # what must remain besides user name, e-mail and product name
HASH_WAIT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class HashCost:
    """Argon2id's parameters, memory in kibibytes (RFC 9106 §3.1)."""

    memory_kib: int
    time: int
    parallelism: int


class Passwords:
    """Says which passwords can be taken, and hashes and checks them, so many at once."""

    def __init__(self, *, cost: HashCost, min_length: int, concurrency: int, product_name: str) -> None:
        self._hasher = PasswordHasher(cost.time, cost.memory_kib, cost.parallelism)
        self._slots = threading.BoundedSemaphore(concurrency)
        self._min_length = min_length
        self._product_name = product_name
        self._common = load_common()
        # Verified when the name is unknown: a faster answer would say that it is.
        self._decoy = self._hasher.hash("decoy")

    def problem(self, field: str, password: str, personal: Iterable[str]) -> FieldError | None:
        """Why this password can't be taken, or None. `personal` is what others know of its owner."""
        password = normalise(password)
        if len(password) < self._min_length:
            return FieldError(field, "too_short", f"Use at least {self._min_length} characters.")
        if len(password) > MAX_CODE_POINTS:
            return FieldError(field, "too_long", f"Use at most {MAX_CODE_POINTS} characters.")
        known = [*personal, self._product_name]
        if _is_made_of(known, password):
            message = "This is made of your name, your e-mail or our name. Choose something else."
            return FieldError(field, "contains_identity", message)
        if not is_hard_to_guess(self._common, password, _words(known), self._min_length):
            message = "This is easy to guess: common words or patterns. A few unrelated words work well."
            return FieldError(field, "too_common", message)
        return None

    def hash(self, password: str) -> str:
        """The Argon2id hash of this password, with its salt and parameters (PHC string format).

        Raises Unavailable if too many are being hashed."""
        with self._slot():
            return self._hasher.hash(normalise(password))

    def check(self, stored: str | None, password: str) -> bool:
        """Whether this hash is the password's. None, for an unknown user, costs the same and is false."""
        with self._slot():
            try:
                self._hasher.verify(self._decoy if stored is None else stored, normalise(password))
            except (VerifyMismatchError, InvalidHashError):
                return False
        return stored is not None

    def needs_rehash(self, stored: str) -> bool:
        """Whether this hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        # Each hash takes its megabytes: a flood of log-ins must meet a 503, not the kernel's OOM killer.
        if not self._slots.acquire(timeout=HASH_WAIT_SECONDS):
            raise Unavailable(retry_after=2)
        try:
            yield
        finally:
            self._slots.release()


def normalise(password: str) -> str:
    """The password in NFC, so that two keyboards give one (NIST SP 800-63B-4 §3.1.1.2); never trimmed."""
    return unicodedata.normalize("NFC", password)


def _is_made_of(known: Iterable[str], password: str) -> bool:
    folded = rest = password.casefold()
    for word in sorted(_words(known), key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != folded and len(regex.sub(r"[^\p{L}\p{N}]", "", rest)) < MIN_OWN_CHARS


def _words(texts: Iterable[str]) -> set[str]:
    """These texts, and the words in them."""
    parts = (part for text in texts for part in (text, *regex.split(r"[^\p{L}\p{N}]+", text)))
    return {part.casefold() for part in parts if len(part.casefold()) >= 3}
