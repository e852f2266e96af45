"""Bytes to a checked body: one JSON object with exactly the known fields, or a problem."""

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from flask_tokenkeep.encoding import MemberTwice, NotJson, NumberTooLong, TooDeep, parse_json
from flask_tokenkeep.errors import FieldError, InvalidJson, ValidationFailed

MAX_BODY_BYTES = 16 * 1024
MAX_DEPTH = 8


class Body(BaseModel):
    """A request's body: unknown fields are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


AnyBody = TypeVar("AnyBody", bound=Body)

_MESSAGES = {
    "missing": ("missing", "This field is needed."),
    "extra_forbidden": ("unknown_field", "This field is not known here."),
    "string_type": ("wrong_type", "This must be a text."),
    "string_too_long": ("too_long", "This is too long."),
    "string_too_short": ("too_short", "This is too short."),
}


def parse_body(raw: bytes, model: type[AnyBody]) -> AnyBody:
    """The body as this model. Raises InvalidJson for what is not JSON, ValidationFailed for JSON that
    doesn't fit."""
    document = _read(raw)
    if not isinstance(document, dict):
        raise _refused("", "wrong_type", "The body must be an object.")
    _refuse_odd_values(document)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise ValidationFailed(errors=_field_errors(error)) from None


def _read(raw: bytes) -> Any:
    try:
        return parse_json(raw)
    except MemberTwice as twice:
        raise _refused(twice.name, "duplicate", "This field stands twice.") from None
    except NumberTooLong:
        raise _refused("", "too_long", "A number is too long.") from None
    except TooDeep:
        raise _refused("", "too_deep", "This is nested too deeply.") from None
    except NotJson:
        raise InvalidJson from None


def _refused(field: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed(errors=[FieldError(_shown(field), code, message)])


def _refuse_odd_values(document: dict[str, Any]) -> None:
    for name, value in document.items():
        for text in (name, *_texts(value, 2)):
            if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
                raise _refused(name, "wrong_characters", "This has a character that no text has.")


def _texts(value: Any, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise _refused("", "too_deep", "This is nested too deeply.")
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, depth + 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts(item, depth + 1)


def _field_errors(error: ValidationError) -> list[FieldError]:
    found = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        code, message = _MESSAGES.get(item["type"], ("invalid", "This can't be accepted."))
        found.append(FieldError(_shown(".".join(map(str, item["loc"]))), code, message))
    return found


def _shown(name: str) -> str:
    """A foreign name as far as it can be repeated: short, and text that UTF-8 can carry."""
    return name[:64].encode("utf-8", "replace").decode()
