"""Waiting for what other processes and threads do."""

import threading
import time
from collections.abc import Callable

# No measure of anything: only the point at which a test gives up, on a machine that has much else to do.
DEADLINE_SECONDS = 60.0


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Look again and again, for real processes and threads only."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {DEADLINE_SECONDS} s: {what}")
        time.sleep(0.02)


def wait_until_thread_ends(name: str) -> None:
    wait_until(
        lambda: not any(thread.name == name for thread in threading.enumerate()), f"the end of thread {name}"
    )
