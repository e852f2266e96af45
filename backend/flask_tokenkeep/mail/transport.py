"""What a letter is, and what carries one away."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol


class Refused(Exception):
    """This letter will never be accepted for this address: another try would change nothing."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message and the one address it goes to; `link` is the first that it asks to open."""

    message: EmailMessage
    sender: str
    to: str
    link: str


Send = Callable[[Letter], None]


class Transport(Protocol):
    """A way for letters to leave: `with transport.open() as send: send(letter)`.

    Trouble that may pass is an OSError (smtplib's errors and ssl's are), trouble that won't is Refused.
    Opened first, so that no one-time code is made, and none replaced, for a letter that couldn't leave."""

    name: str

    def open(self) -> AbstractContextManager[Send]: ...
