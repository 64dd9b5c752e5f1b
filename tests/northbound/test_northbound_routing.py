"""Routers, floating IPs and port forwards over HTTP, as the others are; and networks that have no address left."""

from __future__ import annotations

from typing import Any

from front import Front

ACME = "/v1/projects/acme"
YAML = """
kind: Project
name: acme
---
kind: Network
project: acme
name: web
spec: {subnets: [{name: v4, cidr: 10.1.0.0/24, dhcp: {ranges: [10.1.0.100-10.1.0.101]}}]}
---
kind: Network
project: acme
name: public
spec: {mode: bridged, physical_network: outside, vlan: 7, subnets: [{name: v4, cidr: 192.0.2.0/24}]}
---
kind: Port
project: acme
name: p
spec: {network: web}
---
kind: Router
project: acme
name: edge
spec:
  interfaces: [{network: web}]
  external: {network: public, address: 192.0.2.10, snat: true, port_range: 1024-65535}
  routes: [{to: 10.9.0.0/16, via: [10.1.0.50, 10.1.0.51]}]
---
kind: FloatingIP
project: acme
name: f
spec: {network: public, address: 192.0.2.20, port: p}
---
kind: PortForward
project: acme
name: http
spec: {router: edge, protocol: tcp, external_port: 8080, port: p, internal_port: 80}
"""


def applied(office: Front, text: str = YAML) -> None:
    answer = office.call("POST", "/v1/apply", headers={"Content-Type": "application/yaml"}, raw=text)
    assert answer.status_code == 200, answer.json


def condition(status: dict[str, Any], kind: str) -> dict[str, Any]:
    """One condition of a status."""
    found: dict[str, Any] = next(each for each in status["conditions"] if each["type"] == kind)
    return found


def test_what_was_allocated_stands_in_the_status(office: Front) -> None:
    applied(office)
    router = office.call("GET", f"{ACME}/routers/edge").json["status"]
    assert router["interfaces"] == [{"network": "web", "addresses": ["10.1.0.1"], "own": []}]
    assert (router["external_addresses"], router["by_host"]) == (["192.0.2.10"], False)
    assert 1 <= router["number"] <= 32767
    floating = office.call("GET", f"{ACME}/floatingips/f").json["status"]
    assert (floating["address"], floating["private"]) == ("192.0.2.20", "10.1.0.100")
    assert office.call("GET", f"{ACME}/portforwards/http").json["spec"]["external_port"] == 8080


def test_answers_sent_back_change_nothing(office: Front) -> None:
    applied(office)
    for path in ("routers/edge", "floatingips/f", "portforwards/http", "networks/web", "networks/public"):
        answer = office.call("GET", f"{ACME}/{path}")
        again = office.call("PUT", f"{ACME}/{path}", answer.json)
        assert (again.status_code, again.json) == (200, answer.json)
    for kinds in ("routers", "floatingips", "portforwards"):
        listed = office.call("GET", f"{ACME}/{kinds}").json
        assert len(listed["items"]) == 1
        (change,) = office.call("POST", "/v1/apply", listed).json["changes"]
        assert change["action"] == "unchanged"


def test_a_router_is_merged_as_any_other(office: Front) -> None:
    applied(office)
    changed = office.call("PATCH", f"{ACME}/routers/edge", {"spec": {"external": {"snat": False}, "routes": None}})
    assert changed.status_code == 200
    assert (changed.json["spec"]["external"]["snat"], changed.json["spec"]["routes"]) == (False, [])
    assert changed.json["status"]["external_addresses"] == ["192.0.2.10"]


def test_what_is_missing_is_named(office: Front) -> None:
    office.made("acme")
    office.call(
        "PUT", f"{ACME}/portforwards/f", {"spec": {"router": "r", "protocol": "udp", "external_port": 1, "port": "p"}}
    )
    office.call("PUT", f"{ACME}/routers/r", {"spec": {"interfaces": [{"network": "web"}]}})
    found = condition(office.call("GET", f"{ACME}/portforwards/f").json["status"], "ReferencesFound")
    assert (found["status"], found["message"]) == (False, "Port acme/p does not exist yet")
    found = condition(office.call("GET", f"{ACME}/routers/r").json["status"], "ReferencesFound")
    assert found["message"] == "Network acme/web does not exist yet"


def test_a_port_that_cannot_be_is_a_problem_with_its_pointer(office: Front) -> None:
    applied(office)
    spec = {"router": "edge", "protocol": "tcp", "external_port": 67890, "port": "p"}
    answer = office.call("PUT", f"{ACME}/portforwards/g", {"spec": spec})
    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {"pointer": "/spec/external_port", "message": "there is no port 67890; ports are 1 to 65535"}
    ]
    taken = office.call("PUT", f"{ACME}/portforwards/g", {"spec": {**spec, "external_port": "8079-8081"}})
    assert taken.status_code == 409
    assert taken.json["errors"] == [
        {"pointer": "/spec/external_port", "message": "port tcp 8080 is taken by PortForward acme/http"}
    ]


def test_a_network_says_when_it_has_no_address_left(office: Front) -> None:
    applied(office)
    left = condition(office.call("GET", f"{ACME}/networks/web").json["status"], "Exhausted")
    assert (left["status"], left["reason"]) == (False, "AddressesLeft")
    office.made("acme/ports/q")
    full = condition(office.call("GET", f"{ACME}/networks/web").json["status"], "Exhausted")
    assert (full["status"], full["message"]) == (True, "no free address is left in v4 (10.1.0.0/24)")
    refused = office.call("PUT", f"{ACME}/ports/r", {"spec": {"network": "web"}})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (409, "/spec/addresses")
    office.call("DELETE", f"{ACME}/ports/q")
    assert not condition(office.call("GET", f"{ACME}/networks/web").json["status"], "Exhausted")["status"]


def test_quotas_count_routers_too(office: Front) -> None:
    applied(office)
    office.call("PUT", ACME, {"spec": {"quotas": {"routers": 1, "floatingips": 1, "portforwards": 1}}})
    forward = {"router": "edge", "protocol": "tcp", "external_port": 1, "port": "p"}
    for path, spec in (("routers/s", {}), ("floatingips/g", {"network": "public"}), ("portforwards/g", forward)):
        refused = office.call("PUT", f"{ACME}/{path}", {"spec": spec})
        assert (refused.status_code, "quota of project acme is 1" in refused.json["detail"]) == (409, True)
