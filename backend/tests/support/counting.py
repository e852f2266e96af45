"""What a request costs, counted and never timed."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from redis import Redis
from sqlalchemy import event

from tests.support.inside import database_of


def commands(redis: Redis) -> int:
    stats = redis.info("commandstats")
    return sum(each["calls"] for name, each in stats.items() if name not in ("cmdstat_info", "cmdstat_hello"))


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The SQL from now on."""
    said: list[str] = []

    def note(*args: object) -> None:
        said.append(str(args[2]).partition(";")[0])  # what follows BEGIN is how long it may take

    engine = database_of(app).engine
    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)
