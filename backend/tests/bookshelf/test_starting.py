"""Starting, stopping and starting again, with real processes."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from tests.support.app_process import App, environment, running_app
from tests.support.asking import ask
from tests.support.mail_server import Postbox
from tests.support.places import BACKEND
from tests.support.ports import free_port
from tests.support.waiting import wait_until


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with running_app(tmp_path / "data") as app:
        yield app


def redis_pid(app: App) -> int:
    return int((app.data_dir / "redis.pid").read_text())


def alive(pid: int) -> bool:
    """Zombies, which nobody may have waited for in a container, are not alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(line) for line in listed.stdout.split()]


def leads_a_group(pid: int) -> bool:
    """As workers do, once they are up, and Redis."""
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def client(app: App) -> redis.Redis:
    relative = os.path.relpath(app.data_dir / "redis.sock")  # a name short enough for a socket
    return redis.Redis(unix_socket_path=relative, socket_timeout=2)


def failed_start(data_dir: Path, env: dict[str, str], port: int | None = None) -> list[str]:
    """What a start that can't succeed says, after insisting on exit code 2."""
    ended = subprocess.run(
        [sys.executable, str(BACKEND / "main.py")],
        env=environment(data_dir, port or free_port(), env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.returncode == 2, ended.stderr
    return ended.stderr.splitlines()


def test_it_says_the_address_where_the_data_is_and_how_to_stop(app: App) -> None:
    assert f"http://localhost:{app.port}" in app.said
    assert str(app.data_dir) in app.said
    assert "Ctrl-C" in app.said


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_it_cleanly_with_its_redis(app: App, sign: signal.Signals) -> None:
    server, others = redis_pid(app), children(app.running.pid)
    app.stop(sign)
    assert not alive(server)
    # multiprocessing's own resource tracker ends by itself, a blink after its parent
    wait_until(lambda: not any(alive(pid) for pid in others), "the end of all its processes", 2)


def test_ctrl_c_reaches_the_whole_group_and_still_stops_cleanly(app: App) -> None:
    pid = redis_pid(app)
    app.signal_group(signal.SIGINT)
    app.expect_clean_end()
    assert not alive(pid)
    assert "Unexpected exit" not in app.said


def test_a_second_ctrl_c_leaves_no_redis_behind(app: App) -> None:
    pid = redis_pid(app)
    for _ in range(3):
        app.signal_group(signal.SIGINT)
    app.expect_clean_end()
    assert not alive(pid)


def test_a_stop_during_the_start_leaves_no_redis_behind(tmp_path: Path) -> None:
    app = App(tmp_path / "data").start(ready=False)
    wait_until(lambda: (app.data_dir / "redis.sock").exists() or app.running.poll() is not None, "a Redis")
    app.stop()
    assert not alive(redis_pid(app))


def test_started_again_the_data_is_still_there(app: App) -> None:
    with client(app) as before:
        before.set("kept", "yes")
    secret = (app.data_dir / "secret_key").read_text()
    app.stop()
    app.start()
    with client(app) as after:
        assert after.get("kept") == b"yes"
    assert (app.data_dir / "secret_key").read_text() == secret


def test_a_letter_that_is_under_way_at_the_stop_is_not_sent_again(tmp_path: Path) -> None:
    person = {"username": "Ada", "password": "a quiet place among shelves", "email": "ada@library.example"}
    with Postbox(takes_seconds=0.3) as box:
        env = {"SMTP_URL": f"smtp://127.0.0.1:{box.port}"}
        with running_app(tmp_path / "data", env=env) as app:
            assert ask(f"{app.url}/api/register", "POST", body=person).status == 201
            assert box.accepting.wait(10)
            app.stop()
        assert len(box.received) == 1
    with closing(sqlite3.connect(tmp_path / "data" / "bookshelf.db")) as database:
        assert database.execute("SELECT kind FROM ta_outbox").fetchall() == []


def test_two_instances_run_side_by_side(app: App, tmp_path: Path) -> None:
    with running_app(tmp_path / "other") as other:
        assert ask(f"{app.url}/readyz").status == ask(f"{other.url}/readyz").status == 200
        assert redis_pid(app) != redis_pid(other)


def test_after_a_kill_of_everything_but_redis_the_next_start_works(app: App) -> None:
    left = redis_pid(app)
    with client(app) as before:
        before.set("kept", "yes")
    for pid in [app.running.pid, *(pid for pid in children(app.running.pid) if pid != left)]:
        os.kill(pid, signal.SIGKILL)
    app.running.wait(5)
    assert alive(left)
    app.start()
    with client(app) as after:
        assert after.get("kept") == b"yes"
    assert not alive(left)


def test_workers_do_not_outlive_a_killed_parent(app: App) -> None:
    workers = [pid for pid in children(app.running.pid) if pid != redis_pid(app)]
    app.running.kill()
    app.running.wait(5)
    wait_until(lambda: not any(alive(pid) for pid in workers), "the end of the workers")
    app.start()  # and so also removes the Redis that was left


def test_a_frozen_redis_of_a_killed_start_is_replaced(app: App) -> None:
    left = redis_pid(app)
    os.kill(left, signal.SIGSTOP)
    app.running.kill()
    app.running.wait(5)
    app.start()
    assert not alive(left)


def test_a_redis_that_dies_is_started_again(app: App) -> None:
    died = redis_pid(app)
    os.kill(died, signal.SIGKILL)
    wait_until(lambda: redis_pid(app) != died and app.is_ready(), "another Redis")


def test_a_worker_that_dies_is_replaced(app: App) -> None:
    def workers() -> set[int]:
        return {pid for pid in children(app.running.pid) if leads_a_group(pid)} - {redis_pid(app)}

    wait_until(lambda: len(workers()) == 2, "both workers")
    died = workers().pop()
    os.kill(died, signal.SIGKILL)
    wait_until(lambda: len(workers() - {died}) == 2 and app.is_ready(), "another worker")


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
        timeout=30,
    )
    assert (ended.returncode, ended.stderr.partition(":")[0]) == (2, "PORT")


def test_https_comes_straight_from_the_server(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(BACKEND.parent / "scripts" / "certs.py"), str(tmp_path)], check=True)
    env = {"TLS_CERT": str(tmp_path / "localhost.pem"), "TLS_KEY": str(tmp_path / "localhost-key.pem")}
    app = App(tmp_path / "data", env=env, scheme="https").start(ready=False)
    fetch = ["curl", "-sS", "--cacert", env["TLS_CERT"], f"{app.url}/healthz"]

    def healthy() -> bool:
        answer = subprocess.run(fetch, capture_output=True)
        return answer.returncode == 0 and json.loads(answer.stdout) == {"status": "ok"}

    try:
        wait_until(healthy, "HTTPS")
    finally:
        app.stop()


def test_a_stop_waits_for_nobody_longer_than_promised(app: App) -> None:
    """A client that never finishes its request must not hold up the stop."""
    with socket.create_connection(("127.0.0.1", app.port)) as slow:
        slow.sendall(b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc")
        before = time.monotonic()
        app.stop()
        assert time.monotonic() - before < 5
