"""What the extension wants to know, typed. The app takes it from the environment or app.config."""

import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator

from flask_tokenkeep.mail.transport import SmtpServer, parse_sender

Seconds = Annotated[int, Field(ge=1, le=10 * 365 * 86_400)]


def _parse_rate(text: str) -> str:
    amount, _, period = text.strip().partition("/")
    if not (amount.isascii() and amount.isdigit() and int(amount) > 0) or period not in PERIODS:
        raise ValueError('must look like "10/hour": a number, a slash, and second, minute, hour or day')
    return f"{int(amount)}/{period}"


PERIODS = ("second", "minute", "hour", "day")
Rate = Annotated[str, AfterValidator(_parse_rate)]


def _parse_origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("must be an origin such as https://books.example, without a path")
    if parts.query or parts.fragment or parts.username is not None or (parts.port or 1) < 1:
        raise ValueError("must be an origin such as https://books.example, and nothing else")
    return f"{parts.scheme}://{parts.netloc}".lower()


Origin = Annotated[str, AfterValidator(_parse_origin)]


def _check_smtp_url(url: SecretStr) -> SecretStr:
    SmtpServer.parse(url.get_secret_value())
    return url


def _check_sender(text: str) -> str:
    parse_sender(text)
    return text


class AuthSettings(BaseModel):
    """Times in seconds. In `app.config` and in the environment the names are in capitals."""

    env: Literal["development", "production"] = "development"
    secret_key: SecretStr = Field(min_length=32)  # 32 characters: 128 bits even if they are hexadecimal
    secret_key_fallbacks: tuple[SecretStr, ...] = ()
    redis_url: str
    database_url: str
    public_url: Origin

    smtp_url: Annotated[SecretStr, AfterValidator(_check_smtp_url)] | None = None
    mail_from: Annotated[str, AfterValidator(_check_sender)] | None = None  # no-reply@ the host of PUBLIC_URL
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
    auth_hash_concurrency: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)

    auth_limit_login_failures: int = Field(5, ge=0, le=1_000_000)
    auth_limit_login_per_address: Rate = "20/minute"
    auth_limit_register: Rate = "10/hour"
    auth_limit_forgot_per_account: Rate = "3/hour"
    auth_limit_forgot_per_address: Rate = "10/hour"
    auth_limit_code_per_address: Rate = "30/hour"
    auth_events_days: int = Field(90, ge=1, le=3650)

    product_name: str = "Bookshelf"

    @model_validator(mode="after")
    def _argon2_needs_eight_blocks_a_lane(self) -> "AuthSettings":
        if self.auth_argon2_memory_kib < 8 * self.auth_argon2_parallelism:  # RFC 9106 §3.1
            raise ValueError("AUTH_ARGON2_MEMORY_KIB must be at least 8 times AUTH_ARGON2_PARALLELISM")
        return self
