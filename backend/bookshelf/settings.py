"""The configuration, typed, from the environment and `.env`.

One readable line per mistake, none with a value: a value may be a password."""

import os
import secrets
import sys
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from flask_tokenkeep import TokenKeep

ROOT = Path(__file__).resolve().parents[2]
PORT = 5003
YEAR_SECONDS = 365 * 86_400
SECRET_BYTES = 32  # as many as HMAC-SHA256 makes use of (RFC 2104 §3)


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _http_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// address")
    return url


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or url.rstrip("/").count("/") != 2:
        raise ValueError("must be origins such as https://books.example, without a path")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


Commas = BeforeValidator(_split)
LocalPath = Annotated[Path, AfterValidator(_absolute)]


class Settings(TokenKeep.Settings, BaseSettings):
    model_config = SettingsConfigDict(
        env_file=ROOT / ".env",
        env_ignore_empty=True,  # PORT= means that PORT isn't set
        enable_decoding=False,  # lists are separated by commas; nothing is JSON
        extra="ignore",
        validate_default=False,  # the empty ones stand for "provided at the start"
        frozen=True,
        hide_input_in_errors=True,
    )

    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(PORT, ge=1, le=65_535)
    data_dir: LocalPath = ROOT / "var"
    dist_dir: LocalPath = ROOT / "frontend" / "dist"  # the built front end

    # Empty until the start has provided them: from a file in DATA_DIR, and from the embedded Redis.
    secret_key: SecretStr = Field(SecretStr(""), min_length=32)
    secret_key_fallbacks: Annotated[tuple[SecretStr, ...], Commas] = ()
    redis_url: str = ""
    mail_dir: LocalPath = ROOT / "var" / "mail"

    books_url: Annotated[str, AfterValidator(_http_url)] = "https://softwium.com/api/books"
    books_ttl_seconds: int = Field(3600, ge=1, le=YEAR_SECONDS)
    product_name: str = "Bookshelf"

    trusted_proxies: int = Field(0, ge=0, le=10)
    allowed_hosts: Annotated[tuple[str, ...], Commas] = ()
    cors_origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], Commas] = ()
    tls_cert: LocalPath | None = None
    tls_key: LocalPath | None = None
    # One for each processor that we may use, as the extension counts them.
    workers: int = Field(default_factory=lambda fields: fields.get("auth_hash_concurrency", 1), ge=1, le=256)
    threads: int = Field(2, ge=1, le=256)

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, values: dict[str, Any]) -> dict[str, Any]:
        """The defaults that follow from other values."""
        data_dir = _absolute(Path(values.get("data_dir") or ROOT / "var"))
        values.setdefault("database_url", f"sqlite:///{data_dir}/bookshelf.db")
        values.setdefault("mail_dir", data_dir / "mail")
        if values.get("env") == "production":
            values.setdefault("secret_key", "")  # too short: the person is told to set one
        else:
            scheme = "https" if values.get("tls_cert") else "http"
            values.setdefault("public_url", f"{scheme}://localhost:{_usable_port(values)}")
        return values

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("TLS_CERT and TLS_KEY belong together: set both or none")
        if self.auth_grace_seconds >= min(self.auth_token_ttl_seconds, self.auth_bearer_ttl_seconds):
            raise ValueError("AUTH_GRACE_SECONDS must be shorter than the life of a token")
        for name, path in (("TLS_CERT", self.tls_cert), ("TLS_KEY", self.tls_key)):
            if path and not os.access(path, os.R_OK):
                raise ValueError(f"{name}: there is no readable file at this path")
        return self

    @classmethod
    def load(cls) -> "Settings":
        """The settings, or the end of the program with exit code 2 and one line per mistake."""
        try:
            return cls()
        except ValidationError as error:
            for mistake in error.errors(include_input=False, include_url=False):
                sys.stderr.write(_line(mistake["loc"], mistake["type"], mistake["msg"]) + "\n")
            raise SystemExit(2) from None

    def with_secret(self) -> "Settings":
        """These settings with the secret of DATA_DIR, made at the first start."""
        if self.secret_key.get_secret_value():
            return self
        return self.model_copy(update={"secret_key": SecretStr(_kept_secret(self.data_dir / "secret_key"))})


def _usable_port(values: dict[str, Any]) -> int:
    """A wrong PORT gets a line of its own, not a second one about an address that was made of it."""
    try:
        return min(max(int(values["port"]), 1), 65_535)
    except (KeyError, ValueError):
        return PORT


def _line(where: tuple[int | str, ...], kind: str, message: str) -> str:
    message = message.removeprefix("Value error, ")
    if not where:
        return message
    name = str(where[0]).upper()
    if name == "SECRET_KEY" and kind == "too_short":
        message = f"must have at least 32 characters, such as: openssl rand -hex {SECRET_BYTES}"
    elif kind == "missing":
        message = "must be set when ENV=production"
    return f"{name}: {message}"


def _kept_secret(path: Path) -> str:
    if not path.exists():
        # Written aside, then linked: a reader sees all of it or none, and of two writers one wins.
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    secret = path.read_text().strip()
    if len(secret) < SECRET_BYTES:
        raise ValueError(f"{path} is damaged: put it back, or delete it and everybody logs in again")
    return secret
