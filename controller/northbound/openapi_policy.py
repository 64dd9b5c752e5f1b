"""What the OpenAPI document says of policy at work: connections that live, counters, and what is made of them."""

from __future__ import annotations

from controller.northbound.openapi_words import CURSOR, ITEMS, REASONS, TEXT, Json, object_of, ok, operation, query


def policy_paths() -> Json:
    """All paths about policy but those of its resources."""
    return {"/v1/connections": {"get": _connections()}}


def _connections() -> Json:
    asked = [query(name, TEXT, f"Only of this {name}.") for name in ("chassis", "project", "port")]
    asked += [query("limit", {"type": "integer", "minimum": 1, "maximum": 10_000}, "Default: 1000."), CURSOR]
    page = {**ITEMS["properties"], "next": {"type": ["string", "null"]}, "unavailable": REASONS}
    summary = "Connections of ports that live, with the rule that let each begin"
    return operation("policy", summary, ok("A page.", object_of(page)), {"parameters": asked})
