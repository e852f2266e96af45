"""Which passwords are taken."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_tokenkeep.people.passwords import MAX_CODE_POINTS
from tests.support.cheap_passwords import CHEAP_PASSWORDS, TEXT, new_passwords
from tests.support.examples import PASSWORD


def refusal(password: str, *personal: str) -> str | None:
    error = CHEAP_PASSWORDS.problem("password", password, personal)
    assert error is None or (error.field == "password" and error.message)
    return error.code if error else None


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
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
        ("Password123456789!", "too_common"),
        ("thisismypassword", "too_common"),
        ("thequickbrownfoxjumps", "too_common"),
        ("correct horse battery staple", "too_common"),
    ],
)
def test_short_and_common_ones_are_refused_with_the_reason(password: str, code: str) -> None:
    assert refusal(password, "ada") == code


def test_the_bounds_count_code_points_and_are_exact() -> None:
    phrase = "quiet place among the shelves of a far away library " * 3
    assert refusal(phrase[:128]) is None
    assert refusal(phrase[:129]) == "too_long"
    assert refusal("kxv9 qh2m wz7tb") is None  # 15
    assert new_passwords(min_length=8).problem("password", "kX9#qh2mZ", []) is None


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


def test_a_name_inside_a_long_phrase_is_allowed() -> None:
    assert refusal("lovelace walks quietly among shelves", "lovelace") is None


@given(TEXT, st.lists(TEXT, max_size=3))
def test_every_text_gets_an_answer(password: str, personal: list[str]) -> None:
    code = refusal(password, *personal)
    length = len(unicodedata.normalize("NFC", password))
    assert (code == "too_short") == (length < 15)
    assert (code == "too_long") == (length > MAX_CODE_POINTS)


@settings(max_examples=30)
@given(st.text(st.sampled_from("aàb1!@ -_qwertyPASword0"), min_size=15, max_size=128))
def test_no_password_within_the_bounds_raises_an_error(password: str) -> None:
    assert refusal(password, "ada", "a@b.example") in (None, "too_common", "contains_identity")
