"""Starts that can't succeed say why, in a line."""

import socket
from pathlib import Path

import pytest

from tests.support.app_process import App, running_app
from tests.support.asking import ask
from tests.support.processes import failed_start

pytestmark = pytest.mark.server


def test_a_second_start_on_the_same_data_dir_says_so(app: App) -> None:
    (line,) = failed_start(app.data_dir, {})
    assert "in use" in line
    assert app.is_ready()


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (line,) = failed_start(tmp_path / "data", {}, port=taken.getsockname()[1])
    assert line.startswith("PORT: ")


def test_the_port_of_another_instance_is_taken(app: App, tmp_path: Path) -> None:
    (line,) = failed_start(tmp_path / "other", {}, port=app.port)
    assert line.startswith("PORT: ")


def test_an_unwritable_data_dir_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (line,) = failed_start(tmp_path / "file" / "data", {})
    assert line.startswith("DATA_DIR: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("HOST", "no.such.host.invalid"),
        ("WORKERS", "0"),
        ("THREADS", "-1"),
        ("ENV", "staging"),
        ("PUBLIC_URL", "ftp://books.example"),
        ("PUBLIC_URL", "https://books.example/path"),
        ("PUBLIC_URL", "https://books.example?x=1"),
        ("REDIS_URL", "http://:hunter2@127.0.0.1"),
        ("DATABASE_URL", "mysql://root:hunter2@127.0.0.1/x"),
        ("SMTP_URL", "https://user:hunter2@mail.example"),
        ("BOOKS_URL", "file:///etc/passwd"),
        ("BOOKS_TTL_SECONDS", "0"),
        ("SECRET_KEY", "hunter2"),
        ("TRUSTED_PROXIES", "-1"),
        ("CORS_ORIGINS", "https://a.example,nonsense"),
        ("TLS_CERT", "/only/one"),
        ("AUTH_TOKEN_TTL_SECONDS", "0"),
        ("AUTH_PASSWORD_MIN_LENGTH", "7"),
        ("AUTH_GRACE_SECONDS", "-1"),
        ("AUTH_LIMIT_REGISTER", "often"),
    ],
)
def test_a_wrong_variable_is_said_in_one_line_without_its_value(
    tmp_path: Path, name: str, value: str
) -> None:
    (line,) = failed_start(tmp_path / "data", {name: value})
    assert name in line
    assert "hunter2" not in line


def test_every_mistake_has_its_line(tmp_path: Path) -> None:
    lines = failed_start(tmp_path / "data", {"PORT": "x", "WORKERS": "x", "ENV": "x"})
    assert sorted(line.partition(":")[0] for line in lines) == ["ENV", "PORT", "WORKERS"]


def test_production_demands_a_secret_and_an_address(tmp_path: Path) -> None:
    lines = failed_start(tmp_path / "data", {"ENV": "production"})
    assert sorted(line.partition(":")[0] for line in lines) == ["PUBLIC_URL", "SECRET_KEY"]


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    with running_app(
        tmp_path / "data", env={"REDIS_URL": "", "SECRET_KEY": "", "TLS_CERT": "", "ENV": ""}
    ) as app:
        assert ask(f"{app.url}/readyz").status == 200
