"""`/healthz`: this process answers. `/readyz`: what it needs answers too."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Literal

from flask import Blueprint
from pydantic import BaseModel
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from bookshelf.catalogue import Catalogue
from bookshelf.catalogue import Status as CatalogueStatus
from flask_tokenkeep.apidocs.openapi import described
from flask_tokenkeep.mail.courier import Courier, MailStatus
from flask_tokenkeep.stores.database import Database

Answer = tuple[dict[str, Any], int, dict[str, str]]
UNCACHED = {"Cache-Control": "no-store"}


class Health(BaseModel):
    status: Literal["ok"]


class Readiness(BaseModel):
    """Needed are Redis and SQL; without the catalogue or mail there is still something to serve."""

    status: Literal["ok", "unavailable"]
    redis: Literal["ok", "down"]
    sql: Literal["ok", "down"]
    catalogue: CatalogueStatus
    mail: MailStatus | None


def health_blueprint(
    *, redis: Redis, database: Database, catalogue: Catalogue, courier: Courier
) -> Blueprint:
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    @described(summary="Whether this process answers", answers={200: Health}, tag="health")
    def healthz() -> Answer:
        return {"status": "ok"}, 200, UNCACHED

    @health.get("/readyz")
    @described(
        summary="Whether what it needs answers too",
        answers={200: Readiness, 503: Readiness},
        tag="health",
    )
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
