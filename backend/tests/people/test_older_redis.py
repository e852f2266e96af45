"""A Redis that was restored, or failed over, knows codes that were spent since. SQL knows better."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from tests.support.app_users import People, code_of
from tests.support.examples import NEW_PASSWORD


@pytest.fixture
def older(redis: Redis) -> "Older":
    return Older(redis)


class Older:
    """What Redis held at one time, to come back later."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._kept: dict[bytes, Any] = {}

    def keep(self) -> None:
        self._kept = {key: self._redis.dump(key) for key in self._redis.keys("ta:c:*")}

    def come_back(self) -> None:
        for key, value in self._kept.items():
            self._redis.restore(key, 60_000, value, replace=True)


def test_a_reset_code_stays_spent(client: FlaskClient, people: People, older: Older) -> None:
    people.verified()
    body = {"code": people.forgotten(), "new_password": NEW_PASSWORD}
    older.keep()
    assert client.post("/api/password/reset", json=body).status_code == 204
    older.come_back()
    another = body | {"new_password": "nine amber kettles whistle"}
    assert code_of(client.post("/api/password/reset", json=another)) == (422, "code_invalid")
    assert people.log_in(password=NEW_PASSWORD).status_code == 200


def test_a_code_for_an_address_stays_spent(client: FlaskClient, people: People, older: Older) -> None:
    people.register()
    code = people.code()
    older.keep()
    assert client.post("/api/email/verify", json={"code": code}).status_code == 204
    older.come_back()
    assert code_of(client.post("/api/email/verify", json={"code": code})) == (422, "code_invalid")
