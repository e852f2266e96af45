"""The shapes on the wire (design: HTTP contract). OpenAPI is generated from these."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from flask_tokenauth.parsing import Body

# Only a bound on what is looked at; what a user name or a password may be is said by its own rules.
Text = Annotated[str, Field(max_length=1024)]


class Registration(Body):
    username: Text
    password: Text
    email: Text | None = None


class Credentials(Body):
    username: Text = Field(description="The user name, or a verified e-mail address")
    password: Text


class UserOut(BaseModel):
    id: UUID
    username: str
    email: str | None
    email_verified: bool
    created_at: datetime


class RegisteredOut(BaseModel):
    user: UserOut


class TokenOut(BaseModel):
    token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # a token type, RFC 6750
    expires_in: int = Field(description="Seconds")


class SessionRef(BaseModel):
    id: UUID = Field(description="Names the session; opens nothing")
    bound: bool


class LogInOut(TokenOut):
    session: SessionRef
    user: UserOut


class ConfigOut(BaseModel):
    """What a page must know before anyone is logged in."""

    public_url: str
    password_min_length: int


class FieldErrorOut(BaseModel):
    field: str
    code: str
    message: str


class ProblemOut(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldErrorOut] | None = None
    reason: str | None = None


class PasswordChange(Body):
    current_password: Text
    new_password: Text


class EmailAddress(Body):
    email: Text


class PasswordReset(Body):
    code: Text
    new_password: Text


class OneTimeCode(Body):
    code: Text


class EmailChange(Body):
    email: Text
    current_password: Text


class CurrentPassword(Body):
    current_password: Text


class Accepted(BaseModel):
    """Nothing to tell yet: what follows, follows by mail."""


class SessionOut(BaseModel):
    id: UUID = Field(description="Names the session; opens nothing")
    current: bool = Field(description="Whether it is the one that asks")
    bound: bool
    created_at: datetime
    last_refreshed_at: datetime
    ip: str
    user_agent: str


class EventOut(BaseModel):
    time: datetime
    event: str = Field(description="OWASP Logging Vocabulary")
    ip: str
    user_agent: str


class ExportedUser(UserOut):
    pending_email: str | None
    disabled_at: datetime | None


class ExportedSession(SessionOut):
    ended_at: datetime | None
    end_reason: str | None


class ExportedMail(BaseModel):
    kind: str
    address: str
    created_at: datetime


class ExportOut(BaseModel):
    """All that is stored about the user, but for the hash of the password."""

    user: ExportedUser
    sessions: list[ExportedSession]
    events: list[EventOut]
    mails: list[ExportedMail] = Field(description="That wait to be sent")
