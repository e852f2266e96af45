"""How hard a password is to guess, and what it costs to say so."""

import gzip
import random
import string
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_tokenkeep.people import rating
from flask_tokenkeep.people.common import load_common
from flask_tokenkeep.people.rating import is_hard_to_guess
from tests.support.places import BACKEND, FRONTEND

COMMON = load_common()
CHEAP = sorted(word for word, cost in COMMON.words.items() if cost <= 250)
RARE = sorted(
    word for word, cost in COMMON.words.items() if cost >= 400 and word.isalpha() and 4 <= len(word) <= 8
)
PATTERNS = ["a", "ab", "aab", "1234", "qwerty", "4@8({[<36", "9" * 31, "abcdefghijklmnop", "thequickbrownfox"]
STEPS_EACH = 1_500  # instructions of Python per code point; measured: 1,420, and 2,100 where all is compared


def steps(password: str) -> int:
    """How many instructions of Python the rating runs for this: its cost, without a clock."""
    count = 0

    def noted(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename != rating.__file__:
            return None
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return noted

    former = sys.gettrace()
    sys.settrace(noted)
    try:
        is_hard_to_guess(COMMON, password, {"ada"}, 15)
    finally:
        sys.settrace(former)
    return count


@settings(max_examples=50)
@given(st.lists(st.sampled_from([*PATTERNS, *CHEAP, "x", "é", "😀"]), min_size=1), st.integers(1, 128))
def test_no_password_costs_more_than_its_length_allows(pieces: list[str], length: int) -> None:
    crafted = ("".join(pieces) * 128)[:length]
    assert steps(crafted) <= STEPS_EACH * (length + 1)


@pytest.mark.parametrize("piece", [*PATTERNS, "the", "aaab", "1234a", "p4$$w0rd 4@8({[<369!1|706$5+7%2"])
def test_no_pattern_costs_more_than_its_length_allows(piece: str) -> None:
    for ending in ("", "x"):
        assert steps((piece * 128)[: 128 - len(ending)] + ending) <= STEPS_EACH * 129


@given(st.lists(st.sampled_from(RARE), min_size=4, max_size=4, unique=True), st.sampled_from([" ", "-", ""]))
def test_four_unrelated_words_are_hard_to_guess(words: list[str], between: str) -> None:
    assert is_hard_to_guess(COMMON, between.join(words), (), 15)


def test_eight_random_characters_are_hard_to_guess() -> None:
    chance = random.Random(8)  # noqa: S311  # the same ones at each run
    for alphabet in (string.ascii_letters + string.digits, string.printable[:94]):
        drawn = ["".join(chance.choices(alphabet, k=8)) for _ in range(2_000)]
        refused = [password for password in drawn if not is_hard_to_guess(COMMON, password, (), 8)]
        assert len(refused) <= 20  # one in a thousand reads like words or keys in a row


def test_the_commonest_long_passwords_are_refused_also_with_an_addition() -> None:
    listed = [word for word in COMMON.words if len(word) >= 15]
    assert len(listed) > 2_000  # of the 3,000; the others are refused by the rules
    for password in listed:
        for variant in (password, password.title(), f"{password}1", f"!{password}"):
            assert not is_hard_to_guess(COMMON, variant, (), 15)


@pytest.mark.parametrize("own", ["lovelace", "l0velace"])
def test_what_others_know_of_the_owner_is_as_cheap_as_the_commonest_word(own: str) -> None:
    assert is_hard_to_guess(COMMON, f"{own} table 1", (), 15)
    assert not is_hard_to_guess(COMMON, f"{own} table 1", ("lovelace",), 15)


def test_the_page_has_the_same_list_and_it_is_small() -> None:
    ours = (BACKEND / "flask_tokenkeep" / "people" / "common.txt").read_bytes()
    assert (FRONTEND / "src" / "forms" / "common.txt").read_bytes() == ours
    assert len(gzip.compress(ours, 9)) <= 57_000  # 60 kB for the page in all
