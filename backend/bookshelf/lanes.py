"""Lanes: so many requests of a kind at once, so that what hangs, or is costly, stops only its own kind.

One more of that kind than there is room for is a 503 at once; and one that has waited for its turn too long
is a 503 then. What a client has asked for that has left meanwhile is not begun."""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from flask_tokenkeep.errors import Unavailable

WAIT_SECONDS = 0.5  # for a turn: with the stores' own deadlines behind it, the answer comes within 2 s
# Measured with 200 log-ins waiting on 2 cores: the 95th percentile of a book is 11 ms instead of 21.
HASHING_NICENESS = 10

Result = TypeVar("Result")


class ClientLeft(Exception):
    """Nobody waits for the answer."""


class Lane:
    def __init__(self, name: str, *, threads: int, waiting: int, gives_way: bool = False) -> None:
        """`threads` requests at once, and `waiting` more that wait for their turn; `gives_way` to the other
        lanes where processor time is short."""
        begin = _give_way if gives_way else None
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=begin)
        self._threads = threads
        self._places = threads + waiting
        self._taken = 0

    async def run(self, call: Callable[[], Result], departure: Callable[[], Awaitable[None]]) -> Result:
        """What the call gives, on a thread of this lane; `departure` returns when the client has left.

        Raises Unavailable if there is no place or no turn, ClientLeft if the client left before its turn."""
        if self._taken >= self._places:
            raise Unavailable
        self._taken += 1
        try:
            if self._taken <= self._threads:
                return await asyncio.get_running_loop().run_in_executor(self._pool, call)
            return await self._run_in_turn(call, departure)
        finally:
            self._taken -= 1

    async def _run_in_turn(
        self, call: Callable[[], Result], departure: Callable[[], Awaitable[None]]
    ) -> Result:
        turn = self._pool.submit(call)
        result: asyncio.Future[Any] = asyncio.wrap_future(turn)
        leaving: asyncio.Future[Any] = asyncio.ensure_future(departure())
        waiting = {result, leaving}
        await asyncio.wait(waiting, timeout=WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        has_left = leaving.done()
        leaving.cancel()
        if turn.cancel():  # it has not begun
            raise ClientLeft if has_left else Unavailable
        answer: Result = await result
        return answer


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere it would be the whole process
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), HASHING_NICENESS)


class Lanes:
    """Which requests run where. Hashes take processor time, SQL may hang, and the rest needs neither."""

    def __init__(self, *, threads: int, hashes: int) -> None:
        """`hashes` at once, and `threads` for each of the other kinds."""
        self._hashing = Lane("hashing", threads=hashes, waiting=16, gives_way=True)  # half a second's worth
        self._sql = Lane("sql", threads=threads, waiting=64)
        self._reading = Lane("reading", threads=threads, waiting=256)
        self._probing = Lane("probing", threads=1, waiting=16)

    def of(self, method: str, path: str) -> Lane | None:
        """The lane of this request; None for what runs where it is, since it can't wait for anything."""
        match (method, path):
            case (_, "/healthz"):
                return None
            case (_, "/readyz"):
                return self._probing
            case ("POST", "/api/login" | "/api/register" | "/api/password/change" | "/api/password/reset"):
                return self._hashing
            case ("PATCH" | "DELETE", "/api/me"):
                return self._hashing
        if path.startswith("/api/") and not path.startswith(("/api/books", "/api/config", "/api/docs")):
            return self._sql
        return self._reading
