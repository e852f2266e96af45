"""The token's bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_tokenkeep.errors import InvalidToken
from flask_tokenkeep.sessions.tokens import TOKEN_CHARS, Claims, TokenMint

MINT = TokenMint("a secret of thirty-two characters")
U32 = st.integers(0, 2**32 - 1)
TOKENS = st.builds(Claims, st.binary(min_size=16, max_size=16), U32, U32)


@given(TOKENS)
def test_what_was_minted_is_read_and_minting_again_gives_the_same_bytes(token: Claims) -> None:
    text = MINT.mint(token)
    assert MINT.read(text) == token
    assert MINT.mint(token) == text
    assert len(text) == TOKEN_CHARS == 79


@given(TOKENS, st.integers(0, TOKEN_CHARS - 1), st.characters())
def test_every_other_character_anywhere_is_refused(token: Claims, at: int, char: str) -> None:
    text = MINT.mint(token)
    changed = text[:at] + char + text[at + 1 :]
    if changed != text:
        with pytest.raises(InvalidToken):
            MINT.read(changed)


@given(st.text())
def test_garbage_is_refused_and_never_an_error_of_ours(text: str) -> None:
    with pytest.raises(InvalidToken):
        MINT.read(text)


@pytest.mark.parametrize("cut", [0, 1, 4, 78])
def test_shorter_and_longer_texts_are_refused(cut: int) -> None:
    text = MINT.mint(Claims(bytes(16), 1, 2))
    for wrong in (text[:cut], text + "A", text + "=", " " + text):
        with pytest.raises(InvalidToken):
            MINT.read(wrong)


def test_a_token_of_the_former_key_is_read_while_it_is_a_fallback_and_never_minted() -> None:
    token = Claims(bytes(16), 7, 99)
    newer = TokenMint("another secret, thirty-two chars!", ["a secret of thirty-two characters"])
    assert newer.read(MINT.mint(token)) == token
    with pytest.raises(InvalidToken):
        MINT.read(newer.mint(token))
