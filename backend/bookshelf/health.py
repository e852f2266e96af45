"""`/healthz`: this process answers. `/readyz`: what it needs can be written, so people can log in."""

from dataclasses import asdict
from typing import Any, Literal

from flask import Blueprint, current_app
from pydantic import BaseModel

from bookshelf.catalogue import Catalogue
from bookshelf.catalogue import Status as CatalogueStatus
from flask_tokenkeep import TokenKeep, described

Answer = tuple[dict[str, Any], int, dict[str, str]]
UNCACHED = {"Cache-Control": "no-store"}


class Health(BaseModel):
    status: Literal["ok"]


class MailStatus(BaseModel):
    """For /readyz; `trouble` is why the mail server couldn't be used when this process last tried."""

    transport: str
    waiting: int
    oldest_seconds: int | None
    trouble: str | None


class Readiness(BaseModel):
    """Redis and SQL that can be written are needed; without catalogue or mail there is still a page."""

    status: Literal["ok", "unavailable"]
    redis: Literal["ok", "down"]
    sql: Literal["ok", "down"]
    catalogue: CatalogueStatus
    mail: MailStatus | None


def health_blueprint(auth: TokenKeep, catalogue: Catalogue) -> Blueprint:
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    @described(summary="Whether this process answers", answers={200: Health}, tag="health")
    def healthz() -> Answer:
        return {"status": "ok"}, 200, UNCACHED

    @health.get("/readyz")
    @described(
        summary="Whether log-in and refresh can work",
        answers={200: Readiness, 503: Readiness},
        tag="health",
    )
    def readyz() -> Answer:
        stores = auth.readiness(current_app)  # the extension's are this app's too
        ready = stores.redis == stores.sql == "ok"
        body = {
            "status": "ok" if ready else "unavailable",
            **asdict(stores),
            "catalogue": asdict(catalogue.status()),
        }
        return body, 200 if ready else 503, UNCACHED | ({} if ready else {"Retry-After": "1"})

    return health
