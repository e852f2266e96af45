"""The processes of a started app, and starts that fail."""

import os
import subprocess
import sys
from pathlib import Path

import redis

from tests.support.app_process import App, environment
from tests.support.places import BACKEND
from tests.support.ports import free_port
from tests.support.waiting import DEADLINE_SECONDS


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
        timeout=DEADLINE_SECONDS,
    )
    assert ended.returncode == 2, ended.stderr
    return ended.stderr.splitlines()
