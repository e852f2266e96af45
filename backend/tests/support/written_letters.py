"""Letters as they are written, before they are sent."""

from datetime import UTC, datetime

from flask_tokenkeep.mail.letters import Draft, Letters
from flask_tokenkeep.mail.transport import Letter
from tests.support.examples import FACTS

WRITTEN_AT = datetime(2026, 11, 23, 14, 28, tzinfo=UTC)
CODE = "c0de" * 10


def write(letters: Letters, kind: str = "reset", **changed: object) -> Letter:
    code = CODE if kind in ("reset", "verify") else ""
    values: dict[str, object] = {
        "to": "ada@example.org",
        "username": "Ada",
        "happened_at": WRITTEN_AT,
        "facts": FACTS,
    }
    draft = Draft(kind=kind, code=code, **(values | changed))  # type: ignore[arg-type]
    return letters.write(draft, message_id="an-id", written_at=WRITTEN_AT)


def text_of(letter: Letter, kind: str = "plain") -> str:
    part = letter.message.get_body((kind,))
    assert part is not None
    return str(part.get_content())
