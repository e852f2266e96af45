"""OpenAPI 3.1 out of the code: what a view says about itself is what the document, and the page, say."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from flask_tokenkeep import errors
from flask_tokenkeep.apidocs.described import Description, Operation, Surroundings
from flask_tokenkeep.apidocs.shapes import REF, ProblemOut, schema_of
from flask_tokenkeep.errors import (
    BodyTooLarge,
    InvalidDpopProof,
    InvalidJson,
    InvalidToken,
    MissingToken,
    Problem,
    TryLater,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
    ValidationFailed,
)

Json = dict[str, Any]
_PATH_VARIABLE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
_PATH_TYPES = {"int": {"type": "integer"}, "uuid": {"type": "string", "format": "uuid"}}
_BODY_PROBLEMS = (InvalidJson, BodyTooLarge, UnsupportedMediaType, ValidationFailed)
_BEARER = (
    "The token that log-in and refresh hand out, in the Authorization header and nowhere else. "
    "A comma in that header is refused: it would be two headers that were joined."
)
_RETRY_AFTER: Json = {
    "description": "Seconds to wait",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}
_PROOF = {
    "optional": "With a DPoP proof (RFC 9449) the session is bound to its key, and lives longer.",
    "if_bound": "A bound session needs a DPoP proof (RFC 9449) by its own key, with `ath` over the token.",
}
_TAGS = {
    "auth": "Logging in and out",
    "account": "The account",
    "sessions": "Sessions",
    "password": "Passwords",
    "email": "E-mail",
    "about": "About this server",
}


def problem_classes(more: Iterable[type[Problem]] = ()) -> list[type[Problem]]:
    """Every class with a code of its own, by status and code."""
    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Problem)]
    by_code = {each.code: each for each in (*found, *more) if "code" in vars(each)}
    return sorted(by_code.values(), key=lambda each: (each.status, each.code))


def document(
    operations: Iterable[Operation], *, title: str, version: str, surroundings: Surroundings | None = None
) -> Json:
    """The whole OpenAPI document of the views that are described. The same wherever it runs."""
    around = surroundings or Surroundings()
    classes = problem_classes((*around.problems, *around.body_problems))
    schemas: Json = {}
    paths: Json = {}
    tags = {**_TAGS, **around.tags}
    for operation in operations:
        if found := operation.description:
            path = _PATH_VARIABLE.sub(r"{\2}", operation.path)
            paths.setdefault(path, {})[operation.method.lower()] = _operation(
                operation, found, around, schemas
            )
            tags.setdefault(found.tag, found.tag.capitalize())
    _add_problem(classes, schemas)
    used = {operation["tags"][0] for path in paths.values() for operation in path.values()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{title} API",
            "version": version,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "The server that this document comes from"}],
        "tags": [{"name": name, "description": text} for name, text in tags.items() if name in used],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "ta1_…",
                    "description": _BEARER,
                }
            },
        },
        "x-problems": [
            {"code": each.code, "status": each.status, "title": each.title, "detail": each.default_detail}
            for each in classes
        ],
    }


def _operation(operation: Operation, found: Description, around: Surroundings, schemas: Json) -> Json:
    takes_token = getattr(operation.view, "needs_token", False) or MissingToken in found.problems
    result: Json = {
        "operationId": operation.view.__name__,
        "summary": found.summary,
        "tags": [found.tag],
        "security": [{"token": []}] if takes_token else [],
    }
    if found.text:
        result["description"] = found.text
    if parameters := _parameters(operation, found):
        result["parameters"] = parameters
    if found.body is not None:
        schema = schema_of(found.body, schemas, mode="validation")
        result["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    problems = _problems(found, around, takes_token=takes_token)
    result["responses"] = _responses(found, problems, schemas)
    return result


def _problems(found: Description, around: Surroundings, *, takes_token: bool) -> Iterable[type[Problem]]:
    body = (*_BODY_PROBLEMS, *around.body_problems) if found.body is not None else ()
    token = (MissingToken, InvalidToken) if takes_token else ()
    proof = (InvalidDpopProof,) if found.proof else ()
    stores = (Unavailable,) if takes_token or found.body is not None else ()
    return dict.fromkeys((*found.problems, *body, *token, *proof, *around.problems, *stores, Problem))


def _parameters(operation: Operation, found: Description) -> list[Json]:
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": _PATH_TYPES.get(kind, {"type": "string"})}
        for kind, name in _PATH_VARIABLE.findall(operation.path)
    ]
    if found.proof:
        parameters.append(_header_parameter("DPoP", _PROOF[found.proof]))
    if 304 in found.answers:
        text = "The ETag of the copy that you have: the answer is 304 as long as it is good."
        parameters.append(_header_parameter("If-None-Match", text))
    return parameters


def _header_parameter(name: str, text: str) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": text,
        "schema": {"type": "string"},
    }


def _responses(found: Description, problems: Iterable[type[Problem]], schemas: Json) -> Json:
    responses: Json = {}
    for status, model in found.answers.items():
        answer: Json = {"description": HTTPStatus(status).phrase}
        responses[str(status)] = answer
        headers = {
            name: {"description": text, "required": True, "schema": schema_of(kind, schemas)}
            for name, (kind, text) in found.headers.items()
        }
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = _RETRY_AFTER
        if headers:
            answer["headers"] = headers
        if model is not None:
            answer["content"] = {"application/json": {"schema": schema_of(model, schemas)}}
    by_status: dict[int, list[type[Problem]]] = {}
    for each in problems:
        by_status.setdefault(each.status, []).append(each)
    for status, group in by_status.items():
        responses[str(status)] = _problem_response(group, responses.get(str(status), {}))
    return dict(sorted(responses.items()))


def _problem_response(group: list[type[Problem]], beside: Json) -> Json:
    """`beside` is what else may come with this status, such as the body of a /readyz that isn't."""
    codes = sorted(each.code for each in group)
    narrowed = {"type": "object", "required": ["code"], "properties": {"code": {"enum": codes}}}
    schema = {"allOf": [{"$ref": REF.format(model="ProblemOut")}, narrowed]}
    response: Json = {
        "description": "; ".join(f"`{each.code}`: {each.title}" for each in group),
        "content": {**beside.get("content", {}), "application/problem+json": {"schema": schema}},
    }
    headers = dict(beside.get("headers", {}))
    if any(issubclass(each, Unauthenticated) for each in group):
        text = "How to ask again; with `error=` only where a token was presented (RFC 6750 §3.1)"
        headers["WWW-Authenticate"] = {"description": text, "required": True, "schema": {"type": "string"}}
    if any(issubclass(each, TryLater) for each in group):
        headers["Retry-After"] = _RETRY_AFTER
    return {**response, "headers": headers} if headers else response


def _add_problem(classes: Iterable[type[Problem]], schemas: Json) -> None:
    schema_of(ProblemOut, schemas)
    code = {"type": "string", "enum": sorted(each.code for each in classes), "description": "Stable"}
    schemas["ProblemOut"]["properties"]["code"] = code
