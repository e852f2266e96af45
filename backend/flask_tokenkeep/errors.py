"""What can go wrong, in the words of the wire: RFC 9457 problems, RFC 6750 challenges."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

EndReason = Literal["logged_out", "revoked", "password_changed", "reused", "expired", "account_disabled"]
"""Why a session ended, as the ledger keeps it and `session_ended` tells it."""


MAX_ERRORS = 20  # that a problem names: 16 KiB of unknown fields would be answered by ten times as much


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of a body that was refused. `field` is its JSON name, "" for the body as a whole."""

    field: str
    code: str
    message: str


class Problem(Exception):
    """An answer that is an error; its class says which one, `detail` what to do now.

    `members` are extension members of the problem (RFC 9457 §3.2)."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something went wrong on our side"
    default_detail: ClassVar[str] = "The error was noted. Please try again."

    def __init__(
        self, detail: str | None = None, *, errors: Sequence[FieldError] = (), **members: str | int
    ) -> None:
        super().__init__(detail or self.default_detail)
        self.detail = detail or self.default_detail
        self.errors = tuple(errors[:MAX_ERRORS])
        self.members = members

    @property
    def headers(self) -> Mapping[str, str]:
        return {}

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": f"/api/docs#{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.members,
        }
        if self.errors:
            body["errors"] = [asdict(error) for error in self.errors]
        return body


class InternalError(Problem):
    pass


# -- the request itself ---------------------------------------------------------------------


class InvalidJson(Problem):
    status, code, title = 400, "invalid_json", "The body is not JSON"
    default_detail = "Send one JSON object, encoded as UTF-8."


class NotFound(Problem):
    status, code, title = 404, "not_found", "Nothing is here"
    default_detail = "There is nothing at this address."


class MethodNotAllowed(Problem):
    status, code, title = 405, "method_not_allowed", "This method is not possible here"
    default_detail = "Use one of the methods that the Allow header names."

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        super().__init__()
        self._allowed = sorted(allowed)

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Allow": ", ".join(self._allowed)}


class BodyTooLarge(Problem):
    status, code, title = 413, "body_too_large", "The body is too large"
    default_detail = "A body may have at most 16 KiB."


class UnsupportedMediaType(Problem):
    status, code, title = 415, "unsupported_media_type", "The body has the wrong type"
    default_detail = "Send application/json."


class ValidationFailed(Problem):
    status, code, title = 422, "validation_failed", "Some of the input can't be accepted"
    default_detail = "Please correct the fields named in errors."


# -- who is asking --------------------------------------------------------------------------


class Unauthenticated(Problem):
    """A 401. `error=` stands in the challenge only where a token was presented (RFC 6750 §3.1)."""

    status = 401
    token_was_presented: ClassVar[bool] = True

    @property
    def headers(self) -> Mapping[str, str]:
        challenge = 'Bearer error="invalid_token"' if self.token_was_presented else "Bearer"
        return {"WWW-Authenticate": challenge}


class MissingToken(Unauthenticated):
    code, title = "missing_token", "You are not logged in"
    default_detail = "Send a token in the Authorization header: Bearer <token>."
    token_was_presented = False


class InvalidToken(Unauthenticated):
    code, title = "invalid_token", "This token is not valid"
    default_detail = "The token is malformed, expired or replaced. Refresh it, or log in again."


class TokenReused(Unauthenticated):
    code, title = "token_reused", "This token was used before"
    default_detail = (
        "A token that had been replaced was used again, so somebody may have copied it. "
        "The session was ended; please log in again."
    )


class SessionEnded(Unauthenticated):
    """`reason` says why, as far as the ledger knows."""

    code, title = "session_ended", "You have been logged out"
    default_detail = "The session has ended. Please log in again."

    def __init__(self, reason: EndReason) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class InvalidCredentials(Unauthenticated):
    code, title = "invalid_credentials", "That did not match"
    default_detail = "The user name or the password is wrong."
    token_was_presented = False


class InvalidDpopProof(Unauthenticated):
    """RFC 9449 §7.1. The proof itself may be a thief's, so nothing of it is repeated here."""

    code, title = "invalid_dpop_proof", "This browser could not prove itself"
    default_detail = "The DPoP proof is missing or wrong. Please log in again in this browser."

    def __init__(self, *, token_was_presented: bool) -> None:
        super().__init__()
        self._token_was_presented = token_was_presented

    @property
    def headers(self) -> Mapping[str, str]:
        return super().headers if self._token_was_presented else {"WWW-Authenticate": "Bearer"}


class WrongPassword(Problem):
    """A `current_password` that isn't. 403 and not 401: the token is fine, so nobody is logged out."""

    status, code, title = 403, "wrong_password", "The current password is wrong"
    default_detail = "Please type the password that you log in with now."

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("current_password", "wrong_password", self.default_detail)])


# -- accounts -------------------------------------------------------------------------------


class UsernameTaken(Problem):
    status, code, title = 409, "username_taken", "This user name is taken"
    default_detail = "Please choose another user name."

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("username", "username_taken", self.default_detail)])


class CodeInvalid(Problem):
    """One answer for wrong, used, expired and foreign codes: which of them it was is nobody's business."""

    status, code, title = 422, "code_invalid", "This link does not work"
    default_detail = "The link was used, has expired or was replaced by a newer one. Ask for a new one."


# -- try later ------------------------------------------------------------------------------


class TryLater(Problem):
    """`retry_after` is in whole seconds, rounded up by the caller (RFC 9110 §10.2.3)."""

    def __init__(self, retry_after: int, detail: str | None = None) -> None:
        super().__init__(detail)
        self.retry_after = max(1, retry_after)

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self.retry_after)}


class RateLimited(TryLater):
    status, code, title = 429, "rate_limited", "Too many tries"
    default_detail = "Please wait for the time that Retry-After names, then try again."


class Unavailable(TryLater):
    status, code, title = 503, "unavailable", "The service is not available just now"
    default_detail = "Something that we need is away. Please try again in a moment: to repeat this is safe."

    def __init__(self, retry_after: int = 1, detail: str | None = None) -> None:
        super().__init__(retry_after, detail)


# -- for the log ----------------------------------------------------------------------------


def store_trouble(error: Exception) -> str:
    """What a store said, in a word: `AdminShutdown 57P01`, `OutOfMemoryError OOM`, `OperationalError
    SQLITE_FULL`. Never its text, which may hold an address and more."""
    said = getattr(error, "orig", None) or error  # SQLAlchemy's errors have the driver's inside
    first = str(said).partition(" ")[0]
    codes = (getattr(said, name, None) for name in ("sqlstate", "sqlite_errorname", "status_code"))
    code = next(filter(None, codes), first if first.isalpha() and first.isupper() else "")
    return f"{type(said).__name__} {code}".rstrip()
