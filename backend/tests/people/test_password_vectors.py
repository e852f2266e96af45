"""The front end rates passwords while they are typed: by the same vectors, so that the two can't differ."""

import json
from typing import Any

import pytest

from tests.support.cheap_passwords import new_passwords
from tests.support.places import FRONTEND

FILE = FRONTEND / "src" / "forms" / "passwords.vectors.json"

VECTORS = json.loads(FILE.read_text())


@pytest.mark.parametrize("vector", VECTORS["passwords"], ids=lambda vector: ascii(vector["password"][:40]))
def test_the_server_says_what_the_page_says(vector: dict[str, Any]) -> None:
    passwords = new_passwords(min_length=vector.get("at_least", VECTORS["at_least"]))
    refused = passwords.problem("password", vector["password"], VECTORS["personal"])
    assert (refused.code if refused else "good") == vector["verdict"]
