"""Password rules and hashes that cost next to nothing."""

from hypothesis import strategies as st

from flask_tokenkeep.people.passwords import HashCost, Passwords

CHEAP = HashCost(memory_kib=8, time=1, parallelism=1)
# Without lone surrogates: parse() lets none in.
TEXT = st.text(st.characters(exclude_categories=("Cs",)))


def new_passwords(cost: HashCost = CHEAP, min_length: int = 15, concurrency: int = 4) -> Passwords:
    return Passwords(cost=cost, min_length=min_length, concurrency=concurrency, product_name="Bookshelf")


CHEAP_PASSWORDS = new_passwords()
