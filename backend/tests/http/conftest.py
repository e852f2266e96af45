"""The example app as it is served, once for all tests of this room and once on each database."""

from collections.abc import Iterator

import pytest

from tests.support.app_process import App, running_app
from tests.support.private_postgres import empty_postgres
from tests.support.private_redis import PrivateRedis
from tests.support.reader import Reader


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, redis_server: PrivateRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    data_dir = tmp_path_factory.mktemp("app") / "data"
    if request.param == "sqlite":
        with running_app(data_dir, env={"REDIS_URL": redis_server.url}) as app:
            yield app
        return
    with empty_postgres(request.getfixturevalue("postgres")) as database_url:
        env = {"REDIS_URL": redis_server.url, "DATABASE_URL": database_url.replace("+psycopg", "")}
        with running_app(data_dir, env=env) as app:
            yield app


@pytest.fixture
def reader(server: App) -> Reader:
    return Reader(server)
