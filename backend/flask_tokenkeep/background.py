"""Work that a process does beside its requests, on threads of its own."""

import logging
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from smtplib import SMTPResponseException

from flask_tokenkeep.errors import store_trouble

log = logging.getLogger("flask_tokenkeep")

STOP_SECONDS = 1.0  # what is under way may finish


def backoff_seconds(failures: int, first_seconds: float, longest_seconds: float) -> float:
    """How long to wait after so many failures in a row: doubled with each, up to the longest."""
    return float(min(first_seconds * 2 ** min(max(failures - 1, 0), 32), longest_seconds))


class Loop:
    """Takes a step again and again until it is stopped, whatever happens in a step."""

    def __init__(
        self,
        name: str,
        step: Callable[[], float],
        *,
        failed: str,
        retry_seconds: tuple[float, float],
        awake: threading.Event | None = None,
    ) -> None:
        """`step` answers how many seconds to wait for the next one; setting `awake` ends a wait early.

        When a step raised, `failed` goes into the log; `retry_seconds` are the first and the longest wait
        then."""
        self._name = name
        self._step = step
        self._failed = failed
        self._retry_seconds = retry_seconds
        self._awake = awake or threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def start(self) -> None:
        """Begin, on a daemon thread. Once per process, and after the fork: threads are not inherited."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Begin no further step, and wait up to STOP_SECONDS for the one that is under way."""
        self._stopping.set()
        self._awake.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        failures = 0
        while not self.stopping:
            self._awake.clear()  # before the step: what calls for one from here on is heard afterwards
            try:
                wait = self._step()
                failures = 0
            except Exception as trouble:  # noqa: BLE001  # without this thread the work would never be done
                failures += 1
                wait = backoff_seconds(failures, *self._retry_seconds)
                log.warning("%s (%s); trying again", self._failed, in_short(trouble))
            if not self.stopping:
                self._awake.wait(wait)


def in_short(trouble: Exception) -> str:
    """The kind of an exception and where it came from; its text may hold an address or a code."""
    where = traceback.extract_tb(trouble.__traceback__)[-1]
    code = f" {trouble.smtp_code}" if isinstance(trouble, SMTPResponseException) else ""
    return f"{store_trouble(trouble)}{code}, {Path(where.filename).name}:{where.lineno}"
