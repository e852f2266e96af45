"""What a watcher is told."""

from tests.support.app_process import App
from tests.support.asking import ask


def test_health_and_readiness_are_answered(server: App) -> None:
    assert ask(f"{server.url}/healthz").json == {"status": "ok"}
    ready = ask(f"{server.url}/readyz")
    assert (ready.status, ready.json["redis"], ready.json["sql"]) == (200, "ok", "ok")
    assert {"catalogue", "mail"} <= ready.json.keys()
    assert ready.headers["Cache-Control"] == "no-store"
