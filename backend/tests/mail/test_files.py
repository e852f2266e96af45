"""Without a mail server a letter is a file."""

import logging
import re
import stat
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from flask_tokenkeep.mail import files
from flask_tokenkeep.mail.files import FileTransport
from flask_tokenkeep.mail.letters import Letters
from tests.support.written_letters import CODE, write


def test_a_file_is_a_whole_letter_for_its_owner_only(letters: Letters, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "mail"
    with FileTransport(folder, show_link=True).open() as put:
        for name, address in (
            ("Ada", "ada@example.org"),
            ("Bob", "ada@example.org"),
            ("Ž", "žofie@example.org"),
        ):
            put(write(letters, username=name, to=address))
    files = sorted(folder.iterdir())
    assert len(files) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all(re.fullmatch(r"20261123T142800Z-[0-9a-f]{12}\.eml", path.name) for path in files)
    messages = [message_from_bytes(path.read_bytes(), policy=policy.SMTP) for path in files]
    assert {message["To"] for message in messages} == {"ada@example.org", "žofie@example.org"}


def test_a_file_never_takes_the_place_of_another(
    letters: Letters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files.secrets, "token_hex", lambda _: "the-same")
    with FileTransport(tmp_path, show_link=False).open() as put:
        put(write(letters, username="Ada"))
        with pytest.raises(FileExistsError):
            put(write(letters, username="Bob"))
    (path,) = tmp_path.iterdir()
    assert b'"Ada"' in path.read_bytes()


def test_only_a_developers_log_shows_the_link(
    letters: Letters, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "flask_tokenkeep")
    letter = write(letters)
    with FileTransport(tmp_path, show_link=True).open() as put:
        put(letter)
    assert letter.link in caplog.text
    caplog.clear()
    with FileTransport(tmp_path, show_link=False).open() as put:
        put(letter)
    assert str(tmp_path) in caplog.text
    assert CODE not in caplog.text
