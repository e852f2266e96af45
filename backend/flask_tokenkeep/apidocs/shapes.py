"""The shapes on the wire as JSON Schemas."""

from typing import Any, Literal

from pydantic import BaseModel, Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from flask_tokenkeep.errors import MAX_ERRORS, EndReason

Json = dict[str, Any]
REF = "#/components/schemas/{model}"


class FieldErrorOut(BaseModel):
    field: str = Field(description="Its name in the body; empty for the body as a whole")
    code: str
    message: str = Field(description="For people")


class ProblemOut(BaseModel):
    """RFC 9457."""

    type: str = Field(description="Where the code is explained, on this server")
    title: str
    status: int
    detail: str = Field(description="What happened and what to do now, for people")
    code: str
    errors: list[FieldErrorOut] | None = Field(
        None, max_length=MAX_ERRORS, description="Which fields were refused, and why; the first of them"
    )
    reason: EndReason | None = Field(None, description="Of `session_ended`: why")


class _Shapes(GenerateJsonSchema):
    """As things go over the wire: None as the default is a member that may be left out."""

    def field_is_required(self, field: Any, total: bool) -> bool:  # pydantic's own signature
        inner = field["schema"]
        if self.mode == "serialization" and inner["type"] == "default":
            return inner.get("default", ...) is not None
        return super().field_is_required(field, total)

    def default_schema(self, schema: Any) -> Json:
        shape = super().default_schema(schema)
        # A default promises, to those who make types from this, that the member is always there.
        return {name: value for name, value in shape.items() if name != "default" or value is not None}

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # the name says it already
        return False


def schema_of(
    model: Any, schemas: Json, mode: Literal["validation", "serialization"] = "serialization"
) -> Json:
    schema = TypeAdapter(model).json_schema(ref_template=REF, mode=mode, schema_generator=_Shapes)
    found = schema.pop("$defs", {})
    if isinstance(model, type) and schema.get("type") == "object" and "properties" in schema:
        found[model.__name__] = schema
        schema = {"$ref": REF.format(model=model.__name__)}
    for name, shape in found.items():
        if schemas.setdefault(name, shape) != shape and name != "ProblemOut":
            raise ValueError(f"Two shapes are called {name}")
    return schema
