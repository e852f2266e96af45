"""What a host's health check asks: whether the stores answer, and how the mail is doing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from flask_tokenkeep.assembly import Parts
from flask_tokenkeep.mail.courier import MailStatus

State = Literal["ok", "down"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether Redis and SQL answer, and how the mail is doing: None where SQL, in which it waits, doesn't."""

    redis: State
    sql: State
    mail: MailStatus | None


def readiness(parts: Parts) -> Readiness:
    """Ask the stores, just now."""
    redis = _state(parts.tools.redis.ping, RedisError)
    sql = _state(parts.tools.database.ping, SQLAlchemyError)
    return Readiness(redis, sql, _mail(parts))


def _mail(parts: Parts) -> MailStatus | None:
    try:
        return parts.courier.status()
    except SQLAlchemyError:
        return None


def _state(ask: Callable[[], object], trouble: type[Exception]) -> State:
    try:
        ask()
    except trouble:
        return "down"
    return "ok"
