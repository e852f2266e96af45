"""The time comes in as a clock, so that a test can set it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]
"""Answers the time now, in Unix seconds; `time.time` is one."""


def moment(seconds: float) -> datetime:
    """This time (in Unix seconds) as a date and time in UTC, as SQL keeps it."""
    return datetime.fromtimestamp(seconds, UTC)
