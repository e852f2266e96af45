"""Bytes to a checked body: one JSON object with exactly the known fields, or a problem."""

import json
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from flask_tokenkeep.errors import FieldError, InvalidJson, ValidationFailed

MAX_BODY_BYTES = 16 * 1024
MAX_DEPTH = 8
MAX_DIGITS = 32


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


def parse(raw: bytes, model: type[AnyBody]) -> AnyBody:
    """Raises InvalidJson for what is not JSON, ValidationFailed for JSON that does not fit."""
    document = _load(raw)
    if not isinstance(document, dict):
        raise ValidationFailed(errors=[FieldError("", "wrong_type", "The body must be an object.")])
    _refuse_odd_values(document)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise ValidationFailed(errors=_field_errors(error)) from None


def _load(raw: bytes) -> Any:
    try:
        return json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_int,
        )
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise InvalidJson from None
    except RecursionError:
        raise ValidationFailed(errors=[FieldError("", "too_deep", "This is nested too deeply.")]) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Two parsers that pick different twins of a member see two different requests (RFC 8259 §4).
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ValidationFailed(errors=[FieldError(_shown(twin), "duplicate", "This field stands twice.")])
    return fields


def _refuse_constant(_name: str) -> None:
    raise InvalidJson  # NaN and Infinity are JavaScript, not JSON


def _int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:  # Python refuses 4,301 digits with an error that is no JSON error
        raise ValidationFailed(errors=[FieldError("", "too_long", "A number is too long.")])
    return int(digits)


def _refuse_odd_values(document: dict[str, Any]) -> None:
    for name, value in document.items():
        for text in (name, *_texts(value, 2)):
            if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
                message = "This has a character that no text has."
                raise ValidationFailed(errors=[FieldError(_shown(name), "wrong_characters", message)])


def _texts(value: Any, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise ValidationFailed(errors=[FieldError("", "too_deep", "This is nested too deeply.")])
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
