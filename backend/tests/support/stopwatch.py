"""How long an answer took, seen from outside: for the few tests whose outcome is a time."""

import time
from collections.abc import Callable
from typing import Any

# A request is answered within 2 seconds whatever hangs; a busy machine may need more, and without a deadline
# it would be many.
ANSWER_SECONDS = 4.0


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    began = time.monotonic()
    return call(), time.monotonic() - began
