"""The shapes on the wire (design: HTTP contract). OpenAPI is generated from these."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from flask_tokenkeep.http.parsing import Body

# Only a bound on what is looked at; what a user name or a password may be is said by its own rules.
Text = Annotated[str, Field(max_length=1024)]
NewPassword = Annotated[
    Text,
    Field(
        description="From `password_min_length` (`/api/config`) to 128 characters, without rules "
        "about their kinds; what many people use, or what is made of the name, is refused"
    ),
]
CurrentPasswordText = Annotated[Text, Field(description="The one that logs in now")]
Code = Annotated[Text, Field(description="From the link in the mail, where it stands behind `#code=`")]


class Registration(Body):
    username: Text = Field(
        description="3 to 32 letters, digits, `_`, `.` or `-`; unique without regard to upper and lower case"
    )
    password: NewPassword
    email: Text | None = Field(None, description="Counts once the link in a mail to it was opened")


class Credentials(Body):
    username: Text = Field(description="The user name, or a verified e-mail address")
    password: Text


class UserOut(BaseModel):
    id: UUID
    username: str
    email: str | None
    email_verified: bool = Field(description="Only a verified address logs in and recovers the account")
    created_at: datetime


class RegisteredOut(BaseModel):
    user: UserOut


class TokenOut(BaseModel):
    token: str = Field(description="For `Authorization: Bearer …`; nothing in it is for you to read")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # a token type, RFC 6750
    expires_in: int = Field(description="Seconds that the token lives")


Bound = Annotated[bool, Field(description="Whether it takes a proof by its own key to renew the token")]
Browser = Annotated[str, Field(description="The user agent in words, such as `Firefox on Linux`")]


class SessionRef(BaseModel):
    id: UUID = Field(description="Names the session; opens nothing")
    bound: Bound


class LogInOut(TokenOut):
    session: SessionRef
    user: UserOut


class ConfigOut(BaseModel):
    """What a page must know before anyone is logged in."""

    public_url: str = Field(description="The origin that a DPoP proof's `htu` has to name")
    password_min_length: int = Field(description="In characters (code points)")


class PasswordChange(Body):
    current_password: CurrentPasswordText
    new_password: NewPassword


class EmailAddress(Body):
    email: Text


class PasswordReset(Body):
    code: Code
    new_password: NewPassword


class OneTimeCode(Body):
    code: Code


class EmailChange(Body):
    email: Text
    current_password: CurrentPasswordText


class EmailOut(BaseModel):
    verified: str | None = Field(description="Logs in and recovers the account")
    pending: str | None = Field(description="Takes its place once the link in a mail to it was opened")


class CurrentPassword(Body):
    current_password: CurrentPasswordText


class Accepted(BaseModel):
    """Nothing to tell yet: what follows, follows by mail."""


class SessionOut(BaseModel):
    id: UUID = Field(description="Names the session; opens nothing")
    current: bool = Field(description="Whether it is the one that asks")
    bound: Bound
    created_at: datetime
    last_refreshed_at: datetime
    ip: str
    browser: Browser
    user_agent: str


class EventOut(BaseModel):
    time: datetime
    event: str = Field(description="OWASP Logging Vocabulary")
    ip: str
    browser: Browser
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


class ExportedCode(BaseModel):
    purpose: Literal["reset", "verify"]
    address: str
    expires_at: datetime


class ExportOut(BaseModel):
    """All that is stored about the user, but for the hash of the password."""

    user: ExportedUser
    sessions: list[ExportedSession]
    events: list[EventOut]
    mails: list[ExportedMail] = Field(description="That wait to be sent")
    codes: list[ExportedCode] = Field(description="That were sent and not used yet; not the codes themselves")
