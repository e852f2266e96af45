"""PgBouncer in front of a private PostgreSQL, where it is installed."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.support.ports import free_port
from tests.support.waiting import DEADLINE_SECONDS, wait_until

CONFIG = """
[databases]
* = host={host} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
logfile = /dev/null
{user}
"""


@contextlib.contextmanager
def running_pgbouncer(url: str) -> Iterator[str]:
    """The address of that database through a pool of two connections, which change hands after each
    transaction."""
    server, port = make_url(url), free_port()
    folder_of_socket = Path(str(server.query["host"]))
    user = f"user = {folder_of_socket.owner()}" if os.geteuid() == 0 else ""  # it doesn't run as root
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder:
        Path(folder).chmod(0o755)
        config = Path(folder) / "pgbouncer.ini"
        config.write_text(CONFIG.format(host=folder_of_socket, port=port, user=user))
        process = subprocess.Popen(
            ["pgbouncer", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        pooled = f"postgresql://postgres@127.0.0.1:{port}/{server.database}"
        try:
            wait_until(lambda: _answers(pooled), "pgbouncer")
            yield pooled
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


def _answers(url: str) -> bool:
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url):
        return True
    return False
