"""The OpenAPI 3.1 document, made from the models that requests are checked against, so that it cannot say otherwise."""

from __future__ import annotations

from functools import cache

from pydantic.json_schema import models_json_schema

from controller.intent.kind import Kind
from controller.intent.kinds import KINDS
from controller.northbound import media
from controller.northbound.event_stream import SSE
from controller.northbound.openapi_inventory import inventory_paths
from controller.northbound.openapi_policy import policy_paths
from controller.northbound.openapi_words import (
    CURSOR,
    ITEMS,
    LABEL,
    PLAIN,
    REASONS,
    REFERENCE,
    SELECTOR,
    TEXT,
    WHOLE,
    Json,
    body,
    in_path,
    object_of,
    ok,
    operation,
    path_of,
    query,
    reference,
)
from controller.northbound.paths import PathRequest
from controller.northbound.recommend import RecommendRequest
from controller.northbound.token_resources import TokenRequest

_READ_ONLY = ("status", "uid", "revision", "created_at", "updated_at")
_DESCRIPTION = (
    "Networks for VMs and containers on Open vSwitch. A resource says in spec what is asked for and in status what is. "
    "Every error is application/problem+json and names each bad field by a JSON pointer."
)


@cache
def specification() -> Json:
    """The whole document; made once, for it takes a while, and not to be changed."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "netloom", "version": "1", "description": _DESCRIPTION, "license": {"name": "Apache-2.0"}},
        "paths": {
            **_resource_paths(),
            **_apply_path(),
            **_event_path(),
            **inventory_paths(),
            **policy_paths(),
            **_token_paths(),
            **_open_paths(),
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
        "tags": [{"name": name} for name in ("intent", "events", "inventory", "policy", "tokens", "service")],
    }


def _schemas() -> Json:
    forms = [kind.manifest for kind in KINDS.values() if kind.manifest is not None]
    models = [(model, "validation") for model in (*(kind.document for kind in KINDS.values()), *forms)]
    requests = [(model, "validation") for model in (TokenRequest, RecommendRequest, PathRequest)]
    _, found = models_json_schema([*models, *requests], ref_template=REFERENCE)  # type: ignore[list-item]
    schemas: Json = found["$defs"]
    for kind in KINDS.values():
        asked = schemas[kind.document.__name__]
        schemas[kind.name] = _answered(kind, asked)
        if kind.settings:
            schemas[f"{kind.name}Settings"] = _flat(asked, schemas[kind.spec.__name__])
        else:
            schemas[f"{kind.name}Page"] = _page(kind.name)
        schemas[kind.document.__name__] = {**asked, "required": [name for name in asked["required"] if name == "spec"]}
    for form in forms:
        schemas[form.__name__]["properties"]["apiVersion"] = {"const": form.version}
    return {**schemas, **_OTHER_SCHEMAS}


def _answered(kind: Kind, asked: Json) -> Json:
    """A resource as it is answered: with everything that is read only."""
    text = {"type": ["string", "null"]} if kind.settings else TEXT
    properties = {**asked["properties"], "status": _STATUS, "uid": text, "revision": WHOLE}
    properties |= {name: {**text, "format": "date-time"} for name in ("created_at", "updated_at")}
    scope = ["project"] if kind.scoped else []
    return {
        "type": "object",
        "description": asked.get("description", ""),
        "properties": properties,
        "required": ["kind", *scope, "name", "labels", "spec", *_READ_ONLY],
    }


def _flat(asked: Json, spec: Json) -> Json:
    """A resource of settings without ``spec`` around them."""
    outer = {name: schema for name, schema in asked["properties"].items() if name != "spec"}
    return {**spec, "title": asked["title"], "properties": {**outer, **spec["properties"]}}


def _page(model: str) -> Json:
    return {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": reference(model)},
            "next": {"type": ["string", "null"], "description": "The cursor of the next page; null on the last."},
            "revision": WHOLE,
        },
        "required": ["items", "next", "revision"],
    }


_STATUS: Json = {
    "type": "object",
    "properties": {"conditions": {"type": "array", "items": reference("Condition")}},
    "required": ["conditions"],
}

_TOKEN = {"name": TEXT, "role": TEXT, "projects": {"type": "array", "items": TEXT}, "created_at": TEXT}
_CHANGE = {
    "action": {"enum": ["created", "updated", "unchanged", "deleted"]},
    "kind": TEXT,
    "name": TEXT,
    "uid": TEXT,
    "revision": WHOLE,
}
_UNCONFIRMED = {
    **REASONS,
    "description": "What has not been confirmed by the switches after waiting, and why.",
}
_MANIFESTS = tuple(kind.manifest.__name__ for kind in KINDS.values() if kind.manifest is not None)
_OTHER_SCHEMAS: Json = {
    "Condition": {
        **object_of({"type": TEXT, "status": {"type": "boolean"}, "reason": TEXT, "message": TEXT, "since": TEXT}),
        "description": "Ready is true when every switch that needs the resource's flows has acknowledged them.",
    },
    "Problem": object_of(
        {
            "type": TEXT,
            "title": TEXT,
            "status": WHOLE,
            "detail": TEXT,
            "errors": {"type": "array", "items": object_of({"pointer": TEXT, "message": TEXT})},
        }
    ),
    "Applied": object_of(
        {"revision": WHOLE, "changes": {"type": "array", "items": object_of(_CHANGE)}, "unconfirmed": _UNCONFIRMED}
    ),
    "Plan": object_of(
        {"revision": WHOLE, "changes": {"type": "array", "items": object_of(_CHANGE)}, "flows": {"type": "object"}}
    ),
    "Deleted": object_of({"revision": WHOLE, "unconfirmed": _UNCONFIRMED}),
    "Documents": {
        "type": "array",
        "items": {"oneOf": [reference(name) for name in (*(f"{kind}InApply" for kind in KINDS), *_MANIFESTS)]},
    },
    **{
        f"{kind}InApply": {
            "allOf": [reference(f"{kind}Document")],
            "required": ["kind", "name", *(["project"] if KINDS[kind].scoped else [])],
        }
        for kind in KINDS
    },
    "Items": ITEMS,
    "Token": object_of(_TOKEN),
    "NewToken": object_of({**_TOKEN, "token": TEXT}),
}


_WAIT = query("wait", {"type": "number", "minimum": 0, "maximum": 600}, "Seconds to wait for the switches to confirm.")
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string", "pattern": '^"?[0-9]{1,18}"?$'},
    "description": "The revision that the resource must have.",
}
_PAGING = [
    LABEL,
    query("limit", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 500}, "Items on a page."),
    CURSOR,
]


def _resource_paths() -> Json:
    found: Json = {}
    for kind in KINDS.values():
        path, inside = path_of(kind)
        last = "project" if kind.plural == "projects" else "name"
        place = in_path(last) | ({"schema": _name_of(kind)} if kind.settings else {})
        found[f"{path}/{{{last}}}"] = {"parameters": [*inside, place], **_one_operations(kind)}
        if kind.settings:
            continue
        listing = operation("intent", f"{kind.name}s, by name", ok("A page.", reference(f"{kind.name}Page")))
        found[path] = {"parameters": inside, "get": {**listing, "parameters": _PAGING}}
    return found


def _name_of(kind: Kind) -> Json:
    """How what settings are said of may be called."""
    found: Json = kind.document.model_json_schema()["properties"]["name"]
    return found


def _one_operations(kind: Kind) -> Json:
    answer, writing = reference(kind.name), {"parameters": [_WAIT, _IF_MATCH]}
    created = ok("Created.", answer, status="201")
    document = reference(kind.document.__name__)
    if kind.manifest is not None:
        document = {"oneOf": [document, reference(kind.manifest.__name__)]}
    if kind.settings:
        document = {"anyOf": [document, reference(f"{kind.name}Settings")]}
    replaced = {**writing, **body(document)}
    merged = {**writing, **body({"type": "object"}, "application/merge-patch+json", *PLAIN)}
    patched = {**ok("As it is now.", answer), **(created if kind.settings else {})}
    deleted = {**ok("Deleted, with wait.", reference("Deleted")), "204": {"description": "Deleted."}}
    noun = kind.name
    return {
        "get": operation("intent", f"One {noun}", ok(f"The {noun}.", answer)),
        "put": operation("intent", f"Create or replace a {noun}", {**ok("As it is now.", answer), **created}, replaced),
        "patch": operation("intent", f"Change a {noun} by a merge patch", patched, merged),
        "delete": operation("intent", f"Delete a {noun}", deleted, writing),
    }


def _apply_path() -> Json:
    either = {"oneOf": [reference("Applied"), reference("Plan")]}
    parameters = [
        query("prune", SELECTOR, "A label selector: what it matches and the document lacks is deleted."),
        query("dry_run", {"type": "boolean"}, "Commit nothing; answer what would change."),
        _WAIT,
    ]
    more = {"parameters": parameters, **body(reference("Documents"), *PLAIN, "application/yaml")}
    summary = "Apply a document of many resources, all or nothing"
    return {
        "/v1/apply": {"post": operation("intent", summary, ok("What became, or would become, of it.", either), more)}
    }


def _event_path() -> Json:
    answers = ok("Events.", ITEMS)
    answers["200"]["content"][SSE] = {"schema": TEXT}
    parameters = [
        query("since", WHOLE, "Only events of newer revisions; 410 when they are no longer kept."),
        query("follow", {"type": "boolean"}, "Go on with events as they happen."),
    ]
    return {"/v1/events": {"get": operation("events", "What happened", answers, {"parameters": parameters})}}


def _token_paths() -> Json:
    made = ok("The token, shown once.", reference("NewToken"), status="201")
    listing = operation("tokens", "All tokens", ok("Without their secrets.", reference("Items")))
    making = operation("tokens", "Make a token", made, body(reference("TokenRequest")))
    ending = operation("tokens", "End a token", {"204": {"description": "Ended."}})
    return {
        "/v1/tokens": {"get": listing, "post": making},
        "/v1/tokens/{name}": {"parameters": [in_path("name")], "delete": ending},
    }


def _open_paths() -> Json:
    return {
        path: {"get": operation("service", summary, ok(summary, schema, kind), {"security": []})}
        for path, summary, schema, kind in (
            ("/healthz", "Whether the daemon lives", {"type": "object"}, media.JSON),
            ("/readyz", "Whether the daemon can serve", {"type": "object"}, media.JSON),
            ("/metrics", "Figures for Prometheus", TEXT, "text/plain"),
            ("/v1/openapi.json", "This document", {"type": "object"}, media.JSON),
            ("/v1/docs", "The manual for people", TEXT, "text/html"),
        )
    }
