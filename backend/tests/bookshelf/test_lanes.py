"""Lanes: what is too much of one kind is told at once, and the other kinds don't notice."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from bookshelf.lanes import ClientLeft, Lane, Lanes
from flask_tokenkeep.errors import Unavailable
from tests.support.waiting import DEADLINE_SECONDS


class Hanging:
    """A call that hangs until it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self._going_on = threading.Event()

    def __call__(self) -> str:
        self.begun += 1
        self._going_on.wait(DEADLINE_SECONDS)
        return "done"

    def let_go(self) -> None:
        self._going_on.set()


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    hanging = Hanging()
    yield hanging
    hanging.let_go()


async def never() -> None:
    await asyncio.Event().wait()


async def at_once() -> None:
    return


def test_one_more_than_there_is_room_for_is_refused_at_once(hanging: Hanging) -> None:
    lane = Lane("test", threads=1, waiting=2)

    async def scenario() -> tuple[list[Any], int]:
        running = [asyncio.ensure_future(lane.run(hanging, never)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await lane.run(hanging, never)
        begun = hanging.begun
        hanging.let_go()
        return await asyncio.gather(*running), begun

    assert asyncio.run(scenario()) == (["done"] * 3, 1)


def test_whoever_waits_too_long_for_a_turn_is_refused_and_not_begun(hanging: Hanging) -> None:
    assert _second_of_two(hanging, never) == (Unavailable, 1)


def test_what_a_client_has_asked_for_that_has_left_is_not_begun(hanging: Hanging) -> None:
    assert _second_of_two(hanging, at_once) == (ClientLeft, 1)


def test_a_place_is_free_again_after_each_end(hanging: Hanging) -> None:
    lane = Lane("test", threads=1, waiting=1)

    async def scenario() -> list[str]:
        return [await lane.run(lambda: "done", never) for _ in range(10)]

    assert asyncio.run(scenario()) == ["done"] * 10


@pytest.mark.parametrize(
    ("method", "path", "beside"),
    [
        ("POST", "/api/login", "/api/me"),
        ("POST", "/api/register", "/api/books"),
        ("DELETE", "/api/me", "/api/books/7"),
        ("GET", "/api/sessions", "/api/books"),
        ("GET", "/readyz", "/"),
        ("GET", "/readyz", "/api/sessions"),
        ("GET", "/api/books", "/api/me"),
    ],
)
def test_kinds_that_must_not_wait_for_each_other_have_different_lanes(
    method: str, path: str, beside: str
) -> None:
    lanes = Lanes(threads=1, hashes=1)
    assert lanes.of(method, path) is not lanes.of("GET", beside)


def test_healthz_waits_for_nobody() -> None:
    assert Lanes(threads=1, hashes=1).of("GET", "/healthz") is None


def _second_of_two(hanging: Hanging, departure: Callable[[], Awaitable[None]]) -> tuple[type[Exception], int]:
    """What becomes of a call behind one that hangs, and how many were begun."""
    lane = Lane("test", threads=1, waiting=1)

    async def scenario() -> type[Exception]:
        first = asyncio.ensure_future(lane.run(hanging, never))
        await asyncio.sleep(0)
        with pytest.raises((Unavailable, ClientLeft)) as refused:
            await lane.run(hanging, departure)
        hanging.let_go()
        await first
        return refused.type

    return asyncio.run(scenario()), hanging.begun
