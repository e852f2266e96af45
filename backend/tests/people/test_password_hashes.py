"""How passwords are kept and compared."""

import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type
from hypothesis import given

from flask_tokenkeep.errors import Unavailable
from flask_tokenkeep.people import passwords
from flask_tokenkeep.people.passwords import HashCost
from flask_tokenkeep.settings import AuthSettings
from tests.support.cheap_passwords import CHEAP_PASSWORDS, TEXT, new_passwords
from tests.support.examples import PASSWORD
from tests.support.inside import replace_hasher
from tests.support.waiting import DEADLINE_SECONDS


def test_the_defaults_are_those_of_owasp() -> None:
    fields = AuthSettings.model_fields
    assert fields["auth_argon2_memory_kib"].default >= 19 * 1024
    assert fields["auth_argon2_time"].default >= 2
    assert fields["auth_password_min_length"].default == 15


def test_a_hash_is_argon2id_with_the_configured_cost_and_a_salt_of_its_own() -> None:
    store = new_passwords(HashCost(memory_kib=16, time=2, parallelism=2))
    one, other = store.hash(PASSWORD), store.hash(PASSWORD)
    found = extract_parameters(one)
    assert found.type is Type.ID
    assert (found.memory_cost, found.time_cost, found.parallelism) == (16, 2, 2)
    assert found.salt_len >= 16
    assert one != other
    assert PASSWORD not in one


@given(TEXT)
def test_every_password_is_accepted_however_its_accents_were_typed(password: str) -> None:
    stored = CHEAP_PASSWORDS.hash(password)
    for form in ("NFC", "NFD"):
        assert CHEAP_PASSWORDS.check(stored, unicodedata.normalize(form, password))


@given(TEXT, TEXT)
def test_only_the_whole_password_is_accepted(password: str, other: str) -> None:
    stored = CHEAP_PASSWORDS.hash(password)
    same = unicodedata.normalize("NFC", password) == unicodedata.normalize("NFC", other)
    assert CHEAP_PASSWORDS.check(stored, other) == same


@pytest.mark.parametrize(
    "change", [str.strip, str.lower, str.upper, lambda text: text[:72], lambda text: text[:-1]]
)
def test_nothing_is_trimmed_folded_or_cut(change: Any) -> None:
    password = f" {PASSWORD} Aé" + "x" * 90
    assert not CHEAP_PASSWORDS.check(CHEAP_PASSWORDS.hash(password), change(password))
    assert CHEAP_PASSWORDS.check(CHEAP_PASSWORDS.hash(password), password)


def test_unicode_compatibility_forms_are_different_passwords() -> None:
    """NFC, not NFKC: the latter would make one of two passwords that look different."""
    assert not CHEAP_PASSWORDS.check(CHEAP_PASSWORDS.hash("①" * 15), "1" * 15)


@pytest.mark.parametrize("stored", ["", "x", "$2b$12$" + "a" * 53])
def test_a_damaged_hash_accepts_no_password(stored: str) -> None:
    assert not CHEAP_PASSWORDS.check(stored, "")
    assert not CHEAP_PASSWORDS.check(stored, "decoy")


def test_the_decoy_hash_accepts_no_password() -> None:
    assert not CHEAP_PASSWORDS.check(None, "decoy")


def test_hashes_at_once_are_bounded_and_more_are_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASH_WAIT_SECONDS", 0.01)
    store, busy, done = new_passwords(concurrency=2), threading.Barrier(3), threading.Event()
    replace_hasher(monkeypatch, store, Slow(busy, done))
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(store.hash, PASSWORD), pool.submit(store.check, None, PASSWORD)]
        busy.wait(DEADLINE_SECONDS)
        for one_more in (lambda: store.hash(PASSWORD), lambda: store.check(None, PASSWORD)):
            with pytest.raises(Unavailable) as told:
                one_more()
            assert int(told.value.headers["Retry-After"]) >= 1
        done.set()
        assert [each.result(DEADLINE_SECONDS) for each in running] == ["hashed", False]
    assert store.hash(PASSWORD) == "hashed"  # the slots are free again


class Slow:
    """Hashes for as long as the test wants."""

    def __init__(self, busy: threading.Barrier, done: threading.Event) -> None:
        self._busy, self._done = busy, done

    def hash(self, _password: str) -> str:
        if not self._done.is_set():
            self._busy.wait(DEADLINE_SECONDS)
        self._done.wait(DEADLINE_SECONDS)
        return "hashed"

    def verify(self, _stored: str, password: str) -> bool:
        self.hash(password)
        return True


def test_wrong_passwords_give_their_slot_back() -> None:
    store = new_passwords(concurrency=1)
    for _ in range(3):
        assert not store.check(store.hash(PASSWORD), "another one")
        assert not store.check("damaged", PASSWORD)
