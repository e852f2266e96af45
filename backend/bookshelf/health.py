"""`/healthz`: this process answers. `/readyz`: what it needs answers too."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from bookshelf.catalogue import Catalogue
from flask_tokenauth.courier import Courier
from flask_tokenauth.stores import Database

Answer = tuple[dict[str, Any], int, dict[str, str]]
UNCACHED = {"Cache-Control": "no-store"}


def health_blueprint(
    *, redis: Redis, database: Database, catalogue: Catalogue, courier: Courier
) -> Blueprint:
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    def healthz() -> Answer:
        return {"status": "ok"}, 200, UNCACHED

    @health.get("/readyz")
    def readyz() -> Answer:
        needed = {
            "redis": _state(redis.ping, RedisError),
            "sql": _state(database.ping, SQLAlchemyError),
        }
        ready = all(state == "ok" for state in needed.values())
        body = {
            "status": "ok" if ready else "unavailable",
            **needed,
            "catalogue": asdict(catalogue.status()),
            "mail": _mail(courier),
        }
        # Without the catalogue or mail there is still something to serve; without these there isn't.
        return body, 200 if ready else 503, UNCACHED | ({} if ready else {"Retry-After": "1"})

    return health


def _mail(courier: Courier) -> dict[str, Any] | None:
    try:
        return asdict(courier.status())
    except SQLAlchemyError:
        return None


def _state(ask: Callable[[], object], trouble: type[Exception]) -> str:
    try:
        ask()
    except trouble:
        return "down"
    return "ok"
