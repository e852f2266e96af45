"""Which passwords are taken, and how they are kept and compared."""

import threading
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import select

from flask_tokenkeep import migrate
from flask_tokenkeep.errors import Unavailable
from flask_tokenkeep.people import passwords
from flask_tokenkeep.people.passwords import MAX_CODE_POINTS, HashCost, Passwords
from flask_tokenkeep.settings import AuthSettings
from flask_tokenkeep.stores.models import User
from tests.support.inside import database_of, replace_hasher
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock

CHEAP = HashCost(memory_kib=8, time=1, parallelism=1)
GOOD = "a quiet place among shelves"
# Without lone surrogates: parse() lets none in.
TEXT = st.text(st.characters(exclude_categories=("Cs",)))


def new_passwords(cost: HashCost = CHEAP, min_length: int = 15, concurrency: int = 4) -> Passwords:
    return Passwords(cost=cost, min_length=min_length, concurrency=concurrency, product_name="Bookshelf")


RULES = new_passwords()


def refusal(password: str, *personal: str) -> str | None:
    error = RULES.refuse("password", password, personal)
    assert error is None or (error.field == "password" and error.message)
    return error.code if error else None


# -- which are taken ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "correct stable battery horse",
        "тихое место среди полок",
        "静かな本棚の間にある私の場所です",
        "🦊🌵🚲🎷🧀🪁🦉🌋🧵🪐🦀🍋🛶🎲🪗",
        "  spaces before and after  ",
        "no-digit-no-capital-no-recipe",
    ],
)
def test_phrases_are_taken_without_any_recipe(password: str) -> None:
    assert refusal(password, "ada") is None


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("kxv9 qh2m wz7t", "too_short"),  # 14
        ("é" * 14, "too_short"),
        (unicodedata.normalize("NFD", "éèêëàâîïôûùçñö"), "too_short"),  # 28 as typed, 14 characters
        ("passwordpassword", "too_common"),
        ("123456789012345", "too_common"),
        ("qwertyuiopasdfghjkl", "too_common"),
        ("aaaaaaaaaaaaaaaaaaaa", "too_common"),
        ("iloveyouiloveyou", "too_common"),
        ("Password1Password1", "too_common"),
        ("abcabcabcabcabcabc", "too_common"),
        (" " * 20, "too_common"),
    ],
)
def test_short_and_common_ones_are_refused_with_the_reason(password: str, code: str) -> None:
    assert refusal(password, "ada") == code


def test_the_bounds_count_code_points_and_are_exact() -> None:
    phrase = "quiet place among the shelves of a far away library " * 3
    assert refusal(phrase[:128]) is None
    assert refusal(phrase[:129]) == "too_long"
    assert refusal("kxv9 qh2m wz7tb") is None  # 15
    assert new_passwords(min_length=8).refuse("password", "kX9#qh2mZ", []) is None


@pytest.mark.parametrize(
    "password",
    [
        "lovelace lovelace",
        "LoveLace-lovelace-1815",
        "lovelace@example.org",
        "bookshelfbookshelf",
        "Bookshelf-2026-!!!!!",
        "ada.lovelace.bookshelf",
        "example.org lovelace",
    ],
)
def test_what_is_made_of_name_address_or_product_is_refused(password: str) -> None:
    assert refusal(password, "ada.lovelace", "lovelace@example.org") == "contains_identity"


def test_a_name_inside_a_long_phrase_is_nobodys_business() -> None:
    assert refusal("lovelace walks quietly among shelves", "lovelace") is None


@settings(deadline=None)
@given(TEXT, st.lists(TEXT, max_size=3))
def test_every_text_gets_an_answer(password: str, personal: list[str]) -> None:
    code = refusal(password, *personal)
    length = len(unicodedata.normalize("NFC", password))
    assert (code == "too_short") == (length < 15)
    assert (code == "too_long") == (length > MAX_CODE_POINTS)


@settings(max_examples=30, deadline=None)
@given(st.text(st.sampled_from("aàb1!@ -_qwertyPASword0"), min_size=15, max_size=128))
def test_no_password_within_the_bounds_is_an_error_of_ours(password: str) -> None:
    assert refusal(password, "ada", "a@b.example") in (None, "too_common", "contains_identity")


def test_a_crafted_password_costs_no_more_than_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """zxcvbn's cost grows with the square of the length; so it sees 32 characters of an end, and of the other
    end only if the first isn't good enough."""
    rated: list[str] = []
    real = passwords.zxcvbn
    monkeypatch.setattr(passwords, "zxcvbn", lambda text, **more: rated.append(text) or real(text, **more))
    refusal("4@8({[<36" * 14)
    assert [len(text) for text in rated] == [32]
    rated.clear()
    assert refusal("a" * 64 + "elevenloudgeesewalkquietlyontheroof") is None
    assert [len(text) for text in rated] == [32, 32]


# -- how they are kept --------------------------------------------------------------------------


def test_the_defaults_are_those_of_owasp() -> None:
    fields = AuthSettings.model_fields
    assert fields["auth_argon2_memory_kib"].default >= 19 * 1024
    assert fields["auth_argon2_time"].default >= 2
    assert fields["auth_password_min_length"].default == 15


def test_a_hash_is_argon2id_with_the_configured_cost_and_a_salt_of_its_own() -> None:
    store = new_passwords(HashCost(memory_kib=16, time=2, parallelism=2))
    one, other = store.hash(GOOD), store.hash(GOOD)
    found = extract_parameters(one)
    assert found.type is Type.ID
    assert (found.memory_cost, found.time_cost, found.parallelism) == (16, 2, 2)
    assert found.salt_len >= 16
    assert one != other
    assert GOOD not in one


@given(TEXT)
def test_every_password_opens_however_its_accents_were_typed(password: str) -> None:
    stored = RULES.hash(password)
    for form in ("NFC", "NFD"):
        assert RULES.verify(stored, unicodedata.normalize(form, password))


@given(TEXT, TEXT)
def test_nothing_but_the_whole_password_opens(password: str, other: str) -> None:
    stored = RULES.hash(password)
    same = unicodedata.normalize("NFC", password) == unicodedata.normalize("NFC", other)
    assert RULES.verify(stored, other) == same


@pytest.mark.parametrize(
    "change", [str.strip, str.lower, str.upper, lambda text: text[:72], lambda text: text[:-1]]
)
def test_nothing_is_trimmed_folded_or_cut(change: Any) -> None:
    password = f" {GOOD} Aé" + "x" * 90
    assert not RULES.verify(RULES.hash(password), change(password))
    assert RULES.verify(RULES.hash(password), password)


def test_compatibility_forms_stay_apart() -> None:
    """NFC, not NFKC: the latter would make one of two passwords that look different."""
    assert not RULES.verify(RULES.hash("①" * 15), "1" * 15)


@pytest.mark.parametrize("stored", ["", "x", "$2b$12$" + "a" * 53])
def test_a_damaged_hash_opens_for_nobody(stored: str) -> None:
    assert not RULES.verify(stored, "")
    assert not RULES.verify(stored, "decoy")


def test_the_decoy_opens_for_nobody() -> None:
    assert not RULES.verify(None, "decoy")


def test_hashes_at_once_are_bounded_and_more_are_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASH_WAIT_SECONDS", 0.01)
    store, busy, done = new_passwords(concurrency=2), threading.Barrier(3), threading.Event()
    replace_hasher(monkeypatch, store, Slow(busy, done))
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(store.hash, GOOD), pool.submit(store.verify, None, GOOD)]
        busy.wait(10)
        for one_more in (lambda: store.hash(GOOD), lambda: store.verify(None, GOOD)):
            with pytest.raises(Unavailable) as told:
                one_more()
            assert int(told.value.headers["Retry-After"]) >= 1
        done.set()
        assert [each.result(10) for each in running] == ["hashed", False]
    assert store.hash(GOOD) == "hashed"  # the slots are free again


class Slow:
    """Hashes for as long as the test wants."""

    def __init__(self, busy: threading.Barrier, done: threading.Event) -> None:
        self._busy, self._done = busy, done

    def hash(self, _password: str) -> str:
        if not self._done.is_set():
            self._busy.wait(10)
        self._done.wait(10)
        return "hashed"

    def verify(self, _stored: str, password: str) -> bool:
        self.hash(password)
        return True


def test_wrong_passwords_give_their_slot_back() -> None:
    store = new_passwords(concurrency=1)
    for _ in range(3):
        assert not store.verify(store.hash(GOOD), "another one")
        assert not store.verify("damaged", GOOD)


# -- at log-in ----------------------------------------------------------------------------------


@pytest.fixture
def stores(redis: Redis, redis_server: PrivateRedis, tmp_path: Any) -> tuple[str, str]:
    database_url = f"sqlite:///{tmp_path}/test.sqlite3"
    migrate(database_url)
    return redis_server.url, database_url


@pytest.fixture
def client(stores: tuple[str, str]) -> Iterator[FlaskClient]:
    with worker(*stores, Clock()) as app:
        yield app.test_client()


def log_in(client: FlaskClient, name: str = "Ada", password: str = GOOD) -> int:
    return client.post("/api/login", json={"username": name, "password": password}).status_code


def register(client: FlaskClient) -> None:
    body = {"username": "Ada", "password": GOOD, "email": "ada@example.org"}
    assert client.post("/api/register", json=body).status_code == 201


def test_known_and_unknown_names_cost_the_same(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: one comparison each, with a hash of the same parameters."""
    register(client)
    work: list[Any] = []
    real = PasswordHasher.verify

    def counted(self: PasswordHasher, stored: str, password: str) -> bool:
        work.append((extract_parameters(stored), len(password)))
        return real(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    monkeypatch.setattr(PasswordHasher, "hash", lambda *_: pytest.fail("nothing is hashed for a failure"))
    names = ["Ada", "nobody", "ada@example.org", "nobody@example.org", "", "\u202e", "ada@", "x" * 1024]
    for name in names:
        assert log_in(client, name, "not this one, sorry") == 401
    assert work == [work[0]] * len(names)


def test_a_hash_is_made_anew_at_log_in_when_the_parameters_rise(stores: tuple[str, str]) -> None:
    with worker(*stores, Clock()) as before, worker(*stores, Clock(), AUTH_ARGON2_TIME="3") as now:
        database = database_of(now)

        def stored() -> str:
            with database.read() as sql:
                found: str = sql.scalar(select(User.password_hash))
            return found

        register(before.test_client())
        first = stored()
        assert log_in(now.test_client(), password="not this one, sorry") == 401
        assert stored() == first
        assert log_in(now.test_client()) == 200
        second = stored()
        assert (extract_parameters(first).time_cost, extract_parameters(second).time_cost) == (1, 3)
        assert log_in(now.test_client()) == 200
        assert stored() == second


def test_beyond_the_bound_log_in_and_registration_answer_503(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASH_WAIT_SECONDS", 0.01)
    with monkeypatch.context() as patch:
        patch.setattr(threading.BoundedSemaphore, "acquire", lambda *_, **__: False)
        for path in ("register", "login"):
            answer = client.post(f"/api/{path}", json={"username": "Bob", "password": GOOD})
            assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
    register(client)
    assert log_in(client) == 200
