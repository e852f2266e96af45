"""HTTPS and HTTP/2, straight from the server: bodies without a length, and broken ones."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Any

import pytest

from tests.support.app_process import App
from tests.support.http2 import Http2, http2
from tests.support.places import REPOSITORY
from tests.support.waiting import wait_until

pytestmark = pytest.mark.server

Connect = Callable[[], AbstractContextManager[Http2]]


@pytest.fixture(scope="module")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connect]:
    """A connection to a server that has the pair that `make certs` makes."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run([sys.executable, str(REPOSITORY / "scripts" / "certs.py"), str(folder)], check=True)
    env = {"TLS_CERT": str(folder / "localhost.pem"), "TLS_KEY": str(folder / "localhost-key.pem")}
    app = App(folder / "data", env=env, scheme="https").start(ready=False)
    connect = partial(http2, app.port, folder / "localhost.pem")
    wait_until(partial(_answers, connect), "HTTPS")
    yield connect
    app.stop()


def _answers(connect: Connect) -> bool:
    with suppress(OSError), connect() as client:
        client.begin("GET", "/readyz", end=True)
        return client.answer()[0] == 200
    return False


def test_https_comes_straight_from_the_server(connect: Connect) -> None:
    with connect() as client:
        client.begin("GET", "/healthz", end=True)
        assert client.answer() == (200, b'{"status":"ok"}\n')


def test_a_body_without_a_length_counts(connect: Connect) -> None:
    with connect() as client:
        assert _register(client, "Streaming", end=True)[0] == 201


def test_a_body_that_ends_with_an_empty_piece_counts(connect: Connect) -> None:
    with connect() as client:
        _register(client, "Pausing", end=None)
        client.send(b"", end=True)
        assert client.answer()[0] == 201


def test_a_body_that_is_broken_off_is_not_acted_upon(connect: Connect) -> None:
    with connect() as client:
        _register(client, "Hasty", end=None)
        client.break_off()
        assert _register(client, "Hasty", end=True)[0] == 201, "it was not done before"


def test_the_host_is_checked_whatever_the_authority_says(connect: Connect) -> None:
    with connect() as client:
        client.begin("GET", "/api/config", ("host", "evil.example"), end=True)
        status, body = client.answer()
        assert (status, json.loads(body)["code"]) == (400, "host_not_allowed")


def _register(client: Http2, name: str, *, end: bool | None) -> Any:
    body = json.dumps({"username": name, "password": "a quiet place among shelves"}).encode()
    client.begin("POST", "/api/register", ("content-type", "application/json"))
    client.send(body, end=bool(end))
    return client.answer() if end else None
