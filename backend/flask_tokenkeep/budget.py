"""How long the work at hand may wait for SQL, all in all: what hangs must not hold a request for longer."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Both together, and a tenth for looking at the clock, are well within the 2 seconds in which a 503 is due.
SQL_SECONDS = 1.2
POOL_SECONDS = 0.5  # for a free connection
# Who has waited so long without a word spares the next ones that wait; a server that is only busy gives up
# before, at three quarters of the budget.
FROZEN_SECONDS = 1.0
PAUSE_SECONDS = 1.0


class Budget:
    """Seconds that are still left for waiting."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    @contextmanager
    def waiting(self) -> Iterator[float]:
        """The block may wait until this moment of the monotonic clock; what it takes is taken off."""
        began = time.monotonic()
        try:
            yield began + self.left
        finally:
            self.left = max(0.0, self.left - (time.monotonic() - began))


_current: ContextVar[Budget | None] = ContextVar("sql_budget", default=None)


def sql_budget() -> Budget:
    """What is left for the work at hand; SQL_SECONDS where nobody said what belongs together."""
    return _current.get() or Budget(SQL_SECONDS)


@contextmanager
def sql_within(seconds: float) -> Iterator[None]:
    """All that the block asks of SQL may take so long together."""
    before = _current.set(Budget(seconds))
    try:
        yield
    finally:
        _current.reset(before)


def begin_request() -> None:
    """One budget for all that follows in this thread, however many transactions it needs."""
    _current.set(Budget(SQL_SECONDS))


def end_request(_: object = None) -> None:
    _current.set(None)
