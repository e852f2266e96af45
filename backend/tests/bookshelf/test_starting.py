"""Starting, and starting again, with real processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.app_process import App, environment, running_app
from tests.support.asking import ask
from tests.support.places import BACKEND
from tests.support.ports import free_port
from tests.support.processes import client, redis_pid
from tests.support.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.server


def test_it_says_the_address_where_the_data_is_and_how_to_stop(app: App) -> None:
    assert f"http://localhost:{app.port}" in app.said
    assert str(app.data_dir) in app.said
    assert "Ctrl-C" in app.said


def test_started_again_the_data_is_still_there(app: App) -> None:
    with client(app) as before:
        before.set("kept", "yes")
    secret = (app.data_dir / "secret_key").read_text()
    app.stop()
    app.start()
    with client(app) as after:
        assert after.get("kept") == b"yes"
    assert (app.data_dir / "secret_key").read_text() == secret


def test_two_instances_run_side_by_side(app: App, tmp_path: Path) -> None:
    with running_app(tmp_path / "other") as other:
        assert ask(f"{app.url}/readyz").status == ask(f"{other.url}/readyz").status == 200
        assert redis_pid(app) != redis_pid(other)


def test_a_very_long_data_dir_works(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long" * 40) / ("longer" * 30)
    data_dir.parent.mkdir()
    with running_app(data_dir) as app:
        assert (data_dir / "redis.sock").is_socket()
        assert ask(f"{app.url}/readyz").json["redis"] == "ok"


def test_a_data_dir_with_blanks_and_quotes_works(tmp_path: Path) -> None:
    with running_app(tmp_path / "my 'own' \"data\" ä") as app:
        assert ask(f"{app.url}/readyz").status == 200


def test_redis_listens_on_no_port_and_for_nobody_else(app: App) -> None:
    assert (app.data_dir / "redis.sock").stat().st_mode & 0o777 == 0o700
    with client(app) as asking:
        assert asking.config_get("port") == {b"port": b"0"} or asking.config_get("port") == {"port": "0"}


def test_what_lies_in_data_dir_is_readable_for_its_owner_alone(app: App) -> None:
    assert app.data_dir.stat().st_mode & 0o077 == 0
    assert [path.name for path in app.data_dir.rglob("*") if path.stat().st_mode & 0o077] == []


def test_a_python_without_the_libraries_goes_on_in_the_venv(tmp_path: Path) -> None:
    """-I -S is a Python that sees no installed package, as the system's own."""
    if not (BACKEND / ".venv" / "bin" / "python").exists():
        pytest.skip("the tests run in an environment of the person's own")
    port = free_port()
    ended = subprocess.run(
        [sys._base_executable, "-I", "-S", str(BACKEND / "main.py")],  # type: ignore[attr-defined]
        env=environment(tmp_path / "data", port, {"PORT": "0"}),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    assert (ended.returncode, ended.stderr.partition(":")[0]) == (2, "PORT")
