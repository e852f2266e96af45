"""The document and the page cost their making once, and whoever has a copy only a question."""

import subprocess
import sys
from typing import Any

import pytest

from bookshelf.contract import build
from flask_tokenkeep.http import about_views
from tests.support.places import BACKEND

PATHS = ("/api/openapi.json", "/api/docs", "/api/docs.css")


def test_the_document_is_made_once_for_each_app(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    real = about_views.document

    def noted(*args: Any, **more: Any) -> Any:
        made.append(args)
        return real(*args, **more)

    monkeypatch.setattr(about_views, "document", noted)
    for name in ("One", "Two"):
        client = build(product_name=name).test_client()
        pages = [client.get("/api/docs").text for _ in range(3)]
        documents = [client.get("/api/openapi.json").json for _ in range(3)]
        assert all(f"<title>{name} API</title>" in text for text in pages)
        assert all(document["info"]["title"].startswith(name) for document in documents)
    assert len(made) == 4  # of each app one for the page and one for machines


@pytest.mark.parametrize("path", PATHS)
def test_a_copy_stays_good_until_the_bytes_change(path: str) -> None:
    client, other = build().test_client(), build(product_name="Other").test_client()
    first = client.get(path)
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert client.get(path, headers={"If-None-Match": '"another"'}).data == first.data
    deployed = other.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert deployed.status_code == (304 if path.endswith("css") else 200)


def test_every_worker_gives_the_same_etag() -> None:
    script = "from bookshelf.contract import build; client = build().test_client()\n" + "\n".join(
        f"print(client.get({path!r}).headers['ETag'])" for path in PATHS
    )

    def etags(seed: str) -> str:
        command = [sys.executable, "-c", script]
        return subprocess.run(
            command, cwd=BACKEND, env={"PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True
        ).stdout

    assert len(etags("1").split()) == len(PATHS)
    assert etags("1") == etags("2")
