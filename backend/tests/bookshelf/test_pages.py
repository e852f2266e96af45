"""Pages and files, and what is not there."""

import gzip
import re
from pathlib import Path

import pytest

from tests.support.app_process import App, running_app
from tests.support.asking import ask, ask_raw
from tests.support.expectations import expect_problem
from tests.support.front_end import BROTLI, INDEX, SCRIPT

pytestmark = pytest.mark.server


@pytest.mark.parametrize("path", ["/", "/login", "/books/12", "/account", "/reset-password"])
def test_pages_are_the_app_and_are_never_cached(server: App, path: str) -> None:
    reply = ask(server.url + path)
    assert (reply.status, reply.body) == (200, INDEX)
    assert reply.headers["Cache-Control"] == "no-cache"
    assert reply.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    "path", ["/no/such/page", "/apinot", "/b%C3%BCcher", "/books/0x10", "/books/07", "/.well-known/nothing"]
)
def test_any_other_address_is_the_page_that_says_so(server: App, path: str) -> None:
    reply = ask(server.url + path)
    assert (reply.status, reply.body) == (404, INDEX)
    assert reply.headers["Content-Type"].startswith("text/html")


def test_a_build_that_changes_under_the_server_is_served_as_it_is(tmp_path: Path) -> None:
    assets = tmp_path / "dist" / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_bytes(INDEX)
    (assets / "index-old.js").write_bytes(SCRIPT)
    with running_app(tmp_path / "data", env={"DIST_DIR": str(tmp_path / "dist")}) as app:
        assert ask(f"{app.url}/assets/index-old.js").body == SCRIPT
        (assets / "index-old.js").rename(assets / "index-new.js")
        assert ask(f"{app.url}/assets/index-new.js").body == SCRIPT
        expect_problem(ask(f"{app.url}/assets/index-old.js"), 404, "not_found")


@pytest.mark.parametrize("wanted", ["0-0", "5-5", "-1", "-0", "5-1", "99999999-"])
def test_a_file_comes_whole_whatever_range_is_asked_for(server: App, wanted: str) -> None:
    reply = ask(f"{server.url}/assets/index-a1b2.js", headers={"Range": f"bytes={wanted}"})
    assert (reply.status, reply.body) == (200, SCRIPT)


def test_hashed_assets_are_cached_for_ever(server: App) -> None:
    reply = ask(f"{server.url}/assets/index-a1b2.js")
    assert reply.body == SCRIPT
    assert reply.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in reply.headers["Cache-Control"]
    assert int(re.findall(r"max-age=(\d+)", reply.headers["Cache-Control"])[0]) >= 31_536_000


@pytest.mark.parametrize(
    ("encoding", "stored"), [("gzip", gzip.compress(SCRIPT)), ("br", BROTLI)], ids=["gzip", "br"]
)
def test_assets_are_sent_as_they_were_compressed(server: App, encoding: str, stored: bytes) -> None:
    reply = ask(f"{server.url}/assets/index-a1b2.js", headers={"Accept-Encoding": encoding})
    assert reply.headers["Content-Encoding"] == encoding
    assert "Accept-Encoding" in reply.headers["Vary"]
    assert reply.body[10:] == stored[10:]  # gzip begins with the time


def test_other_files_are_served_but_not_cached_for_ever(server: App) -> None:
    reply = ask(f"{server.url}/favicon.svg")
    assert reply.status == 200
    assert "immutable" not in reply.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nothing", "/api/nothing/here", "/assets/gone-c3d4.js"]
)
def test_what_is_not_there_is_a_json_404(server: App, path: str) -> None:
    expect_problem(ask(server.url + path), 404, "not_found")


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/assets/../../main.py", "/assets/%2e%2e/%2e%2e/main.py"]
)
def test_no_path_leaves_the_folder(server: App, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = ask_raw(server.port, request.encode()).body
    assert b"root:" not in answer
    assert b"import" not in answer


def test_pages_answer_head_and_refuse_post(server: App) -> None:
    assert (ask(f"{server.url}/login", "HEAD").status, ask(f"{server.url}/login", "HEAD").body) == (200, b"")
    reply = ask(f"{server.url}/login", "POST", body={})
    expect_problem(reply, 405, "method_not_allowed")
    assert "GET" in reply.headers["Allow"]


def test_change_password_leads_to_the_page(server: App) -> None:
    reply = ask(f"{server.url}/.well-known/change-password")
    assert (reply.status, reply.headers["Location"]) == (302, "/account#password")


def test_without_a_build_the_page_says_what_to_do(tmp_path: Path) -> None:
    with running_app(tmp_path / "data", env={"DIST_DIR": str(tmp_path / "nowhere")}) as app:
        assert b"make start" in ask(f"{app.url}/").body
