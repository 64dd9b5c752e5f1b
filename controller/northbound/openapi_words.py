"""The words of the OpenAPI document: schemas, parameters, operations and their answers."""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic import TypeAdapter

from controller.intent.kind import Kind
from controller.intent.values import Name
from controller.northbound import media, problems, queries

Json: TypeAlias = dict[str, Any]

REFERENCE = "#/components/schemas/{model}"
# Older names of the same forms are understood as well.
PLAIN = (media.JSON, media.MSGPACK)
WHOLE = {"type": "integer", "minimum": 0}
TEXT = {"type": "string"}
NAME = TypeAdapter(Name).json_schema()


def object_of(properties: Json) -> Json:
    """An object that has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def reference(model: str) -> Json:
    """A schema by its name."""
    return {"$ref": REFERENCE.format(model=model)}


def in_path(name: str) -> Json:
    """A name that stands in the path."""
    return {"name": name, "in": "path", "required": True, "schema": NAME}


def query(name: str, schema: Json, description: str) -> Json:
    """A query parameter."""
    return {"name": name, "in": "query", "schema": schema, "description": description}


def content(schema: Json, *types: str) -> Json:
    """What is sent in each media type."""
    return {kind: {"schema": schema} for kind in types or PLAIN}


def operation(tag: str, summary: str, answers: Json, more: Json | None = None) -> Json:
    """One operation; every one of them may answer with a problem."""
    problem = {"description": "A problem.", "content": content(reference("Problem"), problems.MEDIA_TYPE)}
    return {"tags": [tag], "summary": summary, "responses": {**answers, "default": problem}, **(more or {})}


def ok(description: str, schema: Json, *types: str, status: str = "200") -> Json:
    """An answer that is no problem."""
    return {status: {"description": description, "content": content(schema, *types)}}


def body(schema: Json, *types: str) -> Json:
    """What a request has to bring."""
    return {"requestBody": {"required": True, "content": content(schema, *types)}}


ITEMS = object_of({"items": {"type": "array", "items": {"type": "object"}}})
REASONS = {"type": "object", "additionalProperties": TEXT}
SELECTOR = {"type": "string", "minLength": 1}
LABEL = query(
    "label", SELECTOR, "A label selector: app=web, app!=web, app or !app; terms joined by commas must all hold."
)
CURSOR = query("cursor", TEXT, "What the page before gave as next.")
LISTED = [
    LABEL,
    query("limit", {"type": "integer", "minimum": 1, "maximum": queries.MAX_LIMIT}, "Default: no limit."),
    CURSOR,
]
"""The parameters of a list that is told whole unless pages are asked for."""
NEXT = {"type": ["string", "null"]}
ANSWERED = object_of({**ITEMS["properties"], "next": NEXT, "unavailable": REASONS})
"""A page of what switches answered."""


def paging(default: int, most: int) -> list[Json]:
    """The parameters of a list that is told page by page."""
    return [query("limit", {"type": "integer", "minimum": 1, "maximum": most}, f"Default: {default}."), CURSOR]


def path_of(kind: Kind) -> tuple[str, list[Json]]:
    """Where the resources of a kind are, and what stands in that path."""
    if kind.scoped:
        return f"/v1/projects/{{project}}/{kind.plural}", [in_path("project")]
    return f"/v1/{kind.plural}", []
