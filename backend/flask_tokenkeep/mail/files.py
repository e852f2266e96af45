"""Where there is no SMTP: letters become files in a folder."""

import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from pathlib import Path

from flask_tokenkeep.mail.transport import Letter, Send

log = logging.getLogger("flask_tokenkeep")


class FileTransport:
    """Each letter is an `.eml` file of its own, for the owner of the process only."""

    name = "files"

    def __init__(self, folder: Path, *, show_link: bool) -> None:
        """`show_link`: the log is the developer's mailbox. Never where logs are kept and read by others."""
        self._folder = folder
        self._show_link = show_link

    @contextmanager
    def open(self) -> Iterator[Send]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield self._write

    def _write(self, letter: Letter) -> None:
        path = self._folder / f"{_stamp(letter.message)}-{secrets.token_hex(6)}.eml"
        half = path.with_suffix(".part")  # written aside: whoever reads *.eml sees all of a letter or none
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(letter.message.as_bytes(policy=policy.SMTP))
            path.hardlink_to(half)  # unlike a rename it never replaces a file
        finally:
            half.unlink()
        log.info("Mail is in %s%s", path, f": {letter.link}" if self._show_link else "")


def _stamp(message: EmailMessage) -> str:
    """Sorts by time: 20261123T142825Z."""
    return f"{message['Date'].datetime:%Y%m%dT%H%M%SZ}"
