"""Calls that begin in the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tests.support.waiting import DEADLINE_SECONDS


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call gave, in their order; a barrier holds them until the last thread is there."""
    barrier = threading.Barrier(len(calls))

    def call_together(call: Callable[[], Any]) -> Any:
        barrier.wait(DEADLINE_SECONDS)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call_together, calls))


def many_at_once(times: int, call: Callable[[int], Any]) -> list[Any]:
    """The same call so many times, told by its number."""
    return at_once(*(partial(call, number) for number in range(times)))
