"""What the extension takes from `app.config`, typed and checked; the names stand there in capitals."""

import os
from collections.abc import Callable
from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from flask_tokenkeep.mail.letters import parse_sender
from flask_tokenkeep.mail.smtp import SmtpServer
from flask_tokenkeep.people.limits import Rate
from flask_tokenkeep.stores.database import SQL_SCHEMES
from flask_tokenkeep.stores.redis import open_redis
from flask_tokenkeep.stores.redis_url import REDIS_SCHEMES

Value = TypeVar("Value")
CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")
Seconds = Annotated[int, Field(ge=1, le=10 * 365 * 86_400)]


def usable_processors() -> int:
    """How many processors this process may use: in a container often fewer than its host has."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    processors = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        quota, period = map(int, CGROUP_QUOTA.read_text(encoding="ascii").split())
    except (OSError, ValueError):  # no cgroup, or "max"
        return processors
    return min(processors, max(1, quota // period))


def _parsed_by(kind: type[Value], parse: Callable[[str], Value]) -> PlainValidator:
    """Take a text that `parse` understands, or a value of this kind, which was parsed before."""

    def take(value: Any) -> Value:
        if isinstance(value, kind):
            return value
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not isinstance(text, str):
            raise ValueError("must be a text")  # noqa: TRY004  # pydantic makes a readable line of ValueError
        return parse(text)

    return PlainValidator(take)


def _parse_origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("must be an origin such as https://books.example, without a path")
    if parts.query or parts.fragment or parts.username is not None or (parts.port or 1) < 1:
        raise ValueError("must be an origin such as https://books.example, and nothing else")
    return f"{parts.scheme}://{parts.netloc}".lower()


Origin = Annotated[str, AfterValidator(_parse_origin)]
RateText = Annotated[Rate, _parsed_by(Rate, Rate.parse)]
SmtpUrl = Annotated[SmtpServer, _parsed_by(SmtpServer, SmtpServer.parse)]
Sender = Annotated[Address, _parsed_by(Address, parse_sender)]


class AuthSettings(BaseModel):
    """The values and their defaults; all times are in seconds."""

    model_config = ConfigDict(hide_input_in_errors=True)  # addresses of stores hold passwords

    env: Literal["development", "production"] = "development"
    secret_key: SecretStr = Field(min_length=32)  # 32 characters: 128 bits even if they are hexadecimal
    secret_key_fallbacks: tuple[SecretStr, ...] = ()
    redis_url: str
    database_url: str
    public_url: Origin
    product_name: str = ""  # in letters and docs, and no password may be made of it; or PUBLIC_URL's host

    smtp_url: SmtpUrl | None = None
    mail_from: Sender | None = None  # no-reply@ the host of PUBLIC_URL
    mail_dir: Path = Path("mail")  # where letters land without SMTP_URL

    auth_token_ttl_seconds: Seconds = 900
    auth_bound_idle_seconds: Seconds = 1_209_600  # 14 d
    auth_bound_max_age_seconds: Seconds = 7_776_000  # 90 d
    auth_bearer_ttl_seconds: Seconds = 7_200  # 2 h
    auth_bearer_max_age_seconds: Seconds = 43_200  # 12 h
    auth_grace_seconds: int = Field(30, ge=0, le=300)
    auth_max_sessions: int = Field(50, ge=1, le=1000)

    auth_reset_code_ttl_seconds: Seconds = 1_800
    auth_verify_code_ttl_seconds: Seconds = 86_400
    auth_code_repeat_seconds: Seconds = 300

    # NIST SP 800-63B-4 §3.1.1.2: 15 where the password is the only factor; never below 8.
    auth_password_min_length: int = Field(15, ge=8, le=64)
    # OWASP Password Storage Cheat Sheet: Argon2id, 19 MiB, 2 passes, 1 lane. The floors are Argon2's own.
    auth_argon2_memory_kib: int = Field(19_456, ge=8, le=4_194_304)
    auth_argon2_time: int = Field(2, ge=1, le=100)
    auth_argon2_parallelism: int = Field(1, ge=1, le=64)
    auth_hash_concurrency: int = Field(default_factory=usable_processors, ge=1, le=256)

    auth_limit_login_failures: int = Field(5, ge=0, le=1_000_000)
    auth_limit_login_per_address: RateText = Rate(20, 60)
    auth_limit_register: RateText = Rate(10, 3_600)
    auth_limit_forgot_per_account: RateText = Rate(3, 3_600)
    auth_limit_forgot_per_address: RateText = Rate(10, 3_600)
    auth_limit_code_per_address: RateText = Rate(30, 3_600)
    auth_limit_password_per_address: RateText = Rate(60, 3_600)
    auth_events_days: int = Field(90, ge=1, le=3650)

    @field_validator("redis_url", "database_url")
    @classmethod
    def _has_a_known_scheme(cls, url: str, info: ValidationInfo) -> str:
        schemes = REDIS_SCHEMES if info.field_name == "redis_url" else SQL_SCHEMES
        # postgres:// is what hosting platforms hand out; SQLAlchemy itself takes it no longer.
        scheme = url.partition("://")[0].partition("+psycopg")[0]
        if scheme not in schemes and (scheme, schemes) != ("postgres", SQL_SCHEMES):
            raise ValueError(f"must begin with {', '.join(f'{scheme}://' for scheme in schemes)}")
        return url

    @field_validator("redis_url")
    @classmethod
    def _can_be_opened(cls, url: str) -> str:
        open_redis(url).close()  # connects to nothing
        return url

    @model_validator(mode="after")
    def _argon2_needs_eight_blocks_a_lane(self) -> "AuthSettings":
        if self.auth_argon2_memory_kib < 8 * self.auth_argon2_parallelism:  # RFC 9106 §3.1
            raise ValueError("AUTH_ARGON2_MEMORY_KIB must be at least 8 times AUTH_ARGON2_PARALLELISM")
        return self
