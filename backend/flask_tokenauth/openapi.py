"""OpenAPI 3.1 out of the code: what a view says about itself is what the document, and the page, say."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import TypeAdapter

from flask_tokenauth.errors import InvalidToken, MissingToken, Problem, Unavailable
from flask_tokenauth.schemas import ProblemOut

View = TypeVar("View", bound=Callable[..., Any])
_REF = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Description:
    summary: str
    answers: Mapping[int, Any]
    body: Any
    problems: tuple[type[Problem], ...]
    tag: str
    text: str
    needs_token: bool


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    view: Callable[..., Any]


def described(
    *,
    summary: str,
    answers: Mapping[int, Any],
    body: Any = None,
    problems: tuple[type[Problem], ...] = (),
    tag: str = "auth",
) -> Callable[[View], View]:
    """Say what a view takes and gives; models are pydantic's, None is an answer without a body."""

    def describe(view: View) -> View:
        needs_token = getattr(view, "needs_token", False)
        common = (MissingToken, InvalidToken) if needs_token else ()
        all_problems = tuple(dict.fromkeys((*problems, *common, Unavailable)))
        text = inspect.getdoc(view) or ""
        view.description = Description(summary, answers, body, all_problems, tag, text, needs_token)  # type: ignore[attr-defined]
        return view

    return describe


def document(operations: Iterable[Operation], *, title: str, version: str, server: str) -> dict[str, Any]:
    """The whole OpenAPI document of the views that are described."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for operation in sorted(operations, key=lambda each: (each.path, each.method)):
        found: Description | None = getattr(operation.view, "description", None)
        if found is not None:
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", operation.path)
            paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, found, schemas)
    _schema(ProblemOut, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation, found: Description, schemas: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "operationId": operation.view.__name__,
        "summary": found.summary,
        "tags": [found.tag],
        "security": [{"token": []}] if found.needs_token else [],
        "responses": _responses(found, schemas),
    }
    if found.text:
        result["description"] = found.text
    if found.body is not None:
        content = {"application/json": {"schema": _schema(found.body, schemas)}}
        result["requestBody"] = {"required": True, "content": content}
    parameters = re.findall(r"<(?:\w+:)?(\w+)>", operation.path)
    if parameters:
        result["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in parameters
        ]
    return result


def _responses(found: Description, schemas: dict[str, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in found.answers.items():
        responses[str(status)] = {"description": HTTPStatus(status).phrase}
        if model is not None:
            responses[str(status)]["content"] = {"application/json": {"schema": _schema(model, schemas)}}
    problem = {"application/problem+json": {"schema": {"$ref": _REF.format(model="ProblemOut")}}}
    by_status: dict[int, list[type[Problem]]] = {}
    for each in found.problems:
        by_status.setdefault(each.status, []).append(each)
    for status, group in by_status.items():
        lines = [f"`{each.code}`: {each.title}" for each in group]
        responses[str(status)] = {"description": "; ".join(lines), "content": problem}
    return dict(sorted(responses.items()))


def _schema(model: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = TypeAdapter(model).json_schema(ref_template=_REF, mode="serialization")
    schemas.update(schema.pop("$defs", {}))
    if isinstance(model, type) and "title" in schema and schema.get("type") == "object":
        schemas[model.__name__] = schema
        return {"$ref": _REF.format(model=model.__name__)}
    return schema
