"""The OpenAPI 3.1 document, made from the models that requests are checked against, so that it cannot say otherwise."""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from controller.intent.kind import Kind
from controller.intent.kinds import KINDS
from controller.intent.values import Name
from controller.northbound import media, problems
from controller.northbound.event_stream import SSE
from controller.northbound.token_resources import TokenRequest

Json: TypeAlias = dict[str, Any]

_REFERENCE = "#/components/schemas/{model}"
_READ_ONLY = ("status", "uid", "revision", "created_at", "updated_at")
# Older names of the same forms are understood as well.
_PLAIN = (media.JSON, media.MSGPACK)
_WHOLE = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_DESCRIPTION = (
    "Networks for VMs and containers on Open vSwitch. A resource says in spec what is asked for and in status what is. "
    "Every error is application/problem+json and names each bad field by a JSON pointer."
)


def specification() -> Json:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "netloom", "version": "1", "description": _DESCRIPTION, "license": {"name": "Apache-2.0"}},
        "paths": {
            **_resource_paths(),
            **_apply_path(),
            **_event_path(),
            **_inventory_paths(),
            **_token_paths(),
            **_open_paths(),
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
        "tags": [{"name": name} for name in ("intent", "events", "inventory", "tokens", "service")],
    }


def _schemas() -> Json:
    models = [(kind.document, "validation") for kind in KINDS.values()]
    _, found = models_json_schema([*models, (TokenRequest, "validation")], ref_template=_REFERENCE)  # type: ignore[list-item]
    schemas: Json = found["$defs"]
    for kind in KINDS.values():
        asked = schemas[kind.document.__name__]
        schemas[kind.name] = _answered(kind, asked)
        schemas[f"{kind.name}Page"] = _page(kind.name)
        schemas[kind.document.__name__] = {**asked, "required": [name for name in asked["required"] if name == "spec"]}
    return {**schemas, **_OTHER_SCHEMAS}


def _answered(kind: Kind, asked: Json) -> Json:
    """A resource as it is answered: with everything that is read only."""
    properties = {**asked["properties"], "status": _STATUS, "uid": _TEXT, "revision": _WHOLE}
    properties |= {name: {"type": "string", "format": "date-time"} for name in ("created_at", "updated_at")}
    scope = ["project"] if kind.scoped else []
    return {
        "type": "object",
        "description": asked.get("description", ""),
        "properties": properties,
        "required": ["kind", *scope, "name", "labels", "spec", *_READ_ONLY],
    }


def _page(model: str) -> Json:
    return {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": _reference(model)},
            "next": {"type": ["string", "null"], "description": "The cursor of the next page; null on the last."},
            "revision": _WHOLE,
        },
        "required": ["items", "next", "revision"],
    }


def _object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _reference(model: str) -> Json:
    return {"$ref": _REFERENCE.format(model=model)}


_STATUS: Json = {
    "type": "object",
    "properties": {"conditions": {"type": "array", "items": _reference("Condition")}},
    "required": ["conditions"],
}

_SELECTOR = {"type": "string", "minLength": 1}
_NAME = TypeAdapter(Name).json_schema()
_ITEMS = _object({"items": {"type": "array", "items": {"type": "object"}}})
_TOKEN = {"name": _TEXT, "role": _TEXT, "projects": {"type": "array", "items": _TEXT}, "created_at": _TEXT}
_CHANGE = {
    "action": {"enum": ["created", "updated", "unchanged", "deleted"]},
    "kind": _TEXT,
    "name": _TEXT,
    "uid": _TEXT,
    "revision": _WHOLE,
}
_REASONS = {"type": "object", "additionalProperties": _TEXT}
_UNCONFIRMED = {
    **_REASONS,
    "description": "What has not been confirmed by the switches after waiting, and why.",
}
_OTHER_SCHEMAS: Json = {
    "Condition": {
        **_object({"type": _TEXT, "status": {"type": "boolean"}, "reason": _TEXT, "message": _TEXT, "since": _TEXT}),
        "description": "Ready is true when every switch that needs the resource's flows has acknowledged them.",
    },
    "Problem": _object(
        {
            "type": _TEXT,
            "title": _TEXT,
            "status": _WHOLE,
            "detail": _TEXT,
            "errors": {"type": "array", "items": _object({"pointer": _TEXT, "message": _TEXT})},
        }
    ),
    "Applied": _object(
        {"revision": _WHOLE, "changes": {"type": "array", "items": _object(_CHANGE)}, "unconfirmed": _UNCONFIRMED}
    ),
    "Plan": _object(
        {"revision": _WHOLE, "changes": {"type": "array", "items": _object(_CHANGE)}, "flows": {"type": "object"}}
    ),
    "Deleted": _object({"revision": _WHOLE, "unconfirmed": _UNCONFIRMED}),
    "Documents": {
        "type": "array",
        "items": {"oneOf": [_reference(f"{kind}InApply") for kind in KINDS]},
    },
    **{
        f"{kind}InApply": {
            "allOf": [_reference(f"{kind}Document")],
            "required": ["kind", "name", *(["project"] if KINDS[kind].scoped else [])],
        }
        for kind in KINDS
    },
    "Items": _ITEMS,
    "Token": _object(_TOKEN),
    "NewToken": _object({**_TOKEN, "token": _TEXT}),
}


def _in_path(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": _NAME}


def _query(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "query", "schema": schema, "description": description}


_WAIT = _query("wait", {"type": "number", "minimum": 0, "maximum": 600}, "Seconds to wait for the switches to confirm.")
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string", "pattern": '^"?[0-9]{1,18}"?$'},
    "description": "The revision that the resource must have.",
}
_CURSOR = _query("cursor", _TEXT, "What the page before gave as next.")
_PAGING = [
    _query(
        "label", _SELECTOR, "A label selector: app=web, app!=web, app or !app; terms joined by commas must all hold."
    ),
    _query("limit", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 500}, "Items on a page."),
    _CURSOR,
]


def _content(schema: Json, *types: str) -> Json:
    return {kind: {"schema": schema} for kind in types or _PLAIN}


def _operation(tag: str, summary: str, answers: Json, more: Json | None = None) -> Json:
    """One operation; every one of them may answer with a problem."""
    problem = {"description": "A problem.", "content": _content(_reference("Problem"), problems.MEDIA_TYPE)}
    return {"tags": [tag], "summary": summary, "responses": {**answers, "default": problem}, **(more or {})}


def _ok(description: str, schema: Json, *types: str, status: str = "200") -> Json:
    return {status: {"description": description, "content": _content(schema, *types)}}


def _body(schema: Json, *types: str) -> Json:
    return {"requestBody": {"required": True, "content": _content(schema, *types)}}


def _resource_paths() -> Json:
    found: Json = {}
    for kind in KINDS.values():
        scope = "/v1/projects/{project}/" if kind.scoped else "/v1/"
        last = "project" if kind.plural == "projects" else "name"
        inside = [_in_path("project")] if kind.scoped else []
        many, one = f"{scope}{kind.plural}", f"{scope}{kind.plural}/{{{last}}}"
        listing = _operation("intent", f"{kind.name}s, by name", _ok("A page.", _reference(f"{kind.name}Page")))
        found[many] = {"parameters": inside, "get": {**listing, "parameters": _PAGING}}
        found[one] = {"parameters": [*inside, _in_path(last)], **_one_operations(kind)}
    return found


def _one_operations(kind: Kind) -> Json:
    answer, writing = _reference(kind.name), {"parameters": [_WAIT, _IF_MATCH]}
    created = _ok("Created.", answer, status="201")
    document = _reference(kind.document.__name__)
    replaced = {**writing, **_body(document)}
    merged = {**writing, **_body({"type": "object"}, "application/merge-patch+json", *_PLAIN)}
    deleted = {**_ok("Deleted, with wait.", _reference("Deleted")), "204": {"description": "Deleted."}}
    noun = kind.name
    return {
        "get": _operation("intent", f"One {noun}", _ok(f"The {noun}.", answer)),
        "put": _operation(
            "intent", f"Create or replace a {noun}", {**_ok("As it is now.", answer), **created}, replaced
        ),
        "patch": _operation("intent", f"Change a {noun} by a merge patch", _ok("As it is now.", answer), merged),
        "delete": _operation("intent", f"Delete a {noun}", deleted, writing),
    }


def _apply_path() -> Json:
    either = {"oneOf": [_reference("Applied"), _reference("Plan")]}
    parameters = [
        _query("prune", _SELECTOR, "A label selector: what it matches and the document lacks is deleted."),
        _query("dry_run", {"type": "boolean"}, "Commit nothing; answer what would change."),
        _WAIT,
    ]
    more = {"parameters": parameters, **_body(_reference("Documents"), *_PLAIN, "application/yaml")}
    summary = "Apply a document of many resources, all or nothing"
    return {
        "/v1/apply": {"post": _operation("intent", summary, _ok("What became, or would become, of it.", either), more)}
    }


def _event_path() -> Json:
    answers = _ok("Events.", _ITEMS)
    answers["200"]["content"][SSE] = {"schema": _TEXT}
    parameters = [
        _query("since", _WHOLE, "Only events of newer revisions; 410 when they are no longer kept."),
        _query("follow", {"type": "boolean"}, "Go on with events as they happen."),
    ]
    return {"/v1/events": {"get": _operation("events", "What happened", answers, {"parameters": parameters})}}


def _inventory_paths() -> Json:
    items = _ok("All rows.", _reference("Items"))
    found = {
        f"/v1/{what}": {"get": _operation("inventory", f"All {what}", items)}
        for what in ("chassis", "bridges", "links", "drift", "leases")
    }
    by = {"parameters": [_query(name, _TEXT, f"Only of this {name}.") for name in ("chassis", "owner")]}
    found["/v1/flows"] = {"get": _operation("inventory", "Flows, each with the intent that owns it", items, by)}
    pages = {**_ITEMS["properties"], "next": {"type": ["string", "null"]}, "unavailable": _REASONS}
    asked = [_query(name, _TEXT, f"Only of this {name}.") for name in ("chassis", "router", "project")]
    asked += [_query("limit", {"type": "integer", "minimum": 1, "maximum": 10_000}, "Default: 1000."), _CURSOR]
    nat = _operation(
        "inventory", "Connections that are translated", _ok("A page.", _object(pages)), {"parameters": asked}
    )
    found["/v1/nat"] = {"get": nat}
    graph = _ok("The graph.", {"type": "object"})
    graph["200"]["content"] |= _content(_TEXT, "application/graphml+xml", "text/vnd.graphviz")
    form = {"parameters": [_query("format", {"enum": ["json", "graphml", "dot"]}, "Default: json.")]}
    found["/v1/topology"] = {"get": _operation("inventory", "Bridges and links", graph, form)}
    return found


def _token_paths() -> Json:
    made = _ok("The token, shown once.", _reference("NewToken"), status="201")
    listing = _operation("tokens", "All tokens", _ok("Without their secrets.", _reference("Items")))
    making = _operation("tokens", "Make a token", made, _body(_reference("TokenRequest")))
    ending = _operation("tokens", "End a token", {"204": {"description": "Ended."}})
    return {
        "/v1/tokens": {"get": listing, "post": making},
        "/v1/tokens/{name}": {"parameters": [_in_path("name")], "delete": ending},
    }


def _open_paths() -> Json:
    return {
        path: {"get": _operation("service", summary, _ok(summary, schema, kind), {"security": []})}
        for path, summary, schema, kind in (
            ("/healthz", "Whether the daemon lives", {"type": "object"}, media.JSON),
            ("/readyz", "Whether the daemon can serve", {"type": "object"}, media.JSON),
            ("/metrics", "Figures for Prometheus", _TEXT, "text/plain"),
            ("/v1/openapi.json", "This document", {"type": "object"}, media.JSON),
            ("/v1/docs", "The manual for people", _TEXT, "text/html"),
        )
    }
