"""What the OpenAPI document says of what is: switches, links, flows, translations, the topology and paths on it."""

from __future__ import annotations

from controller.northbound.connections import LONGEST_PAGE, PAGE
from controller.northbound.openapi_words import (
    ANSWERED,
    ITEMS,
    LISTED,
    NEXT,
    TEXT,
    WHOLE,
    Json,
    body,
    content,
    object_of,
    ok,
    operation,
    paging,
    query,
    reference,
)

_PATH = object_of({"from": TEXT, "to": TEXT})
_LISTING = object_of({**ITEMS["properties"], "next": NEXT, "revision": WHOLE})
_ASKED = body(reference("PathRequest"))


def inventory_paths() -> Json:
    """All of them."""
    items = ok("All rows.", reference("Items"))
    found = {
        f"/v1/{what}": {"get": operation("inventory", f"All {what}", items)} for what in ("chassis", "drift", "leases")
    }
    listing = ok("All rows, or a page.", _LISTING)
    for what in ("bridges", "links"):
        found[f"/v1/{what}"] = {"get": operation("inventory", f"All {what}", listing, {"parameters": LISTED})}
    by = {"parameters": [query(name, TEXT, f"Only of this {name}.") for name in ("chassis", "owner")]}
    found["/v1/flows"] = {"get": operation("inventory", "Flows, each with the intent that owns it", items, by)}
    asked = [query(name, TEXT, f"Only of this {name}.") for name in ("chassis", "router", "project")]
    asked += paging(PAGE, LONGEST_PAGE)
    nat = operation("inventory", "Connections that are translated", ok("A page.", ANSWERED), {"parameters": asked})
    found["/v1/nat"] = {"get": nat}
    graph = ok("The graph.", {"type": "object"})
    graph["200"]["content"] |= content(TEXT, "application/graphml+xml", "text/vnd.graphviz")
    form = {"parameters": [query("format", {"enum": ["json", "graphml", "dot"]}, "Default: json.")]}
    found["/v1/topology"] = {"get": operation("inventory", "Bridges and links", graph, form)}
    path = operation("inventory", "The path that something would take", ok("It, or why there is none.", _PATH), _ASKED)
    found["/v1/paths:compute"] = {"post": path}
    return found
