"""What the behaviours work with: stores, limits, codes and the like, made from the settings."""

from dataclasses import dataclass

from redis import Redis

from flask_tokenkeep.clock import Clock
from flask_tokenkeep.events import Events
from flask_tokenkeep.mail.letters import host_of
from flask_tokenkeep.mail.outbox import Outbox
from flask_tokenkeep.people.codes import Codes
from flask_tokenkeep.people.limits import Limits
from flask_tokenkeep.people.passwords import HashCost, Passwords
from flask_tokenkeep.sessions.proofs import Proofs
from flask_tokenkeep.sessions.tokens import derive_key
from flask_tokenkeep.settings import AuthSettings
from flask_tokenkeep.signals import Announcer
from flask_tokenkeep.stores.database import Database
from flask_tokenkeep.stores.redis import open_redis


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What several behaviours work with."""

    settings: AuthSettings
    clock: Clock
    redis: Redis
    database: Database
    announcer: Announcer
    outbox: Outbox
    events: Events
    proofs: Proofs
    codes: Codes
    limits: Limits
    passwords: Passwords


def make_tools(settings: AuthSettings, clock: Clock, announcer: Announcer) -> Tools:
    """The tools for one app. Connects to nothing."""
    database, redis = Database(settings.database_url), open_redis(settings.redis_url)
    outbox = Outbox(database=database, clock=clock)
    return Tools(
        settings=settings,
        clock=clock,
        redis=redis,
        database=database,
        announcer=announcer,
        outbox=outbox,
        events=Events(outbox=outbox, announcer=announcer, clock=clock),
        proofs=Proofs(redis=redis, public_url=settings.public_url, clock=clock),
        codes=_codes(settings, redis, clock),
        limits=_limits(settings, redis, clock),
        passwords=_passwords(settings),
    )


def _codes(settings: AuthSettings, redis: Redis, clock: Clock) -> Codes:
    return Codes(
        redis=redis,
        ttl_seconds={
            "reset": settings.auth_reset_code_ttl_seconds,
            "verify": settings.auth_verify_code_ttl_seconds,
        },
        repeat_seconds=settings.auth_code_repeat_seconds,
        clock=clock,
    )


def _limits(settings: AuthSettings, redis: Redis, clock: Clock) -> Limits:
    return Limits(
        redis=redis,
        # The label is older than this package's name, and stays: another would begin all counts anew.
        key=derive_key(settings.secret_key.get_secret_value(), b"flask-tokenauth limits"),
        free_failures=settings.auth_limit_login_failures,
        rates={
            "login": settings.auth_limit_login_per_address,
            "register": settings.auth_limit_register,
            "forgot": settings.auth_limit_forgot_per_address,
            "forgot_account": settings.auth_limit_forgot_per_account,
            "code": settings.auth_limit_code_per_address,
            "password": settings.auth_limit_password_per_address,
        },
        clock=clock,
    )


def _passwords(settings: AuthSettings) -> Passwords:
    return Passwords(
        cost=HashCost(
            settings.auth_argon2_memory_kib, settings.auth_argon2_time, settings.auth_argon2_parallelism
        ),
        min_length=settings.auth_password_min_length,
        concurrency=settings.auth_hash_concurrency,
        product_name=product_name(settings),
    )


def product_name(settings: AuthSettings) -> str:
    """What people call this app: PRODUCT_NAME, else the host of PUBLIC_URL."""
    return settings.product_name or host_of(settings.public_url)
