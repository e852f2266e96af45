"""The example app as people start it: `python main.py`, with its workers and its Redis. No pytest in here."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.asking import ask
from tests.support.cheap_settings import CHEAP_HASHES, WIDE_LIMITS
from tests.support.places import BACKEND
from tests.support.ports import free_port
from tests.support.waiting import DEADLINE_SECONDS, wait_until

# What the tests' own environment may say, and none of ours should hear.
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


def environment(data_dir: Path, port: int, env: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    ours = {"PORT": str(port), "DATA_DIR": str(data_dir), "WORKERS": "2", "BOOKS_URL": "http://127.0.0.1:9/"}
    return kept | CHEAP_HASHES | WIDE_LIMITS | ours | dict(env or {})


@dataclass
class App:
    """`python main.py`, in a session of its own as from a terminal."""

    data_dir: Path
    env: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    arguments: tuple[str, ...] = ()
    scheme: str = "http"

    def __post_init__(self) -> None:
        self.output = self.data_dir.with_name(f"{self.data_dir.name[:60]}.{self.port}.out")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None
        return self.process

    def start(self, *, ready: bool = True) -> "App":
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(BACKEND / "main.py"), *self.arguments],
                env=environment(self.data_dir, self.port, self.env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        if ready:
            self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        wait_until(lambda: self.running.poll() is not None or self.is_ready(), f"readiness\n{self.said}")
        if self.running.poll() is not None:
            raise RuntimeError(f"ended with {self.running.returncode}:\n{self.said}")

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError):
            return ask(f"{self.url}/readyz").status == 200
        return False

    @property
    def said(self) -> str:
        return self.output.read_text() if self.output.exists() else ""

    def signal_group(self, sign: signal.Signals) -> None:
        """As Ctrl-C in a terminal: to every process that is still in the group."""
        os.killpg(self.running.pid, sign)

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to stop and insist on a clean end."""
        if self.running.poll() is None:
            self.running.send_signal(sign)
        self.expect_clean_end()

    def expect_clean_end(self) -> None:
        try:
            code = self.running.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self.signal_group(signal.SIGKILL)
            self.running.wait()
            raise AssertionError(f"it does not end:\n{self.said}") from None
        assert code == 0, f"exit code {code}:\n{self.said}"

    def __enter__(self) -> "App":
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self.running.poll() is None:
            self.stop()
        elif self.running.poll() is None:
            self.running.terminate()
            self.running.wait(DEADLINE_SECONDS)


@contextlib.contextmanager
def running_app(
    data_dir: Path | None = None, *, env: Mapping[str, str] | None = None, **more: Any
) -> Iterator[App]:
    with (
        tempfile.TemporaryDirectory(prefix="app-") as folder,
        App(data_dir or Path(folder) / "data", env=env or {}, **more) as app,
    ):
        yield app
