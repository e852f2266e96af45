"""Every part of the extension and what it is made of, in one place."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from redis import Redis
from sqlalchemy.orm import Session as OrmSession

from flask_tokenkeep.clients import Client
from flask_tokenkeep.events import Events
from flask_tokenkeep.mail.courier import Courier, open_letters, open_transport
from flask_tokenkeep.mail.outbox import Outbox
from flask_tokenkeep.people.codes import Codes
from flask_tokenkeep.people.credentials import Accounts
from flask_tokenkeep.people.email import Profiles
from flask_tokenkeep.people.limits import Limits, Rates
from flask_tokenkeep.people.passwords import HashCost, Passwords
from flask_tokenkeep.sessions.live import Lifetimes, Sessions
from flask_tokenkeep.sessions.proofs import Proofs
from flask_tokenkeep.sessions.sessions import Logins
from flask_tokenkeep.sessions.tokens import TokenMint, derive_key
from flask_tokenkeep.settings import AuthSettings
from flask_tokenkeep.stores.database import Database, open_redis
from flask_tokenkeep.stores.models import User
from flask_tokenkeep.stores.sweeper import Sweeper

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class State:
    """What the extension keeps in `app.extensions["tokenkeep"]`."""

    settings: AuthSettings
    database: Database
    accounts: Accounts
    profiles: Profiles
    logins: Logins
    outbox: Outbox
    courier: Courier
    sweeper: Sweeper


def assemble(settings: AuthSettings, clock: Clock) -> State:
    database, redis = Database(settings.database_url), open_redis(settings.redis_url)
    outbox = Outbox(database=database, clock=clock)
    events = Events(outbox=outbox, clock=clock)
    proofs = Proofs(redis=redis, public_url=settings.public_url, clock=clock)
    codes, limits = _codes(settings, redis, clock), _limits(settings, redis, clock)
    logins = Logins(
        database=database,
        sessions=Sessions(redis=redis, grace_seconds=settings.auth_grace_seconds),
        mint=_mint(settings),
        proofs=proofs,
        events=events,
        bearer=_bearer_lifetimes(settings),
        bound=_bound_lifetimes(settings),
        max_sessions=settings.auth_max_sessions,
        clock=clock,
    )
    accounts = Accounts(
        database=database,
        logins=logins,
        passwords=_passwords(settings),
        proofs=proofs,
        codes=codes,
        limits=limits,
        outbox=outbox,
        events=events,
        clock=clock,
    )
    profiles = Profiles(
        database=database,
        accounts=accounts,
        logins=logins,
        codes=codes,
        limits=limits,
        outbox=outbox,
        events=events,
    )
    courier = _courier(settings, database, outbox, codes, events, clock)
    sweeper = Sweeper(database=database, days=settings.auth_events_days, clock=clock)
    return State(settings, database, accounts, profiles, logins, outbox, courier, sweeper)


def _courier(
    settings: AuthSettings, database: Database, outbox: Outbox, codes: Codes, events: Events, clock: Clock
) -> Courier:
    def note_given_up(sql: OrmSession, _kind: str, user_id: UUID | None) -> None:
        user = sql.get(User, user_id) if user_id else None
        events.record(sql, "mail_given_up", Client("", ""), user)

    return Courier(
        outbox=outbox,
        database=database,
        transport=open_transport(settings),
        letters=open_letters(settings),
        issue_code=codes.issue,
        on_given_up=note_given_up,
        clock=clock,
    )


def _codes(settings: AuthSettings, redis: Redis, clock: Clock) -> Codes:
    return Codes(
        redis=redis,
        lifetimes={
            "reset": settings.auth_reset_code_ttl_seconds,
            "verify": settings.auth_verify_code_ttl_seconds,
        },
        repeat_seconds=settings.auth_code_repeat_seconds,
        clock=clock,
    )


def _limits(settings: AuthSettings, redis: Redis, clock: Clock) -> Limits:
    rates = Rates(
        login_failures=settings.auth_limit_login_failures,
        login_per_address=settings.auth_limit_login_per_address,
        register=settings.auth_limit_register,
        forgot_per_account=settings.auth_limit_forgot_per_account,
        forgot_per_address=settings.auth_limit_forgot_per_address,
        code_per_address=settings.auth_limit_code_per_address,
    )
    key = derive_key(settings.secret_key.get_secret_value(), b"flask-tokenauth limits")
    return Limits(redis=redis, key=key, rates=rates, clock=clock)


def _mint(settings: AuthSettings) -> TokenMint:
    fallbacks = [key.get_secret_value() for key in settings.secret_key_fallbacks]
    return TokenMint(settings.secret_key.get_secret_value(), fallbacks)


def _passwords(settings: AuthSettings) -> Passwords:
    cost = HashCost(
        settings.auth_argon2_memory_kib, settings.auth_argon2_time, settings.auth_argon2_parallelism
    )
    return Passwords(
        cost=cost,
        min_length=settings.auth_password_min_length,
        concurrency=settings.auth_hash_concurrency,
        product_name=settings.product_name,
    )


def _bearer_lifetimes(settings: AuthSettings) -> Lifetimes:
    life = settings.auth_bearer_ttl_seconds
    return Lifetimes(token=life, keep=life, max_age=settings.auth_bearer_max_age_seconds, bound=False)


def _bound_lifetimes(settings: AuthSettings) -> Lifetimes:
    return Lifetimes(
        token=settings.auth_token_ttl_seconds,
        keep=settings.auth_bound_idle_seconds,
        max_age=settings.auth_bound_max_age_seconds,
        bound=True,
    )
