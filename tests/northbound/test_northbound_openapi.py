"""What the OpenAPI document says is what the application does."""

from __future__ import annotations

import re

from front import Front

from controller.northbound.manual import page
from controller.northbound.openapi import specification


def references(found: object) -> set[str]:
    match found:
        case dict():
            own = {found["$ref"]} if isinstance(found.get("$ref"), str) else set()
            return own.union(*map(references, found.values()))
        case list():
            return set[str]().union(*map(references, found))
        case _:
            return set()


def test_every_reference_leads_somewhere() -> None:
    document = specification()
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document) <= known


def test_every_path_is_routed_and_every_route_is_told(office: Front) -> None:
    told = {
        (path, method) for path, item in specification()["paths"].items() for method in item if method != "parameters"
    }
    for path, method in told:
        answer = office.client.simulate_request(method.upper(), path.replace("{project}", "x").replace("{name}", "x"))
        assert answer.status_code in (200, 401), (path, method)
    routes = set[str]()
    nodes = list(office.client.app._router._roots)  # noqa: SLF001 - falcon ships an inspector that needs no more either
    while nodes:
        node = nodes.pop()
        nodes.extend(node.children)
        if node.resource is not None:
            routes.add(node.uri_template)
    assert routes == set(specification()["paths"])


def test_later_fields_are_told_as_such() -> None:
    port = specification()["components"]["schemas"]["PortSpec"]["properties"]
    assert port["qos"] == {"type": "null", "default": None, "title": "Qos", "description": "Not supported yet."}


def test_the_manual_needs_nothing_from_elsewhere(office: Front) -> None:
    text = page(specification())
    assert "/v1/projects/{project}/networks/{name}" in text
    assert not re.search(r"<script|<link|src=|@import|url\(", text)
    for name in ("invalid-request", "conflict", "stale-revision"):
        assert f"id={name}" in text
    answer = office.client.simulate_get("/v1/docs")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    served = office.client.simulate_get("/v1/openapi.json").json
    assert served["openapi"] == "3.1.0"
