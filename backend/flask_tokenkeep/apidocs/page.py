"""The API's documentation as a page: the OpenAPI document, rendered on the server, without a script."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

Json = dict[str, Any]
FOLDER = Path(__file__).parent
# Nothing but our own stylesheet; the icon is what browsers ask for by themselves.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "date-time": "date and time",
    "uuid": "UUID",
    "null": "null",
}
EXAMPLES = {
    "username": "ada",
    "email": "ada@example.org",
    "password": "a quiet place among shelves",
    "current_password": "a quiet place among shelves",
    "new_password": "seventeen violet lanterns",
}
MAX_DEPTH = 3


def html(document: Json, *, url: str) -> str:
    """HTML with an anchor per operation (`#login`) and per error code (`#invalid_token`).

    `url` is where the examples send their requests."""
    operations = list(_operations(document, url))
    # What any request may meet is said once.
    common = set.intersection(*(set(each["codes"]) for each in operations)) if operations else set()
    groups = [
        (tag["name"], tag["description"], [each for each in operations if each["tag"] == tag["name"]])
        for tag in document["tags"]
    ]
    return _HTML.get_template("page.html").render(
        title=document["info"]["title"],
        version=document["info"]["version"],
        url=url,
        examples=EXAMPLES,
        groups=groups,
        common=sorted(common),
        problem_fields=_fields(document, document["components"]["schemas"]["ProblemOut"]),
        problems=document["x-problems"],
        origins={each["code"]: _origins(each["code"], operations) for each in document["x-problems"]},
    )


def stylesheet() -> str:
    return (FOLDER / "page.css").read_text(encoding="utf-8")


def _prose(text: str) -> Markup:
    """Text in which `this` is code. Everything else in it is escaped."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped


_HTML = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_HTML.filters["prose"] = _prose


def _operations(document: Json, url: str) -> Iterator[Json]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = _json_schema(operation.get("requestBody", {}))
            yield {
                "id": operation["operationId"],
                "tag": operation["tags"][0],
                "method": method.upper(),
                "path": path,
                "summary": operation["summary"],
                "text": operation.get("description", ""),
                "needs_token": bool(operation["security"]),
                "parameters": _named(document, operation.get("parameters", [])),
                "body": _fields(document, body),
                "answers": _answers(document, operation),
                "codes": _codes(operation),
                "curl": _curl(document, url + path, method.upper(), operation, body),
            }


def _origins(code: str, operations: list[Json]) -> tuple[list[str], list[Json]]:
    """Whole kinds of operations that may answer with this code, in words, and the others one by one."""
    kinds = {
        "any request": operations,
        "every operation with a body": [each for each in operations if each["body"]],
        "every operation that needs a token": [each for each in operations if each["needs_token"]],
    }
    found, left = [], [each for each in operations if code in each["codes"]]
    for words, members in kinds.items():
        if left and all(code in each["codes"] for each in members):
            found.append(words)
            left = [each for each in left if each not in members]
    return found, left


def _answers(document: Json, operation: Json) -> list[Json]:
    return [
        {
            "status": status,
            "text": response["description"],
            "list": _json_schema(response).get("type") == "array",
            "headers": _named(
                document, [{"name": name, **header} for name, header in response.get("headers", {}).items()]
            ),
            "fields": _fields(document, _json_schema(response)),
        }
        for status, response in operation["responses"].items()
        if int(status) < 400 or _json_schema(response)
    ]


def _json_schema(content: Json) -> Json:
    schema: Json = content.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _codes(operation: Json) -> dict[str, str]:
    """code → status"""
    found = {}
    for status, response in operation["responses"].items():
        problem = response.get("content", {}).get("application/problem+json")
        if problem:
            _, narrowed = problem["schema"]["allOf"]
            found.update(dict.fromkeys(narrowed["properties"]["code"]["enum"], status))
    return found


def _named(document: Json, items: list[Json]) -> list[Json]:
    """Headers and parameters, in the form of fields."""
    return [
        {
            "name": each["name"],
            "type": f"{_type(document, each['schema'])}, in the {each.get('in', 'header')}",
            "optional": not each["required"],
            "text": each.get("description", ""),
        }
        for each in items
    ]


def _fields(document: Json, schema: Json, prefix: str = "", depth: int = 0) -> list[Json]:
    """The members of an object, or of the objects in a list, with those inside as `session.id`."""
    schema = _resolved(document, schema)
    if schema.get("type") == "array":
        return _fields(document, schema["items"], prefix, depth)
    found = []
    for name, member in schema.get("properties", {}).items():
        inner = _present(document, member)
        field = {
            "name": prefix + name,
            "type": _type(document, member),
            "optional": name not in schema.get("required", []),
            "text": member.get("description", ""),
        }
        if field["type"] != "object":  # the names of its members say so
            found.append(field)
        if depth < MAX_DEPTH:
            mark = "[]." if inner.get("type") == "array" else "."
            found += _fields(document, inner, f"{prefix}{name}{mark}", depth + 1)
    return found


def _present(document: Json, schema: Json) -> Json:
    """What it is when it isn't null."""
    kinds = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    return _resolved(document, kinds[0])


def _resolved(document: Json, schema: Json) -> Json:
    if "$ref" in schema:
        target: Json = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return target
    return schema


def _type(document: Json, schema: Json) -> str:
    schema = _resolved(document, schema)
    if "anyOf" in schema:
        return " or ".join(_type(document, each) for each in schema["anyOf"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"]) if len(schema["enum"]) < 7 else "a word"
    if schema.get("type") == "array":
        inner = _type(document, schema["items"])
        return "list of objects" if inner == "object" else f"list of {inner}"
    kind = str(schema.get("format") or schema.get("type") or "anything")
    return TYPES.get(kind, kind)


def _curl(document: Json, url: str, method: str, operation: Json, body: Json) -> str:
    address = re.sub(r"{(\w+)}", lambda variable: "$" + variable[1].upper(), url)
    lines = [f'curl "{address}"' if method == "GET" else f'curl -X {method} "{address}"']
    if operation["security"]:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if body:
        required = _resolved(document, body).get("required", [])
        example = {name: EXAMPLES.get(name, "…") for name in required}
        lines += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(example, ensure_ascii=False)}'"]
    return " \\\n  ".join(lines)
