"""The front end rates passwords while they are typed: by the same vectors, so that the two can't differ."""

import json
from pathlib import Path

import pytest

from flask_tokenauth.passwords import HashCost, Passwords

FILE = Path(__file__).resolve().parents[2] / "frontend" / "src" / "forms" / "passwords.vectors.json"
VECTORS = json.loads(FILE.read_text())


@pytest.mark.parametrize("vector", VECTORS["passwords"], ids=lambda vector: ascii(vector["password"][:40]))
def test_the_server_says_what_the_page_says(vector: dict[str, str]) -> None:
    passwords = Passwords(
        cost=HashCost(8, 1, 1), min_length=VECTORS["at_least"], concurrency=1, product_name="Bookshelf"
    )
    refused = passwords.refuse("password", vector["password"], VECTORS["personal"])
    assert (refused.code if refused else "good") == vector["verdict"]
