"""A catalogue with its source, and the example app: fresh for each test, or once with a built front end."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from bookshelf.catalogue import Catalogue
from tests.support.app_process import App, running_app
from tests.support.book_source import Upstream, running_upstream
from tests.support.front_end import BROTLI, INDEX, SCRIPT
from tests.support.shown_catalogue import TTL_SECONDS
from tests.support.still_clock import Clock


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with running_upstream() as running:
        yield running


@pytest.fixture
def new_catalogue(redis: Redis, upstream: Upstream, clock: Clock) -> Callable[[], Catalogue]:
    """Another worker's, or our own after a restart."""
    return lambda: Catalogue(redis=redis, url=upstream.url, ttl_seconds=TTL_SECONDS, clock=clock)


@pytest.fixture
def catalogue(new_catalogue: Callable[[], Catalogue]) -> Catalogue:
    return new_catalogue()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """As it starts with nothing set, for this test alone."""
    with running_app(tmp_path / "data") as app:
        yield app


@pytest.fixture(scope="session")
def server(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """With a front end that was built, for many tests."""
    with running_app(tmp_path_factory.mktemp("app") / "data", env={"DIST_DIR": str(dist)}) as app:
        yield app


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    (folder / "assets").mkdir()
    (folder / "index.html").write_bytes(INDEX)
    (folder / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    script = folder / "assets" / "index-a1b2.js"
    script.write_bytes(SCRIPT)
    (folder / "assets" / "index-a1b2.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "assets" / "index-a1b2.js.br").write_bytes(BROTLI)
    return folder
