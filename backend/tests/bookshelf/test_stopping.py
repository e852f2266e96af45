"""Stopping: clean, whole, and held up by nobody."""

import signal
import socket
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.support.app_process import App, running_app
from tests.support.asking import ask
from tests.support.mail_server import Postbox
from tests.support.processes import alive, children, redis_pid
from tests.support.waiting import DEADLINE_SECONDS, wait_until

pytestmark = pytest.mark.server

STOP_IN_A_DEL = """
import os, signal, sys

class Stop:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)

def hear(event, _):
    if event == "sqlite3.connect" and signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        Stop()

sys.addaudithook(hear)
"""


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_it_cleanly_with_its_redis(app: App, sign: signal.Signals) -> None:
    server, others = redis_pid(app), children(app.running.pid)
    app.stop(sign)
    assert not alive(server)
    # multiprocessing's own resource tracker ends by itself, a blink after its parent
    wait_until(lambda: not any(alive(pid) for pid in others), "the end of all its processes")


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


def test_a_stop_that_python_swallows_is_obeyed_all_the_same(tmp_path: Path) -> None:
    """What a signal raises in a `__del__` is dropped. This one comes there, in the middle of the start."""
    (tmp_path / "sitecustomize.py").write_text(STOP_IN_A_DEL)
    app = App(tmp_path / "data", env={"PYTHONPATH": str(tmp_path)}).start(ready=False)
    app.expect_clean_end()
    assert "SystemExit" in app.said, "nothing was swallowed"


def test_a_letter_that_is_under_way_at_the_stop_is_not_sent_again(tmp_path: Path) -> None:
    person = {"username": "Ada", "password": "a quiet place among shelves", "email": "ada@library.example"}
    with Postbox(takes_seconds=0.3) as box:
        env = {"SMTP_URL": f"smtp://127.0.0.1:{box.port}"}
        with running_app(tmp_path / "data", env=env) as app:
            assert ask(f"{app.url}/api/register", "POST", body=person).status == 201
            assert box.accepting.wait(DEADLINE_SECONDS)
            app.stop()
        assert len(box.received) == 1
    with closing(sqlite3.connect(tmp_path / "data" / "bookshelf.db")) as database:
        assert database.execute("SELECT kind FROM ta_outbox").fetchall() == []


def test_a_stop_does_not_wait_for_a_request_that_never_ends(app: App) -> None:
    """A client that never finishes its request is not waited for, though the gateway would for a while."""
    with socket.create_connection(("127.0.0.1", app.port)) as slow:
        slow.sendall(b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc")
        app.stop()
        answer = b""
        with suppress(ConnectionResetError):  # as good an end: there were bytes that nobody had read
            answer = slow.recv(1)
        assert answer == b"", "it was told 408: the stop has waited for the end of its time"
