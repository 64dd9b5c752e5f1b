"""What the OpenAPI document says of policy at work: connections that live, counters, and what is made of them."""

from __future__ import annotations

from controller.compiler.ownership import POLICIES
from controller.intent.kinds import KINDS
from controller.northbound import connections, reachability
from controller.northbound.openapi_words import (
    ANSWERED,
    NEXT,
    REASONS,
    TEXT,
    WHOLE,
    Json,
    body,
    in_path,
    object_of,
    ok,
    operation,
    paging,
    path_of,
    query,
    reference,
)

_RULE = {
    "direction": {"enum": ["ingress", "egress"]},
    "rule": TEXT,
    "action": TEXT,
    **dict.fromkeys(("packets", "bytes", "sessions", "denied"), WHOLE),
    "last_hit": {"type": ["string", "null"]},
}
_STATS = {
    "audit": {"type": "boolean"},
    "since": {"type": ["string", "null"]},
    "rules": {"type": "array", "items": object_of(_RULE)},
    "chassis": {"type": "array", "items": TEXT},
    "unavailable": REASONS,
}


def policy_paths() -> Json:
    """All paths about policy but those of its resources."""
    return {
        "/v1/connections": {"get": _connections()},
        "/v1/policies:recommend": {"post": _recommend()},
        "/v1/policies:lint": {"post": _lint()},
        "/v1/reachability": {"get": _reachability()},
        **_stats(),
    }


def _connections() -> Json:
    asked = [query(name, TEXT, f"Only of this {name}.") for name in ("chassis", "project", "port")]
    asked += paging(connections.PAGE, connections.LONGEST_PAGE)
    summary = "Connections of ports that live, with the rule that let each begin"
    return operation("policy", summary, ok("A page.", ANSWERED), {"parameters": asked})


def _reachability() -> Json:
    asked = [query("project", TEXT, "Only what is about this project.")]
    asked += paging(reachability.PAGE, reachability.LONGEST_PAGE)
    end = {"type": "object", "description": "Ports alike with their project, or blocks of addresses outside."}
    row = object_of({"from": end, "to": end, "services": {"type": "array", "items": {"type": "object"}}})
    row["properties"]["family"] = {"enum": ["IPv4", "IPv6"], "description": "Given where the two differ."}
    page = object_of({"items": {"type": "array", "items": row}, "next": NEXT})
    summary = "Who may begin what with whom, of all pairs; pairs that may nothing are left out"
    return operation("policy", summary, ok("A page.", page), {"parameters": asked})


def _lint() -> Json:
    asked = [
        query("project", TEXT, "Only this project's policies."),
        query("hits", {"type": "boolean"}, "Ask the switches which rules have decided nothing, too."),
    ]
    finding = {
        **dict.fromkeys(("kind", "name", "pointer", "check", "message", "advice"), TEXT),
        "rule": {"type": ["string", "null"]},
        "severity": {"enum": ["error", "warning", "info"]},
    }
    answer = object_of({"items": {"type": "array", "items": object_of(finding)}, "policies": WHOLE})
    summary = "What is odd about policies: rules that decide nothing, contradict each other or are wide open"
    return operation("policy", summary, ok("The worst first.", answer), {"parameters": asked})


def _recommend() -> Json:
    offered = {
        "policies": {"type": "array", "items": {"type": "object"}},
        "observed": WHOLE,
        "coverage": {"type": "number"},
        "refused": {"type": "array", "items": {"type": "object"}},
        "over_permission": object_of({"count": WHOLE, "exact": {"type": "boolean"}}),
        "unavailable": REASONS,
    }
    summary = "The least policies that allow what ports of a project were seen to do"
    answer = ok("Policies to apply, and how far they hold.", object_of(offered))
    return operation("policy", summary, answer, body(reference("RecommendRequest")))


def _stats() -> Json:
    found: Json = {}
    for kind in (kind for kind in KINDS.values() if kind.name in POLICIES):
        path, inside = path_of(kind)
        counted = ok("As switches counted until now.", object_of(_STATS))
        reading = operation("policy", f"What the rules of one {kind.name} let through and kept out", counted)
        found[f"{path}/{{name}}/stats"] = {"parameters": [*inside, in_path("name")], "get": reading}
    return found
