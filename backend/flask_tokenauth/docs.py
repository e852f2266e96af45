"""The API's documentation as a page: the OpenAPI document, rendered on the server, without a script."""

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

Json = dict[str, Any]
FOLDER = Path(__file__).parent / "pages"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HTML = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)


def page(document: Json) -> str:
    """HTML with an anchor per operation (`#login`) and per error code (`#invalid_token`)."""
    groups: dict[str, tuple[str, list[Json]]] = {
        tag["name"]: (tag["description"], []) for tag in document["tags"]
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]][1].append(_shown(document, path, method.upper(), operation))
    return _HTML.get_template("docs.html").render(
        title=document["info"]["title"],
        version=document["info"]["version"],
        groups=[group for group in groups.values() if group[1]],
        problems=document["x-problems"],
    )


def stylesheet() -> str:
    return (FOLDER / "docs.css").read_text()


def _shown(document: Json, path: str, method: str, operation: Json) -> Json:
    body = _json_schema(operation.get("requestBody", {}))
    answers = []
    for status, response in operation["responses"].items():
        if int(status) < 400:
            fields = _fields(document, _json_schema(response))
            answers.append({"status": status, "text": response["description"], "fields": fields})
    return {
        "id": operation["operationId"],
        "method": method,
        "path": path,
        "summary": operation["summary"],
        "text": operation.get("description", ""),
        "body": _fields(document, body),
        "answers": answers,
        "codes": _codes(operation),
        "curl": _curl(document, path, method, operation, body),
        "needs_token": bool(operation.get("security")),
    }


def _json_schema(content: Json) -> Json:
    schema: Json = content.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _codes(operation: Json) -> list[str]:
    """The problems of an operation, as its responses name them: `code`: title; `code`: title."""
    texts = [each["description"] for status, each in operation["responses"].items() if int(status) >= 400]
    return [part.split("`")[1] for text in texts for part in text.split("; ") if part.startswith("`")]


def _fields(document: Json, schema: Json, prefix: str = "", depth: int = 0) -> list[Json]:
    """The members of an object, or of the objects in an array, with those inside as `session.id`."""
    schema = _resolved(document, schema)
    if schema.get("type") == "array":
        return _fields(document, schema["items"], "[].", depth)
    found = []
    for name, member in schema.get("properties", {}).items():
        inner = _resolved(document, member)
        found.append(
            {
                "name": prefix + name,
                "type": _type(document, inner),
                "optional": name not in schema.get("required", []),
                "text": member.get("description", inner.get("description", "")) or "",
            }
        )
        if depth < 2 and inner.get("type") in ("object", "array"):
            within = f"{prefix}{name}[]." if inner["type"] == "array" else f"{prefix}{name}."
            of = inner["items"] if inner["type"] == "array" else inner
            found += _fields(document, of, within, depth + 1)
    return found


def _resolved(document: Json, schema: Json) -> Json:
    if "$ref" in schema:
        target: Json = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return target
    return schema


def _type(document: Json, schema: Json) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(document, _resolved(document, each)) for each in schema["anyOf"])
    if "const" in schema:
        return json.dumps(schema["const"])
    return str(schema.get("format") or schema.get("type") or "any")


def _curl(document: Json, path: str, method: str, operation: Json, body: Json) -> str:
    lines = ["curl" if method == "GET" else f"curl -X {method}", f"$URL{path}"]
    if operation.get("security"):
        lines.append("-H 'Authorization: Bearer '$TOKEN")
    if body:
        example = dict.fromkeys(_resolved(document, body).get("required", []), "…")
        lines.append(f"--json '{json.dumps(example, ensure_ascii=False)}'")
    return " ".join(lines)
